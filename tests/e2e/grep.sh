#!/bin/sh
# SPDX-License-Identifier: MIT
. "${0%/*}/lib.sh"

new_repo
write a.c 'int foo;' 'int bar;' 'foobar' 'last'
write sub/b.c 'foo' 'Foo'
write sub/c.txt 'nothing'
printf 'foo\0bar\n' >bin
ln -s a.c link
write .gitignore '*.o'
save one
write new.c 'foo in new'
write x.o 'foo ignored'
write a.c 'int foo;' 'edited' 'foobar' 'last'

t_out 'tracked files of the work tree' 'a.c:int foo;
a.c:foobar
Binary file bin matches
sub/b.c:foo' dig grep foo
t_out 'what is staged' 'a.c:int bar;' dig grep --cached 'int bar'
t_out 'a commit' 'HEAD:a.c:int bar;' dig grep 'int bar' HEAD
t_out 'with paths' 'HEAD:sub/b.c:foo' dig grep foo HEAD -- sub
t_out 'a path without --' 'sub/b.c:foo' dig grep foo sub
t_out 'untracked files, too' 'a.c:int foo;
a.c:foobar
new.c:foo in new
sub/b.c:foo' dig grep -I --untracked foo
t_out '-n and -i' 'sub/b.c:1:foo
sub/b.c:2:Foo' dig grep -n -i foo sub
t_out '-w' 'a.c:int foo;
sub/b.c:foo' dig grep -I -w foo
t_out '-c' 'a.c:2
bin:1
sub/b.c:1' dig grep -c foo
t_out '-l' 'a.c
bin
sub/b.c' dig grep -l foo
t_out '-L' '.gitignore
sub/c.txt' dig grep -L foo
t_out '-o and -h' 'foo
foo
foo' dig grep -I -o -h foo
t_out 'context' 'a.c-1-int foo;
a.c:2:edited
a.c-3-foobar' dig grep -n -1 edited
t_out '--heading and --break' 'a.c
1:int foo;
3:foobar

sub/b.c
1:foo' dig grep -I -n --heading --break foo
t_out 'several patterns' 'a.c:edited
sub/c.txt:nothing' dig grep -e edited -e nothing
t_out 'lines of one pattern' 'a.c:edited
sub/c.txt:nothing' dig grep 'edited
nothing'
t_out 'basic ones' 'a.c:foobar' dig grep -I 'fo\{2\}\(bar\)'
t_out 'extended ones' 'a.c:foobar' dig grep -I -E 'fo{2}(bar)'
t_out "Perl's" 'a.c:foobar' dig grep -I -P 'foo(?=bar)'
t_out 'fixed ones' 'a.c:int foo;' dig grep -F 'foo;'
t_out 'in the current folder' 'b.c:foo' sh -c 'cd sub && "$DIG" grep foo'
t_out 'and elsewhere' '../a.c:int foo;
../a.c:foobar
b.c:foo' sh -c 'cd sub && "$DIG" grep -I foo ..'
t_out 'from the root' 'sub/b.c:foo' \
	sh -c 'cd sub && "$DIG" grep --full-name foo'
t_exit 1 'no match' dig grep nowhere
t_eq 'says nothing' '' "$(cat "$OUT" "$ERR")"
t 'quiet' dig grep -q foo
t_eq 'is quiet' '' "$(cat "$OUT")"
t_exit 1 'quiet and no match' dig grep -q nowhere
t_fails 2 'no pattern' 'takes a pattern' dig grep
t_fails 2 'a bad one' "'fo\\('" dig grep 'fo\('
t_fails 2 'a bad one of Perl' "'fo('" dig grep -P 'fo('
t_fails 4 'no revision, no path' "'nowhere' is neither" dig grep foo nowhere
t_exit 1 'a path that is not there' dig grep foo -- nowhere
t_fails 2 '--cached with a revision' 'do not go' dig grep --cached foo HEAD
t_fails 2 'repetitions of repetitions' 'multiply beyond' \
	dig grep -E '((a{1,999}){1,999}){1,999}'
t_fails 2 'the same in basic ones' 'multiply beyond' \
	dig grep '\(\(a\{999\}\)\{999\}\)\{999\}'
t_has '-h alone is help' 'usage: dig grep' dig grep -h

# Steps are limited for Perl's patterns.
python3 -c 'print("a" * 60 + "b")' >steps
dig add steps
t_fails 2 'too many steps' 'searching steps:' \
	dig grep -P '^(?:a|a?)+c*(a+a+)+$' steps

# Files that are streamed: above 8 MiB, and with many lines that match.
python3 - <<'END'
with open("large", "w") as f:
    for i in range(700000):
        f.write("line %d of a large file\n" % i)
with open("many", "w") as f:
    f.write("x\n" * 500000)
END
dig add large many
t_out 'one line of many' 'large-12345-line 12344 of a large file
large:12346:line 12345 of a large file
large-12347-line 12346 of a large file' dig grep -n -1 'line 12345 ' large
t_out 'of what is staged' 'large:690001' \
	sh -c '"$DIG" grep --cached -n "line 690000 " | cut -d: -f1,2'
t_out 'all lines' '500000' sh -c '"$DIG" grep x many | wc -l'
t_out 'in order' 'large many' sh -c '"$DIG" grep -h -o -e " of" -e x large many |
	uniq -c | sed "s/.*of/large/; s/.*x/many/" | tr "\n" " " | sed "s/ $//"'
t_out 'matches at the end without a newline' 'end:1:x' \
	sh -c 'printf "%s" x >end; "$DIG" add end; "$DIG" grep -n "x$" end'

# What a worker cannot read is said.
if [ "$(id -u)" -ne 0 ]; then
	write secret foo
	dig add secret
	chmod 0 secret
	t_fails 1 'a file that cannot be read' 'secret: Permission denied' \
		dig grep foo
	chmod 644 secret
fi
rm a.c
t_not 'a file that is gone' 'a.c' dig grep -I foo
mkfifo a.c
t_not 'and one that became a pipe' 'a.c' dig grep -I foo
rm a.c
mkdir "$TMP/outside"
write "$TMP/outside/b.c" 'foo outside'
rm -r sub
ln -s "$TMP/outside" sub
t_exit 1 'nothing is read through a link' dig grep outside
rm sub

# Beside git, on random files and patterns.
if command -v git >/dev/null; then
	cases=400
	[ "${SANITIZED:-0}" = 1 ] && cases=60
	[ "${SOAK:-0}" = 1 ] && cases=20000
	seed=${SEED:-$(($(date +%s) % 100000))}
	mkdir "$TMP/random"
	t "random files and patterns as git has them, seed $seed" python3 \
		"$ROOT/tests/e2e/grep-random.py" "$DIG" "$TMP/random" "$seed" \
		"${N:-$cases}"
	sed 's/^/# /' "$OUT" | head -40
else
	skip 'random files and patterns' 'no git'
fi

finish
