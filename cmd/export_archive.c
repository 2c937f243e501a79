/* SPDX-License-Identifier: MIT
 *
 * dig export tar, dig export dir: the files of a revision elsewhere.
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cmd/export.h"
#include "cmd/outfile.h"
#include "cmd/text.h"
#include "objects/base/io.h"

/* [REV [PATH...]], from operand `first` on; `--` may stand before PATHs. */
static void
select_files(const struct dig_export_opts *opts, const struct dig_args *args,
    int first, struct dig_selection *out)
{
	int before = args->dashdash >= 0 ? args->dashdash : args->argc;
	bool has_rev = before > first;

	memset(out, 0, sizeof(*out));
	out->rev = has_rev ? args->argv[first] : "HEAD";
	out->prefix = opts->prefix;
	first += has_rev;
	out->paths = (const char *const *)args->argv + first;
	out->npaths = args->argc > first ? (size_t)(args->argc - first) : 0;
}

enum dig_status
dig_export_form_dir(struct dig_cli *cli, const struct dig_export_opts *opts,
    const struct dig_args *args, struct dig_error *err)
{
	struct dig_checkout_result result;
	struct dig_selection what;
	struct dig_repo *repo;
	enum dig_status st;

	if (args->argc < 2 || args->dashdash == 1) {
		st = dig_raise(err, DIG_EINVALID, "export to which folder?");
		dig_hint(err, "'dig export dir DIR [REV]'");
		return st;
	}
	select_files(opts, args, 2, &what);
	st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK)
		st =
		    dig_checkout_into(repo, args->argv[1], &what, &result, err);
	dig_cli_progress_end(cli);
	if (st != DIG_OK || opts->quiet)
		return st;
	dig_out_printf(&cli->out, "Wrote %" PRIu64 " file%s into ",
	    result.written, result.written == 1 ? "" : "s");
	dig_out_text(&cli->out, args->argv[1], strlen(args->argv[1]));
	dig_out_puts(&cli->out, "\n");
	return DIG_OK;
}

enum dig_status
dig_export_form_tar(struct dig_cli *cli, const struct dig_export_opts *opts,
    const struct dig_args *args, struct dig_error *err)
{
	const char *name = opts->output;
	struct dig_tar_result result;
	struct dig_selection what;
	struct dig_outfile file;
	struct dig_repo *repo;
	enum dig_status st;

	select_files(opts, args, 1, &what);
	st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK)
		st = dig_outfile_open(cli, name, &file, err);
	if (st != DIG_OK)
		return st;
	st = dig_export_tar(repo, &what,
	    dig_tar_compression(name != NULL ? name : ""), dig_outfile_write,
	    &file, &result, err);
	dig_cli_progress_end(cli);
	st = dig_outfile_close(&file, st, err);
	if (st == DIG_OK && file.name != NULL && !opts->quiet) {
		struct dig_buf size = DIG_BUF_INIT;

		dig_format_size(&size, result.bytes);
		dig_out_printf(&cli->out, "Wrote %" PRIu64 " file%s, %s, into ",
		    result.files, result.files == 1 ? "" : "s",
		    (const char *)size.data);
		dig_out_text(&cli->out, name, strlen(name));
		dig_out_puts(&cli->out, "\n");
		dig_buf_clear(&size);
	}
	return st;
}
