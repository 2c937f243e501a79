#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2317,SC2016 # the functions are called through t
#
# Names of every kind go through dig add byte for byte; names that mean a
# repository are refused; files that change or vanish while they are read are
# stored as they were at one moment, or named.
. "${0%/*}/lib.sh"
need sqlite3 python3

sql() { sqlite3 -cmd '.timeout 5000' .dig/index.db "$1"; }

cat >"$TMP/names.py" <<'P'
"""names.py make | compare: a tree of odd names, and is it what is staged."""
import os, sqlite3, sys

def names():
    for c in range(1, 256):
        if c != 0x2f:
            one = bytes([c])
            if c != 0x2e:
                yield b"one/" + one
            yield b"two/a" + one + b"b"
            yield b"end/x" + one
    yield b"-rf"
    yield b"--all"
    yield b"--"
    yield b"new\nline"
    yield b"\xff\xfe\x80 invalid"
    yield b"\xed\xa0\x80 surrogate"
    yield b"'; DROP TABLE staging; --"
    yield b"\") OR 1=1; --\""
    yield b"%n%s%x"
    yield b"\\\\server\\share"
    yield b":(exclude)x"
    yield b":!x"
    yield b"*?[a]"
    yield b"n" * 255
    yield b"d" * 255 + b"/" + b"e" * 255 + b"/" + b"\xc3" * 255
    yield b"..."
    yield b"..x"
    yield b".d i g"
    yield b"dig"
    yield b".digx"
    yield b".gitattributes"

if sys.argv[1] == "make":
    for name in names():
        if b"/" in name:
            os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "wb") as out:
            out.write(name)
else:
    db = sqlite3.connect(".dig/index.db", timeout=5)
    rows = db.execute("select path_bytes, path, size from v_staged "
                      "order by path_bytes").fetchall()
    want = sorted(names())
    assert [bytes(r[0]) for r in rows] == want, "names differ"
    assert all(r[2] == len(r[0]) for r in rows), "sizes differ"
    assert all(isinstance(r[1], str) for r in rows), "a path is no text"
    assert len(set(r[1] for r in rows)) == len(rows), "two paths shown alike"
    tables = db.execute("select count(*) from sqlite_master where "
                        "name = 'staging'").fetchone()
    assert tables == (1,), "the table is gone"
P

new_repo names
python3 "$TMP/names.py" make
t 'names of every byte' dig add -A
t 'are staged as they are' python3 "$TMP/names.py" compare
t 'again, one by one' dig add -v -- -rf --all ./-- './*?[a]' \
	':(literal):!x' "'; DROP TABLE staging; --"
t_out 'nothing is new' '' dig add -v -A
t 'with -n' dig add -n -A
list() { find . -path ./.dig -prune -o -type f -print0 | sed -z 's,^\./,:(literal),'; }
each() { list | dig add --pathspec-from-file=- --pathspec-file-nul; }
t 'every name in a list' each
t 'are staged as before' python3 "$TMP/names.py" compare
tick
t 'commit' dig commit -m names
t_eq 'all of them' "$(sql 'select count(*) from v_files')" \
	"$(list | tr -cd '\0' | wc -c)"

# ---- Names that mean a repository ---------------------------------------
new_repo aliases
for name in .git .GIT .Git .dig/x .DIG 'git~1' 'GIT~1' '.git ' '.git.' \
	'.git...' '.dig . ' 'dig~1' '.git::$INDEX_ALLOCATION' \
	"$(printf '.g\342\200\214it')" "$(printf '.d\342\200\215ig')" ..; do
	from_stdin() { echo x | dig add --stdin --as "$1"; }
	t_exit 2 "'$name' at the top" from_stdin "$name"
	t_exit 2 "'$name' as a folder" from_stdin "a/$name/config"
done
t_exit 2 'an absolute path' from_stdin /etc/passwd
t_exit 2 'an empty component' from_stdin a//b
t_exit 2 'a path of one dot' from_stdin .
t_out 'nothing is staged' 0 sql 'select count(*) from v_staged'

# ---- A tree that does not stand still -----------------------------------
# Every version of a file is one letter and its number, over and over: bytes
# of two versions in one file, or a wrong length, show.
new_repo moving
cat >"$TMP/moving.py" <<'P'
import hashlib, os, random, sqlite3, subprocess, sys, threading, time
dig, seconds = sys.argv[1], float(sys.argv[2])
seed = int(os.environ.get("SEED", "0")) or random.randrange(1 << 31)
print("# seed %d" % seed)
stop = threading.Event()
NAMES = ["f%02d" % i for i in range(40)]
existed = {name: set() for name in NAMES}

