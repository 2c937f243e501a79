-- SPDX-License-Identifier: MIT
-- Commits with more than one parent, the newest first.
-- param limit 20
WITH p AS MATERIALIZED (
  SELECT commit_id, count(*) AS parents FROM v_parents
  GROUP BY commit_id HAVING count(*) > 1),
k AS MATERIALIZED (SELECT id, seq, committer_time, subject FROM v_commits)
SELECT substr(k.id, 1, 10) AS id, p.parents,
  datetime(k.committer_time, 'unixepoch') AS time, k.subject
FROM p JOIN k ON k.id = p.commit_id
ORDER BY k.seq DESC LIMIT :limit
