/* SPDX-License-Identifier: MIT
 *
 * The dialogue about hunks.
 *
 * Source: git-add(1) "Interactive mode", its questions and letters.
 */
#include "cmd/add_patch.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/editor.h"
#include "cmd/message.h"
#include "cmd/print_patch.h"
#include "objects/base/io.h"

#define EDIT_NAME "ADD_EDIT.patch"
#define LIST_LINES 20 /* of hunks that are shown at a time */
#define LIST_WIDTH 80
#define ANSWER_MAX 4096
#define NOWHERE SIZE_MAX

/* One file that is asked about. */
struct ask {
	struct dig_cli *cli;
	struct dig_repo *repo;
	struct dig_diff_view view;
	struct dig_change *change;
	struct dig_pair pair;
	/* With another mode, the first one is the mode and has no lines; so is
	 * the only one of a file without any. */
	struct dig_hunks hunks;
	bool is_mode;  /* the first one is */
	bool is_whole; /* a deletion, a link: as it is, or not at all */
	size_t here;
	size_t shown; /* the hunk that was printed last */
	struct dig_buf answer;
	bool ended; /* no more answers */
	bool quit;
	uint64_t op;
};

/* ---- Answers ---------------------------------------------------------- */

/* A line, byte by byte: an editor may read what comes after it. False at the
 * end. */
