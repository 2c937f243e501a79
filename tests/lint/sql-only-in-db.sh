#!/bin/sh
# SPDX-License-Identifier: MIT
#
# SQLite is spoken to under objects/db/ only, and SQL text lives in .sql files.
cd "${0%/*}/../.." || exit 1

files()
{
	git ls-files --cached --others --exclude-standard "$@" |
		grep -E '^(cmd|repo|staging|objects|merkle)/' |
		grep -v '^objects/db/'
}

# case WHAT PATTERN: no C file outside objects/db has a line like it.
case_()
{
	n=$((n + 1))
	found=$(files '*.[ch]' | xargs grep -nE "$2" /dev/null |
		grep -vE '^[^:]*:[0-9]+:[[:space:]]*(\*|/\*|//)')
	if [ -z "$found" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "$found" | sed 's/^/# /'
	fi
}

n=0
case_ "sqlite3.h under objects/db only" 'include[[:space:]]*[<"]sqlite3'
case_ "sqlite3_ calls under objects/db only" '\<sqlite3_[a-z0-9_]+[[:space:]]*\('
case_ "no SQL in C strings" \
	'"(SELECT .* FROM|INSERT (OR [A-Z]+ )?INTO|UPDATE .* SET|DELETE FROM|CREATE (TABLE|INDEX|VIEW|TEMP)|DROP (TABLE|VIEW)|PRAGMA) '
echo "1..$n"
