#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Damage that parity has to give back, bit for bit.

A repository with small groups (2+1: 2 MiB) has full groups, an open group, a
bulk pack and the usual one. Bits are flipped in each of its files, holes are
made, cells of a stripe destroyed, files deleted, and the working files are
gone: `cat` hands out the right bytes, `fsck --repair` makes the files what they
were. One cell too many is reported, and all else stays readable. A repair that
is killed at any moment is finished by the next.
"""
import hashlib
import os
import random
import time

import oracle
from oracle import SEED, Repo, Scratch, Tap, count

CELL = 65536
GROUP = 2 * 16 * CELL


class Sample:
    def __init__(self, scratch):
        rng = random.Random(SEED)
        self.scratch = scratch
        work = scratch.path("work")
        os.mkdir(work)
        self.repo = Repo(scratch, work)
        self.repo.must("init")
        self.files = {}
        self.fill(rng, work)
        commits = 1 + max(int(at.split(":")[0]) for at in self.files)
        self.answers = {}
        for commit in range(commits):
            rev = self.repo.head("HEAD~%d" % (commits - 1 - commit))
            for at, data in self.files.items():
                if at.startswith("%d:" % commit):
                    self.answers[rev + ":" + at[2:]] = hashlib.sha256(
                        data).hexdigest()
        for name in os.listdir(work):
            if name != ".dig":
                os.unlink(os.path.join(work, name))
        oracle.copy(work, scratch.path("saved"))
        self.names = sorted(self.read())
        self.good = self.read()

    def fill(self, rng, work):
        self.repo.must("config", "parity.data", "2")
        self.repo.must("config", "parity.parity", "1")
        for commit in range(3):
            for name, size in (("bulk", 17000000), ("middle", 3000000),
                               ("small%d" % commit, 5000)):
                if name == "bulk" and commit:
                    continue
                data = rng.randbytes(size)
                self.files["%d:%s" % (commit, name)] = data
                with open(os.path.join(work, name), "wb") as out:
                    out.write(data)
            self.repo.must("add", "-A")
            self.repo.must("commit", "-m", "commit %d" % commit)

    def begin(self):
        self.repo.restore(self.scratch.path("saved"))

    def path(self, name):
        return os.path.join(self.repo.work, ".dig", name)

    def read(self):
        """What packs and journal hold: {name: hash}."""
        found = {}
        for folder in ("", "packs/"):
            for name in os.listdir(self.path(folder)):
                path = self.path(folder + name)
                if os.path.isfile(path) and name != "lock" and (
                        not name.startswith("index.db")):
                    with open(path, "rb") as data:
                        found[folder + name] = hashlib.sha256(
                            data.read()).digest()
        return found

    def wrong_answers(self, sample, codes=(0,)):
        wrong = []
        for what in sample:
            answer = self.repo.dig("cat", what)
            if answer.code not in codes:
                wrong.append(str(answer))
            elif answer.code == 0 and hashlib.sha256(
                    answer.out).hexdigest() != self.answers[what]:
                wrong.append("wrong bytes of %s" % what)
        return wrong

    def repaired(self, codes=(12,)):
        """Repair, and say what is not as it was."""
        answer = self.repo.dig("fsck", "--repair")
        if answer.code not in codes:
            return ["%s\n%s" % (answer, answer.out.decode()[:500])]
        now = self.read()
        return ["%s is not what it was" % name for name in sorted(
            set(now) | set(self.good)) if now.get(name) != self.good.get(name)]


def spoil(path, offset, length):
    with open(path, "r+b") as data:
        data.seek(offset)
        old = data.read(length)
        data.seek(offset)
        data.write(bytes(b ^ 0xa5 for b in old))


def flip(path, offset, bit):
    with open(path, "r+b") as data:
        data.seek(offset)
        byte = data.read(1)[0]
        data.seek(offset)
        data.write(bytes([byte ^ (1 << bit)]))


def flips(tap, sample, trials):
    """One bit in each file but config, which is its reader's to believe."""
    rng, failures, exact = random.Random(SEED + 1), [], 0
    names = [n for n in sample.names if not n.startswith("config")]
    for trial in range(trials):
        sample.begin()
        name = names[trial % len(names)]
        size = os.path.getsize(sample.path(name))
        offset, bit = rng.randrange(size), rng.randrange(8)
        flip(sample.path(name), offset, bit)
        wrong = []
        # A format of another version is refused, and rightly.
        codes = (12, 0, 2) if name.startswith("format") else (12,)
        # The copy of the last record may be unfinished: no damage.
        codes = (12, 0) if name == "journal.2" else codes
        if not name.startswith("format"):
            wrong = sample.wrong_answers(
                rng.sample(sorted(sample.answers), 1))
        wrong += sample.repaired(codes)
        if wrong and name.startswith("format"):
            continue
        exact += not wrong
        if wrong:
            failures += ["%s, byte %d, bit %d:" % (name, offset, bit)] + wrong
    tap.figure(repair_flips=trials, repair_exact=exact,
               repair_inexact=len(failures))
    tap.case(not failures, "%d bit flips: right bytes, and %d times the files "
             "as they were" % (trials, exact), failures)


