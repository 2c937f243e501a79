/* SPDX-License-Identifier: MIT
 *
 * dig prove REV:PATH, --ancestor A B: write a proof.
 */
#include <fcntl.h>

#include "cmd/command.h"
#include "cmd/proof_print.h"
#include "objects/base/io.h"
#include "repo/dig.h"

/* A JSON document is made in memory. */
#define JSON_RANGE_MAX ((uint64_t)64 << 20)

struct opts {
	const char *bytes;
	const char *unchanged;
	const char *output;
	bool absent;
	bool ancestor;
	bool no_data;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_HEADING("what is proved"),
	DIG_OPT_STRING(0, "bytes", struct opts, bytes, "A-B",
	    "these bytes of the file, from 0, both included; A- to the end; "
	    "-N the last N"),
	DIG_OPT_FLAG(0, "absent", struct opts, absent,
	    "no such file, or folder when PATH ends in /"),
	DIG_OPT_STRING(0, "unchanged", struct opts, unchanged, "REV2",
	    "the file has the same content in REV2"),
	DIG_OPT_FLAG(0, "ancestor", struct opts, ancestor,
	    "commit A is B or one that B was made from"),
	DIG_OPT_HEADING("output"),
	DIG_OPT_FLAG(0, "no-data", struct opts, no_data,
	    "leave the bytes of the range out"),
	DIG_OPT_STRING(
	    'o', "output", struct opts, output, "FILE", "write to FILE"),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_prove = {
	"prove",
	"[--bytes A-B [--no-data] | --absent | --unchanged REV2] [-o FILE] "
	"[--json] REV:PATH\n"
	"--ancestor [-o FILE] [--json] A B",
	"Write a proof that the file PATH stands in the commit REV, for "
	"somebody who knows the id of the commit and has nothing else. 'dig "
	"verify-proof' checks it, without a repository.",
	options,
};

static enum dig_status
choose(const struct opts *opts, const struct dig_args *args,
    struct dig_prove_options *out, struct dig_error *err)
{
	int ways = (opts->bytes != NULL) + opts->absent +
		   (opts->unchanged != NULL) + opts->ancestor;
	int want = opts->ancestor ? 2 : 1;
	bool urn_range;

	if (ways > 1)
		return dig_raise(err, DIG_EINVALID,
		    "--bytes, --absent, --unchanged and --ancestor exclude "
		    "each other");
	if (args->argc != want) {
		dig_ignore(dig_raise(err, DIG_EINVALID, "%s",
		    want == 2 ? "--ancestor takes two commits"
			      : "prove takes one REV:PATH"));
		dig_hint(err, "dig prove %s",
		    want == 2 ? "--ancestor HEAD~1 HEAD" : "HEAD:PATH");
		return DIG_EINVALID;
	}
	out->text = args->argv[0];
	urn_range = dig_urn_is(out->text) && strchr(out->text, '#') != NULL;
	out->type = DIG_PROOF_PRESENT;
	if (opts->absent)
		out->type = DIG_PROOF_ABSENT;
	else if (opts->unchanged != NULL)
		out->type = DIG_PROOF_UNCHANGED;
	else if (opts->ancestor)
		out->type = DIG_PROOF_ANCESTOR;
	else if (opts->bytes != NULL || urn_range)
		out->type = DIG_PROOF_BYTES;
	if (urn_range && ways > 0 && opts->bytes == NULL)
		return dig_raise(
		    err, DIG_EINVALID, "a range of bytes cannot be given here");
	if (opts->no_data && out->type != DIG_PROOF_BYTES)
		return dig_raise(
		    err, DIG_EINVALID, "--no-data goes with --bytes");
	out->other = opts->ancestor ? args->argv[1] : opts->unchanged;
	out->range = opts->bytes;
	out->no_data = opts->no_data;
	return DIG_OK;
}

/* ---- Writing ---------------------------------------------------------- */

static enum dig_status
write_bytes(void *arg, const void *data, size_t len, struct dig_error *err)
{
	struct dig_out *out = arg;

	(void)err;
	dig_out_raw(out, data, len);
	if (out->buf.len > 65536)
		dig_out_flush(out);
	return out->os_errno == 0 ? DIG_OK : DIG_ENO;
}

static enum dig_status
keep_bytes(void *arg, const void *data, size_t len, struct dig_error *err)
{
	(void)err;
	dig_buf_put(arg, data, len);
	return DIG_OK;
}

static bool
give_bytes(void *arg, bool embedded, uint8_t *buf, size_t len)
{
	struct dig_cursor *cur = arg;
	const uint8_t *raw = dig_cursor_raw(cur, len);

	(void)embedded;
	if (raw != NULL)
		memcpy(buf, raw, len);
	return raw != NULL;
}

/* The document says what the proof says, so the proof is read first. */
static enum dig_status
print_json(struct dig_out *out, struct dig_repo *repo, struct dig_buf *proof,
    const struct dig_prove_options *how, const struct dig_proof_range *range,
    struct dig_error *err)
{
	bool has_range = how->type == DIG_PROOF_BYTES;
	struct dig_buf data = DIG_BUF_INIT;
	struct dig_proof_claim claim;
	struct dig_cursor cur;
	enum dig_status st = DIG_OK;
	const char *flaw;
	size_t len = proof->len;

