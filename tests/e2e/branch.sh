#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig branch, beside git branch on the same steps in the same folder.
. "${0%/*}/lib.sh"
need git python3

new_repo
git init -q -b main .
printf '.dig\n.git\n' >>.git/info/exclude
printf '.git\n' >>.dig/info/exclude
git config user.name x
git config user.email x@example.com

# both ARGUMENT...: dig and git do the same.
both()
{
	t "dig $*" dig "$@"
	git "$@" >"$TMP/git.out" 2>&1 || _no "git $*"
}

# go NAME: to that branch; git comes second and finds the files in place.
go()
{
	t "to $1" dig checkout -q "$1"
	git checkout -q -f "$1"
}

# ids: of either length become one word.
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

commit()
{
	save "$1"
	git add -A && git commit -q -m "$1"
}

# ---- before the first commit --------------------------------------------
t_out 'no branch yet' '' dig branch
t_out 'but a current one' main dig branch --show-current
t_fails 4 'nothing to branch off' 'there is no commit yet' dig branch side
both branch -m trunk
same branch --show-current
both branch -m main

# ---- lists --------------------------------------------------------------
write a one
commit 'First'
write a two
commit 'Second one'
same branch
both branch side
both branch old HEAD~1
both branch topic/long-name old
t_out 'nothing is said' '' dig branch other main
git branch other main
same branch
same branch -v
same branch -a
same branch --list 'o*'
same branch --list '*i*' other
same branch --list 'topic*'
same branch -l nothing
same branch --contains HEAD
same branch --contains old
same branch --show-current
t_out 'names alone, as JSON' 'main old other side topic/long-name' \
	sh -c '"$DIG" branch --json | python3 -c "import json, sys
d = json.load(sys.stdin)[\"branches\"]
assert [b[\"name\"] for b in d if b[\"current\"]] == [\"main\"]
assert d[0][\"subject\"] == \"Second one\" and len(d[0][\"commit\"]) == 64
print(*[b[\"name\"] for b in d])"'

head=$(dig rev-parse HEAD)
t 'detach' dig checkout -q --detach old
dig branch | ids >"$TMP/detached"
t_has 'detached' '* (HEAD detached at ID)' cat "$TMP/detached"
t_out 'no current branch' '' dig branch --show-current
t_fails 2 'nor one to rename' 'HEAD is on no branch' dig branch -m new
go main

# ---- names --------------------------------------------------------------
for name in 'a b' 'a..b' 'a~' 'a^' 'a:b' 'a?' 'a*' 'a[b' '/a' 'a/' 'a//b' \
	'.a' 'a/.b' 'a.lock' 'a.' 'HEAD' '@{1}' 'a\b' ''; do
	t_fails 2 "refused: '$name'" 'not a valid name' dig branch -- "$name"
	t_exit 128 "by git, too: '$name'" git branch -- "$name"
done
t_fails 2 'refused: what stands for HEAD' 'not a valid name' dig branch @
t_fails 2 'refused: a dash' 'not a valid name' dig branch -- -x
t_fails 1 'one that is there' "'side' is there already" dig branch side
t_fails 1 'below another branch' "cannot stand beside" dig branch side/more
t_fails 1 'in place of a folder' "cannot stand beside" dig branch topic
t_fails 4 'at no revision' "no revision 'nowhere'" dig branch x nowhere
t_fails 2 'too many words' 'takes NAME and REV' dig branch x main main
t_fails 2 'at a file' 'not a commit' dig branch x HEAD:a
same branch

# ---- moving and renaming ------------------------------------------------
both branch -f other old
t_eq 'moved' "$(dig rev-parse old)" "$(dig rev-parse other)"
t_fails 1 'not the current one' 'HEAD is on branch' dig branch -f main old
both branch -m other another
both branch -m trunk
same branch -v
same branch --show-current
t_eq 'HEAD stays' "$head" "$(dig rev-parse HEAD)"
t_fails 1 'the new name is there' "'side' is there already" dig branch -m side
both branch -M another side
same branch -v
t_fails 1 'not over the current one' 'HEAD is on branch' dig branch -M side trunk
t_fails 4 'which is not there' "no branch 'none'" dig branch -m none new
both branch -m topic/long-name topic
both branch -m topic topic/two
same branch
both branch -m main
t_out 'nothing else changed' '' dig status --porcelain=v1
go side
both branch -m renamed
t_has 'a rename is no switch' "branch 'main'" dig checkout -
git checkout -q -f main
same branch

# ---- deleting -----------------------------------------------------------
both branch ahead
go ahead
write b one
commit 'On a branch'
ahead=$(dig rev-parse HEAD)
go main
t_fails 1 'not merged' 'commits that HEAD does not have' dig branch -d ahead
t_fails 1 'the way out is named' "'dig branch -D ahead'" dig branch -d ahead
t_fails 1 'all or none' 'commits that HEAD' dig branch -d renamed ahead
same branch
t_fails 1 'the current one' 'HEAD is on' dig branch -D main
t_fails 4 'one that is not there' "no branch 'none'" dig branch -d none
same branch -d renamed old
same branch -D ahead
same branch
t_fails 4 'the name is gone' 'ahead' dig rev-parse --verify ahead
t 'its commit is not' dig cat "$ahead:b"
t 'and it comes back' dig branch ahead "$ahead"
t_out 'whole' 'On a branch' dig log -1 --format=%s ahead
t_out 'quietly' '' dig branch -q -D ahead
t_fails 2 'none named' 'which branch' dig branch -d
t_fails 2 'a list and a change' 'does not go' dig branch --list -d side
t_fails 2 'JSON is for the list' 'list alone' dig branch --json new

# ---- the index made anew says the same ----------------------------------
dig branch -v >"$TMP/before"
rm .dig/index.db*
t 'after a rebuild' dig fsck --rebuild-index
dig branch -v >"$TMP/after"
t 'the same' cmp "$TMP/before" "$TMP/after"

finish
