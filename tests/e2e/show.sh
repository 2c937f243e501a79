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
R100	dir/b.txt	dir/d.txt" dig show
t_out '--stat' " a.txt                  | 4 B -> 9 B
 dir/b.txt => dir/d.txt | 4 B -> 4 B
 2 files changed, 1 modified, 1 renamed, 5 bytes more" \
	dig show --format= --stat
t_out '--name-only' 'a.txt
dir/d.txt' dig show --format= --name-only
t_out '--no-renames' 'M	a.txt
D	dir/b.txt
A	dir/d.txt' dig show --format= --no-renames
t_out '-s' 'second' dig show -s --format=%s
t_out '--oneline' "$(printf %.10s "$id") second" dig show -s --oneline
t_out 'a root commit' 'first

A	a.txt
A	dir/b.txt
A	dir/sub/c.txt
A	link' dig show --format=%s HEAD~1
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
