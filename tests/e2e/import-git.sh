#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig import git: what a git repository holds, with git as the judge.
. "${0%/*}/lib.sh"
need git python3 sqlite3

GITSTREAM=$ROOT/tests/tools/gitstream.py
COMMITS=60
[ "${SOAK:-0}" = 0 ] || COMMITS=2000

git_config()
{
	git -C "$1" config user.name x
	git -C "$1" config user.email x@example.com
}

q()
{
	sqlite3 -cmd '.timeout 5000' .dig/index.db "$1"
}

# refs: what a name leads to.
refs()
{
	q 'SELECT name, commit_id FROM v_refs ORDER BY name'
}

# same_trees STEP: every STEPth commit has the files that git has.
same_trees()
{
	q 'SELECT git_id, commit_id FROM v_git_map ORDER BY git_id' |
		awk -F '|' -v step="$1" 'NR % step == 1 || step == 1' |
		while IFS='|' read -r theirs ours; do
			rm -rf "$TMP/theirs" "$TMP/ours"
			mkdir "$TMP/theirs"
			git -C "$GIT" archive "$theirs" | tar -x -C "$TMP/theirs"
			dig checkout -q --into "$TMP/ours" "$ours" >/dev/null 2>&1
			# A submodule is an empty folder there.
			find "$TMP/theirs" "$TMP/ours" -depth -type d -empty -delete
			mkdir -p "$TMP/theirs" "$TMP/ours"
			diff -r --no-dereference "$TMP/theirs" "$TMP/ours" ||
				echo "commit $theirs differs"
		done
}

# ---- a history with everything in it ------------------------------------
GIT=$TMP/made.git
git init -q --bare -b main "$GIT"
python3 "$GITSTREAM" --commits "$COMMITS" --big 5000000 >"$TMP/made.stream"
git -C "$GIT" fast-import --quiet <"$TMP/made.stream"
TOTAL=$(git -C "$GIT" rev-list --all --count)
# As dig prints it: 2,002.
SHOWN=$(echo "$TOTAL" | sed -E ':a; s/^([0-9]+)([0-9]{3})/\1,\2/; ta')

new_repo made
t_has 'a repository' "$SHOWN new commits, 0 known" dig import git "$GIT"
t_eq 'all commits' "$TOTAL" "$(q 'SELECT count(*) FROM v_git_map')"
t_eq 'the ids of git' "$(git -C "$GIT" rev-list --all | sort)" \
	"$(q 'SELECT git_id FROM v_git_map ORDER BY git_id')"
t_eq 'all refs' "$(git -C "$GIT" for-each-ref --format='%(refname)')" \
	"$(q 'SELECT name FROM v_refs ORDER BY name')"
t_eq 'at the commits of git' "$(git -C "$GIT" for-each-ref \
	--format='%(refname) %(objectname) %(*objectname)' |
	awk '{print $1 "|" (NF > 2 ? $3 : $2)}')" \
	"$(q 'SELECT name, git_id FROM v_refs JOIN v_git_map USING (commit_id)
		ORDER BY name')"
t_out 'HEAD is at the branch of git' main dig branch --show-current
t_eq 'every file of some commits' '' "$(same_trees 12)"
t_eq 'parents in order' "$(git -C "$GIT" log --all --format='%H %P' | sort |
	sed 's/ *$//')" \
	"$(q "SELECT g.git_id || coalesce((SELECT group_concat(' ' || h.git_id, '')
		FROM (SELECT parent_id FROM v_parents AS p
			WHERE p.commit_id = g.commit_id ORDER BY position) AS p
		JOIN v_git_map AS h ON h.commit_id = p.parent_id), '')
		FROM v_git_map AS g ORDER BY 1")"

refs >"$TMP/refs.1"
wc -c <.dig/journal >"$TMP/journal.1"
t_has 'a second time' "0 new commits, $SHOWN known" dig import git "$GIT"
refs >"$TMP/refs.2"
wc -c <.dig/journal >"$TMP/journal.2"
t 'changes nothing' cmp "$TMP/refs.1" "$TMP/refs.2"
t 'and writes nothing' cmp "$TMP/journal.1" "$TMP/journal.2"
t 'an index made anew knows the ids' dig fsck --rebuild-index
t_eq 'all of them' "$TOTAL" "$(q 'SELECT count(*) FROM v_git_map')"

