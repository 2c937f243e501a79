/* SPDX-License-Identifier: MIT
 *
 * Writes a history of any shape, merges among it, into the .dig of the current
 * folder, in one transaction. Standard input has a line for each step:
 *
 *	commit DATE PARENT...    a commit; parents by number, from 0; -: none
 *	put PATH TEXT            a file in it, against the first parent's tree
 *	remove PATH
 *	branch NAME NUMBER       a ref; refs/heads/main is HEAD's
 *
 * Words have no blanks; paths of one commit ascend.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/io.h"
#include "objects/commit.h"
#include "objects/index.h"

#define LINE_SIZE 65536

struct made {
	struct dig_oid id;
	struct dig_oid tree;
	uint64_t generation;
	uint64_t depth;
	size_t jump; /* number of the commit; its own at a root */
};

struct maker {
	struct dig_index *index;
	struct made *made;
	size_t count;
	size_t cap;

	bool open; /* a commit is being read */
	long long date;
	size_t parents[16];
	size_t nparents;
	struct dig_tree_edit edits[4096];
	size_t nedits;
	struct dig_error err;
};

static void
must(struct maker *maker, enum dig_status st)
{
	if (st == DIG_OK)
		return;
	fprintf(stderr, "mkhistory: %s\n", maker->err.msg);
	exit(1);
}

static size_t
jump_of(const struct maker *maker, size_t parent)
{
	const struct made *at = &maker->made[parent];
	const struct made *jump = &maker->made[at->jump];

	return dig_commit_jumps_far(
		   at->depth, jump->depth, maker->made[jump->jump].depth)
		   ? jump->jump
		   : parent;
}

/* Store the tree of the commit that was read. */
static void
make_tree(struct maker *maker, const struct dig_oid *old, struct dig_oid *out)
{
	struct dig_node_io io = dig_writer_io(dig_index_writer(maker->index));

	must(maker, dig_tree_apply(&io, old, maker->edits, maker->nedits, out,
			&maker->err));
	for (size_t i = 0; i < maker->nedits; i++) {
		char *path = (char *)(uintptr_t)maker->edits[i].entry.path;

		free(path);
	}
	maker->nedits = 0;
}

static void
finish_commit(struct maker *maker)
{
	static const char who[] = "A U Thor <author@example.com>";
	static struct dig_commit commit;
	struct dig_node_io io = dig_writer_io(dig_index_writer(maker->index));
	struct dig_tree_totals totals;
	struct dig_buf parents = DIG_BUF_INIT, bytes = DIG_BUF_INIT;
	struct made made = { .generation = 1, .jump = maker->count };
	char message[64];

	if (!maker->open)
		return;
	maker->open = false;
	dig_tree_empty(&made.tree);
	for (size_t i = 0; i < maker->nparents; i++) {
		const struct made *parent = &maker->made[maker->parents[i]];

		dig_buf_put(&parents, parent->id.bytes, DIG_HASH_SIZE);
		if (parent->generation >= made.generation)
			made.generation = parent->generation + 1;
	}
	memset(&commit, 0, sizeof(commit));
	if (maker->nparents > 0) {
		size_t first = maker->parents[0];

		made.tree = maker->made[first].tree;
		made.depth = maker->made[first].depth + 1;
		made.jump = jump_of(maker, first);
		commit.jump = maker->made[made.jump].id;
	}
	make_tree(maker, &made.tree, &commit.tree);
	made.tree = commit.tree;
	must(maker, dig_tree_totals(&io, &commit.tree, &totals, &maker->err));
	snprintf(message, sizeof(message), "commit %zu\n", maker->count);
	commit.nparents = maker->nparents;
	commit.parents = parents.data;
	commit.author.who = (const uint8_t *)who;
	commit.author.who_len = sizeof(who) - 1;
	commit.author.seconds = maker->date;
	commit.author.zone = (const uint8_t *)"+0000";
	commit.author.zone_len = 5;
	commit.committer = commit.author;
	commit.message = (const uint8_t *)message;
	commit.message_len = strlen(message);
	commit.files = totals.files;
	commit.bytes = totals.bytes;
	commit.generation = made.generation;
	commit.depth = made.depth;
	dig_commit_encode(&commit, &bytes);
	dig_commit_id(bytes.data, bytes.len, &made.id);
	must(maker,
	    dig_writer_put(dig_index_writer(maker->index), DIG_KIND_COMMIT,
		&made.id, bytes.data, bytes.len, NULL, false, &maker->err));
	DIG_GROW(maker->made, maker->cap, maker->count + 1);
	maker->made[maker->count++] = made;
	dig_buf_clear(&parents);
	dig_buf_clear(&bytes);
}

