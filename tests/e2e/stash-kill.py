# SPDX-License-Identifier: MIT
"""stash push and pop, killed at a system call that writes: nothing is lost.

usage: stash-kill.py POINTS [FOLDER]

Each is run under strace, which kills it at one of its writes, syncs and renames,
POINTS of them spread over all (0: every one). Then the same command is given
again, or it is taken back, or `dig checkout` stays where HEAD is; each time the
files and the status have to be what they were, or the stash has to bring them
back.
"""
import os
import shutil
import subprocess
import sys

points = int(sys.argv[1])
top = sys.argv[2] if len(sys.argv) > 2 else os.environ["TMP"]
DIG, WORK = os.environ["DIG"], os.path.join(top, "killed")
CALLS = "pwrite64,write,fdatasync,fsync,renameat2,renameat,unlinkat,linkat,ftruncate"
said = []


def dig(*args):
    done = subprocess.run([DIG] + list(args), cwd=WORK, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said.append("dig %s: %d %s" % (" ".join(args), done.returncode, done.stdout.decode()))
    return done.returncode, done.stdout.decode()


def must(*args):
    code, out = dig(*args)
    if code:
        fail("dig %s exits %d: %s" % (args, code, out))
    return out


def fail(what):
    print("# %s\n# %s" % (what, "\n# ".join(said[-8:])))
    sys.exit(1)


def write(name, data):
    path = os.path.join(WORK, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def state():
    found = {"": must("status", "--porcelain", "-uall")}
    for where, dirs, names in os.walk(WORK):
        dirs[:] = [d for d in dirs if d != ".dig"]
        for name in names:
            path = os.path.join(where, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, WORK)] = file.read()
    return found


def same(what, want):
    got = state()
    if got != want:
        fail("%s:\n# %s" % (what, "\n# ".join(
            "%s: was %r, is %r" % (key, want.get(key), got.get(key))
            for key in sorted(set(want) | set(got)) if want.get(key) != got.get(key))))


def entries():
    return must("stash", "list").count("\n")


def restore(saved):
    shutil.rmtree(WORK)
    shutil.copytree(saved, WORK, symlinks=True)
    must("status", "-s")  # the copies have other stats


def trace(args, more):
    return subprocess.run(
        ["strace", "-f", "-qq"] + more + [DIG] + list(args), cwd=WORK,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL).returncode


def moments(saved, args):
    """(call, n) of each call of a run, by the thread that makes most."""
    restore(saved)
    log = os.path.join(top, "calls")
    if trace(args, ["-o", log, "-e", "trace=" + CALLS]):
        fail("%s under strace" % (args,))
    counts = {}
    with open(log) as file:
        for line in file:
            words = line.split(None, 1)
            if len(words) == 2 and "(" in words[1]:
                key = words[0], words[1].split("(")[0]
                counts[key] = counts.get(key, 0) + 1
    found = sorted({(call, n) for (_, call), most in counts.items()
                    for n in range(1, most + 1)})
    if points and len(found) > points:
        found = [found[i * len(found) // points] for i in range(points)]
    return found


def kill(saved, args, moment):
    restore(saved)
    del said[:]
    said.append("killed at %s %d: %s" % (moment + (args,)))
    trace(args, ["-o", "/dev/null", "-e", "trace=" + moment[0], "-e",
                 "inject=%s:signal=KILL:when=%d" % moment])


def last():
    return must("undo", "--list", "-n", "1").split("  ")[-1]


PUSH, POP = ("stash", "push", "-u"), ("stash", "pop", "--index")
shutil.rmtree(WORK, ignore_errors=True)
os.makedirs(WORK)
must("init")
for name in ("staged", "edited", "both", "gone", "d/x"):
    write(name, b"".join(b"%s %d\n" % (name.encode(), i) for i in range(9)))
must("add", "-A")
must("commit", "-q", "-m", "base")
base = state()
for name in ("staged", "both", "new"):
    write(name, b"staged\n")
must("add", "-A")
for name in ("both", "edited", "d/x", "d/untracked", "u"):
    write(name, b"work of %s\n" % name.encode())
os.unlink(os.path.join(WORK, "gone"))
full = state()
saved = [os.path.join(top, "saved%d" % i) for i in range(2)]
for path in saved:
    shutil.rmtree(path, ignore_errors=True)
shutil.copytree(WORK, saved[0])
must(*PUSH)
same("push", base)
shutil.copytree(WORK, saved[1])
tried = 0

for i, moment in enumerate(moments(saved[0], PUSH)):
    kill(saved[0], PUSH, moment)
    tried += 1
    if i % 3 == 1 and last().startswith("stash push"):
        must("undo")
        same("push, killed, taken back", full)
        if entries():
            fail("an undone stash is listed")
    elif i % 3 == 2 and entries():
        must("checkout")
        must("reset", "-q", "--hard")
        must("clean", "-q", "-f", "-d")
        must(*POP)
        same("push, killed, checkout, pop", full)
    else:
        must(*PUSH)
        same("push again", base)
        if entries() != 1:
            fail("stashed %d times" % entries())
        if i % 2:
            must("undo")
        else:
            must(*POP)
        same("push, killed, push, pop or undo", full)
for i, moment in enumerate(moments(saved[1], POP)):
    kill(saved[1], POP, moment)
    tried += 1
    if i % 3 == 1 and last().startswith("stash pop"):
        must("undo")
        same("pop, killed, taken back", base)
        if entries() != 1:
            fail("a pop that was taken back has no stash")
    elif i % 3 == 2 and entries():
        must("checkout")
        same("pop, killed, checkout", base)
        must(*POP)
        same("pop, killed, checkout, pop", full)
    else:
        if entries():
            must(*POP)
        same("pop again", full)
        if i % 2:
            must("undo")
            same("pop, killed, pop, undo", base)
must("fsck")
for path in saved + [WORK]:
    shutil.rmtree(path)
print("# killed at %d moments" % tried)
