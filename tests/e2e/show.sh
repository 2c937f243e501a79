#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dig show: commits, files, folders.
. "${0%/*}/lib.sh"

new_repo
write a.txt one
write dir/b.txt two
write dir/sub/c.txt three
ln -s dir/b.txt link
save 'first'
write a.txt one more
mv dir/b.txt dir/d.txt
save 'second

with a body'

id=$(dig rev-parse HEAD)
t_out 'a commit' "commit $id
Author: A U Thor <author@example.com>
Date:   Tue Nov 14 22:16:20 2023 +0000

    second
    
    with a body

M	a.txt
R100	dir/b.txt	dir/d.txt" dig show --name-status
t_out 'its patch' 'diff --git a/a.txt b/a.txt
index c774e41b92..180cd4b33e 100644
--- a/a.txt
+++ b/a.txt
@@ -1 +1,2 @@
 one
+more
diff --git a/dir/b.txt b/dir/d.txt
similarity index 100%
rename from dir/b.txt
rename to dir/d.txt' dig show --format=
t_out '--stat' ' a.txt                | 1 +
 dir/{b.txt => d.txt} | 0
 2 files changed, 1 insertion(+)' dig show --format= --stat
t_has '--stat and a patch' '---
 a.txt' dig show --stat -p
t_out '--name-only' 'a.txt
dir/d.txt' dig show --format= --name-only
t_out '--no-renames' 'M	a.txt
D	dir/b.txt
A	dir/d.txt' dig show --format= --no-renames --name-status
t_out '-s' 'second' dig show -s --format=%s
t_out '--oneline' "$(printf %.10s "$id") second" dig show -s --oneline
t_out 'a root commit' 'first

A	a.txt
A	dir/b.txt
A	dir/sub/c.txt
A	link' dig show --format=%s --name-status HEAD~1
t_out 'two commits' 'second
first' dig show -s --format=%s HEAD HEAD~1
t_out 'a file' 'one
more' dig show HEAD:a.txt
t_out 'a file of an earlier commit' 'one' dig show HEAD~1:a.txt
t_out 'a staged file' 'one
more' dig show :a.txt
t_out 'a link shows its target' 'dir/b.txt' dig show HEAD:link
t_out 'a folder' 'tree HEAD:dir

d.txt
sub/' dig show HEAD:dir
t_out 'the root' 'tree HEAD:

a.txt
dir/
link' dig show HEAD:
t_out 'a short id' 'second' dig show -s --format=%s "$(printf %.10s "$id")"
t_fails 4 'no such file' 'nothing' dig show HEAD:nothing
t_fails 4 'no such revision' 'nothing' dig show nothing

t 'JSON' dig show --json HEAD HEAD:dir
t_eq 'the document' 'commit second M a.txt R dir/b.txt dir/sub' \
	"$(python3 -c 'import json, sys
a, b = json.load(open(sys.argv[1]))["objects"]
c, d = a["changes"]
print(a["type"], a["subject"], c["kind"], c["path"], d["kind"], d["old_path"],
    b["entries"][1]["path"])' "$OUT")"
finish
