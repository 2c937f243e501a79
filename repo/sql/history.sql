-- SPDX-License-Identifier: MIT
--
-- Which commits touched a path, as the log asks it.

-- name: touched_path
-- params: :path
-- returns: seq
SELECT seq FROM changes WHERE path = :path

-- name: touched_range
-- params: :from :before
-- returns: path, seq
SELECT path, seq FROM changes WHERE path >= :from AND path < :before
