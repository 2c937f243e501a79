# SPDX-License-Identifier: MIT
#
# Completion of dig for bash: commands, options, refs and paths, as the program
# itself lists them (dig help --commands, dig help --options COMMAND).
#
# Names of refs are never handed to `compgen -W` or anything else that expands
# its words: a branch may be called $(id).
#
# shellcheck shell=bash

# Those of the words that begin with $cur.
_dig_match()
{
	local word
	for word; do
		[[ $word == "$cur"* ]] && COMPREPLY+=("$word")
	done
}

_dig_refs()
{
	{
		echo HEAD
		"${dig[@]}" branch --no-color
		"${dig[@]}" tag
	} 2>/dev/null | sed 's/^[* ] //; /^(/d'
}

_dig()
{
	local cur=${COMP_WORDS[COMP_CWORD]} verb='' bare='' i line
	local -a dig=("${COMP_WORDS[0]}") lines names=() files refs
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case $verb${COMP_WORDS[i]} in
		-C) dig+=(-C "${COMP_WORDS[++i]}") ;;
		-*) ;;
		*) [[ $verb ]] || verb=${COMP_WORDS[i]} ;;
		esac
		[[ ${COMP_WORDS[i]} == -- ]] && bare=1
	done
	if [[ ${COMP_WORDS[COMP_CWORD - 1]} == -C && ! $verb ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
	fi
	if [[ ! $verb ]]; then
		mapfile -t lines < <("${dig[@]}" help --commands 2>/dev/null)
		_dig_match "${lines[@]}" -C --no-pager --version --help
		return
	fi
	if [[ $verb == help ]]; then
		mapfile -t names < <("${dig[@]}" help --commands 2>/dev/null)
	fi
	mapfile -t lines < <("${dig[@]}" help --options "$verb" 2>/dev/null)
	if [[ $cur == -* && ! $bare ]]; then
		for line in "${lines[@]}"; do
			[[ $line == -* ]] && names+=("${line%%$'\t'*}")
		done
		_dig_match "${names[@]}"
		return
	fi
	compopt -o filenames 2>/dev/null
	for line in "${lines[@]}"; do
		case $line in
		=refs)
			[[ $bare ]] && continue
			mapfile -t refs < <(_dig_refs)
			names+=("${refs[@]}")
			;;
		=paths)
			mapfile -t files < <(compgen -f -- "$cur")
			names+=("${files[@]}")
			;;
		esac
	done
	_dig_match "${names[@]}"
}

complete -F _dig dig
