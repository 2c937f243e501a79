#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two writers at once, then eight, with readers between them.

Every writer adds a file of its own and commits, over and over, on one
repository. One waits for the other or is told who holds the lock (exit 11)
and tries again. At the end no file is missing, each commit that exited 0 is
listed, and the history is one line. With SOAK, some of the writers are killed.
"""
import os
import random
import signal
import threading
import time

import oracle
from oracle import SEED, Repo, Scratch, Tap, count, scan


class Tally:
    def __init__(self):
        self.lock = threading.Lock()
        self.commits = self.nothing = self.waited = self.killed = 0
        self.wrong = []

    def add(self, **more):
        with self.lock:
            for name, n in more.items():
                setattr(self, name, getattr(self, name) + n)


def patient(repo, tally, deadline, *args):
    """The command, again while another holds the lock; its answer."""
    while True:
        answer = repo.dig(*args)
        if answer.code != 11:
            return answer
        tally.add(waited=1)
        if not answer.err.strip():
            tally.add(wrong=["%s: not a word who" % answer])
        if time.monotonic() > deadline:
            return answer
        time.sleep(.01)


def writer(repo, number, rounds, tally, deadline):
    for n in range(rounds):
        rel = "w%d/f%d" % (number, n)
        path = os.path.join(repo.work, rel)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(b"writer %d round %d\n" % (number, n))
        answer = patient(repo, tally, deadline, "add", rel)
        if answer.code != 0:
            tally.add(wrong=[str(answer)])
            return
        answer = patient(repo, tally, deadline, "commit", "-m", rel)
        if answer.code == 0:
            tally.add(commits=1)
        elif answer.code == 1:  # another's commit took it along
            tally.add(nothing=1)
        else:
            tally.add(wrong=[str(answer)])
            return


def reader(repo, tally, stop):
    seen = 0
    while not stop.is_set():
        for command in (("log", "--format=%H", "main"), ("status",),
                        ("ls-files",)):
            answer = repo.dig(*command)
            if answer.code != 0:
                tally.add(wrong=["reader: %s" % answer])
                return
            if command[0] == "log":
                now = len(answer.out.split())
                if now < seen:
                    tally.add(wrong=["a reader saw %d commits, then %d"
                                     % (seen, now)])
                seen = now


def killer(repo, tally, stop, rng):
    """Adds that are killed at any moment, between the honest writers."""
    while not stop.is_set():
        proc = repo.start("add", "-A")
        time.sleep(rng.uniform(0, .05))
        try:
            os.killpg(proc.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        proc.wait()
        tally.add(killed=1)
        time.sleep(.02)


def campaign(tap, scratch, writers, rounds):
    work = scratch.path("work%d" % writers)
    os.mkdir(work)
    repo, tally, stop = Repo(scratch, work), Tally(), threading.Event()
    with open(os.path.join(work, "first"), "wb") as out:
        out.write(b"first\n")
    repo.must("init")
    repo.must("add", "-A")
    repo.must("commit", "-m", "first")
    deadline = time.monotonic() + 120 + rounds * writers
    threads = [threading.Thread(target=writer, args=(
        repo, n, rounds, tally, deadline)) for n in range(writers)]
    others = [threading.Thread(target=reader, args=(repo, tally, stop))]
    if oracle.SOAK:
        others.append(threading.Thread(target=killer, args=(
            repo, tally, stop, random.Random(SEED))))
    for thread in threads + others:
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    for thread in others:
        thread.join()
    wrong = list(tally.wrong)
    ids = oracle.listed(repo)[1]
    if len(ids) != tally.commits + 1:
        wrong.append("%d commits exited 0, %d are listed"
                     % (tally.commits, len(ids) - 1))
    answer = repo.dig("commit", "-m", "what is staged still")
    if answer.code not in (0, 1):
        wrong.append(str(answer))
    wrong += oracle.same_commit(repo, "HEAD", scan(work))
    answer = repo.dig("fsck")
    if answer.code != 0:
        wrong.append(str(answer))
    if not oracle.lock_is_free(repo):
        wrong.append("the lock is held by nobody alive")
    tap.figure(**{"commits_%d" % writers: tally.commits,
                  "locked_out_%d" % writers: tally.waited,
                  "lost_%d" % writers: len(wrong)})
    tap.case(not wrong, "%d writers, %d commits: no update is lost"
             % (writers, tally.commits), wrong)


def main():
    tap = oracle.require_program(Tap("writers"))
    scratch = Scratch()
    try:
        campaign(tap, scratch, 2, count(15, 400))
        campaign(tap, scratch, 8, count(6, 200))
    finally:
        scratch.remove()
    tap.done()


if __name__ == "__main__":
    main()
