#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2317,SC2094 # functions called through t; one file
#
# dig fsck: a whole repository passes, each sort of damage is named with what
# is lost by it, the index is compared and made anew.
. "${0%/*}/lib.sh"
need python3 sqlite3

# flip FILE OFFSET: one bit; a negative offset counts from the end.
flip()
{
	python3 - "$1" "$2" <<'END'
import os, sys
fd = os.open(sys.argv[1], os.O_RDWR)
at = int(sys.argv[2])
at += os.fstat(fd).st_size if at < 0 else 0
os.pwrite(fd, bytes([os.pread(fd, 1, at)[0] ^ 16]), at)
END
}
# place KIND: pack file and middle of the record of the last object of a kind.
place()
{
	sqlite3 "file:.dig/index.db?immutable=1" "SELECT printf('.dig/packs/%06d.pack', pack),
		offset + 45 + (stored_bytes - 45) / 2 FROM v_objects
		WHERE kind = '$1' ORDER BY pack DESC, offset DESC LIMIT 1" |
		tr '|' ' '
}
damage()
{
	place "$1" >"$TMP/place"
	read -r _pack _at <"$TMP/place"
	flip "$_pack" "$_at"
}
keep() { rm -rf "$TMP/kept" && cp -r .dig "$TMP/kept"; }
restore_all() { rm -rf .dig && cp -r "$TMP/kept" .dig; }
# says TEXT: fsck exits 5 and prints it.
says()
{
	_text=$1
	shift
	dig fsck "$@" >"$TMP/said" 2>&1
	[ $? -eq 5 ] && grep -qF -e "$_text" "$TMP/said" && return
	cat "$TMP/said"
	return 1
}
json() { python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"; }
counts() { dig fsck --json | json "d['damaged'], d['lost'], d['differs']"; }

new_repo
# Without parity, so that what is damaged is lost. parity.sh has the rest.
dig config parity.parity 0
t_has 'nothing to check' 'checked 0 packs' dig fsck -v
bytes single 30000 >single
bytes large 1500000 >large
write dir/a a && write dir/b b && ln -s a dir/link && : >empty
save first
write dir/a aa && bytes other 30000 >other
save second
write dir/c c
dig add dir/c >"$OUT"
t_has 'the full check' '2 commits' dig fsck
t_has 'all counts' 'rows of the index compared' dig fsck -v
t_has 'the quick check' 'checked 1 pack, ' dig fsck --quick
t_out 'JSON' '0 0 0' sh -c "dig() { \"$DIG\" \"\$@\"; }; dig fsck --json |
	python3 -c 'import json, sys; d = json.load(sys.stdin)
print(d[\"damaged\"], d[\"lost\"], d[\"differs\"])'"
t_fails 2 'no operands' 'no operand' dig fsck x
keep

# What is damaged, and what is lost by it.
damage content
t 'a content node: its place' says 'damaged: packs/000001.pack at '
t 'a content node: the file' says ':large:'
t 'the quick check sees it' says 'checksum' --quick
t_out 'other files can be read' b dig cat HEAD:dir/b
restore_all
damage commit
t 'a commit: its record' says ': commit '
t 'a commit: what it is' says 'lost: '
t_eq 'and the one before is looked at' 1 \
	"$(dig fsck --json 2>"$ERR" | json "d['commits']")"
restore_all
damage tree
t 'a tree node' says ': tree '
restore_all
second=$(dig rev-parse HEAD | cut -c1-12)
python3 - <<'END'
import sqlite3, os
# The record of the chunk that holds `other`, found by its hash.
import hashlib
want = hashlib.sha256(open("other", "rb").read()).hexdigest()
db = sqlite3.connect("file:.dig/index.db?immutable=1", uri=True)
pack, at, n = db.execute("SELECT pack, offset, stored_bytes FROM v_objects "
                         "WHERE id = ?", (want,)).fetchone()
fd = os.open(".dig/packs/%06d.pack" % pack, os.O_RDWR)
at += 5000
os.pwrite(fd, bytes([os.pread(fd, 1, at)[0] ^ 1]), at)
END
t 'a chunk: path and commit' says "lost: $second:other:"
t_eq 'one record, one file in two places' '1 1 0' "$(counts 2>"$ERR")"
restore_all

# Behind damage the check goes on: a hole over headers of records.
size=$(stat -c %s .dig/packs/000001.pack)
dd if=/dev/zero of=.dig/packs/000001.pack bs=1 seek=$((size / 2)) count=3000 \
	conv=notrunc 2>"$ERR"
t 'a hole' says 'damaged: packs/000001.pack at '
t_out 'what stands behind it is read' b dig cat HEAD:dir/b
restore_all
truncate -s $((size - 10)) .dig/packs/000001.pack
t 'a pack that is too short' says 'damaged: packs/000001.pack'
restore_all
flip .dig/packs/000001.pack 20
t 'the header of a pack' says 'damaged: packs/000001.pack: '
restore_all
rm .dig/packs/000001.pack
t 'a pack that is gone' says 'packs/000001.pack: the file is missing'
restore_all

# The journal and its copy.
flip .dig/journal.2 100
t 'the copy of the journal' says 'damaged: journal: journal.2 differs'
restore_all
rm .dig/journal.2
t 'the copy of the journal is gone' says 'journal.2 is missing'
restore_all

# Rows of the index that are not what packs and journal say. (The change is
# made by a program that keeps the page checksums, or the index is made anew.)
before=$(dig root --staged)
t_has 'rebuilding' 'rows of the index compared' dig fsck -v --rebuild-index
t_eq 'the staged root is the same' "$before" "$(dig root --staged)"
t 'and the index is whole' dig fsck
rm .dig/index.db
t 'an index that is gone is made anew' dig fsck
flip .dig/index.db 5000
t 'so is a damaged one' dig fsck --rebuild-index
t 'and passes' dig fsck
t_same 'what is committed is still there' dir dir
restore_all
t 'whole again' dig fsck
finish
