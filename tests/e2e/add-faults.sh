#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2317 # the functions are called through t
#
# dig add that is interrupted, or whose repository cannot be written: what is
# staged by then stays, one clear error is said, and the next run does the rest.

# Many small files are made faster in memory.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] &&
	[ "$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')" -gt 3000000 ]; then
	TMPDIR=/dev/shm
	export TMPDIR
fi
. "${0%/*}/lib.sh"
need sqlite3 python3 strace
strace -qq -o /dev/null true 2>/dev/null || skip_all 'strace is not permitted'

sql() { sqlite3 -cmd '.timeout 5000' .dig/index.db "$1"; }
count() { sql 'select count(*) from v_staged'; }
tree() {
	python3 - "$1" "$2" <<'P'
import os, sys
base, count = sys.argv[1], int(sys.argv[2])
for i in range(count):
    d = "%s/%04d" % (base, i // 100)
    if i % 100 == 0:
        os.makedirs(d, exist_ok=True)
    fd = os.open("%s/%d" % (d, i), os.O_WRONLY | os.O_CREAT, 0o644)
    os.write(fd, b"%d" % i)
    os.close(fd)
P
}
traced() {
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 strace -f -qq -o "$TMP/trace" "$@"
}
# The files below t/ that the last trace opened.
opened() {
	grep -v O_DIRECTORY "$TMP/trace" | grep -v 'ignore"' | grep -c '"t/'
}
one_error() { [ "$(grep -c '^dig: ' "$ERR")" = 1 ]; }

# ---- Ctrl-C -------------------------------------------------------------
# The signal comes while a batch is committed.
FILES=12000
new_repo interrupted
write base base
save base
tree t $FILES
interrupted() {
	traced -e trace=fdatasync -e inject=fdatasync:signal=SIGINT:when=8 \
		"$DIG" add t
}
t_exit 130 'Ctrl-C in the middle' interrupted
cp "$ERR" "$TMP/said"
t_has 'it says so' 'interrupted' cat "$TMP/said"
n=$(count)
t_eq "some files are staged: $n" yes \
	"$([ "$n" -gt 0 ] && [ "$n" -lt $FILES ] && echo yes)"
t_has 'how many, it said' "$n change" cat "$TMP/said"
t 'again' traced -e trace=openat,openat2 "$DIG" add t
t_eq 'opens only the rest' $((FILES - n)) "$(opened)"
t_eq 'now all are staged' $FILES "$(count)"

# A folder that became a file goes as a whole, also where a batch ends inside
# of it: the staged tree never holds both.
new_repo border
mkdir m
for i in 0 1 2 3; do write "m/$i" $i; done
save base
python3 -c 'for i in range(8190): open("a%05d" % i, "w").close()'
rm -r m
write m file
for i in 0 1 2 3; do write "m-$i" $i; done
at_border() {
	traced -e trace=fdatasync -e inject=fdatasync:signal=SIGKILL:when="$1" \
		"$DIG" add -A
}
at=6
while at_border $at 2>/dev/null; [ "$(count)" = 0 ] && [ $at -lt 20 ]; do
	at=$((at + 1))
done
t_eq 'killed where a folder became a file' yes \
	"$([ "$(count)" -ge 8192 ] && [ "$(count)" -lt 8199 ] && echo yes)"
t_out 'either the file or the folder' 1 sql "select count(*) from
	(select 1 from v_staged where path = 'm' union all
	select 1 from v_files where path = 'm/0' and path not in
	(select path from v_staged))"
tick
t 'what is staged can be committed' dig commit -m half
t 'and is sound' dig fsck
t 'the rest' dig add -A
t_out 'is all' 8195 sql "select (select count(*) from v_staged
	where kind = 'A') + (select count(*) from v_files
	where path not like 'm/%')"

