-- SPDX-License-Identifier: MIT
--
-- Statements over the base tables. A parameter's index is its place after
-- "params:". Pages of rows go by key: `> :after ... LIMIT :limit`.

-- name: position_get
-- returns: journal_seq, journal_offset, journal_hash, journal_record, store_id, staged_root, head_ref, head_id, op_state, next_seq
SELECT journal_seq, journal_offset, journal_hash, journal_record, store_id,
  staged_root, head_ref, head_id, op_state, next_seq
FROM position WHERE one = 1

-- name: position_put
-- params: :journal_seq :journal_offset :journal_hash :journal_record :store_id :staged_root :head_ref :head_id :op_state :next_seq
REPLACE INTO position (one, journal_seq, journal_offset, journal_hash,
  journal_record, store_id, staged_root, head_ref, head_id, op_state, next_seq)
VALUES (1, :journal_seq, :journal_offset, :journal_hash, :journal_record,
  :store_id, :staged_root, :head_ref, :head_id, :op_state, :next_seq)

-- name: staging_put
-- params: :path :path_text :kind :size :content_id :st_size :mtime_ns :ctime_ns :ino :dev :st_mode
REPLACE INTO staging (path, path_text, kind, size, content_id, st_size,
  mtime_ns, ctime_ns, ino, dev, st_mode)
VALUES (:path, :path_text, :kind, :size, :content_id, :st_size, :mtime_ns,
  :ctime_ns, :ino, :dev, :st_mode)

-- name: staging_stat_put
-- params: :st_size :mtime_ns :ctime_ns :ino :dev :st_mode :path :content_id :kind
-- What was measured is kept only while the path still has that content, as a
-- file of that kind.
UPDATE staging SET st_size = :st_size, mtime_ns = :mtime_ns,
  ctime_ns = :ctime_ns, ino = :ino, dev = :dev, st_mode = :st_mode
WHERE path = :path AND content_id = :content_id AND kind = :kind

-- name: staging_get
-- params: :path
-- returns: kind, size, content_id, st_size, mtime_ns, ctime_ns, ino, dev, st_mode
SELECT kind, size, content_id, st_size, mtime_ns, ctime_ns, ino, dev, st_mode
FROM staging WHERE path = :path

-- name: staging_page
-- params: :after :limit
-- returns: path, kind, size, content_id, st_size, mtime_ns, ctime_ns, ino, dev, st_mode
SELECT path, kind, size, content_id, st_size, mtime_ns, ctime_ns, ino, dev,
  st_mode
FROM staging WHERE path > :after ORDER BY path LIMIT :limit

-- name: staging_range
-- params: :after :before :limit
-- returns: path, kind, size, content_id, st_size, mtime_ns, ctime_ns, ino, dev, st_mode
SELECT path, kind, size, content_id, st_size, mtime_ns, ctime_ns, ino, dev,
  st_mode
FROM staging WHERE path > :after AND path < :before ORDER BY path LIMIT :limit

-- name: staging_count
-- returns: rows
-- scan: counts all rows
SELECT count(*) FROM staging

-- name: staging_delete
-- params: :path
DELETE FROM staging WHERE path = :path

-- name: staging_clear
-- scan: deletes all rows
DELETE FROM staging

-- name: conflict_put
-- params: :path :path_text :base_kind :base_id :ours_kind :ours_id :theirs_kind :theirs_id
REPLACE INTO conflicts (path, path_text, base_kind, base_id, ours_kind,
  ours_id, theirs_kind, theirs_id)
VALUES (:path, :path_text, :base_kind, :base_id, :ours_kind, :ours_id,
  :theirs_kind, :theirs_id)

-- name: conflict_page
-- params: :after :limit
-- returns: path, base_kind, base_id, ours_kind, ours_id, theirs_kind, theirs_id
SELECT path, base_kind, base_id, ours_kind, ours_id, theirs_kind, theirs_id
FROM conflicts WHERE path > :after ORDER BY path LIMIT :limit

