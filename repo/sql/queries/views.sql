-- SPDX-License-Identifier: MIT
-- The views and their columns.
SELECT l.name AS "view", group_concat(c.name, ', ') AS columns
FROM pragma_table_list AS l, pragma_table_info(l.name) AS c
WHERE l.schema = 'temp' AND l.type = 'view'
GROUP BY l.name ORDER BY l.name
