-- SPDX-License-Identifier: MIT
-- The commits that changed one path.
-- param path
SELECT datetime(author_time, 'unixepoch') AS time, kind, size,
  substr(commit_id, 1, 10) AS id
FROM v_path_history WHERE path_bytes = CAST(:path AS BLOB)
ORDER BY author_time DESC
