#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig stash: what is put aside and brought back, in which words, what is
# refused, undone, and found again after a kill. The same against git at random.
. "${0%/*}/lib.sh"
need git python3

lines()
{
	i=1
	while [ $i -le 20 ]; do
		echo "$1 $i"
		i=$((i + 1))
	done
}

# A repository with a commit; `edits` leaves some of everything in it.
start()
{
	new_repo "$1"
	for f in staged edited both gone; do lines $f >$f; done
	write dir/x x
	echo '*.log' >.gitignore
	save one
	short=$(dig rev-parse --short=10 HEAD)
}
edits()
{
	echo more >>staged
	sed -i 's/^both 3$/staged/' both
	write new new
	dig add -A
	sed -i 's/^both 15$/edited/' both
	echo more >>edited
	rm gone
	write other/u untracked
	write x.log ignored
}
snapshot()
{
	dig status --porcelain -uall --ignored
	for f in staged edited both gone dir/x new other/u x.log; do
		echo "== $f"
		cat $f 2>/dev/null
	done
}

# ---- words ---------------------------------------------------------------
new_repo empty
t_fails 1 'before the first commit' 'initial commit' dig stash
start words
t_out 'nothing to save' 'No local changes to save' dig stash
t_out 'nothing listed' '' dig stash list
t_fails 1 'nothing to pop' 'No stash entries found' dig stash pop
t_fails 1 'nor to show' 'No stash entries found' dig stash show
edits
snapshot >"$TMP/all"
t_out 'push' \
	"Saved working directory and index state WIP on main: $short one" \
	dig stash
t_out 'what is not tracked stays' '?? other/' dig status --porcelain
t_eq 'a deleted file is back' 20 "$(wc -l <gone)"
t_out 'list' "stash@{0}: WIP on main: $short one" dig stash list
dig stash pop --index >"$TMP/said"
t_has 'pop tells the status' 'modified:   both' cat "$TMP/said"
t_has 'and what it dropped' 'Dropped refs/stash@{0} (' cat "$TMP/said"
snapshot >"$TMP/now"
t_same 'all as it was' "$TMP/all" "$TMP/now"
t_out 'with a message' \
	'Saved working directory and index state On main: two words' \
	dig stash push -m 'two words' -u
t_out 'nothing left but what is ignored' '!! x.log' \
	dig status --porcelain --ignored
write edited again
t 'another one' dig stash push -q
t_out 'the newest first' "stash@{0}: WIP on main: $short one
stash@{1}: On main: two words" dig stash list
t_has 'show' ' edited |' dig stash show
t_out 'of another one' 'both
edited
gone
new
staged' dig stash show --name-only 1
t_has 'as a patch' '+edited' dig stash show -p 'stash@{1}'
t_has 'status says how many' 'Your stash currently has 2 entries' \
	dig status --show-stash
t_out 'for programs, too' '# stash 2' \
	dig status --porcelain=v2 --show-stash
t_not 'only when asked' 'stash' dig status
t_has 'drop' 'Dropped refs/stash@{0} (' dig stash drop
t_has 'drop by name' 'Dropped stash@{0} (' dig stash drop 'stash@{0}'
t_out 'none left' '' dig stash list
dig undo -q
t_fails 4 'no such entry' "'dig stash list'" dig stash pop 7
t_fails 2 'no stash' 'is not a stash-like commit' dig stash apply HEAD
t_fails 2 'no such word' "'dig stash push -- PATH'" dig stash edited
t_fails 2 'options that do not go' "not with 'list'" dig stash list -u
t_fails 2 'two names' 'takes 1 operand' dig stash drop 0 1
dig stash clear
t_out 'all gone' '' dig stash list

# ---- revisions -----------------------------------------------------------
start revisions
edits
dig stash -q -u
write edited second
dig stash -q
t_eq 'stash is the newest' "$(dig rev-parse stash)" \
	"$(dig rev-parse 'stash@{0}')"
