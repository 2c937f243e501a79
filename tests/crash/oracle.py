# SPDX-License-Identifier: MIT
"""What must hold after every fault, and the means to try it.

The campaigns in this folder import this module. It holds: TAP output, a
runner for the program under test with its own home, generated trees, and the
oracle itself, which looks at a repository after a fault and answers with the
list of promises that are broken (empty is good):

    every acknowledged commit is listed, in order, and comes back byte for byte
    a commit that was not acknowledged is there as a whole or not at all
    fsck agrees
    no lock is left, and the first command after the fault needs no help
    the next add and commit work, and hold what the working tree holds
    nothing outside the repository was touched
"""
import fcntl
import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
SOAK = os.environ.get("SOAK", "") not in ("", "0")
DIG = os.path.abspath(os.environ.get("DIG", os.path.join(ROOT, "build/dig")))
PRELOAD = os.path.abspath(
    os.environ.get("PRELOAD", os.path.join(ROOT, "build/preload")))
SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(
    1, 1 << 31)

# Every exit code that docs/errors.md knows.
EXITS = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 130}


def count(short, full):
    """The number of trials: short in check, full in soak, N= overrides."""
    return int(os.environ.get("N", "0")) or (full if SOAK else short)


class Tap:
    """TAP on standard output; the figures also go to $FIGURES as JSON."""

    def __init__(self, name):
        self.name, self.n, self.failed, self.figures = name, 0, 0, {}
        self.start = time.monotonic()
        # Ended from outside, a campaign still removes its scratch folder.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        print("# %s seed %d (SEED=%d repeats it)" % (name, SEED, SEED))

    def case(self, good, what, details=()):
        self.n += 1
        self.failed += not good
        print("%sok %d - %s" % ("" if good else "not ", self.n, what))
        if not good:
            for line in list(details)[:40]:
                print("# " + str(line).replace("\n", "\n# "))
        sys.stdout.flush()

    def skip(self, what, reason):
        self.n += 1
        print("ok %d - %s # SKIP %s" % (self.n, what, reason))

    def note(self, text):
        print("# " + text)
        sys.stdout.flush()

    def figure(self, **values):
        self.figures.update(values)
        self.note(", ".join("%s %s" % item for item in values.items()))

    def done(self):
        print("1..%d" % self.n)
        where = os.environ.get("FIGURES")
        if where:
            self.figures.update(seed=SEED, failed=self.failed,
                                seconds=round(time.monotonic() - self.start))
            with open(os.path.join(where, self.name + ".json"), "w",
                      encoding="utf-8") as out:
                json.dump(self.figures, out, indent=1)
        sys.exit(1 if self.failed else 0)


def require_program(tap):
    if not os.access(DIG, os.X_OK):
        print("Bail out! no program %s: type make first" % DIG)
        sys.exit(1)
    return tap


def quick_folder():
    """Where the short forms work: in memory when there is room, since a kill
    leaves the page cache alone; soak works on the disk."""
    memory = "/dev/shm"
    if SOAK or os.environ.get("TMPDIR") or not os.access(memory, os.W_OK):
        return None
    room = os.statvfs(memory)
    return memory if room.f_bavail * room.f_frsize >= 1 << 30 else None


