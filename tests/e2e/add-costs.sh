#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2317 # the functions are called through t
#
# What a small change costs in a large repository: records, opened files,
# bytes written, memory. Counts, not times.

# Many small files are made faster in memory.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] &&
	[ "$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')" -gt 3000000 ]; then
	TMPDIR=/dev/shm
	export TMPDIR
fi
. "${0%/*}/lib.sh"
need sqlite3 python3 strace
strace -qq -o /dev/null true 2>/dev/null || skip_all 'strace is not permitted'

TREE=100000 OLD=50000 NEW=2000
[ "${SOAK:-0}" = 0 ] || OLD=500000 NEW=20000
[ "${QUICK:-0}" = 0 ] || TREE=20000 OLD=10000 NEW=500

sql() { sqlite3 -cmd '.timeout 5000' .dig/index.db "$1"; }
# tree DIR COUNT FORMAT: files that hold FORMAT % their number.
tree() {
	python3 - "$1" "$2" "$3" <<'P'
import os, sys
base, count, form = sys.argv[1], int(sys.argv[2]), sys.argv[3]
for i in range(count):
    d = "%s/%04d" % (base, i // 100)
    if i % 100 == 0:
        os.makedirs(d, exist_ok=True)
    fd = os.open("%s/%d" % (d, i), os.O_WRONLY | os.O_CREAT, 0o644)
    os.write(fd, (form % i if "%" in form else form).encode())
    os.close(fd)
P
}
# cost NAME COMMAND...: runs it; "exit written-bytes peak-KiB" in $TMP/cost.
cost() {
	python3 - "$TMP/cost" "$@" <<'P'
import os, subprocess, sys
p = subprocess.Popen(sys.argv[2:])
os.waitid(os.P_PID, p.pid, os.WEXITED | os.WNOWAIT)
written = 0
for line in open("/proc/%d/io" % p.pid):
    if line.startswith("wchar:"):
        written = int(line.split()[1])
_, status, usage = os.wait4(p.pid, 0)
code = os.waitstatus_to_exitcode(status)
open(sys.argv[1], "w").write("%d %d %d\n" % (code, written, usage.ru_maxrss))
sys.exit(code)
P
}
field() { cut -d' ' -f"$1" <"$TMP/cost"; }
at_most() {
	if [ "$2" -le "$3" ]; then
		_ok "$1: $2"
	else
		_no "$1" "$2 is more than $3"
	fi
}
records() { sql 'select count(*) from v_objects'; }

# ---- One file in a large tree -------------------------------------------
new_repo one
tree t $TREE x
t "a tree of $TREE files" dig add -A
tick
dig commit -m all >/dev/null
dig add -A
before=$(records)
journal=$(wc -c <.dig/journal)
write t/0007/new.tmp changed
mv t/0007/new.tmp "t/0007/700"
traced() {
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 strace -f -qq -y -o "$TMP/trace" \
		-e trace=openat,openat2,open "$@"
}
# The files of the work tree among what was opened: folders and rules are not.
# A line that another thread cut in two still names the file in its first half.
opened() {
	grep -v -e O_DIRECTORY -e 'ignore"' "$TMP/trace" |
		grep -c '([0-9]*<[^>]*/one\(/t[^>]*\)\{0,1\}>, "'
}
t 'one edit added' traced "$DIG" add -A
at_most 'working files it opened' "$(opened)" 1
tick
t 'and committed' traced "$DIG" commit -m one
at_most 'working files commit opened' "$(opened)" 0
at_most 'records of add and commit' $(($(records) - before)) 8
at_most 'bytes in the journal' $(($(wc -c <.dig/journal) - journal)) 4096
write t/0001/100 y
cost "$DIG" add t/0001/100
at_most 'bytes written by an add of one file' "$(field 2)" 300000
tick
cost "$DIG" commit -m two >/dev/null
at_most 'bytes written by its commit' "$(field 2)" 300000

# ---- Many new files, in an empty and in a large repository --------------
new_repo empty
tree new $NEW 'new file %d'
t "$NEW files in an empty repository" cost "$DIG" add new
small=$(field 2)
new_repo full
tree old $OLD 'old file %d'
t "$OLD files" cost "$DIG" add old
[ "${SANITIZED:-0}" = 1 ] || at_most 'peak memory in KiB' "$(field 3)" 200000
tick
dig commit -m old >/dev/null
tree new $NEW 'new file %d'
t "$NEW files beside $OLD objects" cost "$DIG" add new
at_most "bytes written, of $small at 1.3" "$(field 2)" $((small * 13 / 10))

# ---- A long file of zeros, bounded memory -------------------------------
new_repo long
MIB=600
[ "${SOAK:-0}" = 0 ] || MIB=5120
[ "${QUICK:-0}" = 0 ] || MIB=100
truncate -s ${MIB}M sparse
t "a sparse file of $MIB MiB" cost "$DIG" add sparse
[ "${SANITIZED:-0}" = 1 ] || at_most 'peak memory in KiB' "$(field 3)" 100000
t_out 'its size' $((MIB * 1048576)) sql 'select size from v_staged'

finish
