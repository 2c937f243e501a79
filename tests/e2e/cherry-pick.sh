#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig cherry-pick. Random histories are compared with git's by
# sequence-random.py, which revert.sh and rebase.sh leave to this script.
. "${0%/*}/lib.sh"
need git python3 sqlite3

# lines FILE WORD...: one line each.
lines()
{
	_file=$1
	shift
	printf '%s\n' "$@" >"$_file"
}

# fork NAME: main and side with a commit of its own each; side has four, the
# second of them is in conflict with main's.
fork()
{
	new_repo "$1"
	lines text one two three
	lines kept kept
	save 'Base'
	dig branch side
	lines text one MAIN three
	save 'Main'
	dig switch -q side
	DIG_AUTHOR_NAME='Somebody Else'
	lines first first
	save 'First'
	lines text one SIDE three
	save 'Second'
	lines third third
	save 'Third'
	lines kept fourth
	save 'Fourth'
	DIG_AUTHOR_NAME='A U Thor'
	dig switch -q main
	tick
}

# ---- clean ---------------------------------------------------------------
fork clean
dig tag before
t_has 'a commit' 'First' dig cherry-pick side~3
t_out 'author, dates and message' \
	"Somebody Else $(dig log -1 --format=%at side~3) C O Mitter First" \
	dig log -1 --format='%an %at %cn %s'
t_eq 'the committer is new' no "$([ "$(dig log -1 --format=%ct)" = \
	"$(dig log -1 --format=%ct side~3)" ] && echo same || echo no)"
t_out 'one parent' "$(dig rev-parse before)" dig log -1 --format=%P
t_eq 'the file is there' first "$(cat first)"
t_has 'the reflog' 'cherry-pick: First' dig reflog
t_out 'nothing is left' '' dig status --porcelain
t 'undone' dig undo
t_eq 'as before' "$(dig rev-parse before)" "$(dig rev-parse HEAD)"
t_exit 1 'the file is gone' test -e first
t 'several, in their order' dig cherry-pick -q side side~3
t_out 'two commits' 'First
Fourth' dig log -2 --format=%s
t 'as one operation' dig undo
t_eq 'both are gone' "$(dig rev-parse before)" "$(dig rev-parse HEAD)"
t 'a range, the oldest first' dig cherry-pick -q side~2..side
t_out 'two commits' 'Fourth
Third' dig log -2 --format=%s
dig reset -q --hard before
t_fails 1 'an empty range' 'no commit' dig cherry-pick side..side
t_fails 4 'no such commit' 'nowhere' dig cherry-pick nowhere
t_fails 2 'none' 'which commits' dig cherry-pick
t 'the origin' dig cherry-pick -q -x side~3
t_out 'is said' "First

(cherry picked from commit $(dig rev-parse side~3))" \
	dig log -1 --format=%B
dig switch -q -c signed side
lines signed signed
save 'Signed

Reviewed-by: B <b@example.com>'
dig switch -q main
t 'behind trailers' dig cherry-pick -q -x signed
t_eq 'without a gap' "Reviewed-by: B <b@example.com>
(cherry picked from commit $(dig rev-parse signed))" \
	"$(dig log -1 --format=%B | sed -n 3,4p)"
dig reset -q --hard before
t 'it follows HEAD already' sh -c \
	'"$DIG" reset -q --hard side~4 && "$DIG" cherry-pick -q --ff side~3'
t_eq 'and is taken as it is' "$(dig rev-parse side~3)" "$(dig rev-parse HEAD)"
dig reset -q --hard before
lines kept edited
lines text edited
t 'edits elsewhere are kept' dig cherry-pick -q side~3
t_eq 'this one' edited "$(cat text)"
t_fails 1 'in the way' 'kept: has changes' dig cherry-pick side
t_eq 'it is kept, too' edited "$(cat kept)"
t_fails 1 'not in progress then' 'no cherry-pick' dig cherry-pick --abort
dig add kept
t_fails 1 'staged changes' 'over staged changes' dig cherry-pick side~1
dig reset -q --hard before

