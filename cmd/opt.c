/* SPDX-License-Identifier: MIT
 *
 * The option parser and the help that is made from the same table.
 */
#include "cmd/opt.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/text.h"
#include "repo/config.h"

void
dig_list_add(struct dig_list *list, const char *word)
{
	DIG_GROW(list->at, list->cap, list->count + 1);
	list->at[list->count++] = word;
}

void
dig_list_clear(struct dig_list *list)
{
	free(list->at);
	memset(list, 0, sizeof(*list));
}

/* One word of the command line, taken apart. */
struct match {
	const struct dig_opt *opt; /* NULL: nothing fits */
	bool negated;
	const char *value; /* joined to the name; NULL: none */
};

/* A parse under way. With opts NULL nothing is stored or moved. */
struct run {
	const struct dig_usage *usage;
	int argc;
	char *const *argv;
	int at; /* the word under way */
	void *opts;
	bool help;
	bool json;
	const char *colour;
	struct dig_error *err;
};

static const struct dig_opt *
first_option(const struct dig_usage *usage)
{
	static const struct dig_opt none[] = { DIG_OPT_END };

	return usage->options != NULL ? usage->options : none;
}

static bool
takes_value(const struct dig_opt *opt)
{
	return opt->kind == DIG_OPT_KIND_STRING ||
	       opt->kind == DIG_OPT_KIND_INT ||
	       opt->kind == DIG_OPT_KIND_COUNT ||
	       opt->kind == DIG_OPT_KIND_LIST;
}

static const struct dig_opt *
find_short(const struct dig_usage *usage, char name)
{
	for (const struct dig_opt *o = first_option(usage); o->kind != 0; o++)
		if (o->short_name == name && name != '\0')
			return o;
	return NULL;
}

/* Where a word wants a name that is not there. */
static enum dig_status
unknown_option(struct run *run, const char *word, size_t len)
{
	const char *best = NULL;
	unsigned best_far = UINT32_MAX;
	char name[64] = "";

	if (len < sizeof(name))
		memcpy(name, word, len);
	dig_ignore(dig_raise(run->err, DIG_EINVALID, "unknown option '%.*s'",
	    (int)(len < 200 ? len : 200), word));
	for (const struct dig_opt *o = first_option(run->usage);
	     o->kind != 0 && strlen(name) > 3; o++) {
		unsigned far;

		if (o->long_name == NULL ||
		    !dig_word_is_near(name + 2, o->long_name))
			continue;
		far = dig_word_distance(name + 2, o->long_name);
		if (far < best_far) {
			best_far = far;
			best = o->long_name;
		}
	}
	if (best != NULL)
		dig_hint(run->err, "did you mean '--%s'? see 'dig help %s'",
		    best, run->usage->verb);
	else
		dig_hint(run->err, "see 'dig help %s'", run->usage->verb);
	return DIG_EINVALID;
}

/* Is `name` (len bytes) the long name, or the start of it? */
static bool
name_starts(const char *long_name, const char *name, size_t len, bool *whole)
{
	if (strncmp(long_name, name, len) != 0)
		return false;
	*whole = long_name[len] == '\0';
	return true;
}

/*
 * Find the long option that `word` ("--name" or "--name=value") means. An
 * exact name wins; else exactly one may start like it. The same field under
 * two names is one option.
 */
static enum dig_status
match_long(struct run *run, const char *word, struct match *out)
{
	const char *name = word + 2;
	const char *equals = strchr(name, '=');
	size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
	const struct dig_opt *found = NULL;
	bool negated = false;

	for (const struct dig_opt *o = first_option(run->usage); o->kind != 0;
	     o++) {
		bool whole = false, fits, no;

		if (o->long_name == NULL)
			continue;
		fits = name_starts(o->long_name, name, len, &whole);
		no = !fits && o->kind == DIG_OPT_KIND_NEGATABLE && len > 3 &&
		     strncmp(name, "no-", 3) == 0 &&
		     name_starts(o->long_name, name + 3, len - 3, &whole);
		if (!fits && !no)
			continue;
		if (found != NULL && !whole)
			return dig_raise(run->err, DIG_EINVALID,
			    "option '--%.*s' is ambiguous: '--%s' or '--%s'",
			    (int)(len < 100 ? len : 100), name,
			    found->long_name, o->long_name);
		found = o;
		negated = no;
		if (whole)
			break;
	}
	if (found == NULL)
		return unknown_option(run, word, len + 2);
	out->opt = found;
	out->negated = negated;
	out->value = equals != NULL ? equals + 1 : NULL;
	return DIG_OK;
}

