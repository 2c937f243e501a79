#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig ls-tree beside git ls-tree, ids apart.
. "${0%/*}/lib.sh"
need git

new_repo
git init -q -b main .
printf '.dig\n.git\n' >>.git/info/exclude
write a.txt one
write a/b/c.txt two
write a/b.txt three
write a-b four
write a0 five
write dir/deep/er/x six
write dir/y
write 'odd "name"' seven
write "$(printf 'new\nline')" eight
ln -s a.txt link
write run '#!/bin/sh'
chmod +x run
save 'first'
{
	git add -A && git -c user.name=x -c user.email=x@example.com \
		commit -q -m first
} >"$OUT" 2>&1

# same WHAT ARGUMENT...: both print the same, ids apart.
same()
{
	_what=$1
	shift
	git ls-tree "$@" 2>&1 | tr '\0' '\n' |
		sed -E 's/ [0-9a-f]{40}/ ID/' >"$TMP/git"
	dig ls-tree "$@" 2>&1 | tr '\0' '\n' |
		sed -E 's/ ([0-9a-f]{64}|-{64})/ ID/' >"$TMP/dig"
	t "$_what: ls-tree $*" diff -u "$TMP/git" "$TMP/dig"
}

all()
{
	for way in '' -r -t '-r -t' -d '-r -d' -l '-r -l' -z '-r -z' \
		--name-only '-r --name-only' --full-tree '-r --full-tree' \
		--full-name '-r --full-name'; do
		# shellcheck disable=SC2086 # several options in one word
		same "$1" $way HEAD
	done
}

all 'at the root'
for path in a a/ a.txt a/b a/b/ a/b/c.txt dir dir/ dir/deep dir/deep/ \
	dir/deep/er/x nothing a/nothing a-b; do
	same 'a path' HEAD $path
	same 'a path' -r HEAD $path
	same 'a path' -t HEAD $path
	same 'a path' -d HEAD $path
done
same 'several paths' HEAD run a.txt a/b dir/deep/
same 'several paths' -r HEAD dir a/b
same 'a folder as a tree' HEAD:a
same 'a folder as a tree' -r HEAD:dir
same 'a folder as a tree, a path' HEAD:dir deep/
cd dir || exit 1
all 'in a folder'
same 'in a folder, a path' HEAD deep
same 'in a folder, a path' HEAD deep/
same 'in a folder, up' HEAD ../a/
same 'in a folder, the folder' HEAD .
cd deep || exit 1
all 'deeper'
cd ../.. || exit 1

t_has 'a folder has no id' "040000 tree $(printf '%064d' 0 | tr 0 -)	a" \
	dig ls-tree HEAD
t_has 'a file of one chunk has its content id' '100644 blob ' \
	dig ls-tree HEAD a.txt
t 'JSON' dig ls-tree -r --json HEAD
t_eq 'the document' '11 100644 blob 5' "$(python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))["entries"]
e = [x for x in d if x["path"] == "a-b"][0]
print(len(d), e["mode"], e["type"], e["size"])' "$OUT")"
t_fails 2 'no revision' 'revision' dig ls-tree
t_fails 4 'no such revision' 'nothing' dig ls-tree nothing
t_fails 2 'a file' 'no folder' dig ls-tree HEAD:a.txt
t_fails 2 'outside' 'outside' dig ls-tree HEAD ../x
finish
