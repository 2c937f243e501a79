#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads a dig repository without dig: a second implementation, made from
docs/format.md alone, with Python's standard library and the program zstd.

    digread.py [--no-checksum] [--no-cuts] DIG_DIR          check everything
    digread.py ... DIG_DIR --export DIR                     and write files

index.db is not looked at. Prints a line for each ref and commit; --export
writes every file of every commit below DIR/COMMIT. Exits 1 at the first thing
that docs/format.md does not allow.
"""
import argparse
import functools
import hashlib
import os
import subprocess
import sys
import tempfile

from xxh3 import xxh3

CHUNK, CONTENT, TREE, COMMIT, TAG, STATE, SOLID, RUN = range(1, 9)
CELL = 65536
OBJECT_MAX = 8 << 20
ZEROS = bytes(32)


class Bad(Exception):
    """Bytes that docs/format.md does not allow."""


def need(condition, what):
    if not condition:
        raise Bad(what)


def H(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


class Cursor:
    def __init__(self, data, at=0, end=None):
        self.data, self.at = data, at
        self.end = len(data) if end is None else end

    def raw(self, n):
        need(n <= self.end - self.at, "cut short")
        self.at += n
        return self.data[self.at - n:self.at]

    def uint(self, size):
        return int.from_bytes(self.raw(size), "big")

    def varint(self):
        value = 0
        for i in range(10):
            byte = self.uint(1)
            value |= (byte & 127) << 7 * i
            if byte < 128:
                need(byte or i == 0, "a varint that is too long")
                need(value < 1 << 64, "a varint beyond 64 bits")
                return value
        raise Bad("a varint that is too long")

    def bytes(self):
        return self.raw(self.varint())

    def done(self):
        return self.at == self.end


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + bytes([n]))


def lbytes(data):
    return varint(len(data)) + data


def merkle(leaves, join):
    """RFC 6962: the left part is the largest power of two below n."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return join(merkle(leaves[:k], join), merkle(leaves[k:], join))


# ---- Section 3: chunks --------------------------------------------------

GEAR = [int.from_bytes(H(b"dig gear 1", bytes([i]))[:8], "big")
        for i in range(256)]


def cut(data, at):
    n = min(len(data) - at, 524288)
    h = 0
    for i in range(32768, n):
        h = (h << 1) + GEAR[data[at + i]] & 0xffffffffffffffff
        mask = 0xffffc00000000000 if i < 122880 else 0xfffe000000000000
        if h & mask == 0:
            return i + 1
    return n


# ---- Section 10: packs --------------------------------------------------

class Record:
    def __init__(self, pack, at):
        cur = Cursor(pack.data, at, pack.length)
        need(cur.uint(1) == 0xd6, f"no record in {pack.name} at {at}")
        self.pack, self.at = pack, at
        tag = cur.uint(1)
        self.kind, self.codec = tag & 15, tag >> 4
        need(1 <= self.kind <= 8 and self.codec <= 2, "kind or codec")
        self.raw_len, self.stored_len = cur.varint(), cur.varint()
        self.id = cur.raw(32)
        self.distance = self.base = self.slot = None
        if self.codec == 2:
            need(1 <= cur.varint() <= 4094, "chain position")
            self.distance = cur.varint()
            if self.distance:
                self.slot = cur.varint()
            else:
                self.base = cur.raw(32)
        summed = pack.data[at:cur.at]
        self.sum = cur.uint(8)
        self.payload = cur.raw(self.stored_len)
        self.end = cur.at
        if pack.repo.checksums:
            need(xxh3(summed + self.payload) == self.sum,
                 f"checksum in {pack.name} at {at}")
        self.check_lengths()

    def check_lengths(self):
        if self.kind == RUN:
            need(self.codec == 0 and self.raw_len == self.stored_len, "run")
        elif self.kind == SOLID:
            need(self.codec < 2 and 0 < self.raw_len <= OBJECT_MAX and
                 self.stored_len <= 2 * OBJECT_MAX, "solid lengths")
        else:
            need(0 < self.raw_len <= OBJECT_MAX, "raw length")
            need(self.stored_len == self.raw_len if self.codec == 0 else
                 0 < self.stored_len <= self.raw_len + 1024, "stored length")

    def directory(self):
        """(kind, id, offset in the data, length) of a solid's objects."""
        cur, offset, items = Cursor(self.payload), 0, []
        count = cur.varint()
        need(1 <= count <= 4096, "objects in a solid")
        for _ in range(count):
            kind, length = cur.uint(1), cur.varint()
            need(1 <= kind <= 6 and 0 < length <= OBJECT_MAX, "solid item")
            items.append((kind, cur.raw(32), offset, length))
            offset += length
        need(offset == self.raw_len, "lengths of a solid")
        need(H(b"\x30", self.payload[:cur.at]) == self.id, "id of a solid")
        return items, cur.at


