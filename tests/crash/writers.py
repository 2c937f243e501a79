#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two writers at once, then eight, with readers between them.

Every writer adds a file of its own and commits, over and over, on one
repository. Every other one does not wait for the lock (core.busyTimeout 0):
it is told who holds it (exit 11) and tries again. At the end no file is
missing, each commit that exited 0 is listed, and the history is one line.
log, status, ls-files, cat and fsck run all the while. With SOAK, some of the
writers are killed.
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
        self.commits = self.nothing = self.waited = self.killed = self.read = 0
        self.wrong = []

    def add(self, **more):
        with self.lock:
            for name, n in more.items():
                setattr(self, name, getattr(self, name) + n)


def patient(repo, tally, deadline, env, *args):
    """The command, again while another holds the lock; its answer."""
    while True:
        answer = repo.dig(*args, env=env)
        if answer.code != 11:
            return answer
        tally.add(waited=1)
        if b"locked by process" not in answer.err and (
                b"another program is using it" not in answer.err):
            tally.add(wrong=["%s: not a word who" % answer])
        if time.monotonic() > deadline:
            return answer
        time.sleep(.01)


def writer(repo, number, rounds, tally, deadline):
    env = {"XDG_CONFIG_HOME": repo.scratch.path("hasty")} if number % 2 else {}
    for n in range(rounds):
        rel = "w%d/f%d" % (number, n)
        path = os.path.join(repo.work, rel)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(b"writer %d round %d\n" % (number, n))
        answer = patient(repo, tally, deadline, env, "add", rel)
        if answer.code != 0:
            tally.add(wrong=[str(answer)])
            return
        answer = patient(repo, tally, deadline, env, "commit", "-m", rel)
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
                        ("ls-files",), ("cat", "HEAD:first"), ("fsck",)):
            answer = repo.dig(*command)
            tally.add(read=1)
            if answer.code != 0 or (command[0] == "cat" and
                                    answer.out != b"first\n"):
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
                  "taken_along_%d" % writers: tally.nothing,
                  "locked_out_%d" % writers: tally.waited,
                  "reads_%d" % writers: tally.read,
                  "killed_%d" % writers: tally.killed,
                  "lost_%d" % writers: len(wrong)})
    tap.case(not wrong, "%d writers, %d commits: no update is lost"
             % (writers, tally.commits), wrong)
    tap.case(tally.waited > 0, "%d writers met at the lock" % writers)


def main():
    tap = oracle.require_program(Tap("writers"))
    scratch = Scratch()
    try:
        hasty = scratch.path("hasty", "dig")
        os.makedirs(hasty)
        with open(os.path.join(hasty, "config"), "w", encoding="ascii") as out:
            out.write("[core]\n\tbusyTimeout = 0\n")
        campaign(tap, scratch, 2, count(80, 400))
        campaign(tap, scratch, 8, count(25, 200))
    finally:
        scratch.remove()
    tap.done()


if __name__ == "__main__":
    main()
