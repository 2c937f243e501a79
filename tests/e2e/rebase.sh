#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig rebase. What it shares with cherry-pick is tested there.
. "${0%/*}/lib.sh"

# lines FILE WORD...: one line each.
lines()
{
	_file=$1
	shift
	printf '%s\n' "$@" >"$_file"
}

# fork NAME: main has two commits, topic three; the second of these is in
# conflict with main where CONFLICT is set.
fork()
{
	new_repo "$1"
	lines text 1 2 3 4 5 6 7 8 9
	lines kept kept
	save 'Base'
	dig branch topic
	lines text 1 MAIN 3 4 5 6 7 8 9
	save 'Main one'
	lines own own
	save 'Main two'
	dig switch -q topic
	DIG_AUTHOR_NAME='Somebody Else'
	lines first first
	save 'First'
	lines text 1 ${CONFLICT:-2} 3 4 5 6 7 TOPIC 9
	save 'Second'
	lines third third
	save 'Third'
	DIG_AUTHOR_NAME='A U Thor'
	dig tag before
	tick
}

# ---- clean ---------------------------------------------------------------
fork clean
lines free mine
t_has 'three commits' 'rebased and updated refs/heads/topic.' dig rebase main
t_out 'onto main' "Third
Second
First
$(dig log -1 --format=%s main)" dig log -4 --format=%s
t_out 'by whom they were' "Somebody Else $(dig log -1 --format=%at before)" \
	dig log -1 --format='%an %at'
t_eq 'both changes' '1 MAIN 3 4 5 6 7 TOPIC 9' "$(tr '\n' ' ' <text | sed 's/ $//')"
t_out 'on the branch' topic dig branch --show-current
t_has 'the reflog' 'rebase (finish): returning to refs/heads/topic' dig reflog
t_out 'nothing is left' '?? free' dig status --porcelain
t_has 'once more' 'Current branch topic is up to date.' dig rebase main
t 'undone as one operation' dig undo
t_eq 'all is back' "$(dig rev-parse before)" "$(dig rev-parse topic)"
t_eq 'files, too' '1 2 3 4 5 6 7 TOPIC 9' "$(tr '\n' ' ' <text | sed 's/ $//')"
t_fails 4 'no such commit' 'nowhere' dig rebase nowhere
t_fails 2 'onto what' 'onto which' dig rebase
dig switch -q main
t 'another branch' dig rebase -q main topic
t_out 'is switched to' topic dig branch --show-current
dig reset -q --hard before
t 'a part of it' dig rebase -q --onto main topic~1
t_out 'that' "Third
Main two" dig log -2 --format=%s
dig reset -q --hard before
dig switch -q --detach topic
t_has 'without a branch' 'Successfully rebased.' dig rebase main
t_eq 'HEAD moves' 'HEAD detached' "$(dig status | sed -n '1s/ at .*//p')"
t_eq 'and no branch' "$(dig rev-parse before)" "$(dig rev-parse topic)"
dig switch -q topic
dig switch -q -c behind main~1
t 'what is behind' dig rebase -q main
t_eq 'goes forward' "$(dig rev-parse main)" "$(dig rev-parse behind)"
dig switch -q topic
lines kept edited
t 'edits elsewhere are kept' dig rebase -q main
t_eq 'this one' edited "$(cat kept)"
dig restore kept
dig reset -q --hard before
lines text edited
t_fails 1 'in the way' 'text: has changes' dig rebase main
t_eq 'nothing was done' "edited $(dig rev-parse before)" \
	"$(cat text) $(dig rev-parse HEAD)"
dig add text
t_fails 1 'staged changes' 'over staged changes' dig rebase main
dig reset -q --hard before

# Which files are written, or opened.
if [ -n "${SANITIZED:-}" ]; then
	: # strace and the search for leaks do not go together
elif command -v strace >/dev/null; then
	strace -f -o "$TMP/log" -e trace=openat,openat2,renameat2 \
		"$DIG" rebase -q main
	t_eq 'what differs at the end is written once' 'own text' \
		"$(grep -o '"checkout[^"]*", [0-9]*, "[^"]*' "$TMP/log" |
			sed 's/.*"//' | tr '\n' ' ' | sed 's/ $//')"
	t_eq 'and nothing else is opened' '' \
		"$(grep -e '"kept"' -e '"first"' -e '"third"' "$TMP/log")"
	dig reset -q --hard before
