/* SPDX-License-Identifier: MIT
 *
 * dig status: what has changed.
 */
#include <string.h>

#include "cmd/command.h"
#include "cmd/in_progress.h"
#include "cmd/json.h"
#include "cmd/porcelain.h"
#include "cmd/relative.h"
#include "objects/base/path.h"
#include "repo/dig.h"

struct opts {
	const char *format; /* "long", "short", "porcelain"; NULL: not said */
	const char *porcelain;
	bool branch;
	bool nul;
	const char *untracked;
	const char *ignored;
	bool renames;
	bool show_stash;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_FIXED('s', "short", struct opts, format, "short",
	    "one line for each path"),
	DIG_OPT_FIXED(
	    0, "long", struct opts, format, "long", "in words (the default)"),
	DIG_OPT_OPTIONAL(0, "porcelain", struct opts, porcelain, "FORM",
	    "one line for each path, for programs"),
	DIG_OPT_FLAG('b', "branch", struct opts, branch,
	    "with one line for each path: the branch first"),
	DIG_OPT_FLAG('z', NULL, struct opts, nul,
	    "for programs, paths as they are and ended by NUL"),
	DIG_OPT_OPTIONAL('u', "untracked-files", struct opts, untracked, "MODE",
	    "untracked files: no, normal (folders as one) or all"),
	DIG_OPT_OPTIONAL(0, "ignored", struct opts, ignored, "MODE",
	    "ignored files too: traditional or no"),
	DIG_OPT_NEGATABLE(0, "renames", struct opts, renames,
	    "show a file with a new name as renamed"),
	DIG_OPT_NEGATABLE(0, "show-stash", struct opts, show_stash,
	    "how many entries the stash has"),
	DIG_OPTS_COLOUR,
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_status = {
	"status",
	"[-s | --porcelain] [-b] [-z] [-u[MODE]] [--ignored] [--show-stash] "
	"[--] "
	"[PATH...]",
	"Show what is staged for the next commit, what differs in the work "
	"tree, and which files are not tracked.",
	options,
};

/* What is printed, and how. */
struct view {
	struct dig_cli *cli;
	struct dig_out *out;
	struct dig_repo *repo;
	const struct dig_status_list *list;
	const char *prefix; /* that paths are shown from */
	bool nul;
	bool porcelain;
	bool v2;         /* git's second form of that */
	size_t nstashes; /* to be told of; 0: not */
	enum dig_untracked untracked;
	struct dig_buf path;
};

/* ---- One line for each path -------------------------------------------- */

static void
colour(const struct view *view, enum dig_colour colour)
{
	if (!view->porcelain)
		dig_out_colour(view->out, colour);
}

/* A path as git's short form has it: also quoted for a space. */
static void
put_short_path(struct view *view, const char *path, size_t len, const char *end)
{
	const struct dig_buf *shown = &view->path;
	bool spaced;

	if (view->nul) {
		dig_out_path(view->out, path, len, true, "");
		return;
	}
	dig_relative_path(&view->path, view->prefix, path, len);
	spaced = memchr(shown->data, ' ', shown->len) != NULL;
	for (size_t i = 0; i < shown->len; i++)
		if (shown->data[i] < ' ' || shown->data[i] > '~' ||
		    shown->data[i] == '"' || shown->data[i] == '\\')
			spaced = false; /* quoted anyhow */
	if (spaced)
		dig_out_puts(view->out, "\"");
	dig_out_path(view->out, shown->data, shown->len, false, "");
	dig_out_puts(view->out, spaced ? "\"" : "");
	dig_out_puts(view->out, end);
}

static void
put_letter(struct view *view, char letter, enum dig_colour its)
{
	if (letter != ' ')
		colour(view, its);
	dig_out_printf(view->out, "%c", letter);
	if (letter != ' ')
		colour(view, DIG_COLOUR_RESET);
}

static void
put_short(struct view *view)
{
	for (size_t i = 0; i < view->list->nitems; i++) {
		const struct dig_status_item *item = &view->list->items[i];

		if (item->staged == '?' || item->staged == '!') {
			colour(view, DIG_COLOUR_STATUS_UNTRACKED);
			dig_out_printf(
			    view->out, "%c%c", item->staged, item->staged);
			colour(view, DIG_COLOUR_RESET);
		} else {
			put_letter(view, item->staged, DIG_COLOUR_STATUS_ADDED);
			put_letter(view, item->work, DIG_COLOUR_STATUS_CHANGED);
		}
		dig_out_puts(view->out, " ");
		if (item->old_path != NULL && !view->nul)
			put_short_path(
			    view, item->old_path, item->old_len, " -> ");
		put_short_path(view, item->path, item->len, "\n");
		if (item->old_path != NULL && view->nul)
			put_short_path(view, item->old_path, item->old_len, "");
	}
}

static void
put_short_branch(struct view *view)
{
	const char *branch = dig_repo_branch(view->repo);
	struct dig_oid head;

	dig_out_puts(view->out, "## ");
	if (!dig_repo_head(view->repo, &head))
		dig_out_puts(view->out, "No commits yet on ");
	colour(view,
	    branch != NULL ? DIG_COLOUR_BRANCH_CURRENT : DIG_COLOUR_NO_BRANCH);
	if (branch != NULL)
		dig_out_text(view->out, branch, strlen(branch));
	else
		dig_out_puts(view->out, "HEAD (no branch)");
	colour(view, DIG_COLOUR_RESET);
	dig_out_raw(view->out, view->nul ? "" : "\n", 1);
}

/* ---- In words ---------------------------------------------------------- */

static void
put_long_path(struct view *view, const char *path, size_t len, const char *end)
{
	dig_relative_path(&view->path, view->prefix, path, len);
	dig_out_path(view->out, view->path.data, view->path.len, false, end);
}

static const char *
label(char letter)
{
	switch (letter) {
	case 'A':
		return "new file:   ";
	case 'D':
		return "deleted:    ";
	case 'R':
		return "renamed:    ";
	case 'T':
		return "typechange: ";
	default:
		return "modified:   ";
	}
}

static void
put_change(struct view *view, const struct dig_status_item *item, char letter,
    enum dig_colour its)
{
	dig_out_puts(view->out, "\t");
	colour(view, its);
	dig_out_puts(view->out, label(letter));
	if (letter == 'R')
		put_long_path(view, item->old_path, item->old_len, " -> ");
	put_long_path(view, item->path, item->len, "");
	colour(view, DIG_COLOUR_RESET);
	dig_out_puts(view->out, "\n");
}

static bool
put_staged(struct view *view)
{
	struct dig_oid head;
	bool any = false;

	for (size_t i = 0; i < view->list->nchanges; i++) {
		const struct dig_status_item *item = &view->list->items[i];

		if (item->staged == ' ' || item->is_unmerged)
			continue;
		if (!any)
			dig_out_printf(view->out,
			    "Changes to be committed:\n"
			    "  (use \"dig %s <file>...\" to unstage)\n",
			    dig_repo_head(view->repo, &head)
				? "restore --staged"
				: "rm --cached");
		any = true;
		put_change(view, item, item->staged, DIG_COLOUR_STATUS_ADDED);
	}
	dig_out_puts(view->out, any ? "\n" : "");
	return any;
}

static bool
put_work(struct view *view)
{
	bool any = false;
	bool gone = false;

	for (size_t i = 0; i < view->list->nchanges; i++)
		gone |= view->list->items[i].work == 'D' &&
			!view->list->items[i].is_unmerged;
	for (size_t i = 0; i < view->list->nchanges; i++) {
		const struct dig_status_item *item = &view->list->items[i];

		if (item->work == ' ' || item->is_unmerged)
			continue;
		if (!any)
			dig_out_printf(view->out,
			    "Changes not staged for commit:\n"
			    "  (use \"dig add%s <file>...\" to update what "
			    "will "
			    "be committed)\n"
			    "  (use \"dig restore <file>...\" to discard "
			    "changes "
			    "in working directory)\n",
			    gone ? "/rm" : "");
		any = true;
		put_change(view, item, item->work, DIG_COLOUR_STATUS_CHANGED);
	}
	dig_out_puts(view->out, any ? "\n" : "");
	return any;
}

static const char *
unmerged_label(const struct dig_status_item *item)
{
	static const struct {
		char letters[3];
		const char *label;
	} labels[] = {
		{ "DD", "both deleted:    " },
		{ "AU", "added by us:     " },
		{ "UD", "deleted by them: " },
		{ "UA", "added by them:   " },
		{ "DU", "deleted by us:   " },
		{ "AA", "both added:      " },
	};

	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++)
		if (labels[i].letters[0] == item->staged &&
		    labels[i].letters[1] == item->work)
			return labels[i].label;
	return "both modified:   ";
}

