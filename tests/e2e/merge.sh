#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig merge. Merges of random histories are compared with git's by
# merge-random.py.
. "${0%/*}/lib.sh"
need git python3 sqlite3

# lines FILE WORD...: one line each.
lines()
{
	_file=$1
	shift
	printf '%s\n' "$@" >"$_file"
}

# fork: main and side, both with a commit of their own; text is in conflict,
# kept is changed on side alone, own on main alone.
fork()
{
	new_repo "$1"
	lines text one two three
	lines kept kept
	lines own own
	save 'Base'
	dig branch side
	lines text one MAIN three
	lines own 'of main'
	save 'Main'
	dig switch -q side
	lines text one SIDE three
	lines kept 'of side'
	save 'Side'
	dig switch -q main
}

# ---- fast-forward --------------------------------------------------------
new_repo ff
lines a one
save 'First'
dig switch -q -c side
lines a two
save 'Second'
dig switch -q main
lines free mine
t_has 'a fast-forward' 'Fast-forward' dig merge side
t_eq 'moves the branch' "$(dig rev-parse side)" "$(dig rev-parse main)"
t_out 'HEAD stays on it' main dig branch --show-current
t_eq 'and the files' two "$(cat a)"
t_eq 'what is untracked stays' mine "$(cat free)"
t_out 'there already' 'Already up to date.' dig merge side
t_has 'the reflog knows' 'merge side: Fast-forward' dig reflog
dig reset -q --hard HEAD~1
t 'without fast-forward' dig merge -q --no-ff -m 'By hand' side
t_out 'a commit with both' "By hand
$(dig rev-parse main~1) $(dig rev-parse side)" dig log -1 --format='%s%n%P'
dig reset -q --hard HEAD~1
lines a edited
t_fails 1 'an edit is in the way' 'changes that are not staged' dig merge side
t_eq 'and is kept' edited "$(cat a)"
dig restore a
new_repo unborn
t_fails 4 'no such revision' 'nowhere' dig merge nowhere

# ---- three ways, clean ---------------------------------------------------
fork clean
dig reset -q --hard HEAD~1
lines own 'of main'
save 'Main, no conflict'
t_fails 1 'no fast-forward' 'cannot be fast-forwarded' dig merge --ff-only side
t_has 'no conflict' 'Merge made.' dig merge side
t_out 'message and parents' "Merge branch 'side'
$(dig rev-parse HEAD~1) $(dig rev-parse side)" dig log -1 --format='%s%n%P'
t_eq 'both changes' 'of main of side SIDE' \
	"$(cat own kept | tr '\n' ' ')$(sed -n 2p text)"
t_out 'nothing is left' '' dig status -s
dig reset -q --hard HEAD~1
t_has 'not committed' 'stopped before committing' dig merge --no-commit side
t_has 'status says so' 'still merging' dig status
t_fails 1 'no second one' 'a merge is in progress' dig merge side
t_fails 1 'no switch' 'a merge is in progress' dig switch side
t_fails 1 'no amend' 'a merge is in progress' dig commit --amend --no-edit
t_fails 1 'no soft reset' 'a merge is in progress' dig reset --soft HEAD~1
t 'given up' dig merge --abort
t_out 'nothing is left of it' '' dig status -s
t_fails 1 'only once' 'no merge is in progress' dig merge --abort
t_fails 1 'nor continued' 'no merge is in progress' dig merge --continue
dig merge -q --no-commit side
t 'committed later' dig commit -q --no-edit
t_eq 'with both parents' 2 "$(dig log -1 --format=%P | wc -w)"
lines staged new
dig add staged
dig reset -q --soft HEAD~1
t_fails 1 'staged changes' 'staged changes' dig merge side

