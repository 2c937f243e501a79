/* SPDX-License-Identifier: MIT
 *
 * dig rev-parse
 */
#include <stdlib.h>

#include "cmd/command.h"
#include "cmd/json.h"

struct opts {
	bool verify;
	bool quiet;
	const char *shorten;
	const char *abbrev_ref;
	bool full_name;
	bool toplevel;
	bool dig_dir;
	bool prefix;
	bool inside;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG(
	    0, "verify", struct opts, verify, "exactly one revision, or fail"),
	DIG_OPT_FLAG('q', "quiet", struct opts, quiet,
	    "with --verify: say nothing of a revision that is not there"),
	DIG_OPT_OPTIONAL(0, "short", struct opts, shorten, "N",
	    "the start of the id, of N digits (10) and more"),
	DIG_OPT_OPTIONAL(0, "abbrev-ref", struct opts, abbrev_ref, "strict",
	    "the short name of a ref; of the branch for HEAD"),
	DIG_OPT_FLAG(0, "symbolic-full-name", struct opts, full_name,
	    "the full name of a ref"),
	DIG_OPT_HEADING("places"),
	DIG_OPT_FLAG(
	    0, "show-toplevel", struct opts, toplevel, "the work tree"),
	DIG_OPT_FLAG(0, "dig-dir", struct opts, dig_dir, "the folder .dig"),
	DIG_OPT_FLAG(0, "show-prefix", struct opts, prefix,
	    "the current folder inside the work tree"),
	DIG_OPT_FLAG(
	    0, "is-inside-work-tree", struct opts, inside, "true or false"),
	DIG_OPT_HEADING("output"),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_rev_parse = {
	"rev-parse",
	"[--verify [-q]] [--short[=N]] [--json] REV...\n"
	"(--abbrev-ref | --symbolic-full-name) REV...\n"
	"[--show-toplevel] [--dig-dir] [--show-prefix] "
	"[--is-inside-work-tree]",
	"Turn each REV into its id, one a line. A range A..B prints the id of "
	"B "
	"and then that of A with a ^ before it.",
	options,
};

struct printer {
	struct dig_cli *cli;
	struct dig_repo *repo;
	const struct opts *opts;
	struct dig_json json;
	size_t digits; /* 0: all */
};

static void
print_place(
    struct printer *p, const char *key, const char *path, const char *end)
{
	if (p->opts->json) {
		dig_json_path(&p->json, key, path, strlen(path));
		return;
	}
	dig_out_text(&p->cli->out, path, strlen(path));
	dig_out_puts(&p->cli->out, end);
}

static void
print_places(struct printer *p)
{
	const struct opts *opts = p->opts;
	const char *prefix = dig_repo_prefix(p->repo);

	if (opts->toplevel)
		print_place(p, "toplevel", dig_repo_worktree(p->repo), "\n");
	if (opts->dig_dir)
		print_place(p, "dig_dir", dig_repo_dir(p->repo), "\n");
	if (opts->prefix)
		print_place(
		    p, "prefix", prefix, prefix[0] == '\0' ? "\n" : "/\n");
	if (opts->inside && opts->json)
		dig_json_bool(&p->json, "is_inside_work_tree",
		    dig_repo_is_inside(p->repo));
	else if (opts->inside)
		dig_out_puts(&p->cli->out,
		    dig_repo_is_inside(p->repo) ? "true\n" : "false\n");
}

static enum dig_status
print_id(struct printer *p, const char *text, const struct dig_oid *id,
    bool negative, struct dig_error *err)
{
	char hex[DIG_OID_HEX + 1];
	enum dig_status st = DIG_OK;

	dig_oid_hex(id, hex);
	if (p->digits != 0)
		st = dig_revision_short(p->repo, id, p->digits, hex, err);
	if (st != DIG_OK)
		return st;
	if (p->opts->json) {
		dig_json_object(&p->json, NULL);
		dig_json_string(&p->json, "revision", text);
		dig_json_string(&p->json, "id", hex);
		if (negative)
			dig_json_bool(&p->json, "excluded", true);
		dig_json_object_end(&p->json);
	} else {
		dig_out_printf(
		    &p->cli->out, "%s%s\n", negative ? "^" : "", hex);
	}
	return DIG_OK;
}

/* A...B: what both have. */
static enum dig_status
print_bases(struct printer *p, const char *text, const struct dig_range *range,
    struct dig_error *err)
{
	struct dig_oid *bases = NULL;
	enum dig_status st;
	size_t count;

