# SPDX-License-Identifier: MIT
"""Random histories merged by dig and by git, compared after each merge.

usage: merge-random.py SEED MERGES [FOLDER]

Two branches are edited (texts, modes, deletions, exact renames, links, binary
files, files that become folders) and merged into each other, sometimes crosswise,
so that merges with several bases occur. After each merge the exit codes, the
words about conflicts, the status and every file must agree. Then it is given up,
or resolved by a random tree and committed, and compared again.

git's renames are limited to exact ones, and those of folders are off. git compares
lines by another algorithm; where few lines are alike both find the same.
"""
import os
import random
import shutil
import stat
import subprocess
import sys

seed, merges = int(sys.argv[1]), int(sys.argv[2])
top = sys.argv[3] if len(sys.argv) > 3 else os.environ["TMP"]
rng = random.Random(seed)
DIG = os.environ["DIG"]
HOME = {"dig": os.path.join(top, "d%d" % seed), "git": os.path.join(top, "g%d" % seed)}
NAMES = ["a", "b", "c", "d/a", "d/b", "d/e/x", "d/e/y", "f", "f/x", "g h/\u00e4", "d-x"]
clock = 1500000000
count = {"merges": 0, "conflicts": 0, "clean": 0, "crossed": 0, "fast": 0}
letters = {}