# ---- a conflict ----------------------------------------------------------
fork conflict
dig tag before
lines other mine
t_exit 1 'a conflict' dig merge side
t_eq 'is told' 'Auto-merging text
CONFLICT (content): Merge conflict in text
Automatic merge failed; fix conflicts and then commit the result.' "$(cat "$OUT")"
t_eq 'markers' 'one
<<<<<<< HEAD
MAIN
=======
SIDE
>>>>>>> side
three' "$(cat text)"
t_out 'status' 'M  kept
UU text
?? other' dig status --porcelain
t_has 'in words' '	both modified:   text' dig status
t_has 'and what to do' 'dig merge --abort' dig status
for word in -mx -Ffile -e --no-ff --no-commit --no-verify; do
	t_fails 2 "--continue stands alone: $word" 'stand alone' \
		dig merge --continue "$word"
done
t_out 'the index' 'UU text' \
	sqlite3 -readonly -separator ' ' .dig/index.db \
	'SELECT kind, path FROM v_conflicts'
t_fails 1 'no commit' 'is not merged' dig commit -m x
t_fails 1 'no restore' 'is not merged' dig restore text
t 'theirs' dig checkout -q --theirs text
t_eq 'is there' SIDE "$(sed -n 2p text)"
t_has 'and still unmerged' 'UU text' dig status --porcelain
t 'ours' dig checkout -q --ours -- text
t_eq 'is there, too' MAIN "$(sed -n 2p text)"
t_fails 2 'a side of a revision' 'without a revision' \
	dig checkout --ours HEAD -- text
t 'given up with edits elsewhere' dig merge --abort
t_eq 'ours again' MAIN "$(sed -n 2p text)"
t_eq 'untracked files stay' mine "$(cat other)"
t_out 'nothing else' '?? other' dig status --porcelain

dig merge -q side >/dev/null 2>&1
t 'ours as it is' dig checkout -q --ours text
t 'is said to be merged' dig add text
t_out 'and no conflict any more' 'M  kept
?? other' dig status --porcelain
t_out 'nor in the index' '0' sqlite3 -readonly .dig/index.db \
	'SELECT count(*) FROM v_conflicts'
cat >"$TMP/editor" <<'E'
#!/bin/sh
sed -i '1s/$/, edited/' "$1"
E
chmod +x "$TMP/editor"
DIG_EDITOR=$TMP/editor
export DIG_EDITOR
t 'continued' dig merge --continue
unset DIG_EDITOR
t_out 'the message was offered' "Merge branch 'side', edited
2" sh -c '"$DIG" log -1 --format=%s; "$DIG" log -1 --format=%P | wc -w'

# One side where both changed the same.
for side in ours theirs; do
	dig reset -q --hard before
	t "-X $side" dig merge -q -X $side side
	t_eq 'is taken' "$([ $side = ours ] && echo MAIN || echo SIDE)" \
		"$(sed -n 2p text)"
done
t_fails 2 'no other' "not 'both'" dig merge -X both side
t_fails 2 'nor on the way' 'stand alone' dig merge --continue -X ours

# Resetting drops a merge as well.
for how in --hard --mixed; do
	dig reset -q --hard before
	dig merge -q side >/dev/null 2>&1
	t "reset $how" dig reset -q $how
	t_not 'no merge' 'merg' dig status
done
dig reset -q --hard before
dig merge -q side >/dev/null 2>&1
t 'undone' dig undo
t_out 'the tree is back' '?? other' dig status --porcelain
t_eq 'and the file' MAIN "$(sed -n 2p text)"
dig merge -q side >/dev/null 2>&1
dig add text
t 'the add undone' dig undo
t_has 'unmerged again' 'UU text' dig status --porcelain
t 'all at once' dig commit -q -a --no-edit
t_eq 'with markers and both parents' 2 "$(dig log -1 --format=%P | wc -w)"

# ---- index.db is lost in the middle --------------------------------------
fork lost
dig merge -q side >/dev/null 2>&1
rm .dig/index.db
t 'rebuilt' dig fsck --rebuild-index
t_has 'the conflict is there' 'UU text' dig status --porcelain
t_out 'in the view, too' 'UU text' \
	sqlite3 -readonly -separator ' ' .dig/index.db \
	'SELECT kind, path FROM v_conflicts'
