#!/bin/sh
# SPDX-License-Identifier: MIT
#
# export and import of tar archives and folders. GNU tar and Python's tarfile
# are the judges of what is written; hostile archives come from tarfile.

. "${0%/*}/lib.sh"
need tar python3

# taken HEAD DIR: the files of HEAD are what DIR has.
taken()
{
	rm -rf "$TMP/taken" && dig export dir -q "$TMP/taken" &&
		diff -r --no-dereference "$TMP/taken" "$1"
}

new_repo
write a.txt one
write bin/run '#!/bin/sh'
chmod 755 bin/run
ln -s ../a.txt bin/link
write 'dir/with space/ü.txt' umlaut
: >empty
printf 'x' >"$(printf 'raw\377name')"
long=$(printf '%0120d/%0200d' 0 1)
write "$long" long
bytes 1 300000 >big.bin
save first
root=$(dig root)

# ---- export tar ---------------------------------------------------------

t 'an archive' dig export tar -o ../one.tar
t_out 'quiet' '' dig export tar -q -o ../two.tar
t_same 'the same commit gives the same bytes' ../one.tar ../two.tar
dig export tar >../three.tar
t_same 'and so does standard output' ../one.tar ../three.tar
mkdir ../out && tar -xf ../one.tar -C ../out 2>&-
t_same 'GNU tar unpacks what was committed' . ../out
python3 - ../one.tar <<'PY' >"$TMP/tap"
import sys, tarfile
members = tarfile.open(sys.argv[1], errors="surrogateescape").getmembers()
names = [m.name for m in members]
def ok(what, yes): print(("" if yes else "not ") + "ok - " + what)
ok("names are in order and there once",
   names == sorted(names, key=lambda n: n.encode("utf-8", "surrogateescape"))
   and len(set(names)) == len(names))
ok("owner and time are those of nobody and the commit",
   {(m.uid, m.gid, m.uname, m.mtime) for m in members} ==
   {(0, 0, "", 1700000120)})
ok("modes", {m.name: m.mode for m in members if "bin" in m.name} ==
   {"bin": 0o755, "bin/run": 0o755, "bin/link": 0o777, "big.bin": 0o644})
ok("a name that is no UTF-8", "raw\udcffname" in names)
ok("a long name", any(len(n) == 321 for n in names))
PY
tap_of "$TMP/tap"
t 'a prefix' dig export tar -o ../p.tar --prefix v1/ HEAD -- bin
t_out 'is in front of all names' 'v1/
v1/bin/
v1/bin/link
v1/bin/run' tar tf ../p.tar
t_fails 2 'a prefix that leads out' "has a '..' component" \
	dig export tar -q --prefix ../ -o ../bad.tar
t_fails 2 'a prefix that is a .git' 'names the repository itself' \
	dig export tar -q --prefix .git/ -o ../bad.tar
t_fails 4 'a path that is not there' 'did not match' \
	dig export tar -o ../bad.tar HEAD -- nothing
t_fails 4 'no such revision' 'nowhere' dig export tar -o ../bad.tar nowhere
t_fails 1 'no such folder' 'writing' dig export tar -o ../no/bad.tar
t 'nothing is left of what failed' test ! -e ../bad.tar -a ! -e ../bad.tar.part
ends='tar.gz tgz tar.xz tar.zst'
[ "${SANITIZED:-0}" = 0 ] || ends=tar.gz
for end in $ends; do
	dig export tar -q -o "../c.$end"
	tar tf "../c.$end" >"$TMP/names" 2>"$TMP/err"
	t_eq "compressed as $end" "$(tar tf ../one.tar 2>&-)" \
		"$(cat "$TMP/names")"
done
dig export tar -q -o ../d.tar.gz
t_same 'compressed bytes are the same, too' ../c.tar.gz ../d.tar.gz
t_not 'the program does not link libarchive' libarchive ldd "$DIG"
t_has 'the plugin does' libarchive ldd "${DIG%/*}/dig-tar.so"

# ---- export dir ---------------------------------------------------------

t_has 'a folder' 'Wrote 8 files' dig export dir ../dir
t_same 'has the files' . ../dir
t 'with a prefix and paths' dig export dir --prefix sub/ ../dir2 HEAD -- bin
t 'where they belong' test -x ../dir2/sub/bin/run
t_exit 1 'a folder that is not empty' dig export dir ../dir
t_fails 2 'no folder' 'which folder' dig export dir

