/* SPDX-License-Identifier: MIT
 *
 * dig verify-proof FILE --root HASH [--data FILE]: no repository is needed.
 */
#include <fcntl.h>

#include "cmd/command.h"
#include "cmd/proof_print.h"
#include "objects/base/io.h"
#include "repo/dig.h"

#define JSON_MAX ((size_t)256 << 20)
#define PIECE 65536

struct opts {
	struct dig_list roots;
	const char *data;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_LIST(0, "root", struct opts, roots, "HASH",
	    "the commit or root of a tree that you trust; twice for a proof "
	    "that speaks of two"),
	DIG_OPT_STRING(0, "data", struct opts, data, "FILE",
	    "compare FILE with the bytes that are proved; - is standard input"),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_verify_proof = {
	"verify-proof",
	"--root HASH [--root HASH] [--data FILE] [--json] FILE",
	"Check a proof that 'dig prove' wrote, against an id that you trust, "
	"and print what it says. FILE is - for standard input. Needs no "
	"repository.",
	options,
};

/* A stream of bytes: what is in memory first, then the file. */
struct source {
	const char *name;
	int fd; /* -1: none */
	const uint8_t *at;
	size_t left;
	int os_errno;
};

struct check {
	struct source proof;
	struct source data;
	bool has_data; /* --data was given */
	bool no_bytes; /* they are neither in the proof nor given */
	bool is_other; /* those given are not those of the proof */
};

static enum dig_status
open_source(const char *name, struct source *out, struct dig_error *err)
{
	out->name = name;
	out->fd = strcmp(name, "-") == 0 ? 0
					 : dig_open_at(AT_FDCWD, name,
					       DIG_OPEN_READ | DIG_OPEN_FOLLOW);
	if (out->fd < 0)
		return dig_raise_os(
		    err, DIG_EFILE, -out->fd, "cannot read '%.300s'", name);
	return DIG_OK;
}

static void
close_source(struct source *source)
{
	if (source->fd > 0)
		dig_close(source->fd);
}

/* Up to len bytes; fewer only at the end. */
static size_t
read_source(struct source *source, uint8_t *buf, size_t len)
{
	size_t n = source->left < len ? source->left : len;
	int64_t more = 0;

	if (n > 0)
		memcpy(buf, source->at, n);
	source->at = source->at == NULL ? NULL : source->at + n;
	source->left -= n;
	if (n < len && source->fd >= 0)
		more = dig_read_full(source->fd, buf + n, len - n);
	if (more < 0)
		source->os_errno = (int)-more;
	return more > 0 ? n + (size_t)more : n;
}

static bool
is_at_end(struct source *source)
{
	uint8_t byte;

	return read_source(source, &byte, 1) == 0;
}

static bool
on_data(void *arg, bool embedded, uint8_t *buf, size_t len)
{
	struct check *check = arg;
	uint8_t other[PIECE];

	if (!embedded && !check->has_data) {
		check->no_bytes = true;
		return false;
	}
	if (!embedded)
		return read_source(&check->data, buf, len) == len;
	if (read_source(&check->proof, buf, len) != len)
		return false;
	for (size_t done = 0; check->has_data && done < len;) {
		size_t n = len - done < PIECE ? len - done : PIECE;

		if (read_source(&check->data, other, n) != n ||
		    memcmp(other, buf + done, n) != 0) {
			check->is_other = true;
			return false;
		}
		done += n;
	}
	return true;
}

/* ---- Reading ---------------------------------------------------------- */

static int
digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The bytes in the document's last member. What else stands there is compared
 * with the document that they give. */
static bool
decode_document(const struct dig_buf *text, struct dig_buf *out)
{
	static const char key[] = "\"proof\":\"";
	const char *at =
	    text->len == 0 ? NULL : strstr((const char *)text->data, key);
	uint32_t bits = 0;
	unsigned have = 0;

	if (at == NULL)
		return false;
	for (at += sizeof(key) - 1; digit((uint8_t)*at) >= 0; at++) {
		bits = bits << 6 | (uint32_t)digit((uint8_t)*at);
		have += 6;
		if (have >= 8) {
			have -= 8;
			dig_buf_putc(out, (uint8_t)(bits >> have));
		}
	}
	return true;
}

/* Everything up to the end of the file. */
static enum dig_status
read_rest(struct source *source, struct dig_buf *out, struct dig_error *err)
{
	uint8_t piece[PIECE];
	size_t n;

	do {
		n = read_source(source, piece, sizeof(piece));
		if (out->len + n > JSON_MAX)
			return dig_raise(err, DIG_EINVALID,
			    "the JSON document is too large");
		dig_buf_put(out, piece, n);
	} while (n == sizeof(piece));
	return DIG_OK;
}

/*
 * The proof up to its seal, into `proof`; what follows stays in the source. Of
 * a JSON document the text goes into `text` and all bytes into `proof`, of
 * which *len are up to the seal.
 */
static enum dig_status
read_proof(struct source *source, struct dig_buf *proof, struct dig_buf *text,
    size_t *len, struct dig_error *err)
{
	uint8_t head[DIG_PROOF_HEAD];
	size_t n = read_source(source, head, sizeof(head)), want;
	enum dig_status st = DIG_OK;

	*len = 0;
	if (n > 0 && head[0] == '{') {
		dig_buf_put(text, head, n);
		st = read_rest(source, text, err);
		if (st == DIG_OK && decode_document(text, proof) &&
		    proof->len >= sizeof(head) &&
		    dig_proof_measure(proof->data, len)) {
			*len = *len < proof->len ? *len : proof->len;
			source->at = proof->data + *len;
			source->left = proof->len - *len;
		}
	} else if (n == sizeof(head) && dig_proof_measure(head, &want)) {
		dig_buf_put(proof, head, n);
		dig_buf_reserve(proof, want - n);
		n = read_source(source, proof->data + proof->len, want - n);
		proof->len += n;
		*len = proof->len;
	}
	if (source->os_errno != 0)
		st = dig_raise_os(err, DIG_EFILE, source->os_errno,
		    "cannot read '%.300s'", source->name);
	return st;
}

/* ---- Judging ---------------------------------------------------------- */

static enum dig_status
invalid(const char *flaw, struct dig_error *err)
{
	return dig_raise(err, DIG_ECORRUPT, "the proof is not valid: %s", flaw);
}

static enum dig_status
check_roots(const struct dig_list *roots, const struct dig_proof_claim *claim,
    struct dig_error *err)
{
	struct dig_oid id;