lines text one BOTH three
rm .dig/index.db
t 'resolved' dig add text
rm .dig/index.db
t 'committed' dig commit -q --no-edit
t_eq 'with both parents' "$(dig rev-parse HEAD~1 side | tr '\n' ' ')" \
	"$(dig log -1 --format='%P ')"

# ---- what is deleted, binary, in the way ---------------------------------
new_repo kinds
lines gone one
lines left one
printf 'a\0b' >binary
lines dir one
lines old 'with enough of a text'
save 'Base'
dig branch side
dig rm -q gone
lines left two
printf 'a\0main' >binary
dig mv old new
save 'Main'
dig switch -q side
lines gone two
dig rm -q left
printf 'a\0side' >binary
rm dir && mkdir dir && lines dir/file new
lines old 'with enough of a text' 'and more'
save 'Side'
dig switch -q main
lines dir changed
save 'Main again'
t_exit 1 'conflicts of all kinds' dig merge side
cp "$OUT" "$TMP/told"
t_has 'the binary file is named' 'Cannot merge binary files: binary' \
	cat "$TMP/told"
t_has 'and the folder' 'directory in the way of dir from HEAD' cat "$TMP/told"
t_out 'status' 'UU binary
D  dir
A  dir/file
UD dir~HEAD
DU gone
UD left
M  new' dig status --porcelain
t_eq 'ours stays' "$(printf 'a\0main' | od -c)" "$(od -c <binary)"
t_eq 'an edit goes along with a rename' 'and more' "$(sed -n 2p new)"
t_fails 1 'no version' 'no version of ours' dig checkout --ours gone
t 'theirs for the binary file' dig checkout -q --theirs binary
t_eq 'is theirs' "$(printf 'a\0side' | od -c)" "$(od -c <binary)"
t 'gone it shall be' dig rm -q gone left dir~HEAD
t 'and the rest' dig add binary
t 'then committed' dig commit -q -m 'All kinds'
t_out 'clean' '' dig status -s

# ---- what differs meanwhile, beside git ----------------------------------
# both ARG...: the same merge by both, and what 'diff' prints of it, without
# the ids; git's --ours is how dig shows a conflict.
mkdir "$TMP/twin" && cd "$TMP/twin" || exit 1
git init -q -b main
echo .dig >>.git/info/exclude
new_repo twin
twins()
{
	git add -A && git -c user.name=a -c user.email=a@x commit -qm "$1"
	save "$1"
}
mkdir d
lines text one two three
lines del one two three
lines d/deep one two three
lines other other
printf 'a\0b' >binary
twins 'Base'
git branch side
dig branch side
lines text one MAIN three
lines del one 'of main' three
rm d/deep
printf 'a\0main' >binary
twins 'Main'
git checkout -q side
dig switch -q -f side
lines text one SIDE three
rm -f del
mkdir -p d
lines d/deep one 'of side' three
printf 'a\0side' >binary
twins 'Side'
git checkout -q main
dig switch -q -f main
t_exit 1 'a conflict' dig merge side
cp text "$TMP/text"
rm d/deep
git checkout -q -f main
git -c user.name=a -c user.email=a@x merge -q side >/dev/null 2>&1
t_eq 'the same file' '' "$(cmp text "$TMP/text")"
lines other edited
for how in -p --name-status --name-only --numstat --shortstat; do
	git --no-pager diff --ours "$how" | grep -v '^index ' >"$TMP/want"
	t_eq "diff $how" "$(cat "$TMP/want")" \
		"$(dig diff "$how" | grep -v '^index ')"
	git --no-pager diff --staged "$how" >"$TMP/want"
	t_eq "diff --staged $how" "$(cat "$TMP/want")" \
		"$(dig diff --staged "$how")"
	git --no-pager diff "$how" HEAD | grep -v '^index ' >"$TMP/want"
	t_eq "diff HEAD $how" "$(cat "$TMP/want")" \
		"$(dig diff "$how" HEAD | grep -v '^index ')"