# ---- import tar ---------------------------------------------------------

new_repo in
t_has 'an archive becomes a commit' '8 added' dig import tar ../one.tar
t_eq 'with the same root' "$root" "$(dig root)"
t_has 'and a message' 'Import one.tar' dig log
t_has 'the work tree is as it was' ' D a.txt' dig status --porcelain
dig reset --hard -q
t_out 'until it is asked for' '' dig status --porcelain
t_has 'again there is nothing new' 'Nothing new' dig import tar ../one.tar
for end in $ends; do
	t_has "from a $end" 'Nothing new' dig import tar "../c.$end"
done
from_pipe()
{
	cat ../one.tar | "$DIG" import tar -
}
t_has 'from a pipe' 'Nothing new' from_pipe
mkdir -p "$TMP/vendor/pkg-1/src" && cd "$TMP/vendor" || exit 1
echo new >pkg-1/src/a && echo x >pkg-1/README && tar -cf ../pkg.tar ./pkg-1
echo newer >pkg-1/src/b && rm pkg-1/README && ln pkg-1/src/a pkg-1/src/hard
tar -czf ../pkg2.tgz pkg-1
cd "$TMP/in" || exit 1
t 'a folder, without the first part' dig import tar ../pkg.tar \
	--prefix vendor/pkg --strip 1 -m 'pkg 1'
t_out 'has the names' 'vendor/pkg/README
vendor/pkg/src/a' dig ls-tree -r --name-only HEAD -- vendor
t_has 'the next one' '2 added, 0 modified, 1 deleted' \
	dig import tar ../pkg2.tgz --prefix vendor/pkg/ --strip 1
t_out 'takes the place of the one before' 'vendor/pkg/src/a
vendor/pkg/src/b
vendor/pkg/src/hard' dig ls-tree -r --name-only HEAD -- vendor
t_out 'a hard link is a copy' new dig cat HEAD:vendor/pkg/src/hard
t 'one undo' dig undo
t_has 'takes it back' vendor/pkg/README dig ls-tree -r --name-only HEAD
t_fails 1 'below a file' 'staged as a file' \
	dig import tar ../pkg.tar --prefix a.txt/sub
t_fails 2 'a bad prefix' "has a '..' component" \
	dig import tar ../pkg.tar --prefix ../x
dig rm -q --cached empty
t_fails 1 'not over staged changes' 'there are staged changes' \
	dig import tar ../pkg.tar
dig reset -q
before=$(dig rev-parse HEAD)

# ---- Hostile archives ---------------------------------------------------

mkdir "$TMP/evil"
python3 - "$TMP/evil" <<'PY'
import io, struct, sys, tarfile
T = tarfile
def make(name, *members, **how):
    with T.open(f"{sys.argv[1]}/{name}.tar", "w", **how) as tar:
        for m in members:
            if isinstance(m, str): m = (m, T.REGTYPE, "")
            info = T.TarInfo(m[0]); info.type = m[1]; info.linkname = m[2]
            data = b"evil" if info.type == T.REGTYPE else b""
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
make("dotdot", "good", "../escaped")
make("inner", "good", "a/../../escaped")
make("absolute", "good", "/tmp/escaped-dig")
make("dig", "good", "x/.DIG/config")
make("git", "good", ".git/hooks/post-checkout")
make("ntfs", "good", "git~1/config")
make("device", "good", ("null", T.CHRTYPE, ""))
make("fifo", "good", ("fifo", T.FIFOTYPE, ""))
make("hardlink", "good", ("steal", T.LNKTYPE, "/etc/passwd"))
make("circle", "good", ("p", T.LNKTYPE, "q"), ("q", T.LNKTYPE, "p"))
make("through", ("d", T.SYMTYPE, "/tmp"), "d/escaped-dig")
make("twice", "good", "a", "a/b")
make("nolink", "good", ("l", T.SYMTYPE, ""))
make("longname", "good", "n/" * 3000 + "x")
make("nothing", ("d", T.DIRTYPE, ""))
make("last", ("a", T.SYMTYPE, "good"), "a")
make("fine", "./good", ".//b//c", ("lnk", T.SYMTYPE, "/etc/passwd"))
make("nfd", "e\u0301.txt", "\u00e9.txt", format=T.PAX_FORMAT)
with T.open(sys.argv[1] + "/short.tar", "w") as tar:
    info = T.TarInfo("f"); info.size = 1 << 16
    tar.addfile(info, io.BytesIO(b"x" * info.size))
