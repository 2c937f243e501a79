#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig sql: formats, parameters, named queries, functions, what is refused. The
# long list of refused statements is in tests/unit/test_query.c.
. "${0%/*}/lib.sh"
need python3

new_repo
bytes 1 300000 >big
mkdir dir
write dir/a one
write dir/b one
save first
write dir/a two
mv dir/b dir/c
write "$(printf 'tab\there')" x
save second
ESC=$(printf '\033')

# ---- Formats

t_out 'tabs, no header' 'dir/a	4
dir/c	4' dig sql "SELECT path, size FROM v_files WHERE path LIKE 'dir/%'"
t_out 'a header' 'path
dir/a' dig sql --header "SELECT path FROM v_files WHERE path = 'dir/a'"
t_out 'escaped' 'a\tb\nc\\d	' dig sql \
	"SELECT 'a' || char(9) || 'b' || char(10) || 'c\\d', NULL"
t_out 'columns side by side' ' n  words
--  -----
 1  one
10  two' dig sql --table "SELECT 1 AS n, 'one' AS words UNION ALL VALUES (10, 'two')"
t_out 'nothing moves the cursor' 'c
---------
a\x1b[1mb' dig sql --table "SELECT 'a${ESC}[1mb' AS c"
t_out 'without names' 'x  y' dig sql --table --no-header "SELECT 'x', 'y'"
t_out 'no rows' 'a  b
-  -' dig sql --table "SELECT 1 AS a, 2 AS b WHERE 0"
dig sql --csv "SELECT 'a,b' AS x, 'say \"hi\"' AS y, 1.5 AS z" >"$TMP/got"
printf 'x,y,z\r\n"a,b","say ""hi""",1.5\r\n' >"$TMP/want"
t 'csv' cmp "$TMP/got" "$TMP/want"
dig sql -0 "SELECT path_bytes, 1 FROM v_files WHERE path LIKE 'tab%'" >"$TMP/got"
printf 'tab\there\0001\000' >"$TMP/want"
t '-0' cmp "$TMP/got" "$TMP/want"
t_out 'JSON' '{"columns":["a","b","c","d"],"rows":[{"a":1.5,"b":null,"c_b64":"AP8=","d":"q"}]}' \
	dig sql --json "SELECT 1.5 AS a, NULL AS b, x'00ff' AS c, 'q' AS d"
t_out 'JSON without rows' '{"columns":["a"],"rows":[]}' \
	dig sql --json "SELECT 1 AS a WHERE 0"
t_out 'a line each' '{"n":1}
{"n":2}' dig sql --json=lines "SELECT 1 AS n UNION SELECT 2"
t_fails 2 'two columns of one name' "named 'a'" \
	dig sql --json "SELECT 1 AS a, 2 AS a"
t_out 'a whole number that is none' '2.0' dig sql "SELECT 4 / 2.0"
t_fails 2 'one format' 'exclude each other' dig sql --csv --json "SELECT 1"
t_out 'on a terminal: a table' 'n
-
1' python3 -c '
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
got = b""
try:
    while True:
        more = os.read(fd, 4096)
        if not more:
            break
        got += more
except OSError:
    pass
print(got.decode().replace("\r", ""), end="")
' "$DIG" sql 'SELECT 1 AS n'

# ---- Where the query comes from

echo "SELECT 'from a file'" >"$TMP/q.sql"
t_out 'a file' 'from a file' dig sql -f "$TMP/q.sql"
t_out 'standard input' 7 sh -c 'echo "SELECT 7;" | "$0" sql' "$DIG"
t_out 'asked for' 7 sh -c 'echo "SELECT 7;" | "$0" sql -f -' "$DIG"
t_fails 1 'no file' 'cannot read' dig sql -f "$TMP/nowhere"
t_fails 2 'two queries' 'quote it' dig sql SELECT 1
t_fails 2 'both' 'one query' dig sql -f "$TMP/q.sql" 'SELECT 1'
t_out 'parameters' '5	x=y' dig sql -p n=4 -p w=x=y 'SELECT :n + 1, :w'
t_fails 2 'a value is missing' 'has no value' dig sql 'SELECT :n'
t_fails 2 'one too many' 'no parameter' dig sql -p n=1 'SELECT 1'
t_fails 2 'no value' 'NAME=VALUE' dig sql -p n 'SELECT :n'

# ---- Names

names=$(dig sql --list | awk '{print $1}')
t_eq 'a dozen and more' yes \
	"$([ "$(echo "$names" | wc -l)" -ge 12 ] && echo yes)"
for name in $names; do
	case $name in
	history | together) t "query $name" dig sql -p path=dir/a "$name" ;;
	*) t "query $name" dig sql "$name" ;;
	esac
done
t_out 'the largest' '300000	big' dig sql largest -p limit=1
t_out 'who' 'A U Thor	5	3	2023-11-14' dig sql who -p below=dir
t_out 'together' '2	dir/b
1	big' dig sql together -p path=dir/a -p limit=2
t_fails 4 'no such name' '--list' dig sql nothing
mkdir -p .dig/queries "$HOME/.config/dig/queries"
printf -- '-- Of the repository.\n-- param n 3\nSELECT :n\n' >.dig/queries/mine.sql
t_out 'of the repository' 3 dig sql mine
t_out 'with a value' 4 dig sql mine -p n=4
t_has 'listed' 'repository  Of the repository. -p n=3' dig sql --list
t_has 'listed as JSON' '{"name":"mine","place":"repository","summary":"Of the repository.","parameters":[{"name":"n","default":"3"}]}' \
	dig sql --list --json