/* How a message names the option: as it was typed, without the value. */
static const char *
shown_name(const struct dig_opt *opt, char room[3])
{
	if (opt->long_name != NULL)
		return opt->long_name;
	room[0] = opt->short_name;
	room[1] = '\0';
	return room;
}

static enum dig_status
store_int(struct run *run, const struct dig_opt *opt, const char *value)
{
	int64_t number;
	char room[3];

	if (!dig_config_parse_int(value, &number) || number < opt->min ||
	    number > opt->max)
		return opt->max == INT64_MAX
			   ? dig_raise(run->err, DIG_EINVALID,
				 "option '%s' takes a number from %lld up, not "
				 "'%s'",
				 shown_name(opt, room), (long long)opt->min,
				 value)
			   : dig_raise(run->err, DIG_EINVALID,
				 "option '%s' takes a number from %lld to "
				 "%lld, "
				 "not '%s'",
				 shown_name(opt, room), (long long)opt->min,
				 (long long)opt->max, value);
	if (run->opts != NULL)
		*(int64_t *)(void *)((char *)run->opts + opt->offset) = number;
	return DIG_OK;
}

static bool
is_named(const struct dig_opt *opt, const char *name)
{
	return opt->long_name != NULL && strcmp(opt->long_name, name) == 0;
}

static enum dig_status
store(struct run *run, const struct match *match)
{
	const struct dig_opt *opt = match->opt;
	void *field = run->opts != NULL && opt->offset != DIG_OPT_NOWHERE
			  ? (char *)run->opts + opt->offset
			  : NULL;
	const char *word = match->value;
	char room[3];

	if (is_named(opt, "json"))
		run->json = true;
	if (is_named(opt, "color"))
		run->colour = word != NULL ? word : "always";
	if (is_named(opt, "no-color"))
		run->colour = opt->metavar;
	switch (opt->kind) {
	case DIG_OPT_KIND_FLAG:
	case DIG_OPT_KIND_NEGATABLE:
	case DIG_OPT_KIND_FIXED:
	case DIG_OPT_KIND_TIMES:
		if (word != NULL)
			return dig_raise(run->err, DIG_EINVALID,
			    "option '%s' takes no value",
			    shown_name(opt, room));
		break;
	case DIG_OPT_KIND_INT:
	case DIG_OPT_KIND_COUNT:
		return store_int(run, opt, word);
	case DIG_OPT_KIND_STRING:
	case DIG_OPT_KIND_OPTIONAL:
	case DIG_OPT_KIND_LIST:
	case DIG_OPT_KIND_HEADING:
	case DIG_OPT_KIND_END:
		break;
	}
	if (field == NULL)
		return DIG_OK;
	if (opt->kind == DIG_OPT_KIND_FLAG ||
	    opt->kind == DIG_OPT_KIND_NEGATABLE)
		*(bool *)field = !match->negated;
	else if (opt->kind == DIG_OPT_KIND_TIMES)
		++*(int64_t *)field;
	else if (opt->kind == DIG_OPT_KIND_LIST)
		dig_list_add(field, word);
	else if (opt->kind == DIG_OPT_KIND_FIXED)
		*(const char **)field = opt->metavar;
	else
		*(const char **)field = word != NULL ? word : "";
	return DIG_OK;
}

