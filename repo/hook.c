/* SPDX-License-Identifier: MIT
 *
 * Which hooks an event has, whether they may run, and running them in order.
 */
#include "repo/hook.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "objects/db/query.h"
#include "repo/hook_internal.h"

#define HOOKS "hooks"
#define BYTES_MAX ((size_t)64 << 20) /* of one program */
#define HOOKS_MAX 1000               /* of one event */
#define ROWS_MAX 50                  /* of a query, that are shown */
#define ROW_MAX 512                  /* bytes that are shown of a row */
#define SCRATCH "hook."

static const struct {
	const char *name;
	bool before; /* it can refuse */
	bool staged; /* it is about what is staged */
	bool queries;
} events[DIG_HOOK_COUNT] = {
	[DIG_HOOK_PRE_COMMIT] = { "pre-commit", true, true, true },
	[DIG_HOOK_PREPARE_COMMIT_MSG] = { "prepare-commit-msg", true, true,
	    false },
	[DIG_HOOK_COMMIT_MSG] = { "commit-msg", true, true, false },
	[DIG_HOOK_POST_COMMIT] = { "post-commit", false, false, false },
	[DIG_HOOK_PRE_MERGE_COMMIT] = { "pre-merge-commit", true, true, true },
	[DIG_HOOK_POST_MERGE] = { "post-merge", false, false, false },
	[DIG_HOOK_POST_CHECKOUT] = { "post-checkout", false, false, false },
};

const char *
dig_hook_event_name(enum dig_hook event)
{
	return events[event].name;
}

/* ---- Reading them ----------------------------------------------------- */

void
dig_hook_files_clear(struct dig_hook_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free(files->at[i].name);
		dig_buf_clear(&files->at[i].bytes);
	}
	free(files->at);
	memset(files, 0, sizeof(*files));
}

static bool
is_fit_name(const char *name)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return name[strspn(name, letters)] == '\0';
}

static bool
ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	return len > n && strcmp(name + len - n, end) == 0;
}

static const char *
why_unfit(const struct dig_hook_file *file, bool queries,
    const struct dig_stat *sb, const char *base)
{
	if (sb->type != DIG_FT_REGULAR)
		return "is no regular file";
	if (!is_fit_name(base))
		return "has a name with other than letters, digits, '.', '_' "
		       "and '-'";
	if (file->is_query)
		return queries ? NULL : "is a query, which this event has not";
	if (sb->size_bytes > BYTES_MAX)
		return "is too large";
	return (sb->mode & 0111) == 0 ? "is not executable" : NULL;
}

/* From one descriptor: what is digested is what was read (H2). */
static enum dig_status
read_bytes(int fd, const struct dig_stat *sb, struct dig_hook_file *file,
    struct dig_error *err)
{
	size_t size = (size_t)sb->size_bytes;
	struct dig_oid id;
	int64_t got;

	dig_buf_reserve(&file->bytes, size + 1);
	got = dig_read_full(fd, file->bytes.data, size + 1);
	if (got < 0 || (uint64_t)got != size)
		return dig_raise_os(err, DIG_EFILE, got < 0 ? (int)-got : 0,
		    "reading hook '%s'", file->name);
	file->bytes.len = size;
	dig_sha256(file->bytes.data, size, id.bytes);
	dig_oid_hex(&id, file->digest);
	return DIG_OK;
}

/* A hook in the folder `dirfd`; nothing where there is none. */
static enum dig_status
add_file(int dirfd, const char *base, const char *folder, enum dig_hook event,
    struct dig_hook_files *files, struct dig_error *err)
{
	struct dig_hook_file *file;
	struct dig_buf name = DIG_BUF_INIT;
	struct dig_stat sb;
	enum dig_status st = DIG_OK;
	int fd, rc = dig_stat_at(dirfd, base, &sb);

