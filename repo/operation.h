/* SPDX-License-Identifier: MIT
 *
 * The operation in progress: what a merge, or commits that are copied, have to
 * remember when they stop (objects/op_state.h), read from and written into the
 * journal's state.
 */
#ifndef REPO_OPERATION_H
#define REPO_OPERATION_H

#include "objects/op_state.h"

struct dig_repo;

/*
 * What is in progress; kind is NONE when nothing is. *out: dig_op_clear.
 * Errors: CORRUPT; CONFLICT for one that this dig does not know; IO.
 */
enum dig_status dig_operation(struct dig_repo *repo, struct dig_op *out,
    struct dig_error *err) DIG_CHECKED;

/* "merge", "cherry-pick", "revert", "rebase" */
const char *dig_op_verb(enum dig_op_kind kind);

/* Errors: NO where none of this kind is in progress. */
enum dig_status dig_op_need(const struct dig_op *op, enum dig_op_kind kind,
    struct dig_error *err) DIG_CHECKED;

/* Errors: CONFLICT when there are paths that are not merged. what: "commit". */
enum dig_status dig_op_unmerged(const struct dig_op *op, const char *what,
    struct dig_error *err) DIG_CHECKED;

/* ---- Inside of repo/ -------------------------------------------------- */

struct dig_pathspec;

/* The state that an id names; zero gives nothing in progress. */
enum dig_status dig_op_read(struct dig_repo *repo, const struct dig_oid *id,
    struct dig_op *out, struct dig_error *err) DIG_CHECKED;

/* In a transaction: what is in progress, and what shall be. */
enum dig_status dig_op_next(struct dig_repo *repo, struct dig_op *out,
    struct dig_error *err) DIG_CHECKED;
enum dig_status dig_op_put(struct dig_repo *repo, const struct dig_op *op,
    struct dig_error *err) DIG_CHECKED;

/*
 * What was staged for it is committed, or is given up: a merge is over, and so
 * is the copy of the commit that comes first. Where there are more, or a branch
 * has to be moved yet, the operation goes on. kind is NONE when it is over.
 */
void dig_op_conclude(struct dig_op *op);
/* In a transaction: the same; a switch that is announced stays so. */
enum dig_status dig_op_end(
    struct dig_repo *repo, struct dig_error *err) DIG_CHECKED;

/* In a transaction: CONFLICT, with what to type, while one is in progress.
 * what: "switch branches". */
enum dig_status dig_op_refuse(
    struct dig_repo *repo, const char *what, struct dig_error *err) DIG_CHECKED;

/*
 * In a transaction: conflicts at paths that the pathspec means (NULL: all) are
 * resolved. *any: there were some.
 */
enum dig_status dig_op_resolve(struct dig_repo *repo, struct dig_pathspec *spec,
    bool *any, struct dig_error *err) DIG_CHECKED;

#endif
