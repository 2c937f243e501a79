/* SPDX-License-Identifier: MIT
 *
 * Putting changes aside: the trees, the commits, and the way of the files back
 * to HEAD.
 */
#include "repo/stash.h"

#include <stdlib.h>

#include "repo/ident.h"
#include "repo/revision.h"
#include "repo/select.h"
#include "repo/transition.h"

#define VERB "stash push"
#define VERB_WORDS 200

/* A push while it is prepared and done. */
struct push {
	struct dig_repo *repo;
	const struct dig_stash_push_options *options;
	struct dig_pathspec *spec; /* NULL: everything */
	struct dig_node_io io;     /* sees what the transaction has put */
	struct dig_oid head;
	struct dig_oid head_tree;
	struct dig_oid staged;
	struct dig_oid unstaged; /* what is staged, but HEAD's where meant */
	char **also;             /* paths that HEAD has and the staging not */
	size_t nalso;
	size_t also_cap;
	struct dig_add_aside aside;
	struct dig_person author;
	struct dig_person committer;
	struct dig_buf words; /* of the entry */
	struct dig_state to;
	struct dig_steps steps;
	uint64_t op;
	uint64_t failures;
};

static void
push_clear(struct push *p)
{
	dig_pathspec_free(p->spec);
	for (size_t i = 0; i < p->nalso; i++)
		free(p->also[i]);
	free(p->also);
	dig_add_aside_clear(&p->aside);
	dig_person_clear(&p->author);
	dig_person_clear(&p->committer);
	dig_buf_clear(&p->words);
	dig_state_clear(&p->to);
	dig_steps_clear(&p->steps);
}

/* ---- Before the files are read ---------------------------------------- */

static bool
is_meant(struct push *p, const struct dig_entry *entry)
{
	return p->spec == NULL ||
	       dig_pathspec_match(
		   p->spec, (const char *)entry->path, entry->path_len, false);
}

static enum dig_status
on_difference(void *arg, const struct dig_entry *staged,
    const struct dig_entry *head, struct dig_error *err)
{
	struct push *p = arg;

	(void)err;
	if (staged != NULL || !is_meant(p, head))
		return DIG_OK;
	DIG_GROW(p->also, p->also_cap, p->nalso + 1);
	p->also[p->nalso++] = dig_memdup0(head->path, head->path_len);
	return DIG_OK;
}

static enum dig_status
mark(void *arg, const struct dig_entry *entry, struct dig_error *err)
{
	(void)arg;
	(void)entry;
	(void)err;
	return DIG_OK;
}

/* A path that was typed has to mean a tracked file, or any file with -u. */
static enum dig_status
check_paths(struct push *p, struct dig_error *err)
{
	struct dig_pathspec *spec = NULL;
	enum dig_status st;

	if (p->spec == NULL || p->options->untracked)
		return DIG_OK;
	st = dig_select_spec(
	    p->repo, p->options->paths, p->options->npaths, &spec, err);
	if (st == DIG_OK)
		st = dig_select(&p->io, &p->staged, spec, mark, NULL, err);
	if (st == DIG_OK)
		st = dig_select_all_matched(spec, err);
	if (st == DIG_ENOTFOUND)
		dig_hint(err, "'-u' stashes untracked files, too");
	dig_pathspec_free(spec);
	return st;
}

static enum dig_status
refuse_begun(struct dig_error *err)
{
	dig_ignore(dig_raise(
	    err, DIG_ECONFLICT, "cannot stash: a switch has not finished"));
	dig_hint(err, "'dig checkout' stays where HEAD is; 'dig status' tells");
	return DIG_ECONFLICT;
}

static enum dig_status
look(struct push *p, struct dig_error *err)
{
	const struct dig_state *next = dig_index_next(p->repo->index);
	enum dig_status st;

	p->io = dig_writer_io(dig_index_writer(p->repo->index));
	p->staged = next->staged_root;
	if (!dig_state_head(next, &p->head))
		return dig_raise(
		    err, DIG_ENO, "You do not have the initial commit yet");
	st = dig_op_refuse(p->repo, "stash", err);
	if (st == DIG_OK && !dig_oid_is_zero(&next->op_state))
		st = refuse_begun(err);
	if (st == DIG_OK)
		st = dig_repo_head_tree(p->repo, &p->head_tree, err);
	if (st == DIG_OK)
		st = check_paths(p, err);
	if (st == DIG_OK)
		st = dig_tree_diff(
		    &p->io, &p->staged, &p->head_tree, on_difference, p, err);
	return st;
}

/* ---- The files -------------------------------------------------------- */

