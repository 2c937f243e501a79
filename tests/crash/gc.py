#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""gc that is killed, or that meets a fault, and is run again.

A repository with two packs, deltas across them, commits that were taken back
and large files that nothing names gets `gc --keep-ops 2`: killed at random
moments, with SIGKILL at writes, syncs, renames and unlinks, with EIO at syncs
and ENOSPC at writes. After each of these every version that is named is there
byte for byte and fsck agrees; the same gc again comes to the same end, the
same names with the same contents and about the same bytes, and what undo keeps
is taken back.

Then gc in a loop beside seven others that add, commit, make garbage, check
out, log, read and check: nobody misses anything.
"""
import os
import random
import shutil
import signal
import subprocess
import threading
import time

import inject
import oracle
from oracle import SEED, Ledger, Repo, Scratch, Tap, Tree, count, scan

GC = ("gc", "--keep-ops", "2", "-q")


class Start:
    """A repository in which there is much to do, and what must be left."""

    def __init__(self, scratch):
        self.scratch = scratch
        rng = random.Random(SEED)
        work = scratch.path("work")
        os.mkdir(work)
        self.repo, self.ledger = Repo(scratch, work), Ledger()
        tree = Tree(rng, work, big=300000)
        tree.grow(40)
        self.repo.must("init")
        for _ in range(4):
            oracle.commit_all(self.repo, self.ledger, "kept")
            tree.edit(20)
        for n in range(2):
            with open(os.path.join(work, "huge"), "wb") as out:
                out.write(rng.randbytes(17 << 20 if n else 2 << 20))
            tree.edit(20)
            self.repo.must("add", "-A")
            self.repo.must("commit", "-m", "taken back")
        self.repo.must("reset", "--hard", "HEAD~2")
        for _ in range(2):
            self.repo.must("commit", "--allow-empty", "-m", "an operation")
            self.ledger.acked.append((self.repo.head(), scan(work)))
        with open(os.path.join(work, "staged"), "wb") as out:
            out.write(rng.randbytes(50000))
        self.repo.must("add", "staged")
        self.saved = scratch.path("saved")
        oracle.copy(work, self.saved)
        self.before = size(self.repo)
        start = time.monotonic()
        self.repo.must(*GC)
        self.length = time.monotonic() - start
        self.after = size(self.repo)
        self.refs = self.names()

    def begin(self):
        self.repo.restore(self.saved)
        return self.ledger.copy()

    def names(self):
        """All that is said of refs, commits and operations."""
        repo = self.repo
        return [repo.must("log", "--format=%H %T", "main"),
                repo.must("undo", "--list", "--json").split(b'"folded"')[0],
                repo.must("ls-files"), repo.must("rev-parse", "HEAD")]


def size(repo):
    packs = os.path.join(repo.work, ".dig", "packs")
    return sum(entry.stat().st_size for entry in os.scandir(packs))


def judge(start, ledger, rng, first=None):
    """After a fault: nothing is lost; again, and it is the same end."""
    repo = start.repo
    wrong = oracle.inspect(repo, ledger, rng, first=first)
    again = repo.dig(*GC)
    if again.code != 0:
        return wrong + ["again: %s" % again]
    if start.names() != start.refs:
        wrong.append("names and operations differ from an undisturbed one")
    now = size(repo)
    if now > start.after + 65536:
        wrong.append("%d bytes, undisturbed it is %d" % (now, start.after))
    answer = repo.dig("fsck")
    if answer.code != 0:
        wrong.append(str(answer))
    if rng.randrange(4) == 0:
        for command in (("undo",), ("undo",), ("fsck",)):
            answer = repo.dig(*command)
            if answer.code != 0:
                wrong.append(str(answer))
    if rng.randrange(4) == 0:
        answer = repo.dig("fsck", "--rebuild-index")
        if answer.code != 0:
            wrong.append(str(answer))
    return wrong


def random_kills(tap, start, times):
    rng = random.Random(SEED)
    hits, failures = 0, []
    for _ in range(times):
        ledger = start.begin()
        proc = start.repo.start(*GC)
        try:
            proc.wait(rng.uniform(0, start.length * 1.1))
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(proc.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        code = proc.wait()
        hits += code == -signal.SIGKILL
        wrong = judge(start, ledger, rng)
        if code not in (0, -signal.SIGKILL):
            wrong.append("exit %d" % code)
        if wrong:
            failures += ["after a kill:"] + wrong
    tap.figure(kills=times, hits=hits, kill_failures=len(failures))
    tap.case(not failures, "%d kills of %s, nothing is lost" % (times, GC[0]), failures)


def faults(tap, start, what, calls, fault, most, allowed):
    rng = random.Random(SEED)
    start.begin()
    points, words = inject.points(start.repo, start.scratch, GC, calls)
    if fault != "signal=SIGKILL":
        points = [p for p in points if p not in words]
    failures, tried, hit = [], 0, 0
    for call, n in inject.spread(points, most):
        for when in ((str(n), "%d+" % n) if "ENOSPC" in fault else (str(n),)):
            ledger = start.begin()
            answer = start.repo.dig(*GC, wrap=(
                "strace", "-f", "-qq", "-o", "/dev/null", "-e",
                "trace=" + call, "-e", "inject=%s:%s:when=%s"
                % (call, fault, when)))
            tried += 1
            hit += answer.code != 0
            wrong = []
            if answer.code not in allowed:
                wrong.append(str(answer))
            wrong += judge(start, ledger, rng)
            if wrong:
                failures += ["%s at %s %s (exit %d):" % (
                    fault, call, when, answer.code)] + wrong
    tap.figure(**{what.split(" ")[0].lower() + "_points": len(points),
                  what.split(" ")[0].lower() + "_tried": tried,
                  what.split(" ")[0].lower() + "_ended_by_it": hit})
    tap.case(tried and not failures, "%s: %d faults, nothing is lost"
             % (what, tried), failures)


class Crowd:
    """Eight at once on one repository, until the time is over."""

    def __init__(self, scratch, seconds):
        self.work = scratch.path("crowd")
        os.mkdir(self.work)
        self.repo = Repo(scratch, self.work)
        self.until = time.monotonic() + seconds
        self.lock = threading.Lock()
        self.wrong, self.done, self.kept = [], {}, {}

    def dig(self, *args, allowed=(0,)):
        """The command, again while another one writes."""
        while True:
            answer = self.repo.dig(*args)
            if answer.code != 11:
                break
            if time.monotonic() > self.until + 60:
                break
            time.sleep(.01)
        with self.lock:
            self.done[args[0]] = self.done.get(args[0], 0) + 1
            if answer.code not in allowed and len(self.wrong) < 20:
                self.wrong.append(str(answer))
        return answer

    def goes_on(self):
        return time.monotonic() < self.until and not self.wrong

    def commits(self, number):
        rng, n = random.Random(SEED + number), 0
        while self.goes_on():
            n += 1
            name = "w%d/f%d" % (number, rng.randrange(20))
            data = rng.randbytes(rng.choice((200, 3000, 70000)))
            path = os.path.join(self.work, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as out:
                out.write(data)
            self.dig("add", name)
            self.dig("commit", "-m", "%s %d" % (name, n), allowed=(0, 1))
            self.kept[name] = data

    def garbage(self):
        rng = random.Random(SEED)
        while self.goes_on():
            with open(os.path.join(self.work, "junk"), "wb") as out:
                out.write(rng.randbytes(200000))
            self.dig("add", "junk")
            self.dig("rm", "-q", "-f", "--cached", "junk", allowed=(0, 4))

    def gc(self):
        while self.goes_on():
            self.dig("gc", "--keep-ops", "1", "-q")

    def reads(self, *commands):
        into = self.repo.scratch.path("crowd.into")
        while self.goes_on():
            for command in commands:
                if "--into" in command:
                    shutil.rmtree(into, ignore_errors=True)
                    command = ("checkout", "--into", into, "main")
                answer = self.dig(*command)
                if command[0] == "cat" and answer.out != b"first\n":
                    with self.lock:
                        self.wrong.append("cat: %r" % answer.out[:80])

    def run(self):
        with open(os.path.join(self.work, "first"), "wb") as out:
            out.write(b"first\n")
        for command in (("init",), ("add", "-A"), ("commit", "-m", "first")):
            self.repo.must(*command)
        jobs = [lambda: self.commits(1), lambda: self.commits(2),
                self.garbage, self.gc,
                lambda: self.reads(("log", "--format=%H", "main")),
                lambda: self.reads(("cat", "HEAD:first"), ("status",)),
                lambda: self.reads(("checkout", "--into")),
                lambda: self.reads(("fsck",), ("ls-files",))]
        threads = [threading.Thread(target=job) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.dig("gc", "--keep-ops", "0", "-q")
        self.dig("fsck")
        self.dig("fsck", "--rebuild-index")
        for name, data in self.kept.items():
            if self.repo.dig("cat", ":" + name).out != data:
                self.wrong.append("%s is not what was added" % name)


def crowd(tap, scratch):
    many = Crowd(scratch, 300 if oracle.SOAK else 2)
    many.run()
    tap.figure(**{"crowd_" + verb.replace("-", "_"): n
                  for verb, n in sorted(many.done.items())})
    tap.case(not many.wrong and many.done.get("gc", 0) > 1,
             "gc in a loop beside seven others", many.wrong)


def main():
    tap = oracle.require_program(Tap("gc"))
    scratch = Scratch()
    try:
        start = Start(scratch)
        tap.figure(bytes_before=start.before, bytes_after=start.after)
        tap.case(start.after < start.before // 4, "there is much to delete",
                 ["%d of %d" % (start.after, start.before)])
        random_kills(tap, start, count(4, 300))
        crowd(tap, scratch)
        why_not = oracle.have_strace()
        if why_not:
            tap.skip("faults at system calls", why_not)
        else:
            faults(tap, start, "SIGKILL at a call",
                   inject.WRITES + inject.SYNCS + inject.NAMES,
                   "signal=SIGKILL", count(4, 1 << 30), {0, -9, 137})
            faults(tap, start, "EIO at a sync", inject.SYNCS, "error=EIO",
                   count(1, 1 << 30), {0, 9})
            faults(tap, start, "ENOSPC at a write", inject.WRITES,
                   "error=ENOSPC", count(1, 1 << 30), {0, 9})
    finally:
        scratch.remove()
    tap.done()


if __name__ == "__main__":
    main()
