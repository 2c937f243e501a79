#!/bin/sh
# SPDX-License-Identifier: MIT
#
# deps.sh PACKAGE...: install the Debian packages that are missing; without
# root print the one line to type, and fail.
command -v dpkg-query >/dev/null || exit 0 # another system: the build will say

missing=
for package; do
	case $(dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null) in
	*installed*) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
	echo "missing packages; type:" >&2
	echo "    sudo apt-get install -y$missing" >&2
	exit 1
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # one word for each package
apt-get install -y --no-install-recommends $missing >/dev/null 2>&1 ||
	{ apt-get update -q && apt-get install -y --no-install-recommends $missing; }
