/* SPDX-License-Identifier: MIT
 *
 * dig grep: lines that match a pattern.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/pathlist.h"
#include "cmd/relative.h"
#include "objects/base/io.h"
#include "objects/base/path.h"

struct opts {
	struct dig_list patterns;
	const char *syntax;
	bool ignore_case;
	bool word;
	bool invert;
	const char *binary;
	const char *want;
	bool quiet;
	bool numbers;
	const char *names;
	bool full_name;
	bool nul;
	bool only_matching;
	bool heading;
	bool gaps;
	int64_t before;
	int64_t after;
	int64_t around;
	bool cached;
	bool untracked;
};

#define CONTEXT_MAX INT32_MAX

static const struct dig_opt options[] = {
	DIG_OPT_LIST('e', NULL, struct opts, patterns, "PATTERN",
	    "a pattern; several are alternatives"),
	DIG_OPT_FIXED('G', "basic-regexp", struct opts, syntax, "basic",
	    "POSIX basic regular expressions (the default)"),
	DIG_OPT_FIXED('E', "extended-regexp", struct opts, syntax, "extended",
	    "POSIX extended regular expressions"),
	DIG_OPT_FIXED('P', "perl-regexp", struct opts, syntax, "perl",
	    "Perl's regular expressions"),
	DIG_OPT_FIXED('F', "fixed-strings", struct opts, syntax, "fixed",
	    "text as it is"),
	DIG_OPT_FLAG('i', "ignore-case", struct opts, ignore_case,
	    "letters of either case are equal"),
	DIG_OPT_FLAG(
	    'w', "word-regexp", struct opts, word, "match whole words only"),
	DIG_OPT_FLAG('v', "invert-match", struct opts, invert,
	    "lines that do not match"),
	DIG_OPT_FIXED(
	    'a', "text", struct opts, binary, "text", "binary files are text"),
	DIG_OPT_FIXED('I', NULL, struct opts, binary, "skip",
	    "binary files do not match"),
	DIG_OPT_HEADING("where"),
	DIG_OPT_FLAG(0, "cached", struct opts, cached,
	    "what is staged, not the work tree"),
	DIG_OPT_FLAG(0, "untracked", struct opts, untracked,
	    "files of the work tree that are not tracked, too"),
	DIG_OPT_HEADING("output"),
	DIG_OPT_FIXED('l', "files-with-matches", struct opts, want, "names",
	    "names of files that match"),
	DIG_OPT_FIXED(0, "name-only", struct opts, want, "names",
	    "the same as --files-with-matches"),
	DIG_OPT_FIXED('L', "files-without-match", struct opts, want, "without",
	    "names of files that do not match"),
	DIG_OPT_FIXED('c', "count", struct opts, want, "counts",
	    "how many lines match in each file"),
	DIG_OPT_FLAG(
	    'q', "quiet", struct opts, quiet, "nothing; only the exit code"),
	DIG_OPT_FLAG(
	    'n', "line-number", struct opts, numbers, "numbers of lines"),
	DIG_OPT_FIXED('h', NULL, struct opts, names, "no", "no names of files"),
	DIG_OPT_FIXED('H', NULL, struct opts, names, "yes",
	    "names of files (the default)"),
	DIG_OPT_FLAG(0, "full-name", struct opts, full_name,
	    "names from the root of the work tree"),
	DIG_OPT_FLAG('z', "null", struct opts, nul,
	    "NUL after names, which are not quoted"),
	DIG_OPT_FLAG('o', "only-matching", struct opts, only_matching,
	    "only what matches, each match on a line"),
	DIG_OPT_FLAG(0, "heading", struct opts, heading,
	    "the name once above the lines of a file"),
	DIG_OPT_FLAG(
	    0, "break", struct opts, gaps, "an empty line between files"),
	DIG_OPT_INT('B', "before-context", struct opts, before, 0, CONTEXT_MAX,
	    "LINES", "lines before each match"),
	DIG_OPT_INT('A', "after-context", struct opts, after, 0, CONTEXT_MAX,
	    "LINES", "lines after each match"),
	DIG_OPT_COUNT('C', "context", struct opts, around, 0, CONTEXT_MAX,
	    "LINES", "lines before and after; -LINES is the same"),
	DIG_OPTS_COLOUR,
	DIG_OPT_END,
};

const struct dig_usage dig_usage_grep = {
	"grep",
	"[OPTION]... [-e] PATTERN [REV]... [--] [PATH...]",
	"Search the tracked files of the work tree below the current folder, "
	"or what is staged, or the files of commits, for lines that match a "
	"pattern.",
	options,
};

struct printing {
	struct dig_cli *cli;
	const struct opts *opts;
	const char *prefix;
	const char *rev;     /* in front of each name; NULL: none */
	struct dig_buf path; /* of `shown` */
	struct dig_buf shown;
	uint64_t last; /* line that was printed of this file */
	bool context;
	bool any; /* a line was printed */
};

