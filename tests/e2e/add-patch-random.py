# SPDX-License-Identifier: MIT
"""Random edits staged hunk by hunk by dig and by git, with the same answers.

usage: add-patch-random.py SEED ROUNDS [FOLDER]

After each round the questions that were asked, the modes and the bytes of all
that is staged must agree. After a letter that was not offered both may part: git
then takes letters that it offered before. So they may where git takes an edit
and then fails to apply it. Among the answers are moves, searches, splits and
edits; the editor is this script, and what it does follows from the hunk.
"""
import os
import random
import re
import shutil
import subprocess
import sys


def edit(path):
    """As the editor: change the hunk in a way that its text decides."""
    with open(path, "rb") as file:
        lines = file.read().split(b"\n")
    body = [l for l in lines if not l.startswith((b"#", b"@@"))]
    rng = random.Random(b"\n".join(body))
    if any(l.startswith(b"\\") for l in body):
        return  # each line of these is one with the line before
    changes = [i for i, l in enumerate(body) if l[:1] in (b"+", b"-")]
    what = rng.randrange(8)
    at = rng.choice(changes) if changes else 0
    if what == 0:
        body = []
    elif what <= 2:
        if body[at][:1] == b"+":
            del body[at]
        else:
            body[at] = b" " + body[at][1:]
    elif what == 5:
        body[at] = body[at][:1] + b"edited by hand"
    elif what == 6 and body[0][:1] == b" ":
        del body[0]
    elif what == 7:
        body[0] = body[0][:1] + b"of no text"
    else:
        body.insert(at + 1, b"+added by hand")
    with open(path, "wb") as file:
        file.write(b"\n".join(body))


if sys.argv[1] == "--edit":
    edit(sys.argv[2])
    sys.exit(0)
seed, rounds = int(sys.argv[1]), int(sys.argv[2])
top = sys.argv[3] if len(sys.argv) > 3 else os.environ["TMP"]
rng = random.Random(seed)
DIG = os.environ["DIG"]
HOME = {"dig": os.path.join(top, "pd%d" % seed), "git": os.path.join(top, "pg%d" % seed)}
NAMES = ["a", "b", "d/c", "e f", "bin", "end"]
count = {"asked": 0, "staged": 0, "edited": 0, "parted": 0}


