#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig reset beside git reset: the same steps in two folders, and after each the
# same output, files, status and commit.
. "${0%/*}/lib.sh"
need git

G=$TMP/git
git init -q -b main "$G"
git -C "$G" config user.name x
git -C "$G" config user.email x@example.com
new_repo dig
D=$PWD

# edit 'SHELL': in both folders.
edit()
{
	(cd "$D" && eval "$1") && (cd "$G" && eval "$1")
}

ids()
{
	sed -E 's/\b[0-9a-f]{7,64}\b/ID/g'
}

both()
{
	dig "$@" >"$TMP/dig.out" 2>"$ERR" || _no "dig $*" "$(cat "$ERR")"
	git -C "$G" "$@" >"$TMP/git.out" 2>"$ERR" || _no "git $*" "$(cat "$ERR")"
	ids <"$TMP/dig.out" >"$TMP/dig.ids"
	# Below a file that was a folder git says M here, and D in its status.
	ids <"$TMP/git.out" | sed 's|^M\td/x|D\td/x|' >"$TMP/git.ids"
	t "$*: says the same" diff -u "$TMP/git.ids" "$TMP/dig.ids"
	t "$*: the same files" diff -r --no-dereference -x .git -x .dig "$G" "$D"
	dig status --porcelain=v1 --no-renames >"$TMP/dig.st"
	git -C "$G" -c status.renames=false status --porcelain=v1 >"$TMP/git.st"
	t "$*: the same status" diff -u "$TMP/git.st" "$TMP/dig.st"
	dig log --format='%s' >"$TMP/dig.log" 2>/dev/null
	git -C "$G" log --format='%s' >"$TMP/git.log" 2>/dev/null
	t "$*: the same history" diff -u "$TMP/git.log" "$TMP/dig.log"
}

commit()
{
	tick
	both add -A
	dig commit -q -m "$1"
	GIT_COMMITTER_DATE=$DIG_COMMITTER_DATE git -C "$G" commit -q -m "$1"
}

# ---- before the first commit --------------------------------------------
edit 'echo one >a; echo one >b; mkdir d; echo one >d/x; ln -s a l'
both add a b
both reset
t_fails 4 'no commit to go back to' 'no commit yet' dig reset --hard
t_fails 4 'nor softly' 'no commit yet' dig reset --soft
both add a b
both reset -- a
commit first
edit 'echo two >a; rm b; echo two >c; chmod +x d/x; rm l; ln -s d/x l'
commit second
edit 'echo three >a; rm -r d; echo three >d; echo three >"with space"'
commit third
t_out 'clean' '' dig status --porcelain=v1

# ---- the three ways -----------------------------------------------------
third=$(dig rev-parse HEAD)
both branch third
both reset --soft HEAD~1
both reset --soft HEAD~1
both reset -q --soft third
both reset HEAD
both reset HEAD~1
both reset --mixed HEAD~1
t_has '@{1} is where the branch was' second dig log -1 --format=%s '@{1}'
both add -A
both reset -q
both reset --hard
edit 'rm -rf d "with space" c'
both reset -q --hard
both reset -q --hard third
both reset --hard HEAD
both reset --hard HEAD~2
both reset -q --hard '@{1}'
both reset --hard

# ---- edits, and what is not tracked -------------------------------------
edit 'echo edit >a; rm c; echo new >new; echo untracked >u; mkdir v; echo x >v/x'
both add new a
edit 'echo again >a'
both reset --soft HEAD
both reset
both add -A
both reset --hard
edit 'echo untracked >u; echo mine >b; mkdir x; echo x >x/y'
both reset --hard HEAD~2
edit 'rm -f l; mkdir l; echo in >l/the-way; echo stays >stays'
t 'a folder in the way of a link' dig reset -q --hard
t_eq 'goes' a "$(readlink l)"
t_eq 'other files stay' stays "$(cat stays)"
edit 'rm -rf l stays u x'
both reset --hard HEAD

# ---- paths --------------------------------------------------------------
both reset -q --hard third
both reset --hard
edit 'echo edit >a; rm c; echo new >new; mkdir sub; echo s >sub/s'
both add -A
both reset -- a
both reset -- c sub
both add -A
both reset HEAD a
both reset -q -- .
both add -A
both reset HEAD~2 -- a d
both reset HEAD~1 -- .
both reset -q
t_fails 4 'a path that is nowhere' "'none' did not match" dig reset -- a none
t_fails 2 'hard takes no paths' '--hard moves the branch' dig reset --hard -- a
t_fails 2 'nor soft' '--soft moves the branch' dig reset --soft HEAD a
t_fails 4 'no such revision' "'none' did not match" dig reset none
t_fails 4 'said to be one' "no revision 'none'" dig reset none --
t_fails 2 'two revisions' 'one revision' dig reset HEAD HEAD --
edit 'cd sub && echo more >more && cd ..'
both add -A
(cd sub && dig reset -q -- . && git -C "$G/sub" reset -q -- .)
both reset -q HEAD -- a

# ---- detached -----------------------------------------------------------
edit 'rm -rf sub new'
both reset --hard
t 'detach' dig switch -q --detach
git -C "$G" checkout -q --detach
both reset --hard HEAD~1
t_out 'the branch stays' "$third" dig rev-parse main
both reset --soft main
t 'back' dig switch -q -f main
git -C "$G" checkout -q -f main
t_has 'a reset is no switch' "HEAD is now at" dig switch -
t 'nor is the way back' dig switch -q -

# ---- a link where a folder was, and what it leads to --------------------
mkdir "$TMP/outside" && echo keep >"$TMP/outside/x"
dig reset -q --hard HEAD~1
rm -r d && ln -s "$TMP/outside" d
t 'through no link' dig reset -q --hard
t_eq 'a folder again' two "$(cat c)"
t_eq 'with its file' one "$(cat d/x)"
t_eq 'outside is as it was' keep "$(cat "$TMP/outside/x")"

# ---- the index made anew says the same ----------------------------------
echo edit >a
dig add a
dig reset -q --soft HEAD~1
dig status --porcelain=v1 >"$TMP/before"
rm .dig/index.db*
t 'after a rebuild' dig fsck --rebuild-index
dig status --porcelain=v1 >"$TMP/after"
t 'the same' diff -u "$TMP/before" "$TMP/after"
dig reset -q "$third"
dig status --porcelain=v1 >"$TMP/before"
rm .dig/index.db*
t 'after a rebuild' dig fsck --rebuild-index
dig status --porcelain=v1 >"$TMP/after"
t 'the same' diff -u "$TMP/before" "$TMP/after"

finish