echo 'SELECT 9' >"$HOME/.config/dig/queries/mine.sql"
t_out 'of the user' 9 dig sql mine
echo 'SELECT 8' >.dig/queries/largest.sql
t_out 'in place of one of dig' 8 dig sql largest
rm .dig/queries/largest.sql
ln -s /etc/passwd .dig/queries/link.sql
t_exit 1 'no link is followed' dig sql link
printf 'SELECT 1\000' >.dig/queries/nul.sql
t_fails 2 'a NUL' 'NUL' dig sql nul
echo 'DELETE FROM refs' >.dig/queries/evil.sql
t_fails 8 'a hostile one' 'only reads' dig sql evil
printf -- '-- \033[2J evil\nSELECT 1\n' >.dig/queries/esc.sql
t_not 'a list stays as it is' "$ESC" dig sql --list --json
rm -r .dig/queries

# ---- Functions

git_like=$(dig ls-tree -r HEAD | awk '{print $3}' | sort)
t_eq 'dig_tree' "$git_like" "$(dig sql \
	"SELECT content_id FROM dig_tree('HEAD')" | sort)"
t_out 'of another version' 'dir/b' dig sql \
	"SELECT path FROM dig_tree('HEAD~1') WHERE path = 'dir/b'"
t_out 'without one' 4 dig sql "SELECT count(*) FROM dig_tree()"
t_eq 'dig_log' "$(dig log --format=%H -- dir/a)" \
	"$(dig sql "SELECT commit_id FROM dig_log('dir/a')")"
t_out 'of all' 2 dig sql "SELECT count(*) FROM dig_log()"
t_out 'from a revision' first dig sql \
	"SELECT subject FROM dig_log('dir/a', 'HEAD~1')"
t_out 'of a name with signs' 1 dig sql -p "p=$(printf 'tab\there')" \
	"SELECT count(*) FROM dig_log(:p)"
t_out 'dig_diff' 'M	dir/a		4	4
R	dir/c	dir/b	4	4
A	tab\there			2' dig sql "SELECT kind, path, old_path, old_size,
	new_size FROM dig_diff('HEAD~1', 'HEAD')"
t_out 'dig_blob' two dig sql \
	"SELECT CAST(trim(content, char(10)) AS TEXT) FROM dig_blob('HEAD', 'dir/a')"
t_out 'joined' '4	dir/a
4	dir/c' dig sql "SELECT length(b.content), t.path FROM dig_tree() AS t
	JOIN dig_blob('HEAD', t.path) AS b WHERE t.path LIKE 'dir/%'"
t_out 'dig_chunks' 300000 dig sql \
	"SELECT sum(size) FROM dig_chunks('HEAD', 'big')"
t_out 'their ids' "$(dig cat --bytes="$(dig sql "SELECT offset || '-' ||
	(offset + size - 1) FROM dig_chunks('HEAD', 'big') WHERE number = 1")" \
	HEAD:big | sha256sum | cut -c1-64)" dig sql \
	"SELECT chunk_id FROM dig_chunks('HEAD', 'big') WHERE number = 1"
t_fails 4 'no such revision' 'no revision' dig sql \
	"SELECT * FROM dig_tree('nowhere')"
t_fails 4 'no such file' 'no file' dig sql \
	"SELECT * FROM dig_blob('HEAD', 'nowhere')"
t_fails 2 'arguments are missing' 'needs 2' dig sql \
	"SELECT * FROM dig_blob('HEAD')"

# ---- Refused

before=$(sha256sum <.dig/index.db)
t_fails 8 'writing' 'only reads' dig sql "DELETE FROM commits"
t_fails 8 'base tables' 'no view' dig sql "SELECT * FROM commits"
t_fails 8 'attaching' 'only reads' dig sql "ATTACH '$TMP/x.db' AS x"
t_fails 8 'loading' 'may not be used' dig sql "SELECT load_extension('x')"
t_fails 8 'settings' 'only reads' dig sql 'PRAGMA journal_mode = WAL'
t_fails 8 'running too long' 'longer than 1 s' dig sql --timeout 1 \
	"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)
	SELECT count(*) FROM c"
t_fails 2 'too large a result' '256 MiB' dig sql --timeout 0 \
	"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)
	SELECT hex(zeroblob(1000000)) FROM c"
t_fails 2 'no SQL' 'syntax error' dig sql 'SELEC 1'
t_fails 2 'as JSON' '"exit":2' dig sql --json 'SELEC 1'
t_eq 'the index is as it was' "$before" "$(sha256sum <.dig/index.db)"
[ ! -e "$TMP/x.db" ]
t_eq 'nothing was made' 0 $?

# ---- A shell

cat >"$TMP/shell.py" <<'END'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "sql"])
got = b""
def until(word):
    global got
    while word not in got:
        got += os.read(fd, 4096)
    got = got[got.index(word) + len(word):]
until(b"dig> ")
for line, want in [(b"SELECT count(*) AS n", b"...> "),
                   (b"FROM dig_tree();", b"4\r\n"), (b"", b"dig> "),
                   (b".help", b".views"), (b".views", b"v_commits"),
                   (b"SELEC;", b"syntax error"), (b"largest", b"big"),
                   (b".list", b"duplicates"), (b"SELECT 42;", b"42\r\n")]:
    os.write(fd, line + b"\n")
    until(want)
os.write(fd, b".quit\n")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
t 'one query after the other' timeout 20 python3 "$TMP/shell.py" "$DIG"

finish
