#!/bin/sh
# SPDX-License-Identifier: MIT
#
# import git --lfs takes contents in the place of pointers, and export git
# writes the pointers again: git is the judge of the ids. git-lfs is not needed.
. "${0%/*}/lib.sh"
need git python3

GIT=$TMP/work
git init -q -b main "$GIT"
git -C "$GIT" config user.name x
git -C "$GIT" config user.email x@example.com
LFS=$GIT/.git/lfs/objects

# pointer FILE: what git has in place of it.
pointer()
{
	printf 'version https://git-lfs.github.com/spec/v1\n'
	printf 'oid sha256:%s\nsize %s\n' \
		"$(sha256sum <"$1" | cut -d' ' -f1)" "$(wc -c <"$1")"
}

# keep FILE: where git-lfs keeps it.
keep()
{
	_oid=$(sha256sum <"$1" | cut -d' ' -f1)
	_dir=$LFS/$(echo "$_oid" | cut -c1-2)/$(echo "$_oid" | cut -c3-4)
	mkdir -p "$_dir"
	cp "$1" "$_dir/$_oid"
}

ids()
{
	git -C "$1" for-each-ref --format='%(refname) %(objectname)' refs/heads \
		refs/tags
}

# there_and_back GIT: export into a new repository; prints what is other there.
there_and_back()
{
	rm -rf "$TMP/back.git"
	git init -q --bare -b main "$TMP/back.git"
	dig export git 2>"$TMP/said" |
		git -C "$TMP/back.git" fast-import --quiet || return 1
	# Behind its first line stand commits with other ids.
	sed 1d "$TMP/said"
	ids "$1" >"$TMP/ids.1"
	ids "$TMP/back.git" >"$TMP/ids.2"
	diff "$TMP/ids.1" "$TMP/ids.2"
}

commit()
{
	tick
	git -C "$GIT" add -A
	GIT_COMMITTER_DATE=$DIG_COMMITTER_DATE GIT_AUTHOR_DATE=$DIG_AUTHOR_DATE \
		git -C "$GIT" commit -qm "$1"
}

# ---- One of each

bytes 1 5000 >"$TMP/small"
bytes 2 17000000 >"$TMP/large"
bytes 3 700000 >"$TMP/chunks"
bytes 4 4000 >"$TMP/gone"
bytes 5 4000 >"$TMP/wrong"
for file in small large chunks wrong; do
	keep "$TMP/$file"
done
bytes 6 4000 >"$(find "$LFS" -name "$(sha256sum <"$TMP/wrong" | cut -c1-64)")"
cd "$GIT" || exit 1
echo '*.bin filter=lfs diff=lfs merge=lfs -text' >.gitattributes
for file in small large chunks gone wrong; do
	pointer "$TMP/$file" >"$file.bin"
done
cp small.bin again.bin
chmod +x again.bin
cp "$TMP/small" plain
pointer "$TMP/small" | sed 's/$/ /' >odd.bin
commit first
cp "$TMP/small" small.bin
pointer "$TMP/small" >plain
commit 'pointer and plain change places'
pointer "$TMP/chunks" >small.bin
rm again.bin
commit third

new_repo repo
t_has 'an import' '3 LFS objects taken, 2 are missing and stay pointers' \
	dig import git --lfs "$GIT"
cp "$ERR" "$TMP/said"
t_has 'says which' "$(sha256sum <"$TMP/gone" | cut -c1-64) is not there" \
	cat "$TMP/said"
t_has 'and which are others' "$(sha256sum <"$TMP/wrong" | cut -c1-64) is damaged" \
	cat "$TMP/said"
same()
{
	dig cat "$1" | cmp - "$2"
}
t 'a small one' same main~2:small.bin "$TMP/small"
t 'its copy' same main~2:again.bin "$TMP/small"
t 'of several chunks' same main:small.bin "$TMP/chunks"
t 'a large one' same main:large.bin "$TMP/large"
pointer "$TMP/gone" >"$TMP/gone.pointer"
t 'one that is missing' same main:gone.bin "$TMP/gone.pointer"
t 'what only looks like one' same main:odd.bin "$GIT/odd.bin"
t_out 'a file and a pointer to it' '' dig diff --name-only main~2 main~1
t_eq 'there and back' '' "$(there_and_back "$GIT")"
t_has 'a second time' '0 new commits, 3 known' dig import git --lfs "$GIT"
t_not 'takes nothing' 'LFS' dig import git --lfs "$GIT"

# ---- What is new on both sides

tick
dig reset -q --hard
cp "$TMP/gone" here
dig add here
dig commit -qm 'made here'
dig export git -i 2>/dev/null | git -C "$GIT" fast-import --quiet
t_out 'a commit of dig on top' "small.bin: $(pointer "$TMP/chunks")
here" sh -c 'cd "$1" && printf "small.bin: " && git show main:small.bin &&
	git diff --name-only main~1 main' - "$GIT"
t_eq 'all there and back' '' "$(there_and_back "$GIT")"
git -C "$GIT" reset -q --hard
cd "$GIT" || exit 1
bytes 7 900 >"$TMP/new"
keep "$TMP/new"
pointer "$TMP/new" >new.bin
commit 'made in git'
cd "$TMP/repo" || exit 1
t_has 'a commit of git on top' '1 new commit, 4 known' \
	dig import git --lfs "$GIT"
t 'has its content' same main:new.bin "$TMP/new"
t_eq 'and goes back' '' "$(there_and_back "$GIT")"
t 'an index made anew' dig fsck --rebuild-index
t_eq 'says the same' '' "$(there_and_back "$GIT")"

# ---- Without, and wrong

new_repo without
t_not 'without --lfs' LFS dig import git "$GIT"
t_has 'a pointer is a file' 'oid sha256' dig cat main:small.bin
t_eq 'that goes back' '' "$(there_and_back "$GIT")"
new_repo missing
rm -rf "$LFS"
t_has 'nothing is there' '0 LFS objects taken' dig import git --lfs "$GIT"
t_eq 'which goes back, too' '' "$(there_and_back "$GIT")"
mkdir -p "$(dirname "$LFS")"
mkfifo "$LFS"
new_repo fifo
t_has 'no folder at all' '0 LFS objects taken' \
	timeout 20 "$DIG" import git --lfs "$GIT"
t_fails 2 'a stream' '--lfs needs the folder' \
	sh -c 'echo | "$1" import git --lfs -' - "$DIG"

# ---- Drawn histories

COMMITS=60 SEEDS='1 2'
[ "${SANITIZED:-0}" = 0 ] || SEEDS=1
[ "${SOAK:-0}" = 0 ] || COMMITS=2000 SEEDS='1 2 3 4 5 6 7 8'
for seed in $SEEDS; do
	git init -q --bare -b b0 "$TMP/drawn$seed"
	python3 "$ROOT/tests/e2e/lfs-random.py" "$TMP/drawn$seed" "$COMMITS" \
		"$seed"
	new_repo "drawn-$seed"
	t_has "history $seed" 'LFS objects taken' \
		dig import git --lfs "$TMP/drawn$seed"
	t_eq "there and back $seed" '' "$(there_and_back "$TMP/drawn$seed")"
done

finish
