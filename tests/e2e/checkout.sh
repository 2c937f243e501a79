#!/bin/sh
# SPDX-License-Identifier: MIT
. "${0%/*}/lib.sh"

new_repo
write a/b/x one
write y one
ln -s y link
write run '#!/bin/sh'
chmod 755 run
save one
one=$(dig rev-parse HEAD)
cp -a . "$TMP/one"
write y two
rm -r a run
write run/file two
write z two
save two
two=$(dig rev-parse HEAD)
cp -a . "$TMP/two"

# ---- switching ----------------------------------------------------------
t_has 'detached at the first' 'HEAD is now at' dig checkout "$one"
t_same 'the work tree is the first' . "$TMP/one"
t_out 'nothing differs' '' dig status --porcelain=v1
t_has 'back onto the branch' "Switched to branch 'main'" dig checkout main
t_same 'the work tree is the second' . "$TMP/two"
t_out 'nothing differs either' '' dig status --porcelain=v1
t_has '- is where HEAD was' 'HEAD is now at' dig checkout -
t_same 'the first again' . "$TMP/one"
t_has '- goes to the branch' "branch 'main'" dig checkout -
t_has 'on it already' "Already on 'main'" dig checkout main
t_has 'HEAD is where it is' "Already on 'main'" dig checkout HEAD
t_has '@ too' "Already on 'main'" dig checkout @
t_has 'detach' 'HEAD is now at' dig checkout --detach main
t_has 'HEAD stays detached' 'HEAD is now at' dig checkout HEAD
t 'back' dig checkout -q main
t_fails 4 'no such revision and no such path' 'did not match' dig checkout nothing
t_fails 4 'no such revision' 'nothing' dig checkout nothing --

mode() { stat -c %a "$1"; }
t 'the first for its modes' dig checkout -q "$one"
t_eq 'executable' 755 "$(mode run)"
t_eq 'not executable' 644 "$(mode y)"
t_eq 'a link' y "$(readlink link)"
t 'the second' dig checkout -q main
(umask 077 && dig checkout -q "$one")
t_eq 'executable under a umask' 700 "$(mode run)"
t_eq 'not executable under a umask' 600 "$(mode a/b/x)"
t 'the second once more' dig checkout -q main

# ---- edits and untracked files ------------------------------------------
write y mine
t_fails 1 'an edit is in the way' 'y: has changes' dig checkout "$one"
t_eq 'it is kept' mine "$(cat y)"
t_eq 'nothing was written' no "$([ -e a/b/x ] && echo yes || echo no)"
t_eq 'HEAD stays' "$two" "$(dig rev-parse HEAD)"
t '-f loses it' dig checkout -f -q "$one"
t_same 'and all is the first' . "$TMP/one"
t 'back to the second' dig checkout -q main
write y one
t 'a file that equals the target is no edit' dig checkout -q "$one"
t_same 'the first' . "$TMP/one"
t 'and back' dig checkout -q main

write link2 mine
rm link
write link mine
t 'edits that do not collide are kept' dig checkout -q "$one"
t_eq 'an untracked one' mine "$(cat link2)"
t_eq 'a tracked one' mine "$(cat link)"
t 'back with them' dig checkout -q main
t_eq 'still there' mine "$(cat link)"
t '-f restores edits that do not collide' dig checkout -f -q main
t_eq 'the link' y "$(readlink link)"
t_eq 'untracked files stay' mine "$(cat link2)"
rm link2

mkdir -p a
write a/b mine
t_fails 1 'an untracked file where a folder must be' 'a/b: is in the way' dig checkout "$one"
t_eq 'it is kept' mine "$(cat a/b)"
rm -r a
write a/other mine
t 'an untracked file beside' dig checkout -q "$one"
t_eq 'is kept' mine "$(cat a/other)"
t 'back' dig checkout -q main
t_eq 'and its folder' mine "$(cat a/other)"
rm -r a
write run/untracked mine
t_fails 1 'an untracked file in a folder that must go' 'run: is a folder' dig checkout "$one"
t_eq 'it is kept' mine "$(cat run/untracked)"
t_eq 'with what is tracked' two "$(cat run/file)"
t '-f removes it' dig checkout -f -q "$one"
t_same 'the first' . "$TMP/one"
t 'back' dig checkout -q main
rm y
t 'a file that is gone comes back when it differs' dig checkout -q "$one"
t_same 'the first' . "$TMP/one"
t 'back' dig checkout -q main

