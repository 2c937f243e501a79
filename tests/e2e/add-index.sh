#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2317,SC2016 # the functions are called through t
#
# index.db under dig add, seen by the stock sqlite3 program: what a script
# reads while an add runs, and what a script that holds a SELECT does to it.

# Many small files are made faster in memory.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] &&
	[ "$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')" -gt 1000000 ]; then
	TMPDIR=/dev/shm
	export TMPDIR
fi
. "${0%/*}/lib.sh"
need sqlite3 python3

FILES=18000
[ "${QUICK:-0}" = 0 ] || FILES=12000
sql() { sqlite3 -cmd '.timeout 10000' .dig/index.db "$1"; }
tree() {
	python3 - "$1" "$2" <<'P'
import os, sys
for i in range(int(sys.argv[2])):
    d = "%s/%03d" % (sys.argv[1], i // 200)
    if i % 200 == 0:
        os.makedirs(d, exist_ok=True)
    fd = os.open("%s/%d" % (d, i), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.write(fd, b"%s %d\n" % (sys.argv[1].encode(), i))
    os.close(fd)
P
}

# ---- Reading while an add runs ------------------------------------------
new_repo during
write base base
save base
tree t $FILES
# Reads until the add is over. Each answer is one state: whole batches, every
# row with its kind and id, and never fewer than before.
reading() {
	dig add t 2>"$TMP/add.err" &
	pid=$!
	last=0 reads=0 between=0
	while kill -0 $pid 2>/dev/null; do
		got=$(sql "select count(*) || ' ' || count(distinct path) || ' ' ||
			count(case when kind = 'A' and size > 0 and
			length(content_id) = 64 and head_id is null then 1 end)
			from v_staged") || return 1
		# shellcheck disable=SC2086 # three numbers
		set -- $got
		if [ "$1" -ne "$2" ] || [ "$1" -ne "$3" ] ||
			[ "$1" -lt "$last" ]; then
			echo "read $got after $last"
			return 1
		fi
		[ "$(sql 'select path from v_files')" = base ] || return 1
		[ "$1" -eq 0 ] || [ "$1" -eq $FILES ] || between=$((between + 1))
		last=$1 reads=$((reads + 1))
	done
	wait $pid || return 1
	echo "# $reads reads, $between between two batches"
	[ $reads -gt 0 ]
}
t 'views are whole while an add runs' reading
t_out 'and in the end' "$FILES" sql 'select count(*) from v_staged'
t_out 'the objects are listed' "$((FILES + 1))" sql \
	"select count(*) from v_objects where kind = 'chunk'"
t_out 'each pack as it is' yes sh -c '
	sqlite3 .dig/index.db "select file, bytes from v_packs" |
	while IFS="|" read -r file bytes; do
		for f in ".dig/$file" ".dig/packs/$file"; do
			[ ! -f "$f" ] || [ "$(stat -c %s "$f")" -ge "$bytes" ] ||
				echo "$file: $bytes"
		done
	done; echo yes'
t_out 'the database is sound' ok sql 'pragma integrity_check'

# ---- A SELECT that is held open -----------------------------------------
# hold SECONDS: a reader with an open statement, in the background; says when
# it has begun.
hold() {
	rm -f "$TMP/.held"
	python3 - "$1" "$TMP/.held" <<'P' &
import sqlite3, sys, time
db = sqlite3.connect("file:.dig/index.db?mode=ro", uri=True,
                     isolation_level=None)
rows = db.execute("select path from v_files")
rows.fetchone()
open(sys.argv[2], "w").close()
time.sleep(float(sys.argv[1]))
print(len(rows.fetchall()))
P
	holder=$!
	while [ ! -e "$TMP/.held" ]; do sleep 0.05; done
}
seconds() {
	python3 -c 'import subprocess, sys, time
t = time.monotonic()
rc = subprocess.call(sys.argv[2:], stdout=subprocess.DEVNULL,
    stderr=open(sys.argv[1], "w"))
print(rc, int(time.monotonic() - t))' "$TMP/err" "$@"
}
new_repo held
tree base 300
save base
write new new
hold 2
t_eq 'a SELECT of two seconds is waited for' '0 ' \
	"$(seconds "$DIG" add new | sed 's/[12]$//')"
wait $holder
t_out 'and the file is staged' 'new' sql 'select path from v_staged'
write more more
long=10
[ "${QUICK:-0}" = 0 ] || {
	dig config core.busyTimeout 500
	long=4
}
hold $long
t_eq 'a longer one: exit 11 after core.busyTimeout' '11 ' \
	"$(seconds "$DIG" add more | sed 's/[0567]$//')"
t_has 'it says what is in the way' 'another program is using it' cat "$TMP/err"
t_out 'nothing is staged by it' 'new' sql 'select path from v_staged'
dig config core.busyTimeout 500
t_eq 'a commit too' '11 ' \
	"$(seconds "$DIG" commit -m x | sed 's/[01]$//')"
wait $holder
dig config core.busyTimeout 5000
t 'when it is gone, add works' dig add more
t_out 'nothing is lost' 'more
new' sql 'select path from v_staged order by 1'
t 'and so does commit' dig commit -m both
t_out 'with both' 302 sql 'select count(*) from v_files'
t 'core.busyTimeout' dig config core.busyTimeout 300
write third 3
hold 4
t_eq 'is how long it waits' '11 ' \
	"$(seconds "$DIG" add third | sed 's/[01]$//')"
wait $holder

# ---- Another writer -----------------------------------------------------
new_repo writer
dig config core.busyTimeout 200
write a a
python3 - <<'P' &
import fcntl, os, time
fd = os.open(".dig/lock", os.O_RDWR | os.O_CREAT, 0o600)
fcntl.flock(fd, fcntl.LOCK_EX)
os.truncate(fd, 0)
os.pwrite(fd, b"4711\n", 0)
open("../locked", "w").close()
time.sleep(3)
P
locker=$!
while [ ! -e ../locked ]; do sleep 0.05; done
t_fails 11 'the lock of another names it' 'process 4711' dig add a
wait $locker
t 'gone, it works' dig add a
# A script that holds a write transaction of its own.
python3 - <<'P' &
import sqlite3, time
db = sqlite3.connect(".dig/index.db", isolation_level=None)
db.execute("begin immediate")
open("../begun", "w").close()
time.sleep(2)
db.execute("rollback")
P
locker=$!
while [ ! -e ../begun ]; do sleep 0.05; done
write b b
t_exit 11 'a script that writes to the index is in the way' dig add b
wait $locker
t 'gone, it works again' dig add b

finish
