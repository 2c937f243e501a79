#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig prove and verify-proof: every type, both forms, wrong ids, changed
# bytes; and the same proofs by the two other verifiers, the one C file and
# the one in Python.
. "${0%/*}/lib.sh"
need python3 cc

PY=$ROOT/tests/reader/verify_proof.py

new_repo
bytes 1 900000 >big
mkdir a a/b
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	write "a/file$i" "$i"
	write "a/b/$(printf '%0150d' "$i")" "$i"
done
: >empty
ln -s big link
write '"odd' name
save first
write a/file7 other
save second
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	write n "$i"
	save "n $i"
done
HEAD=$(dig rev-parse HEAD)
ROOT_ID=$(dig root)
FIRST=$(dig rev-parse HEAD~21)

# The other two verifiers are the same program in every run: once is enough.
others=yes
[ -z "${QUICK:-}" ] || others=
tries=20
[ -z "${SOAK:-}" ] || tries=2000

valid() # WHAT PROOF [DATA]
{
	t "$1" dig verify-proof --root "$HEAD" ${3:+--data "$3"} "$2"
	[ "$others" ] || return 0
	t "$1, by the one C file" "$TMP/proofcheck" "$2" "$HEAD" ${3:+"$3"}
	t "$1, in Python" python3 -S "$PY" "$2" "$HEAD" ${3:+"$3"}
}
wrong() # WHAT PROOF [DATA]
{
	t_exit 5 "$1" dig verify-proof --root "$HEAD" ${3:+--data "$3"} "$2"
	[ "$others" ] || return 0
	t_exit 5 "$1, by the one C file" "$TMP/proofcheck" "$2" "$HEAD" \
		${3:+"$3"}
	t_exit 5 "$1, in Python" python3 -S "$PY" "$2" "$HEAD" ${3:+"$3"}
}

sh "$ROOT/tests/tools/one-file.sh" >"$TMP/one.c"
[ -z "$others" ] || t 'the verifier is one C file' cc -std=c11 -O1 -Wall -Wextra -Werror \
	-o "$TMP/proofcheck" "$TMP/one.c" -lcrypto

# Present: every file of the tree, by all three verifiers.
t 'a proof' dig prove -o p HEAD:a/file7
mv p "$TMP/p"
valid 'is valid' "$TMP/p"
cd "$TMP" || exit 1
t_has 'without a repository' 'path: a/file7' dig verify-proof --root "$HEAD" p
t_has 'what it says' "content_id: $(dig -C repo rev-parse HEAD:a/file7)" \
	dig verify-proof --root "$HEAD" p
t 'against the root of the tree' dig verify-proof --root "$ROOT_ID" p
t 'in upper case' dig verify-proof \
	--root "$(echo "$HEAD" | tr 'a-f' 'A-F')" p
t_fails 5 'against another commit' 'does not speak of' \
	dig verify-proof --root "$FIRST" p
t_fails 2 'against nothing' 'an id that you trust' dig verify-proof p
t_fails 2 'against no id' 'not an id' dig verify-proof --root HEAD p
t_fails 1 'no file' 'cannot read' dig verify-proof --root "$HEAD" nowhere
t_exit 5 'an empty file' dig verify-proof --root "$HEAD" /dev/null
t_fails 2 'data for no range' 'goes with a proof of bytes' \
	dig verify-proof --root "$HEAD" --data p p
cat >every.py <<'END'
import os, subprocess, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import verify_proof
dig, head = os.environ["DIG"], sys.argv[2]
names = subprocess.run([dig, "ls-tree", "-r", "-z", "--name-only", "HEAD"],
                       capture_output=True, check=True).stdout.split(b"\0")
for name in names[:-1]:
    proof = subprocess.run([dig, "prove", b"HEAD:" + name],
                           capture_output=True, check=True).stdout
    with open("../every", "wb") as f:
        f.write(proof)
    subprocess.run(["../proofcheck", "../every", head], check=True)
    verify_proof.verify(proof, bytes.fromhex(head))