t_eq 'refs/stash, too' "$(dig rev-parse stash)" "$(dig rev-parse refs/stash)"
t_eq 'on HEAD' "$(dig rev-parse HEAD)" "$(dig rev-parse 'stash@{1}^')"
t_out 'a file of it' 'untracked' dig cat 'stash@{1}^3:other/u'
t_out 'what was staged' ' M both
 M new
 M staged' sh -c '"$DIG" diff --name-only HEAD "stash@{1}^2" | sed "s/^/ M /"'
t_fails 4 'too far' 'the stash has 2 entries' dig rev-parse 'stash@{2}'
t 'one file from it' dig restore --source 'stash@{1}' both
t_eq 'edited and staged' 2 "$(grep -c 'staged\|edited' both)"
dig restore both
dig branch stash HEAD
t_eq 'a branch of the name counts less' "$(dig rev-parse 'stash@{0}')" \
	"$(dig rev-parse stash 2>/dev/null)"
dig stash clear
t_eq 'and alone' "$(dig rev-parse HEAD)" "$(dig rev-parse stash)"
edits
dig stash -q -u
t_not 'not exported' 'refs/stash' dig export git
rm .dig/index.db
t_has 'index.db is lost, the stash is not' 'stash@{0}: WIP' dig stash list

# ---- parts ---------------------------------------------------------------
start parts
edits
t 'keep what is staged' dig stash -q -k
t_out 'it is' 'M  both
A  new
M  staged
?? other/' dig status --porcelain
t_eq 'in the file' 0 "$(grep -c edited both)"
dig reset -q --hard
dig stash pop -q --index
t_fails 4 'a path that means nothing' "'-u' stashes" dig stash push -- nothing
t 'paths' dig stash push -q -- both edited
t_out 'the others stay' ' D gone
A  new
M  staged
?? other/' dig status --porcelain
t 'and come back beside them' dig stash pop -q
t_has 'as edits' ' M both' dig status --porcelain
dig stash push -q -u other
t 'untracked ones by path' test ! -e other
t 'all that is there' dig stash push -q -a
t_out 'nothing is' '' dig status --porcelain --ignored
dig stash pop -q
dig stash pop -q
t_eq 'nothing is lost' 'untracked ignored' "$(cat other/u x.log | xargs)"

# ---- conflicts -----------------------------------------------------------
start conflicts
edits
dig stash -q -u
sed -i 's/^both 3$/other/' both
save two
dig stash apply >"$TMP/said" 2>&1
t_eq 'a conflict exits 1' 1 $?
t_has 'and is told' 'CONFLICT (content): Merge conflict in both' \
	cat "$TMP/said"
t_has 'status shows it' 'both modified:   both' cat "$TMP/said"
t_not 'it is no merge' 'dig merge' dig status
t_has 'sides have names' '<<<<<<< Updated upstream' cat both
t_has 'both' '>>>>>>> Stashed changes' cat both
t_fails 1 'no stash over that' 'not merged' dig stash
t_fails 1 'nor another one back' 'not merged' dig stash pop
t_fails 1 'nor a commit' 'not merged' dig commit -m no
t_fails 1 'nor a switch' "'dig reset --hard'" dig switch -c other
rm .dig/index.db
t_has 'in the journal' 'UU both' dig status --porcelain
t 'say that it is solved' dig add both
t 'then it is an ordinary commit' dig commit -q -m three
t_eq 'of one parent' 1 "$(dig log -1 --format=%P | wc -w)"
dig reset -q --hard HEAD~1
dig clean -qfd
dig stash pop >"$TMP/said" 2>&1
t_eq 'a pop exits 1, too' 1 $?
t_has 'and keeps it' 'The stash entry is kept' cat "$TMP/said"
t_has 'it is there' 'stash@{0}' dig stash list
t 'taken back' dig undo -q
t_out 'with all that it wrote' '' dig status --porcelain
t_fails 1 'what was staged does not fit' "without '--index'" \
	dig stash pop --index
t_out 'nothing was changed' '' dig status --porcelain
write edited mine
t_fails 1 'an edit in the way' 'edited: has changes' dig stash pop
t_eq 'stays' mine "$(cat edited)"
dig restore edited
write other/u mine
t_fails 1 'an untracked file in the way' 'other/u: is not tracked' \
	dig stash pop
