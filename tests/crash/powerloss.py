#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Power cuts, replayed.

A short history (init, adds, commits) runs under the recording
library of tests/preload/recorder.c. From its log this program builds the
states of the file system that a power cut at a given moment may leave, and
shows each to the oracle.

What counts as durable: bytes and length of a file up to its last sync; names
in a folder up to the last sync of that folder. What came later may be kept,
dropped, zero, or torn at 512 bytes, each write for itself; names not yet
durable are kept up to a drawn point in each folder. That is less than ext4,
XFS or btrfs promise, on purpose.

Two checks of the method: replaying everything must give what is on the disk,
and a control in which syncs count for nothing must make the oracle fail.
"""
import os
import random
import shutil
import struct

import oracle
from oracle import (PRELOAD, SEED, Ledger, Repo, Scratch, Tap, Tree, count,
                    scan)

SECTOR = 512


class Op:
    __slots__ = ("kind", "a", "b", "c", "p1", "p2", "data")

    def __init__(self, kind, a, b, c, p1, p2, data):
        self.kind, self.a, self.b, self.c = kind, a, b, c
        self.p1, self.p2, self.data = p1, p2, data


def read_log(path, offset=0):
    with open(path, "rb") as log:
        raw = log.read()
    ops, at = [], offset
    while at < len(raw):
        (total,) = struct.unpack_from("<I", raw, at)
        kind, a, b, c, n1, n2 = struct.unpack_from("<cQQQHH", raw, at + 4)
        body = raw[at + 33:at + 4 + total]
        ops.append(Op(kind.decode(), a, b, c, body[:n1], body[n1:n1 + n2],
                      body[n1 + n2:]))
        at += 4 + total
    return ops


def parent(path):
    return path.rpartition(b"/")[0]


class Disk:
    """A file system in memory: names to nodes; a node is a folder (None),
    a link (bytes) or a file (index of its bytes)."""

    def __init__(self):
        self.names, self.files = {}, []

    def new_file(self):
        self.files.append(bytearray())
        return ("file", len(self.files) - 1)

    def move(self, source, target):
        if source not in self.names:
            return
        below = [n for n in self.names if n.startswith(source + b"/")]
        self.names[target] = self.names.pop(source)
        for name in below:
            self.names[target + name[len(source):]] = self.names.pop(name)

    def name_op(self, op, node):
        names = self.names
        if op.kind in "CMK":
            if parent(op.p1) and parent(op.p1) not in names:
                return
            names[op.p1] = node
        elif op.kind == "H":
            if op.p1 in names:
                names[op.p2] = names[op.p1]
        elif op.kind in "UR":
            names.pop(op.p1, None)
        elif op.kind == "N":
            self.move(op.p1, op.p2)
        elif op.kind == "E":
            self.move(op.p1, b"\0swap")
            self.move(op.p2, op.p1)
            self.move(b"\0swap", op.p2)

    def write(self, index, offset, data):
        old = self.files[index]
        if len(old) < offset:
            old.extend(bytes(offset - len(old)))
        old[offset:offset + len(data)] = data

    def resize(self, index, size):
        old = self.files[index]
        if len(old) > size:
            del old[size:]
        else:
            old.extend(bytes(size - len(old)))

    def build(self, folder):
        os.makedirs(folder)
        top = os.fsencode(folder)
        for name in sorted(self.names):
            node, path = self.names[name], os.path.join(top, name)
            if not os.path.isdir(os.path.dirname(path)):
                continue
            if node[0] == "dir":
                os.mkdir(path, 0o700)
            elif node[0] == "link":
                os.symlink(node[1], path)
            else:
                with open(path, "wb") as out:
                    out.write(self.files[node[1]])
                os.chmod(path, node[2] if len(node) > 2 else 0o600)


class History:
    """The log, with each operation's file told apart even where an inode
    number was used again, and with the operation that makes it durable."""

    def __init__(self, start, ops):
        self.start, self.ops = start, ops
        self.target = [None] * len(ops)  # file index of C W T A S
        self.dirs = [()] * len(ops)      # folders that a name operation changes
        self.durable = [None] * len(ops)
        files, paths = dict(start.inodes), len(start.files)
        waiting_bytes, waiting_names = {}, {}
        # A folder is known by its path; a rename of it moves what waits.
        for i, op in enumerate(ops):
            if op.kind == "C":
                files[op.a] = paths
                self.target[i] = paths
                paths += 1
            elif op.kind in "WTA":
                self.target[i] = files.get(op.a)
                waiting_bytes.setdefault(self.target[i], []).append(i)
            elif op.kind == "S":
                self.target[i] = files.get(op.a)
                for j in waiting_bytes.pop(self.target[i], []):
                    self.durable[j] = i
            elif op.kind == "D":
                for j in waiting_names.pop(op.p1, []):
                    if self.durable[j] is None:
                        self.durable[j] = i
            if op.kind in "CMKURNEH":
                folders = {parent(op.p1)}
                if op.kind in "NEH":
                    folders.add(parent(op.p2))
                self.dirs[i] = tuple(sorted(folders))
                for folder in folders:
                    waiting_names.setdefault(folder, []).append(i)
                if op.kind in "NE":
                    for old in [f for f in waiting_names
                                if f == op.p1 or f.startswith(op.p1 + b"/")]:
                        new = op.p2 + old[len(op.p1):]
                        waiting_names.setdefault(new, []).extend(
                            waiting_names.pop(old))
        self.nfiles = paths
        self.unknown = [op.p1.decode() for op in ops if op.kind == "X"] + [
            "a write to an unknown inode" for i, op in enumerate(ops)
            if op.kind in "WTA" and self.target[i] is None]

    def state(self, upto, rng, how, syncs=True):
        """The disk after a cut behind operation `upto` (exclusive)."""
        disk = Disk()
        disk.names = dict(self.start.names)
        disk.files = [bytearray(f) for f in self.start.files]
        disk.files += [bytearray() for _ in range(self.nfiles
                                                  - len(disk.files))]
        cut = {}
        pending_by_dir = {}
        for i in range(upto):
            if self.dirs[i] and not self.is_durable(i, upto, syncs):
                for folder in self.dirs[i]:
                    pending_by_dir.setdefault(folder, []).append(i)
        for folder, pending in pending_by_dir.items():
            keep = {"all": len(pending), "none": 0}.get(
                how, rng.randrange(len(pending) + 1))
            cut[folder] = set(pending[keep:])
        for i in range(upto):
            op, kind = self.ops[i], self.ops[i].kind
            sure = self.is_durable(i, upto, syncs)
            if self.dirs[i]:
                if sure or i not in cut.get(self.dirs[i][-1], ()):
                    node = (("file", self.target[i]) if kind == "C" else
                            ("dir",) if kind == "M" else ("link", op.p2))
                    disk.name_op(op, node)
            elif kind == "W":
                self.bytes_op(disk, i, op, sure, rng, how)
            elif kind == "T":
                if sure or how == "all" or (how != "none"
                                            and rng.random() < .5):
                    disk.resize(self.target[i], op.b)
            elif kind == "A" and not op.c & 1:  # without KEEP_SIZE
                if len(disk.files[self.target[i]]) < op.b and (
                        sure or how == "all"):
                    disk.resize(self.target[i], op.b)
        return disk

    def is_durable(self, i, upto, syncs):
        return syncs and self.durable[i] is not None and self.durable[i] < upto

    def bytes_op(self, disk, i, op, sure, rng, how):
        index = self.target[i]
        if sure or how == "all":
            disk.write(index, op.b, op.data)
            return
        if how == "none":
            return
        fate = rng.randrange(5)
        if fate == 0:
            disk.write(index, op.b, op.data)
        elif fate == 1:
            disk.write(index, op.b, bytes(len(op.data)))
        elif fate == 2:
            at, end = op.b, op.b + len(op.data)
            while at < end:
                stop = min(end, (at // SECTOR + 1) * SECTOR)
                if rng.random() < .5:
                    disk.write(index, at, op.data[at - op.b:stop - op.b])
                at = stop
        elif fate == 3:
            disk.write(index, op.b,
                       op.data[:rng.randrange(len(op.data) + 1)
                               // SECTOR * SECTOR])


def snapshot(folder):
    """The disk as it is, all of it durable."""
    disk, top = Disk(), os.fsencode(folder)
    disk.inodes = {}
    for where, dirs, files in os.walk(top):
        for name in dirs + files:
            path = os.path.join(where, name)
            rel = os.path.relpath(path, top)
            info = os.lstat(path)
            if os.path.islink(path):
                disk.names[rel] = ("link", os.readlink(path))
            elif os.path.isdir(path):
                disk.names[rel] = ("dir",)
            else:
                node = disk.new_file()
                with open(path, "rb") as data:
                    disk.files[node[1]][:] = data.read()
                disk.names[rel] = node + (info.st_mode & 0o777,)
                disk.inodes[info.st_ino] = node[1]
    return disk


def contents(disk):
    return {n: (node[0], bytes(disk.files[node[1]]) if node[0] == "file"
                else node[1:]) for n, node in disk.names.items()}


class Step:
    """One command of the history: where it ends in the log, what it says."""

    def __init__(self, command, first, ledger, staged):
        self.command, self.first, self.last = command, first, 0
        self.ledger, self.staged = ledger, staged  # before it
        self.after = self.after_staged = None      # once it has answered
        self.code = self.error = None


def ours(path):
    return path.startswith(b"repo/.dig") or path == b"repo"


def keep_only_dig(ops, inodes):
    """Working files belong to the user: only what is not theirs is replayed."""
    kept, inodes = [], set(inodes)
    for op in ops:
        if op.kind == "C" and ours(op.p1):
            inodes.add(op.a)
        elif op.kind == "C":
            inodes.discard(op.a)
        if op.kind in "WTAS":
            kept.append(op.a in inodes)
        elif op.kind in "NEH":
            kept.append(ours(op.p1) or ours(op.p2))
        elif op.kind == "D":
            kept.append(True)
        elif op.kind in "XF":
            kept.append(True)
        else:
            kept.append(ours(op.p1))
    return kept


def explore(scratch, history, steps, works, picks, rng, syncs=True, stop=0,
            finish=None):
    """Show the picked states to the oracle; the list of what was broken.
    finish: a command that has to put away what the one that was cut left."""
    broken = []
    for number, (upto, how, seed) in enumerate(picks):
        if stop and broken:
            break
        disk = history.state(upto, random.Random(seed), how, syncs)
        area = scratch.path("state")
        shutil.rmtree(area, ignore_errors=True)
        disk.build(area)
        step = next((s for s in steps if upto < s.last), steps[-1])
        over = upto >= steps[-1].last
        wrong = judge(scratch, area, works, step, over, rng, finish)
        if wrong:
            broken.append("state %d: cut at %d of %d (in '%s'), rest %s:" % (
                number, upto, len(history.ops), " ".join(step.command), how))
            broken += wrong
            if os.environ.get("KEEP") == "1":
                oracle.copy(area, scratch.path("broken%d" % number))
    shutil.rmtree(scratch.path("state"), ignore_errors=True)
    return broken


def judge(scratch, area, works, step, over, rng, finish):
    work = os.path.join(area, "repo")
    oracle.copy(works[step] + "/.", work)
    repo, wrong = Repo(scratch, work), []
    ledger = (step.after if over else step.ledger).copy()
    staged = step.after_staged if over else step.staged
    if step.command[0] == "init" and not over:
        answer = repo.dig("init")
        if answer.code != 0:
            return ["init after a cut in init: %s" % answer]
    before = len(ledger.acked)
    wrong += oracle.inspect(repo, ledger, rng)
    if wrong:
        return wrong
    if finish:
        answer = repo.dig(*finish)
        if answer.code != 0:
            return ["again: %s" % answer]
    if staged is not None and len(ledger.acked) == before and \
            not (step.command[0] == "add" and not over):
        answer = repo.dig("commit", "-m", "what was staged")
        if answer.code != 0:
            return ["staged files: %s" % answer]
        ledger.acked.append((repo.head(), staged))
        wrong += oracle.same_commit(repo, "HEAD", staged)
    return wrong + oracle.go_on(repo, ledger)


def choose(history, steps, rng, how_many):
    """Cuts beside every sync first, then anywhere; none and all kept first."""
    ends = [s.last for s in steps]
    near = sorted({j for i, op in enumerate(history.ops) if op.kind in "SD"
                   for j in (i, i + 1)} | set(ends))
    picks = [(at, how, rng.getrandbits(40)) for at in near
             for how in ("none", "torn", "torn")]
    if len(picks) > how_many:
        sure = [(end, "none", 1) for end in ends]
        picks = sure + rng.sample(picks, how_many - len(sure))
    while len(picks) < how_many:
        picks.append((rng.randrange(len(history.ops) + 1),
                      rng.choice(("torn", "torn", "torn", "none", "all")),
                      rng.getrandbits(40)))
    return picks


COMMANDS = [("init",), ("add", "-A"), ("commit", "-m", "one"), ("edit", 12),
            ("add", "-A"), ("commit", "-m", "two"), ("edit", 6),
            ("commit", "-a", "-m", "three"), ("edit", 5), ("add", "-A")]
# Names so long that a small checkpoint follows one of the last.
BRANCHES = [("branch", *delete, "%02d" % i + 950 * "x")
            for i in range(16) for delete in ((), ("-D",))]
# A tag object that is gone makes a gc write the pack anew.
GC = [("tag", "-a", "-m", "in vain", "v"), ("tag", "-d", "v"),
      ("gc", "--keep-ops", "0", "-q"), ("edit", 5), ("add", "-A"),
      ("commit", "-m", "after gc")]


def prepare(scratch, rng, name, commands, fail=None, before=0):
    """Record, and for every step keep the working files as they were. The
    first `before` commands are not recorded: their result is where it begins.
    """
    area = scratch.path(name)
    os.makedirs(os.path.join(area, "repo"))
    repo = Repo(scratch, os.path.join(area, "repo"))
    tree = Tree(rng, repo.work, big=1000000)
    tree.grow(30)
    log = scratch.path(name + ".log")
    with open(log, "wb"):
        pass
    start = Disk()
    start.inodes = {}
    start.names[b"repo"] = ("dir",)
    record = {"LD_PRELOAD": os.path.join(PRELOAD, "recorder.so"),
              "DIG_RECORD_ROOT": area, "DIG_RECORD_LOG": log}
    env = {} if before else dict(record)
    ledger, steps, works, staged, begun = Ledger(), [], {}, None, 0
    for i, command in enumerate(commands):
        if command[0] == "edit":
            tree.edit(command[1])
            continue
        more = dict(env)
        if fail and fail[0] == i:
            more["DIG_RECORD_FAIL"] = str(fail[1])
        now = scan(repo.work)
        if command[:2] == ("commit", "-a"):
            known = ledger.acked[-1][1]
            now = {p: what for p, what in now.items() if p in known}
            ledger.pending = now
        elif command[0] == "commit":
            ledger.pending = staged or ledger.acked[-1][1]
        if i == before > 0:
            start = snapshot(area)
            start.names = {n: v for n, v in start.names.items() if ours(n)}
            env.update(record)
            more.update(record)
        step = Step(command, begun, ledger.copy(), staged)
        if i >= before:
            steps.append(step)
        saved = scratch.path("%s.work%d" % (name, i))
        save_work(repo.work, saved)
        works[step] = saved
        answer = repo.dig(*command, env=more)
        step.code, step.error = answer.code, str(answer)
        step.last = begun = len(read_log(log))
        if answer.code == 0 and command[0] == "add":
            staged = now
        elif answer.code == 0 and command[0] == "commit":
            # Recorded too: it may bring an index that is behind up to date.
            head = repo.must("rev-parse", "HEAD", env=env).decode().strip()
            begun = len(read_log(log))
            ledger.acked.append((head, ledger.pending))
            staged = None
        if answer.code == 0:
            ledger.pending = None
        step.after, step.after_staged = ledger.copy(), staged
        if answer.code != 0:
            # What comes next finds a record that may be nowhere but in the
            # page cache. It may be taken or dropped, but for good.
            staged = None if command[0] == "add" else staged
            again = Step(("status",), begun, ledger.copy(), staged)
            again.after, again.after_staged = ledger.copy(), staged
            works[again] = saved
            answer = repo.dig("status", env=env)
            again.code, again.error = step.code, step.error
            if answer.code != 0:
                again.code, again.error = answer.code, str(answer)
            again.last = len(read_log(log))
            steps.append(again)
            break
    ops = read_log(log)
    kept = keep_only_dig(ops, start.inodes)
    index, new = [0], []
    for op, keep in zip(ops, kept):
        if keep:
            new.append(op)
        index.append(len(new))
    for step in steps:
        step.first, step.last = index[step.first], index[step.last]
    return area, repo, History(start, new), steps, works


def save_work(work, saved):
    """The working files without .dig."""
    oracle.copy(work, saved)
    shutil.rmtree(os.path.join(saved, ".dig"), ignore_errors=True)


def check_method(tap, area, history):
    """All kept must be what is there; else the recorder has missed a call."""
    disk = history.state(len(history.ops), random.Random(0), "all")
    got = {n: v for n, v in contents(disk).items()
           if n.startswith(b"repo/.dig")}
    want = {n: v for n, v in contents(snapshot(area)).items()
            if n.startswith(b"repo/.dig")}
    bad = [repr(n) for n in sorted(set(want) | set(got))
           if want.get(n) != got.get(n)]
    tap.case(not bad and not history.unknown and want,
             "replaying all of the log gives what is on the disk",
             bad + history.unknown)


def checkpoints(area):
    """How many checkpoint records the journal has."""
    with open(os.path.join(area, "repo/.dig/journal"), "rb") as journal:
        raw = journal.read()
    return sum(raw[at + 72] & 1 for at in range(len(raw) - 72)
               if raw[at:at + 4] == b"DIJ1")


def failing_syncs(tap, scratch, rng, limit):
    """EIO at each sync of add and commit, then the power goes: exit 0 means
    that the commit is there all the same."""
    broken, tried = [], 0
    for target in (5, 4, 2, 1):
        for nth in range(1, limit + 1):
            name = "eio%d.%d" % (target, nth)
            area, _, history, steps, works = prepare(
                scratch, random.Random(SEED), name, COMMANDS[:6],
                (target, nth))
            hit = any(op.kind == "F" for op in history.ops)
            if hit:
                tried += 1
                if steps[-1].code not in (0, 9):
                    broken.append("sync %d: %s" % (nth, steps[-1].error))
                picks = [(len(history.ops), "none", 1),
                         (len(history.ops), "torn", rng.getrandbits(40))]
                picks += [(at, "torn", rng.getrandbits(40)) for at in range(
                    steps[-1].first, steps[-1].last)][:50 if oracle.SOAK else 6]
                broken += explore(scratch, history, steps, works, picks, rng)
            for used in {area, *works.values()}:
                shutil.rmtree(used, ignore_errors=True)
            if not hit:
                break
    tap.figure(sync_failures=tried)
    tap.case(tried > 0 and not broken, "EIO at a sync and then a power cut, "
             "%d points: no exit 0 without the commit" % tried, broken)


def main():
    tap = oracle.require_program(Tap("powerloss"))
    if not os.path.exists(os.path.join(PRELOAD, "recorder.so")):
        tap.skip("power cuts", "recorder.so is not built: make tools")
        tap.done()
    scratch, rng = Scratch(), random.Random(SEED)
    scratch.small_groups()
    try:
        area, _, history, steps, works = prepare(scratch, rng, "run", COMMANDS)
        bad = [s.error for s in steps if s.code != 0]
        packs = os.listdir(os.path.join(area, "repo/.dig/packs"))
        if not [n for n in packs if n.endswith(".par")]:
            bad.append("no group became full: %s" % packs)
        tap.case(not bad, "the history runs under the recorder", bad)
        tap.note("%d operations, %d syncs" % (
            len(history.ops), sum(o.kind in "SD" for o in history.ops)))
        check_method(tap, area, history)
        picks = choose(history, steps, rng, count(150, 5000))
        broken = explore(scratch, history, steps, works, picks, rng)
        tap.figure(states=len(picks), operations=len(history.ops),
                   broken=sum(b.startswith("state") for b in broken))
        tap.case(not broken, "%d states after a power cut: the old or the new"
                 % len(picks), broken)
        control = choose(history, steps, rng, 40)
        found = explore(scratch, history, steps, works, control, rng,
                        syncs=False, stop=1)
        tap.case(found, "the control, in which no sync counts, is found out")
        area, _, history, steps, works = prepare(
            scratch, rng, "refs", COMMANDS[:3] + BRANCHES, before=30)
        picks = choose(history, steps, rng, count(40, 2000))
        picks += [(min(i + at, len(history.ops)), "torn", rng.getrandbits(40))
                  for i, op in enumerate(history.ops)
                  if op.kind == "W" and b"DIJ1" in op.data
                  for at in (1, 2) for _ in range(count(3, 100))]
        more = explore(scratch, history, steps, works, picks, rng)
        tap.figure(checkpoint_states=len(picks))
        tap.case(not more and checkpoints(area) > 1, "%d states while "
                 "checkpoints are written: the old or the new" % len(picks),
                 more)
        _, _, history, steps, works = prepare(
            scratch, rng, "gc", COMMANDS[:3] + GC, before=5)
        bad = [s.error for s in steps if s.code != 0]
        picks = choose(history, steps, rng, count(16, 2000))
        more = bad + explore(scratch, history, steps, works, picks, rng,
                             finish=GC[2])
        tap.figure(gc_states=len(picks))
        tap.case(not more, "%d states of a gc: nothing is lost" % len(picks),
                 more)
        failing_syncs(tap, scratch, rng, 8 if not oracle.SOAK else 1000)
    finally:
        scratch.remove()
    tap.done()


if __name__ == "__main__":
    main()
