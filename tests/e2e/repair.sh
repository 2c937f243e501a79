#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2317 # functions called through t
#
# Repair beyond parity: what quarantine, working files and the index give back
# of packs that are gone, what is said of the rest, and how one goes on.
# crash/repair.py has what parity gives back.
. "${0%/*}/lib.sh"
need python3 sqlite3

gives() { "$DIG" cat "$1" 2>"$ERR" | cmp - "$2"; }
query() { sqlite3 -cmd '.timeout 5000' .dig/index.db "$1"; }
# says CODE TEXT [OPTION]...: fsck exits with CODE and prints TEXT.
says()
{
	_code=$1 _say=$2
	shift 2
	dig fsck "$@" >"$TMP/said" 2>&1
	_got=$?
	[ $_got -eq "$_code" ] && grep -qF -e "$_say" "$TMP/said" && return
	echo "exit $_got"
	cat "$TMP/said"
	return 1
}
# zeros FILE FROM [COUNT]: up to its end.
zeros()
{
	python3 - "$@" <<'PY'
import os, sys
name, start = sys.argv[1], int(sys.argv[2])
left = int(sys.argv[3]) if len(sys.argv) > 3 else os.path.getsize(name) - start
with open(name, "r+b") as data:
    data.seek(start)
    data.write(bytes(left))
PY
}

# ---- A pack that is gone --------------------------------------------------

# A group of 1+2 is 1 MiB, so that the first pack is past its first group.
new_repo gone
dig config parity.data 1
mkdir d
for i in 1 2 3; do
	bytes "gone$i" 500000 >"big$i"
	for j in 1 2 3 4 5; do
		echo "version $i of $j" >"d/$j"
	done
	ln -sfn "to $i" link
	save "number $i"
done
chmod +x d/1
echo staged >d/new
dig add -A
bytes edited 40000 >>big3
rm big2
cp -r .dig "$TMP/good"
tree=$(dig rev-parse HEAD)
rm .dig/packs/000001.pack
t_fails 5 'a command that needs it says so' 'pack 000001.pack is missing' \
	dig log
state() { find .dig -type f ! -name index.db ! -name lock -exec cksum {} + |
	sort; }
before=$(state)
t 'a dry run counts' says 5 'lost chunks can be stored again, from 9 working' \
	--repair -n
t_eq 'and changes nothing' "$before" "$(state)"
t 'repair' says 5 'repaired: index.db: 3 lost commits are stored again' --repair
t 'trees, too' grep -q 'index.db: 4 lost trees are stored again' "$TMP/said"
t 'what no file has is named by path and commit' \
	grep -q "^lost: $(dig rev-parse HEAD~1 | cut -c1-12):d/2: chunk" "$TMP/said"
t 'and with it the one that is gone from the work tree' \
	grep -q "^lost: $(dig rev-parse HEAD~1 | cut -c1-12):big2: content" \
	"$TMP/said"
t_eq 'HEAD is what it was' "$tree" "$(dig rev-parse HEAD)"
t_out 'so is the log' 3 sh -c '"$DIG" log --format=%s | wc -l'
t 'an unchanged file is read' gives HEAD:d/2 d/2
t 'an older one, if it is still so' gives HEAD~1:big1 big1
t_fails 5 'one that is not' 'chunk' dig cat HEAD~1:d/2
t_has 'what was staged is staged' 'new file:   d/new' dig status
t_has 'a mode, too' 'modified:   d/1' dig status
t_eq 'v_damage has the same paths' \
	"$(sed -n 's/^lost: [0-9a-f]*:\([^:]*\):.*/\1/p' "$TMP/said" | sort)" \
	"$(query "SELECT path FROM v_damage WHERE what = 'lost' AND commit_id
		IS NOT NULL" | sort)"
t_eq 'and names objects' 0 "$(query "SELECT count(*) FROM v_damage
	WHERE what = 'lost' AND (object_id IS NULL OR message = '')")"
t_eq 'and says which pack is damaged' 000001.pack \
	"$(query "SELECT DISTINCT printf('%06d.pack', pack) FROM v_damage
		WHERE what = 'damaged'")"
t 'add and commit go on' save 'number 4'
t 'the next repair has nothing to add' says 5 'lost:' --repair
t_not 'really' repaired cat "$TMP/said"
cp "$TMP/good/packs/000001.pack" .dig/packs
t 'the pack is back: all is well' says 0 checked
t_eq 'v_damage is empty' 0 "$(query 'SELECT count(*) FROM v_damage')"

# ---- Quarantine -----------------------------------------------------------

rm -rf .dig
cp -r "$TMP/good" .dig
mkdir -p .dig/quarantine
mv .dig/packs/000001.pack .dig/quarantine/000001.pack.1
printf x | dd of=.dig/quarantine/000001.pack.1 bs=1 seek=70000 conv=notrunc \
	2>/dev/null
t 'a pack is made from its copy in quarantine, and from parity' \
	says 12 'missing; made anew from a copy in quarantine/' --repair
t 'bit for bit' cmp .dig/packs/000001.pack "$TMP/good/packs/000001.pack"