/* The value of an option that must have one: joined, or the next word. */
static enum dig_status
need_value(struct run *run, struct match *match)
{
	char room[3];

	if (match->value != NULL || !takes_value(match->opt))
		return DIG_OK;
	if (run->at + 1 >= run->argc)
		return dig_raise(run->err, DIG_EINVALID,
		    "option '%s' needs a value: %s",
		    shown_name(match->opt, room), match->opt->metavar);
	match->value = run->argv[++run->at];
	return DIG_OK;
}

static enum dig_status
parse_long(struct run *run, const char *word)
{
	struct match match = { 0 };
	enum dig_status st;

	if (strcmp(word, "--help") == 0) {
		run->help = true;
		return DIG_OK;
	}
	st = match_long(run, word, &match);
	if (st == DIG_OK)
		st = need_value(run, &match);
	if (st == DIG_OK)
		st = store(run, &match);
	return st;
}

/* `-5`: the option that counts. */
static const struct dig_opt *
find_count(const struct dig_usage *usage, const char *word)
{
	if (word[1] < '0' || word[1] > '9')
		return NULL;
	for (const struct dig_opt *o = first_option(usage); o->kind != 0; o++)
		if (o->kind == DIG_OPT_KIND_COUNT)
			return o;
	return NULL;
}

/* `-abc` and `-n5`: flags up to the first letter that takes the rest. */
static enum dig_status
parse_short(struct run *run, const char *word)
{
	struct match match = { find_count(run->usage, word), false, word + 1 };
	enum dig_status st;

	if (match.opt != NULL)
		return store(run, &match);
	for (const char *at = word + 1; *at != '\0'; at++) {
		bool rest;

		match.opt = find_short(run->usage, *at);
		match.value = NULL;
		if (match.opt == NULL && *at == 'h') {
			run->help = true;
			continue;
		}
		if (match.opt == NULL) {
			char two[3] = { '-', *at, '\0' };

			return unknown_option(run, two, 2);
		}
		rest = takes_value(match.opt) ||
		       match.opt->kind == DIG_OPT_KIND_OPTIONAL;
		if (rest && at[1] != '\0')
			match.value = at + 1;
		st = need_value(run, &match);
		if (st == DIG_OK)
			st = store(run, &match);
		if (st != DIG_OK || match.value != NULL)
			return st;
	}
	return DIG_OK;
}

static bool
is_operand(const char *word)
{
	return word[0] != '-' || word[1] == '\0';
}

enum dig_status
dig_opt_parse(const struct dig_usage *usage, int argc, char **argv, void *opts,
    struct dig_args *args, struct dig_error *err)
{
	struct run run = { usage, argc, argv, 1, opts, false, false, NULL,
		err };
	struct dig_args found = { argv, 0, -1 };
	enum dig_status st = DIG_OK;

	assert(opts != NULL || usage->options == NULL);
	/* Operands move to the front: their new place was read already. */
	for (; run.at < argc && st == DIG_OK; run.at++) {
		char *word = argv[run.at];

		if (found.dashdash >= 0 || is_operand(word))
			argv[found.argc++] = word;
		else if (strcmp(word, "--") == 0)
			found.dashdash = found.argc;
		else if (word[1] == '-')
			st = parse_long(&run, word);
		else
			st = parse_short(&run, word);
	}
	if (st == DIG_OK)
		*args = found;
	return st;
}

struct dig_opt_scan
dig_opt_look(const struct dig_usage *usage, int argc, char *const *argv)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct run run = { usage, argc, argv, 1, NULL, false, false, NULL,
		&err };
	struct dig_opt_scan scan = { false, false, true, NULL };

	for (; run.at < argc; run.at++) {
		const char *word = argv[run.at];
		enum dig_status st = DIG_OK;

		if (is_operand(word))
			continue;
		if (strcmp(word, "--") == 0)
			break;
		st = word[1] == '-' ? parse_long(&run, word)
				    : parse_short(&run, word);
		if (st != DIG_OK)
			scan.valid = false;
	}
	/* Also where -h means something else. */
	scan.help = run.help || (argc == 2 && strcmp(argv[1], "-h") == 0);
	scan.json = run.json;
	scan.colour = run.colour;
	return scan;
}

