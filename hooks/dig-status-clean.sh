#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every file that dig tracks is as its newest commit has it.
. "${0%/*}/find-dig.sh"

changed=$("$dig" status --porcelain --untracked-files=no) || exit
[ -z "$changed" ] && exit 0
echo "dig tracks files that are not committed:"
echo "$changed"
echo "commit them with '$dig commit -a'"
exit 1
