#!/bin/sh
# SPDX-License-Identifier: MIT
. "${0%/*}/lib.sh"

# ---- before the first commit --------------------------------------------
new_repo empty
t_has 'another first branch' "Switched to a new branch 'first'" dig switch -c first
t_out 'is the current one' first dig branch --show-current
t_fails 4 'there is nothing to begin at' 'no revision' dig switch -c x main
t_fails 4 'nor to go to' 'no branch' dig switch main
t_fails 2 'a bad name' 'not a valid name' dig switch -c 'a b'
write a one
save one
t_out 'the first commit is on it' '* first' dig branch

# ---- branches -----------------------------------------------------------
new_repo
write a one
write both one
save one
one=$(dig rev-parse HEAD)
cp -a . "$TMP/one"
write a two
write b two
save two
two=$(dig rev-parse HEAD)
cp -a . "$TMP/two"

t_has 'a new branch here' "Switched to a new branch 'here'" dig switch -c here
t_out 'where HEAD was' "$two" dig rev-parse HEAD
t_has 'one further back' "Switched to a new branch 'back'" dig switch -c back HEAD~1
t_same 'with its files' . "$TMP/one"
t_out 'and its commit' "$one" dig rev-parse back
t_has 'by name' "Switched to branch 'main'" dig switch main
t_same 'with its files' . "$TMP/two"
t_has '-' "Switched to branch 'back'" dig switch -
t_has 'on it already' "Already on 'back'" dig switch back
t_fails 1 'one that is there' "'main' is there already" dig switch -c main
t_fails 1 'with checkout, too' "'main' is there already" dig checkout -b main
t_fails 1 'below a branch' 'cannot stand beside' dig switch -c main/x
t_has 'moved' "Switched to and reset branch 'here'" dig switch -C here "$one"
t_out 'to there' "$one" dig rev-parse here
t_has 'the current one moved' "Reset branch 'here'" dig switch -C here main
t_same 'with its files' . "$TMP/two"
t_has '-C makes one, too' "Switched to a new branch 'c'" dig switch -C c -
t_out 'where HEAD was before' "$one" dig rev-parse c
t_has 'checkout -b' "Switched to a new branch 'b1'" dig checkout -b b1 main
t_has 'checkout -B' "Switched to and reset branch 'c'" dig checkout -B c main
t 'commits go onto the new one' dig switch -q -c work main
write w one
save work
t_out 'the others stay' "$two" dig rev-parse main
t_eq 'it went on' "$two" "$(dig rev-parse work~1)"

# ---- detached -----------------------------------------------------------
t_fails 2 'a commit is no branch' 'is a commit, not a branch' dig switch "$one"
t_fails 2 'the way is named' 'dig switch --detach' dig switch main~1
t_has 'detached' 'HEAD is now at' dig switch --detach "$one"
t_has 'with its subject' ' one' dig switch --detach "$one"
t_out 'no branch' '' dig branch --show-current
t_has 'from there' 'Previous HEAD position was' dig switch main
t_has 'and back' 'HEAD is now at' dig switch -
t_has 'the commit of a branch' 'HEAD is now at' dig switch --detach main
t_has 'here' 'HEAD is now at' dig switch --detach
t_fails 4 'no such branch' "no branch 'none'" dig switch none
t_fails 4 'the way is named' "'dig switch -c none'" dig switch none
t_fails 2 'no branch named' 'which branch' dig switch
t_fails 2 'two of them' 'one branch' dig switch main work
t_fails 2 'both ways' 'exclude each other' dig switch -c x --detach
t_fails 2 'with paths' 'without paths' dig checkout -b x main -- a

# ---- changes ------------------------------------------------------------
t 'back' dig switch -q main
write a mine
t_fails 1 'an edit is in the way' 'a: has changes' dig switch back
t_fails 1 'of a new branch, too' 'a: has changes' dig switch -c x back
t_fails 4 'which is not made' 'x' dig rev-parse --verify x
t_has 'a branch that begins here takes it along' "'x'" dig switch -c x
t_out 'the edit' ' M a' dig status --porcelain=v1
dig add a
t_has 'staged, too' "'y'" dig checkout -b y
t_out 'the change' 'M  a' dig status --porcelain=v1
t_has '-f loses it' "'back'" dig switch -f back
t_same 'the files of the branch' . "$TMP/one"
write both mine
t '--discard-changes, too' dig switch --discard-changes main
t_same 'the files of the branch' . "$TMP/two"
t_out 'clean' '' dig status --porcelain=v1

# ---- a branch that could not be made --------------------------------------
t 'begin' dig switch -q back
mkdir wall && write wall/x mine && write b mine
t_fails 1 'refused before anything is written' 'b: is not tracked' dig switch -c late main
t_fails 4 'no branch is left of it' 'late' dig rev-parse --verify late
rm -r wall b
t 'it goes when the way is free' dig switch -q -c late main
t_same 'whole' . "$TMP/two"

finish
