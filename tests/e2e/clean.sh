#!/bin/sh
# SPDX-License-Identifier: MIT
. "${0%/*}/lib.sh"

gone() { [ ! -e "$1" ] && [ ! -L "$1" ]; }

new_repo
write .gitignore '*.o'
write tracked one
write dir/tracked one
save one
write new one
write dir/new one
write dir/x.o one
write folder/a one
write folder/sub/b one
mkdir empty

t_fails 2 'a word too few' 'neither -n nor -f' dig clean
t_fails 2 'the same with -d' "hint: 'dig clean -n'" dig clean -d
t_fails 2 '-x with -X' 'cannot be used together' dig clean -n -x -X
t_out '-n' 'Would remove dir/new
Would remove new' dig clean -n
t_out 'folders' 'Would remove dir/new
Would remove empty/
Would remove folder/
Would remove new' dig clean -nd
t_out 'ignored files, too' 'Would remove dir/new
Would remove dir/x.o
Would remove new' dig clean -nx
t_out 'ignored files alone' 'Would remove dir/x.o' dig clean -nX
t_out 'another rule' 'Would remove new' dig clean -n -e /dir/new
t_out 'a rule that takes back' 'Would remove dir/new
Would remove dir/x.o
Would remove new' dig clean -n -e '!x.o'
t_out 'a path' 'Would remove folder/sub/' dig clean -n folder/sub
t_out 'a path that is excluded stays' 'Would remove folder/sub/' \
	dig clean -n folder ':!folder/a'
t_out 'a tracked path' '' dig clean -n tracked
t 'nothing was removed' test -e new
t_out '-f' 'Removing dir/new
Removing new' dig clean -f
t 'the file is gone' gone new
t 'an ignored one is not' test -e dir/x.o
t 'nor a folder' test -e folder/a
t_out '-q' '' dig clean -q -fd
t 'the folder is gone' gone folder
t 'and the empty one' gone empty
t_out 'all' 'Removing dir/x.o' dig clean -fdx
t_out 'clean' '' dig status --porcelain=v1
t_out 'the repository is there' '0 .gitignore
0 dir/tracked
0 tracked' sh -c '"$DIG" ls-files | sed "s/^/0 /"'

write new one
t 'the setting' dig config clean.requireForce false
t_out 'no option needed' 'Removing new' dig clean
t 'back' dig config unset clean.requireForce

# The current folder.
write folder/sub/b one
write other one
t_out 'only what is below' 'Would remove b' \
	sh -c 'cd folder/sub && "$DIG" clean -nd b'
t_out 'it is emptied and left' 'Refusing to remove current working directory
Removing ./b' sh -c 'cd folder/sub && "$DIG" clean -fd'
t 'it is there' test -d folder/sub
t 'what is above is not looked at' test -e other
t_out 'nor without -d' 'Removing ../../other' \
	sh -c 'cd folder/sub && "$DIG" clean -f ../../other'
t 'rest' dig clean -fd
t 'is gone' gone folder

# Other repositories.
mkdir -p folder/git/.git folder/dig/.dig folder/hg/.hg outer/.git
write folder/git/x one
write folder/dig/x one
write folder/hg/x one
write folder/a one
write outer/x one
t_out 'repositories stay' 'Skipping repository folder/dig
Skipping repository folder/git
Skipping repository folder/hg
Removing folder/a' dig clean -fdx
t 'with all that is in them' test -e folder/dig/x
t 'one at the root of an untracked folder, too' test -e outer/x
t_out 'also by name' '' dig clean -f outer outer/x
t_out 'by -ff they go' 'Removing folder/
Removing outer/' dig clean -ffdx
t 'all of it' gone folder
mkdir .git
write .git/config x
t_out 'never what stands beside .dig' '' dig clean -ffdx
t 'it is there' test -e .git/config
mkdir dir/.git
t_out 'nor beside tracked files' '' dig clean -ffdx
t 'it is there, too' test -d dir/.git
rm -r .git dir/.git

# Links and odd names.
mkdir "$TMP/outside"
write "$TMP/outside/keep" one
ln -s "$TMP/outside" link
mkdir folder
ln -s "$TMP/outside" folder/link
mkfifo folder/fifo
write 'new
line' x
write ' -x' x
t_out 'links go, not what they lead to' 'Removing  -x
Removing folder/
Removing link
Removing "new\nline"' dig clean -fd
t 'it is there' test -e "$TMP/outside/keep"
rm -r dir
ln -s "$TMP/outside" dir
t_out 'a link in the place of a tracked folder' 'Removing dir' dig clean -f
t 'nothing through it' test -e "$TMP/outside/keep"
t 'back' dig restore dir
rm tracked
mkdir tracked
write tracked/a one
t_out 'a folder in the place of a tracked file stays' '' dig clean -fdx
rm -r tracked
t 'back' dig restore tracked

# A folder deeper than a path may be.
python3 - <<'END'
import os
os.mkdir("deep")
os.chdir("deep")
for _ in range(30):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
END
t_fails 1 'too deep is said' 'failed to remove deep/d' dig clean -fd
rm -rf deep
write folder/a one
chmod 555 folder
t_fails 1 'a folder that may not be changed' \
	'failed to remove folder/a: Permission denied' plain clean -fd
chmod 755 folder
rm -r folder

new_repo bare
write new one
t_out 'before the first commit' 'Removing new' dig clean -f
write new one
t 'no waiting' dig config core.busyTimeout 0
flock .dig/lock sh -c 'touch ../locked; sleep 2' &
while [ ! -e ../locked ]; do sleep 0.05; done
t_fails 11 'another command is at work' 'lock' dig clean -f
t_out '-n does not ask for the lock' 'Would remove new' dig clean -n
t 'it is there' test -e new
wait

# Beside git, on random trees.
if command -v git >/dev/null; then
	trees=60
	[ "${SANITIZED:-0}" = 1 ] && trees=6
	[ "${SOAK:-0}" = 1 ] && trees=5000
	seed=${SEED:-$(($(date +%s) % 100000))}
	mkdir "$TMP/random"
	t "random trees as git has them, seed $seed" python3 \
		"$ROOT/tests/e2e/clean-random.py" "$DIG" "$TMP/random" "$seed" \
		"${N:-$trees}"
	sed 's/^/# /' "$OUT"
else
	skip 'random trees' 'no git'
fi

finish
