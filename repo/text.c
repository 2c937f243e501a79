/* SPDX-License-Identifier: MIT
 *
 * Checks what goes into the plugin.
 */
#include "repo/text.h"

#include <assert.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "repo/plugin.h"
#include "repo/text_plugin.h"
#include "repo/text_simple.h"

bool
dig_text_is_binary(const void *data, size_t len)
{
	size_t look = len < DIG_TEXT_LOOK ? len : DIG_TEXT_LOOK;

	return look > 0 && memchr(data, '\0', look) != NULL;
}

bool
dig_text_fits(const void *data, size_t len)
{
	const char *at = data;
	size_t nlines = 0;

	if (len > DIG_TEXT_MAX_BYTES)
		return false;
	if (len <= DIG_TEXT_MAX_LINES)
		return true;
	for (const char *end = at + len; at < end; nlines++) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));

		at = nl != NULL ? nl + 1 : end;
	}
	return nlines <= DIG_TEXT_MAX_LINES;
}

void
dig_text_close(struct dig_text *text)
{
	if (text->plugin != NULL)
		text->plugin->stop();
	if (text->handle != NULL)
		dlclose(text->handle);
	text->plugin = NULL;
	text->handle = NULL;
}

enum dig_status
dig_text_open(struct dig_text *text, struct dig_error *err)
{
	const struct dig_text_plugin *plugin;
	dig_text_plugin_fn *get;
	void *symbol = NULL;
	const char *why;
	enum dig_status st;

	if (text->plugin != NULL)
		return DIG_OK;
	st = dig_plugin_open(DIG_TEXT_PLUGIN_FILE, DIG_TEXT_PLUGIN_SYMBOL,
	    "the text engine", &text->handle, &symbol, err);
	if (st != DIG_OK)
		return st;
	*(void **)&get = symbol;
	plugin = get();
	if (strcmp(plugin->version, DIG_VERSION) != 0) {
		st = dig_raise(err, DIG_EIO, "%s is of another version of dig",
		    DIG_TEXT_PLUGIN_FILE);
		goto out;
	}
	why = plugin->start();
	if (why != NULL) {
		st = dig_raise(
		    err, DIG_EIO, "cannot start the text engine: %s", why);
		goto out;
	}
	text->plugin = plugin;
out:
	if (st != DIG_OK)
		dig_text_close(text);
	return st;
}

#define END_BLOCK ((size_t)1024)

/* How much both texts end with: whole blocks, less the rest of the line that
 * the first of them begins in. */
static size_t
common_end(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	size_t least = a_len < b_len ? a_len : b_len;
	size_t end = 0;
	const uint8_t *nl;

	while (end + END_BLOCK <= least &&
	       memcmp(a + a_len - end - END_BLOCK, b + b_len - end - END_BLOCK,
		   END_BLOCK) == 0)
		end += END_BLOCK;
	if (end == 0)
		return 0;
	nl = memchr(a + a_len - end, '\n', end);
	return nl != NULL ? (size_t)(a + a_len - nl) - 1 : 0;
}

enum dig_status
dig_text_diff(struct dig_text *text, const void *old_data, size_t old_len,
    const void *new_data, size_t new_len,
    const struct dig_text_options *options, const struct dig_text_sink *sink,
    struct dig_error *err)
{
	char why[200] = "";
	enum dig_status st;

	if (!dig_text_fits(old_data, old_len) ||
	    !dig_text_fits(new_data, new_len))
		return dig_raise(
		    err, DIG_EINVALID, "too large to be compared as text");
	if (old_len == new_len &&
	    (old_len == 0 || memcmp(old_data, new_data, old_len) == 0))
		return DIG_OK;
	if (sink->line == NULL && options->cut_end &&
	    !options->ignore_all_space && !options->ignore_space_change &&
	    dig_text_simple(old_data, old_len, new_data, new_len, sink))
		return DIG_OK;
	st = dig_text_open(text, err);
	if (st != DIG_OK)
		return st;
	if (options->cut_end) {
		size_t end = common_end(old_data, old_len, new_data, new_len);

		old_len -= end;
		new_len -= end;
	}
	st = text->plugin->diff(old_data, old_len, new_data, new_len, options,
	    sink, why, sizeof(why));
	if (st != DIG_OK)
		return dig_raise(err, st, "comparing texts: %s", why);
	return DIG_OK;
}

/* Lines of `text` that open a conflict whose first side has this label. */
static size_t
count_markers(const char *text, size_t len, unsigned nsigns, const char *label)
{
	struct dig_buf marker = DIG_BUF_INIT;
	const char *end = text + len;
	size_t count = 0;

	for (unsigned i = 0; i < nsigns; i++)
		dig_buf_putc(&marker, '<');
	dig_buf_printf(&marker, " %s", label);
	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		size_t line = (size_t)((nl != NULL ? nl : end) - text);

		if (line > 0 && text[line - 1] == '\r')
			line--;
		if (line == marker.len && memcmp(text, marker.data, line) == 0)
			count++;
		text = nl != NULL ? nl + 1 : end;
	}
	dig_buf_clear(&marker);
	return count;
}

enum dig_status
dig_text_merge(struct dig_text *text, const struct dig_text_side *base,
    const struct dig_text_side *ours, const struct dig_text_side *theirs,
    enum dig_text_style style, unsigned nsigns, struct dig_buf *out,
    size_t *nconflicts, struct dig_error *err)
{
	const struct dig_text_side *sides[] = { base, ours, theirs };
	char why[200] = "";
	void *merged = NULL;
	size_t len = 0, count = 0;
	bool clean = false;
	enum dig_status st;

	for (size_t i = 0; i < 3; i++) {
		assert(strchr(sides[i]->label, '\n') == NULL);
		if (dig_text_is_binary(sides[i]->data, sides[i]->len))
			return dig_raise(
			    err, DIG_EINVALID, "binary files are not merged");
		if (!dig_text_fits(sides[i]->data, sides[i]->len))
			return dig_raise(err, DIG_EINVALID,
			    "too large to be merged as text");
	}
	st = dig_text_open(text, err);
	if (st != DIG_OK)
		return st;
	st = text->plugin->merge(base, ours, theirs, style, nsigns, &merged,
	    &len, &clean, why, sizeof(why));
	if (st != DIG_OK)
		return dig_raise(err, st, "merging texts: %s", why);
	if (!clean) {
		count = count_markers(merged, len, nsigns, ours->label);
		assert(count > 0);
	}
	dig_buf_reset(out);
	dig_buf_put(out, merged, len);
	*nconflicts = count;
	free(merged);
	return DIG_OK;
}
