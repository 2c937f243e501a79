# SPDX-License-Identifier: MIT
"""Commits copied by dig and by git, and compared after each step.

usage: sequence-random.py SEED TRIALS [FOLDER]

In each trial two branches of random commits (with changes that are on both,
empty ones, merges) are made, and some are copied: cherry-pick, revert, rebase, with
their options. Where it stops, files, conflicts and status must agree; then it is
continued over a random tree, or skipped, given up, forgotten. At the end the exit
codes, files, messages, authors, dates and the files that each new commit changes
must be the same.

git's renames of folders are off. git compares
lines by another algorithm; where few lines are alike both find the same.
"""
import os
import random
import sys

from twins import TOOLS, Twins, plain, words

seed, trials = int(sys.argv[1]), int(sys.argv[2])
top = sys.argv[3] if len(sys.argv) > 3 else os.environ["TMP"]
rng = random.Random(seed)
twins = Twins(seed, rng, top)
run, fail, both = twins.run, twins.fail, twins.both
AUTHORS = ["A U Thor", "Zo\u00eb", "B"]
MESSAGES = ["%s", "%s\n\nA body\nof two lines", "%s\n\nSigned-off-by: A <a@example.com>",
            "%s\n\nNot: a trailer\nat all", "%s: a/b"]
count = dict.fromkeys(["trials", "stops", "done", "pick", "revert", "rebase", "skip",
                       "abort", "quit", "continue", "commit", "dropped", "skipped",
                       "copied"], 0)


def commit(files, what):
    twins.author = rng.choice(AUTHORS)
    twins.commit(files, rng.choice(MESSAGES) % what)
    twins.author = "A U Thor"


def head(tool, rev="HEAD"):
    return run(tool, "rev-parse", rev)[1].decode().strip()


def resolved(files):
    """A tree without conflicts; now and then that of HEAD."""
    if rng.random() < 0.2:
        return None
    return twins.edit({key: value for key, value in files.items()
                       if b"<<<<" not in value[1] and "~" not in key})


def stage(files, said):
    final = resolved(files)
    for tool in TOOLS:
        if final is None:
            run(tool, "checkout", "HEAD", "--", ".", check=False)
            for key in twins.tree(tool):
                if run(tool, "cat-file" if tool == "git" else "cat",
                       *(["-e"] if tool == "git" else []), "HEAD:" + key,
                       check=False)[0]:
                    os.unlink(os.path.join(twins.home[tool], key))
        else:
            twins.write(tool, final)
        run(tool, "add", "-A")
    twins.status("resolved: " + said)



def step(verb, *args, said=""):
    """One command in both; what came of it: exit code and words."""
    twins.tick()
    code_d, out_d, err_d = run("dig", verb, *args, check=False)
    edit = ("--no-edit",) if verb == "revert" and args[0] not in (
        "--continue", "--skip", "--abort", "--quit") else ()
    code_g, out_g, err_g = run("git", verb, *edit, *args, check=False)
    if code_g == 128 and args[0] in ("--skip", "--abort"):
        # git stumbles over files beside folders; it can do without them.
        run("git", "reset", "-q", "--hard")
        code_g = 0
        if in_progress("git"):
            code_g, out_g, err_g = run(
                "git", verb, "--abort" if args[0] == "--abort" else
                "--skip" if verb == "rebase" else "--continue", check=False)
    said = "%s %s%s\n# dig %d %s %s\n# git %d %s %s" % (
        verb, args, said and ", after " + said.split("\n")[0], code_d, out_d.decode(),
        err_d.decode(), code_g, out_g.decode(), err_g.decode())
    if code_d not in (0, 1) or bool(code_d) != bool(code_g):
        fail(said)
    twins.status(said)
    files = twins.same_files(said)
    if words(out_d, files) != words(out_g + err_g, files):
        fail("words: " + said)
    gone = [sum(line.startswith(b"dropping ") for line in out.splitlines())
            for out in (out_d, out_g + err_g)]
    # That nothing is left of the one that it stopped at dig alone says.
    if gone[0] - gone[1] not in ((0, 1) if args[0] == "--continue" else (0,)):
        fail("dropped: " + said)
    count["dropped"] += gone[0]
    gone = [out_d.count(b"\nskipping ") + out_d.startswith(b"skipping "),
            err_g.count(b"skipped previously applied commit")]
    if gone[0] != gone[1]:
        fail("left out: " + said)
    count["skipped"] += gone[0]
    return code_d, files, said


