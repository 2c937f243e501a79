#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""dig beside git, restic, borg and fossil on the same work.

    bench.py [--dig PROGRAM] [--only S,L,B,H,T] [--quick] [--runs N]
             [--json FILE] [--dir FOLDER] [--peers git,tar-zstd] [--cold]
             [--check FILE]

Data sets: S, 20,000 generated text files of 1 to 10 KiB in 2,000 folders;
L, the Linux source (without its top .gitignore); B, one random file of 2 GiB,
and the same with 1,000 bytes inserted at ten places; H, a history of 10,000
commits over 2,000 text files; T, ten files, for what a command costs by itself.
Every tool has its own durable defaults (git without gc in the background).
Before each run everything is synced, with --cold the caches are dropped, too;
the tools take turns, run by run, so that a change of the machine's mood meets
them all; the table has medians. What a tool stored is checked out (into
memory, where there is room) and compared once per data set; what logs print
is compared with git's.
--check compares the ratios with those of an earlier --json and fails where
one is 25 % worse.
"""
import argparse
import filecmp
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import data as sets
import tools as peers
from tools import ENV, Failed, stored

WORSE = 1.25
RUNS = {"S": 7, "L": 5, "B": 5, "H": 5, "T": 5}
QUICK = {"S": 2, "L": 2, "B": 2, "H": 2, "T": 2}


def repeat(work, times=9):
    """Something short: the median of many."""
    got = [work() for _ in range(times)]
    return statistics.median(g[0] for g in got), max(g[1] for g in got)


def give_back(tool, result, verify):
    """Check out into an empty folder; once, compare."""
    into = os.path.join(tool.out, "into")
    shutil.rmtree(into, ignore_errors=True)
    result["checkout"] = tool.restore(into)
    wrong = sets.compare(tool.work, into) if verify else None
    shutil.rmtree(into, ignore_errors=True)
    if wrong:
        raise Failed("%s gave back another tree: %s" % (tool.name, wrong))


def tree_round(tool, seed, verify):
    """S and L: every work once, in the order of a day."""
    result = {"add+commit": tool.save(), "stored": stored(tool.repo())}
    if tool.status:
        result["status"] = tool.status()
    if tool.nothing:
        result["add nothing"] = tool.nothing()
    sets.edit(tool.work, random.Random(seed))
    result["edit 200, add+commit"] = tool.save()
    result["stored after"] = stored(tool.repo())
    if tool.names:
        names = os.path.join(tool.out, "names")
        result["diff, names"] = repeat(lambda: tool.names(names), 3)
        with open(names, "rb") as out:
            if len(out.read().split()) != 200:
                raise Failed("%s names other than 200 files" % tool.name)
    give_back(tool, result, verify)
    return result


def big_round(tool, _seed, verify):
    """B: one large file, and the same with a little inserted."""
    result = {"add+commit": tool.save(), "stored": stored(tool.repo())}
    if not peers.COLD:
        tool.cat("big.bin", os.devnull)  # written past the page cache or not
    result["cat"] = tool.cat("big.bin", os.devnull)
    kept = os.path.join(os.path.dirname(tool.area), "kept.bin")
    os.rename(os.path.join(tool.work, "big.bin"), kept)
    shutil.copyfile(kept, os.path.join(tool.work, "big.bin"))
    sets.insert_in_big(tool.work)
    try:
        result["inserted, add+commit"] = tool.save()
        result["stored after"] = stored(tool.repo())
        give_back(tool, result, verify)
    finally:
        os.replace(kept, os.path.join(tool.work, "big.bin"))
    return result


def history_round(tool, _seed, verify):
    """H: a long history, and looking back."""
    result, out = {}, {}
    for word in ("log", "path", "blame"):
        out[word] = os.path.join(os.path.dirname(tool.area), tool.name + word)
    result["import"] = tool.load(os.path.join(tool.work, "stream"))
    result["log, first page"] = repeat(lambda: tool.log(out["log"]))
    result["log -- PATH"] = repeat(
        lambda: tool.log_path(sets.RARE, out["path"]))
    result["blame, 500 versions"] = repeat(
        lambda: tool.blame(sets.BUSY, out["blame"]), 3)
    result["stored"] = tool.packed()
    if verify and tool.name != "git":
        check_words(tool, out)
    return result


def check_words(tool, out):
    """The same subjects as git's; from blame, the same lines."""
    for word, path in out.items():
        git = path.replace(os.sep + tool.name, os.sep + "git")
        if not os.path.exists(git):
            continue
        with open(path, "rb") as mine, open(git, "rb") as theirs:
            a, b = ([line.split(b" ", 1)[-1] if word == "log" else
                     line.split(b") ", 1)[-1] for line in f] for f in
                    (mine, theirs))
        if a != b:
            raise Failed("%s %s differs from git's" % (tool.name, word))