print(len(names) - 1)
END
cd repo || exit 1
[ -z "$others" ] || t_out 'every file, by the two other verifiers' \
	"$(dig ls-tree -r HEAD | wc -l | tr -d ' ')" \
	python3 "$TMP/every.py" "$ROOT/tests/reader" "$HEAD"

# Changed bytes, at any place; something before the end or behind it.
cat >"$TMP/flip.py" <<'END'
import os, subprocess, sys
dig, root, proof = os.environ["DIG"], sys.argv[1], sys.argv[2]
data = open(proof, "rb").read()
step = max(1, len(data) // int(sys.argv[3]))
tries = [data[:i] + bytes([data[i] ^ 1 << i % 8]) + data[i + 1:]
         for i in range(0, len(data), step)]
tries += [data[:-1], data + b"\0", data[:14], b""]
for changed in tries:
    code = subprocess.run([dig, "verify-proof", "--root", root, "-"],
                          input=changed, capture_output=True).returncode
    if code != 5:
        sys.exit("%d: exit %d" % (tries.index(changed), code))
END
t 'no changed proof is valid' python3 "$TMP/flip.py" "$HEAD" "$TMP/p" $tries
t 'a JSON document' dig prove --json -o "$TMP/p.json" HEAD:a/file7
t 'is valid, too' dig verify-proof --root "$HEAD" "$TMP/p.json"
t 'no changed document is' python3 "$TMP/flip.py" "$HEAD" "$TMP/p.json" $tries
sed 's/file7/file8/' "$TMP/p.json" >"$TMP/other.json"
t_exit 5 'a document that says something else' \
	dig verify-proof --root "$HEAD" "$TMP/other.json"
t_has 'the answer as JSON' '"valid":true,"type":"present","path":"a/file7"' \
	dig verify-proof --json --root "$HEAD" "$TMP/p"
t_fails 4 'no such file' 'there is no file' dig prove HEAD:nowhere
t_fails 4 'no such revision' 'no revision' dig prove nowhere:a/file7
t_fails 2 'a folder' 'is a folder' dig prove HEAD:a
t_fails 2 'no path' 'names no path' dig prove HEAD
dig prove :a/file7 >"$TMP/staged"
t 'of what is staged' dig verify-proof --root "$(dig root --staged)" \
	"$TMP/staged"
dig prove 'HEAD:"odd' >"$TMP/odd"
t_has 'a name is quoted' 'path: "\"odd"' dig verify-proof --root "$HEAD" \
	"$TMP/odd"

# Absent.
for path in a/file70 0 zz a/b/c 'a/file7/' nodir/; do
	dig prove --absent -o "$TMP/absent" "HEAD:$path"
	valid "no $path" "$TMP/absent"
done
t 'no changed one is' python3 "$TMP/flip.py" "$HEAD" "$TMP/absent" $tries
t_fails 1 'there is such a file' 'there is a file' \
	dig prove --absent HEAD:a/file7
t_fails 1 'there is such a folder' 'there is a folder' \
	dig prove --absent HEAD:a/b/

# Unchanged.
dig prove --unchanged HEAD~21 -o "$TMP/same" HEAD:a/file8
valid 'unchanged' "$TMP/same"
t 'both commits' dig verify-proof --root "$HEAD" --root "$FIRST" "$TMP/same"
t_exit 5 'another one' dig verify-proof --root "$HEAD" \
	--root "$(dig rev-parse HEAD~3)" "$TMP/same"
t_fails 1 'changed' 'is not the same' \
	dig prove --unchanged HEAD~21 HEAD:a/file7
chmod +x a/file9 && save 'executable'
dig prove --unchanged HEAD~1 -o "$TMP/mode" HEAD:a/file9
t_has 'executable now' 'other_mode: 100644' \
	dig verify-proof --root "$(dig rev-parse HEAD)" "$TMP/mode"
dig reset -q --hard HEAD~1

# Ancestors, by first parents and by others.
dig prove --ancestor -o "$TMP/line" HEAD~21 HEAD
valid 'an ancestor' "$TMP/line"
t_has 'named' "ancestor: $FIRST" dig verify-proof --root "$HEAD" "$TMP/line"
t 'both' dig verify-proof --root "$HEAD" --root "$FIRST" "$TMP/line"
dig prove --ancestor HEAD HEAD >"$TMP/line"
valid 'itself' "$TMP/line"
t_fails 1 'no ancestor' 'is not an ancestor' dig prove --ancestor HEAD HEAD~1
t_fails 2 'one commit' 'takes two commits' dig prove --ancestor HEAD

if [ -x "$TOOLS/mkhistory" ]; then
	new_repo merges
	"$TOOLS/mkhistory" <<-'END'
		commit 1 -
		put f 0
		commit 2 0
		put f 1
		commit 3 0
		put g 2
		commit 4 2
		put g 3
		commit 5 1 3
		put f 4
		commit 6 4
		put f 5
		branch refs/heads/main 5
	END
	HEAD=$(dig rev-parse HEAD)
	dig prove --ancestor -o "$TMP/line" HEAD~1^2~1 HEAD
	valid 'an ancestor by a merge' "$TMP/line"
	t_fails 1 'none beside it' 'is not an ancestor' \
		dig prove --ancestor HEAD~2 HEAD~1^2
	cd "$TMP/repo" || exit 1
	HEAD=$(dig rev-parse HEAD)
else
	skip 'an ancestor by a merge' 'make tools'
fi

# Ranges.
for range in 0- 0-0 -1 100000-700000; do
	dig prove --bytes=$range -o "$TMP/range" HEAD:big
	dig prove --bytes=$range --no-data -o "$TMP/bare" HEAD:big
	dig cat --bytes=$range HEAD:big >"$TMP/data"
	valid "bytes $range" "$TMP/range"
	valid "compared, bytes $range" "$TMP/range" "$TMP/data"
	valid "given, bytes $range" "$TMP/bare" "$TMP/data"
	bytes 9 "$(wc -c <"$TMP/data")" >"$TMP/wrong"
	wrong "other bytes, $range" "$TMP/range" "$TMP/wrong"
	wrong "others given, $range" "$TMP/bare" "$TMP/wrong"
	printf x >>"$TMP/data"
	wrong "one more, $range" "$TMP/range" "$TMP/data"
done
t 'no changed one is' python3 "$TMP/flip.py" "$HEAD" "$TMP/range" $tries
t_fails 2 'bytes are missing' '--data FILE' \
	dig verify-proof --root "$HEAD" "$TMP/bare"
t_fails 2 'a bad range says the size' '900000 bytes' \
	dig prove --bytes 0-900000 HEAD:big
t_fails 2 'no bytes in an empty file' '0 bytes' dig prove --bytes 0- HEAD:empty
t 'of a link' dig prove --bytes 0- -o "$TMP/link" HEAD:link
valid 'its target' "$TMP/link"
t 'a document with bytes' dig prove --json --bytes 5-50 -o "$TMP/r.json" \
	HEAD:big
t 'is valid' dig verify-proof --root "$HEAD" "$TMP/r.json"
t 'one without' dig prove --json --bytes 5-50 --no-data -o "$TMP/r.json" \
	HEAD:big
dig cat --bytes 5-50 HEAD:big >"$TMP/data"
t 'with them given' dig verify-proof --root "$HEAD" --data "$TMP/data" \
	"$TMP/r.json"
t_fails 2 'one thing at a time' 'exclude each other' \
	dig prove --absent --bytes 0-1 HEAD:big
t_fails 2 'no data of nothing' 'goes with --bytes' dig prove --no-data HEAD:big
t_fails 1 'a folder that is not there' 'cannot write' \
	dig prove -o nowhere/p HEAD:big

finish
