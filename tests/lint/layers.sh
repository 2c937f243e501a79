#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Includes point downwards only: cmd > repo > staging > objects > merkle.
# cmd sees repo/dig.h, repo/config.h and objects/base/, nothing else; the base
# sees itself; merkle sees itself; a lower folder's internal.h is private.
cd "${0%/*}/../.." || exit 1

git ls-files --cached --others --exclude-standard '*.[ch]' |
	grep -E '^(cmd|repo|staging|objects|merkle)/' |
	xargs awk '
function room(path) {
	if (path ~ /^objects\/base\//)
		return "base"
	sub(/\/.*/, "", path)
	return path
}
function bad(why) {
	printf "# %s:%d: %s: %s\n", FILENAME, FNR, why, $0
	nbad++
}
BEGIN {
	rank["cmd"] = 5; rank["repo"] = 4; rank["staging"] = 3
	rank["objects"] = 2; rank["merkle"] = 1; rank["base"] = 0
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, part, "\"")
	to = part[2]; from = room(FILENAME); target = room(to)
	if (to == "dig_sql.h" || to == "plugin_dir.h") # made by the build
		next
	if (to !~ /\// || to ~ /\.\./) { bad("not root-relative"); next }
	if (!(target in rank)) { bad("no such layer"); next }
	if (from == target) {
		next
	}
	if (from == "cmd" && to != "repo/dig.h" && to != "repo/config.h" &&
	    target != "base")
		bad("cmd sees repo/dig.h, repo/config.h and the base only")
	else if (from == "base" || from == "merkle")
		bad(from " sees itself only")
	else if (target != "base" && rank[target] > rank[from])
		bad("points upwards")
	else if (to ~ /internal\.h$/)
		bad("private header of another folder")
}
END { exit nbad > 0 }
' && echo "ok 1 - includes point downwards" ||
	echo "not ok 1 - includes point downwards"
echo 1..1
