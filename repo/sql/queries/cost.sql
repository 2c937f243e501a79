-- SPDX-License-Identifier: MIT
-- The commits that cost most bytes.
-- param limit 20
WITH l AS MATERIALIZED (
  SELECT commit_id, stored_bytes, raw_bytes,
    added + modified + deleted AS changes
  FROM v_layers ORDER BY stored_bytes DESC LIMIT :limit),
k AS MATERIALIZED (SELECT id, seq, subject FROM v_commits)
SELECT substr(k.id, 1, 10) AS id, l.stored_bytes, l.raw_bytes, l.changes,
  k.subject
FROM l JOIN k ON k.id = l.commit_id
ORDER BY l.stored_bytes DESC, k.seq