static bool
put_unmerged(struct view *view)
{
	bool any = false, kept = false, gone = false;

	for (size_t i = 0; i < view->list->nchanges; i++) {
		const struct dig_status_item *item = &view->list->items[i];

		if (!item->is_unmerged)
			continue;
		any = true;
		gone |= item->staged == 'D' || item->work == 'D';
		kept |= item->staged != 'D' || item->work != 'D';
	}
	if (!any)
		return false;
	dig_out_printf(view->out,
	    "Unmerged paths:\n  (use \"dig %s <file>...\"%s "
	    "to mark resolution)\n",
	    !gone  ? "add"
	    : kept ? "add/rm"
		   : "rm",
	    gone && kept ? " as appropriate" : "");
	for (size_t i = 0; i < view->list->nchanges; i++) {
		const struct dig_status_item *item = &view->list->items[i];

		if (!item->is_unmerged)
			continue;
		dig_out_puts(view->out, "\t");
		colour(view, DIG_COLOUR_RED);
		dig_out_puts(view->out, unmerged_label(item));
		put_long_path(view, item->path, item->len, "");
		colour(view, DIG_COLOUR_RESET);
		dig_out_puts(view->out, "\n");
	}
	dig_out_puts(view->out, "\n");
	return true;
}

static void
put_others(
    struct view *view, size_t from, size_t n, const char *what, const char *add)
{
	if (n == 0)
		return;
	dig_out_printf(view->out,
	    "%s files:\n  (use \"dig %s <file>...\" to include in what will be "
	    "committed)\n",
	    what, add);
	for (size_t i = from; i < from + n; i++) {
		const struct dig_status_item *item = &view->list->items[i];

		dig_out_puts(view->out, "\t");
		colour(view, DIG_COLOUR_STATUS_UNTRACKED);
		put_long_path(view, item->path, item->len, "");
		colour(view, DIG_COLOUR_RESET);
		dig_out_puts(view->out, "\n");
	}
	dig_out_puts(view->out, "\n");
}

