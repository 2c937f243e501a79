#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""dig beside git, restic, borg and fossil on the same work.

    bench.py [--dig PROGRAM] [--only S,L,B] [--quick] [--runs N] [--json FILE]
             [--dir FOLDER] [--peers git,tar-zstd]

Data sets: S, 20,000 generated text files of 1 to 10 KiB in 2,000 folders;
L, the Linux source (without its top .gitignore); B, one random file of 2 GiB.
Every tool has its own durable defaults (git without gc in the background).
Before each run everything is synced; the tools take turns, run by run, so
that a change of the machine's mood meets them all; the table has medians.
What a tool stored is checked out (into memory, where there is room) and
compared once per data set.
"""
import argparse
import filecmp
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ENV = dict(os.environ, LC_ALL="C", TZ="UTC", NO_COLOR="1",
           DIG_AUTHOR_NAME="B", DIG_AUTHOR_EMAIL="b@example.com",
           DIG_COMMITTER_NAME="B", DIG_COMMITTER_EMAIL="b@example.com",
           GIT_AUTHOR_NAME="B", GIT_AUTHOR_EMAIL="b@example.com",
           GIT_COMMITTER_NAME="B", GIT_COMMITTER_EMAIL="b@example.com",
           GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL="/dev/null",
           RESTIC_PASSWORD="bench", BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=
           "yes", BORG_RELOCATED_REPO_ACCESS_IS_OK="yes", USER="bench")


class Failed(Exception):
    pass


def execute(args, cwd, out=None, good=(0,)):
    """Run to the end: seconds and peak memory (of it and what it waited for)."""
    os.sync()
    start = time.monotonic()
    with open(out or os.devnull, "wb") as stdout, \
            tempfile.TemporaryFile() as stderr:
        proc = subprocess.Popen(args, cwd=cwd, env=ENV, stdout=stdout,
                                stdin=subprocess.DEVNULL, stderr=stderr)
        _, status, usage = os.wait4(proc.pid, 0)
        seconds = time.monotonic() - start
        proc.returncode = os.waitstatus_to_exitcode(status)
        if proc.returncode not in good:
            stderr.seek(0)
            raise Failed("%s: exit %d: %s" % (
                " ".join(args), proc.returncode,
                stderr.read()[-300:].decode("utf-8", "replace").strip()))
    return seconds, usage.ru_maxrss * 1024


def together(*runs):
    return sum(r[0] for r in runs), max(r[1] for r in runs)


def stored(folder):
    """Bytes that the files below occupy."""
    if os.path.isfile(folder):
        return os.stat(folder).st_blocks * 512
    return sum(os.lstat(os.path.join(w, f)).st_blocks * 512
               for w, _, names in os.walk(folder) for f in names)


class Tool:
    """One tool, its repository for the tree `work`, and each kind of work.
    A method that a tool lacks is None: the table shows a dash."""
    program = name = None

    def __init__(self, area):
        self.area = os.path.join(area, self.name)
        self.work = os.path.join(area, "tree")
        os.makedirs(self.area, exist_ok=True)
        self.out = self.area  # where checkouts go

    def run(self, *args, cwd=None, out=None, good=(0,)):
        return execute([self.program] + list(args), cwd or self.work, out, good)


class Dig(Tool):
    name = "dig"

    def repo(self):
        return os.path.join(self.work, ".dig")

    def fresh(self):
        shutil.rmtree(self.repo(), ignore_errors=True)
        self.run("init")

    def save(self):
        return together(self.run("add", "-A"), self.run("commit", "-m", "m"))

    def nothing(self):
        return self.run("add", "-A")

    def status(self):
        return self.run("status")

    def restore(self, into):
        return self.run("checkout", "--into", into, "HEAD")

    def cat(self, path, out):
        return self.run("cat", "HEAD:" + path, out=out)


class Git(Tool):
    name = program = "git"

    def repo(self):
        return os.path.join(self.work, ".git")

    def fresh(self):
        shutil.rmtree(self.repo(), ignore_errors=True)
        self.run("init", "-q")
        self.run("config", "gc.auto", "0")
        with open(self.repo() + "/info/exclude", "w", encoding="ascii") as out:
            out.write(".dig\n.fslckout\n")

    def save(self):
        return together(self.run("add", "-A"),
                        self.run("commit", "-q", "-m", "m"))

    nothing = Dig.nothing
    status = Dig.status

    def restore(self, into):
        os.makedirs(into)
        return self.run("--work-tree=" + into, "checkout", "-q", "-f", "HEAD",
                        "--", ".")

    def cat(self, path, out):
        return self.run("cat-file", "blob", "HEAD:" + path, out=out)


class Restic(Tool):
    name = program = "restic"

    def repo(self):
        return os.path.join(self.area, "repo")

    def fresh(self):
        shutil.rmtree(self.repo(), ignore_errors=True)
        self.run("init", "-q", "-r", self.repo())

    def save(self):
        return self.run("backup", "-q", "-r", self.repo(), "--exclude=.git",
                        "--exclude=.dig", "--exclude=.fslckout", ".")

    nothing = save
    status = None

    def restore(self, into):
        return self.run("restore", "-q", "-r", self.repo(), "latest",
                        "--target", into)

    def cat(self, path, out):
        return self.run("dump", "-q", "-r", self.repo(), "latest", "/" + path,
                        out=out)


class Borg(Tool):
    name = program = "borg"

    def __init__(self, area):
        super().__init__(area)
        self.last = 0

    def repo(self):
        return os.path.join(self.area, "repo")

    def fresh(self):
        shutil.rmtree(self.repo(), ignore_errors=True)
        self.run("init", "-e", "none", self.repo())

    def save(self):
        self.last += 1
        return self.run("create", "-e", "pp:.git", "-e", "pp:.dig", "-e",
                        "pp:.fslckout", "%s::%d" % (self.repo(), self.last),
                        ".")

    nothing = save
    status = None

    def restore(self, into):
        os.makedirs(into)
        return self.run("extract", "%s::%d" % (self.repo(), self.last),
                        cwd=into)

    def cat(self, path, out):
        return self.run("extract", "--stdout", "%s::%d" % (
            self.repo(), self.last), path, out=out)


class Fossil(Tool):
    name = program = "fossil"

    def repo(self):
        return os.path.join(self.area, "repo.fossil")

    def fresh(self):
        for name in (self.repo(), os.path.join(self.work, ".fslckout")):
            if os.path.exists(name):
                os.unlink(name)
        self.run("init", self.repo())
        self.run("open", "--force", "--keep", self.repo())
        self.run("settings", "autosync", "off")
        self.run("settings", "ignore-glob", ".git,.dig,.git/*,.dig/*")

    def save(self):
        return together(
            self.run("addremove", "--dotfiles"),
            self.run("commit", "-m", "m", "--no-warnings", "--nosign",
                     "--no-prompt", good=(0,)))

    def nothing(self):
        return self.run("addremove", "--dotfiles")

    def status(self):
        return self.run("status")

    def restore(self, into):
        os.makedirs(into)
        seconds = self.run("open", "--nosync", self.repo(), cwd=into)
        os.unlink(os.path.join(into, ".fslckout"))
        return seconds

    def cat(self, path, out):
        return self.run("cat", path, "-r", "tip", out=out)


# --- data --------------------------------------------------------------------

class Tar(Tool):
    """What the machine can do without keeping versions: tar through zstd -1
    on two threads, into one file, and back."""
    name, program, status, nothing = "tar-zstd", "zstd", None, None

    def __init__(self, area):
        super().__init__(area)
        self.file = os.path.join(self.area, "tree.tar.zst")

    def repo(self):
        return self.file

    def fresh(self):
        if os.path.exists(self.file):
            os.unlink(self.file)

    def save(self):
        return execute(["sh", "-c", "tar --exclude=./.dig --exclude=./.git "
                        "-c . | zstd -q -f -1 -T2 -o " + self.file],
                       self.work)

    def restore(self, into):
        os.makedirs(into)
        return execute(["sh", "-c", "zstd -q -d -c %s | tar -x" % self.file],
                       into)

    def cat(self, path, out):
        return execute(["sh", "-c", "zstd -q -d -c %s | tar -x -O ./%s"
                        % (self.file, path)], self.work, out)


def words(rng, size):
    lexicon = words.lexicon
    line, have, lines = [], 0, []
    while have < size:
        word = lexicon[min(int(rng.paretovariate(.6)), len(lexicon) - 1)]
        line.append(word)
        have += len(word) + 1
        if len(line) == 11:
            lines.append(" ".join(line))
            line = []
    return ("\n".join(lines + [" ".join(line)]) + "\n").encode()


words.lexicon = ["%x" % random.Random(n).getrandbits(8 + n % 40)
                 for n in range(20000)]


def make_small(folder, files=20000, folders=2000):
    rng = random.Random(7)
    for n in range(files):
        where = os.path.join(folder, "d%02d" % (n % folders // 100),
                             "e%04d" % (n % folders))
        os.makedirs(where, exist_ok=True)
        with open(os.path.join(where, "f%05d.txt" % n), "wb") as out:
            out.write(words(rng, rng.randrange(1024, 10240)))


def make_linux(folder):
    source = os.environ.get("LINUX_SRC")
    if source and os.path.isdir(source):
        subprocess.run(["cp", "-a", source + "/.", folder], check=True)
    else:
        archive = "/usr/src/linux-source-6.1.tar.xz"
        if not os.path.exists(archive):
            raise Failed("no LINUX_SRC and no %s (apt-get install "
                         "linux-source-6.1)" % archive)
        subprocess.run(["tar", "-xJf", archive, "--strip-components=1", "-C",
                        folder], check=True)
    top = os.path.join(folder, ".gitignore")
    if os.path.exists(top):
        os.unlink(top)


def make_big(folder, size=2 << 30):
    rng = random.Random(9)
    with open(os.path.join(folder, "big.bin"), "wb") as out:
        for _ in range(size >> 20):
            out.write(rng.randbytes(1 << 20))


def edit(folder, rng, files=200):
    """Change so many files a little, as a person would."""
    names = sorted(os.path.join(w, f) for w, d, fs in os.walk(folder)
                   if not prune(d) for f in fs
                   if f != ".fslckout"
                   and not os.path.islink(os.path.join(w, f)))
    for name in rng.sample(names, min(files, len(names))):
        if os.path.getsize(name) > 1 << 26:
            with open(name, "r+b") as out:
                out.seek(rng.randrange(os.path.getsize(name)))
                out.write(rng.randbytes(1000))
            continue
        with open(name, "rb") as data:
            old = data.read()
        at = rng.randrange(len(old) + 1)
        with open(name, "wb") as out:
            out.write(old[:at] + b"edited %x\n" % rng.getrandbits(64)
                      + old[at:])


def prune(dirs):
    dirs[:] = [d for d in dirs if d not in (".git", ".dig")]
    return False


def compare(a, b):
    """The first difference of two trees, or None."""
    def names(top):
        found = []
        for where, dirs, files in os.walk(top):
            prune(dirs)
            found += [os.path.relpath(os.path.join(where, n), top)
                      for n in files if n not in (".fslckout",)]
        return sorted(found)
    left, right = names(a), names(b)
    if left != right:
        return "%d files and %d" % (len(left), len(right))
    for name in left:
        p, q = os.path.join(a, name), os.path.join(b, name)
        if os.path.islink(p):
            if not os.path.islink(q) or os.readlink(p) != os.readlink(q):
                return name
        elif not filecmp.cmp(p, q, shallow=False):
            return name
    return None


# --- the runs ----------------------------------------------------------------

WORKS = ["add+commit", "status", "add nothing", "edit 200, add+commit",
         "checkout", "cat"]


def one_round(tool, data, rng_seed, verify):
    """Every work once, in the order of a day; {work: (seconds, memory)}."""
    result, into = {}, os.path.join(tool.out, "into")
    tool.fresh()
    result["add+commit"] = tool.save()
    result["stored"] = stored(tool.repo())
    if tool.status:
        result["status"] = tool.status()
    if tool.nothing:
        result["add nothing"] = tool.nothing()
    if data != "B":
        edit(tool.work, random.Random(rng_seed))
        result["edit 200, add+commit"] = tool.save()
        result["stored after"] = stored(tool.repo())
    shutil.rmtree(into, ignore_errors=True)
    result["checkout"] = tool.restore(into)
    if verify:
        wrong = compare(tool.work, into)
        if wrong:
            raise Failed("%s gave back another tree: %s" % (tool.name, wrong))
    shutil.rmtree(into, ignore_errors=True)
    if data == "B":
        result["cat"] = tool.cat("big.bin", os.devnull)
        if verify:
            out = os.path.join(tool.out, "cat")
            tool.cat("big.bin", out)
            if not filecmp.cmp(out, tool.work + "/big.bin", shallow=False):
                raise Failed("%s cat gave other bytes" % tool.name)
            os.unlink(out)
    return result


def measure(data, tools, runs, area, out):
    maker = {"S": make_small, "L": make_linux, "B": make_big}[data]
    work, results, broken = os.path.join(area, "tree"), {}, {}
    os.makedirs(work)
    print("data set %s: making it" % data, flush=True)
    maker(work)
    time.sleep(2.1)  # no file is racy
    ready = [tool(area) for tool in tools]
    for tool in ready:
        if out:
            tool.out = os.path.join(out, tool.name)
            os.makedirs(tool.out, exist_ok=True)
    for run in range(runs):
        for tool in ready[run % len(ready):] + ready[:run % len(ready)]:
            if tool.name in broken:
                continue
            print("  run %d of %d: %s" % (run + 1, runs, tool.name),
                  flush=True)
            try:
                got = one_round(tool, data, 1000 * run + 1, run == 0)
            except Failed as why:
                broken[tool.name] = str(why)
                print("  %s: %s" % (tool.name, why), flush=True)
                continue
            finally:
                for name in (".git", ".dig"):
                    shutil.rmtree(os.path.join(work, name),
                                  ignore_errors=True)
            for what, value in got.items():
                results.setdefault(what, {}).setdefault(
                    tool.name, []).append(value)
    return results, broken


def table(data, results, tools):
    names = [t.name for t in tools]
    print("\n%s: seconds (median), dig/peer, peak memory in MB" % data)
    print("%-22s" % "" + "".join("%24s" % n for n in names))
    rows = {}
    for what in WORKS + ["stored", "stored after"]:
        if what not in results:
            continue
        line, rows[what] = "%-22s" % what, {}
        mine = results[what].get("dig")
        for name in names:
            values = results[what].get(name)
            if not values:
                line += "%24s" % "-"
                continue
            if what.startswith("stored"):
                value, memory = statistics.median(values), None
                text = "%.1f MB" % (value / 1e6)
            else:
                value = statistics.median(v[0] for v in values)
                memory = max(v[1] for v in values)
                text = "%.3f" % value
            rows[what][name] = {"median": value, "peak_bytes": memory,
                                "runs": len(values)}
            if name != "dig" and mine:
                base = (statistics.median(mine) if memory is None else
                        statistics.median(v[0] for v in mine))
                rows[what][name]["dig_over_it"] = base / max(value, 1e-9)
                text += " (%.2f)" % (base / max(value, 1e-9))
            if memory:
                text += " %4d" % (memory / 1e6)
            line += "%24s" % text
        print(line)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dig", default="build/dig")
    parser.add_argument("--only", default="S,L,B")
    parser.add_argument("--peers", default="git,restic,borg,fossil,tar-zstd")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--json")
    parser.add_argument("--dir", default=os.environ.get("TMPDIR", "/var/tmp"))
    args = parser.parse_args()
    Dig.program = os.path.abspath(args.dig)
    if not os.access(Dig.program, os.X_OK):
        sys.exit("no program %s: type make first" % args.dig)
    wanted, tools = args.peers.split(","), [Dig]
    for tool in (Git, Restic, Borg, Fossil, Tar):
        if tool.name not in wanted:
            continue
        if shutil.which(tool.program):
            tools.append(tool)
        else:
            print("skipped: %s is not installed" % tool.name)
    sets = args.only.split(",")
    if args.quick and args.only == "S,L,B":
        sets = ["S"]
        print("quick: data set S alone; ONLY=L or ONLY=B for the others")
    report = {"machine": platform.platform(), "processors": os.cpu_count(),
              "sets": {}, "versions": {}}
    for tool in tools:
        version = "version" if tool in (Restic, Fossil) else "--version"
        report["versions"][tool.name] = subprocess.run(
            [tool.program, version], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False).stdout.decode(
                "utf-8", "replace").strip().split("\n")[0]
    for line in report["versions"].values():
        print(line)
    failed = False
    for data in sets:
        runs = args.runs or (2 if args.quick else {"S": 7, "L": 3, "B": 3}[data])
        area = tempfile.mkdtemp(prefix="dig-bench.", dir=args.dir)
        # Checkouts go to memory: a disk's write-back would be all one sees.
        out = None
        if os.path.ismount("/dev/shm") and \
                shutil.disk_usage("/dev/shm").free > 4 << 30:
            out = tempfile.mkdtemp(prefix="dig-bench.", dir="/dev/shm")
        ENV.update(HOME=area, XDG_CACHE_HOME=area + "/cache",
                   XDG_CONFIG_HOME=area + "/config", FOSSIL_HOME=area)
        try:
            results, broken = measure(data, tools, runs, area, out)
            report["sets"][data] = {"runs": runs, "broken": broken,
                                    "rows": table(data, results, tools)}
            failed = failed or "dig" in broken
        except Failed as why:
            print("data set %s left out: %s" % (data, why))
        finally:
            shutil.rmtree(area, ignore_errors=True)
            if out:
                shutil.rmtree(out, ignore_errors=True)
    if args.json:
        os.makedirs(os.path.dirname(args.json) or ".", exist_ok=True)
        with open(args.json, "w", encoding="utf-8") as out:
            json.dump(report, out, indent=1)
        print("\nwritten: " + args.json)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
