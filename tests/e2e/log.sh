#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig log beside git log, on the same history in the same folder.
. "${0%/*}/lib.sh"
need git python3

new_repo both
git init -q -b main .
printf '.dig\n.git\n' >>.git/info/exclude

# record MESSAGE: the work tree as a commit of both.
record()
{
	tick
	GIT_AUTHOR_NAME=$DIG_AUTHOR_NAME GIT_AUTHOR_EMAIL=$DIG_AUTHOR_EMAIL
	GIT_COMMITTER_NAME=$DIG_COMMITTER_NAME
	GIT_COMMITTER_EMAIL=$DIG_COMMITTER_EMAIL
	DIG_AUTHOR_DATE="$_clock +0130"
	DIG_COMMITTER_DATE="$((_clock + 5)) -0200"
	GIT_AUTHOR_DATE=$DIG_AUTHOR_DATE GIT_COMMITTER_DATE=$DIG_COMMITTER_DATE
	export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME \
		GIT_COMMITTER_EMAIL GIT_AUTHOR_DATE GIT_COMMITTER_DATE
	printf '%s' "$1" >"$TMP/message"
	{
		git add -A && git commit -q -F "$TMP/message" &&
			dig add -A && dig commit -F "$TMP/message"
	} >"$OUT" 2>"$ERR" || {
		_st=$?
		_no "recording '$1'"
		_show
	}
}

# ids: what is of another length in git.
ids()
{
	sed -E 's/[0-9a-f]{40,}|(^|\x1b\[33m)[0-9a-f]{7,}/\1ID/
		s/(index )[0-9a-f]+\.\.[0-9a-f]+/\1ID/' "$1" >"$1.ids"
}

# same WHAT ARGUMENT...: dig log and git log print the same, ids apart.
same()
{
	_what=$1
	shift
	git log --no-decorate "$@" >"$TMP/git" 2>"$ERR" || exit 1
	dig log "$@" >"$TMP/dig" 2>"$ERR"
	ids "$TMP/git"
	ids "$TMP/dig"
	t "$_what: log $*" diff -u "$TMP/git.ids" "$TMP/dig.ids"
}

write a.txt one
write src/b.c two
write src/deep/c.c three
write doc/empty
ln -s a.txt link
record 'first'
write a.txt one two
record 'second: two lines
of subject

The body.

	a tab, and  blanks  
  indented


after two blank lines
'
mv src/deep/c.c src/moved.c
record 'a rename'
chmod +x a.txt
rm link && write link 'a file now'
record 'a mode and a type'
write 'odd "name"' x
write 'tab	name' y
write "$(printf 'caf\303\251')" z
record 'Odd names'
rm doc/empty
record 'a deletion'
write src/deep/c.c four
write src/b.c two three
record 'Author fix (#42)

Signed-off-by: A U Thor <author@example.com>'
mkdir elsewhere && git mv -f src/b.c elsewhere/b.c && mv src/moved.c elsewhere/
record 'two renames'

for format in medium short full fuller; do
	same "$format" --format=$format
done
same 'limits' -3
same 'limits' -n 2
same 'limits' --skip=2 -n 3 --oneline --format=%s
same 'reversed' --reverse --format=%s
same 'reversed after the limit' --reverse -2 --format=%s
same 'people' --format='%an|%ae|%cn|%ce'
same 'dates' --format='%ad|%at|%cd|%ct|%ai|%ci|%aI|%cI|%as'
same 'date styles' --date=short --format='%ad %cd'
same 'date styles' --date=unix
same 'date styles' --date=raw
same 'date styles' --date=iso
same 'more date styles' --date=rfc --format='%ad|%aD|%cD'
same 'more date styles' --date=iso8601-strict --format=fuller
same 'more date styles' --date=relative --format=medium
same 'more date styles' --date=local --format='%ad|%cd'
same 'more date styles' --date=format:'%Y/%m/%d %H:%M %z %Z%% %s|' --format=%ad
TZ=Asia/Kolkata
for style in local iso-local iso-strict-local rfc-local raw-local short-local \
	unix-local format-local:'%c %z %Z'; do
	same "$style" "--date=$style" --format='%ad|%cd'
done
TZ=UTC
same 'file names' --format=%f
same 'new lines where there is something' --format='%s%+b%-b% b|' HEAD^^..HEAD^
same 'colours that are not wanted' --format='%C(red)%s%Creset%C(auto)%d'
for format in '%C(auto)%d|%s' '%s%C(auto)%d%Creset|' '%Cred%s%Creset%C(bold blue)x' \
	'%C(always,ul 214 #102030)%s%C(reset)' '%C(noreverse brightred default)' \
	'%C(normal)|%C(nobold)%C(bold dim italic ul blink reverse strike black)' \
	'%C(7 15)|%C(auto,green)%C(reset red)' '%C(red)%C(auto)%D %d'; do
	same 'colours' --color=always --decorate --format="$format"
