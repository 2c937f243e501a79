# SPDX-License-Identifier: MIT
#
# Read by the hooks for the pre-commit framework, which run in the root of a
# git work tree: sets $dig, or leaves.
# shellcheck shell=sh

# DIG names the program where it is installed under another name.
dig=${DIG:-dig}

[ -d .dig ] || {
	echo "there is no .dig here, and nothing to check"
	exit 0
}

# The DNS tool of that name would ask a server.
case $("$dig" --version 2>/dev/null) in
'dig version '*) ;;
*)
	echo "$dig is not the program that this hook needs: set DIG" >&2
	exit 1
	;;
esac
