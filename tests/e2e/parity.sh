#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2317 # functions called through t
#
# Parity: what is written, what it costs, reading damage, repair, and the words
# about it. crash/repair.py has the many kinds of damage.
. "${0%/*}/lib.sh"
need python3 strace

# spoil FILE OFFSET LENGTH
spoil()
{
	python3 - "$1" "$2" "$3" <<'END'
import sys
with open(sys.argv[1], "r+b") as data:
    data.seek(int(sys.argv[2]))
    old = data.read(int(sys.argv[3]))
    data.seek(int(sys.argv[2]))
    data.write(bytes(b ^ 90 for b in old))
END
}
sum() { cat "$@" | sha256sum; }
size() { wc -c <"$1"; }
files() { ls .dig/packs; }
gives() { "$DIG" cat "$1" 2>"$TMP/words" | cmp - "$2"; }
warned() { [ "$(grep -c warning "$TMP/words")" -eq "$1" ]; }
# says [OPTION]: fsck exits with $code and prints $text.
says()
{
	dig fsck "$@" >"$TMP/said" 2>&1
	[ $? -eq "$code" ] && grep -qF -e "$text" "$TMP/said" && return
	cat "$TMP/said"
	return 1
}

new_repo default
bytes hole 24000000 >film
write text 'some words'
save first
t_eq 'the files beside the packs' '000001.0000.tail 000001.pack 000002.0001.tail 000002.pack 000002.par' \
	"$(files | tr '\n' ' ' | sed 's/ $//')"
t_eq 'a group of 320 cells: 32 of parity, two heads' $((32 * 65536 + 2 * 2896)) \
	"$(size .dig/packs/000002.par)"
t 'the mirror is the whole of the small pack' \
	cmp .dig/packs/000001.pack .dig/packs/000001.0000.tail