# ---- staged changes -----------------------------------------------------
write new staged
dig add new
t 'a staged file that does not collide' dig checkout -q "$one"
t_out 'is kept' 'A  new' dig status --porcelain=v1
t 'back' dig checkout -q main
t_out 'and kept again' 'A  new' dig status --porcelain=v1
write y staged
dig add y
t_fails 1 'a staged change that collides' 'y: has staged changes' dig checkout "$one"
t_out 'nothing was changed' 'A  new
M  y' dig status --porcelain=v1
t '-f loses them' dig checkout -f -q main
t_out 'all is HEAD' '' dig status --porcelain=v1

# ---- a hostile work tree ------------------------------------------------
mkdir "$TMP/outside"
ln -s "$TMP/outside" a
t_fails 1 'a link where a folder must be' 'a: is in the way' dig checkout "$one"
t_eq 'nothing went through it' '' "$(ls "$TMP/outside")"
t '-f replaces the link' dig checkout -f -q "$one"
t_eq 'nothing went through it' '' "$(ls "$TMP/outside")"
t_same 'the first' . "$TMP/one"
mkdir -p "$TMP/outside/b"
echo keep >"$TMP/outside/b/x"
rm -r a
ln -s "$TMP/outside" a
t 'a link where tracked files were' dig checkout -q main
t_eq 'what it leads to is kept' keep "$(cat "$TMP/outside/b/x")"
rm -f a
t_out 'clean' '' dig status --porcelain=v1

# ---- paths --------------------------------------------------------------
write y mine
t 'a path from the index' dig checkout -- y
t_eq 'is back' two "$(cat y)"
t 'a path without --' dig checkout y
t 'a path from a commit' dig checkout "$one" -- y
t_eq 'is in the work tree' one "$(cat y)"
t_out 'and staged' 'M  y' dig status --porcelain=v1
t 'a path from a commit without --' dig checkout main y
t_out 'clean again' '' dig status --porcelain=v1
t 'a folder' dig checkout "$one" -- a
t_same 'is there' a "$TMP/one/a"
t_out 'and staged as added' 'A  a/b/x' dig status --porcelain=v1
t_eq 'what the commit has not is left' two "$(cat z)"
t_fails 4 'a path that is not there' "pathspec 'q' did not match" dig checkout -- q
t_fails 4 'and none of it is done' "pathspec 'q'" dig checkout main -- y q
t 'all back' dig checkout -f -q main

# ---- into ---------------------------------------------------------------
t_has 'into a new folder' 'Wrote 4 files' dig checkout --into "$TMP/into" "$one"
t_same 'all of it' "$TMP/into" "$TMP/one"
t_fails 1 'a folder that is not empty' 'is not empty' dig checkout --into "$TMP/into" "$one"
mkdir "$TMP/empty"
t 'into an empty folder, paths only' dig checkout --into "$TMP/empty" "$one" -- a 'r*'
t_eq 'just these' './a/b/x
./run' "$(cd "$TMP/empty" && find . -type f | sort)"
t_fails 4 'a path that is not there' 'did not match' dig checkout --into "$TMP/no" "$one" -- q
t_eq 'makes nothing' no "$([ -e "$TMP/no" ] && echo yes || echo no)"
t_fails 2 'needs a revision' 'needs a revision' dig checkout --into "$TMP/no"
t_out 'the work tree was not touched' '' dig status --porcelain=v1
t_eq 'nor HEAD' "$two" "$(dig rev-parse HEAD)"

# ---- sizes and names ----------------------------------------------------
bytes big 3000000 >big
bytes big 32768 >min
: >empty
write 'new
line' x
write '-rf' x
printf x >"$(printf 'inv\377alid')"
save big
cp -a . "$TMP/three"
t 'away' dig checkout -q "$one"
t_eq 'big is gone' no "$([ -e big ] && echo yes || echo no)"
t 'and back' dig checkout -q main
t_same 'byte for byte' . "$TMP/three"
t_out 'clean' '' dig status --porcelain=v1
t_has 'into a folder' 'Wrote' dig checkout --into "$TMP/four" HEAD
t_same 'byte for byte too' "$TMP/four" "$TMP/three"

# ---- a file of many pieces ----------------------------------------------
new_repo pieces
bytes pieces 41000000 >large
bytes other 40000000 >large2
save large
cp large "$TMP/large"
t 'written by all threads' dig checkout --into "$TMP/p" HEAD
t 'is the same' cmp "$TMP/p/large" large
t 'and the other' cmp "$TMP/p/large2" large2
rm large
t 'in the work tree too' dig checkout -- large
t 'is the same' cmp "$TMP/large" large

finish
