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

/* ---- Ranges ----------------------------------------------------------- */

/* A decimal number at *at, which moves on; false when there is none, or one
 * beyond 64 bits. */
static bool
parse_number(const char **at, uint64_t *out)
{
	const char *start = *at;
	uint64_t value = 0;

	for (; **at >= '0' && **at <= '9'; ++*at) {
		unsigned digit = (unsigned)(**at - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return *at != start;
}

/* "A-B", "A-", "-N" of a file of `size` bytes, as [from, to). */
static enum dig_status
parse_range(const char *text, uint64_t size, uint64_t *from, uint64_t *to,
    struct dig_error *err)
{
	const char *at = text;
	uint64_t first = 0, last = 0;
	bool has_first = parse_number(&at, &first);
	bool has_last;

	if ((at != text && !has_first) || *at != '-')
		goto bad;
	at++;
	text = at;
	has_last = parse_number(&at, &last);
	if ((at != text && !has_last) || *at != '\0' ||
	    (!has_first && !has_last))
		goto bad;
	if (!has_first) {
		if (last == 0 || last > size)
			goto outside;
		*from = size - last;
		*to = size;
		return DIG_OK;
	}
	if (has_last && last < first)
		goto bad;
	if (first >= size || (has_last && last >= size))
		goto outside;
	*from = first;
	*to = has_last ? last + 1 : size;
	return DIG_OK;
bad:
	dig_ignore(dig_raise(err, DIG_EINVALID,
	    "not a range; the file has %llu bytes", (unsigned long long)size));
	dig_hint(err, "--bytes takes 0-99, 100- or -50");
	return DIG_EINVALID;
outside:
	return dig_raise(err, DIG_EINVALID,
	    "the range is not in the file, which has %llu bytes",
	    (unsigned long long)size);
}

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
	struct dig_buf path = DIG_BUF_INIT;
	struct dig_entry entry;
	enum dig_found found;
	struct dig_oid root;
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
	st = dig_revision_path(repo, word, &root, &path, err);
	if (st == DIG_OK)
		st = dig_content_find(
		    repo, &root, path.data, path.len, &found, &entry, err);
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
	if (opts->bytes != NULL)
		st =
		    parse_range(opts->bytes, entry.size_bytes, &from, &to, err);
	if (st == DIG_OK)
		st = dig_content_read(
		    repo, &entry, from, to, write_bytes, &cli->out, err);
	if (st == DIG_ENO) /* main() says what became of standard output */
		st = DIG_OK;
out:
	dig_buf_clear(&path);
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
