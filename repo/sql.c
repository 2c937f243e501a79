/* SPDX-License-Identifier: MIT
 *
 * Queries by name: where their texts are, and what stands at their heads.
 */
#include "repo/sql.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "repo/internal.h"
#include "repo/sql_internal.h"

#define TEXT_MAX ((size_t)64 << 10)
#define NAME_MAX_BYTES 64
#define FOLDER "queries"

enum dig_status
dig_sql_open(struct dig_repo *repo, int64_t timeout_ms, struct dig_query **out,
    struct dig_error *err)
{
	struct dig_query *query = NULL;
	struct dig_db *db;
	enum dig_status st = dig_index_need_db(repo->index, &db, err);

	if (st == DIG_OK)
		st = dig_query_open(repo->dig_dir, timeout_ms, &query, err);
	if (st == DIG_OK)
		st = dig_sql_add_tables(query, repo, err);
	if (st == DIG_OK)
		*out = query;
	else
		dig_query_close(query);
	return st;
}

/* ---- Heads ------------------------------------------------------------ */

static void
add_param(struct dig_sql_head *head, const char *at, size_t len)
{
	size_t name = 0;
	struct dig_query_param *param;

	while (name < len && at[name] != ' ')
		name++;
	if (name == 0)
		return;
	head->params = dig_realloc(
	    head->params, (head->nparams + 1) * sizeof(*head->params));
	param = &head->params[head->nparams++];
	param->name = dig_memdup0(at, name);
	param->value = NULL;
	while (name < len && at[name] == ' ')
		name++;
	if (len - name == 2 && memcmp(at + name, "''", 2) == 0)
		param->value = dig_strdup("");
	else if (name < len)
		param->value = dig_memdup0(at + name, len - name);
}

void
dig_sql_read_head(const char *text, struct dig_sql_head *out)
{
	static const char param[] = "param ";

	memset(out, 0, sizeof(*out));
	for (;;) {
		size_t len;

		text += strspn(text, " \t\r\n");
		if (strncmp(text, "--", 2) != 0)
			break;
		text += 2;
		text += strspn(text, " \t");
		len = strcspn(text, "\r\n");
		if (len > sizeof(param) - 1 &&
		    memcmp(text, param, sizeof(param) - 1) == 0)
			add_param(out, text + sizeof(param) - 1,
			    len - (sizeof(param) - 1));
		else if (out->summary == NULL && len > 0 &&
			 strncmp(text, "SPDX-", 5) != 0)
			out->summary = dig_memdup0(text, len);
		text += len;
	}
	if (out->summary == NULL)
		out->summary = dig_strdup("");
}

void
dig_sql_head_clear(struct dig_sql_head *head)
{
	for (size_t i = 0; i < head->nparams; i++) {
		/* They were made here; to others they are constant. */
		free((void *)(uintptr_t)head->params[i].name);
		free((void *)(uintptr_t)head->params[i].value);
	}
	free(head->params);
	free(head->summary);
	memset(head, 0, sizeof(*head));
}

/* ---- Places ----------------------------------------------------------- */

bool
dig_sql_is_name(const char *word)
{
	size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

	return len > 0 && len <= NAME_MAX_BYTES && word[len] == '\0';
}

/* The folder of the user's or the repository's queries; -1: none. */
static int
open_place(struct dig_repo *repo, enum dig_sql_place place)
{
	struct dig_buf path = DIG_BUF_INIT;
	struct dig_error ignored;
	int fd = -1;

	if (place == DIG_SQL_REPO)
		return dig_open_at(repo->dirfd, FOLDER, DIG_OPEN_DIRECTORY);
	if (dig_config_user_path(&path, &ignored) == DIG_OK) {
		char *slash = strrchr((char *)path.data, '/');

		path.len = (size_t)(slash + 1 - (char *)path.data);
		dig_buf_puts(&path, FOLDER);
		fd = dig_open_at(AT_FDCWD, (const char *)path.data,
		    DIG_OPEN_DIRECTORY | DIG_OPEN_FOLLOW);
	}
	dig_buf_clear(&path);
	return fd;
}

static enum dig_status
read_text(
    int dirfd, const char *name, struct dig_buf *out, struct dig_error *err)
{
	struct dig_buf file = DIG_BUF_INIT;
	enum dig_status st;

	dig_buf_printf(&file, "%s.sql", name);
	st = dig_read_file(
	    dirfd, (const char *)file.data, TEXT_MAX, out, DIG_EFILE, err);
	dig_buf_clear(&file);
	dig_buf_putc(out, '\0');
	out->len--;
	if (st == DIG_OK && memchr(out->data, '\0', out->len) != NULL)
		st = dig_raise(err, DIG_EINVALID,
		    "the query '%s' has a NUL byte in it", name);
	return st;
}

