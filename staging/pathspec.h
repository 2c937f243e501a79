/* SPDX-License-Identifier: MIT
 *
 * Pathspecs: which paths an argument list of a command means.
 *
 *   dir/file        that path, and all below it
 *   '*.c'           * ? [ match as in a shell, and a * crosses '/' too
 *   ':(glob)a/...'  a * stays in its folder, ** as a component crosses
 *   ':(literal)*'   no wildcards
 *   ':(icase)...'   ASCII letters of either case
 *   ':(top)' ':/'   from the root of the work tree, not the current folder
 *   ':(exclude)' ':!' ':^'   all the others but not these
 *
 * The long form takes several words, ':(top,icase)readme*'; the short form
 * several signs and an optional ':' that ends them, ':/!:name'.
 */
#ifndef STAGING_PATHSPEC_H
#define STAGING_PATHSPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "objects/base/error.h"

/* Safe for any number of threads once made. */
struct dig_pathspec;

/*
 * Compile `argc` arguments.
 *
 * prefix    the current folder inside the work tree, no '/' at either end, ""
 *           for the root; wildcards in it mean themselves
 * worktree  the work tree's absolute path, by which an absolute argument is
 *           made relative; NULL: an absolute argument is outside
 * out       caller owns; no argument at all matches everything, and only
 *           exclusions everything but these
 *
 * Errors: INVALID: an empty argument, unknown magic, a path outside the tree.
 */
enum dig_status dig_pathspec_new(const char *const *argv, size_t argc,
    const char *prefix, const char *worktree, struct dig_pathspec **out,
    struct dig_error *err) DIG_CHECKED;
void dig_pathspec_free(struct dig_pathspec *spec); /* NULL is fine */

/*
 * The path (from the root, no final '/') is meant; a NULL spec means all.
 * "dir/" as an argument means a folder only, hence is_dir. Every argument that
 * speaks of the path is marked as matched.
 *
 * Cost: arguments without wildcards by a binary search, the others one by one.
 */
bool dig_pathspec_match(
    struct dig_pathspec *spec, const char *path, size_t len, bool is_dir);

/* Something below the folder may be meant; false only when surely nothing. */
bool dig_pathspec_may_match_below(
    const struct dig_pathspec *spec, const char *dir, size_t len);

/* The deepest path that is or holds everything meant, "" for the root. Its
 * length; *out is borrowed. */
size_t dig_pathspec_common_dir(
    const struct dig_pathspec *spec, const char **out);

/* Arguments as given, in order, with exclusions; an argument that an absence
 * of others has implied is not among them. */
size_t dig_pathspec_count(const struct dig_pathspec *spec);
const char *dig_pathspec_arg(const struct dig_pathspec *spec, size_t i);
bool dig_pathspec_is_exclusion(const struct dig_pathspec *spec, size_t i);
/* Has matched a path so far; always true of an exclusion. */
bool dig_pathspec_has_matched(const struct dig_pathspec *spec, size_t i);
/* The path that argument i stands for when it has no wildcards, else NULL;
 * borrowed. Ends in '/' if the argument did; "" is the root. */
const char *dig_pathspec_literal(const struct dig_pathspec *spec, size_t i);
/* Argument i without magic, from the root, wildcards and all; borrowed.
 * *is_folder: it was written as one, "a/", "." or "a/..", whether or not the
 * path ends in '/'. */
const char *dig_pathspec_path(
    const struct dig_pathspec *spec, size_t i, bool *is_folder);

#endif
