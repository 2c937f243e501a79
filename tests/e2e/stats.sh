#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig stats: sums beside those of other commands, periods, hostile names, and
# a page that is well-formed and refers to nothing.
. "${0%/*}/lib.sh"
need python3 xmllint

# ---- Nothing yet

new_repo empty
t_has 'no commits' '0 commits by 0 authors' dig stats
t_has 'as JSON' '"first":null' dig stats --json
t 'as a page' dig stats --html "$TMP/empty.html"
t 'which is well-formed' xmllint --noout "$TMP/empty.html"

# ---- Sums

new_repo
bytes 1 700000 >big.bin
write a.C one
write dir/b.c two
write dir/same.c two
write Makefile all:
write .profile x
save first
{
	cat big.bin
	echo more
} >big.new && mv big.new big.bin
write a.C three
DIG_AUTHOR_NAME='Some "Body" & Co' save second
cp big.bin big2.bin
rm dir/b.c
save third
dig branch side
dig tag v1

cat >"$TMP/sums.py" <<'END'
import json, os, subprocess, sys

def dig(*args):
    return subprocess.run([os.environ["DIG"], *args], check=True,
                          stdout=subprocess.PIPE).stdout

def rows(query):
    return [list(r.values())
            for r in json.loads(dig("sql", "--json", query))["rows"]]

got = json.loads(dig("stats", "--json"))
want = {}
want["commits"], want["authors"], want["first"], want["last"] = rows("""
    SELECT count(*), count(DISTINCT author_name), min(committer_time),
    max(committer_time) FROM v_commits""")[0]
want["files"], want["bytes"] = rows(
    "SELECT count(*), sum(size) FROM v_files")[0]
want["versions"], want["version_bytes"] = rows("""
    SELECT count(*), sum(new_size) FROM v_changes
    WHERE new_id IS NOT NULL""")[0]
want["unique_bytes"], want["stored_bytes"] = rows("""
    SELECT sum(raw_bytes), sum(stored_bytes) FROM v_objects
    WHERE kind = 'chunk'""")[0]
want["branches"], want["tags"], want["merges"], want["unread"] = 2, 1, 0, 0
for name in want:
    print("%sok - %s" % ("" if got[name] == want[name] else "not ", name))
    if got[name] != want[name]:
        print(got[name], want[name])

def case(name, good):
    print("%sok - %s" % ("" if good else "not ", name))

sums = ["files", "bytes", "versions", "version_bytes", "unique_bytes",
        "stored_bytes"]
case("types sum up to all", all(
    sum(t[s] for t in got["types"]) == got[s] for s in sums))
types = {t["type"]: t for t in got["types"]}
case("types", sorted(types) == ["", "bin", "c"])
case("files of a type", types["c"]["files"] == 2 and
     types["c"]["versions"] == 4 and types[""]["files"] == 2)
# Two versions and a copy have all but their last chunk in common.
case("what is stored once", types["bin"]["version_bytes"] == 2100010 and
     types["bin"]["unique_bytes"] < 1300000)
case("periods", sum(p["commits"] for p in got["periods"]) == 3 and
     sum(p["added"] for p in got["periods"]) == 6 + 1 and
     sum(p["deleted"] for p in got["periods"]) == 1)
case("the week", sum(map(sum, got["week"])) == 3 and len(got["week"]) == 7 and
     got["week"][1][22] == 3)
case("growth ends with what is there", got["growth"][-1] == {
    "time": want["last"], "tree_bytes": want["bytes"],
    "stored_bytes": want["stored_bytes"]})
case("growth begins with the first commit",
     got["growth"][0]["time"] == want["first"] and
     0 < got["growth"][0]["stored_bytes"] < want["stored_bytes"])
case("largest", [(f["path"], f["bytes"]) for f in got["largest"]][:2] ==
     [("big.bin", 700005), ("big2.bin", 700005)])
case("costliest", got["costliest"][0]["path"] == "big.bin" and
     got["costliest"][0]["versions"] == 2 and
     "big2.bin" not in [f["path"] for f in got["costliest"]])
case("authors", [(a["name"], a["commits"]) for a in got["top_authors"]] ==
     [("A U Thor", 2), ('Some "Body" & Co', 1)])
