#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""dig in a pseudo-terminal: control characters, pager, colours, progress,
editor, Ctrl-C.

usage: terminal.py DIG SCRATCH   (in a repository without commits)
"""
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

dig, scratch = sys.argv[1], sys.argv[2]
base_env = {k: v for k, v in os.environ.items()
            if k not in ("NO_COLOR", "TERM", "PAGER", "DIG_PAGER")}
base_env["TERM"] = "xterm"
# What no terminal may get to see raw.
EVIL = "\x1b]0;owned\x07\x1b[2J\u009b31m\u202e\x08\rz"
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
TIMEOUT = 60


def case(name, good, *shown):
    print("%sok - %s" % ("" if good else "not ", name), flush=True)
    if not good:
        for text in shown:
            print("%r" % (text,))


class Terminal:
    """A program with a terminal of its own on all three descriptors."""

    def __init__(self, argv, cwd=None, **env):
        self.out = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                if cwd:
                    os.chdir(cwd)
                merged = {**base_env, **env}
                os.execve(argv[0], argv,
                          {k: v for k, v in merged.items() if v is not None})
            finally:
                os._exit(125)

    def read(self, until=None):
        """Read up to a text, or to the end."""
        end = time.monotonic() + TIMEOUT
        while until is None or until not in self.out:
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                raise RuntimeError("nothing more after %r" % self.out[-300:])
            if not select.select([self.fd], [], [], 1)[0]:
                continue
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b""
            if not data:
                break
            self.out += data
        return self.out

    def type(self, data):
        os.write(self.fd, data)

    def end(self):
        self.read()
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def run(*args, **env):
    terminal = Terminal([dig, *args], **env)
    code = terminal.end()
    return code, terminal.out


def quiet(*args, data=None):
    done = subprocess.run([dig, *args], input=data, capture_output=True,
                          env=base_env)
    if done.returncode != 0:
        raise RuntimeError("%r: %s" % (args, done.stderr))
    return done.stdout


def raw(out):
    """What would move, hide or reorder text, dig's own colours aside."""
    text = COLOUR.sub(b"", out).replace(b"\r\n", b"\n")
    found = re.findall(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]"
                       rb"|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]",
                       text)
    try:
        text.decode()
    except UnicodeDecodeError as why:
        found.append(str(why))
    return found


def script(name, text):
    path = os.path.join(scratch, name)
    with open(path, "w") as file:
        file.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


# ---- Control characters ---------------------------------------------------
evil_file = os.fsencode("f" + EVIL.replace("/", "")) + b"\xff"
os.makedirs(b"d" + evil_file)
for name in (evil_file, b"d" + evil_file + b"/x", b"keep.txt"):
    with open(name, "wb") as file:
        file.write(b"one\n" + os.fsencode(EVIL) + b"\n")
with open(".digignore", "wb") as file:
    file.write(b"ignored*\n")
with open(b"ignored" + evil_file, "wb") as file:
    file.write(b"x\n")
quiet("config", "--global", "core.pager", "")
code, out = run("add", "-v", "-n", ".")
case("add -v -n", code == 0 and not raw(out), code, out, raw(out))
quiet("add", "-A")
env = {"DIG_AUTHOR_NAME": "A" + EVIL.replace("\r", "").replace("\n", "")}
code, out = run("commit", "-m", "subject " + EVIL + "\n\nbody " + EVIL, **env)
case("commit", code == 0 and not raw(out), code, out, raw(out))
quiet("tag", "-a", "-m", "tag " + EVIL, "v1")
with open(evil_file, "ab") as file:
    file.write(b"two" + os.fsencode(EVIL) + b"\n")
with open(b"new" + evil_file, "wb") as file:
    file.write(b"x\n")
