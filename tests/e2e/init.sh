# SPDX-License-Identifier: MIT
#
# Making, finding and trusting a repository.
. "${0%/*}/lib.sh"

# ---- making

cd "$TMP" || exit 1
t_has "init says where" "$TMP/one/.dig" dig init one
echo "$TMP/one" >>"$REPOS"
t_eq "format" "dig-repository 1" "$(cat one/.dig/format)"
t_same "format is kept twice" one/.dig/format one/.dig/format.2
t_same "config is kept twice" one/.dig/config one/.dig/config.2
t_same "the journal is kept twice" one/.dig/journal one/.dig/journal.2
for name in packs hooks tmp quarantine info; do
	t "folder $name" test -d "one/.dig/$name"
done
t "the store id has 64 digits" \
	grep -qE '^	storeId = [0-9a-f]{64}$' one/.dig/config
cp -R one/.dig before
t_has "init again" "there already" dig init one
t "and changes nothing" diff -r before one/.dig
t "folders are made" dig init a/b/c
t "in the current folder" dig -C a init
t_has "with JSON" '"existed":false' dig init --json json
t_out "-q" '' dig init -q quiet
t "-b" dig init -b trunk branch
t_out "names the first branch" trunk sh -c "
	'$DIG' -C branch commit -q --allow-empty -m 1 &&
	'$DIG' -C branch rev-parse --abbrev-ref HEAD"
t_fails 2 "a name that no branch can have" "name of a branch" \
	dig init -b 'a..b' bad
t_exit 1 "and nothing is made" test -e bad/.dig
t_fails 2 "two folders" "one folder" dig init x y
mkdir blocked && write blocked/.dig text
t_fails 1 "a file has the name" "in the way" dig init blocked
mkdir -p taken/.dig/stuff
t_fails 1 "another folder has the name" "no repository" dig init taken

mkdir left
mkdir left/.dig.tmp-0123456789abcdef left/.dig.tmp-mine
t "what a killed init left" dig init left
t_exit 1 "is removed" test -e left/.dig.tmp-0123456789abcdef
t "and nothing else" test -d left/.dig.tmp-mine
t "two at once" sh -c "'$DIG' init race >/dev/null & '$DIG' init race; wait"
t_eq "leave nothing aside" '' "$(find race -name '.dig.tmp*')"

for mask in 000 002 027 077; do
	(umask $mask && dig init -q "mask$mask" && cd "mask$mask" &&
		echo text >file && dig add -A && dig commit -q -m x)
	t_eq "umask $mask: others cannot write" '' \
		"$(find "mask$mask/.dig" -perm /022)"
	t "umask $mask: it works" dig -C "mask$mask" rev-parse --dig-dir
done

if command -v git >/dev/null; then
	git init -q gitted && mkdir gitted/sub
	t_has "in a git work tree" "gitted/.git/info/exclude" \
		dig init gitted/sub
	t_has "the line is named" "    .dig/" dig init gitted/sub
	t_has "with JSON too" '"git_exclude":' dig init --json gitted/sub
else
	skip "in a git work tree" "no program git"
fi

if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	for call in mkdirat renameat,renameat2,rename fsync,fdatasync openat; do
		bad=''
		for when in 1 2 4 7; do
			rm -rf killed
			strace -f -o /dev/null -e trace="$call" \
				-e inject="$call":signal=KILL:when=$when \
				"$DIG" init killed >/dev/null 2>&1
			dig init killed >/dev/null 2>&1 &&
				dig -C killed rev-parse --dig-dir >/dev/null &&
				[ -z "$(find killed -name '.dig.tmp*')" ] ||
				bad="$bad $when"
		done
		t_eq "killed at $call, then again" '' "$bad"
	done
else
	skip "killed" "no strace"
fi

# ---- finding