else
	skip 'files that are opened' 'no strace'
fi

# ---- what upstream has ---------------------------------------------------
new_repo upstream
lines text 1 2 3 4 5 6 7 8 9 10 11 12
save 'Base'
dig switch -q -c topic
lines text 1 2 3 4 5 6 7 8 TEN 10 11 12
save 'Same'
lines text 1 2 3 4 5 6 7 8 TEN 10 11 twelve
save 'Gone'
dig commit -q --allow-empty -m 'Empty'
dig tag before
dig switch -q main
lines text 0 1 2 3 4 5 6 7 8 TEN 10 11 12
save 'With another line above'
dig reset -q --soft HEAD~1
lines text 0 1 2 3 4 5 6 7 8 9 10 11 12
save 'A line above'
lines text 0 1 2 3 4 5 6 7 8 TEN 10 11 12
save 'The same change'
lines text 0 1 2 3 4 5 6 7 8 ten 10 11 twelve
save 'And then another one'
dig switch -q topic
t 'the same changes' dig rebase main
t_eq 'are left out, and what changes nothing any more' \
	"skipping $(dig rev-parse before~2 | cut -c1-10) Same -- upstream has the same change
dropping $(dig rev-parse before~1 | cut -c1-10) Gone -- its changes are there already" \
	"$(sed '$d' "$OUT")"
t_out 'what was empty stays' 'Empty
And then another one' dig log -2 --format=%s

# ---- merges are left out -------------------------------------------------
dig reset -q --hard before
dig switch -q -c arm before~2
lines arm arm
save 'Arm'
dig switch -q topic
dig merge -q -m 'The arm' arm >/dev/null
t 'with a merge in it' dig rebase -q --onto before~3 before~3
t_eq 'there is none' "Arm 1" "$(dig log --format=%s | grep Arm) $(
	dig log -1 --format=%P | wc -w)"

# ---- a conflict ----------------------------------------------------------
CONFLICT=SIDE fork conflict
t_fails 1 'a conflict' 'could not apply' dig rebase main
onto=$(dig rev-parse main | cut -c1-10)
t_out 'status' "rebase in progress; onto $onto
Last commands done (2 commands done):
   pick $(dig rev-parse before~2 | cut -c1-10) First
   pick $(dig rev-parse before~1 | cut -c1-10) Second
Next command to do (1 remaining command):
   pick $(dig rev-parse before | cut -c1-10) Third
