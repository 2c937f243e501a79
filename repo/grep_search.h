/* SPDX-License-Identifier: MIT
 *
 * One file's bytes, as they come, into events; for repo/ only.
 */
#ifndef REPO_GREP_SEARCH_H
#define REPO_GREP_SEARCH_H

#include "objects/base/buf.h"
#include "repo/grep_match.h"

struct dig_search {
	const struct dig_grep_options *options;
	struct dig_patterns *matcher; /* borrowed */
	dig_grep_fn *fn;              /* gets events without a path */
	void *arg;
	/* Of the file: */
	struct dig_buf buf; /* bytes from the start of a line on */
	uint64_t offset;    /* of the buffer in the file */
	size_t at;          /* the next line; before it is context */
	uint64_t line;      /* its number */
	uint64_t last_hit;  /* 0: none yet */
	uint64_t last_told;
	uint64_t count;
	bool end;    /* the buffer holds the last bytes */
	bool looked; /* at its first bytes */
	bool binary;
	bool found; /* as of dig_grep */
	bool over;  /* nothing that follows counts */
	struct dig_grep_span *spans;
	size_t cap;
};

void dig_search_init(struct dig_search *search,
    const struct dig_grep_options *options, struct dig_patterns *matcher,
    dig_grep_fn *fn, void *arg);
void dig_search_clear(struct dig_search *search);

/* Begin a file. Its bytes go into search->buf; dig_search_run after some. */
void dig_search_begin(struct dig_search *search);
/* Look at what the buffer holds; end: that is all. False: no more is needed. */
bool dig_search_run(struct dig_search *search, bool end);

#endif