done
t_out 'of one path' 'U	text
M	text' dig diff --name-status text
t_out 'staged, of one path' '* Unmerged path d/deep' dig diff --staged d
t_has 'for people' ' binary | Unmerged' dig diff --stat
t_has 'by chunks' 'binary: unmerged' dig diff --chunks
t_has 'as JSON' '{"kind":"U","path":"binary"}' dig diff --json
t_exit 1 'it differs' dig diff --quiet binary
t_exit 1 'with white space left out, too' dig diff --quiet -w --staged binary
dig checkout -q --ours text
t_out 'ours as it is' '* Unmerged path text' dig diff text
rm text
t_out 'no file' '* Unmerged path text' dig diff -- text
dig rm -q text
t_out 'merged' '' dig diff -- text
cd "$TMP/kinds" || exit 1

# Untracked files are not overwritten.
dig reset -q --hard HEAD~1
rm dir && mkdir dir && lines dir/file mine
t_fails 1 'an untracked file in the way' 'dir/file: is not tracked' dig merge side
t_eq 'stays' mine "$(cat dir/file)"

# ---- nothing in common ---------------------------------------------------
new_repo lone
lines a one
save 'One'
dig branch other
if [ -x "$TOOLS/mkhistory" ]; then
	printf 'commit 1000 -\nput b two\nbranch refs/heads/lone 0\n' |
		"$TOOLS/mkhistory"
	t_fails 1 'refused' 'no commit in common' dig merge lone
	t 'unless asked' dig merge -q --allow-unrelated-histories lone
	t_out 'both files' 'a
b' dig ls-files
else
	skip 'nothing in common' 'no mkhistory: make tools'
fi

# ---- killed in the middle ------------------------------------------------
# Each system call that renames is the last one: then the merge is run again,
# or given up, and the tree is as without the kill.
if [ -n "${SANITIZED:-}" ]; then
	: # strace and the search for leaks do not go together
elif command -v strace >/dev/null; then
	fork killed
	dig merge -q side >/dev/null 2>&1
	cat text kept own >"$TMP/want"
	dig merge --abort
	cat text kept own >"$TMP/before"
	n=1
	wrong=0
	while [ $n -le 40 ]; do
		strace -f -o /dev/null -e trace=fdatasync,renameat2,pwrite64 \
			-e "inject=fdatasync,renameat2,pwrite64:signal=KILL:when=$n" \
			"$DIG" merge -q side >/dev/null 2>&1
		st=$?
		if dig status 2>/dev/null | grep -q 'dig merge --abort'; then
			cat text kept own | cmp -s - "$TMP/want" || wrong=$n
			dig merge --abort || wrong=$n
		elif [ $((n % 2)) = 0 ]; then
			dig merge -q side >/dev/null 2>&1
			cat text kept own | cmp -s - "$TMP/want" || wrong=$n
			dig merge --abort || wrong=$n
		else
			dig checkout -q || wrong=$n
		fi
		cat text kept own | cmp -s - "$TMP/before" || wrong=$n
		[ "$(dig status --porcelain)" = '' ] || wrong=$n
		[ $st -ne 1 ] || break
		n=$((n + 1))
	done
	t_eq "killed at $n moments" 0 "$wrong"
	t_eq 'and more than a few' yes "$([ $n -gt 5 ] && echo yes)"
else
	skip 'killed in the middle' 'no strace'
fi

# ---- random histories ----------------------------------------------------
seeds=3 merges=20
[ -n "${SANITIZED:-}" ] && seeds=1 merges=10
[ "${SOAK:-0}" = 0 ] || seeds=200
seed=1
while [ $seed -le $seeds ]; do
	t "history $seed" python3 "$ROOT/tests/e2e/merge-random.py" \
		$seed $merges "$TMP"
	seed=$((seed + 1))
done

finish
