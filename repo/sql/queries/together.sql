-- SPDX-License-Identifier: MIT
-- Files that change in the same commits as one path.
-- param path
-- param limit 20
WITH a AS MATERIALIZED (
  SELECT commit_id FROM v_path_history
  WHERE path_bytes = CAST(:path AS BLOB)),
b AS MATERIALIZED (SELECT commit_id, path FROM v_changes)
SELECT count(*) AS commits, b.path AS path
FROM a JOIN b ON b.commit_id = a.commit_id
WHERE b.path <> :path
GROUP BY b.path ORDER BY commits DESC, b.path LIMIT :limit
