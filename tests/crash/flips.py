#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Damage in each file of .dig: never wrong bytes, neither out nor in.

On copies of a small repository one bit is flipped somewhere, or a file is cut
short, emptied, deleted, or replaced by an older copy. Then log, cat, status,
fsck, add and commit run. An answer may be right, or be refused with a
documented exit code and a word; what exits 0 has to be right. The index is
more: whatever happens to it, everything is answered rightly.
"""
import hashlib
import os
import random
import shutil
import sqlite3

import oracle
from oracle import SEED, Ledger, Repo, Scratch, Tap, Tree, count, scan

# Damage is reported with one of these: refused, no such thing, corrupt, I/O.
REPORTED = {1, 3, 4, 5, 8, 9, 12}


def reported(answer):
    """A format of another version is one that this program does not know."""
    return answer.code in REPORTED or (
        answer.code == 2 and b".dig/format.2" in answer.err)


class Sample:
    """A repository with history, staged files and the right answers."""

    def __init__(self, scratch):
        self.scratch = scratch
        rng = random.Random(SEED)
        work = scratch.path("work")
        os.mkdir(work)
        self.repo, self.ledger = Repo(scratch, work), Ledger()
        tree = Tree(rng, work, big=150000)
        tree.grow(40)
        self.repo.must("init")
        for n in range(5):
            oracle.commit_all(self.repo, self.ledger, "commit %d" % n)
            tree.edit(15)
        self.repo.must("add", "-A")
        self.staged = scan(work)
        oracle.copy(work, scratch.path("before"))
        self.repo.must("commit", "-m", "the last")
        self.ledger.acked.append((self.repo.head(), self.staged))
        oracle.copy(work, scratch.path("after"))
        tree.edit(10)
        self.repo.must("add", "-A")
        self.staged = scan(work)
        oracle.copy(work, scratch.path("saved"))
        self.log = [c for c, _ in reversed(self.ledger.acked)]
        self.files = sorted(
            os.path.relpath(os.path.join(where, name), work)
            for where, _, names in os.walk(os.path.join(work, ".dig"))
            for name in names)
        self.files = [f for f in self.files if os.path.getsize(
            os.path.join(work, f)) and os.path.basename(f) != "lock"]

    def begin(self, saved="saved"):
        self.repo.restore(self.scratch.path(saved))

    def snapshot(self):
        """The bytes of journal and packs."""
        found = {}
        for name in self.files:
            if room(name) != "index.db":
                with open(self.path(name), "rb") as data:
                    found[name] = hashlib.sha256(data.read()).digest()
        return found

    def path(self, name):
        return os.path.join(self.repo.work, name)


def flip(path, offset, bit):
    with open(path, "r+b") as data:
        data.seek(offset)
        byte = data.read(1)[0]
        data.seek(offset)
        data.write(bytes([byte ^ (1 << bit)]))


def examine(sample, rng, strict):
    """Run the commands; (what it came to, what is wrong)."""
    repo, wrong, refused, healed = sample.repo, [], 0, False

    def ask(*args):
        nonlocal refused, healed
        answer = repo.dig(*args, timeout=60)
        if answer.code == 12:
            healed = True
        elif answer.code != 0:
            refused += 1
            if strict or not reported(answer):
                wrong.append(str(answer))
            elif not answer.err.strip():
                wrong.append("%s: not a word why" % answer)
        return answer

    def check(strict):
        """fsck changes nothing: of the index it may say what to type."""
        nonlocal healed
        if not strict:
            ask("fsck")
            return
        answer = repo.dig("fsck", timeout=60)
        if answer.code == 5 and b"fsck --rebuild-index" in answer.err:
            healed = True
            if rng.randrange(2):
                ask("fsck", "--rebuild-index")
        elif answer.code != 0:
            wrong.append(str(answer))

    order = ["log", "cat", "status", "fsck"]
    rng.shuffle(order)
    for command in order:
        if command == "log":
            answer = ask("log", "--format=%H", "main")
            ids = answer.out.decode("ascii", "replace").split()
            if answer.code == 0 and ids != sample.log:
                wrong.append("log: exit 0 and %d commits of %d"
                             % (len(ids), len(sample.log)))
        elif command == "cat":
            for commit, manifest in rng.sample(sample.ledger.acked, 3):
                for path in rng.sample(sorted(manifest), 4):
                    if manifest[path][0] == "link":
                        continue
                    answer = ask("cat", commit + ":" + os.fsdecode(path))
                    digest = hashlib.sha256(answer.out).hexdigest()
                    if answer.code == 0 and digest != manifest[path][1]:
                        wrong.append("cat %r: exit 0 and wrong bytes" % path)
        elif command == "status":
            answer = ask("status", "--porcelain=v1")
            if answer.code == 0 and any(
                    line[1:2] not in b" " for line in answer.out.splitlines()):
                wrong.append("status: exit 0 and %r" % answer.out[:100])
        else:
            check(strict)

    into = sample.scratch.path("into")
    commit, manifest = rng.choice(sample.ledger.acked)
    shutil.rmtree(into, ignore_errors=True)
    answer = ask("checkout", "--into", into, commit)
    if os.path.isdir(into):
        for path, what in scan(into).items():
            if manifest.get(path) != what:
                wrong.append("checkout wrote %r wrongly (exit %d)"
                             % (path, answer.code))
        if answer.code == 0 and set(manifest) != set(scan(into)):
            wrong.append("checkout: exit 0 and files are missing")

    with open(sample.path("more"), "wb") as out:
        out.write(b"more\n")
    want = scan(repo.work)
    if ask("add", "-A").code == 0 and ask("commit", "-m", "more").code == 0:
        answer, got = oracle.restored(repo, "HEAD")
        # What was damaged may be refused now, but never be another file.
        for path in got:
            if got[path] != want.get(path):
                wrong.append("committed %r wrongly" % path)
        if answer.code == 0 and set(got) != set(want):
            wrong.append("committed without %s" % sorted(
                set(want) ^ set(got))[:3])
        if answer.code not in (0, 12) and (strict or not reported(answer)):
            wrong.append(str(answer))
    if wrong:
        return "WRONG", wrong
    return ("reported" if refused else "healed" if healed else "right"), []


def room(name):
    """The kind of a file, for the table."""
    base = os.path.basename(name)
    if base.startswith("index.db"):
        return "index.db"
    if "/packs/" in "/" + name:
        return "packs" + os.path.splitext(base)[1]
    return base


def flips(tap, sample, trials):
    rng = random.Random(SEED)
    kinds = {}
    for name in sample.files:
        kinds.setdefault(room(name), []).append(name)
    table, failures = {}, []
    for trial in range(trials):
        kind = sorted(kinds)[trial % len(kinds)]
        name = rng.choice(kinds[kind])
        sample.begin()
        offset = rng.randrange(os.path.getsize(sample.path(name)))
        bit = rng.randrange(8)
        flip(sample.path(name), offset, bit)
        came, wrong = examine(sample, rng, kind == "index.db")
        table.setdefault(kind, {}).setdefault(came, 0)
        table[kind][came] += 1
        if wrong:
            failures += ["%s, byte %d, bit %d:" % (name, offset, bit)] + wrong
    for kind in sorted(table):
        tap.note("%s: %s" % (kind, ", ".join(
            "%s %d" % item for item in sorted(table[kind].items()))))
    tap.figure(flips=trials, wrong=sum(t.get("WRONG", 0)
                                       for t in table.values()))
    tap.figures["by_file"] = table
    tap.case(not failures, "%d bit flips in the files of .dig: nothing wrong "
             "came out or went in" % trials, failures)


def other_damage(tap, sample):
    """Whole files: cut, emptied, filled with zeros, deleted, an old copy."""
    rng, failures, tried = random.Random(SEED + 1), [], 0

    def change(name, how):
        path = sample.path(name)
        size = os.path.getsize(path)
        if how == "deleted":
            os.unlink(path)
        elif how == "empty":
            os.truncate(path, 0)
        elif how == "cut":
            os.truncate(path, rng.randrange(1, size) if size > 1 else 0)
        elif how == "longer":
            with open(path, "ab") as out:
                out.write(rng.randbytes(1000))
        elif how == "zeros":
            with open(path, "r+b") as out:
                out.seek(rng.randrange(size))
                out.write(bytes(512))
        else:
            old = os.path.join(sample.scratch.path("before"), name)
            if not os.path.exists(old):
                return False
            shutil.copy2(old, path)
        return True

    for name in sample.files:
        for how in ("deleted", "empty", "cut", "longer", "zeros", "old"):
            sample.begin()
            if not change(name, how):
                continue
            tried += 1
            came, wrong = examine(sample, rng, room(name) == "index.db")
            if wrong:
                failures += ["%s %s (%s):" % (name, how, came)] + wrong
    tap.figure(whole_file_damage=tried)
    tap.case(not failures, "files cut, emptied, deleted, put back old: %d "
             "trials, nothing wrong" % tried, failures)


def other_index(tap, sample):
    rng, failures = random.Random(SEED + 2), []
    for version in (0, 1, 7, 99):
        sample.begin()
        index = sqlite3.connect(sample.path(".dig/index.db"))
        now = index.execute("PRAGMA user_version").fetchone()[0]
        index.execute("PRAGMA user_version = %d" % (
            version if version != now else now + 1))
        index.commit()
        index.close()
        _, wrong = examine(sample, rng, True)
        failures += wrong
    for change in ("CREATE TABLE intruder(x)", "CREATE TRIGGER t AFTER INSERT "
                   "ON refs BEGIN DELETE FROM refs; END", "DELETE FROM refs",
                   "DELETE FROM staging", "DELETE FROM commits"):
        sample.begin()
        index = sqlite3.connect(sample.path(".dig/index.db"))
        try:
            index.execute(change)
            index.commit()
        except sqlite3.Error as error:
            tap.note("%s: %s" % (change, error))
        index.close()
        _, wrong = examine(sample, rng, True)
        failures += [change + ":"] + wrong if wrong else []
    tap.case(not failures, "index.db of another version, schema or content is "
             "rebuilt by the next command", failures)


def last_record(tap, sample, most):
    """Each byte of the last journal record, after exit 0 and before."""
    name = ".dig/journal"
    size = [os.path.getsize(os.path.join(sample.scratch.path(s), name))
            for s in ("before", "after")]
    if size[1] <= size[0]:
        tap.case(False, "commit appends to the journal", [str(size)])
        return
    repo, rng, failures = sample.repo, random.Random(SEED + 3), []
    log = sample.log
    offsets = list(range(*size))
    step = max(1, len(offsets) // most)
    tried, came = 0, [0, 0]
    for offset in offsets[::step]:
        for files, index in (((name,), True), ((name + ".2",), True),
                             ((name, name + ".2"), True),
                             ((name,), False), ((name + ".2",), False),
                             ((name, name + ".2"), False)):
            sample.begin("after")
            for each in files:
                flip(sample.path(each), offset, rng.randrange(8))
            if not index:
                os.unlink(sample.path(".dig/index.db"))
            lost = len(files) == 2 and not index
            tried += 1
            came[lost] += 1
            answer = repo.dig("log", "--format=%H", "main")
            ids = answer.out.decode("ascii", "replace").split()
            if answer.code == 0 and ids != log:
                failures.append("byte %d of %s: exit 0 and %d commits of %d"
                                % (offset, files, len(ids), len(log)))
            elif answer.code != (5 if lost else 0):
                failures.append("byte %d of %s%s: %s" % (
                    offset, files, "" if index else " without index.db",
                    answer))
            elif lost and b"journal record" not in answer.err:
                failures.append("the journal is not named: %s" % answer)
            if lost:
                before = sample.snapshot()
                for command in (("status",), ("add", "-A"), ("fsck",),
                                ("commit", "-m", "x")):
                    again = repo.dig(*command)
                    if again.code != 5:
                        failures.append("byte %d of both: %s"
                                        % (offset, again))
                if sample.snapshot() != before:
                    failures.append("byte %d of both: something was written"
                                    % offset)
            if answer.code == 0:
                with open(sample.path("more"), "wb") as out:
                    out.write(b"more\n")
                for command in (("add", "-A"), ("commit", "-m", "x")):
                    again = repo.dig(*command)
                    if again.code != 0:
                        failures.append("byte %d of %s: %s"
                                        % (offset, files, again))
                        break
                else:
                    ids = oracle.listed(repo)[1]
                    if ids[1:] != log:
                        failures.append("byte %d of %s: the next commit "
                                        "dropped history" % (offset, files))
    tap.figure(journal_bytes=len(offsets), journal_flips=tried,
               journal_restored=came[0], journal_refused=came[1])
    tap.case(not failures, "the last journal record damaged after exit 0, %d "
             "flips: restored, or exit 5" % tried, failures)

    failures, torn = [], 0
    for cut in offsets[::step]:
        sample.begin("before")
        after = sample.scratch.path("after")
        for where, _, names in os.walk(os.path.join(after, ".dig/packs")):
            for each in names:
                source = os.path.join(where, each)
                shutil.copy2(source, sample.path(os.path.relpath(source,
                                                                 after)))
        with open(os.path.join(after, name), "rb") as data:
            record = data.read(cut)
        with open(sample.path(name), "wb") as out:
            out.write(record)
        torn += 1
        ledger = Ledger()
        ledger.acked = sample.ledger.acked[:-1]
        ledger.pending = sample.ledger.acked[-1][1]
        wrong = oracle.inspect(repo, ledger, rng, sample=1)
        wrong += oracle.go_on(repo, ledger)
        if wrong:
            failures += ["cut at byte %d:" % (cut - size[0])] + wrong
    tap.figure(journal_torn=torn)
    tap.case(not failures, "the last journal record torn before exit 0, %d "
             "lengths: the earlier state" % torn, failures)


def main():
    tap = oracle.require_program(Tap("flips"))
    scratch = Scratch()
    try:
        sample = Sample(scratch)
        _, wrong = examine(sample, random.Random(SEED), True)
        tap.case(not wrong, "the sample answers rightly without damage", wrong)
        flips(tap, sample, count(90, 5000))
        other_damage(tap, sample)
        other_index(tap, sample)
        last_record(tap, sample, 1 << 30 if oracle.SOAK else 40)
    finally:
        scratch.remove()
    tap.done()


if __name__ == "__main__":
    main()
