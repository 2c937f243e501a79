#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random trees with random ignore rules in one folder with two repositories,
git's and dig's, whose answers have to be the same bytes.

usage: ignore-random.py DIG FOLDER SEED TREES

A round is a repository with fifty trees side by side, each with rules at
several levels, below rules of the repository and of the user. Every path of
the trees, and some that are not there, is one case for check-ignore -v, with
and without tracked files; status and ls-files have one case each for a round.
The same seed makes the same trees. The first difference is printed with the
rules that speak of it, and the exit code is 1.

Left out: "***", where git reads a run of stars behind a literal start
differently from the same run elsewhere.
"""

import os
import random
import shutil
import subprocess
import sys

dig, base, seed, want = (
    sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
rng = random.Random(seed)
PER_ROUND = 50

NAMES = [b"a", b"b", b"c", b"ab", b"abc", b"a.c", b"b.o", b".x", b"A", b"x y",
         b"x ", b"#a", b"!b", b"[b]", b"*", b"back\\slash", b"\xc3\xa9",
         b"\xff", b"tab\t", b"new\nline", b"a-b", b"cr\r"]
COMMON = NAMES[:8]
GLOBS = [b"*", b"?", b"**", b"a*", b"*b", b"*.c", b"*.o", b"a?", b"[ab]",
         b"[!a]", b"[^a-b]", b"[a-c]*", b"[[:alpha:]]", b"[]b]", b"\\a",
         b"\\*", b"\\[b]", b"*a*", b"a**", b"**b", b"a**b", b".*", b"?*",
         b"[", b"[a", b"a\\", b"[[:no:]]", b"[\\b]", b"*[!c]", b"??"]


def component():
    return rng.choice(GLOBS if rng.random() < 0.5 else COMMON)


def rule():
    kind = rng.random()
    if kind < 0.04:
        return rng.choice([b"", b"#a", b"\\#a", b"\\!b", b"!", b"/", b"//",
                           b"!/", b" ", b"x\\ ", b"x\\ \\ ", b"\t", b"/*",
                           b"**/", b"/**", b"**/**", b"a//b", b"!!b"])
    text = b"/".join(component() for _ in range(rng.choice([1, 1, 1, 2, 2, 3])))
    if rng.random() < 0.2:
        text = b"/" + text
    if rng.random() < 0.25:
        text += b"/"
    if rng.random() < 0.3:
        text = b"!" + text
    if rng.random() < 0.05:
        text += rng.choice([b" ", b"  ", b"\\ ", b"\t", b"\r", b" \r"])
    return rule() if b"***" in text else text


def rules(most):
    text = b"\n".join(rule() for _ in range(rng.randrange(most + 1)))
    if rng.random() < 0.05:
        text = b"\xef\xbb\xbf" + text
    return text + rng.choice([b"\n", b""])


def name():
    return rng.choice(COMMON if rng.random() < 0.7 else NAMES)


def write(path, data=b""):
    with open(path, "wb") as file:
        file.write(data)


def fill(folder, depth, found):
    """A folder of files, folders, links and rules; found gets the paths."""
    os.mkdir(os.path.join(tree, folder))
    found.append((folder, True))
    if rng.random() < (0.9 if depth == 0 else 0.3):
        write(os.path.join(tree, folder, b".gitignore"), rules(6))
    for entry in {name() for _ in range(rng.randrange(1, 6))}:
        path = folder + b"/" + entry
        if depth < 3 and rng.random() < 0.45:
            fill(path, depth + 1, found)
        elif rng.random() < 0.05:
            os.symlink(rng.choice([b"a", b"..", b"nowhere"]),
                       os.path.join(tree, path))
            found.append((path, False))
        else:
            write(os.path.join(tree, path))
            found.append((path, False))


def run(argv, data=b"", codes=(0,)):
    done = subprocess.run(argv, cwd=tree, env=env, input=data,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode not in codes:
        fail("%r exits %d: %s" % (argv, done.returncode,
                                  done.stderr.decode(errors="replace")))
    return done.stdout


def fail(text):
    print("seed %d, round %d: %s" % (seed, number, text))
    sys.exit(1)


def explain(path):
    """The rules of the folders on the way to a path."""
    print("core.excludesFile: %r" % open(user_rules, "rb").read())
    print("info/exclude: %r" % open(git_exclude, "rb").read())
    parts = path.split(b"/")
    for i in range(len(parts)):
        file = os.path.join(tree, *parts[:i], b".gitignore")
        if os.path.isfile(file):
            print("%r: %r" % (os.path.relpath(file, tree),
                              open(file, "rb").read()))


def verdicts(program, how, paths):
    out = run(program + ["check-ignore", "-v", "-n", "-z", "--stdin"] + how,
              b"\0".join(paths) + b"\0", (0, 1))
    return list(zip(*[iter(out.split(b"\0")[:-1])] * 4))


def check_paths(how, paths):
    theirs = verdicts(["git"], how, paths)
    ours = verdicts([dig], how, paths)
    known = {os.fsencode(git_exclude): b".dig/info/exclude"}
    theirs = [(known.get(t[0], t[0]),) + t[1:] for t in theirs]
    for a, b in zip(theirs, ours):
        if a != b:
            explain(a[3])
            fail("check-ignore %s\ngit %r\ndig %r" % (how, a, b))
    if len(theirs) != len(ours) or len(ours) != len(paths):
        fail("%d paths, git answers %d, dig %d"
             % (len(paths), len(theirs), len(ours)))
    return len(paths), sum(1 for a in theirs if a[0])


def check_list(argv):
    theirs = [r for r in run(["git"] + argv).split(b"\0")
              if not r.startswith((b"!! .dig/", b"?? .dig/", b".dig/"))]
    ours = run([dig] + argv).split(b"\0")
    if theirs == ours:
        return
    odd = sorted(set(theirs) ^ set(ours))
    if odd:
        explain(odd[0][3:] if argv[0] == "status" else odd[0])
    fail("%r\ngit alone %r\ndig alone %r" % (
        argv, [r for r in odd if r in theirs][:5],
        [r for r in odd if r in ours][:5]))


cases = hits = trees = number = 0
while trees < want:
    number += 1
    where = os.path.join(base, "round")
    shutil.rmtree(where, ignore_errors=True)
    tree = os.fsencode(os.path.join(where, "tree"))
    git_dir = os.path.join(where, "git")
    git_exclude = os.path.join(git_dir, "info", "exclude")
    user_rules = os.path.join(where, "user-rules")
    os.makedirs(tree)
    env = dict(os.environ, GIT_DIR=git_dir, GIT_WORK_TREE=os.fsdecode(tree))
    run(["git", "init", "-q", "-b", "main"])
    run([dig, "init"])
    # A file in common; rules of few trees would hide most of the others.
    for program in (["git"], [dig]):
        run(program + ["config", "core.excludesFile", user_rules])
    write(user_rules, rules(2) if number % 2 else b"")
    shared = rules(2) if number % 3 else b""
    write(git_exclude, shared + b"\n/.dig/\n")
    write(os.path.join(tree, b".dig", b"info", b"exclude"), shared)
    if number % 4 == 0:
        write(os.path.join(tree, b".gitignore"), rules(3))

    found = []
    for i in range(min(PER_ROUND, want - trees)):
        fill(b"t%d" % i, 0, found)
        trees += 1
    paths = []
    for path, is_dir in found:
        paths.append(path)
        if is_dir and rng.random() < 0.3:
            paths.append(path + b"/")
        if is_dir and rng.random() < 0.3:
            paths.append(path + b"/" + name() + rng.choice([b"", b"/", b"/a"]))
    # What the new name stands for may be a link: nothing is beyond it.
    links = {p + b"/" for p, _ in found if os.path.islink(
        os.path.join(tree, p))}
    paths = [p for p in paths if not any(
        p[:i + 1] in links for i, c in enumerate(p) if c == 0x2f)]
    files = [p for p, is_dir in found if not is_dir]
    tracked = b"".join(b":(literal)" + p + b"\0"
                       for p in rng.sample(files, len(files) // 8))
    for program in (["git"], [dig]):
        run(program + ["add", "-f", "--pathspec-from-file=-",
                       "--pathspec-file-nul"], tracked)
    for how in ([], ["--no-index"]):
        n, m = check_paths(how, paths)
        cases += n
        hits += m
    for argv in (["status", "--porcelain", "-z"],
                 ["status", "--porcelain", "-z", "--ignored"],
                 ["status", "--porcelain", "-z", "-uall", "--ignored"],
                 ["ls-files", "-z", "-o", "-i", "--exclude-standard"]):
        check_list(argv)
        cases += 1
shutil.rmtree(os.path.join(base, "round"), ignore_errors=True)
print("%d trees, %d cases, a rule decides %d of them" % (trees, cases, hits))