static void
on_left_out(void *arg, const char *path, const char *reason, bool failure)
{
	struct dig_buf shown = DIG_BUF_INIT;
	struct push *p = arg;

	p->failures += failure;
	dig_path_quote(&shown, path, strlen(path), true);
	dig_repo_warn(p->repo, "%s: %s", (const char *)shown.data, reason);
	dig_buf_clear(&shown);
}

static void
on_progress(void *arg, uint64_t files, uint64_t bytes)
{
	struct push *p = arg;
	struct dig_progress_report report = { "stashing", files, 0, bytes, 0,
		NULL };

	if (p->repo->talk.progress != NULL)
		p->repo->talk.progress(p->repo->talk.arg, &report);
}

/* Store what the files are; afterwards a transaction is open. */
static enum dig_status
read_files(struct push *p, struct dig_error *err)
{
	struct dig_add_options add = { .root_fd = p->repo->root_fd,
		.index = p->repo->index,
		.pathspec = p->spec,
		.tracked_only = !p->options->untracked,
		.verb = VERB,
		.aside = &p->aside,
		.arg = p,
		.left_out = on_left_out,
		.progress = on_progress };
	struct dig_add_result done = { 0 };
	struct dig_oid head = dig_oid_zero;
	const struct dig_state *next;
	enum dig_status st;

	if (!p->options->ignored)
		add.ignore = dig_repo_ignore(p->repo);
	p->aside.also = (const char *const *)p->also;
	p->aside.nalso = p->nalso;
	st = dig_add(&add, &done, err);
	dig_ignore_free(add.ignore);
	if (st == DIG_ECANCELLED)
		return dig_raise(err, st, "interrupted; nothing was changed");
	if (st != DIG_OK)
		return st;
	p->op = done.op;
	p->io = dig_writer_io(dig_index_writer(p->repo->index));
	next = dig_index_next(p->repo->index);
	dig_state_head(next, &head);
	if (p->failures > 0)
		return dig_raise(err, DIG_EFILE,
		    "%llu file%s could not be read; nothing was stashed",
		    (unsigned long long)p->failures,
		    p->failures == 1 ? "" : "s");
	if (!dig_oid_eq(&next->staged_root, &p->staged) ||
	    !dig_oid_eq(&head, &p->head) || !dig_oid_is_zero(&next->op_state))
		return dig_raise(err, DIG_ECONFLICT,
		    "another command changed the repository meanwhile; "
		    "nothing was stashed");
	return DIG_OK;
}

/* ---- The trees -------------------------------------------------------- */

struct unstaging {
	struct push *push;
	struct dig_tree_edit *edits;
	size_t count;
	size_t cap;
};

static enum dig_status
take_from_head(void *arg, const struct dig_entry *staged,
    const struct dig_entry *head, struct dig_error *err)
{
	const struct dig_entry *any = head != NULL ? head : staged;
	struct unstaging *list = arg;
	struct dig_tree_edit *edit;

	(void)err;
	if (!is_meant(list->push, any))
		return DIG_OK;
	DIG_GROW(list->edits, list->cap, list->count + 1);
	edit = &list->edits[list->count++];
	edit->remove = head == NULL;
	edit->entry = *any;
	edit->entry.path = (uint8_t *)dig_memdup0(any->path, any->path_len);
	return DIG_OK;
}

/* A tree that was put together has no file that is a folder, too. */
static enum dig_status
check_edits(struct push *p, const struct unstaging *list,
    const struct dig_oid *root, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	for (size_t i = 0; i < list->count && st == DIG_OK; i++)
		if (!list->edits[i].remove)
			st = dig_select_no_clash(&p->io, root,
			    list->edits[i].entry.path,
			    list->edits[i].entry.path_len, err);
	return st;
}

static enum dig_status
unstage(struct push *p, struct dig_error *err)
{
	struct unstaging list = { .push = p };
	enum dig_status st;

	p->unstaged = p->head_tree;
	if (p->spec == NULL)
		return DIG_OK;
	st = dig_tree_diff(
	    &p->io, &p->staged, &p->head_tree, take_from_head, &list, err);
	if (st == DIG_OK)
		st = dig_tree_apply(&p->io, &p->staged, list.edits, list.count,
		    &p->unstaged, err);
	if (st == DIG_OK)
		st = check_edits(p, &list, &p->unstaged, err);
	for (size_t i = 0; i < list.count; i++)
		free((void *)(uintptr_t)list.edits[i].entry.path);
	free(list.edits);
	return st;
}

