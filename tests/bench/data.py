# SPDX-License-Identifier: MIT
"""The data sets: made the same every time, changed as a person would, and
compared byte by byte."""
import filecmp
import os
import random
import subprocess

from tools import Failed


def words(rng, size):
    lexicon = words.lexicon
    line, have, lines = [], 0, []
    while have < size:
        word = lexicon[min(int(rng.paretovariate(.6)), len(lexicon) - 1)]
        line.append(word)
        have += len(word) + 1
        if len(line) == 11:
            lines.append(" ".join(line))
            line = []
    return ("\n".join(lines + [" ".join(line)]) + "\n").encode()


words.lexicon = ["%x" % random.Random(n).getrandbits(8 + n % 40)
                 for n in range(20000)]


def make_small(folder, files=20000, folders=2000):
    rng = random.Random(7)
    for n in range(files):
        where = os.path.join(folder, "d%02d" % (n % folders // 100),
                             "e%04d" % (n % folders))
        os.makedirs(where, exist_ok=True)
        with open(os.path.join(where, "f%05d.txt" % n), "wb") as out:
            out.write(words(rng, rng.randrange(1024, 10240)))


def make_linux(folder):
    source = os.environ.get("LINUX_SRC")
    if source and os.path.isdir(source):
        subprocess.run(["cp", "-a", source + "/.", folder], check=True)
    else:
        archive = "/usr/src/linux-source-6.1.tar.xz"
        if not os.path.exists(archive):
            raise Failed("no LINUX_SRC and no %s (apt-get install "
                         "linux-source-6.1)" % archive)
        subprocess.run(["tar", "-xJf", archive, "--strip-components=1", "-C",
                        folder], check=True)
    top = os.path.join(folder, ".gitignore")
    if os.path.exists(top):
        os.unlink(top)


def make_big(folder, size=2 << 30):
    rng = random.Random(9)
    with open(os.path.join(folder, "big.bin"), "wb") as out:
        for _ in range(size >> 20):
            out.write(rng.randbytes(1 << 20))


def insert_in_big(folder, places=10, size=1000):
    """B': the same file with a few bytes more at ten places."""
    rng, name = random.Random(11), os.path.join(folder, "big.bin")
    length = os.path.getsize(name)
    cuts = sorted(rng.randrange(length) for _ in range(places)) + [length]
    with open(name, "rb") as old, open(name + ".new", "wb") as new:
        at = 0
        for cut in cuts:
            while at < cut:
                block = old.read(min(1 << 22, cut - at))
                new.write(block)
                at += len(block)
            if cut < length:
                new.write(rng.randbytes(size))
    os.replace(name + ".new", name)


def make_ten(folder):
    for n in range(10):
        with open(os.path.join(folder, "f%d.txt" % n), "wb") as out:
            out.write(words(random.Random(n), 2000))


RARE, BUSY = "d07/rare.txt", "d03/busy.txt"  # 20 and 500 versions


def history(name, commits, files=2000):
    """A stream that git fast-import and dig import git read: text files that
    people edit, a few lines at a time."""
    rng = random.Random(5)
    paths = ["d%02d/f%04d.txt" % (n % 40, n) for n in range(files)]
    texts = {p: words(rng, rng.randrange(1000, 8000)).split(b"\n")
             for p in paths + [RARE, BUSY]}
    rare = {commits * n // 20 for n in range(20)}
    busy = {commits * n // 500 for n in range(500)}
    with open(name, "wb") as out:
        for n in range(commits):
            out.write(b"commit refs/heads/main\ncommitter B <b@example.com> "
                      b"%d +0000\ndata <<E\nchange %d\nE\n" % (
                          1500000000 + 600 * n, n))
            changed = paths if n == 0 else rng.sample(paths,
                                                      rng.randrange(1, 4))
            changed = changed + [RARE] * (n in rare) + [BUSY] * (n in busy)
            for path in changed:
                lines = texts[path]
                for _ in range(rng.randrange(1, 4) if n else 0):
                    at = rng.randrange(len(lines))
                    lines[at:at + rng.randrange(2)] = words(
                        rng, 60).split(b"\n")[:1]
                text = b"\n".join(lines)
                out.write(b"M 100644 inline %s\ndata %d\n%s\n" % (
                    path.encode(), len(text), text))
        out.write(b"done\n")


def edit(folder, rng, files=200):
    """Change so many files a little, as a person would."""
    names = sorted(os.path.join(w, f) for w, d, fs in os.walk(folder)
                   if not prune(d) for f in fs
                   if f != ".fslckout"
                   and not os.path.islink(os.path.join(w, f)))
    for name in rng.sample(names, min(files, len(names))):
        if os.path.getsize(name) > 1 << 26:
            with open(name, "r+b") as out:
                out.seek(rng.randrange(os.path.getsize(name)))
                out.write(rng.randbytes(1000))
            continue
        with open(name, "rb") as data:
            old = data.read()
        at = rng.randrange(len(old) + 1)
        with open(name, "wb") as out:
            out.write(old[:at] + b"edited %x\n" % rng.getrandbits(64)
                      + old[at:])


def prune(dirs):
    dirs[:] = [d for d in dirs if d not in (".git", ".dig")]
    return False


def compare(a, b):
    """The first difference of two trees, or None."""
    def names(top):
        found = []
        for where, dirs, files in os.walk(top):
            prune(dirs)
            found += [os.path.relpath(os.path.join(where, n), top)
                      for n in files if n not in (".fslckout",)]
        return sorted(found)
    left, right = names(a), names(b)
    if left != right:
        return "%d files and %d" % (len(left), len(right))
    for name in left:
        p, q = os.path.join(a, name), os.path.join(b, name)
        if os.path.islink(p):
            if not os.path.islink(q) or os.readlink(p) != os.readlink(q):
                return name
        elif not filecmp.cmp(p, q, shallow=False):
            return name
    return None
