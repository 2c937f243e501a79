#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2317 # the functions are called through t
#
# Sizes around every border: of a chunk, of a large file, of none. Each file
# goes in through the work tree and as a stream and comes back as it was.
. "${0%/*}/lib.sh"
need sqlite3 python3

sql() { sqlite3 -cmd '.timeout 5000' .dig/index.db "$1"; }
BORDERS='0 1 2 32767 32768 32769 131071 131072 131073 262144 524287 524288
524289 557056 1048576 8388608 16777215 16777216 16777217 33554433'
[ "${QUICK:-0}" = 0 ] || BORDERS='0 1 32767 32768 32769 524287 524288 524289
16777216 16777217'

new_repo sizes
mkdir zero same rand
for n in $BORDERS; do
	truncate -s "$n" "zero/$n"
	bytes "$n" "$n" >"rand/$n"
	head -c "$n" /dev/zero | tr '\0' 'x' >"same/$n"
done
t 'sizes around every border' dig add -A
t_out 'each is staged with its size' 0 sql \
	"select count(*) from v_staged where path not like '%/' || size"
streams() {
	for n in $BORDERS; do
		dig add --stdin --as "fed/$n" <"rand/$n" || return
	done
}
t 'as streams' streams
t_out 'have the same ids' 0 sql "select count(*) from v_staged a
	left join v_staged b on b.path = 'fed/' || a.size
	where a.path like 'rand/%' and b.content_id is not a.content_id"
tick
t 'commit' dig commit -m sizes
t 'out again' dig checkout --into "$TMP/out" HEAD
t_same 'zeros' zero "$TMP/out/zero"
t_same 'one letter' same "$TMP/out/same"
t_same 'noise' rand "$TMP/out/rand"
t_same 'noise that came as a stream' rand "$TMP/out/fed"
t_eq 'a chunk is never longer than the maximum' 0 "$(sql "select count(*)
	from v_objects where kind = 'chunk' and raw_bytes > 524288")"

# The same again, one byte longer, one shorter, and changed in the middle.
for n in $BORDERS; do
	printf y >>"same/$n"
	[ "$n" -lt 2 ] || truncate -s $((n - 1)) "rand/$n"
	[ "$n" -lt 9 ] || printf edited |
		dd of="zero/$n" bs=1 seek=$((n / 2)) conv=notrunc 2>/dev/null
done
save edits
rm -r "$TMP/out"
t 'the edits' dig checkout --into "$TMP/out" HEAD
t_same 'zeros' zero "$TMP/out/zero"
t_same 'one letter' same "$TMP/out/same"
t_same 'noise' rand "$TMP/out/rand"
rm -r "$TMP/out"
t 'the version before' dig checkout --into "$TMP/out" HEAD~1
t_same 'is as it was' "$TMP/out/fed" "$TMP/out/rand"

# A file that grows and shrinks across the borders of its form.
new_repo form
cat >"$TMP/form.py" <<'P'
import hashlib, os, random, subprocess, sys
dig = sys.argv[1]
rnd = random.Random(7)
sums = []
for size in (0, 10, 40000, 600000, 17 << 20, 524288, 32768, 1, 0, 20 << 20, 5):
    with open("f", "wb") as out:
        data = rnd.randbytes(size)
        out.write(data)
    subprocess.run([dig, "add", "f"], check=True)
    subprocess.run([dig, "commit", "-qm", "x"], check=True)
    sums.append(hashlib.sha256(data).digest())
for back, want in enumerate(reversed(sums)):
    got = subprocess.run([dig, "cat", "HEAD~%d:f" % back], check=True,
                         stdout=subprocess.PIPE).stdout
    assert hashlib.sha256(got).digest() == want, back
P
t 'a file through all its forms' python3 "$TMP/form.py" "$DIG"

finish
