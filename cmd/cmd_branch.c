/* SPDX-License-Identifier: MIT
 *
 * dig branch: list, make, rename and delete branches.
 */
#include <string.h>

#include "cmd/command.h"
#include "cmd/json.h"

struct opts {
	bool list;
	bool verbose;
	bool all;
	const char *contains;
	bool current;
	bool force;
	const char *what; /* "d", "D", "m", "M" */
	bool quiet;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG('l', "list", struct opts, list,
	    "list the branches that match the PATTERNs"),
	DIG_OPT_FLAG('v', "verbose", struct opts, verbose,
	    "with id and subject of the newest commit"),
	DIG_OPT_FLAG('a', "all", struct opts, all,
	    "all branches: the same, there are no remotes"),
	DIG_OPT_STRING(0, "contains", struct opts, contains, "REV",
	    "only branches that have this commit"),
	DIG_OPT_FLAG(0, "show-current", struct opts, current,
	    "print the name of the branch that HEAD is on"),
	DIG_OPT_FLAG('f', "force", struct opts, force,
	    "move a branch that is there already"),
	DIG_OPT_FIXED('d', "delete", struct opts, what, "d",
	    "delete branches that HEAD contains"),
	DIG_OPT_FIXED(
	    'D', NULL, struct opts, what, "D", "delete branches in any case"),
	DIG_OPT_FIXED('m', "move", struct opts, what, "m", "rename a branch"),
	DIG_OPT_FIXED('M', NULL, struct opts, what, "M",
	    "rename it over one that is there"),
	DIG_OPT_FLAG('q', "quiet", struct opts, quiet, "say nothing"),
	DIG_OPTS_COLOUR,
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_branch = {
	"branch",
	"[-v] [-a] [--contains REV] [--json] [--list [PATTERN...]]\n"
	"--show-current\n"
	"[-f] NAME [REV]\n"
	"(-d | -D) NAME...\n"
	"(-m | -M) [OLD] NEW",
	"List branches; the one that HEAD is on has a star. With a NAME, make "
	"a branch at REV, by default HEAD, without switching to it.",
	options,
};

static void
short_id(
    struct dig_repo *repo, const struct dig_oid *id, char out[DIG_OID_HEX + 1])
{
	struct dig_error ignored = DIG_ERROR_INIT;

	if (dig_history_short(repo, id, out, &ignored) != DIG_OK) {
		dig_oid_hex(id, out);
		out[DIG_REVISION_SHORT] = '\0';
	}
}

/* ---- The list --------------------------------------------------------- */

struct list {
	struct dig_cli *cli;
	struct dig_repo *repo;
	const struct opts *opts;
	struct dig_names names;
	size_t width;        /* of the longest name */
	struct dig_buf head; /* "(HEAD detached at ...)", or nothing */
	struct dig_oid head_id;
};

static bool
is_current(const struct list *list, const char *name)
{
	const char *branch = dig_repo_branch(list->repo);

	return branch != NULL && strcmp(branch, name) == 0;
}

/* "  1234 subject" behind a name. */
static enum dig_status
put_commit(struct list *list, size_t name_len, const struct dig_oid *id,
    struct dig_error *err)
{
	struct dig_out *out = &list->cli->out;
	struct dig_buf bytes = DIG_BUF_INIT;
	char hex[DIG_OID_HEX + 1];
	struct dig_commit commit;
	enum dig_status st;