with open(sys.argv[1] + "/short.tar", "r+b") as f: f.truncate(20000)
# A sparse file of 4 EiB that says it has no data.
h = T.TarInfo("sparse").tobuf(T.GNU_FORMAT)[:512]
b = bytearray(h); b[156:157] = b"S"
b[257:265] = b"ustar  \0"
b[124:136] = b"00000000000\0"
b[483:495] = struct.pack(">BxxxQ", 0x80, 1 << 62)
b[148:156] = b"        "; b[148:156] = b"%06o\0 " % sum(b)
open(sys.argv[1] + "/sparse.tar", "wb").write(bytes(b) + bytes(10240 - 512))
PY
refused()
{
	t_fails 2 "refused: $1" "$2" dig import tar "$TMP/evil/$1.tar"
}
refused dotdot "../escaped has a '..' component"
refused inner "has a '..' component"
refused absolute 'is absolute'
refused dig 'names the repository itself'
refused git 'names the repository itself'
refused ntfs 'names the repository itself'
refused device 'is neither a file nor a link'
refused fifo 'is neither a file nor a link'
refused hardlink 'is a hard link to what is not in the archive'
refused circle 'is a hard link to what is not in the archive'
refused through 'a folder, too'
refused twice 'a folder, too'
refused nolink 'is a link whose target is empty'
refused longname 'is longer than 4095 bytes'
refused nothing 'no file that can be tracked'
refused short 'cannot be read'
refused sparse 'more than 2000 times its size'
t_fails 2 'what is no archive' 'cannot be read' dig import tar ../in/a.txt
t_fails 2 'an empty file' 'cannot be read' dig import tar /dev/null
t_fails 1 'a file that is not there' "opening '../no.tar'" \
	dig import tar ../no.tar
t_eq 'nothing has changed' "$before" "$(dig rev-parse HEAD)"
t_out 'nothing is staged' '' dig diff --cached --name-only
t_eq 'nothing is outside' '' "$(ls -d ../escaped* ../../escaped* /tmp/escaped-dig 2>&-)"
for name in dotdot device; do
	t_has "left out: $name" '1 left out' \
		dig import tar "$TMP/evil/$name.tar" --skip-bad-names \
		--prefix "evil/$name"
done
t 'of two with one name the last' dig import tar "$TMP/evil/last.tar" \
	--prefix last
t_out 'counts' evil dig cat HEAD:last/a
t 'names that only look odd' dig import tar "$TMP/evil/fine.tar" --prefix fine
t_out 'are made plain' 'fine/b/c
fine/good
fine/lnk' dig ls-tree -r --name-only HEAD -- fine
names_of()
{
	dig ls-tree -r -z --name-only HEAD -- "$1" | tr '\0' '\n'
}
t 'names that look alike' dig import tar "$TMP/evil/nfd.tar" --prefix nfd
t_out 'keep their bytes' "$(printf 'nfd/e\314\201.txt\nnfd/\303\251.txt')" \
	names_of nfd

# ---- import dir ---------------------------------------------------------

new_repo folder
t_has 'a folder becomes a commit' '8 added' dig import dir ../dir
t_eq 'with the same root' "$root" "$(dig root)"
t_has 'again there is nothing new' 'Nothing new' dig import dir ../dir
rm ../dir/a.txt && echo more >>../dir/bin/run
t_has 'below a prefix' '7 added' dig import dir ../dir --prefix x/y -m 'as x/y'
t_eq 'the rest stays' one "$(dig cat HEAD:a.txt)"
t_eq 'the prefix has it' '#!/bin/sh
more' "$(dig cat HEAD:x/y/bin/run)"
rm ../dir/empty
t_has 'what has gone there goes here' '0 added, 0 modified, 1 deleted' \
	dig import dir ../dir --prefix x/y
t_has 'and the root' '0 added, 1 modified, 8 deleted' dig import dir ../dir
t_eq 'is as the folder is' '' "$(taken ../dir)"
t 'one undo' dig undo
t_eq 'takes it back' one "$(dig cat HEAD:a.txt)"
t_fails 2 'not the work tree' 'the work tree itself' dig import dir .
t_fails 1 'a folder that is not there' 'opening the folder' dig import dir ../no
t_fails 2 'no folder' 'which folder' dig import dir

finish
