#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig tag, beside git tag on the same steps in the same folder.
. "${0%/*}/lib.sh"
need git python3

new_repo
git init -q -b main .
printf '.dig\n.git\n' >>.git/info/exclude
printf '.git\n' >>.dig/info/exclude
git config user.name x
git config user.email x@example.com
git config advice.nestedTag false

ids()
{
	sed -E 's/\b[0-9a-f]{7,64}\b/ID/g'
}

# same ARGUMENT...: dig and git print the same, ids apart.
same()
{
	dig "$@" 2>&1 | ids >"$TMP/dig.ids"
	git "$@" 2>&1 | ids >"$TMP/git.ids"
	t "as git: $*" diff -u "$TMP/git.ids" "$TMP/dig.ids"
}

t_out 'no tag yet' '' dig tag
t_fails 4 'nothing to tag' 'no commit yet' dig tag v1
for n in one two; do
	echo $n >a
	save "$n, the subject

And a body
of two lines."
	git add -A && git commit -q -m "$n, the subject

And a body
of two lines."
done

# ---- making and listing -------------------------------------------------
same tag v1 HEAD~1
same tag v2
same tag -a -m 'A release' release/1.0 v1
same tag -m 'Several' -m 'paragraphs
of text' a-name-longer-than-fifteen
printf '\n\n  From a file  \n\nand\n\n\nmore\n' >"$TMP/message"
same tag -F "$TMP/message" from-file
same tag again release/1.0
same tag -m 'A tag of a tag' nested release/1.0
same tag
same tag -l
same tag -l 'v*'
same tag --list '*e*' 'v1'
same tag -l none
same tag -n
same tag -n1
same tag -n2 'a*'
same tag -n9
same tag -n0
same tag --contains HEAD
same tag --contains v1
t_fails 2 'no number' "not 'x'" dig tag -nx

one=$(dig rev-parse v1)
t_eq 'a light tag is its commit' "$one" "$(dig rev-parse HEAD~1)"
t_eq 'an annotated one leads to it' "$one" "$(dig rev-parse 'release/1.0^{commit}')"
t_eq 'and is an object' no \
	"$([ "$(dig rev-parse release/1.0)" = "$one" ] && echo yes || echo no)"
t_eq 'a tag of a tag, too' "$one" "$(dig rev-parse 'nested^{}')"
t_has 'who' 'Tagger: C O Mitter <committer@example.com>' dig show release/1.0
t_has 'what' 'A release' dig show release/1.0
t_has 'in the log' 'tag: v2' dig log -1 --decorate=short
t_has 'switching to one' 'HEAD is now at' dig checkout release/1.0
t 'and back' dig checkout -q main
t_has 'a branch at one' "'at-tag'" dig switch -c at-tag release/1.0
t_eq 'is at the commit' "$one" "$(dig rev-parse at-tag)"
t 'back' dig switch -q main

# ---- the editor ---------------------------------------------------------
cat >"$TMP/editor" <<-'END'
	#!/bin/sh
	cp "$1" "$TMP/template"
	printf 'Edited\n# a comment\n' >"$1"
END
chmod +x "$TMP/editor"
t 'a message from the editor' env DIG_EDITOR="$TMP/editor" "$DIG" tag -a edited
t_out 'without comments' 'edited          Edited' dig tag -n edited -l
t_has 'which said what it is' 'The message of tag edited' cat "$TMP/template"
t_fails 1 'an empty message' 'message is empty' \
	env DIG_EDITOR=true "$DIG" tag -a nothing
t_fails 1 'from an option, too' 'message is empty' dig tag -m '' nothing
t_out 'makes none' '' dig tag -l nothing
t_fails 2 'no identity' 'no name and email' env -u DIG_COMMITTER_NAME \
	"$DIG" tag -m x nobody

# ---- what is refused ----------------------------------------------------
t_fails 1 'one that is there' "'v1' is there already" dig tag v1
t_fails 1 'below one' 'cannot stand beside' dig tag v1/x
t_fails 1 'in place of a folder' 'cannot stand beside' dig tag release
for name in 'a b' 'a..b' 'HEAD' 'a.lock' '-x' 'a~1' ''; do
	t_fails 2 "refused: '$name'" 'not a valid name' dig tag -- "$name"
done
t_fails 4 'no such revision' "no revision 'none'" dig tag x none
t_fails 2 'a file' 'can be tagged' dig tag x HEAD:a
t_fails 2 'a tree' 'can be tagged' dig tag x 'HEAD^{tree}'
t_fails 2 'too many words' 'takes NAME and REV' dig tag x HEAD HEAD
t_fails 2 'no name' 'name of the tag' dig tag -m x
t_fails 2 'both messages' 'do not go together' dig tag -m x -F y z
t_fails 2 'a list and a tag' 'exclude each other' dig tag -l -d v1
t_fails 2 'JSON is for the list' 'list alone' dig tag --json x
t_out 'nothing came of them' '' dig tag -l x nobody
t_out 'as JSON' 'from-file True   From a file
v1 False one, the subject' sh -c '"$DIG" tag --json -l v1 from-file |
	python3 -c "import json, sys
for t in json.load(sys.stdin)[\"tags\"]:
    assert len(t[\"id\"]) == 64
    print(t[\"name\"], t[\"annotated\"], t[\"subject\"])"'

# ---- replacing and deleting ---------------------------------------------
same tag -f v1
same tag -f -m 'Now with words' v2 HEAD~1
same tag -d v1
t_has 'a commit that only a tag holds' "'side'" dig switch -c side
echo side >a
save side
side=$(dig rev-parse HEAD)
dig tag keep
dig switch -q main
dig branch -q -D side
t_out 'is there' "$side" dig rev-parse keep
t_fails 4 'one that is not there' "no tag 'none'" dig tag -d keep none
t_out 'all or none' keep dig tag -l keep
t_has 'several' "Deleted tag 'keep'" dig tag -d keep v2
t_fails 2 'none named' 'which tag' dig tag -d
t_fails 4 'it is gone' 'v2' dig rev-parse --verify v2

# ---- the index made anew says the same ----------------------------------
dig tag -n3 >"$TMP/before"
dig log --all --oneline --decorate=short >>"$TMP/before"
rm .dig/index.db*
t 'after a rebuild' dig fsck --rebuild-index
dig tag -n3 >"$TMP/after"
dig log --all --oneline --decorate=short >>"$TMP/after"
t 'the same' diff -u "$TMP/before" "$TMP/after"

finish
