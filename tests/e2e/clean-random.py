#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random trees in two copies, one with git and one with dig, whose clean has
to say the same lines and leave the same files.

usage: clean-random.py DIG FOLDER SEED TREES

Lines are compared sorted: within a folder git's are in the order of the
listing. The same seed makes the same trees; the first difference is printed
and the exit code is 1.

Left out: exclusions in pathspecs, since git removes what is excluded where it
lies in a folder that goes as a whole; and -X with paths or in a subfolder,
since git removes what was not named beside an ignored folder on the way there.
"""

import os
import random
import shutil
import subprocess
import sys

dig, base, seed, trees = (
    sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
rng = random.Random(seed)
mine, theirs = os.path.join(base, "dig"), os.path.join(base, "git")
template = os.path.join(base, "template")
env = dict(os.environ, GIT_CEILING_DIRECTORIES=base)

NAMES = ["a", "b", "c.o", "d", "a.c", "a-b", "out", "x y", "\u00e9", "z.o"]
RULES = ["*.o\n", "out\n", "out/\n", "a*\n!a.c\n", "/b\n", "d/*\n", "*\n!d\n",
         "b/\n", "\n"]
SPECS = [[], [], ["."], ["a"], ["a/b"], ["*.o"], ["d/"], ["b", "out"],
         ["*"], ["a*"], ["d/*"], ["a/*.o"], [":(glob)*/a"], ["nothing"]]


def run(argv, cwd):
    done = subprocess.run(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr


def must(argv, cwd):
    code, _, err = run(argv, cwd)
    if code:
        sys.exit("%r exits %d: %s" % (argv, code, err))


def fill(folder, depth, tracked, below):
    """Some entries; below: an untracked folder."""
    for name in rng.sample(NAMES, rng.randrange(0, 5)):
        path = os.path.join(folder, name)
        kind = rng.random()
        if kind < 0.4 and depth < 4:
            os.mkdir(path)
            if rng.random() < 0.1 and below:
                shutil.copytree(template, os.path.join(path, ".git"))
            fill(path, depth + 1, tracked, below or rng.random() < 0.4)
        elif kind < 0.5:
            os.symlink(rng.choice(["a", "..", "nowhere"]), path)
        else:
            with open(path, "w") as file:
                file.write("x")
        if not below and not os.path.isdir(path) and rng.random() < 0.6:
            tracked.append(path)
    if rng.random() < 0.3:
        path = os.path.join(folder, ".gitignore")
        with open(path, "w") as file:
            file.write(rng.choice(RULES))
        if not below:
            tracked.append(path)


def listing(folder):
    found = []
    for where, dirs, files in os.walk(folder):
        if where == folder:
            dirs[:] = [d for d in dirs if d not in (".dig", ".git")]
        found += [os.path.relpath(os.path.join(where, name), folder)
                  for name in dirs + files]
    return sorted(found)


def compare(words, where):
    their = run(["git", "clean"] + words, os.path.join(theirs, where))
    our = run([dig, "clean"] + words, os.path.join(mine, where))
    if their[0] == our[0] and \
       sorted(their[1].split(b"\n")) == sorted(our[1].split(b"\n")):
        return
    print("seed %d, tree %d: clean %r in %s" % (seed, tree, words, where))
    print("git exits %d:\n%s\ndig exits %d:\n%s%s" % (
        their[0], their[1].decode(), our[0], our[1].decode(),
        our[2].decode()))
    print("\n".join(listing(mine)))
    sys.exit(1)


def words(dry):
    out = ["-n"] if dry else [rng.choice(["-f", "-f", "-ff"])]
    out += rng.choice([[], ["-d"], ["-d"]])
    out += rng.choice([[], [], ["-x"], ["-X"]])
    out += rng.choice([[], [], [], ["-e", rng.choice(["a", "*.o", "!c.o"])]])
    if dry and rng.random() < 0.3:
        out.append("-ff")
    if "-X" in out:
        return out, "."
    return out + ["--"] + rng.choice(SPECS), rng.choice(folders)


must(["git", "init", "-q", "-b", "main", template], base)
template = os.path.join(template, ".git")
shutil.rmtree(os.path.join(template, "hooks"), ignore_errors=True)
for tree in range(trees):
    os.mkdir(mine)
    tracked = []
    fill(mine, 0, tracked, False)
    shutil.copytree(mine, theirs, symlinks=True)
    tracked = [os.path.relpath(path, mine) for path in tracked]
    must(["git", "init", "-q", "-b", "main", "--template="], theirs)
    must([dig, "init"], mine)
    if tracked:
        must(["git", "add", "-f", "--"] + tracked, theirs)
        must([dig, "add", "-f", "--"] + tracked, mine)
    folders = [p for p in listing(mine)
               if os.path.isdir(os.path.join(mine, p))
               and not os.path.islink(os.path.join(mine, p))
               and ".git" not in p.split("/")]
    nested = [p for p in folders
              if os.path.isdir(os.path.join(mine, p, ".git"))]
    folders = ["."] + [p for p in folders if not any(
        (p + "/").startswith(n + "/") for n in nested)]
    for _ in range(6):
        compare(*words(True))
    compare(*words(False))
    if listing(mine) != listing(theirs):
        print("seed %d, tree %d: left by git %r, by dig %r"
              % (seed, tree, listing(theirs), listing(mine)))
        sys.exit(1)
    shutil.rmtree(mine)
    shutil.rmtree(theirs)
