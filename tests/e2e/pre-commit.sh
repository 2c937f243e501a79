#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The hooks that .pre-commit-hooks.yaml offers, run by the pre-commit
# framework in a git repository that holds a .dig.
. "${0%/*}/lib.sh"
need git pre-commit

GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x@example.com
GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x@example.com
PRE_COMMIT_HOME=$TMP/framework
export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME \
	GIT_COMMITTER_EMAIL PRE_COMMIT_HOME

# What the framework clones.
git init -q "$TMP/offer"
cp -R "$ROOT/.pre-commit-hooks.yaml" "$ROOT/hooks" "$TMP/offer"
git -C "$TMP/offer" add -A
git -C "$TMP/offer" commit -q -m hooks

new_repo work
git init -q .
echo .dig >.git/info/exclude
cat >.pre-commit-config.yaml <<EOF
repos:
  - repo: $TMP/offer
    rev: $(git -C "$TMP/offer" rev-parse HEAD)
    hooks:
      - id: dig-fsck
      - id: dig-large-files
        args: [--max=1000]
      - id: dig-status-clean
EOF
bytes 1 1000 >'fits well'
bytes 2 1001 >large
dig add large
dig commit -q -m large
git add .pre-commit-config.yaml 'fits well'
t_has 'all is well' 'dig fsck' pre-commit run --all-files
git add large
t_exit 1 'a large file in git' pre-commit run --all-files
cp "$OUT" "$TMP/said"
t_has 'is named' 'large has 1001 bytes' cat "$TMP/said"
t_eq 'and nothing else fails' 1 "$(grep -c Failed "$TMP/said")"
git rm -q --cached large
echo more >>large
t_exit 1 'a file that dig tracks has changed' pre-commit run dig-status-clean
cp "$OUT" "$TMP/said"
t_has 'and is named' ' M large' cat "$TMP/said"
dig commit -q -a -m more
t 'or committed' pre-commit run dig-status-clean
pack=$(find .dig/packs -name '*.pack' | head -n 1)
cp "$pack" "$TMP/pack"
printf 'x' | dd of="$pack" bs=1 seek=500 conv=notrunc 2>/dev/null
t_exit 1 'damage' pre-commit run dig-fsck
cp "$TMP/pack" "$pack"
mv .dig "$TMP/away"
t_has 'without a .dig nothing is checked' 'no .dig here' \
	pre-commit run -v dig-fsck
mv "$TMP/away" .dig
t_exit 1 'another program of that name' env DIG=true pre-commit run dig-fsck

finish
