#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2317 # functions called through t
#
# Repositories that cannot be written: a read-only mount, and folders without
# write permission. What only reads works, and tries no write when the index
# is current; where the index is of no use, packs and journal answer, or exit
# 9 says why.
. "${0%/*}/lib.sh"
need python3 strace

ro=
leave()
{
	[ -z "$ro" ] || umount "$TMP/ro"
	_end
}
trap leave EXIT

new_repo
write f1 one
write d/f2 two
save first
cp .dig/index.db "$TMP/old.db"
write f1 more
save second
write staged text
dig add staged
cp .dig/index.db "$TMP/new.db"
cp -a "$TMP/repo" "$TMP/plain"

# All of these answer from packs and journal.
answers()
{
	[ "$(dig -C "$1" log --format=%s)" = "second
first" ] && [ "$(dig -C "$1" cat HEAD:f1)" = more ] &&
		dig -C "$1" show HEAD && dig -C "$1" ls-tree HEAD &&
		dig -C "$1" log -- f1 && dig -C "$1" fsck || return
	rm -rf "$TMP/into"
	dig -C "$1" checkout --into "$TMP/into" HEAD &&
		[ "$(cat "$TMP/into/f1")" = more ]
}
# These need the index.
listing()
{
	[ "$(dig -C "$1" status -s)" = 'A  staged' ] &&
		[ "$(dig -C "$1" ls-files | tr '\n' ' ')" = 'd/f2 f1 staged ' ]
}
# quiet DIR COMMAND...: it opens nothing for writing below DIR/.dig and makes,
# moves, cuts and syncs nothing there. SQLite asks to write and falls back.
quiet()
{
	_dir=$1
	shift
	rm -rf "$TMP/into"
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 strace -f -qq -y \
		-o "$TMP/trace" -e trace=file,desc "$DIG" -C "$_dir" "$@" ||
		return
	! grep -v -e ' EROFS ' -e ' EACCES ' "$TMP/trace" | grep -e '/\.dig/' -e '/\.dig>' |
		grep -e O_WRONLY -e O_RDWR -e O_CREAT -e rename -e unlink \
			-e mkdir -e truncate -e sync -e write -e utimens
}
refused() # DIR: writing says why
{
	for _c in 'add f1' 'commit -m x' 'rm --cached f1' 'config a.b c'; do
		# shellcheck disable=SC2086 # words
		dig -C "$1" $_c 2>"$TMP/e"
		case $? in
		8 | 9) ;;
		*) echo "$_c" && return 1 ;;
		esac
		grep -q '^dig: ' "$TMP/e" || return
	done
}
hot() # FILE: an index with a journal that has to be rolled back
{
	python3 - "$1" "$TMP/hot" <<'P'
import shutil, sqlite3, sys
at, tmp = sys.argv[1:]
shutil.copy(at, tmp)
db = sqlite3.connect(tmp, isolation_level=None)
db.execute("PRAGMA cache_size = 1")
db.execute("BEGIN IMMEDIATE")
for n in range(200):
    db.execute("CREATE TABLE t%d(x)" % n)
shutil.copy(tmp, at)
shutil.copy(tmp + "-journal", at + "-journal")
P
	[ -s "$1-journal" ]
}
# all DIR WRITABLE NAME CHMOD: the same repository, seen where nothing can be
# written and where it can; CHMOD u+w and CHMOD a-w go between the two.
all()
{
	t "$3: log, cat, show, fsck, checkout --into" answers "$1"
	t "$3: status, ls-files" listing "$1"
	t "$3: writing is refused" refused "$1"
	for _v in log status ls-files 'cat HEAD:f1' fsck \
		"checkout --into $TMP/into HEAD"; do
		# shellcheck disable=SC2086 # words
		t "$3: ${_v%% *} tries no write" quiet "$1" $_v
	done
	for _how in missing behind hot; do
		"$4" u+w
		case $_how in
		missing) rm "$2/.dig/index.db" ;;
		behind) cat "$TMP/old.db" >"$2/.dig/index.db" ;;
		hot) hot "$2/.dig/index.db" || _no 'a hot journal' ;;
		esac
		"$4" a-w
		t "$3, index $_how: packs and journal answer" answers "$1"
		for _v in status ls-files; do
			t_fails 9 "$3, index $_how: $_v says so" \
				'the index cannot be used' dig -C "$1" $_v
		done
		"$4" u+w
		rm -f "$2/.dig/index.db-journal"
		cat "$TMP/new.db" >"$2/.dig/index.db"
		"$4" a-w
	done
	t "$3: with its index again" listing "$1"
}

# ---- A read-only mount --------------------------------------------------
mkdir "$TMP/ro"
nothing() { :; }
if [ "$(id -u)" -eq 0 ] && mount --bind "$TMP/repo" "$TMP/ro" 2>/dev/null; then
	ro=yes
	if mount -o remount,ro,bind "$TMP/ro" 2>/dev/null; then
		all "$TMP/ro" "$TMP/repo" 'mount' nothing
	else
		skip 'a read-only mount' 'it cannot be made read-only'
	fi
	umount "$TMP/ro" && ro=
else
	skip 'a read-only mount' 'no mount without root'
fi

# ---- Folders without write permission -----------------------------------
if [ "$(id -u)" -ne 0 ]; then
	plain() { chmod -R "$1" "$TMP/plain/.dig"; }
	plain a-w
	all "$TMP/plain" "$TMP/plain" 'permission' plain
elif command -v setpriv >/dev/null; then
	# Root may write anywhere: another user runs it.
	dig() { setpriv --reuid 65534 --regid 65534 --clear-groups "$DIG" "$@"; }
	chmod 755 "$TMP" "$HOME"
	chown -R 65534:65534 "$TMP/plain"
	mkdir -m 777 "$TMP/room"
	plain()
	{
		chown -R 65534:65534 "$TMP/plain/.dig" # what a case put there
		chmod -R "$1" "$TMP/plain/.dig"
	}
	quiet() { :; } # a trace of another user's process: seen above
	answers()
	{
		[ "$(dig -C "$1" log --format=%s)" = "second
first" ] && [ "$(dig -C "$1" cat HEAD:f1)" = more ] &&
			dig -C "$1" log -- f1 && dig -C "$1" fsck || return
		rm -rf "$TMP/room/into"
		dig -C "$1" checkout --into "$TMP/room/into" HEAD &&
			[ "$(cat "$TMP/room/into/f1")" = more ]
	}
	if dig -C "$TMP/plain" version >/dev/null 2>&1; then
		plain a-w
		all "$TMP/plain" "$TMP/plain" 'permission' plain
	else
		skip 'no write permission' 'the program is out of reach'
	fi
	dig() { "$DIG" "$@"; }
else
	skip 'no write permission' 'no program setpriv'
fi

finish