static void
put_coloured(
    struct dig_out *out, enum dig_colour colour, const void *text, size_t len)
{
	dig_out_colour(out, colour);
	dig_out_text(out, text, len);
	if (len > 0)
		dig_out_colour(out, DIG_COLOUR_RESET);
}

static void
put_separator(struct printing *printing, char sign)
{
	if (printing->opts->nul)
		dig_out_raw(&printing->cli->out, "", 1);
	else
		put_coloured(
		    &printing->cli->out, DIG_COLOUR_MATCH_SEPARATOR, &sign, 1);
}

/* The name as it is shown into printing->shown. */
static void
make_name(struct printing *printing, const struct dig_grep_event *event)
{
	struct dig_buf relative = DIG_BUF_INIT;

	if (printing->path.len == event->path_len && event->path_len > 0 &&
	    memcmp(printing->path.data, event->path, event->path_len) == 0)
		return;
	printing->last = 0;
	dig_buf_reset(&printing->path);
	dig_buf_put(&printing->path, event->path, event->path_len);
	dig_buf_reset(&printing->shown);
	if (printing->rev != NULL)
		dig_buf_printf(&printing->shown, "%s:", printing->rev);
	dig_relative_path(&relative,
	    printing->opts->full_name ? "" : printing->prefix, event->path,
	    event->path_len);
	if (printing->opts->nul)
		dig_buf_put(&printing->shown, relative.data, relative.len);
	else
		dig_path_quote(&printing->shown, relative.data, relative.len,
		    printing->cli->out.terminal);
	dig_buf_clear(&relative);
}

static void
put_name(struct printing *printing)
{
	put_coloured(&printing->cli->out, DIG_COLOUR_MATCH_FILE,
	    printing->shown.data, printing->shown.len);
}

/* What stands between this line and the one before. */
static void
put_gap(struct printing *printing, uint64_t number)
{
	struct dig_out *out = &printing->cli->out;

	if (printing->opts->gaps && printing->last == 0) {
		if (printing->any)
			dig_out_puts(out, "\n");
	} else if (printing->context &&
		   (printing->last == 0 ? printing->any
					: number > printing->last + 1)) {
		put_coloured(out, DIG_COLOUR_MATCH_SEPARATOR, "--", 2);
		dig_out_puts(out, "\n");
	}
	if (printing->opts->heading && printing->last == 0) {
		put_name(printing);
		dig_out_puts(out, "\n");
	}
}

static void
put_header(struct printing *printing, uint64_t number, char sign)
{
	struct dig_out *out = &printing->cli->out;
	char text[24];
	int len;

	if (!printing->opts->heading &&
	    (printing->opts->names == NULL ||
		strcmp(printing->opts->names, "no") != 0)) {
		put_name(printing);
		put_separator(printing, sign);
	}
	if (!printing->opts->numbers)
		return;
	len = snprintf(text, sizeof(text), "%" PRIu64, number);
	put_coloured(out, DIG_COLOUR_MATCH_LINE, text, (size_t)len);
	put_separator(printing, sign);
}

