/* SPDX-License-Identifier: MIT
 *
 * dig tag: list, make and delete tags.
 */
#include <string.h>

#include "cmd/command.h"
#include "cmd/json.h"
#include "cmd/message.h"
#include "cmd/ssh_keygen.h"

struct opts {
	bool list;
	const char *lines; /* -n[NUMBER] */
	const char *contains;
	bool annotate;
	bool sign;
	struct dig_list messages;
	const char *file;
	bool force;
	bool remove;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG('l', "list", struct opts, list,
	    "list the tags that match the PATTERNs"),
	DIG_OPT_OPTIONAL('n', NULL, struct opts, lines, "NUMBER",
	    "with so many lines of the message, 1 by default"),
	DIG_OPT_STRING(0, "contains", struct opts, contains, "REV",
	    "only tags that have this commit"),
	DIG_OPT_FLAG('a', "annotate", struct opts, annotate,
	    "make a tag with a message, its author and date"),
	DIG_OPT_FLAG('s', "sign", struct opts, sign,
	    "the same, signed with user.signingKey"),
	DIG_OPT_LIST('m', "message", struct opts, messages, "MESSAGE",
	    "its message; given again, the next paragraph"),
	DIG_OPT_STRING('F', "file", struct opts, file, "FILE",
	    "take the message from FILE, - is standard input"),
	DIG_OPT_FLAG('f', "force", struct opts, force,
	    "replace a tag that is there already"),
	DIG_OPT_FLAG('d', "delete", struct opts, remove, "delete tags"),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_tag = {
	"tag",
	"[-n[NUMBER]] [--contains REV] [--json] [--list [PATTERN...]]\n"
	"[-f] NAME [REV]\n"
	"[-f] [-a | -s] [-m MESSAGE]... [-F FILE] NAME [REV]\n"
	"-d NAME...",
	"List tags. With a NAME, tag REV, by default HEAD: a light tag is a "
	"name alone, one with -a, -s, -m or -F has a message, its author and "
	"date. "
	"With -a alone an editor asks for the message.",
	options,
};

/* ---- The list --------------------------------------------------------- */

/* The name in 15 columns, and lines of the message, the later ones indented. */
static void
print_lines(struct dig_out *out, const char *name, const struct dig_buf *text,
    int64_t lines)
{
	const char *at = (const char *)text->data, *end = at + text->len;
	size_t len = strlen(name);

	dig_out_printf(out, "%*s ", len < 15 ? (int)(15 - len) : 0, "");
	for (int64_t i = 0; i < lines && at < end; i++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (stop == NULL)
			stop = end;
		if (i > 0)
			dig_out_puts(out, "\n    ");
		dig_out_text(out, at, (size_t)(stop - at));
		at = stop + (stop < end);
	}
}

static void
put_json(struct dig_json *json, const struct dig_name *tag,
    const struct dig_buf *text)
{
	char hex[DIG_OID_HEX + 1];

	dig_oid_hex(&tag->id, hex);
	dig_json_object(json, NULL);
	dig_json_string(json, "name", tag->name);
	dig_json_string(json, "id", hex);
	dig_json_bool(json, "annotated", tag->kind == DIG_KIND_TAG);
	dig_json_bytes(json, "subject", text->data,
	    dig_subject_len(text->data, text->len));
	dig_json_object_end(json);
}

static enum dig_status
print_tags(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    int64_t lines, const struct dig_names *tags, struct dig_error *err)
{
	struct dig_buf text = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;
	struct dig_json json;

	dig_json_init(&json, &cli->out);
	if (opts->json) {
		dig_json_object(&json, NULL);
		dig_json_array(&json, "tags");
	}
	for (size_t i = 0; i < tags->count && st == DIG_OK; i++) {
		const struct dig_name *tag = &tags->at[i];

		if (opts->json || lines > 0)
			st = dig_tag_message(repo, tag, &text, err);
		if (st != DIG_OK)
			break;
		if (opts->json) {
			put_json(&json, tag, &text);
			continue;
		}
		dig_out_text(&cli->out, tag->name, strlen(tag->name));
		if (lines > 0)
			print_lines(&cli->out, tag->name, &text, lines);
		dig_out_puts(&cli->out, "\n");
	}
	if (opts->json && st == DIG_OK) {
		dig_json_array_end(&json);
		dig_json_object_end(&json);
		dig_json_end(&json);
	}
	dig_buf_clear(&text);
	return st;
}

static enum dig_status
read_lines(const char *text, int64_t *out, struct dig_error *err)
{
	*out = text == NULL ? 0 : text[0] == '\0' ? 1 : 0;
	for (const char *at = text; at != NULL && *at != '\0'; at++) {
		if (*at < '0' || *at > '9' || *out > 1000000)
			return dig_raise(err, DIG_EINVALID,
			    "-n takes a number, not '%.100s'", text);
		*out = *out * 10 + (*at - '0');
	}
	return DIG_OK;
}

static enum dig_status
list_tags(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const struct dig_args *args, struct dig_error *err)
{
	struct dig_names_filter filter = {
		.patterns = (const char *const *)args->argv,
		.npatterns = (size_t)args->argc,
	};
	struct dig_names tags = { NULL, 0, 0 };
	struct dig_oid contains;
	enum dig_status st;
	int64_t lines;

	st = read_lines(opts->lines, &lines, err);
	if (st == DIG_OK && opts->contains != NULL) {
		st = dig_revision_commit(repo, opts->contains, &contains, err);
		filter.contains = &contains;
	}
	if (st == DIG_OK)
		st = dig_names_list(repo, DIG_NAME_TAG, &filter, &tags, err);
	if (st == DIG_OK)
		st = print_tags(cli, repo, opts, lines, &tags, err);
	dig_names_clear(&tags);
	return st;
}

/* ---- Changes ---------------------------------------------------------- */

static void
print_was(struct dig_cli *cli, const char *did, const char *name,
    const struct dig_oid *was)
{
	char hex[DIG_OID_HEX + 1];

	dig_oid_hex(was, hex);
	hex[DIG_REVISION_SHORT] = '\0';
	dig_out_printf(&cli->out, "%s tag '", did);
	dig_out_text(&cli->out, name, strlen(name));
	dig_out_printf(&cli->out, "' (was %s)\n", hex);
}

static enum dig_status
delete_tags(struct dig_cli *cli, struct dig_repo *repo,
    const struct dig_args *args, struct dig_error *err)
{
	struct dig_names deleted = { NULL, 0, 0 };
	enum dig_status st;

	if (args->argc == 0)
		return dig_raise(err, DIG_EINVALID, "which tag shall go?");
	st = dig_tag_delete(repo, (const char *const *)args->argv,
	    (size_t)args->argc, &deleted, err);
	for (size_t i = 0; i < deleted.count; i++)
		print_was(
		    cli, "Deleted", deleted.at[i].name, &deleted.at[i].id);
	dig_names_clear(&deleted);
	return st;
}

static enum dig_status
edit_message(struct dig_cli *cli, struct dig_repo *repo, const char *name,
    struct dig_buf *out, struct dig_error *err)
{
	struct dig_buf text = DIG_BUF_INIT;
	enum dig_status st;

