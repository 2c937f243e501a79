/* SPDX-License-Identifier: MIT
 *
 * The plugin dig-text.so: libgit2's functions over buffers, behind the table
 * of repo/text_plugin.h. It opens no repository and no file.
 */
#include <git2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo/text_plugin.h"

#define STOPPED GIT_EUSER /* a callback's answer that ends the comparison */

__attribute__((visibility("default"))) const struct dig_text_plugin *
dig_text_plugin(void);

static const char *
start(void)
{
	const git_error *error;

	if (git_libgit2_init() > 0)
		return NULL;
	error = git_error_last();
	return error != NULL ? error->message : "libgit2 cannot start";
}

static void
stop(void)
{
	git_libgit2_shutdown();
}

static enum dig_status
failed(int code, char *why, size_t why_size)
{
	const git_error *error = git_error_last();

	snprintf(why, why_size, "%s (%d)",
	    error != NULL ? error->message : "libgit2 failed", code);
	for (char *c = why; *c != '\0'; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
	return error != NULL && error->klass == GIT_ERROR_NOMEMORY ? DIG_ENOMEM
								   : DIG_EIO;
}

static int
on_hunk(const git_diff_delta *delta, const git_diff_hunk *hunk, void *payload)
{
	const struct dig_text_sink *sink = payload;
	struct dig_text_hunk out = { 0 };
	const char *end = hunk->header + hunk->header_len;
	const char *at = hunk->header;

	(void)delta;
	out.old_start = (size_t)hunk->old_start;
	out.old_lines = (size_t)hunk->old_lines;
	out.new_start = (size_t)hunk->new_start;
	out.new_lines = (size_t)hunk->new_lines;
	/* "@@ -1,2 +3,4 @@ heading\n": what follows the second "@@ " */
	for (at += 2; end - at >= 4 && memcmp(at, " @@ ", 4) != 0;)
		at++;
	if (end - at >= 4) {
		out.heading = at + 4;
		while (
		    end > out.heading && (end[-1] == '\n' || end[-1] == '\r'))
			end--;
		out.heading_len = (size_t)(end - out.heading);
	}
	return sink->hunk(sink->arg, &out) ? 0 : STOPPED;
}

static int
on_line(const git_diff_delta *delta, const git_diff_hunk *hunk,
    const git_diff_line *line, void *payload)
{
	const struct dig_text_sink *sink = payload;

	(void)delta;
	(void)hunk;
	if (line->origin != GIT_DIFF_LINE_CONTEXT &&
	    line->origin != GIT_DIFF_LINE_ADDITION &&
	    line->origin != GIT_DIFF_LINE_DELETION)
		return 0; /* "\ No newline": seen from the line itself */
	return sink->line(
		   sink->arg, line->origin, line->content, line->content_len)
		   ? 0
		   : STOPPED;
}

static enum dig_status
diff(const void *old_data, size_t old_len, const void *new_data, size_t new_len,
    const struct dig_text_options *options, const struct dig_text_sink *sink,
    char *why, size_t why_size)
{
	git_diff_options git;
	struct dig_text_sink payload = *sink;
	int code = git_diff_options_init(&git, GIT_DIFF_OPTIONS_VERSION);

	if (code != 0)
		return failed(code, why, why_size);
	git.context_lines = options->context_lines;
	git.interhunk_lines = options->gap_lines;
	git.max_size = -1; /* limited by the caller */
	git.flags = GIT_DIFF_FORCE_TEXT | GIT_DIFF_SKIP_BINARY_CHECK;
	if (!options->no_indent_heuristic)
		git.flags |= GIT_DIFF_INDENT_HEURISTIC;
	if (options->ignore_all_space)
		git.flags |= GIT_DIFF_IGNORE_WHITESPACE;
	else if (options->ignore_space_change)
		git.flags |= GIT_DIFF_IGNORE_WHITESPACE_CHANGE;
	/* NULL would be "there is no such file" */
	code = git_diff_buffers(old_data != NULL ? old_data : "", old_len, NULL,
	    new_data != NULL ? new_data : "", new_len, NULL, &git, NULL, NULL,
	    on_hunk, sink->line != NULL ? on_line : NULL, &payload);
	if (code != 0 && code != STOPPED)
		return failed(code, why, why_size);
	return DIG_OK;
}

static void
set_input(git_merge_file_input *input, const struct dig_text_side *side)
{
	input->ptr = side->data != NULL ? side->data : "";
	input->size = side->len;
}

static enum dig_status
merge(const struct dig_text_side *base, const struct dig_text_side *ours,
    const struct dig_text_side *theirs, enum dig_text_style style,
    unsigned nsigns, void **merged, size_t *merged_len, bool *clean, char *why,
    size_t why_size)
{
	git_merge_file_options options;
	git_merge_file_input in[3];
	git_merge_file_result result = { 0 };
	int code = git_merge_file_options_init(
	    &options, GIT_MERGE_FILE_OPTIONS_VERSION);

	for (size_t i = 0; i < 3 && code == 0; i++)
		code = git_merge_file_input_init(
		    &in[i], GIT_MERGE_FILE_INPUT_VERSION);
	if (code != 0)
		return failed(code, why, why_size);
	options.flags = style == DIG_TEXT_DIFF3 ? GIT_MERGE_FILE_STYLE_DIFF3
						: GIT_MERGE_FILE_STYLE_MERGE;
	options.favor = style == DIG_TEXT_OURS ? GIT_MERGE_FILE_FAVOR_OURS
			: style == DIG_TEXT_THEIRS
			    ? GIT_MERGE_FILE_FAVOR_THEIRS
			    : GIT_MERGE_FILE_FAVOR_NORMAL;
	options.marker_size = (unsigned short)nsigns;
	options.ancestor_label = base->label;
	options.our_label = ours->label;
	options.their_label = theirs->label;
	set_input(&in[0], base);
	set_input(&in[1], ours);
	set_input(&in[2], theirs);
	code = git_merge_file(&result, &in[0], &in[1], &in[2], &options);
	if (code != 0)
		return failed(code, why, why_size);
	*merged = malloc(result.len > 0 ? result.len : 1);
	if (*merged == NULL) {
		git_merge_file_result_free(&result);
		snprintf(why, why_size, "out of memory");
		return DIG_ENOMEM;
	}
	if (result.len > 0)
		memcpy(*merged, result.ptr, result.len);
	*merged_len = result.len;
	*clean = result.automergeable != 0;
	git_merge_file_result_free(&result);
	return DIG_OK;
}

const struct dig_text_plugin *
dig_text_plugin(void)
{
	static const struct dig_text_plugin plugin = { DIG_VERSION, start, stop,
		diff, merge };

	return &plugin;
}
