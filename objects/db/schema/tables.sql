-- SPDX-License-Identifier: MIT
--
-- The base tables of .dig/index.db, schema 1.2. "derived" can be made anew
-- from packs and journal, "cache" holds measurements; nothing else is allowed
-- here. Ids are 32 bytes of SHA-256; paths and ref names are exact bytes, and
-- a column *_text beside them holds their C-quoted form only where the bytes
-- are not valid UTF-8. The text between CREATE and ; stands in the file byte
-- for byte and is compared at every open. Tables that grow by batches have no
-- CHECK with IN: SQLite would build a little table for each row.

CREATE TABLE position (
  -- derived: the last journal record that this index has applied; one row
  one INTEGER PRIMARY KEY CHECK (one = 1), -- always 1
  journal_seq INTEGER NOT NULL,     -- sequence number of that record
  journal_offset INTEGER NOT NULL,  -- byte offset of its end in the journal
  journal_hash BLOB NOT NULL CHECK (length(journal_hash) = 32), -- its hash
  journal_record BLOB NOT NULL,     -- its bytes
  store_id BLOB NOT NULL CHECK (length(store_id) = 32), -- core.storeId
  staged_root BLOB NOT NULL CHECK (length(staged_root) = 32), -- path tree root
  head_ref BLOB,                    -- ref that HEAD names; NULL: detached
  head_id BLOB CHECK (length(head_id) = 32), -- HEAD's commit; NULL: none yet
  op_state BLOB,                    -- operation in progress, as the journal has it
  next_seq INTEGER NOT NULL CHECK (next_seq > 0) -- seq of the coming commit
) STRICT;

CREATE TABLE staging (
  -- derived, but the st_ columns: cache. The staged tree, one row a path
  path BLOB NOT NULL PRIMARY KEY,   -- exact bytes
  path_text TEXT,                   -- C-quoted, where path is not UTF-8
  kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 4), -- 1 regular, 2 executable, 3 symlink, 4 link
  size INTEGER NOT NULL CHECK (size >= 0), -- bytes of content
  content_id BLOB NOT NULL CHECK (length(content_id) <= 32), -- content root; link: commit id
  st_size INTEGER,                  -- cache: bytes by stat; NULL: not trusted
  mtime_ns INTEGER,                 -- cache: nanoseconds since 1970
  ctime_ns INTEGER,                 -- cache: nanoseconds since 1970
  ino INTEGER,                      -- cache: inode number
  dev INTEGER,                      -- cache: device number
  st_mode INTEGER                   -- cache: permission bits
) STRICT, WITHOUT ROWID;

CREATE TABLE conflicts (
  -- derived: paths that an operation in progress could not merge
  path BLOB NOT NULL PRIMARY KEY,   -- exact bytes
  path_text TEXT,                   -- C-quoted, where path is not UTF-8
  base_kind INTEGER CHECK (base_kind BETWEEN 1 AND 4), -- as staging.kind; NULL: not there
  base_id BLOB CHECK (length(base_id) <= 32), -- content id; NULL: not there
  ours_kind INTEGER CHECK (ours_kind BETWEEN 1 AND 4), -- in HEAD; NULL: not there
  ours_id BLOB CHECK (length(ours_id) <= 32), -- content id; NULL: not there
  theirs_kind INTEGER CHECK (theirs_kind BETWEEN 1 AND 4), -- in what is merged; NULL: not there
  theirs_id BLOB CHECK (length(theirs_id) <= 32) -- content id; NULL: not there
) STRICT, WITHOUT ROWID;

