#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Random histories with merges: dig log and git log print the same commits in
# the same order, with the index and without; and how much is read.
. "${0%/*}/lib.sh"
need git python3
[ -x "$TOOLS/mkhistory" ] || skip_all "no $TOOLS/mkhistory: make tools"

# history NAME SEED COMMITS FILES MERGES: made in a repository of both.
history()
{
	new_repo "$1"
	git init -q -b main .
	python3 "$ROOT/tests/tools/history.py" "$2" "$3" "$4" "$5" \
		"$TMP/dig.in" "$TMP/git.in" &&
		git fast-import --quiet --force <"$TMP/git.in" &&
		"$TOOLS/mkhistory" <"$TMP/dig.in" || exit 1
}

# same ARGUMENT...: count the differences, show the first. With $_ties, commits
# of equal dates may come in any order.
same()
{
	_asked=$((_asked + 1))
	git log --format=%s "$@" >"$TMP/git" || exit 1
	dig log --format=%s "$@" >"$TMP/dig" 2>"$ERR"
	if [ $_ties -ne 0 ]; then
		sort -o "$TMP/git" "$TMP/git"
		sort -o "$TMP/dig" "$TMP/dig"
	fi
	if ! cmp -s "$TMP/git" "$TMP/dig"; then
		[ $_wrong -ne 0 ] ||
			echo "# log $*: $(diff "$TMP/git" "$TMP/dig" | head -5)"
		_wrong=$((_wrong + 1))
	fi
}

# graph ARGUMENT...: the same picture, ids apart.
graph()
{
	_asked=$((_asked + 1))
	git log --graph --format=%s --no-decorate -M100% "$@" |
		sed 's/commit [0-9a-f]*/commit/; s/^\([|\/ _.-]*Merge:\).*/\1/' \
			>"$TMP/git" || exit 1
	dig log --graph --format=%s "$@" 2>"$ERR" |
		sed 's/commit [0-9a-f]*/commit/; s/^\([|\/ _.-]*Merge:\).*/\1/' \
			>"$TMP/dig"
	if ! cmp -s "$TMP/git" "$TMP/dig"; then
		[ $_wrong -ne 0 ] || echo "# log --graph $*:" \
			"$(diff "$TMP/git" "$TMP/dig" | head -9)"
		_wrong=$((_wrong + 1))
	fi
}

# within ARGUMENT...: what git lists is listed. In a range git may take a merge
# for one of its parents before it knows that this parent is excluded; dig knows
# what is excluded before it looks at paths, and so may list a merge more.
within()
{
	_asked=$((_asked + 1))
	git log --format=%s "$@" | sort >"$TMP/git"
	dig log --format=%s "$@" 2>"$ERR" | sort >"$TMP/dig"
	if [ -n "$(comm -23 "$TMP/git" "$TMP/dig")" ] ||
		[ "$(comm -13 "$TMP/git" "$TMP/dig" | wc -l)" -gt 5 ]; then
		[ $_wrong -ne 0 ] ||
			echo "# log $*: $(diff "$TMP/git" "$TMP/dig" | head -5)"
		_wrong=$((_wrong + 1))
	fi
}

ask_all()
{
	_wrong=0 _asked=0 _ties=0
	same
	same --all
	same --first-parent
	same --merges
	same --no-merges
	same --all -n 7 --skip 3
	same --reverse -n 20
	same main..side00
	same side00..main
	same --all ^old
	same --topo-order
	same --topo-order --all
	same --all ^old --first-parent
	same --topo-order --all ^old
	same --topo-order --reverse --all
	same --date-order --all
	same --branches
	same --topo-order --all -- hot a
	same --date-order -- hot
	same --since=@1500090000 --all
	[ $seed -ne 1 ] || for format in %s short %B%n '%s%n%b' format:%s \
		format:%B; do
		graph --all --format="$format"
		graph --format="$format" --name-status
	done
	graph --all --color=always
	graph --all --date-order
	graph --first-parent
	graph main..side00
	graph --all -n 20 --skip 3
	graph --all --merges
	graph --all --grep=1
	graph --all -- hot a
	graph -- cold
	_ties=$((seed % 2))
	for path in hot cold a b a/x b/y 'a/f*' '*1' nothing; do
		same -- "$path"
		same --all -- "$path"
		same --first-parent -- "$path"
		within old..main -- "$path"
		within side00..main -- "$path"
		[ $_ties -ne 0 ] || same -n 3 -- "$path"
	done
	same -- hot a
	same --all -- b ':!b/y'
}

seeds=3
[ -z "${SANITIZED:-}" ] || seeds=1
[ "${SOAK:-0}" = 0 ] || seeds=100
seed=1
while [ $seed -le $seeds ]; do
	history "random$seed" $seed 300 20 $((seed % 4 * 15))
	ask_all
	t_eq "seed $seed: $_asked logs are git's" 0 $_wrong
	# Where the index can be neither read nor made, trees are compared.
	if [ "$(id -u)" -ne 0 ]; then
		rm .dig/index.db
		chmod a-w .dig
		ask_all
		chmod u+w .dig
		t_eq "seed $seed: without the index too" 0 $_wrong
	fi
	seed=$((seed + 1))
done

# A path that was touched 20 times is found without reading the rest.
history long 7 5000 500 0
DIG_TRACE=1 dig log --format=%s -- cold >"$TMP/dig" 2>"$TMP/trace"
git log --format=%s -- cold >"$TMP/git"
t_eq 'there are twenty of them' 20 "$(grep -c . "$TMP/git")"
t 'the commits of a path' cmp "$TMP/git" "$TMP/dig"
reads=$(sed -n 's/.*log: \([0-9]*\) commits read.*/\1/p' "$TMP/trace")
t_eq "few commits are read ($reads of 5000)" yes \
	"$([ "${reads:-9999}" -lt 1000 ] && echo yes || echo "$reads")"
finish
