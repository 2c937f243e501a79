-- SPDX-License-Identifier: MIT
-- The largest files of HEAD.
-- param limit 20
SELECT size, path FROM v_files
ORDER BY size DESC, path LIMIT :limit
