#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A made-up history with pointers of git-lfs into a bare repository; for lfs.sh.

usage: lfs-random.py GIT COMMITS SEED

Files are plain or pointers, become the one or the other with and without a
change of their content, get modes, are copied, removed, renamed; branches
diverge and are merged. Some contents are missing, some pointers are not as
git-lfs writes them, and some files are plain with the content of a pointer
elsewhere.
"""
import hashlib
import os
import random
import subprocess
import sys

git, commits, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = random.Random(seed)
names = [b"a.bin", b"b.bin", b"dir/c.bin", b"dir/d.bin", b"dir/sub/e", b"f g",
         b"new\nline", b"\377\376", b"+plus", b"-minus", b"z/y/x/w"]


def pointer(data):
    return b"version https://git-lfs.github.com/spec/v1\n" \
        b"oid sha256:%s\nsize %d\n" % (
            hashlib.sha256(data).hexdigest().encode(), len(data))


def keep(data):
    oid = hashlib.sha256(data).hexdigest()
    folder = os.path.join(git, "lfs", "objects", oid[:2], oid[2:4])
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, oid), "wb") as out:
        out.write(data)


contents = [rng.randbytes(rng.choice([1, 20, 130, 3000, 60000]))
            for _ in range(12)] + [rng.randbytes(900000)]
for number, data in enumerate(contents):
    if number % 6 != 5:
        keep(data)


def blob():
    data = rng.choice(contents)
    kind = rng.randrange(10)
    if kind < 5:
        return pointer(data)
    if kind < 9:
        return data
    return rng.choice([
        pointer(data) + b"\n", pointer(data).replace(b"\n", b"\r\n"),
        pointer(data).replace(b"size ", b"size 0"), pointer(data)[:-1],
        pointer(b"")])


def turned(data):
    """The other form of the same content."""
    for content in contents:
        if data == content:
            return pointer(content)
        if data == pointer(content):
            return content
    return blob()


stream = []
put = stream.append
tips = {}  # branch -> (mark, tree: name -> (mode, bytes))
for mark in range(1, commits + 1):
    branch = b"refs/heads/b%d" % rng.randrange(3)
    parents, tree = [], {}
    if branch in tips:
        parents.append(tips[branch][0])
        tree = dict(tips[branch][1])
    elif tips and rng.random() < 0.7:
        parent = rng.choice(sorted(tips.values(), key=lambda t: t[0]))
        parents.append(parent[0])
        tree = dict(parent[1])
    if len(tips) > 1 and rng.random() < 0.25:
        other = rng.choice(sorted(tips.values(), key=lambda t: t[0]))
        if other[0] not in parents:
            parents.append(other[0])
            for name in rng.sample(names, 3):
                if name in other[1]:
                    tree[name] = other[1][name]
    for _ in range(rng.randrange(4)):
        name = rng.choice(names)
        what = rng.randrange(6)
        if what == 0:
            tree.pop(name, None)
        elif what == 1 and name in tree:
            tree[name] = (b"100755" if tree[name][0] == b"100644"
                          else b"100644", tree[name][1])
        elif what == 2 and name in tree:
            tree[name] = (tree[name][0], turned(tree[name][1]))
        elif what == 3 and tree:
            tree[name] = tree[rng.choice(sorted(tree))]
        else:
            tree[name] = (rng.choice([b"100644", b"100644", b"100755"]),
                          blob())
    put(b"commit %s\nmark :%d\ncommitter C <c@x> %d +0000\ndata 3\nc%02d\n"
        % (branch, mark, 1700000000 + mark, mark % 100))
    for number, parent in enumerate(parents):
        put(b"%s :%d\n" % (b"merge" if number else b"from", parent))
    put(b"deleteall\n")
    for name, (mode, data) in sorted(tree.items()):
        quoted = b'"' + b"".join(b"\\%03o" % c for c in name) + b'"'
        put(b"M %s inline %s\ndata %d\n%s\n" % (mode, quoted, len(data), data))
    put(b"\n")
    tips[branch] = (mark, tree)
subprocess.run(["git", "-C", git, "fast-import", "--quiet"],
               input=b"".join(stream), check=True)
