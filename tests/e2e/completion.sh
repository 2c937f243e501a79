#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2016 # bash and fish expand these
#
# Completion: what bash offers for a line, and fish where it is there.
. "${0%/*}/lib.sh"
need bash
scripts=$ROOT/cmd/completion

new_repo repo
write notes.txt 1
write 'two words' 2
write src/a.c 3
save one
dig tag v1
dig branch side
dig config --global alias.lg 'log --oneline'

# offers WORD...: what bash completes the last word to, sorted, in one line.
offers()
{
	bash -c '. "$0"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_dig
		printf "%s\n" "${COMPREPLY[@]}"' "$scripts/dig.bash" "$@" |
		LC_ALL=C sort | tr '\n' ' '
}

t 'bash reads it' bash -n "$scripts/dig.bash"
t_out 'commands' 'switch ' offers "$DIG" sw
t_has 'all of them' ' checkout ' offers "$DIG" ''
t_out 'aliases' 'lg ' offers "$DIG" lg
t_out 'options before the command' '--help ' offers "$DIG" --h
t_out 'options' '--name-only --name-status ' offers "$DIG" log --name
t_out 'options of an alias' '--decorate ' offers "$DIG" lg --deco
t_out 'the other half of an option' '--no-renames ' \
	offers "$DIG" status --no-ren
t_out 'refs' 'main ' offers "$DIG" switch ma
t_has 'tags and branches' 'HEAD main side v1 ' offers "$DIG" branch --contains ''
t_out 'paths' 'notes.txt ' offers "$DIG" add no
t_out 'with a blank in it' 'two words ' offers "$DIG" add two
t_out 'a folder' 'src ' offers "$DIG" add sr
t_out 'below it' 'src/a.c ' offers "$DIG" add src/
t_out 'no refs behind --' 'src ' offers "$DIG" log -- s
t_out 'no options behind --' ' ' offers "$DIG" log -- --
t_out 'commands of help' 'commit config ' offers "$DIG" help co
mkdir -p "$TMP/else/inner"
t_out 'folders for -C' "$TMP/else " offers "$DIG" -C "$TMP/el"
t_out 'refs of another place' 'side ' offers "$DIG" -C "$(pwd)" switch si
cd "$TMP/else" || exit 1
t_out 'and from there' 'side ' offers "$DIG" -C "$TMP/repo" log si
t_out 'outside of a repository no refs' 'HEAD ' offers "$DIG" show H
cd "$TMP/repo" || exit 1

# A name is never run.
dig branch 'x$(touch${IFS}ran)`touch${IFS}ran`'
write '$(touch ran2)' 1
t_out 'a branch that looks like a command' \
	'x$(touch${IFS}ran)`touch${IFS}ran` ' offers "$DIG" switch x
t_out 'a file that does' '$(touch ran2) ' offers "$DIG" add '$'
t 'nothing ran' sh -c '! [ -e ran ] && ! [ -e ran2 ]'

if command -v zsh >/dev/null; then
	t 'zsh reads it' zsh -n "$scripts/_dig"
fi
if command -v fish >/dev/null; then
	# fishes LINE: what fish completes it to, without descriptions.
	fishes()
	{
		mkdir -p "$TMP/bin" && ln -sf "$DIG" "$TMP/bin/dig"
		PATH=$TMP/bin:$PATH fish --no-config -c \
			"source '$scripts/dig.fish'; complete -C '$1'" |
			cut -f1 | LC_ALL=C sort -u | tr '\n' ' '
	}
	t_out 'fish: commands' 'switch ' fishes 'dig sw'
	t_out 'fish: options' '--name-only --name-status ' fishes 'dig log --name'
	t_out 'fish: refs' 'main ' fishes 'dig switch ma'
	t_out 'fish: paths' 'notes.txt ' fishes 'dig add no'
	t_out 'fish: another place' 'side ' \
		fishes "dig -C $TMP/repo switch si"
fi

t 'installed' make -s -C "$ROOT" install-completion DESTDIR="$TMP/inst" \
	PREFIX=/usr PROGRAM=digg
t_has 'for the name of the program' 'complete -F _dig digg' \
	cat "$TMP/inst/usr/share/bash-completion/completions/digg"
t_out 'for zsh too' '#compdef digg' \
	sed 1q "$TMP/inst/usr/share/zsh/site-functions/_digg"
t_has 'and for fish' 'complete -c digg -f' \
	cat "$TMP/inst/usr/share/fish/vendor_completions.d/digg.fish"
finish