def packs(sample, suffix):
    return [n for n in sample.names if n.endswith(suffix)]


def holes(tap, sample, trials):
    """As long as a stripe loses one cell; in the open group any."""
    rng, failures = random.Random(SEED + 2), []
    for _ in range(trials):
        sample.begin()
        name = rng.choice(packs(sample, ".pack"))
        size = os.path.getsize(sample.path(name))
        length = rng.randrange(1, 15 * CELL)
        offset = rng.randrange(max(1, size - length))
        spoil(sample.path(name), offset, length)
        wrong = sample.wrong_answers(sorted(sample.answers))
        wrong += sample.repaired()
        if wrong:
            failures += ["%s, %d bytes at %d:" % (name, length, offset)]
            failures += wrong
    tap.figure(repair_holes=trials)
    tap.case(not failures, "%d holes up to %d KiB, without the working files"
             % (trials, 15 * CELL // 1024), failures)


def deleted(tap, sample):
    failures = []
    for name in packs(sample, ".par") + packs(sample, ".tail"):
        for how in (os.unlink, lambda p: os.truncate(p, 0),
                    lambda p: os.truncate(p, os.path.getsize(p) // 2)):
            sample.begin()
            how(sample.path(name))
            wrong = sample.wrong_answers(sorted(sample.answers)[:2])
            wrong += sample.repaired()
            failures += [name + ":"] + wrong if wrong else []
    for name in packs(sample, ".pack"):
        sample.begin()
        size = os.path.getsize(sample.path(name))
        os.truncate(sample.path(name), size - size % GROUP + 1)
        wrong = sample.wrong_answers(sorted(sample.answers))
        wrong += sample.repaired()
        failures += [name + " cut:"] + wrong if wrong else []
    tap.case(not failures, "any .par or .tail deleted, emptied or cut, and a "
             "pack cut in its open group", failures)


def too_many(tap, sample, trials):
    """Two cells of a stripe of 2+1 are beyond repair, and nothing else is."""
    rng, failures, lost = random.Random(SEED + 3), [], 0
    for _ in range(trials):
        sample.begin()
        name = [n for n in packs(sample, ".pack")
                if os.path.getsize(sample.path(n)) > 2 * GROUP][0]
        first = rng.randrange(16) * CELL
        for cell in (first, first + 16 * CELL):
            spoil(sample.path(name), GROUP + cell + 10, 3000)
        wrong = sample.wrong_answers(sorted(sample.answers), (0, 5))
        answer = sample.repo.dig("fsck", "--repair")
        if answer.code != 5 or b"beyond" not in answer.out:
            wrong.append("%s\n%s" % (answer, answer.out.decode()[:400]))
        for what in sorted(sample.answers):
            answer = sample.repo.dig("cat", what)
            path = what.split(":")[1]
            if answer.code == 0:
                continue
            lost += 1
            told = sample.repo.dig("fsck")
            if ":%s:" % path not in told.out.decode():
                wrong.append("%s is lost and not named" % path)
        if wrong:
            failures += ["cells at %d:" % first] + wrong
    tap.case(not failures and lost > 0, "%d times one cell too many: named, "
             "and the rest is right" % trials, failures)


def killed(tap, sample, trials):
    rng, failures, hits, span = random.Random(SEED + 4), [], 0, 0.2

    def harm():
        sample.begin()
        for name in packs(sample, ".pack"):
            spoil(sample.path(name), 3 * CELL, CELL // 2)
        for name in packs(sample, ".par"):
            spoil(sample.path(name), 100, 3)
        for name in packs(sample, ".tail"):
            os.unlink(sample.path(name))

    harm()
    begun = time.monotonic()
    wrong = sample.repaired()
    span = time.monotonic() - begun
    for _ in range(trials):
        harm()
        process = sample.repo.start("fsck", "--repair")
        time.sleep(rng.random() * span)
        hits += process.poll() is None
        process.kill()
        process.wait()
        wrong += sample.repaired((0, 12))
        if [n for n in os.listdir(sample.path("packs")) if "tmp" in n]:
            wrong.append("a file was left behind")
    failures += wrong
    tap.figure(repair_kills=trials, repair_kill_failures=len(failures))
    tap.case(not failures, "repair killed %d times (%d while it ran), then run "
             "again: the files as they were" % (trials, hits), failures)


def killed_build(tap, sample, trials):
    """parity build: each pack has its old parity or its new one."""
    rng, failures, hits = random.Random(SEED + 7), [], 0
    sample.begin()
    sample.repo.must("parity", "set", "3+2")
    begun = time.monotonic()
    sample.repo.must("parity", "build")
    span = time.monotonic() - begun
    for _ in range(trials):
        sample.begin()
        sample.repo.must("parity", "set", "3+2")
        process = sample.repo.start("parity", "build")
        time.sleep(rng.random() * span)
        hits += process.poll() is None
        process.kill()
        process.wait()
        for command in (("fsck", "--repair"), ("fsck",), ("parity", "build"),
                        ("fsck",)):
            answer = sample.repo.dig(*command)
            if answer.code != 0:
                failures.append("%s\n%s" % (answer, answer.out.decode()[:300]))
        if [n for n in os.listdir(sample.path("packs")) if "next" in n]:
            failures.append("a file was left aside")
    tap.figure(parity_build_kills=trials, parity_build_failures=len(failures))
    tap.case(not failures, "parity build killed %d times (%d while it ran): "
             "every pack has the old one or the new one" % (trials, hits),
             failures)


def killed_salvage(tap, sample, trials):
    """A pack is gone, the working files are there: killed, then run again."""
    rng, failures, hits = random.Random(SEED + 6), [], 0
    name = [n for n in packs(sample, ".pack")
            if os.path.getsize(sample.path(n)) > 2 * GROUP][0]

    def harm():
        sample.begin()
        for what, data in sample.files.items():
            if what.startswith("2:") or what == "0:bulk":
                with open(os.path.join(sample.repo.work, what[2:]),
                          "wb") as out:
                    out.write(data)
        os.unlink(sample.path(name))

    def left():
        return [what for what in sorted(sample.answers)
                if sample.repo.dig("cat", what).code == 0]

    harm()
    begun = time.monotonic()
    sample.repo.dig("fsck", "--repair")
    span, want = time.monotonic() - begun, left()
    for _ in range(trials):
        harm()
        process = sample.repo.start("fsck", "--repair")
        time.sleep(rng.random() * span)
        hits += process.poll() is None
        process.kill()
        process.wait()
        failures += sample.wrong_answers(sorted(sample.answers), (0, 4, 5))
        sample.repo.dig("fsck", "--repair")
        if left() != want:
            failures.append("another kill gives back %s" % left())
        failures += sample.wrong_answers(want)
    tap.figure(salvage_kills=trials, salvage_kill_failures=len(failures))
    tap.case(want and not failures, "a pack gone, repair killed %d times (%d "
             "while it ran) and run again: %d of %d files, as without a kill"
             % (trials, hits, len(want), len(sample.answers)), failures)


def grows(tap, sample):
    """Damage in the open group while commits make it full: S7."""
    rng, failures = random.Random(SEED + 5), []
    for suffix in (".pack", ".tail"):
        sample.begin()
        answers = dict(sample.answers)
        for name in packs(sample, suffix):
            size = os.path.getsize(sample.path(name))
            spoil(sample.path(name), size - 60000, 20000)
        for number in range(4):
            data = rng.randbytes(900000)
            with open(os.path.join(sample.repo.work, "more"), "wb") as out:
                out.write(data)
            sample.repo.must("add", "-A")
            sample.repo.must("commit", "-m", "more %d" % number)
            sample.answers[sample.repo.head() + ":more"] = hashlib.sha256(
                data).hexdigest()
        wrong = sample.wrong_answers(sorted(sample.answers))
        answer = sample.repo.dig("fsck", "--repair")
        if answer.code not in (0, 12):
            wrong.append("%s\n%s" % (answer, answer.out.decode()[:400]))
        answer = sample.repo.dig("fsck")
        if answer.code != 0:
            wrong.append("%s\n%s" % (answer, answer.out.decode()[:400]))
        wrong += sample.wrong_answers(sorted(sample.answers))
        sample.answers = answers
        failures += [suffix + ":"] + wrong if wrong else []
    tap.case(not failures, "damage in an open group that becomes full is "
             "repaired", failures)


def main():
    tap = oracle.require_program(Tap("repair"))
    scratch = Scratch(oracle.quick_folder())
    try:
        sample = Sample(scratch)
        wrong = sample.wrong_answers(sorted(sample.answers))
        tap.case(not wrong, "the sample answers rightly", wrong)
        tap.case(packs(sample, ".par") and packs(sample, ".tail"),
                 "it has parity and mirrors", sample.names)
        flips(tap, sample, count(16, 5000))
        holes(tap, sample, count(3, 300))
        deleted(tap, sample)
        too_many(tap, sample, count(1, 100))
        killed(tap, sample, count(4, 300))
        killed_salvage(tap, sample, count(3, 300))
        killed_build(tap, sample, count(3, 300))
        grows(tap, sample)
    finally:
        scratch.remove()
    tap.done()


if __name__ == "__main__":
    main()