/* Help. */

#define HELP_WIDTH 79
#define HELP_COLUMN 26

/* Words of `text` from `column` on, wrapped and indented by `indent`. */
static void
put_wrapped(struct dig_buf *out, const char *text, size_t indent, size_t column)
{
	while (*text != '\0') {
		size_t len = strcspn(text, " \n");

		if (column > indent && column + 1 + len > HELP_WIDTH) {
			dig_buf_putc(out, '\n');
			column = 0;
		} else if (column > indent) {
			dig_buf_putc(out, ' ');
			column++;
		}
		for (; column < indent; column++)
			dig_buf_putc(out, ' ');
		dig_buf_put(out, text, len);
		column += len;
		text += len;
		if (*text == '\n') {
			dig_buf_puts(out, text[1] != '\0' ? "\n\n" : "");
			column = 0;
		}
		text += *text != '\0';
	}
	dig_buf_putc(out, '\n');
}

static void
put_synopsis(struct dig_buf *out, const struct dig_usage *usage)
{
	const char *form = usage->synopsis;
	size_t indent = strlen("usage: dig ") + strlen(usage->verb) + 1;

	for (const char *lead = "usage"; form != NULL; lead = "   or") {
		const char *end = strchr(form, '\n');
		char *line = dig_memdup0(
		    form, end != NULL ? (size_t)(end - form) : strlen(form));

		dig_buf_printf(out, "%s: dig %s", lead, usage->verb);
		if (*line != '\0')
			dig_buf_putc(out, ' ');
		put_wrapped(out, line, indent, indent);
		free(line);
		form = end != NULL ? end + 1 : NULL;
	}
}

/* "-m, --message MESSAGE", "--[no-]all", "--json[=lines]" */
static void
put_names(struct dig_buf *out, const struct dig_opt *opt)
{
	if (opt->short_name != 0)
		dig_buf_printf(out, "-%c", opt->short_name);
	else
		dig_buf_puts(out, "   ");
	if (opt->long_name != NULL)
		dig_buf_printf(out, "%s --%s%s",
		    opt->short_name != 0 ? "," : "",
		    opt->kind == DIG_OPT_KIND_NEGATABLE ? "[no-]" : "",
		    opt->long_name);
	if (takes_value(opt))
		dig_buf_printf(out, " %s", opt->metavar);
	else if (opt->kind == DIG_OPT_KIND_OPTIONAL)
		dig_buf_printf(out, opt->long_name != NULL ? "[=%s]" : "[%s]",
		    opt->metavar);
}

static void
put_option(struct dig_buf *out, const struct dig_opt *opt)
{
	size_t start, column;

	if (opt->kind == DIG_OPT_KIND_HEADING) {
		dig_buf_printf(out, "\n%s\n", opt->help);
		return;
	}
	dig_buf_puts(out, "  ");
	start = out->len;
	put_names(out, opt);
	column = out->len - start + 2;
	if (column + 2 > HELP_COLUMN) {
		dig_buf_putc(out, '\n');
		column = 0;
	}
	for (; column < HELP_COLUMN; column++)
		dig_buf_putc(out, ' ');
	put_wrapped(out, opt->help, HELP_COLUMN, HELP_COLUMN);
}

void
dig_usage_format(const struct dig_usage *usage, struct dig_buf *out)
{
	static const struct dig_opt help = { DIG_OPT_KIND_FLAG, 'h', "help",
		NULL, "show this help", 0, 0, 0 };

	put_synopsis(out, usage);
	dig_buf_putc(out, '\n');
	put_wrapped(out, usage->about, 0, 0);
	dig_buf_puts(out, "\noptions\n");
	for (const struct dig_opt *o = first_option(usage); o->kind != 0; o++)
		put_option(out, o);
	put_option(out, &help);
}
