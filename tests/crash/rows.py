#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Rows of the index are what trees and journal say, after any sequence.

One repository goes through random commands: edits of every kind, add, rm, mv,
restore, commits on branches and detached, amended ones, switches to and fro,
an index that is deleted, or put back from before, in between. After each
`fsck` agrees, and the views are what an index made from nothing gives.
"""
import os
import random
import shutil
import sqlite3

import history
import oracle
from oracle import SEED, Repo, Scratch, Tap, count

VIEWS = {
    "v_staged": "path_bytes, kind, mode, size, content_id, head_id",
    "v_files": "path_bytes, mode, size, content_id",
    "v_changes": "commit_id, path_bytes, kind, old_id, new_id, old_mode, "
                 "new_mode, old_size, new_size",
    "v_commits": "id, tree_root, subject, files, bytes, generation",
    "v_git_map": "git_id, commit_id",
    "v_parents": "commit_id, position, parent_id",
    "v_layers": "commit_id, parent_id, kind, added, modified, deleted, "
                "new_chunks, raw_bytes, stored_bytes, root",
    "v_largest_paths": "path_bytes, versions, total_bytes, largest_bytes",
    "v_refs": "name, kind, commit_id, is_head",
    "v_objects": "id, kind, codec, raw_bytes, stored_bytes, pack, offset, "
                 "base_id",
    "v_packs": "number, file, bytes, objects, sealed",
}


def rows(repo):
    db = sqlite3.connect(repo.work + "/.dig/index.db", timeout=5)
    try:
        return {view: sorted(db.execute("SELECT %s FROM %s" % (what, view)),
                             key=repr)
                for view, what in VIEWS.items()}
    finally:
        db.close()


class Walk(history.Sequence):
    """Random commands; those that the program refuses are answers, too."""

    def __init__(self, repo, rng, scratch):
        super().__init__(repo, rng)
        self.commits = []
        self.index = repo.work + "/.dig/index.db"
        self.old_index = scratch.path("index.old")
        self.contents = [rng.randbytes(n) for n in (0, 1, 9, 700, 40000)]

    def write(self, name):
        """Few contents, so that what was there before comes back."""
        super().write(name)
        path = self.path(name)
        if not os.path.islink(path) and self.rng.random() < .8:
            with open(path, "wb") as out:
                out.write(self.rng.choice(self.contents))

    def edit(self):
        for name in self.rng.sample(
                self.names, self.rng.randint(1, min(len(self.names), 6))):
            if os.path.lexists(self.path(name)) and self.rng.random() < .4:
                self.remove(name)
            else:
                self.write(name)

    def head(self):
        answer = self.repo.dig("rev-parse", "HEAD")
        return answer.out.decode().strip() if answer.code == 0 else None

    def commit(self):
        how = self.rng.choice(([], [], ["-a"], ["--amend"],
                               ["--allow-empty"], ["-a", "--amend"]))
        self.dig("commit", "-q", "-m", "step %d" % len(self.commits), *how,
                 good=(0, 1, 2))
        head = self.head()
        if head and head not in self.commits:
            self.commits.append(head)

    def checkout(self):
        """Refused where it would lose an edit, unless forced."""
        if self.commits:
            target = self.rng.choice(["main", "main", "-", "HEAD~1"] +
                                     self.commits[-8:])
            how = self.rng.choice(([], [], ["-f"]))
            self.dig("checkout", "-q", *how, target, good=(0, 1, 2, 4))

    def branch(self):
        """The name is free or it is not."""
        if self.commits:
            self.dig("checkout", "-q", "-b", "b%d" % self.rng.randrange(4),
                     good=(0, 1, 2))

    def checkout_paths(self):
        if self.commits:
            some = [self.rng.choice(self.names)]
            self.dig("checkout", self.rng.choice(self.commits[-8:]), "--",
                     *some, good=(0, 1, 4))

    def restore(self):
        names = self.tracked()
        if names and self.commits:
            some = self.rng.sample(names, min(len(names), 4))
            how = self.rng.choice((["--staged"], ["--staged", "--worktree"],
                                   ["--staged", "--source",
                                    self.rng.choice(self.commits[-8:])], []))
            self.dig("restore", *how, "--", *some, good=(0, 1, 4))

    def lose(self):
        self.log.append("rm index.db")
        os.unlink(self.index)

    def keep(self):
        self.log.append("keep index.db")
        shutil.copy(self.index, self.old_index)

    def put_back(self):
        """From a backup: it stands where an earlier record was."""
        if os.path.exists(self.old_index):
            self.log.append("put index.db back")
            shutil.copy(self.old_index, self.index)

    def one(self):
        self.rng.choices(
            (self.edit, self.swap, self.add_all, self.add_some, self.rm,
             self.mv, self.commit, self.checkout, self.branch,
             self.checkout_paths, self.restore, self.lose, self.keep,
             self.put_back),
            (8, 1, 5, 5, 3, 2, 6, 5, 1, 2, 4, .4, 2, 1))[0]()


def compare(repo):
    """What differs between the rows and those made from nothing."""
    answer = repo.dig("status", "-s")
    if answer.code != 0:
        return [str(answer)]
    answer = repo.dig("fsck")
    if answer.code != 0:
        return [str(answer)]
    now = rows(repo)
    repo.must("fsck", "--rebuild-index")
    fresh = rows(repo)
    shutil.rmtree(repo.work + "/.dig/quarantine", ignore_errors=True)
    wrong = []
    for view in VIEWS:
        for row in set(now[view]) ^ set(fresh[view]):
            wrong.append("%s: %s %r" % (
                view, "only before" if row in now[view] else "missing", row))
        if not wrong and len(now[view]) != len(fresh[view]):
            wrong.append("%s: other numbers of rows" % view)
    return wrong


def one(scratch, template, seed):
    rng = random.Random(seed)
    work = scratch.path("work")
    shutil.rmtree(work, ignore_errors=True)
    oracle.copy(template, work)
    walk = Walk(Repo(scratch, work), rng, scratch)
    if os.path.exists(walk.old_index):
        os.unlink(walk.old_index)
    for _ in range(60):
        try:
            walk.one()
            # An index that goes on from its own rows, or from fresh ones.
            if rng.random() < .3:
                wrong = compare(walk.repo)
            else:
                answer = walk.repo.dig("fsck")
                wrong = [str(answer)] if answer.code else []
        except RuntimeError as trouble:
            wrong = [str(trouble)]
        if wrong:
            return ["SEED=%d N=1, after: %s" % (
                seed, "; ".join(walk.log[-12:]))] + wrong
    return []


def main():
    tap = oracle.require_program(Tap("rows"))
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    scratch = Scratch(os.environ.get("TMPDIR", memory))
    try:
        template = scratch.path("template")
        os.mkdir(template)
        Repo(scratch, template).must("init")
        Repo(scratch, template).must("status")
        trials = count(6, 200)
        wrong = []
        for n in range(trials):
            wrong += one(scratch, template, SEED + n)
        tap.case(not wrong, "%d times 60 random commands, the rows as they "
                 "are made from nothing" % trials, wrong)
        tap.figure(sequences=trials, steps=60 * trials,
                   differing=sum(w.startswith("SEED=") for w in wrong))
    finally:
        scratch.remove()
    tap.done()


if __name__ == "__main__":
    main()
