/* SPDX-License-Identifier: MIT
 *
 * dig verify-commit, dig verify-tag: whether signatures are good.
 */
#include <string.h>

#include "cmd/json.h"
#include "cmd/ssh_keygen.h"

struct opts {
	bool quiet;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG('q', "quiet", struct opts, quiet,
	    "print nothing, the exit status says it"),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

#define WHICH_KEYS                                                             \
	"Who may sign is what gpg.ssh.allowedSignersFile of your own "         \
	"settings says. Exit status 0: all are good; 8: right, but of "        \
	"somebody unknown; 1: one is bad, revoked or missing."

const struct dig_usage dig_usage_verify_commit = {
	"verify-commit",
	"[-q] [--json] REV...",
	"Check the signatures of commits. " WHICH_KEYS,
	options,
};

const struct dig_usage dig_usage_verify_tag = {
	"verify-tag",
	"[-q] [--json] TAG...",
	"Check the signatures of tags. " WHICH_KEYS,
	options,
};

struct verifying {
	struct dig_cli *cli;
	struct dig_repo *repo;
	const struct opts *opts;
	enum dig_kind kind;
	struct dig_json json;
	bool bad;
	bool unknown;
};

static enum dig_status
find(struct verifying *v, const char *rev, struct dig_oid *out,
    struct dig_error *err)
{
	struct dig_revision named;
	enum dig_status st;

	if (v->kind == DIG_KIND_COMMIT)
		return dig_revision_commit(v->repo, rev, out, err);
	st = dig_revision_resolve(v->repo, rev, &named, err);
	if (st == DIG_OK && named.kind != DIG_KIND_TAG)
		st = dig_raise(err, DIG_EINVALID,
		    "'%.200s' names a %s and no tag with a message", rev,
		    dig_kind_word(named.kind));
	if (st == DIG_OK)
		*out = named.id;
	return st;
}

static void
tell(struct verifying *v, const char *rev, const struct dig_oid *id,
    const struct dig_verified *found)
{
	char letter[2] = { (char)found->verdict, '\0' };
	struct dig_buf line = DIG_BUF_INIT;
	char hex[DIG_OID_HEX + 1];

	dig_oid_hex(id, hex);
	if (v->opts->json) {
		dig_json_object(&v->json, NULL);
		dig_json_string(&v->json, "id", hex);
		dig_json_string(&v->json, "verdict", letter);
		dig_json_bytes(
		    &v->json, "signer", found->signer.data, found->signer.len);
		dig_json_bytes(
		    &v->json, "key", found->key.data, found->key.len);
		dig_json_object_end(&v->json);
	} else if (!v->opts->quiet) {
		dig_verified_line(found, &line);
		dig_out_text(&v->cli->out, rev, strlen(rev));
		dig_out_puts(&v->cli->out, ": ");
		dig_out_text(&v->cli->out, line.data, line.len);
		dig_out_puts(&v->cli->out, "\n");
	}
	dig_buf_clear(&line);
}

static enum dig_status
verify(struct verifying *v, const char *rev, struct dig_error *err)
{
	struct dig_verified found = { .verdict = DIG_VERDICT_NONE };
	struct dig_signed what = { 0 };
	struct dig_oid id;
	enum dig_status st = find(v, rev, &id, err);

	if (st == DIG_OK)
		st = dig_signed_read(v->repo, v->kind, &id, &what, err);
	if (st == DIG_OK)
		st = dig_ssh_verify(
		    dig_repo_config(v->repo), &what, &found, err);
	if (st == DIG_OK) {
		tell(v, rev, &id, &found);
		if (found.verdict == DIG_VERDICT_UNKNOWN)
			v->unknown = true;
		else if (found.verdict != DIG_VERDICT_GOOD)
			v->bad = true;
	}
	dig_signed_clear(&what);
	dig_verified_clear(&found);
	return st;
}

static enum dig_status
run(struct dig_cli *cli, const struct dig_usage *usage, enum dig_kind kind,
    int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { 0 };
	struct verifying v = { .cli = cli, .opts = &opts, .kind = kind };
	struct dig_args args;
	enum dig_status st =
	    dig_opt_parse(usage, argc, argv, &opts, &args, err);

	if (st == DIG_OK && args.argc == 0)
		st = dig_raise(
		    err, DIG_EINVALID, "verify which %s?", dig_kind_word(kind));
	if (st == DIG_OK)
		st = dig_cli_repo(cli, &v.repo, err);
	if (st != DIG_OK)
		return st;
	dig_json_init(&v.json, &cli->out);
	if (opts.json) {
		dig_json_object(&v.json, NULL);
		dig_json_array(&v.json, "signatures");
	}
	for (int i = 0; st == DIG_OK && i < args.argc; i++)
		st = verify(&v, args.argv[i], err);
	if (opts.json && st == DIG_OK) {
		dig_json_array_end(&v.json);
		dig_json_object_end(&v.json);
		dig_json_end(&v.json);
	}
	if (st == DIG_OK && v.bad)
		return DIG_ENO;
	if (st == DIG_OK && v.unknown) {
		st = dig_raise(err, DIG_EDENIED,
		    "who signed it is not among those who may");
		dig_hint(err, "dig config --global "
			      "gpg.ssh.allowedSignersFile FILE");
	}
	return st;
}

enum dig_status
dig_cmd_verify_commit(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	return run(
	    cli, &dig_usage_verify_commit, DIG_KIND_COMMIT, argc, argv, err);
}

enum dig_status
dig_cmd_verify_tag(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	return run(cli, &dig_usage_verify_tag, DIG_KIND_TAG, argc, argv, err);
}
