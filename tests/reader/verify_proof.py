#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A second verifier of proofs, from docs/proof-format.md alone.

verify_proof.py PROOF ROOT [DATA]     exits 0 when valid, 5 when not
"""
import sys
from hashlib import sha256

PRESENT, ABSENT, UNCHANGED, ANCESTOR, BYTES = range(1, 6)


def need(true):
    if not true:
        raise ValueError


def hashed(*parts):
    return sha256(b"".join(parts)).digest()


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


class Scan:
    def __init__(self, data):
        self.data, self.at = data, 0

    def raw(self, n):
        need(n <= len(self.data) - self.at)
        self.at += n
        return self.data[self.at - n:self.at]

    def u8(self, top=255):
        value = self.raw(1)[0]
        need(value <= top)
        return value

    def varint(self):
        value = shift = 0
        while True:
            byte = self.u8()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                need((byte or shift == 7) and value < 1 << 64)
                return value

    def bytes(self):
        return self.raw(self.varint())


def commit(scan):
    """id, tree, the ids that it leads to, generation"""
    data = scan.bytes()
    c = Scan(data)
    tree = c.raw(32)
    leads = [c.raw(32) for _ in range(c.varint())]
    for _ in range(2):
        c.bytes(), c.varint(), c.bytes()
    c.bytes(), c.bytes(), c.varint(), c.varint()
    generation = c.varint()
    c.varint()
    leads += [c.raw(32) for _ in range(c.u8(1))]
    for _ in range(2 * c.varint()):
        c.bytes()
    need(c.at == len(data))
    return hashed(b"\x20", data), tree, leads, generation


def item(s, level, path=None, child=None):
    path = s.bytes() if path is None else path
    need(0 < len(path) < 4096)
    head = varint(len(path)) + path
    if level:
        child = child or s.raw(32)
        totals = b"".join(s.varint().to_bytes(8, "big") for _ in range(2))
        return path, hashed(b"\x12", bytes([level]), head, child, totals), None
    kind, size, content = s.u8(4), s.varint(), s.raw(32)
    mode = varint((None, 0o644, 0o755, 0o777, 0)[kind])
    return path, hashed(b"\x10", head, bytes([kind]), mode, varint(size),
                        content), (kind, size, content)


def climb(s, node, sides):
    n = s.u8(9)
    sides = int.from_bytes(s.raw(2), "big") if sides is None else sides * 511
    need(sides in (0, 511) or sides < 1 << n)
    for i in range(n):
        other = s.raw(32)
        pair = (other, node) if sides >> i & 1 else (node, other)
        node = hashed(b"\x11", *pair)
    return node


def search(s, path, present):
    """the root, and the entry at the path"""
    form = s.u8(3)
    need((form == 1) == present)
    if form == 0:
        return hashed(b"\x13"), None
    if form == 3:
        last, node, _ = item(s, s.u8(12))
        need(last < path)
        return climb(s, node, 1), None
    low, high, node, entry = path, path, None, None
    for level in range(s.u8(12) + 1):
        has_left = s.u8(1)
        if has_left:
            left, left_node, _ = item(s, level)
            need(left < low)
            low, left_node = left, climb(s, left_node, 1)
        known = path if level == 0 and form == 1 else None
        right, node, shown = item(s, level, known, node)
        node = climb(s, node, 0)
        if has_left:
            node = climb(s, hashed(b"\x11", left_node, node), None)
        need(right >= high)
        if level == 0:
            entry = shown
            need(form == 1 or right > path)
            need(form == 1 or path[-1:] != b"/" or not right.startswith(path))
        high = right
    return node, entry


def side(s, path, present):
    made = commit(s) if s.u8(1) else None
    root, entry = search(s, path, present)
    need(made is None or made[1] == root)
    return {root} | ({made[0]} if made else set()), entry


def part(s, at, start, end, data):
    """length, hash, whether a chunk of the range is in it"""
    sort = s.u8(2)
    if sort == 1:
        n1, h1, c1 = part(s, at, start, end, data)
        n2, h2, c2 = part(s, at + n1, start, end, data)
        need(c1 or c2)
        return n1 + n2, hashed(b"\x01", n1.to_bytes(8, "big"), h1,
                               n2.to_bytes(8, "big"), h2), True
    n = s.varint()
    need(0 < n and at + n < 1 << 64)
    need((at < end and at + n > start) == (sort == 2))
    if sort == 0:
        return n, s.raw(32), False
    need(n <= 524288)
    before, after = max(0, start - at), max(0, at + n - end)
    chunk = s.raw(before) + data.raw(n - before - after) + s.raw(after)
    return n, hashed(b"\x00", n.to_bytes(8, "big"), hashed(chunk)), True


def verify(proof, root, given=None):
    need(proof[:9] == b"digproof\x01")
    end = 14 + int.from_bytes(proof[10:14], "big")
    need(hashed(proof[:end]) == proof[end:end + 32] and end <= 14 + (64 << 20))
    s, data, kind = Scan(proof[14:end]), Scan(proof[end + 32:]), proof[9]
    need(PRESENT <= kind <= BYTES and (given is None or kind == BYTES))
    if kind == ANCESTOR:
        line = [commit(s) for _ in range(s.varint())]
        for older, newer in zip(line[1:], line):
            need(older[0] in newer[2] and older[3] < newer[3])
        ids = {line[0][0], line[-1][0]}
    else:
        path = s.bytes()
        need(path)
        ids, entry = side(s, path, kind != ABSENT)
        if kind == UNCHANGED:
            more, other = side(s, path, True)
            need(entry[1:] == other[1:])
            need(entry[0] == other[0] or max(entry[0], other[0]) <= 2)
            ids |= more
        if kind == BYTES:
            start, stop, has_data = s.varint(), s.varint(), s.u8(1)
            need(start < stop <= entry[1] and entry[0] < 4)
            need(has_data or given is not None)
            need(given is None or not has_data or given == data.data)
            data = data if has_data else Scan(given)
            need(part(s, 0, start, stop, data)[:2] == entry[1:])
    need(s.at == len(s.data) and data.at == len(data.data) and root in ids)


if __name__ == "__main__":
    files = [open(name, "rb").read() for name in sys.argv[1:2] + sys.argv[3:]]
    try:
        verify(files[0], bytes.fromhex(sys.argv[2]), *files[1:])
    except (ValueError, IndexError, TypeError, RecursionError):
        sys.exit(5)
