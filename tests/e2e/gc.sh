#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig gc: what nothing names goes, and nothing else.
. "${0%/*}/lib.sh"

if [ "${SANITIZED:-0}" = 1 ]; then MB=4; else MB=100; fi

# sum_of REV: every file of a commit, by name and content.
sum_of()
{
	dig ls-tree -r --name-only "$1" | while IFS= read -r _f; do
		printf '%s ' "$_f"
		dig cat "$1:$_f" | sha256sum
	done | sha256sum
}

# kb DIR: what its files hold, in KiB.
kb()
{
	du -sk --apparent-size "$1" | cut -f1
}

packs()
{
	ls .dig/packs/*.pack 2>/dev/null | wc -l
}

# ---- A large commit that is taken back ---------------------------------

new_repo large
for i in 1 2 3 4 5; do
	seq "$i" 4000 >lines
	seq "$i" 9 >"small$i"
	save "commit $i"
done
before=$(kb .dig)
want=$(sum_of HEAD)
older=$(sum_of HEAD~3)
bytes large $((MB * 700000)) >big
mkdir many
bytes many $((MB * 300000)) | split -a 3 -b 250000 - many/
save 'too much'
gone=$(dig rev-parse HEAD)
dig tag -a -m 'a tag of it' wrong
dig tag -d wrong >/dev/null
t 'a commit is taken off the branch' dig reset --hard HEAD~1
full=$(kb .dig)
t_has 'operations that undo keeps hold on to it' 'Nothing to delete' dig gc
t_has 'a dry run says what would go' 'Would delete or rewrite' \
	dig gc -n --keep-ops 0
t_eq 'and changes nothing' "$full" "$(kb .dig)"
t_has 'gc deletes it' 'Deleted or rewrote' dig gc --keep-ops 0
after=$(kb .dig)
[ $((full - after)) -ge $((MB * 950)) ]
t_eq "it frees 95 of 100 (KiB: $full, then $after)" 0 $?
t_has 'nothing is left to do' 'Nothing to delete' dig gc --keep-ops 0
t 'what is left is whole' dig fsck
t_eq 'HEAD has what it had' "$want" "$(sum_of HEAD)"
t_eq 'and so has an older commit' "$older" "$(sum_of HEAD~3)"
t_fails 4 'the commit is gone' 'no revision' dig cat "$gone:big"
t_has 'the list of operations says where it begins' 'The list begins here' \
	dig undo --list
t_fails 1 'there is nothing to take back' 'nothing to take back' dig undo
t_fails 4 'nor by number' "'dig gc' has kept" dig undo 3
t_has 'the reflog begins with it' 'gc' dig reflog
t_out 'with one place' 1 sh -c '"$DIG" reflog | wc -l'
bytes large 300000 >again
save 'after gc'
t 'commits go on' dig fsck
t 'an operation can be taken back' dig undo
t 'it was done after all' dig undo
t 'the index is made anew' dig fsck --rebuild-index
bytes large $((MB * 700000)) >big
t 'what was deleted can be added anew' dig add big
t_eq 'and read' "$(sha256sum <big)" "$(dig cat :big | sha256sum)"

# ---- What undo keeps ----------------------------------------------------

new_repo keeps
for i in 1 2 3 4 5 6; do
	bytes "keep$i" 200000 >file
	save "version $i"
done
dig reset --hard HEAD~4 >/dev/null
for i in 1 2; do
	dig commit --allow-empty -m "empty $i" >/dev/null
done
t_out 'a json document says what was done' 'True 3' sh -c \
	'"$DIG" gc --keep-ops 3 --json | python3 -c "
import json, sys
d = json.load(sys.stdin)
print(d[\"folded_operations\"] > 5, d[\"kept_operations\"])"'
t_out 'so many operations are left' 4 sh -c '"$DIG" undo --list | wc -l'
t 'the first that is kept is taken back' sh -c \
	'"$DIG" undo $("$DIG" undo --list | sed -n "3s/^ *\([0-9]*\).*/\1/p")'
t_out 'and with it the commits that were reset away' 'version 6' \
	dig log -1 --format=%s
t 'with their files' dig fsck
bytes keep6 200000 >wanted
t_same 'byte for byte' file wanted
rm wanted
t_eq 'the configuration says how many' '' "$(dig config gc.keepOps 2)"
dig gc >/dev/null
t_out 'two' 3 sh -c '"$DIG" undo --list | wc -l'
v=$(dig sql 'select commit_id, new_chunks, raw_bytes from v_layers order by 1')
dig gc --keep-ops 0 >/dev/null
dig fsck --rebuild-index >/dev/null
t_eq 'what commits cost is known to an index that is made anew' "$v" \
	"$(dig sql 'select commit_id, new_chunks, raw_bytes from v_layers
		order by 1')"

# ---- Staging, operations in progress, tags ------------------------------

new_repo progress
write a one
save base
dig switch -q -c side
write a two
save side
dig switch -q main
write a three
save main
dig tag -a -m 'to keep' v1 HEAD~1
dig merge side >/dev/null 2>&1
bytes staged 90000 >staged
dig add staged
bytes dead 500000 >dead
dig add dead
dig rm -q --cached dead
rm dead
t 'gc while a merge waits' dig gc --keep-ops 0
t 'all of it is whole' dig fsck
t_has 'the merge still waits' 'UU a' dig status --porcelain
t_eq 'what is staged is there' "$(sha256sum <staged)" \
	"$(dig cat :staged | sha256sum)"
t 'the merge can be given up' dig merge --abort
t 'the tag leads to its commit' dig show v1
t_eq 'with its file' one "$(dig cat v1:a)"

# A stash, and commits that wait to be copied from a branch that is gone.
write a three edited
write new "put aside"
dig stash push -q -u
dig switch -q -c copies HEAD~1
write a other
save other
dig switch -q -c source HEAD~1
write a one more
save 'in conflict'
bytes copied 60000 >copied
save 'to be copied'
dig switch -q copies
dig cherry-pick source~1 source >/dev/null 2>&1
dig branch -D source >/dev/null
t 'gc while copies of commits wait' dig gc --keep-ops 0
write a other one
dig add a
t 'they go on' dig cherry-pick --continue
t_eq 'with what they need' "$(bytes copied 60000 | sha256sum)" \
	"$(dig cat HEAD:copied | sha256sum)"
dig switch -q main
t 'what was stashed' dig stash pop
t_out 'comes back' 'put aside' cat new

# ---- Deltas on bases that are not in use --------------------------------

new_repo deltas
seq 1 20000 >f
save first
for i in 2 3 4 5 6 7 8 9; do
	sed -i "${i}000s/.*/changed $i/" f
	save "change $i"
done
want=$(sha256sum <f)
# A new root with the last version only: all its bases are dead.
cp f ../f
tree=$(dig rev-parse HEAD)
dig reset --hard HEAD~8 >/dev/null
cp ../f f
bytes ballast 400000 >ballast
save 'the last version again'
rm ballast
save 'no ballast'
dig reset --hard HEAD~1 >/dev/null
t 'gc keeps what deltas need' dig gc --keep-ops 0
t 'every object is whole' dig fsck
t_eq 'and so is the file' "$want" "$(dig cat HEAD:f | sha256sum)"
t_fails 4 'the old commits are gone' 'no revision' dig log "$tree"

# ---- Refusals -----------------------------------------------------------

t_fails 2 'no operand' 'takes no operand' dig gc now
t_fails 2 'no number below nought' 'keep-ops' dig gc --keep-ops=-1
mkdir ../plain && cd ../plain || exit 1
t_exit 3 'not a repository' dig gc
cd ../deltas || exit 1

new_repo damaged
bytes a 300000 >a
bytes b 300000 >b
save one
git_free=$(dig rev-parse HEAD)
bytes c 900000 >c
save two
dig reset --hard -q "$git_free" 2>/dev/null || dig reset --hard "$git_free" \
	>/dev/null
cp -r .dig ../damaged.dig
no_fsck
printf 'XXXXXXXX' | dd of="$(ls .dig/packs/*.pack | head -1)" bs=1 \
	seek=2000 conv=notrunc 2>/dev/null
before=$(cd .dig/packs && cat ./*.pack | sha256sum)
t_fails 5 'a damaged pack is left alone' 'damaged' dig gc --keep-ops 0
t_fails 5 'with a hint' 'fsck --repair' dig gc --keep-ops 0
t_eq 'byte for byte' "$before" "$(cd .dig/packs && cat ./*.pack | sha256sum)"
t_exit 12 'it can be repaired' dig fsck --repair
t_has 'then gc does its work' 'Deleted or rewrote' dig gc --keep-ops 0
t 'and all is whole' dig fsck
dig config gc.keepOps 0
rm -r .dig
cp -r ../damaged.dig .dig
rm .dig/packs/*.pack .dig/packs/*.tail
t_fails 5 'nothing is deleted when something is missing' 'missing' \
	dig gc --keep-ops 0

# ---- Objects that are easily overlooked ------------------------------------
# A pack is moved aside for one command, so that the next begins another one.

aside() { mkdir -p ../aside && mv .dig/packs/*.pack ../aside/; }
back() { mv ../aside/*.pack .dig/packs/; }

# One byte in a frame of much: its share of the frame is no byte at all.
new_repo share
python3 -c 'import random
random.seed(1)
for i in range(100, 400):
    with open("f%d" % i, "w") as f:
        f.write(" ".join("%06d word word word word" % random.randrange(10**6)
                         for _ in range(40)))'
printf x >f200
save one
aside
find . -maxdepth 1 -name 'f*' ! -name f200 -exec rm {} +
dig add -A 2>"$ERR"
dig commit -q --amend -m two 2>"$ERR"
back
t 'a small object in a large frame' dig gc -q --keep-ops 0
t_out 'stays' x dig cat HEAD:f200

# Three packs that are open: what is copied out of the third also stands in the
# first, where the second has to find it.
new_repo hide
python3 -c 'import random
random.seed(1)
for i in range(600):
    print("%032x" % random.getrandbits(128))' >file
save base
junk()
{
	bytes "$1" 15000 >junk
	save "junk $1"
	dig reset -q --hard HEAD~1
}
junk 1
aside
dig switch -q -c a
sed -i '5s/$/ one/' file
save one
junk 2
back
aside
dig switch -q main 2>"$ERR"
dig switch -q -c b
sed -i '7s/$/ two/' file
save two
junk 3
back
sums() { for i in main a b; do dig cat "$i:file" | sha256sum; done; }
sums >"$TMP/sums"
t 'a base that stands in two packs' dig gc -q --keep-ops 0
sums >"$TMP/sums.after"
t 'is found' cmp "$TMP/sums" "$TMP/sums.after"

# A switch that was killed half-way is finished by what the journal says of it.
if [ -z "${SANITIZED:-}" ]; then
	new_repo killed
	for i in 1 2 3 4 5 6 7 8; do write "f$i" "one $i"; done
	save one
	dig switch -q -c two
	for i in 1 2 3 4 5 6 7 8; do write "f$i" "two $i"; done
	save two
	strace -f -qq -o "$TMP/trace" -e trace=renameat2 \
		-e inject=renameat2:signal=SIGKILL:when=4 \
		"$DIG" switch -q main 2>"$ERR"
	t_has 'a killed switch' 'has not finished' dig status
	t_fails 1 'is not collected' "'dig undo'" dig gc --keep-ops 0
	t 'before it is finished' dig switch -q main
	t 'then it is' dig gc -q --keep-ops 0
	t_out 'and all is clean' '' dig status -s
fi
finish
