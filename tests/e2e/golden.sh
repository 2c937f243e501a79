#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2317 # the functions are called through t
#
# Golden repositories: what an earlier build wrote opens, is whole, gives every
# byte back and goes on; and the same files still have the same ids.
. "${0%/*}/lib.sh"
need python3 tar gzip zstd

list() { python3 "$ROOT/tests/reader/list.py" "$1"; }
golden=$ROOT/fixtures/golden-1

# everything_is_there: HEAD, the staged root and all files of all commits.
everything_is_there()
{
	while read -r word a b _; do
		case $word in
		head) [ "$(dig rev-parse HEAD)" = "$a" ] || return 1 ;;
		staged) [ "$(dig root --staged)" = "$a" ] || return 1 ;;
		commit)
			id=$a
			[ "$(dig root "$id")" = "$b" ] || return 1
			;;
		files)
			rm -rf "$TMP/out"
			dig checkout -q --into "$TMP/out" "$id" || return 1
			list "$TMP/out" >"$TMP/list"
			[ "$(sha256sum <"$TMP/list" | cut -d' ' -f1)" = "$a" ] ||
				return 1
			;;
		esac
	done <"$golden.txt"
}
# The list of HEAD's files stands at the end.
head_is_listed()
{
	rm -rf "$TMP/out"
	dig checkout -q --into "$TMP/out" HEAD &&
		list "$TMP/out" >"$TMP/list" &&
		tail -n "$(wc -l <"$TMP/list")" "$golden.txt" | cmp - "$TMP/list"
}

mkdir "$TMP/golden" && cd "$TMP/golden" || exit 1
t 'unpacking' tar -xzf "$golden.tar.gz"
echo "$TMP/golden" >>"$REPOS"
t 'it opens and is whole' dig fsck
t 'everything is there' everything_is_there
t 'the files of HEAD one by one' head_is_listed
t 'the second reader agrees' python3 "$ROOT/tests/reader/digread.py" .dig
rm .dig/index.db
[ -n "${SANITIZED:-}" ] || t 'without its index' everything_is_there
t 'without its index it is whole' dig fsck
commits=$(dig log --format=%H | wc -l)
t 'the work tree is made from it' dig checkout -f HEAD -- .
write later 'more'
t 'it goes on: add' dig add -A
t 'it goes on: commit' dig commit -m later
t_eq 'one commit more' $((commits + 1)) "$(dig log --format=%H | wc -l)"
t 'what was there is the same' dig cat HEAD~1:deep

# Ids are what the format says: made again, the same files have them.
mkdir "$TMP/again"
t 'making it again' "$ROOT/tests/make-golden.sh" "$DIG" "$TMP/again"
t 'gives the same ids' cmp "$golden.txt" "$TMP/again/golden-1.txt"
finish