	if (rc == ENOENT)
		return DIG_OK;
	dig_buf_printf(&name, "%s%s", folder, base);
	DIG_GROW(files->at, files->cap, files->count + 1);
	file = &files->at[files->count++];
	memset(file, 0, sizeof(*file));
	file->name = dig_buf_detach(&name);
	file->is_query = folder[0] != '\0' && ends_with(base, ".sql");
	if (rc == 0)
		file->unfit = why_unfit(file, events[event].queries, &sb, base);
	if (rc != 0 || file->unfit != NULL)
		return rc == 0 ? DIG_OK
			       : dig_raise_os(err, DIG_EFILE, rc,
				     "reading hook '%s'", file->name);
	fd = dig_open_at(dirfd, base, DIG_OPEN_READ);
	if (fd < 0 || (rc = dig_stat_fd(fd, &sb)) != 0)
		st = dig_raise_os(err, DIG_EFILE, fd < 0 ? -fd : rc,
		    "reading hook '%s'", file->name);
	else
		file->unfit = why_unfit(file, events[event].queries, &sb, base);
	if (st == DIG_OK && file->unfit == NULL)
		st = read_bytes(fd, &sb, file, err);
	if (fd >= 0)
		dig_close(fd);
	return st;
}

struct names {
	char **at;
	size_t count;
	size_t cap;
};

static bool
take_name(void *arg, const char *name, enum dig_ftype type, bool told)
{
	struct names *names = arg;

	(void)type;
	(void)told;
	if (name[0] == '.' || ends_with(name, "~") ||
	    ends_with(name, ".sample"))
		return true;
	DIG_GROW(names->at, names->cap, names->count + 1);
	names->at[names->count++] = dig_strdup(name);
	return names->count <= HOOKS_MAX;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum dig_status
add_folder(int hooks_fd, enum dig_hook event, struct dig_hook_files *files,
    struct dig_error *err)
{
	struct dig_buf folder = DIG_BUF_INIT;
	struct names names = { NULL, 0, 0 };
	enum dig_status st = DIG_OK;
	int fd, rc = 0;

	dig_buf_printf(&folder, "%s.d", events[event].name);
	fd = dig_open_at(
	    hooks_fd, (const char *)folder.data, DIG_OPEN_DIRECTORY);
	if (fd >= 0)
		rc = dig_list_dir(fd, take_name, &names);
	else if (fd != -ENOENT)
		rc = -fd;
	if (rc != 0)
		st = dig_raise_os(err, DIG_EFILE, rc, "reading hooks in '%s'",
		    (const char *)folder.data);
	else if (names.count > HOOKS_MAX)
		st = dig_raise(err, DIG_EFILE, "more than %d hooks in '%s'",
		    HOOKS_MAX, (const char *)folder.data);
	dig_buf_putc(&folder, '/');
	if (names.count > 0)
		qsort(names.at, names.count, sizeof(*names.at), compare_names);
	for (size_t i = 0; i < names.count; i++) {
		if (st == DIG_OK)
			st = add_file(fd, names.at[i],
			    (const char *)folder.data, event, files, err);
		free(names.at[i]);
	}
	free(names.at);
	if (fd >= 0)
		dig_close(fd);
	dig_buf_clear(&folder);
	return st;
}

enum dig_status
dig_hook_files_read(struct dig_repo *repo, enum dig_hook event,
    struct dig_hook_files *out, struct dig_error *err)
{
	int fd = dig_open_at(repo->dirfd, HOOKS, DIG_OPEN_DIRECTORY);
	enum dig_status st;

	if (fd == -ENOENT)
		return DIG_OK;
	if (fd < 0)
		return dig_raise_os(err, DIG_EFILE, -fd, "opening .dig/hooks");
	st = add_file(fd, events[event].name, "", event, out, err);
	if (st == DIG_OK)
		st = add_folder(fd, event, out, err);
	dig_close(fd);
	return st;
}

/* ---- The list --------------------------------------------------------- */

void
dig_hook_list_clear(struct dig_hook_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->at[i].name);
	free(list->at);
	memset(list, 0, sizeof(*list));
}

static void
list_file(struct dig_hook_list *list, const struct dig_hook_trusts *trusts,
    struct dig_hook_file *file)
{
	struct dig_hook_item *item;

	DIG_GROW(list->at, list->cap, list->count + 1);
	item = &list->at[list->count++];
	memset(item, 0, sizeof(*item));
	item->state = dig_hook_state_of(trusts, file);
	item->is_query = file->is_query;
	memcpy(item->digest, file->digest, sizeof(item->digest));
	item->name = file->name;
	file->name = NULL;
}

