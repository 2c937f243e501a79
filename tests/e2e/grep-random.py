#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random files and patterns in one tree with two repositories, git's and dig's,
whose grep has to print the same bytes and exit with the same code.

usage: grep-random.py DIG FOLDER SEED CASES

The same seed makes the same cases. The first difference is printed and the
exit code is 1.
"""

import os
import random
import subprocess
import sys

dig, base, seed, cases = (
    sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
rng = random.Random(seed)
tree = os.path.join(base, "tree")
os.makedirs(tree)
env = dict(os.environ, GIT_DIR=os.path.join(base, "git"), GIT_WORK_TREE=tree,
           DIG_AUTHOR_NAME="x", DIG_AUTHOR_EMAIL="x@example.com",
           DIG_COMMITTER_NAME="x", DIG_COMMITTER_EMAIL="x@example.com",
           GIT_CONFIG_GLOBAL="/dev/null", LC_ALL="C")

WORDS = [b"foo", b"bar", b"Foo", b"ab", b"aab", b"a_b", b"x.y", b"", b" ",
         b"foo(", b"[z]", b"\xc3\xa9", b"\xff", b"\t", b"a+b", b"a{2}", b"\\",
         b"foobar", b"1", b"22", b"$", b"^", b"|"]
ATOMS = [b"a", b"b", b"foo", b"bar", b".", b"[ab]", b"[^a]", b"[[:alpha:]]",
         b"[]z]", b"\\.", b"x", b"[0-9]", b"o", b"\\w", b"\\b", b"\xc3\xa9"]


def run(argv, cwd=tree):
    done = subprocess.run(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr


def must(argv):
    code, _, err = run(argv)
    if code:
        sys.exit("%r exits %d: %s" % (argv, code, err))


def text():
    lines = [b"".join(rng.choice(WORDS) for _ in range(rng.randrange(6)))
             for _ in range(rng.randrange(30))]
    data = b"\n".join(lines)
    if rng.random() < 0.8:
        data += b"\n"
    if rng.random() < 0.1:
        data += b"foo\0bar\n"
    if rng.random() < 0.05:
        data = b"line\n" * 2000 + data + b"\0foo\n"
    return data


def pattern(syntax):
    out = some_pattern(syntax)
    # git finds an empty line behind the last one.
    return b"a" + out if b"^" in out and b"$" in out else out


def some_pattern(syntax):
    if rng.random() < 0.3 or syntax == "-F":
        return b"".join(rng.choice(WORDS) for _ in range(rng.randrange(3)))
    out = b""
    open_, close, bar, many, some = {
        "-G": (b"\\(", b"\\)", b"\\|", b"\\{1,2\\}", b"\\+"),
        "-E": (b"(", b")", b"|", b"{1,2}", b"+"),
        "-P": (b"(", b")", b"|", b"{1,2}", b"+")}[syntax]
    for _ in range(rng.randrange(1, 4)):
        piece = rng.choice(ATOMS)
        if rng.random() < 0.3:
            piece = open_ + piece + bar + rng.choice(ATOMS) + close
        out += piece + rng.choice([b"", b"", b"", b"*", many, some])
    if rng.random() < 0.15:
        out = b"^" + out
    if rng.random() < 0.15:
        out += b"$"
    if syntax == "-P" and rng.random() < 0.2:
        out += rng.choice([b"(?=b)", b"(?!a)", b"*?", b"\\d"])
    return out


def words():
    syntax = rng.choice(["-G", "-E", "-F", "-P"])
    out = [syntax]
    for flag, chance in (("-i", .3), ("-w", .2), ("-v", .15), ("-n", .4),
                         ("-z", .1), ("-h", .1), ("-o", .2), ("--heading", .1),
                         ("--break", .1), ("-a", .1), ("-I", .1),
                         ("--full-name", .1), ("-H", .05),
                         ("--color=always", .1)):
        if rng.random() < chance:
            out.append(flag)
    if "-o" in out:  # git then says "--" for lines of which it shows nothing
        out = [word for word in out if word not in ("--heading", "--break")]
    elif rng.random() < 0.3:
        out.append(rng.choice(["-A1", "-B1", "-C1", "-2", "-A3", "-B3", "-A0"]))
    if "-v" in out:  # git has another set of colours for this
        out = [word for word in out if not word.startswith("--color")]
    if rng.random() < 0.3:
        out.append(rng.choice(["-l", "-L", "-c", "-q"]))
    if any(word[:2] in ("-A", "-B", "-C", "-2") or word == "--break"
           for word in out):
        out.append("-I")  # git drops the line of a binary file that is first
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        out += ["-e", pattern(syntax)]
    where = rng.random()
    if where < 0.2:
        out.append("--cached")
    elif where < 0.35:
        out.append("--untracked")
    elif where < 0.6:
        out += rng.choice([["HEAD"], ["HEAD~1"], ["HEAD", "HEAD~1"]])
    return out + rng.choice([[], [], ["--", "sub"], ["--", "*.c"],
                             ["--", ":/", ":!sub"], ["--", "nothing"]])


def write():
    for name in rng.sample(NAMES, 8):
        path = os.path.join(tree, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text())


NAMES = ["a", "b.c", "sub/a", "sub/deep/b.c", "sub/x", "t/q", "two words.c",
         "z\u00e9", "big"]
must(["git", "init", "-q", "-b", "main"])
with open(os.path.join(base, "git", "info", "exclude"), "w") as f:
    f.write("/.dig/\n")
for key, value in (("user.name", "x"), ("user.email", "x@example.com"),
                   ("core.bare", "false"), ("gc.auto", "0"),
                   ("color.grep.linenumber", "green")):
    must(["git", "config", key, value])
must([dig, "init"])
os.symlink("a", os.path.join(tree, "link"))
for case in range(cases):
    if case % 40 == 0:
        for _ in range(2 if case == 0 else 1):
            write()
            for program in ("git", dig):
                must([program, "add", "-A"])
                must([program, "commit", "-q", "-m", "x"])
        write()
        with open(os.path.join(tree, "untracked.c"), "wb") as f:
            f.write(text())
    argv = words()
    where = os.path.join(tree, rng.choice(["", "", "sub"]))
    theirs = run(["git", "grep"] + argv, where)
    ours = run([dig, "grep"] + argv, where)
    if b"pcre2_" in theirs[2]:
        continue  # git looks at a whole file at once, and gave up
    if theirs[0] > 1:  # git's exit for a bad pattern is 128
        theirs = (2, b"", b"")
        ours = (ours[0], b"", ours[2])
    if theirs[:2] != ours[:2]:
        print("seed %d, case %d: grep %r in %s" % (seed, case, argv, where))
        print("git exits %d:\n%s%s\ndig exits %d:\n%s%s" % (
            theirs[0], theirs[1].decode(errors="backslashreplace"),
            theirs[2].decode(), ours[0],
            ours[1].decode(errors="backslashreplace"), ours[2].decode()))
        sys.exit(1)
