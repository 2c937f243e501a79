#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig blame. N is how many random histories are compared with git's.
. "${0%/*}/lib.sh"
need git python3

# ids: each commit's id as its subject in brackets, of any length.
ids()
{
	dig log --all --format='%H %s' >"$TMP/ids"
	python3 -c 'import re, sys
ids = dict(l.split(" ", 1) for l in open(sys.argv[1]).read().splitlines())
def name(m):
    found = [s for i, s in ids.items() if i.startswith(m.group(0))]
    return "[%s]" % found[0] if found else m.group(0)
for line in sys.stdin:
    sys.stdout.write(re.sub(r"[0-9a-f]{10,64}", name, line))' "$TMP/ids"
}

# blame WORD...: what it prints, with subjects in place of ids.
blame()
{
	(set -e; dig blame "$@" >"$TMP/blamed"; ids <"$TMP/blamed")
}

new_repo
t_fails 4 'no commit yet' 'has no commit yet' dig blame a
write a one two three
save c1
write a one TWO three four
save c2
dig mv a b
save c3
write b one TWO three four five
save c4
t_out 'each line its commit' "^[c1] a (A U Thor 2023-11-14 22:15:20 +0000 1) one
[c2] a (A U Thor 2023-11-14 22:16:20 +0000 2) TWO
^[c1] a (A U Thor 2023-11-14 22:15:20 +0000 3) three
[c2] a (A U Thor 2023-11-14 22:16:20 +0000 4) four
[c4] b (A U Thor 2023-11-14 22:18:20 +0000 5) five" blame b
t_out 'in a commit' '[c1] 1) one
[c1] 2) two
[c1] 3) three' blame -s --root HEAD~3 a
t_out 'with the path first, as git takes it' '[c4] 5) five' \
	blame -s -L5 b HEAD
t_out 'addresses, numbers and seconds' \
	'[c2] a 2 (<author@example.com> 1700000180 +0000 2) TWO' \
	blame -e -n -t -L2,+1 b
t_out 'tabs' "[c2]	(  A U Thor	2023-11-14 22:16:20 +0000	2)TWO" \
	blame -c -L2,2 b
t_out 'whole ids' "$(dig rev-parse HEAD) 5) five" dig blame -s -l -L5 b
t_out 'no id at the boundary' '            a 1) one' dig blame -s -b -L1,1 b
t_out 'ids of a length' "$(dig rev-parse HEAD | cut -c1-6) 5) five" \
	dig blame -s --abbrev=5 -L5 b
t_out 'lines are found' '[c2] a 2) TWO
^[c1] a 3) three' blame -s -L'/^T/,/r/' b
t_out 'several ranges, each line once' '^[c1] a 1) one
[c2] a 2) TWO
[c4] b 5) five' blame -s -L5 -L1,2 -L,2 b
t_out 'the next range looks on from the last' '[c2] a 2) TWO
^[c1] a 3) three' blame -s -L/TWO/,+1 -L/e$/,+1 b
t_out 'a range of the history' '^[c2] a 1) one
^[c2] a 2) TWO
^[c2] a 3) three
^[c2] a 4) four
[c4] b 5) five' blame -s HEAD~2..HEAD b
t_out 'the same' '^[c2] a 1) one' blame -s -L1,1 ^HEAD~2 HEAD b
t_out 'nothing older' '^[c2] a 1) one' \
	blame -s -L1,1 --since=@1700000200 HEAD b

cat >"$TMP/porcelain" <<'X'
[c2] 2 2 1
author A U Thor
author-mail <author@example.com>
author-time 1700000180
author-tz +0000
committer C O Mitter
committer-mail <committer@example.com>
committer-time 1700000180
committer-tz +0000
summary c2
previous [c1] a
filename a
	TWO
[c1] 3 3 1
author A U Thor
author-mail <author@example.com>
author-time 1700000120
author-tz +0000
committer C O Mitter
committer-mail <committer@example.com>
committer-time 1700000120
committer-tz +0000
summary c1
boundary
filename a
	three
[c2] 4 4 1
	four
X
t_out 'for programs' "$(cat "$TMP/porcelain")" blame --porcelain -L2,4 b
t_eq 'the details of a line each' 3 \
	"$(dig blame --line-porcelain -L2,4 b | grep -c '^summary ')"
t_has 'json' '"line":5,"commit":"' dig blame --json b

# The work tree.
write b one TWO 3 four five
t_has 'an edit is not committed' '00000000000 b (Not Committed Yet ' \
	dig blame b
