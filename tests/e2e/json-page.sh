#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every --json document beside docs/json.md: json-page.py runs the commands.
. "${0%/*}/lib.sh"
need python3

new_repo repo
write notes.txt one
write src/a.c two
write .gitignore '*.o'
write a.o x
save 'the first'
write src/a.c two three
mv notes.txt renamed.txt
save 'the second'
dig tag v1
dig tag -a -m 'a release' v2
dig branch side
write src/a.c changed
write new x
python3 "$ROOT/tests/e2e/json-page.py" "$DIG" "$ROOT" >"$TMP/cases" 2>&1 ||
	echo 'not ok - json-page.py came to its end' >>"$TMP/cases"
tap_of "$TMP/cases"
finish
