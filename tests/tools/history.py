# SPDX-License-Identifier: MIT
"""A random history, for mkhistory and for git fast-import.

usage: history.py SEED COMMITS FILES MERGES%  DIG-FILE GIT-FILE

Dates go up along parents; with an odd seed some are equal. Merges take each path from one
of their parents, or change it, so that all ways of simplifying occur.
"""
import random
import sys

seed, ncommits, nfiles, merges = (int(a) for a in sys.argv[1:5])
rng = random.Random(seed)
names = sorted({"%s/%s%d" % (rng.choice(["a", "b", "a/x", "b/y/z"]),
                             rng.choice("fg"), rng.randrange(nfiles))
                for _ in range(nfiles)} | {"hot", "cold"})
cold = set(rng.sample(range(ncommits), min(20, ncommits)))

commits = []  # (date, parents, tree)
tips = []
with open(sys.argv[5], "w") as dig, open(sys.argv[6], "w") as git:
    for n in range(ncommits):
        if not commits or merges and rng.random() < 0.003:
            parents = []
        elif len(tips) > 1 and rng.random() * 100 < merges:
            parents = rng.sample(tips, min(len(tips), rng.choice([2, 2, 2, 3, 4, 6])))
        elif rng.random() * 100 < merges:
            parents = [rng.randrange(max(0, n - 30), n)]
        else:
            parents = [tips[-1]]
        date = max([commits[p][0] for p in parents], default=1500000000)
        date += rng.choice([0, 0, 60, 3600]) if seed % 2 else \
            rng.randrange(1, 10 ** 6)
        base = dict(commits[parents[0]][2]) if parents else {}
        tree = dict(base)
        for p in parents[1:]:
            other = commits[p][2]
            for name in sorted(set(base) | set(other)):
                if base.get(name) != other.get(name) and rng.random() < 0.6:
                    if name in other:
                        tree[name] = other[name]
                    else:
                        tree.pop(name, None)
        edits = [] if len(parents) > 1 and rng.random() < 0.7 else \
            rng.sample([x for x in names if x != "cold"],
                       rng.randrange(1, min(4, len(names))))
        if n in cold:
            edits.append("cold")
        for name in edits:
            if name in tree and rng.random() < 0.1:
                del tree[name]
            else:
                # Few texts: commits of different branches make equal files.
                tree[name] = "text-%s" % rng.randrange(
                    6 if merges else 10 ** 9)
        commits.append((date, parents, tree))
        tips = [t for t in tips if t not in parents] + [n]
        dig.write("commit %d %s\n" % (date, " ".join(map(str, parents)) or "-"))
        if not parents and n:  # else it would come on top of what is there
            git.write("reset refs/heads/main\n\n")
        git.write("commit refs/heads/main\nmark :%d\n"
                  "committer A U Thor <author@example.com> %d +0000\n"
                  "data <<E\ncommit %d\nE\n" % (n + 1, date, n))
        if parents:
            git.write("from :%d\n" % (parents[0] + 1))
            for p in parents[1:]:
                git.write("merge :%d\n" % (p + 1))
        else:
            git.write("deleteall\n")
        for name in sorted(set(base) | set(tree)):
            if base.get(name) == tree.get(name):
                continue
            if name in tree:
                dig.write("put %s %s\n" % (name, tree[name]))
                git.write("M 100644 inline %s\ndata %d\n%s\n" %
                          (name, len(tree[name]), tree[name]))
            else:
                dig.write("remove %s\n" % name)
                git.write("D %s\n" % name)
        git.write("\n")
    main = max(tips, key=lambda t: len(commits[t][1]) * 10 ** 6 + t)
    for i, (name, number) in enumerate(
            [("refs/heads/main", main)] +
            [("refs/heads/side%02d" % i, t) for i, t in enumerate(tips)] +
            [("refs/heads/old", ncommits // 2)]):
        dig.write("branch %s %d\n" % (name, number))
        git.write("reset %s\nfrom :%d\n\n" % (name, number + 1))