/* What counts as tracked without being staged may not clash with what is. */
static enum dig_status
check_work(struct push *p, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	struct dig_entry entry;

	for (size_t i = 0; i < p->nalso && st == DIG_OK; i++) {
		size_t len = strlen(p->also[i]);

		st = dig_tree_find(
		    &p->io, &p->aside.tracked, p->also[i], len, &entry, err);
		if (st == DIG_OK)
			st = dig_select_no_clash(
			    &p->io, &p->aside.tracked, p->also[i], len, err);
		else if (st == DIG_ENOTFOUND)
			st = DIG_OK;
	}
	return st;
}

static bool
has_others(const struct push *p)
{
	struct dig_oid empty;

	dig_tree_empty(&empty);
	return !dig_oid_eq(&p->aside.others, &empty);
}

/* ---- The commits ------------------------------------------------------ */

/* Who makes them; git's stash needs no name either. */
static enum dig_status
find_people(struct push *p, struct dig_error *err)
{
	static const char nobody[] = "dig <dig@stash>";
	struct dig_config *config = p->repo->config;
	enum dig_status st;

	st = dig_person_find(
	    DIG_ROLE_COMMITTER, config, NULL, NULL, &p->committer, err);
	if (st == DIG_EINVALID)
		st = dig_person_find(DIG_ROLE_COMMITTER, config, nobody, NULL,
		    &p->committer, err);
	if (st != DIG_OK)
		return st;
	st = dig_person_find(
	    DIG_ROLE_AUTHOR, config, NULL, NULL, &p->author, err);
	if (st == DIG_EINVALID)
		st = dig_person_find(
		    DIG_ROLE_AUTHOR, config, nobody, NULL, &p->author, err);
	return st;
}

static enum dig_status
put_commit(struct push *p, const struct dig_oid *tree,
    const struct dig_buf *parents, const char *before,
    const struct dig_buf *words, struct dig_oid *id, struct dig_error *err)
{
	struct dig_commit commit = { .tree = *tree,
		.parents = parents->data,
		.nparents = parents->len / DIG_HASH_SIZE,
		.author = dig_person_ident(&p->author),
		.committer = dig_person_ident(&p->committer) };
	struct dig_buf message = DIG_BUF_INIT, bytes = DIG_BUF_INIT;
	struct dig_tree_totals totals;
	struct dig_oid first;
	enum dig_status st;

	dig_buf_puts(&message, before);
	dig_buf_put(&message, words->data, words->len);
	dig_buf_putc(&message, '\n');
	commit.message = message.data;
	commit.message_len = message.len;
	st = dig_commit_place(&p->io, &commit, &first, err);
	if (st == DIG_OK)
		st = dig_tree_totals(&p->io, tree, &totals, err);
	if (st == DIG_OK) {
		commit.files = totals.files;
		commit.bytes = totals.bytes;
		dig_commit_encode(&commit, &bytes);
		dig_commit_id(bytes.data, bytes.len, id);
		st = dig_writer_put(dig_index_writer(p->repo->index),
		    DIG_KIND_COMMIT, id, bytes.data, bytes.len, NULL, false,
		    err);
	}
	dig_buf_clear(&message);
	dig_buf_clear(&bytes);
	return st;
}

/* "main: 1234 subject" */
static enum dig_status
write_where(struct push *p, struct dig_buf *out, struct dig_error *err)
{
	const struct dig_state *next = dig_index_next(p->repo->index);
	struct dig_buf bytes = DIG_BUF_INIT;
	char hex[DIG_OID_HEX + 1];
	struct dig_commit commit;
	enum dig_status st;

	st =
	    dig_revision_short(p->repo, &p->head, DIG_REVISION_SHORT, hex, err);
	if (st == DIG_OK)
		st = dig_repo_read_commit(
		    p->repo, &p->head, &bytes, &commit, err);
	if (st == DIG_OK) {
		dig_buf_printf(out, "%s: %s ",
		    next->head_ref != NULL ? dig_ref_short(next->head_ref)
					   : "(no branch)",
		    hex);
		dig_buf_put(out, commit.message,
		    dig_subject_len(commit.message, commit.message_len));
	}
	dig_buf_clear(&bytes);
	return st;
}

/* The words of the entry: "WIP on" where it stands, or "On main: MESSAGE". */
static void
write_words(struct push *p, const struct dig_buf *where)
{
	const char *message = p->options->message;
	const char *colon = memchr(where->data, ':', where->len);

	if (message == NULL) {
		dig_buf_puts(&p->words, "WIP on ");
		dig_buf_put(&p->words, where->data, where->len);
	} else {
		dig_buf_puts(&p->words, "On ");
		dig_buf_put(&p->words, where->data,
		    (size_t)(colon - (const char *)where->data));
		dig_buf_printf(&p->words, ": %s", message);
	}
}