	for (size_t i = 0; i < roots->count; i++) {
		/* They were parsed before. */
		if (!dig_oid_parse(roots->at[i], DIG_OID_HEX, &id) ||
		    dig_proof_names(claim, id.bytes) < 0)
			return dig_raise(err, DIG_ECORRUPT,
			    "the proof does not speak of %.64s", roots->at[i]);
	}
	return DIG_OK;
}

static enum dig_status
judge(struct check *check, const struct dig_buf *text,
    const struct dig_buf *proof, size_t len, struct dig_proof_claim *claim,
    struct dig_error *err)
{
	const char *flaw =
	    dig_proof_verify(proof->data, len, on_data, check, claim);
	struct dig_out again;
	bool same;

	if (check->data.os_errno != 0 || check->proof.os_errno != 0) {
		const struct source *bad =
		    check->data.os_errno != 0 ? &check->data : &check->proof;

		return dig_raise_os(err, DIG_EFILE, bad->os_errno,
		    "cannot read '%.300s'", bad->name);
	}
	if (check->no_bytes) {
		dig_ignore(dig_raise(err, DIG_EINVALID,
		    "the proof comes without the bytes that it proves"));
		dig_hint(err, "--data FILE gives them");
		return DIG_EINVALID;
	}
	if (check->is_other)
		return invalid("the data is not that of the range", err);
	if (flaw != NULL)
		return invalid(flaw, err);
	if (check->has_data && claim->type != DIG_PROOF_BYTES)
		return dig_raise(err, DIG_EINVALID,
		    "--data goes with a proof of bytes, 'dig prove --bytes'");
	if (!is_at_end(&check->proof))
		return invalid("something stands behind its end", err);
	if (check->has_data && !is_at_end(&check->data))
		return invalid("the data is longer than the range", err);
	if (text->len == 0)
		return DIG_OK;
	dig_out_init(&again, -1);
	dig_proof_document(&again, claim, proof->data, proof->len);
	same = again.buf.len == text->len &&
	       memcmp(again.buf.data, text->data, text->len) == 0;
	dig_out_clear(&again);
	return same ? DIG_OK : invalid("its document has been changed", err);
}

static enum dig_status
check_usage(
    const struct opts *opts, const struct dig_args *args, struct dig_error *err)
{
	struct dig_oid id;

	if (args->argc != 1)
		return dig_raise(
		    err, DIG_EINVALID, "verify-proof takes one FILE");
	if (opts->roots.count < 1 || opts->roots.count > 2) {
		dig_ignore(dig_raise(err, DIG_EINVALID,
		    "a proof is checked against an id that you trust"));
		dig_hint(err, "--root HASH names a commit or the root of a "
			      "tree; 'dig rev-parse HEAD' prints one");
		return DIG_EINVALID;
	}
	for (size_t i = 0; i < opts->roots.count; i++) {
		if (!dig_oid_parse(
			opts->roots.at[i], strlen(opts->roots.at[i]), &id))
			return dig_raise(err, DIG_EINVALID,
			    "'%.200s' is not an id of 64 hex digits",
			    opts->roots.at[i]);
	}
	if (opts->data != NULL && strcmp(opts->data, "-") == 0 &&
	    strcmp(args->argv[0], "-") == 0)
		return dig_raise(err, DIG_EINVALID,
		    "standard input cannot be both the proof and the data");
	return DIG_OK;
}

static void
print(struct dig_cli *cli, bool as_json, const struct dig_proof_claim *claim)
{
	struct dig_json json;

	if (!as_json) {
		dig_out_puts(&cli->out, "the proof is valid\n");
		dig_proof_words(&cli->out, claim);
		return;
	}
	dig_json_init(&json, &cli->out);
	dig_json_object(&json, NULL);
	dig_json_bool(&json, "valid", true);
	dig_proof_members(&json, claim);
	dig_json_object_end(&json);
	dig_json_end(&json);
}

enum dig_status
dig_cmd_verify_proof(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { 0 };
	struct check check = { .proof.fd = -1, .data.fd = -1 };
	struct dig_buf proof = DIG_BUF_INIT, text = DIG_BUF_INIT;
	struct dig_proof_claim claim;
	struct dig_args args;
	enum dig_status st;
	size_t len = 0;

	st = dig_opt_parse(
	    &dig_usage_verify_proof, argc, argv, &opts, &args, err);
	if (st == DIG_OK)
		st = check_usage(&opts, &args, err);
	if (st == DIG_OK)
		st = open_source(args.argv[0], &check.proof, err);
	if (st == DIG_OK && opts.data != NULL) {
		st = open_source(opts.data, &check.data, err);
		check.has_data = true;
	}
	if (st == DIG_OK)
		st = read_proof(&check.proof, &proof, &text, &len, err);
	if (st == DIG_OK)
		st = judge(&check, &text, &proof, len, &claim, err);
	if (st == DIG_OK)
		st = check_roots(&opts.roots, &claim, err);
	if (st == DIG_OK)
		print(cli, opts.json, &claim);
	close_source(&check.proof);
	close_source(&check.data);
	dig_buf_clear(&proof);
	dig_buf_clear(&text);
	dig_list_clear(&opts.roots);
	return st;
}