	if (has_range && range->to - range->from > JSON_RANGE_MAX) {
		st = dig_raise(err, DIG_EINVALID,
		    "the range is too long for a JSON document");
		dig_hint(err, "leave --json out: the binary form has no limit");
		return st;
	}
	if (has_range)
		st = dig_content_read(repo, &range->entry, range->from,
		    range->to, keep_bytes, &data, err);
	if (st == DIG_OK) {
		cur = dig_cursor_over(data.data, data.len);
		flaw = dig_proof_verify(
		    proof->data, len, give_bytes, &cur, &claim);
		if (flaw != NULL)
			st = dig_raise(err, DIG_ECORRUPT,
			    "what is stored makes no proof: %s", flaw);
	}
	if (st == DIG_OK) {
		/* The claim borrows from the proof, which may move. */
		struct dig_buf whole = DIG_BUF_INIT;

		dig_buf_put(&whole, proof->data, len);
		if (has_range && !how->no_data)
			dig_buf_put(&whole, data.data, data.len);
		dig_proof_document(out, &claim, whole.data, whole.len);
		dig_buf_clear(&whole);
	}
	dig_buf_clear(&data);
	return st;
}

static enum dig_status
print(struct dig_out *out, struct dig_repo *repo, struct dig_buf *proof,
    const struct dig_prove_options *how, const struct dig_proof_range *range,
    bool json, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	if (json)
		return print_json(out, repo, proof, how, range, err);
	dig_out_raw(out, proof->data, proof->len);
	if (how->type == DIG_PROOF_BYTES && !how->no_data)
		st = dig_content_read(repo, &range->entry, range->from,
		    range->to, write_bytes, out, err);
	return st == DIG_ENO ? DIG_OK : st; /* told when the output ends */
}

/* To a file of the user's, which is taken away when it did not come whole. */
static enum dig_status
print_file(const char *name, struct dig_repo *repo, struct dig_buf *proof,
    const struct dig_prove_options *how, const struct dig_proof_range *range,
    bool json, struct dig_error *err)
{
	struct dig_out out;
	int fd = dig_open_at(AT_FDCWD, name,
	    DIG_OPEN_WRITE | DIG_OPEN_CREATE | DIG_OPEN_TRUNC |
		DIG_OPEN_WORKTREE | DIG_OPEN_FOLLOW);
	enum dig_status st;
	int os;

	if (fd < 0)
		return dig_raise_os(
		    err, DIG_EFILE, -fd, "cannot write '%.300s'", name);
	dig_out_init(&out, fd);
	st = print(&out, repo, proof, how, range, json, err);
	dig_out_flush(&out);
	os = out.os_errno;
	dig_out_clear(&out);
	if (os == 0)
		os = dig_close(fd);
	else
		dig_close(fd);
	if (st == DIG_OK && os != 0)
		st = dig_raise_os(
		    err, DIG_EFILE, os, "cannot write '%.300s'", name);
	if (st != DIG_OK)
		dig_unlink_at(AT_FDCWD, name);
	return st;
}

enum dig_status
dig_cmd_prove(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { 0 };
	struct dig_prove_options how = { 0 };
	struct dig_proof_range range = { 0 };
	struct dig_buf proof = DIG_BUF_INIT;
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_prove, argc, argv, &opts, &args, err);
	if (st == DIG_OK)
		st = choose(&opts, &args, &how, err);
	if (st == DIG_OK && opts.output == NULL && !opts.json &&
	    cli->out.terminal) {
		st = dig_raise(
		    err, DIG_EINVALID, "a proof is not shown on a terminal");
		dig_hint(err, "-o FILE writes it to a file, --json as text");
	}
	if (st == DIG_OK)
		st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK)
		st = dig_prove(repo, &how, &proof, &range, err);
	if (st == DIG_OK && opts.output != NULL)
		st = print_file(
		    opts.output, repo, &proof, &how, &range, opts.json, err);
	else if (st == DIG_OK)
		st = print(
		    &cli->out, repo, &proof, &how, &range, opts.json, err);
	dig_buf_clear(&proof);
	return st;
}
