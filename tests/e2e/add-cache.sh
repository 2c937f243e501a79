#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2317,SC2016 # the functions are called through t
#
# What dig add reads: nothing that its stat proves unchanged, everything that
# may have changed, and of a large file only what is new is stored.
. "${0%/*}/lib.sh"
need sqlite3 python3

sql() { sqlite3 -cmd '.timeout 5000' .dig/index.db "$1"; }
# What a command opens below the work tree, without folders and .dig.
opened() {
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 strace -f -qq \
		-o "$TMP/trace" -e trace=openat,openat2,open "$@" || return
	grep -v -e O_DIRECTORY -e '"/' -e '"\(info\|tmp\|packs\)/' \
		-e '\.\(pack\|par\|tail\|db\)' -e '"\(journal\|format\|config\|lock\)' \
		"$TMP/trace" | grep -v ENOENT | grep -c '"'
}
opens() {
	n=$(opened "$DIG" add "$@") || :
	echo "${n:-0}"
}
pack_bytes() { cat .dig/packs/*.pack | wc -c; }

command -v strace >/dev/null || skip_all 'no program strace'
strace -qq -o /dev/null true 2>/dev/null || skip_all 'strace is not permitted'

# ---- The stat cache -----------------------------------------------------
new_repo cache
i=0
while [ $i -lt 200 ]; do
	i=$((i + 1))
	write "d$((i % 7))/f$i" "$i"
done
ln -s d1 link
dig add -A
t_eq 'the second add opens no file' 0 "$(opens -A)"
touch d1/f1
t_eq 'a touched file is read once' 1 "$(opens -A)"
t_eq 'and then not again' 0 "$(opens -A)"
t_eq 'nothing is staged by it' 201 "$(sql 'select count(*) from v_staged')"
tick
t 'commit' dig commit -m first
t_eq 'a commit changes nothing in that' 0 "$(opens -A)"
write d2/f2 two
sleep 0.05 # older than the file system's clock step
t_eq 'one edit: one file is read' 1 "$(opens -A)"
cp -p d3/f3 d3/f3.new && mv d3/f3.new d3/f3
t_eq 'the same file under another inode is read' 1 "$(opens -A)"
t_eq '-u reads none either' 0 "$(opens -u)"

# ---- Edits that no time shows -------------------------------------------
# Each edit keeps the size and gets the old mtime back, right after the add.
new_repo racy
N=300
[ "${SOAK:-0}" = 0 ] || N=10000
[ "${QUICK:-0}" = 0 ] || N=60
cat >"$TMP/racy.py" <<'P'
import hashlib, os, sqlite3, subprocess, sys
dig, n = sys.argv[1], int(sys.argv[2])
missed = 0
for i in range(n):
    data = b"%08d" % i
    before = os.stat("f") if i else None
    with open("f", "r+b" if i else "wb") as f:
        f.write(data)
    if before:
        os.utime("f", ns=(before.st_atime_ns, before.st_mtime_ns))
    subprocess.run([dig, "add", "f"], check=True)
    db = sqlite3.connect(".dig/index.db", timeout=5)
    (got,), = db.execute("select content_id from v_staged where path = 'f'")
    db.close()
    want = hashlib.sha256(b"\0" + len(data).to_bytes(8, "big")
                          + hashlib.sha256(data).digest()).hexdigest()
    if got != want:
        missed += 1
print(missed)
P
t_out "$N edits with the time put back are all seen" 0 \
	python3 "$TMP/racy.py" "$DIG" "$N"
# The same with many files in one add, edited while the clock stands still.
cat >"$TMP/many.py" <<'P'
import hashlib, os, sqlite3, subprocess, sys
dig, rounds = sys.argv[1], int(sys.argv[2])
missed = 0
for r in range(rounds):
    for i in range(100):
        with open("m%d" % i, "r+b" if r else "wb") as f:
            before = os.fstat(f.fileno())
            f.write(b"%04d%04d" % (r, i))
            f.flush()
            if r:
                os.utime(f.fileno(),
                         ns=(before.st_atime_ns, before.st_mtime_ns))
    subprocess.run([dig, "add", "."], check=True)
    db = sqlite3.connect(".dig/index.db", timeout=5)
    got = dict(db.execute("select path, content_id from v_staged"))
    db.close()
    for i in range(100):
        data = b"%04d%04d" % (r, i)
        missed += got["m%d" % i] != hashlib.sha256(
            b"\0" + len(data).to_bytes(8, "big")
            + hashlib.sha256(data).digest()).hexdigest()
print(missed)
P
t_out 'a hundred files at a time' 0 \
	python3 "$TMP/many.py" "$DIG" "$((N / 30))"

# ---- Large files --------------------------------------------------------
new_repo large
bytes 20 20000000 >big
dig add big
before=$(pack_bytes)
{ head -c 7000000 big; bytes 21 100; tail -c +7000001 big; } >big.new
mv big.new big
t 'a hundred bytes put into 20 MB' dig add big
grown=$(($(pack_bytes) - before))
t_eq "store less than 1 MB more ($grown)" yes \
	"$([ $grown -lt 1000000 ] && echo yes || echo no)"
before=$(pack_bytes)
cp big again
t 'a copy' dig add again
grown=$(($(pack_bytes) - before))
t_eq "stores nothing but names ($grown)" yes \
	"$([ $grown -lt 20000 ] && echo yes || echo no)"
t_eq 'a settled large file is not read again' 0 \
	"$(sleep 0.1; dig add -A; opens -A)"

finish
