#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Everything that .dig stores is whole.
. "${0%/*}/find-dig.sh"

exec "$dig" fsck "$@"