def run(tool, *args, check=True):
    env = dict(os.environ, LC_ALL="C")
    for who in ("GIT", "DIG"):
        for role in ("AUTHOR", "COMMITTER"):
            env["%s_%s_DATE" % (who, role)] = "%d +0000" % clock
            env["%s_%s_NAME" % (who, role)] = "A U Thor"
            env["%s_%s_EMAIL" % (who, role)] = "author@example.com"
    env["DIG_EDITOR"] = env["GIT_EDITOR"] = "true"
    program = [DIG] if tool == "dig" else \
        ["git", "-c", "merge.conflictStyle=merge", "-c", "merge.directoryRenames=false",
         "-c", "core.quotePath=true", "-c", "advice.detachedHead=false",
         "-c", "status.renames=false", "-c", "gc.auto=0"]
    done = subprocess.run(program + list(args), cwd=HOME[tool], env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if check and done.returncode not in (0, 1):
        fail("%s %s: exit %d: %s%s" % (tool, args, done.returncode,
                                       done.stdout.decode(), done.stderr.decode()))
    return done.returncode, done.stdout, done.stderr


def fail(what):
    print("# seed %d, after %d merges: %s" % (seed, count["merges"], what))
    sys.exit(1)


def tree(tool):
    out = {}
    for folder, dirs, files in os.walk(HOME[tool]):
        if folder == HOME[tool]:
            dirs[:] = [d for d in dirs if d not in (".git", ".dig")]
        dirs.sort()
        for name in files + [d for d in dirs if os.path.islink(os.path.join(folder, d))]:
            path = os.path.join(folder, name)
            key = os.path.relpath(path, HOME[tool])
            if os.path.islink(path):
                out[key] = ("link", os.readlink(path).encode())
            else:
                mode = "x" if os.stat(path).st_mode & stat.S_IXUSR else "f"
                with open(path, "rb") as file:
                    out[key] = (mode, file.read())
    return out


def write(tool, new):
    for name in os.listdir(HOME[tool]):
        if name in (".git", ".dig"):
            continue
        path = os.path.join(HOME[tool], name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)
    for key, (mode, data) in new.items():
        path = os.path.join(HOME[tool], key)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if mode == "link":
            os.symlink(data.decode(), path)
        else:
            with open(path, "wb") as file:
                file.write(data)
            os.chmod(path, 0o755 if mode == "x" else 0o644)


def text(old=None):
    lines = old.decode("latin1").splitlines() if old else \
        ["line %d of %d" % (i, rng.randrange(10 ** 6)) for i in range(rng.randrange(1, 14))]
    for _ in range(rng.choice([0, 1, 1, 2]) if old else 0):
        at = rng.randrange(len(lines) + 1)
        what = rng.random()
        if what < 0.4 or not lines:
            lines.insert(at, "new %d" % rng.choice([rng.randrange(3), rng.randrange(10 ** 6)]))
        elif what < 0.8:
            lines[at % len(lines)] = "edited %d" % rng.choice(
                [rng.randrange(3), rng.randrange(10 ** 6)])
        else:
            del lines[at % len(lines)]
    end = "" if rng.random() < 0.1 else "\n"
    return ("\n".join(lines) + (end if lines else "")).encode("latin1")


def fits(files, key):
    return not any(other.startswith(key + "/") or key.startswith(other + "/")
                   for other in files)


def edit(files):
    files = dict(files)
    for _ in range(rng.randrange(1, 6)):
        what = rng.random()
        key = rng.choice(sorted(files)) if files else None
        if what < 0.2 or key is None:
            new = rng.choice(NAMES)
            for other in [o for o in files if o.startswith(new + "/") or
                          new.startswith(o + "/")]:
                del files[other]
            files[new] = rng.choice([("f", text()), ("f", text()), ("x", text()),
                                     ("link", rng.choice([b"a", b"nowhere", b"d"])),
                                     ("f", bytes([0, rng.randrange(3)]) * 3), ("f", b"")])
        elif what < 0.6:
            mode, data = files[key]
            if mode == "link":
                files[key] = (mode, rng.choice([b"a", b"b", b"other"]))
            elif b"\0" in data:
                files[key] = (mode, bytes([0, rng.randrange(5)]) * 4)
            else:
                files[key] = (mode, text(data))
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


def commit(files, what):
    global clock
    clock += 100
    for tool in HOME:
        write(tool, files)
        run(tool, "add", "-A")
        code, out, err = run(tool, "commit", "-q", "-m", what, "--allow-empty")
        if code:
            fail("%s commit: %s%s" % (tool, out, err))


def same(what, *args):
    got = [run(tool, *(args + (("--no-renames",) if tool == "dig" else ())))
           for tool in HOME]
    if got[0][:2] != got[1][:2]:
        fail("%s\n# dig %s\n# git %s" % (what, got[0], got[1]))
    return got[0][1]


def same_files(what):
    d, g = tree("dig"), tree("git")
    if d != g:
        lines = ["%s: dig %r git %r" % (k, d.get(k), g.get(k))
                 for k in sorted(set(d) | set(g)) if d.get(k) != g.get(k)]
        fail("%s\n# %s" % (what, "\n# ".join(lines)))
    return d


def words(out, files):
    """Lines about paths. git speaks of a file in the way of a folder also where
    one side has deleted it and nothing comes of it."""
    return sorted(
        line for line in out.decode("utf8", "replace").splitlines()
        if line.startswith(("CONFLICT", "Auto-merging", "warning: Cannot")) and
        not (line.startswith("CONFLICT (file/directory)") and
             line.split("moving it to ")[1][:-len(" instead.")] not in files))


def merge(rev):
    """Merge rev into the branch that is checked out; ends with a clean tree."""
    global clock
    clock += 100
    count["merges"] += 1
    before = run("git", "log", "--format=%s %T")[1].decode().split("\n")[0]
    code_d, out_d, err_d = run("dig", "merge", rev)
    code_g, out_g, err_g = run("git", "merge", "-X", "find-renames=100%", "--no-edit", rev)
    said = "merge %s into %s\n# dig %d %s %s\n# git %d %s %s" % (
        rev, before, code_d, out_d.decode(), err_d.decode(),
        code_g, out_g.decode(), err_g.decode())
    if code_d != code_g:
        fail(said)
    status = same(said, "status", "--porcelain=v1", "-z")
    files = same_files(said)
    if words(out_d, files) != words(out_g, files):
        fail("words: " + said)
    if b"Fast-forward" in out_g:
        count["fast"] += 1
        return
    if code_d == 0:
        count["clean"] += 1
        parents = run("dig", "log", "-1", "--format=%P")[1].split()
        if b"Already" not in out_g and len(parents) != 2:
            fail("parents: %r %s" % (parents, said))
        return
    count["conflicts"] += 1
    for item in status.decode("utf8", "replace").split("\0"):
        if item[:2] in ("UU", "AA", "DD", "AU", "UA", "DU", "UD"):
            letters[item[:2]] = letters.get(item[:2], 0) + 1
    if rng.random() < 0.15:
        os.unlink(os.path.join(HOME["dig"], ".dig", "index.db"))
        if rng.random() < 0.5:
            run("dig", "fsck", "--rebuild-index")
        same("index made anew: " + said, "status", "--porcelain=v1", "-z")
    if rng.random() < 0.3:
        for tool in HOME:
            code, out, err = run(tool, "merge", "--abort", check=tool == "dig")
            if code and tool == "git":  # it fails beside made-up names
                code, out, err = run(tool, "reset", "--hard")
            if code:
                fail("%s merge --abort: %s%s\n# %s" % (tool, out, err, said))
        same("aborted: " + said, "status", "--porcelain=v1", "-z")
        same_files("aborted: " + said)
        return
    if rng.random() < 0.3:
        paths = sorted(files)
        path = rng.choice(paths) if paths else None
        if path:
            got = [run(tool, "add", ":(literal)" + path)[0] for tool in HOME]
            if got[0] != got[1]:
                fail("add %s: %s" % (path, got))
            same("add %s: %s" % (path, said), "status", "--porcelain=v1", "-z")
    final = edit({key: value for key, value in files.items() if b"<<<<" not in value[1]})
    for tool in HOME:
        write(tool, final)
        run(tool, "add", "-A")
    same("resolved: " + said, "status", "--porcelain=v1", "-z")
    for tool in HOME:
        code, out, err = run(tool, "commit", "--no-edit", "-q")
        if code:
            fail("%s commit: %s%s" % (tool, out, err))
    for what in ("%s", "%P"):
        got = [run(tool, "log", "-1", "--format=" + what)[1].decode() for tool in HOME]
        if what == "%P":
            got = [len(g.split()) for g in got]
        if got[0] != got[1]:
            fail("concluded: %r\n# %s" % (got, said))
    same("concluded: " + said, "status", "--porcelain=v1", "-z")


def head(tool, rev):
    return run(tool, "rev-parse", rev)[1].decode().strip()


for tool, path in HOME.items():
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    run(tool, "init", "-q")
run("git", "symbolic-ref", "HEAD", "refs/heads/main")
files = {}
for name in rng.sample(NAMES, 8):
    if fits(files, name):
        files[name] = ("f", text())
commit(files, "base")
for tool in HOME:
    run(tool, "branch", "side")
while count["merges"] < merges:
    for branch in ("main", "side"):
        for tool in HOME:
            run(tool, "checkout", "-q", branch)
        for i in range(rng.choice([0, 1, 1, 2])):
            commit(edit(tree("git")), "%s %d" % (branch, count["merges"]))
    for tool in HOME:
        run(tool, "checkout", "-q", "main")
        run(tool, "branch", "-f", "old", "main")
    merge("side")
    if rng.random() < 0.6:
        count["crossed"] += 1
        for tool in HOME:
            run(tool, "checkout", "-q", "side")
        merge("old")
    elif rng.random() < 0.3:
        for tool in HOME:
            run(tool, "branch", "-f", "side", "main")
code, out, err = run("dig", "fsck")
if code:
    fail("fsck: %s%s" % (out, err))
for path in HOME.values():
    shutil.rmtree(path)
print("# seed %d: %s %s" % (seed, count, letters))