static void
put_where(struct view *view, const struct dig_op *op)
{
	const char *branch = dig_repo_branch(view->repo);
	struct dig_error err = DIG_ERROR_INIT;
	char id[DIG_OID_HEX + 1];
	struct dig_oid head;
	bool has_head = dig_repo_head(view->repo, &head);
	bool begun;

	if (op->kind == DIG_OP_REBASE && branch == NULL) {
		dig_out_puts(view->out, "rebase in progress; onto ");
		dig_put_short(view->out, view->repo, &op->onto);
	} else if (branch != NULL) {
		dig_out_puts(view->out, "On branch ");
		dig_out_text(view->out, branch, strlen(branch));
	} else if (has_head) {
		dig_oid_hex(&head, id);
		id[DIG_REVISION_SHORT] = '\0';
		dig_ignore(dig_revision_short(
		    view->repo, &head, DIG_REVISION_SHORT, id, &err));
		dig_out_printf(view->out, "HEAD detached at %s", id);
	} else {
		dig_out_puts(view->out, "Not currently on any branch.");
	}
	dig_out_puts(view->out, has_head ? "\n" : "\n\nNo commits yet\n\n");
	if (dig_checkout_is_begun(view->repo, &begun, &head, &err) == DIG_OK &&
	    begun && dig_oid_is_zero(&head)) {
		/* Only undo leads to before the first commit. */
		dig_out_puts(view->out, "An undo has not finished.\n"
					"  (use \"dig undo\" to finish it)\n");
	} else if (begun) {
		dig_oid_hex(&head, id);
		id[DIG_REVISION_SHORT] = '\0';
		dig_out_printf(view->out,
		    "A switch to %s has not finished.\n"
		    "  (use \"dig checkout <branch>\" to finish it, \"dig "
		    "checkout\" to stay here)\n",
		    id);
	}
}