def run(tool, *args, answers=b""):
    me = "%s %s --edit" % (sys.executable, os.path.abspath(__file__))
    env = dict(os.environ, LC_ALL="C", DIG_EDITOR=me, GIT_EDITOR=me, TERM="dumb")
    for who in ("GIT", "DIG"):
        for role in ("AUTHOR", "COMMITTER"):
            env["%s_%s_DATE" % (who, role)] = "1500000000 +0000"
            env["%s_%s_NAME" % (who, role)] = "A U Thor"
            env["%s_%s_EMAIL" % (who, role)] = "author@example.com"
    program = [DIG] if tool == "dig" else \
        ["git", "-c", "core.quotePath=true", "-c", "gc.auto=0",
         "-c", "add.interactive.useBuiltin=true", "-c", "diff.algorithm=myers"]
    done = subprocess.run(program + list(args), cwd=HOME[tool], env=env, input=answers,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr


def fail(what):
    print("# seed %d: %s" % (seed, what))
    sys.exit(1)


def put(name, item):
    for tool in HOME:
        path = os.path.join(HOME[tool], name)
        if os.path.lexists(path):
            os.unlink(path)
        if item is None:
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(item[1])
        os.chmod(path, 0o755 if item[0] == "x" else 0o644)


def get(name):
    path = os.path.join(HOME["git"], name)
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        return ("x" if os.stat(path).st_mode & 0o100 else "f", file.read())


def text():
    return "".join("line %d of %d\n" % (i, rng.randrange(10 ** 6))
                   for i in range(rng.randrange(1, 50))).encode()


def change(name):
    item = get(name)
    if item is None:
        return put(name, ("f", text()))
    mode, data = item
    if name == "bin":
        return put(name, (mode, b"\0%d\n" % rng.randrange(1000)))
    lines = data.splitlines(True)
    for _ in range(rng.randrange(0, 7)):
        at = rng.randrange(len(lines) + 1)
        what = rng.random()
        new = b"%s %d\n" % (rng.choice([b"new", b"other"]), rng.randrange(10 ** 6))
        if what < 0.4 or not lines:
            if not lines or lines[-1].endswith(b"\n") or at < len(lines):
                lines.insert(at, new)
        elif what < 0.75:
            lines[at % len(lines)] = new
        else:
            del lines[at % len(lines)]
    if lines and name == "end" and rng.random() < 0.5:
        lines[-1] = lines[-1].rstrip(b"\n") + rng.choice([b"", b"\n"])
    if rng.random() < 0.2:
        mode = "f" if mode == "x" else "x"
    put(name, None if rng.random() < 0.07 else (mode, b"".join(lines)))


def answers():
    out = []
    for _ in range(rng.choice([3, 12, 40])):
        what = rng.choices(
            ["y", "n", "s", "e", "j", "J", "k", "K", "g", "/", "a", "d", "q", "?", "", "Y"],
            [18, 12, 5, 10, 2, 2, 1, 1, 3, 3, 2, 2, 1, 1, 1, 1])[0]
        if what == "g":
            out += rng.choice([["g%d" % rng.randrange(6)], ["g", "%d" % rng.randrange(6)],
                               ["g 2"], ["g", "x"]])
        elif what == "/":
            out += rng.choice([["/new"], ["/", "other [0-9]*5"], ["/^-line"], ["/none of it"],
                               ["/("]])
        else:
            out.append(what)
    return "".join(line + "\n" for line in out).encode()


def questions(out):
    return re.findall(rb"\(\d+/\d+\) Stage [^?]*\?\]\?", out)


def staged(tool):
    out = {}
    for line in run(tool, "ls-files", "-s", "-z")[1].split(b"\0"):
        if line:
            words, path = line.split(b"\t", 1)
            name = path.decode()
            show = ("show", ":" + name) if tool == "git" else ("cat", ":" + name)
            out[name] = (words.split()[0], run(tool, *show)[1])
    return out


for path in HOME.values():
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
run("dig", "init")
run("git", "init", "-q")
for name in NAMES:
    put(name, ("f", b"\0\n") if name == "bin" else ("f", text()))
for tool in HOME:
    run(tool, "add", "-A")
    run(tool, "commit", "-q", "-m", "base")
before = staged("git")
for _ in range(rounds):
    for name in rng.sample(NAMES, rng.randrange(1, 4)):
        change(name)
    if rng.random() < 0.2:
        for tool in HOME:
            run(tool, "add", "-A")
        before = staged("git")
        continue
    args = ("add", "-p") + rng.choice([(), (), ("--", "a", "d")])
    typed = answers()
    d, g = [run(tool, *args, answers=typed) for tool in HOME]
    said = "%s with %r" % (args, typed)
    if d[0] == 0 and (b"'git apply' failed" in g[2] or re.search(
            rb"No (next|previous|other) hunk|Sorry, cannot", d[1])):
        count["parted"] += 1
        for tool in HOME:
            run(tool, "add", "-A")
    elif d[0] != g[0]:
        fail("%s\n# %s\n# %s" % (said, d, g))
    elif questions(d[1]) != questions(g[1]):
        fail("questions: %s\n# %s\n# %s" % (said, questions(d[1]), questions(g[1])))
    have = [staged(tool) for tool in HOME]
    if have[0] != have[1]:
        fail("staged: %s\n# %s" % (said, [
            (name, have[0].get(name), have[1].get(name)) for name in NAMES
            if have[0].get(name) != have[1].get(name)]))
    count["asked"] += len(questions(d[1]))
    count["staged"] += have[0] != before
    count["edited"] += b"by hand" in repr(have[0]).encode()
    before = have[0]
code, out, err = run("dig", "fsck")
if code:
    fail("fsck: %s%s" % (out, err))
for path in HOME.values():
    shutil.rmtree(path)
print("# seed %d: %s" % (seed, count))
