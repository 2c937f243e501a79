#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2317 # functions called through t
#
# selftest damage: all comes back, and the repository is only read.
. "${0%/*}/lib.sh"
need python3

state() { find .dig -type f ! -name 'index.db*' ! -name lock ! -path '*/tmp/*' \
	-exec cksum {} + | sort; }

new_repo selftest
dig config parity.data 2
dig config parity.parity 1
bytes selftest 3000000 >film
write text 'some words'
save first
before=$(state)
t 'all comes back' dig selftest damage
cp "$OUT" "$TMP/said"
for what in 'packs and journal: repaired' 'journal.2: repaired' \
	'a hole of 960 KiB in packs/000001.pack: repaired' 'format deleted' \
	'config.2 deleted' 'journal deleted' 'journal.2 deleted' \
	'.par deleted' '.tail deleted' 'index.db deleted' \
	'objects of 1 commits: compared, all are what they were'; do
	t "it says: $what" grep -qF "$what" "$TMP/said"
done
t_not 'nothing failed' FAILED cat "$TMP/said"
t_eq 'the repository was only read' "$before" "$(state)"
t_eq 'nothing is left' '' "$(find .dig/tmp -name "*selftest*")"
t_has '--keep' 'the copy is in ' dig selftest damage --keep
folder=$(sed -n 's/^the copy is in //p' "$OUT")
t_out 'which is a repository' first env DIG_DIR="$folder" "$DIG" log --format=%s
rm -r "${folder%/.dig}"
printf x | dd of=.dig/packs/000001.pack bs=1 seek=70000 conv=notrunc 2>/dev/null
t_exit 0 'damage that is repaired in the copy does not stop it' \
	dig selftest damage
t_exit 12 'repair of it' dig fsck --repair
t_fails 2 'no such test' "selftest takes 'damage'" dig selftest love

finish