done
same 'after and before' --format=%s --after=@1700000200 --before=@1700000400
same 'words of dates' --format=%s --since='20 years ago' --until='1 month ago'
same 'words of dates' --format=%s --since=yesterday
same 'a day' --format=%s --since=2023-11-14
same 'texts' --format='[%s]%n[%b]%n[%B]%n%%'
same 'bytes and unknown letters' --format='%x41%x00%x7a %Q %'
same 'ended' --format=tformat:%s -2
same 'separated' --format=format:%s -2
same 'presets with files' --name-status
same 'presets with files' --format=short --name-only
same 'oneline with files' --oneline --format='%s' --name-status
same 'formats with files' --format=tformat:%s --name-status
same 'formats with files' --format=format:%s --name-status
same 'files alone' --format= --name-status
same 'no renames' --format= --name-status --no-renames
same 'patches' -p
same 'patches' --oneline --format=%s -p -U0
same 'patches of one folder' -p -- src
same 'counts' --stat
same 'counts and patches' --stat -p
same 'counts' --format=%s --numstat
same 'counts' --format=format:%s --shortstat
same 'a text that comes and goes' --format=%s -S one
same 'its files only' --format=%s -S one --name-status
same 'its patches' -p -S two
same 'in one folder' --format=%s -S t -- src
same 'and a limit' --format=%s -S o -2
same 'and reversed' --format=%s -S o --reverse
same 'nowhere' --format=%s -S 'no such text'
same 'through renames' --format=%s -S t --follow -p -- src/b.c
t_fails 2 'no text' '-S' dig log -S ''
same 'a file' --format=%s -- a.txt
same 'a file that is gone' --format=%s -- doc/empty
same 'a folder' --format=%s -- src
same 'a folder with a slash' --format=%s -- src/
same 'two paths' --format=%s -- doc link
same 'a glob' --format=%s -- '*.c'
same 'a glob in a folder' --format=%s -- 'src/*.c'
same 'magic' --format=%s -- ':(glob)*.txt'
same 'magic' --format=%s -- '*.c' ':!src/deep'
same 'nothing there' --format=%s -- nothing
same 'files of the path only' --format=%s --name-status -- src
same 'a limit with a path' --format=%s -1 -- src
same 'reversed with a path' --format=%s --reverse -- src
same 'the author' --format=%s --author='U Thor'
same 'the author' --format=%s --author=nobody
same 'the message' --format=%s --grep=rename
same 'the message' --format=%s --grep='^a '
same 'several words' --format=%s --grep=first --grep=Odd
same 'all of several words' --format=%s --grep=Author --grep=Signed --all-match
same 'all of several words' --format=%s --grep=Author --grep=Odd --all-match
same 'not the words' --format=%s --grep=rename --invert-grep
same 'not the words, but the author' --format=%s --grep=rename --invert-grep \
	--author=Thor
same 'the committer' --format=%s --committer='O Mit'
same 'the committer' --format=%s --committer=Thor
same 'basic expressions' --format=%s --grep='re\(name\)\{1\}\|^Odd'
same 'either case' --format=%s -i --grep=odd
same 'plain text' --format=%s -F --grep='(#42)'
same 'extended' --format=%s -E --grep='first|mode'
same 'dates' --format=%s --since=@1700000300
same 'dates' --format=%s --until=@1700000300
same 'a range' --format=%s HEAD~3..HEAD
same 'a range' --format=%s HEAD~3..
same 'nothing' --format=%s HEAD..HEAD~3
same 'excluded' --format=%s HEAD ^HEAD~2
same 'a range and a path' --format=%s HEAD~5.. -- src
same 'another start' --format=%s HEAD~4
same 'another start and a path' --format=%s HEAD~4 -- a.txt
same 'a path without dashes' --format=%s src
same 'no merges' --format=%s --no-merges
same 'merges' --format=%s --merges
same 'first parents' --format=%s --first-parent

mkdir -p src/deep && cd src/deep || exit 1
same 'in a folder, all' --format=%s
same 'in a folder, a path' --format=%s -- c.c
same 'in a folder, up' --format=%s -- ../../a.txt
same 'in a folder, the top' --format=%s -- :/a.txt
cd ../.. || exit 1

mv elsewhere/moved.c elsewhere/again.c && write a.txt 3
record 'another rename'
write elsewhere/again.c changed
record 'and a change'
rm -r elsewhere && write src/deep/c.c five
record 'gone'
same 'a file and its former names' --follow --format=%s --name-status -- \
	elsewhere/again.c
