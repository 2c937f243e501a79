#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Calls that dig does not make. Unbounded copies: nowhere. Starting programs:
# in cmd/ and repo/hook*.c only. mmap: nowhere (a truncated file is a signal).
# Printing and exiting: in cmd/ only (the log, and the end for want of memory,
# have their one place each in the base; the child of a hook exits).
cd "${0%/*}/../.." || exit 1

files()
{
	git ls-files --cached --others --exclude-standard '*.c' '*.h' |
		grep -E "$1" | grep -vE "${2:-^$}"
}

# ban WHAT FILES EXCEPT CALLS
ban()
{
	n=$((n + 1))
	list=$(files "$2" "$3")
	# shellcheck disable=SC2086 # file names of ours have no spaces
	found=$([ -z "$list" ] || grep -nE "(^|[^a-zA-Z0-9_.>])($4)[[:space:]]*\(" \
		$list /dev/null | grep -vE '^[^:]*:[0-9]+:[[:space:]]*(\*|/\*|//)')
	if [ -z "$found" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "$found" | sed 's/^/# /'
	fi
}

ours='^(cmd|repo|staging|objects|merkle)/'
n=0
ban "no unbounded copies" "$ours" '' \
	'strcpy|strcat|sprintf|vsprintf|gets|strncpy|strncat|alloca|strtok|atoi|atol'
ban "no system, no mmap" "$ours" '' 'system|mmap|mmap64|tmpnam|mktemp'
ban "programs are started by cmd and hooks only" \
	'^(repo|staging|objects|merkle)/' '^repo/hook' \
	'popen|execl|execlp|execle|execv|execvp|execve|posix_spawn|posix_spawnp|fork|vfork'
ban "nothing below cmd prints" '^(repo|staging|objects|merkle)/' \
	'^objects/base/(error|buf)\.c$' 'printf|fprintf|puts|putchar|fputs|perror|putc|fputc'
ban "nothing below cmd exits" '^(repo|staging|objects|merkle)/' \
	'^(objects/base/buf|repo/hook_run)\.c$' 'exit|_exit|_Exit|quick_exit'
echo "1..$n"
