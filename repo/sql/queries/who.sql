-- SPDX-License-Identifier: MIT
-- Who touched what lies below a folder; all by default.
-- param below ''
WITH c AS MATERIALIZED (
  SELECT commit_id, path FROM v_changes
  WHERE :below = '' OR path = :below
    OR substr(path, 1, length(:below) + 1) = :below || '/'),
k AS MATERIALIZED (SELECT id, author_name, author_time FROM v_commits)
SELECT k.author_name AS author, count(*) AS changes,
  count(DISTINCT c.path) AS paths, date(max(k.author_time), 'unixepoch') AS last
FROM c JOIN k ON k.id = c.commit_id
GROUP BY author ORDER BY changes DESC, author
