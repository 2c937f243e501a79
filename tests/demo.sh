#!/bin/sh
# SPDX-License-Identifier: MIT
#
# demo.sh [DIG]: a minute with dig on a real tree of this machine.
# DEMO_FROM names other folders; KEEP=1 leaves what was made.
set -eu
DIG=${1:-build/dig}
case $DIG in /*) ;; *) DIG=$(pwd)/$DIG ;; esac

scratch=$(mktemp -d "${TMPDIR:-/tmp}/dig-demo.XXXXXX")
tree=$scratch/tree
clean()
{
	if [ "${KEEP:-0}" = 1 ]; then
		echo "kept: $scratch"
	else
		rm -rf "$scratch"
	fi
}
trap clean EXIT
trap 'exit 130' INT TERM

DIG_AUTHOR_NAME=${DIG_AUTHOR_NAME:-Demo}
DIG_AUTHOR_EMAIL=${DIG_AUTHOR_EMAIL:-demo@example.com}
DIG_COMMITTER_NAME=$DIG_AUTHOR_NAME
DIG_COMMITTER_EMAIL=$DIG_AUTHOR_EMAIL
DIG_PAGER='cat'
export DIG_AUTHOR_NAME DIG_AUTHOR_EMAIL DIG_COMMITTER_NAME \
	DIG_COMMITTER_EMAIL DIG_PAGER
unset DIG_DIR 2>/dev/null || :

say()
{
	printf '\n# %s\n' "$*"
}

# Show a command as it would be typed, then run it.
run()
{
	printf '$ dig %s\n' "$*"
	"$DIG" "$@"
}

mkdir "$tree"
for from in ${DEMO_FROM:-/usr/share/doc /usr/include /usr/lib/python3}; do
	[ -d "$from" ] || continue
	say "a copy of $from"
	# Links of a system lead anywhere; the demo keeps them as links.
	cp -a "$from" "$tree/" 2>/dev/null || :
done
cd "$tree"
printf '%s files, %s\n' "$(find . -type f | wc -l)" "$(du -sh . | cut -f1)"

say "a repository, and everything in it"
run init
start=$(date +%s)
run add -A
run commit -m "Everything, as it was found"
echo "($(($(date +%s) - start)) seconds)"

say "some edits"
one=$(find . -path ./.dig -prune -o -type f -size +1k -name '*.h' -print |
	sort | sed -n 1p)
two=$(find . -path ./.dig -prune -o -type f -size +1k -print | sort |
	sed -n '100p')
one=${one:-$two}
echo 'one line more' >>"$one"
[ -z "$two" ] || [ "$two" = "$one" ] || rm "$two"
printf 'a new file\n' >demo.txt
run status -s
run add -A
run commit -m "Three small changes"

say "the history"
run log --oneline
run log --stat -n 1
say "one file of the first commit, without checking it out"
printf '$ dig cat HEAD~1:%s | tail -n 2\n' "${one#./}"
"$DIG" cat "HEAD~1:${one#./}" | tail -n 2

say "the index is a database that any program can read"
sql="SELECT kind, path, old_size, new_size FROM v_changes
	WHERE commit_id = (SELECT commit_id FROM v_refs WHERE is_head)"
printf "\$ sqlite3 .dig/index.db \"%s\"\n" "$sql"
sqlite3 -cmd '.timeout 5000' -readonly .dig/index.db "$sql"

say "both versions into other folders, compared with the tree"
run checkout --into "$scratch/now" HEAD
diff -r --no-dereference -x .dig "$tree" "$scratch/now" &&
	echo "HEAD is the tree, byte for byte"
run checkout --into "$scratch/then" HEAD~1
[ ! -e "$scratch/then/demo.txt" ] &&
	! cmp -s "$scratch/then/$one" "$one" &&
	echo "HEAD~1 is what was there before"

say "every id hashed again"
run fsck
du -sh .dig | sed 's/^/stored: /'
