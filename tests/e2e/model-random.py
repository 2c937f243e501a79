#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Long random sequences of commands on one tree in dig and in git, which is the
model: after each, both have done it or both have refused, and agree on status,
HEAD, branches, tags and the log, on what is staged and on every file.

usage: model-random.py DIG FOLDER SEED RUNS OPERATIONS
       model-random.py DIG FOLDER FILE         (a sequence that was printed)

Some operations are first done in dig alone and taken back by `dig undo`: refs,
HEAD, what is staged and, where nothing was lost, working files are then what
they were before. A sequence that fails is made short by leaving operations out,
is printed with its seed, and is written to FOLDER/failed; the exit code is 1.

An operation is a list of words. Those of the table at the end are chosen by
chance and say nothing about the state, so any of them can be left out. A new
command is one more line there, or a method of Pair when it takes several steps.
"""

import ast
import hashlib
import os
import random
import shutil
import subprocess
import sys
import time

dig, top = os.path.abspath(sys.argv[1]), sys.argv[2]
PROGRAM = {
    "dig": [dig, "--no-pager"],
    # Renames are the exact ones, as dig merges them; lines as each does.
    "git": ["git", "-c", "status.renames=false", "-c", "gc.auto=0",
            "-c", "merge.directoryRenames=false", "-c", "advice.diverging=no",
            "-c", "merge.conflictStyle=merge", "-c", "core.quotePath=true",
            "-c", "advice.detachedHead=false"]}
PATHS = ["a", "b", "c d", "d", "d/x", "d/y", "d/e/z", "e", "e/x", "x.o",
         "d/x.o", ".gitignore"]
FOLDERS = ["d", "d/e", "e", "new", "."]
BRANCHES = ["main", "b1", "b2", "b3/x"]
TAGS = ["t1", "t2", "t3"]
# Not "-" and @{-1}: what was taken back by undo has been in dig's HEAD.
REVS = ["HEAD", "HEAD~1", "HEAD~2", "HEAD^2"] + BRANCHES + TAGS
EVERY = 10        # full comparisons
SHRINK = int(os.environ.get("SHRINK", "120"))  # seconds


class Differs(Exception):
    pass


def is_meant(words, d, g):
    """dig refuses a little more, and says so on its pages."""
    said = d.stderr
    if g.returncode != 0 or d.returncode == 0:
        return False
    # A path that means nothing is a mistake.
    return words[0] == "reset" and b"did not match" in said


def content_id(data):
    """What dig names a small file by: docs/format.md "File content"."""
    if not data:
        return hashlib.sha256(b"\2").hexdigest()
    leaf = b"\0" + len(data).to_bytes(8, "big") + hashlib.sha256(data).digest()
    return hashlib.sha256(leaf).hexdigest()


def content(path, seed):
    """A text that belongs to a path; seeds are edits of it."""
    rng = random.Random("%s %d" % (path, seed))
    if path == ".gitignore":
        return b"".join(rng.sample([b"*.o\n", b"/new\n", b"!x.o\n"], 2))
    if seed % 13 == 0:
        return b""
    if seed % 13 == 1:
        return b"\0" + b"%d" % seed
    lines = [b"%s line %d" % (path.encode(), i) for i in range(12)]
    for _ in range(rng.randrange(1, 4)):
        lines[rng.randrange(len(lines))] = b"edit %d" % rng.randrange(10 ** 6)
    return b"\n".join(lines) + (b"" if seed % 13 == 2 else b"\n")


def look(path):
    if os.path.islink(path):
        return "link", os.readlink(path)
    with open(path, "rb") as file:
        return os.stat(path).st_mode & 0o100, file.read()


class Pair:
    """The same tree in both."""

    def __init__(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
        self.home = {tool: os.path.join(folder, tool) for tool in PROGRAM}
        self.clock = 1500000000
        self.born = False  # there is a commit
        self.env = dict(os.environ, LC_ALL="C", GIT_EDITOR="true",
                        DIG_EDITOR="true")
        for program in ("GIT", "DIG"):
            for role in ("AUTHOR", "COMMITTER"):
                self.env["%s_%s_NAME" % (program, role)] = "A U Thor"
                self.env["%s_%s_EMAIL" % (program, role)] = "a@example.com"
        for tool, path in self.home.items():
            os.makedirs(path)
            self.run(tool, "init", "-q")
        self.run("git", "symbolic-ref", "HEAD", "refs/heads/main")

    def run(self, tool, *words):
        for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE",
                     "DIG_AUTHOR_DATE", "DIG_COMMITTER_DATE"):
            self.env[name] = "%d +0000" % self.clock
        done = subprocess.run(
            PROGRAM[tool] + list(words), cwd=self.home[tool], env=self.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        if done.returncode not in (0, 1, 2, 4, 128, 129) or (
                tool == "dig" and done.returncode >= 128):
            raise Differs("%s %s exits %d: %s" % (
                tool, " ".join(words), done.returncode,
                done.stderr.decode(errors="replace")))
        return done

    def both(self, *words, git=()):
        """True: both did it; False: neither."""
        d = self.run("dig", *words)
        # dig loses no files that are ignored; git is not asked then.
        if b"nothing was changed" in d.stderr and b"\0!! " in b"\0" + self.run(
                "git", "status", "--porcelain", "-z", "--ignored").stdout:
            return False
        g = self.run("git", *(git or words))
        if d.returncode == 0 and b"\nPlease move or remove them" in g.stderr:
            g = self.without(g.stderr, git or words)
        if (d.returncode == 0) != (g.returncode == 0) and \
                not is_meant(words, d, g):
            raise Differs("%s\n# dig exits %d: %s# git exits %d: %s" % (
                " ".join(words), d.returncode,
                (d.stdout + d.stderr).decode(errors="replace"), g.returncode,
                (g.stdout + g.stderr).decode(errors="replace")))
        self.born |= words[0] == "commit" and d.returncode == 0
        return d.returncode == 0

    def without(self, said, words):
        """git refuses beside files that are not tracked, also where they are
        what comes, or stay. So do it without them; dig must have lost none."""
        kept = {}
        for line in said.split(b"\n"):
            if line.startswith(b"\t"):
                path = os.path.join(os.fsencode(self.home["git"]), line[1:])
                kept[path] = path + b".kept"
                os.rename(path, kept[path])
        done = self.run("git", *words)
        for path, aside in kept.items():
            if not os.path.lexists(path):
                os.makedirs(os.path.dirname(path), exist_ok=True)
                os.rename(aside, path)
                continue
            if look(path) != look(aside):
                raise Differs("%s overwrote %r" % (" ".join(words), path))
            os.unlink(aside)
        return done

    # ---- Looking -------------------------------------------------------

    def status(self, tool):
        words = ["status", "--porcelain=v1", "-z"]
        return self.run(tool, *words, *(
            ["--no-renames"] if tool == "dig" else [])).stdout

    def log(self, tool):
        """HEAD, branches and tags stand beside the commits."""
        out = self.run(tool, "log", "--all", "--format=%s %D %an %at %ct")
        head = self.run(tool, "branch", "--show-current").stdout
        return head + out.stdout

    def staged(self, tool):
        out = self.run(tool, "ls-files", "-s", "-z").stdout
        found = [entry.split(None, 3) for entry in out.split(b"\0") if entry]
        if tool == "git":
            ids = sorted({words[1] for words in found})
            texts = self.texts(ids)
            found = [[words[0], texts[words[1]]] + words[2:]
                     for words in found]
        # Of a path that is not merged git has several, dig one.
        return [words for words in found if words[2] == b"0"]

    def texts(self, ids):
        done = subprocess.run(
            ["git", "cat-file", "--batch"], cwd=self.home["git"],
            input=b"".join(i + b"\n" for i in ids), stdout=subprocess.PIPE,
            check=True).stdout
        found = {}
        for name in ids:
            head, done = done.split(b"\n", 1)
            size = int(head.split()[2])
            found[name] = content_id(done[:size]).encode()
            done = done[size + 1:]
        return found

    def files(self, tool):
        found = {}
        for where, dirs, names in os.walk(self.home[tool]):
            if where == self.home[tool]:
                dirs.remove("." + tool)
            for name in names + [d for d in dirs if os.path.islink(
                    os.path.join(where, d))]:
                path = os.path.join(where, name)
                found[os.path.relpath(path, self.home[tool])] = look(path)
        return found

    def compare(self, full):
        views = [self.status]
        if full:
            views += [self.log, self.files]
            if not self.is_merging():
                views.append(self.staged)
        for view in views:
            d, g = view("dig"), view("git")
            if d != g:
                raise Differs("%s differs\n# dig %r\n# git %r" % (
                    view.__name__, *narrowed(d, g)))

    def is_merging(self):
        return os.path.exists(os.path.join(
            self.home["git"], ".git", "MERGE_HEAD"))

    # ---- Operations ----------------------------------------------------

    def do(self, op):
        self.clock += 60
        # Before the first commit the two have rules of their own.
        if not self.born and {"reset", "restore"} & set(op[:2]):
            return
        # dig stages a rename that was done by other means; git does not.
        if "mv" in op[:2] and not os.path.lexists(
                os.path.join(self.home["git"], op[-2])):
            return
        if op[0].startswith("."):
            getattr(self, "do_" + op[0][1:])(*op[1:])
        else:
            self.both(*op)
        self.prune()

    def do_undo(self, *op):
        """In dig alone, and back; then in both."""
        before = self.last_operation(), self.view()
        if self.run("dig", *op).returncode == 0 and \
                self.last_operation() != before[0]:
            done = self.run("dig", "undo", "-q")
            if b"left nothing that could be taken back" in done.stderr:
                after = before[1]
            elif done.returncode != 0:
                raise Differs("undo of %s: %s" % (
                    " ".join(op), done.stderr.decode(errors="replace")))
            else:
                after = self.view()
            if after[0] != before[1][0]:
                raise Differs("undo of %s\n# after %r\n# before %r" % (
                    " ".join(op), *narrowed(after[0], before[1][0])))
            lost = op[0] in ("restore", "reset", "rm", "checkout", "mv")
            self.prune()
            if not lost and after[1] != before[1][1]:
                raise Differs("files after undo of %s\n# after %r\n# before %r"
                              % (" ".join(op),
                                 *narrowed(after[1], before[1][1])))
        # What an operation overwrote for good is a person's to restore.
        self.put_back("dig", before[1][1])
        self.do(list(op))

    def last_operation(self):
        return self.run("dig", "undo", "--list", "-n1", "--json").stdout

    def view(self):
        return [self.log("dig"), self.staged("dig")], self.files("dig")

    def put_back(self, tool, files):
        now = self.files(tool)
        for key in now:
            if key not in files:
                os.unlink(os.path.join(self.home[tool], key))
        for key, (mode, data) in files.items():
            if now.get(key) != (mode, data):
                self.put(tool, key, mode, data)
        self.prune()

    def prune(self):
        """Folders that are empty are nobody's; git leaves some behind."""
        for tool, home in self.home.items():
            for where, dirs, _ in os.walk(home):
                if where == home:
                    dirs.remove("." + tool)
                while where != home and not os.listdir(where):
                    os.rmdir(where)
                    where = os.path.dirname(where)

    def put(self, tool, key, mode, data):
        path = os.path.join(self.home[tool], key)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.lexists(path):
            os.unlink(path)
        if mode == "link":
            os.symlink(data, path)
            return
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, 0o755 if mode else 0o644)

    def do_edit(self, key, seed, mode):
        """A file, a link or a program, where nothing is in the way."""
        where = os.path.join(self.home["git"], key)
        folder = os.path.dirname(key)
        while folder:
            full = os.path.join(self.home["git"], folder)
            if os.path.lexists(full) and (
                    os.path.islink(full) or not os.path.isdir(full)):
                return
            folder = os.path.dirname(folder)
        if os.path.isdir(where) and not os.path.islink(where):
            return
        data = content(key, seed)
        if mode == "link":
            data = "to %d" % seed
        for tool in self.home:
            self.put(tool, key, mode, data)

    def do_remove(self, key):
        for tool, home in self.home.items():
            path = os.path.join(home, key)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            elif os.path.lexists(path):
                os.unlink(path)
            folder = os.path.dirname(path)
            while folder != home and os.path.isdir(folder) and \
                    not os.listdir(folder):
                os.rmdir(folder)
                folder = os.path.dirname(folder)

    def do_merge(self, rev, flag, end):
        """A merge, and what people do when it stops."""
        words = ["merge"] + [flag] * (flag != "") + [rev]
        self.both(*words, git=[
            "merge", "--no-edit", "-X", "find-renames=100%"] + words[1:])
        if not self.is_merging():
            return
        self.compare(True)
        if end == "abort":
            self.both("merge", "--abort")
            return
        for tool in self.home:
            for key, (mode, data) in self.files(tool).items():
                if mode != "link" and b"<<<<<<<" in data:
                    self.put(tool, key, mode, content(key, int(end)))
        self.both("add", "-A")
        self.compare(True)
        self.both("commit", "-q", "--no-edit")


