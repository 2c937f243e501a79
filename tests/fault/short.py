#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Short reads, short writes and EINTR everywhere: nothing may change."""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "crash"))
import oracle  # noqa: E402
from oracle import PRELOAD, SEED, Ledger, Repo, Scratch, Tap, Tree  # noqa: E402


def main():
    tap = oracle.require_program(Tap("short"))
    library = os.path.join(PRELOAD, "short.so")
    if not os.path.exists(library):
        tap.skip("short reads and writes", "short.so is not built: make tools")
        tap.done()
    scratch, wrong = Scratch(), []
    try:
        work = scratch.path("work")
        os.mkdir(work)
        repo, ledger = Repo(scratch, work), Ledger()
        scratch.env.update(LD_PRELOAD=library, DIG_RECORD_ROOT=scratch.dir)
        tree = Tree(random.Random(SEED), work, big=2 << 20)
        tree.grow(120)
        repo.must("init")
        for n in range(3):
            try:
                oracle.commit_all(repo, ledger, "commit %d" % n)
            except RuntimeError as error:
                wrong.append(str(error))
                break
            tree.edit(40)
        wrong += oracle.inspect(repo, ledger, random.Random(SEED), sample=3)
        del scratch.env["LD_PRELOAD"]
        wrong += oracle.inspect(repo, ledger, random.Random(SEED), sample=3)
        wrong += oracle.go_on(repo, ledger)
    finally:
        scratch.remove()
    tap.case(not wrong, "short reads and writes, EINTR: nothing changes", wrong)
    tap.done()


if __name__ == "__main__":
    main()
