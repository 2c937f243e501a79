#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Help and manual say the same: every verb of commands.def has a page
# docs/man/dig-<verb>.1.scd, every option of `dig VERB -h` is named in it, and
# every hint names a verb that exists. And scdoc takes every page.
#
# shellcheck disable=SC2013 # verbs have no blanks in them
#
# usage: [DIG=PROGRAM] tests/lint/help-vs-man.sh
set -u
cd "$(dirname "$0")/../.." || exit 2
dig=${DIG:-${B:-build}/dig}
failed=0

complain() {
	echo "# $*"
	failed=1
}

# The names in the option list of a help text: -a and --all of the line
# "  -a, --[no-]all[=VALUE] METAVAR  words".
option_names() {
	sed -n '/^options$/,$p' | sed -n 's/^ \{2,6\}\(-.*\)/\1/p' |
		sed 's/\[no-\]//; s/   *.*//' | tr -s ', ' '\n' |
		sed -n 's/^\(-[-a-zA-Z0-9]*\).*/\1/p' | sort -u
}

[ -x "$dig" ] || {
	echo "Bail out! no program $dig: type make first"
	exit 1
}

verbs=$(sed -n 's/^DIG_COMMAND([a-z_]*, "\([a-z-]*\)".*/\1/p' cmd/commands.def)
[ -n "$verbs" ] || complain "cmd/commands.def lists no verb"

for verb in $verbs; do
	page=docs/man/dig-$verb.1.scd
	[ -f "$page" ] || {
		complain "$verb has no page $page"
		continue
	}
	help=$("$dig" --no-pager "$verb" -h) || complain "dig $verb -h fails"
	options=$(printf '%s\n' "$help" | option_names)
	plain=$(sed 's/\\//g' "$page")
	for option in $options; do
		case $option in
		-h | --help | --) continue ;;
		esac
		printf '%s\n' "$plain" | grep -q -e "$option\\([^a-z-]\\|\$\\)" ||
			complain "$page does not name $option"
	done
	grep -q "^\*dig-$verb\*(1)\$" docs/man/dig.1.scd ||
		complain "docs/man/dig.1.scd does not list $verb"
done

for verb in $(sed -n 's/^\*dig-\([a-z-]*\)\*(1)$/\1/p' docs/man/dig.1.scd); do
	printf '%s\n' "$verbs" | grep -qx -e "$verb" ||
		complain "docs/man/dig.1.scd lists $verb, which is no command"
done

if command -v scdoc >/dev/null; then
	for page in docs/man/*.scd; do
		why=$(scdoc <"$page" 2>&1 >/dev/null) || complain "$page: $why"
	done
fi

# What a hint tells people to type has to work.
for verb in $(sed -n "s/^GIT_VERB(\"[a-z-]*\", \\(.*\\))/\\1/p" \
	cmd/gitverbs.def | grep -o "'dig [a-z-]*" | sed "s/'dig //" | sort -u); do
	printf '%s\n' "$verbs" | grep -qx -e "$verb" ||
		complain "cmd/gitverbs.def proposes 'dig $verb', which is none"
done

if [ $failed -eq 0 ]; then
	echo "ok 1 - help and manual say the same"
else
	echo "not ok 1 - help and manual say the same"
fi
echo 1..1
