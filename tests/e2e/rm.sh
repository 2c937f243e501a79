#!/bin/sh
# SPDX-License-Identifier: MIT
. "${0%/*}/lib.sh"

gone() { [ ! -e "$1" ] && [ ! -L "$1" ]; }

new_repo
write a/b/x one
write a/y one
write b one
write c one
ln -s b link
save one

t_out 'a file' "rm 'b'" dig rm b
t 'is gone' gone b
t_out 'and staged' 'D  b' dig status --porcelain=v1
t_out '-q is quiet' '' dig rm -q link
t 'a link is gone' gone link
t_fails 2 'a folder needs -r' "not removing 'a' recursively without -r" dig rm a
t_out '-n does nothing' "rm 'a/b/x'
rm 'a/y'" dig rm -n -r a
t 'it is there' test -e a/y
t 'with -r' dig rm -r a
t 'the folder is gone' gone a
t 'back' dig checkout -f main

write c two
t_fails 1 'an edit' 'c: has local modifications' dig rm c
t_eq 'is kept' two "$(cat c)"
dig add c
t_fails 1 'a staged change' 'c: has changes that are staged' dig rm c
write c three
t_fails 1 'both' 'c: has staged content different' dig rm c
t_fails 1 'both, with --cached' 'c: has staged content different' dig rm --cached c
t_fails 1 'nothing at all is removed' 'c: has' dig rm b c
t 'the other is there' test -e b
t 'with -f' dig rm -f c
t 'it is gone' gone c
t 'back' dig checkout -f main
write c two
t '--cached keeps an edit' dig rm --cached c
t_eq 'the file' two "$(cat c)"
t_out 'is untracked' 'D  c
?? c' dig status --porcelain=v1
t 'back' dig checkout -f main
t '--staged is the same' dig rm --staged c
t 'the file is there' test -e c
t 'back' dig checkout -f main

rm b
t 'a file that is gone already' dig rm b
t_out 'is staged' 'D  b' dig status --porcelain=v1
t 'back' dig checkout -f main
t_fails 4 'a path that is not tracked' "pathspec 'q' did not match" dig rm q
t 'is no error when asked' dig rm --ignore-unmatch q
t_fails 2 'no path' 'which paths' dig rm
t 'a wildcard' dig rm 'a/*'
t 'took all' gone a
t 'back' dig checkout -f main

# What others put there is not ours.
mkdir "$TMP/outside"
mkdir "$TMP/outside/b"
echo keep >"$TMP/outside/b/x"
rm -r a
ln -s "$TMP/outside" a
t 'a link where the folder was' dig rm -r -f a/b
t_eq 'nothing is removed through it' keep "$(cat "$TMP/outside/b/x")"
t_eq 'and the link stays' "$TMP/outside" "$(readlink a)"
rm a
t 'back' dig checkout -f main
write a/untracked mine
t 'an untracked file in the folder' dig rm -r a
t_eq 'stays' mine "$(cat a/untracked)"
rm -r a
t 'back' dig checkout -f main

write '-rf' x
write ':(top)' x
write 'new
line' x
save odd
t 'odd names' dig rm -- -rf ':(literal):(top)' 'new
line'
t 'are gone' gone 'new
line'

finish