You are currently rebasing branch 'topic' on '$onto'.
  (fix conflicts and then run \"dig rebase --continue\")
  (use \"dig rebase --skip\" to skip this patch)
  (use \"dig rebase --abort\" to check out the original branch)

Unmerged paths:
  (use \"dig add <file>...\" to mark resolution)
	both modified:   text

no changes added to commit (use \"dig add\" and/or \"dig commit -a\")" dig status
t_has 'v2' '# branch.head (detached)' dig status --porcelain=v2 -b
t_has 'the reflog' 'rebase (pick): First' dig reflog
t_eq 'the branch stays' "$(dig rev-parse before)" "$(dig rev-parse topic)"
t_fails 1 'no switch' 'a rebase is in progress' dig switch main
rm .dig/index.db
t 'the index is lost' dig fsck --rebuild-index
t_has 'the conflict is there' 'UU text' dig status --porcelain
lines text 1 BOTH 3 4 5 6 7 TOPIC 9
dig add text
t_has 'status' 'all conflicts fixed: run "dig rebase --continue"' dig status
t 'gone on' dig rebase --continue
t_out 'all are there' 'Third Somebody Else
Second Somebody Else
First Somebody Else
Main two A U Thor' dig log -4 --format='%s %an'
t_has 'the reflog' 'rebase (continue): Second' dig reflog
t_out 'on the branch' topic dig branch --show-current
t 'the last command undone' dig undo
t_has 'it is in progress' 'rebase in progress' dig status
t_exit 1 'its last file is gone' test -e third
t 'given up' dig rebase --abort
t_out 'on the branch' "topic $(dig rev-parse before)" \
	sh -c 'echo $("$DIG" branch --show-current) $("$DIG" rev-parse HEAD)'
t_out 'clean' '' dig status --porcelain
t_exit 1 'again' dig rebase -q main
t_has 'left out' 'rebased and updated' dig rebase --skip
t_out 'the others are there' 'Third
First
Main two' dig log -3 --format=%s
dig reset -q --hard before
t_exit 1 'again' dig rebase -q main
dig checkout -q --ours text
dig add text
t_has 'as main has it' 'dropping' dig rebase --continue
t_out 'the others are there' 'Third
First' dig log -2 --format=%s
dig reset -q --hard before
t_exit 1 'again' dig rebase -q main
lines text 1 BOTH 3 4 5 6 7 TOPIC 9
dig add text
t 'committed by hand' dig commit -q --no-edit
t 'and amended' dig commit -q --amend -m 'Second, mine'
t_has 'it goes on' 'rebase in progress' dig status
t 'to its end' dig rebase -q --continue
t_out 'all are there' 'Third
Second, mine' dig log -2 --format=%s
dig reset -q --hard before
t_exit 1 'again' dig rebase -q main
t 'reset keeps it' dig reset -q --hard
t 'and the next is taken' dig rebase -q --continue
t_out 'the others are there' 'Third
First' dig log -2 --format=%s
dig reset -q --hard before
t_exit 1 'again' dig rebase -q main
dig branch -f topic main
dig add text
t_fails 1 'the branch has moved' 'was moved since' dig rebase --continue
t 'forgotten' dig rebase --quit
t_not 'nothing is in progress' 'rebas' dig status
dig switch -q -f topic

# ---- hooks ---------------------------------------------------------------
CONFLICT=SIDE fork hooks
mkdir -p .dig/hooks
for hook in pre-commit commit-msg post-commit post-checkout; do
	printf '#!/bin/sh\necho %s $# >>"%s/ran"\n' $hook "$TMP" \
		>.dig/hooks/$hook
	chmod +x .dig/hooks/$hook
done
dig hook -q trust --all
t_exit 1 'a conflict' dig rebase -q main
lines text 1 BOTH 3 4 5 6 7 TOPIC 9
dig add text
t 'gone on' dig rebase -q --continue
t_eq 'git runs these' 'post-checkout 3
post-commit 0
post-commit 0
post-commit 0' "$(cat "$TMP/ran")"
t_out 'all are there' 'Third
Second
First
Main two' dig log -4 --format=%s

# ---- killed in the middle ------------------------------------------------
# Each call that writes, syncs or renames is the last one; then it is gone on
# with or given up, and the tree is as without the kill.
if [ -n "${SANITIZED:-}" ]; then
	: # strace and the search for leaks do not go together
elif command -v strace >/dev/null; then
	fork killed
	dig rebase -q main
	cat text own third >"$TMP/want"
	dig undo -q >/dev/null
	n=1 wrong=0 finished=0 step=4
	[ "${SOAK:-0}" = 0 ] || step=1
	while [ $n -le 60 ]; do
		strace -f -o /dev/null -e trace=fdatasync,renameat2,pwrite64 \
			-e "inject=fdatasync,renameat2,pwrite64:signal=KILL:when=$n" \
			"$DIG" rebase -q main >/dev/null 2>&1
		st=$?
		if dig status 2>/dev/null | grep -q 'dig rebase'; then
			if [ $((n / step % 2)) = 0 ]; then
				dig rebase -q --continue || wrong=$n
				finished=$((finished + 1))
				cat text own third | cmp -s - "$TMP/want" ||
					wrong=$n
				[ "$(dig log -1 --format=%s main..topic~2)" = \
					First ] || wrong=$n
			else
				dig rebase --abort || wrong=$n
				[ "$(dig rev-parse topic HEAD)" = "$(
					dig rev-parse before before)" ] ||
					wrong=$n
				[ -e own ] && wrong=$n
			fi
		fi
		[ "$(dig status --porcelain)" = '' ] || wrong=$n
		[ "$(dig branch --show-current)" = topic ] || wrong=$n
		dig reset -q --hard before
		[ $st -ne 0 ] || break
		n=$((n + step))
	done
	t_eq "killed at $n moments" 0 "$wrong"
	t_eq 'and some in the middle' yes "$([ $finished -gt 0 ] && echo yes)"
else
	skip 'killed in the middle' 'no strace'
fi

finish