enum dig_status
dig_hook_list(
    struct dig_repo *repo, struct dig_hook_list *out, struct dig_error *err)
{
	struct dig_hook_trusts trusts = { NULL, 0, 0 };
	enum dig_status st;

	dig_hook_list_clear(out);
	st = dig_hook_trusts_read(repo, &trusts, err);
	for (int event = 0; event < DIG_HOOK_COUNT && st == DIG_OK; event++) {
		struct dig_hook_files files = { NULL, 0, 0 };

		st = dig_hook_files_read(
		    repo, (enum dig_hook)event, &files, err);
		for (size_t i = 0; i < files.count && st == DIG_OK; i++)
			list_file(out, &trusts, &files.at[i]);
		dig_hook_files_clear(&files);
	}
	dig_hook_trusts_clear(&trusts);
	return st;
}

/* ---- May they run? ---------------------------------------------------- */

static enum dig_status
refuse_untrusted(const struct dig_hook_files *files,
    const struct dig_hook_trusts *trusts, struct dig_error *err)
{
	struct dig_buf names = DIG_BUF_INIT;
	const struct dig_hook_file *first = NULL;
	enum dig_hook_state state = DIG_HOOK_TRUSTED;

	for (size_t i = 0; i < files->count; i++) {
		const struct dig_hook_file *file = &files->at[i];
		enum dig_hook_state is = dig_hook_state_of(trusts, file);

		if (is != DIG_HOOK_NEW && is != DIG_HOOK_CHANGED)
			continue;
		if (first == NULL) {
			first = file;
			state = is;
		}
		dig_buf_printf(&names, " %s", file->name);
	}
	if (first == NULL)
		return DIG_OK;
	dig_ignore(dig_raise(err, DIG_EDENIED,
	    state == DIG_HOOK_CHANGED
		? "hook '%.200s' has changed since it was trusted"
		: "hook '%.200s' is not trusted",
	    first->name));
	dig_hint(err, "read it, then 'dig hook trust%.200s'",
	    (const char *)names.data);
	dig_buf_clear(&names);
	return DIG_EDENIED;
}

/* All of them, ready to run: what cannot or may not is left out with a
 * warning, or, where it could refuse, ends it. */
static enum dig_status
load(struct dig_repo *repo, enum dig_hook event, struct dig_hook_files *files,
    struct dig_error *err)
{
	struct dig_hook_trusts trusts = { NULL, 0, 0 };
	enum dig_status st;
	size_t kept = 0;

	st = dig_hook_files_read(repo, event, files, err);
	if (st != DIG_OK || files->count == 0)
		return st;
	st = dig_hook_trusts_read(repo, &trusts, err);
	if (st == DIG_OK && events[event].before)
		st = refuse_untrusted(files, &trusts, err);
	for (size_t i = 0; i < files->count && st == DIG_OK; i++) {
		struct dig_hook_file *file = &files->at[i];
		enum dig_hook_state state = dig_hook_state_of(&trusts, file);

		if (state == DIG_HOOK_TRUSTED) {
			struct dig_hook_file one = files->at[kept];

			files->at[kept++] = *file;
			*file = one;
		} else if (state == DIG_HOOK_UNFIT) {
			dig_repo_warn(repo, "hook '%s' %s and was not run",
			    file->name, file->unfit);
		} else {
			dig_repo_warn(repo,
			    "hook '%s' is not trusted and was not run: 'dig "
			    "hook trust %s'",
			    file->name, file->name);
		}
	}
	for (size_t i = kept; i < files->count && st == DIG_OK; i++) {
		free(files->at[i].name);
		dig_buf_clear(&files->at[i].bytes);
	}
	if (st == DIG_OK)
		files->count = kept;
	dig_hook_trusts_clear(&trusts);
	return st;
}

enum dig_status
dig_hook_check(struct dig_repo *repo, enum dig_hook event, bool *any,
    struct dig_error *err)
{
	struct dig_hook_trusts trusts = { NULL, 0, 0 };
	struct dig_hook_files files = { NULL, 0, 0 };
	enum dig_status st = dig_hook_files_read(repo, event, &files, err);