	st = dig_history_commit(list->repo, id, &bytes, &commit, err);
	if (st == DIG_OK) {
		short_id(list->repo, id, hex);
		dig_out_printf(
		    out, "%*s %s ", (int)(list->width - name_len), "", hex);
		dig_out_text(out, commit.message,
		    dig_subject_len(commit.message, commit.message_len));
	}
	dig_buf_clear(&bytes);
	return st;
}

static enum dig_status
put_line(struct list *list, const char *name, bool current,
    const struct dig_oid *id, struct dig_error *err)
{
	struct dig_out *out = &list->cli->out;
	enum dig_status st = DIG_OK;

	dig_out_puts(out, current ? "* " : "  ");
	if (current)
		dig_out_colour(out, DIG_COLOUR_BRANCH_CURRENT);
	dig_out_text(out, name, strlen(name));
	if (current)
		dig_out_colour(out, DIG_COLOUR_RESET);
	if (list->opts->verbose)
		st = put_commit(list, strlen(name), id, err);
	dig_out_puts(out, "\n");
	return st;
}

static enum dig_status
print_list(struct list *list, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	list->width = list->head.len;
	for (size_t i = 0; i < list->names.count; i++)
		if (strlen(list->names.at[i].name) > list->width)
			list->width = strlen(list->names.at[i].name);
	if (list->head.len > 0)
		st = put_line(list, (const char *)list->head.data, true,
		    &list->head_id, err);
	for (size_t i = 0; i < list->names.count && st == DIG_OK; i++) {
		const struct dig_name *name = &list->names.at[i];

		st = put_line(list, name->name, is_current(list, name->name),
		    &name->id, err);
	}
	return st;
}

static enum dig_status
print_json(struct list *list, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;
	char hex[DIG_OID_HEX + 1];
	struct dig_commit commit;
	struct dig_json json;

	dig_json_init(&json, &list->cli->out);
	dig_json_object(&json, NULL);
	dig_json_array(&json, "branches");
	for (size_t i = 0; i < list->names.count && st == DIG_OK; i++) {
		const struct dig_name *name = &list->names.at[i];

		st = dig_history_commit(
		    list->repo, &name->id, &bytes, &commit, err);
		if (st != DIG_OK)
			break;
		dig_oid_hex(&name->id, hex);
		dig_json_object(&json, NULL);
		dig_json_string(&json, "name", name->name);
		dig_json_string(&json, "commit", hex);
		dig_json_bytes(&json, "subject", commit.message,
		    dig_subject_len(commit.message, commit.message_len));
		dig_json_bool(&json, "current", is_current(list, name->name));
		dig_json_object_end(&json);
	}
	if (st == DIG_OK) {
		dig_json_array_end(&json);
		dig_json_object_end(&json);
		dig_json_end(&json);
	}
	dig_buf_clear(&bytes);
	return st;
}

static enum dig_status
list_branches(struct dig_cli *cli, struct dig_repo *repo,
    const struct opts *opts, const struct dig_args *args, struct dig_error *err)
{
	struct list list = { .cli = cli, .repo = repo, .opts = opts };
	struct dig_names_filter filter = {
		.patterns = (const char *const *)args->argv,
		.npatterns = (size_t)args->argc,
	};
	struct dig_oid contains;
	char hex[DIG_OID_HEX + 1];
	enum dig_status st = DIG_OK;

	if (opts->contains != NULL) {
		st = dig_revision_commit(repo, opts->contains, &contains, err);
		filter.contains = &contains;
	}
	if (st == DIG_OK)
		st = dig_names_list(
		    repo, DIG_NAME_BRANCH, &filter, &list.names, err);
	if (st != DIG_OK)
		return st;
	if (dig_repo_branch(repo) == NULL && args->argc == 0 &&
	    opts->contains == NULL && dig_repo_head(repo, &list.head_id)) {
		short_id(repo, &list.head_id, hex);
		dig_buf_printf(&list.head, "(HEAD detached at %s)", hex);
	}
	st = opts->json ? print_json(&list, err) : print_list(&list, err);
	dig_names_clear(&list.names);
	dig_buf_clear(&list.head);
	return st;
}

/* ---- Changes ---------------------------------------------------------- */

static enum dig_status
delete_branches(struct dig_cli *cli, struct dig_repo *repo,
    const struct opts *opts, const struct dig_args *args, struct dig_error *err)
{
	struct dig_names deleted = { NULL, 0, 0 };
	char hex[DIG_OID_HEX + 1];
	enum dig_status st;

	st = dig_branch_delete(repo, (const char *const *)args->argv,
	    (size_t)args->argc, opts->force || opts->what[0] == 'D', &deleted,
	    err);
	for (size_t i = 0; st == DIG_OK && i < deleted.count; i++) {
		const struct dig_name *name = &deleted.at[i];

		if (opts->quiet)
			break;
		/* No row of the index has it any more. */
		dig_oid_hex(&name->id, hex);
		hex[DIG_REVISION_SHORT] = '\0';
		dig_out_puts(&cli->out, "Deleted branch ");
		dig_out_text(&cli->out, name->name, strlen(name->name));
		dig_out_printf(&cli->out, " (was %s).\n", hex);
	}
	dig_names_clear(&deleted);
	return st;
}

static enum dig_status
change(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const struct dig_args *args, struct dig_error *err)
{
	char what = opts->what != NULL ? opts->what[0] : 'c';
	char **argv = args->argv;

	switch (what) {
	case 'd':
	case 'D':
		if (args->argc == 0)
			return dig_raise(
			    err, DIG_EINVALID, "which branch shall go?");
		return delete_branches(cli, repo, opts, args, err);
	case 'm':
	case 'M':
		if (args->argc == 0 || args->argc > 2)
			return dig_raise(
			    err, DIG_EINVALID, "-m takes [OLD] NEW");
		return dig_branch_rename(repo, args->argc == 2 ? argv[0] : NULL,
		    argv[args->argc - 1], opts->force || what == 'M', err);
	default:
		if (args->argc > 2)
			return dig_raise(
			    err, DIG_EINVALID, "branch takes NAME and REV");
		return dig_branch_create(repo, argv[0],
		    args->argc == 2 ? argv[1] : NULL, opts->force, err);
	}
}

enum dig_status
dig_cmd_branch(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { 0 };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;
	bool lists;

	st = dig_opt_parse(&dig_usage_branch, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	lists = opts.list || opts.contains != NULL ||
		(opts.what == NULL && args.argc == 0);
	if ((lists || opts.current) && opts.what != NULL)
		return dig_raise(err, DIG_EINVALID,
		    "-%s does not go with a list", opts.what);
	if (opts.json && (!lists || opts.current))
		return dig_raise(
		    err, DIG_EINVALID, "--json goes with the list alone");
	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	if (opts.current) {
		const char *branch = dig_repo_branch(repo);

		if (branch != NULL) {
			dig_out_text(&cli->out, branch, strlen(branch));
			dig_out_puts(&cli->out, "\n");
		}
		return DIG_OK;
	}
	return lists ? list_branches(cli, repo, &opts, &args, err)
		     : change(cli, repo, &opts, &args, err);
}