static void
add_parent(struct dig_buf *parents, const struct dig_oid *id)
{
	dig_buf_put(parents, id->bytes, DIG_HASH_SIZE);
}

static enum dig_status
make_entry(struct push *p, struct dig_oid *entry, struct dig_error *err)
{
	struct dig_buf where = DIG_BUF_INIT, parents = DIG_BUF_INIT;
	struct dig_buf none = DIG_BUF_INIT;
	struct dig_oid id;
	enum dig_status st;

	st = find_people(p, err);
	if (st == DIG_OK)
		st = write_where(p, &where, err);
	if (st != DIG_OK)
		goto out;
	write_words(p, &where);
	if (p->words.len > DIG_COMMIT_MESSAGE_MAX - 1) {
		st = dig_raise(err, DIG_EINVALID,
		    "the message is longer than %zu bytes",
		    DIG_COMMIT_MESSAGE_MAX);
		goto out;
	}
	add_parent(&parents, &p->head);
	st = put_commit(p, &p->staged, &parents, "index on ", &where, &id, err);
	add_parent(&parents, &id);
	if (st == DIG_OK && has_others(p)) {
		st = put_commit(p, &p->aside.others, &none,
		    "untracked files on ", &where, &id, err);
		add_parent(&parents, &id);
	}
	if (st == DIG_OK)
		st = put_commit(
		    p, &p->aside.tracked, &parents, "", &p->words, entry, err);
out:
	dig_buf_clear(&where);
	dig_buf_clear(&parents);
	return st;
}

/* ---- The way back ----------------------------------------------------- */

static enum dig_status
collect_edit(void *arg, const struct dig_entry *entry, struct dig_error *err)
{
	struct unstaging *list = arg;
	struct dig_tree_edit *edit;

	(void)err;
	DIG_GROW(list->edits, list->cap, list->count + 1);
	edit = &list->edits[list->count++];
	edit->remove = false;
	edit->entry = *entry;
	edit->entry.path = (uint8_t *)dig_memdup0(entry->path, entry->path_len);
	return DIG_OK;
}

/* One tree of all the files as they are; of what is tracked and what is not,
 * a path may be a folder of another one. */
static enum dig_status
tree_of_files(struct push *p, struct dig_oid *out, struct dig_error *err)
{
	struct unstaging list = { .push = p };
	enum dig_status st;

	*out = p->aside.tracked;
	st = dig_select(
	    &p->io, &p->aside.others, NULL, collect_edit, &list, err);
	if (st == DIG_OK && list.count > 0)
		st = dig_tree_apply(&p->io, &p->aside.tracked, list.edits,
		    list.count, out, err);
	for (size_t i = 0; i < list.count; i++)
		free((void *)(uintptr_t)list.edits[i].entry.path);
	free(list.edits);
	return st;
}

static enum dig_status
collect_steps(struct push *p, struct dig_error *err)
{
	struct dig_oid files;
	enum dig_status st;

	st = tree_of_files(p, &files, err);
	if (st == DIG_OK)
		st = dig_steps_add_diff(
		    &p->steps, &p->io, &files, &p->to.staged_root, err);
	if (st != DIG_OK)
		return st;
	dig_steps_know(&p->steps, p->aside.seen, p->aside.nseen);
	st = dig_steps_check(&p->steps, err);
	if (st == DIG_ECONFLICT)
		dig_hint(err,
		    "'-u' stashes untracked files, too; what was "
		    "edited meanwhile is stashed by running it again");
	if (st == DIG_OK)
		st = dig_steps_check_names(
		    &p->steps, &p->io, &p->to.staged_root, err);
	return st;
}

static enum dig_status
carry_out(
    struct push *p, const struct dig_announcement *begun, struct dig_error *err)
{
	struct dig_buf verb = DIG_BUF_INIT;
	struct dig_transition transition = { .repo = p->repo,
		.steps = &p->steps,
		.to = &p->to,
		.others = p->to.staged_root,
		.begun = begun,
		.hint = "the stash has it all, but the files are not yet "
			"HEAD's: 'dig stash' goes on",
		.op = p->op };
	const uint8_t *end = memchr(p->words.data, '\n', p->words.len);
	size_t len = end != NULL ? (size_t)(end - p->words.data) : p->words.len;
	enum dig_status st;

	dig_buf_printf(&verb, DIG_STASH_PUSH "%.*s",
	    (int)(len < VERB_WORDS ? len : VERB_WORDS),
	    (const char *)p->words.data);
	transition.verb = (const char *)verb.data;
	st = dig_transition_run(&transition, err);
	dig_buf_clear(&verb);
	return st;
}