	if (any != NULL)
		*any = files.count > 0;
	if (st == DIG_OK && files.count > 0 && events[event].before)
		st = dig_hook_trusts_read(repo, &trusts, err);
	if (st == DIG_OK && events[event].before)
		st = refuse_untrusted(&files, &trusts, err);
	dig_hook_trusts_clear(&trusts);
	dig_hook_files_clear(&files);
	return st;
}

/* ---- Running ---------------------------------------------------------- */

struct running {
	struct dig_repo *repo;
	enum dig_hook event;
	const char *const *args;
	size_t nargs;
	int64_t timeout_ms;
	bool isolate;
	struct dig_hook_scratch scratch;
	struct dig_buf env[4]; /* NAME=value */
	char *tree;            /* where an isolated hook runs */
};

struct sweep {
	int tmp_fd;
};

/* What a killed run left: its process has gone. */
static bool
sweep_name(void *arg, const char *name, enum dig_ftype type, bool told)
{
	const struct sweep *sweep = arg;
	long pid;

	(void)type;
	(void)told;
	if (strncmp(name, SCRATCH, strlen(SCRATCH)) != 0)
		return true;
	pid = strtol(name + strlen(SCRATCH), NULL, 10);
	if (pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH)
		dig_remove_tree(sweep->tmp_fd, name);
	return true;
}

static enum dig_status
make_scratch(struct running *run, struct dig_error *err)
{
	struct dig_hook_scratch *scratch = &run->scratch;
	struct dig_buf text = DIG_BUF_INIT;
	struct sweep sweep;
	int rc = dig_mkdir_at(run->repo->dirfd, "tmp", 0700);

	scratch->tmp_fd =
	    dig_open_at(run->repo->dirfd, "tmp", DIG_OPEN_DIRECTORY);
	if (scratch->tmp_fd < 0)
		return dig_raise_os(err, DIG_EIO,
		    rc != 0 && rc != EEXIST ? rc : -scratch->tmp_fd,
		    "opening .dig/tmp");
	sweep.tmp_fd = scratch->tmp_fd;
	dig_list_dir(scratch->tmp_fd, sweep_name, &sweep);
	dig_buf_printf(&text, SCRATCH "%ld", (long)getpid());
	scratch->name = dig_buf_detach(&text);
	dig_remove_tree(scratch->tmp_fd, scratch->name);
	rc = dig_mkdir_at(scratch->tmp_fd, scratch->name, 0700);
	scratch->fd = rc != 0 ? -rc
			      : dig_open_at(scratch->tmp_fd, scratch->name,
				    DIG_OPEN_DIRECTORY);
	if (scratch->fd < 0)
		return dig_raise_os(
		    err, DIG_EIO, -scratch->fd, "making a folder in .dig/tmp");
	dig_buf_printf(&text, "%s/tmp/%s", run->repo->dig_dir, scratch->name);
	scratch->path = dig_buf_detach(&text);
	return DIG_OK;
}

static void
running_clear(struct running *run)
{
	if (run->scratch.fd >= 0)
		dig_close(run->scratch.fd);
	if (run->scratch.name != NULL && run->scratch.tmp_fd >= 0)
		dig_remove_tree(run->scratch.tmp_fd, run->scratch.name);
	if (run->scratch.tmp_fd >= 0)
		dig_close(run->scratch.tmp_fd);
	free(run->scratch.name);
	free(run->scratch.path);
	free(run->tree);
	for (size_t i = 0; i < sizeof(run->env) / sizeof(*run->env); i++)
		dig_buf_clear(&run->env[i]);
}

/* What earlier hooks have staged is seen: the lock is taken, and given back. */
static enum dig_status
refresh(struct dig_repo *repo, struct dig_error *err)
{
	enum dig_status st = dig_index_begin(repo->index, err);

	if (st == DIG_OK)
		dig_index_rollback(repo->index);
	return st;
}

static bool
put_path(void *arg, char kind, const void *path, size_t len)
{
	(void)kind;
	dig_buf_put(arg, path, len);
	dig_buf_putc(arg, '\0');
	return true;
}

static enum dig_status
write_list(struct running *run, struct dig_error *err)
{
	struct dig_buf paths = DIG_BUF_INIT;
	enum dig_status st;

	st = dig_record_each_change(run->repo, false, put_path, &paths, err);
	if (st == DIG_OK)
		st = dig_replace_file(
		    run->scratch.fd, "staged", paths.data, paths.len, err);
	dig_buf_clear(&paths);
	return st;
}

