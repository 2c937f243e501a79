#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig.so in other programs: the functions, whose repository, what is locked
# stays locked, and the examples of docs/index-schema.md.
. "${0%/*}/lib.sh"
need sqlite3 python3

# Not every Python can load extensions; Debian's can.
for PYTHON in python3 /usr/bin/python3; do
	"$PYTHON" -c 'import sqlite3
sqlite3.Connection.enable_load_extension' 2>/dev/null && break
done

EXT=${DIG%/*}/dig
PAGE=$ROOT/docs/index-schema.md
# The host has no sanitizer of its own, and its leaks are its own.
if [ "${SANITIZED:-0}" = 1 ]; then
	HOST="env LD_PRELOAD=$(cc -print-file-name=libasan.so)
		ASAN_OPTIONS=detect_leaks=0:exitcode=99"
else
	HOST='env --'
fi

# lite DATABASE STATEMENT...
lite()
{
	_db=$1
	shift
	# shellcheck disable=SC2086
	$HOST sqlite3 -batch -bail -cmd '.timeout 5000' -cmd ".load $EXT" \
		"$_db" "$@"
}

# example LANGUAGE: that of the page, with the extension under test.
example()
{
	awk -v lang="$1" '$0 == "```" lang { on = 1; next } /^```/ { on = 0 } on' \
		"$PAGE" | sed "s|build/dig|$EXT|"
}

new_repo
mkdir dir
write dir/a one
bytes 1 300000 >big
write one.txt x
save first
write dir/a two
mv big large
save second
DB=.dig/index.db

# ---- The same rows as dig sql has

for query in "SELECT path, mode, size, content_id FROM dig_tree('HEAD')" \
	"SELECT path FROM dig_tree('HEAD~1')" \
	"SELECT subject, author_time, message FROM dig_log()" \
	"SELECT commit_id FROM dig_log('dir/a')" \
	"SELECT subject FROM dig_log('large', 'HEAD')" \
	"SELECT kind, path, old_path, new_size FROM dig_diff('HEAD~1', 'HEAD')" \
	"SELECT hex(content), mode FROM dig_blob('HEAD~1', 'dir/a')" \
	"SELECT * FROM dig_chunks('HEAD', 'large')" \
	"SELECT c.subject, count(*) FROM v_commits AS c
	JOIN dig_tree(c.id) AS t GROUP BY c.seq"; do
	t_eq "$query" "$(dig sql --csv --no-header "$query")" \
		"$(lite $DB '.mode csv' "$query")"
done

# ---- Whose repository

cd dir || exit 1
t_out 'from the current folder' dir/a lite :memory: \
	"SELECT path FROM dig_tree() WHERE path LIKE 'dir/%'"
cd "$TMP" || exit 1
t_out 'from the file' dir/a lite "$TMP/repo/$DB" \
	"SELECT path FROM dig_tree() WHERE path LIKE 'dir/%'"
t_fails 1 'none' 'not a repository' lite :memory: 'SELECT * FROM dig_tree()'
DIG_DIR=$TMP/repo/.dig
export DIG_DIR
t_out 'from DIG_DIR' 3 lite :memory: 'SELECT count(*) FROM dig_tree()'
unset DIG_DIR
mkdir -p odd/.dig
t_fails 1 'a folder that only looks like one' 'this is no repository' \
	lite odd/.dig/index.db 'SELECT * FROM dig_tree()'
cd repo || exit 1
chmod g+w .dig
t_fails 1 'one that others can write' 'can be written by others' \
	lite $DB 'SELECT * FROM dig_tree()'
chmod g-w .dig
t_fails 1 'no such revision' "dig_tree: there is no revision 'nowhere'" \
	lite $DB "SELECT * FROM dig_tree('nowhere')"
t_fails 1 'no such file' "no file 'none' in 'HEAD'" \
	lite $DB "SELECT * FROM dig_blob('HEAD', 'none')"
t_fails 1 'arguments are missing' 'needs 2' \
	lite $DB "SELECT * FROM dig_blob('HEAD')"

# ---- A guest

t_eq 'one symbol' sqlite3_dig_init \
	"$(nm -D --defined-only "$EXT.so" | awk '{ print $3 }' | grep -v asan)"
t_not 'no SQLite of its own' sqlite ldd "$EXT.so"
before=$(find .dig -type f -exec sha256sum {} + | sort)
t 'without an index' sh -c 'mv .dig/index.db ..'
t_out 'it reads' 2 lite :memory: "SELECT count(*) FROM dig_log()"
t_exit 1 'and makes none' test -e $DB
mv ../index.db .dig/
t_eq 'nothing was written' "$before" \
	"$(find .dig -type f -exec sha256sum {} + | sort)"

cat >"$TMP/host.py" <<'END'
import os, sqlite3, subprocess, sys
dig = os.environ["DIG"]
env = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}

def commit(name):
    open(name, "w").write(name)
    subprocess.run([dig, "add", name], env=env, check=True)
    return subprocess.run([dig, "commit", "-qm", name], env=env,
                          stderr=subprocess.DEVNULL).returncode

def count(db):
    return db.execute("SELECT count(*) FROM dig_tree()").fetchone()[0]

db = sqlite3.connect(".dig/index.db", timeout=5, isolation_level=None)
db.enable_load_extension(True)
db.load_extension(sys.argv[1])
assert count(db) == 3
assert commit("x") == 0
assert count(db) == 4, "what was committed meanwhile is seen"

open("y", "w").write("y")
subprocess.run([dig, "add", "y"], env=env, check=True)
db.execute("BEGIN")
seen = db.execute("SELECT count(*) FROM v_commits").fetchone()[0]
other = sqlite3.connect(":memory:")
other.enable_load_extension(True)
other.load_extension(sys.argv[1])
assert count(db) == count(other) == 4
assert db.execute("SELECT count(*) FROM dig_blob('HEAD', 'x')").fetchone()
other.close()
code = subprocess.run([dig, "commit", "-qm", "y"], env=env,
                      stderr=subprocess.DEVNULL).returncode
assert code == 11, "the lock of the host is gone: exit %d" % code
assert db.execute("SELECT count(*) FROM v_commits").fetchone()[0] == seen
db.execute("COMMIT")
code = subprocess.run([dig, "commit", "-qm", "y"], env=env).returncode
assert code == 0, code

other = sqlite3.connect(":memory:")
other.enable_load_extension(True)
other.load_extension(sys.argv[1])
first = other.execute("SELECT path FROM dig_tree()")
first.fetchone()
assert commit("z") == 0, "a function that reads holds no lock"
assert len(first.fetchall()) == 4, "and goes on with what it began with"
assert count(db) == 6
db.close()
END
dig config core.busyTimeout 100
# shellcheck disable=SC2086
t 'locks, and what is new' $HOST "$PYTHON" "$TMP/host.py" "$EXT"

# ---- The page

example sh >"$TMP/example.sh"
example python >"$TMP/example.py"
rows=$(dig sql "SELECT count(*) FROM v_commits")
# shellcheck disable=SC2086
t_eq 'its example for the shell' "$rows" \
	"$($HOST sh -e "$TMP/example.sh" | wc -l)"
# shellcheck disable=SC2086
t_eq 'its example for Python' "$(dig ls-files | wc -l)" \
	"$($HOST "$PYTHON" "$TMP/example.py" | wc -l)"

finish
