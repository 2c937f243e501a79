#!/bin/sh
# SPDX-License-Identifier: MIT
#
# export and import of bundles: round trips, increments, damage, hostile
# bundles. tests/reader/bundle.py, written from docs/bundle-format.md, reads
# what dig wrote and makes what dig never would.

. "${0%/*}/lib.sh"
need python3 zstd

# refs: every one with its commit.
refs()
{
	dig sql "select name, commit_id from v_refs order by name"
}

new_repo
write a one
write bin/run '#!/bin/sh'
chmod 755 bin/run
ln -s a link
: >empty
bytes 1 1000000 >big
seq 20000 >text
save first
for n in 2 3 4 5; do
	seq "$n" 20000 >text
	write "dir/$n" "$n"
	save "change $n"
done
dig branch side HEAD~2
dig switch -q side
write side side
save side
dig switch -q main
tick
dig merge -q -m merged side >/dev/null
dig tag -a -m 'version 1' v1
dig tag light HEAD~1
want=$(refs)
root=$(dig root)

# ---- Round trips --------------------------------------------------------

t_has 'a bundle of all' '7 commits' dig export bundle ../all.bundle
t_out 'quiet' '' dig export bundle -q --all ../again.bundle
t_same 'the same again' ../all.bundle ../again.bundle
dig export bundle -q - >../pipe.bundle
t_same 'and on standard output' ../all.bundle ../pipe.bundle
t_has 'the second reader reads it' 'kind 4 7' \
	python3 "$ROOT/tests/reader/bundle.py" ../all.bundle
new_repo copy
t_has 'nothing happens in a dry run' 'all is well' \
	dig import bundle --dry-run ../all.bundle
t_eq 'to refs' '' "$(refs)"
t_fails 4 'nor to objects' 'v1' dig show v1
t_has 'an empty repository takes it' 'new      ' dig import bundle ../all.bundle
t_eq 'with all refs' "$want" "$(refs)"
t_eq 'and HEAD' "$root" "$(dig root)"
t 'one undo' dig undo
t_eq 'takes it back' '' "$(refs)"
t_out 'and it comes again' '' dig import bundle -q ../all.bundle
dig reset -q --hard
t_same 'with all files' . ../repo
new_repo piped
from_pipe()
{
	cat ../all.bundle | "$DIG" import bundle -q
}
t 'from a pipe' from_pipe
t_eq 'it is the same' "$want" "$(refs)"
new_repo one
dig -C ../repo export bundle -q "$TMP/side.bundle" side
t 'one branch' dig import bundle -q ../side.bundle
t_out 'is what comes' "refs/heads/side	$(dig -C ../repo rev-parse side)" \
	refs

# ---- Increments ---------------------------------------------------------

cd "$TMP/repo" || exit 1
write new new
seq 3 20001 >text
save more
t_has 'what is new' '1 commit, ' \
	dig export bundle ../more.bundle main --not v1
t 'is less' test "$(wc -c <../more.bundle)" -lt \
	"$(($(wc -c <../all.bundle) / 4))"
new_repo without
t_fails 4 'without what it needs' 'the bundle needs 1 commit' \
	dig import bundle ../more.bundle
t_eq 'nothing moves' '' "$(refs)"
cd "$TMP/piped" || exit 1
t_has 'with it' 'forward  ' dig import bundle ../more.bundle
t_eq 'the branch does' "$(dig -C ../repo rev-parse main)" \
	"$(dig rev-parse main)"
t_fails 7 'not back' 'would leave commits' dig import bundle ../all.bundle
t_has 'but by force' 'forced  ' dig import bundle -f ../all.bundle
t_eq 'it is where it was' "$want" "$(refs)"
t_fails 4 'what is no ref' 'is no branch, tag' \
	dig export bundle ../x.bundle HEAD~1
t_fails 4 'no such revision' 'nowhere' \
	dig export bundle ../x.bundle --not nowhere
t_exit 4 'no such ref' dig export bundle ../x.bundle nowhere
t_fails 2 'no file' 'into which file' dig export bundle
t_fails 2 '--all and a ref' 'without REFs' dig export bundle --all ../x.bundle v1
t 'nothing is left of these' test ! -e ../x.bundle -a ! -e ../x.bundle.part

# ---- While another writes, and killed -----------------------------------

if [ "${SANITIZED:-0}" = 0 ]; then
	new_repo busy
	write a a
	save a
	bytes busy 60000000 >large
	dig add large >/dev/null 2>&1 &
	t 'while an add runs' dig export bundle ../busy.bundle
	wait
	new_repo busy_copy
	t 'the copy is whole' dig import bundle -q ../busy.bundle
	t_out 'and has what was committed' a dig cat HEAD:a
	new_repo killed
	cat >"$TMP/kill.py" <<'PY'