cp -r .dig "$TMP/good"
spoil .dig/packs/000002.pack 3000000 1048576
mv film "$TMP/film"
before=$(sum .dig/packs/*)
t 'a hole of a megabyte is read over' gives HEAD:film "$TMP/film"
t 'one warning' warned 1
t 'it says what to type' grep -q "fsck --repair" "$TMP/words"
t_eq 'the reader wrote nothing' "$before" "$(sum .dig/packs/*)"
t_exit 12 '--strict' "$DIG" --strict cat HEAD:film
code=5 text='17 damaged cells of 64 KiB can be rebuilt from parity'
t 'fsck names it' says
t 'a dry run, too' says --repair -n
t_not 'and nothing is lost' '^lost' cat "$TMP/said"
code=12 text='17 damaged cells of 64 KiB were rebuilt from parity'
t 'fsck --repair' says --repair
t 'bit for bit' cmp .dig/packs/000002.pack "$TMP/good/packs/000002.pack"
t 'the old one is kept' sh -c 'ls .dig/quarantine | grep -q ^000002.pack'
t_exit 0 '--strict without damage' "$DIG" --strict cat HEAD:film
code=0 text=checked
t 'again: nothing to do' says --repair
t 'a dry run alone is refused' sh -c '! "$1" fsck -n 2>"$2"' x "$DIG" "$ERR"

rm .dig/packs/000001.pack .dig/packs/000002.par
t 'a small pack that is gone is read from its mirror' gives HEAD:text text
t 'one warning' warned 1
code=12 text='missing; made anew from the mirror'
t 'and made from it' says --repair
t 'as it was' cmp .dig/packs/000001.pack "$TMP/good/packs/000001.pack"
t 'the .par file is made anew' cmp .dig/packs/000002.par "$TMP/good/packs/000002.par"
t 'and whole' dig fsck
t_has 'the words' 'parity 20+2: 2 packs' dig parity
t_has 'and as JSON' '"covered":20971520,' dig parity status --json

# Damage in both: what is intact in either is neither lost nor given up.
new_repo both
for i in 1 2 3 4; do
	bytes "both$i" 60000 >"f$i"
	save "number $i"
done
write last last
save last
cp -r .dig "$TMP/good2"
mkdir "$TMP/f"
mv f1 f2 f3 f4 "$TMP/f"
pack=.dig/packs/000001.pack tail=.dig/packs/000001.0000.tail
rest_is_there()
{
	for i in "$@"; do
		gives "HEAD~1:f$i" "$TMP/f/f$i" || return 1
	done
}
spoil $pack 64 200000
spoil $tail 20000 1
before=$(sum $tail)
t 'behind records that are in neither, the mirror has the next' \
	rest_is_there 2 3 4
code=5 text='records are damaged, and the mirror has them no better'
t 'repair says so' says --repair
t 'and the pack got the others' rest_is_there 2 3 4
t_eq 'the mirror was left alone' "$before" "$(sum $tail)"

rm -r .dig
cp -r "$TMP/good2" .dig
truncate -s 100000 $pack
spoil $pack 90000 1
truncate -s $(($(size $tail) - 10)) $tail
before=$(sum $tail)
t 'a pack and a mirror that lost their ends' says --repair
t_eq 'the mirror is as long as it was' "$before" "$(sum $tail)"
t_eq 'and so is the pack' "$(size $tail)" "$(size $pack)"
t 'with what the mirror had' cmp -n 240000 $pack "$TMP/good2/packs/000001.pack"
rm -r .dig
cp -r "$TMP/good2" .dig

# Parity over a byte that was damaged then, and is right again now.
new_repo wrong
dig config parity.data 1
bytes wrong 300000 >film
save first
rm .dig/packs/*.tail
spoil .dig/packs/000001.pack 70000 1
bytes wrong2 1500000 >film2
save second
spoil .dig/packs/000001.pack 70000 1
mv film "$TMP/film"
before=$(sum .dig/packs/000001.pack)
code=12 text='packs/000001.par: damaged; made anew from the pack'
t 'records that are intact say that parity is wrong' says --repair
t_eq 'the pack stays' "$before" "$(sum .dig/packs/000001.pack)"
t 'and what it has' gives HEAD:film "$TMP/film"

new_repo off
dig config parity.parity 0
write a a
save first
t_eq 'parity.parity=0: only packs' 000001.pack "$(files)"
t_has 'and the words' 'no parity' dig parity
dig config parity.parity 2
write a b
save second
t_eq 'a pack keeps what it began with' 000001.pack "$(files)"

# Another geometry for packs that are there.
new_repo change
dig config parity.data 2
dig config parity.parity 1
bytes change 17000000 >film
bytes change2 2500000 >clip
save first
digest=$(sum .dig/packs/*.pack)
t_out 'set' "new packs get 4+2; 'dig parity build' changes those that are there" \
	dig parity set 4+2
t_has 'a pack keeps what it has' 'parity 2+1: 2 packs' dig parity
t_has 'build' '2 packs, ' dig parity build
t_not 'status' 'parity 2+1' dig parity
t_has 'the new one' 'parity 4+2: 2 packs' dig parity status
t_eq 'the packs are as they were' "$digest" "$(sum .dig/packs/*.pack)"
t_eq 'nothing is left aside' 0 "$(files | grep -c next)"
t_eq 'mirrors are those of the new groups' '000001.0000.tail 000002.0004.tail' \
	"$(files | grep tail | tr '\n' ' ' | sed 's/ $//')"
t 'all fits together' dig fsck
t_has 'again: nothing to do' '0 packs' dig parity build
mv film "$TMP/film"
cp .dig/packs/000002.pack "$TMP/good.pack"
spoil .dig/packs/000002.pack 4300000 1900000
t 'a hole that only the new parity gives back' gives HEAD:film "$TMP/film"
t_fails 5 'a damaged pack is left' 'damaged packs were left: 1' \
	sh -c '"$1" parity set 3+1 && "$1" parity build' x "$DIG"
t_has 'it keeps its parity' 'parity 4+2: 1 pack' dig parity
t_exit 12 'repair' dig fsck --repair
t 'bit for bit' cmp .dig/packs/000002.pack "$TMP/good.pack"
t_has 'build goes on' '1 pack, ' dig parity build
save second
t_has 'new bytes in it' 'parity 3+1: 2 packs' dig parity
t_has 'drop' 'no parity' dig parity drop
t_eq 'only packs are left' '000001.pack 000002.pack' "$(files | tr '\n' ' ' |
	sed 's/ $//')"
t_eq 'nor do new ones get any' 0 "$(dig config parity.parity)"
t_fails 2 'then build has nothing to build' "'dig parity set 20+2'" \
	dig parity build
touch .dig/packs/000001.0+0.tail.next .dig/packs/000001.1+1.par.next
t_has 'and back' '2 packs, ' sh -c '"$1" parity set 1+1 >"$2" && "$1" parity build' \
	x "$DIG" "$TMP/said"
t_eq 'what a kill left aside is gone' 0 "$(files | grep -c next)"
t_fails 2 'no geometry' "'20' is no geometry" dig parity set 20
t_fails 2 'too much of it' '65+2 is no geometry' dig parity set 65+2
t_fails 2 'no such word' "'set K+M', 'build' or 'drop'" dig parity gone

new_repo cost
dig config parity.data 1
bytes seed 900000 >seed
save first
# Until the group is full a commit costs its bytes twice and the index.
worst=0
for i in 1 2 3; do
	write small "number $i"
	strace -f -e trace=write,pwrite64 -o "$TMP/trace" \
		"$DIG" add small >"$OUT" 2>&1
	strace -f -e trace=write,pwrite64 -o "$TMP/trace2" \
		"$DIG" commit -m "number $i" >"$OUT" 2>&1
	sum=$(cat "$TMP/trace" "$TMP/trace2" |
		awk '/ = [0-9]+$/ { n += $NF } END { print n }')
	[ "$sum" -le "$worst" ] || worst=$sum
done
t "a small commit writes $worst bytes, at most 262144" \
	[ "$worst" -gt 1000 -a "$worst" -le 262144 ]
finish
