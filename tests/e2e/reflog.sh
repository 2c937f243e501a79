#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig reflog beside git reflog: the same steps in two folders.
. "${0%/*}/lib.sh"
need git python3

G=$TMP/git
git init -q -b main "$G"
git -C "$G" config user.name x
git -C "$G" config user.email x@example.com
new_repo dig

both()
{
	tick
	dig "$@" >"$OUT" 2>"$ERR" || _no "dig $*" "$(cat "$ERR")"
	git -C "$G" "$@" >"$OUT" 2>"$ERR" || _no "git $*" "$(cat "$ERR")"
}

# ids: at the start of a line, or whole ones, become one word.
ids()
{
	sed -E 's/^[0-9a-f]{7,} /ID /; s/\b([0-9a-f]{40}|[0-9a-f]{64})\b/ID/g'
}

same()
{
	dig "$@" | ids >"$TMP/dig.ids"
	git -C "$G" "$@" | ids >"$TMP/git.ids"
	t "as git: $*" diff -u "$TMP/git.ids" "$TMP/dig.ids"
}

t_out 'nothing yet' '' dig reflog
for n in one two three; do
	echo $n >a
	echo $n >"$G/a"
	both add a
	both commit -q -m "$n: the subject"
done
same reflog
both branch side HEAD~1
both checkout -q side
both checkout -q main
both checkout -q -b other
echo more >b
echo more >"$G/b"
both add b
both commit -q -m more
both commit -q --amend -m 'more, amended'
both reset -q --hard HEAD~1
both reset -q --soft 'HEAD@{1}'
both reset -q main
# git has the word that was typed, dig where it led.
dig switch -q --detach main
git -C "$G" switch -q --detach "$(git -C "$G" rev-parse main)"
both switch -q -
same reflog
same reflog show
same reflog HEAD
same reflog main
same reflog show main
same reflog -n 2
same reflog -3
same reflog -n 0
same reflog --max-count=1 other
both branch -D side
same reflog main
t_fails 4 'a deleted branch' "no ref 'side'" dig reflog side
t_fails 4 'no such ref' "no ref 'none'" dig reflog none
t_fails 2 'two of them' 'one ref' dig reflog main other
both branch side main
t_has 'begins anew' 'side@{0}: branch: Created from main' dig reflog side
t_eq 'with one line' 1 "$(dig reflog side | wc -l)"

t_eq 'each line names its place' "$(dig reflog | sed -n 's/ .*//; 5p')" \
	"$(dig rev-parse 'HEAD@{4}' | cut -c 1-10)"
t 'as JSON' sh -c '"$DIG" reflog --json main | python3 -c "import json, sys
d = json.load(sys.stdin)
assert d[\"ref\"] == \"main\" and [p[\"n\"] for p in d[\"places\"]] == [0, 1, 2]
assert d[\"places\"][2][\"verb\"] == \"commit (initial): one: the subject\""'

printf 'a \033[31mred\033[0m subject' >"$TMP/message"
dig commit -q --allow-empty -F "$TMP/message"
t_has 'bytes as they are, for programs' "$(printf '\033[31m')" dig reflog -n 1
dig reflog >"$TMP/before"
rm .dig/index.db*
dig reflog >"$TMP/after"
t 'the database is not needed' cmp "$TMP/before" "$TMP/after"

finish