static enum dig_status
export_tree(struct running *run, struct dig_error *err)
{
	struct dig_selection all = { NULL, NULL, NULL, 0 };
	struct dig_checkout_result result;
	struct dig_buf path = DIG_BUF_INIT;
	struct dig_oid staged;
	enum dig_status st;

	dig_remove_tree(run->scratch.fd, "tree");
	free(run->tree);
	dig_buf_printf(&path, "%s/tree", run->scratch.path);
	run->tree = dig_buf_detach(&path);
	dig_repo_staged_root(run->repo, &staged);
	st = dig_checkout_tree_into(
	    run->repo, run->tree, &staged, &all, &result, err);
	dig_checkout_result_clear(&result);
	return st;
}

static enum dig_status
prepare(struct running *run, struct dig_error *err)
{
	struct dig_config *config = run->repo->config;
	const char *dir = run->repo->dig_dir;
	int64_t seconds = 0;
	enum dig_status st;

	st = dig_config_get_int(config, "hook.timeout", &seconds, NULL, err);
	if (st == DIG_OK)
		st = dig_config_get_bool(
		    config, "hook.isolate", &run->isolate, NULL, err);
	run->timeout_ms = seconds * 1000;
	run->isolate = run->isolate && run->event == DIG_HOOK_PRE_COMMIT;
	if (st == DIG_OK)
		st = make_scratch(run, err);
	if (st != DIG_OK)
		return st;
	dig_buf_printf(&run->env[0], "DIG_DIR=%s", dir);
	dig_buf_printf(&run->env[1], "DIG_INDEX=%s/" DIG_DB_FILE, dir);
	dig_buf_puts(&run->env[2], "DIG_STAGED_LIST=");
	if (events[run->event].staged)
		dig_buf_printf(&run->env[2], "%s/staged", run->scratch.path);
	dig_buf_printf(&run->env[3], "DIG_HOOK=%s", events[run->event].name);
	return DIG_OK;
}

static enum dig_status
say_refused(const struct dig_hook_file *file, const struct dig_hook_end *end,
    int64_t timeout_ms, struct dig_error *err)
{
	if (end->late)
		return dig_raise(err, DIG_ENO,
		    "hook '%s' was ended after %lld seconds (hook.timeout)",
		    file->name, (long long)(timeout_ms / 1000));
	if (end->signal != 0)
		return dig_raise(err, DIG_ENO, "hook '%s' died by signal %d",
		    file->name, end->signal);
	if (end->code != 0)
		return dig_raise(err, DIG_ENO,
		    "hook '%s' refused, with exit code %d", file->name,
		    end->code);
	return DIG_OK;
}

static enum dig_status
run_program(struct running *run, const struct dig_hook_file *file,
    struct dig_error *err)
{
	const char *environment[5] = { NULL };
	struct dig_hook_end end = { 0 };
	const char *cwd = run->repo->worktree;
	enum dig_status st = DIG_OK;

	for (int i = 0; i < 4; i++)
		environment[i] = (const char *)run->env[i].data;
	if (events[run->event].staged)
		st = write_list(run, err);
	if (st == DIG_OK && run->isolate) {
		st = export_tree(run, err);
		cwd = run->tree;
	}
	if (st == DIG_OK)
		st = dig_hook_start(&run->scratch, file, cwd, run->args,
		    run->nargs, environment, run->timeout_ms, &end, err);
	if (st == DIG_OK)
		st = say_refused(file, &end, run->timeout_ms, err);
	return st;
}

/* The rows of a query, as lines ended by NUL. */
struct rows {
	struct dig_buf lines;
	uint64_t count;
};

static void
put_value(struct dig_buf *out, const struct dig_value *value)
{
	switch (value->type) {
	case DIG_VALUE_NULL:
		dig_buf_puts(out, "NULL");
		break;
	case DIG_VALUE_INT:
		dig_buf_printf(out, "%" PRId64, value->integer);
		break;
	case DIG_VALUE_REAL:
		dig_buf_printf(out, "%.15g", value->real);
		break;
	case DIG_VALUE_TEXT:
		dig_buf_put(out, value->data,
		    value->len < ROW_MAX ? value->len : ROW_MAX);
		break;
	case DIG_VALUE_BLOB:
		dig_buf_printf(out, "%zu bytes", value->len);
		break;
	}
}

