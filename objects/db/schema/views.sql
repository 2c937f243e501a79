-- SPDX-License-Identifier: MIT
--
-- The v_* views: the contract with other programs, docs/index-schema.md.
-- Stored in the file for them; dig makes TEMP views of the same text for
-- itself, so a changed file cannot change what dig reads.

CREATE VIEW v_schema AS
SELECT '1.3' AS version;

CREATE VIEW v_staged AS
SELECT
  coalesce(c.path_text, CAST(c.path AS TEXT)) AS path,
  c.path AS path_bytes,
  CASE WHEN c.old_path IS NULL THEN c.change ELSE 'R' END AS kind,
  CASE c.new_kind WHEN 1 THEN '100644' WHEN 2 THEN '100755'
    WHEN 3 THEN '120000' WHEN 4 THEN '160000' END AS mode,
  c.new_size AS size,
  nullif(lower(hex(c.new_id)), '') AS content_id,
  nullif(lower(hex(c.old_id)), '') AS head_id
FROM changes AS c
WHERE c.seq = (SELECT next_seq FROM position);

CREATE VIEW v_files AS
SELECT
  coalesce(s.path_text, CAST(s.path AS TEXT)) AS path,
  s.path AS path_bytes,
  CASE s.kind WHEN 1 THEN '100644' WHEN 2 THEN '100755'
    WHEN 3 THEN '120000' WHEN 4 THEN '160000' END AS mode,
  s.size AS size,
  lower(hex(s.content_id)) AS content_id
FROM staging AS s
WHERE NOT EXISTS (
  SELECT 1 FROM changes AS c
  WHERE c.seq = (SELECT next_seq FROM position) AND c.path = s.path)
UNION ALL
SELECT
  coalesce(c.path_text, CAST(c.path AS TEXT)),
  c.path,
  CASE c.old_kind WHEN 1 THEN '100644' WHEN 2 THEN '100755'
    WHEN 3 THEN '120000' WHEN 4 THEN '160000' END,
  c.old_size,
  lower(hex(c.old_id))
FROM changes AS c
WHERE c.seq = (SELECT next_seq FROM position) AND c.old_id IS NOT NULL;

CREATE VIEW v_conflicts AS
SELECT
  coalesce(path_text, CAST(path AS TEXT)) AS path,
  path AS path_bytes,
  CASE (base_id IS NOT NULL) + 2 * (ours_id IS NOT NULL)
      + 4 * (theirs_id IS NOT NULL)
    WHEN 1 THEN 'DD' WHEN 2 THEN 'AU' WHEN 3 THEN 'UD' WHEN 4 THEN 'UA'
    WHEN 5 THEN 'DU' WHEN 6 THEN 'AA' WHEN 7 THEN 'UU' END AS kind,
  CASE base_kind WHEN 1 THEN '100644' WHEN 2 THEN '100755'
    WHEN 3 THEN '120000' WHEN 4 THEN '160000' END AS base_mode,
  nullif(lower(hex(base_id)), '') AS base_id,
  CASE ours_kind WHEN 1 THEN '100644' WHEN 2 THEN '100755'
    WHEN 3 THEN '120000' WHEN 4 THEN '160000' END AS ours_mode,
  nullif(lower(hex(ours_id)), '') AS ours_id,
  CASE theirs_kind WHEN 1 THEN '100644' WHEN 2 THEN '100755'
    WHEN 3 THEN '120000' WHEN 4 THEN '160000' END AS theirs_mode,
  nullif(lower(hex(theirs_id)), '') AS theirs_id
FROM conflicts;

CREATE VIEW v_commits AS
SELECT
  seq,
  lower(hex(id)) AS id,
  lower(hex(tree_root)) AS tree_root,
  author_name, author_email, author_time, author_zone,
  committer_name, committer_email, committer_time, committer_zone,
  subject, message, files, bytes, generation
FROM commits;

CREATE VIEW v_git_map AS
SELECT
  lower(hex(g.git_id)) AS git_id,
  lower(hex(k.id)) AS commit_id
FROM git_map AS g JOIN commits AS k ON k.seq = g.seq;

CREATE VIEW v_parents AS
SELECT
  lower(hex(k.id)) AS commit_id,
  p.position AS position,
  lower(hex(p.parent_id)) AS parent_id
FROM parents AS p JOIN commits AS k ON k.seq = p.seq;

CREATE VIEW v_refs AS
SELECT
  coalesce(r.name_text, CAST(r.name AS TEXT)) AS name,
  r.kind AS kind,
  lower(hex(coalesce(r.commit_id, r.id))) AS commit_id,
  r.name IS (SELECT head_ref FROM position) AS is_head
FROM refs AS r;

CREATE VIEW v_layers AS
SELECT
  lower(hex(k.id)) AS commit_id,
  nullif(lower(hex(l.parent_id)), '') AS parent_id,
  CASE WHEN l.parent_id IS NULL THEN 'full' ELSE 'delta' END AS kind,
  l.added AS added,
  l.modified AS modified,
  l.deleted AS deleted,
  l.new_chunks AS new_chunks,
  l.raw_bytes AS raw_bytes,
  l.stored_bytes AS stored_bytes,
  lower(hex(k.tree_root)) AS root
