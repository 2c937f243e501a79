# SPDX-License-Identifier: MIT
#
# The shell test library: a script in this folder begins with
#
#	. "${0%/*}/lib.sh"
#
# and ends with `finish`. In between every case is one line:
#
#	t        'what'  command...            exits 0
#	t_exit   N 'what' command...           exits N
#	t_fails  N 'what' 'text' command...    exits N, standard error has text
#	t_out    'what' 'text' command...      exits 0 and prints exactly text
#	t_has    'what' 'text' command...      exits 0 and prints text somewhere
#	t_not    'what' 'text' command...      exits 0 and text is nowhere in it
#	t_eq     'what' A B                    two strings are equal
#	t_same   'what' A B                    two files or folders are equal
#	tap_of   FILE                          cases that another program ran: lines
#	                                    "ok - what", "not ok - what", more
#	skip     'what' 'reason'               the case cannot run here
#	skip_all 'reason'                      nor can the script
#
# A case runs in a subshell, standard input empty. What it printed is in
# $OUT and $ERR (files) until the next one. Repositories made by new_repo are
# checked with `dig fsck` at the end, unless damaged on purpose (no_fsck).
# Output is TAP. KEEP=1 keeps the scratch folder and says where it is.
#
# shellcheck shell=sh

set -u
umask 022

ROOT=$(cd "${0%/*}/../.." && pwd) || exit 1
DIG=${DIG:-$ROOT/build/dig}
case $DIG in /*) ;; *) DIG=$(pwd)/$DIG ;; esac
[ -x "$DIG" ] || {
	echo "Bail out! no program $DIG: type make first"
	exit 1
}

TOOLS=${TOOLS:-$ROOT/build/tools}
case $TOOLS in /*) ;; *) TOOLS=$ROOT/$TOOLS ;; esac
PRELOAD=${PRELOAD:-$ROOT/build/preload}
case $PRELOAD in /*) ;; *) PRELOAD=$ROOT/$PRELOAD ;; esac
TMP=$(mktemp -d "${TMPDIR:-/tmp}/dig-e2e.XXXXXX") || exit 1
TMP=$(cd "$TMP" && pwd -P)
OUT=$TMP/.out
ERR=$TMP/.err
REPOS=$TMP/.repos
HOME=$TMP/home
mkdir "$HOME"
touch "$OUT" "$ERR" "$REPOS"

unset DIG_DIR DIG_EDITOR DIG_PAGER DIG_TRACE VISUAL EDITOR PAGER GIT_DIR \
	GIT_WORK_TREE GIT_INDEX_FILE CDPATH 2>/dev/null || :
XDG_CONFIG_HOME=$HOME/.config
XDG_STATE_HOME=$HOME/.local/state
XDG_DATA_HOME=$HOME/.local/share
XDG_CACHE_HOME=$HOME/.cache
GIT_CONFIG_NOSYSTEM=1
GIT_CONFIG_GLOBAL=/dev/null
GIT_CEILING_DIRECTORIES=$TMP
LC_ALL=C
TZ=UTC
TERM=dumb
NO_COLOR=1
DIG_AUTHOR_NAME='A U Thor'
DIG_AUTHOR_EMAIL=author@example.com
DIG_COMMITTER_NAME='C O Mitter'
DIG_COMMITTER_EMAIL=committer@example.com
# Sanitizers must not answer with a code that means something.
ASAN_OPTIONS=${ASAN_OPTIONS:-exitcode=99:detect_leaks=1}
UBSAN_OPTIONS=${UBSAN_OPTIONS:-exitcode=99:print_stacktrace=1}
TSAN_OPTIONS=${TSAN_OPTIONS:-exitcode=99}
export DIG TMP HOME XDG_CONFIG_HOME XDG_STATE_HOME XDG_DATA_HOME \
	XDG_CACHE_HOME GIT_CONFIG_NOSYSTEM GIT_CONFIG_GLOBAL \
	GIT_CEILING_DIRECTORIES LC_ALL TZ TERM NO_COLOR DIG_AUTHOR_NAME \
	DIG_AUTHOR_EMAIL DIG_COMMITTER_NAME DIG_COMMITTER_EMAIL ASAN_OPTIONS \
	UBSAN_OPTIONS TSAN_OPTIONS

_n=0
_failed=0
_skipped=0
_finished=no
_clock=1700000000

# tick: the next commit is a minute later than the last.
tick()
{
	_clock=$((_clock + 60))
	DIG_AUTHOR_DATE="$_clock +0000"
	DIG_COMMITTER_DATE="$_clock +0000"
	export DIG_AUTHOR_DATE DIG_COMMITTER_DATE
}
tick

dig()
{
	"$DIG" "$@"
}

# The same as a user whom modes of files bind, root too.
plain()
{
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --bounding-set -dac_override,-dac_read_search "$DIG" "$@"
	else
		dig "$@"
	fi
}

_ok()
{
	_n=$((_n + 1))
	echo "ok $_n - $1"
}

_no()
{
	_n=$((_n + 1))
	_failed=$((_failed + 1))
	echo "not ok $_n - $1"
	shift
	for _line; do
		echo "# $_line"
	done
}

# Show what the last command printed, as comments.
_show()
{
	echo "# exit $_st"
	sed -n '1,30s/^/# out: /p' "$OUT"
	sed -n '1,30s/^/# err: /p' "$ERR"
}

_run()
{
	("$@") >"$OUT" 2>"$ERR" </dev/null
	_st=$?
}

t_exit()
{
	_want=$1 _what=$2
	shift 2
	_run "$@"
	if [ "$_st" -eq "$_want" ]; then
		_ok "$_what"
	else
		_no "$_what" "$*" "wanted exit $_want"
		_show
	fi
}

t()
{
	_desc=$1
	shift
	t_exit 0 "$_desc" "$@"
}

t_fails()
{
	_want=$1 _what=$2 _text=$3
	shift 3
	_run "$@"
	if [ "$_st" -eq "$_want" ] && grep -qF -e "$_text" "$ERR"; then
		_ok "$_what"
	else
		_no "$_what" "$*" "wanted exit $_want and on standard error: $_text"
		_show
	fi
}

t_out()
{
	_what=$1 _text=$2
	shift 2
	_run "$@"
	if [ "$_st" -eq 0 ] && [ "$(cat "$OUT")" = "$_text" ]; then
		_ok "$_what"
	else
		_no "$_what" "$*"
		printf '%s\n' "$_text" | sed 's/^/# wanted: /'
		_show
	fi
}

t_has()
{
	_what=$1 _text=$2
	shift 2
	_run "$@"
	if [ "$_st" -eq 0 ] && grep -qF -e "$_text" "$OUT"; then
		_ok "$_what"
	else
		_no "$_what" "$*" "wanted in the output: $_text"
		_show
	fi
}

t_not()
{
	_what=$1 _text=$2
	shift 2
	_run "$@"
	if [ "$_st" -eq 0 ] && ! grep -qF -e "$_text" "$OUT"; then
		_ok "$_what"
	else
		_no "$_what" "$*" "not wanted in the output: $_text"
		_show
	fi
}

t_eq()
{
	if [ "$2" = "$3" ]; then
		_ok "$1"
	else
		_no "$1" "these differ:" "$2" "$3"
	fi
}

t_same()
{
	_run diff -r --no-dereference -x .dig -- "$2" "$3"
	if [ "$_st" -eq 0 ]; then
		_ok "$1"
	else
		_no "$1" "$2 and $3 differ"
		_show
	fi
}

tap_of()
{
	while IFS= read -r _line; do
		case $_line in
		'ok - '*) _ok "${_line#ok - }" ;;
		'not ok - '*) _no "${_line#not ok - }" ;;
		*) printf '# %s\n' "$_line" ;;
		esac
	done <"$1"
}

skip()
{
	_n=$((_n + 1))
	_skipped=$((_skipped + 1))
	echo "ok $_n - $1 # SKIP $2"
}

skip_all()
{
	echo "1..0 # SKIP $1"
	_finished=yes
	exit 0
}

# need PROGRAM...: skip the whole script where one is missing.
need()
{
	for _p; do
		command -v "$_p" >/dev/null || skip_all "no program $_p"
	done
}

# new_repo [NAME]: an empty repository below $TMP, and the shell goes there.
new_repo()
{
	_repo=$TMP/${1:-repo}
	mkdir -p "$_repo" && cd "$_repo" || exit 1
	dig init >"$OUT" 2>"$ERR" || {
		_st=$?
		_no "init of $_repo"
		_show
		exit 1
	}
	echo "$_repo" >>"$REPOS"
}

# no_fsck [DIR]: this repository is damaged on purpose.
no_fsck()
{
	grep -vxF -e "${1:-$(pwd)}" "$REPOS" >"$REPOS.new"
	mv "$REPOS.new" "$REPOS"
}

# write FILE [TEXT...]: text as it is, a newline after each; parents are made.
write()
{
	_file=$1
	shift
	case $_file in */*) mkdir -p -- "${_file%/*}" ;; esac
	if [ $# -eq 0 ]; then
		: >"$_file"
	else
		printf '%s\n' "$@" >"$_file"
	fi
}

