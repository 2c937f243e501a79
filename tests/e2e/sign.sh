#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Signed commits and tags; ssh-keygen itself is the judge of a signature.

. "${0%/*}/lib.sh"
need ssh-keygen python3

keys=$TMP/keys
mkdir "$keys"
for who in ann bob eve; do
	ssh-keygen -q -t ed25519 -N '' -C "$who" -f "$keys/$who"
done
{
	echo "ann@example.com $(cat "$keys/ann.pub")"
	echo "bob@example.com $(cat "$keys/bob.pub")"
} >"$keys/allowed"
dig config --global user.signingKey "$keys/ann"
dig config --global gpg.ssh.allowedSignersFile "$keys/allowed"

new_repo
write a a
dig add a
t 'a signed commit' dig commit -q -S -m one
t_has 'is good' 'Good signature of ann@example.com with ED25519 key SHA256:' \
	dig verify-commit HEAD
t_out 'quietly' '' dig verify-commit -q HEAD
t_has 'as JSON' '"verdict":"G"' dig verify-commit --json HEAD
t_has 'log says so' 'Good signature of ann@example.com' dig log --show-signature
t_out 'in a format' 'G ann@example.com' dig log --format='%G? %GS'
one=$(dig rev-parse HEAD)

# The bytes that are signed, from the page of the format.
payload()
{
	python3 - "$ROOT/tests/reader" "$1" "$2" <<'PY'
import os, subprocess, sys
sys.path.insert(0, sys.argv[1])
import bundle, digread
subprocess.run([os.environ["DIG"], "export", "bundle", "-q", "../s.bundle"],
               check=True)
raw = [r[2] for r in bundle.read(open("../s.bundle", "rb").read()).records
       if r[0] == int(sys.argv[2]) and b"signature-ssh" in r[2]][-1]
# The last header: count, name, value.
at = raw.index(b"\x01" + digread.lbytes(b"signature-ssh"))
cur = digread.Cursor(raw, at)
cur.varint(), cur.bytes()
open(sys.argv[3] + ".sig", "wb").write(cur.bytes())
assert cur.done()
open(sys.argv[3], "wb").write(bytes([{4: 0x20, 5: 0x21}[int(sys.argv[2])]]) +
                              raw[:at] + b"\x00")
PY
}
judged()
{
	ssh-keygen -Y verify -n dig -f "$keys/allowed" -I ann@example.com \
		-s "$1.sig" <"$1"
}
t 'the page says which bytes' payload 4 "$TMP/signed"
t 'ssh-keygen agrees' judged "$TMP/signed"

write a b
dig add a
t 'an unsigned one' dig commit -q -m two
said()
{
	"$DIG" verify-commit "$@" || :
}
t_has 'has none' 'HEAD: No signature' said HEAD
t_exit 1 'and that is not good' dig verify-commit HEAD
t_out 'in a format, too' N dig log -1 --format=%G?
t 'amend signs it' dig commit -q --amend --no-edit -S
t_exit 0 'good now' dig verify-commit HEAD
t 'amend without drops it' dig commit -q --amend --no-edit -m 'two again'
t_exit 1 'none again' dig verify-commit HEAD
dig config --global commit.gpgSign true
write a c
dig add a
t 'every commit by setting' dig commit -q -m three
t_exit 0 'is signed' dig verify-commit HEAD
write a d
dig add a
t 'but not this one' dig commit -q --no-gpg-sign -m four
t_exit 1 'is not' dig verify-commit HEAD
dig config --global unset commit.gpgSign

# ---- Tags ---------------------------------------------------------------

t 'a signed tag' dig tag -s -m 'version 1' v1
t_has 'is good' 'Good signature of ann@example.com' dig verify-tag v1
dig tag -a -m plain v2
dig tag light
t_exit 1 'an unsigned one is not' dig verify-tag v2
t_fails 2 'a light one has none' 'no tag with a message' dig verify-tag light
t_fails 4 'no such tag' 'nothing' dig verify-tag nothing
t 'of a tag the bytes are its own' payload 5 "$TMP/tagged"
t 'ssh-keygen agrees again' judged "$TMP/tagged"

# ---- Who may ------------------------------------------------------------

write a e
dig add a
t 'by somebody else' env DIG_SIGNING_KEY="$keys/eve" "$DIG" commit -q -S -m eve
t_fails 8 'who is not known' 'not among those who may' dig verify-commit HEAD
t_out 'is a U' U dig log -1 --format=%G?
t_exit 1 'a bad one counts more' dig verify-commit HEAD HEAD~1
t_exit 8 'without a list nobody is known' \
	env DIG_ALLOWED_SIGNERS=/dev/null "$DIG" verify-commit "$one"
cp "$keys/ann.pub" "$keys/revoked"
dig config --global gpg.ssh.revocationFile "$keys/revoked"
t_exit 1 'a revoked key' dig verify-commit "$one"
t_has 'is named' 'revoked' said "$one"
t_out 'as an R' R dig log -1 --format=%G? "$one"
dig config --global unset gpg.ssh.revocationFile
echo "ann@example.com namespaces=\"git\" $(cat "$keys/ann.pub")" >"$keys/git"
t_exit 8 'for git only' \
	env DIG_ALLOWED_SIGNERS="$keys/git" "$DIG" verify-commit "$one"

# A commit with the signature of another one.
python3 - "$ROOT/tests/reader" <<'PY'
import os, subprocess, sys
sys.path.insert(0, sys.argv[1])
import bundle
from bundle import COMMIT, H
dig = os.environ["DIG"]
first = subprocess.run([dig, "rev-parse", "HEAD~4"], capture_output=True,
                       check=True, text=True).stdout.strip()
subprocess.run([dig, "branch", "one", first], check=True)
subprocess.run([dig, "export", "bundle", "-q", "../s.bundle", "one"], check=True)
b = bundle.read(open("../s.bundle", "rb").read())
old = b.records[-1]
raw = old[2].replace(b"\x04one\n", b"\x04two\n")
assert raw != old[2]
new = (COMMIT, H(b"\x20", raw), raw)
open("../forged.bundle", "wb").write(bundle.build(bundle.table(
    None, [(b"refs/heads/forged", new[1])], [], 1), b.records[:-1] + [new]))
PY
t 'a changed commit' dig import bundle -q ../forged.bundle
t_exit 1 'is not good' dig verify-commit forged
t_out 'but bad' B dig log -1 --format=%G? forged

# ---- Keys ---------------------------------------------------------------

write a f
dig add a
t_fails 1 'a key that is not there' 'could not sign' \
	env DIG_SIGNING_KEY="$keys/nobody" "$DIG" commit -q -S -m f
dig config --global unset user.signingKey
t_fails 2 'no key' 'no key to sign with' dig commit -q -S -m f
t_out 'nothing was committed' eve dig log -1 --format=%s
t_fails 2 'a repository names no key' 'not taken from a repository' \
	dig config user.signingKey "$keys/ann"
printf '[user]\n\tsigningKey = %s\n[commit]\n\tgpgSign = true\n' \
	"$keys/ann" >>.dig/config
t 'what its file says does not count' dig commit -q -m f
t_exit 1 'so it is not signed' dig verify-commit HEAD

finish