import os, random, signal, subprocess, sys, time
dig, path, tries = sys.argv[1], sys.argv[2], int(sys.argv[3])
rng = random.Random(int(os.environ.get("SEED", "1")))
query = [dig, "sql", "select name from v_refs"]
def run(*command):
    return subprocess.run(command, capture_output=True, check=True).stdout
start = time.monotonic()
run(dig, "import", "bundle", "-q", path)
took = time.monotonic() - start
whole = run(*query)
hits = 0
for i in range(tries):
    run(dig, "undo")
    child = subprocess.Popen([dig, "import", "bundle", "-q", path])
    time.sleep(rng.random() * took)
    child.kill()
    child.wait()
    hits += child.returncode == -signal.SIGKILL
    now = run(*query)
    run(dig, "fsck")
    assert now in (b"", whole), (i, now)
    if not now: run(dig, "import", "bundle", "-q", path)
    assert run(*query) == whole, i
print("#", hits, "kills hit")
PY
	tries=3
	[ "${SOAK:-0}" = 0 ] || tries=${N:-500}
	t 'killed, it changed nothing, and it comes again' \
		python3 "$TMP/kill.py" "$DIG" ../all.bundle "$tries"
fi

# ---- Damage -------------------------------------------------------------

new_repo damage
cat >"$TMP/damage.py" <<'PY'
import os, random, subprocess, sys
dig, path, tries = sys.argv[1], sys.argv[2], int(sys.argv[3])
good = open(path, "rb").read()
rng = random.Random(int(os.environ.get("SEED", "1")))
def run(data):
    open("../bad.bundle", "wb").write(data)
    return subprocess.run([dig, "import", "bundle", "-n", "-q",
                           "../bad.bundle"], capture_output=True, text=True)
def ok(what, yes, got=None):
    print(("" if yes else "not ") + "ok - " + what)
    if not yes: print("#", got)
def flip(data, at, n=1):
    data = bytearray(data)
    for i in range(at, min(at + n, len(data))): data[i] ^= 1 + rng.randrange(255)
    return bytes(data)
wrong = []
for i in range(tries):
    at = rng.randrange(len(good)) if i else 70
    got = run(flip(good, at))
    if got.returncode: wrong.append((at, got.stderr))
ok("one damaged byte is repaired, wherever it is", not wrong, wrong)
got = run(flip(good, 0, 64))
ok("a damaged preamble", got.returncode == 0 and "its parity made up" in
   got.stderr, got)
