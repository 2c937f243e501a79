#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2317 # functions called through t
#
# scrub: what it finds, in which order it reads, and that it goes on.
. "${0%/*}/lib.sh"
need python3 sqlite3

query() { sqlite3 -cmd '.timeout 5000' .dig/index.db "$1"; }
# flip FILE OFFSET: one bit, and the same again to take it back.
flip()
{
	python3 - "$1" "$2" <<'PY'
import sys
with open(sys.argv[1], "r+b") as data:
    data.seek(int(sys.argv[2]))
    byte = data.read(1)[0]
    data.seek(int(sys.argv[2]))
    data.write(bytes([byte ^ 4]))
PY
}
# finds FILE OFFSET TEXT: a flip there is found, named and gone again.
finds()
{
	flip "$1" "$2"
	dig scrub >"$TMP/said" 2>&1
	_got=$?
	flip "$1" "$2"
	[ $_got -eq 5 ] && grep -qF "$3" "$TMP/said" &&
		grep -q "^hint: 'dig fsck --repair'" "$TMP/said" && return
	cat "$TMP/said"
	return 1
}

new_repo scrub
dig config parity.data 4
dig config parity.parity 1
t_out 'an empty repository' 'read 0 B of 0 B, 0 records' dig scrub
bytes one 17000000 >film
bytes ten 17000000 >film2
bytes two 3000000 >clip
write text 'some words'
save first
t_has 'never verified' 'verified: never' dig parity status
before=$(cat .dig/packs/* .dig/journal | cksum)
t_has 'all is read' 'read 35.3 MiB of 35.3 MiB, ' dig scrub
t_eq 'nothing is written but the cache' "$before" \
	"$(cat .dig/packs/* .dig/journal | cksum)"
t_eq 'all of it is noted' "$(query 'SELECT sum(bytes) FROM v_packs')" \
	"$(query 'SELECT sum(bytes) FROM v_scrub')"
t_eq 'once' 1 "$(query 'SELECT DISTINCT generation FROM v_scrub')"
t_has 'parity status says when' 'verified: 35.3 MiB of 35.3 MiB, the longest' \
	dig parity status
t_has 'by content not yet' '"deep_bytes":0,"deep_oldest":null' \
	dig parity --json
t 'by content' dig scrub --deep
t_eq 'now it was' "0|2" "$(query 'SELECT sum(deep_time IS NULL),
	max(generation) FROM v_scrub')"
t_has 'as JSON' '"damaged":0,"stopped":false,"recorded":true}' dig scrub --json

bulk=.dig/packs/000002.pack par=.dig/packs/000002.par
size=$(wc -c <$bulk)
t 'a flip in a record' finds $bulk 3000000 "packs/000002.pack at "
t 'in the last one' finds $bulk $((size - 5000)) 'packs/000002.pack'
t 'in a header of a pack' finds $bulk 3 'packs/000002.pack'
t 'in a cell of parity' finds $par 100000 'packs/000002.par: damaged'
t 'in a checksum that parity has' finds $par 70 'packs/000002.par: damaged'
tail=$(ls .dig/packs/000001.*.tail)
t 'in a mirror' finds "$tail" 300 "${tail#.dig/}: it and the pack differ"
pad=$(python3 - $bulk <<'PY'
import sys
data = open(sys.argv[1], "rb").read()
# Padding ends at a boundary: a zero before it that is in no record.
at = next(n for n in range(4096, 20 << 20, 4096)
          if data[n - 6:n] == bytes(6))
print(at - 1)
PY
)
t 'in padding, which only parity knows' finds $bulk "$pad" \
	'64 KiB do not match the checksum that parity has'
flip $bulk 3000000
t_exit 5 'what is damaged' dig scrub
t_eq 'does not count as verified' 1 "$(query 'SELECT
	(SELECT sum(bytes) FROM v_scrub) < (SELECT sum(bytes) FROM v_packs)')"
t_exit 12 'the hint is right' dig fsck --repair
t_not 'and then nothing is left' damaged dig scrub

# It goes on where it stopped: a second is over after about 5 MiB.
rm .dig/index.db
dig status >"$OUT"
t_has '--max-time and --rate' 'the next scrub goes on there' \
	dig scrub --max-time 1 --rate 5M
part=$(query 'SELECT sum(bytes) FROM v_scrub')
t_eq 'a part is noted' 1 "$((part > 1000000 && part < 25000000))"
t_has 'the next one' 'the next scrub goes on there' \
	dig scrub --max-time 1 --rate 5M
t_eq 'read another part' 1 \
	"$(($(query 'SELECT sum(bytes) FROM v_scrub') > part))"
t_eq 'and not the first again' 1 \
	"$(query 'SELECT max(generation) FROM v_scrub')"
t 'to the end' dig scrub
t_eq 'all of it is noted, too' "$(query 'SELECT sum(bytes) FROM v_packs')" \
	"$(query 'SELECT sum(bytes) FROM v_scrub')"
write text 'other words'
save second
t 'a pack that grew' dig scrub
t_eq 'has one row, not two' "$(query 'SELECT count(*) FROM v_packs')" \
	"$(query 'SELECT count(*) FROM v_scrub')"
t_eq 'as long as it is' "$(query 'SELECT sum(bytes) FROM v_packs')" \
	"$(query 'SELECT sum(bytes) FROM v_scrub')"

# Nobody waits, and it waits for nobody.
t_has 'under a lock it reads' '"recorded":false' \
	flock .dig/lock "$DIG" scrub --json
t_fails 2 'no duration' "'soon' is no duration" dig scrub --max-time soon
t_fails 2 'no rate' "'0' is no rate" dig scrub --rate 0
t_fails 2 'no operand' 'takes no operand' dig scrub x

finish
