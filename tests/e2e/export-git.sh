#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig export git: back into git with the same ids.
. "${0%/*}/lib.sh"
need git python3 sqlite3

GITSTREAM=$ROOT/tests/tools/gitstream.py
COMMITS=60
SEEDS='1 2'
[ "${SOAK:-0}" = 0 ] || { COMMITS=2000 SEEDS='1 2 3 4 5 6 7 8'; }

git_config()
{
	git -C "$1" config user.name x
	git -C "$1" config user.email x@example.com
}

# back DIR: the current repository into a new one of git; standard error is in
# $TMP/said.
back()
{
	git init -q --bare -b main "$1"
	dig export git 2>"$TMP/said" | git -C "$1" fast-import --quiet
}

# ---- there and back -----------------------------------------------------
for seed in $SEEDS; do
	GIT=$TMP/made$seed.git
	git init -q --bare -b main "$GIT"
	python3 "$GITSTREAM" --seed "$seed" --commits "$COMMITS" |
		git -C "$GIT" fast-import --quiet
	new_repo "made$seed"
	dig import git -q "$GIT"
	t "seed $seed: git reads it" back "$TMP/back$seed.git"
	t_eq "seed $seed: every ref has its id" \
		"$(git -C "$GIT" for-each-ref)" \
		"$(git -C "$TMP/back$seed.git" for-each-ref)"
	t_not "seed $seed: no id is another" 'other ids' cat "$TMP/said"
	t "seed $seed: git finds nothing wrong" \
		git -C "$TMP/back$seed.git" fsck --strict --no-dangling
done
dig export git -q >"$TMP/one"
dig export git -q >"$TMP/two"
t 'twice the same bytes' cmp "$TMP/one" "$TMP/two"
t 'a reader that goes away is no error' \
	sh -c '{ "$1" export git; echo $? >&2; } 2>"$2" | head -c 10; grep -qx 0 "$2"' \
	- "$DIG" "$TMP/said"

# ---- what a stream does not carry ---------------------------------------
GIT=$TMP/signed.git
git init -q -b main "$GIT"
git_config "$GIT"
write "$GIT/a" one
git -C "$GIT" add a
git -C "$GIT" commit -qm First
SIGNED=$(git -C "$GIT" cat-file commit HEAD | sed '/^committer/a\
gpgsig -----BEGIN PGP SIGNATURE-----\
 \
 made up\
 -----END PGP SIGNATURE-----' | git -C "$GIT" hash-object -t commit -w --stdin)
git -C "$GIT" reset -q --hard "$SIGNED"
for i in 1 2 3 4 5 6 7 8 9 10 11; do
	git -C "$GIT" commit -q --allow-empty -m "Number $i"
done
git -C "$GIT" tag -a -m t t HEAD
git -C "$GIT" branch aside "$SIGNED"
new_repo signed
dig import git -q "$GIT"
back "$TMP/signed.back"
t_has 'a signed commit and what follows on it are counted' \
	'12 commits and 1 tags get other ids' cat "$TMP/said"
t_eq 'the first ten are named' "$(git -C "$GIT" rev-list --reverse main |
	sed -n 1,10p)" "$(sed -n 's/^    //p' "$TMP/said")"
t_eq 'the contents are the same' "$(git -C "$GIT" rev-parse 'main^{tree}')" \
	"$(git -C "$TMP/signed.back" rev-parse 'main^{tree}')"
t_eq 'and so are the messages' "$(git -C "$GIT" log --format=%B main)" \
	"$(git -C "$TMP/signed.back" log --format=%B main)"

# ---- a history of dig's own ---------------------------------------------
new_repo own
write 'a b' one
write d/q\"uote two
ln -s d link
save 'First
with a body'
dig branch side
write 'a b' more
save 'Second'
dig switch -q side
rm -r d
write d file
chmod +x d
save 'A file where a folder was'
dig tag light
dig tag -a -m 'A tag' v1
dig switch -q main
t 'git reads it' back "$TMP/own.git"
t_eq 'branches and tags' 'refs/heads/main commit
refs/heads/side commit
refs/tags/light commit
refs/tags/v1 tag' "$(git -C "$TMP/own.git" for-each-ref \
	--format='%(refname) %(objecttype)')"
t_eq 'the messages' "$(dig log --all --format='%an %ae %at %B')" \
	"$(git -C "$TMP/own.git" log --all --format='%an %ae %at %B')"
for rev in main side v1; do
	mkdir "$TMP/$rev.git.tree"
	git -C "$TMP/own.git" archive "$rev" | tar -x -C "$TMP/$rev.git.tree"
	dig checkout -q --into "$TMP/$rev.tree" "$rev"
	t_same "the files of $rev" "$TMP/$rev.git.tree" "$TMP/$rev.tree"
done
t_has 'read back, nothing of it is new' '0 new commits, 3 known' \
	dig import git "$TMP/own.git"

# ---- to and fro ---------------------------------------------------------
GIT=$TMP/shared.git
git init -q -b main "$GIT"
git_config "$GIT"
write "$GIT/a" one
git -C "$GIT" add a
git -C "$GIT" commit -qm 'From git'
git -C "$GIT" tag -a -m old old
git -C "$GIT" checkout -q --detach
new_repo shared
dig import git -q "$GIT"
dig reset -q --hard main
dig switch -q main
write a two
save 'From dig'
dig branch new
dig tag -a -m tag tag
dig export git --incremental 2>"$TMP/said" >"$TMP/stream"
t_has 'only what is new' '1 commit, 1 annotated tag' cat "$TMP/said"
t_not 'no old one' 'From git' cat "$TMP/stream"
t 'git takes it' sh -c 'git -C "$1" fast-import --quiet <"$2"' - "$GIT" \
	"$TMP/stream"
t_eq 'on top of its own' 'From dig
From git' "$(git -C "$GIT" log --format=%s main)"
t_eq 'the new branch, the tags' 'refs/heads/main
refs/heads/new
refs/tags/old
refs/tags/tag' "$(git -C "$GIT" for-each-ref --format='%(refname)')"
t 'once more' sh -c '"$1" export git -q -i | git -C "$2" fast-import --quiet' \
	- "$DIG" "$GIT"
git -C "$GIT" checkout -q main
write "$GIT/a" three
git -C "$GIT" commit -qam 'From git again'
t_has 'and back comes only what git added' '1 new commit, 2 known' \
	dig import git "$GIT"
t_eq 'in one line' 'From git again
From dig
From git' "$(dig log --format=%s main)"
dig reset -q --hard

# ---- the command line ---------------------------------------------------
t_fails 2 'no format' 'export as what?' dig export
t_fails 2 'one word too many' 'no more words' dig export git x
new_repo empty
t_out 'nothing at all' 'feature done
done' dig export git -q

finish