got = run(flip(good, len(good) // 3, 65536))
ok("a hole of 64 KiB", got.returncode == 0 and "its parity made up" in
   got.stderr, got)
got = run(flip(good, 20, 6000))
ok("the whole front", got.returncode == 0, got)
strict = subprocess.run([dig, "--strict", "import", "bundle", "-n", "-q",
                         "../bad.bundle"], capture_output=True, text=True)
ok("--strict says so", strict.returncode == 12, strict)
got = run(flip(good, 0, len(good) // 2))
ok("half of it is too much", got.returncode in (2, 5), got)
got = run(flip(good, 100000, len(good) - 200000))
ok("so is the middle", got.returncode == 5 and "beyond its parity" in
   got.stderr, got)
for n in (30, 64, len(good) // 2, len(good) - 1):
    got = run(good[:n])
    ok("cut to %s" % (n if n < 2000 else "a part"),
       got.returncode == (2 if n < 64 else 5), got)
got = run(good + b"x")
ok("more behind it", got.returncode == 5, got)
got = run(good[:50000] + good[50001:])
ok("a byte that is gone", got.returncode == 5, got)
got = run(b"something else" * 1000)
ok("what is no bundle", got.returncode == 2 and "no bundle" in got.stderr, got)
PY
tries=12
[ "${SANITIZED:-0}" = 0 ] || tries=4
[ "${SOAK:-0}" = 0 ] || tries=${N:-2000}
python3 "$TMP/damage.py" "$DIG" ../all.bundle "$tries" >"$TMP/tap" 2>&1
tap_of "$TMP/tap"
t_eq 'nothing has come in' '' "$(refs)"

# ---- Hostile bundles ----------------------------------------------------

new_repo tiny
write f content
write g other
save one
dig export bundle -q ../tiny.bundle
new_repo victim
write mine mine
save mine
before=$(refs)
mkdir "$TMP/evil"
cat >"$TMP/evil.py" <<'PY'
import os, sys
sys.path.insert(0, sys.argv[1])
import bundle, digread
from bundle import CHUNK, COMMIT, H, TREE, lbytes, varint
good = bundle.read(open(sys.argv[2], "rb").read())
by_kind = {k: [r for r in good.records if r[0] == k] for k in range(1, 6)}
commit = by_kind[COMMIT][0]
tree = by_kind[TREE][0]
name = good.refs[0][0]
def put(file, data): open(f"{sys.argv[3]}/{file}", "wb").write(data)
def chunk(data): return (CHUNK, H(data), data)
def node(*items, level=0):
    """items: (path, id, size) of one chunk each; above (path, id, files, bytes)"""
    out, before = bytes([level]) + varint(len(items)), b""
    for item in items:
        shared = len(os.path.commonprefix([before, item[0]]))
        out += varint(shared) + lbytes(item[0][shared:])
        out += (bytes([0x11]) + varint(item[2]) + item[1] if level == 0 else
                item[1] + varint(item[2]) + varint(item[3]))
        before = item[0]
    try: id_ = bundle.object_id(TREE, out)
    except digread.Bad: id_ = H(out)
    return (TREE, id_, out)
def with_tree(tree, files, size, old=commit[2], generation=1):
    """The commit with another tree and totals: tree, 0 parents, two people,
    message, encoding, files, bytes, generation, depth, jump, headers."""
    cur = digread.Cursor(old)
    cur.raw(32), cur.varint()
    for _ in range(2): cur.bytes(), cur.varint(), cur.bytes()
    cur.bytes(), cur.bytes()
    raw = (tree + old[32:cur.at] + varint(files) + varint(size) +
           varint(generation) + bytes(3))
    return (COMMIT, H(b"\x20", raw), raw)
def whole(commit, *records, refs=None, needs=(), commits=1, **how):
    return bundle.build(bundle.table(
        name, refs if refs is not None else [(name, commit[1])], list(needs),
        commits), list(records) + [commit], **how)
f = chunk(b"evil\n")
def snapshot(*paths):
    return node(*[(p, f[1], 5) for p in paths])
def forged(file, root, *nodes, n=1):
    put(file, whole(with_tree(root[1], n, 5 * n), f, *nodes, root))
rest = [r for r in good.records if r != commit]
put("good", whole(commit, *rest))
put("bytes", whole(commit, *[(r[0], r[1], r[2] + b"x") if r == rest[0] else r
                             for r in rest]))
put("chunk", whole(commit, *rest[1:]))
put("node", whole(commit, *[r for r in rest if r[0] != TREE]))
put("totals", whole(with_tree(tree[1], 2, 15), *rest))
put("place", whole(with_tree(tree[1], 2, 14, generation=2), *rest))
forged("dotgit", snapshot(b".git/config"))
forged("dotdot", snapshot(b"../x"))
forged("nested", snapshot(b"a", b"a/b"), n=2)
forged("order", snapshot(b"b", b"a"), n=2)
a, b = snapshot(b"a"), snapshot(b"b")
forged("cut", node((b"a", a[1], 1, 5), (b"b", b[1], 1, 5), level=1), a, b, n=2)
put("length", whole(with_tree(node((b"f", f[1], 6))[1], 1, 6), f,
                    node((b"f", f[1], 6))))
put("ref", whole(commit, *rest, refs=[(name, commit[1]),
                                      (b"refs/heads/x", H(b"x"))]))
put("name", whole(commit, *rest, refs=[(b"refs/heads/../x", commit[1])]))
put("hidden", whole(commit, *rest, refs=[(b"refs/import/git/1", commit[1])]))
put("count", whole(commit, *rest, commits=2))
put("records", whole(commit, *rest, count=99))
put("twice", whole(commit, rest[0], *rest))
put("back", bundle.build(good.table, [commit] + rest))
put("kind", whole(commit, *rest, (6, H(b"\x22x"), b"x")))
put("base", whole(commit, (CHUNK, rest[0][1], rest[0][2],
                           (H(b"none"), b"\x28\xb5\x2f\xfd")), *rest[1:]))
orphan = commit[2][:32] + b"\x01" + H(b"lost") + with_tree(
    tree[1], 2, 14, generation=2)[2][33:-3] + b"\x01\x01" + H(b"lost") + b"\0"
put("parent", whole((COMMIT, H(b"\x20", orphan), orphan), *rest))
put("needs", whole(commit, *rest, needs=[H(b"nobody")]))
PY
t 'bundles are forged' python3 "$TMP/evil.py" "$ROOT/tests/reader" \
	../tiny.bundle ../evil
t 'one that is not' dig import bundle -n -f ../evil/good
while read -r code name text; do
	t_fails "$code" "refused: $name" "$text" dig import bundle -f "../evil/$name"
done <<'LIST'
5 bytes do not match the id
5 chunk commit
5 node commit
5 totals its totals are not its tree's
5 place of the bundle
5 dotgit names the repository itself
5 dotdot has a '..' component
5 nested a
5 order tree
5 cut ends in the wrong place
5 length another length than its file says
5 ref refs/heads/x leads to what the bundle does not have
5 name the table of the bundle is not valid
5 hidden is no ref for a bundle
5 count not the commits that it tells of
5 records not the records that its end tells of
5 twice twice
5 back no tree
5 kind may not have there
5 base the base of a delta is not there
5 parent a parent of it is not in the bundle
4 needs needs 1 commit
LIST
t_eq 'nothing has moved' "$before" "$(refs)"

finish