class Scratch:
    """A folder for one campaign, and the environment of the program."""

    def __init__(self, base=None):
        self.dir = os.path.realpath(tempfile.mkdtemp(
            prefix="dig-crash.", dir=base or quick_folder()))
        self.home = os.path.join(self.dir, "home")
        os.mkdir(self.home)
        keep = {k: v for k, v in os.environ.items()
                if k in ("PATH", "LD_LIBRARY_PATH") or k.endswith("SAN_OPTIONS")}
        self.env = dict(
            keep, HOME=self.home, XDG_CONFIG_HOME=self.home + "/.config",
            XDG_STATE_HOME=self.home + "/.local/state",
            XDG_CACHE_HOME=self.home + "/.cache", TZ="UTC", LC_ALL="C",
            TERM="dumb", NO_COLOR="1", GIT_CONFIG_NOSYSTEM="1",
            GIT_CONFIG_GLOBAL="/dev/null",
            DIG_AUTHOR_NAME="A U Thor", DIG_AUTHOR_EMAIL="author@example.com",
            DIG_COMMITTER_NAME="C O Mitter",
            DIG_COMMITTER_EMAIL="committer@example.com")

    def small_groups(self):
        """Parity of 1+1: a group is full after 1 MiB."""
        os.makedirs(self.home + "/.config/dig")
        with open(self.home + "/.config/dig/config", "w",
                  encoding="ascii") as out:
            out.write("[parity]\n\tdata = 1\n\tparity = 1\n")

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def remove(self):
        if os.environ.get("KEEP") == "1":
            print("# kept " + self.dir)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)


class Answer:
    def __init__(self, args, code, out, err):
        self.args, self.code, self.out, self.err = args, code, out, err

    def __str__(self):
        words = self.err
        if self.args[0] == "fsck":  # its findings are its answer
            words = self.out + words
        return "dig %s: exit %d: %s" % (
            " ".join(self.args), self.code,
            words.decode("utf-8", "replace").strip()[:300])

    @property
    def proper(self):
        """It ended by itself, with a code that is documented."""
        return self.code in EXITS


class Repo:
    def __init__(self, scratch, work):
        self.scratch, self.work = scratch, work

    def dig(self, *args, timeout=120, env=None, wrap=(), stdin=None):
        try:
            done = subprocess.run(
                list(wrap) + [DIG] + list(args), cwd=self.work,
                env=dict(self.scratch.env, **(env or {})), input=stdin,
                stdin=None if stdin is not None else subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                timeout=timeout, check=False)
        except subprocess.TimeoutExpired:
            return Answer(args, -999, b"", b"took longer than %d s" % timeout)
        return Answer(args, done.returncode, done.stdout, done.stderr)

    def must(self, *args, **more):
        answer = self.dig(*args, **more)
        if answer.code != 0:
            raise RuntimeError(str(answer))
        return answer.out

    def start(self, *args, wrap=(), env=None):
        """In a process group of its own, so that it can be killed whole."""
        return subprocess.Popen(
            list(wrap) + [DIG] + list(args), cwd=self.work,
            env=dict(self.scratch.env, **(env or {})),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)

    def head(self, rev="HEAD"):
        return self.must("rev-parse", rev).decode().strip()

    def restore(self, template):
        """Make the work tree and its .dig equal to a saved copy."""
        shutil.rmtree(self.work, ignore_errors=True)
        copy(template, self.work)


def copy(source, target):
    """A copy with its times, so that what was racy stays so."""
    subprocess.run(["cp", "-a", "--reflink=auto", source, target], check=True)


def scan(folder):
    """{path: what it is}: kind, mode's exec bit and content of each file."""
    found = {}
    top = os.fsencode(folder)
    stack = [b""]
    while stack:
        rel = stack.pop()
        for entry in os.scandir(os.path.join(top, rel) if rel else top):
            path = os.path.join(rel, entry.name) if rel else entry.name
            if path == b".dig":
                continue
            if entry.is_symlink():
                found[path] = ("link", os.readlink(entry.path))
            elif entry.is_dir():
                stack.append(path)
            else:
                with open(entry.path, "rb") as data:
                    digest = hashlib.sha256(data.read()).hexdigest()
                mode = entry.stat().st_mode
                found[path] = ("exec" if mode & stat.S_IXUSR else "file",
                               digest)
    return found


def differences(want, got):
    lines = []
    for path in sorted(set(want) | set(got)):
        if want.get(path) != got.get(path):
            lines.append("%r: wanted %s, is %s" % (
                path, want.get(path), got.get(path)))
    return lines