def in_progress(tool):
    out = run(tool, "status")[1].decode("utf8", "replace")
    return any(w in out for w in ("rebasing", "cherry-picking", "everting commit",
                                  "ick currently in", "evert currently in"))


def same_commits(tip_d, tip_g, old_d, old_g, said):
    """The commits that are new."""
    got = []
    for tool, tip, old in (("dig", tip_d, old_d), ("git", tip_g, old_g)):
        code, out, err = run(
            tool, "log", "--first-parent", "--numstat", "--no-renames",
            "--format=%an <%ae> @%at %cn @%ct%n%B%x00", old + ".." + tip)
        got.append(plain(out))
    if got[0] != got[1]:
        fail("commits: %s\n# dig %s\n# git %s" % (
            said, got[0].decode("utf8", "replace"), got[1].decode("utf8", "replace")))
    count["copied"] += got[0].count(b"\0")


def go_on(verb, code, files, said, plain_index):
    """From a stop to the end. plain_index: nothing would be committed."""
    for _ in range(30):
        if not in_progress("dig"):
            if in_progress("git"):
                # One revert of a range that would change nothing: git stays.
                if verb != "revert" or run("git", "revert", "--abort")[0]:
                    fail("git is not done: " + said)
            return said
        if not in_progress("git"):
            fail("dig is not done: " + said)
        count["stops"] += 1
        if rng.random() < 0.15:
            twins.lose_index()
            twins.status("index made anew: " + said)
        what = rng.random()
        if not run("git", "status", "--porcelain")[1]:
            what = what % 0.3  # it would be empty: git goes on only without it
        if what < 0.1:
            count["abort"] += 1
            code, files, said = step(verb, "--abort", said=said)
        elif what < 0.3:
            count["skip"] += 1
            code, files, said = step(verb, "--skip", said=said)
        elif what < 0.35:
            count["quit"] += 1
            stage(files, said)
            code, files, said = step(verb, "--quit", said=said)
        else:
            count["continue"] += 1
            stage(files, said)
            if verb != "rebase" and not run("git", "status", "--porcelain")[1]:
                # Nothing is left of it: git wants to hear so.
                code, files, said = step(verb, "--skip", said=said)
                continue
            if rng.random() < 0.3 and verb != "rebase" and \
                    run("git", "status", "--porcelain")[1]:
                # In a rebase git's commit is of whoever commits.
                count["commit"] += 1
                twins.tick()
                for tool in TOOLS:
                    done = run(tool, "commit", "-q", "--no-edit", *(
                        ["--cleanup=strip"] if tool == "git" else []))
                    if done[0]:
                        fail("%s commit: %s\n# %s" % (tool, done, said))
                twins.status("committed: " + said)
                if not in_progress("git"):
                    continue
            code, files, said = step(verb, "--continue", said=said)
    fail("no end: " + said)
    return said


def finish(said, old):
    """Both are done; HEAD and what is new must be the same."""
    both("reset", "-q", "--hard")
    names = [run(tool, "branch", "--show-current")[1] for tool in TOOLS]
    if names[0] != names[1]:
        fail("branches %s: %s" % (names, said))
    same_commits("HEAD", "HEAD", old["dig"], old["git"], said)
    if run("dig", "status", "--porcelain")[1] or run("git", "status", "--porcelain")[1]:
        fail("not clean: " + said)
    twins.same_files("at the end: " + said)


