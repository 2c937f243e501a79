#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Imports that are killed, and streams with damage; for import-git.sh.

A stream is imported whole once. Then it is imported again and again into new
repositories, killed at drawn moments until one run ends: the refs are those of
the whole import, and fsck finds nothing. Mutated streams are refused with one
line and no name is left of them, or they are taken; never is there another end.
"""
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

DIG = os.environ["DIG"]
SEED = int(os.environ.get("SEED", "1"))
SOAK = os.environ.get("SOAK", "0") not in ("", "0")
SANITIZED = os.environ.get("SANITIZED", "0") not in ("", "0")
HERE = os.path.dirname(os.path.abspath(__file__))


def made(*args):
    return subprocess.run(
        [sys.executable, os.path.join(HERE, "..", "tools", "gitstream.py"),
         *args], check=True, stdout=subprocess.PIPE).stdout


def dig(work, *args, stdin=b""):
    return subprocess.run([DIG, *args], cwd=work, input=stdin, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def new(folder, name):
    work = os.path.join(folder, name)
    os.mkdir(work)
    if dig(work, "init").returncode != 0:
        sys.exit("init failed")
    return work


def refs(work):
    answer = dig(work, "log", "--all", "--format=%H %d")
    return answer.stdout, dig(work, "tag").stdout, dig(
        work, "branch", "-v").stdout


def must(good, text):
    if not good:
        print("FAILED: " + text)
        sys.exit(1)


def kills(folder, rng):
    stream = made("--commits", "60", "--seed", str(SEED), "--big", "20000000")
    path = os.path.join(folder, "stream")
    with open(path, "wb") as out:
        out.write(stream)
    work = new(folder, "whole")
    start = time.monotonic()
    must(dig(work, "import", "git", "-q", stdin=stream).returncode == 0,
         "the import")
    length = time.monotonic() - start
    want = refs(work)
    hits = 0
    for number in range(40 if SOAK else 1 if SANITIZED else 2):
        work = new(folder, "killed%d" % number)
        for _ in range(3):
            with open(path, "rb") as stdin:
                child = subprocess.Popen(
                    [DIG, "import", "git", "-q"], cwd=work, stdin=stdin,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(rng.random() * length)
                child.send_signal(signal.SIGKILL)
                hits += child.wait() == -signal.SIGKILL
            must(dig(work, "branch").stdout in (b"", dig(
                os.path.join(folder, "whole"), "branch").stdout),
                "a branch moved before the end")
        answer = dig(work, "import", "git", "-q", stdin=stream)
        must(answer.returncode == 0, "the import after kills: %r"
             % answer.stderr)
        must(refs(work) == want, "refs after kills")
        must(dig(work, "fsck").returncode == 0, "fsck after kills")
    print("# %d kills hit" % hits)


def mutate(rng, stream):
    data = bytearray(stream)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(data))
        kind = rng.randrange(6)
        if kind == 0:
            data[at] = rng.randrange(256)
        elif kind == 1:
            del data[at:at + rng.randrange(1, 40)]
        elif kind == 2:
            data[at:at] = rng.randbytes(rng.randrange(1, 20))
        elif kind == 3:
            del data[at:]
            data += b"\n"
        else:
            # A line goes, comes twice or goes elsewhere.
            begin = data.rfind(b"\n", 0, at) + 1
            end = data.find(b"\n", at) + 1 or len(data)
            line = data[begin:end]
            if kind == 4:
                del data[begin:end]
            to = data.rfind(b"\n", 0, rng.randrange(len(data) or 1) + 1) + 1
            data[to:to] = line
    return bytes(data)


def damage(folder, rng):
    # Short contents: damage shall meet commands more than bytes of files.
    stream = b"".join(
        line for line in made("--commits", "8", "--seed", str(SEED + 1),
                              "--files", "6").splitlines(True))
    stream = shorten(stream)
    taken = refused = 0
    for number in range(3000 if SOAK else 25 if SANITIZED else 15):
        work = new(folder, "mutated%d" % number)
        answer = dig(work, "import", "git", "-q", stdin=mutate(rng, stream))
        lines = answer.stderr.splitlines()
        must(answer.returncode in (0, 1, 2), "seed %d, number %d: exit %d, %r"
             % (SEED, number, answer.returncode, answer.stderr[-2000:]))
        must(answer.returncode == 0 or any(
            line.startswith(b"dig: ") for line in lines), "no word why")
        if answer.returncode == 2:
            must(refs(work) == (b"", b"", b""), "names of a refused stream")
            refused += 1
        else:
            taken += 1
        if number % 10 == 0:
            must(dig(work, "fsck").returncode == 0,
                 "fsck of mutated stream %d" % number)
        subprocess.run(["rm", "-rf", work], check=False)
    print("# %d mutated streams refused, %d taken" % (refused, taken))


def shorten(stream):
    """The same commands, with at most 40 bytes for each content."""
    out, at = bytearray(), 0
    while at < len(stream):
        end = stream.find(b"\n", at) + 1 or len(stream)
        line = stream[at:end]
        at = end
        if line.startswith(b"data "):
            size = int(line[5:])
            content = stream[at:at + size][:40]
            at += size
            out += b"data %d\n" % len(content) + content
        else:
            out += line
    return bytes(out)


def main():
    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory() as folder:
        kills(folder, rng)
        damage(folder, rng)


main()
