#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig doctor: nothing to say of a good place, and each thing that can be made
# wrong from here.
. "${0%/*}/lib.sh"

new_repo repo
write a 1
save one

# level CHECK: the worst level of a check.
level()
{
	dig doctor >"$TMP/doctor" 2>&1
	for _l in attention note good; do
		grep -q "^$_l  *$1 " "$TMP/doctor" && echo $_l && return
	done
	cat "$TMP/doctor"
}

t 'it answers' sh -c '"$DIG" doctor >/dev/null || [ $? -eq 1 ]'
for check in operations names sqlite clock limits permissions leftovers index \
	operation; do
	t_out "$check" good level $check
done
t_has 'the version of SQLite' 'SQLite 3.' dig doctor
t_fails 3 'outside of a repository' 'repository' dig -C "$TMP" doctor
t_fails 2 'no operand' 'no operand' dig doctor x
t_eq 'nothing is left behind' '' "$(find .dig -name 'doctor-*')"

chmod g+w .dig/packs
t_out 'others may write' attention level permissions
t_exit 1 'the exit code says so' dig doctor
t_has 'what to type' 'chmod -R go-w .dig' cat "$TMP/doctor"
chmod -R go-w .dig

mkdir -p .dig/tmp && write .dig/tmp/old x && touch -d '3 days ago' .dig/tmp/old
t_out 'old temporary files' attention level leftovers
rm .dig/tmp/old
mkdir -p .dig/quarantine && write .dig/quarantine/x x
t_out 'what was put aside' note level leftovers
rm -r .dig/quarantine

t_has 'few open files' 'attention  limits' sh -c 'ulimit -n 40; "$DIG" doctor; :'
now=$(date +%s)
DIG_COMMITTER_DATE="@$((now + 90000)) +0000" dig commit -q --allow-empty -m late
t_out 'a commit from the future' attention level clock
dig reset -q --hard HEAD~1

if [ "$(id -u)" -eq 0 ]; then
	chown 12345 .dig/config
	t_out 'a file of another user' attention level owner
	chown 0 .dig/config
	t_out 'everything is yours' good level owner
fi

t 'JSON' sh -c '"$DIG" doctor --json || [ $? -eq 1 ]'
t_eq 'the document' 'True True' "$(python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print("clock" in [c["check"] for c in d["checks"]],
      d["attention"] == sum(c["level"] == "attention" for c in d["checks"]))' \
	"$OUT")"
finish