-- name: conflict_clear
-- scan: deletes all rows
DELETE FROM conflicts

-- name: change_put
-- params: :seq :path :path_text :change :old_path :old_path_text :old_kind :new_kind :old_id :new_id :old_size :new_size
REPLACE INTO changes (seq, path, path_text, change, old_path, old_path_text,
  old_kind, new_kind, old_id, new_id, old_size, new_size)
VALUES (:seq, :path, :path_text, :change, :old_path, :old_path_text,
  :old_kind, :new_kind, :old_id, :new_id, :old_size, :new_size)

-- name: change_get
-- params: :seq :path
-- returns: change, old_kind, new_kind, old_id, new_id, old_size, new_size
SELECT change, old_kind, new_kind, old_id, new_id, old_size, new_size
FROM changes WHERE seq = :seq AND path = :path

-- name: change_page
-- params: :seq :after :limit
-- returns: path, change, old_path, old_kind, new_kind, old_id, new_id, old_size, new_size
SELECT path, change, old_path, old_kind, new_kind, old_id, new_id, old_size,
  new_size
FROM changes WHERE seq = :seq AND path > :after ORDER BY path LIMIT :limit

-- name: change_count
-- params: :seq
-- returns: added, modified (type changes too), deleted
SELECT count(*) FILTER (WHERE change = 'A'),
  count(*) FILTER (WHERE change IN ('M', 'T')),
  count(*) FILTER (WHERE change = 'D')
FROM changes WHERE seq = :seq

-- name: change_delete
-- params: :seq :path
DELETE FROM changes WHERE seq = :seq AND path = :path

-- name: changes_delete
-- params: :seq
DELETE FROM changes WHERE seq = :seq

-- name: changes_renumber
-- params: :to :from
-- Pending changes move along when another commit took their number.
UPDATE changes SET seq = :to WHERE seq = :from

-- name: path_history_page
-- params: :path :before :limit
-- returns: seq, commit_id, change, old_path, old_kind, new_kind, old_id, new_id, old_size, new_size
SELECT c.seq, k.id, c.change, c.old_path, c.old_kind, c.new_kind, c.old_id,
  c.new_id, c.old_size, c.new_size
FROM changes AS c JOIN commits AS k ON k.seq = c.seq
WHERE c.path = :path AND c.seq < :before ORDER BY c.seq DESC LIMIT :limit

-- name: path_history_range
-- params: :after :after_seq :before :limit
-- returns: path, seq, commit_id
-- Below a folder: its name plus '/' up to its name plus '0'.
SELECT c.path, c.seq, k.id
FROM changes AS c JOIN commits AS k ON k.seq = c.seq
WHERE (c.path, c.seq) > (:after, :after_seq) AND c.path < :before
ORDER BY c.path, c.seq LIMIT :limit

-- name: commit_put
-- params: :seq :id :tree_root :author_name :author_email :author_time :author_zone :committer_name :committer_email :committer_time :committer_zone :subject :message :files :bytes :generation :depth :jump_id
INSERT INTO commits (seq, id, tree_root, author_name, author_email,
  author_time, author_zone, committer_name, committer_email, committer_time,
  committer_zone, subject, message, files, bytes, generation, depth, jump_id)
VALUES (:seq, :id, :tree_root, :author_name, :author_email, :author_time,
  :author_zone, :committer_name, :committer_email, :committer_time,
  :committer_zone, :subject, :message, :files, :bytes, :generation, :depth,
  :jump_id)

-- name: commit_by_id
-- params: :id
-- returns: seq, tree_root, generation, depth, jump_id
SELECT seq, tree_root, generation, depth, jump_id FROM commits WHERE id = :id

-- name: commit_by_seq
-- params: :seq
-- returns: id, tree_root, generation, depth, jump_id
SELECT id, tree_root, generation, depth, jump_id FROM commits WHERE seq = :seq

