/* SPDX-License-Identifier: MIT
 *
 * The stash: changes that are put aside and brought back.
 *
 * An entry is a commit as git makes it: its tree has the files of the work
 * tree; its parents are HEAD's commit, a commit of what was staged, and with
 * untracked files a commit of these. Each is kept by a ref,
 * refs/stash/0000000001 and on; the highest is the newest, stash@{0}. So the
 * list is in the journal, and what keeps refs alive keeps stashes
 * (docs/adr/0017-stash-refs.md).
 *
 * Push and apply are transitions (transition.h): killed, the same command
 * finishes them, and undo takes them back. A push is recorded before the first
 * file changes.
 */
#ifndef REPO_STASH_H
#define REPO_STASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/buf.h"
#include "objects/base/error.h"
#include "objects/oid.h"

struct dig_repo;

/* ---- The list --------------------------------------------------------- */

struct dig_stash {
	struct dig_oid id;
	char *words; /* "WIP on main: 1234 subject", one line, owned */
};

/* The newest first: stash@{0}, ... */
struct dig_stashes {
	struct dig_stash *at;
	size_t count;
	size_t cap;
};

void dig_stashes_clear(struct dig_stashes *list);
/* An entry that is damaged is listed so. out: replaced. Errors: IO. */
enum dig_status dig_stash_list(struct dig_repo *repo, struct dig_stashes *out,
    struct dig_error *err) DIG_CHECKED;
size_t dig_stash_count(const struct dig_repo *repo);

/* An entry, or a commit that looks like one. */
struct dig_stash_entry {
	char *name; /* "refs/stash@{0}", or as given; owned */
	char *ref;  /* that keeps it; NULL: a commit of no entry; owned */
	struct dig_oid id;
	struct dig_oid base; /* the commit that it was made on */
	struct dig_oid base_tree;
	struct dig_oid staged; /* tree of what was staged */
	struct dig_oid work;   /* tree of the files */
	bool has_others;
	struct dig_oid others; /* tree of the untracked files */
};

void dig_stash_entry_clear(struct dig_stash_entry *entry);
/*
 * What a word means: "stash@{2}", "2", any revision, or NULL, the newest.
 * Errors: NO (there is none at all); NOTFOUND, AMBIGUOUS; INVALID (no commit
 * that looks like a stash); CORRUPT, IO.
 */
enum dig_status dig_stash_find(struct dig_repo *repo, const char *word,
    struct dig_stash_entry *out, struct dig_error *err) DIG_CHECKED;

/* ---- Changing it ------------------------------------------------------ */

struct dig_stash_push_options {
	const char *message;      /* NULL: "WIP on ..." */
	bool untracked;           /* untracked files, too */
	bool ignored;             /* and those that are ignored */
	bool keep_index;          /* what is staged stays, in the files, too */
	const char *const *paths; /* pathspecs; none: everything */
	size_t npaths;
};

struct dig_stash_push_result {
	bool nothing; /* there were no changes */
	char *words;  /* of the entry; caller frees */
	uint64_t written;
	uint64_t removed;
};

/*
 * Put changes aside: what is staged and what the files have become go into a
 * new entry, and both become what HEAD has.
 *
 * Errors: NO (no commit yet); NOTFOUND (a pathspec that means nothing);
 * CONFLICT (an operation, or another switch, is in progress; files in the way,
 * each warned of; something changed meanwhile: nothing was changed); FILE (one
 * cannot be read: nothing was changed; or written: run it again), CANCELLED;
 * LOCKED; those of the store.
 * Cost: that of add for what differs; large files the same way.
 */
enum dig_status dig_stash_push(struct dig_repo *repo,
    const struct dig_stash_push_options *options,
    struct dig_stash_push_result *result, struct dig_error *err) DIG_CHECKED;

struct dig_stash_apply_options {
	const char *word; /* as dig_stash_find takes it */
	bool index;       /* stage again what was staged */
	bool pop;         /* drop it when there is no conflict */
};

struct dig_stash_apply_result {
	struct dig_buf told; /* lines about paths, in their order */
	bool conflicts;      /* and the entry is kept */
	bool dropped;
	char *name; /* of the entry, as dig_stash_entry has it */
	struct dig_oid id;
};

void dig_stash_apply_result_clear(struct dig_stash_apply_result *result);

/*
 * Bring an entry back: a three-way merge into what is staged, from the commit
 * it was made on. New files stay staged; of others the files alone change,
 * but for `index` and where there are conflicts. Edits of other files stay.
 *
 * Errors: NO, NOTFOUND, INVALID (the word; for pop also: no entry of the
 * list); CONFLICT (paths that are not merged already; with `index`: what was
 * staged does not fit; files in the way, each warned of: nothing was changed);
 * FILE, CANCELLED (partly done; run it again); LOCKED; those of the store. That
 * there are conflicts is no error here.
 */
enum dig_status dig_stash_apply(struct dig_repo *repo,
    const struct dig_stash_apply_options *options,
    struct dig_stash_apply_result *result, struct dig_error *err) DIG_CHECKED;

/* Take an entry out; *entry: its name, ref and id, for
 * dig_stash_entry_clear. A damaged one can be taken out. Errors: NO,
 * NOTFOUND, INVALID (no entry of the list), LOCKED, those of the index. */
enum dig_status dig_stash_drop(struct dig_repo *repo, const char *word,
    struct dig_stash_entry *entry, struct dig_error *err) DIG_CHECKED;
/* Take all out. */
enum dig_status dig_stash_clear(
    struct dig_repo *repo, struct dig_error *err) DIG_CHECKED;

/* ---- Inside of repo/ -------------------------------------------------- */

#define DIG_STASH_REFS "refs/stash/"
#define DIG_STASH_PUSH "stash push: "

struct dig_ref;
struct dig_state;

/* The ref of stash@{n}; NULL: there is none. Borrowed. */
const struct dig_ref *dig_stash_ref(const struct dig_state *state, size_t n);
/* "stash", and all that git calls refs/stash by. */
bool dig_stash_is_name(const char *name);
/* The name that the next entry's ref has; false: there is no number left. */
bool dig_stash_next_ref(const struct dig_state *state, char out[32]);

#endif
