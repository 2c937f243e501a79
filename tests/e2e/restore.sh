#!/bin/sh
# SPDX-License-Identifier: MIT
. "${0%/*}/lib.sh"

new_repo
write a/x one
write a/y one
write b one
save one
write b two
write c two
rm a/y
save two

write b mine
write a/x mine
t 'a working file' dig restore b
t_eq 'is what is staged' two "$(cat b)"
t_out 'the other stays' ' M a/x' dig status --porcelain=v1
t 'all of them' dig restore .
t_out 'clean' '' dig status --porcelain=v1
rm -r a
t 'a folder that is gone' dig restore a
t_eq 'is back' one "$(cat a/x)"

write b staged
dig add b
write b mine
t 'from what is staged, not from HEAD' dig restore b
t_eq 'staged' staged "$(cat b)"
t 'what is staged' dig restore --staged b
t_out 'the file is left alone' ' M b' dig status --porcelain=v1
dig add b
t '--cached is the same' dig restore --cached b
t_out 'the file is left alone' ' M b' dig status --porcelain=v1
dig add b
t 'both' dig restore --staged --worktree b
t_out 'clean' '' dig status --porcelain=v1
t_eq 'as in HEAD' two "$(cat b)"
write new x
dig add new
t 'a file that HEAD has not' dig restore --staged new
t_out 'is untracked again' '?? new' dig status --porcelain=v1
rm new

t 'from a commit' dig restore --source HEAD~1 b
t_out 'is an edit' ' M b' dig status --porcelain=v1
t_eq 'from that commit' one "$(cat b)"
chmod +x b
dig add b
tick
dig commit -q -m 'b runs'
chmod -x b
dig add b
t 'a mode alone' dig restore --source HEAD b
t_out 'is an edit, too' 'MM b' dig status --porcelain=v1
dig restore b
dig reset -q --hard HEAD~1
t 'all from a commit' dig restore --source=HEAD~1 --staged --worktree .
t_out 'adds, changes and deletes' 'A  a/y
M  b
D  c' dig status --porcelain=v1
t_eq 'in the work tree, too' no "$([ -e c ] && echo yes || echo no)"
t 'and back' dig restore -S -W .
t_out 'clean' '' dig status --porcelain=v1

cd a || exit 1
write x mine
t 'from a folder below' dig restore x
t_eq 'is back' one "$(cat x)"
write x mine
t 'a path above' dig restore ../a/x
t_eq 'is back' one "$(cat x)"
cd ..
t_fails 4 'a path that is not there' "pathspec 'q' did not match" dig restore q
t_fails 4 'nor staged' "pathspec 'q' did not match" dig restore --staged q
t_fails 2 'no path' 'which paths' dig restore
t_fails 4 'no such source' 'nothing' dig restore --source nothing b

mkdir "$TMP/outside"
rm -r a
ln -s "$TMP/outside" a
t 'a link where a folder must be' dig restore a
t_eq 'nothing went through it' '' "$(ls "$TMP/outside")"
t_eq 'the folder is there' one "$(cat a/x)"

finish
