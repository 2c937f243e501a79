#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random commands, then taken back one by one, or several at a time: refs,
HEAD, what is staged, status and working files are each time what they were
before the command.

usage: undo-random.py DIG FOLDER SEED SEQUENCES COMMANDS

At the first difference the commands are printed and the exit code is 1.
"""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys

dig, base, first, sequences, steps = (
    sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]))
NAMES = ["a", "b", "c d", "dir/x", "dir/y", "dir/sub/z", "top/x"]
clock = 1700000000


class Trouble(Exception):
    pass


class Work:
    """A repository, and the commands that were given there."""

    def __init__(self, folder, rng):
        self.folder, self.rng, self.log = folder, rng, []
        os.makedirs(folder)
        self.dig("init")

    def dig(self, *args, may_fail=False):
        global clock
        clock += 60
        done = subprocess.run(
            [dig] + list(args), cwd=self.folder, stdin=subprocess.DEVNULL,
            env=dict(os.environ, DIG_AUTHOR_DATE="%d +0000" % clock,
                     DIG_COMMITTER_DATE="%d +0000" % clock),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0 and not may_fail:
            raise Trouble("dig %s exits %d: %s" % (
                " ".join(args), done.returncode, done.stderr.decode()))
        return done.stdout.decode(), done.returncode

    def path(self, name):
        return os.path.join(self.folder, name)

    def files(self):
        found = {}
        for where, dirs, names in os.walk(self.folder):
            if where == self.folder:
                dirs.remove(".dig")
            for name in names:
                path = os.path.join(where, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, self.folder)] = (
                        file.read(), os.stat(path).st_mode & 0o100)
        return found

    def write(self, name, data, executable=False):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.lexists(path):
            os.unlink(path)
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, 0o755 if executable else 0o644)

    def put_back(self, files):
        """What a person did to the files since is done backwards."""
        for name in self.files().keys() - files.keys():
            os.unlink(self.path(name))
        now = self.files()
        for name, (data, executable) in files.items():
            if now.get(name) != (data, executable):
                self.write(name, data, executable)

    def state(self):
        found = {"HEAD": self.dig("rev-parse", "HEAD", may_fail=True)[0],
                 "staged": self.dig("ls-files", "-s")[0],
                 "status": self.dig("status", "--porcelain", "-b")[0]}
        db = sqlite3.connect("file:%s/.dig/index.db?mode=ro" % self.folder,
                             uri=True)
        found["refs"] = sorted(db.execute(
            "SELECT name, commit_id, is_head FROM v_refs"))
        db.close()
        return found

    def last(self):
        out = self.dig("undo", "--list", "-n", "1", "--json")[0]
        found = json.loads(out)["operations"]
        return found[0]["operation"] if found else 0

    # ---- What a person does --------------------------------------------

    def edit(self):
        for _ in range(self.rng.randint(0, 3)):
            name = self.rng.choice(NAMES)
            if os.path.exists(self.path(name)) and self.rng.random() < .2:
                os.unlink(self.path(name))
            else:
                self.write(name, self.rng.randbytes(9), self.rng.random() < .1)

    def clean(self):
        """Tracked files that are as they are staged."""
        tracked = set(self.dig("ls-files", "-z")[0].split("\0")) - {""}
        changed = {line[3:] for line in self.dig(
            "status", "--porcelain", "-z", "-uno")[0].split("\0")
            if line[1:2] not in ("", " ")}
        return sorted(tracked - changed)

    def some(self, names):
        return self.rng.sample(names, min(len(names), self.rng.randint(1, 3)))

    def command(self):
        rng = self.rng
        new = "n%d" % rng.randrange(1000)
        kind = rng.choice(["add", "add", "commit", "commit -a", "commit -a",
                           "amend", "branch", "tag", "switch -c", "switch",
                           "switch", "delete", "reset", "hard", "rm", "rm",
                           "cached", "mv", "restore", "unstage",
                           "stash", "stash", "pop", "pop", "drop"])
        if kind == "add":
            return ("add", "-A")
        if kind == "commit":
            return ("commit", "-q", "-m", new)
        if kind == "commit -a":
            return ("commit", "-q", "-a", "-m", new)
        if kind == "amend":
            return ("commit", "-q", "--amend", "-m", new)
        if kind == "branch":
            return ("branch", new)
        if kind == "tag":
            return ("tag",) + rng.choice([(new,), ("-m", "words", new)])
        if kind == "switch -c":
            return ("switch", "-q", "-c", new)
        if kind == "switch":
            others = self.dig("branch", may_fail=True)[0].split("\n")
            names = [o[2:] for o in others if o.startswith("  ")]
            how = rng.choice([(), ("--detach",)])
            return ("switch", "-q") + how + (rng.choice(names or ["main"]),)
        if kind == "delete":
            others = self.dig("branch", may_fail=True)[0].split("\n")
            names = [o[2:] for o in others if o.startswith("  ")]
            return ("branch", "-q", "-D", rng.choice(names or ["none"]))
        if kind == "reset":
            return ("reset", "-q", rng.choice(["--soft", "--mixed"]),
                    rng.choice(["HEAD~1", "HEAD@{1}", "HEAD"]))
        if kind == "hard":
            if any(line[1:2] != " " for line in self.dig(
                    "status", "--porcelain")[0].splitlines()):
                return ("add", "-A")  # what was never added would be lost
            return ("reset", "-q", "--hard",
                    rng.choice(["HEAD~1", "HEAD@{1}", "HEAD"]))
        if kind == "stash":
            return ("stash", "-q") + rng.choice([(), ("-u",), ("-k",)])
        if kind == "pop":
            return ("stash", rng.choice(["pop", "apply"]), "-q") + \
                rng.choice([(), ("--index",)])
        if kind == "drop":
            return ("stash", "drop", "-q")
        names = self.clean()
        if not names:
            return ("add", "-A")
        if kind == "rm":
            return ("rm", "-q", "-f", "--", *self.some(names))
        if kind == "cached":
            return ("rm", "-q", "-f", "--cached", "--", *self.some(names))
        if kind == "mv":
            return ("mv", "--", rng.choice(names), new)
        if kind == "restore":
            return ("restore", "-q", "-S", "-W", "--", *self.some(names))
        return ("restore", "-q", "--staged", "--", *self.some(names))


def same(what, want, got):
    for key in want:
        if want[key] != got[key]:
            raise Trouble("%s: %s was\n%s\nand is\n%s" % (
                what, key, want[key], got[key]))


def do_some(work, steps):
    """(number, state and files before, files after) of each operation."""
    done = []
    while len(done) < steps:
        work.edit()
        args = work.command()
        last, before, files = work.last(), work.state(), work.files()
        code = work.dig(*args, may_fail=True)[1]
        # What exits 1 may have staged, or be in conflict.
        number = work.last() if code == 0 or "-a" in args or \
            args[0] == "stash" else last
        if number == last:
            continue
        work.log.append("%d: dig %s" % (number, " ".join(args)))
        done.append((number, before, files, work.files()))
    return done


def take_back(work, done):
    while done:
        first = last = done.pop()
        work.put_back(last[3])
        while done and done[-1][3] == first[2] and work.rng.random() < .3:
            first = done.pop()
        again = work.rng.random() < .3
        after = work.state() if again else None
        number = work.last()
        what = "undo of %d to %d" % (first[0], last[0])
        work.dig("undo", "-q", *([] if first is last and number == last[0]
                                 else [str(first[0])]))
        same(what, dict(first[1], files=first[2]),
             dict(work.state(), files=work.files()))
        # Where all was as before already, there is nothing to redo.
        if again and work.last() != number:
            work.dig("undo", "-q")
            same("redo after " + what, dict(after, files=last[3]),
                 dict(work.state(), files=work.files()))
            work.dig("undo", "-q")
            same("again " + what, dict(first[1], files=first[2]),
                 dict(work.state(), files=work.files()))


def main():
    for seed in range(first, first + sequences):
        folder = os.path.join(base, "undo")
        work = Work(folder, random.Random(seed))
        try:
            take_back(work, do_some(work, steps))
            if seed % 10 == 0:
                work.dig("fsck")
        except Trouble as trouble:
            print("seed %d: %s\nafter\n%s" % (
                seed, trouble, "\n".join(work.log)))
            sys.exit(1)
        shutil.rmtree(folder)


main()
