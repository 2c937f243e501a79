#!/bin/sh
# SPDX-License-Identifier: MIT
. "${0%/*}/lib.sh"

gone() { [ ! -e "$1" ] && [ ! -L "$1" ]; }

new_repo
write a/x one
write a/s/y two
write b three
write c four
ln -s b link
save one

t_out 'a file' '' dig mv b d
t 'is gone' gone b
t_eq 'and there' three "$(cat d)"
dig status --porcelain=v1 >"$TMP/st"
t_has 'the new name is staged' 'd' dig status --porcelain=v1
t_out 'nothing is left to stage' '' sh -c 'dig() { "$DIG" "$@"; }; dig status --porcelain=v1 | cut -c2 | tr -d " \n"'
t_out '-v tells' 'Renaming d to b' dig mv -v d b
t_out 'and back is clean' '' dig status --porcelain=v1
t_out '-n does nothing' 'Renaming b to a/b' dig mv -n b a
t 'it is there' test -e b
t 'into a folder' dig mv b link a
t_eq 'one' three "$(cat a/b)"
t_eq 'a link' b "$(readlink a/link)"
t 'out of it' dig mv a/b a/link .
t_out 'clean' '' dig status --porcelain=v1
t 'a folder' dig mv a n
t_eq 'with all below' two "$(cat n/s/y)"
t 'the old one is gone' gone a
t 'and back' dig mv n a
t_out 'clean' '' dig status --porcelain=v1
t 'a folder into another' sh -c 'mkdir m && "$DIG" mv a m'
t_eq 'is below' one "$(cat m/a/x)"
t 'and back' dig mv m/a .
t_out 'clean' '' dig status --porcelain=v1

write a/untracked mine
write b edited
t 'what is not tracked moves along' dig mv a n
t_eq 'there' mine "$(cat n/untracked)"
t 'an edit, too' dig mv b e
t_eq 'it is' edited "$(cat e)"
t 'and back' dig mv n a
t 'and back' dig mv e b
t_out 'the edit is still one' ' M b
?? a/untracked' dig status --porcelain=v1
rm a/untracked
t 'lose it' dig checkout -- b

t_fails 1 'a target that exists' "'c' exists" dig mv b c
t_eq 'is kept' four "$(cat c)"
t '-f replaces it' dig mv -f b c
t_eq 'it does' three "$(cat c)"
t 'no other is left' gone b
t 'back' dig checkout -f main
t_fails 4 'a source that is not tracked' 'not under version control' dig mv q r
t_fails 2 'into itself' 'into itself' dig mv a a/s
t_fails 2 'several into a file' 'is no folder' dig mv a/x b c
t_fails 4 'into a folder that is not there' 'q/b' dig mv b q/b
t_fails 2 'a target that cannot be tracked' '.dig' dig mv b .dig/b
t_fails 2 'one argument' 'a source and a target' dig mv b
t '-k leaves out what cannot be moved' dig mv -k q c a
t_eq 'and moves the rest' four "$(cat a/c)"
t 'back' dig mv a/c .
t_out 'clean' '' dig status --porcelain=v1

mv b d
t 'renamed by other means: only staged' dig mv b d
t_eq 'all is staged' '' "$(dig status --porcelain=v1 | cut -c2 | tr -d ' \n')"
t 'back' dig mv d b

# The second rename fails: the first is taken back.
mkdir locked
chmod 500 locked
t_exit 1 'no permission' plain mv b c locked
t_eq 'the first is back' three "$(cat b)"
chmod 700 locked
mkdir "$TMP/outside"
ln -s "$TMP/outside" away
t_exit 1 'a link as the target' dig mv b away
t_eq 'nothing went through it' '' "$(ls "$TMP/outside")"
t_exit 4 'a path through a link' dig mv b away/b
t_eq 'nothing went through it' '' "$(ls "$TMP/outside")"
rm away
t_out 'clean' '' dig status --porcelain=v1

# ---- a merge in progress ---------------------------------------------------
new_repo conflict
mkdir d
lines()
{
	_file=$1
	shift
	printf '%s\n' "$@" >"$_file"
}
lines d/text one
lines other other
save 'Base'
dig branch side
lines d/text main
save 'Main'
dig switch -q side
lines d/text side
save 'Side'
dig switch -q main
t_exit 1 'a conflict' dig merge side
t_fails 1 'is not moved' "conflicted: 'd/text'" dig mv d/text moved
t_fails 1 'nor with its folder' "conflicted: 'd/text'" dig mv d e
t 'the file is where it was' test -f d/text
t '-k leaves it out' dig mv -k d/text other d
t_eq 'and moves the rest' other "$(cat d/other)"
t_out 'the conflict stays' 'R  other -> d/other
UU d/text' dig status --porcelain=v1
t 'moved onto it' dig mv -f d/other d/text
t_out 'is its version' 'M  d/text
D  other' dig status --porcelain=v1
t 'the index agrees' dig fsck

finish
