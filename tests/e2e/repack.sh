#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig repack: the same objects in less room, the newest the cheapest to read.
. "${0%/*}/lib.sh"

need git python3
if [ "${SANITIZED:-0}" = 1 ]; then COMMITS=40; else COMMITS=${N:-200}; fi

# packs_of DIR: bytes of its packs and their indexes, parity aside.
packs_of()
{
	cat "$1"/*.pack "$1"/*.idx 2>/dev/null | wc -c
}

# sums COMMIT...: every file of these commits.
sums()
{
	for _c; do
		rm -rf ../into
		"$DIG" checkout --into ../into "$_c" >/dev/null
		(cd ../into && find . -type f | LC_ALL=C sort |
			xargs sha256sum)
	done | sha256sum
}

# ---- A history, beside git's own ---------------------------------------

new_repo history
python3 - "$ROOT" "$COMMITS" ../stream <<'PY'
import sys
sys.path.insert(0, sys.argv[1] + "/tests/bench")
import data
data.history(sys.argv[3], int(sys.argv[2]), files=60)
PY
git init -q --bare ../git
git -C ../git fast-import --quiet <../stream
git -C ../git repack -qadf --window=50
git=$(packs_of ../git/objects/pack)
dig import git -q - <../stream
dig reset --hard >/dev/null
some="HEAD HEAD~1 HEAD~$((COMMITS / 2)) HEAD~$((COMMITS - 1))"
# shellcheck disable=SC2086
want=$(sums $some)
log=$(dig log --format='%H %T' | sha256sum)
before=$(packs_of .dig/packs)
files=$(cat .dig/packs/* .dig/journal | sha256sum)
t_has 'a dry run says what it would come to' 'Would repack' dig repack -n
t_eq 'and writes nothing' "$files" \
	"$(cat .dig/packs/* .dig/journal | sha256sum)"
t_has 'packs are written anew' 'Repacked' dig repack
after=$(packs_of .dig/packs)
[ "$after" -le "$git" ]
t_eq "they are no larger than git's (dig $before, then $after; git $git)" 0 $?
t 'every object is whole' dig fsck
# shellcheck disable=SC2086
t_eq 'every file is what it was' "$want" "$(sums $some)"
t_eq 'and so is every commit' "$log" "$(dig log --format='%H %T' | sha256sum)"
t 'the index is made anew from it' dig fsck --rebuild-index
t 'the second reader agrees' python3 "$ROOT/tests/reader/digread.py" \
	--no-cuts .dig
t_out 'a document says what was done' 'True 19 True' sh -c \
	'"$DIG" repack --level 19 --json | python3 -c "
import json, sys
d = json.load(sys.stdin)
print(d[\"bytes_after\"] <= d[\"bytes_before\"], d[\"level\"],
      0 < d[\"frames\"] < d[\"objects\"] // 20)"'
t "git's own words" dig repack -adf -q --level 1

# ---- What comes after ---------------------------------------------------

before=$(packs_of .dig/packs)
f=$(dig ls-files | head -1)
for i in 1 2 3 4 5; do
	echo "line $i" >>"$f"
	save "edit $i"
done
after=$(packs_of .dig/packs)
[ $((after - before)) -le 12000 ]
t_eq "versions are deltas of what was repacked ($((after - before)))" 0 $?
want=$(sha256sum <"$f")
dig reset --hard HEAD~1 >/dev/null
dig repack -q
t 'an operation can be taken back' dig undo
t_eq 'to what it was' "$want" "$(sha256sum <"$f")"
dig reset --hard HEAD~3 >/dev/null
t 'gc takes what is not in use' dig gc --keep-ops 0
t 'and leaves the rest whole' dig fsck

# ---- Chunks too large for a frame, and those of bulk packs --------------

new_repo large
seq 1 40000 >text
[ "${SANITIZED:-0}" = 1 ] || bytes huge 17000000 >huge
save 'first'
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	sed -i "$((i * 1500))s/.*/changed $i/" text
	save "change $i"
done
bulk=$(cat .dig/packs/000002.pack 2>/dev/null | sha256sum)
want=$(sums HEAD HEAD~10 HEAD~20)
dig repack --json >../json
t_out 'they are deltas of their newer versions' True python3 -c "
import json
d = json.load(open('../json'))
print(d['deltas'] >= 19 and d['bytes_after'] < d['bytes_before'])"
t 'every object is whole' dig fsck
t_eq 'every version is what it was' "$want" "$(sums HEAD HEAD~10 HEAD~20)"
[ "${SANITIZED:-0}" = 1 ] || t_eq 'the pack of a large file stays' "$bulk" \
	"$(sha256sum <.dig/packs/000002.pack)"
t 'once more' dig repack -q
t 'and nothing is lost' dig fsck

# ---- Refusals -----------------------------------------------------------

t_fails 2 'no operand' 'takes no operand' dig repack now
t_fails 2 'levels begin at 1' 'level' dig repack --level 0
t_fails 2 'and end at 19' 'level' dig repack --level 20
mkdir ../plain && cd ../plain || exit 1
t_exit 3 'not a repository' dig repack
new_repo empty
t_has 'an empty repository' 'Nothing to repack' dig repack
new_repo damaged
bytes a 30000 >a
save one
no_fsck
printf 'XXXXXXXX' | dd of=.dig/packs/000001.pack bs=1 seek=2000 conv=notrunc \
	2>/dev/null
before=$(cat .dig/packs/* | sha256sum)
t_fails 5 'a damaged pack is not repacked' 'fsck --repair' dig repack
t_eq 'but left alone' "$before" "$(cat .dig/packs/* | sha256sum)"
t_exit 12 'it can be repaired' dig fsck --repair
t 'and then repacked' dig repack
t 'to the last object' dig fsck

finish
