#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""repack that is killed, or that meets a fault, and is run again: the campaign
of gc.py with another command. Nothing may be gone, neither what is named nor
what is not, and the same repack again comes to the same end.
"""
import importlib.util
import os

import inject
import oracle
from oracle import Scratch, count

SPEC = importlib.util.spec_from_file_location(
    "crash_gc", os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             "gc.py"))
campaign = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(campaign)
campaign.GC = ("repack", "-q", "--level", "3")


def main():
    tap = oracle.require_program(oracle.Tap("repack"))
    scratch = Scratch()
    try:
        start = campaign.Start(scratch)
        tap.figure(bytes_before=start.before, bytes_after=start.after)
        campaign.random_kills(tap, start, count(2, 300))
        why_not = oracle.have_strace()
        if why_not:
            tap.skip("faults at system calls", why_not)
        else:
            campaign.faults(tap, start, "SIGKILL at a call",
                            inject.WRITES + inject.SYNCS + inject.NAMES,
                            "signal=SIGKILL", count(3, 1 << 30),
                            {0, -9, 137})
            campaign.faults(tap, start, "EIO at a sync", inject.SYNCS,
                            "error=EIO", count(1, 1 << 30), {0, 9})
            campaign.faults(tap, start, "ENOSPC at a write", inject.WRITES,
                            "error=ENOSPC", count(1, 1 << 30), {0, 9})
    finally:
        scratch.remove()
    tap.done()


if __name__ == "__main__":
    main()
