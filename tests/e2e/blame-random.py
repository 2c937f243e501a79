#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random histories with merges, renames and edits: dig blame beside git blame,
byte for byte but for the ids, which are told apart by subjects.

usage: blame-random.py DIG FOLDER SEED HISTORIES

The same seed makes the same histories. At the first difference both answers
are printed, the history is kept in FOLDER, and the exit code is 1.
"""

import os
import random
import re
import shutil
import subprocess
import sys

dig, base, seed, count = (
    sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
rng = random.Random(seed)
NAMES = [b"a", b"b.c", b"sub/a", b"sub/deep/c", b"two words", b"q\"uote",
         b"\xc3\xa9"]
PEOPLE = [b"A U Thor <a@example.com>", b"J\xc3\xb6rg <joerg@example.com>",
          b"\xe6\x9d\x8e \xe6\x98\x8e <li@example.com>", b"x <x@example.com>",
          b"\xff\xfe <latin@example.com>", b"Quite a Long Name <l@example.com>"]
ZONES = [b"+0000", b"+0100", b"-0730", b"+1245"]


def run(argv, cwd, data=None, codes=(0,)):
    done = subprocess.run(argv, cwd=cwd, input=data or b"",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode not in codes:
        print("seed %d, history %d: %r exits %d: %s" % (
            seed, number, argv, done.returncode,
            done.stderr.decode(errors="replace")))
        sys.exit(1)
    return done


class History:
    """A stream for git fast-import, and what it stands for."""

    def __init__(self):
        self.alphabet = rng.choice([3, 8, 40, 400])
        self.out = []
        self.trees = []    # of each commit: path -> (mode, lines)
        self.parents = []
        self.date = 1500000000
        # git may take a commit for one that is not excluded where dates go
        # back: its walk is by date.
        self.is_skewed = rng.random() < 0.3

    def line(self):
        kind = rng.random()
        if kind < 0.1:
            return rng.choice([b"", b"}", b"\t}", b"{", b"  "])
        return rng.choice([b"", b"", b"\t", b"\t\t", b"  "]) + \
            b"%d" % rng.randrange(self.alphabet)

    def text(self):
        return [self.line() for _ in range(rng.choice([0, 1, 5, 20, 90]))]

    def edited(self, lines):
        lines = list(lines)
        for _ in range(rng.choice([1, 1, 2, 3, 8])):
            at = rng.randrange(len(lines) + 1)
            what = rng.randrange(7)
            if what == 0:
                lines[at:at] = [self.line()
                                for _ in range(rng.randrange(1, 6))]
            elif what == 1:
                del lines[at:at + rng.randrange(1, 6)]
            elif what == 2:
                lines[at:at] = lines[at - 3:at] if at > 3 else [self.line()]
            elif what == 3 and at < len(lines):
                lines[at] = rng.choice([b" ", b"\t"]) + lines[at]
            elif what == 4:
                to = rng.randrange(len(lines) + 1)
                block = lines[at:at + 4]
                del lines[at:at + 4]
                lines[to:to] = block
            elif at < len(lines):
                lines[at] = self.line()
        return lines

    def altered(self, mode, lines):
        if mode == b"120000":
            return [b"to", b"%d" % rng.randrange(9)]
        return self.edited(lines)

    def change(self, tree):
        path = rng.choice(sorted(tree)) if tree else None
        new = rng.choice(NAMES)
        fits = not any((p + b"/").startswith(new + b"/") or
                       (new + b"/").startswith(p + b"/") for p in tree)
        what = rng.random()
        if path is None or what < 0.12:
            if fits:
                tree[new] = (b"100644", self.text())
        elif what < 0.25 and fits:
            mode, lines = tree.pop(path)
            if rng.random() < 0.6:
                lines = self.altered(mode, lines)
            tree[new] = (mode, lines)
        elif what < 0.29:
            del tree[path]
        elif what < 0.33:
            mode, lines = tree[path]
            if mode != b"120000":
                tree[path] = (b"100755" if mode == b"100644" else b"100644",
                              lines)
        elif what < 0.35:
            tree[path] = (b"120000", [b"a", b"target"])
        else:
            mode, lines = tree[path]
            tree[path] = (mode, self.altered(mode, lines))

    def merged(self, tree, other):
        """Something of both sides, file by file and block by block."""
        for path, (mode, lines) in other.items():
            if path not in tree:
                if rng.random() < 0.5 and not any(
                        (p + b"/").startswith(path + b"/") or
                        (path + b"/").startswith(p + b"/") for p in tree):
                    tree[path] = (mode, lines)
            elif rng.random() < 0.3:
                tree[path] = (mode, lines)
            elif rng.random() < 0.7 and tree[path][0] == mode != b"120000":
                mine = tree[path][1]
                at = rng.randrange(min(len(mine), len(lines)) + 1)
                tree[path] = (mode, mine[:at] + lines[at:])

    def commit(self):
        n = len(self.trees)
        parents = []
        if n > 0 and rng.random() < 0.98:
            parents = [rng.choice(range(max(0, n - 3), n))
                       if rng.random() < 0.3 else n - 1]
        while parents and n > 4 and len(parents) < 4 and rng.random() < 0.22:
            other = rng.randrange(max(0, n - 15), n)
            if other not in parents:
                parents.append(other)
        tree = dict(self.trees[parents[0]]) if parents else {}
        for other in parents[1:]:
            self.merged(tree, self.trees[other])
        if len(parents) < 2 or rng.random() < 0.3:
            for _ in range(rng.choice([1, 1, 1, 2, 4])):
                self.change(tree)
        self.date += rng.choice([0, 1, 100, 5000,
                                 -300 if self.is_skewed else 7])
        who = b"%s %d %s" % (rng.choice(PEOPLE), self.date, rng.choice(ZONES))
        lines = [b"commit refs/heads/main" if rng.random() < 0.9 or not parents
                 else b"commit refs/heads/side", b"mark :%d" % (n + 1),
                 b"author " + who, b"committer " + who]
        message = rng.choice([b"c%d\n", b"\n\nc%d\n\nbody\n", b"c%d\nsecond\n"])
        message %= n
        lines.append(b"data %d\n%s" % (len(message), message))
        for i, parent in enumerate(parents):
            lines.append(b"%s :%d" % (b"merge" if i else b"from", parent + 1))
        lines.append(b"deleteall")
        for path, (mode, text) in sorted(tree.items()):
            data = self.bytes(mode, text)
            name = b'"%s"' % path.replace(b'"', b'\\"')
            lines.append(b"M %s inline %s\ndata %d\n%s" % (
                mode, name, len(data), data))
        self.out.append(b"\n".join(lines) + b"\n")
        self.trees.append(tree)
        self.parents.append(parents)

    @staticmethod
    def bytes(mode, lines):
        if mode == b"120000":
            return b"/".join(lines)
        # Some files never end in a newline.
        data = b"\n".join(lines)
        return data if len(lines) % 5 == 4 else data + b"\n" if lines else b""

    def stream(self):
        return b"\n".join(self.out) + b"\ndone\n"


def subjects(argv, cwd, width):
    """Ids by subject, checked to be one to one."""
    out = run(argv + ["log", "--all", "--format=%H %s"], cwd).stdout
    pairs = dict(line.split(b" ")[:2] for line in out.splitlines())
    assert len(set(pairs.values())) == len(pairs) and pairs
    assert all(len(i) == width for i in pairs)
    return pairs


def words(text, ids, porcelain):
    """Ids as subjects; of what is not committed, no time."""
    starts = {i[:k]: s for i, s in ids.items() for k in range(5, len(i) + 1)}

    def name(found):
        return b"[%s]" % starts.get(found.group(0), b"?" if found.group(
            0).strip(b"0") else b"none")
    lines = []
    here = None
    for line in text.splitlines():
        if porcelain and line[:1] != b"\t":
            if re.match(rb"[0-9a-f]{40}", line):
                here = line.startswith(b"0" * 40)
            if here and re.match(rb"(author|committer)-(time|tz) ", line):
                continue
            line = re.sub(rb"^((?:previous )?)([0-9a-f]{40,64})",
                          lambda m: m.group(1) + name(re.match(
                              rb".*", m.group(2))), line)
        elif not porcelain:
            line = re.sub(rb"(?<=^\^)[0-9a-f]{4,64}|^[0-9a-f]{5,64}", name,
                          line)
            line = re.sub(rb"^ {8,}", b"[blank]", line)
            if line.startswith(b"[none]") or b"Not Committed" in line or \
                    b"<not.committed.yet>" in line:
                line = re.sub(rb"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d [-+]\d{4})?|"
                              rb"\d{10} [-+]\d{4}|\w{3}, \d+ \w{3} \d{4} "
                              rb"[\d:]+ [-+]\d{4}", b"now", line)
        lines.append(line)
    return lines


def ask(history, repos, ids, tails):
    options = []
    for option, chance in (("-s", .2), ("-e", .1), ("-l", .1), ("-t", .1),
                           ("-n", .2), ("-f", .1), ("-w", .15), ("-c", .1),
                           ("--root", .2), ("-b", .1), ("--first-parent", .1),
                           ("--date=short", .05), ("--date=rfc", .05)):
        if rng.random() < chance:
            options.append(option)
    porcelain = rng.random()
    if porcelain < 0.35:
        options.append(rng.choice(["-p", "--porcelain", "--line-porcelain"]))
    porcelain = porcelain < 0.35
    path = tails.pop()
    nlines = tails.pop()
    for _ in range(rng.choice([0, 0, 0, 1, 2]) if nlines else 0):
        first = rng.randrange(1, nlines + 1)
        options.append("-L" + rng.choice([
            "%d" % first, "%d,+%d" % (first, rng.randrange(1, 9)),
            "%d,-%d" % (first, rng.randrange(1, 9)), ",%d" % first,
            "%d,%d" % (first, rng.randrange(1, nlines + 9)), "%d," % first,
            "/[0-9]/,+3", "%d,/[0-9]$/" % first]))
    found, codes = {}, {}
    for name, argv in (("git", ["git"]), ("dig", [dig])):
        words_ = [t[name] if isinstance(t, dict) else t for t in tails]
        done = run(argv + ["blame"] + options + words_ + ["--", path],
                   repos[name], codes=(0, 2, 4, 128))
        codes[name] = done.returncode == 0
        found[name] = words(done.stdout, ids[name], porcelain)
    if codes["git"] == codes["dig"] and (
            found["git"] == found["dig"] or not codes["git"]):
        return
    print("seed %d, history %d: blame %s %s %r" % (
        seed, number, " ".join(options), [t["git"] if isinstance(t, dict) else
                                          t for t in tails], path))
    for name in repos:
        with open(os.path.join(base, name + ".out"), "wb") as out:
            out.write(b"\n".join(found[name]) + b"\n")
    sys.stdout.flush()
    subprocess.run(["diff", "-a", "git.out", "dig.out"], cwd=base, check=False)
    sys.exit(1)


def work_tree(history, repos, ids):
    """The same edits of the last commit's files, not committed."""
    tree = dict(history.trees[-1])
    moved = None
    for name, argv in (("git", ["git"]), ("dig", [dig])):
        run(argv + ["reset", "-q", "--hard", "main"], repos[name])
    files = [p for p, (mode, _) in tree.items() if mode != b"120000"]
    if not files:
        return
    path = rng.choice(sorted(files))
    mode, lines = tree[path]
    lines = history.edited(lines)
    if rng.random() < 0.4:
        moved = b"moved"
    for name, argv in (("git", ["git"]), ("dig", [dig])):
        if moved:
            run(argv + ["mv", path, moved], repos[name])
        with open(os.path.join(os.fsencode(repos[name]), moved or path),
                  "wb") as out:
            out.write(history.bytes(mode, lines))
    for _ in range(2):
        ask(history, repos, ids, [len(lines), os.fsdecode(moved or path)])


