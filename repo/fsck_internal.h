/* SPDX-License-Identifier: MIT
 *
 * Shared by the files of the check and by nothing else.
 */
#ifndef REPO_FSCK_INTERNAL_H
#define REPO_FSCK_INTERNAL_H

#include "objects/check.h"
#include "repo/fsck.h"
#include "repo/internal.h"

/* A whole object: the first half of its id says enough to find it again. */
struct dig_fsck_object {
	uint8_t id[16];
	uint32_t raw_bytes;
	uint8_t kind; /* 0: free */
	bool passed;  /* CONTENT: all below it is whole */
};

struct dig_fsck_objects {
	struct dig_fsck_object *slots;
	size_t cap; /* a power of two */
	size_t len;
};

/* A commit that was looked at; parents come before their children. */
struct dig_fsck_commit {
	struct dig_oid id;
	struct dig_oid tree;
	struct dig_oid parent; /* the first; zero: none */
	struct dig_oid jump;
	uint64_t generation;
	uint64_t depth;
	bool is_read;    /* it could be read */
	bool tree_whole; /* so could its tree */
};

/* A finding, kept for the table `damage`. */
struct dig_fsck_damage {
	bool lost;
	uint32_t pack; /* 0: not known */
	uint64_t offset;
	bool has_offset;
	enum dig_kind kind; /* 0: not known */
	struct dig_oid object;
	bool has_commit;
	struct dig_oid commit;
	char *path; /* NULL: none */
	size_t path_len;
	char *message;
};

struct dig_fsck {
	struct dig_repo *repo;
	const struct dig_fsck_options *options;
	bool repairing; /* what is found now is put right at once */
	struct dig_fsck_totals totals;
	struct dig_fsck_objects objects;
	struct dig_fsck_commit *commits;
	size_t ncommits;
	size_t commits_cap;
	size_t *commit_slots; /* 1 + position in commits; 0: free */
	size_t commit_slots_cap;
	struct dig_tree_known *known;
	struct dig_fsck_damage *damage;
	size_t ndamage;
	size_t damage_cap;
	uint32_t *bad_packs;
	size_t nbad_packs;
	size_t bad_packs_cap;
};

/* Count and hand out. Not while packs are being checked. */
void dig_fsck_found(struct dig_fsck *fsck, const struct dig_finding *finding);
/* A finding about a file of .dig. */
void dig_fsck_damaged(struct dig_fsck *fsck, const char *file, const char *fmt,
    ...) DIG_PRINTF(3, 4);
void dig_fsck_index_differs(struct dig_fsck *fsck, const char *fmt, ...)
    DIG_PRINTF(2, 3);

struct dig_fsck_object *dig_fsck_object(
    struct dig_fsck *fsck, enum dig_kind kind, const struct dig_oid *id);
void dig_fsck_add_object(struct dig_fsck *fsck, enum dig_kind kind,
    const struct dig_oid *id, uint64_t raw_bytes);
/* NULL: not looked at. */
struct dig_fsck_commit *dig_fsck_commit(
    struct dig_fsck *fsck, const struct dig_oid *id);

/* A flaw as a finding, which borrows from both. */
void dig_fsck_place(
    const struct dig_checked *it, struct dig_finding *out, char file[48]);

/* fsck_damage.c: what was found, as rows of the index. */
void dig_fsck_keep(struct dig_fsck *fsck, const struct dig_finding *finding);
enum dig_status dig_fsck_note_damage(
    struct dig_fsck *fsck, struct dig_error *err) DIG_CHECKED;
void dig_fsck_damage_clear(struct dig_fsck *fsck);

/* salvage.c: what bad packs held and parity cannot give back, from elsewhere.
 * Without options->repair it is only counted. */
enum dig_status dig_fsck_salvage(
    struct dig_fsck *fsck, struct dig_error *err) DIG_CHECKED;

/* fsck_trees.c: commits with their trees, refs, HEAD, what is staged. */
enum dig_status dig_fsck_history(
    struct dig_fsck *fsck, struct dig_error *err) DIG_CHECKED;

/* fsck_index.c: rows against packs, journal and trees. */
enum dig_status dig_fsck_index(
    struct dig_fsck *fsck, struct dig_error *err) DIG_CHECKED;

#endif
