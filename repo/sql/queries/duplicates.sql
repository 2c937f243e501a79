-- SPDX-License-Identifier: MIT
-- Files of HEAD with the same content.
-- param limit 50
SELECT count(*) AS copies, size, min(path) AS first,
  group_concat(path, ', ') AS paths
FROM v_files WHERE size > 0
GROUP BY content_id HAVING count(*) > 1
ORDER BY (count(*) - 1) * size DESC, first LIMIT :limit
