#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kill -9 at moments spread over the length of add, commit, checkout, reset, undo
and merge.

The length of a command is measured on the same tree, and the moments are
drawn from it; at least half of the kills of each command have to find it
running. After each kill the oracle looks, and the work is finished with the
same command that was killed. A big add killed half-way must keep its batches,
and the next add may open only the files that are left.
"""
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import time

import oracle
from oracle import DIG, SEED, Ledger, Repo, Scratch, Tap, Tree, count, scan

VERBS = ("add", "commit", "checkout", "reset", "undo", "merge")


class Verb:
    """Kills of one command: its measured length, and how many of them hit."""

    def __init__(self, name):
        self.name, self.lengths = name, []
        self.tries = self.hits = 0
        self.scale = 1.0

    def measure(self, repo, *args):
        start = time.monotonic()
        repo.must(*args)
        self.lengths.append(time.monotonic() - start)

    def strike(self, repo, rng, *args):
        """Start, kill at a drawn moment; the exit code, None if killed."""
        length = statistics.median(self.lengths) * self.scale
        moment = rng.uniform(0, length)
        start = time.monotonic()
        proc = repo.start(*args)
        left = moment - (time.monotonic() - start)
        if left > 0:
            try:
                proc.wait(left)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(proc.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        code = proc.wait()
        self.tries += 1
        if code == -signal.SIGKILL:
            self.hits += 1
            self.scale = min(1.1, self.scale * 1.02)
            return None
        self.lengths.append(time.monotonic() - start)
        self.scale *= 0.93
        return code


def trial_add(verb, repo, tree, ledger, rng, wrong):
    tree.edit(60)
    want = scan(repo.work)
    code = verb.strike(repo, rng, "add", "-A")
    if code not in (None, 0):
        wrong.append("add exited %d" % code)
    wrong += oracle.inspect(repo, ledger, rng)
    if code == 0:  # acknowledged: what is staged is complete
        finish = [("commit", "-m", "x")]
    else:
        finish = [("add", "-A"), ("commit", "-m", "x")]
    settle(repo, ledger, want, finish, wrong)


def trial_commit(verb, repo, tree, ledger, rng, wrong):
    tree.edit(30)
    want = scan(repo.work)
    repo.must("add", "-A")
    before = len(ledger.acked)
    code = verb.strike(repo, rng, "commit", "-m", "y")
    if code not in (None, 0):
        wrong.append("commit exited %d" % code)
    ledger.pending = want
    wrong += oracle.inspect(repo, ledger, rng)
    if code == 0 and len(ledger.acked) == before:
        wrong.append("an acknowledged commit is gone")
    if len(ledger.acked) == before:  # the old state: still staged as a whole
        settle(repo, ledger, want, [("commit", "-m", "z")], wrong)


def settle(repo, ledger, want, commands, wrong):
    for command in commands:
        answer = repo.dig(*command)
        if answer.code != 0:
            wrong.append("finishing: %s" % answer)
            return
    head = repo.head()
    ledger.acked.append((head, want))
    wrong += oracle.same_commit(repo, head, want)


def trial_checkout(verb, repo, tree, ledger, rng, wrong):
    del tree
    target, want = rng.choice(ledger.acked[:-1][-12:])
    for rev, manifest in ((target, want), ("main", ledger.acked[-1][1])):
        code = verb.strike(repo, rng, "checkout", rev)
        if code not in (None, 0):
            wrong.append("checkout exited %d" % code)
        wrong += oracle.inspect(repo, ledger, rng)
        answer = repo.dig("checkout", rev)
        if answer.code != 0:
            wrong.append("finishing: %s" % answer)
            repo.dig("checkout", "-f", rev)
        wrong += oracle.differences(manifest, scan(repo.work))[:5]
        answer = repo.dig("status", "--porcelain=v1")
        if answer.code != 0 or answer.out:
            wrong.append("not clean after %s: %r" % (answer, answer.out[:200]))


def trial_reset(verb, repo, tree, ledger, rng, wrong):
    del tree
    target, want = rng.choice(ledger.acked[:-1][-12:])
    repo.must("switch", "-q", "-C", "moved")
    tracked = [p for p, what in scan(repo.work).items() if what[0] == "file"]
    for path in rng.sample(sorted(tracked), 10):
        with open(os.path.join(os.fsencode(repo.work), path), "ab") as out:
            out.write(b"an edit that reset loses\n")
    code = verb.strike(repo, rng, "reset", "--hard", target)
    if code not in (None, 0):
        wrong.append("reset exited %d" % code)
    wrong += oracle.inspect(repo, ledger, rng)
    answer = repo.dig("reset", "--hard", target)
    if answer.code != 0:
        wrong.append("finishing: %s" % answer)
    wrong += oracle.differences(want, scan(repo.work))[:5]
    for command, said in ((("status", "--porcelain=v1"), ""),
                          (("rev-parse", "moved"), target)):
        answer = repo.dig(*command)
        if answer.code != 0 or answer.out.decode().strip() != said:
            wrong.append("after reset: %s %r" % (answer, answer.out[:200]))
    repo.must("switch", "-f", "main")


def trial_undo(verb, repo, tree, ledger, rng, wrong):
    del tree
    target = rng.choice(ledger.acked[:-1][-12:])[0]
    want = ledger.acked[-1]
    repo.must("checkout", target)
    number = last_operation(repo)[0]
    code = verb.strike(repo, rng, "undo")
    if code not in (None, 0):
        wrong.append("undo exited %d" % code)
    wrong += oracle.inspect(repo, ledger, rng)
    again, finished = last_operation(repo)
    if code == 0 and (again == number or not finished):
        wrong.append("an acknowledged undo is gone")
    if again == number or not finished:
        answer = repo.dig("undo")
        if answer.code != 0:
            wrong.append("finishing: %s" % answer)
    wrong += oracle.differences(want[1], scan(repo.work))[:5]
    for command, said in ((("status", "--porcelain=v1"), ""),
                          (("branch", "--show-current"), "main"),
                          (("rev-parse", "HEAD"), want[0])):
        answer = repo.dig(*command)
        if answer.code != 0 or answer.out.decode().strip() != said:
            wrong.append("after undo: %s %r" % (answer, answer.out[:200]))
    if wrong:
        repo.dig("checkout", "-f", "main")


def fork(repo, target):
    """On a branch of its own, from an old commit, one that has a new file."""
    repo.must("switch", "-q", "-C", "moved", target)
    with open(os.path.join(repo.work, "own"), "wb") as out:
        out.write(target.encode())
    repo.must("add", "own")
    repo.must("commit", "-m", "own")


def trial_merge(verb, repo, tree, ledger, rng, wrong):
    del tree
    tip, want = ledger.acked[-1]
    fork(repo, rng.choice(ledger.acked[:-1][-12:])[0])
    parents = "%s %s" % (repo.head(), tip)
    want = dict(want)
    want[b"own"] = scan(repo.work)[b"own"]
    code = verb.strike(repo, rng, "merge", "-q", "main")
    if code not in (None, 0):
        wrong.append("merge exited %d" % code)
    wrong += oracle.inspect(repo, ledger, rng)
    made = repo.must("log", "-n", "1", "--format=%P").decode().strip()
    if code == 0 and made != parents:
        wrong.append("an acknowledged merge is gone")
    if made != parents:
        merging = b"still merging" in repo.must("status")
        answer = repo.dig(*(("commit", "-q", "--no-edit") if merging
                            else ("merge", "-q", "main")))
        if answer.code != 0:
            wrong.append("finishing: %s" % answer)
    wrong += oracle.differences(want, scan(repo.work))[:5]
    for command, said in ((("status", "--porcelain=v1"), ""),
                          (("log", "-n", "1", "--format=%P"), parents)):
        answer = repo.dig(*command)
        if answer.code != 0 or answer.out.decode().strip() != said:
            wrong.append("after merge: %s %r" % (answer, answer.out[:200]))
    repo.must("switch", "-f", "main")


def last_operation(repo):
    out = repo.must("undo", "--list", "-n", "1", "--json")
    last = json.loads(out)["operations"][0]
    return last["operation"], last["finished"]


def campaign(tap, scratch, trials):
    rng = random.Random(SEED)
    verbs = {name: Verb(name) for name in VERBS}
    run = {"add": trial_add, "commit": trial_commit,
           "checkout": trial_checkout, "reset": trial_reset,
           "undo": trial_undo, "merge": trial_merge}
    failures, round_, age = [], 0, 150
    for trial in range(trials):
        if age == 150:  # a young repository again, so that it stays quick
            round_, age = round_ + 1, 0
            work = scratch.path("work%d" % round_)
            os.mkdir(work)
            repo, ledger = Repo(scratch, work), Ledger()
            tree = Tree(rng, work, big=1 << 20)
            repo.must("init")
            tree.grow(400)
            oracle.commit_all(repo, ledger, "first")
            for _ in range(3):
                tree.edit(60)
                verbs["add"].measure(repo, "add", "-A")
                verbs["commit"].measure(repo, "commit", "-m", "next")
                ledger.acked.append((repo.head(), scan(work)))
                verbs["checkout"].measure(repo, "checkout", ledger.acked[-2][0])
                verbs["checkout"].measure(repo, "checkout", "main")
                fork(repo, ledger.acked[-2][0])
                verbs["merge"].measure(repo, "merge", "-q", "main")
                repo.must("switch", "-q", "main")
                repo.must("switch", "-q", "-C", "moved")
                verbs["reset"].measure(
                    repo, "reset", "--hard", ledger.acked[-2][0])
                repo.must("switch", "-q", "main")
                verbs["undo"].measure(repo, "undo")
                verbs["undo"].measure(repo, "undo")
            beside = oracle.gather(scratch.dir)
        age += 1
        name = VERBS[trial % len(VERBS)]
        wrong = []
        try:
            run[name](verbs[name], repo, tree, ledger, rng, wrong)
            if trial % 10 == 9:
                wrong += oracle.go_on(repo, ledger)
        except RuntimeError as error:
            wrong.append(str(error))
        if oracle.gather(scratch.dir) != beside:
            wrong.append("something beside the repository changed")
        if wrong:
            failures += ["trial %d, %s:" % (trial, name)] + wrong
            age = 150  # what follows must not fail for the same cause
        if len(failures) > 60:
            break
    tries = sum(v.tries for v in verbs.values())
    hits = sum(v.hits for v in verbs.values())
    for verb in verbs.values():
        tap.note("%s: median %.1f ms, %d of %d kills hit" % (
            verb.name, 1000 * statistics.median(verb.lengths), verb.hits,
            verb.tries))
    tap.figure(kills=tries, hits=hits, failures=len(failures))
    tap.case(not failures, "%d kills: every promise kept" % tries, failures)
    tap.case(all(2 * v.hits >= v.tries for v in verbs.values()),
             "at least half of the kills of each command hit it",
             ["%s %d/%d" % (v.name, v.hits, v.tries) for v in verbs.values()])


def half_way(tap, scratch, files=20000):
    """A big add, killed half-way, goes on where it was."""
    what = "the next add opens only what a killed add has not staged"
    why_not = oracle.have_strace()
    work = scratch.path("half")
    os.mkdir(work)
    rng = random.Random(SEED + 1)
    for n in range(files):
        folder = os.path.join(work, "d%03d" % (n // 100))
        if n % 100 == 0:
            os.mkdir(folder)
        with open("%s/w%05d.txt" % (folder, n), "wb") as out:
            out.write(b"%d %s\n" % (n, b"%x" % rng.getrandbits(4000)))
    time.sleep(2.1)  # older than the racy margin
    repo = Repo(scratch, work)
    repo.must("init")
    start = time.monotonic()
    repo.must("add", "-A")
    length = time.monotonic() - start
    staged = 0
    for share in (.5, .6, .7, .4, .8, .65, .75, .85, .9, .3, .95) * 2:
        shutil.rmtree(work + "/.dig")
        repo.must("init")
        proc = repo.start("add", "-A")
        time.sleep(share * length)
        try:
            os.killpg(proc.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        proc.wait()
        staged = repo.must("ls-files").count(b"\n")
        if 0 < staged < files:
            break
    tap.case(0 < staged < files, "a 20,000-file add killed half-way leaves "
             "staged files (%d)" % staged)
    if why_not:
        tap.skip(what, why_not)
    else:
        log = scratch.path("strace.log")
        repo.must("add", "-A", wrap=(
            "strace", "-f", "-qq", "-o", log, "-e", "trace=open,openat,openat2"))
        with open(log, encoding="utf-8", errors="replace") as lines:
            opened = set(re.findall(r"w\d{5}\.txt", "".join(
                line for line in lines if "O_PATH" not in line)))
        tap.case(len(opened) <= files - staged, what,
                 ["opened %d, left were %d" % (len(opened), files - staged)])
    repo.must("commit", "-m", "all")
    bad = oracle.same_commit(repo, "HEAD", scan(work))
    tap.case(not bad, "and the commit holds every file", bad)


def main():
    tap = oracle.require_program(Tap("kill"))
    scratch = Scratch()
    scratch.small_groups()
    tap.note("program " + DIG)
    try:
        campaign(tap, scratch, count(40, 2000))
        half_way(tap, scratch)
    finally:
        scratch.remove()
    tap.done()


if __name__ == "__main__":
    main()