CREATE TABLE commits (
  -- derived: commits that a ref reaches
  seq INTEGER PRIMARY KEY,          -- order of arrival here, from 1
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 32), -- commit id
  tree_root BLOB NOT NULL CHECK (length(tree_root) = 32), -- path tree root
  author_name TEXT NOT NULL,        -- C-quoted where not UTF-8
  author_email TEXT NOT NULL,       -- C-quoted where not UTF-8
  author_time INTEGER NOT NULL,     -- seconds since 1970
  author_zone INTEGER NOT NULL,     -- minutes east of UTC
  committer_name TEXT NOT NULL,     -- C-quoted where not UTF-8
  committer_email TEXT NOT NULL,    -- C-quoted where not UTF-8
  committer_time INTEGER NOT NULL,  -- seconds since 1970
  committer_zone INTEGER NOT NULL,  -- minutes east of UTC
  subject TEXT NOT NULL,            -- first paragraph on one line
  message TEXT NOT NULL,            -- all of it; C-quoted where not UTF-8
  files INTEGER NOT NULL CHECK (files >= 0), -- files in the tree
  bytes INTEGER NOT NULL CHECK (bytes >= 0), -- bytes of those files
  generation INTEGER NOT NULL CHECK (generation >= 0), -- longest way to a root, steps
  depth INTEGER NOT NULL CHECK (depth >= 0), -- first parents down to a root, steps
  jump_id BLOB CHECK (length(jump_id) = 32) -- a first-parent ancestor; NULL: none
) STRICT;

CREATE TABLE git_map (
  -- derived: commits that came from git, by the header that names them there
  seq INTEGER PRIMARY KEY,          -- commits.seq
  git_id BLOB NOT NULL CHECK (length(git_id) = 20 OR length(git_id) = 32) -- id of the commit in git
) STRICT;

CREATE INDEX git_map_by_id ON git_map (git_id);