def small_round(tool, _seed, _verify):
    """T: ten files."""
    tool.save()
    time.sleep(2.1)
    tool.status()
    return {"status": repeat(tool.status, 30)}


MAKE = {"S": sets.make_small, "L": sets.make_linux, "B": sets.make_big,
        "H": lambda folder: sets.history(os.path.join(folder, "stream"),
                                         sets.COMMITS),
        "T": sets.make_ten}
ROUND = {"S": tree_round, "L": tree_round, "B": big_round,
         "H": history_round, "T": small_round}
# What a tool cannot do, it is not asked.
CAN = {"H": lambda tool: tool.load, "T": lambda tool: tool.status}
WORKS = ["add+commit", "status", "add nothing", "edit 200, add+commit",
         "diff, names", "inserted, add+commit", "checkout", "cat", "import",
         "log, first page", "log -- PATH", "blame, 500 versions", "stored",
         "stored after"]


def measure(name, tools, runs, area, out):
    work, results, broken = os.path.join(area, "tree"), {}, {}
    os.makedirs(work)
    print("data set %s: making it" % name, flush=True)
    MAKE[name](work)
    time.sleep(2.1)  # no file is racy
    ready = [tool(area) for tool in tools if CAN.get(name, bool)(tool)]
    for tool in ready:
        if out:
            tool.out = os.path.join(out, tool.name)
            os.makedirs(tool.out, exist_ok=True)
    for run in range(runs):
        # git first where its words are compared with.
        order = sorted(ready, key=lambda t: t.name != "git") if run == 0 \
            else ready[run % len(ready):] + ready[:run % len(ready)]
        for tool in order:
            if tool.name in broken:
                continue
            print("  run %d of %d: %s" % (run + 1, runs, tool.name),
                  flush=True)
            try:
                tool.fresh()
                got = ROUND[name](tool, 1000 * run + 1, run == 0)
            except Failed as why:
                broken[tool.name] = str(why)
                print("  %s: %s" % (tool.name, why), flush=True)
                continue
            finally:
                for left in (".git", ".dig"):
                    shutil.rmtree(os.path.join(work, left),
                                  ignore_errors=True)
            for what, value in got.items():
                results.setdefault(what, {}).setdefault(
                    tool.name, []).append(value)
    return results, broken


def summary(values):
    """Median, and peak memory where it is a time."""
    if isinstance(values[0], tuple):
        return (statistics.median(v[0] for v in values),
                max(v[1] for v in values))
    return statistics.median(values), None


def table(name, results, tools):
    names = [t.name for t in tools]
    print("\n%s: seconds (median), dig/peer, peak memory in MB" % name)
    print("%-22s" % "" + "".join("%24s" % n for n in names))
    rows = {}
    for what in [w for w in WORKS if w in results]:
        line, rows[what] = "%-22s" % what, {}
        mine = results[what].get("dig")
        for peer in names:
            values = results[what].get(peer)
            if not values:
                line += "%24s" % "-"
                continue
            value, memory = summary(values)
            text = "%.1f MB" % (value / 1e6) if memory is None else \
                "%.4f" % value
            rows[what][peer] = {"median": value, "peak_bytes": memory,
                                "runs": len(values)}
            if peer != "dig" and mine:
                ratio = summary(mine)[0] / max(value, 1e-9)
                rows[what][peer]["dig_over_it"] = ratio
                text += " (%.2f)" % ratio
            if memory:
                text += " %4d" % (memory / 1e6)
            line += "%24s" % text
        print(line)
    return rows


