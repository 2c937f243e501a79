#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random work in one tree with two repositories, git's and dig's, whose
answers have to be the same bytes.

usage: status-random.py DIG FOLDER SEED STEPS

The same seed makes the same tree. At the first difference both answers are
printed and the exit code is 1.
"""

import os
import random
import re
import shutil
import subprocess
import sys

dig, base, seed, steps = (
    sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
rng = random.Random(seed)
tree = os.path.join(base, "tree")
os.makedirs(tree)
root = os.fsencode(tree)
env = dict(os.environ, GIT_DIR=os.path.join(base, "git"), GIT_WORK_TREE=tree,
           DIG_AUTHOR_NAME="x", DIG_AUTHOR_EMAIL="x@example.com",
           DIG_COMMITTER_NAME="x", DIG_COMMITTER_EMAIL="x@example.com")

NAMES = [b"a", b"b", b"c", b"a.c", b"a-b", b"a0", b"b.o", b"x.o", b"sub",
         b"dir", b"out", b"two words", b'q"uote', b"back\\slash", b"tab\tin",
         b"new\nline", b"\xff\xfe", "\u00e9\u4e2d".encode(), b"-dash", b"'",
         b":colon", b"*", b"[x]", b"\x01", b"~", b"z" * 40]
RULES = [b"*.o\n", b"out/\n", b"*.o\n!x.o\n", b"/a\n", b"sub\n", b"dir/*\n",
         b"a*\n!a.c\n", b"b\n", b"\n", b"*\n!.gitignore\n!a\n"]
CONTENTS = [b"", b"one\n", b"two\n", b"six\n", b"a longer text\n" * 9]
MODES = [[], ["-z"], ["-uall"], ["-uno"], ["-unormal", "-z"], ["--ignored"],
         ["--ignored", "-uall"], ["--ignored", "-z"], ["--no-renames"], ["-b"]]


def run(argv, cwd=tree, may_fail=False):
    done = subprocess.run(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0 and not may_fail:
        print("%r exits %d: %s" % (argv, done.returncode,
                                   done.stderr.decode(errors="replace")))
        sys.exit(1)
    return done.stdout, done.returncode


def quiet_git(out):
    """git sees the folder of the other one."""
    return re.sub(rb"(^|(?<=[\n\0]))(!!? )?\.dig/[^\n\0]*[\n\0]", b"", out)


def same(git_argv, dig_argv, cwd=tree, words=False):
    theirs, _ = run(["git"] + git_argv, cwd)
    ours, _ = run([dig] + dig_argv, cwd)
    theirs = quiet_git(theirs)
    if words:
        theirs = theirs.replace(b'"git ', b'"dig ')
    if ours == theirs:
        return
    print("seed %d, step %d: %r in %s" % (seed, step, dig_argv, cwd))
    print("git:\n%s\ndig:\n%s" % (
        theirs.decode(errors="backslashreplace"),
        ours.decode(errors="backslashreplace")))
    sys.exit(1)


def same_v2(mode):
    """Porcelain v2: ids are compared by which of them are equal or none."""
    answers = []
    for argv in (["git", "status", "--porcelain=v2", "--find-renames=100%"],
                 [dig, "status", "--porcelain=v2"]):
        out, _ = run(argv + mode)
        names = {}

        def name(found):
            id = found.group(1)
            return b" %d" % (names.setdefault(id, len(names))
                             if id.strip(b"0") else -1)
        answers.append(quiet_git(re.sub(
            rb" ([0-9a-f]{64}|[0-9a-f]{40})(?=[ \n\0])", name, out)))
    if answers[0] != answers[1]:
        print("seed %d, step %d: v2 %r\ngit:\n%s\ndig:\n%s" % (
            seed, step, mode, *(a.decode(errors="backslashreplace")
                                for a in answers)))
        sys.exit(1)


def everything():
    """All paths below the root, folders too, as bytes relative to it."""
    found = []
    for where, dirs, files in os.walk(root):
        if where == root:
            dirs[:] = [d for d in dirs if d != b".dig"]
        for name in dirs + files:
            found.append(os.path.relpath(os.path.join(where, name), root))
    return sorted(found)


def folders():
    return [b"."] + [p for p in everything()
                     if os.path.isdir(os.path.join(root, p))
                     and not os.path.islink(os.path.join(root, p))]


def new_path():
    return os.path.normpath(
        os.path.join(rng.choice(folders()), rng.choice(NAMES)))


def remove(path):
    full = os.path.join(root, path)
    if os.path.isdir(full) and not os.path.islink(full):
        shutil.rmtree(full)
    elif os.path.lexists(full):
        os.remove(full)


def write(path, data):
    full = os.path.join(root, path)
    if not os.path.isdir(os.path.dirname(full)):
        return
    remove(path)
    with open(full, "wb") as file:
        file.write(data)


def content():
    if rng.random() < 0.6:
        return rng.choice(CONTENTS)
    return rng.randbytes(rng.randrange(1, 300))


def act():
    paths = everything()
    some = rng.choice(paths) if paths else None
    what = rng.randrange(14)
    if what <= 2 or some is None:
        write(new_path(), content())
    elif what == 3:
        path = new_path()
        remove(path)
        os.makedirs(os.path.join(root, path), exist_ok=True)
    elif what == 4:
        remove(some)
    elif what == 5:
        full = os.path.join(root, some)
        if os.path.isfile(full) and not os.path.islink(full):
            os.chmod(full, os.stat(full).st_mode ^ 0o111)
    elif what == 6:
        path = new_path()
        remove(path)
        target = rng.choice([b"a", b"nowhere", b"..", b"sub", content()[:9]])
        os.symlink(target.replace(b"\0", b"0") or b"x",
                   os.path.join(root, path))
    elif what == 7:
        full = os.path.join(root, some)
        if os.path.isfile(full) and not os.path.islink(full):
            with open(full, "r+b") as file:
                file.write(rng.choice([b"x", b"y", b"one\n"]))
    elif what == 8:
        write(os.path.join(rng.choice(folders()), b".gitignore"),
              rng.choice(RULES))
    elif what == 9:
        to = new_path()
        if not (to + b"/").startswith(some + b"/") and \
           not (some + b"/").startswith(to + b"/"):
            remove(to)
            os.rename(os.path.join(root, some), os.path.join(root, to))
    elif what == 10 and not os.path.islink(os.path.join(root, some)):
        os.utime(os.path.join(root, some))
    elif what == 11:
        run(["git", "add", "-A"])
        run([dig, "add", "-A"])
    elif what == 12:
        _, theirs = run(["git", "commit", "-qm", "x"], may_fail=True)
        _, ours = run([dig, "commit", "-qm", "x"], may_fail=True)
        if theirs != ours:
            print("seed %d, step %d: commit exits %d, git %d"
                  % (seed, step, ours, theirs))
            sys.exit(1)
    elif what == 13:
        where = os.path.join(root, rng.choice(folders()))
        # git refuses where the folder is ignored
        _, refused = run(["git", "add", "-A", "."], where, True)
        if not refused:
            run([dig, "add", "-A", "."], where)


def check():
    exact = ["--find-renames=100%"]
    for mode in rng.sample(MODES, 3):
        same(["status", "--porcelain"] +
             ([] if "--no-renames" in mode else exact) + mode,
             ["status", "--porcelain=v1"] + mode)
    same_v2(rng.choice([[], ["-b"], ["-z", "-b"], ["-z"], ["-uall"],
                        ["--ignored"]]))
    same(["status"] + exact, ["status"], words=True)
    where = os.path.join(root, rng.choice(folders()))
    same(["status", "-s"] + exact, ["status", "-s"], where)
    paths = everything()
    if paths:
        spec = [":(top,literal)" + os.fsdecode(rng.choice(paths))]
        for mode in ([], ["-uall"], ["--ignored"], ["--ignored", "-uall"]):
            same(["status", "--porcelain", "--no-renames"] + mode + ["--"] +
                 spec, ["status", "--porcelain", "--no-renames"] + mode +
                 ["--"] + spec)
    for mode in (["-z"], ["-d"], ["-m"],
                 ["-o", "--exclude-standard"],
                 ["-o", "-i", "--exclude-standard"]):
        same(["ls-files"] + mode, ["ls-files"] + mode, where)


step = 0
run(["git", "init", "-q", "-b", "main"])
with open(os.path.join(base, "git", "info", "exclude"), "w") as f:
    f.write("/.dig/\n")
run(["git", "config", "user.name", "x"])
run(["git", "config", "user.email", "x@example.com"])
run(["git", "config", "core.bare", "false"])
run(["git", "config", "gc.auto", "0"])
run([dig, "init"])
for step in range(steps):
    for _ in range(rng.randrange(1, 5)):
        act()
    check()
