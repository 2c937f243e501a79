#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""History independence: however a tree came about, its root is the same.

Random sequences of edits, adds of everything and of parts, rm, mv and commits
lead to some set of files. The root of what is staged then equals the root
that a fresh repository gives for the same files, added at once, and the root
that one gives to which they were added in parts and in another order.
"""
import os
import random
import shutil

import oracle
from oracle import SEED, Repo, Scratch, Tap, count


def chosen_names(rng):
    """Names of a small tree that spans several nodes."""
    folders = [""] + ["d%d/" % i for i in range(4)] + [
        "d%d/e%d/" % (i, i % 3) for i in range(6)]
    return [rng.choice(folders) + "f%03d%s" % (i, "x" * rng.choice((0, 0, 40)))
            for i in range(rng.choice((5, 40, 200, 600)))]


class Sequence:
    def __init__(self, repo, rng):
        self.repo, self.rng = repo, rng
        self.names = chosen_names(rng)
        self.log = []

    def path(self, name):
        return os.path.join(self.repo.work, name)

    def present(self):
        return [n for n in self.names if os.path.lexists(self.path(n))]

    def remove(self, name):
        path = self.path(name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)

    def write(self, name):
        """A file, a link or an executable, in the place of anything."""
        path = self.path(name)
        self.remove(name)
        parent = self.repo.work
        for part in name.split("/")[:-1]:
            parent = os.path.join(parent, part)
            if os.path.lexists(parent) and (
                    os.path.islink(parent) or not os.path.isdir(parent)):
                os.unlink(parent)
            os.makedirs(parent, exist_ok=True)
        kind = self.rng.randrange(20)
        if kind == 0:
            os.symlink("target%d" % self.rng.randrange(5), path)
            return
        with open(path, "wb") as out:
            out.write(self.rng.randbytes(self.rng.choice((0, 1, 9, 9, 700))))
        os.chmod(path, 0o755 if kind == 1 else 0o644)

    def edit(self):
        for name in self.rng.sample(
                self.names, self.rng.randint(1, len(self.names))):
            if os.path.lexists(self.path(name)) and self.rng.random() < .4:
                self.remove(name)
            else:
                self.write(name)

    def swap(self):
        """A folder where a file was, or the other way round."""
        there = self.present()
        if not there:
            return
        name = self.rng.choice(there)
        if self.rng.random() < .5 and "/" in name:
            folder = os.path.dirname(self.path(name))
            shutil.rmtree(folder)
            with open(folder, "wb") as out:
                out.write(b"was a folder")
        else:
            self.remove(name)
            os.mkdir(self.path(name))
            with open(self.path(name) + "/inside", "wb") as out:
                out.write(b"was a file")

    def dig(self, *args, good=(0,)):
        self.log.append(" ".join(args))
        answer = self.repo.dig(*args)
        if answer.code not in good:
            raise RuntimeError(str(answer))
        return answer

    def add_all(self):
        self.dig("add", "-A")

    def add_some(self):
        there = self.present()
        if there:
            some = self.rng.sample(there, min(len(there), 5))
            self.dig("add", "--", *some)

    def tracked(self):
        out = self.dig("ls-files", "-z").out
        return [n.decode() for n in out.split(b"\0") if n]

    def rm(self):
        names = self.tracked()
        if names:
            some = self.rng.sample(names, min(len(names), 6))
            how = ["--cached"] if self.rng.random() < .3 else []
            self.dig("rm", "-q", "-f", *how, "--", *some)

    def mv(self):
        # What an edit has made a folder since is refused, as git does; so is
        # a place below what is still staged as a file.
        tracked = self.tracked()
        names = [n for n in tracked if os.path.isfile(self.path(n))
                 or os.path.islink(self.path(n))]
        if names:
            name = self.rng.choice(names)
            new = self.rng.choice(self.names) + ".moved"
            above = {new[:i] for i, c in enumerate(new) if c == "/"}
            if os.path.isdir(os.path.dirname(self.path(new))) and \
                    not os.path.lexists(self.path(new)) and \
                    not above & set(tracked):
                self.dig("mv", "--", name, new)

    def commit(self):
        self.dig("commit", "-q", "-m", "step", good=(0, 1))

    def step(self):
        for what in self.rng.choices(
                (self.edit, self.swap, self.add_all, self.add_some, self.rm,
                 self.mv, self.commit),
                (4, 1, 3, 3, 2, 2, 2), k=self.rng.randint(3, 9)):
            what()
        self.add_all()


def root(repo):
    return repo.must("root", "--staged").strip()


def fresh(scratch, template, work, name):
    """A new repository over a copy of the files."""
    target = scratch.path(name)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(work, target, symlinks=True,
                    ignore=lambda d, names: [".dig"] if d == work else [])
    oracle.copy(template + "/.dig", target + "/.dig")
    return Repo(scratch, target)


def one(scratch, template, seed):
    rng = random.Random(seed)
    work = scratch.path("work")
    shutil.rmtree(work, ignore_errors=True)
    oracle.copy(template, work)
    sequence = Sequence(Repo(scratch, work), rng)
    try:
        sequence.step()
        want = root(sequence.repo)
        other = fresh(scratch, template, work, "fresh")
        other.must("add", "-A")
        if root(other) != want:
            return "a fresh repository has another root"
        parts = fresh(scratch, template, work, "parts")
        names = sorted(os.listdir(parts.work))
        rng.shuffle(names)
        for name in names:
            if name != ".dig":
                parts.must("add", "--", name)
        if root(parts) != want:
            return "added in parts it has another root"
        if rng.random() < .2:
            answer = sequence.repo.dig("fsck")
            if answer.code != 0:
                return str(answer)
    except RuntimeError as trouble:
        return "%s\nafter: %s" % (trouble, "; ".join(sequence.log))
    return None


def main():
    tap = oracle.require_program(Tap("history"))
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    scratch = Scratch(os.environ.get("TMPDIR", memory))
    try:
        template = scratch.path("template")
        os.mkdir(template)
        Repo(scratch, template).must("init")
        trials = count(50, 1000)
        wrong = []
        for n in range(trials):
            bad = one(scratch, template, SEED + n)
            if bad:
                wrong.append("SEED=%d N=1: %s" % (SEED + n, bad))
        tap.case(not wrong, "%d random histories, each with the root of a "
                 "fresh repository" % trials, wrong)
        tap.figure(sequences=trials, differing=len(wrong))
    finally:
        scratch.remove()
    tap.done()


if __name__ == "__main__":
    main()
