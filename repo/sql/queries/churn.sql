-- SPDX-License-Identifier: MIT
-- The paths that changed most often.
-- param limit 20
SELECT count(*) AS changes, path, sum(kind = 'D') AS deleted
FROM v_changes GROUP BY path_bytes ORDER BY changes DESC, path LIMIT :limit
