-- SPDX-License-Identifier: MIT
-- What kinds of objects the packs hold, and how.
SELECT kind, codec, count(*) AS objects, sum(raw_bytes) AS raw_bytes,
  sum(stored_bytes) AS stored_bytes,
  round(1.0 * sum(raw_bytes) / sum(stored_bytes), 2) AS ratio
FROM v_objects GROUP BY kind, codec ORDER BY stored_bytes DESC