	st = dig_merge_bases(
	    p->repo, &range->from, &range->to, 1, &bases, &count, err);
	for (size_t i = 0; st == DIG_OK && i < count; i++)
		st = print_id(p, text, &bases[i], true, err);
	free(bases);
	return st;
}

static enum dig_status
print_ref(struct printer *p, const char *text, struct dig_error *err)
{
	const char *ref = dig_revision_ref(p->repo, text);
	struct dig_revision rev;
	enum dig_status st;

	if (ref == NULL) {
		/* A detached HEAD has its own name; any other id has none. */
		st = dig_revision_resolve(p->repo, text, &rev, err);
		if (st != DIG_OK)
			return st;
		if (strcmp(text, "HEAD") != 0 && strcmp(text, "@") != 0)
			return DIG_OK;
		ref = "HEAD";
	}
	if (p->opts->abbrev_ref != NULL)
		ref = dig_ref_short(ref);
	if (p->opts->json) {
		dig_json_object(&p->json, NULL);
		dig_json_string(&p->json, "revision", text);
		dig_json_string(&p->json, "ref", ref);
		dig_json_object_end(&p->json);
	} else {
		dig_out_text(&p->cli->out, ref, strlen(ref));
		dig_out_puts(&p->cli->out, "\n");
	}
	return DIG_OK;
}

static enum dig_status
print_revision(struct printer *p, const char *text, struct dig_error *err)
{
	struct dig_revision rev;
	struct dig_range range;
	enum dig_status st;

	if (p->opts->abbrev_ref != NULL || p->opts->full_name)
		return print_ref(p, text, err);
	if (!p->opts->verify && dig_revision_is_range(text)) {
		st = dig_revision_range(p->repo, text, &range, err);
		if (st == DIG_OK)
			st = print_id(p, text, &range.to, false, err);
		if (st == DIG_OK)
			st = print_id(
			    p, text, &range.from, !range.symmetric, err);
		if (st == DIG_OK && range.symmetric)
			st = print_bases(p, text, &range, err);
		return st;
	}
	st = dig_revision_resolve(p->repo, text, &rev, err);
	if (st == DIG_OK)
		st = print_id(p, text, &rev.id, false, err);
	return st;
}

static enum dig_status
find_digits(const char *text, size_t *out, struct dig_error *err)
{
	int64_t n = DIG_REVISION_SHORT;

	if (text != NULL && text[0] != '\0' &&
	    (!dig_config_parse_int(text, &n) || n < 4 || n > DIG_OID_HEX))
		return dig_raise(err, DIG_EINVALID,
		    "--short takes a number from 4 to %d", DIG_OID_HEX);
	*out = text == NULL ? 0 : (size_t)n;
	return DIG_OK;
}

enum dig_status
dig_cmd_rev_parse(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { 0 };
	struct printer p = { .cli = cli, .opts = &opts };
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_rev_parse, argc, argv, &opts, &args, err);
	if (st == DIG_OK)
		st = find_digits(opts.shorten, &p.digits, err);
	if (st == DIG_OK && opts.verify && args.argc != 1)
		st = dig_raise(
		    err, DIG_EINVALID, "--verify needs exactly one revision");
	if (st == DIG_OK)
		st = args.argc == 0 ? dig_cli_find_repo(cli, &p.repo, err)
				    : dig_cli_repo(cli, &p.repo, err);
	if (st != DIG_OK)
		return st;
	dig_json_init(&p.json, &cli->out);
	if (opts.json)
		dig_json_object(&p.json, NULL);
	print_places(&p);
	if (opts.json)
		dig_json_array(&p.json, "revisions");
	for (int i = 0; i < args.argc && st == DIG_OK; i++)
		st = print_revision(&p, args.argv[i], err);
	if (st != DIG_OK && opts.json)
		dig_buf_reset(&cli->out.buf); /* no half a document */
	if (opts.json && st == DIG_OK) {
		dig_json_array_end(&p.json);
		dig_json_object_end(&p.json);
		dig_json_end(&p.json);
	}
	if (opts.verify && opts.quiet &&
	    (st == DIG_ENOTFOUND || st == DIG_EAMBIGUOUS))
		err->status = DIG_OK; /* the code says it */
	return st;
}