# bytes SEED COUNT: the same pseudo-random bytes for the same seed.
bytes()
{
	python3 -c 'import random, sys
r = random.Random(sys.argv[1]); n = int(sys.argv[2])
while n > 0:
    k = min(n, 1 << 20); sys.stdout.buffer.write(r.randbytes(k)); n -= k' \
		"$1" "$2"
}

# save MESSAGE: everything added and committed, a minute later; must work.
save()
{
	tick
	if ! { dig add -A && dig commit -m "$1"; } >"$OUT" 2>"$ERR"; then
		_st=$?
		_no "add and commit '$1'"
		_show
	fi
}

_clean()
{
	cd /
	if [ "${KEEP:-0}" = 1 ]; then
		echo "# kept $TMP"
	else
		chmod -R u+rwx "$TMP" 2>/dev/null
		rm -rf "$TMP"
	fi
}

finish()
{
	while IFS= read -r _repo; do
		t "fsck of ${_repo#"$TMP/"}" "$DIG" -C "$_repo" fsck
	done <"$REPOS"
	echo "1..$_n"
	echo "# $((_n - _failed - _skipped)) passed, $_failed failed," \
		"$_skipped skipped"
	_finished=yes
	[ "$_failed" -eq 0 ]
	exit
}

_end()
{
	_code=$?
	if [ $_finished = no ]; then
		_no "the script came to its end" "it stopped with exit $_code"
		echo "1..$_n"
		_code=1
	fi
	_clean
	exit "$_code"
}
trap _end EXIT
trap 'exit 130' INT TERM HUP
