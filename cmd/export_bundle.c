/* SPDX-License-Identifier: MIT
 *
 * dig export bundle, dig import bundle: a repository as one file.
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cmd/export.h"
#include "cmd/import.h"
#include "cmd/outfile.h"
#include "cmd/text.h"
#include "objects/base/io.h"

static void
count(struct dig_buf *text, uint64_t n, const char *one, const char *many)
{
	dig_format_count(text, n);
	dig_buf_printf(text, " %s", n == 1 ? one : many);
}

/* ---- Out -------------------------------------------------------------- */

/* On standard error where standard output has the bundle. */
static void
tell_exported(struct dig_cli *cli, const struct dig_outfile *file,
    const struct dig_bundle_exported *result)
{
	struct dig_buf text = DIG_BUF_INIT;

	count(&text, result->commits, "commit", "commits");
	dig_buf_puts(&text, ", ");
	count(&text, result->objects, "object", "objects");
	dig_buf_puts(&text, ", ");
	count(&text, result->refs, "ref", "refs");
	if (result->needs > 0) {
		dig_buf_puts(&text, "; it needs ");
		count(&text, result->needs, "commit", "commits");
		dig_buf_puts(&text, " that it has not");
	}
	dig_buf_putc(&text, '\n');
	if (file->name != NULL)
		dig_out_raw(&cli->out, text.data, text.len);
	else /* A summary that cannot be shown is no failure. */
		dig_ignore(
		    dig_write_full(STDERR_FILENO, text.data, text.len) == 0
			? DIG_OK
			: DIG_EFILE);
	dig_buf_clear(&text);
}

enum dig_status
dig_export_form_bundle(struct dig_cli *cli, const struct dig_export_opts *opts,
    const struct dig_args *args, struct dig_error *err)
{
	struct dig_bundle_export export = {
		.without = opts->without.at,
		.nwithout = opts->without.count,
		.write = dig_outfile_write,
	};
	struct dig_bundle_exported result;
	struct dig_outfile file;
	struct dig_repo *repo;
	enum dig_status st;

	if (args->argc < 2) {
		st = dig_raise(err, DIG_EINVALID, "export into which file?");
		dig_hint(err, "'dig export bundle FILE', or '-' for standard "
			      "output");
		return st;
	}
	if (opts->all && args->argc > 2)
		return dig_raise(err, DIG_EINVALID, "--all goes without REFs");
	export.refs = (const char *const *)args->argv + 2;
	export.nrefs = (size_t)args->argc - 2;
	st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK)
		st = dig_outfile_open(cli, args->argv[1], &file, err);
	if (st != DIG_OK)
		return st;
	export.arg = &file;
	st = dig_export_bundle(repo, &export, &result, err);
	dig_cli_progress_end(cli);
	if (st == DIG_OK && !opts->quiet)
		tell_exported(cli, &file, &result);
	return dig_outfile_close(&file, st, err);
}

/* ---- In --------------------------------------------------------------- */

struct telling {
	struct dig_cli *cli;
	bool quiet;
};

static void
on_ref(void *arg, const char *name, const struct dig_oid *id,
    enum dig_ref_move move)
{
	static const char *const words[] = {
		[DIG_REF_NEW] = "new",
		[DIG_REF_SAME] = "same",
		[DIG_REF_FORWARD] = "forward",
		[DIG_REF_FORCED] = "forced",
		[DIG_REF_REFUSED] = "refused",
	};
	const struct telling *telling = arg;
	struct dig_out *out = &telling->cli->out;
	char hex[DIG_OID_HEX + 1];

	if (telling->quiet)
		return;
	dig_cli_progress_end(telling->cli);
	dig_oid_hex(id, hex);
	dig_out_printf(out, "%-8s %.*s ", words[move], DIG_REVISION_SHORT, hex);
	dig_out_text(out, name, strlen(name));
	dig_out_puts(out, "\n");
}

static void
tell_imported(struct dig_cli *cli, const struct dig_import_opts *opts,
    const struct dig_bundle_imported *result)
{
	struct dig_buf text = DIG_BUF_INIT;

	count(&text, result->commits, "new commit", "new commits");
	dig_buf_puts(&text, " of a bundle of ");
	count(&text, result->objects, "object", "objects");
	if (opts->dry_run) {
		dig_buf_puts(&text, "; all is well, and nothing was changed");
	} else {
		dig_buf_puts(&text, "; ");
		count(&text, result->refs, "ref moved", "refs moved");
	}
	dig_buf_putc(&text, '\n');
	if (result->head_moved)
		dig_buf_puts(&text,
		    "HEAD has moved, and the work tree is as it was: 'dig "
		    "reset --hard' makes it the same, edits are lost then\n");
	dig_out_raw(&cli->out, text.data, text.len);
	dig_buf_clear(&text);
}

enum dig_status
dig_import_form_bundle(struct dig_cli *cli, const struct dig_import_opts *opts,
    const struct dig_args *args, struct dig_error *err)
{
	struct telling telling = { cli, opts->quiet };
	struct dig_bundle_import import = {
		.dry_run = opts->dry_run,
		.force = opts->force,
		.tell = on_ref,
		.arg = &telling,
	};
	struct dig_bundle_imported result;
	struct dig_repo *repo;
	enum dig_status st;

	st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK)
		st = dig_import_open(cli, args, "a bundle", &import.fd, err);
	if (st != DIG_OK)
		return st;
	st = dig_import_bundle(repo, &import, &result, err);
	dig_import_close(import.fd);
	dig_cli_progress_end(cli);
	if (result.healed > 0) {
		dig_cli_warn(cli,
		    "the bundle is damaged in %" PRIu64 " place%s; its parity "
		    "made up for it, the file is as it was",
		    result.healed, result.healed == 1 ? "" : "s");
		if (st == DIG_OK && cli->strict)
			st = dig_raise(err, DIG_EREPAIRED,
			    "the bundle is damaged, and was taken in by its "
			    "parity");
	}
	if ((st == DIG_OK || st == DIG_EREPAIRED) && !opts->quiet)
		tell_imported(cli, opts, &result);
	return st;
}