kinds = {o["kind"]: o["objects"] for o in got["objects"]}
case("objects", kinds["commit"] == 3 and kinds["content"] >= 2)
END
python3 "$TMP/sums.py" >"$TMP/cases" 2>&1 ||
	echo 'not ok - the sums came to their end' >>"$TMP/cases"
tap_of "$TMP/cases"
t_has 'text' '3 commits by 2 authors, 2023-11-14 to 2023-11-14' dig stats
t_has 'a table of types' '.bin' dig stats
t_has 'nothing is verified' "'dig scrub' reads all of it" dig stats
t 'scrub' dig scrub
t_has 'then it is' 'scrub has verified' dig stats
t_has 'as many as wanted' 'and 1 more' dig stats -n 1

# ---- Periods: the shortest with which there are not too many

periods()
{
	dig stats --json | python3 -c 'import json, sys
p = [x for x in json.load(sys.stdin)["periods"]]
print(len(p), p[0]["label"], p[-1]["label"])'
}
new_repo times
at()
{
	write f "$1"
	dig add f
	DIG_AUTHOR_DATE="$1" DIG_COMMITTER_DATE="$1" dig commit -qm "$1"
}
at '2024-01-31T23:59:59+00:00'
t_out 'one second' '1 2024-01-31 23h 2024-01-31 23h' periods
at '2024-02-02T00:00:00+00:00'
t_out 'hours' '26 2024-01-31 23h 2024-02-02 00h' periods
at '2024-02-10T05:59:59+00:00'
t_out 'quarters of a day' '38 2024-01-31 18h 2024-02-10 00h' periods
at '2024-03-01T00:00:00+00:00'
t_out 'days' '31 2024-01-31 2024-03-01' periods
at '2025-03-02T23:00:00+00:00'
t_out 'weeks, from Monday' '57 2024-01-29 2025-02-24' periods
at '2026-01-01T00:00:00+00:00'
t_out 'months' '25 2024-01 2026-01' periods
at '2030-12-31T00:00:00+00:00'
t_out 'quarters' '28 2024 Q1 2030 Q4' periods
at '2080-01-01T00:00:00+00:00'
t_out 'years' '57 2024 2080' periods
at '@0 +0000'
t_out 'two years' '56 1970 2080' periods
at '9999-12-31T23:59:59+00:00'
t_eq 'as long as there is' yes \
	"$([ "$(periods | cut -d' ' -f1)" -le 62 ] && echo yes)"
t_has 'and the text has them' '  9800  ' dig stats

# ---- Names that would be more

new_repo names
ESC=$(printf '\033')
write '<script>alert(1)</script>.js' x
write "$(printf 'bad\377\001&"name')" yy
write "$(printf 'e\342\200\256vil.c')" zzz
DIG_AUTHOR_NAME="Eve & <b> $(printf '\001\342\200\256') ${ESC}[2J" save one
t 'a page' dig stats --html "$TMP/page.html"
t 'is well-formed' xmllint --noout "$TMP/page.html"
# shellcheck disable=SC2016 # the inner shell's
t_out 'to standard output' 'the same' sh -c '"$1" stats --html - |
	sed "s/....-..-.. ..:.. UTC//" >"$2.2"
	sed "s/....-..-.. ..:.. UTC//" "$2" | cmp - "$2.2" && echo the same' - \
	"$DIG" "$TMP/page.html"
t_out 'has no script' 0 xmllint --xpath \
	'count(//*[local-name() = "script"]) + count(//@src) + count(//@href)' \
	"$TMP/page.html"
t_eq 'refers to nothing' '' "$(sed 's/xmlns="[^"]*"//g' "$TMP/page.html" |
	grep -E 'https?:|url\(|@import|//[a-z]')"
t_eq 'and has no control characters' '' "$(LC_ALL=C tr -d '\n\t -\377' \
	<"$TMP/page.html" | od -An -c)"
t_not 'nor has JSON' "$ESC" dig stats --json

# ---- The command line

t_fails 2 'an operand' 'takes no operand' dig stats HEAD
t_fails 2 'two forms' 'exclude each other' dig stats --json --html x
t_fails 1 'no such folder' 'cannot write' dig stats --html no/where
rm .dig/index.db
t_has 'the index made anew' '1 commit by 1 author' dig stats

finish