CREATE TABLE parents (
  -- derived: parents of commits
  seq INTEGER NOT NULL,             -- commits.seq
  position INTEGER NOT NULL CHECK (position >= 0), -- 0 is the first parent
  parent_id BLOB NOT NULL CHECK (length(parent_id) = 32), -- commit id
  PRIMARY KEY (seq, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE layers (
  -- derived: what one commit adds against its first parent
  seq INTEGER PRIMARY KEY,          -- commits.seq
  parent_id BLOB CHECK (length(parent_id) = 32), -- first parent; NULL: none
  added INTEGER NOT NULL,           -- files
  modified INTEGER NOT NULL,        -- files, a change of type among them
  deleted INTEGER NOT NULL,         -- files
  new_chunks INTEGER NOT NULL,      -- chunks stored for the first time
  raw_bytes INTEGER NOT NULL,       -- bytes of those chunks
  stored_bytes INTEGER NOT NULL     -- bytes of their records
) STRICT;

CREATE TABLE changes (
  -- derived: paths that differ from the first parent. Rows whose seq is
  -- position.next_seq are pending: staged, and not yet a commit's
  seq INTEGER NOT NULL,             -- commits.seq
  path BLOB NOT NULL,               -- exact bytes
  path_text TEXT,                   -- C-quoted, where path is not UTF-8
  change TEXT NOT NULL CHECK (change = 'A' OR change = 'M' OR change = 'D' OR change = 'T'), -- added, modified, deleted, type changed
  old_path BLOB,                    -- of an A: the deleted path it was renamed from
  old_path_text TEXT,               -- C-quoted, where old_path is not UTF-8
  old_kind INTEGER CHECK (old_kind BETWEEN 1 AND 4), -- as staging.kind; NULL: not there
  new_kind INTEGER CHECK (new_kind BETWEEN 1 AND 4), -- as staging.kind; NULL: not there
  old_id BLOB CHECK (length(old_id) <= 32), -- content id; NULL: not there
  new_id BLOB CHECK (length(new_id) <= 32), -- content id; NULL: not there
  old_size INTEGER,                 -- bytes
  new_size INTEGER,                 -- bytes
  PRIMARY KEY (seq, path),
  CHECK ((change = 'A') = (old_id IS NULL)),
  CHECK ((change = 'D') = (new_id IS NULL)),
  CHECK ((old_id IS NULL) = (old_kind IS NULL)),
  CHECK ((new_id IS NULL) = (new_kind IS NULL)),
  CHECK (old_path IS NULL OR change = 'A')
) STRICT, WITHOUT ROWID;

CREATE INDEX changes_by_path ON changes (path, seq);

CREATE TABLE refs (
  -- derived: branches, tags and other names
  name BLOB NOT NULL PRIMARY KEY,   -- exact bytes, as the journal has it
  name_text TEXT,                   -- C-quoted, where name is not UTF-8
  kind TEXT NOT NULL CHECK (kind IN ('branch', 'tag', 'remote', 'other')), -- what it is
  id BLOB NOT NULL CHECK (length(id) = 32), -- commit, or tag object
  commit_id BLOB CHECK (length(commit_id) = 32) -- what a tag object names; NULL: id
) STRICT, WITHOUT ROWID;

CREATE TABLE objects (
  -- derived: every object in every pack, in the order of writing; only
  -- appended to, with no index on the id, which is looked up in the packs
  row INTEGER PRIMARY KEY,          -- order of writing
  pack INTEGER NOT NULL,            -- packs.number
  offset INTEGER NOT NULL CHECK (offset >= 0), -- byte offset of the record
  slot INTEGER NOT NULL,            -- position inside a solid record, else 0
  kind INTEGER NOT NULL,            -- number of the kind, as in a record
  codec INTEGER NOT NULL,           -- number of the codec, as in a record
  raw_bytes INTEGER NOT NULL CHECK (raw_bytes >= 0), -- bytes of the object
  stored_bytes INTEGER NOT NULL CHECK (stored_bytes >= 0), -- bytes of its record
  id BLOB NOT NULL CHECK (length(id) = 32), -- object id
  base_id BLOB CHECK (length(base_id) = 32) -- object it is a delta of; NULL: none
) STRICT;

CREATE TABLE packs (
  -- derived: pack files
  number INTEGER PRIMARY KEY CHECK (number > 0), -- name of the file, never used again
  flags INTEGER NOT NULL,           -- bit 0: bulk, large data only
  length INTEGER NOT NULL CHECK (length >= 0), -- committed bytes
  sealed INTEGER NOT NULL CHECK (sealed IN (0, 1)), -- 1: closed by a trailer
  objects INTEGER NOT NULL CHECK (objects >= 0), -- objects in it
  run_offset INTEGER NOT NULL       -- byte offset of the last run record; 0: none
) STRICT;

CREATE TABLE damage (
  -- cache: what the last full fsck found damaged in packs, and lost by it
  row INTEGER PRIMARY KEY,          -- order of finding
  lost INTEGER NOT NULL CHECK (lost IN (0, 1)), -- 1: lost, 0: a damaged record
  pack INTEGER,                     -- packs.number; NULL: not known
  offset INTEGER,                   -- byte offset of the record; NULL: not known
  kind INTEGER,                     -- number of the kind of the object; NULL: not known
  object_id BLOB CHECK (length(object_id) = 32), -- object id; NULL: not known
  path BLOB,                        -- exact bytes; NULL: no one path
  path_text TEXT,                   -- C-quoted, where path is not UTF-8
  commit_id BLOB CHECK (length(commit_id) = 32), -- where it is lost; NULL: in what is staged
  message TEXT NOT NULL             -- what fsck said
) STRICT;

CREATE TABLE scrub (
  -- cache: when ranges of packs were last read and found right
  pack INTEGER NOT NULL,            -- packs.number
  start INTEGER NOT NULL CHECK (start >= 0), -- byte offset of its first record
  length INTEGER NOT NULL CHECK (length > 0), -- bytes
  generation INTEGER NOT NULL,      -- how often it was verified
  time INTEGER NOT NULL,            -- of the last time, seconds since 1970
  deep_time INTEGER,                -- of the last time by content; NULL: never
  PRIMARY KEY (pack, start)
) STRICT, WITHOUT ROWID;

CREATE TABLE op_stats (
  -- cache: what commands cost
  journal_seq INTEGER PRIMARY KEY,  -- journal record of the operation
  time INTEGER NOT NULL,            -- seconds since 1970
  verb TEXT NOT NULL,               -- command
  files INTEGER NOT NULL,           -- files handled
  bytes_read INTEGER NOT NULL,      -- bytes read of working files
  bytes_stored INTEGER NOT NULL,    -- bytes added to packs
  duration_ms INTEGER NOT NULL      -- milliseconds
) STRICT;
