#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2016 # the aliases are expanded by dig
#
# Aliases: words and shell lines, from the user's own settings alone.
. "${0%/*}/lib.sh"

new_repo repo
write a 1
save 'the first'
mkdir -p sub/deep

alias() { dig config --global "alias.$1" "$2"; }
t 'an alias is a setting' alias st 'status -s'
t_out 'and is read' 'status -s' dig config --global alias.st
write b 1
t_out 'it stands for its words' '?? b' dig st
t_out 'arguments come behind them' '## main
?? b' dig st -b
t_out 'from a folder' '?? ../b' sh -c 'cd sub && "$DIG" st'
t 'quotes' alias subject 'log -1 "--format=%s  '"'"'%an'"'"'" --color=n\ever'
t_out 'part words as a shell does' "the first  'A U Thor'" dig subject
alias s st
t_out 'an alias of an alias' '?? b' dig s
t_out 'letters of either case' '?? b' dig S
t_has 'help tells' "'st' is aliased to 'status -s'" dig help st
t_has 'help of what it stands for' 'usage: dig status' dig st -h
t_fails 2 'errors are those of the command' "unknown option '--nope'" dig st --nope
t_fails 2 'as JSON too' '{"error"' dig st --json --nope
t_has 'it is listed' 'subject' dig help --commands

alias log 'status'
t_has 'a command keeps its meaning' 'the first' dig log
alias push 'status -s'
t_out 'a word of git may get one' '?? b' dig push

alias one two && alias two 'three -x' && alias three one
t_fails 2 'a loop' 'one -> two -> three -> one' dig one
t_fails 2 'and what to type' 'dig config --global unset alias.one' dig one
alias me me
t_fails 2 'of one' 'lead to themselves' dig me
alias open "log 'x"
t_fails 2 'a quote that is open' 'alias open' dig open
alias gone 'nothing-like-it'
t_fails 2 'to no command' "'nothing-like-it' is not a dig command" dig gone
alias none ' '
t_fails 2 'to nothing' 'alias none' dig none

alias where '!pwd; echo "[$DIG_PREFIX]"; echo "$#:$*"; exit 7'
_where() { cd sub/deep && dig where 'a  b' c; }
t_exit 7 'a shell line gives its exit code' _where
t_eq 'it runs at the root, with the arguments' "$(pwd)
[sub/deep]
2:a  b c" "$(cat "$OUT")"
alias args '!printf "<%s>"'
t_out 'arguments are not words of the shell' '<a  b><$(id)><;>' \
	dig args 'a  b' '$(id)' ';'
t_out 'outside of a repository, here' "$TMP" \
	sh -c 'cd "$TMP" && "$DIG" config --global alias.here "!pwd" && "$DIG" here'

# Nothing that a repository says starts anything.
printf '[alias]\n\tevil = !touch "%s"/evil\n\tev = log\n' "$TMP" >>.dig/config
t_fails 2 'not from a repository' "'evil' is not a dig command" dig evil
t_fails 2 'nor words' "'ev' is not a dig command" dig ev
t_fails 2 'nor by dig config' 'not taken from a repository' \
	dig config alias.x log
t_exit 1 'nothing was run' test -e "$TMP/evil"
finish
