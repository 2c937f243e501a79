#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The tour of README.md: every line of its first block marked `sh`, typed into
# one shell in a fresh folder, ends with 0.
. "${0%/*}/lib.sh"
need sqlite3

# The reader of a README has set no variables.
unset DIG_AUTHOR_NAME DIG_AUTHOR_EMAIL DIG_AUTHOR_DATE DIG_COMMITTER_NAME \
	DIG_COMMITTER_EMAIL DIG_COMMITTER_DATE

awk '/^```sh$/ { on = 1; next } on && /^```$/ { exit } on' \
	"$ROOT/README.md" | grep -v -e '^#' -e '^$' >"$TMP/tour.sh"
t 'README.md has a tour' test -s "$TMP/tour.sh"

mkdir "$TMP/fresh" && cd "$TMP/fresh" || exit 1
while IFS= read -r line; do
	# Not in a subshell: `cd` has to last.
	eval "$line" >"$OUT" 2>"$ERR" </dev/null
	_st=$?
	if [ "$_st" -eq 0 ]; then
		_ok "$line"
	else
		_no "$line"
		_show
	fi
done <"$TMP/tour.sh"
echo "$TMP/fresh/tour" >>"$REPOS"

cd "$TMP/fresh/tour" || exit 1
t_out 'nothing is left to commit' '' dig status --porcelain=v1
t_eq 'the text as it was' 'first draft' "$(cat ../before/notes.txt)"
t_eq 'the film as it was' 50000000 "$(wc -c <../before/film.raw)"
t_eq 'the film as it is' 50000015 "$(wc -c <film.raw)"

finish