-- name: commit_get
-- params: :seq
-- returns: id, tree_root, author_name, author_email, author_time, author_zone, committer_name, committer_email, committer_time, committer_zone, message, files, bytes, generation, depth, jump_id
SELECT id, tree_root, author_name, author_email, author_time, author_zone,
  committer_name, committer_email, committer_time, committer_zone, message,
  files, bytes, generation, depth, jump_id
FROM commits WHERE seq = :seq

-- name: commit_page
-- params: :after :limit
-- returns: seq, id
SELECT seq, id FROM commits WHERE seq > :after ORDER BY seq LIMIT :limit

-- name: commit_id_range
-- params: :low :high :limit
-- returns: id
SELECT id FROM commits WHERE id BETWEEN :low AND :high ORDER BY id LIMIT :limit

-- name: commit_last
-- returns: seq, or NULL
SELECT max(seq) FROM commits

-- name: commit_delete
-- params: :seq
DELETE FROM commits WHERE seq = :seq

-- name: git_map_put
-- params: :seq :git_id
REPLACE INTO git_map (seq, git_id) VALUES (:seq, :git_id)

-- name: git_map_get
-- params: :git_id
-- returns: commit_id
-- Of several that claim the same id the first counts.
SELECT k.id FROM git_map AS g JOIN commits AS k ON k.seq = g.seq
WHERE g.git_id = :git_id ORDER BY g.seq LIMIT 1

-- name: git_map_of
-- params: :seq
-- returns: git_id
SELECT git_id FROM git_map WHERE seq = :seq

-- name: git_map_delete
-- params: :seq
DELETE FROM git_map WHERE seq = :seq

-- name: parent_put
-- params: :seq :position :parent_id
REPLACE INTO parents (seq, position, parent_id)
VALUES (:seq, :position, :parent_id)

-- name: parents_of
-- params: :seq
-- returns: parent_id
SELECT parent_id FROM parents WHERE seq = :seq ORDER BY position

-- name: parents_delete
-- params: :seq
DELETE FROM parents WHERE seq = :seq

-- name: layer_put
-- params: :seq :parent_id :added :modified :deleted :new_chunks :raw_bytes :stored_bytes
REPLACE INTO layers (seq, parent_id, added, modified, deleted, new_chunks,
  raw_bytes, stored_bytes)
VALUES (:seq, :parent_id, :added, :modified, :deleted, :new_chunks,
  :raw_bytes, :stored_bytes)

-- name: layer_get
-- params: :seq
-- returns: parent_id, added, modified, deleted, new_chunks, raw_bytes, stored_bytes
SELECT parent_id, added, modified, deleted, new_chunks, raw_bytes, stored_bytes
FROM layers WHERE seq = :seq

-- name: layer_delete
-- params: :seq
DELETE FROM layers WHERE seq = :seq

-- name: ref_put
-- params: :name :name_text :kind :id :commit_id
REPLACE INTO refs (name, name_text, kind, id, commit_id)
VALUES (:name, :name_text, :kind, :id, :commit_id)

-- name: ref_get
-- params: :name
-- returns: kind, id, commit_id
SELECT kind, id, commit_id FROM refs WHERE name = :name

-- name: ref_page
-- params: :after :limit
-- returns: name, kind, id, commit_id
SELECT name, kind, id, commit_id FROM refs WHERE name > :after
ORDER BY name LIMIT :limit

-- name: ref_delete
-- params: :name
DELETE FROM refs WHERE name = :name

-- name: refs_clear
-- scan: deletes all rows
DELETE FROM refs

-- name: object_put
-- params: :row :pack :offset :slot :kind :codec :raw_bytes :stored_bytes :id :base_id
-- :row NULL takes the next number.
INSERT INTO objects (row, pack, offset, slot, kind, codec, raw_bytes,
  stored_bytes, id, base_id)
VALUES (:row, :pack, :offset, :slot, :kind, :codec, :raw_bytes, :stored_bytes,
  :id, :base_id)

