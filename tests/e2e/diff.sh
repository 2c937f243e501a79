#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig diff. PAIRS is how many random pairs of trees are compared with git.
. "${0%/*}/lib.sh"

new_repo
write f.c 'int f(void)
{
	int a;
	int b;
	int c;
	return 1;
}'
write b.txt one
write 'two words' x
printf 'a\0b' >bin
ln -s b.txt link
dig add . && dig commit -q -m one
t_out 'nothing differs' '' dig diff
t_exit 0 'nor says the exit code' dig diff --exit-code

sed -i 's/1/2/' f.c
t_out 'a patch' 'diff --git a/f.c b/f.c
index 1b6ca9176d..e31501eb29 100644
--- a/f.c
+++ b/f.c
@@ -3,5 +3,5 @@ int f(void)
 	int a;
 	int b;
 	int c;
-	return 1;
+	return 2;
 }' dig diff
t_has '-U0, where lines repeat, as git has it' '@@ -489 +488,0 @@' sh -c '
	mkdir x && yes | head -1000 >x/a && head -999 x/a >x/b && cp x/a rep &&
	"$DIG" add rep && cp x/b rep && "$DIG" diff -U0 rep
	"$DIG" rm -q -f rep && rm -r x'
t_has '-U1' '@@ -5,3 +5,3 @@ int f(void)' dig diff -U1
t_out '--numstat' '1	1	f.c' dig diff --numstat
t_out '--stat' ' f.c | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)' dig diff --stat
t_out '--shortstat' ' 1 file changed, 1 insertion(+), 1 deletion(-)' \
	dig diff --shortstat
t_out '--name-only' 'f.c' dig diff --name-only
t_out '--name-status' 'M	f.c' dig diff --name-status
t_exit 1 '--exit-code' dig diff --exit-code
t_exit 1 '--quiet' dig diff --quiet
t_eq 'which prints nothing' '' "$(dig diff --quiet)"
t_has '-R' '+	return 1;' dig diff -R
t_out 'another path' '' dig diff -- b.txt
t_has 'this path' 'f.c' dig diff --name-only f.c
mkdir -p sub
t_has 'from a folder' 'f.c' sh -c 'cd sub && "$DIG" diff --name-only ../f.c'
t_out 'nothing is staged' '' dig diff --staged
dig add f.c
t_out 'then nothing differs from it' '' dig diff
t_has '--staged' '-	return 1;' dig diff --staged
t_has '--cached' '-	return 1;' dig diff --cached HEAD
t_has 'HEAD' '-	return 1;' dig diff HEAD
sed -i 's/2/1/' f.c
t_out 'changed back' '' dig diff HEAD
dig add f.c
write b.txt 'one two'
rm -f link
ln -s f.c link
chmod +x 'two words'
printf 'a\0bc' >bin
t_has 'no newline at the end' '\ No newline at end of file' dig diff link
t_out 'a mode' 'diff --git a/two words b/two words
old mode 100644
new mode 100755' dig diff 'two words'
t_has 'a binary file' 'Binary files a/bin and b/bin differ (3 -> 4 bytes)' \
	dig diff bin
t_out '--numstat of a binary file' '-	-	bin' dig diff --numstat bin
t_out '--stat of a binary file' ' bin | Bin 3 -> 4 bytes
 1 file changed, 0 insertions(+), 0 deletions(-)' dig diff --stat bin
t_has '--text' '@@ -1 +1 @@' dig diff --text bin
dig commit -q -a -m two
t_out 'two revisions' 'M	b.txt
M	bin
M	link
M	two words' dig diff --name-status HEAD~1 HEAD
t_out 'a range' 'b.txt
bin
link
two words' dig diff --name-only HEAD~1..HEAD
t_out 'a range whose end is HEAD' 'b.txt' dig diff --name-only HEAD~1.. b.txt
dig switch -q -c side HEAD~1 && write side.txt x && dig add . &&
	dig commit -q -m side && dig switch -q main
