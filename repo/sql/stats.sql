-- SPDX-License-Identifier: MIT
--
-- What `dig stats` sums up: pages of rows by key, so that no statement is open
-- for long, and sums that SQLite makes.

-- name: stats_commits
-- params: :after :limit
-- returns: seq, first parent's seq, parents, committer's time, author's time,
-- author's zone, files, bytes, added, modified, deleted
SELECT k.seq,
  (SELECT f.seq FROM commits AS f WHERE f.id = l.parent_id),
  (SELECT count(*) FROM parents AS p WHERE p.seq = k.seq),
  k.committer_time, k.author_time, k.author_zone, k.files, k.bytes,
  l.added, l.modified, l.deleted
FROM commits AS k JOIN layers AS l ON l.seq = k.seq
WHERE k.seq > :after ORDER BY k.seq LIMIT :limit

-- name: stats_seq
-- params: :id
-- returns: seq
SELECT seq FROM commits WHERE id = :id

-- name: stats_authors
-- params: :limit
-- returns: name, commits, first, last author's time, names in all
-- scan: groups all commits
SELECT author_name, count(*) AS n, min(author_time), max(author_time),
  count(*) OVER ()
FROM commits GROUP BY author_name ORDER BY n DESC, author_name LIMIT :limit

-- name: stats_refs
-- returns: branches, tags
-- scan: counts all rows
SELECT coalesce(sum(kind = 'branch'), 0), coalesce(sum(kind = 'tag'), 0)
FROM refs

-- name: stats_objects
-- params: :after :limit
-- returns: row, kind, raw_bytes, stored_bytes, id
SELECT row, kind, raw_bytes, stored_bytes, id FROM objects
WHERE row > :after ORDER BY row LIMIT :limit

-- name: stats_changes
-- params: :seq :path :limit
-- returns: seq, path, kind, size, content id of what a commit gave a path
SELECT seq, path, new_kind, new_size, new_id FROM changes
WHERE (seq, path) > (:seq, :path)
  AND seq < (SELECT next_seq FROM position WHERE one = 1)
ORDER BY seq, path LIMIT :limit