t_out 'stays alone' '?? other/' dig status --porcelain
rm -r other
write other/u mine
save four
t_fails 1 'one that is tracked now' 'other/u: is tracked' dig stash pop
t_has 'where it was made' "Switched to a new branch 'aside'" \
	dig stash branch aside
t_has 'all fits' 'MM both' dig status --porcelain
t_out 'and it is dropped' '' dig stash list

# ---- something in progress -----------------------------------------------
start progress
dig branch side
lines ours >both
save ours
dig switch -q side
lines theirs >both
save theirs
dig merge main >/dev/null 2>&1
t_fails 1 'not in a merge' "'dig merge --abort'" dig stash
dig merge --abort

# ---- undo ----------------------------------------------------------------
start undone
edits
snapshot >"$TMP/all"
dig stash -q -u
snapshot >"$TMP/clean"
t 'push is taken back' dig undo -q
snapshot >"$TMP/now"
t_same 'files and staging are' "$TMP/all" "$TMP/now"
t_out 'the list is' '' dig stash list
t 'and redone' dig undo -q
snapshot >"$TMP/now"
t_same 'as after it' "$TMP/clean" "$TMP/now"
dig stash pop -q --index
t 'pop is taken back' dig undo -q
snapshot >"$TMP/now"
t_same 'files are' "$TMP/clean" "$TMP/now"
t_has 'the entry is' 'stash@{0}' dig stash list
dig stash apply -q
t 'apply is' dig undo -q
snapshot >"$TMP/now"
t_same 'files, too' "$TMP/clean" "$TMP/now"
dig stash drop -q
t 'drop is' dig undo -q
t_has 'there again' 'stash@{0}' dig stash list
dig stash clear
t 'clear is' dig undo -q
dig stash pop -q --index
first=$(dig undo --list | tail -n 1 | awk '{ print $1 }')
dig undo --list >"$TMP/list"
push=$(sed -n 's/^ *\([0-9]*\) .*stash push.*/\1/p' "$TMP/list" | tail -n 1)
t 'all since the first push' dig undo -q "$push"
snapshot >"$TMP/now"
t_same 'at once' "$TMP/all" "$TMP/now"
write edited mine
dig stash -q
write edited other
t_fails 1 'over an edit it does not go' 'edited: ' dig undo
t_eq 'which stays' other "$(cat edited)"

# ---- a large file, modes, links ------------------------------------------
start sorts
large=18000000
[ -z "${SANITIZED:-}" ] || large=900000
bytes 1 $large >large
bytes 2 70000 >small
ln -s both link
write run run
save sorts
bytes 3 $large >large
bytes 4 70000 >small
ln -sf edited link
chmod +x run
sha256sum large small >"$TMP/sums"
t 'of every sort' dig stash -q
t_out 'put aside' '' dig status --porcelain
t 'brought back' dig stash pop -q
t 'bit for bit' sha256sum -c --quiet "$TMP/sums"
t_eq 'the link' edited "$(readlink link)"
t 'the mode' test -x run
t_out 'all as edits' ' M large
 M link
 M run
 M small' dig status --porcelain
dig rm -q --cached small
t 'a file that is tracked no more' dig stash -q
dig stash pop -q --index
t_has 'is kept' '?? small' dig status --porcelain

# ---- killed, and at random -----------------------------------------------
points=5 steps=10 seeds=1
[ -n "${SANITIZED:-}" ] && steps=4
[ "${SOAK:-0}" = 0 ] || points=0 steps=60 seeds=100
if [ -n "${SANITIZED:-}" ]; then
	: # strace and the search for leaks do not go together
elif command -v strace >/dev/null; then
	t 'killed, and nothing is lost' python3 "$ROOT/tests/e2e/stash-kill.py" \
		"$points" "$TMP"
else
	skip 'killed, and nothing is lost' 'no strace'
fi
seed=1
while [ $seed -le "${N:-$seeds}" ]; do
	t "beside git, $seed" python3 "$ROOT/tests/e2e/stash-random.py" \
		$seed $steps "$TMP"
	seed=$((seed + 1))
done

finish