static enum dig_status
take_row(void *arg, const struct dig_value *values, size_t count,
    struct dig_error *err)
{
	struct rows *rows = arg;
	struct dig_buf line = DIG_BUF_INIT;
	size_t len;

	(void)err;
	if (rows->count++ == ROWS_MAX)
		return DIG_ENO; /* enough, and no error */
	for (size_t i = 0; i < count && line.len < ROW_MAX; i++) {
		if (i > 0)
			dig_buf_puts(&line, " | ");
		put_value(&line, &values[i]);
	}
	dig_buf_putc(&line, '\0'); /* there may be one in it, too */
	len = strlen((const char *)line.data);
	dig_buf_put(&rows->lines, line.data, len < ROW_MAX ? len : ROW_MAX);
	dig_buf_putc(&rows->lines, '\0');
	dig_buf_clear(&line);
	return DIG_OK;
}

static enum dig_status
ask(struct running *run, const struct dig_hook_file *file, struct rows *rows,
    struct dig_error *err)
{
	struct dig_query_handler handler = { rows, NULL, take_row };
	struct dig_query *query = NULL;
	enum dig_status st;
	char *text;

	if (memchr(file->bytes.data, '\0', file->bytes.len) != NULL)
		return dig_raise(err, DIG_EINVALID, "it has a NUL byte");
	st = dig_query_open(run->repo->dig_dir, run->timeout_ms, &query, err);
	if (st != DIG_OK)
		return st;
	text = dig_memdup0(file->bytes.data, file->bytes.len);
	st = dig_query_run(query, text, NULL, 0, &handler, err);
	free(text);
	dig_query_close(query);
	return st == DIG_ENO ? DIG_OK : st;
}

static enum dig_status
run_query(struct running *run, const struct dig_hook_file *file,
    struct dig_error *err)
{
	struct rows rows = { DIG_BUF_INIT, 0 };
	enum dig_status st = ask(run, file, &rows, err);
	const char *row = (const char *)rows.lines.data;

	if (st == DIG_OK && rows.count > 0) {
		for (uint64_t i = 0; i < rows.count && i < ROWS_MAX; i++) {
			dig_repo_warn(run->repo, "%s: %s", file->name, row);
			row += strlen(row) + 1;
		}
		if (rows.count > ROWS_MAX)
			dig_repo_warn(run->repo, "%s: and more", file->name);
		st = dig_raise(
		    err, DIG_ENO, "query '%s' has rows: refused", file->name);
	} else if (st == DIG_EINVALID || st == DIG_EDENIED) {
		dig_wrap(err, "query '%s' cannot be asked, and so refuses",
		    file->name);
		dig_hint(err,
		    "a query of one statement reads the v_* views, for "
		    "hook.timeout seconds at most");
		st = err->status = DIG_ENO;
	}
	dig_buf_clear(&rows.lines);
	return st;
}

enum dig_status
dig_hook_run(struct dig_repo *repo, enum dig_hook event,
    const char *const *args, size_t nargs, bool *ran, struct dig_error *err)
{
	struct running run = { .repo = repo,
		.event = event,
		.args = args,
		.nargs = nargs,
		.scratch = { -1, -1, NULL, NULL } };
	struct dig_hook_files files = { NULL, 0, 0 };
	enum dig_status st;

	if (ran != NULL)
		*ran = false;
	st = load(repo, event, &files, err);
	if (st != DIG_OK || files.count == 0)
		goto out;
	if (ran != NULL)
		*ran = true;
	st = prepare(&run, err);
	for (size_t i = 0; i < files.count && st == DIG_OK; i++) {
		st = files.at[i].is_query
			 ? run_query(&run, &files.at[i], err)
			 : run_program(&run, &files.at[i], err);
		if (st == DIG_OK && events[event].staged)
			st = refresh(repo, err);
	}
out:
	if (st != DIG_OK && !events[event].before)
		dig_repo_warn(repo, "%s", err->msg);
	running_clear(&run);
	dig_hook_files_clear(&files);
	return st;
}
