# SPDX-License-Identifier: MIT
"""Random edits, stashed and brought back by dig and by git, compared each time.

usage: stash-random.py SEED STEPS [FOLDER]

Texts, modes, deletions, links, binary files and untracked ones are edited and
staged in part; then comes push (-u, -a, -k, -m, with paths), pop or apply (with
and without --index, of any entry), drop, clear, branch, a commit. After each
the exit codes, the files, the status, the list and the changes of each entry
must agree.

Where git refuses because files are in the way, dig has to change nothing, or
the files were already what the stash has. Where git's patch of the index does
not apply, dig may have merged it. A file that was tracked no more and stashed as
untracked, is tracked again and was deleted, comes back in git alone. No two files are alike, so that git finds no
renames.
"""
import os
import random
import re
import shutil
import stat
import subprocess
import sys

seed, steps = int(sys.argv[1]), int(sys.argv[2])
top = sys.argv[3] if len(sys.argv) > 3 else os.environ["TMP"]
rng = random.Random(seed)
DIG = os.environ["DIG"]
HOME = {"dig": os.path.join(top, "sd%d" % seed), "git": os.path.join(top, "sg%d" % seed)}
NAMES = ["a", "b", "c", "d/a", "d/b", "d/e/x", "f", "g h", "d-x"]
OTHERS = ["u1", "d/u2", "n/u3", "i.log", "d/j.log"]
clock = 1500000000
branches = 0
count = {}
log = []