	dig_buf_puts(&text, "\n# The message of tag ");
	dig_escape(&text, name, strlen(name), false);
	dig_buf_puts(&text, ". Lines that begin with '#' are\n"
			    "# left out, and an empty message makes no tag.\n");
	st = dig_message_edit(cli, repo, "TAG_EDITMSG", &text, out, err);
	dig_buf_clear(&text);
	return st;
}

static enum dig_status
make_tag(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const struct dig_args *args, struct dig_error *err)
{
	bool given = opts->messages.count > 0 || opts->file != NULL;
	struct dig_tag_options what = { .force = opts->force };
	struct dig_buf message = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;
	struct dig_oid was;

	if (args->argc > 2)
		return dig_raise(err, DIG_EINVALID, "tag takes NAME and REV");
	if (opts->messages.count > 0 && opts->file != NULL)
		return dig_raise(
		    err, DIG_EINVALID, "-m and -F do not go together");
	what.name = args->argv[0];
	what.rev = args->argc == 2 ? args->argv[1] : NULL;
	if (given)
		st = dig_message_given(
		    &opts->messages, opts->file, &message, err);
	else if (opts->annotate || opts->sign)
		st = edit_message(cli, repo, what.name, &message, err);
	if (given || opts->annotate || opts->sign) {
		what.sign = opts->sign ? dig_ssh_sign : NULL;
		what.sign_arg = cli;
		dig_buf_reserve(&message, 1); /* not NULL when empty */
		what.message = message.data;
		what.message_len = message.len;
	}
	if (st == DIG_OK)
		st = dig_tag_create(repo, &what, &was, err);
	if (st == DIG_OK && !dig_oid_is_zero(&was))
		print_was(cli, "Updated", what.name, &was);
	dig_buf_clear(&message);
	return st;
}

static enum dig_status
run(struct dig_cli *cli, const struct opts *opts, const struct dig_args *args,
    struct dig_error *err)
{
	bool makes = opts->annotate || opts->sign || opts->messages.count > 0 ||
		     opts->file != NULL || opts->force;
	bool lists = opts->list || opts->lines != NULL ||
		     opts->contains != NULL || args->argc == 0;
	struct dig_repo *repo = NULL;
	enum dig_status st;

	lists = lists && !opts->remove;
	if ((makes && (lists || opts->remove)) ||
	    (opts->remove &&
		(opts->list || opts->lines != NULL || opts->contains != NULL)))
		return dig_raise(err, DIG_EINVALID,
		    makes && args->argc == 0
			? "what is the name of the tag?"
			: "listing, making and deleting exclude each other");
	if (opts->json && !lists)
		return dig_raise(
		    err, DIG_EINVALID, "--json goes with the list alone");
	cli->read_input = opts->file != NULL && strcmp(opts->file, "-") == 0;
	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	if (lists)
		return list_tags(cli, repo, opts, args, err);
	return opts->remove ? delete_tags(cli, repo, args, err)
			    : make_tag(cli, repo, opts, args, err);
}

enum dig_status
dig_cmd_tag(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { 0 };
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_tag, argc, argv, &opts, &args, err);
	if (st == DIG_OK)
		st = run(cli, &opts, &args, err);
	dig_list_clear(&opts.messages);
	return st;
}