t_has 'nor has it a commit in json' '"line":3,"commit":null' dig blame --json b
dig mv b c
t_out 'a rename that is not committed' '^[c1] a 1) one
[c2] a 2) TWO
00000000000 c 3) 3
[c2] a 4) four
[c4] b 5) five' blame -s c
write new
t_fails 4 'a file that is not tracked' "there is no 'new' in HEAD" dig blame new
dig reset -q --hard && rm new
rm b
t_fails 4 'a file that is gone' "there is no 'b' in the work tree" dig blame b
t 'but not from the commit' dig blame HEAD -- b
dig restore b
mkdir sub
cd sub || exit 1
t_out 'from a folder' '[c2] a 2) TWO' blame -s -L2,2 ../b
cd ..

# Without the index, which knows who touched what.
cp -R . "$TMP/other" && cd "$TMP/other" || exit 1
blame b >"$TMP/with"
dig tag -f aside HEAD >"$OUT"
id=$(dig rev-parse HEAD)
dig reset -q --hard HEAD~1
dig tag -d aside >"$OUT"
dig blame "$id" -- b | cut -d' ' -f2- >"$TMP/without"
t_eq 'a commit that no ref reaches' "$(cut -d' ' -f2- "$TMP/with")" \
	"$(cat "$TMP/without")"
cd "$TMP/repo" || exit 1

# Conflicts: both sides are parents.
dig switch -q -c side HEAD~1
write b one side three four
save c5
dig switch -q main
write b one main three four five
save c6
dig merge side >"$OUT" 2>"$ERR"
t_out 'a merge that is not finished' '^[c1] a 1) one
00000000000 b 2) <<<<<<< HEAD
[c6] b 3) main
00000000000 b 4) =======
[c5] b 5) side
00000000000 b 6) >>>>>>> side
^[c1] a 7) three
[c2] a 8) four
[c4] b 9) five' blame -s b
write b one main side three four five
save c7
t_out 'and one that is' '^[c1] a 1) one
[c6] b 2) main
[c5] b 3) side
^[c1] a 4) three
[c2] a 5) four
[c4] b 6) five' blame -s b
t_out 'by first parents' '[c7] 3) side' blame -s --first-parent -L3,3 b

# What is cheap: only commits that touched the file are compared.
for i in 1 2 3 4 5 6 7 8 9 10; do
	write other $i
	dig add other && dig commit -q -m "o$i"
done
t_has 'commits in between are not compared' 'blame: 6 comparisons' \
	sh -c 'DIG_TRACE=1 "$DIG" blame b 2>&1 >/dev/null'

# Odd files.
: >empty
printf 'no end' >noend
printf 'a\0b\n\377\n' >binary
ln -s target link
save odd
t_out 'an empty file' '' dig blame empty
t_out 'a last line without an end' '[odd] 1) no end' blame -s noend
t_eq 'bytes are bytes' "$(od -c binary)" \
	"$(dig blame -s binary | cut -d' ' -f3- | od -c)"
t_out 'a link has its target' '[odd] 1) target' blame -s link
t_out 'blanks do not count' "[odd] 1) no  end" \
	sh -c 'printf "no  end\n" >noend; "$DIG" add noend
		"$DIG" commit -q -m blank
		"$DIG" blame -s -w noend | sed "s/^[^ ]*/[odd]/"'

t_fails 2 'no such line' "'b' has 6 lines, -L 7 is beyond" dig blame -L7 b
t_fails 2 'no range' 'this is no range of lines' dig blame -L1,x b
t_fails 2 'no line 0' 'lines count from 1' dig blame -L0 b
t_fails 2 'no match' 'no line matches' dig blame -L/zz/ b
t_fails 2 'a folder' 'names a folder' dig blame sub/
t_fails 2 'two files' 'blame takes one file' dig blame -- a b
t_fails 2 'two commits' 'begins at one commit' dig blame HEAD side b
t_fails 4 'no such file' "there is no 'zz' in" dig blame HEAD zz
t_fails 4 'no such revision' "'zz'" dig blame zz b
t_fails 2 'annotate' "'dig blame -c PATH'" dig annotate b
t_fails 2 'outside of the tree' 'outside' dig blame ../x

# ---- random histories ----------------------------------------------------

n=8
[ "${SOAK:-0}" = 1 ] && n=3000
[ "${SANITIZED:-0}" = 1 ] && n=2
seed=${SEED:-$(($(date +%s) % 100000))}
t "random histories as git has them, seed $seed" python3 \
	"$ROOT/tests/e2e/blame-random.py" "$DIG" "$TMP/random" "$seed" "${N:-$n}"
finish
