#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write docs/reliability.md from the figures of `make soak`.

    reliability.py FOLDER PROGRAM

FOLDER holds one JSON file for each campaign. Zero failures in N trials bound
the rate of failure at 3/N with 95 % confidence, so N stands beside each zero.
"""
import json
import os
import platform
import subprocess
import sys

# campaign -> (title, what it does, rows of (words, key of N, key of failures))
CAMPAIGNS = [
    ("kill", "kill -9 at random moments of commands that write",
     [("kills that were tried", "kills", "failures"),
      ("of them found the command running", "hits", None)]),
    ("inject", "Faults at each system call of init, add and commit",
     [("SIGKILL at each write, sync and name change", "sigkill_tried",
       "sigkill_failures"),
      ("EIO at each sync", "eio_tried", "eio_failures"),
      ("ENOSPC at each write, once and for good", "enospc_tried",
       "enospc_failures")]),
    ("powerloss", "Power cuts, replayed from a recording",
     [("states of the disk after a cut", "states", "broken"),
      ("states while checkpoints are written", "checkpoint_states", None),
      ("syncs that failed before a cut", "sync_failures", None)]),
    ("flips", "Damage in the files of .dig",
     [("single bit flips; wrong bytes out or in", "flips", "wrong"),
      ("files cut, emptied, deleted, put back old", "whole_file_damage", None),
      ("flips in the last journal record", "journal_flips", None),
      ("lengths of a torn last journal record", "journal_torn", None)]),
    ("repair", "Damage that parity has to give back, bit for bit",
     [("single bit flips, then fsck --repair", "repair_flips",
       "repair_inexact"),
      ("holes in packs, without the working files", "repair_holes", None),
      ("repairs that were killed", "repair_kills", "repair_kill_failures"),
      ("a pack gone, the repair from elsewhere killed", "salvage_kills",
       "salvage_kill_failures"),
      ("parity build killed", "parity_build_kills",
       "parity_build_failures")]),
    ("damage", "Damage to a repository with the usual 20+2 cells",
     [("single bits in any file of .dig; wrong bytes, or not repaired",
       "damage_flips", "damage_wrong"),
      ("of them repaired bit for bit", "damage_exact", None),
      ("of them in settings, which are the user's", "damage_named", None),
      ("choices of 2 lost cells of the 22 of a stripe", "cell_patterns", None),
      ("3 lost cells: reported, all else right", "cells_too_many", None),
      ("holes of 1 MiB, without the working files", "mib_holes", None),
      ("files deleted, each in turn", "files_deleted", None),
      ("repairs killed at a write, sync or name change", "repair_call_kills",
       "repair_call_failures")]),
    ("fulldisk", "A disk that runs full",
     [("steps from full to roomy", "steps", None)]),
    ("writers", "Writers that meet",
     [("commits by two writers", "commits_2", "lost_2"),
      ("commits by eight writers", "commits_8", "lost_8")]),
    ("history", "Histories that lead to one tree",
     [("random sequences of edits, add, rm, mv and commit", "sequences",
       "differing")]),
    ("rows", "Rows of the index after random commands",
     [("commands", "steps", "differing")]),
    ("oom", "Allocations that fail",
     [("allocations made to fail", "tried", "failures")]),
]


def main(folder, program):
    version = subprocess.run([program, "--version"], stdout=subprocess.PIPE,
                             check=False).stdout.decode().strip()
    print("# Reliability\n")
    print("Written by `make soak`; the campaigns are in `tests/crash/` and "
          "`tests/fault/`,\nand what each of them demands is in "
          "`tests/crash/oracle.py`. Zero failures in\nN trials bound the rate "
          "at 3/N with 95 % confidence.\n")
    print("%s on %s, %s, %d processors.\n" % (
        version, platform.system(), platform.release(), os.cpu_count()))
    for name, title, rows in CAMPAIGNS:
        path = os.path.join(folder, name + ".json")
        print("## %s\n" % title)
        if not os.path.exists(path):
            print("Not run.\n")
            continue
        with open(path, encoding="utf-8") as data:
            got = json.load(data)
        print("| what | N | failures | rate below (95 %) |")
        print("|---|---:|---:|---:|")
        for words, key, failed in rows:
            n = got.get(key)
            if n is None:
                continue
            bad = got.get(failed, 0) if failed else (
                0 if not got["failed"] else None)
            if key == "hits":
                print("| %s | %d | | |" % (words, n))
            elif bad is None:
                print("| %s | %d | see the log | |" % (words, n))
            else:
                print("| %s | %d | %d | %s |" % (
                    words, n, bad, "%.2g" % (3 / n) if n and not bad else ""))
        for kind, came in sorted(got.get("by_file", {}).items()):
            print("| &nbsp; %s | %d | %d | %s |" % (
                kind, sum(came.values()), came.get("WRONG", 0), ", ".join(
                    "%s %d" % item for item in sorted(came.items()))))
        print("\nSeed %d, %d seconds, %s.\n" % (
            got["seed"], got["seconds"],
            "%d cases failed" % got["failed"] if got["failed"]
            else "all cases passed"))


if __name__ == "__main__":
    main(*sys.argv[1:3])
