-- SPDX-License-Identifier: MIT
-- Commits by the hour of the day, as their authors' clocks had it.
SELECT strftime('%H', author_time + author_zone * 60, 'unixepoch') AS hour,
  count(*) AS commits
FROM v_commits GROUP BY hour ORDER BY hour