# ---- by a pipe, the same ids --------------------------------------------
new_repo piped
t 'a stream from a pipe' sh -c 'git -C "$2" fast-export --all --mark-tags \
	--signed-tags=verbatim --reencode=no --show-original-ids |
	"$1" import git -' - "$DIG" "$GIT"
refs >"$TMP/refs.2"
t 'gives the same commits' cmp "$TMP/refs.1" "$TMP/refs.2"

new_repo plain
t_has 'a stream without ids of git' ' new commits' \
	sh -c '"$1" import git <"$2"' - "$DIG" "$TMP/made.stream"
refs >"$TMP/refs.1"
t_has 'twice' '0 new commits' \
	sh -c '"$1" import git <"$2"' - "$DIG" "$TMP/made.stream"
refs >"$TMP/refs.2"
t 'it is the same' cmp "$TMP/refs.1" "$TMP/refs.2"

# ---- beside the work tree of git, and what is new -----------------------
GIT=$TMP/work.git
git init -q -b trunk "$GIT"
git_config "$GIT"
write "$GIT/a" one
write "$GIT/d/b" two
git -C "$GIT" add -A
git -C "$GIT" commit -qm First
cd "$GIT" || exit 1
t 'a repository in the same folder' dig init
t_has 'takes in what is there' 'HEAD is at trunk' dig import git .
t_eq 'and the files are what is staged' '' "$(dig status -s)"
t_out 'on the branch of git' trunk dig branch --show-current
echo "$GIT" >>"$REPOS"
write a three
git commit -qam Second
t_has 'only what is new' '1 new commit, 1 known' dig import git .
t_out 'the branch has moved' Second dig log -1 --format=%s
t_out 'the staging has not' one dig cat :a
t_out 'nor the work tree' three cat a

new_repo untouched
write a mine
t_has 'into a folder with files' "'dig reset --hard'" dig import git "$GIT"
t_out 'which are left alone' mine cat a
t_has 'the rest is missing' ' D d/b' dig status -s
t 'reset --hard' dig reset --hard
t_out 'writes them' two cat d/b
t_eq 'and all is clean' '' "$(dig status -s)"

write a local
save 'Here'
git -C "$GIT" commit -q --allow-empty -m Third
t_fails 1 'a branch with commits of its own' 'refs/heads/trunk is left' \
	dig import git "$GIT"
t_out 'is left' Here dig log -1 --format=%s
t 'and moved with --force' dig import git --force "$GIT"
t_out 'to where git is' Third dig log -1 --format=%s

# ---- what commits of git may look like ----------------------------------
GIT=$TMP/odd.git
git init -q -b main "$GIT"
git_config "$GIT"
write "$GIT/a" one
git -C "$GIT" add a
git -C "$GIT" commit -qm First
TREE=$(git -C "$GIT" rev-parse 'HEAD^{tree}')
PARENT=$(git -C "$GIT" rev-parse HEAD)
# odd LINE...: a commit on main with these lines for author and committer.
odd()
{
	PARENT=$(printf 'tree %s\nparent %s\nauthor %s\ncommitter %s\n\nOdd\n' \
		"$TREE" "$PARENT" "$1" "$2" |
		git -C "$GIT" hash-object -t commit -w --stdin --literally)
	git -C "$GIT" update-ref refs/heads/main "$PARENT"
}
odd 'A <a> 007 +0000' 'A <a> 1 +051800'
odd 'No Date <n@x>' 'X <x@x> 99999999999999999999 +0000'
odd '<> 0 +0000' 'Y > Z <y@x> 12 -0030'
git -C "$GIT" tag -a -m tag1 t1
git -C "$GIT" tag -a -m tag2 t2 t1 2>/dev/null
git -C "$GIT" tag -a -m blob tblob HEAD:a
git -C "$GIT" tag -a -m tree ttree 'HEAD^{tree}'
new_repo odd
t 'odd authors, tags of tags' dig import git "$GIT"
t_eq 'are there' "t1
t2" "$(dig tag)"
t_out 'an odd date is none' 0 dig log -1 --format=%at main~1
dig import git "$GIT" >/dev/null 2>"$TMP/said"
t_has 'a tag of a blob is named' 'tblob names no commit' cat "$TMP/said"
t_eq 'all ids' "$(git -C "$GIT" rev-list --all | sort)" \
	"$(q 'SELECT git_id FROM v_git_map ORDER BY git_id')"