static void
begin_commit(struct maker *maker, char *words)
{
	char *save = words, *end;

	finish_commit(maker);
	maker->open = true;
	maker->nparents = 0;
	maker->date = strtoll(save, &save, 10);
	for (;;) {
		unsigned long parent = strtoul(save, &end, 10);

		if (end == save || maker->nparents == 16)
			break;
		if (parent >= maker->count) {
			fprintf(stderr, "mkhistory: no parent %lu\n", parent);
			exit(1);
		}
		maker->parents[maker->nparents++] = parent;
		save = end;
	}
}

static void
put_file(struct maker *maker, const char *path, const char *text, bool remove)
{
	struct dig_tree_edit *edit = &maker->edits[maker->nedits];
	size_t len = strlen(text);

	if (++maker->nedits > sizeof(maker->edits) / sizeof(maker->edits[0])) {
		fprintf(stderr, "mkhistory: too many files\n");
		exit(1);
	}
	memset(edit, 0, sizeof(*edit));
	edit->remove = remove;
	edit->entry.path = (uint8_t *)dig_strdup(path);
	edit->entry.path_len = strlen(path);
	if (remove)
		return;
	edit->entry.kind = DIG_ENTRY_FILE;
	edit->entry.form = DIG_FORM_CHUNK;
	edit->entry.size_bytes = len;
	dig_sha256(text, len, edit->entry.stored.bytes);
	must(maker,
	    dig_writer_put(dig_index_writer(maker->index), DIG_KIND_CHUNK,
		&edit->entry.stored, text, len, NULL, false, &maker->err));
}

static void
set_branch(struct maker *maker, const char *name, const char *number)
{
	struct dig_state *next = dig_index_next(maker->index);
	unsigned long n = strtoul(number, NULL, 10);

	finish_commit(maker);
	if (n >= maker->count) {
		fprintf(stderr, "mkhistory: no commit %lu\n", n);
		exit(1);
	}
	dig_state_set_ref(next, name, &maker->made[n].id);
	if (next->head_ref != NULL && strcmp(next->head_ref, name) == 0)
		next->staged_root = maker->made[n].tree;
}

static void
read_line(struct maker *maker, char *line)
{
	char *words[3] = { line, line + strlen(line), line + strlen(line) };

	for (int i = 1; i < 3; i++) {
		size_t n = strcspn(words[i - 1], " ");

		if (words[i - 1][n] == '\0')
			break;
		if (i == 2 && strcmp(words[0], "commit") == 0)
			break;
		words[i - 1][n] = '\0';
		words[i] = words[i - 1] + n + 1;
	}
	if (strcmp(words[0], "commit") == 0)
		begin_commit(maker, words[1]);
	else if (strcmp(words[0], "put") == 0)
		put_file(maker, words[1], words[2], false);
	else if (strcmp(words[0], "remove") == 0)
		put_file(maker, words[1], words[2], true);
	else if (strcmp(words[0], "branch") == 0)
		set_branch(maker, words[1], words[2]);
}

int
main(void)
{
	static char line[LINE_SIZE];
	static struct maker maker;
	struct dig_index_options options = { .dir = ".dig",
		.timeout_ms = 5000,
		.write = { .level = 1, .verify = true } };
	struct dig_commit_options commit = { .verb = "history",
		.derive = true };

	options.dirfd = dig_open_at(AT_FDCWD, ".dig", DIG_OPEN_DIRECTORY);
	must(&maker, dig_index_open(&options, &maker.index, &maker.err));
	must(&maker, dig_index_begin(maker.index, &maker.err));
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		read_line(&maker, line);
	}
	finish_commit(&maker);
	must(&maker, dig_index_commit(maker.index, &commit, NULL, &maker.err));
	dig_index_close(maker.index);
	free(maker.made);
	return dig_close(options.dirfd) == 0 ? 0 : 1;
}