def unzstd(frame, raw_len, base=None):
    need(frame[:4] == b"\x28\xb5\x2f\xfd" and frame[4] & 3 == 0, "frame")
    command = ["zstd", "-d", "-q", "-c", "--memory=64MB"]
    if base is None:
        raw = subprocess.run(command, input=frame, stdout=subprocess.PIPE,
                             check=True).stdout
    else:
        with tempfile.TemporaryDirectory() as folder:
            names = [os.path.join(folder, name) for name in ("base", "frame")]
            for name, data in zip(names, (base, frame)):
                with open(name, "wb") as file:
                    file.write(data)
            raw = subprocess.run(command + [f"--patch-from={names[0]}",
                                            names[1]],
                                 stdout=subprocess.PIPE, check=True).stdout
    need(len(raw) == raw_len, "length of a frame")
    return raw


class Pack:
    def __init__(self, repo, number, flags, length, run):
        self.repo, self.number, self.length = repo, number, length
        self.bulk, self.sealed = bool(flags & 1), bool(flags & 2)
        self.name = f"packs/{number:06}.pack"
        with open(os.path.join(repo.dir, self.name), "rb") as file:
            self.data = file.read(length)
        need(len(self.data) == length, f"{self.name} is too short")
        cur = Cursor(self.data)
        need(cur.raw(8) == b"digpack\n" and cur.uint(4) == 1, "pack header")
        need(cur.uint(4) == (flags & 1) and cur.uint(8) == number and
             cur.raw(32) == repo.store_id, "pack header")
        need(cur.uint(8) == xxh3(self.data[:56]), "pack header's checksum")
        self.records = {}
        self.scan(run)

    def scan(self, run):
        at, last_run, objects, since = 64, 0, [], []
        trailer = False
        while at < self.length:
            if (self.bulk and self.data[at] == 0 and at % 4096 != 0 and
                    not trailer):
                end = at + -at % 4096
                need(not any(self.data[at:end]), "padding")
                at = end
                continue
            if trailer:
                seal = self.data[-16:]
                need(not any(self.data[at:-16]), "before the seal")
                need(seal == b"digseal\n" + last_run.to_bytes(8, "big"),
                     "seal")
                break
            record = self.records[at] = Record(self, at)
            if record.kind == RUN:
                trailer = record.payload[0] == 1
                self.check_run(record, 0 if trailer else last_run,
                               objects if trailer else since)
                last_run, since = at, []
            else:
                found = [(record.id, record.kind, at, 0)]
                if record.kind == SOLID:
                    found = [(item[1], item[0], at, slot + 1) for slot, item
                             in enumerate(record.directory()[0])]
                objects += found
                since += found
            at = record.end
        need(last_run == run and trailer == self.sealed, "last run")
        for id_, kind, at, slot in objects:
            self.repo.places.setdefault((kind, id_), []).append(
                (self, at, slot))

    @staticmethod
    def check_run(record, previous, objects):
        cur = Cursor(record.payload)
        need(H(b"\x31", record.payload) == record.id, "id of a run")
        need(cur.uint(1) <= 1, "trailer byte")
        objects = sorted(objects)
        need(cur.uint(8) == len(objects), "entries of a run")
        need(cur.uint(8) == previous, "run before")
        bits = cur.uint(8)
        need(bits == (64 if len(objects) < 7 else 10 * len(objects)), "bits")
        for first in range(256):
            need(cur.uint(4) == sum(o[0][0] <= first for o in objects),
                 "fan-out")
        want = bytearray((bits + 7) // 8)
        for id_, kind, at, slot in objects:
            need(cur.raw(41) == id_ + bytes([kind]) + at.to_bytes(6, "big") +
                 slot.to_bytes(2, "big"), "entry of a run")
            a = int.from_bytes(id_[8:16], "big")
            b = int.from_bytes(id_[16:24], "big") | 1
            for j in range(7):
                bit = (a + j * b & (1 << 64) - 1) % bits
                want[bit // 8] |= 1 << bit % 8
        need(cur.raw(len(want)) == want and cur.done(), "filter of a run")

    def lower_than(self, other):
        if self.bulk != other.bulk:
            return self.bulk
        return self.number < other.number


# ---- Section 12: the journal --------------------------------------------

def journal_record(data, at, last):
    """The good record at an offset, or None."""
    cur = Cursor(data, at)
    try:
        need(cur.raw(4) == b"DIJ1", "magic")
        length = cur.uint(4)
        need(length <= 256 << 20, "length")
        seq, _op, _time = cur.uint(8), cur.uint(8), cur.uint(8)
        previous, checkpoint, flags = cur.raw(32), cur.uint(8), cur.uint(1)
        body, end = Cursor(data, cur.at, cur.at + length), cur.at + length
        cur.raw(length)
        need(xxh3(data[at:end]) == cur.uint(8), "checksum")
    except Bad:
        return None
    sections = {}
    while not body.done():
        tag = body.uint(1)
        need((1 <= tag <= 8 or 16 <= tag <= 31) and tag not in sections,
             "section")
        sections[tag] = Cursor(body.bytes())
    is_checkpoint = flags == 1
    need(flags <= 1 and (checkpoint == at if is_checkpoint else
                         checkpoint < at), "checkpoint")
    if last is None:
        need(is_checkpoint and (seq == 1) == (previous == ZEROS),
             "first record")
    else:
        need(seq == last[0] + 1 and previous == last[1], "journal chain")
    return seq, H(data[at:cur.at]), is_checkpoint, sections, cur.at


def read_head(cur):
    return (cur.bytes().decode(), None) if cur.uint(1) else (None, cur.raw(32))


def gf_times(a, b):
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = a << 1 ^ (0x11d if a & 0x80 else 0)
        b >>= 1
    return product


@functools.lru_cache(maxsize=None)
def gf_inverse(a):
    return next(b for b in range(256) if gf_times(a, b) == 1)


@functools.lru_cache(maxsize=None)
def gf_table(by):
    return bytes(gf_times(by, byte) for byte in range(256))


def parity_cell(cells, data, which):
    """The parity cell of a stripe: each cell times its coefficient, summed."""
    total = 0
    for i, cell in enumerate(cells):
        table = gf_table(gf_inverse(data + which ^ i))
        total ^= int.from_bytes(cell.ljust(CELL, b"\0").translate(table),
                                "little")
    return total.to_bytes(CELL, "little")


def check_parity(repo, pack, data, parity, length):
    with open(f"{repo.dir}/packs/{pack.number:06}.par", "rb") if length else \
            open(os.devnull, "rb") as file:
        par = file.read(length)
    need(len(par) == length, "a .par file is too short")
    at, start, number, group = 0, 0, 0, 16 * data * CELL
    while start < pack.length and (pack.sealed or
                                   start + group <= pack.length):
        part = pack.data[start:min(start + group, pack.length)]
        cells = [part[i:i + CELL] for i in range(0, len(part), CELL)]
        stripes = min(16, len(cells))
        cur = Cursor(par, at)
        need(cur.raw(8) == b"digpgrp\n" and cur.raw(32) == repo.store_id and
             (cur.uint(8), cur.uint(8), cur.uint(8), cur.uint(4)) ==
             (pack.number, number, len(part), CELL) and
             cur.raw(4) == bytes((16, data, parity, 0)), "head of a group")
        sums = [cur.uint(8) for _ in range(len(cells) + stripes * parity)]
        if repo.checksums:
            need(xxh3(par[at:cur.at]) == cur.uint(8), "checksum of a head")
        else:
            cur.uint(8)
        head = par[at:cur.at]
        for stripe in range(stripes):
            for which in range(parity):
                cell = cur.raw(CELL)
                need(cell == parity_cell(cells[stripe::16], data, which),
                     "a parity cell")
                cells.append(cell)
        need(cur.raw(len(head)) == head, "the second head")
        if repo.checksums:
            need(all(xxh3(c) == s for c, s in zip(cells, sums)),
                 "checksum of a cell")
        at, start, number = cur.at, start + len(part), number + 1
    need(at == length, "length of a .par file")
    if start < pack.length:
        with open(f"{repo.dir}/packs/{pack.number:06}.{number:04}.tail",
                  "rb") as file:
            need(file.read(pack.length - start) == pack.data[start:],
                 "the mirror")


class Repo:
    def __init__(self, folder, checksums, cuts):
        self.dir, self.checksums, self.cuts = folder, checksums, cuts
        self.places, self.cache, self.checked = {}, {}, set()
        self.refs, self.packs, self.store_id = {}, {}, None
        self.parity = {}
        self.head, self.staged, self.state = (None, ZEROS), H(b"\x13"), ZEROS
        need(self.read("format") == b"dig-repository 1\n", "format")
        for name in ("format", "config"):
            need(self.read(name) == self.read(name + ".2"), name + ".2")
        self.read_journal()
        for number, (flags, length, run) in sorted(self.packs.items()):
            self.packs[number] = Pack(self, number, flags, length, run)
            if self.parity.get(number, (0,))[0]:
                check_parity(self, self.packs[number], *self.parity[number])

    def read(self, name):
        with open(os.path.join(self.dir, name), "rb") as file:
            return file.read()

    def read_journal(self):
        data, copy = self.read("journal"), self.read("journal.2")
        need(data.startswith(copy), "journal.2 has other bytes")
        at, last = 0, None
        while at < len(data):
            record = journal_record(data, at, last)
            if record is None:
                break
            self.apply(record)
            last, at = record, record[4]
        need(last is not None, "an empty journal")
        need(at >= len(copy), "the copy has more than the journal")

    def apply(self, record):
        _seq, _hash, is_checkpoint, sections, _end = record
        if is_checkpoint:
            need({1, 3, 4, 5, 6, 7} <= set(sections), "checkpoint sections")
            self.refs, self.packs = {}, {}
        for tag, cur in sections.items():
            if tag == 1:
                store = cur.raw(32)
                need(self.store_id in (None, store), "store id")
                need(cur.varint() == 1 and cur.varint() > 0, "profile")
                self.store_id = store
            elif tag == 2:
                need(0 not in cur.bytes(), "verb")
            elif tag == 3:
                for _ in range(cur.varint()):
                    name, flags = cur.bytes().decode(), cur.uint(1)
                    need(flags <= 3, "ref flags")
                    old = cur.raw(32) if flags & 1 else None
                    need(is_checkpoint or self.refs.get(name) == old, "ref")
                    self.refs[name] = cur.raw(32) if flags & 2 else None
                    if not flags & 2:
                        del self.refs[name]
            elif tag == 4:
                old, new = read_head(cur), read_head(cur)
                need(is_checkpoint or old == self.head, "head before")
                self.head = new
            elif tag == 5:
                need(cur.raw(32) == self.staged or is_checkpoint, "staged")
                self.staged = cur.raw(32)
            elif tag == 6:
                need(cur.raw(32) == self.state or is_checkpoint, "operation")
                self.state = cur.raw(32)
            elif tag == 7:
                for _ in range(cur.varint()):
                    number, flags = cur.varint(), cur.uint(1)
                    need(flags <= 3, "pack flags")
                    self.packs[number] = (flags, cur.varint(), cur.varint())
            elif tag == 8:
                cur.varint(), cur.varint(), cur.varint()
            elif tag == 16:
                for _ in range(cur.varint()):
                    number, data, cells = cur.varint(), cur.uint(1), cur.uint(1)
                    length = cur.varint()
                    need((1 <= data <= 64 and 1 <= cells <= 16) or
                         (data, cells, length) == (0, 0, 0), "parity")
                    self.parity[number] = (data, cells, length)
            need(tag > 16 or cur.done(), "bytes behind a section")

    # ---- objects

    def at(self, kind, pack, at, slot, depth=1):
        """The bytes that stand at a place."""
        key = (pack.number, at, slot)
        if key in self.cache:
            return self.cache[key]
        need(depth <= 64, "a chain that is too deep")
        need(at in pack.records, "no record where a base should be")
        record = pack.records[at]
        if slot:
            items, frame = record.directory()
            need(record.kind == SOLID and slot <= len(items), "slot")
            raw = record.payload[frame:]
            if record.codec == 1:
                raw = unzstd(raw, record.raw_len)
            need(len(raw) == record.raw_len, "data of a solid")
            for n, (_kind, _id, offset, length) in enumerate(items):
                self.cache[pack.number, at, n + 1] = raw[offset:
                                                         offset + length]
            need(items[slot - 1][0] == kind, "kind of a base")
            return self.cache[key]
        need(record.kind == kind, "kind of a base")
        if record.codec == 0:
            raw = record.payload
        elif record.codec == 1:
            raw = unzstd(record.payload, record.raw_len)
        else:
            raw = unzstd(record.payload, record.raw_len,
                         self.base_of(record, depth))
        self.cache[key] = raw
        return raw

    def base_of(self, record, depth):
        if record.distance:
            return self.at(record.kind, record.pack,
                           record.at - record.distance, record.slot,
                           depth + 1)
        for pack, at, slot in self.places.get((record.kind, record.base), []):
            if pack.lower_than(record.pack):
                return self.at(record.kind, pack, at, slot, depth + 1)
        raise Bad("a base that no lower pack has")

    def get(self, kind, id_):
        need((kind, id_) in self.places, f"no object {kind} {id_.hex()}")
        return self.at(kind, *self.places[kind, id_][0])

    def check_objects(self):
        """Every object at every place hashes to its id."""
        prefix = {CHUNK: b"", COMMIT: b"\x20", TAG: b"\x21", STATE: b"\x22"}
        for (kind, id_), places in self.places.items():
            for place in places:
                raw = self.at(kind, *place)
                if kind == CONTENT:
                    found = content_node(raw)[2]
                elif kind == TREE:
                    found = tree_node(raw)[2]
                else:
                    found = H(prefix[kind], raw)
                need(found == id_, f"id of {kind} {id_.hex()}")

    # ---- Section 4: contents

    def content(self, entry):
        """The bytes of a tree entry."""
        path, _kind, size, form, id_ = entry
        if form in (0, 3):
            return b""
        if form == 1:
            data = self.get(CHUNK, id_)
        else:
            level = content_node(self.get(CONTENT, id_))[0]
            chunks = list(self.chunks(id_, size, level, True, True))
            data = b"".join(self.get(CHUNK, chunk) for chunk, _ in chunks)
            need([len(self.get(CHUNK, c)) for c, _ in chunks] ==
                 [length for _, length in chunks], "length of a chunk")
            self.check_cuts(data, [length for _, length in chunks])
        need(len(data) == size, f"size of {path!r}")
        return data

    def chunks(self, id_, length, level, is_last, is_top):
        has, parts, found = content_node(self.get(CONTENT, id_))
        need(found == id_ and sum(p[0] for p in parts) == length, "content")
        need(has == level or (is_last and has < level), "content level")
        need(is_last or len(parts) == 1024, "a content node is not full")
        need(not is_top or len(parts) > 1, "content top")
        for i, (size, part) in enumerate(parts):
            if has == 0:
                yield part, size
            else:
                yield from self.chunks(part, size, has - 1, is_last and
                                       i + 1 == len(parts), False)

    def check_cuts(self, data, lengths):
        if not self.cuts or len(data) > 4 << 20:
            return
        at = 0
        for length in lengths:
            need(cut(data, at) == length, "a chunk that is cut elsewhere")
            at += length

    # ---- Section 5: trees

    def entries(self, root):
        """All entries of a tree, which is checked on the way."""
        if root == H(b"\x13"):
            return []
        level, items, _ = tree_node(self.get(TREE, root))
        need(level == 0 or len(items) > 1, "a top node with one entry")
        levels = [[(root, None, None)]]
        nodes = []
        for depth in range(level, -1, -1):
            below, nodes = [], []
            for id_, last_path, totals in levels[-1]:
                has, items, found = tree_node(self.get(TREE, id_))
                need(found == id_ and has == depth, "tree node")
                need(last_path in (None, items[-1][0]), "last path")
                size = 1 if depth == 0 else 2
                sums = (sum(1 if depth == 0 else i[size] for i in items),
                        sum(i[2 if depth == 0 else 3] for i in items))
                need(totals in (None, sums), "totals of a node")
                nodes.append((items, sums))
                if depth:
                    below += [(i[1], i[0], (i[2], i[3])) for i in items]
            check_shape(depth, [n[0] for n in nodes])
            levels.append(below)
        out = [item for items, _ in nodes for item in items]
        paths = {item[0] for item in out}
        for path in paths:
            above = path
            while b"/" in above:
                above = above.rsplit(b"/", 1)[0]
                need(above not in paths, f"{above!r} is a file and a folder")
        return out

    # ---- Section 6: commits

    def commit(self, id_):
        cur = Cursor(self.get(COMMIT, id_))
        commit = {"id": id_, "tree": cur.raw(32)}
        count = cur.varint()
        need(count <= 1024, "parents")
        commit["parents"] = [cur.raw(32) for _ in range(count)]
        for name in ("author", "committer"):
            who, seconds, zone = cur.bytes(), cur.varint(), cur.bytes()
            need(len(who) <= 4096 and not {0, 10} & set(who), "who")
            need(len(zone) <= 16 and all(31 < b != 127 for b in zone), "zone")
            commit[name] = (who, seconds, zone)
        commit["message"], commit["encoding"] = cur.bytes(), cur.bytes()
        need(len(commit["message"]) <= 4 << 20, "message")
        for name in ("files", "bytes", "generation", "depth"):
            commit[name] = cur.varint()
        flag = cur.uint(1)
        need(flag <= 1, "jump flag")
        commit["jump"] = cur.raw(32) if flag else None
        count = cur.varint()
        need(count <= 64, "headers")
        commit["headers"] = [(cur.bytes(), cur.bytes()) for _ in range(count)]
        need(cur.done(), "bytes behind a commit")
        return commit

    def tips(self):
        for name, id_ in sorted(self.refs.items()):
            while (TAG, id_) in self.places and name.startswith("refs/tags/"):
                tag = Cursor(self.get(TAG, id_))
                kind, id_ = tag.uint(1), tag.raw(32)
                need(kind in (CHUNK, TREE, COMMIT, TAG), "target of a tag")
            if (COMMIT, id_) in self.places:
                yield id_
        if self.head[0] is None and self.head[1] != ZEROS:
            yield self.head[1]

    def history(self):
        """All commits, parents first."""
        done, todo = {}, list(self.tips())
        while todo:
            if todo[-1] in done:
                todo.pop()
                continue
            commit = self.commit(todo[-1])
            missing = [p for p in commit["parents"] if p not in done]
            if missing:
                todo += missing
                continue
            self.check_place(commit, done)
            done[todo.pop()] = commit
        return list(done.values())

    @staticmethod
    def check_place(commit, done):
        parents = [done[p] for p in commit["parents"]]
        need(commit["generation"] == 1 + max(
            [p["generation"] for p in parents], default=0), "generation")
        if not parents:
            need(commit["depth"] == 0 and commit["jump"] is None, "root")
            return
        p = parents[0]
        jump = p["id"]
        j = done.get(p["jump"])
        k = done.get(j["jump"]) if j else None
        if k and p["depth"] - j["depth"] == j["depth"] - k["depth"]:
            jump = k["id"]
        need(commit["depth"] == p["depth"] + 1, "depth")
        need(commit["jump"] == jump, "jump")


def content_node(raw):
    cur = Cursor(raw)
    level, count = cur.uint(1), cur.varint()
    need(level <= 5 and (2 if level else 1) <= count <= 1024, "content node")
    parts = [(cur.varint(), cur.raw(32)) for _ in range(count)]
    need(cur.done() and all(0 < n for n, _ in parts), "content node")
    need(level or all(n <= 524288 for n, _ in parts), "chunk length")
    leaves = parts if level else [
        (n, H(b"\x00", n.to_bytes(8, "big"), id_)) for n, id_ in parts]

    def join(left, right):
        return (left[0] + right[0], H(
            b"\x01", left[0].to_bytes(8, "big"), left[1],
            right[0].to_bytes(8, "big"), right[1]))
    return level, parts, merkle(leaves, join)[1]


def content_id(entry):
    _path, _kind, size, form, id_ = entry
    if form == 0:
        return H(b"\x02")
    return H(b"\x00", size.to_bytes(8, "big"), id_) if form == 1 else id_


def check_path(path):
    need(0 < len(path) <= 4095 and 0 not in path, "path")
    for name in path.split(b"/"):
        need(0 < len(name) <= 255 and name not in (b".", b".."), "path")
        need(name.lower() not in (b".dig", b".git"), "path")


def tree_entry(path, cur):
    tag, size = cur.uint(1), cur.varint()
    kind, form = tag & 15, tag >> 4
    id_ = cur.raw(32) if form else ZEROS
    check_path(path)
    need(1 <= kind <= 4 and form <= 3 and (form == 3) == (kind == 4), "tag")
    need(kind != 3 or (form == 1 and size <= 4095), "symbolic link")
    need({0: size == 0, 1: 1 <= size <= 524288, 2: size >= 2,
          3: 1 <= size <= 32 and not any(id_[size:])}[form], "size")
    entry = (path, kind, size, form, id_)
    mode = {1: 0o644, 2: 0o755, 3: 0o777, 4: 0}[kind]
    return entry, H(b"\x10", lbytes(path), bytes([kind]), varint(mode),
                    varint(size), content_id(entry))


def tree_node(raw):
    cur = Cursor(raw)
    level, count = cur.uint(1), cur.varint()
    need(level <= 12 and 1 <= count <= 512, "tree node")
    items, leaves, path = [], [], None
    for _ in range(count):
        shared, rest = cur.varint(), cur.bytes()
        before = path or b""
        need(shared <= len(before) and rest, "shared bytes")
        # no fewer than both have in common
        need(shared == len(before) or before[shared] != rest[0], "shared")
        path, last = before[:shared] + rest, path
        need(last is None or last < path, "order")
        if level == 0:
            item, leaf = tree_entry(path, cur)
        else:
            item = (path, cur.raw(32), cur.varint(), cur.varint())
            leaf = H(b"\x12", bytes([level]), lbytes(path), item[1],
                     item[2].to_bytes(8, "big"), item[3].to_bytes(8, "big"))
        items.append(item)
        leaves.append(leaf)
    need(cur.done(), "bytes behind a node")
    return level, items, merkle(leaves, lambda a, b: H(b"\x11", a, b))


def check_shape(level, nodes):
    """Nodes of a level, left to right, end where the rules say so."""
    before = None
    for items in nodes:
        weight = 0
        for n, item in enumerate(items, 1):
            need(before is None or before < item[0], "order of nodes")
            before = item[0]
            weight += 64 + len(item[0])
            ends = n == 512 or weight >= 131072 or (
                n >= 16 and H(b"\x14", bytes([level]), item[0])[0] < 4)
            last = n == len(items)
            need(ends == last or (last and items is nodes[-1]), "node end")


def write(folder, entry, data):
    path, kind = os.path.join(folder, entry[0]), entry[1]
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if kind == 3:
        os.symlink(data, path)
    elif kind != 4:
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, 0o755 if kind == 2 else 0o644)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("dir")
    args.add_argument("--export")
    args.add_argument("--no-checksum", action="store_true")
    args.add_argument("--no-cuts", action="store_true")
    args = args.parse_args()
    repo = Repo(args.dir, not args.no_checksum, not args.no_cuts)
    repo.check_objects()
    for name, id_ in sorted(repo.refs.items()):
        print("ref", name, id_.hex())
    print("head", repo.head[0] or repo.head[1].hex())
    print("staged", repo.staged.hex())
    repo.entries(repo.staged)
    seen = {}
    for commit in repo.history():
        entries = repo.entries(commit["tree"])
        need(commit["files"] == len(entries) and
             commit["bytes"] == sum(e[2] for e in entries), "totals")
        print("commit", commit["id"].hex(), commit["tree"].hex(),
              commit["files"], commit["bytes"])
        for entry in entries:
            key = entry[2:]
            if key not in seen or args.export:
                seen[key] = True
                data = repo.content(entry)
            if args.export:
                write(os.path.join(os.fsencode(args.export),
                                   commit["id"].hex().encode()), entry, data)


if __name__ == "__main__":
    try:
        main()
    except (Bad, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"digread: {error}")
