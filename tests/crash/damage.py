#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Damage to a repository with the usual 20+2 cells, and what repair makes of it.

Random single bits in every file of .dig; every pair of cells of a stripe, and
three of them; holes of a megabyte; each file deleted in turn; repair, parity
build and a salvage that are killed at each write, sync and name change.
"""
import hashlib
import itertools
import os
import random
import shutil

import inject
import oracle
import repair
from oracle import SEED, Repo, Scratch, Tap, count

CELL = 65536
STRIPES, DATA, PARITY = 16, 20, 2
GROUP = STRIPES * DATA * CELL
HEAD = 80 + 8 * STRIPES * (DATA + PARITY) + 8


class Sample(repair.Sample):
    """A bulk pack past its first group, history, something staged."""

    def fill(self, rng, work):
        for commit in range(2):
            for name, size in (("bulk", 22000000), ("middle", 400000),
                               ("small%d" % commit, 5000)):
                if name == "bulk" and commit:
                    continue
                data = rng.randbytes(size)
                self.files["%d:%s" % (commit, name)] = data
                with open(os.path.join(work, name), "wb") as out:
                    out.write(data)
            self.repo.must("add", "-A")
            self.repo.must("commit", "-m", "commit %d" % commit)

    def bulk(self):
        return [n for n in repair.packs(self, ".pack")
                if os.path.getsize(self.path(n)) > GROUP][0]


def whole(sample, codes=(0, 12)):
    """Repair, and say what is wrong then; the index is made anew as needed."""
    wrong = sample.repaired(codes)
    answer = sample.repo.dig("fsck")
    if answer.code != 0:
        wrong.append("%s\n%s" % (answer, answer.out.decode()[:300]))
    return wrong


def every_file(sample):
    found = []
    for where, _, names in os.walk(sample.path("")):
        found += [os.path.join(where, n) for n in names if n != "lock"]
    return sorted(f for f in found if os.path.getsize(f))


def flips(tap, sample, trials):
    """Any bit of any file, each bit as likely as any other."""
    rng, exact, named, failures = random.Random(SEED + 1), 0, [], []
    sample.begin()
    files = every_file(sample)
    sizes = [os.path.getsize(f) for f in files]
    for trial in range(trials):
        sample.begin()
        # Every fourth one in a file of its own choice: small ones are rare.
        name = (rng.choice(files) if trial % 4 == 0
                else rng.choices(files, sizes)[0])
        offset, bit = rng.randrange(os.path.getsize(name)), rng.randrange(8)
        repair.flip(name, offset, bit)
        what = "%s, byte %d, bit %d" % (
            os.path.relpath(name, sample.path("")), offset, bit)
        settings = os.path.basename(name).startswith(("config", "format"))
        codes = (0, 5, 2, 8) if settings else (0,)
        wrong = sample.wrong_answers(
            rng.sample(sorted(sample.answers), 1), codes)
        if wrong:
            failures += [what + ":"] + wrong
        wrong = whole(sample)
        if not wrong:
            exact += 1
        elif settings or "info/" in name:
            named.append(what)  # it is the user's to say, and he can read it
        else:
            failures += [what + ":"] + wrong
    tap.figure(damage_flips=trials, damage_exact=exact,
               damage_named=len(named), damage_wrong=len(failures))
    for what in named:
        tap.note("left to the user: " + what)
    tap.case(not failures, "%d bits flipped in any file of .dig: right bytes, "
             "%d repaired bit for bit, %d settings left to the user"
             % (trials, exact, len(named)), failures)


def cell_place(sample, stripe, which):
    """(file, offset) of a cell of a stripe of the first group."""
    if which < DATA:
        return sample.bulk(), (which * STRIPES + stripe) * CELL
    par = sample.bulk().replace(".pack", ".par")
    return par, HEAD + (stripe * PARITY + which - DATA) * CELL


def patterns(tap, sample, most):
    """Every choice of two cells of a stripe; then three."""
    rng, failures = random.Random(SEED + 2), []
    pairs = list(itertools.combinations(range(DATA + PARITY), 2))
    if most < len(pairs):
        pairs = rng.sample(pairs, most)
    for pair in pairs:
        sample.begin()
        stripe = rng.randrange(STRIPES)
        for which in pair:
            name, at = cell_place(sample, stripe, which)
            repair.spoil(sample.path(name), at + (100 if at == 0 else 0),
                         CELL - 100)
        wrong = sample.repaired()
        failures += ["cells %s of stripe %d:" % (pair, stripe)] + (
            wrong) if wrong else []
    tap.figure(cell_patterns=len(pairs))
    tap.case(not failures, "%d of 231 choices of 2 lost cells of a stripe: "
             "repaired bit for bit" % len(pairs), failures)

    failures, tried = [], max(1, most // 10)
    for _ in range(tried):
        sample.begin()
        stripe = rng.randrange(STRIPES)
        for which in rng.sample(range(1, DATA), 3):
            name, at = cell_place(sample, stripe, which)
            repair.spoil(sample.path(name), at, CELL)
        answer = sample.repo.dig("fsck", "--repair")
        told = answer.out.decode()
        if answer.code != 5 or "3 cells of 64 KiB are beyond" not in told or (
                ":bulk:" not in told):
            failures.append("%s\n%s" % (answer, told[:400]))
        failures += sample.wrong_answers(sorted(sample.answers), (0, 5))
        failures += sample.wrong_answers(
            [a for a in sample.answers if not a.endswith(":bulk")])
    tap.figure(cells_too_many=tried)
    tap.case(not failures, "%d times 3 of them: named by path, and the rest "
             "is right" % tried, failures)


def holes(tap, sample, trials):
    rng, failures = random.Random(SEED + 3), []
    for _ in range(trials):
        sample.begin()
        name = sample.bulk()
        at = rng.randrange(os.path.getsize(sample.path(name)) - (1 << 20))
        repair.spoil(sample.path(name), at, 1 << 20)
        wrong = sample.wrong_answers(rng.sample(sorted(sample.answers), 1))
        wrong += sample.repaired()
        failures += ["a hole at %d:" % at] + wrong if wrong else []
    tap.figure(mib_holes=trials)
    tap.case(not failures, "%d holes of 1 MiB, without the working files: "
             "repaired bit for bit" % trials, failures)


def deleted(tap, sample, most):
    """Each file in turn; a pack past its first group by its working file."""
    failures, tried = [], 0
    sample.begin()
    names = [os.path.relpath(path, sample.path(""))
             for path in every_file(sample)]
    names = [n for n in names if n != sample.bulk() and not n.startswith(
        ("info/", "tmp/", "hooks/"))]
    for name in random.Random(SEED + 4).sample(names, min(most, len(names))):
        path = sample.path(name)
        sample.begin()
        os.unlink(path)
        tried += 1
        wrong = sample.wrong_answers(sorted(sample.answers)[:1])
        wrong += whole(sample)
        failures += [name + " deleted:"] + wrong if wrong else []
    sample.begin()
    with open(os.path.join(sample.repo.work, "bulk"), "wb") as out:
        out.write(sample.files["0:bulk"])
    os.unlink(sample.path(sample.bulk()))
    told = sample.repo.dig("fsck", "--repair")
    if told.code != 5 or b"nothing that refs need is lost" not in told.err:
        failures.append("%s\n%s" % (told, told.out.decode()[:400]))
    failures += sample.wrong_answers(sorted(sample.answers))
    tap.figure(files_deleted=tried + 1)
    tap.case(not failures, "%d files deleted, each in turn: the files as they "
             "were; the bulk pack's content from the working file"
             % (tried + 1), failures)


def at_each_call(tap, sample, most):
    """Killed at each write, sync and name change, then run again."""
    if not shutil.which("strace"):
        tap.skip("repair killed at each call", "no strace")
        return
    scratch, tried, failures = sample.scratch, 0, []

    def damage():
        sample.begin()
        repair.spoil(sample.path(sample.bulk()), 3 * CELL, CELL)
        repair.spoil(sample.path(sample.bulk().replace(".pack", ".par")), 9, 9)
        for name in repair.packs(sample, ".tail"):
            os.unlink(sample.path(name))

    def lost():
        sample.begin()
        for what, data in sample.files.items():
            if what.startswith("1:") or what == "0:bulk":
                with open(os.path.join(sample.repo.work, what[2:]),
                          "wb") as out:
                    out.write(data)
        os.unlink(sample.path(sample.bulk()))

    def other():
        sample.begin()
        sample.repo.must("parity", "set", "10+3")

    def right(build):
        if build:
            wrong = []
            for command in (("parity", "build"), ("fsck",)):
                answer = sample.repo.dig(*command)
                if answer.code != 0:
                    wrong.append("%s\n%s" % (answer,
                                             answer.out.decode()[:300]))
            return wrong + sample.wrong_answers(sorted(sample.answers))
        return sample.repaired((0, 12))

    def salvaged(_):
        sample.repo.dig("fsck", "--repair")
        return sample.wrong_answers(sorted(sample.answers))

    for begin, command, judge in (
            (damage, ("fsck", "--repair"), right),
            (other, ("parity", "build"), right),
            (lost, ("fsck", "--repair"), salvaged)):
        begin()
        log = scratch.path("log")
        sample.repo.dig(*command, wrap=(
            "strace", "-f", "-qq", "-o", log, "-e", "trace=" + ",".join(
                "?" + c for c in inject.WRITES + inject.SYNCS + inject.NAMES)))
        points = inject.points_of(log)
        for call, n in inject.spread(points, most):
            begin()
            sample.repo.dig(*command, wrap=(
                "strace", "-f", "-qq", "-o", "/dev/null", "-e",
                "trace=" + call, "-e",
                "inject=%s:signal=SIGKILL:when=%d" % (call, n)))
            tried += 1
            wrong = judge(command[0] == "parity")
            if wrong:
                failures += ["%s, killed at %s %d:" % (
                    " ".join(command), call, n)] + wrong
    tap.figure(repair_call_kills=tried, repair_call_failures=len(failures))
    tap.case(not failures, "repair, parity build and salvage killed at %d "
             "calls, then run again: as without a kill" % tried, failures)


def main():
    tap = oracle.require_program(Tap("damage"))
    scratch = Scratch(oracle.quick_folder())
    try:
        sample = Sample(scratch)
        flips(tap, sample, count(4, 5000))
        patterns(tap, sample, min(231, count(2, 231)))
        holes(tap, sample, count(1, 200))
        deleted(tap, sample, count(3, 100))
        at_each_call(tap, sample, count(1, 100000))
    finally:
        scratch.remove()
    tap.done()


if __name__ == "__main__":
    main()
