-- SPDX-License-Identifier: MIT
-- Files of HEAD by the end of their names.
-- param limit 30
WITH named AS (SELECT size, path,
    replace(path, rtrim(path, replace(path, '/', '')), '') AS name
  FROM v_files),
typed AS (SELECT size, CASE WHEN instr(ltrim(name, '.'), '.') = 0 THEN ''
    ELSE replace(name, rtrim(name, replace(name, '.', '')), '') END AS type
  FROM named)
SELECT type, count(*) AS files, sum(size) AS bytes FROM typed
GROUP BY type ORDER BY bytes DESC, type LIMIT :limit
