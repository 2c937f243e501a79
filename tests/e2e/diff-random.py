#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random pairs of trees: differences beside git's, byte for byte, and patches
that git apply and patch -p1 turn the first tree into the second one with.

usage: diff-random.py DIG FOLDER SEED PAIRS

The same seed makes the same trees. At the first difference both answers are
printed and the exit code is 1.
"""

import os
import random
import re
import shutil
import subprocess
import sys

dig, base, seed, pairs = (
    sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
rng = random.Random(seed)
tree, by_git, by_patch = (
    os.path.join(base, name) for name in ("tree", "by-git", "by-patch"))
for folder in (tree, by_git, by_patch):
    os.makedirs(folder)
who = {"NAME": "x", "EMAIL": "x@example.com", "DATE": "1700000000 +0000"}
env = dict(os.environ, GIT_DIR=os.path.join(base, "git"), GIT_WORK_TREE=tree)
for role in ("AUTHOR", "COMMITTER"):
    for key, value in who.items():
        env["GIT_%s_%s" % (role, key)] = env["DIG_%s_%s" % (role, key)] = value
plain_env = dict(os.environ, GIT_CEILING_DIRECTORIES=base)
plain_env.pop("GIT_DIR", None)

NAMES = [b"a", b"b", b"c.c", b"a-b", b"d.h", b"two words", b'q"uote', b"tab\t",
         b"back\\slash", b"\xff\xfe", "\u00e9\u4e2d".encode(), b"-dash", b"'",
         b" lead", b"*", b"[x]", b"\x01\x1b[31m", b"new\nline", b"y" * 60]
FOLDERS = [b"", b"", b"sub/", b"sub/deep/", b"dir x/", b"z" * 40 + b"/"]
LINES = [b"\tint i = %d;\n", b"}\n", b"\n", b"static void f%d(void)\n", b"{\n",
         b"\treturn %d;\n", b"word %d  and  word\n", b"crlf %d\r\n", b" \n",
         b"# %d\n", b"\tif (x%d) {\n", b"\t}\n", b"\x1b[2J%d\n", b"\xff%d\n"]


def run(argv, cwd=tree, env_=env, data=None, codes=(0,)):
    done = subprocess.run(argv, cwd=cwd, env=env_, input=data or b"",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode not in codes:
        print("seed %d, pair %d: %r exits %d: %s%s" % (
            seed, pair, argv, done.returncode,
            done.stderr.decode(errors="replace"),
            done.stdout.decode(errors="replace")))
        if data is not None:
            print(data.decode(errors="backslashreplace"))
        sys.exit(1)
    return done.stdout


def files(root):
    found = {}
    root = os.fsencode(root)
    for where, dirs, names in os.walk(root):
        dirs[:] = [d for d in dirs if d != b".dig"]
        for name in names + [d for d in dirs
                             if os.path.islink(os.path.join(where, d))]:
            path = os.path.join(where, name)
            if os.path.islink(path):
                what = ("link", os.readlink(path))
            else:
                with open(path, "rb") as file:
                    what = ("%o" % (os.stat(path).st_mode & 0o100),
                            file.read())
            found[os.path.relpath(path, root)] = what
    return found


def line():
    text = rng.choice(LINES)
    return text % rng.randrange(40) if b"%d" in text else text


def content():
    kind = rng.random()
    if kind < 0.06:
        return b""
    if kind < 0.14:
        return rng.randbytes(rng.randrange(1, 400)) + b"\0"
    data = b"".join(line() for _ in range(rng.randrange(1, 60)))
    return data[:-1] if rng.random() < 0.15 else data


def edited(data):
    lines = data.splitlines(keepends=True)
    for _ in range(rng.choice([1, 1, 1, 2, 3, 10, 30])):
        at = rng.randrange(len(lines) + 1)
        what = rng.randrange(4)
        if what == 0 or not lines:
            lines.insert(at, line())
        elif what == 1:
            del lines[at:at + rng.randrange(1, 4)]
        elif what == 2 and at < len(lines):
            lines[at] = line()
        elif at < len(lines):
            lines[at] = lines[at].replace(b" ", b"  ")
    return b"".join(lines)


def remove(path):
    full = os.path.join(os.fsencode(tree), path)
    if not os.path.lexists(full):
        return
    os.remove(full)
    folder = os.path.dirname(full)
    while folder != os.fsencode(tree) and not os.listdir(folder):
        os.rmdir(folder)
        folder = os.path.dirname(folder)


def put(path, what):
    full = os.path.join(os.fsencode(tree), path)
    remove(path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    if what[0] == "link":
        os.symlink(what[1], full)
        return
    with open(full, "wb") as file:
        file.write(what[1])
    os.chmod(full, 0o755 if what[0] == "100" else 0o644)


def act():
    now = files(tree)
    some = rng.choice(sorted(now)) if now else None
    new = rng.choice(FOLDERS) + rng.choice(
        NAMES if rng.random() < 0.5 else NAMES[:5])
    what = rng.randrange(12)
    if what == 3 and rng.random() < 0.6:
        what = 0
    if what <= 2 or some is None:
        put(new, ("0", content()))
    elif what == 3:
        put(new, ("link", rng.choice([b"a", b"no where", b"sub/b", b"\xff"])))
    elif what == 4:
        remove(some)
    elif what == 5:
        flip = {"0": "100", "100": "0"}
        if now[some][0] in flip:
            put(some, (flip[now[some][0]], now[some][1]))
    elif what <= 8:
        if now[some][0] != "link":
            put(some, (now[some][0], edited(now[some][1])))
    elif new not in now:
        remove(some)
        data = now[some][1]
        if now[some][0] != "link" and rng.random() < 0.7:
            data = edited(data)
        put(new, (now[some][0], data))


def without_ids(patch):
    """Ids differ; dig adds sizes where files are binary."""
    patch = re.sub(rb"(?m)^index [0-9a-f]+\.\.[0-9a-f]+", b"index", patch)
    return re.sub(rb"(?m)^(Binary files .* differ) \(.*\)$", rb"\1", patch)


def same(words):
    theirs = run(["git", "diff", "--no-ext-diff", "--no-color"] + words)
    ours = run([dig, "diff", "--no-color"] + words)
    if without_ids(theirs) == without_ids(ours):
        return
    print("seed %d, pair %d: diff %r" % (seed, pair, words))
    print("git:\n%s\ndig:\n%s" % (
        theirs.decode(errors="backslashreplace"),
        ours.decode(errors="backslashreplace")))
    sys.exit(1)


def applied(how, folder, patch):
    """Apply, compare with the tree."""
    if how == "git":
        run(["git", "apply", "--whitespace=nowarn", "-"], folder, plain_env,
            patch)
    else:
        run(["patch", "-p1", "-s", "-f", "--binary",
             "--no-backup-if-mismatch"], folder, plain_env, patch)
    if files(folder) != files(tree):
        print("seed %d, pair %d: %s gives another tree" % (seed, pair, how))
        want, got = files(tree), files(folder)
        for path in sorted(set(want) | set(got)):
            if want.get(path) != got.get(path):
                print(path, "want", want.get(path), "got", got.get(path))
        print(patch.decode(errors="backslashreplace"))
        sys.exit(1)


def sync(folder):
    shutil.rmtree(folder)
    shutil.copytree(tree, folder, symlinks=True,
                    ignore=shutil.ignore_patterns(".dig"))


FORMATS = [["--numstat"], ["--stat"], ["--shortstat"], ["--name-status"],
           ["--name-only"], ["--numstat", "-z"], ["--name-status", "-z"],
           ["--stat", "--numstat", "-p"], ["-p"], ["-U0"], ["-U1"], ["-U9"]]
MORE = [[], [], [], ["-w"], ["-b"], ["-R"], ["--no-renames"], ["-M80%"],
        ["-M30%"], ["-M100%"], ["--text"], ["--", "sub"]]


def random_words(start):
    return start + rng.choice(FORMATS) + rng.choice(MORE)


def patch_takes(patch):
    """What patch(1) cannot: links, names that begin with a space or have a
    newline, and a name with a space when no --- and +++ lines say it."""
    old, new = files(by_patch), files(tree)
    if any("link" in (old.get(path, ("",))[0], new.get(path, ("",))[0])
           or os.path.basename(path).startswith(b" ") or b"\n" in path
           for path in set(old) | set(new) if old.get(path) != new.get(path)):
        return False
    return not any(b"\n--- " not in part and part.split(b"\n")[0].count(b" ") > 1
                   for part in re.split(rb"(?m)^diff --git ", patch)[1:])


pair = 0
run(["git", "init", "-q"])
with open(os.path.join(base, "git", "info", "exclude"), "w") as rules:
    rules.write("/.dig/\n")
run([dig, "init", "-q"])
napplied = npatched = 0
for pair in range(pairs):
    for _ in range(rng.choice([1, 2, 3, 5, 8])):
        act()
    if pair > 0:
        same(random_words(rng.choice([[], ["HEAD"]])))
    run(["git", "add", "-A"])
    run([dig, "add", "-A"])
    if pair > 0:
        same(rng.choice([["--cached"], random_words(["--cached"])]))
    patch = run([dig, "diff", "--cached", "--text"] + rng.choice(
        [[], [], ["-U1"], ["-U8"], ["--no-renames"]]))
    if patch:
        applied("git", by_git, patch)
        napplied += 1
    if patch and patch_takes(patch):
        applied("patch", by_patch, patch)
        npatched += 1
    else:
        sync(by_patch)
    run(["git", "commit", "-q", "--allow-empty", "-m", "x"])
    run([dig, "commit", "-q", "--allow-empty", "-m", "x"])
    if pair > 1 and rng.random() < 0.3:
        same(random_words(["HEAD~2", "HEAD"]))
print("%d patches by git apply, %d by patch" % (napplied, npatched))
