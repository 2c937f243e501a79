-- SPDX-License-Identifier: MIT
--
-- Reading the staging in path order, a page at a time.

-- name: staging_scan
-- params: :from :limit
-- returns: path, kind, size, content_id, st_size, mtime_ns, ctime_ns, ino, dev, st_mode
SELECT path, kind, size, content_id, st_size, mtime_ns, ctime_ns, ino, dev,
  st_mode
FROM staging WHERE path >= :from ORDER BY path LIMIT :limit
