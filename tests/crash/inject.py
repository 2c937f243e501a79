#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Faults at chosen system calls, put there by strace.

SIGKILL at each write, sync, rename, truncate, mkdir and unlink of one init,
one config, one add and one commit; EIO at each sync; ENOSPC at each write,
once and for good. The calls are counted in a clean run first, for each thread,
because strace counts so. check tries a spread sample, soak every point.
"""
import collections
import os
import random
import re
import shutil

import oracle
from oracle import SEED, Ledger, Repo, Scratch, Tap, Tree, count, scan

WRITES = ["write", "pwrite64", "writev", "pwritev", "fallocate"]
SYNCS = ["fsync", "fdatasync", "sync_file_range", "syncfs", "msync"]
NAMES = ["rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir",
         "mkdirat", "ftruncate", "truncate", "rmdir", "symlinkat", "linkat"]
TERMINAL = re.compile(r"^\d+\s+write\([12], ")
CALL = re.compile(r"^(\d+)\s+(\w+)\(")

COMMANDS = {"init": ("init",), "config": ("config", "core.busyTimeout", "7"),
            "add": ("add", "-A"),
            "commit": ("commit", "-m", "under test")}


class Start:
    """The states that a command under test begins with."""

    def __init__(self, scratch):
        self.scratch = scratch
        rng = random.Random(SEED)
        work = scratch.path("work")
        os.mkdir(work)
        self.repo, self.ledger = Repo(scratch, work), Ledger()
        tree = Tree(rng, work, big=300000)
        tree.grow(60)
        self.saved, self.ledgers = {}, {}
        self.save("init")
        self.repo.must("init")
        for _ in range(2):
            oracle.commit_all(self.repo, self.ledger, "before")
            tree.edit(30)
        self.save("config")
        self.save("add")
        self.repo.must("add", "-A")
        self.save("commit")
        self.manifest = scan(work)

    def save(self, verb):
        self.saved[verb] = self.scratch.path("saved." + verb)
        oracle.copy(self.repo.work, self.saved[verb])
        self.ledgers[verb] = self.ledger.copy()

    def begin(self, verb):
        self.repo.restore(self.saved[verb])
        return self.ledgers[verb].copy()

    def points(self, verb, calls):
        self.begin(verb)
        return points(self.repo, self.scratch, COMMANDS[verb], calls)


def points(repo, scratch, command, calls):
    """(call, n) of a clean run, and those that write to the terminal."""
    log, words = scratch.path("log"), set()
    repo.must(*command, wrap=(
        "strace", "-f", "-qq", "-o", log, "-e",
        "trace=" + ",".join("?" + c for c in calls)))
    return points_of(log, words), words


def points_of(log, words=None):
    """(call, n) of strace's log; into words those to the terminal."""
    counts, found = collections.Counter(), set()
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            call = CALL.match(line)
            if not call:
                continue
            key = (call.group(1), call.group(2))
            counts[key] += 1
            found.add((call.group(2), counts[key]))
            if words is not None and TERMINAL.match(line):
                words.add((call.group(2), counts[key]))
    return sorted(found)


def spread(points, most):
    if len(points) <= most:
        return points
    step = len(points) / most
    return [points[int(i * step)] for i in range(most)]


def with_fault(start, verb, call, what):
    return start.repo.dig(*COMMANDS[verb], wrap=(
        "strace", "-f", "-qq", "-o", "/dev/null",
        "-e", "trace=" + call, "-e", "inject=%s:%s" % (call, what)))


def judge(start, verb, ledger, answer, rng):
    """The oracle after one fault."""
    repo, wrong = start.repo, []
    before = len(ledger.acked)
    if verb == "init":
        if answer.code != 0 or not os.path.isdir(repo.work + "/.dig"):
            again = repo.dig("init")
            if again.code != 0:
                return ["init again: %s" % again]
        left = [n for n in os.listdir(repo.work)
                if n.startswith(".dig") and n != ".dig"]
        if left and repo.dig("add", "-A").code == 0:
            names = repo.dig("ls-files").out
            if b".dig" in names:
                wrong.append("add took in %s" % left)
    ledger.pending = start.manifest if verb == "commit" else None
    wrong += oracle.inspect(repo, ledger, rng)
    if verb == "commit":
        if answer.code == 0 and len(ledger.acked) == before:
            wrong.append("exit 0, and the commit is not there")
        if len(ledger.acked) == before:
            again = repo.dig("commit", "-m", "again")
            if again.code != 0:
                wrong.append("commit again: %s" % again)
            else:
                ledger.acked.append((repo.head(), start.manifest))
                wrong += oracle.same_commit(repo, "HEAD", start.manifest)
    if verb == "add" and answer.code == 0:
        again = repo.dig("commit", "-m", "what add acknowledged")
        if again.code != 0:
            wrong.append("add exited 0, commit: %s" % again)
        else:
            ledger.acked.append((repo.head(), start.manifest))
            wrong += oracle.same_commit(repo, "HEAD", start.manifest)
    return wrong + oracle.go_on(repo, ledger)


def campaign(tap, start, what, calls, fault, most, allowed):
    rng = random.Random(SEED)
    tried, hit, every, failures = 0, 0, 0, []
    for verb in COMMANDS:
        places, words = start.points(verb, calls)
        if fault != "signal=SIGKILL":
            places = [p for p in places if p not in words]
        every += len(places)
        for call, n in spread(places, max(1, most // len(COMMANDS))):
            for when in ((str(n), "%d+" % n) if "ENOSPC" in fault
                         else (str(n),)):
                ledger = start.begin(verb)
                answer = with_fault(start, verb, call, "%s:when=%s"
                                    % (fault, when))
                tried += 1
                hit += answer.code != 0
                wrong = []
                if answer.code not in allowed:
                    wrong.append(str(answer))
                lines = [l for l in answer.err.splitlines() if l.strip()]
                if answer.code == 9 and not lines and "+" not in when:
                    wrong.append("exit 9 and not a word why")
                wrong += judge(start, verb, ledger, answer, rng)
                if wrong:
                    failures += ["%s, %s %s at %s (exit %d):" % (
                        verb, fault, call, when, answer.code)] + wrong
        if len(failures) > 60:
            break
    name = what.split(" ")[0].lower()
    tap.figure(**{name + "_points": every, name + "_tried": tried,
                  name + "_ended_by_it": hit,
                  name + "_failures": len(failures)})
    tap.case(tried and not failures, "%s: %d faults, every promise kept"
             % (what, tried), failures)


def main():
    tap = oracle.require_program(Tap("inject"))
    why_not = oracle.have_strace()
    if why_not:
        tap.skip("faults at system calls", why_not)
        tap.done()
    scratch = Scratch()
    try:
        start = Start(scratch)
        campaign(tap, start, "SIGKILL at a call", WRITES + SYNCS + NAMES,
                 "signal=SIGKILL", count(60, 1 << 30), {0, -9, 137})
        campaign(tap, start, "EIO at a sync", SYNCS, "error=EIO",
                 count(18, 1 << 30), {0, 9})
        campaign(tap, start, "ENOSPC at a write", WRITES, "error=ENOSPC",
                 count(12, 1 << 30), {0, 9})
    finally:
        scratch.remove()
        shutil.rmtree(scratch.dir, ignore_errors=True)
    tap.done()


if __name__ == "__main__":
    main()
