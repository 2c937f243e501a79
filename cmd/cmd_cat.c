/* SPDX-License-Identifier: MIT
 *
 * dig cat REV:PATH... [--bytes A-B]
 */
#include <unistd.h>

#include "cmd/command.h"
#include "objects/base/io.h"
#include "repo/dig.h"

struct opts {
	const char *bytes;
};

static const struct dig_opt options[] = {
	DIG_OPT_STRING(0, "bytes", struct opts, bytes, "A-B",
	    "only bytes A to B, from 0, both included; A- to the end; -N the "
	    "last N"),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_cat = {
	"cat",
	"[--bytes A-B] REV:PATH...",
	"Write the bytes of a file in a commit to standard output, or with "
	":PATH those that are staged. Every byte is checked against its hash "
	"before it is written, and only what is asked for is read.",
	options,
};

/* ---- Writing ---------------------------------------------------------- */

/* Chunks are large: they go past the buffer of standard output. */
static enum dig_status
write_bytes(void *arg, const void *data, size_t len, struct dig_error *err)
{
	struct dig_out *out = arg;

	(void)err;
	if (out->terminal) {
		dig_out_text(out, data, len);
	} else if (out->os_errno == 0) {
		dig_out_flush(out);
		if (out->os_errno == 0)
			out->os_errno = dig_write_full(out->fd, data, len);
	}
	return out->os_errno == 0 ? DIG_OK : DIG_ENO;
}

static enum dig_status
cat(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const char *word, struct dig_error *err)
{
	struct dig_snapshot at = DIG_SNAPSHOT_INIT;
	const char *bytes = opts->bytes;
	struct dig_entry entry;
	enum dig_found found;
	uint64_t from = 0, to;
	enum dig_status st;

	if (dig_revision_colon(word) == NULL) {
		dig_ignore(dig_raise(err, DIG_EINVALID,
		    "'%.200s' is not of the form REV:PATH", word));
		dig_hint(err,
		    "HEAD:%.200s is the file in the last commit, "
		    ":%.200s the staged one",
		    word, word);
		return DIG_EINVALID;
	}
	st = dig_revision_snapshot(repo, word, &at, err);
	if (st == DIG_OK)
		st = dig_content_find(repo, &at.root, at.path.data, at.path.len,
		    &found, &entry, err);
	if (st != DIG_OK)
		goto out;
	if (found == DIG_FOUND_NOTHING) {
		st = dig_raise(
		    err, DIG_ENOTFOUND, "there is no file '%.300s'", word);
		goto out;
	}
	if (found == DIG_FOUND_FOLDER) {
		st = dig_raise(err, DIG_EINVALID, "'%.300s' is a folder", word);
		dig_hint(err, "'dig show' and 'dig ls-tree' list a folder");
		goto out;
	}
	if (entry.kind == DIG_ENTRY_LINK) {
		st = dig_raise(err, DIG_EINVALID,
		    "'%.300s' is a link to another repository", word);
		goto out;
	}
	to = entry.size_bytes;
	if (bytes == NULL && at.range[0] != '\0')
		bytes = at.range;
	if (bytes != NULL)
		st = dig_range_parse(bytes, entry.size_bytes, &from, &to, err);
	if (st == DIG_OK)
		st = dig_content_read(
		    repo, &entry, from, to, write_bytes, &cli->out, err);
	if (st == DIG_ENO) /* main() says what became of standard output */
		st = DIG_OK;
out:
	dig_snapshot_clear(&at);
	return st;
}

enum dig_status
dig_cmd_cat(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { 0 };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_cat, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (args.argc == 0)
		return dig_raise(err, DIG_EINVALID, "cat needs a REV:PATH");
	if (args.argc > 1 && opts.bytes != NULL)
		return dig_raise(
		    err, DIG_EINVALID, "--bytes goes with one file");
	st = dig_cli_repo(cli, &repo, err);
	for (int i = 0; st == DIG_OK && i < args.argc; i++)
		st = cat(cli, repo, &opts, args.argv[i], err);
	return st;
}
