/* SPDX-License-Identifier: MIT
 *
 * Bundles: refs, commits and their objects as one file (objects/bundle.h).
 */
#ifndef REPO_BRIDGE_BUNDLE_H
#define REPO_BRIDGE_BUNDLE_H

#include "repo/bridge/bridge.h"

/* ---- Out -------------------------------------------------------------- */

struct dig_bundle_export {
	const char *const *refs; /* names of refs; none: all, and HEAD */
	size_t nrefs;
	const char *const *without; /* revisions: what these reach stays out */
	size_t nwithout;
	dig_export_fn *write;
	void *arg;
};

struct dig_bundle_exported {
	uint64_t refs;
	uint64_t commits;
	uint64_t objects;
	uint64_t needs; /* commits that the receiver has to have */
};

/*
 * Write a bundle. What is committed when it begins goes in, whatever others
 * write meanwhile; no lock is taken.
 *
 * Errors: NOTFOUND, INVALID (a name that is no ref, a revision), CORRUPT,
 * those of write; CANCELLED.
 * Memory: 22 MiB, and about 250 bytes for each object and commit.
 */
enum dig_status dig_export_bundle(struct dig_repo *repo,
    const struct dig_bundle_export *options, struct dig_bundle_exported *result,
    struct dig_error *err) DIG_CHECKED;

/* ---- In --------------------------------------------------------------- */

enum dig_ref_move {
	DIG_REF_NEW,
	DIG_REF_SAME,
	DIG_REF_FORWARD,
	DIG_REF_FORCED,  /* commits, or a tag, are left behind */
	DIG_REF_REFUSED, /* they would be */
};

/* What becomes, or with dry_run would become, of a ref. */
typedef void dig_ref_move_fn(void *arg, const char *name,
    const struct dig_oid *id, enum dig_ref_move move);

struct dig_bundle_import {
	int fd;
	bool dry_run;          /* check everything, then forget it */
	bool force;            /* move refs also off their line */
	dig_ref_move_fn *tell; /* may be NULL */
	void *arg;
};

struct dig_bundle_imported {
	uint64_t commits; /* new ones */
	uint64_t objects; /* in the bundle */
	uint64_t refs;    /* that moved */
	uint64_t healed;  /* cells of the bundle that its parity put right */
	bool head_moved;  /* HEAD's commit is another one */
};

/*
 * Take in a bundle. Every object, commit and tree of it is checked before one
 * record moves the refs; until then nothing is changed but that objects are
 * stored that no name leads to, and with dry_run not even these are kept. An
 * empty repository gets HEAD and the staging, too.
 *
 * Errors: INVALID (no bundle); CORRUPT (damaged beyond its parity, or not what
 * it says); NOTFOUND (commits that it needs are not here); NOTFF (refs would
 * leave commits behind; none has moved); EXISTS (a ref's name is in the way of
 * another); FILE, LOCKED, CANCELLED; those of the index.
 * Memory: about 150 bytes for each object, and the group of the bundle.
 */
enum dig_status dig_import_bundle(struct dig_repo *repo,
    const struct dig_bundle_import *options, struct dig_bundle_imported *result,
    struct dig_error *err) DIG_CHECKED;

#endif
