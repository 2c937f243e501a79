# SPDX-License-Identifier: MIT
"""The programs that the bench compares, and how each does its work."""
import os
import shutil
import subprocess
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


COLD = False  # caches are dropped before each run


class Failed(Exception):
    pass


def settle():
    """Nothing waits to be written; cold: nothing is in memory either."""
    os.sync()
    if COLD:
        with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as drop:
            drop.write("3\n")


def execute(args, cwd, out=None, good=(0,), stdin=None):
    """Run to the end: seconds and peak memory (of it and what it waited for)."""
    settle()
    with open(out or os.devnull, "wb") as stdout, \
            open(stdin or os.devnull, "rb") as source, \
            tempfile.TemporaryFile() as stderr:
        start = time.monotonic()
        proc = subprocess.Popen(args, cwd=cwd, env=ENV, stdout=stdout,
                                stdin=source, stderr=stderr)
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
    program = name = status = nothing = None
    load = log = log_path = blame = names = None

    def __init__(self, area):
        self.area = os.path.join(area, self.name)
        self.work = os.path.join(area, "tree")
        os.makedirs(self.area, exist_ok=True)
        self.out = self.area  # where checkouts go

    def run(self, *args, cwd=None, out=None, good=(0,), stdin=None):
        return execute([self.program] + list(args), cwd or self.work, out,
                       good, stdin)

    def packed(self):
        """What a history takes."""
        return stored(self.repo())


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

    def names(self, out):
        return self.run("diff", "--name-only", "HEAD~1", "HEAD", out=out)

    def load(self, stream):
        return self.run("import", "git", "-", stdin=stream)

    def log(self, out):
        return self.run("--no-pager", "log", "-n", "30", "--format=%H %s",
                        out=out)

    def log_path(self, path, out):
        return self.run("--no-pager", "log", "--format=%s", "--", path,
                        out=out)

    def blame(self, path, out):
        return self.run("--no-pager", "blame", "-s", "HEAD", "--", path,
                        out=out)


class Git(Tool):
    name = program = "git"

    def repo(self):
        return os.path.join(self.work, ".git")

    def fresh(self):
        shutil.rmtree(self.repo(), ignore_errors=True)
        self.run("init", "-q", "-b", "main")
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

    names, log = Dig.names, Dig.log
    log_path, blame = Dig.log_path, Dig.blame

    def load(self, stream):
        return self.run("fast-import", "--quiet", stdin=stream)

    def packed(self):
        """At its best: what nobody waits for in every commit."""
        self.run("repack", "-adfq", "--window=50")
        return stored(os.path.join(self.repo(), "objects", "pack"))


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


class Tar(Tool):
    """What the machine can do without keeping versions: tar through zstd -1
    on two threads, into one file, and back."""
    name, program = "tar-zstd", "zstd"

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


ALL = (Dig, Git, Restic, Borg, Fossil, Tar)