mkdir -p one/d/e
cd one/d/e || exit 1
t_out "from a folder below" "$TMP/one" dig rev-parse --show-toplevel
t_out "the folder inside" "d/e/" dig rev-parse --show-prefix
cd "$TMP" || exit 1
t_out "-C" "$TMP/one" dig -C one/d rev-parse --show-toplevel
t_out "DIG_DIR" "$TMP/one" \
	env DIG_DIR="$TMP/one/.dig" "$DIG" rev-parse --show-toplevel
t_out "DIG_DIR from outside" false \
	env DIG_DIR="$TMP/one/.dig" "$DIG" rev-parse --is-inside-work-tree
t_fails 3 "DIG_DIR that is none" "DIG_DIR" \
	env DIG_DIR="$TMP/one" "$DIG" rev-parse --dig-dir
mkdir none && cd none || exit 1
t_fails 3 "not a repository" "dig init" dig rev-parse HEAD
mkdir .dig
t_fails 3 "an empty .dig is none" "not a repository" dig rev-parse HEAD
rmdir .dig
ln -s ../one/.dig .dig
t_fails 8 "a .dig that is a link" "symbolic link" dig rev-parse HEAD
cd "$TMP" || exit 1

# ---- the format

cp -R one odd && cd odd || exit 1
for text in 'dig-repository 2' 'dig-repository 12 fancy'; do
	echo "$text" >.dig/format
	cp -R .dig ../odd.before
	version=${text#* }
	t_fails 2 "refused: $text" "has format ${version%% *}," dig rev-parse HEAD
	t "and not a byte touched" diff -r .dig ../odd.before
	rm -rf ../odd.before
done
echo 'dig-repository 1 quantum' >.dig/format
t_fails 2 "an unknown feature" "needs 'quantum'" dig rev-parse HEAD
for text in '' 'dig-repository' 'nonsense' 'dig-repository x' \
	'dig-repository 1x' 'dig-repository  1'; do
	printf '%s\n' "$text" >.dig/format
	t "damaged: '$text'" dig rev-parse --dig-dir
	t_same "put back: '$text'" .dig/format .dig/format.2
done
rm .dig/format
t "gone" dig rev-parse --dig-dir
t_same "put back" .dig/format .dig/format.2
echo x >.dig/format.2
t "the copy damaged" dig rev-parse --dig-dir
t_same "put back too" .dig/format .dig/format.2
rm .dig/format .dig/format.2
t_fails 5 "both gone" "format" dig rev-parse --dig-dir
cd "$TMP" || exit 1

# ---- trust

cp -R one shared && chmod g+w shared/.dig
t_fails 8 "others may write" "chmod go-w" dig -C shared rev-parse --dig-dir
if [ "$(id -u)" -eq 0 ]; then
	cp -R one theirs && chown 65534 theirs/.dig
	t_fails 8 "another owner" \
		"dig config --global safe.directory $TMP/theirs" \
		dig -C theirs rev-parse --dig-dir
	t "SUDO_UID's are root's" \
		env SUDO_UID=65534 "$DIG" -C theirs rev-parse --dig-dir
	t "and no other's" sh -c "! SUDO_UID=65533 '$DIG' -C theirs rev-parse \
		--dig-dir"
	chown 0 theirs/.dig && chown 65534 theirs
	t_fails 8 "of the folder above" "another user" \
		dig -C theirs rev-parse --dig-dir
	chown 0 theirs && touch theirs/.dig/index.db &&
		chown 65534 theirs/.dig/index.db
	t_fails 8 "of the index" "another user" \
		dig -C theirs rev-parse --dig-dir
	printf '[safe]\n\tdirectory = *\n' >>theirs/.dig/config
	t_fails 8 "the repository cannot trust itself" "another user" \
		dig -C theirs rev-parse --dig-dir
	t "the hint's line" dig config --global safe.directory "$TMP/theirs"
	t "helps" dig -C theirs rev-parse --dig-dir
	t_fails 8 "there and nowhere else" "chmod go-w" \
		dig -C shared rev-parse --dig-dir
	t "what is below a folder" \
		dig config --global safe.directory "$TMP/*"
	t "is trusted" dig -C shared rev-parse --dig-dir
else
	skip "another owner" "not root"
fi

finish