t_out 'from the merge base' 'A	side.txt' dig diff --name-status main...side
t_has 'not so with two dots' 'b.txt' dig diff --name-status main..side
t_fails 2 'three revisions' 'not three' dig diff HEAD HEAD HEAD --
t_fails 2 '--staged with two' 'not two' dig diff --staged HEAD~1 HEAD
t_fails 2 'both kinds of names' 'exclude' dig diff --name-only --name-status
t_fails 2 'no percentage' 'percentage' dig diff -Mhalf
t_exit 2 "no colour" dig diff --color=red
t_fails 4 'neither a revision nor a path' 'nothing' dig diff nothing
t_out 'a path that is gone' '' dig diff -- nothing

write b.txt '  one   two'
t_exit 0 '-w' dig diff -w --exit-code
t_out 'and its patch' '' dig diff -w
t_exit 1 '-b sees a new indent' dig diff -b --exit-code
write b.txt 'one   two'
t_exit 0 '-b' dig diff -b --exit-code
t_has '--color' "$(printf '\033[32m+one   two\033[m')" dig diff --color b.txt
t_not '--no-color' "$(printf '\033')" dig diff --no-color b.txt
t_not 'no colour in a pipe' "$(printf '\033')" dig diff --color=auto b.txt
dig restore b.txt

# ---- Renames --------------------------------------------------------------
seq 1 40 >numbers
dig add . && dig commit -q -m numbers
mkdir -p dir && mv numbers dir/moved && sed -i 's/^20$/twenty/' dir/moved
dig add -A
t_out 'a rename' 'R093	numbers	dir/moved' dig diff --staged --name-status
t_out 'its names share' ' numbers => dir/moved | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)' dig diff --staged --stat
t_out '-M95%' 'A	dir/moved
D	numbers' dig diff --staged --name-status -M95%
t_out '--no-renames' 'dir/moved
numbers' dig diff --staged --name-only --no-renames
t 'JSON' dig diff --staged --json
t_eq 'the document' 'R numbers dir/moved 93 1 1 False' \
	"$(python3 -c 'import json, sys
c, = json.load(open(sys.argv[1]))["changes"]
print(c["kind"], c["old_path"], c["path"], c["score"], c["added"], c["deleted"],
    c["binary"])' "$OUT")"
dig commit -q -m moved
t 'fifty renames as git has them' python3 "$ROOT/tests/e2e/renames.py" \
	"$DIG" "$TMP/renames"

# ---- Chunks ---------------------------------------------------------------
python3 -c 'import random
data = random.Random(1).randbytes(3 << 20)
open("big", "wb").write(data)
open("big.new", "wb").write(data[:1 << 20] + b"inserted" + data[1 << 20:])'
mv big.new "$TMP/big.new"
dig add big && dig commit -q -m big
mv "$TMP/big.new" big
# check_chunks: one range, of at most two chunks, around the insertion
check_chunks()
{
	dig diff --chunks --json "$@" >"$TMP/chunks.json" &&
		python3 -c 'import json, sys
c, = json.load(open(sys.argv[1]))["changes"]
r, = c["chunks"]["ranges"]
assert r["from"] <= 1 << 20 and r["to"] >= (1 << 20) + 8, r
assert c["chunks"]["new_bytes"] == r["to"] - r["from"] <= 1 << 20, c
assert c["new_size"] - c["old_size"] == 8, c' "$TMP/chunks.json"
}
t '--chunks of a work file' check_chunks
dig add big && dig commit -q -m bigger
t '--chunks of two commits' check_chunks HEAD~1 HEAD
t_has '--chunks in words' 'big: 3145728 -> 3145736 bytes, ' \
	dig diff --chunks HEAD~1 HEAD