# By the clock instead, as fingers do it.
new_repo fingers
tree t $FILES
cat >"$TMP/fingers.py" <<'P'
import os, re, signal, sqlite3, subprocess, sys, time
dig, files = sys.argv[1], int(sys.argv[2])
start = time.monotonic()
subprocess.run([dig, "add", "-n", "t"], check=True, stdout=subprocess.DEVNULL)
hits = 0
for n in range(8):
    p = subprocess.Popen([dig, "add", "t"], stderr=subprocess.PIPE)
    time.sleep(.02 + .04 * n)
    p.send_signal(signal.SIGINT)
    err = p.communicate()[1].decode()
    db = sqlite3.connect(".dig/index.db", timeout=5)
    staged = db.execute("select count(*) from v_staged").fetchone()[0]
    db.close()
    assert p.returncode in (0, 130, -2), (p.returncode, err)
    if p.returncode == 130:
        hits += 1
        assert "interrupted" in err, err
    if p.returncode == 0:
        assert staged == files, staged
    if staged == files:
        subprocess.run([dig, "rm", "-r", "-q", "--cached", "t"], check=True)
print("# %d hits" % hits)
subprocess.run([dig, "add", "t"], check=True)
P
t 'at any moment' python3 "$TMP/fingers.py" "$DIG" $FILES
t_eq 'all is staged in the end' $FILES "$(count)"
bytes 5 60000000 >large
t 'in the middle of a large file' python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
import subprocess, time
p = subprocess.Popen([sys.argv[1], "add", "large"])
time.sleep(.08)
p.send_signal(signal.SIGINT)
sys.exit(p.wait() not in (0, 130))' "$DIG"
t 'and again' dig add large

# ---- A repository that cannot be written --------------------------------
# Every call of add that touches the repository fails once, then works.
new_repo faults
tree t 300
bytes 6 18000000 >large
save base
i=0
# change: something of each kind to add.
change() {
	i=$((i + 1))
	echo "edit $i" >"t/0000/$((i % 100))"
	write "t/new/$i" "$i"
	bytes "$i" 100000 | dd of=large bs=1000 seek=$((i * 100)) conv=notrunc 2>/dev/null
}
# faulty CALL ERROR WHEN: add with that call failing. Where nothing depends on
# it (the number in the lock, the journal's copy) the add may still succeed.
faulty() {
	change
	_run traced -e "trace=$1" -e "inject=$1:error=$2:when=$3" "$DIG" add -A
	hits=$(grep -c INJECTED "$TMP/trace")
	case $_st in
	0) ;;
	9)
		one_error || {
			echo "$1 $2 $3: not one error"
			cat "$ERR"
		} >>"$TMP/wrong"
		# Whole batches only: what is staged is what the root says.
		dig fsck >"$OUT" 2>&1 || {
			echo "$1 $2 $3: fsck"
			cat "$OUT"
		} >>"$TMP/wrong"
		;;
	*)
		{
			echo "$1 $2 $3: exit $_st"
			cat "$ERR"
		} >>"$TMP/wrong"
		;;
	esac
	dig add -A 2>"$ERR" || {
		echo "$1 $2 $3: the next add"
		cat "$ERR"
	} >>"$TMP/wrong"
	[ -z "$(dig add -n -A)" ] ||
		echo "$1 $2 $3: something is left" >>"$TMP/wrong"
}
# campaign CALL ERROR STEP [+]: at each call in turn, once or from there on,
# until an add is not hit any more.
campaign() {
	: >"$TMP/wrong"
	when=1 total=0
	step=1
	[ "${SOAK:-0}" != 0 ] || step=$3
	[ "${QUICK:-0}" = 0 ] || step=$((step * 5))
	while [ $when -lt 2000 ]; do
		faulty "$1" "$2" "$when$4"
		[ "$hits" -gt 0 ] || break
		total=$((total + 1))
		when=$((when + step))
	done
	echo "# $total faults"
	cat "$TMP/wrong"
	[ $total -gt 0 ] && [ ! -s "$TMP/wrong" ]
}
t 'a full disk at each write' campaign pwrite64 ENOSPC 7 +
t 'an I/O error at a write' campaign pwrite64 EIO 7 ''
t 'an I/O error at each sync' campaign fdatasync EIO 2 +
t 'and once' campaign fdatasync EIO 2 ''
t 'a file that cannot be cut' campaign ftruncate EIO 1 ''

finish