git -C "$GIT" checkout -q --detach HEAD~1
new_repo detached
t_has 'a detached HEAD' "git's detached commit" dig import git "$GIT"
t_out 'is one here' '' dig branch --show-current

# ---- a hostile repository starts nothing --------------------------------
GIT=$TMP/hostile.git
git init -q -b main "$GIT"
git_config "$GIT"
write "$GIT/a" one
git -C "$GIT" add a
git -C "$GIT" commit -qm First
BLOB=$(git -C "$GIT" rev-parse HEAD:a)
for key in core.fsmonitor core.pager pager.fast-export core.sshCommand \
	core.editor diff.external gpg.program core.gitProxy \
	alias.fast-export alias.symbolic-ref; do
	git -C "$GIT" config "$key" "!touch $TMP/started"
done
git -C "$GIT" config core.fsmonitor "touch $TMP/started"
git -C "$GIT" config core.hooksPath "$TMP/hooks"
git -C "$GIT" config remote.origin.url "ext::sh -c touch% $TMP/started"
git -C "$GIT" config remote.origin.promisor true
git -C "$GIT" config protocol.ext.allow always
git -C "$GIT" config extensions.partialClone origin
git -C "$GIT" config core.repositoryFormatVersion 1
rm -f "$GIT/.git/objects/$(echo "$BLOB" | cut -c1-2)/$(echo "$BLOB" | cut -c3-)"
new_repo hostile
t_fails 1 'an object that is missing' 'git ended with code' \
	dig import git "$GIT"
t 'is fetched by nobody' test ! -e "$TMP/started"
t_eq 'and nothing is named' '' "$(refs | grep -v refs/import/)"
t_fails 1 'a folder that is no repository' 'git cannot read' \
	dig import git "$TMP/home"

# ---- streams ------------------------------------------------------------
cat >"$TMP/ops.stream" <<'END'
# comments and options
option git quiet
progress hello
reset refs/heads/main
commit refs/heads/main
mark :1
committer C <c@x> 100 +0000
data <<EOT
one
EOT
M 100644 inline dir/a
data 2
a

M 644 inline dir/"b"
data 1
b
M 755 inline "q\"\303\251 \\x"
data 1
c
M 120000 inline link
data 5
dir/a

commit refs/heads/main
mark :2
author A <a@x> 1 +0000
committer C <c@x> 200 +0000
data 3
two
R dir "new dir"
C "new dir/a" copy
D link

commit refs/heads/main
mark :3
committer C <c@x> 300 +0000
data 5
three
from :2
deleteall
M 100644 inline copy
data 1
x
M 100644 inline copy/below
data 1
y

alias
mark :9
to :3
reset refs/tags/light
from :9

done
nothing here is read
END
new_repo ops
t 'renames, copies, inline data' sh -c '"$1" import git <"$2"' - "$DIG" \
	"$TMP/ops.stream"
t_eq 'the first commit' "dir/\"b\" dir/a link q\"é \\x " \
	"$(dig ls-tree -r -z --name-only main~2 | tr '\0' ' ')"
t_eq 'the second' "copy new dir/\"b\" new dir/a q\"é \\x " \
	"$(dig ls-tree -r -z --name-only main~1 | tr '\0' ' ')"
t_eq 'the third' 'copy/below ' \
	"$(dig ls-tree -r -z --name-only main | tr '\0' ' ')"
t_out 'without an author it is the committer' 'C <c@x>' \
	dig log -1 --format='%an <%ae>' main
t_eq 'an alias' "$(dig rev-parse main)" "$(dig rev-parse light)"

# bad WHAT TEXT STREAM: refused with the text, and nothing is left of it.
HEAD='commit refs/heads/main\ncommitter C <c@x> 1 +0000\ndata 1\nm\n'
bad()
{
	# shellcheck disable=SC2059 # the format is the stream
	printf "$3" >"$TMP/bad.stream"
	t_fails 2 "$1" "$2" sh -c '"$1" import git <"$2"' - "$DIG" "$TMP/bad.stream"
	t_eq "$1: nothing is left" '' "$(refs)"
}
new_repo bad
bad 'no command' "the stream at byte 0: dig does not know 'hello'" 'hello\n'
bad 'the place of it' 'at byte 13:' 'blob\ndata 0\n\nhello\n'
bad 'no mark' 'is no mark' 'blob\nmark 1\n'
bad 'data without a length' 'has no length' 'blob\ndata x\n'
bad 'a length beyond all' 'has no length' 'blob\ndata 99999999999999999999\n'
bad 'a mark that nothing has' 'nothing has the mark' "${HEAD}from :7\n"
bad 'a blob that is not there' 'is no blob' "${HEAD}M 100644 :7 a\n"
bad 'a blob by its id' 'is not in the stream' \
	"${HEAD}M 100644 78981922613b2afb6025042ff6bd878ac1994e85 a\n"