def run(tool, *args):
    env = dict(os.environ, LC_ALL="C")
    for who in ("GIT", "DIG"):
        for role in ("AUTHOR", "COMMITTER"):
            env["%s_%s_DATE" % (who, role)] = "%d +0000" % clock
            env["%s_%s_NAME" % (who, role)] = "A U Thor"
            env["%s_%s_EMAIL" % (who, role)] = "author@example.com"
    program = [DIG] if tool == "dig" else \
        ["git", "-c", "merge.conflictStyle=merge", "-c", "merge.renames=false",
         "-c", "merge.directoryRenames=false", "-c", "core.quotePath=true",
         "-c", "status.renames=false", "-c", "diff.renames=false", "-c", "gc.auto=0"]
    done = subprocess.run(program + list(args), cwd=HOME[tool], env=env,
                          stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if tool == "dig" and done.returncode not in (0, 1, 4):
        fail("dig %s: exit %d: %s%s" % (args, done.returncode, done.stdout.decode(),
                                        done.stderr.decode()))
    return done.returncode, done.stdout, done.stderr


def fail(what):
    print("# seed %d, after %d steps: %s" % (seed, len(log), what))
    print("# " + "\n# ".join(log[-12:]))
    sys.exit(1)


def tree(tool):
    out = {}
    for folder, dirs, files in os.walk(HOME[tool]):
        if folder == HOME[tool]:
            dirs[:] = [d for d in dirs if d not in (".git", ".dig")]
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


def put(key, item):
    for tool in HOME:
        path = os.path.join(HOME[tool], key)
        if os.path.lexists(path):
            os.unlink(path)
        if item is None:
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if item[0] == "link":
            os.symlink(item[1].decode(), path)
        else:
            with open(path, "wb") as file:
                file.write(item[1])
            os.chmod(path, 0o755 if item[0] == "x" else 0o644)


def text(old=None):
    lines = old.decode("latin1").splitlines() if old else \
        ["line %d of %d" % (i, rng.randrange(10 ** 9)) for i in range(rng.randrange(1, 24))]
    for _ in range(rng.choice([1, 1, 2]) if old else 0):
        at = rng.randrange(len(lines) + 1)
        what = rng.random()
        if what < 0.4 or not lines:
            lines.insert(at, "new %d" % rng.randrange(10 ** 9))
        elif what < 0.8:
            lines[at % len(lines)] = "edited %d" % rng.randrange(10 ** 9)
        else:
            del lines[at % len(lines)]
    end = "" if rng.random() < 0.1 else "\n"
    return ("\n".join(lines) + (end if lines else "")).encode("latin1")


def fits(files, key):
    return not any(other.startswith(key + "/") or key.startswith(other + "/")
                   for other in files)


def fresh():
    return rng.choice([("f", text()), ("f", text()), ("x", text()),
                       ("link", b"to %d" % rng.randrange(10 ** 9)),
                       ("f", b"\0%d" % rng.randrange(10 ** 9))])


def edit():
    """A person edits, and stages some of it."""
    for _ in range(rng.randrange(1, 6)):
        files = tree("git")
        key = rng.choice(sorted(files))
        what = rng.random()
        if what < 0.15:
            new = rng.choice(NAMES + OTHERS)
            if fits(files, new):
                put(new, fresh())
        elif what < 0.6:
            mode, data = files[key]
            if key == ".gitignore":
                continue
            put(key, fresh() if mode == "link" or b"\0" in data else (mode, text(data)))
        elif what < 0.67:
            mode, data = files[key]
            put(key, ({"f": "x", "x": "f"}.get(mode, mode), data))
        elif what < 0.75 and key != ".gitignore":
            put(key, None)
        elif what < 0.95:
            both("add", ":(literal)" + key)
        else:
            both("rm", "-q", "--cached", ":(literal)" + key)


def both(*args):
    log.append(" ".join(args))
    got = [run(tool, *args) for tool in HOME]
    if (got[0][0] == 0) != (got[1][0] == 0):
        fail("%s\n# dig %s\n# git %s" % (args, got[0], got[1]))
    return got


def plain(out):
    return re.sub(rb"(on [^:\n]*: )[0-9a-f]{7,64}", rb"\1ID", out)


def same(what, *args):
    got = []
    for tool in HOME:
        more = ("--no-renames",) if tool == "dig" and args[0] == "status" else ()
        code, out, err = run(tool, *(args + more))
        got.append((code, plain(out)))
    if got[0] != got[1]:
        fail("%s: %s\n# dig %s\n# git %s" % (what, args, got[0], got[1]))
    return got[0][1]


def compare(what):
    d, g = tree("dig"), tree("git")
    if d != g:
        lines = ["%s: dig %r git %r" % (k, d.get(k), g.get(k))
                 for k in sorted(set(d) | set(g)) if d.get(k) != g.get(k)]
        fail("%s\n# %s" % (what, "\n# ".join(lines)))
    same(what, "status", "--porcelain=v1", "-z", "-uall")
    entries = same(what, "stash", "list").count(b"\n")
    if entries:
        one = "stash@{%d}" % rng.randrange(entries)
        same(what, "stash", "show", "--name-status", one)
        same(what, "diff", "--name-status", one + "^1", one + "^2")
    return entries


def calm(what):
    """Both as they were committed, with nothing stashed."""
    log.append("calm: " + what)
    count[what] = count.get(what, 0) + 1
    for tool in HOME:
        for args in (("reset", "-q", "--hard"), ("clean", "-qfdx"), ("stash", "clear")):
            if run(tool, *args)[0]:
                fail("%s %s" % (tool, args))
    return compare(what)


def push(entries):
    args = ["stash", "push"]
    if rng.random() < 0.4:
        args.append(rng.choice(["-u", "-u", "-a"]))
    if rng.random() < 0.3:
        args.append("-k")
    if rng.random() < 0.3:
        args += ["-m", rng.choice(["words", "two\nlines", " b  c "])]
    if rng.random() < 0.25:
        files = sorted(tree("git"))
        args.append("--")
        for key in rng.sample(files, min(len(files), rng.choice([1, 2, 3]))):
            args.append(":(literal)" + key)
    elif len(args) == 2 and rng.random() < 0.5:
        args = ["stash"]
    log.append(repr(args))
    before = tree("dig"), run("dig", "status", "--porcelain", "-z")[1]
    d, g = [run(tool, *args) for tool in HOME]
    said = "%s\n# dig %s\n# git %s" % (args, d, g)
    if g[0] and d[0]:
        if (tree("dig"), run("dig", "status", "--porcelain", "-z")[1]) != before:
            fail("refused, and changed: " + said)
        if tree("git") != before[0]:
            return calm("push refused")
        return compare(said)
    if g[0] or d[0]:
        if d[0] and b"nothing was changed" in d[2]:
            if (tree("dig"), run("dig", "status", "--porcelain", "-z")[1]) != before:
                fail("refused, and changed: " + said)
            return calm("push refused by dig")
        if g[0] and b"Saved" in g[1]:
            return calm("git failed on the way")
        fail(said)
    if plain(d[1]) != plain(g[1]):
        fail("words: " + said)
    count["push"] = count.get("push", 0) + 1
    return compare(said)


def words(out):
    return sorted(line for line in out.decode("utf8", "replace").splitlines()
                  if line.startswith(("CONFLICT", "Auto-merging", "The stash entry", "Dropped"))
                  )


def bring_back(entries):
    pop = rng.random() < 0.6
    index = rng.random() < 0.4
    args = ["stash", "pop" if pop else "apply"] + (["--index"] if index else [])
    if rng.random() < 0.4:
        n = rng.randrange(entries)
        args.append(rng.choice(["%d", "stash@{%d}"]) % n)
    log.append(repr(args))
    before = tree("dig"), run("dig", "status", "--porcelain", "-z")[1]
    d, g = run("dig", *args), run("git", *args)
    said = "%s\n# dig %s\n# git %s" % (args, d, g)
    untouched = (tree("dig"), run("dig", "status", "--porcelain", "-z")[1]) == before
    if g[0] and any(w in g[2] for w in (
            b"would be overwritten", b"already exists", b"could not restore untracked",
            b"conflicts in index", b"patch does not apply", b"unmerged", b"not uptodate")):
        if d[0] and not untouched:
            if b"CONFLICT" in d[1]:
                return calm("refused by git, in conflict in dig")
            fail("refused by git, changed by dig: " + said)
        return calm("refused" if d[0] else "refused by git alone")
    if g[0] == 0 and b"has type" in g[2] and b"conflicts in what is staged" in d[2]:
        if not untouched:
            fail("refused, and changed: " + said)
        return calm("a mode that git's patch overlooks")
    if d[0] != g[0]:
        fail(said)
    w = [[re.sub(r"\([0-9a-f]*\)", "", line) for line in words(x[1])] for x in (d, g)]
    if w[0] != w[1]:
        fail("words: " + said)
    if g[0] == 0:
        count["back"] = count.get("back", 0) + 1
        more = set(tree("git")) - set(tree("dig"))
        if more and all(b" D " + name.encode() in run("dig", "status", "--porcelain")[1]
                        for name in more):
            return calm("git brings back a tracked file that was deleted")
        return compare(said)
    count["conflicts"] = count.get("conflicts", 0) + 1
    entries = compare(said)
    if rng.random() < 0.3:
        os.unlink(os.path.join(HOME["dig"], ".dig", "index.db"))
        compare("index made anew: " + said)
    if run("dig", "stash")[0] == 0 or run("git", "stash")[0] == 0:
        fail("stashed what is not merged: " + said)
    if rng.random() < 0.5:
        both("add", "-A")
        compare("resolved: " + said)
        both("commit", "-q", "-m", "resolved", "--allow-empty")
    else:
        both("reset", "-q", "--hard")
    return compare("afterwards: " + said)


def step(entries):
    global clock, branches
    clock += 100
    what = rng.random()
    if what < 0.42:
        edit()
        return push(entries)
    if what < 0.5:
        edit()
        return compare("edit")
    if what < 0.58:
        edit()
        both("add", "-A")
        both("commit", "-q", "-m", "commit %d" % clock, "--allow-empty")
        return compare("commit")
    if entries == 0:
        return entries
    if what < 0.9:
        return bring_back(entries)
    if what < 0.95:
        n = rng.randrange(entries)
        both("stash", "drop", "-q", "stash@{%d}" % n)
    elif what < 0.96:
        both("stash", "clear")
    elif run("git", "status", "--porcelain")[1] == b"":
        branches += 1
        d, g = [run(tool, "stash", "branch", "b%d" % branches) for tool in HOME]
        if d[0] != g[0]:
            return calm("branch: one refused") if b"already exists" in g[2] else fail(
                "branch\n# dig %s\n# git %s" % (d, g))
        if d[0]:
            return calm("branch refused")
    return compare("drop, clear or branch")


for path in HOME.values():
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
run("dig", "init")
run("git", "init", "-q")
run("git", "symbolic-ref", "HEAD", "refs/heads/main")
put(".gitignore", ("f", b"*.log\n"))
for name in NAMES:
    put(name, fresh())
both("add", "-A")
both("commit", "-q", "-m", "base")
entries = 0
for _ in range(steps):
    entries = step(entries)
code, out, err = run("dig", "fsck")
if code:
    fail("fsck: %s%s" % (out, err))
for path in HOME.values():
    shutil.rmtree(path)
print("# seed %d: %s" % (seed, count))
