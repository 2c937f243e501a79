/* SPDX-License-Identifier: MIT
 *
 * dig import: bring in what another tool has kept.
 */
#include <string.h>
#include <unistd.h>

#include "cmd/git_child.h"
#include "cmd/import.h"
#include "cmd/text.h"

static const struct dig_opt options[] = {
	DIG_OPT_FLAG('f', "force", struct dig_import_opts, force,
	    "git, bundle: move branches and tags also where that loses commits "
	    "of theirs"),
	DIG_OPT_FLAG('n', "dry-run", struct dig_import_opts, dry_run,
	    "bundle: check all of it, and change nothing"),
	DIG_OPT_FLAG(0, "skip-bad-names", struct dig_import_opts,
	    skip_bad_names,
	    "git, tar: leave out what cannot be tracked, as '.git/config'"),
	DIG_OPT_FLAG(0, "lfs", struct dig_import_opts, lfs,
	    "git: take what git-lfs keeps in the place of its pointers"),
	DIG_OPT_LIST('m', "message", struct dig_import_opts, messages,
	    "MESSAGE", "tar, dir: a paragraph of the commit's message"),
	DIG_OPT_STRING(0, "prefix", struct dig_import_opts, prefix, "FOLDER",
	    "tar, dir: fill FOLDER, and leave the rest as it is"),
	DIG_OPT_INT(0, "strip", struct dig_import_opts, strip, 0, 1024,
	    "NUMBER", "tar: leave out the first NUMBER parts of each name"),
	DIG_OPT_FLAG(0, "no-limit", struct dig_import_opts, no_limit,
	    "tar: however much it unpacks to"),
	DIG_OPT_FLAG(
	    'q', "quiet", struct dig_import_opts, quiet, "say nothing"),
	DIG_OPTS_PROGRESS(struct dig_import_opts, progress),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_import = {
	"import",
	"git [-f] [-q] [--skip-bad-names] [--lfs] [DIR | -]\n"
	"tar [-q] [-m MESSAGE]... [--prefix FOLDER] [--strip NUMBER]\n"
	"  [--skip-bad-names] [--no-limit] [FILE | -]\n"
	"dir [-q] [-m MESSAGE]... [--prefix FOLDER] DIR\n"
	"bundle [-f] [-n] [-q] [FILE | -]",
	"git: bring in the history of the git repository in DIR, with all "
	"branches and tags, or the stream of 'git fast-export' that comes on "
	"standard input. Run again, only what is new is brought in; stopped, "
	"it goes on where it was.\n"
	"tar, dir: make a commit that holds what an archive, or a folder that "
	"is not the work tree, does.\n"
	"bundle: take in what 'dig export bundle' wrote, when all of it has "
	"been checked.\n"
	"The work tree is not touched.",
	options,
};

static void
count(struct dig_out *out, uint64_t n, const char *one, const char *many)
{
	struct dig_buf text = DIG_BUF_INIT;

	dig_format_count(&text, n);
	dig_out_printf(
	    out, "%s %s", (const char *)text.data, n == 1 ? one : many);
	dig_buf_clear(&text);
}

static void
summary(struct dig_cli *cli, struct dig_repo *repo,
    const struct dig_import_result *result)
{
	struct dig_out *out = &cli->out;
	const char *branch = dig_repo_branch(repo);

	count(out, result->commits, "new commit", "new commits");
	dig_out_puts(out, ", ");
	count(out, result->known, "known", "known");
	dig_out_puts(out, ", ");
	count(out, result->tags, "new annotated tag", "new annotated tags");
	dig_out_puts(out, "; ");
	count(out, result->refs, "ref moved", "refs moved");
	dig_out_puts(out, "\n");
	if (result->skipped > 0) {
		count(out, result->skipped, "path was", "paths were");
		dig_out_puts(out, " left out, and the commits have other "
				  "contents than git's\n");
	}
	if (result->lfs > 0 || result->lfs_missing > 0) {
		count(out, result->lfs, "LFS object", "LFS objects");
		dig_out_puts(out, " taken");
		if (result->lfs_missing > 0) {
			dig_out_puts(out, ", ");
			count(out, result->lfs_missing,
			    "is missing and stays a pointer",
			    "are missing and stay pointers");
		}
		dig_out_puts(out, "\n");
	}
	if (!result->head_moved)
		return;
	dig_out_puts(out, "HEAD is at ");
	if (branch != NULL)
		dig_out_text(out, branch, strlen(branch));
	else
		dig_out_puts(out, "git's detached commit");
	dig_out_puts(out, ", and the work tree is as it was: 'dig reset "
			  "--hard' makes it the same, edits are lost then\n");
}

/* From standard input or from a child, whose end says whether all came. */
static enum dig_status
import_stream(struct dig_cli *cli, const struct dig_import_opts *opts, int fd,
    const char *head, const char *lfs, struct dig_error *err)
{
	struct dig_import_options import = {
		.fd = fd,
		.head = head,
		.lfs = lfs,
		.force = opts->force,
		.skip_bad_names = opts->skip_bad_names,
	};
	struct dig_import_result result;
	struct dig_repo *repo;
	enum dig_status st;

	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	st = dig_import_git(repo, &import, &result, err);
	dig_cli_progress_end(cli);
	if ((st == DIG_OK || st == DIG_ENO) && !opts->quiet)
		summary(cli, repo, &result);
	return st;
}

/* Where git-lfs keeps contents: below the folder that work trees share. */
static enum dig_status
find_lfs(const char *dir, struct dig_buf *out, struct dig_error *err)
{
	static const char *const ask[] = { "rev-parse", "--git-common-dir",
		NULL };
	struct dig_buf common = DIG_BUF_INIT;
	enum dig_status st;
	int code = 0;

	st = dig_git_line(dir, ask, &common, &code, err);
	if (st == DIG_OK && code != 0)
		st = dig_raise(err, DIG_EFILE,
		    "git cannot read '%.200s'; it says why above", dir);
	if (st == DIG_OK && common.data[0] != '/')
		dig_buf_printf(out, "%s/", dir);
	if (st == DIG_OK)
		dig_buf_printf(
		    out, "%s/lfs/objects", (const char *)common.data);
	dig_buf_clear(&common);
	return st;
}

static enum dig_status
import_dir(struct dig_cli *cli, const struct dig_import_opts *opts,
    const char *dir, struct dig_error *err)
{
	static const char *const ask_head[] = { "symbolic-ref", "-q", "HEAD",
		NULL };
	static const char *const export[] = { "fast-export", "--all",
		"--signed-tags=verbatim", "--reencode=no",
		"--show-original-ids", "--mark-tags", "--use-done-feature",
		NULL };
	struct dig_buf head = DIG_BUF_INIT, lfs = DIG_BUF_INIT;
	struct dig_git_child child;
	enum dig_status st;
	int code = 0;

	st = dig_git_line(dir, ask_head, &head, &code, err);
	if (st == DIG_OK && code == 127)
		st = dig_raise(err, DIG_EFILE, "git cannot be started");
	else if (st == DIG_OK && code > 1)
		st = dig_raise(err, DIG_EFILE,
		    "git cannot read '%.200s'; it says why above", dir);
	if (st == DIG_OK && opts->lfs)
		st = find_lfs(dir, &lfs, err);
	if (st == DIG_OK)
		st = dig_git_start(&child, dir, export, err);
	if (st != DIG_OK)
		goto out;
	st = import_stream(cli, opts, child.fd,
	    code == 0 ? (const char *)head.data : NULL,
	    opts->lfs ? (const char *)lfs.data : NULL, err);
	code = dig_git_finish(&child);
	if (st == DIG_EFILE && code != 0)
		dig_wrap(err, "git ended with code %d", code);
out:
	dig_buf_clear(&head);
	dig_buf_clear(&lfs);
	return st;
}

static enum dig_status
form_git(struct dig_cli *cli, const struct dig_import_opts *opts,
    const struct dig_args *args, struct dig_error *err)
{
	enum dig_status st;

	if (args->argc > 2)
		return dig_raise(err, DIG_EINVALID, "import takes one DIR");
	if (args->argc == 2 && strcmp(args->argv[1], "-") != 0)
		return import_dir(cli, opts, args->argv[1], err);
	if (opts->lfs) {
		st = dig_raise(err, DIG_EINVALID,
		    "--lfs needs the folder of the repository");
		dig_hint(err, "'dig import git --lfs DIR'");
		return st;
	}
	if (args->argc == 1 && isatty(STDIN_FILENO)) {
		st = dig_raise(err, DIG_EINVALID, "import from where?");
		dig_hint(err, "name the folder, or pipe 'git fast-export "
			      "--all --show-original-ids' into it");
		return st;
	}
	cli->read_input = true;
	return import_stream(cli, opts, STDIN_FILENO, NULL, NULL, err);
}

static enum dig_status
run(struct dig_cli *cli, const struct dig_import_opts *opts,
    const struct dig_args *args, struct dig_error *err)
{
	static const struct {
		const char *word;
		enum dig_status (*run)(struct dig_cli *cli,
		    const struct dig_import_opts *opts,
		    const struct dig_args *args, struct dig_error *err);
	} forms[] = {
		{ "git", form_git },
		{ "tar", dig_import_form_tar },
		{ "dir", dig_import_form_dir },
		{ "bundle", dig_import_form_bundle },
	};
	enum dig_status st;

	cli->progress_choice = opts->progress;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (args->argc > 0 && strcmp(args->argv[0], forms[i].word) == 0)
			return forms[i].run(cli, opts, args, err);
	st = dig_raise(err, DIG_EINVALID, "import what?");
	dig_hint(err, "'dig import git DIR' brings in a git repository, 'dig "
		      "import tar FILE' an archive");
	return st;
}

enum dig_status
dig_cmd_import(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct dig_import_opts opts = { 0 };
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_import, argc, argv, &opts, &args, err);
	if (st == DIG_OK)
		st = run(cli, &opts, &args, err);
	dig_list_clear(&opts.messages);
	return st;
}
