#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A full disk during init, add and commit.

On a small tmpfs a file is made that leaves so many bytes free, from none to
enough in steps. Each command then works, or ends with exit 9 and one word
why; what was committed is readable while the disk is full; and after room is
made the next command works.
"""
import os
import random
import subprocess

import oracle
from oracle import SEED, Ledger, Repo, Scratch, Tap, Tree, count, scan

SIZE = 48 << 20


def fill(path, leave):
    room = os.statvfs(os.path.dirname(path))
    room = room.f_bavail * room.f_bsize
    with open(path, "wb") as out:
        if room > leave:
            os.posix_fallocate(out.fileno(), 0, room - leave)


def trial(disk, outside, leave, saved, acked, rng, tree_seed):
    repo, wrong = Repo(outside, os.path.join(disk, "work")), []
    ledger = Ledger()
    ledger.acked = list(acked)
    repo.restore(saved)
    tree = Tree(random.Random(tree_seed), repo.work, big=300000)
    tree.serial = 500
    tree.edit(60)
    want = scan(repo.work)
    filler = os.path.join(disk, "filler")
    fill(filler, leave)
    staged = False
    for command in (("add", "-A"), ("commit", "-m", "on a full disk")):
        answer = repo.dig(*command)
        if answer.code == 0:
            staged = True
            if command[0] == "commit":
                ledger.acked.append((repo.head(), want))
        elif answer.code != 9:
            wrong.append("disk full: %s" % answer)
        elif not answer.err.strip():
            wrong.append("disk full: exit 9 and not a word why")
        if answer.code != 0:
            if command[0] == "commit":
                ledger.pending = want
            break
    # Reading works on the full disk.
    answer, ids = oracle.listed(repo)
    if ledger.pending is None and (answer.code != 0 or ids != [
            c for c, _ in reversed(ledger.acked)]):
        wrong.append("on the full disk: %s, %d commits" % (answer, len(ids)))
    wrong += oracle.same_commit(repo, *ledger.acked[-1])
    os.unlink(filler)
    wrong += oracle.inspect(repo, ledger, rng)
    done = len(ledger.acked) > len(acked)
    wrong += oracle.go_on(repo, ledger)
    return wrong, done, staged


def main():
    tap = oracle.require_program(Tap("fulldisk"))
    outside = Scratch()
    disk = outside.path("disk")
    os.mkdir(disk)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=%d" % SIZE, "none", disk],
        stderr=subprocess.PIPE, check=False)
    if mounted.returncode != 0:
        outside.remove()
        tap.skip("full disk", "no tmpfs here: "
                 + mounted.stderr.decode().strip())
        tap.done()
    try:
        rng, failures = random.Random(SEED), []
        work = os.path.join(disk, "work")
        os.mkdir(work)
        repo, ledger = Repo(outside, work), Ledger()
        tree = Tree(rng, work, big=300000)
        tree.grow(80)
        repo.must("init")
        oracle.commit_all(repo, ledger, "before")
        saved = outside.path("saved")
        oracle.copy(work, saved)
        steps = count(24, 400)
        finished = stopped = 0
        for n in range(steps):
            leave = n * n * (6 << 20) // (steps * steps) // 4096 * 4096
            wrong, done, _ = trial(disk, outside, leave, saved,
                                   ledger.acked, rng, SEED + 1)
            finished += done
            stopped += not done
            if wrong:
                failures += ["%d bytes free:" % leave] + wrong
        tap.figure(steps=steps, worked=finished, stopped=stopped)
        tap.case(not failures, "a disk with 0 to 6 MiB left, %d steps: a clear "
                 "error or the commit" % steps, failures)
        tap.case(finished and stopped, "some steps were full, some were not",
                 ["worked %d, stopped %d" % (finished, stopped)])

        failures = []
        for leave in (0, 4096, 8192, 16384, 65536, 131072, 1 << 20):
            folder = os.path.join(disk, "new%d" % leave)
            os.mkdir(folder)
            new, filler = Repo(outside, folder), os.path.join(disk, "filler")
            fill(filler, leave)
            answer = new.dig("init")
            os.unlink(filler)
            if answer.code not in (0, 9):
                failures.append("%d bytes free: %s" % (leave, answer))
            answer = new.dig("init")
            if answer.code != 0:
                failures.append("after room was made: %s" % answer)
            failures += oracle.go_on(new, Ledger())
        tap.case(not failures, "init on a full disk, and again", failures)
    finally:
        subprocess.run(["umount", disk], check=False)
        outside.remove()
    tap.done()


if __name__ == "__main__":
    main()
