/* SPDX-License-Identifier: MIT
 *
 * The inside of taking in a bundle: what its files share.
 */
#ifndef REPO_BRIDGE_IMPORT_BUNDLE_H
#define REPO_BRIDGE_IMPORT_BUNDLE_H

#include "objects/bundle.h"
#include "repo/bridge/bundle.h"
#include "repo/internal.h"

struct dig_bundle_job {
	struct dig_repo *repo;
	const struct dig_bundle_import *options;
	struct dig_bundle_imported *result;
	struct dig_bundle *bundle;
	const struct dig_bundle_table *table;
	struct dig_writer *writer;
	struct dig_node_io io;
	struct dig_oidmap seen;  /* objects of the bundle; import_bundle.c */
	struct dig_oidmap bases; /* trees of commits that were here before */
	struct dig_tree_known *known;
	uint64_t ncommits; /* in the bundle so far */
	uint64_t uncommitted;
	uint64_t op;
	struct dig_buf raw;
};

/* The commit is one of those that the bundle needs. */
bool dig_bundle_is_needed(
    const struct dig_bundle_table *table, const struct dig_oid *id);
/* The object came with the bundle, or is a commit that it needs. */
bool dig_bundle_has(
    struct dig_bundle_job *job, enum dig_kind kind, const struct dig_oid *id);

/* ---- import_bundle_refs.c --------------------------------------------- */

/* What the bundle needs is reachable here. Errors: NOTFOUND. */
enum dig_status dig_bundle_check_needs(
    struct dig_bundle_job *job, struct dig_error *err) DIG_CHECKED;
/* All is checked: move refs, and HEAD of an empty repository, and commit. */
enum dig_status dig_bundle_publish(
    struct dig_bundle_job *job, struct dig_error *err) DIG_CHECKED;

#endif