same 'a file and its former names' --follow --format=%s --name-only -2 --skip 1 \
	-- elsewhere/again.c
same 'a file that was never renamed' --follow --format=%s -- a.txt
mkdir -p src && cd src || exit 1
same 'from a folder' --follow --format=%s -- ../elsewhere/b.c
cd .. || exit 1
t_fails 2 'two files' 'one file' dig log --follow -- a.txt b.txt
t_fails 2 'no file' 'one file' dig log --follow
t_fails 2 'a pattern' 'one file' dig log --follow -- '*.c'
git reset -q --hard HEAD~3 && dig reset -q --hard HEAD~3 >"$OUT" 2>&1

# Names of refs, in colours and without.
{
	git tag v1 && git branch side && git tag -a -m 'a tag' v2 HEAD~1 &&
		dig tag v1 && dig branch side && dig tag -a -m 'a tag' v2 HEAD~1
} >"$OUT" 2>&1
for format in oneline short medium '%s%d' '%D'; do
	for word in short full no; do
		same 'names' -2 --format="$format" --decorate=$word
		same 'names in colours' -2 --format="$format" --decorate=$word \
			--color=always
	done
done
dig tag -d v1 >"$OUT" && dig branch -D side >"$OUT" && dig tag -d v2 >"$OUT"
t_fails 2 'no such colour' 'is no colour' dig log --format='%C(pink)'
t_fails 2 'no such word' 'short, full, no' dig log --decorate=some
t_fails 2 'no such date' 'date format' dig log --date=human-ish

# What is dig's own.
head=$(dig rev-parse HEAD)
t_out '%H is the whole id' "$head" dig log -1 --format=%H
t_out '%h is its start' "$(printf %.10s "$head")" dig log -1 --format=%h
t_out '%T is the root' "$(dig root)" dig log -1 --format=%T
t_out '%P is the parent' "$(dig rev-parse HEAD~1)" dig log -1 --format=%P
t_out '%d names refs' ' (HEAD -> main)' dig log -1 --format=%d
t_out '%D names refs' 'HEAD -> main' dig log -1 --format=%D
t_has '--decorate' "commit $head (HEAD -> main)" dig log -1 --decorate
t_not 'no names in a pipe' 'HEAD' dig log -1
t_has '--oneline' "$(printf %.10s "$head") two renames" dig log --oneline
t_has '%ar' ' years' dig log -1 --format=%ar

t 'JSON' dig log --json --name-status
t_eq 'the document' '8 two renames R src/b.c' "$(python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))["commits"]
c = d[0]["changes"][0]
print(len(d), d[0]["subject"], c["kind"], c["old_path"])' "$OUT")"
t 'JSON lines' dig log --json=lines -2
t_eq 'two documents' '2 90' "$(python3 -c 'import json, sys
d = [json.loads(line) for line in open(sys.argv[1])]
print(len(d), d[0]["author_zone"])' "$OUT")"
t_fails 2 'another word for JSON' 'lines' dig log --json=more

t_fails 4 'no such revision' 'nothere' dig log nothere
t_fails 4 'not as a path' 'src' dig log src --
t_fails 2 'a graph upside down' 'neither' dig log --graph --reverse
t_fails 2 'no such format' 'format' dig log --format=nope
t_fails 2 'a bad pattern' 'pattern' dig log -E --grep='('
t_fails 2 'a bad date' 'date' dig log --since='some time'

# A reader that goes away is no error.
long=$(printf '%%B%.0s' 1 2 3 4 5 6 7 8 9)
{
	dig log --format="$long$long$long$long" 2>"$ERR"
	echo $? >"$TMP/status"
} | head -c 1 >/dev/null
t_eq 'SIGPIPE is quiet' '0' "$(cat "$TMP/status" "$ERR")"
t_exit 1 'a full device is one' sh -c '"$DIG" log >/dev/full'

# Without the index the walk compares trees and says the same.
dig log --format=%s -- src >"$TMP/with"
t 'the index is read' grep -q . "$TMP/with"
rm .dig/index.db
dig log --format=%s -- src >"$TMP/without"
t 'the same after a rebuild' cmp "$TMP/with" "$TMP/without"

# Neither does it know a commit that no ref reaches.
old=$(dig rev-parse HEAD)
dig commit -q --amend -m 'amended' >"$OUT" 2>&1
dig log --format=%s "$old" -- src >"$TMP/without"
t 'the same from a commit that was left' cmp "$TMP/with" "$TMP/without"

new_repo empty
t_fails 4 'no commit yet' 'no commit' dig log
finish
