/* SPDX-License-Identifier: MIT
 *
 * --author, --committer and --grep: any or all of several patterns, line by
 * line.
 */
#include <regex.h>
#include <stdlib.h>

#include "repo/history_internal.h"

struct patterns {
	regex_t *at;
	size_t count;
};

struct dig_matcher {
	struct patterns authors;
	struct patterns committers;
	struct patterns messages;
	bool all;
	bool invert;
	struct dig_buf text;
};

/* Plain text as an extended expression: what has a meaning is escaped. */
static void
escape(struct dig_buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("\\^$.[]|()*+?{}", *text) != NULL)
			dig_buf_putc(out, '\\');
		dig_buf_putc(out, (uint8_t)*text);
	}
	dig_buf_putc(out, '\0');
}

static enum dig_status
compile(struct patterns *patterns, const char *const *texts, size_t count,
    const struct dig_history_options *options, struct dig_error *err)
{
	int flags = REG_NOSUB | REG_NEWLINE;
	struct dig_buf plain = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;

	if (options->ignore_case)
		flags |= REG_ICASE;
	if (options->extended || options->fixed)
		flags |= REG_EXTENDED;
	patterns->at = dig_calloc(count + 1, sizeof(*patterns->at));
	for (size_t i = 0; st == DIG_OK && i < count; i++) {
		const char *text = texts[i];
		char why[200];
		int rc;

		if (options->fixed) {
			dig_buf_reset(&plain);
			escape(&plain, text);
			text = (const char *)plain.data;
		}
		rc = regcomp(&patterns->at[i], text, flags);
		if (rc == 0) {
			patterns->count++;
			continue;
		}
		regerror(rc, &patterns->at[i], why, sizeof(why));
		st = dig_raise(
		    err, DIG_EINVALID, "pattern '%.100s': %s", texts[i], why);
		dig_hint(err, "-F takes the words as they are");
	}
	dig_buf_clear(&plain);
	return st;
}

enum dig_status
dig_matcher_new(const struct dig_history_options *options,
    struct dig_matcher **out, struct dig_error *err)
{
	struct dig_matcher *matcher = dig_calloc(1, sizeof(*matcher));
	enum dig_status st;

	matcher->all = options->all_match;
	matcher->invert = options->invert_match;
	st = compile(&matcher->authors, options->authors, options->nauthors,
	    options, err);
	if (st == DIG_OK)
		st = compile(&matcher->committers, options->committers,
		    options->ncommitters, options, err);
	if (st == DIG_OK)
		st = compile(&matcher->messages, options->messages,
		    options->nmessages, options, err);
	if (st == DIG_OK)
		*out = matcher;
	else
		dig_matcher_free(matcher);
	return st;
}

static void
patterns_clear(struct patterns *patterns)
{
	for (size_t i = 0; i < patterns->count; i++)
		regfree(&patterns->at[i]);
	free(patterns->at);
}

void
dig_matcher_free(struct dig_matcher *matcher)
{
	if (matcher == NULL)
		return;
	patterns_clear(&matcher->authors);
	patterns_clear(&matcher->committers);
	patterns_clear(&matcher->messages);
	dig_buf_clear(&matcher->text);
	free(matcher);
}

/* One of the patterns matches, or all of them do; with none, it is a match. */
static bool
matches(const struct patterns *patterns, const uint8_t *data, size_t len,
    bool all, struct dig_buf *text)
{
	bool found = patterns->count == 0;

	if (found)
		return true;
	dig_buf_reset(text);
	dig_buf_put(text, data, len);
	dig_buf_putc(text, '\0');
	for (size_t i = 0; i < patterns->count; i++) {
		found = regexec(&patterns->at[i], (const char *)text->data, 0,
			    NULL, 0) == 0;
		if (found != all)
			break;
	}
	return found;
}

bool
dig_matcher_matches(
    struct dig_matcher *matcher, const struct dig_commit *commit)
{
	const struct dig_ident *author = &commit->author;
	const struct dig_ident *committer = &commit->committer;
	struct dig_buf *text = &matcher->text;
	bool invert = matcher->invert && matcher->messages.count > 0;

	return matches(&matcher->authors, author->who, author->who_len, false,
		   text) &&
	       matches(&matcher->committers, committer->who, committer->who_len,
		   false, text) &&
	       matches(&matcher->messages, commit->message, commit->message_len,
		   matcher->all, text) != invert;
}

bool
dig_matcher_is_empty(const struct dig_matcher *matcher)
{
	return matcher->authors.count == 0 && matcher->committers.count == 0 &&
	       matcher->messages.count == 0;
}
