#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A made-up history as a fast-import stream on standard output.

    gitstream.py [--seed N] [--commits N] [--files N] [--plain] [--big BYTES]

The same arguments give the same bytes. Without --plain it has everything
that git can hold and a stream can carry: merges of two and more, branches
without a common root, modes, symlinks, gitlinks, renames and copies as
commands, deleted folders, files that become folders and the other way, odd
author lines, encodings, empty commits, names and messages that are not UTF-8,
tags of all sorts, a file of random bytes. With --plain there are text files,
edited by lines, and now and then a merge: a history to measure with.
"""

import argparse
import random
import sys

WORDS = [bytes(random.Random(i).choices(b"abcdefghijklmnopqrstuvwxyz", k=3 + i % 7))
         for i in range(900)]


def line(rng):
    return b"\t" * rng.randrange(3) + b" ".join(
        rng.choices(WORDS, k=rng.randrange(3, 10))) + b"\n"


def quote(path):
    if path[:1] != b'"' and b"\n" not in path:
        return path
    out = b'"'
    for byte in path:
        if byte in b'"\\':
            out += b"\\" + bytes([byte])
        elif byte < 32 or byte > 126:
            out += b"\\%03o" % byte
        else:
            out += bytes([byte])
    return out + b'"'


class History:
    def __init__(self, args):
        self.args = args
        self.rng = random.Random(args.seed)
        self.out = sys.stdout.buffer
        self.mark = 0
        self.clock = 1_200_000_000
        # branch -> (mark of its commit, {path: (mode, mark, lines)})
        self.tips = {}
        self.commits = []

    def put(self, data):
        self.out.write(data)

    def data(self, data):
        self.put(b"data %d\n" % len(data))
        self.put(data)
        self.put(b"\n")

    def new_mark(self):
        self.mark += 1
        return self.mark

    def blob(self, data):
        mark = self.new_mark()
        self.put(b"blob\nmark :%d\n" % mark)
        self.data(data)
        return mark

    # ---- content ----------------------------------------------------------

    def text(self, lines=None):
        rng = self.rng
        if lines is None:
            lines = [line(rng) for _ in range(rng.randrange(1, 300))]
        else:
            lines = list(lines)
            for _ in range(rng.randrange(1, 5)):
                at = rng.randrange(len(lines) + 1)
                lines[at:at + rng.randrange(3)] = [
                    line(rng) for _ in range(rng.randrange(4))]
        return lines, self.blob(b"".join(lines))

    def path(self):
        rng = self.rng
        folder = b"/".join(b"d%d" % rng.randrange(8)
                           for _ in range(rng.randrange(4)))
        name = b"f%d" % rng.randrange(self.args.files)
        if not self.args.plain and rng.random() < 0.05:
            name = rng.choice([b"caf\xc3\xa9", b"caf\xe9", b"a b", b" lead",
                               b'q"uote', b"back\\slash", b"tab\there",
                               b"new\nline", b"-dash", b"#hash", b"a.b",
                               b"trail "])
        return folder + b"/" + name if folder else name

    # ---- changes ----------------------------------------------------------

    def clear_way(self, files, path):
        """What git does for M: it goes, whatever is in the way."""
        parts = path.split(b"/")
        for i in range(1, len(parts)):
            files.pop(b"/".join(parts[:i]), None)
        for other in [p for p in files if p.startswith(path + b"/")]:
            del files[other]

    def modify(self, files, out, path, mode, mark, lines):
        self.clear_way(files, path)
        files[path] = (mode, mark, lines)
        what = mark if isinstance(mark, bytes) else b":%d" % mark
        out.append(b"M %s %s %s\n" % (mode, what, quote(path)))

    def change(self, files, out):
        rng = self.rng
        kind = rng.random()
        known = sorted(files)
        if self.args.plain:
            if known and kind < 0.8:
                path = rng.choice(known)
                lines, mark = self.text(files[path][2])
                self.modify(files, out, path, b"100644", mark, lines)
            elif known and kind < 0.83 and len(known) > 20:
                path = rng.choice(known)
                del files[path]
                out.append(b"D %s\n" % quote(path))
            else:
                path = self.path()
                lines, mark = self.text()
                self.modify(files, out, path, b"100644", mark, lines)
            return
        if known and kind < 0.4:
            path = rng.choice(known)
            mode, mark, lines = files[path]
            if lines is not None:
                lines, mark = self.text(lines)
                self.modify(files, out, path, mode, mark, lines)
        elif known and kind < 0.45:
            path = rng.choice(known)
            mode, mark, lines = files[path]
            if lines is not None:
                mode = b"100755" if mode == b"100644" else b"100644"
                self.modify(files, out, path, mode, mark, lines)
        elif known and kind < 0.55:
            path = rng.choice(known)
            if rng.random() < 0.3 and b"/" in path:
                path = path[:path.rindex(b"/")]
            # Whether that means the file of before or the folder of now is
            # not the same to all who read streams.
            if path in files or path not in self.before:
                self.remove(files, path)
                out.append(b"D %s\n" % quote(path))
        elif known and kind < 0.65:
            self.copy(files, out, rng.choice(known), rng.random() < 0.5)
        elif kind < 0.7:
            mark = self.blob(b"../" * rng.randrange(3) + rng.choice(WORDS))
            self.modify(files, out, self.path(), b"120000", mark, None)
        elif kind < 0.73:
            ident = b"%040x" % rng.getrandbits(160)
            self.modify(files, out, self.path(), b"160000", ident, None)
        elif kind < 0.75:
            mark = self.blob(b"")
            self.modify(files, out, self.path(), b"100644", mark, [])
        elif kind < 0.79:
            mark = self.blob(rng.randbytes(rng.randrange(1, 200_000)))
            self.modify(files, out, self.path(), b"100644", mark, None)
        elif known and kind < 0.82:
            # A file where a folder was, a folder where a file was.
            path = rng.choice(known)
            lines, mark = self.text()
            if b"/" in path:
                path = path[:path.index(b"/")]
            else:
                path += b"/inside"
            self.modify(files, out, path, b"100644", mark, lines)
        else:
            lines, mark = self.text()
            self.modify(files, out, self.path(), b"100644", mark, lines)

    def remove(self, files, path):
        files.pop(path, None)
        for other in [p for p in files if p.startswith(path + b"/")]:
            del files[other]

    def copy(self, files, out, path, move):
        rng = self.rng
        if rng.random() < 0.4 and b"/" in path:
            path = path[:path.rindex(b"/")]
        to = b"moved%d/%s" % (rng.randrange(5), rng.choice(WORDS))
        moved = {to + p[len(path):]: f for p, f in files.items()
                 if p == path or p.startswith(path + b"/")}
        # Plain paths end at a blank here.
        if b" " in path or path[:1] == b'"' or b"\n" in path:
            return
        if move:
            self.remove(files, path)
        self.remove(files, to)
        for p, f in moved.items():
            self.clear_way(files, p)
            files[p] = f
        out.append(b"%s %s %s\n" % (b"R" if move else b"C", path, to))

    # ---- commits ----------------------------------------------------------

    def ident(self):
        rng = self.rng
        self.clock += rng.randrange(1, 4000)
        if self.args.plain or rng.random() < 0.8:
            return b"A U Thor <author@example.com> %d +0100" % self.clock
        return rng.choice([
            b"<nobody@example.com> %d -0730", b"Only Name <> %d +0000",
            b"J\xfcrgen <j@example.com> %d +0200",
            b"J\xc3\xbcrgen  Two  Blanks <j@example.com> %d +0200",
            b"X <x y@example.com> %d -0000", b"Zone <z@example.com> %d +0545",
        ]) % self.clock

    def message(self):
        rng = self.rng
        if self.args.plain:
            return line(rng) + b"\n" + line(rng)
        return rng.choice([
            lambda: line(rng), lambda: b"", lambda: b"no newline",
            lambda: b"\n\nblank before\n\n\n", lambda: b"caf\xe9 latin\n",
            lambda: "Grüße\n".encode(), lambda: b"# not a comment\n",
            lambda: b"crlf\r\n\r\nmore\r\n",
            lambda: line(rng) * rng.randrange(1, 40)])()

    def commit(self, branch, parents, files, changes):
        rng = self.rng
        mark = self.new_mark()
        if not parents:
            self.put(b"reset %s\n" % branch)
        self.put(b"commit %s\nmark :%d\n" % (branch, mark))
        author = self.ident()
        self.put(b"author %s\ncommitter %s\n" % (
            author, author if rng.random() < 0.7 else self.ident()))
        message = self.message()
        if not self.args.plain and b"\xe9" in message:
            self.put(b"encoding iso-8859-1\n")
        self.data(message)
        for i, parent in enumerate(parents):
            self.put(b"%s :%d\n" % (b"merge" if i else b"from", parent))
        self.put(b"".join(changes) + b"\n")
        self.tips[branch] = (mark, files)
        self.commits.append(mark)

    def step(self, number):
        rng = self.rng
        branches = sorted(self.tips)
        branch = rng.choice(branches) if branches else b"refs/heads/main"
        changes = []
        if branches and rng.random() < 0.06 and len(branches) < 12:
            new = b"refs/heads/topic/%d" % number
            if not self.args.plain and rng.random() < 0.2:
                files = {}
                self.before = {}
                self.change(files, changes)
                self.commit(new, [], files, changes)
                return
            self.tips[new] = (self.tips[branch][0],
                              dict(self.tips[branch][1]))
            branch = new
        elif len(branches) > 1 and rng.random() < 0.12:
            others = [b for b in branches if b != branch]
            count = 1 if self.args.plain else rng.choice([1, 1, 1, 2, 5])
            others = rng.sample(others, min(count, len(others)))
            parents = [self.tips[b][0] for b in [branch] + others]
            files = dict(self.tips[branch][1])
            for other in others:
                for path, file in sorted(self.tips[other][1].items()):
                    if path not in files and rng.random() < 0.5:
                        self.modify(files, changes, path, *file)
            if not self.args.plain and len(set(parents)) < len(parents):
                parents = list(dict.fromkeys(parents))
            self.commit(branch, parents, files, changes)
            return
        parent = self.tips.get(branch, (None, {}))
        files = dict(parent[1])
        self.before = parent[1]
        if self.args.plain or rng.random() > 0.04:
            for _ in range(rng.randrange(1, 5) if number else 40):
                self.change(files, changes)
        elif rng.random() < 0.3:
            changes.append(b"deleteall\n")
            files = {}
            self.change(files, changes)
        self.commit(branch, [parent[0]] if parent[0] else [], files, changes)

    # ---- tags -------------------------------------------------------------

    def tags(self):
        rng = self.rng
        for i in range(1 + len(self.commits) // 20):
            commit = rng.choice(self.commits)
            if rng.random() < 0.4:
                self.put(b"reset refs/tags/light%d\nfrom :%d\n\n" % (i, commit))
                continue
            self.put(b"tag v%d\nfrom :%d\n" % (i, commit))
            if rng.random() < 0.9:
                self.put(b"tagger %s\n" % self.ident())
            text = self.message()
            if rng.random() < 0.2:
                text += (b"-----BEGIN PGP SIGNATURE-----\n\nmade up\n"
                         b"-----END PGP SIGNATURE-----\n")
            self.data(text)
        if not self.args.plain:
            self.put(b"reset refs/notes/commits\nfrom :%d\n\n"
                     % rng.choice(self.commits))
            self.put(b"reset refs/remotes/origin/main\nfrom :%d\n\n"
                     % rng.choice(self.commits))

    def run(self):
        self.put(b"feature done\n")
        for number in range(self.args.commits):
            self.step(number)
            if self.args.big and number == self.args.commits // 2:
                branch = b"refs/heads/main"
                mark, files = self.tips[branch]
                big = self.rng.randbytes(self.args.big)
                for again in (big, big[:len(big) // 2] + b"!" +
                              big[len(big) // 2:]):
                    changes, files = [], dict(files)
                    self.modify(files, changes, b"big", b"100644",
                                self.blob(again), None)
                    self.commit(branch, [mark], files, changes)
                    mark = self.tips[branch][0]
        self.tags()
        self.put(b"done\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--commits", type=int, default=300)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--big", type=int, default=0)
    History(parser.parse_args()).run()


main()
