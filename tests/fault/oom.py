#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The n-th allocation of init, add, commit, log and checkout fails.

The program may stop with a documented exit code; never by a signal, never
with exit 0 and less than it promised. The repository is as the oracle wants
it afterwards.
"""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "crash"))
import oracle  # noqa: E402
from oracle import (EXITS, PRELOAD, SEED, Ledger, Repo, Scratch, Tap,  # noqa: E402
                    Tree, count, scan)

VERBS = {"init": ("init",), "add": ("add", "-A"),
         "commit": ("commit", "-m", "m"), "log": ("log", "--format=%H", "main"),
         "status": ("status",), "fsck": ("fsck",),
         "checkout": ("checkout", "-f", "HEAD~1")}


def sample(scratch):
    work = scratch.path("work")
    os.mkdir(work)
    repo, ledger = Repo(scratch, work), Ledger()
    tree = Tree(random.Random(SEED), work, big=200000)
    tree.grow(30)
    saved = {"init": scratch.path("saved.init")}
    ledgers = {"init": Ledger()}
    oracle.copy(work, saved["init"])
    repo.must("init")
    for _ in range(2):
        oracle.commit_all(repo, ledger, "before")
        tree.edit(20)
    for verb in ("add", "commit", "log", "status", "fsck", "checkout"):
        if verb == "commit":
            repo.must("add", "-A")
        saved[verb], ledgers[verb] = scratch.path("saved." + verb), \
            ledger.copy()
        oracle.copy(work, saved[verb])
    return repo, saved, ledgers, scan(work)


def trial(repo, verb, ledger, manifest, env, rng):
    answer, wrong = repo.dig(*VERBS[verb], env=env), []
    if answer.code not in EXITS:
        wrong.append(str(answer))
    if verb == "init" and answer.code != 0:
        again = repo.dig("init")
        if again.code != 0:
            return ["init again: %s" % again]
    if verb == "log" and answer.code == 0 and answer.out.split() != [
            c.encode() for c, _ in reversed(ledger.acked)]:
        wrong.append("log: exit 0 and not all of it")
    ledger.pending = manifest if verb == "commit" else None
    before = len(ledger.acked)
    wrong += oracle.inspect(repo, ledger, rng, sample=1)
    if verb == "commit" and answer.code == 0 and len(ledger.acked) == before:
        wrong.append("exit 0, and the commit is not there")
    if verb == "checkout":
        back = repo.dig("checkout", "-f", "main")
        if back.code != 0:
            wrong.append("back to main: %s" % back)
    return wrong + oracle.go_on(repo, ledger)


def main():
    tap = oracle.require_program(Tap("oom"))
    library = os.path.join(PRELOAD, "oom.so")
    if not os.path.exists(library):
        tap.skip("allocations that fail", "oom.so is not built: make tools")
        tap.done()
    scratch, rng = Scratch(), random.Random(SEED)
    failures, tried, points, most = [], 0, 0, count(56, 1 << 30)
    try:
        repo, saved, ledgers, manifest = sample(scratch)
        for verb, command in VERBS.items():
            repo.restore(saved[verb])
            log = scratch.path("log." + verb)
            repo.must(*command, env={"LD_PRELOAD": library, "DIG_OOM_LOG": log})
            with open(log, encoding="ascii") as lines:
                total = int(lines.readline())
            points += total
            step = max(1, total * len(VERBS) // most)
            for at in range(1 + rng.randrange(step), total + 1, step):
                env = {"LD_PRELOAD": library, "DIG_OOM_AT": str(at)}
                if rng.random() < .5:
                    env["DIG_OOM_ON"] = "1"
                repo.restore(saved[verb])
                tried += 1
                wrong = trial(repo, verb, ledgers[verb].copy(), manifest, env,
                              rng)
                if wrong:
                    failures += ["%s, allocation %d:" % (verb, at)] + wrong
    finally:
        scratch.remove()
    tap.figure(allocations=points, tried=tried, failures=len(failures))
    tap.case(not failures, "%d allocations that fail: every promise kept"
             % tried, failures)
    tap.done()


if __name__ == "__main__":
    main()
