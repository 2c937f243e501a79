#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What a person sees: dig in a pseudo-terminal. The cases are in terminal.py.
. "${0%/*}/lib.sh"
need python3

new_repo repo
python3 "$ROOT/tests/e2e/terminal.py" "$DIG" "$TMP" >"$TMP/cases" 2>&1 ||
	echo 'not ok - terminal.py came to its end' >>"$TMP/cases"
tap_of "$TMP/cases"
finish