/* The last line: what a commit would do now. */
static void
put_summary(struct view *view, bool work)
{
	struct dig_oid head;

	dig_out_puts(view->out,
	    work ? "no changes added to commit (use \"dig add\" and/or \"dig "
		   "commit -a\")\n"
	    : view->list->nuntracked > 0
		? "nothing added to commit but untracked files present (use "
		  "\"dig add\" to track)\n"
	    : !dig_repo_head(view->repo, &head)
		? "nothing to commit (create/copy files and use \"dig add\" to "
		  "track)\n"
	    : view->untracked == DIG_UNTRACKED_NONE
		? "nothing to commit (use -u to show untracked files)\n"
		: "nothing to commit, working tree clean\n");
}

static void
put_long(struct view *view)
{
	const struct dig_status_list *list = view->list;
	size_t ignored = list->nchanges + list->nuntracked;
	struct dig_error unread = DIG_ERROR_INIT;
	struct dig_op op = { 0 };
	bool staged;
	bool work;

	dig_ignore(dig_operation(view->repo, &op, &unread));
	put_where(view, &op);
	dig_put_operation(view->out, view->repo, &op);
	dig_op_clear(&op);
	staged = put_staged(view);
	work = put_unmerged(view);
	work |= put_work(view);
	if (view->untracked == DIG_UNTRACKED_NONE && staged)
		dig_out_puts(view->out,
		    "Untracked files not listed (use -u option to show "
		    "untracked files)\n");
	put_others(view, list->nchanges, list->nuntracked, "Untracked", "add");
	put_others(view, ignored, list->nitems - ignored, "Ignored", "add -f");
	if (!staged)
		put_summary(view, work);
	if (view->nstashes > 0)
		dig_out_printf(view->out,
		    "Your stash currently has %zu entr%s\n", view->nstashes,
		    view->nstashes == 1 ? "y" : "ies");
}

/* ---- JSON -------------------------------------------------------------- */

static void
json_letter(struct dig_json *json, const char *key, char letter)
{
	char text[2] = { letter, '\0' };

	if (letter == ' ')
		dig_json_null(json, key);
	else
		dig_json_string(json, key, text);
}

static void
json_paths(struct dig_json *json, const char *key,
    const struct dig_status_item *items, size_t n)
{
	dig_json_array(json, key);
	for (size_t i = 0; i < n; i++) {
		dig_json_object(json, NULL);
		dig_json_path(json, "path", items[i].path, items[i].len);
		dig_json_object_end(json);
	}
	dig_json_array_end(json);
}

