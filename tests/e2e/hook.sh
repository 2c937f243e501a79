#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Hooks: trust, what runs and with what, and who refuses.
. "${0%/*}/lib.sh"
need python3 sqlite3

new_repo repo
H=.dig/hooks
PATH=${DIG%/*}:$PATH
[ "${DIG##*/}" = dig ] || skip_all 'the program has another name'

# hook NAME LINE...: a shell script as a hook.
hook()
{
	_name=$H/$1
	shift
	mkdir -p "${_name%/*}"
	rm -f "$_name"
	{
		echo '#!/bin/sh'
		printf '%s\n' "$@"
	} >"$_name"
	chmod +x "$_name"
}

none()
{
	rm -rf "${H:?}"/*
	dig hook -q revoke --all
}

# words FILE: its words on one line.
words()
{
	xargs <"$1"
}

# change: something to commit.
_c=0
change()
{
	_c=$((_c + 1))
	echo $_c >a
	dig add a
	tick
}

# ---- Trust -----------------------------------------------------------------

t_out 'no hooks' '' dig hook
change
t 'and a commit' dig commit -q -m none
change
for name in pre-commit prepare-commit-msg commit-msg; do
	hook $name 'touch ran'
	echo more >>a
	t_fails 8 "$name is not trusted" "hook '$name' is not trusted" \
		dig commit -q -a -m x
	t_fails 8 'with the line to type' "dig hook trust $name" \
		dig commit -q -m x
	t_out 'and nothing was staged' 'MM a' dig status -s a
	dig add a
	none
done
t_eq 'nothing ran' no "$([ -e ran ] || echo no)"

hook pre-commit 'touch ran' 'echo said'
t_has 'it is listed' 'new      pre-commit' dig hook list
t_has 'trust says what it trusts' 'trusted ' dig hook trust pre-commit
t_has 'which the list shows' 'trusted  pre-commit' dig hook
t 'as JSON' sh -c '"$DIG" hook list --json | python3 -c "import json, sys
h = json.load(sys.stdin)[\"hooks\"][0]
assert h[\"name\"] == \"pre-commit\" and h[\"state\"] == \"trusted\", h
assert len(h[\"digest\"]) == 64 and h[\"query\"] is False, h"'
t 'it runs' dig commit -q -m x
t_eq 'indeed' yes "$([ -e ran ] && echo yes)"
t_out 'its words are no output' '' dig commit -q --allow-empty -m x
rm ran
echo 'touch other' >>$H/pre-commit
t_fails 8 'changed, it is not trusted' 'has changed since' \
	dig commit -q --allow-empty -m x
t_has 'and the list says so' 'changed  pre-commit' dig hook list
t_eq 'nothing ran' no "$([ -e ran ] || [ -e other ] || echo no)"
dig hook -q trust --all
t 'trusted again' dig commit -q --allow-empty -m x
t_has 'revoked' 'revoked 1' dig hook revoke pre-commit
t_fails 8 'it is not' 'is not trusted' dig commit -q --allow-empty -m x
t_fails 4 'twice it is an error' 'was not trusted' dig hook revoke pre-commit
t_fails 4 'nor is there another' "no hook 'none'" dig hook trust none
t_fails 2 'names are needed' 'or --all' dig hook trust
t_fails 2 'a word that is none' 'is not one of' dig hook run
dig hook -q trust pre-commit
cp -a . "$TMP/copy"
t_fails 8 'a copy is another repository' 'is not trusted' \
	dig -C "$TMP/copy" commit -q --allow-empty -m x
chmod g+w "$XDG_STATE_HOME/dig/hooks/"*
t_fails 8 'a list that others can write' 'not yours alone' \
	dig commit -q --allow-empty -m x
chmod g-w "$XDG_STATE_HOME/dig/hooks/"*
chmod o+w "$XDG_STATE_HOME/dig/hooks"
t_fails 8 'nor in a folder that they can' 'not yours alone' \
	dig commit -q --allow-empty -m x
chmod o-w "$XDG_STATE_HOME/dig/hooks"
t_fails 8 'without a state folder nothing is trusted' 'is not trusted' \
	env -u XDG_STATE_HOME -u HOME "$DIG" commit -q --allow-empty -m x
t_fails 8 'nor can be' 'neither XDG_STATE_HOME nor HOME' \
	env -u XDG_STATE_HOME -u HOME "$DIG" hook trust pre-commit
rm $H/pre-commit
ln -s "$TMP/copy/$H/pre-commit" $H/pre-commit
t_fails 2 'a link is no hook' 'cannot run' dig hook trust pre-commit
none
hook pre-commit 'touch ran'
dig hook -q trust pre-commit
chmod -x $H/pre-commit
rm -f ran
t_has 'not executable: as in git, a warning' 'is not executable' \
	sh -c '"$DIG" commit -q --allow-empty -m x 2>&1'
t_eq 'and not run' no "$([ -e ran ] || echo no)"
none

# What runs is what was digested, whoever changes the file meanwhile.
hook pre-commit 'exit 0'
cp $H/pre-commit "$TMP/good"
printf '#!/bin/sh\ntouch evil\n' >"$TMP/evil"
chmod +x "$TMP/evil"
dig hook -q trust pre-commit
(
	while [ ! -e "$TMP/stop" ]; do
		cp -p "$TMP/evil" "$TMP/next" && mv "$TMP/next" $H/pre-commit
		cp -p "$TMP/good" "$TMP/next" && mv "$TMP/next" $H/pre-commit
	done
) 2>/dev/null &
n=0
while [ $n -lt 15 ]; do
	dig commit -q --allow-empty -m race >"$OUT" 2>"$ERR"
	n=$((n + 1))
done
touch "$TMP/stop"
wait
t_eq 'a file that changes all the time never runs untrusted' no \
	"$([ -e evil ] || echo no)"
none
hook pre-commit 'touch ran'
dig hook -q trust pre-commit
mv .dig/tmp "$TMP/tmp"
mkdir "$TMP/elsewhere"
ln -s "$TMP/elsewhere" .dig/tmp
t_exit 9 'no copy through a link' dig commit -q --allow-empty -m x
t_eq 'nothing there' '' "$(ls "$TMP/elsewhere")"
rm .dig/tmp
mv "$TMP/tmp" .dig/tmp
none

# ---- pre-commit ------------------------------------------------------------

hook pre-commit 'tr a-z A-Z <b >b.new && mv b.new b && dig add b' \
	'sqlite3 -readonly "$DIG_INDEX" "SELECT path FROM v_staged" >"$TMP/seen"' \
	'dig status -s >"$TMP/status"' 'pwd >"$TMP/pwd"' \
	'tr "\0" "\n" <"$DIG_STAGED_LIST" >"$TMP/list"' \
	'echo "$DIG_DIR $DIG_HOOK" >"$TMP/env"; cat >"$TMP/input"'
dig hook -q trust --all
echo words >b
change
dig add b
t 'a hook that formats and adds again' dig commit -q -m b
t_out 'the commit has what it added' WORDS dig cat HEAD:b
t_out 'and nothing is left to do' '' dig status -s -uno
t_eq 'stock sqlite3 read the index' "a b" "$(words "$TMP/seen")"
t_eq 'the list had the staged paths' "a b" "$(words "$TMP/list")"
t_eq 'it ran in the work tree' "$(pwd)" "$(cat "$TMP/pwd")"
t_eq 'with its variables' "$(pwd)/.dig pre-commit" "$(cat "$TMP/env")"
t_eq 'and no input' '' "$(cat "$TMP/input")"
mkdir -p sub
cd sub || exit 1
echo more >../b
dig add ../b
t 'from a folder' dig commit -q -m sub
cd .. || exit 1
t_eq 'it is the root all the same' "$(pwd)" "$(cat "$TMP/pwd")"
t_out 'nothing is left in .dig/tmp' '' sh -c 'ls .dig/tmp | grep hook || :'

hook pre-commit 'echo no >&2; exit 3'
dig hook -q trust --all
change
t_fails 1 'a hook that refuses' "'pre-commit' refused, with exit code 3" \
	dig commit -q -m x
t_fails 1 'its words are shown' 'no' dig commit -q -m x
t_out 'what was staged stays' 'M  a' dig status -s -uno
t 'as with -n' dig commit -q -n -m x
change
t 'and --no-verify' dig commit -q --no-verify -m x
hook pre-commit 'kill -9 $$'
dig hook -q trust --all
change
t_fails 1 'one that dies' 'died by signal 9' dig commit -q -m x
printf 'touch plain\n' >$H/pre-commit
dig hook -q trust --all
t 'a script without #!' dig commit -q -m x
t_eq 'is a shell script' yes "$([ -e plain ] && echo yes)"
printf '#!/no/such/program\n' >$H/pre-commit
dig hook -q trust --all
change
t_fails 1 'an interpreter that is not there' "starting hook 'pre-commit'" \
	dig commit -q -m x
cp /bin/true $H/pre-commit
dig hook -q trust --all
t 'a program' dig commit -q -m x

none
for n in 20-b 10-a 30-c; do
	hook pre-commit.d/$n "echo $n >>order; [ $n != 20-b ] || [ ! -e stop ]"
done
hook pre-commit 'echo first >>order'
hook pre-commit.d/.hidden 'exit 1'
hook pre-commit.d/old~ 'exit 1'
dig hook -q trust --all
change
t 'several' dig commit -q -m x
t_eq 'in the order of their names' 'first 10-a 20-b 30-c' "$(words order)"
rm order
touch stop
change
t_exit 1 'the first that refuses' dig commit -q -m x
t_eq 'is the last that runs' 'first 10-a 20-b' "$(words order)"
none
hook 'pre-commit.d/two words' 'exit 0'
t_has 'a name that cannot be typed safely' 'and was not run' \
	sh -c '"$DIG" commit -q -m x 2>&1'

# Descriptors: what dig has open is not open in a hook.
none
hook pre-commit 'ls /proc/self/fd >"$TMP/fds"'
dig hook -q trust --all
printf '#!/bin/sh\nls /proc/self/fd\n' >"$TMP/own"
change
dig commit -q -m x >"$OUT" 2>"$ERR" </dev/null
t_out 'no descriptors but the shell has them' "$(cat "$TMP/fds")" \
	sh "$TMP/own"

# Time.
none
hook pre-commit 'sleep 100 & echo $! >"$TMP/sleeper"; wait'
dig hook -q trust --all
dig config hook.timeout 1
change
t_fails 1 'too late' 'ended after 1 seconds' dig commit -q -m x
t_out 'and what it started has ended' '' sh -c \
	'grep "^State:.[^Z]" "/proc/$(cat "$TMP/sleeper")/status" 2>&- || :'
dig config hook.timeout 60
cat >"$TMP/interrupt.py" <<'PY'
import os, pty, signal, subprocess, sys, time
dig, tmp = sys.argv[1], sys.argv[2]
pid, fd = pty.fork()
if pid == 0:
    os.execv(dig, [dig, "commit", "-q", "-m", "interrupted"])
sleeper = os.path.join(tmp, "sleeper")
end = time.time() + 20
while not (os.path.exists(sleeper) and os.path.getsize(sleeper)):
    assert time.time() < end
    time.sleep(.01)
os.write(fd, b"\x03")
try:
    while os.read(fd, 1000):
        pass
except OSError:
    pass
_, status = os.waitpid(pid, 0)
assert os.WEXITSTATUS(status) == 130, status
try:
    with open("/proc/%s/stat" % open(sleeper).read().strip()) as stat:
        assert stat.read().rsplit(")", 1)[1].split()[0] == "Z"
except FileNotFoundError:
    pass
PY
rm -f "$TMP/sleeper"
t 'Ctrl-C on a terminal ends the hook and the commit' \
	python3 "$TMP/interrupt.py" "$DIG" "$TMP"
t_not 'and nothing is committed' interrupted dig log -n 1
none

# ---- Isolated --------------------------------------------------------------

dig config hook.isolate true
hook pre-commit 'pwd >"$TMP/pwd"; cat a >"$TMP/a"; ls -A >"$TMP/ls"' \
	'echo lost >a; dig status -s -uno >"$TMP/status"'
dig hook -q trust --all
echo staged >a
dig add a
echo edit >a
t 'an isolated hook' dig commit -q -m x
t_eq 'sees what is staged' staged "$(cat "$TMP/a")"
t_eq 'and only that' 'a b' "$(words "$TMP/ls")"
t_eq 'the work tree is as it was' edit "$(cat a)"
t_eq 'dig there speaks of the repository' 1 "$(grep -c ^MM "$TMP/status")"
t_eq 'its folder is gone' no "$([ -e "$(cat "$TMP/pwd")" ] || echo no)"
dig config unset hook.isolate
dig restore a
none

# ---- Messages --------------------------------------------------------------

hook prepare-commit-msg 'shift; echo "$@" >"$TMP/args"'
hook commit-msg 'echo "Checked-by: hook" >>"$1"'
dig hook -q trust --all
change
t 'hooks of messages' dig commit -q -m subject
t_out 'may change them' 'subject
Checked-by: hook' dig log -n 1 --format=%B
t_eq 'and know where they come from' message "$(cat "$TMP/args")"
t 'amended' dig commit -q --amend --no-edit --allow-empty
t_eq 'it comes from a commit' "commit $(dig rev-parse 'HEAD@{1}')" \
	"$(cat "$TMP/args")"
change
EDITOR='sh -c '\''echo "# left out" >>"$1"; echo typed >>"$1"'\'' x' \
	t 'an editor' dig commit -q
t_has 'and then the hook' 'Checked-by: hook' dig log -n 1
t_not 'comments are left out' 'left out' dig log -n 1
t_eq 'nothing is said of a new one' '' "$(cat "$TMP/args")"
hook commit-msg 'grep -q ticket "$1"'
dig hook -q trust --all
change
t_exit 1 'commit-msg refuses' dig commit -q -m 'no number'
t 'or not' dig commit -q -m 'ticket 1'
change
t 'nor with -n' dig commit -q -n -m 'no number'
hook commit-msg ': >"$1"'
dig hook -q trust --all
change
t_fails 1 'a message that a hook empties' 'message is empty' \
	dig commit -q -m x
hook commit-msg 'echo sneaked >c; dig add c'
dig hook -q trust --all
t_fails 1 'what was checked is what is committed' 'changed meanwhile' \
	dig commit -q -m x
none
dig reset -q --hard

# ---- Afterwards ------------------------------------------------------------

hook post-commit 'dig log -n 1 --format=%s >"$TMP/subject"; exit 1'
change
t_has 'post-commit, not trusted' "hook trust post-commit" \
	sh -c '"$DIG" commit -q -m one 2>&1'
dig hook -q trust --all
change
t_has 'trusted, and failing: a warning' 'refused' \
	sh -c '"$DIG" commit -q -m two 2>&1'
t_eq 'it sees the commit' two "$(cat "$TMP/subject")"
hook post-checkout 'echo "$@" >"$TMP/args"'
dig hook -q trust --all
old=$(dig rev-parse HEAD) new=$(dig rev-parse HEAD~1)
dig checkout -q HEAD~1
t_eq 'post-checkout: from, to, and a switch' "$old $new 1" "$(cat "$TMP/args")"
dig switch -q main
t_eq 'of switch, too' "$new $old 1" "$(cat "$TMP/args")"
dig checkout -q -- a
t_eq 'and of paths' "$old $old 0" "$(cat "$TMP/args")"
hook post-checkout 'exit 1'
dig hook -q trust --all
t_exit 1 'its failure is the exit code' dig checkout -q main
none

# ---- Merging ---------------------------------------------------------------

# diverge: main and side have a commit of their own each, without a conflict.
diverge()
{
	dig switch -q -C side base
	echo "$1" >s
	dig add s
	dig commit -q -n -m side
	dig switch -q -C work base
	echo "$1" >w
	dig add w
	dig commit -q -n -m work
}
dig reset -q --hard
dig branch base
diverge 1
work=$(dig rev-parse HEAD) side=$(dig rev-parse side)
for name in pre-merge-commit prepare-commit-msg commit-msg; do
	hook $name 'touch ran'
	t_fails 8 "$name is not trusted" "hook '$name' is not trusted" \
		dig merge side
	t_out 'nothing was done' '' dig status -s -uno
	t_not 'and nothing is in progress' 'merging' dig status
	none
done
hook pre-merge-commit 'echo no >&2; exit 3'
hook post-merge 'echo "$@" >"$TMP/post"'
dig hook -q trust --all
t_fails 1 'one that refuses' "'pre-merge-commit' refused" dig merge side
cp "$ERR" "$TMP/said"
t_has 'says what can be done' 'dig merge --abort' cat "$TMP/said"
t_out 'the merge stays staged' 'A  s' dig status -s -uno
t_has 'and in progress' 'still merging' dig status
t_eq 'post-merge did not run' no "$([ -e "$TMP/post" ] || echo no)"
t 'committed by hand' dig commit -q --no-edit
t_out 'with both parents' "$work $side" dig log -1 --format=%P
dig reset -q --hard "$work"
t_has '--no-verify' 'Merge made.' dig merge --no-verify side
t_eq 'then post-merge runs' 0 "$(cat "$TMP/post")"
rm "$TMP/post"
dig reset -q --hard "$work"
t 'nor is it asked with --no-commit' dig merge -q --no-commit side
t_eq 'and no post-merge' no "$([ -e "$TMP/post" ] || echo no)"
dig merge --abort
dig switch -q -C ff base
t_has 'nor before a fast-forward' 'Fast-forward' dig merge side
t_eq 'but post-merge runs' 0 "$(cat "$TMP/post")"
rm "$TMP/post"
t 'there already' dig merge -q side
t_eq 'is no merge' no "$([ -e "$TMP/post" ] || echo no)"

# What the hooks change is what is recorded; undo takes back all of it.
dig switch -q work
hook pre-merge-commit 'xargs -0 <"$DIG_STAGED_LIST" >"$TMP/list"' \
	'echo "$DIG_HOOK" >"$TMP/env"; echo hook >h; dig add h'
hook prepare-commit-msg 'echo "$2" >"$TMP/source"; echo prepared >>"$1"'
hook commit-msg 'echo checked >>"$1"'
hook pre-commit 'exit 1'
hook post-commit 'touch "$TMP/committed"'
hook post-merge 'dig log -1 --format=%s >"$TMP/post"; exit 1'
dig hook -q trust --all
t_has 'hooks that change things' 'Merge made.' dig merge side
t_eq 'the staged paths' s "$(words "$TMP/list")"
t_eq 'the event' pre-merge-commit "$(cat "$TMP/env")"
t_eq 'the source' merge "$(cat "$TMP/source")"
t_out 'the message' "Merge branch 'side' into work
prepared
checked" dig log -1 --format=%B
t_out 'the commit has what was staged' hook dig cat HEAD:h
t_out 'and nothing is left' '' dig status -s -uno
t_out 'both parents' "$work $side" dig log -1 --format=%P
t_eq 'post-merge sees it' "Merge branch 'side' into work prepared checked" \
	"$(cat "$TMP/post")"
t_eq 'post-commit is not for it' no "$([ -e "$TMP/committed" ] || echo no)"
t_has 'the reflog' 'merge side: Merge made' dig reflog -n 1
dig reset -q --hard "$work"
printf '#!/bin/sh\nsed -i "1s/.*/edited/" "$1"\n' >"$TMP/edit"
chmod +x "$TMP/edit"
DIG_EDITOR=$TMP/edit t 'edited between them' dig merge -q -e side
t_out 'in order' 'edited

prepared
checked' dig log -1 --format=%B
dig reset -q --hard "$work"
rm $H/pre-merge-commit
t 'without a hook that stages' dig merge -q side
t 'undone' dig undo
t_eq 'as a whole' "$work" "$(dig rev-parse HEAD)"
t_not 'with no merge left' 'merging' dig status
mkdir -p $H/pre-merge-commit.d
echo "SELECT path FROM v_staged WHERE path = 's'" \
	>$H/pre-merge-commit.d/10-policy.sql
dig hook -q trust --all
t_fails 1 'a query' 'pre-merge-commit.d/10-policy.sql: s' dig merge -q side
hook commit-msg ': >"$1"'
rm -r $H/pre-merge-commit.d
dig merge --abort
dig hook -q trust --all
t_fails 1 'no message, no merge' 'the message is empty' dig merge -q side
t 'given up' dig merge --abort
t_fails 2 '--no-verify is for a merge' 'stand alone' dig merge --abort --no-verify
none
dig switch -q main

# ---- Queries ---------------------------------------------------------------

query()
{
	mkdir -p $H/pre-commit.d
	printf '%s\n' "$1" >$H/pre-commit.d/10-policy.sql
}

query "SELECT path, size FROM v_staged WHERE size > 100"
change
t_fails 8 'a query needs trust' 'dig hook trust pre-commit.d/10-policy.sql' \
	dig commit -q -m x
dig hook -q trust --all
t 'without rows it lets pass' dig commit -q -m x
bytes 1 101 >large
dig add large
t_fails 1 'rows refuse' 'pre-commit.d/10-policy.sql: large | 101' \
	dig commit -q -m x
t 'but not with -n' dig commit -q -n -m x
change
query "WITH s AS (SELECT * FROM v_staged) SELECT count(*) FROM s
	HAVING count(*) > 1; -- one query"
dig hook -q trust --all
t 'WITH, HAVING, and a comment' dig commit -q -m x
change
for text in 'SELECT * FROM staging' 'PRAGMA user_version' \
	"ATTACH '$TMP/x.db' AS x" 'SELECT 1 WHERE 0; SELECT 2' \
	'DELETE FROM refs' "SELECT load_extension('x')" 'BEGIN' \
	'CREATE TEMP TABLE x (y)' 'SELECT * FROM v_none' '-- nothing' \
	'SELECT hex(zeroblob(100000000))' "VACUUM INTO '$TMP/x.db'" \
	'SELECT ?1' 'nonsense' "SELECT 1 WHERE fts3_tokenizer('a')"; do
	query "$text"
	dig hook -q trust --all
	t_fails 1 "refused: $text" 'cannot be asked' dig commit -q -m x
done
t_eq 'and nothing was written' no "$([ -e "$TMP/x.db" ] || echo no)"
dig config hook.timeout 1
query 'WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
	SELECT count(*) FROM n'
dig hook -q trust --all
t_fails 1 'a query without end' 'ran longer than 1 s' dig commit -q -m x
dig config unset hook.timeout
query "SELECT char(27) || '[31m' FROM v_staged"
dig hook -q trust --all
dig commit -q -m x 2>"$TMP/said"
t_eq 'rows are shown without control characters' 0 \
	"$(grep -c "$(printf '\033')" "$TMP/said")"
mkdir -p $H/commit-msg.d
mv $H/pre-commit.d/10-policy.sql $H/commit-msg.d/x.sql
t_has 'only where they may be' 'this event has not' \
	sh -c '"$DIG" commit -q -m x 2>&1'

finish