# ---- only staged ---------------------------------------------------------
lines mine mine
dig add mine
t 'not committed' dig cherry-pick -q -n side~3 side
t_out 'beside what was staged' 'A  first
M  kept
A  mine' dig status --porcelain
t_eq 'HEAD stays' "$(dig rev-parse before)" "$(dig rev-parse HEAD)"
t_exit 1 'a conflict' dig cherry-pick -n side~2
t_fails 1 'no commit is in progress' 'no cherry-pick' dig cherry-pick --abort
t_has 'the path is' 'UU text' dig status --porcelain
t 'taken back' dig undo
t_exit 1 'with more to come' dig cherry-pick -n side~2 side~1
t_fails 1 'there is no way back' 'dig undo' dig cherry-pick --abort
t 'but this one' dig undo
t_exit 1 'alone again' dig cherry-pick -n side~2
dig checkout -q --theirs text
t 'merged' dig add text
t_not 'and over' 'progress' dig status
t 'committed as any other' dig commit -q -m 'Mine'
t_out 'by who commits' 'A U Thor' dig log -1 --format=%an
dig reset -q --hard before

# ---- a conflict ----------------------------------------------------------
t_fails 1 'a conflict' 'could not apply' dig cherry-pick side~4..side
id=$(dig rev-parse side~2 | cut -c1-10)
t_eq 'what was done is told' \
	"[main $(dig rev-parse HEAD | cut -c1-10)] First" "$(sed -n 1p "$OUT")"
t_eq 'markers' "one
<<<<<<< HEAD
MAIN
=======
SIDE
>>>>>>> $id (Second)
three" "$(cat text)"
t_has 'status' "You are currently cherry-picking commit $id." dig status
t_has 'what to do' 'dig cherry-pick --continue' dig status
t_has 'the path' 'UU text' dig status --porcelain
t_has 'v2' 'u UU N... 100644' dig status --porcelain=v2
t_out 'the index' 'UU text' \
	sqlite3 -readonly -separator ' ' .dig/index.db \
	'SELECT kind, path FROM v_conflicts'
t_fails 1 'no commit' 'is not merged' dig commit -m x
t_fails 1 'no going on' 'is not merged' dig cherry-pick --continue
t_fails 1 'no switch' 'a cherry-pick is in progress' dig switch side
t_fails 1 'no merge' 'a cherry-pick is in progress' dig merge side
t_fails 1 'not another one' 'a cherry-pick is in progress' \
	dig cherry-pick side
t_fails 1 'no revert is' 'no revert is in progress' dig revert --abort
for word in -x -n -e --ff; do
	t_fails 2 "--skip stands alone: $word" 'stands alone' \
		dig cherry-pick --skip "$word"
done
rm .dig/index.db
t 'the index is lost' dig fsck --rebuild-index
t_has 'it is still there' 'UU text' dig status --porcelain
lines text one BOTH three
rm .dig/index.db
t 'resolved' dig add text
t_has 'status' 'all conflicts fixed' dig status
t_fails 1 'no amend' 'a cherry-pick is in progress' \
	dig commit --amend --no-edit
t 'gone on' dig cherry-pick --continue
t_out 'all are there' 'Fourth
Third
Second
First' dig log -4 --format=%s
t_out 'by whom they were' 'Somebody Else' dig log -1 --format=%an HEAD~2
t_out 'nothing is left' '' dig status --porcelain
t_fails 1 'nor to go on with' 'no cherry-pick' dig cherry-pick --continue
t 'the last command undone' dig undo
t_has 'it is in progress' 'all conflicts fixed' dig status
t 'given up' dig cherry-pick --abort
t_eq 'all is back' "$(dig rev-parse before) MAIN" \
	"$(dig rev-parse HEAD) $(sed -n 2p text)"
