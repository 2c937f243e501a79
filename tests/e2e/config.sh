# SPDX-License-Identifier: MIT
#
# Settings: where they come from, and changing them.
. "${0%/*}/lib.sh"

mine=$XDG_CONFIG_HOME/dig/config

cd "$TMP" || exit 1
t_fails 3 "set away from a repository" "--global" dig config user.name Ann
t "set --global makes the file" dig config --global user.name 'Ann Example'
t "there" test -f "$mine"
t_out "get --global" 'Ann Example' dig config --global user.name
t_out "get away from a repository" 'Ann Example' dig config user.name
t_fails 4 "not set" "user.email" dig config user.email
t_fails 4 "a default is not in the file" "core.compression" \
	dig config --global core.compression

new_repo
t_out "get" 'Ann Example' dig config get user.name
t "set" dig config user.name 'Bea Example'
t_out "the repository goes first" 'Bea Example' dig config user.name
t_out "--global is still the other" 'Ann Example' dig config --global user.name
t_same "the copy follows" .dig/config .dig/config.2
t "unset" dig config unset user.name
t_out "and the user's counts again" 'Ann Example' dig config user.name
t_fails 4 "unset what is not there" "user.name" dig config unset user.name
t "set, the word" dig config set core.compression 9
t_out "a number" 9 dig config core.compression
t_fails 2 "out of range" "core.compression" dig config core.compression 99
t_out "it stays" 9 dig config core.compression
t_fails 2 "an unknown key" "core.compression" dig config core.compresion 1
t_fails 2 "no program from a repository" "core.editor" \
	dig config core.editor vi
t "but for the user" dig config --global core.editor 'ed -s'
t_out "from the environment" other env DIG_EDITOR=other "$DIG" config core.editor
t_fails 2 "too many words" "takes" dig config a.b c d
t_fails 2 "none" "takes" dig config
t_fails 2 "get two" "get" dig config get a.b c.d

t_has "origin: repository" "repository:$PWD/.dig/config:" \
	dig config --show-origin core.compression
t_has "origin: user" "user:$mine:2	Ann Example" \
	dig config --show-origin user.name
t_has "origin: default" "default	true" \
	dig config --show-origin core.verifyWrites
t_has "list" "core.compression=9" dig config list
t_has "list --show-origin" "user.name=Ann Example" \
	dig config list --show-origin
t_not "list --global" "core.compression" dig config list --global
t_has "JSON" '"key":"user.name","value":"Ann Example","scope":"user"' \
	dig config --json user.name
t_has "list as JSON" '{"settings":[{"key":' dig config list --json

value=$(printf ' a "b" \\ c # d ; e\ttab ')
t "an odd value" dig config user.name "$value"
t_eq "reads back" "$value" "$(dig config user.name)"
dig config unset user.name

write .dig/config '# mine' '[core]' "	storeId = $(dig config core.storeId)" \
	'	compression = 3 ; low'
t_out "a file edited by hand" 3 dig config core.compression
t_same "refreshes the copy" .dig/config .dig/config.2
t "set keeps the rest" dig config core.compression 4
t "the comment" grep -q '^# mine$' .dig/config

echo '[broken' >>.dig/config
t_out "a file that does not parse: the copy" 4 dig config core.compression
t_same "is put back" .dig/config .dig/config.2
t "and what it said is kept" sh -c 'grep -l broken .dig/quarantine/config*'
rm .dig/config
t_out "a file that is gone" 4 dig config core.compression
t_same "comes back" .dig/config .dig/config.2
echo '[broken' | tee .dig/config >.dig/config.2
t_fails 5 "both damaged" "config" dig config core.compression
no_fsck

new_repo warned
printf '[core]\n\tpager = evil\n\tfoo = 1\n' >>.dig/config
t_fails 0 "a program is warned of" core.pager dig rev-parse --dig-dir
t_fails 0 "and an unknown key" core.foo dig rev-parse --dig-dir

echo '[broken' >"$mine"
t_fails 0 "a broken user file is warned of" "$mine" dig config core.compression
rm "$mine"
mkdir "$TMP/dotfiles" && : >"$TMP/dotfiles/dig" && ln -s "$TMP/dotfiles/dig" "$mine"
t "a link is followed" dig config --global user.name Link
t "and stays one" test -L "$mine"
t "the file behind it has it" grep -q Link "$TMP/dotfiles/dig"

t "eight at once" sh -c '
	for i in 1 2 3 4 5 6 7 8; do
		"$DIG" config "remote.r$i.url" "u$i" &
	done; wait'
t_eq "and no change is lost" 8 \
	"$(dig config list 2>/dev/null | grep -c '^remote\.')"

finish
