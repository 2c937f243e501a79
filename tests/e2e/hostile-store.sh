#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2317 # functions called through t
#
# Other things in the places of .dig's files: an index that is foreign, no
# file or garbage is made anew; a journal or pack that is no file is named.
# Nothing hangs, and nothing is written behind a link.
. "${0%/*}/lib.sh"
need timeout

new_repo other
write o o
save other
new_repo store
# A mirror would stand in for what is refused here.
dig config parity.parity 0
write f1 one
write d/f2 two
save first
write f1 more
save second
write staged text
dig add staged
log=$(dig log --oneline)
status=$(dig status -s)
cp -a "$TMP/store" "$TMP/good"

# begin NAME: the repository as it was, without the file NAME.
begin()
{
	cd "$TMP" && rm -rf store && cp -a good store && cd store &&
		rm -rf ".dig/$1"
}
soon() { timeout -s KILL 10 "$DIG" "$@"; }
# Everything is there, and the next commit works.
works()
{
	[ "$(soon log --oneline)" = "$log" ] || return
	[ "$(soon status -s)" = "$status" ] || return
	[ "$(soon cat HEAD:f1)" = more ] || return
	soon fsck && soon add -A && soon commit -m 'the next' && soon fsck
}
# refused N...: each command ends with one of these codes and a word, or 0.
refused()
{
	_bad=0
	for _c in 'log --oneline' status 'cat HEAD:f1' fsck 'add f1' \
		'commit -m x'; do
		# shellcheck disable=SC2086 # words
		soon $_c >"$TMP/o" 2>"$TMP/e"
		_code=$?
		case " 0 $* " in
		*" $_code "*) ;;
		*) echo "$_c: exit $_code" && _bad=1 ;;
		esac
		[ $_code -eq 0 ] || grep -q '^dig: ' "$TMP/e" || _bad=1
	done
	[ $_bad -eq 0 ] && ! soon cat HEAD:f1
}

begin index.db
t 'no index' works
begin index.db
cp "$TMP/other/.dig/index.db" .dig/index.db
t "another repository's index" works
begin index.db
mkdir .dig/index.db
t 'a folder for the index' works
begin index.db
mkfifo .dig/index.db
t 'a pipe for the index' works
begin index.db
cp "$TMP/good/.dig/index.db" "$TMP/outside.db"
cp "$TMP/outside.db" "$TMP/outside.before"
ln -s "$TMP/outside.db" .dig/index.db
t 'a link for the index' works
t 'what it points at is as it was' cmp "$TMP/outside.db" "$TMP/outside.before"
begin index.db
ln -s "$TMP/nowhere" .dig/index.db
t 'a dangling link for the index' works
t 'nothing is made there' [ ! -e "$TMP/nowhere" ]
begin index.db
bytes garbage 8000000 >.dig/index.db
t 'garbage for the index' works
begin index.db
truncate -s 50G .dig/index.db
t 'a huge file of nothing for the index' works

begin index.db-journal
mkfifo .dig/index.db-journal
t "a pipe for the index's journal" works
begin index.db-journal
mkdir .dig/index.db-journal
t "a folder for the index's journal" works
begin index.db-journal
ln -s "$TMP/outside.db" .dig/index.db-journal
t "a link for the index's journal" works
t 'what it points at is as it was' cmp "$TMP/outside.db" "$TMP/outside.before"

for name in journal journal.2 packs/000001.pack; do
	begin "$name"
	cp "$TMP/good/.dig/$name" "$TMP/outside"
	cp "$TMP/outside" "$TMP/outside.before"
	ln -s "$TMP/outside" ".dig/$name"
	t "a link for $name" refused 5 9
	t 'what it points at is as it was' \
		cmp "$TMP/outside" "$TMP/outside.before"
	begin "$name"
	mkfifo ".dig/$name"
	t "a pipe for $name" refused 5 9
	begin "$name"
	mkdir ".dig/$name"
	t "a folder for $name" refused 5 9
done
begin packs/000001.pack
t_fails 5 'a pack that is gone is named' '000001.pack is missing' \
	soon cat HEAD:f1
begin packs
t 'no folder of packs' refused 5 9
begin packs
cp -a "$TMP/good/.dig/packs" "$TMP/elsewhere"
ln -s "$TMP/elsewhere" .dig/packs
t 'a link for the folder of packs' refused 5 9
begin tmp
mkdir "$TMP/outside-tmp"
ln -s "$TMP/outside-tmp" .dig/tmp
t_exit 9 'a link for tmp' soon add f1
t 'nothing is made there' rmdir "$TMP/outside-tmp"

cd "$TMP" && rm -rf store && cp -a good store
finish
