#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""dig beside git on one history that there is.

    history.py --git CLONE [--dig PROGRAM] [--runs N] [--every N] [--json FILE]
               [--dir FOLDER]

The clone is only read. Its stream (git fast-export) goes into both in turns;
git's packs are measured as fast-import leaves them and after git repack -adf
--window=50. `log -- PATH`, and blame where dig has it, are asked for the path
that changed most often and for one that changed as often as the median does;
what they print is compared. Then every file of every hundredth commit is
compared with git archive: bytes, kinds and modes.
"""
import argparse
import collections
import io
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time

from tools import ENV, Failed, settle

EXPORT = ["fast-export", "--all", "--signed-tags=verbatim", "--reencode=no",
          "--show-original-ids", "--mark-tags"]
# Nothing that a tree says of itself changes what git archive writes.
ATTRIBUTES = ("* -export-ignore -export-subst -text -eol -ident -filter "
              "-working-tree-encoding\n")


def run(args, cwd, stdin=None, out=None):
    """Seconds by the clock and of the processors, and peak memory, 0 where
    it is not told."""
    settle()
    with open(stdin or os.devnull, "rb") as source, \
            open(out or os.devnull, "wb") as sink, \
            tempfile.TemporaryFile() as errors:
        start = time.monotonic()
        proc = subprocess.Popen(args, cwd=cwd, env=ENV, stdin=source,
                                stdout=sink, stderr=errors)
        _, status, usage = os.wait4(proc.pid, 0)
        wall = time.monotonic() - start
        proc.returncode = os.waitstatus_to_exitcode(status)
        if proc.returncode != 0:
            errors.seek(0)
            raise Failed("%s: exit %d: %s" % (
                " ".join(args[:4]), proc.returncode,
                errors.read()[-300:].decode("utf-8", "replace").strip()))
    # Between fork and exec it is this program: less cannot be told.
    peak = usage.ru_maxrss
    if peak <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss:
        peak = 0
    return {"seconds": wall, "processor": usage.ru_utime + usage.ru_stime,
            "peak_bytes": peak * 1024}


def ask(args, cwd):
    return subprocess.run(args, cwd=cwd, env=ENV, check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE).stdout


def size_of(folder):
    return sum(os.lstat(os.path.join(w, f)).st_size
               for w, _, names in os.walk(folder) for f in names)


def middle(runs):
    """The medians of several runs, the highest peak."""
    return {"seconds": statistics.median(r["seconds"] for r in runs),
            "processor": statistics.median(r["processor"] for r in runs),
            "peak_bytes": max(r["peak_bytes"] for r in runs),
            "runs": len(runs)}


class Bench:
    def __init__(self, args, area):
        self.args, self.area = args, area
        self.dig = os.path.abspath(args.dig)
        self.clone = os.path.abspath(args.git)
        self.ours = os.path.join(area, "ours")
        self.theirs = os.path.join(area, "theirs.git")
        self.judge = os.path.join(area, "judge.git")
        self.stream = os.path.join(area, "stream")
        self.rows = {}
        # The newest branch: HEAD of a clone may be detached.
        self.branch = ask(
            ["git", "for-each-ref", "--sort=-committerdate", "--count=1",
             "--format=%(refname:short)", "refs/heads"],
            self.clone).decode().strip()

    def row(self, what, dig, git):
        self.rows[what] = {"dig": dig, "git": git}

    def load(self):
        run(["git"] + EXPORT, self.clone, out=self.stream)
        dig, git = [], []
        for _ in range(self.args.runs):
            for folder in (self.ours, self.theirs):
                shutil.rmtree(folder, ignore_errors=True)
                os.mkdir(folder)
            ask([self.dig, "init"], self.ours)
            ask(["git", "init", "-q", "--bare"], self.theirs)
            dig.append(run([self.dig, "import", "git", "-q", "-"], self.ours,
                           stdin=self.stream))
            git.append(run(["git", "fast-import", "--quiet"], self.theirs,
                           stdin=self.stream))
        self.row("import", middle(dig), middle(git))
        packs = os.path.join(self.ours, ".dig", "packs")
        sizes = collections.Counter()
        for name in os.listdir(packs):
            sizes[name.rsplit(".", 1)[1]] += os.stat(
                os.path.join(packs, name)).st_size
        objects = os.path.join(self.theirs, "objects")
        loaded = size_of(objects)
        repack = run(["git", "repack", "-q", "-adf", "--window=50"],
                     self.theirs)
        self.row("packs, as imported", {"bytes": sizes["pack"]},
                 {"bytes": loaded})
        self.row("packs, git repack -adf --window=50",
                 {"bytes": sizes["pack"]},
                 dict(repack, bytes=size_of(objects)))
        self.row("parity and mirrors",
                 {"bytes": sizes["par"] + sizes["tail"]}, None)
        self.row("all of .dig, of objects/",
                 {"bytes": size_of(os.path.join(self.ours, ".dig"))},
                 {"bytes": size_of(objects)})

    def paths(self):
        """Files of the branch: the busiest, and one of the median."""
        there = set(ask(["git", "ls-tree", "-rz", "--name-only",
                         self.branch],
                        self.theirs).split(b"\0")) - {b""}
        counts = collections.Counter(
            name for name in ask(
                ["git", "log", "--format=", "--name-only", "-z", self.branch],
                self.theirs).replace(b"\n", b"\0").split(b"\0")
            if name in there)
        order = sorted(counts, key=lambda name: (counts[name], name))
        if not order:
            return []
        return [("busiest", order[-1], counts[order[-1]]),
                ("median", order[len(order) // 2],
                 counts[order[len(order) // 2]])]

    def question(self, what, ours, theirs, same):
        one, two = (os.path.join(self.area, n) for n in ("one", "two"))
        dig, git = [], []
        for _ in range(max(9, self.args.runs)):
            dig.append(run([self.dig, "--no-pager"] + ours, self.ours,
                           out=one))
            git.append(run(["git", "--no-pager"] + theirs, self.theirs,
                           out=two))
        with open(one, "rb") as mine, open(two, "rb") as other:
            if not same(mine.read(), other.read()):
                raise Failed("%s: dig prints something else than git" % what)
        self.row(what, middle(dig), middle(git))

    def questions(self):
        blames = subprocess.run([self.dig, "blame", "-h"], check=False,
                                stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL).returncode == 0

        # Commits of one second may stand in another order.
        def lines(a, b):
            return sorted(a.split(b"\n")) == sorted(b.split(b"\n"))

        def words(a, b):
            return [x.split(b") ", 1)[-1] for x in a.split(b"\n")] == \
                [x.split(b") ", 1)[-1] for x in b.split(b"\n")]

        for word, path, count in self.paths():
            name = os.fsdecode(path)
            log = ["log", "--format=%at %an %s", self.branch, "--", name]
            self.question("log -- PATH, %s (%d changes)" % (word, count), log,
                          log, lines)
            if blames and word == "busiest":
                blame = ["blame", self.branch, "--", name]
                self.question("blame, %s (%d changes)" % (word, count), blame,
                              blame, words)

    def compare(self):
        """Commits that differ, of every hundredth."""
        ask(["git", "clone", "-q", "--bare", "--shared", self.clone,
             self.judge], self.area)
        with open(os.path.join(self.judge, "info", "attributes"), "w",
                  encoding="ascii") as file:
            file.write(ATTRIBUTES)
        known = dict(r.split() for r in ask(
            [self.dig, "sql", "--timeout", "0", "--tsv",
             "SELECT git_id, commit_id FROM v_git_map"],
            self.ours).decode().splitlines())
        commits = ask(["git", "rev-list", "--topo-order", "--reverse",
                       "--branches", "--tags"],
                      self.clone).decode().split()
        chosen = commits[::self.args.every]
        if commits and commits[-1] not in chosen:
            chosen.append(commits[-1])
        into = os.path.join(self.area, "into")
        wrong, files = [], 0
        for commit in chosen:
            theirs = archived(ask(["git", "archive", commit], self.judge))
            ask([self.dig, "checkout", "-q", "--into", into, known[commit]],
                self.ours)
            ours = written(os.fsencode(into))
            shutil.rmtree(into)
            files += len(theirs)
            if ours != theirs:
                wrong.append(commit)
        return {"commits": len(chosen), "files": files, "wrong": wrong}


def archived(data):
    found = {}
    with tarfile.open(fileobj=io.BytesIO(data), encoding="utf-8",
                      errors="surrogateescape") as tar:
        for entry in tar:
            name = os.fsencode(entry.name)
            if entry.issym():
                found[name] = ("link", os.fsencode(entry.linkname))
            elif entry.isfile():
                found[name] = (bool(entry.mode & 0o100),
                               tar.extractfile(entry).read())
    return found


def written(root):
    found = {}
    for where, folders, names in os.walk(root):
        for name in names + folders:
            path = os.path.join(where, name)
            key = os.path.relpath(path, root)
            if os.path.islink(path):
                found[key] = ("link", os.readlink(path))
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    found[key] = (bool(os.stat(path).st_mode & 0o100),
                                  file.read())
    return found


def shown(value):
    if value is None:
        return "-"
    if "bytes" in value:
        return "%.2f MB" % (value["bytes"] / 1e6)
    peak = value["peak_bytes"]
    return "%.3f s, %.3f s cpu" % (value["seconds"], value["processor"]) + (
        ", %d MB" % (peak / 1e6) if peak else "")


def print_table(rows):
    print("%-44s%32s%32s%8s" % ("", "dig", "git", "ratio"))
    for what, row in rows.items():
        dig, git = row["dig"], row["git"]
        key = "bytes" if "bytes" in dig else "processor"
        if git is not None:
            row["dig_over_git"] = dig[key] / max(git[key], 1e-9)
        print("%-44s%32s%32s%8s" % (
            what, shown(dig), shown(git),
            "%.2f" % row["dig_over_git"] if git is not None else "-"))
    print("(median of the runs; the ratio is of bytes, or of the processors' "
          "seconds)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--git", required=True)
    parser.add_argument("--dig", default="build/dig")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("--json")
    parser.add_argument("--dir", default=os.environ.get("TMPDIR", "/var/tmp"))
    args = parser.parse_args()
    if not os.access(args.dig, os.X_OK):
        sys.exit("no program %s: type make first" % args.dig)
    area = tempfile.mkdtemp(prefix="dig-bench.", dir=args.dir)
    ENV.update(HOME=area, XDG_CONFIG_HOME=os.path.join(area, "config"))
    bench = Bench(args, area)
    try:
        commits = int(ask(["git", "rev-list", "--all", "--count"],
                          bench.clone))
        bench.load()
        print("%d commits, a stream of %.1f MB" % (
            commits, os.stat(bench.stream).st_size / 1e6))
        bench.questions()
        print_table(bench.rows)
        same = bench.compare()
        print("%d commits with %d files compared with git archive: %s" % (
            same["commits"], same["files"],
            "all are equal" if not same["wrong"]
            else "%d differ" % len(same["wrong"])))
        for commit in same["wrong"][:10]:
            print("differs: " + commit)
    except (Failed, subprocess.CalledProcessError) as why:
        detail = getattr(why, "stderr", b"") or b""
        sys.exit("%s %s" % (why, detail[-300:].decode("utf-8", "replace")))
    finally:
        stream = os.stat(bench.stream).st_size \
            if os.path.exists(bench.stream) else 0
        shutil.rmtree(area, ignore_errors=True)
    if args.json:
        os.makedirs(os.path.dirname(args.json) or ".", exist_ok=True)
        with open(args.json, "w", encoding="utf-8") as out:
            json.dump({"machine": platform.platform(),
                       "processors": os.cpu_count(), "commits": commits,
                       "stream_bytes": stream, "rows": bench.rows,
                       "compared": same}, out, indent=1)
        print("written: " + args.json)
    return 1 if same["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
