# SPDX-License-Identifier: MIT
#
# Recording commits.
. "${0%/*}/lib.sh"

q() { sqlite3 -cmd '.timeout 5000' .dig/index.db "$1"; }
need sqlite3

new_repo
t_fails 1 "nothing to commit" "nothing to commit" dig commit -m x
write a one
write b/c two
dig add -A
t_fails 1 "an empty message" "message is empty" dig commit -m ' '
t_fails 1 "again" "message is empty" dig commit -m ''
t_fails 2 "-m and -F" "do not go together" dig commit -m x -F y
t_fails 2 "paths" "takes no paths" dig commit -m x a
t "commit" dig commit -m 'The first'
id=$(dig rev-parse --short HEAD)
t_eq "says what it made" "[main (root-commit) $id] The first" \
	"$(sed -n 1p "$OUT")"
t_eq "how many files" " 2 files changed, 2 added" "$(sed -n 2p "$OUT")"
t_eq "and what was stored" 1 \
	"$(grep -c '^ 2 new chunks of 8 B, .* stored, dedup ratio 1.00$' "$OUT")"
t_fails 1 "nothing is left to commit" "nothing to commit" dig commit -m x

write a changed
rm b/c
write d new
write e changed
dig add -A
t_has "added, modified, deleted" \
	" 4 files changed, 2 added, 1 modified, 1 deleted" dig commit -m second
t_eq "the layer's row" "2|1|1" \
	"$(q 'select added, modified, deleted from v_layers
		where kind = '"'delta'")"
t_eq "a chunk is stored once" "$(printf 'changed\n' | wc -c) 2" "$(
	q "select raw_bytes - 4, new_chunks from v_layers where kind = 'delta'" |
		tr '|' ' ')"
t_eq "the parent" "$(dig rev-parse HEAD^)" \
	"$(q 'select parent_id from v_parents')"
t_eq "author" 'A U Thor|author@example.com|1700000060|0' \
	"$(q 'select author_name, author_email, author_time, author_zone
		from v_commits where seq = 1')"
t_eq "committer" 'C O Mitter|committer@example.com' \
	"$(q 'select committer_name, committer_email from v_commits
		where seq = 1')"
t_eq "files and bytes" "3|20" \
	"$(q 'select files, bytes from v_commits where seq = 2')"

t_fails 1 "--allow-empty is needed" "nothing" dig commit -m empty
t_has "--allow-empty" " 0 files changed" dig commit --allow-empty -m empty

# ---- messages

last() { q "select message from v_commits order by seq desc limit 1"; }
c() { tick; dig commit -q --allow-empty "$@"; }
t "two -m" c -m subject -m body
t_eq "are paragraphs" "subject

body" "$(last)"
printf '\n\n  lead  \t\n\n\n\nrest # no comment\n# neither\n\n\n' >"$TMP/msg"
t "-F" c -F "$TMP/msg"
t_eq "is cleaned" "  lead

rest # no comment
# neither" "$(last)"
t "-F -" sh -c "echo piped | '$DIG' commit -q --allow-empty -F -"
t_eq "from standard input" piped "$(last)"
t_fails 2 "-F that is not there" nofile c -F nofile
printf 'a\0b' >"$TMP/msg"
t_fails 2 "a NUL" "NUL" c -F "$TMP/msg"
head -c 5000000 /dev/zero | tr '\0' x >"$TMP/msg"
t_fails 2 "5 MB" "longer than" c -F "$TMP/msg"
printf 'caf\351 \033[31m\n' >"$TMP/msg"
t "bytes" c -F "$TMP/msg"
t_has "JSON of a commit" '"branch":"main","subject":"js","is_root":false' \
	dig commit --allow-empty -m js --json
t_out "-q" '' c -m quiet

# ---- people and dates

who() { q "select $1 from v_commits order by seq desc limit 1"; }
t "--author" c -m x --author 'Bea Doe <bea@example.com>'
t_eq "is the author" 'Bea Doe|bea@example.com|C O Mitter' \
	"$(who 'author_name, author_email, committer_name')"
for bad in 'Bea' 'Bea <x' 'Bea <x> y' '<x@y>' 'Bea <>'; do
	t_exit 2 "no author: $bad" c -m x --author "$bad"
done
t "crud around a name" c -m x --author ' ."Bea, <b@x>'
t_eq "is taken off" 'Bea' "$(who author_name)"
date()
{
	t "date $1" c -m x --date "$1"
	t_eq "is $2" "$2" "$(who "author_time || ' ' || author_zone")"
}
date '@1234567890 +0130' '1234567890 90'
date '1234567890 -0800' '1234567890 -480'
date '@7' '7 0'
date '@-1 +0000' '-1 0'
date '2026-01-31T12:00:00+01:00' '1769857200 60'
date '2026-01-31 12:00:00 +0100' '1769857200 60'
date '2026-01-31T11:00:00Z' '1769857200 0'
date '2026-01-31 11:00' '1769857200 0'
date '2026-01-31' '1769817600 0'
date 'Sat, 31 Jan 2026 12:00:00 +0100' '1769857200 60'
date '31 Jan 2026 11:00:00 GMT' '1769857200 0'
date 'Sat Jan 31 12:00:00 2026 +0100' '1769857200 60'
date '2024-02-29T00:00:00Z' '1709164800 0'
for bad in yesterday 12 2026-13-01 2026-02-29 2026-01-31T25:00 '@' '@1x' \
	'2026-01-31 12:00 +2500' '31 Foo 2026 11:00:00'; do
	t_fails 2 "no date: $bad" "no date" c -m x --date "$bad"
