#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig merge-base, and A...B, beside git on random histories.
. "${0%/*}/lib.sh"
need git python3
[ -x "$TOOLS/mkhistory" ] || skip_all "no $TOOLS/mkhistory: make tools"

# ---- by hand: main and side with a base, lone without --------------------
new_repo
"$TOOLS/mkhistory" <<E
commit 1000 -
put a one
commit 2000 0
put b two
commit 3000 0
put c three
commit 4000 -
put d four
branch refs/heads/main 1
branch refs/heads/side 2
branch refs/heads/lone 3
E
root=$(dig rev-parse main~1)
t_out 'the base' "$root" dig merge-base main side
t_out 'of one and itself' "$(dig rev-parse main)" dig merge-base main main
t_out 'json' "{\"merge_bases\":[\"$root\"]}" dig merge-base --json main side
t_exit 1 'nothing in common' dig merge-base main lone
t_eq 'and nothing is said' '' "$(cat "$OUT" "$ERR")"
t_out 'nothing, as json' '' sh -c '"$DIG" merge-base --json main lone |
	grep -v "\"merge_bases\":\[\]"; :'
t 'an ancestor' dig merge-base --is-ancestor main~1 side
t 'of itself' dig merge-base --is-ancestor side side
t_exit 1 'no ancestor' dig merge-base --is-ancestor side main
t_eq 'and nothing is said of that' '' "$(cat "$OUT" "$ERR")"
t_fails 2 'one commit' 'two commits or more' dig merge-base main
t_fails 2 'three for an ancestor' 'two commits and nothing else' \
	dig merge-base --is-ancestor main side lone
t_fails 4 'no such commit' "nowhere" dig merge-base main nowhere
t_out 'A...B' "$(dig rev-parse side main; dig rev-parse main~1 | sed 's/^/^/')" \
	dig rev-parse main...side
t_out 'log of it' "commit 2
commit 1" dig log --format=%s main...side
t_out 'HEAD is left out' "commit 2
commit 1" dig log --format=%s ...side

# ---- random histories ----------------------------------------------------
# ask SEED COMMITS MERGES PAIRS
ask()
{
	new_repo "r$1"
	git init -q -b main .
	python3 "$ROOT/tests/tools/history.py" "$1" "$2" 5 "$3" \
		"$TMP/dig.in" "$TMP/git.in" &&
		git fast-import --quiet --force <"$TMP/git.in" &&
		"$TOOLS/mkhistory" <"$TMP/dig.in" || exit 1
	t "history $1" python3 "$TMP/ask.py" "$1" "$4"
}

cat >"$TMP/ask.py" <<'E'
import os, random, subprocess, sys

rng = random.Random(int(sys.argv[1]))
ties = int(sys.argv[1]) % 2  # equal dates: in any order

def run(program, *args):
    done = subprocess.run([program, *args], stdout=subprocess.PIPE)
    return done.returncode, done.stdout.decode().split()

def names(program):
    out = subprocess.check_output(
        [program, "log", "--all", "--format=%H %s"]).decode()
    return dict(line.split(" ", 1) for line in out.splitlines())

dig = os.environ["DIG"]
tools = {dig: names(dig), "git": names("git")}
ids = {tool: {v: k for k, v in tools[tool].items()} for tool in tools}
assert sorted(tools[dig].values()) == sorted(tools["git"].values())
subjects = sorted(tools[dig].values())
wrong = asked = several = 0
for _ in range(int(sys.argv[2])):
    picked = [rng.choice(subjects) for _ in range(rng.choice([2, 2, 2, 3]))]
    for args in (["merge-base"], ["merge-base", "--all"],
                 ["merge-base", "--is-ancestor"], ["rev-parse"]):
        answers = []
        for tool in tools:
            revs = [ids[tool][s] for s in picked[:2 if "base" not in args[0]
                                                 or len(args) > 1 and
                                                 args[1][2] == "i" else 3]]
            if args[0] == "rev-parse":
                revs = ["...".join(revs)]
            code, words = run(tool, *args, *revs)
            said = [("^" if w[0] == "^" else "") + tools[tool][w.lstrip("^")]
                    for w in words]
            if ties and len(said) > 1:
                said = sorted(said)
            answers.append((code, said))
        several += len(args) > 1 and len(answers[0][1]) > 1
        asked += 1
        if ties and args == ["merge-base"]:
            answers = [a[0] for a in answers]
        if answers[0] != answers[1]:
            wrong += 1
            print("#", args, picked, answers)
print("%d asked, %d wrong, %d with several bases" % (asked, wrong, several))
sys.exit(wrong != 0 or several == 0)
E
seeds=2
[ -n "${QUICK:-}" ] && seeds=1
[ -n "${SOAK:-}" ] && seeds=200
seed=1
while [ $seed -le $seeds ]; do
	ask $((seed + 1)) 150 30 80
	seed=$((seed + 1))
done

finish