t_out 'and clean' '' dig status --porcelain
t_exit 1 'again' dig cherry-pick -q side~4..side
t 'left out' dig cherry-pick --skip
t_out 'the others are there' 'Fourth
Third' dig log -2 --format=%s
dig reset -q --hard before
t_exit 1 'again' dig cherry-pick -q side~2 side~1
lines text one BOTH three
dig add text
t 'committed by hand' dig commit -q --no-edit
t_out 'with the author' 'Somebody Else Second' dig log -1 --format='%an %s'
t_has 'the reflog' 'commit (cherry-pick): Second' dig reflog
t_has 'more is left' 'Cherry-pick currently in progress' dig status
t 'gone on' dig cherry-pick --continue
t_out 'that, too' 'Third' dig log -1 --format=%s
dig reset -q --hard before
t_exit 1 'again' dig cherry-pick -q side~2 side~1
t 'reset drops it' dig reset -q --hard
t 'and --continue takes the next' dig cherry-pick -q --continue
t_out 'that' 'Third' dig log -1 --format=%s
dig reset -q --hard before
t_exit 1 'again' dig cherry-pick -q side~2
t 'forgotten' dig cherry-pick --quit
t_has 'the path is not' 'UU text' dig status --porcelain
t_not 'but the commit' 'cherry-pick' dig status
t 'reset' dig reset -q --hard
t_not 'nothing is left' 'unmerged' dig status

# ---- empty ---------------------------------------------------------------
dig cherry-pick -q side~3
t_fails 1 'nothing any more' 'would change nothing' dig cherry-pick side~3
t_fails 1 'not by itself' 'would change nothing' dig cherry-pick --continue
t 'left out' dig cherry-pick --skip
t 'kept if wanted' dig cherry-pick -q --keep-redundant-commits side~3
t_out 'twice' 'First
First' dig log -2 --format=%s
dig switch -q -c none side
dig commit -q --allow-empty -m 'Nothing'
dig switch -q main
t_fails 1 'nothing in the first place' 'would change nothing' \
	dig cherry-pick none
dig cherry-pick -q --abort
t 'kept if wanted' dig cherry-pick -q --allow-empty none
t_out 'the commit' 'Nothing' dig log -1 --format=%s

# ---- merges --------------------------------------------------------------
dig reset -q --hard before
dig switch -q -c both side~3
lines arm arm
save 'Arm'
dig merge -q --no-edit side >/dev/null
dig switch -q main
t_fails 2 'a merge' 'is a merge' dig cherry-pick both
t_fails 2 'no such parent' 'has no parent 3' dig cherry-pick -m 3 both
t 'against its second parent' dig cherry-pick -q -m 2 both
t_eq 'what the first line had' arm "$(cat arm)"

# ---- from git ------------------------------------------------------------
mkdir "$TMP/g" && cd "$TMP/g" && git init -q -b main && git config user.name g &&
	git config user.email g@x && echo 1 >f && git add f && git commit -qm One &&
	echo 2 >f && git commit -qam Two
new_repo imported
dig import git -q "$TMP/g" >/dev/null 2>&1
dig reset -q --hard main~1 >/dev/null 2>&1
dig commit -q --allow-empty -m 'Between'
rows=$(sqlite3 -readonly .dig/index.db 'SELECT count(*) FROM v_git_map')
t 'a commit that came from git' dig cherry-pick -q 'HEAD@{2}'
t_eq 'its copy has no id there' "Two $rows" "$(dig log -1 --format=%s) $(
	sqlite3 -readonly .dig/index.db 'SELECT count(*) FROM v_git_map')"

# ---- hooks ---------------------------------------------------------------
fork hooks
mkdir -p .dig/hooks
for hook in pre-commit prepare-commit-msg commit-msg post-commit; do
	printf '#!/bin/sh\necho %s >>"%s/ran"\n' $hook "$TMP" >.dig/hooks/$hook
	chmod +x .dig/hooks/$hook
