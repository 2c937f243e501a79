-- SPDX-License-Identifier: MIT
-- The folders at the top of HEAD, by size.
SELECT CASE instr(path, '/') WHEN 0 THEN '.'
    ELSE substr(path, 1, instr(path, '/') - 1) END AS folder,
  count(*) AS files, sum(size) AS bytes
FROM v_files GROUP BY folder ORDER BY bytes DESC, folder