# ---- Hostile trees ----------------------------------------------------------
name=$(printf 'new\nline\033[31m')
write "$name" x
dig add . && dig commit -q -m 'a name'
write "$name" "$(printf 'y\033[2J')"
t_has 'a name is quoted' 'diff --git "a/new\nline\033[31m" "b/new\nline\033[31m"' \
	dig diff
t_has 'with -z it is not' "$(printf '\033[31m')" dig diff -z --name-only
# On a terminal no control character of a name or a line gets through.
t 'on a terminal' python3 -c 'import os, pty, sys
out = b""
def read(fd):
    global out
    data = os.read(fd, 4096)
    out += data
    return b""
pty.spawn([os.environ["DIG"], "--no-pager", "diff", "--color=never"], read)
assert b"\\x1b[2J" in out and b"\033" not in out, out'
dig restore .
rm b.txt && mkfifo b.txt
t_has 'a fifo in its place' 'deleted file mode 100644' dig diff
rm b.txt && mkdir b.txt
t_has 'a folder in its place' 'deleted file mode 100644' dig diff
rmdir b.txt && dig restore b.txt
printf 'x\n' >>b.txt
# strace and the search for leaks do not go together.
if [ -n "${SANITIZED:-}" ]; then
	:
elif strace -o "$TMP/trace" -e inject=openat:error=ENOENT -P b.txt true \
	2>/dev/null; then
	t_has 'a file that vanishes is gone' 'deleted file mode 100644' \
		strace -o "$TMP/trace" -P b.txt -e inject=openat:error=ENOENT \
		"$DIG" diff
	t_fails 1 'a file that cannot be read' 'b.txt' \
		strace -o "$TMP/trace" -P b.txt -e inject=openat:error=EACCES \
		"$DIG" diff
else
	skip 'a file that vanishes' 'needs strace'
fi
truncate -s 65M huge
dig add huge && printf x >>huge
t_has 'a huge file is binary' \
	'Binary files a/huge and b/huge differ (68157440 -> 68157441 bytes)' \
	dig diff huge
rm huge && dig rm -q --cached huge

# ---- The text engine is loaded when it is needed ----------------------------
loads()
{
	strace -f -o "$TMP/trace" -e trace=openat "$DIG" "$@" >/dev/null &&
		grep -q dig-text "$TMP/trace"
}
if [ -n "${SANITIZED:-}" ]; then
	:
elif strace -o /dev/null true 2>/dev/null; then
	t 'a patch loads it' loads diff b.txt
	t_exit 1 'status does not' loads status
	t_exit 1 'nor do names' loads diff --name-only
	t_exit 1 'nor what is unchanged' loads diff link
	t_exit 1 'nor binary files' loads diff HEAD~5 HEAD~4 bin
else
	skip 'when it is loaded' 'needs strace'
fi
t_exit 1 'libgit2 is not linked' sh -c 'ldd "$DIG" | grep libgit2'
# Elsewhere and without its folder: what needs it says so.
if [ "${SANITIZED:-0}" != 1 ]; then
	mkdir "$TMP/elsewhere" && cp "$DIG" "$TMP/elsewhere/dig"
	cp "${DIG%/*}/dig-text.so" .
	if [ ! -e /usr/local/lib/dig/dig-text.so ]; then
		t_fails 9 'never from the current folder' 'not installed' \
			"$TMP/elsewhere/dig" diff b.txt
	fi
	cp "${DIG%/*}/dig-text.so" "$TMP/elsewhere/"
	t_has 'from beside the program' '+x' "$TMP/elsewhere/dig" diff b.txt
	rm dig-text.so
fi

# ---- Beside git ---------------------------------------------------------------
pairs=200
[ "${SANITIZED:-0}" = 1 ] && pairs=15
[ "${SOAK:-0}" = 1 ] && pairs=5000
t 'random trees as git has them' python3 "$ROOT/tests/e2e/diff-random.py" \
	"$DIG" "$TMP/random" "${SEED:-1}" "${PAIRS:-$pairs}"
finish
