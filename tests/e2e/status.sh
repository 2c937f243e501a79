# SPDX-License-Identifier: MIT
#
# dig status and dig ls-files: git's bytes for the same tree, and what is read.
# SEEDS and STEPS make the random part longer.
. "${0%/*}/lib.sh"
need git python3

new_repo
t_out "an empty repository" "On branch main

No commits yet

nothing to commit (create/copy files and use \"dig add\" to track)" dig status
t_out "the same in short" "## No commits yet on main" dig status -sb
write a one
write d/b two
dig add -A
t_out "staged files" "On branch main

No commits yet

Changes to be committed:
  (use \"dig rm --cached <file>...\" to unstage)
	new file:   a
	new file:   d/b" dig status
save first
t_out "clean" "On branch main
nothing to commit, working tree clean" dig status
t_out "clean in JSON" 0 sh -c "dig() { \"\$DIG\" \"\$@\"; }
	dig status --json | python3 -c 'import json, sys
d = json.load(sys.stdin); print(len(d[\"changes\"] + d[\"untracked\"]))'"
write a changed
rm d/b
write u/x
t_out "in the work tree" "On branch main
Changes not staged for commit:
  (use \"dig add/rm <file>...\" to update what will be committed)
  (use \"dig restore <file>...\" to discard changes in working directory)
	modified:   a
	deleted:    d/b

Untracked files:
  (use \"dig add <file>...\" to include in what will be committed)
	u/

no changes added to commit (use \"dig add\" and/or \"dig commit -a\")" dig status
t_out "in JSON" '[{"path":"a","staged":null,"worktree":"M"},{"path":"d/b","staged":null,"worktree":"D"}]' \
	sh -c '"$DIG" status --json | sed "s/.*\"changes\":\(\[[^]]*\]\).*/\1/"'
cd u || exit 1
t_out "from below" " M ../a
 D ../d/b
?? ./" dig status -s
t_out "for programs from the root" " M a
 D d/b
?? u/" dig status --porcelain
cd ..
t_out "without untracked files" " M a
 D d/b" dig status -s -uno
t_out "one path" " D d/b" dig status -s d
t_fails 2 "an unknown mode" "not 'some'" dig status -usome
t_fails 2 "another format" "v1, v2" dig status --porcelain=v3
t_fails 2 "a path outside" "outside" dig status ../..
t_out "tracked files" "a
d/b" dig ls-files
t_out "with their ids" "100644 $(dig ls-files -s a | cut -d' ' -f2) 0	a" \
	dig ls-files -s a
t_out "modified and deleted" "a
d/b
d/b" dig ls-files -m -d
t_out "others" "u/x" dig ls-files -o
t_fails 2 "-i alone" "goes with -o" dig ls-files -i

# Links are never followed, above a file either.
rm -r d && mkdir elsewhere && write elsewhere/b two && ln -s elsewhere d
t_out "a link in place of a folder" " M a
 D d/b
?? d
?? elsewhere/
?? u/" dig status -s

# Rules that cannot be read, at the root: names before '/' stay in order.
new_repo rules
write -a one
write .b two
ln -s -- -a .gitignore
dig add -A 2>"$ERR" && dig commit -q -m rules 2>"$ERR"
t_out "a link as .gitignore is a file as others" '' dig status -s

if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	new_repo read
	write a one
	write b two
	save first
	opens()
	{
		strace -f -e trace=open,openat,openat2 -o "$TMP/.trace" \
			"$DIG" status -s >"$OUT" 2>"$ERR"
		grep -cE '"(a|b)"' "$TMP/.trace"
	}
	t_eq "no file is opened after add" 0 "$(opens)"
	touch a
	sleep 0.1
	t_eq "a touched one is, once" 1 "$(opens)"
	t_eq "and found unchanged" "" "$(cat "$OUT")"
	t_eq "and not again" 0 "$(opens)"
	touch a
	sleep 0.1
	flock .dig/lock "$DIG" status -s >"$OUT"
	t_eq "while another writes nothing is recorded" 1 "$(opens)"
else
	skip "what is opened" "no strace here"
fi

# An edit that leaves size and time as they were, within a step of the clock.
new_repo racy
missed=0
for i in 1 2 3 4 5 6 7 8; do
	printf 1 >f
	dig add f
	printf 2 >f
	[ "$(dig status -s -uno)" = "AM f" ] || missed=$((missed + 1))
done
t_eq "an edit right after add shows" 0 $missed

[ -z "${SANITIZED:-}" ] || SEEDS=1
for seed in ${SEEDS:-1 2 3}; do
	t "as git, seed $seed" python3 "$ROOT/tests/e2e/status-random.py" \
		"$DIG" "$TMP/random.$seed" "$seed" "${STEPS:-15}"
	echo "$TMP/random.$seed/tree" >>"$REPOS"
done
# A conflict in porcelain v2, behind the other changes as in git.
new_repo conflict
write b 1
save base
dig switch -q -c side && write b 2 && save theirs
dig switch -q main && write b 3 && save ours
dig merge side >"$OUT" 2>&1
write z 1 && dig add z
t_out "a conflict for programs" "1 A. N... 000000 100644 100644 ID ID z
u UU N... 100644 100644 100644 100644 ID ID ID b" sh -c \
	'"$DIG" status --porcelain=v2 | sed -E "s/[0-9a-f]{64}/ID/g"'
rm b
t_has "whose file is gone" "u UU N... 100644 100644 100644 000000 " \
	dig status --porcelain=v2
finish
