/* SPDX-License-Identifier: MIT
 *
 * How rows of the index come to be, a file for each kind of them; for
 * index_*.c. index_apply.c puts them together: one step between two states.
 */
#ifndef OBJECTS_INDEX_ROWS_H
#define OBJECTS_INDEX_ROWS_H

#include "objects/commit.h"
#include "objects/index_internal.h"

/* ---- For all of them (index_apply.c) ----------------------------------- */

/* Reads nodes; in a transaction also those that were just written. */
struct dig_node_io dig_index_node_io(struct dig_index *index);
void dig_index_tell(struct dig_index *index, const char *what, uint64_t done);
/* Packs do not have it any more. fsck says so; the index serves the rest. That
 * a row cannot be read or written is another matter: the index is made anew. */
bool dig_index_is_lost(enum dig_status st, const struct dig_error *err);
/* Run a statement that takes one number. */
enum dig_status dig_index_run_int(struct dig_index *index, enum dig_sql sql,
    int64_t value, struct dig_error *err) DIG_CHECKED;

/* ---- Objects and packs -------------------------------------------------- */

/* Object rows of everything that packs hold beyond what the rows know. */
enum dig_status dig_index_replay_objects(
    struct dig_index *index, struct dig_error *err) DIG_CHECKED;
/* Pack rows as the state has the packs. */
enum dig_status dig_index_apply_packs(struct dig_index *index,
    const struct dig_state *to, struct dig_error *err) DIG_CHECKED;

/* ---- Staging and changes ------------------------------------------------ */

struct dig_diff_rows {
	struct dig_index *index;
	int64_t seq; /* 0: staging rows, else changes under this number */
	uint64_t counts[3]; /* added, modified, deleted */
	uint64_t done;
};

/* Rows for what differs between two trees. Cost: O(differences). */
enum dig_status dig_index_put_diff(struct dig_index *index,
    const struct dig_oid *a, const struct dig_oid *b,
    struct dig_diff_rows *rows, struct dig_error *err) DIG_CHECKED;

/* ---- Commits ------------------------------------------------------------ */

/* What commits cost: the new one's, and those that journal records name. */
struct dig_known_stats {
	struct dig_oid head;
	const struct dig_op_stats *now; /* of head, which has no record yet */
	struct dig_known_stat {
		struct dig_oid id;
		struct dig_op_stats stats;
	} * list;
	size_t count;
	size_t cap;
	bool loaded;
};

/* The number of a commit's row; tree may be NULL. Errors: NOTFOUND. */
enum dig_status dig_index_commit_seq(struct dig_index *index,
    const struct dig_oid *id, int64_t *seq, struct dig_oid *tree,
    struct dig_error *err) DIG_CHECKED;
/* As dig_commit_decode; the commit is in bytes. */
enum dig_status dig_index_read_commit(struct dig_index *index,
    const struct dig_oid *id, struct dig_buf *bytes, struct dig_commit *out,
    struct dig_error *err) DIG_CHECKED;
enum dig_status dig_index_put_commit_row(struct dig_index *index, int64_t seq,
    const struct dig_oid *id, const struct dig_commit *commit,
    struct dig_error *err) DIG_CHECKED;
enum dig_status dig_index_put_parents(struct dig_index *index, int64_t seq,
    const struct dig_commit *commit, struct dig_error *err) DIG_CHECKED;
enum dig_status dig_index_put_layer(struct dig_index *index, int64_t seq,
    const struct dig_commit *commit, const uint64_t counts[3],
    const struct dig_op_stats *stats, struct dig_error *err) DIG_CHECKED;
/* Rows for a commit and all its ancestors that have none, parents first. */
enum dig_status dig_index_add_commits(struct dig_index *index,
    const struct dig_oid *tip, struct dig_known_stats *known,
    struct dig_error *err) DIG_CHECKED;
/* The commit that a ref names, through tags; false: it names none. */
bool dig_index_ref_commit(
    struct dig_index *index, const struct dig_ref *ref, struct dig_oid *out);

/* ---- Forgetting --------------------------------------------------------- */

/* A ref let go of something: it went away or moved off its line. */
bool dig_index_something_left(struct dig_index *index,
    const struct dig_state *from, const struct dig_state *to);
/* Delete the rows of commits that no ref reaches any more. */
enum dig_status dig_index_forget_unreached(struct dig_index *index,
    const struct dig_state *from, const struct dig_state *to,
    struct dig_error *err) DIG_CHECKED;

#endif
