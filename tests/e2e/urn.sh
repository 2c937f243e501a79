#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig urn, and URNs in the place of REV and REV:PATH.
. "${0%/*}/lib.sh"

new_repo
write notes one
mkdir 'a dir'
write 'a dir/50% & more' words
write 'tiny#1' 0123456789
save first
write notes two
save second
STORE=$(dig config core.storeId)
HEAD=$(dig rev-parse HEAD)
OLD=$(dig rev-parse HEAD~1)
BASE=urn:dig:$STORE

t_out 'of HEAD' "$BASE:$HEAD" dig urn
t_out 'of a commit' "$BASE:$OLD" dig urn HEAD~1
t_out 'of a file' "$BASE:$OLD/notes" dig urn HEAD~1:notes
t_out 'of a tree' "$BASE:$(dig root)/notes" dig urn "$(dig root):notes"
t_out 'what a URN cannot have' "$BASE:$HEAD/a%20dir/50%25%20%26%20more" \
	dig urn 'HEAD:a dir/50% & more'
t_out 'of a folder' "$BASE:$HEAD/a%20dir" dig urn 'HEAD:a dir'
t_out 'of bytes' "$BASE:$HEAD/tiny%231#bytes=2-4" \
	dig urn --bytes 2-4 'HEAD:tiny#1'
t_out 'of a URN' "$BASE:$HEAD/notes" dig urn "$BASE/notes"
t_out 'as JSON' "{\"urn\":\"$BASE:$HEAD\"}" dig urn --json
t_fails 4 'no such path' 'there is no' dig urn HEAD:nowhere
t_fails 2 'a bad range says the size' 'has 11 bytes' \
	dig urn --bytes 11-12 'HEAD:tiny#1'
t_fails 2 'a range of a commit' 'goes with a file' dig urn --bytes 1-2 HEAD

t_out 'cat' one dig cat "$BASE:$OLD/notes"
t_out 'without an id: HEAD' two dig cat "$BASE/notes"
t_out 'by the root' two dig cat "$BASE:$(dig root)/notes"
t_out 'percent' words dig cat "$BASE/a%20dir/50%25%20%26%20more"
t_out 'bytes' 234 dig cat "$BASE/tiny%231#bytes=2-4"
t_out 'to the end' 89 dig cat "$BASE/tiny%231#bytes=8-"
t_out 'the last' 9 dig cat "$BASE/tiny%231#bytes=-2"
t_out 'the option counts' 0 dig cat --bytes 0-0 "$BASE/tiny%231#bytes=2-4"
t_out 'show' 234 dig show "$BASE/tiny%231#bytes=2-4"
t_has 'show a commit' 'first' dig show "URN:DIG:$STORE:$OLD"
t_out 'rev-parse' "$OLD" dig rev-parse "$BASE:$OLD"
t_eq 'rev-parse of a file' "$(dig rev-parse HEAD:notes)" \
	"$(dig rev-parse "$BASE/notes")"
t_has 'ls-tree' '50% & more' dig ls-tree "$BASE/a%20dir"
t_has 'log' 'first' dig log "$BASE:$OLD"
t_has 'prove' 'bytes: 2-4' sh -c '"$0" prove "$1" |
	"$0" verify-proof --root "$2" -' "$DIG" "$BASE/tiny%231#bytes=2-4" "$HEAD"
cd 'a dir' || exit 1
t_out 'paths count from the root' two dig cat "$BASE/notes"
cd ..
t_fails 2 'a bad range of a URN' 'has 11 bytes' dig cat "$BASE/tiny%231#bytes=3-11"
t_fails 2 'no range' 'has 4 bytes' dig cat "$BASE/notes#bytes=x"
t_fails 2 'a range where none can be' 'cannot be given here' \
	dig rev-parse "$BASE/notes#bytes=0-1"
t_fails 2 'something else behind' '#bytes=' dig cat "$BASE/notes#lines=1"
other=$(echo "$STORE" | tr '0-9a-f' '1-9a-f0')
t_fails 4 'another repository' 'another repository' dig cat "urn:dig:$other/notes"
t_fails 4 'nothing has the id' 'nothing with' dig show "$BASE:$other"
t_fails 2 'no store id' 'store id' dig cat urn:dig:12/notes
t_fails 2 'a space' '%XX' dig cat "$BASE/a dir"
t_fails 2 'a NUL' '%XX' dig cat "$BASE/a%00"
t_fails 2 'half a byte' '%XX' dig cat "$BASE/a%2"
t_fails 2 'a path that leads out' 'out of the tree' dig cat "$BASE/../notes"
t_fails 4 'no such file' 'there is no file' dig cat "$BASE/nowhere"

finish