def grow(branch, commits):
    """Commits on a branch; now and then the change of one is a change of another
    branch, nothing, or a merge."""
    for i in range(commits):
        what = rng.random()
        files = twins.tree("git")
        if what < 0.1:
            commit(files, "empty %s %d.%d" % (branch, count["trials"], i))
        elif what < 0.5 and shared:
            shared.pop()(branch)
        else:
            commit(twins.edit(files), "%s %d.%d" % (branch, count["trials"], i))


def share():
    """A change that is made on whatever branch."""
    text = b"shared %d\n" % rng.randrange(10 ** 5)
    name = rng.choice(["s1", "s2", "s3/x"])

    def change(branch):
        files = {key: value for key, value in twins.tree("git").items()
                 if not key.startswith(name + "/") and not name.startswith(key + "/")}
        files[name] = ("f", files.get(name, ("f", b""))[1] + text)
        commit(files, "%s shares" % branch)
    return [change, change]


def trial():
    both("checkout", "-q", "main")
    base = "main~%d" % rng.randrange(3) if count["trials"] > 3 else "main"
    if run("git", "rev-parse", "-q", "--verify", base, check=False)[0]:
        base = "main"
    both("branch", "-f", "topic", base)
    shared[:] = share() if rng.random() < 0.6 else []
    grow("main", rng.choice([0, 1, 2]))
    both("checkout", "-q", "topic")
    grow("topic", rng.choice([1, 2, 3, 4]))
    if rng.random() < 0.15:
        both("checkout", "-q", "-b", "arm", "topic~1")
        files = twins.tree("git")
        files["arm"] = ("f", twins.text())
        commit(files, "arm")
        both("checkout", "-q", "topic")
        twins.tick()
        codes = [run(tool, "merge", "-q", "--no-ff", "-m", "merge arm", "arm")[0]
                 for tool in TOOLS]
        if codes != [0, 0]:
            both("reset", "-q", "--hard")
        both("branch", "-D", "arm")
    merges = run("git", "rev-list", "--merges", "main..topic")[1].split()
    verb = rng.choice(["cherry-pick", "cherry-pick", "revert", "rebase", "rebase"])
    if verb == "rebase":
        count["rebase"] += 1
        old = {tool: head(tool, "main") for tool in TOOLS}
        args = ["main"]
        if rng.random() < 0.2:
            args = ["--onto", "main", "topic~%d" % rng.choice([1, 2])]
            if run("git", "rev-parse", "-q", "--verify", args[2], check=False)[0]:
                args = ["main"]
        if rng.random() < 0.2:
            both("checkout", "-q", "main")
            args.append("topic")
        code, files, said = step("rebase", *args)
        plain_index = False
    else:
        where = "main" if verb == "cherry-pick" else "topic"
        both("checkout", "-q", where)
        old = {tool: head(tool) for tool in TOOLS}
        count["pick" if verb == "cherry-pick" else "revert"] += 1
        args, plain_index = [], False
        if merges:
            args += ["-m", "1"]
        if rng.random() < 0.2 and verb == "cherry-pick":
            args.append("-x")
        if rng.random() < 0.2 and verb == "cherry-pick":
            args.append(rng.choice(["--allow-empty", "--keep-redundant-commits"]))
        if rng.random() < 0.1:
            args.append("-n")
            plain_index = True
        n = len(run("git", "rev-list", "--first-parent", "main..topic")[1].split())
        if n == 0:
            return
        if rng.random() < 0.5 or plain_index:
            revs = ["topic~%d" % rng.randrange(n) for _ in range(
                1 if plain_index else rng.choice([1, 1, 2, 3]))]
        else:
            revs = [rng.choice(["main..topic", "topic~%d..topic" % rng.randrange(1, n + 1)])]
            if merges:
                revs = ["topic"]
        code, files, said = step(verb, *args, *revs)
        if plain_index:
            stage(files, said)
            both("reset", "-q", "--hard")
            return
    said = go_on(verb, code, files, said, plain_index)
    count["done"] += 1
    finish(said, old)


shared = []
twins.begin()
while count["trials"] < trials:
    count["trials"] += 1
    twins.progress = "trial %d" % count["trials"]
    trial()
twins.fsck()
twins.remove()
print("# seed %d: %s" % (seed, count))