for args in (["status"], ["status", "-s"], ["status", "--porcelain"],
             ["status", "--porcelain=v2"], ["status", "--ignored"],
             ["log"], ["log", "--oneline", "--graph", "--decorate"],
             ["log", "--format=%an|%ae|%s|%b|%B|%f|%C(red)%D", "--stat"],
             ["log", "--name-status"], ["log", "--json"], ["show"],
             ["show", "v1"], ["show", "HEAD:"], ["show", "HEAD:keep.txt"],
             ["ls-files", "-s"], ["ls-files", "-o"], ["ls-tree", "-r", "HEAD"],
             ["branch", "-v"], ["branch", "-v", "--json"], ["tag", "-n"],
             ["reflog"], ["status", "--json"], ["doctor"], ["diff"],
             ["diff", "--stat"], ["log", "-p", "--graph"],
             ["check-ignore", "-v", "ignored" + os.fsdecode(evil_file)],
             ["rm", "-n", "-r", "."], ["rm", "-n", EVIL],
             ["mv", "-n", "-v", os.fsdecode(evil_file), "moved"],
             ["show", EVIL], ["help", EVIL], [EVIL], ["status", "--" + EVIL]):
    code, out = run("--no-pager", *args)
    # Where a verb or option is not there, its message is looked at.
    case("nothing raw: " + " ".join(args[:3]).encode("ascii", "replace")
         .decode().translate({i: "?" for i in range(32)}),
         code in (0, 1, 2, 4) and out and not raw(out), code, out, raw(out))

# ---- Pager -----------------------------------------------------------------
pager = script("pager", 'echo "LESS=$LESS LV=$LV"; sed s/^/paged:/\n')
code, out = run("log", "--format=%h", DIG_PAGER=pager)
case("a pager reads the output", code == 0 and b"paged:" in out, code, out)
case("LESS and LV are set", b"LESS=FRX LV=-c" in out, out)
code, out = run("log", "--format=%h", DIG_PAGER=pager, LESS="M")
case("but not over the user's own", b"LESS=M" in out, out)
code, out = run("--no-pager", "log", DIG_PAGER=pager)
case("--no-pager", code == 0 and b"paged:" not in out, code, out)
code, out = run("status", DIG_PAGER=pager)
case("short output is not paged", b"paged:" not in out, out)
done = subprocess.run([dig, "log"], env={**base_env, "DIG_PAGER": pager},
                      capture_output=True)
case("nor is a pipe", b"paged:" not in done.stdout, done.stdout)
quiet("config", "--global", "core.pager", pager)
code, out = run("log", "--format=%h", PAGER="false")
case("core.pager goes before PAGER", b"paged:" in out, out)
with open(os.path.join(".dig", "config"), "a") as file:
    file.write("[core]\n\tpager = touch %s/owned\n" % scratch)
run("log")
case("a repository names no pager",
     not os.path.exists(os.path.join(scratch, "owned")))
quiet("config", "--global", "unset", "core.pager")
code, out = run("log", "--format=%B%B%B%B", DIG_PAGER=script("one", "sed 1q\n"))
case("a pager that goes away is no error", code == 0 and not raw(out),
     code, out)
code, out = run("log", "--format=%h", DIG_PAGER="cat")
case("cat is none", code == 0, code, out)

# ---- Colours ---------------------------------------------------------------
plain = {"DIG_PAGER": ""}


def coloured(*args, **env):
    return bool(COLOUR.search(run(*args, **{**plain, **env})[1]))


for args in (["status"], ["branch"], ["log"], ["log", "--graph"],
             ["doctor"]):
    case("colours of " + " ".join(args), coloured(*args))
case("none with NO_COLOR", not coloured("log", NO_COLOR="1"))
case("an empty NO_COLOR says nothing", coloured("log", NO_COLOR=""))
case("none on a dumb terminal", not coloured("log", TERM="dumb"))
case("none without TERM", not coloured("log", TERM=None))
case("--no-color", not coloured("log", "--no-color"))
case("--color over NO_COLOR", coloured("log", "--color", NO_COLOR="1"))
quiet("config", "--global", "color.ui", "never")
case("color.ui never", not coloured("log"))
case("--color=auto goes before it", coloured("log", "--color=auto"))
quiet("config", "--global", "color.ui", "always")
case("color.ui always", b"\x1b[" in quiet("log"))
quiet("config", "--global", "unset", "color.ui")
case("not into a pipe", b"\x1b[" not in quiet("branch"))

# ---- Progress, and Ctrl-C --------------------------------------------------


