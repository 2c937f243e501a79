# SPDX-License-Identifier: MIT
#
# Ignore rules and dig check-ignore: git's bytes for the same trees.
# SEED chooses the random trees and TREES how many there are.
. "${0%/*}/lib.sh"
need git python3

new_repo
write .gitignore '*.o' 'out/' '!keep.o' '/top' '#no rule' '!lost'
write a/.gitignore '/x' '!b.o' 'sub/*'
write a.o
write keep.o
write a/b.o
write a/c.o
write a/x
write out/lost
write a/sub/y
t_out "the paths that are ignored" "a.o
out
out/lost
a/c.o
a/x" dig check-ignore a.o keep.o out out/lost a/b.o a/c.o a/x top.c
t_out "and why, with what is taken back" ".gitignore:1:*.o	a.o
.gitignore:3:!keep.o	keep.o
.gitignore:2:out/	out/lost
a/.gitignore:2:!b.o	a/b.o
a/.gitignore:1:/x	./a/x" dig check-ignore -v a.o keep.o out/lost a/b.o ./a/x top.c
t_out "and those of which no rule speaks" "::	b.c
.gitignore:4:/top	top" dig check-ignore -vn b.c top
t_exit 1 "none is ignored" dig check-ignore b.c keep.o
t_eq "and nothing is printed" "$(cat "$OUT")" ""
t_exit 0 "a rule that takes back is an answer for -v" dig check-ignore -v keep.o
t_exit 0 "quiet, ignored" dig check-ignore -q a.o
t_eq "prints nothing" "$(cat "$OUT")" ""
t_exit 1 "quiet, not ignored" dig check-ignore -q b.c
t_out "unusual bytes are quoted" '.gitignore:1:*.o	"q\"\t.o"' \
	dig check-ignore -v "$(printf 'q"\t.o')"
t_out "a path that is not there, as a folder" "out/" \
	dig check-ignore out/ not/out
cd a || exit 1
t_out "from below" ".gitignore:2:out/	../out
a/.gitignore:3:sub/*	sub/
a/.gitignore:1:/x	x
.gitignore:4:/top	:/top" dig check-ignore -v ../out sub/ x :/top
cd ..

t_out "JSON" '{"paths":[{"path":"a.o","ignored":true,"source":".gitignore","line":1,"pattern":"*.o"},{"path":"keep.o","ignored":false,"source":".gitignore","line":3,"pattern":"!keep.o"},{"path":"b","ignored":false}]}' \
	dig check-ignore --json a.o keep.o b

# standard input
printf 'a.o\nb.c\n"q\\"\\t.o"\nz.o' >in
t_out "from standard input" 'a.o
"q\"\t.o"
z.o' sh -c '"$DIG" check-ignore --stdin <in'
printf 'a.o\0b.c\0' >in0
printf '.gitignore\0001\0*.o\0a.o\0\0\0\0b.c\0' >want
sh -c '"$DIG" check-ignore -z -v -n --stdin <in0 >got'
t "ended by NUL" cmp got want
t_out "one question at a time" "a.o z.o" python3 -c '
import os, subprocess
p = subprocess.Popen([os.environ["DIG"], "check-ignore", "--stdin"],
                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
said = []
for word in b"a.o\n", b"z.o\n":
    os.write(p.stdin.fileno(), word)
    said.append(os.read(p.stdout.fileno(), 100).decode().strip())
p.stdin.close()
p.wait()
print(*said)'
printf '"a\n' >in
t_fails 2 "bad quotes" "badly quoted" sh -c '"$DIG" check-ignore --stdin <in'
rm -f in in0 want got

t_fails 2 "no path" "takes a path" dig check-ignore
t_fails 2 "an empty path" "empty" dig check-ignore ''
t_fails 2 "outside" "outside" dig check-ignore ../x
t_fails 2 "an exclusion" "excludes" dig check-ignore ':!x'
t_fails 2 "paths and standard input" "--stdin" dig check-ignore --stdin x
t_fails 2 "-z alone" "--stdin" dig check-ignore -z x
t_fails 2 "-n alone" "-v" dig check-ignore -n x
t_fails 2 "-q with two" "one path" dig check-ignore -q x y
ln -s a link
ln -s . self
t_fails 2 "beyond a link" "'link/x' is beyond a symbolic link" \
	dig check-ignore link/x
t_fails 2 "far beyond a link" "beyond a symbolic link" \
	dig check-ignore a/../self/q/r/s
t_fails 2 "a link as a folder" "beyond a symbolic link" dig check-ignore link/
t_exit 1 "below a file" dig check-ignore keep.o/x
rm link self

# tracked files are never ignored
dig add -f out/lost a.o
t_exit 1 "tracked" dig check-ignore a.o out/lost out
t_out "unless it is asked for" "a.o
out/lost
out" dig check-ignore --no-index a.o out/lost out
t_out "another file beside it" "out/new" dig check-ignore out/new
echo more >a.o
t_out "a change of a tracked file shows" "AM a.o" dig status -s a.o
t "and is added" dig add a.o
t_out "so it is staged" "A  a.o" dig status -s a.o
t_fails 1 "one that is not is refused" "-f" dig add a/c.o

# rules from elsewhere: user, then repository, then tree
mkdir -p "$XDG_CONFIG_HOME/git"
echo '*.u' >"$XDG_CONFIG_HOME/git/ignore"
t_out "the user's file where git has it" \
	"$XDG_CONFIG_HOME/git/ignore:1:*.u	x.u" dig check-ignore -v x.u
echo '*.v' >"$HOME/mine"
ln -s mine "$HOME/rules"
# shellcheck disable=SC2088 # dig expands it
dig config core.excludesFile '~/rules'
t_out "core.excludesFile, a link" "$HOME/rules:1:*.v	x.v" \
	dig check-ignore -v x.u x.v
dig config core.excludesFile other
printf '*.w\n!*.x\n' >other
t_out "from the root of the tree" "other:1:*.w	../x.w" \
	dig -C a check-ignore -v ../x.w
printf '*.x\n!*.w\n!*.o\n' >.dig/info/exclude
t_out "info/exclude goes before it" ".dig/info/exclude:1:*.x	x.x
.dig/info/exclude:2:!*.w	x.w" dig check-ignore -v x.x x.w
t_out "and the tree before that" ".gitignore:1:*.o	y.o" \
	dig check-ignore -v y.o
printf '!y.o\n' >.digignore
t_out "its .digignore last" ".digignore:1:!y.o	y.o" dig check-ignore -v y.o
write x.x
t_out "status heeds them" "!! x.x" dig status -s --ignored x.x
rm other x.x .digignore

seed=${SEED:-$(($(date +%s) % 100000))}
if [ "${SOAK:-0}" = 1 ]; then
	trees=20000
elif [ "${SANITIZED:-0}" = 1 ]; then
	trees=100
else
	trees=1000
fi
mkdir "$TMP/random"
t "random trees as git has them, seed $seed" python3 \
	"$ROOT/tests/e2e/ignore-random.py" "$DIG" "$TMP/random" "$seed" \
	"${TREES:-$trees}"
sed 's/^/# /' "$OUT"
finish
