# SPDX-License-Identifier: MIT
"""The same work done by dig and by git in two folders, and compared.

Files are texts, executables, links and binary files; edits are random ones, with
exact renames, and files that become folders.
"""
import os
import re
import shutil
import stat
import subprocess
import sys

NAMES = ["a", "b", "c", "d/a", "d/b", "d/e/x", "d/e/y", "f", "f/x", "g h/\u00e4", "d-x"]
TOOLS = ("dig", "git")
GIT = ["git", "-c", "merge.conflictStyle=merge", "-c", "merge.directoryRenames=false",
       "-c", "core.quotePath=true", "-c", "advice.detachedHead=false",
       "-c", "status.renames=false", "-c", "gc.auto=0"]
# A commit's id before its subject, as it stands in labels and names.
ID = re.compile(rb"\b[0-9a-f]{7,64}\b")


def plain(data):
    """Without ids, which are dig's or git's."""
    if isinstance(data, str):
        return plain(data.encode("utf8", "surrogateescape")).decode(
            "utf8", "surrogateescape")
    return ID.sub(b"ID", data)


class Twins:
    def __init__(self, seed, rng, top):
        self.seed, self.rng, self.clock = seed, rng, 1500000000
        self.author = "A U Thor"
        self.home = {"dig": os.path.join(top, "d%d" % seed),
                     "git": os.path.join(top, "g%d" % seed)}
        self.progress = ""
        for tool, path in self.home.items():
            shutil.rmtree(path, ignore_errors=True)
            os.makedirs(path)
            self.run(tool, "init", "-q")
        self.run("git", "symbolic-ref", "HEAD", "refs/heads/main")

    def remove(self):
        for path in self.home.values():
            shutil.rmtree(path)

    def tick(self):
        self.clock += 100

    def run(self, tool, *args, check=True):
        env = dict(os.environ, LC_ALL="C")
        for who in ("GIT", "DIG"):
            for role in ("AUTHOR", "COMMITTER"):
                name = self.author if role == "AUTHOR" else "A U Thor"
                env["%s_%s_DATE" % (who, role)] = "%d +0000" % self.clock
                env["%s_%s_NAME" % (who, role)] = name
                env["%s_%s_EMAIL" % (who, role)] = "author@example.com"
        env["DIG_EDITOR"] = env["GIT_EDITOR"] = "true"
        program = [os.environ["DIG"]] if tool == "dig" else GIT
        done = subprocess.run(program + list(args), cwd=self.home[tool], env=env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        if check and done.returncode not in (0, 1):
            self.fail("%s %s: exit %d: %s%s" % (
                tool, args, done.returncode, done.stdout.decode(), done.stderr.decode()))
        return done.returncode, done.stdout, done.stderr

    def fail(self, what):
        print("# seed %d, %s: %s" % (self.seed, self.progress, what))
        sys.exit(1)

    def tree(self, tool):
        out, home = {}, self.home[tool]
        for folder, dirs, files in os.walk(home):
            if folder == home:
                dirs[:] = [d for d in dirs if d not in (".git", ".dig")]
            dirs.sort()
            links = [d for d in dirs if os.path.islink(os.path.join(folder, d))]
            for name in files + links:
                path = os.path.join(folder, name)
                key = os.path.relpath(path, home)
                if os.path.islink(path):
                    out[key] = ("link", os.readlink(path).encode())
                else:
                    mode = "x" if os.stat(path).st_mode & stat.S_IXUSR else "f"
                    with open(path, "rb") as file:
                        out[key] = (mode, file.read())
        return out

    def write(self, tool, new):
        home = self.home[tool]
        for name in os.listdir(home):
            if name in (".git", ".dig"):
                continue
            path = os.path.join(home, name)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)
        for key, (mode, data) in new.items():
            path = os.path.join(home, key)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if mode == "link":
                os.symlink(data.decode(), path)
            else:
                with open(path, "wb") as file:
                    file.write(data)
                os.chmod(path, 0o755 if mode == "x" else 0o644)

    def text(self, old=None):
        rng = self.rng
        lines = old.decode("latin1").splitlines() if old else \
            ["line %d of %d" % (i, rng.randrange(10 ** 6))
             for i in range(rng.randrange(1, 14))]
        for _ in range(rng.choice([0, 1, 1, 2]) if old else 0):
            at = rng.randrange(len(lines) + 1)
            what = rng.random()
            if what < 0.4 or not lines:
                lines.insert(at, "new %d" % rng.choice(
                    [rng.randrange(3), rng.randrange(10 ** 6)]))
            elif what < 0.8:
                lines[at % len(lines)] = "edited %d" % rng.choice(
                    [rng.randrange(3), rng.randrange(10 ** 6)])
            else:
                del lines[at % len(lines)]
        end = "" if rng.random() < 0.1 else "\n"
        return ("\n".join(lines) + (end if lines else "")).encode("latin1")

    def edit(self, files):
        files, rng = dict(files), self.rng
        for _ in range(rng.randrange(1, 6)):
            what = rng.random()
            key = rng.choice(sorted(files)) if files else None
            if what < 0.2 or key is None:
                new = rng.choice(NAMES)
                for other in [o for o in files if o.startswith(new + "/") or
                              new.startswith(o + "/")]:
                    del files[other]
                files[new] = rng.choice(
                    [("f", self.text()), ("f", self.text()), ("x", self.text()),
                     ("link", rng.choice([b"a", b"nowhere", b"d"])),
                     ("f", bytes([0, rng.randrange(3)]) * 3), ("f", b"")])
            elif what < 0.6:
                mode, data = files[key]
                if mode == "link":
                    files[key] = (mode, rng.choice([b"a", b"b", b"other"]))
                elif b"\0" in data:
                    files[key] = (mode, bytes([0, rng.randrange(5)]) * 4)
                else:
                    files[key] = (mode, self.text(data))
            elif what < 0.7:
                mode, data = files[key]
                files[key] = ({"f": "x", "x": "f"}.get(mode, mode), data)
            elif what < 0.82:
                del files[key]
            else:
                new = rng.choice(NAMES + ["r%d" % rng.randrange(4), "d/r"])
                moved = files.pop(key)
                if new not in files and fits(files, new):
                    files[new] = moved
                else:
                    files[key] = moved
        return files

    def begin(self):
        """The first commit, the same in both."""
        files = {}
        for name in self.rng.sample(NAMES, 8):
            if fits(files, name):
                files[name] = ("f", self.text())
        self.commit(files, "base")

    def commit(self, files, what):
        self.tick()
        for tool in TOOLS:
            self.write(tool, files)
            self.run(tool, "add", "-A")
            code, out, err = self.run(tool, "commit", "-q", "-m", what, "--allow-empty")
            if code:
                self.fail("%s commit: %s%s" % (tool, out, err))

    def both(self, *args):
        for tool in TOOLS:
            code, out, err = self.run(tool, *args)
            if code:
                self.fail("%s %s: %s%s" % (tool, args, out, err))

    def status(self, what):
        """The same status; returns it."""
        d = self.run("dig", "status", "--porcelain=v1", "-z", "--no-renames")
        g = self.run("git", "status", "--porcelain=v1", "-z")
        if (d[0], plain(d[1])) != (g[0], plain(g[1])):
            self.fail("%s\n# dig %s\n# git %s" % (what, d, g))
        return d[1]

    def same_files(self, what):
        d, g = [{plain(key): (mode, plain(data)) for key, (mode, data) in
                 self.tree(tool).items()} for tool in TOOLS]
        if d != g:
            lines = ["%s: dig %r git %r" % (k, d.get(k), g.get(k))
                     for k in sorted(set(d) | set(g)) if d.get(k) != g.get(k)]
            self.fail("%s\n# %s" % (what, "\n# ".join(lines)))
        return d

    def lose_index(self):
        os.unlink(os.path.join(self.home["dig"], ".dig", "index.db"))
        if self.rng.random() < 0.5:
            self.run("dig", "fsck", "--rebuild-index")

    def fsck(self):
        code, out, err = self.run("dig", "fsck")
        if code:
            self.fail("fsck: %s%s" % (out, err))


def fits(files, key):
    return not any(other.startswith(key + "/") or key.startswith(other + "/")
                   for other in files)


def words(out, files):
    """Lines about paths. git speaks of a file in the way of a folder also where
    one side has deleted it and nothing comes of it."""
    return sorted(
        line for line in plain(out).decode("utf8", "replace").splitlines()
        if line.startswith(("CONFLICT", "Auto-merging", "warning: Cannot")) and
        not (line.startswith("CONFLICT (file/directory)") and
             line.split("moving it to ")[1][:-len(" instead.")] not in files))