static enum dig_status
push(struct push *p, struct dig_error *err)
{
	struct dig_state *next = dig_index_next(p->repo->index);
	struct dig_oid entry;
	char ref[32];
	enum dig_status st;

	if (!dig_stash_next_ref(next, ref))
		return dig_raise(err, DIG_EINVALID,
		    "the stash has no number left; drop its newest entry");
	st = make_entry(p, &entry, err);
	if (st != DIG_OK)
		return st;
	dig_state_set_ref(next, ref, &entry);
	dig_state_copy(next, &p->to);
	p->to.staged_root = p->options->keep_index ? p->staged : p->unstaged;
	st = collect_steps(p, err);
	return st == DIG_OK ? carry_out(p, NULL, err) : st;
}

/* ---- Finishing one that was killed ------------------------------------ */

/* The entry is there; its announcement tells what the files were and what is
 * to be staged. */
static enum dig_status
finish(struct push *p, struct dig_error *err)
{
	const struct dig_state *next = dig_index_next(p->repo->index);
	const struct dig_ref *ref = dig_stash_ref(next, 0);
	struct dig_announcement begun = { 0 };
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit commit;
	enum dig_status st;

	p->io = dig_writer_io(dig_index_writer(p->repo->index));
	st = dig_announcement_read(p->repo, &next->op_state, &begun, err);
	if (st == DIG_OK && (ref == NULL || begun.nroots < 2))
		st = dig_raise(err, DIG_ECORRUPT, "the stash that was begun");
	if (st == DIG_OK)
		st = dig_repo_read_commit(
		    p->repo, &ref->id, &bytes, &commit, err);
	if (st != DIG_OK)
		goto out;
	dig_buf_put(&p->words, commit.message, commit.message_len - 1);
	dig_state_copy(next, &p->to);
	p->to.staged_root = begun.roots[0];
	p->to.op_state = dig_oid_zero;
	st = dig_steps_add_diff(
	    &p->steps, &p->io, &begun.roots[1], &begun.roots[0], err);
	if (st == DIG_OK)
		st = dig_steps_check(&p->steps, err);
	if (st == DIG_ECONFLICT)
		dig_hint(err, "'dig undo' takes back the stash that was "
			      "interrupted; 'dig checkout' keeps it");
	if (st == DIG_OK)
		st = carry_out(p, &begun, err);
out:
	free(begun.ref);
	dig_buf_clear(&bytes);
	return st;
}

/* ---- The verb --------------------------------------------------------- */

/* *done: one that was killed has been finished. */
static enum dig_status
begin(struct push *p, bool *done, struct dig_error *err)
{
	enum dig_status st;

	st = dig_index_begin(p->repo->index, err);
	if (st != DIG_OK)
		return st;
	st = dig_announced_by(p->repo, DIG_STASH_PUSH, &p->op, err);
	*done = p->op != 0;
	if (st == DIG_OK)
		st = *done ? finish(p, err) : look(p, err);
	dig_index_rollback(p->repo->index); /* of what was not committed */
	return st;
}

static bool
has_changes(const struct push *p)
{
	return !dig_oid_eq(&p->unstaged, &p->staged) ||
	       !dig_oid_eq(&p->aside.tracked, &p->staged) || has_others(p);
}

enum dig_status
dig_stash_push(struct dig_repo *repo,
    const struct dig_stash_push_options *options,
    struct dig_stash_push_result *result, struct dig_error *err)
{
	struct push p = { .repo = repo, .options = options };
	enum dig_status st = DIG_OK;
	bool done = false;

	memset(result, 0, sizeof(*result));
	dig_steps_init(&p.steps, repo, "stashing");
	if (options->npaths > 0)
		st = dig_select_spec(
		    repo, options->paths, options->npaths, &p.spec, err);
	if (st == DIG_OK)
		st = begin(&p, &done, err);
	if (st != DIG_OK || done)
		goto out;
	st = read_files(&p, err);
	if (st == DIG_OK)
		st = unstage(&p, err);
	if (st == DIG_OK)
		st = check_work(&p, err);
	if (st == DIG_OK) {
		result->nothing = !has_changes(&p);
		if (!result->nothing)
			st = push(&p, err);
	}
	dig_index_rollback(repo->index); /* of what was not committed */
out:
	if (st == DIG_OK && !result->nothing) {
		dig_buf_putc(&p.words, '\0');
		result->words = dig_strdup((const char *)p.words.data);
		result->written = p.steps.written;
		result->removed = p.steps.removed;
	}
	push_clear(&p);
	return st;
}
