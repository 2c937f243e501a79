#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Make the golden repository of the format that this dig writes:
#
#	tests/make-golden.sh build/dig fixtures
#
# writes fixtures/golden-1.tar.gz, a folder .dig without work tree, and
# fixtures/golden-1.txt, what must be in it: HEAD, the staged root, for each
# commit its id, its root and the SHA-256 of the list of its files, and that
# list for HEAD (mode, size, SHA-256, name). Once a version of dig is out, the
# files of its format are never made again: every later build opens them.
set -eu
DIG=$(realpath "$1")
OUT=$(realpath "$2")
LIST=$(realpath "${0%/*}")/reader/list.py
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
umask 022
HOME=$TMP/home
DIG_AUTHOR_NAME='A U Thor' DIG_AUTHOR_EMAIL=author@example.com
DIG_COMMITTER_NAME='C O Mitter' DIG_COMMITTER_EMAIL=committer@example.com
GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null LC_ALL=C
export HOME DIG_AUTHOR_NAME DIG_AUTHOR_EMAIL DIG_COMMITTER_NAME \
	DIG_COMMITTER_EMAIL GIT_CONFIG_NOSYSTEM GIT_CONFIG_GLOBAL LC_ALL
unset XDG_CONFIG_HOME DIG_DIR
mkdir "$HOME" "$TMP/golden" && cd "$TMP/golden"
clock=1700000000

bytes()
{
	python3 -c 'import random, sys
sys.stdout.buffer.write(random.Random(sys.argv[1]).randbytes(int(sys.argv[2])))' \
		"$1" "$2"
}
save()
{
	clock=$((clock + 3661))
	DIG_AUTHOR_DATE="$clock +0130" DIG_COMMITTER_DATE="$clock -0330"
	export DIG_AUTHOR_DATE DIG_COMMITTER_DATE
	"$DIG" add -A
	"$DIG" commit -m "$1" >/dev/null
}

"$DIG" init >/dev/null
# Empty, one byte, one chunk, the largest chunk, two chunks, many (in a bulk
# pack, nearly all of them the same); names, links, modes; a folder wide
# enough for a tree of two levels.
: >empty
printf x >one-byte
bytes a 5000 >random
head -c 524288 /dev/zero >zeros
head -c 524289 /dev/zero >zeros-and-one
{ head -c 17000000 /dev/zero; bytes b 3000; } >bulk
ln -s ../target link
printf '#!/bin/sh\n' >run && chmod +x run
mkdir -p deep/er/still wide 'sp ace'
printf 'deep\n' >deep/er/still/file
printf y >'sp ace/f'
printf n >"$(printf 'new\nline')"
printf u >"$(printf '\377 no utf-8')"
for i in $(seq 150); do
	printf '%s\n' "$i" >"wide/file-$i"
done
seq 4000 >versions
save first
# A chain of deltas of a file and of tree nodes, past the first 16 versions.
for i in $(seq 18); do
	sed "s/^${i}00\$/version $i/" versions >v && mv v versions
	printf 'changed %s\n' "$i" >"wide/file-$i"
	save "version $i

With a body, and a name: 名前."
done
# A file becomes a folder and a folder a file; things go away.
rm -r deep one-byte && mkdir one-byte && printf d >deep && printf f >one-byte/f
rm link empty && printf l >./link && chmod -x run
save moved
printf 's\n' >staged
"$DIG" add staged
"$DIG" rm --cached -q random

{
	printf 'head %s\n' "$("$DIG" rev-parse HEAD)"
	printf 'staged %s\n' "$("$DIG" root --staged)"
	for id in $("$DIG" log --format=%H); do
		printf 'commit %s %s\n' "$id" "$("$DIG" root "$id")"
		"$DIG" checkout -q --into "$TMP/out" "$id"
		python3 "$LIST" "$TMP/out" >"$TMP/list"
		printf 'files %s\n' "$(sha256sum <"$TMP/list" | cut -d' ' -f1)"
		[ -e "$TMP/head" ] || cp "$TMP/list" "$TMP/head"
		rm -rf "$TMP/out"
	done
	cat "$TMP/head"
} >"$OUT/golden-1.txt.new"
rm -f .dig/index.db-journal .dig/tmp/*
: >.dig/lock
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1700000000 \
	-cf - .dig | gzip -9n >"$OUT/golden-1.tar.gz.new"
mv "$OUT/golden-1.txt.new" "$OUT/golden-1.txt"
mv "$OUT/golden-1.tar.gz.new" "$OUT/golden-1.tar.gz"
ls -l "$OUT"/golden-1.*
