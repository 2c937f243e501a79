#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig revert. What it shares with cherry-pick is tested there.
. "${0%/*}/lib.sh"

new_repo revert
for word in one two three; do
	write "$word" "$word"
	[ $word = one ] || write one "$word"
	DIG_AUTHOR_NAME='Somebody Else'
	save "Add $word"
done
DIG_AUTHOR_NAME='A U Thor'
dig tag before
t_has 'the last commit' 'Revert "Add three"' dig revert --no-edit HEAD
t_out 'message' "Revert \"Add three\"

This reverts commit $(dig rev-parse before)." dig log -1 --format=%B
t_out 'by who reverts' 'A U Thor' dig log -1 --format=%an
t_eq 'the file is gone' no "$([ -e three ] && echo yes || echo no)"
t_eq 'the other one is as before' two "$(cat one)"
t_has 'the reflog' 'revert: Revert "Add three"' dig reflog
t 'undone' dig undo
t_eq 'it is back' three "$(cat three)"
t 'a range' dig revert -q before~2..before
t_out 'the newest first' 'Revert "Add two"
Revert "Add three"' dig log -2 --format=%s
t_eq 'all is as it was' "$(dig root before~2)" "$(dig root HEAD)"
dig reset -q --hard before
t 'only staged' dig revert -q -n before
t_out 'that' 'M  one
D  three' dig status --porcelain
dig reset -q --hard before
cat >"$TMP/editor" <<'X'
#!/bin/sh
sed -i '1s/$/, edited/' "$1"
X
chmod +x "$TMP/editor"
t 'the message is edited' env DIG_EDITOR="$TMP/editor" \
	"$DIG" revert -q -e before
t_out 'that' 'Revert "Add three", edited' dig log -1 --format=%s
dig reset -q --hard before

# ---- a conflict ----------------------------------------------------------
t_fails 1 'a conflict' 'could not revert' dig revert --no-edit before~1
id=$(dig rev-parse before~1 | cut -c1-10)
t_eq 'markers' "<<<<<<< HEAD
three
=======
one
>>>>>>> parent of $id (Add two)" "$(cat one)"
t_has 'status' "You are currently reverting commit $id." dig status
write one both
dig add one
t 'gone on' dig revert --continue
t_out 'message and author' 'Revert "Add two" A U Thor' \
	dig log -1 --format='%s %an'
dig reset -q --hard before
t_exit 1 'several' dig revert -q --no-edit before~1 before
t 'one is left out' dig revert --skip
t_out 'the other is done' 'Revert "Add three"' dig log -1 --format=%s
t 'and undone as one' dig undo
t_has 'to where it stopped' 'currently reverting' dig status
t 'given up' dig revert --abort
t_eq 'all is back' "$(dig rev-parse before) three" \
	"$(dig rev-parse HEAD) $(cat one)"

# ---- merges, and what changes nothing -------------------------------------
dig switch -q -c side before~1
write side side
save 'Side'
dig switch -q main
dig merge -q --no-edit side >/dev/null
t_fails 2 'a merge' 'is a merge' dig revert --no-edit HEAD
t 'the arm of a merge' dig revert -q --no-edit -m 1 HEAD
t_out 'message' "Revert \"Merge branch 'side'\"

This reverts commit $(dig rev-parse HEAD~1), reversing
changes made to $(dig rev-parse before)." dig log -1 --format=%B
t_eq 'is taken back' "$(dig root before)" "$(dig root HEAD)"
dig commit -q --allow-empty -m 'Nothing'
t_fails 1 'nothing' 'would change nothing' dig revert --no-edit HEAD
t_fails 1 'and nothing is in progress' 'no revert' dig revert --abort
new_repo root
write a a
save 'Root'
t 'the first commit' dig revert -q --no-edit HEAD
t_out 'an empty tree' '' dig ls-files

finish
