-- SPDX-License-Identifier: MIT
-- Who made how many commits, and when.
SELECT author_name AS author, author_email AS email, count(*) AS commits,
  date(min(author_time), 'unixepoch') AS first,
  date(max(author_time), 'unixepoch') AS last
FROM v_commits GROUP BY author_name, author_email
ORDER BY commits DESC, author