-- name: object_page
-- params: :after :limit
-- returns: row, pack, offset, slot, kind, codec, raw_bytes, stored_bytes, id, base_id
SELECT row, pack, offset, slot, kind, codec, raw_bytes, stored_bytes, id,
  base_id
FROM objects WHERE row > :after ORDER BY row LIMIT :limit

-- name: object_last
-- returns: row, or NULL
SELECT max(row) FROM objects

-- name: object_cost
-- returns: chunks, their raw bytes, stored bytes of all kinds
-- scan: from the newest row back to the newest commit, then forth again
SELECT count(*) FILTER (WHERE kind = 1),
  coalesce(sum(raw_bytes) FILTER (WHERE kind = 1), 0),
  coalesce(sum(stored_bytes), 0)
FROM objects WHERE row > coalesce((SELECT row FROM objects WHERE kind = 4
  ORDER BY row DESC LIMIT 1), 0)

-- name: object_replace
-- params: :row :pack :offset :slot :kind :codec :raw_bytes :stored_bytes :id :base_id
REPLACE INTO objects (row, pack, offset, slot, kind, codec, raw_bytes,
  stored_bytes, id, base_id)
VALUES (:row, :pack, :offset, :slot, :kind, :codec, :raw_bytes, :stored_bytes,
  :id, :base_id)

-- name: object_delete
-- params: :row
DELETE FROM objects WHERE row = :row

-- name: objects_delete_pack
-- params: :pack
-- scan: only where the index is behind; a pack's rows need not lie together
DELETE FROM objects WHERE pack = :pack

-- name: objects_delete_from
-- params: :row
DELETE FROM objects WHERE row >= :row

-- name: pack_put
-- params: :number :flags :length :sealed :objects :run_offset
REPLACE INTO packs (number, flags, length, sealed, objects, run_offset)
VALUES (:number, :flags, :length, :sealed, :objects, :run_offset)

-- name: pack_get
-- params: :number
-- returns: flags, length, sealed, objects, run_offset
SELECT flags, length, sealed, objects, run_offset FROM packs
WHERE number = :number

-- name: pack_page
-- params: :after :limit
-- returns: number, flags, length, sealed, objects, run_offset
SELECT number, flags, length, sealed, objects, run_offset
FROM packs WHERE number > :after ORDER BY number LIMIT :limit

-- name: pack_delete
-- params: :number
DELETE FROM packs WHERE number = :number

-- name: damage_put
-- params: :lost :pack :offset :kind :object_id :path :path_text :commit_id :message
INSERT INTO damage (lost, pack, offset, kind, object_id, path, path_text,
  commit_id, message)
VALUES (:lost, :pack, :offset, :kind, :object_id, :path, :path_text,
  :commit_id, :message)

-- name: damage_count
-- returns: rows
-- scan: counts all rows, and mostly there are none
SELECT count(*) FROM damage

-- name: damage_clear
-- scan: deletes all rows
DELETE FROM damage

-- name: scrub_put
-- params: :pack :start :length :generation :time :deep_time
REPLACE INTO scrub (pack, start, length, generation, time, deep_time)
VALUES (:pack, :start, :length, :generation, :time, :deep_time)

-- name: scrub_page
-- params: :pack :after :limit
-- returns: start, length, generation, time, deep_time
SELECT start, length, generation, time, deep_time
FROM scrub WHERE pack = :pack AND start > :after ORDER BY start LIMIT :limit

-- name: scrub_delete
-- params: :pack :from :to
DELETE FROM scrub WHERE pack = :pack AND start >= :from AND start < :to

-- name: op_stat_put
-- params: :journal_seq :time :verb :files :bytes_read :bytes_stored :duration_ms
REPLACE INTO op_stats (journal_seq, time, verb, files, bytes_read,
  bytes_stored, duration_ms)
VALUES (:journal_seq, :time, :verb, :files, :bytes_read, :bytes_stored,
  :duration_ms)

-- name: op_stats_trim
-- params: :before
DELETE FROM op_stats WHERE journal_seq < :before
