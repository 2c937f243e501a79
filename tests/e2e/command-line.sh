#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2317 # the functions are called through t
#
# What holds for every command: global options, help, the words for what is
# not there, closed and full outputs, the pager, settings that do not parse.
. "${0%/*}/lib.sh"
cd "$TMP" || exit 1

closed() { dig version <&- >&- 2>&-; }
to_full() { dig version >/dev/full; }
to_nobody() { { dig help; echo $? >st; } | :; cat st; }
on_terminal() { script -qec "$*" /dev/null; }
with_config() {
	mkdir -p "$XDG_CONFIG_HOME/dig"
	printf '%b' "$1" >"$XDG_CONFIG_HOME/dig/config"
	shift
	dig "$@"
}

t_has 'help lists the commands' 'dig help COMMAND' dig help
t_exit 2 'no command: the list, and usage' dig
t_has 'help of a verb' 'usage: dig version' dig help version
t_has '-h of a verb' 'usage: dig version' dig version -h
t_has '--help wins over an error' 'usage: dig version' dig version --help
t_out '--version is version' "$(dig version)" dig --version
t_has 'json' '{"version":"' dig version --json
t_fails 2 'no such command' "'frobnicate' is not a dig command" dig frobnicate
t_fails 2 'the nearest command' "did you mean 'dig version'?" dig versoin
t_fails 2 'a verb of git' "there is no 'dig push'" dig push
t_fails 2 'the nearest option' "did you mean '--json'?" dig version --jsn
t_fails 2 'where to look' "'dig help version'" dig version --frobnicate
t_fails 2 'unknown option before the verb' "unknown option '-x'" dig -x
t_fails 2 'help of nothing' "'frobnicate'" dig help frobnicate
t_fails 2 'errors in JSON' \
	'{"error":{"code":"invalid","exit":2,"message":"' dig version --json x

mkdir -p a/b
t '-C' dig -C a -C b version
t_fails 2 '-C counts from the one before' "cannot change to 'a'" \
	dig -C a -C a version
t_fails 2 '-C without a folder' 'needs a folder' dig -C

t 'closed descriptors' closed
t_fails 1 'a full disk' 'writing standard output' to_full
t_out 'a reader that went away' 0 to_nobody
t_not 'what was typed cannot move the cursor' "$(printf '\033')" \
	sh -c "\"\$DIG\" \"\$(printf 'a\\033[2J')\" 2>&1; :"

t_fails 0 'an unknown key is told of' "unknown key 'core.foo'" \
	with_config '[core]\n\tfoo = 1\n[color]\n' help
t_fails 0 'a file that does not parse is told of' 'config:1: ' \
	with_config '[core\n' help
rm "$XDG_CONFIG_HOME/dig/config"

new_repo colours
write f 1
save one
write g 1
t_has 'colour that is asked for' "$(printf '\033[32mmain\033[m')" \
	dig branch --color
t_has 'and --color=always' "$(printf '\033[31m??\033[m g')" \
	dig status -s --color=always
t_not 'but not for programs' "$(printf '\033')" \
	dig status --porcelain --color=always
t_not 'the last one counts' "$(printf '\033')" dig log --color --no-color
t_fails 2 'a word that is none' 'always, never, auto' dig log --color=maybe

# Every pack is held open: what the system allows is used.
new_repo many
echo 1 >f
t 'few descriptors by the soft limit' sh -c 'ulimit -Sn 9 && "$DIG" add f'

if command -v script >/dev/null; then
	export DIG_PAGER='sed s/^/paged:/'
	t_has 'a pager on a terminal' 'paged:usage' \
		on_terminal "$DIG" help version
	t_not '--no-pager' 'paged:' on_terminal "$DIG" --no-pager help
	DIG_PAGER=no-such-program
	t_has 'a pager that is not there' 'usage' on_terminal "$DIG" help
	unset DIG_PAGER
	NO_COLOR=
	TERM=xterm
	t_has 'colour on a terminal' "$(printf '\033[1m')" \
		on_terminal "$DIG" --no-pager help
	NO_COLOR=1
	t_not 'NO_COLOR' "$(printf '\033')" \
		on_terminal "$DIG" --no-pager help
else
	skip 'the pager' 'no script program'
fi

finish