# The open group: a record that neither pack nor mirror has.
size=$(wc -c <.dig/packs/000001.pack)
cp .dig/packs/000001.pack .dig/quarantine/000001.pack.2
zeros .dig/packs/000001.pack $((size - 300)) 200
rm .dig/packs/*.tail
t 'so is a record of the open group' says 12 repaired --repair
t 'bit for bit, too' cmp .dig/packs/000001.pack "$TMP/good/packs/000001.pack"
rm -rf big* d link

# Without parity a copy gives back objects, deltas among them.
new_repo bare
dig config parity.parity 0
bytes bare 30000 >f
for i in 1 2 3 4; do
	echo "line $i" >>f
	save "number $i"
done
id=$(dig rev-parse HEAD)
mkdir -p .dig/quarantine
mv .dig/packs/000001.pack .dig/quarantine/000001.pack.1
rm .dig/index.db
mv f "$TMP/f"
t 'objects from a copy' says 5 'lost objects are stored again, from a copy' \
	--repair
t 'the newest version' gives HEAD:f "$TMP/f"
head -c "$(dig cat HEAD~3:f | wc -c)" "$TMP/f" >"$TMP/f1"
t 'and the oldest' gives "$id~3:f" "$TMP/f1"
t_eq 'nothing is lost' 0 \
	"$(query "SELECT count(*) FROM v_damage WHERE what = 'lost'")"
no_fsck

# ---- Beyond help ----------------------------------------------------------

new_repo beyond
dig config parity.data 1
bytes beyond 1100000 >f
save first
kept=$(dig rev-parse HEAD)
size=$(wc -c <.dig/packs/000001.pack)
echo second >g
save second
lost=$(dig rev-parse HEAD)
zeros .dig/packs/000001.pack "$size"
rm -r .dig/packs/*.par .dig/packs/*.tail .dig/index.db f g
t 'status works' dig status
t 'repair' says 5 'lost: staged: it is empty now' --repair
t 'the commit is named' grep -q "^lost: $(echo "$lost" | cut -c1-12): commit" \
	"$TMP/said"
echo new >new
t 'add works' dig add new
t_fails 5 'a commit on what is lost does not' "'dig reset --soft COMMIT'" \
	dig commit -m no
t 'what is left is read' dig cat "$kept:f"
t 'a branch of it' dig branch old "$kept"
t 'back to it' dig reset --soft "$kept"
t 'commit' dig commit -m third
t_out 'log' 'third
first' dig log --format=%s
t 'checkout' dig checkout -f old
t 'the file is there' cmp -n 100 f f
t 'nothing that refs need is lost' says 5 'nothing that refs need' --repair
no_fsck

[ -n "${SANITIZED:-}" ] && finish
# ---- Headers ---------------------------------------------------------------
# A byte of the header of a delta, each in turn: the mirror has the right one,
# and nothing is decoded over another base meanwhile.

new_repo header
for i in 0 1 2 3 4 5; do bytes "text $i" 2000 | od -x >"f$i"; done
save first
for n in 1 2 3; do
	for i in 0 1 2 3 4 5; do echo "line $n" >>"f$i"; done
	save "version $n"
done
cat >"$TMP/headers.py" <<'P'
import sqlite3, subprocess, sys
dig, pack = sys.argv[1], ".dig/packs/000001.pack"
db = sqlite3.connect(".dig/index.db")
places = [row[0] for row in db.execute(
    "select offset from v_objects where kind = 'chunk' and codec = 'delta' "
    "order by offset limit 2")]
db.close()
want = {name: open(name, "rb").read() for name in ("f0", "f1")}
wrong = []
for place in places:
    for at in range(place, place + 44):
        with open(pack, "r+b") as f:
            f.seek(at)
            was = f.read(1)
            f.seek(at)
            f.write(bytes([was[0] ^ 3]))
        for name in want:
            got = subprocess.run([dig, "cat", "HEAD:" + name],
                                 stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)
            if got.returncode or got.stdout != want[name]:
                wrong.append((at - place, name, got.returncode))
        with open(pack, "r+b") as f:
            f.seek(at)
            f.write(was)
print(wrong)
sys.exit(1 if wrong or len(places) < 2 else 0)
P
t 'a damaged byte of a header' python3 "$TMP/headers.py" "$DIG"

# ---- Disks ----------------------------------------------------------------

new_repo disk
bytes disk 20000 >f
save first
size=$(wc -c <.dig/packs/000001.pack)
echo second >g
save second
rm .dig/packs/*.tail
bad() { LD_PRELOAD=$PRELOAD/eio.so DIG_EIO=000001.pack:100:10 "$DIG" "$@"; }
t 'a sector that cannot be read does not stop the rest' bad cat HEAD:g
t_fails 5 'what stands in it is named' 'chunk' bad cat HEAD:f
t 'add and commit go on' sh -c 'echo third >h && LD_PRELOAD=$1 \
	DIG_EIO=000001.pack:100:10 "$DIG" add h && LD_PRELOAD=$1 \
	DIG_EIO=000001.pack:100:10 "$DIG" commit -m third' x "$PRELOAD/eio.so"
t 'fsck goes through' sh -c '! LD_PRELOAD=$1 DIG_EIO=000001.pack:100:10 \
	"$DIG" fsck >"$2" 2>&1 && grep -q ":f: chunk" "$2"' x "$PRELOAD/eio.so" \
	"$TMP/said"
no_fsck

new_repo nolink
bytes nolink 20000 >f
save first
cp .dig/packs/000001.pack "$TMP/good.pack"
zeros .dig/packs/000001.pack 500 20
cp .dig/packs/000001.pack "$TMP/damaged"
t_exit 12 'where there are no hard links' \
	env DIG_NO_LINK=1 LD_PRELOAD="$PRELOAD/eio.so" "$DIG" fsck --repair
t 'the pack is right' cmp .dig/packs/000001.pack "$TMP/good.pack"
t 'and the old one kept' cmp .dig/quarantine/000001.pack.* "$TMP/damaged"

finish