done
echo 'echo "Hooked: $2" >>"$1"' >>.dig/hooks/prepare-commit-msg
t_fails 8 'not trusted' 'dig hook trust' dig cherry-pick side
dig hook -q trust --all
t 'trusted' dig cherry-pick -q side~3 side~1
t_eq 'git runs these of each' 'prepare-commit-msg
post-commit
prepare-commit-msg
post-commit' "$(cat "$TMP/ran")"
t_has 'the message is the hook'"'"'s' 'Hooked: merge' dig log -1 --format=%B
t 'one operation all the same' dig undo
t_out 'both are gone' Main dig log -1 --format=%s
: >"$TMP/ran"
t_exit 1 'a conflict' dig cherry-pick -q side~2
lines text one BOTH three
dig add text
t 'gone on' dig cherry-pick --continue
t_eq 'and these of a commit' 'pre-commit
prepare-commit-msg
commit-msg
post-commit' "$(cat "$TMP/ran")"

# ---- killed in the middle ------------------------------------------------
# Each call that writes, syncs or renames is the last one; then it is gone on
# with or given up, and the tree is as without the kill.
if [ -n "${SANITIZED:-}" ]; then
	: # strace and the search for leaks do not go together
elif command -v strace >/dev/null; then
	fork killed
	dig tag before
	n=1 wrong=0 step=5
	[ "${SOAK:-0}" = 0 ] || step=1
	while [ $n -le 60 ]; do
		strace -f -o /dev/null -e trace=fdatasync,renameat2,pwrite64 \
			-e "inject=fdatasync,renameat2,pwrite64:signal=KILL:when=$n" \
			"$DIG" cherry-pick -q side~3 side~2 >/dev/null 2>&1
		st=$?
		if dig status 2>/dev/null | grep -q 'cherry-pick --abort'; then
			if [ $((n / step % 2)) = 0 ]; then
				dig cherry-pick --skip >/dev/null 2>&1 ||
					dig cherry-pick --skip || wrong=$n
				[ "$(dig log -1 --format=%s)" = First ] || wrong=$n
			else
				dig cherry-pick --abort || wrong=$n
				[ "$(dig log -1 --format=%s)" = Main ] || wrong=$n
			fi
		fi
		[ "$(sed -n 2p text)" = MAIN ] || wrong=$n
		[ "$(dig status --porcelain)" = '' ] || wrong=$n
		dig reset -q --hard before
		[ $st -ne 1 ] || break
		n=$((n + step))
	done
	t_eq "killed at $n moments" 0 "$wrong"
	t_eq 'and more than a few' yes "$([ $n -gt 5 ] && echo yes)"
else
	skip 'killed in the middle' 'no strace'
fi

# ---- random histories ----------------------------------------------------
seeds=${N:-1} trials=4
[ -n "${SANITIZED:-}" ] && seeds=1 trials=1
[ "${SOAK:-0}" = 0 ] || seeds=100 trials=20
seed=1
while [ $seed -le "$seeds" ]; do
	t "history $seed" python3 "$ROOT/tests/e2e/sequence-random.py" \
		$seed $trials "$TMP"
	seed=$((seed + 1))
done

# The files of a switch that was killed are nobody's edits, and stay so.
if [ -z "${SANITIZED:-}" ]; then
	new_repo killed
	for i in 1 2 3 4 5 6 7 8; do write "f$i" "one $i"; done
	save one
	dig switch -q -c pick
	write g picked
	save picked
	dig switch -q -c two main
	for i in 1 2 3 4 5 6 7 8; do write "f$i" "two $i"; done
	save two
	dig switch -q main
	strace -f -qq -o "$TMP/trace" -e trace=renameat2 \
		-e inject=renameat2:signal=SIGKILL:when=4 \
		"$DIG" switch -q two 2>"$ERR"
	t_has 'a switch that was killed' 'has not finished' dig status
	t 'a pick after it' dig cherry-pick pick
	t_out 'finishes it as well' '' dig status -s
fi
finish