static void
put_line(struct printing *printing, const struct dig_grep_event *event)
{
	struct dig_out *out = &printing->cli->out;
	char sign = event->what == DIG_GREP_HIT ? ':' : '-';
	size_t at = 0;

	if (printing->opts->only_matching && event->nspans == 0)
		return;
	put_gap(printing, event->number);
	printing->last = event->number;
	printing->any = true;
	if (!printing->opts->only_matching)
		put_header(printing, event->number, sign);
	for (size_t i = 0; i < event->nspans; i++) {
		const struct dig_grep_span *span = &event->spans[i];

		if (printing->opts->only_matching)
			put_header(printing, event->number, sign);
		else
			dig_out_text(out, event->text + at, span->from - at);
		put_coloured(out, DIG_COLOUR_MATCH, event->text + span->from,
		    span->to - span->from);
		if (printing->opts->only_matching)
			dig_out_puts(out, "\n");
		at = span->to;
	}
	if (printing->opts->only_matching)
		return;
	dig_out_text(out, event->text + at, event->len - at);
	dig_out_puts(out, "\n");
}

static bool
on_event(void *arg, const struct dig_grep_event *event)
{
	struct printing *printing = arg;
	struct dig_out *out = &printing->cli->out;

	make_name(printing, event);
	switch (event->what) {
	case DIG_GREP_HIT:
	case DIG_GREP_CONTEXT:
		put_line(printing, event);
		break;
	case DIG_GREP_BINARY:
		dig_out_puts(out, "Binary file ");
		put_name(printing);
		dig_out_puts(out, " matches\n");
		break;
	case DIG_GREP_FILE:
		put_name(printing);
		dig_out_raw(out, printing->opts->nul ? "" : "\n", 1);
		break;
	case DIG_GREP_COUNT:
		if (printing->opts->names == NULL ||
		    strcmp(printing->opts->names, "no") != 0) {
			put_name(printing);
			put_separator(printing, ':');
		}
		dig_out_printf(out, "%" PRIu64 "\n", event->number);
		break;
	}
	return !dig_out_gone(out);
}

/* ---- What is asked ---------------------------------------------------- */

/* The environment says that text is UTF-8, as setlocale(3) reads it. */
static bool
is_utf8_locale(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && *value != '\0')
			return strstr(value, "UTF-8") != NULL ||
			       strstr(value, "utf8") != NULL;
	}
	return false;
}

static void
read_options(const struct opts *opts, struct dig_grep_options *what)
{
	const char *syntax = opts->syntax != NULL ? opts->syntax : "basic";
	const char *want = opts->want != NULL ? opts->want : "lines";

	what->patterns = opts->patterns.at;
	what->npatterns = opts->patterns.count;
	what->syntax = *syntax == 'b'   ? DIG_GREP_BASIC
		       : *syntax == 'e' ? DIG_GREP_EXTENDED
		       : *syntax == 'f' ? DIG_GREP_FIXED
					: DIG_GREP_PERL;
	what->ignore_case = opts->ignore_case;
	what->utf8 = is_utf8_locale();
	what->word = opts->word;
	what->invert = opts->invert;
	if (opts->binary != NULL)
		what->binary = *opts->binary == 't' ? DIG_GREP_BINARY_TEXT
						    : DIG_GREP_BINARY_SKIP;
	what->want = opts->quiet    ? DIG_GREP_ANY
		     : *want == 'n' ? DIG_GREP_NAMES
		     : *want == 'w' ? DIG_GREP_NAMES_WITHOUT
		     : *want == 'c' ? DIG_GREP_COUNTS
				    : DIG_GREP_LINES;
	if (!opts->only_matching) {
		int64_t around = opts->around;

		what->before =
		    (uint64_t)(opts->before >= 0 ? opts->before : around);
		what->after =
		    (uint64_t)(opts->after >= 0 ? opts->after : around);
	}
	what->where = opts->cached      ? DIG_GREP_STAGED
		      : opts->untracked ? DIG_GREP_UNTRACKED
					: DIG_GREP_WORKTREE;
}

