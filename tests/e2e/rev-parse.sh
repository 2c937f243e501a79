# SPDX-License-Identifier: MIT
#
# Revisions, and the root of a tree.
. "${0%/*}/lib.sh"

new_repo
t_fails 4 "no commit yet" "no commit yet" dig rev-parse HEAD
t_fails 4 "the branch neither" "no commit yet" dig rev-parse main
t_out "its name is known" main dig rev-parse --abbrev-ref HEAD
t_fails 4 "no moves" "0 places" dig rev-parse '@{0}'
t "the root of nothing" dig root --staged
empty=$(cat "$OUT")

one() { dig rev-parse "$@"; }
for i in 1 2 3 4 5; do
	tick
	write "d/file$i" "text $i"
	dig add -A && dig commit -q -m "commit $i" || exit 1
	eval "c$i=\$(dig rev-parse HEAD)"
done >/dev/null

t_out "HEAD" "$c5" one HEAD
t_out "@" "$c5" one @
t_out "a branch" "$c5" one main
t_out "heads/main" "$c5" one heads/main
t_out "in full" "$c5" one refs/heads/main
t_out "~" "$c4" one HEAD~
t_out "~2" "$c3" one HEAD~2
t_out "~0" "$c5" one HEAD~0
t_out "~~" "$c3" one HEAD~~
t_out "^" "$c4" one HEAD^
t_out "^1^1~1" "$c2" one 'HEAD^1^1~1'
t_out "^0" "$c5" one 'HEAD^0'
t_out "^{commit}" "$c5" one 'HEAD^{commit}'
t_out "^{}" "$c5" one 'HEAD^{}'
t_out "^{tree}" "$(dig root)" one 'HEAD^{tree}'
t_out "a full id" "$c2" one "$c2"
for n in 4 7 12 63; do
	t_out "the first $n digits" "$c2" one "$(echo "$c2" | cut -c1-$n)"
done
t_out "in upper case" "$c2" \
	one "$(echo "$c2" | cut -c1-12 | tr a-f A-F)"
t_fails 4 "three digits" "no revision" one "$(echo "$c2" | cut -c1-3)"
t_fails 4 "past the start" "history ends" one HEAD~5
t_fails 4 "no second parent" "history ends" one 'HEAD^2'
t_fails 4 "no such name" "no revision 'nope'" one nope
t_fails 4 "no such id" "no revision" one \
	0000000000000000000000000000000000000000000000000000000000000000
for text in '' ^ '~1' 'HEAD^{' 'HEAD^{x}' 'HEAD@{' 'HEAD@{x}' 'HEAD@{yesterday}' \
	'@{-0}' 'main@{-1}' 'HEAD~99999999999' 'HEAD^x'; do
	t_fails 2 "not a revision: $text" "cannot be read" one "$text"
done
t_fails 2 "a tree is no commit" "not a commit" one 'HEAD^{tree}^{commit}'
t_fails 2 "a commit is no tag" "not a tag" one 'HEAD^{tag}'

t_out "@{0}" "$c5" one '@{0}'
t_out "@{1}" "$c4" one '@{1}'
t_out "main@{3}" "$c2" one 'main@{3}'
t_out "HEAD@{4}" "$c1" one 'HEAD@{4}'
t_out "@{1}~1" "$c3" one '@{1}~1'
t_fails 4 "@{5}" "5 places" one '@{5}'
t_fails 4 "a ref that is not there" "no ref" one 'nope@{1}'
dig commit -q --amend -m "another 5"
t_out "@{1} of an amended commit" "$c5" one '@{1}'
t_out "it has the same parent" "$c4" one HEAD^
c5=$(one HEAD)

text2=$(printf 'text 2\n' | sha256sum | cut -d' ' -f1)
t "a file" one HEAD:d/file2
content=$(cat "$OUT")
t_out "the same in another version" "$content" one HEAD~2:d/file2
t_out "as it is staged" "$content" one :d/file2
t_out "with dots" "$content" one HEAD:d/./../d//file2
t_fails 4 "not there yet" "no file" one HEAD~4:d/file2
t_fails 2 "a folder" "folder" one HEAD:d
t_fails 2 "out of the tree" "leads out" one HEAD:../x
t_out "the whole tree" "$(dig root)" one HEAD:
t_out "the chunk has the hash of its bytes" "$text2" one "$text2"
cd d || exit 1
t_out "from the current folder" "$content" one HEAD:./file2
t_out "from the one above" "$content" one HEAD:../d/file2
cd .. || exit 1

t_out "a range" "$c5
^$c3" one HEAD~2..HEAD
t_out "to HEAD" "$c5
^$c3" one HEAD~2..
t_out "from HEAD" "$c3
^$c5" one ..HEAD~2
t_out "three dots" "$(one HEAD; one HEAD~2; printf '^'; one HEAD~2)" \
	one HEAD~2...HEAD
t_out "several" "$c5
$c4" one HEAD HEAD~1

t_out "--short" "$(echo "$c5" | cut -c1-10)" one --short HEAD
t_out "--short=20" "$(echo "$c5" | cut -c1-20)" one --short=20 HEAD
t_fails 2 "--short=3" "--short" one --short=3 HEAD
t_out "--verify" "$c5" one --verify HEAD
t_fails 2 "--verify two" "exactly one" one --verify HEAD main
t_exit 4 "--verify -q" one --verify -q nope
t_eq "says nothing" '' "$(cat "$ERR")"
t_out "--symbolic-full-name" refs/heads/main one --symbolic-full-name HEAD
t_has "JSON" "{\"revisions\":[{\"revision\":\"HEAD\",\"id\":\"$c5\"}]}" \
	one --json HEAD
t_out "--is-inside-work-tree" true one --is-inside-work-tree
cd .dig || exit 1
t_out "not in .dig" false one --is-inside-work-tree
cd .. || exit 1

# ---- ambiguity: two commits whose ids begin alike

for i in $(seq 1000); do
	printf 'commit refs/heads/many\n'
	printf 'committer A <a@example.com> %d +0000\ndata 1\nx' "$i"
done | dig import git - >"$OUT" 2>&1 || exit 1
dig log --format=%H many >"$TMP/ids"
dig branch -q -D many >"$OUT" || exit 1
pair=$(cut -c1-4 "$TMP/ids" | sort | uniq -d | sed -n 1p)
if [ -n "$pair" ]; then
	t_fails 4 "several ids begin so" "it may be $pair" one "$pair"
else
	skip "several ids begin so" "no two of 1000 ids did"
fi

# ---- roots

root=$(dig root)
t_out "the staged root is HEAD's" "$root" dig root --staged
t_has "JSON of a root" "{\"root\":\"$root\"}" dig root --json
t_eq "of an older commit" "$(one "$c3^{tree}")" "$(dig root "$c3")"
t_fails 2 "--staged and a revision" "without" dig root --staged HEAD
t_fails 2 "two revisions" "one revision" dig root HEAD main
new_repo again
t_out "nothing has the same root everywhere" "$empty" dig root --staged
for i in 5 3 1 4 2; do write "d/file$i" "text $i"; dig add -A >/dev/null; done
t_out "and so have the same files" "$root" dig root --staged

finish
