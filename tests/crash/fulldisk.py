#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A full disk during init, add and commit.

On a small tmpfs a file is made that leaves so many bytes free, from none to
enough in steps, with add and commit on one step and commit alone on the next.
Each command then works, or ends with exit 9 and one word why; what was
committed is readable while the disk is full; and after room is made the next
command works.
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


def reason(answer):
    """The words of the error, without the part that says where."""
    lines = answer.err.decode("utf-8", "replace").splitlines()
    words = [line for line in lines if line.startswith("dig: ")
             and not line.startswith("dig: warning: ")]
    if len(words) != 1 or "No space left" not in words[0]:
        return None
    return "%s: %s" % (answer.args[0], words[0][5:])


def trial(disk, outside, leave, saved, acked, rng, tree_seed, only_commit):
    repo, wrong = Repo(outside, os.path.join(disk, "work")), []
    ledger = Ledger()
    ledger.acked = list(acked)
    repo.restore(saved)
    tree = Tree(random.Random(tree_seed), repo.work, big=300000)
    tree.serial = 500
    tree.edit(60)
    want = scan(repo.work)
    filler = os.path.join(disk, "filler")
    if only_commit:
        repo.must("add", "-A")
    fill(filler, leave)
    why = None
    for command in (("add", "-A"), ("commit", "-m", "on a full disk")):
        if only_commit and command[0] == "add":
            continue
        answer = repo.dig(*command)
        if answer.code == 0:
            if command[0] == "commit":
                ledger.acked.append((repo.head(), want))
        elif answer.code != 9:
            wrong.append("disk full: %s" % answer)
        elif reason(answer) is None:
            wrong.append("disk full: not one clear error: %s" % answer)
        else:
            why = reason(answer)
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
    return wrong, done, why


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
        steps = count(80, 2000)
        finished, stopped, reasons = 0, 0, {}
        for n in range(steps):
            leave = n * n * (768 << 10) // (steps * steps) // 4096 * 4096
            wrong, done, why = trial(disk, outside, leave, saved,
                                     ledger.acked, rng, SEED + 1, n % 2)
            finished += done
            stopped += not done
            if why:
                reasons[why] = reasons.get(why, 0) + 1
            if wrong:
                failures += ["%d bytes free:" % leave] + wrong
        for why in sorted(reasons):
            tap.note("%d times %s" % (reasons[why], why))
        tap.figure(steps=steps, worked=finished, stopped=stopped)
        tap.case(not failures, "a disk with 0 to 768 KiB left, %d steps: a clear "
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