done
TZ=Europe/Berlin
export TZ
if [ "$(command date -d @0 +%z)" = +0100 ]; then
	date '2026-07-01 12:00' '1782900000 120'
	date '2026-01-31 12:00' '1769857200 60'
else
	skip "the local zone" "no zone files"
fi
TZ=UTC
t_fails 2 "no identity" "dig config --global user.name" \
	env -u DIG_AUTHOR_NAME "$DIG" commit --allow-empty -m x
t "a name in the settings" dig config --global user.name Cara
t "serves" env -u DIG_AUTHOR_NAME "$DIG" commit -q --allow-empty -m x
t_eq "as author" Cara "$(who author_name)"

# ---- amend

new_repo amend
t_fails 2 "nothing to amend" "no commit yet" dig commit --amend -m x
write early 1
dig add early && write early 2
t_fails 2 'nor with -a' 'no commit yet' dig commit -a --amend -m x
t_out 'and nothing is staged by it' 'AM early' dig status -s early
dig rm -q -f early
write f one
dig add f && dig commit -q -m one --author 'Bea Doe <bea@example.com>'
tick
write f two
dig add f && dig commit -q -m two --author 'Bea Doe <bea@example.com>'
before=$(dig rev-parse HEAD) && parent=$(dig rev-parse HEAD^)
tick
write g more
dig add g
t_has "--amend --no-edit" " 2 files changed, 1 added, 1 modified" \
	dig commit --amend --no-edit
t_eq "keeps message and author" 'two|Bea Doe|1700000120' \
	"$(who 'subject, author_name, author_time')"
t_eq "and the parent" "$parent" "$(dig rev-parse HEAD^)"
t_out "the one before is in the journal" "$before" dig rev-parse '@{1}'
t_eq "and in no view" 0 \
	"$(q "select count(*) from v_commits where id = '$before'")"
t "a new message" dig commit -q --amend -m 'two, better'
t_eq "that is all" 'two, better|Bea Doe' "$(who 'subject, author_name')"
t "a new author" dig commit -q --amend --no-edit --author 'C D <c@d>'
t_eq "is taken" 'two, better|C D' "$(who 'subject, author_name')"
write f one
rm g
dig add -A
t_fails 1 "amended to nothing" "change nothing" dig commit --amend --no-edit
t "unless --allow-empty" dig commit -q --amend --no-edit --allow-empty
t_eq "two commits" 2 "$(q 'select count(*) from v_commits')"

# ---- -a

new_repo all
write keep one
write gone one
dig add -A && dig commit -q -m one
write keep two
rm gone
write fresh new
t_has "-a" " 2 files changed, 1 modified, 1 deleted" dig commit -a -m two
t_fails 4 "new files are not in it" "fresh" dig rev-parse HEAD:fresh
t_fails 1 "-a with nothing" "nothing to commit" dig commit -a -m three

# ---- the editor

write "$TMP/edit" '#!/bin/sh' 'cp "$1" "'"$TMP"'/seen"' \
	'echo "from the editor" >"$1"' 'echo "# left out" >>"$1"'
chmod +x "$TMP/edit"
DIG_EDITOR=$TMP/edit
export DIG_EDITOR
write fresh newer
dig add fresh
t "an editor" dig commit -q
t_eq "its text" "from the editor" "$(last)"
t "it was shown what changes" grep -q 'new file:   fresh' "$TMP/seen"
t "and the branch" grep -q '^# On branch main' "$TMP/seen"
t_fails 1 "nothing to commit: no editor" "nothing to commit" \
	env DIG_EDITOR=false "$DIG" commit
t "amend opens it with the old message" dig commit -q --amend
t_eq "there" "from the editor" "$(sed -n 1p "$TMP/seen")"
write fresh newest
dig add fresh
head=$(dig rev-parse HEAD)
t_fails 1 "an editor that fails" "did not end well" \
	env DIG_EDITOR=false "$DIG" commit
t_fails 1 "a text that is not changed" "message is empty" \
	env DIG_EDITOR=true "$DIG" commit
write "$TMP/add" '#!/bin/sh' 'cp "$1" "'"$TMP"'/seen"' \
	'{ echo a subject; cat "'"$TMP"'/seen"; } >"$1"'
chmod +x "$TMP/add"
t "-v" env DIG_EDITOR="$TMP/add" "$DIG" commit -q -v
t_eq "shows the patch" "-newer
+newest" "$(sed -n '/^@@/,$p' "$TMP/seen" | sed 1d)"
t_eq "which is no part of the message" "a subject" "$(last)"
t "-v --amend" env DIG_EDITOR="$TMP/add" "$DIG" commit -q -v --amend
t "shows all that the commit does" grep -q '^+newest' "$TMP/seen"
dig reset -q --soft HEAD~1
write "$TMP/slow" '#!/bin/sh' 'echo text >"$1"' 'echo sly >sly' \
	'"$DIG" add sly'
chmod +x "$TMP/slow"
t_fails 1 "what is staged changes meanwhile" "changed meanwhile" \
	env DIG_EDITOR="$TMP/slow" "$DIG" commit
t_out "none of these made a commit" "$head" dig rev-parse HEAD

finish
