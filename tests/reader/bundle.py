#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads a bundle without dig: a second implementation, made from
docs/bundle-format.md and docs/format.md alone.

    bundle.py FILE      check everything, print a line for each ref and need

Tests take `read` and `build` from here to make bundles that dig never would.
"""
import sys

import digread
from digread import (CELL, CHUNK, COMMIT, CONTENT, TAG, TREE, Cursor, H, lbytes,
                     need, varint)
from xxh3 import xxh3

DATA, PARITY, PART = 20, 2, 16 * 20 * CELL


class Bundle:
    """head, refs, needs, commits, and records: (kind, id, raw)."""


# ---- Section 1: the file ------------------------------------------------

def read_group(cur, bundle_id, number):
    start = cur.at
    need(cur.raw(8) == b"digpgrp\n" and cur.raw(32) == bundle_id and
         cur.uint(8) == 0 and cur.uint(8) == number, "head of a group")
    length = cur.uint(8)
    need(0 < length <= PART and cur.uint(4) == CELL and
         cur.raw(4) == bytes((16, DATA, PARITY, 0)), "head of a group")
    ncells = (length + CELL - 1) // CELL
    stripes = min(16, ncells)
    sums = [cur.uint(8) for _ in range(ncells + stripes * PARITY)]
    summed = cur.data[start:cur.at]
    need(xxh3(summed) == cur.uint(8), "checksum of a head")
    head = cur.data[start:cur.at]
    part = cur.raw(length)
    cells = [part[i:i + CELL] for i in range(0, length, CELL)]
    for stripe in range(stripes):
        for which in range(PARITY):
            want = digread.parity_cell(cells[stripe:ncells:16], DATA, which)
            n = len(cells[stripe])
            need(cur.raw(n) == want[:n] and not any(want[n:]), "parity cell")
            cells.append(want)
    need(all(xxh3(c) == s for c, s in zip(cells, sums)), "checksum of a cell")
    need(cur.raw(len(head)) == head, "the second head")
    return part


def read_body(data):
    cur = Cursor(data)
    need(cur.raw(8) == b"digbndl\n" and cur.uint(4) == 1 and cur.uint(4) == 0,
         "preamble")
    bundle_id = cur.raw(32)
    need(cur.raw(8) == bytes((DATA, PARITY)) + bytes(6), "preamble")
    need(cur.uint(8) == xxh3(data[:56]), "checksum of the preamble")
    parts = []
    while not cur.done():
        need(not parts or len(parts[-1]) == PART, "a short part")
        parts.append(read_group(cur, bundle_id, len(parts)))
    return bundle_id, b"".join(parts)


# ---- Section 2: the body ------------------------------------------------

def read_table(data, out):
    cur = Cursor(data)
    need(cur.varint() == 1, "chunk profile")
    kind = cur.uint(1)
    out.head = {0: lambda: None, 1: cur.bytes, 2: lambda: cur.raw(32)}[kind]()
    out.refs = [(cur.bytes(), cur.raw(32)) for _ in range(cur.varint())]
    out.needs = [cur.raw(32) for _ in range(cur.varint())]
    out.commits = cur.varint()
    names = [name for name, _ in out.refs]
    need(cur.done() and names == sorted(set(names)) and
         out.needs == sorted(set(out.needs)), "table")


def object_id(kind, raw):
    if kind == CHUNK:
        return H(raw)
    if kind == CONTENT:
        return digread.content_node(raw)[2]
    if kind == TREE:
        return digread.tree_node(raw)[2]
    return H(bytes([{COMMIT: 0x20, TAG: 0x21}[kind]]), raw)


def read_record(cur, objects):
    start = cur.at
    need(cur.uint(1) == 0xd6, "a record")
    tag = cur.uint(1)
    kind, codec = tag & 15, tag >> 4
    raw_len, stored_len, id_, base = (cur.varint(), cur.varint(), cur.raw(32),
                                      None)
    if codec == 2:
        need(1 <= cur.varint() <= 4094 and cur.varint() == 0, "a delta")
        base = objects[kind, cur.raw(32)]
    summed = cur.data[start:cur.at]
    checksum = cur.uint(8)
    payload = cur.raw(stored_len)
    need(xxh3(summed + payload) == checksum, "checksum of a record")
    raw = digread.unzstd(payload, raw_len, base) if codec else payload
    need(len(raw) == raw_len and object_id(kind, raw) == id_, "id")
    return kind, id_, raw


def read(data):
    out, objects = Bundle(), {}
    out.id, body = read_body(data)
    cur = Cursor(body)
    out.table = cur.bytes()
    need(H(b"\x32", out.table) == out.id, "bundle id")
    read_table(out.table, out)
    out.records, chain = [], out.id
    while body[cur.at] == 0xd6:
        kind, id_, raw = read_record(cur, objects)
        need((kind, id_) not in objects, "an object twice")
        need(not out.records or out.records[-1][0] <= kind, "order")
        objects[kind, id_] = raw
        out.records.append((kind, id_, raw))
        chain = H(b"\x33", chain, id_)
    need(cur.raw(8) == b"digbend\n" and cur.uint(8) == len(out.records) and
         cur.raw(32) == chain and cur.done(), "the end")
    need(sum(r[0] == COMMIT for r in out.records) == out.commits, "commits")
    return out


# ---- Making one ---------------------------------------------------------

def table(head, refs, needs, commits):
    return b"".join(
        [varint(1), b"\x00" if head is None else b"\x01" + lbytes(head),
         varint(len(refs))] + [lbytes(n) + i for n, i in sorted(refs)] +
        [varint(len(needs))] + sorted(needs) + [varint(commits)])


def record(kind, id_, raw, delta=None):
    """As it is; delta: (id of the base, frame)."""
    payload = delta[1] if delta else raw
    head = (bytes((0xd6, kind + (32 if delta else 0))) + varint(len(raw)) +
            varint(len(payload)) + id_ +
            (b"\x01\x00" + delta[0] if delta else b""))
    return head + xxh3(head + payload).to_bytes(8, "big") + payload


def build(table_bytes, records, count=None):
    """A bundle of one group. Nobody reads parity that is not needed: zeros.
    records: (kind, id, raw) or (kind, id, raw, delta)."""
    id_ = H(b"\x32", table_bytes)
    chain, body = id_, lbytes(table_bytes)
    for entry in records:
        body += record(*entry)
        chain = H(b"\x33", chain, entry[1])
    body += (b"digbend\n" + (len(records) if count is None else
                             count).to_bytes(8, "big") + chain)
    need(len(body) <= PART, "too long for this")
    cells = [body[i:i + CELL] for i in range(0, len(body), CELL)]
    stripes = cells[:16]
    head = (b"digpgrp\n" + id_ + bytes(16) + len(body).to_bytes(8, "big") +
            CELL.to_bytes(4, "big") + bytes((16, DATA, PARITY, 0)) +
            b"".join(xxh3(c).to_bytes(8, "big") for c in cells) +
            bytes(8 * PARITY * len(stripes)))
    head += xxh3(head).to_bytes(8, "big")
    front = (b"digbndl\n" + (1).to_bytes(4, "big") + bytes(4) + id_ +
             bytes((DATA, PARITY)) + bytes(6))
    return (front + xxh3(front).to_bytes(8, "big") + head + body +
            b"".join(bytes(len(c) * PARITY) for c in stripes) + head)


def main():
    with open(sys.argv[1], "rb") as file:
        bundle = read(file.read())
    for name, id_ in bundle.refs:
        print("ref", name.decode(), id_.hex())
    for id_ in bundle.needs:
        print("needs", id_.hex())
    for kind in range(CHUNK, TAG + 1):
        print("kind", kind, sum(r[0] == kind for r in bundle.records))


if __name__ == "__main__":
    main()
