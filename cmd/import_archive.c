/* SPDX-License-Identifier: MIT
 *
 * dig import tar, dig import dir: what an archive or a folder holds, as a
 * commit.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cmd/import.h"
#include "cmd/message.h"
#include "objects/base/io.h"

enum dig_status
dig_import_open(struct dig_cli *cli, const struct dig_args *args,
    const char *what, int *fd, struct dig_error *err)
{
	const char *name = args->argc > 1 ? args->argv[1] : "-";
	enum dig_status st;

	if (args->argc > 2)
		return dig_raise(
		    err, DIG_EINVALID, "import takes one file at a time");
	if (strcmp(name, "-") != 0) {
		*fd = dig_open_at(
		    AT_FDCWD, name, DIG_OPEN_READ | DIG_OPEN_FOLLOW);
		return *fd >= 0 ? DIG_OK
				: dig_raise_os(err, DIG_EFILE, -*fd,
				      "opening '%.200s'", name);
	}
	if (isatty(STDIN_FILENO)) {
		st = dig_raise(err, DIG_EINVALID, "import from where?");
		dig_hint(
		    err, "name a file that is %s, or pipe it into this", what);
		return st;
	}
	cli->read_input = true;
	*fd = STDIN_FILENO;
	return DIG_OK;
}

void
dig_import_close(int fd)
{
	if (fd != STDIN_FILENO)
		dig_close(fd);
}

/* -m, or "Import NAME". */
static enum dig_status
find_message(const struct dig_import_opts *opts, const char *from,
    struct dig_buf *out, struct dig_error *err)
{
	enum dig_status st = dig_message_given(&opts->messages, NULL, out, err);

	if (st == DIG_OK && opts->messages.count == 0) {
		struct dig_buf text = DIG_BUF_INIT;

		dig_buf_puts(&text, "Import ");
		dig_escape(&text, from, strlen(from), false);
		dig_message_clean(text.data, text.len, false, out);
		dig_buf_clear(&text);
	}
	return st;
}

static void
tell(struct dig_cli *cli, struct dig_repo *repo,
    const struct dig_archive_result *result)
{
	const struct dig_recorded *record = &result->record;
	struct dig_out *out = &cli->out;
	char hex[DIG_OID_HEX + 1];

	dig_cli_progress_end(cli);
	if (!result->committed) {
		dig_out_puts(out, "Nothing new: HEAD has all of it\n");
		return;
	}
	dig_oid_hex(&record->id, hex);
	dig_out_printf(out, "[%s %.*s] ",
	    record->branch != NULL ? record->branch : "detached HEAD",
	    DIG_REVISION_SHORT, hex);
	dig_out_text(out, record->subject, strlen(record->subject));
	dig_out_printf(out,
	    "\n %" PRIu64 " added, %" PRIu64 " modified, %" PRIu64 " deleted\n",
	    record->added, record->modified, record->deleted);
	if (result->left_out > 0)
		dig_out_printf(
		    out, " %" PRIu64 " left out\n", result->left_out);
	dig_out_puts(out, "The work tree is as it was: 'dig reset --hard' "
			  "makes it the same, edits are lost then\n");
	if (dig_repo_index_is_behind(repo))
		dig_cli_warn(cli, "the index is behind, the next command "
				  "brings it up to date");
}

enum dig_status
dig_import_form_tar(struct dig_cli *cli, const struct dig_import_opts *opts,
    const struct dig_args *args, struct dig_error *err)
{
	struct dig_archive_options import = {
		.prefix = opts->prefix,
		.strip = opts->strip,
		.skip_bad_names = opts->skip_bad_names,
		.no_limit = opts->no_limit,
	};
	struct dig_archive_result result = { 0 };
	struct dig_buf message = DIG_BUF_INIT;
	const char *name = args->argc > 1 ? args->argv[1] : "-";
	const char *slash = strrchr(name, '/');
	struct dig_repo *repo;
	enum dig_status st;

	if (slash != NULL && slash[1] != '\0')
		name = slash + 1;
	st = find_message(
	    opts, strcmp(name, "-") != 0 ? name : "an archive", &message, err);
	if (st == DIG_OK)
		st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK)
		st = dig_import_open(
		    cli, args, "a tar archive", &import.fd, err);
	if (st != DIG_OK)
		goto out;
	import.message = (const char *)message.data;
	import.message_len = message.len;
	st = dig_import_tar(repo, &import, &result, err);
	dig_import_close(import.fd);
	if (st == DIG_OK && !opts->quiet)
		tell(cli, repo, &result);
out:
	dig_archive_result_clear(&result);
	dig_buf_clear(&message);
	return st;
}

enum dig_status
dig_import_form_dir(struct dig_cli *cli, const struct dig_import_opts *opts,
    const struct dig_args *args, struct dig_error *err)
{
	struct dig_archive_options import = { .prefix = opts->prefix };
	struct dig_archive_result result = { 0 };
	struct dig_buf message = DIG_BUF_INIT;
	struct dig_repo *repo;
	enum dig_status st;

	if (args->argc != 2) {
		st = dig_raise(err, DIG_EINVALID, "import which folder?");
		dig_hint(err, "'dig import dir DIR'");
		return st;
	}
	st = find_message(opts, args->argv[1], &message, err);
	if (st == DIG_OK)
		st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		goto out;
	import.message = (const char *)message.data;
	import.message_len = message.len;
	st = dig_import_dir(repo, args->argv[1], &import, &result, err);
	if (st == DIG_OK && !opts->quiet)
		tell(cli, repo, &result);
out:
	dig_archive_result_clear(&result);
	dig_buf_clear(&message);
	return st;
}