class Tree:
    """A working tree that grows and changes by a seed."""

    def __init__(self, rng, folder, big=1 << 20):
        self.rng, self.folder, self.big, self.serial = rng, folder, big, 0

    def text(self, size):
        rng, words = self.rng, []
        have = 0
        while have < size:
            word = "%x" % rng.getrandbits(rng.choice((8, 16, 16, 24, 40)))
            words.append(word)
            have += len(word) + 1
        return (" ".join(words) + "\n").encode()

    def put(self, rel, data):
        path = os.path.join(self.folder, rel)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.islink(path):
            os.unlink(path)
        with open(path, "wb") as out:
            out.write(data)

    def new_name(self):
        self.serial += 1
        return "d%02d/e%d/f%05d" % (self.rng.randrange(20),
                                    self.rng.randrange(3), self.serial)

    def grow(self, files):
        for _ in range(files):
            self.put(self.new_name(),
                     self.text(self.rng.choice((0, 40, 900, 3000, 9000))))
        if self.big:
            self.put("big.bin", self.rng.randbytes(self.big))
            self.put("big.txt", self.text(self.big // 2))

    def files(self):
        return sorted(os.fsdecode(p) for p, what in scan(self.folder).items()
                      if what[0] != "link")

    def edit(self, times):
        rng = self.rng
        names = [n for n in self.files() if not n.startswith("big")]
        for _ in range(times):
            kind = rng.randrange(10)
            if kind < 4 or not names:
                name = self.new_name()
                self.put(name, self.text(rng.randrange(6000)))
                names.append(name)
                continue
            name = rng.choice(names)
            path = os.path.join(self.folder, name)
            if kind < 7:
                with open(path, "rb") as data:
                    old = data.read()
                at = rng.randrange(len(old) + 1)
                self.put(name, old[:at] + self.text(rng.randrange(1, 90))
                         + old[at:])
            elif kind == 7:
                names.remove(name)
                os.unlink(path)
            elif kind == 8:
                os.chmod(path, os.stat(path).st_mode ^ 0o111)
            else:
                link = "links/l%d" % rng.randrange(30)
                where = os.path.join(self.folder, link)
                os.makedirs(os.path.dirname(where), exist_ok=True)
                if os.path.lexists(where):
                    os.unlink(where)
                os.symlink("../" + name, where)
        if self.big:
            with open(os.path.join(self.folder, "big.bin"), "r+b") as big:
                big.seek(rng.randrange(self.big))
                big.write(rng.randbytes(200))


def gather(folder):
    """What stands beside the repository (nothing there may change)."""
    return sorted(os.listdir(folder))


class Ledger:
    """What has been acknowledged, and what is on its way."""

    def __init__(self):
        self.acked = []      # (commit id, manifest), oldest first
        self.pending = None  # manifest of a commit that may or may not be there

    def copy(self):
        other = Ledger()
        other.acked, other.pending = list(self.acked), self.pending
        return other


def lock_is_free(repo):
    try:
        with open(os.path.join(repo.work, ".dig/lock"), "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        pass
    except BlockingIOError:
        return False
    return True


def restored(repo, rev):
    """The manifest of a revision, checked out into a fresh folder."""
    into = tempfile.mkdtemp(dir=repo.scratch.dir, prefix="into.")
    try:
        answer = repo.dig("checkout", "--into", into, rev)
        return answer, scan(into)
    finally:
        shutil.rmtree(into, ignore_errors=True)


def same_commit(repo, rev, manifest):
    answer, got = restored(repo, rev)
    if answer.code != 0:
        return [str(answer)]
    return ["%s: %s" % (rev[:12], line)
            for line in differences(manifest, got)[:5]]


def listed(repo, branch="main"):
    """Commit ids, newest first; an empty branch has none."""
    answer = repo.dig("log", "--format=%H", branch)
    if answer.code != 0:
        return answer, []
    return answer, answer.out.decode("ascii", "replace").split()


def inspect(repo, ledger, rng, sample=2, first=None):
    """The oracle's reading half. Settles a pending commit in the ledger."""
    wrong = []
    commands = [("status",), ("fsck",), ("ls-files",)]
    if ledger.acked:
        commands += [("log", "main"), ("rev-parse", "main")]
    answer = repo.dig(*(first or rng.choice(commands)))
    if answer.code != 0:
        wrong.append("first command after the fault: %s" % answer)
    if not lock_is_free(repo):
        wrong.append("the lock is held by nobody alive")

    answer, ids = listed(repo)
    known = [commit for commit, _ in reversed(ledger.acked)]
    if answer.code != 0 and known:
        wrong.append(str(answer))
    elif not answer.proper:
        wrong.append(str(answer))
    if ids and ledger.pending is not None and len(ids) == len(known) + 1:
        bad = same_commit(repo, ids[0], ledger.pending)
        if bad:
            wrong.append("an unacknowledged commit is there in part")
            wrong += bad
        ledger.acked.append((ids[0], ledger.pending))
        known.insert(0, ids[0])
    ledger.pending = None
    if ids != known:
        lost = [c[:12] for c in known if c not in ids]
        more = [c[:12] for c in ids if c not in known]
        wrong.append("log lists %d commits of %d; lost %s, unknown %s"
                     % (len(ids), len(known), lost[:5], more[:5]))

    answer = repo.dig("fsck")
    if answer.code != 0:
        wrong.append(str(answer))
    looked = ledger.acked[-1:] + (
        rng.sample(ledger.acked[:-1], min(sample - 1, len(ledger.acked) - 1))
        if len(ledger.acked) > 1 else [])
    for commit, manifest in looked:
        wrong += same_commit(repo, commit, manifest)
    return wrong


def leftovers(repo):
    """What a writer has to clear away of one that was killed."""
    found = [".dig/tmp/" + n for n in os.listdir(repo.work + "/.dig/tmp")
             if n != "clock"]  # which tells the file system's time
    found += [".dig/" + n for n in os.listdir(repo.work + "/.dig")
              if n.endswith(".tmp")]
    rows = sqlite3.connect("file:%s/.dig/index.db?mode=ro" % repo.work,
                           uri=True)
    known = {os.path.basename(row[0])
             for row in rows.execute("SELECT file FROM v_packs")}
    rows.close()
    # A pack may have its parity, and the mirror of one group.
    mirrors = set()
    for name in sorted(os.listdir(repo.work + "/.dig/packs")):
        first, last = name.split(".", 1)[0], name.rsplit(".", 1)[-1]
        fits = name in known or (first + ".pack" in known and (
            last == "par" or (last == "tail" and first not in mirrors)))
        mirrors |= {first} if last == "tail" else set()
        found += [] if fits else [".dig/packs/" + name]
    return ["left behind: " + name for name in found]


def go_on(repo, ledger, message="after the fault"):
    """The oracle's writing half: the next add and commit, with no help."""
    with open(os.path.join(repo.work, "after"), "ab") as out:
        out.write(b"%d\n" % time.monotonic_ns())
    want = scan(repo.work)
    for command in (("add", "-A"), ("commit", "-m", message)):
        answer = repo.dig(*command)
        if answer.code != 0:
            return ["next command: %s" % answer]
    ids = listed(repo)[1]
    if not ids:
        return ["a commit that exited 0 is not listed"]
    ledger.acked.append((ids[0], want))
    return same_commit(repo, ids[0], want) + leftovers(repo)


def commit_all(repo, ledger, message):
    """add and commit, which must work, and note it."""
    repo.must("add", "-A")
    repo.must("commit", "-m", message)
    ledger.acked.append((repo.head(), scan(repo.work)))


def wait_gone(proc, timeout=120):
    try:
        return proc.wait(timeout)
    except subprocess.TimeoutExpired:
        os.killpg(proc.pid, signal.SIGKILL)
        proc.wait()
        return -999


def have_strace():
    if not shutil.which("strace"):
        return "no program strace"
    done = subprocess.run(
        ["strace", "-f", "-o", "/dev/null", "-e", "inject=fsync:error=EIO",
         "true"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        check=False)
    if done.returncode:
        return "strace may not trace here: " + done.stderr.decode().strip()
    return None
