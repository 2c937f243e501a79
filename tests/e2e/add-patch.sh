#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig add -p: what is asked, what is staged of it. The same beside git, with
# random edits and answers, is add-patch-random.py.
. "${0%/*}/lib.sh"
need git python3

# answer LETTERS...: one a line, to `dig add -p` of what stands in $paths.
paths=
answer()
{
	# shellcheck disable=SC2086 # words of ours
	printf '%s\n' "$@" | dig add -p $paths
}
status()
{
	dig status --porcelain "$@"
}

new_repo repo
t_out 'nothing differs' 'No changes.' answer y
seq 40 >f
seq 5 >run
write gone one
printf 'a\0b' >bin
save one
printf 'a\0c' >bin
t_out 'nothing that has lines' 'Only binary files changed.' answer y
dig restore bin
write untracked x
t_out 'nothing that is tracked' 'No changes.' answer y

# ---- letters -------------------------------------------------------------
sed -i 's/^5$/five/; s/^8$/eight/; s/^30$/thirty/' f
t_has 'the question' \
	'(1/2) Stage this hunk [y,n,q,a,d,j,J,g,/,s,e,?]? ' answer
t_has 'what it is about' '+eight' answer
t_out 'no answer stages nothing' ' M f' status f
t_has 'help' 's - split' answer '?'
t_not 'of what can be said' 'k - ' answer '?'
t_has 'and not more' 'Sorry, cannot split' answer n s
t 'the second one' answer n y
dig cat :f >"$TMP/staged"
t_eq 'is staged alone' 30c30 \
	"$(seq 40 | diff - "$TMP/staged" | sed -n '/^[0-9]/p')"
t_eq 'one operation' 1 "$(dig undo --list | grep -c 'add --patch')"
t 'taken back' dig undo -q
t_has 'split' 'Split into 2 hunks.' answer s y n n
dig cat :f >"$TMP/staged"
t_eq 'the first part' 5c5 \
	"$(seq 40 | diff - "$TMP/staged" | sed -n '/^[0-9]/p')"
dig undo -q
t_has 'back and forth' '(2/2) Stage this hunk [y,n,q,a,d,k,K' answer J
t_has 'the list' ' 2: -27,7 +27,7' answer g 2
t_has 'a number that is none' 'Sorry, only 2 hunks.' answer g9
t_has 'a search' '(2/2)' answer '/thirty'
t_has 'for nothing' 'No hunk matches' answer '/nothing'
t_has 'or no expression' 'no regular expression' answer '/('
t 'all after this one' answer a
t_out 'are staged' 'M  f' status f
dig reset -q

# ---- more than one file --------------------------------------------------
chmod +x run
sed -i 's/^2$/two/' run
rm gone
t_has 'a mode, a line, a deletion' 'Stage mode change [' answer d y y y
t_out 'a deletion is' 'D  gone' status gone
dig reset -q
t 'a mode alone' answer d n y n
t_has 'is staged' 100755 dig ls-files -s run
t_eq 'without the line' 2 "$(dig cat :run | sed -n 2p)"
dig reset -q
paths='-- run'
t 'in one file' answer y y
paths=
t_out 'the others wait' ' M f
 D gone
M  run
?? untracked' status
dig reset -q
t 'quit' answer y q y y y y
t_out 'what was decided before it stays' 'MM f' status f
dig undo -q

# ---- edit ----------------------------------------------------------------
cat >"$TMP/editor" <<'END'
#!/bin/sh
cp "$1" "$TMP/patch"
sed -i "$(cat "$TMP/how")" "$1"
END
chmod +x "$TMP/editor"
DIG_EDITOR=$TMP/editor
export DIG_EDITOR
echo 's/^+five/+FIVE/' >"$TMP/how"
t 'edited' answer e n d d d
t_eq 'as it was edited' FIVE "$(dig cat :f | sed -n 5p)"
t_eq 'the file is not' five "$(sed -n 5p f)"
t_has 'the person saw the hunk' '-8' cat "$TMP/patch"
dig reset -q
echo 's/^ 4$/ no such line/' >"$TMP/how"
t_has 'what does not fit' 'Your edited hunk does not apply' answer e n d d d
t_out 'is left' ' M f' status f
echo '/^#/!d' >"$TMP/how"
t 'all lines deleted' answer e d d d
t_out 'leave it as it was' ' M f' status f
DIG_EDITOR=false
t_fails 1 'an editor that fails' 'did not end well' answer e

# ---- what does not go ----------------------------------------------------
t_fails 2 'with -u' 'does not go with' dig add -p -u
t_fails 2 'paths from where the answers are' 'standard input' \
	dig add -p --pathspec-from-file=-
ln -s f link
dig add link
dig commit -q -m link
ln -sf g link
paths='-- link'
t 'a link' answer y
t_out 'is staged whole' 'M  link' status link
rm link
write link text
t_has 'another type is left out' 'No changes' answer y
t_has 'with a word' 'of another type' sh -c \
	'echo y | "$DIG" add -p link 2>&1'
paths=

# ---- staged anew while the person thinks ---------------------------------
dig add -A
dig commit -q -m all
echo more >>f
mkfifo "$TMP/answers"
dig add -p <"$TMP/answers" >"$OUT" 2>"$ERR" &
exec 9>"$TMP/answers"
until grep -q 'Stage this hunk' "$OUT"; do sleep 0.01; done
echo other | dig add --stdin --as f
echo y >&9
exec 9>&-
wait $!
t_eq 'a file that was staged meanwhile' 1 $?
t_eq 'stays' other "$(dig cat :f)"
dig reset -q

rounds=6
[ -n "${SANITIZED:-}" ] && rounds=2
[ "${SOAK:-0}" = 0 ] || rounds=500
t 'beside git' python3 "$ROOT/tests/e2e/add-patch-random.py" \
	"${SEED:-1}" $rounds "$TMP"

finish