static bool
read_line(struct ask *ask)
{
	bool any = false;

	dig_out_flush(&ask->cli->out);
	dig_buf_reset(&ask->answer);
	while (!ask->ended && !dig_interrupted()) {
		char c;
		ssize_t n = read(STDIN_FILENO, &c, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		any = true;
		if (c == '\n')
			break;
		if (ask->answer.len < ANSWER_MAX)
			dig_buf_putc(&ask->answer, (uint8_t)c);
	}
	if (!any)
		ask->ended = true;
	if (ask->answer.len > 0 &&
	    ask->answer.data[ask->answer.len - 1] == '\r')
		ask->answer.len--;
	dig_buf_putc(&ask->answer, '\0'); /* data is never NULL */
	ask->answer.len--;
	return any;
}

/* What stands behind the letter, without blanks around it. */
static char *
rest_of(struct ask *ask, size_t from)
{
	char *text = (char *)ask->answer.data + from;
	char *end = (char *)ask->answer.data + ask->answer.len;

	while (isspace((unsigned char)*text))
		text++;
	while (end > text && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return text;
}

/* ---- Showing ---------------------------------------------------------- */

static void
say(struct ask *ask, enum dig_colour colour, const char *words)
{
	dig_out_colour(&ask->cli->out, colour);
	dig_out_puts(&ask->cli->out, words);
	dig_out_colour(&ask->cli->out, DIG_COLOUR_RESET);
	dig_out_puts(&ask->cli->out, "\n");
}

static void
complain(struct ask *ask, const char *words)
{
	say(ask, DIG_COLOUR_BOLD_RED, words);
}

static const char *
line_at(const struct ask *ask, const struct dig_hunk_line *line)
{
	return (const char *)ask->hunks.text.data + line->at;
}

static void
put_hunk(struct ask *ask, struct dig_out *out, const struct dig_hunk *hunk)
{
	struct dig_text_hunk head = { hunk->old_start, hunk->old_lines,
		hunk->new_start, hunk->new_lines, hunk->heading,
		hunk->heading != NULL ? strlen(hunk->heading) : 0 };

	if (hunk->count == 0)
		return;
	dig_print_patch_hunk(out, &head);
	for (size_t i = 0; i < hunk->count; i++)
		dig_print_patch_line(out, hunk->lines[i].kind,
		    line_at(ask, &hunk->lines[i]), hunk->lines[i].len);
}

static void
show_here(struct ask *ask)
{
	if (ask->shown != ask->here)
		put_hunk(ask, &ask->cli->out, &ask->hunks.at[ask->here]);
	ask->shown = ask->here;
}

/* ---- What may be answered --------------------------------------------- */

static size_t
undecided(const struct ask *ask, bool next)
{
	size_t i = ask->here;

	while (next ? i + 1 < ask->hunks.count : i > 0) {
		i = next ? i + 1 : i - 1;
		if (ask->hunks.at[i].use == DIG_HUNK_UNDECIDED)
			return i;
	}
	return NOWHERE;
}

static bool
is_mode_here(const struct ask *ask)
{
	return ask->is_mode && ask->here == 0;
}

static bool
may_split(const struct ask *ask)
{
	return !ask->is_whole && dig_hunk_parts(&ask->hunks.at[ask->here]) > 1;
}

static bool
may_edit(const struct ask *ask)
{
	return !ask->is_whole && !is_mode_here(ask) &&
	       ask->hunks.at[ask->here].count > 0;
}

static void
prompt(struct ask *ask, struct dig_buf *letters)
{
	const char *what = ask->change->kind == 'D' ? "deletion"
			   : is_mode_here(ask)      ? "mode change"
						    : "this hunk";
	size_t n = ask->hunks.count;

	dig_buf_reset(letters);
	dig_buf_puts(letters, "y,n,q,a,d");
	if (undecided(ask, false) != NOWHERE)
		dig_buf_puts(letters, ",k");
	if (ask->here > 0)
		dig_buf_puts(letters, ",K");
	if (undecided(ask, true) != NOWHERE)
		dig_buf_puts(letters, ",j");
	if (ask->here + 1 < n)
		dig_buf_puts(letters, ",J");
	if (n > 1)
		dig_buf_puts(letters, ",g,/");
	if (may_split(ask))
		dig_buf_puts(letters, ",s");
	if (may_edit(ask))
		dig_buf_puts(letters, ",e");
	dig_buf_puts(letters, ",?");
	dig_out_colour(&ask->cli->out, DIG_COLOUR_BOLD_BLUE);
	dig_out_printf(&ask->cli->out, "(%zu/%zu) Stage %s [%s]? ",
	    ask->here + 1, n, what, (const char *)letters->data);
	dig_out_colour(&ask->cli->out, DIG_COLOUR_RESET);
}

static void
help(struct ask *ask, const struct dig_buf *letters)
{
	static const char *const lines[] = { "y - stage this hunk",
		"n - do not stage it",
		"q - quit: stage neither this one nor those after it",
		"a - stage this one and all after it in the file",
		"d - stage neither this one nor those after it in the file",
		"j - leave it open, go to the next open one",
		"J - leave it open, go to the next one",
		"k - leave it open, go to the open one before",
		"K - leave it open, go to the one before",
		"g - choose a hunk by its number",
		"/ - look for a hunk that matches a regular expression",
		"s - split it into smaller ones", "e - edit it by hand",
		"? - this help" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (memchr(letters->data, lines[i][0], letters->len) != NULL)
			say(ask, DIG_COLOUR_BOLD_RED, lines[i]);
}

/* ---- Going about ------------------------------------------------------ */

/* " 1: -1,2 +1,3     -the first line that changes" */
static void
put_summary(struct ask *ask, size_t i)
{
	const struct dig_hunk *hunk = &ask->hunks.at[i];
	struct dig_out *out = &ask->cli->out;
	struct dig_buf line = DIG_BUF_INIT;
	size_t first = 0, len;

	dig_buf_printf(&line, " -%zu,%zu +%zu,%zu ", hunk->old_start,
	    hunk->old_lines, hunk->new_start, hunk->new_lines);
	while (line.len < 20)
		dig_buf_putc(&line, ' ');
	while (first < hunk->count && hunk->lines[first].kind == ' ')
		first++;
	if (first < hunk->count) {
		const struct dig_hunk_line *text = &hunk->lines[first];

		dig_buf_putc(&line, (uint8_t)text->kind);
		dig_buf_put(&line, line_at(ask, text), text->len);
	}
	len = line.len < LIST_WIDTH ? line.len : LIST_WIDTH;
	while (len > 0 && line.data[len - 1] == '\n')
		len--;
	dig_out_printf(out, "%c%2zu:",
	    hunk->use == DIG_HUNK_USE    ? '+'
	    : hunk->use == DIG_HUNK_SKIP ? '-'
					 : ' ',
	    i + 1);
	dig_out_text(out, line.data, len);
	dig_out_puts(out, "\n");
	dig_buf_clear(&line);
}

/* g, perhaps with a number behind it */
static void
go_to(struct ask *ask)
{
	size_t from =
	    ask->here > LIST_LINES / 2 ? ask->here - LIST_LINES / 2 : 0;
	char *text = rest_of(ask, 1), *end;
	unsigned long n;
	char words[64];

	if (from < ask->is_mode)
		from = ask->is_mode;
	while (*text == '\0') {
		for (int k = 0; k < LIST_LINES && from < ask->hunks.count; k++)
			put_summary(ask, from++);
		dig_out_puts(&ask->cli->out,
		    from < ask->hunks.count
			? "go to which hunk (<ret> to see more)? "
			: "go to which hunk? ");
		if (!read_line(ask))
			return;
		text = rest_of(ask, 0);
		if (*text == '\0' && from >= ask->hunks.count)
			break;
	}
	n = strtoul(text, &end, 10);
	if (*text == '\0' || *end != '\0') {
		complain(ask, "That is no number.");
	} else if (n == 0 || n > ask->hunks.count) {
		snprintf(words, sizeof(words), "Sorry, only %zu hunk%s.",
		    ask->hunks.count, ask->hunks.count == 1 ? "" : "s");
		complain(ask, words);
	} else {
		ask->here = n - 1;
	}
}

static bool
matches(struct ask *ask, const regex_t *regex, size_t i)
{
	struct dig_out text;
	bool found;

	dig_out_init(&text, -1);
	put_hunk(ask, &text, &ask->hunks.at[i]);
	dig_buf_putc(&text.buf, '\0');
	found = regexec(regex, (const char *)text.buf.data, 0, NULL, 0) == 0;
	dig_out_clear(&text);
	return found;
}

/* /, perhaps with the expression behind it */
static void
search(struct ask *ask)
{
	char *text = rest_of(ask, 1);
	regex_t regex;
	size_t i = ask->here;

	if (*text == '\0') {
		dig_out_puts(&ask->cli->out, "search for regex? ");
		if (!read_line(ask))
			return;
		text = rest_of(ask, 0);
		if (*text == '\0')
			return;
	}
	if (regcomp(&regex, text, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) !=
	    0) {
		complain(ask, "That is no regular expression.");
		return;
	}
	while (!matches(ask, &regex, i)) {
		i = i + 1 < ask->hunks.count ? i + 1 : 0;
		if (i == ask->here) {
			complain(ask, "No hunk matches the given pattern");
			break;
		}
	}
	regfree(&regex);
	ask->here = i;
}

static void
move(struct ask *ask, char key)
{
	bool next = key == 'j' || key == 'J';
	size_t to = key == 'j' || key == 'k' ? undecided(ask, next)
		    : next ? (ask->here + 1 < ask->hunks.count ? ask->here + 1
							       : NOWHERE)
			   : ask->here - 1; /* NOWHERE before the first */

	if (to == NOWHERE)
		complain(ask, next ? "No next hunk" : "No previous hunk");
	else
		ask->here = to;
}

/* ---- Deciding --------------------------------------------------------- */

static void
to_next(struct ask *ask)
{
	size_t next = undecided(ask, true);

	ask->here = next == NOWHERE ? ask->hunks.count : next;
}

static void
decide(struct ask *ask, enum dig_hunk_use use)
{
	ask->hunks.at[ask->here].use = use;
	to_next(ask);
}

static void
decide_rest(struct ask *ask, enum dig_hunk_use use)
{
	for (; ask->here < ask->hunks.count; ask->here++)
		if (ask->hunks.at[ask->here].use == DIG_HUNK_UNDECIDED)
			ask->hunks.at[ask->here].use = use;
}

static void
split(struct ask *ask)
{
	size_t parts = dig_hunk_parts(&ask->hunks.at[ask->here]);
	char words[64];

	snprintf(words, sizeof(words), "Split into %zu hunks.", parts);
	dig_hunks_split(&ask->hunks, ask->here);
	say(ask, DIG_COLOUR_BOLD, words);
	ask->shown = NOWHERE;
}

/* ---- Editing ---------------------------------------------------------- */

static void
write_patch(struct ask *ask, struct dig_buf *out)
{
	struct dig_out text;

	dig_out_init(&text, -1);
	put_hunk(ask, &text, &ask->hunks.at[ask->here]);
	dig_buf_puts(
	    out, "# Edit the hunk by hand; what to do stands below.\n");
	dig_buf_put(out, text.buf.data, text.buf.len);
	dig_buf_puts(out,
	    "# ---\n"
	    "# A '-' line stays when its sign becomes a blank.\n"
	    "# A '+' line does not come when it is deleted here.\n"
	    "# Lines that begin with # are left out.\n"
	    "# What fits is staged at once; else it can be edited again. With "
	    "all\n"
	    "# lines deleted, the hunk stays as it was.\n");
	dig_out_clear(&text);
}

/* Without comments and the line that begins the hunk. */
static void
strip(struct dig_buf *text)
{
	size_t kept = 0;
	bool first = true;

	for (size_t at = 0; at < text->len;) {
		const uint8_t *nl =
		    memchr(text->data + at, '\n', text->len - at);
		size_t next =
		    nl != NULL ? (size_t)(nl - text->data) + 1 : text->len;
		bool head = first && text->data[at] == '@';

		if (text->data[at] != '#') {
			first = false;
			if (!head) {
				memmove(text->data + kept, text->data + at,
				    next - at);
				kept += next - at;
			}
		}
		at = next;
	}
	text->len = kept;
}

/* The hunk changes something, and the patch of what is used, and it, fits. */
static bool
fits(struct ask *ask)
{
	struct dig_buf out = DIG_BUF_INIT;
	bool good;

	ask->hunks.at[ask->here].use = DIG_HUNK_USE;
	if (dig_hunk_parts(&ask->hunks.at[ask->here]) == 0)
		return false;
	good = dig_hunks_apply(&ask->hunks, ask->pair.old.bytes.data,
	    ask->pair.old.bytes.len, &out);
	dig_buf_clear(&out);
	return good;
}

static bool
edit_again(struct ask *ask)
{
	for (;;) {
		dig_out_puts(&ask->cli->out,
		    "Your edited hunk does not apply. Edit again (saying "
		    "\"no\" discards!) [y/n]? ");
		if (!read_line(ask))
			return false;
		switch (tolower(ask->answer.data[0])) {
		case 'n':
			return false;
		case 'y':
			return true;
		default:
			break;
		}
	}
}

static enum dig_status
edit(struct ask *ask, struct dig_error *err)
{
	struct dig_buf text = DIG_BUF_INIT, path = DIG_BUF_INIT;
	enum dig_status st;
	bool good, done = false;

	do {
		struct dig_hunk before;

		dig_buf_reset(&text);
		write_patch(ask, &text);
		st = dig_message_write(ask->repo, EDIT_NAME, &text, &path, err);
		if (st == DIG_OK)
			st = dig_editor_run(dig_cli_config(ask->cli),
			    (const char *)path.data, &text, err);
		if (st != DIG_OK)
			break;
		strip(&text);
		if (text.len == 0)
			break; /* given up */
		before = dig_hunks_edit(
		    &ask->hunks, ask->here, text.data, text.len, &good);
		done = good && fits(ask);
		if (done) {
			dig_hunk_clear(&before);
			to_next(ask);
		} else if (good) {
			dig_hunk_put_back(&ask->hunks, ask->here, &before);
		}
	} while (!done && edit_again(ask));
	dig_buf_clear(&text);
	dig_buf_clear(&path);
	return st;
}

/* ---- The questions about one file ------------------------------------- */

/* The letter, or what is wrong with it. */
static enum dig_status
obey(struct ask *ask, const struct dig_buf *letters, struct dig_error *err)
{
	char key = (char)ask->answer.data[0];

	switch (key) {
	case 'y':
	case 'Y':
		decide(ask, DIG_HUNK_USE);
		break;
	case 'n':
	case 'N':
		decide(ask, DIG_HUNK_SKIP);
		break;
	case 'a':
	case 'A':
		decide_rest(ask, DIG_HUNK_USE);
		break;
	case 'q':
	case 'Q':
		ask->quit = true;
		decide_rest(ask, DIG_HUNK_SKIP);
		break;
	case 'd':
	case 'D':
		decide_rest(ask, DIG_HUNK_SKIP);
		break;
	case 'j':
	case 'J':
	case 'k':
	case 'K':
		move(ask, key);
		break;
	case 'g':
		if (ask->hunks.count > 1)
			go_to(ask);
		else
			complain(ask, "No other hunks to goto");
		break;
	case '/':
		if (ask->hunks.count > 1)
			search(ask);
		else
			complain(ask, "No other hunks to search");
		break;
	case 's':
		if (may_split(ask))
			split(ask);
		else
			complain(ask, "Sorry, cannot split this hunk");
		break;
	case 'e':
		if (may_edit(ask))
			return edit(ask, err);
		complain(ask, "Sorry, cannot edit this hunk");
		break;
	default:
		help(ask, letters);
		ask->shown = NOWHERE;
		break;
	}
	return DIG_OK;
}

static enum dig_status
dialogue(struct ask *ask, struct dig_error *err)
{
	struct dig_buf letters = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;

	ask->here = 0;
	ask->shown = NOWHERE;
	while (st == DIG_OK && !ask->quit) {
		if (ask->here >= ask->hunks.count)
			ask->here = 0;
		if (ask->hunks.at[ask->here].use != DIG_HUNK_UNDECIDED &&
		    undecided(ask, false) == NOWHERE &&
		    undecided(ask, true) == NOWHERE)
			break;
		show_here(ask);
		prompt(ask, &letters);
		if (!read_line(ask))
			break;
		if (ask->answer.len > 0)
			st = obey(ask, &letters, err);
	}
	if (st == DIG_OK && dig_interrupted())
		st = dig_raise(err, DIG_ECANCELLED,
		    "interrupted; what was decided in files before is staged");
	dig_buf_clear(&letters);
	return st;
}

/* ---- Staging ---------------------------------------------------------- */

static enum dig_status
stage_whole(struct ask *ask, const char *path, struct dig_error *err)
{
	struct dig_buf exact = DIG_BUF_INIT;
	struct dig_stage_result result;
	const char *paths[1];
	struct dig_stage_options options = { .paths = paths,
		.npaths = 1,
		.tracked_only = true,
		.verb = "add --patch",
		.op = ask->op };
	enum dig_status st;

	dig_buf_printf(&exact, ":(top,literal)%s", path);
	paths[0] = (const char *)exact.data;
	st = dig_stage(ask->repo, &options, &result, err);
	ask->op = result.op;
	dig_buf_clear(&exact);
	return st;
}

static bool
uses_any(const struct ask *ask)
{
	for (size_t i = 0; i < ask->hunks.count; i++)
		if (ask->hunks.at[i].use == DIG_HUNK_USE)
			return true;
	return false;
}

static enum dig_status
stage(struct ask *ask, struct dig_error *err)
{
	const struct dig_change *change = ask->change;
	struct dig_buf text = DIG_BUF_INIT;
	uint32_t mode = change->old.mode;
	char *path;
	enum dig_status st;

	if (!uses_any(ask))
		return DIG_OK;
	path = dig_memdup0(change->path, change->path_len);
	if (ask->is_mode && ask->hunks.at[0].use == DIG_HUNK_USE)
		mode = change->now.mode;
	if (ask->is_whole)
		st = stage_whole(ask, path, err);
	else if (!dig_hunks_apply(&ask->hunks, ask->pair.old.bytes.data,
		     ask->pair.old.bytes.len, &text))
		st = dig_raise(err, DIG_ECONFLICT,
		    "the hunks of %.300s do not fit together", path);
	else
		st = dig_stage_bytes(ask->repo, path, &change->old.content,
		    text.data, text.len, (mode & 0111) != 0, "add --patch",
		    &ask->op, err);
	free(path);
	dig_buf_clear(&text);
	return st;
}

/* ---- The files -------------------------------------------------------- */

static void
put_empty_hunk(struct dig_hunks *hunks)
{
	DIG_GROW(hunks->at, hunks->cap, hunks->count + 1);
	memmove(hunks->at + 1, hunks->at, hunks->count * sizeof(*hunks->at));
	memset(hunks->at, 0, sizeof(*hunks->at));
	hunks->count++;
}

static enum dig_status
ask_about(struct ask *ask, struct dig_error *err)
{
	const struct dig_change *change = ask->change;
	enum dig_status st = DIG_OK;
	bool has_lines;

	ask->is_mode =
	    change->kind == 'M' && change->old.mode != change->now.mode;
	ask->is_whole = change->kind == 'D' || change->old.mode == 0120000;
	if (!ask->pair.same)
		st = dig_hunks_collect(
		    ask->view.differ, &ask->pair, &ask->hunks, err);
	if (st != DIG_OK)
		return st;
	has_lines = ask->hunks.count > 0;
	if (ask->is_mode || (ask->is_whole && ask->hunks.count == 0))
		put_empty_hunk(&ask->hunks);
	if (ask->hunks.count == 0)
		return DIG_OK; /* it is as staged by now */
	dig_print_patch_head(&ask->view, change, &ask->pair, has_lines);
	st = dialogue(ask, err);
	if (st == DIG_OK)
		st = stage(ask, err);
	dig_out_puts(&ask->cli->out, "\n");
	return st;
}

/* What cannot be asked about line by line. */
static bool
is_left_out(struct ask *ask, size_t *nbinary)
{
	const struct dig_change *change = ask->change;
	struct dig_buf shown = DIG_BUF_INIT;
	const char *why = NULL;

	if (change->kind == 'U')
		why = "is not merged, left out";
	else if (change->kind == 'T' || change->old.mode == 0160000)
		why = "is of another type now, left out: 'dig add' stages it";
	if (why != NULL) {
		dig_quote_shown(&shown, change->path, change->path_len);
		dig_cli_warn(ask->cli, "%s: %s", (const char *)shown.data, why);
		dig_buf_clear(&shown);
		return true;
	}
	if (!ask->pair.binary || ask->pair.same)
		return false;
	++*nbinary;
	return true;
}

static enum dig_status
each(struct ask *ask, struct dig_changes *changes, struct dig_error *err)
{
	size_t nbinary = 0, nasked = 0;
	enum dig_status st = DIG_OK;

	for (size_t i = 0; i < changes->count && st == DIG_OK && !ask->quit;
	     i++) {
		ask->change = &changes->at[i];
		if (i > 0 &&
		    ask->change->path_len == changes->at[i - 1].path_len &&
		    memcmp(ask->change->path, changes->at[i - 1].path,
			ask->change->path_len) == 0)
			continue; /* what differs beside a conflict */
		if (ask->change->kind == 'M' || ask->change->kind == 'D')
			st = dig_differ_load(ask->view.differ, ask->change,
			    false, &ask->pair, err);
		if (st != DIG_OK || is_left_out(ask, &nbinary))
			continue;
		nasked++;
		st = ask_about(ask, err);
		dig_hunks_clear(&ask->hunks);
	}
	if (st == DIG_OK && nasked == 0)
		dig_out_puts(
		    &ask->cli->out, nbinary > 0 ? "Only binary files changed.\n"
						: "No changes.\n");
	return st;
}

enum dig_status
dig_add_patch(struct dig_cli *cli, struct dig_repo *repo,
    const char *const *paths, size_t npaths, struct dig_error *err)
{
	struct ask ask = { .cli = cli,
		.repo = repo,
		.view = { .out = &cli->out },
		.pair = DIG_PAIR_INIT };
	struct dig_diff_between between = {
		.kind = DIG_DIFF_STAGED_WORK, .paths = paths, .npaths = npaths
	};
	struct dig_changes changes = DIG_CHANGES_INIT;
	enum dig_status st;

	ask.view.differ = dig_differ_new(repo);
	st = dig_differ_changes(ask.view.differ, &between, &changes, err);
	dig_cli_progress_end(cli);
	if (st == DIG_OK)
		st = each(&ask, &changes, err);
	dig_differ_free(ask.view.differ);
	dig_changes_clear(&changes);
	dig_pair_clear(&ask.pair);
	dig_hunks_clear(&ask.hunks);
	dig_buf_clear(&ask.answer);
	return st;
}