def narrowed(a, b):
    """Of lists and dictionaries, what differs."""
    if isinstance(a, dict):
        keys = [k for k in sorted(set(a) | set(b)) if a.get(k) != b.get(k)]
        return ({k: a.get(k) for k in keys}, {k: b.get(k) for k in keys})
    if isinstance(a, bytes):
        a, b = (x.replace(b"\0", b"\n").splitlines() for x in (a, b))
    if isinstance(a, list):
        return ([x for x in a if x not in b] or a[:40],
                [x for x in b if x not in a] or b[:40])
    return a, b


def trouble(ops, folder, every=EVERY):
    """None, or at which operation it went wrong, and how."""
    pair, at = Pair(folder), -1
    try:
        for at, op in enumerate(ops):
            pair.do(op)
            pair.compare((at + 1) % every == 0 or at + 1 == len(ops))
        done = pair.run("dig", "fsck")
        if done.returncode != 0:
            raise Differs("fsck: " + (done.stdout + done.stderr).decode())
    except Differs as why:
        return at, str(why)
    return None


def shrunk(ops, folder):
    """Leave out halves, quarters, ... single operations, as long as it still
    goes wrong."""
    end, size = time.monotonic() + SHRINK, max(1, len(ops) // 2)
    while time.monotonic() < end:
        smaller = False
        for at in range(0, len(ops), size):
            fewer = ops[:at] + ops[at + size:]
            found = trouble(fewer, folder, len(ops))
            if found is not None:
                ops, smaller = fewer[:found[0] + 1], True
                break
            if time.monotonic() > end:
                break
        if not smaller:
            if size == 1:
                break
            size = max(1, size // 2)
    return ops


def report(ops, folder, title):
    found = trouble(ops, folder, 1)
    print("# %s" % title)
    print("# %s" % (found[1] if found else "it does not fail again"))
    for op in ops:
        print("# %r" % (op,))
    with open(os.path.join(top, "failed"), "w", encoding="utf-8") as out:
        out.writelines("%r\n" % (op,) for op in ops)
    sys.exit(1)


# ---- What is done, and how often -------------------------------------------

def edit(rng):
    mode = rng.choice([0] * 8 + [0o100, "link"])
    return [".edit", rng.choice(PATHS), rng.randrange(1000), mode]


def add(rng):
    return ["add"] + rng.choice([
        ["-A"], ["-A"], ["."], ["-u"], [rng.choice(PATHS)], [rng.choice(PATHS)],
        ["-A", rng.choice(FOLDERS)], ["-f", rng.choice(PATHS)]])


def rm(rng):
    return ["rm", "-q"] + rng.choice([
        [], [], ["-f"], ["--cached"], ["-r"], ["-r", "-f"],
        ["-r", "--cached"]]) + ["--", rng.choice(PATHS)]


def mv(rng):
    return ["mv"] + ["-f"] * (rng.random() < 0.2) + [
        rng.choice(PATHS), rng.choice(PATHS + FOLDERS)]


def commit(rng):
    what = "m%d" % rng.randrange(10 ** 6)
    return ["commit", "-q", "-m", what] + rng.choice(
        [[], [], ["-a"], ["-a"], ["--allow-empty"]])


def amend(rng):
    return ["commit", "-q", "--amend"] + rng.choice([
        ["--no-edit"], ["-m", "amended %d" % rng.randrange(10 ** 6)],
        ["-a", "--no-edit"]])


def branch(rng):
    name = rng.choice(BRANCHES)
    return ["branch"] + rng.choice([
        [name], [name], [name, rng.choice(REVS)],
        ["-f", name, rng.choice(REVS)], ["-d", name], ["-D", name],
        ["-m", name, rng.choice(BRANCHES)]])


def switch(rng):
    name = rng.choice(BRANCHES)
    return rng.choice([
        ["switch", "-q", name], ["switch", "-q", name], ["checkout", "-q", name],
        ["switch", "-q", "-c", name], ["checkout", "-q", "-b", name],
        ["switch", "-q", "-C", name, rng.choice(REVS)],
        ["switch", "-q", "--detach", rng.choice(REVS)],
        ["checkout", "-q", rng.choice(REVS)],
        ["checkout", "-q", "-f", name]])


def merge(rng):
    return [".merge", rng.choice(BRANCHES + TAGS),
            rng.choice(["", "", "--no-ff", "--ff-only"]),
            rng.choice(["abort", str(rng.randrange(1000))])]


def reset(rng):
    rev = rng.choice(REVS)
    return ["reset", "-q"] + rng.choice([
        ["--soft", rev], ["--mixed", rev], [rev], ["--hard", rev], ["--hard"],
        [], ["--", rng.choice(PATHS)], [rev, "--", rng.choice(PATHS)]])


def restore(rng):
    where = rng.choice([[], [], ["--staged"], ["--staged", "--worktree"]])
    source = rng.choice([[], [], ["--source", rng.choice(REVS)]])
    return ["restore"] + where + source + ["--", rng.choice(PATHS + ["."])]


def checkout(rng):
    return ["checkout", "-q"] + rng.choice([[], [rng.choice(REVS)]]) + [
        "--", rng.choice(PATHS + ["."])]


def tag(rng):
    name = rng.choice(TAGS)
    return ["tag"] + rng.choice([
        [name], [name, rng.choice(REVS)], ["-f", name, rng.choice(REVS)],
        ["-a", "-m", "tagged", name], ["-d", name]])


def clean(rng):
    return ["clean", "-q", "-f"] + rng.choice(
        [[], ["-d"], ["-x"], ["-d", "-x"], ["-X"]])


def undo(rng):
    chosen = rng.choice([add, rm, mv, commit, amend, branch, switch, reset,
                         restore, checkout, tag])
    return [".undo"] + chosen(rng)


OPERATIONS = [
    (24, edit), (6, lambda rng: [".remove", rng.choice(PATHS)]), (16, add),
    (5, rm), (5, mv), (14, commit), (4, amend), (6, branch), (9, switch),
    (6, merge), (5, reset), (5, restore), (3, checkout), (3, tag), (2, clean),
    (7, undo),
]


def sequence(seed, count):
    rng = random.Random(seed)
    weights, makers = zip(*OPERATIONS)
    return [rng.choices(makers, weights)[0](rng) for _ in range(count)]


def main():
    os.makedirs(top, exist_ok=True)
    os.environ.update(GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL="/dev/null")
    folder = os.path.join(top, "pair")
    if len(sys.argv) == 4:
        with open(sys.argv[3], encoding="utf-8") as file:
            ops = [ast.literal_eval(line.lstrip("# ")) for line in file
                   if "[" in line]
        found = trouble(ops, folder, 1)
        print("# %s" % (found[1] if found else "both agree"))
        return 1 if found else 0
    seed, runs, count = map(int, sys.argv[3:6])
    for run in range(seed, seed + runs):
        ops = sequence(run, count)
        found = trouble(ops, folder)
        if found is not None:
            print("# seed %d: operation %d of %d: %s" % (
                run, found[0] + 1, count, found[1]), flush=True)
            report(shrunk(ops[:found[0] + 1], folder), folder,
                   "seed %d, made short:" % run)
    print("# %d runs of %d operations" % (runs, count))
    return 0


sys.exit(main())
