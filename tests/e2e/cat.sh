#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig cat: whole files, ranges, large files; only what is asked for is read.
. "${0%/*}/lib.sh"
need python3

new_repo
write a.txt one two
: >empty
mkdir dir && bytes 1 5000000 >dir/big
ln -s a.txt link
save 'first'
write a.txt later

slice() # FROM COUNT
{
	tail -c +$(($1 + 1)) dir/big | head -c "$2"
}
range() # FROM-TO FROM COUNT
{
	dig cat "--bytes=$1" HEAD:dir/big >"$TMP/got" 2>"$ERR"
	slice "$2" "$3" >"$TMP/wanted"
	t "bytes $1" cmp "$TMP/wanted" "$TMP/got"
}

t_out 'a file' 'one
two' dig cat HEAD:a.txt
t_out 'two files' 'one
two
a.txt' dig cat HEAD:a.txt HEAD:link
t_out 'an empty file' '' dig cat HEAD:empty
t_out 'staged' 'one
two' dig cat :a.txt
dig add a.txt
t_out 'staged anew' 'later' dig cat :a.txt
t_out 'HEAD is as it was' 'one
two' dig cat HEAD:a.txt
dig cat HEAD:dir/big >"$TMP/big"
t 'a large file' cmp dir/big "$TMP/big"
DIG_THREADS=1 "$DIG" cat HEAD:dir/big >"$TMP/big"
t 'with one thread' cmp dir/big "$TMP/big"
DIG_THREADS=7 "$DIG" cat HEAD:dir/big >"$TMP/big"
t 'with seven threads' cmp dir/big "$TMP/big"

range 0-0 0 1
range 0-4999999 0 5000000
range 4999999- 4999999 1
range 4999999-4999999 4999999 1
range 100- 100 4999900
range -1 4999999 1
range -5000000 0 5000000
range 32767-32768 32767 2
range 1000000-3999999 1000000 3000000
range 2500000-2500099 2500000 100
at=131071
while [ $at -lt 4900000 ]; do
	range $at-$((at + 65536)) $at 65537
	at=$((at + 777777))
done

for bad in 5000000- 5000000-5000001 0-5000000 -5000001 -0; do
	t_fails 2 "outside: $bad" '5000000 bytes' \
		dig cat --bytes=$bad HEAD:dir/big
done
for bad in '' 1 a 1-a 3-2 - 1--2 99999999999999999999- +1-2 ' 1-2'; do
	t_fails 2 "no range: '$bad'" '5000000 bytes' \
		dig cat "--bytes=$bad" HEAD:dir/big
done
t_fails 2 'an empty file has no byte' '0 bytes' dig cat --bytes=0-0 HEAD:empty
t_fails 2 'no operand' 'REV:PATH' dig cat
t_fails 2 'no colon' 'REV:PATH' dig cat a.txt
t_fails 2 'a folder' 'folder' dig cat HEAD:dir
t_fails 2 'the root' 'folder' dig cat HEAD:
t_fails 4 'no such file' 'nothing' dig cat HEAD:nothing
t_fails 4 'no such revision' 'nowhere' dig cat nowhere:a.txt

{
	dig cat HEAD:dir/big 2>"$ERR"
	echo $? >"$TMP/status"
} | head -c 1 >/dev/null
t_eq 'SIGPIPE is quiet' '0' "$(cat "$TMP/status" "$ERR")"
t_exit 1 'a full device is one' sh -c '"$DIG" cat HEAD:dir/big >/dev/full'

# A hundred bytes of a large file: a few chunks' worth of reading, not all.
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	ASAN_OPTIONS=exitcode=99:detect_leaks=0 \
		strace -f -e trace=pread64 -o "$TMP/trace" \
		"$DIG" cat --bytes=2500000-2500099 HEAD:dir/big >/dev/null
	t_eq 'a range reads what it needs' yes "$(awk -F= '
		/pread64/ { sum += $NF }
		END { print sum < 1500000 ? "yes" : sum }' "$TMP/trace")"
else
	skip 'a range reads what it needs' 'no strace'
fi
finish