def check(report, file):
    """Ratios that became worse than in an earlier report."""
    with open(file, encoding="utf-8") as old:
        before = json.load(old)["sets"]
    worse, seen = [], 0
    for name, found in report["sets"].items():
        for what, row in found["rows"].items():
            for peer, value in row.items():
                was = before.get(name, {}).get("rows", {}).get(
                    what, {}).get(peer, {}).get("dig_over_it")
                if was is None or "dig_over_it" not in value:
                    continue
                seen += 1
                if value["dig_over_it"] > WORSE * was:
                    worse.append("%s, %s: %.2f of %s, was %.2f" % (
                        name, what, value["dig_over_it"], peer, was))
    print("\n%d ratios compared with %s" % (seen, file))
    for line in worse:
        print("worse: " + line)
    return not worse and seen > 0


def choose_tools(wanted):
    tools = []
    for tool in peers.ALL:
        if tool.name != "dig" and tool.name not in wanted:
            continue
        if shutil.which(tool.program):
            tools.append(tool)
        else:
            print("skipped: %s is not installed" % tool.name)
    return tools


def versions(tools):
    found = {}
    for tool in tools:
        word = "version" if tool.name in ("restic", "fossil") else "--version"
        found[tool.name] = subprocess.run(
            [tool.program, word], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False).stdout.decode(
                "utf-8", "replace").strip().split("\n")[0]
        print(found[tool.name])
    return found


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dig", default="build/dig")
    parser.add_argument("--only")
    parser.add_argument("--peers", default="git,restic,borg,fossil,tar-zstd")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--json")
    parser.add_argument("--check")
    parser.add_argument("--dir", default=os.environ.get("TMPDIR", "/var/tmp"))
    args = parser.parse_args()
    args.only = (args.only or ("S,T" if args.quick else "S,L,B,H,T")).split(",")
    sets.COMMITS = 1000 if args.quick else 10000
    peers.Dig.program = os.path.abspath(args.dig)
    if not os.access(peers.Dig.program, os.X_OK):
        sys.exit("no program %s: type make first" % args.dig)
    if args.cold and not os.access("/proc/sys/vm/drop_caches", os.W_OK):
        sys.exit("skipped: caches cannot be dropped here")
    peers.COLD = args.cold
    return args


def main():
    args = options()
    tools = choose_tools(args.peers.split(","))
    report = {"machine": platform.platform(), "processors": os.cpu_count(),
              "cold": args.cold, "versions": versions(tools), "sets": {}}
    good = True
    for name in args.only:
        runs = args.runs or (QUICK if args.quick else RUNS)[name]
        area = tempfile.mkdtemp(prefix="dig-bench.", dir=args.dir)
        # Checkouts go to memory: a disk's write-back would be all one sees.
        out = None
        if os.path.ismount("/dev/shm") and \
                shutil.disk_usage("/dev/shm").free > 4 << 30:
            out = tempfile.mkdtemp(prefix="dig-bench.", dir="/dev/shm")
        ENV.update(HOME=area, XDG_CACHE_HOME=area + "/cache",
                   XDG_CONFIG_HOME=area + "/config", FOSSIL_HOME=area)
        try:
            results, broken = measure(name, tools, runs, area, out)
            report["sets"][name] = {"runs": runs, "broken": broken,
                                    "rows": table(name, results, tools)}
            good = good and "dig" not in broken
        except Failed as why:
            print("data set %s left out: %s" % (name, why))
            good = False
        finally:
            shutil.rmtree(area, ignore_errors=True)
            if out:
                shutil.rmtree(out, ignore_errors=True)
    if args.json:
        os.makedirs(os.path.dirname(args.json) or ".", exist_ok=True)
        with open(args.json, "w", encoding="utf-8") as out:
            json.dump(report, out, indent=1)
        print("\nwritten: " + args.json)
    if args.check:
        good = check(report, args.check) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