class Feeding:
    """`dig add --stdin` on a terminal, its input a pipe that stays open."""

    def __init__(self, name):
        self.path = os.path.join(scratch, "fifo")
        if not os.path.exists(self.path):
            os.mkfifo(self.path)
        command = "exec %s add --stdin --as %s <%s" % (
            dig, name, self.path)
        self.terminal = Terminal(["/bin/sh", "-c", command])
        self.pipe = os.open(self.path, os.O_WRONLY)

    def feed(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            os.write(self.pipe, b"text " * 2000)
            time.sleep(0.05)


def held_up(*options):
    """fsck, stopped for a while so that it counts as slow work."""
    for after in (0.05, 0.02, 0.1, 0.2, 0.4, 0.01, 0.8):
        terminal = Terminal([dig, "fsck", *options])
        time.sleep(after)
        os.kill(terminal.pid, signal.SIGSTOP)
        time.sleep(0.7)
        os.kill(terminal.pid, signal.SIGCONT)
        code = terminal.end()
        if b"\r" in terminal.out.replace(b"\r\n", b""):
            break
    return code, terminal.out


with open("big.bin", "wb") as file:
    for _ in range(48):
        file.write(os.urandom(1 << 20))
quiet("add", "big.bin")
code, out = held_up()
line = out.replace(b"\r\n", b"")
case("slow work shows a line of progress", code == 0 and b"\r" in line and
     b"checking" in line, code, out)
case("which is wiped at its end", re.search(rb"\r(\x1b\[K| +\r)[^\r]*$", line),
     out[-200:])
done = subprocess.run([dig, "add", "--no-progress", "big.bin"], env=base_env,
                      capture_output=True)
case("nothing of it in a pipe", b"\r" not in done.stderr, done.stderr)
before = quiet("ls-files")
feeding = Feeding("stopped.bin")
feeding.feed(0.3)
feeding.terminal.type(b"\x03")
started = time.monotonic()
try:
    feeding.feed(0.3)
except BrokenPipeError:
    pass
os.close(feeding.pipe)
code = feeding.terminal.end()
case("Ctrl-C ends it at once", time.monotonic() - started < 20)
case("with exit 130", code == 130, code, feeding.terminal.out)
case("which says so", b"interrupted" in feeding.terminal.out,
     feeding.terminal.out)
case("and nothing was staged", quiet("ls-files") == before)

# ---- Editor ----------------------------------------------------------------
quiet("add", "-A")
editor = script("editor", '''test -t 0 && test -t 1 || exit 9
stty -echo; printf 'ready\\n'; read -r line; echo "$line" >"$1"
''')
terminal = Terminal([dig, "commit"], DIG_EDITOR=editor)
terminal.read(b"ready")
terminal.type(b"typed in the editor\n")
code = terminal.end()
case("the editor has the terminal", code == 0, code, terminal.out)
case("and what was typed is the message",
     quiet("log", "-1", "--format=%s") == b"typed in the editor\n")
editor = script("stubborn", '''exec python3 -c '
import signal, sys
signal.signal(signal.SIGINT, lambda *a: print("caught", flush=True))
print("ready", flush=True)
line = sys.stdin.readline()
open(sys.argv[1], "w").write(line)' "$1"
''')
terminal = Terminal([dig, "commit", "--allow-empty"], DIG_EDITOR=editor)
terminal.read(b"ready")
terminal.type(b"\x03")
terminal.read(b"caught")
terminal.type(b"after Ctrl-C\n")
code = terminal.end()
case("Ctrl-C in the editor is the editor's", code == 0 and
     quiet("log", "-1", "--format=%s") == b"after Ctrl-C\n", code,
     terminal.out)
code, out = run("commit", "--allow-empty", DIG_EDITOR="false")
case("an editor that fails makes no commit", code == 1, code, out)

# ---- add -p -----------------------------------------------------------------
with open("hunks", "w") as file:
    file.write("one\n")
quiet("add", "hunks")
quiet("commit", "-q", "-m", "hunks")
with open("hunks", "w") as file:
    file.write("two %s\n" % EVIL)
terminal = Terminal([dig, "add", "-p", "hunks"])
terminal.read(b"]? ")
case("add -p colours what it asks",
     b"\x1b[1;34m(1/1) Stage this hunk [y,n,q,a,d,e,?]? " in terminal.out,
     terminal.out)
case("and lets no line of a file move the cursor", raw(terminal.out) == [],
     raw(terminal.out), terminal.out)
terminal.type(b"y\n")
code = terminal.end()
case("what was typed is obeyed", code == 0 and
     quiet("status", "--porcelain", "hunks") == b"M  hunks\n", code)
quiet("reset", "-q")
terminal = Terminal([dig, "add", "-p", "hunks"])
terminal.read(b"]? ")
terminal.type(b"\x03")
code = terminal.end()
case("Ctrl-C ends it, and nothing is staged", code == 130 and
     quiet("status", "--porcelain", "hunks") == b" M hunks\n", code,
     terminal.out)