def content_id(data):
    """Of one chunk; larger ones are compared by size alone."""
    if not data:
        return hashlib.sha256(b"\2").hexdigest()
    return hashlib.sha256(b"\0" + len(data).to_bytes(8, "big")
                          + hashlib.sha256(data).digest()).hexdigest()

def mutate():
    rnd = random.Random(seed)
    n = 0
    while not stop.is_set():
        name = rnd.choice(NAMES)
        n += 1
        data = (b"%08d" % n) * rnd.choice((0, 1, 100, 3000, 4000))
        how = rnd.randrange(4)
        if how == 0:
            if os.path.lexists(name):
                os.unlink(name)
            continue
        if how == 1:    # replaced as a whole
            existed[name].add(data)
            with open(name + ".tmp", "wb") as out:
                out.write(data)
            os.rename(name + ".tmp", name)
        else:           # in place: what is in between exists, too
            with open(name, "r+b" if os.path.exists(name) else "wb") as out:
                old = os.fstat(out.fileno()).st_size
                existed[name].add(data)
                existed[name].add(b"")
                out.truncate(0)
                for at in range(0, len(data), 8000):
                    existed[name].add(data[:at + 8000])
                    out.write(data[at:at + 8000])
                    out.flush()
        if n % 50 == 0:
            time.sleep(.002)

codes, wrong = {}, []
thread = threading.Thread(target=mutate)
thread.start()
end = time.monotonic() + seconds
try:
    while time.monotonic() < end:
        run = subprocess.run([dig, "add", "."], stderr=subprocess.PIPE)
        codes[run.returncode] = codes.get(run.returncode, 0) + 1
        if run.returncode not in (0, 1):
            wrong.append("exit %d: %r" % (run.returncode, run.stderr))
        if run.returncode == 1 and b"add" not in run.stderr:
            wrong.append("exit 1 without a word: %r" % run.stderr)
        db = sqlite3.connect(".dig/index.db", timeout=5)
        rows = db.execute("select path, content_id, size from v_staged "
                          "where path like 'f__'").fetchall()
        db.close()
        for path, got, size in rows:
            ids = {content_id(d) for d in list(existed[path])}
            if got not in ids:
                wrong.append("%s: %d bytes that never were" % (path, size))
finally:
    stop.set()
    thread.join()
subprocess.run([dig, "add", "-A"], check=True)
db = sqlite3.connect(".dig/index.db", timeout=5)
rows = dict(db.execute("select path, content_id from v_staged"))
for name in NAMES + [name + ".tmp" for name in NAMES]:
    now = None
    if os.path.exists(name):
        with open(name, "rb") as f:
            now = content_id(f.read())
    if rows.get(name) != now:
        wrong.append("%s is not staged as it is" % name)
print("# exits %s" % codes)
for line in wrong[:20]:
    print("# " + line)
sys.exit(bool(wrong))
P
S=4
[ "${SOAK:-0}" = 0 ] || S=120
t "files change under add for $S s" python3 "$TMP/moving.py" "$DIG" $S

# Large files: the bytes of each version are of one letter.
new_repo moving_large
cat >"$TMP/moving_large.py" <<'P'
import os, sqlite3, subprocess, sys, threading
dig = sys.argv[1]
SIZE = 24 << 20
stop = threading.Event()
with open("big", "wb") as out:
    out.write(os.urandom(SIZE))

def mutate():
    n = 0
    with open("big", "r+b") as out:
        while not stop.is_set():
            n += 1
            out.seek(n * 4099 % SIZE)
            out.write(b"%d" % n)
            out.flush()

thread = threading.Thread(target=mutate)
thread.start()
run = subprocess.run([dig, "add", "big"], stderr=subprocess.PIPE)
stop.set()
thread.join()
db = sqlite3.connect(".dig/index.db", timeout=5)
(rows,), = db.execute("select count(*) from v_staged")
assert run.returncode == 1, run
assert b"big" in run.stderr and b"changed" in run.stderr, run.stderr
assert rows == 0, "a mixture is staged"
db.close()
subprocess.run([dig, "add", "big"], check=True)
P
t 'a large file that is written to is named, and left' \
	python3 "$TMP/moving_large.py" "$DIG"

finish
