#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A table of fifty files that move and change, most of them near half: dig
calls the same ones renames as git does, and with the same percentage.

usage: renames.py DIG FOLDER
"""

import os
import random
import subprocess
import sys

dig, tree = sys.argv[1], sys.argv[2]
rng = random.Random(50)
who = {"%s_%s_%s" % (program, role, key): value
       for program in ("GIT", "DIG") for role in ("AUTHOR", "COMMITTER")
       for key, value in (("NAME", "x"), ("EMAIL", "x@example.com"))}
env = dict(os.environ, GIT_DIR=tree + ".git", GIT_WORK_TREE=tree, **who)


def run(*argv):
    return subprocess.run(argv, cwd=tree, env=env, check=True,
                          stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE).stdout


def words(case, n, end=b"\n"):
    return [b"%02d %x" % (case, rng.getrandbits(rng.randrange(16, 200))) + end
            for _ in range(n)]


def replaced(case, lines, n, end=b"\n"):
    lines = list(lines)
    for at, new in zip(rng.sample(range(len(lines)), n), words(case, n, end)):
        lines[at] = new
    return lines


def text(case, n, changed, end=b"\n"):
    old = words(case, n, end)
    return b"".join(old), b"".join(replaced(case, old, changed, end))


def blocks(case, n, changed):
    """No newline at all: pieces of 64 bytes."""
    old = [b"%02d" % case + rng.randbytes(62).replace(b"\n", b"x")
           for _ in range(n)]
    new = list(old)
    for at in rng.sample(range(n), changed):
        new[at] = rng.randbytes(64).replace(b"\n", b"y")
    return b"".join(old), b"".join(new)


def grown(case, n, more):
    old = words(case, n)
    return b"".join(old), b"".join(old + words(case, more))


def shrunk(case, n, less):
    old = words(case, n)
    return b"".join(old), b"".join(old[:n - less])


def shuffled(case, n, changed):
    old = words(case, n)
    new = replaced(case, old, changed)
    rng.shuffle(new)
    return b"".join(old), b"".join(new)


def endings(case, n, changed):
    """Newlines become carriage return and newline."""
    old = words(case, n)
    return b"".join(old), b"".join(
        replaced(case, old, changed)).replace(b"\n", b"\r\n")


def unended(case, n, changed):
    old = words(case, n)
    return b"".join(old)[:-1], b"".join(replaced(case, old, changed))[:-1]


def repeated(case, n, changed):
    line = words(case, 1)
    return b"".join(line * n), b"".join(
        line * (n - changed) + words(case, changed))


def inserted(case, n, at):
    old, _ = blocks(case, n, 0)
    return old, old[:at] + b"!" + old[at:]


table = []
for changed in range(6, 16):
    table.append((text, 20, changed))
for changed in range(44, 56, 3):
    table.append((text, 100, changed))
for changed in (9, 10, 11):
    table.append((text, 20, changed, b"\r\n"))
for changed in (7, 8, 9, 10):
    table.append((blocks, 16, changed))
for more in (10, 18, 19, 20, 21, 22):
    table.append((grown, 20, more))
for less in (8, 9, 10, 11, 12):
    table.append((shrunk, 20, less))
for changed in (8, 10, 12):
    table.append((shuffled, 20, changed))
for changed in (8, 9, 10, 11):
    table.append((endings, 20, changed))
for changed in (0, 1, 2):
    table.append((unended, 4, changed))
for changed in (4, 5, 6):
    table.append((repeated, 10, changed))
for at in (64 * 3 + 5, 64 * 5, 64 * 6 + 1):
    table.append((inserted, 10, at))
table += [(text, 1, 0), (text, 2, 1)]
assert len(table) == 50, len(table)

os.mkdir(tree)
run("git", "init", "-q")
with open(os.path.join(tree + ".git", "info", "exclude"), "w") as rules:
    rules.write("/.dig/\n")
run(dig, "init", "-q")
new = []
for case, (make, *arguments) in enumerate(table):
    before, after = make(case, *arguments)
    with open(os.path.join(tree, "old%02d" % case), "wb") as file:
        file.write(before)
    new.append(after)
for program in ("git", dig):
    run(program, "add", "-A")
    run(program, "commit", "-q", "-m", "x")
for case, after in enumerate(new):
    os.remove(os.path.join(tree, "old%02d" % case))
    with open(os.path.join(tree, "new%02d" % case), "wb") as file:
        file.write(after)
verdicts = []
for program in ("git", dig):
    run(program, "add", "-A")
    out = run(program, "diff", "--cached", "--name-status", "-M50%")
    verdicts.append(out.decode().splitlines())
renames = sum(line.startswith("R") for line in verdicts[0])
print("%d of 50 are renames" % renames)
if not 15 <= renames <= 35:
    sys.exit("the table leans to one side")
if verdicts[0] != verdicts[1]:
    for line in sorted(set(verdicts[0]) ^ set(verdicts[1])):
        print("git" if line in verdicts[0] else "dig", line)
    sys.exit(1)
