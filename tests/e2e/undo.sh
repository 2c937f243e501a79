#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig undo: what each verb did is taken back, and what is in the way is named.
. "${0%/*}/lib.sh"
need python3

new_repo repo
last()
{
	dig undo --list -n 1 | sed 's/^ *//; s/ .*//'
}

t_fails 1 'nothing was done yet' 'nothing to take back' dig undo
t_out 'and nothing is listed' '' dig undo --list
echo one >a
echo one >b
save one
echo two >a
tick
dig commit -q -a -m two
t_has 'the operations, the newest first' 'commit: two' dig undo --list -n 1
t_eq 'a commit -a is one' 3 "$(dig undo --list | wc -l)"
t 'as JSON' sh -c '"$DIG" undo --list --json | python3 -c "import json, sys
d = json.load(sys.stdin)[\"operations\"]
assert [o[\"operation\"] for o in d] == [4, 3, 2], d
assert d[0][\"verb\"] == \"commit: two\" and d[0][\"records\"] == 2, d
assert d[0][\"finished\"] is True and d[0][\"time\"] > 0, d"'

# Commits.
t_has 'a commit' 'Took back operation 4: commit: two' dig undo
t_out 'is not there, nor is what it staged' ' M a' dig status -s
t_eq 'files are left alone' two "$(cat a)"
t_has 'an undo of it' 'HEAD is now at' dig undo
t_out 'does it again' '' dig status -s
t_eq 'HEAD is there' two "$(dig log -n 1 --format=%s)"
t_has 'undo is listed, too' 'undo: operation 5 (undo: operation 4)' \
	dig undo --list -n 1
t_has 'and in the reflog' 'HEAD@{0}: undo: operation 5' dig reflog -n 1

# Branches and tags.
dig branch side
dig undo -q
t_fails 4 'a branch' 'no ref' dig reflog side
dig branch -q -m main trunk
t_has 'a rename' 'On branch main' dig undo
dig tag -m words v1
id=$(dig rev-parse v1)
dig tag -d v1 >"$OUT"
t 'a tag that was deleted' dig undo
t_out 'is there again' "$id" dig rev-parse v1

# Working files.
dig switch -q -c old HEAD~1
dig undo -q
t_eq 'a switch brings files back' two "$(cat a)"
t_out 'and HEAD' main dig branch --show-current
echo edit >b
dig switch -q -c old HEAD~1
t 'edits that it kept are kept' dig undo
t_eq 'as they are' two,edit "$(cat a),$(cat b)"
dig restore b
dig checkout -q HEAD~1
echo edit >a
t_fails 1 'a file that changed since is named' \
	'a: has changes that are not staged' dig undo
t_fails 1 'with what to type' 'dig undo --keep-files' dig undo
t_eq 'and left alone' edit "$(cat a)"
dig undo -q --keep-files
t_eq 'as with --keep-files' edit "$(cat a)"
t_out 'which takes back all the rest' main dig branch --show-current
dig reset -q --hard
t_fails 1 'edits alone do not come back' 'never added' dig undo

echo edit >b
dig reset -q --hard HEAD~1
t_has 'a reset --hard that lost an edit says so' 'do not come back' \
	sh -c '"$DIG" undo 2>&1'
t_eq 'and brings back what was staged' two,one "$(cat a),$(cat b)"
echo staged >b
dig add b
dig reset -q --hard
t_not 'what was added comes back' 'warning' sh -c '"$DIG" undo 2>&1'
t_eq 'with its bytes' staged "$(cat b)"
t_out 'and is staged' 'M  b' dig status -s
dig reset -q --hard

rm -rf "$TMP/before"
cp -a . "$TMP/before"
mkdir dir
echo x >dir/x
save x
dig rm -q -r dir
t 'rm' dig undo
t_eq 'brings its files back' x "$(cat dir/x)"
dig rm -q --cached dir/x
t 'rm --cached' dig undo
t_out 'leaves them' '' dig status -s
dig mv dir/x y
t 'mv' dig undo
t_eq 'moves back' 'x,no' "$(cat dir/x),$([ -e y ] || echo no)"
dig mv dir/x y
echo edit >y
t_fails 1 'not over an edit' 'y: has changes' dig undo
dig undo -q --keep-files
rm y
dig restore dir/x
echo staged >a
dig add a
dig restore -q -S -W a
t 'restore of both' dig undo
t_eq 'brings the file back' staged "$(cat a)"
dig restore --staged a
t 'restore --staged' dig undo
t_out 'stages it again' 'M  a' dig status -s
dig reset -q --hard

# Several at once.
n=$(last)
echo 1 >n1
dig add n1
tick
dig commit -q -m n1
dig switch -q -c topic HEAD~1
echo 2 >n2
dig add n2
tick
dig commit -q -m n2
t_has 'back to a number' "operations $((n + 1)) to $((n + 5))" \
	dig undo $((n + 1))
t_out 'is before it' '?? n1
?? n2' dig status -s
t_has 'done already' 'All is as it was' dig undo $((n + 1))
t 'and forward' dig undo
t_out 'on the branch' topic dig branch --show-current
t_out 'with its files' '' dig status -s
t_eq 'and no others' no "$([ -e n1 ] || echo no)"
dig switch -q main

# Before the first commit.
new_repo first
echo a >a
dig add a
tick
dig commit -q -m first
t_has 'the first commit' 'HEAD has no commit yet' dig undo
t_out 'is staged again' 'A  a' dig status -s
dig rm -q -f a
t 'rm before the first commit' dig undo
t_out 'comes back, too' 'A  a' dig status -s
t_has 'nothing was staged at first' 'Took back operations 2' dig undo 2
t_out 'nor is it now' '?? a' dig status -s
t_out 'the file stays' a cat a

# Arguments.
t_fails 4 'no such operation' 'no operation 99' dig undo 99
t_fails 4 'the first record made the repository' 'no operation 1' dig undo 1
t_fails 2 'no number' "'x' is no number" dig undo x
t_fails 2 'nor below one' "'0' is no number" dig undo 0
t_fails 2 'one only' 'one number' dig undo 1 2
t_fails 2 'a list does nothing' 'only lists' dig undo --list 3
t_fails 2 '-n is of the list' 'goes with --list' dig undo -n 3
t 'undo as JSON' sh -c '"$DIG" undo --json | python3 -c "import json, sys
d = json.load(sys.stdin)
assert d[\"first\"] == d[\"last\"] and d[\"verb\"].startswith(\"undo: \"), d
assert d[\"nothing\"] is False and d[\"branch\"] == \"main\", d"'

# A journal whose verbs say anything, and another process in between.
new_repo odd
for n in 1 2 3; do
	printf 'undo: operation %s\033[31m\n' $n >"$TMP/message"
	dig commit -q --allow-empty -F "$TMP/message"
done
t 'verbs that look like others' dig undo
t_eq 'are taken back as what they are' 2 "$(dig log --oneline | wc -l)"
dig switch -q -c 'undo-operation'
echo a >a
dig add a
dig undo -q
t_not 'nothing raw on a line' "$(printf '\033')" sh -c \
	"script -qec '$DIG undo --list' /dev/null | grep -v '31m\$' || :"
(for n in 1 2 3 4 5 6; do dig commit -q --allow-empty -m "w$n" || exit; done) &
for n in 1 2 3 4; do dig undo -q || exit 1; done
wait
numbers=$(dig undo --list | sed 's/^ *//; s/ .*//')
t_eq 'with another writer each operation has its number' \
	"$(echo "$numbers" | sort -rnu)" "$numbers"

# A switch, and an undo, that were killed.
if [ -z "${SANITIZED:-}" ] && command -v strace >/dev/null &&
	strace -o /dev/null true 2>/dev/null; then
	new_repo killed
	for n in 1 2 3 4 5 6 7 8; do echo one >f$n; done
	save one
	for n in 1 2 3 4 5 6 7 8; do echo two >f$n; done
	save two
	kill_at()
	{
		_at=$1
		shift
		strace -f -qq -o /dev/null -e trace=renameat2 \
			-e "inject=renameat2:signal=SIGKILL:when=$_at" \
			"$DIG" "$@" >/dev/null 2>&1
	}
	DIG_THREADS=1
	export DIG_THREADS
	kill_at 3 reset --hard HEAD~1
	t_has 'a switch that did not finish' 'not finished' dig undo --list -n 1
	t 'is taken back' dig undo
	t_out 'as if it had not begun' '' dig status -s
	t_eq 'with its files' 8 "$(cat f* | grep -c two)"
	dig reset -q --hard HEAD~1
	n=$(last)
	for at in 1 4 8; do
		kill_at $at undo
		t_has "an undo killed at file $at" 'not finished' \
			dig undo --list -n 1
		t 'goes on' dig undo
		t_out 'and is done' '' dig status -s
		t_eq 'with all files' 8 "$(cat f* | grep -c two)"
		t_eq 'at the commit' two "$(dig log -n 1 --format=%s)"
		kill_at $at undo
		t 'killed, and checked out' dig checkout -q main
		t_out 'nothing is left of it' '' dig status -s
		dig undo -q "$n"
		dig reset -q --hard HEAD~1
		n=$(last)
	done
fi

if [ "${SOAK:-0}" = 1 ]; then
	count=1000 steps=8
elif [ -n "${SANITIZED:-}" ]; then
	count=2 steps=3
else
	count=30 steps=3
fi
t "$count random sequences, taken back one by one" python3 \
	"$ROOT/tests/e2e/undo-random.py" "$DIG" "$TMP/random" \
	"${SEED:-$(date +%j%H%M%S)}" $count $steps

finish
