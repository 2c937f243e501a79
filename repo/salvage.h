/* SPDX-License-Identifier: MIT
 *
 * What parity cannot give back, from where else it is: copies of packs in
 * quarantine/, rows of the index, working files. For fsck*.c and salvage*.c.
 *
 * Nothing is believed: an object is stored again when its bytes hash to the id
 * of one that is needed and cannot be read. What rows say becomes a tree or a
 * commit only when it has the id that the tree or commit had.
 */
#ifndef REPO_SALVAGE_H
#define REPO_SALVAGE_H

#include "objects/oidmap.h"
#include "repo/fsck_internal.h"

/* After packs were checked, before what refs lead to is. */
struct dig_salvage {
	struct dig_fsck *fsck;
	struct dig_index *index;
	struct dig_reader *reader; /* dry run only */
	bool dry;                  /* count, write nothing */
	bool changed;              /* something was put */
	bool staged_lost;          /* what was staged is beyond help */
	bool staged_head;          /* and is what HEAD has now */
	struct dig_oidmap put;     /* dry run: what would be, with bytes */
	struct dig_oidmap chunks;  /* content id -> id of its one chunk */
	struct dig_oidmap lost;    /* chunks that cannot be read */
	struct dig_oidmap nodes;   /* of a tree that is being made */
	struct dig_oidmap whole;   /* roots of trees that can be read */
	uint64_t pending_bytes;    /* put since the last commit */
	uint64_t from_quarantine;  /* objects */
	uint64_t trees;
	uint64_t commits;
	uint64_t chunks_of_files;
	uint64_t files;
};

/* Neither whole in a pack nor stored again. */
bool dig_salvage_needs(
    struct dig_salvage *salvage, enum dig_kind kind, const struct dig_oid *id);
/* Store it again, if it is needed. */
enum dig_status dig_salvage_put(struct dig_salvage *salvage, enum dig_kind kind,
    const struct dig_oid *id, const void *raw, size_t len, bool bulk,
    struct dig_error *err) DIG_CHECKED;
/* Commit what was put, when it is much. Between files and trees only. */
enum dig_status dig_salvage_step(
    struct dig_salvage *salvage, struct dig_error *err) DIG_CHECKED;
/* Nodes of packs, and those that were put. */
struct dig_node_io dig_salvage_io(struct dig_salvage *salvage);
/* What the tree has where rows say this. Without CHUNK or EMPTY the content
 * may be nodes that are lost, too. */
void dig_salvage_entry(struct dig_salvage *salvage, enum dig_entry_kind kind,
    uint64_t size_bytes, const void *content, size_t len,
    struct dig_entry *out);

/* salvage_history.c: commits and trees, from rows of the index. */
enum dig_status dig_salvage_history(
    struct dig_salvage *salvage, struct dig_error *err) DIG_CHECKED;
/* salvage_files.c: contents, from working files. */
enum dig_status dig_salvage_files(
    struct dig_salvage *salvage, struct dig_error *err) DIG_CHECKED;

#endif
