# SPDX-License-Identifier: MIT
"""Random histories merged by dig and by git, compared after each merge.

usage: merge-random.py SEED MERGES [FOLDER]

Two branches are edited (texts, modes, deletions, exact renames, links, binary
files, files that become folders) and merged into each other, sometimes crosswise,
so that merges with several bases occur. After each merge the exit codes, the
words about conflicts, the status and every file must agree. Then it is given up,
or resolved by a random tree and committed, and compared again.

git's renames of folders are off. git compares
lines by another algorithm; where few lines are alike both find the same.
"""
import os
import random
import sys

from twins import TOOLS, Twins, words

seed, merges = int(sys.argv[1]), int(sys.argv[2])
top = sys.argv[3] if len(sys.argv) > 3 else os.environ["TMP"]
rng = random.Random(seed)
twins = Twins(seed, rng, top)
run, fail = twins.run, twins.fail
count = {"merges": 0, "conflicts": 0, "clean": 0, "crossed": 0, "fast": 0}
letters = {}


def merge(rev):
    """Merge rev into the branch that is checked out; ends with a clean tree."""
    twins.tick()
    count["merges"] += 1
    twins.progress = "after %d merges" % count["merges"]
    before = run("git", "log", "--format=%s %T")[1].decode().split("\n")[0]
    side = rng.choice([(), (), (), ("-X", "ours"), ("-X", "theirs")])
    code_d, out_d, err_d = run("dig", "merge", *side, rev)
    code_g, out_g, err_g = run(
        "git", "merge", *side, "--no-edit", rev)
    said = "merge %s %s into %s\n# dig %d %s %s\n# git %d %s %s" % (
        side, rev, before, code_d, out_d.decode(), err_d.decode(),
        code_g, out_g.decode(), err_g.decode())
    if code_d != code_g:
        fail(said)
    status = twins.status(said)
    files = twins.same_files(said)
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
        twins.lose_index()
        twins.status("index made anew: " + said)
    if rng.random() < 0.3:
        for tool in TOOLS:
            code, out, err = run(tool, "merge", "--abort", check=tool == "dig")
            if code and tool == "git":  # it fails beside made-up names
                code, out, err = run(tool, "reset", "--hard")
            if code:
                fail("%s merge --abort: %s%s\n# %s" % (tool, out, err, said))
        twins.status("aborted: " + said)
        twins.same_files("aborted: " + said)
        return
    if rng.random() < 0.3:
        paths = sorted(files)
        path = rng.choice(paths) if paths else None
        if path:
            got = [run(tool, "add", ":(literal)" + path)[0] for tool in TOOLS]
            if got[0] != got[1]:
                fail("add %s: %s" % (path, got))
            twins.status("add %s: %s" % (path, said))
    final = twins.edit({key: value for key, value in files.items() if b"<<<<" not in value[1]})
    for tool in TOOLS:
        twins.write(tool, final)
        run(tool, "add", "-A")
    twins.status("resolved: " + said)
    for tool in TOOLS:
        code, out, err = run(tool, "commit", "--no-edit", "-q")
        if code:
            fail("%s commit: %s%s" % (tool, out, err))
    for what in ("%s", "%P"):
        got = [run(tool, "log", "-1", "--format=" + what)[1].decode() for tool in TOOLS]
        if what == "%P":
            got = [len(g.split()) for g in got]
        if got[0] != got[1]:
            fail("concluded: %r\n# %s" % (got, said))
    twins.status("concluded: " + said)


twins.begin()
for tool in TOOLS:
    run(tool, "branch", "side")
while count["merges"] < merges:
    for branch in ("main", "side"):
        for tool in TOOLS:
            run(tool, "checkout", "-q", branch)
        for i in range(rng.choice([0, 1, 1, 2])):
            twins.commit(twins.edit(twins.tree("git")),
                         "%s %d" % (branch, count["merges"]))
    for tool in TOOLS:
        run(tool, "checkout", "-q", "main")
        run(tool, "branch", "-f", "old", "main")
    merge("side")
    if rng.random() < 0.6:
        count["crossed"] += 1
        for tool in TOOLS:
            run(tool, "checkout", "-q", "side")
        merge("old")
    elif rng.random() < 0.3:
        for tool in TOOLS:
            run(tool, "branch", "-f", "side", "main")
twins.fsck()
twins.remove()
print("# seed %d: %s %s" % (seed, count, letters))