FROM layers AS l JOIN commits AS k ON k.seq = l.seq;

CREATE VIEW v_changes AS
SELECT
  lower(hex(k.id)) AS commit_id,
  coalesce(c.path_text, CAST(c.path AS TEXT)) AS path,
  c.path AS path_bytes,
  CASE WHEN c.old_path IS NULL THEN c.change ELSE 'R' END AS kind,
  coalesce(c.old_path_text, CAST(c.old_path AS TEXT)) AS old_path,
  nullif(lower(hex(c.old_id)), '') AS old_id,
  nullif(lower(hex(c.new_id)), '') AS new_id,
  CASE c.old_kind WHEN 1 THEN '100644' WHEN 2 THEN '100755'
    WHEN 3 THEN '120000' WHEN 4 THEN '160000' END AS old_mode,
  CASE c.new_kind WHEN 1 THEN '100644' WHEN 2 THEN '100755'
    WHEN 3 THEN '120000' WHEN 4 THEN '160000' END AS new_mode,
  c.old_size AS old_size,
  c.new_size AS new_size
FROM changes AS c JOIN commits AS k ON k.seq = c.seq;

CREATE VIEW v_path_history AS
SELECT
  coalesce(c.path_text, CAST(c.path AS TEXT)) AS path,
  c.path AS path_bytes,
  lower(hex(k.id)) AS commit_id,
  k.author_time AS author_time,
  CASE WHEN c.old_path IS NULL THEN c.change ELSE 'R' END AS kind,
  nullif(lower(hex(c.new_id)), '') AS new_id,
  c.new_size AS size
FROM changes AS c JOIN commits AS k ON k.seq = c.seq;

CREATE VIEW v_largest_paths AS
SELECT
  coalesce(path_text, CAST(path AS TEXT)) AS path,
  path AS path_bytes,
  count(*) AS versions,
  sum(size) AS total_bytes,
  max(size) AS largest_bytes
FROM (
  SELECT DISTINCT c.path AS path, c.path_text AS path_text, c.new_id AS id,
    c.new_size AS size
  FROM changes AS c JOIN commits AS k ON k.seq = c.seq
  WHERE c.new_id IS NOT NULL
)
GROUP BY path;

CREATE VIEW v_commit_growth AS
SELECT
  lower(hex(k.id)) AS commit_id,
  k.committer_time AS committer_time,
  k.subject AS subject,
  k.files AS files,
  k.bytes AS bytes,
  l.stored_bytes AS stored_bytes,
  sum(l.stored_bytes) OVER (ORDER BY k.seq) AS total_stored_bytes
FROM commits AS k JOIN layers AS l ON l.seq = k.seq;

CREATE VIEW v_objects AS
SELECT
  lower(hex(id)) AS id,
  CASE kind WHEN 1 THEN 'chunk' WHEN 2 THEN 'content' WHEN 3 THEN 'tree'
    WHEN 4 THEN 'commit' WHEN 5 THEN 'tag' WHEN 6 THEN 'state'
    ELSE 'kind-' || kind END AS kind,
  CASE codec WHEN 0 THEN 'raw' WHEN 1 THEN 'zstd' WHEN 2 THEN 'delta'
    ELSE 'codec-' || codec END AS codec,
  raw_bytes,
  stored_bytes,
  pack,
  offset,
  nullif(lower(hex(base_id)), '') AS base_id
FROM objects;

CREATE VIEW v_packs AS
SELECT
  number,
  printf('packs/%06d.pack', number) AS file,
  length AS bytes,
  objects,
  sealed
FROM packs;

CREATE VIEW v_damage AS
SELECT
  CASE lost WHEN 1 THEN 'lost' ELSE 'damaged' END AS what,
  pack,
  offset,
  CASE kind WHEN 1 THEN 'chunk' WHEN 2 THEN 'content' WHEN 3 THEN 'tree'
    WHEN 4 THEN 'commit' WHEN 5 THEN 'tag' WHEN 6 THEN 'state'
    ELSE 'kind-' || kind END AS kind,
  nullif(lower(hex(object_id)), '') AS object_id,
  coalesce(path_text, CAST(path AS TEXT)) AS path,
  path AS path_bytes,
  nullif(lower(hex(commit_id)), '') AS commit_id,
  message
FROM damage;

CREATE VIEW v_scrub AS
SELECT
  s.pack AS pack,
  s.start AS start,
  s.length AS bytes,
  s.generation AS generation,
  s.time AS time,
  s.deep_time AS deep_time
FROM scrub AS s JOIN packs AS p ON p.number = s.pack;

CREATE VIEW v_op_stats AS
SELECT journal_seq, time, verb, files, bytes_read, bytes_stored, duration_ms
FROM op_stats;