os.makedirs(base, exist_ok=True)
os.environ.update(GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL="/dev/null")
for number in range(count):
    repos = {name: os.path.join(base, name) for name in ("git", "dig")}
    for folder in repos.values():
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
    history = History()
    for _ in range(rng.choice([6, 20, 50])):
        history.commit()
    stream = history.stream()
    run(["git", "init", "-q", "-b", "main"], repos["git"])
    run(["git", "fast-import", "--quiet", "--force"], repos["git"], stream)
    heads = run(["git", "for-each-ref", "--format=%(refname:short)"],
                repos["git"]).stdout.decode().split()
    run([dig, "init", "-q"], repos["dig"])
    run([dig, "import", "git", "-"], repos["dig"],
        run(["git", "fast-export", "--all"], repos["git"]).stdout)
    ids = {"git": subjects(["git"], repos["git"], 40),
           "dig": subjects([dig], repos["dig"], 64)}
    by_name = {name: {s: i.decode() for i, s in ids[name].items()}
               for name in ids}
    known = sorted(by_name["git"])
    if sorted(by_name["dig"]) != known:
        print("seed %d, history %d: other commits" % (seed, number))
        sys.exit(1)
    for _ in range(8):
        subject = rng.choice(known)
        tree = history.trees[int(subject[1:])]
        if not tree:
            continue
        path = rng.choice(sorted(tree))
        tails = [{n: by_name[n][subject] for n in ids}]
        if rng.random() < 0.2 and not history.is_skewed:
            other = rng.choice([k for k in known if k != subject] or [subject])
            tails.append({n: "^" + by_name[n][other] for n in ids})
        ask(history, repos, ids, tails + [
            len(history.bytes(*tree[path]).splitlines()),
            os.fsdecode(path)])
    if "main" in heads:
        head = run(["git", "log", "-1", "--format=%s", "main"],
                   repos["git"]).stdout.split()[0]
        history.trees.append(history.trees[int(head[1:])])
        work_tree(history, repos, ids)
print("%d histories" % count)
