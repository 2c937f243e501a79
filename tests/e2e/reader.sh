#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2317 # the functions are called through t
#
# The second implementation: tests/reader/digread.py, made from docs/format.md
# alone, reads what dig wrote, without index.db. Every id is computed anew,
# and every file of every commit is compared with what dig gives.
. "${0%/*}/lib.sh"
need python3 zstd

reader() { python3 "$ROOT/tests/reader/digread.py" "$@"; }

# export_is_same REPO: all its commits, as the reader and as dig write them.
export_is_same()
{
	rm -rf "$TMP/theirs" "$TMP/ours" "$TMP/copy.dig"
	mkdir "$TMP/ours"
	cp -r "$1/.dig" "$TMP/copy.dig" && rm -f "$TMP"/copy.dig/index.db*
	reader "$TMP/copy.dig" --export "$TMP/theirs" >"$TMP/reader.out" ||
		return 1
	rm -rf "$TMP/copy.dig"
	grep '^commit ' "$TMP/reader.out" | while read -r _ id root _; do
		dig -C "$1" checkout -q --into "$TMP/ours/$id" "$id" || exit 1
		[ "$(dig -C "$1" root "$id")" = "$root" ] || exit 1
	done || return 1
	diff -r --no-dereference "$TMP/ours" "$TMP/theirs" || return 1
	modes "$TMP/ours" >"$TMP/a" && modes "$TMP/theirs" >"$TMP/b" &&
		cmp "$TMP/a" "$TMP/b"
}
modes() { (cd "$1" && find . -type f -perm -u+x | LC_ALL=C sort); }
commits() { grep -c '^commit ' "$TMP/reader.out"; }
breaks() { ! reader "$@"; }

new_repo small
t 'a repository without commits' reader .dig
# Every border of the chunker, and one byte beside it.
: >empty
for n in 1 2 4095 32767 32768 32769 131072 524287 524288 524289 1048577; do
	bytes "size $n" "$n" >"random-$n"
	yes 'the same line again' | head -c "$n" >"text-$n"
done
head -c 1048576 /dev/zero >zeros
ln -s target link
ln -s "$(printf '%04000d' 7)" far-link
write run '#!/bin/sh' && chmod +x run
mkdir -p a/b/c 'sp ace' && write a/b/c/deep x && write 'sp ace/f' y
printf x >"$(printf 'new\nline')"
printf x >"$(printf '\377\376 no utf-8 \001')"
printf x >"$(printf 'quote"back\\tab\t')"
printf x >./-dash
printf x >"$(printf '%0255d' 1)"
write "o'); DROP TABLE staging;--" z
save first

# Versions of one file (a chain of deltas), of a large one, of a folder.
mkdir wide
for i in $(seq 200); do
	write "wide/file-$i" "$i"
done
seq 30000 >versions
save many
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do
	sed "s/^${i}000\$/changed $i/" versions >v && mv v versions
	write "wide/file-$i" "changed $i"
	save "version $i"
done
{ head -c 400000 random-1048577; echo inserted; tail -c 648577 \
	random-1048577; } >r && mv r random-1048577
rm -r a 'text-1' && mkdir text-1 && write text-1/now-a-folder x
rm link && write link 'now a file'
chmod -x run
save moved
t 'every commit is the same' export_is_same "$TMP/small"
t_eq 'all commits are there' 21 "$(commits)"

new_repo bulk
bytes bulk 20000000 >big
bytes bulk2 9000000 >bigger
write small x
save first
{ bytes before 3000; cat big; } >b && mv b big
save second
t 'bulk packs' export_is_same "$TMP/bulk"

new_repo staged
write one 1
dig add one >"$OUT"
t 'what is staged only' reader .dig
write two 2
save both
t 'and then committed' export_is_same "$TMP/staged"

# It is a check, too: one byte, anywhere, and it says so.
cp -r "$TMP/staged/.dig" "$TMP/bad"
for name in packs/000001.pack journal; do
	cp "$TMP/staged/.dig/$name" "$TMP/bad/$name"
	printf '\125' | dd of="$TMP/bad/$name" bs=1 seek=200 conv=notrunc \
		2>"$ERR"
	t "a byte of $name changed" breaks "$TMP/bad"
	cp "$TMP/staged/.dig/$name" "$TMP/bad/$name"
done
finish