/* How many of the operands from `first` on name trees. */
static enum dig_status
count_revisions(struct dig_repo *repo, const struct dig_args *args, int first,
    int *out, struct dig_error *err)
{
	struct dig_oid tree;
	enum dig_status st = DIG_OK;
	int i = first;
	int end = args->dashdash >= 0 ? args->dashdash : args->argc;

	for (; i < end && st == DIG_OK; i += st == DIG_OK)
		st = dig_revision_tree(repo, args->argv[i], &tree, err);
	*out = i - first;
	if (st == DIG_OK || args->dashdash >= 0 ||
	    (st != DIG_ENOTFOUND && st != DIG_EINVALID))
		return st;
	/* The first that is no revision is a path, and so is what follows. */
	for (; i < end; i++) {
		if (dig_word_is_path(args->argv[i]))
			continue;
		dig_raise(err, DIG_ENOTFOUND,
		    "'%.200s' is neither a revision nor a path", args->argv[i]);
		dig_hint(err, "put '--' before a path that is not there");
		return DIG_ENOTFOUND;
	}
	return DIG_OK;
}

static enum dig_status
search(struct printing *printing, struct dig_repo *repo,
    struct dig_grep_options *what, char *const *revs, int nrevs,
    struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	bool found = false;
	bool any = false;

	if (nrevs == 0)
		st = dig_grep(repo, what, &any, err);
	for (int i = 0; i < nrevs && st == DIG_OK; i++) {
		what->where = DIG_GREP_TREE;
		printing->rev = revs[i];
		dig_buf_reset(&printing->path);
		st = dig_revision_tree(repo, revs[i], &what->tree, err);
		if (st == DIG_OK)
			st = dig_grep(repo, what, &found, err);
		any = any || found;
		if (any && what->want == DIG_GREP_ANY)
			break;
	}
	return st == DIG_OK && !any ? DIG_ENO : st;
}

static enum dig_status
check_options(const struct opts *opts, int nrevs, struct dig_error *err)
{
	const char *why = NULL;

	if (opts->cached && opts->untracked)
		why = "--cached and --untracked do not go together";
	else if (nrevs > 0 && (opts->cached || opts->untracked))
		why = "--cached and --untracked do not go with a revision";
	return why != NULL ? dig_raise(err, DIG_EINVALID, "%s", why) : DIG_OK;
}

enum dig_status
dig_cmd_grep(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { .before = -1, .after = -1 };
	struct printing printing = { .cli = cli, .opts = &opts };
	struct dig_grep_options what = { .fn = on_event, .arg = &printing };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;
	int first = 0;
	int nrevs = 0;

	st = dig_opt_parse(&dig_usage_grep, argc, argv, &opts, &args, err);
	if (st == DIG_OK && opts.patterns.count == 0) {
		if (args.argc == 0)
			st = dig_raise(
			    err, DIG_EINVALID, "grep takes a pattern");
		else
			dig_list_add(&opts.patterns, args.argv[first++]);
	}
	if (st == DIG_OK)
		st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK)
		st = count_revisions(repo, &args, first, &nrevs, err);
	if (st == DIG_OK)
		st = check_options(&opts, nrevs, err);
	if (st != DIG_OK)
		goto out;
	if (opts.invert) /* nothing has matched */
		opts.only_matching = false;
	read_options(&opts, &what);
	printing.prefix = dig_repo_prefix(repo);
	printing.context = what.before > 0 || what.after > 0;
	what.spans = opts.only_matching || cli->out.colour;
	what.paths = (const char *const *)args.argv + first + nrevs;
	what.npaths = (size_t)(args.argc - first - nrevs);
	/* A pattern may take long, and nothing is written. */
	dig_interrupt_default();
	st = search(&printing, repo, &what, args.argv + first, nrevs, err);
out:
	dig_buf_clear(&printing.path);
	dig_buf_clear(&printing.shown);
	dig_list_clear(&opts.patterns);
	return st;
}
