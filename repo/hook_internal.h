/* SPDX-License-Identifier: MIT
 *
 * What the files of hooks share.
 */
#ifndef REPO_HOOK_INTERNAL_H
#define REPO_HOOK_INTERNAL_H

#include "repo/hook.h"
#include "repo/internal.h"

/* One hook, read once (H2). */
struct dig_hook_file {
	char *name; /* "pre-commit.d/10-size.sql" */
	bool is_query;
	const char *unfit; /* why it cannot run, or NULL */
	struct dig_buf bytes;
	char digest[65];
};

struct dig_hook_files {
	struct dig_hook_file *at;
	size_t count;
	size_t cap;
};

void dig_hook_files_clear(struct dig_hook_files *files);
/* Read the hooks of an event, in the order of running. Errors: FILE, IO. */
enum dig_status dig_hook_files_read(struct dig_repo *repo, enum dig_hook event,
    struct dig_hook_files *out, struct dig_error *err) DIG_CHECKED;

/* What the user's state folder says of a repository (hook_trust.c). */
struct dig_hook_trusted {
	char *name;
	char digest[65];
};

struct dig_hook_trusts {
	struct dig_hook_trusted *at;
	size_t count;
	size_t cap;
};

void dig_hook_trusts_clear(struct dig_hook_trusts *trusts);
/* None where there is no state folder or file.
 * Errors: DENIED (others can write the file), FILE, INVALID (not read). */
enum dig_status dig_hook_trusts_read(struct dig_repo *repo,
    struct dig_hook_trusts *out, struct dig_error *err) DIG_CHECKED;
enum dig_hook_state dig_hook_state_of(
    const struct dig_hook_trusts *trusts, const struct dig_hook_file *file);

/* How a program ended. */
struct dig_hook_end {
	int code;   /* its exit code, -1: none */
	int signal; /* that ended it, 0: none */
	bool late;  /* hook.timeout passed */
};

/* A folder of ours in .dig/tmp, mode 0700. */
struct dig_hook_scratch {
	int tmp_fd; /* .dig/tmp */
	int fd;     /* the folder */
	char *name; /* in .dig/tmp */
	char *path; /* absolute */
};

/*
 * Start a program from a private copy of its bytes and wait for its end
 * (hook_run.c). environment: "NAME=value" words over dig's own, the last NULL.
 * Errors: FILE (cannot be started), IO (the copy), CANCELLED.
 */
enum dig_status dig_hook_start(const struct dig_hook_scratch *scratch,
    const struct dig_hook_file *file, const char *cwd, const char *const *args,
    size_t nargs, const char *const *environment, int64_t timeout_ms,
    struct dig_hook_end *end, struct dig_error *err) DIG_CHECKED;

#endif