static void
put_json(struct view *view)
{
	const struct dig_status_list *list = view->list;
	size_t ignored = list->nchanges + list->nuntracked;
	const char *branch = dig_repo_branch(view->repo);
	char id[DIG_OID_HEX + 1];
	struct dig_oid head;
	struct dig_json json;

	dig_json_init(&json, view->out);
	dig_json_object(&json, NULL);
	if (branch != NULL)
		dig_json_bytes(&json, "branch", branch, strlen(branch));
	else
		dig_json_null(&json, "branch");
	if (dig_repo_head(view->repo, &head)) {
		dig_oid_hex(&head, id);
		dig_json_string(&json, "head", id);
	} else {
		dig_json_null(&json, "head");
	}
	dig_json_array(&json, "changes");
	for (size_t i = 0; i < list->nchanges; i++) {
		const struct dig_status_item *item = &list->items[i];

		dig_json_object(&json, NULL);
		dig_json_path(&json, "path", item->path, item->len);
		if (item->old_path != NULL)
			dig_json_path(
			    &json, "old_path", item->old_path, item->old_len);
		json_letter(&json, "staged", item->staged);
		json_letter(&json, "worktree", item->work);
		dig_json_object_end(&json);
	}
	dig_json_array_end(&json);
	json_paths(
	    &json, "untracked", list->items + list->nchanges, list->nuntracked);
	json_paths(
	    &json, "ignored", list->items + ignored, list->nitems - ignored);
	dig_json_object_end(&json);
	dig_json_end(&json);
}

/* ---- The verb ---------------------------------------------------------- */

static enum dig_status
choose(const struct opts *opts, struct view *view,
    struct dig_look_options *look, struct dig_error *err)
{
	const char *mode = opts->untracked;
	const char *form = opts->porcelain != NULL ? opts->porcelain : "";

	view->v2 = strcmp(form, "v2") == 0 || strcmp(form, "2") == 0;
	if (!view->v2 && *form != '\0' && strcmp(form, "v1") != 0 &&
	    strcmp(form, "1") != 0)
		return dig_raise(err, DIG_EINVALID,
		    "--porcelain is one of v1, v2, not '%s'", form);
	if (mode == NULL || strcmp(mode, "normal") == 0)
		look->untracked = DIG_UNTRACKED_FOLDERS;
	else if (*mode == '\0' || strcmp(mode, "all") == 0)
		look->untracked = DIG_UNTRACKED_FILES;
	else if (strcmp(mode, "no") == 0)
		look->untracked = DIG_UNTRACKED_NONE;
	else
		return dig_raise(err, DIG_EINVALID,
		    "-u is one of no, normal, all, not '%s'", mode);
	mode = opts->ignored;
	if (mode != NULL && *mode != '\0' && strcmp(mode, "no") != 0 &&
	    strcmp(mode, "traditional") != 0)
		return dig_raise(err, DIG_EINVALID,
		    "--ignored is one of traditional, no, not '%s'", mode);
	look->ignored = mode != NULL && strcmp(mode, "no") != 0;
	look->renames = opts->renames;
	view->untracked = look->untracked;
	view->nul = opts->nul;
	view->porcelain =
	    opts->porcelain != NULL || (opts->nul && opts->format == NULL);
	return DIG_OK;
}

enum dig_status
dig_cmd_status(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { .renames = true };
	struct view view = { .cli = cli, .out = &cli->out };
	struct dig_status_list list = { 0 };
	struct dig_look_options look = { 0 };
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_status, argc, argv, &opts, &args, err);
	if (st == DIG_OK)
		st = choose(&opts, &view, &look, err);
	if (st == DIG_OK)
		st = dig_cli_repo(cli, &view.repo, err);
	if (st != DIG_OK)
		return st;
	look.paths = (const char *const *)args.argv;
	look.npaths = (size_t)args.argc;
	st = dig_repo_status(view.repo, &look, &list, err);
	if (st != DIG_OK)
		return st;
	dig_cli_progress_end(cli);
	view.list = &list;
	if (opts.show_stash)
		view.nstashes = dig_stash_count(view.repo);
	view.prefix = view.porcelain ? "" : dig_repo_prefix(view.repo);
	if (opts.json) {
		put_json(&view);
	} else if (view.v2) {
		st = dig_porcelain_v2(view.out, view.repo, &list, opts.branch,
		    view.nstashes, opts.nul, err);
	} else if (view.porcelain ||
		   (opts.format != NULL && strcmp(opts.format, "short") == 0)) {
		if (opts.branch)
			put_short_branch(&view);
		put_short(&view);
	} else {
		put_long(&view);
	}
	dig_status_list_clear(&list);
	dig_buf_clear(&view.path);
	return st;
}