static const struct dig_sql_text *
find_builtin(const char *name)
{
	for (int i = 0; i < DIG_QUERY_COUNT; i++) {
		if (strcmp(dig_query_texts[i].name, name) == 0)
			return &dig_query_texts[i];
	}
	return NULL;
}

static enum dig_status
read_place(struct dig_repo *repo, enum dig_sql_place place, const char *name,
    struct dig_buf *out, struct dig_error *err)
{
	const struct dig_sql_text *text;
	enum dig_status st = DIG_ENOTFOUND;
	int fd;

	dig_buf_reset(out);
	if (place == DIG_SQL_BUILTIN) {
		text = find_builtin(name);
		if (text == NULL)
			return DIG_ENOTFOUND;
		dig_buf_put(out, text->text, text->len);
		return DIG_OK;
	}
	fd = open_place(repo, place);
	if (fd >= 0)
		st = read_text(fd, name, out, err);
	if (fd >= 0)
		dig_close(fd);
	return st;
}

enum dig_status
dig_sql_named(struct dig_repo *repo, const char *name, struct dig_buf *out,
    struct dig_error *err)
{
	enum dig_status st = DIG_ENOTFOUND;

	for (int place = DIG_SQL_USER;
	     st == DIG_ENOTFOUND && place <= DIG_SQL_BUILTIN; place++)
		st =
		    read_place(repo, (enum dig_sql_place)place, name, out, err);
	if (st == DIG_ENOTFOUND) {
		dig_ignore(dig_raise(
		    err, st, "there is no query named '%.64s'", name));
		dig_hint(err, "'dig sql --list' lists them");
	}
	return st;
}

/* ---- Names ------------------------------------------------------------ */

struct names {
	char **at;
	size_t count;
	size_t cap;
};

static void
add_name(struct names *names, const char *name, size_t len)
{
	char *copy = dig_memdup0(name, len);

	if (!dig_sql_is_name(copy)) {
		free(copy);
		return;
	}
	DIG_GROW(names->at, names->cap, names->count + 1);
	names->at[names->count++] = copy;
}

static bool
on_file(void *arg, const char *name, enum dig_ftype type, bool told)
{
	size_t len = strlen(name);

	(void)type, (void)told;
	if (len > 4 && strcmp(name + len - 4, ".sql") == 0)
		add_name(arg, name, len - 4);
	return true;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What cannot be read is left out of a list. */
static enum dig_status
tell_name(struct dig_repo *repo, const char *name, dig_sql_name_fn *fn,
    void *arg, struct dig_error *err)
{
	struct dig_buf text = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;

	for (int place = DIG_SQL_USER; place <= DIG_SQL_BUILTIN; place++) {
		if (read_place(repo, (enum dig_sql_place)place, name, &text,
			err) == DIG_OK) {
			st = fn(arg, name, (enum dig_sql_place)place,
			    (const char *)text.data, err);
			break;
		}
	}
	dig_buf_clear(&text);
	return st;
}

enum dig_status
dig_sql_each_name(struct dig_repo *repo, dig_sql_name_fn *fn, void *arg,
    struct dig_error *err)
{
	struct names names = { NULL, 0, 0 };
	enum dig_status st = DIG_OK;

	for (int i = 0; i < DIG_QUERY_COUNT; i++)
		add_name(&names, dig_query_texts[i].name,
		    strlen(dig_query_texts[i].name));
	for (int place = DIG_SQL_USER; place <= DIG_SQL_REPO; place++) {
		int fd = open_place(repo, (enum dig_sql_place)place);

		if (fd < 0)
			continue;
		/* A folder that cannot be listed has no names. */
		dig_ignore(dig_list_dir(fd, on_file, &names) == 0 ? DIG_OK
								  : DIG_EFILE);
		dig_close(fd);
	}
	qsort(names.at, names.count, sizeof(*names.at), by_name);
	for (size_t i = 0; i < names.count && st == DIG_OK; i++) {
		if (i == 0 || strcmp(names.at[i], names.at[i - 1]) != 0)
			st = tell_name(repo, names.at[i], fn, arg, err);
	}
	for (size_t i = 0; i < names.count; i++)
		free(names.at[i]);
	free(names.at);
	return st;
}