bad 'a tree by its id' 'cannot be read' "${HEAD}M 040000 :1 a\n"
bad 'no committer' 'without a committer' 'commit refs/heads/main\ndata 0\n'
bad 'a quote that stays open' 'cannot be read' "${HEAD}D \"a\n"
bad 'nothing to copy' 'no such path' "${HEAD}C a b\n"
bad 'a feature' "no feature 'import-marks=/etc/passwd'" \
	'feature import-marks=/etc/passwd\n'
bad 'notes' "does not know 'N :1 :2'" "${HEAD}N :1 :2\n"
bad 'a name of git' 'names the repository itself' \
	"${HEAD}M 100644 inline .git/config\ndata 0\n"
bad 'another of its names' 'names the repository itself' \
	"${HEAD}M 100644 inline x/GIT~1/config\ndata 0\n"
bad 'a way out' "the path ../a has a '..'" \
	"${HEAD}M 100644 inline ../a\ndata 0\n"
bad 'an absolute path' 'the path /a' "${HEAD}M 100644 inline /a\ndata 0\n"
bad 'copied to a bad name' 'names the repository itself' \
	"${HEAD}M 100644 inline a\ndata 0\nC a .dig/a\n"
bad 'a link to nothing' 'target cannot be kept' \
	"${HEAD}M 120000 inline a\ndata 0\n"
t_eq 'nothing is in the way of the next' '' "$(dig status -s)"

printf "${HEAD}M 100644 inline .git/a\ndata 0\nM 100644 inline b\ndata 0\n" \
	>"$TMP/stream"
t_has 'bad names are left out when asked' '1 path was left out' \
	sh -c '"$1" import git --skip-bad-names <"$2"' - "$DIG" "$TMP/stream"
t_out 'and the rest is there' b dig ls-tree --name-only main

# A stream that breaks off leaves no name, and the next goes on from it.
new_repo broken
printf "feature done\n${HEAD}M 100644 inline a\ndata 1\nx\n\n" >"$TMP/stream"
t_fails 1 'a stream without its end' 'ends too early' \
	sh -c '"$1" import git <"$2"' - "$DIG" "$TMP/stream"
t_eq 'moves no branch' refs/import/git/1 "$(q 'SELECT name FROM v_refs')"
t_not 'and is not listed' import dig branch -a
printf 'blob\nmark :1\ndata 100\nabc' | cat "$TMP/stream" - >"$TMP/cut"
t_fails 1 'one that is cut in a blob' 'ends too early, at byte' \
	sh -c '"$1" import git <"$2"' - "$DIG" "$TMP/cut"
t_eq 'neither' '' "$(refs | grep -v refs/import/)"
echo "done" >>"$TMP/stream"
t_has 'the whole stream' '0 new commits, 1 known' \
	sh -c '"$1" import git <"$2"' - "$DIG" "$TMP/stream"
t_eq 'ends it' refs/heads/main "$(q 'SELECT name FROM v_refs')"
new_repo checkpoint
printf "feature done\n${HEAD}M 100644 inline a\ndata 1\nx\n\ncheckpoint\n" \
	>"$TMP/stream"
t_exit 1 'a checkpoint' sh -c '"$1" import git <"$2"' - "$DIG" "$TMP/stream"
t_eq 'moves the branch' refs/heads/main "$(q 'SELECT name FROM v_refs')"

# ---- kills and damaged streams ------------------------------------------
t 'kills, mutated streams' python3 "$ROOT/tests/e2e/import-random.py"
sed -n 's/^# /# /p' "$OUT"

# ---- the command line ---------------------------------------------------
t_fails 2 'no format' 'import what?' dig import
t_fails 2 'a format that is none' 'import what?' dig import svn
t_fails 2 'two folders' 'takes one DIR' dig import git a b

finish
