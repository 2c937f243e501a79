#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2317,SC2016 # the functions are called through t
#
# dig add: what it takes, what it leaves out, and what it says.
. "${0%/*}/lib.sh"
need sqlite3 python3

sql() { sqlite3 -cmd '.timeout 5000' .dig/index.db "$1"; }
# What is staged against HEAD, one path a line: kind and path.
staged() { sql 'select kind || " " || path from v_staged order by path_bytes'; }
all() { sql 'select path from v_staged where kind != "D" union
	select path from v_files where path not in
	(select path from v_staged) order by 1'; }
is_clean() { [ -z "$(staged)" ]; }
# What a file of one chunk on standard input has for its id, and what a path
# has that is staged.
content_id() {
	python3 -c 'import hashlib, sys
b = sys.stdin.buffer.read()
print(hashlib.sha256(b"\0" + len(b).to_bytes(8, "big")
    + hashlib.sha256(b).digest()).hexdigest())'
}
id_of() {
	sql "select content_id from v_staged where path = '$1'"
}

# ---- What to add --------------------------------------------------------
new_repo paths
write a/x one
write a/y two
write a/deep/er/z three
write b four
write c.txt five
write d/c.txt six
t_fails 2 'nothing named' 'dig add -A' dig add
t 'one file' dig add b
t_out 'is staged alone' 'A b' staged
t 'a folder' dig add a/deep
t_out 'with all below' 'A a/deep/er/z
A b' staged
t 'a folder with a slash at the end' dig add a/
t_fails 4 'a path that is not there' "pathspec 'nope' did not match" \
	dig add c.txt nope
t_fails 4 'a wildcard that matches nothing' "'*.nope' did not match" \
	dig add c.txt '*.nope'
t_not 'nothing was staged with it' c.txt staged
t 'a wildcard' dig add '*.txt'
t_has 'crosses folders' 'd/c.txt' staged
t 'everything again' dig add -A
t_out 'everything is there' 'a/deep/er/z
a/x
a/y
b
c.txt
d/c.txt' all
t_fails 2 'a path outside' 'outside' dig add ../elsewhere
t_fails 2 'an empty path' 'empty' dig add ''
t_fails 2 'magic that is none' 'unknown word' dig add ':(nothing)x'
t_fails 2 '-A and -u' '-u' dig add -A -u
save first

write a/x ONE
write a/n new
write d/c.txt SIX
rm b
t 'from a folder below: .' sh -c "cd a && '$DIG' add ."
t_out 'only that folder' 'A a/n
M a/x' staged
t 'from a folder below: :/' sh -c "cd a && '$DIG' add :/d"
t_has 'magic: from the root' 'M d/c.txt' staged
t 'a file that is gone' dig add b
t_has 'is removed' 'D b' staged
save second
write a/x 1
write a/y 2
write d/c.txt 3
t 'all but' dig add . ':!a/y'
t_out 'magic: exclusion' 'M a/x
M d/c.txt' staged
write A.TXT up
t 'icase' dig add ':(icase)a.txt'
t_has 'magic: any case' 'A A.TXT' staged
write w/s.c x
write w/sub/t.c x
t 'glob' dig add ':(glob)w/*.c'
t_has 'magic: glob stays in its folder' 'A w/s.c' staged
t_not 'and not below' 'w/sub' staged
write 'st*r' star
write 'stair' stair
t 'literal' dig add ':(literal)st*r'
t_not 'magic: no wildcard' 'stair' staged
t 'an absolute path' dig add "$PWD/stair"
t_has 'is staged by its place' 'A stair' staged
save third

# ---- -u, -n, -v, -f -----------------------------------------------------
new_repo flags
write t tracked
write gone gone
write .gitignore '*.o' 'out/'
save base
write t changed
write new new
rm gone
t_out '-n says' "remove 'gone'
add 'new'
add 't'" dig add -n -A
t '-n does nothing' is_clean
t_out '-v says' "remove 'gone'
add 't'" dig add -v -u
t_out '-u leaves new files' 'D gone
M t' staged
write x.o object
write out/p product
t_fails 1 'an ignored file' "'x.o' is ignored" dig add x.o
t_fails 1 'with a hint' 'use -f' dig add x.o
t_fails 1 'an ignored folder' "'out' is ignored" dig add out
t_fails 1 'a file in it' 'is ignored' dig add out/p
t 'ignored among all' dig add .
t_not 'is left out' '.o' staged
t '-f takes it' dig add -f x.o out
t_has 'staged' 'A out/p' staged
save forced
write x.o more
t 'a tracked file is never ignored' dig add x.o
t_has 'staged though a rule names it' 'M x.o' staged
write .digignore '!y.o'
write y.o y
t 'a .digignore after the .gitignore' dig add y.o
write sub/.digignore 'secret' '/only'
write sub/secret s
write sub/only s
write sub/deep/only s
write .dig/info/exclude 'private'
write private p
t 'rules of a folder and of the repository' dig add -A
t_has 'a rule with a slash' 'sub/deep/only' staged
t_not 'a rule of a folder' 'sub/secret' staged
t_not 'info/exclude' 'private' staged
save rules

# ---- Lists of paths -----------------------------------------------------
new_repo lists
tab=$(printf '\t')
write plain 1
write "with${tab}tab" 2
write 'sp ace' 3
write '"quoted' 4
write rest 5
printf 'plain\r\n"with\\ttab"\n\n"\\"quoted"\n' >"$TMP/list"
t 'paths from a file' dig add --pathspec-from-file="$TMP/list"
t_out 'quoted lines, CR LF and empty lines' '3' sql \
	'select count(*) from v_staged'
from_stdin() { printf 'sp ace\0' | dig add --pathspec-from-file=- \
	--pathspec-file-nul; }
t 'from standard input, with NUL' from_stdin
t_has 'as they are' 'A sp ace' staged
printf '"open\n' >"$TMP/list"
t_fails 2 'a quote that stays open' 'quoted' \
	dig add --pathspec-from-file="$TMP/list"
t_fails 2 'a list and paths' 'together' \
	dig add --pathspec-from-file="$TMP/list" rest
t_fails 2 'NUL without a list' '--pathspec-from-file' \
	dig add --pathspec-file-nul rest
t_exit 1 'a list that is not there' dig add --pathspec-from-file=missing
: >"$TMP/list"
t_fails 2 'an empty list names nothing' 'nothing specified' \
	dig add --pathspec-from-file="$TMP/list"

# ---- Standard input as a file -------------------------------------------
feed() { bytes "$1" "$2" >"$TMP/fed"; shift 2; dig add --stdin "$@" <"$TMP/fed"; }
t_fails 2 '--stdin without a path' '--as' dig add --stdin
t_fails 2 '--as without --stdin' '--stdin' dig add --as x
t_fails 2 'a bad path' '.dig' feed 1 10 --as .dig/x
t_fails 2 'a path above' '..' feed 1 10 --as ../x
t 'a small stream' feed 1 1000 --as fed/small
t_eq 'is staged' "$(content_id <"$TMP/fed")" "$(id_of fed/small)"
t 'a large stream' feed 2 17000000 --as fed/large --executable
t_out 'its size and mode' '100755|17000000' sql \
	"select mode, size from v_staged where path = 'fed/large'"
cp "$TMP/fed" large.ref
t 'an empty stream' feed 3 0 --as fed/none
t_out 'is an empty file' '0' sql \
	"select size from v_staged where path = 'fed/none'"
t 'a stream below a file' feed 4 5 --as fed/none/below
t_not 'takes the place of the file' 'A fed/none$' staged
tick
t 'commit of streams' dig commit -m streams
big_back() { dig cat HEAD:fed/large | cmp - large.ref; }
t 'a large stream comes back' big_back

# ---- One thing in the place of another ----------------------------------
new_repo kinds
write a file
write b/x x
write b/y/z z
save base
rm a && write a/x below
t 'a file became a folder, a narrow path' dig add a/x
t_out 'the file is gone' 'D a
A a/x' staged
rm -r b && write b now
t 'a folder became a file' dig add b
t_out 'what was below is gone' 'D a
A a/x
A b
D b/x
D b/y/z' staged
save replaced
rm -r a && write a file
rm b && write b/x x
t 'both ways at once' dig add -A
t_out 'one of each' 'A a
D a/x
D b
A b/x' staged
save back
rm a && ln -s b/x a
t 'a link for a file' dig add a
t_out 'its kind' 'T|120000|3' sql 'select kind, mode, size from v_staged'
save link
rm a && write a file && chmod +x a
t 'an executable for a link' dig add a
t_out 'its kind' '100755' sql 'select mode from v_staged'
save exec
chmod -x a
t 'the exec bit goes' dig add -A
t_out 'one change' 'M|100644' sql 'select kind, mode from v_staged'
save noexec
mv b real && ln -s real b
t 'a folder became a link' dig add -A
t_out 'nothing is read through it' 'A b
D b/x
A real/x' staged
t_exit 4 'nor named through it' dig add b/x/nothing
mkfifo fifo
t_fails 0 'a fifo is said and left' 'fifo' dig add -A
mkdir -p inner/.git other/.dig nest/deep
write inner/.git/config x
write inner/src i
write other/src o
dig init nest/deep >/dev/null
write nest/deep/src n
write nest/src n
t_fails 0 'another repository is named' 'another repository' dig add -A
t_has 'beside it all is added' 'A nest/src' staged
t_not 'its files are not' 'nest/deep/src' staged
t_not 'nor its .git' '.git' staged
t_exit 2 '.dig itself' dig add .dig/config
t_exit 2 '.git itself' dig add inner/.git/config
mkdir .Git
write .Git/config x
write 'git~1' x
t_exit 1 'aliases of .git are named' dig add -A
t_not 'and not staged' 'Git/config' staged
rm -r .Git 'git~1'
save rest

# ---- What cannot be read, what changes ----------------------------------
new_repo unread
write ok1 1
write no 2
write ok2 3
chmod 000 no
if [ "$(id -u)" -eq 0 ]; then
	chown -R 65534:65534 .
	chmod 755 "$TMP"
	as_other() {
		HOME=$PWD XDG_CONFIG_HOME=$PWD/.none setpriv --reuid=65534 \
			--regid=65534 --clear-groups "$DIG" "$@"
	}
	other() { as_other "$@"; }
else
	other() { dig "$@"; }
fi
t_fails 1 'a file without permission is named' 'no' other add -A
t_out 'the rest is added' '2' sql \
	"select count(*) from v_staged where path like 'ok%'"
chmod 644 no
t 'and the next add takes it' other add -A
t_has 'it is there' 'A no' staged
mkdir shut
for i in 1 2 3; do write "shut/$i" $i; done
[ "$(id -u)" -ne 0 ] || chown -R 65534:65534 shut
t 'a folder' other add -A
chmod 000 shut
write ok3 4
[ "$(id -u)" -ne 0 ] || chown 65534:65534 ok3
t_fails 1 'a folder without permission is named' 'shut' other add -A
t_out 'what was staged below stays' '3' sql \
	"select count(*) from v_staged where path like 'shut/%'"
t_has 'the rest is added' 'A ok3' staged
chmod 755 shut
chmod 000 .dig/packs/*.pack .dig/index.db
write ok4 5
if [ "$(id -u)" -eq 0 ]; then
	chown 0:0 .dig/packs/*.pack .dig/index.db
	chown 65534:65534 ok4
fi
other add ok4 >"$OUT" 2>"$ERR"
_st=$?
t_eq 'a repository that may not be read: exit 9 or 8' yes \
	"$(case $_st in 8 | 9) echo yes ;; *) echo "$_st" && cat "$ERR" ;; esac)"
chmod 644 .dig/packs/*.pack .dig/index.db
[ "$(id -u)" -ne 0 ] || chown -R 0:0 .
t 'and after that it works' dig add -A

# ---- A tree in the way of itself ----------------------------------------
new_repo ways
write tracked/a a
write tracked/b b
write other o
save base
rm -r tracked
write tracked now
t_out 'a file in the place of a folder, named' "add 'tracked'
remove 'tracked/a'
remove 'tracked/b'" dig add -v tracked
save file
rm tracked
mkdir tracked
write tracked/c c
t_out 'and back, named' "remove 'tracked'
add 'tracked/c'" dig add -v tracked/c
rm -r tracked
head -c 17000000 /dev/zero >tracked
save large
rm tracked
write tracked/d d
t 'a large file goes' dig add tracked/d
save folder
rm -r tracked
head -c 17000000 /dev/zero >tracked
t 'a large file comes' dig add -A
t_out 'in the place of all' 'A tracked
D tracked/d' staged
t_out 'dry' '' dig add -n -A

finish
