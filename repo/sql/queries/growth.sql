-- SPDX-License-Identifier: MIT
-- Each month: commits, and what they added to the packs.
WITH k AS MATERIALIZED (
  SELECT id, strftime('%Y-%m', committer_time, 'unixepoch') AS month
  FROM v_commits),
l AS MATERIALIZED (
  SELECT commit_id, added + modified + deleted AS changes, raw_bytes,
    stored_bytes
  FROM v_layers)
SELECT k.month, count(*) AS commits, sum(l.changes) AS changes,
  sum(l.raw_bytes) AS raw_bytes, sum(l.stored_bytes) AS stored_bytes
FROM k JOIN l ON l.commit_id = k.id
GROUP BY k.month ORDER BY k.month
