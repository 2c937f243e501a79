/* SPDX-License-Identifier: MIT
 *
 * Exporting to git. First the commits are listed, parents first, and each gets
 * the name of the first ref that leads to it; then they are written in that
 * order, each after the contents that are new in it.
 */
#include <stdlib.h>
#include <string.h>

#include "repo/bridge/export.h"
#include "repo/bridge/import.h"
#include "repo/stash.h"

#define TAG_DEPTH_MAX 64

/* ---- Ids of git ------------------------------------------------------- */

/* What came from git gets another id there than it had. */
static void
compare_ids(struct dig_export *export, const struct dig_header *headers,
    size_t count, const uint8_t *id, bool tag)
{
	struct dig_export_result *result = export->result;
	const struct dig_header *old =
	    dig_header_find(headers, count, DIG_HEADER_GIT_ID);
	struct dig_buf hex = DIG_BUF_INIT;

	if (old == NULL)
		return;
	dig_export_put_hex(&hex, id, export->id_size);
	if (old->value_len != hex.len ||
	    memcmp(old->value, hex.data, hex.len) != 0) {
		if (tag)
			result->changed_tags++;
		else
			result->changed++;
		if (!tag && result->nnamed < DIG_EXPORT_NAMED &&
		    old->value_len <= DIG_OID_HEX) {
			char *named = result->named[result->nnamed++];

			memcpy(named, old->value, old->value_len);
			named[old->value_len] = '\0';
		}
	}
	dig_buf_clear(&hex);
}

/* ---- Listing ---------------------------------------------------------- */

/* Neither what an import keeps nor what is put aside. */
static bool
is_exported(const char *ref)
{
	return strncmp(ref, DIG_IMPORT_REFS, strlen(DIG_IMPORT_REFS)) != 0 &&
	       strncmp(ref, DIG_STASH_REFS, strlen(DIG_STASH_REFS)) != 0;
}

/* The commit that a ref leads to, through tags; false: none. */
static enum dig_status
peel(struct dig_export *export, const struct dig_ref *ref, struct dig_oid *out,
    bool *found, struct dig_error *err)
{
	struct dig_store *store = dig_index_store(export->repo->index);
	struct dig_buf bytes = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;
	struct dig_tag tag;
	bool is_tag = true;

	*out = ref->id;
	*found = true;
	for (int i = 0; st == DIG_OK && i < TAG_DEPTH_MAX; i++) {
		st = dig_store_has(store, DIG_KIND_TAG, out, &is_tag, err);
		if (st != DIG_OK || !is_tag)
			break;
		st = dig_history_tag(export->repo, out, &bytes, &tag, err);
		if (st != DIG_OK)
			break;
		*out = tag.target;
		*found = tag.target_kind == DIG_KIND_COMMIT ||
			 tag.target_kind == DIG_KIND_TAG;
	}
	dig_buf_clear(&bytes);
	return st;
}

/* A commit whose parents are being listed. */
struct visit {
	struct dig_oid id;
	uint8_t *parents;
	size_t nparents;
	size_t next;
};

struct visits {
	struct visit *at;
	size_t count;
	size_t cap;
	struct dig_oidmap seen;
};

/* Go to a commit, unless somebody was there. */
static enum dig_status
enter(struct dig_export *export, struct visits *visits,
    const struct dig_oid *id, struct dig_error *err)
{
	struct dig_commit *commit;
	struct dig_buf bytes = DIG_BUF_INIT;
	uint8_t git_id[DIG_HASH_SIZE];
	struct visit *visit;
	enum dig_status st;

	if (!dig_oidmap_claim(&visits->seen, DIG_KIND_COMMIT, id))
		return DIG_OK;
	commit = dig_alloc(sizeof(*commit));
	st = dig_repo_read_commit(export->repo, id, &bytes, commit, err);
	if (st == DIG_OK) {
		DIG_GROW(visits->at, visits->cap, visits->count + 1);
		visit = &visits->at[visits->count++];
		visit->id = *id;
		visit->nparents = commit->nparents;
		visit->next = 0;
		visit->parents =
		    dig_alloc(commit->nparents * DIG_HASH_SIZE + 1);
		if (commit->nparents > 0)
			memcpy(visit->parents, commit->parents,
			    commit->nparents * DIG_HASH_SIZE);
		if (export->id_size == 0 && !export->options->incremental)
			export->id_size = dig_commit_git_id(commit, git_id);
	}
	dig_buf_clear(&bytes);
	free(commit);
	return st;
}

/* A commit and all before it that are not listed yet, parents first. */
static enum dig_status
list_from(struct dig_export *export, struct visits *visits,
    const struct dig_oid *tip, uint32_t ref, struct dig_error *err)
{
	enum dig_status st = enter(export, visits, tip, err);

	while (st == DIG_OK && visits->count > 0) {
		struct visit *top = &visits->at[visits->count - 1];
		struct dig_oid parent;

		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED, "interrupted");
		if (top->next < top->nparents) {
			memcpy(parent.bytes,
			    top->parents + top->next++ * DIG_HASH_SIZE,
			    DIG_HASH_SIZE);
			st = enter(export, visits, &parent, err);
			continue;
		}
		DIG_GROW(export->list, export->cap, export->count + 1);
		export->list[export->count++] =
		    (struct dig_listed){ top->id, ref };
		free(top->parents);
		visits->count--;
	}
	return st;
}

static enum dig_status
list_commits(struct dig_export *export, struct dig_error *err)
{
	const struct dig_state *state = export->state;
	struct visits visits = { NULL, 0, 0, { 0 } };
	enum dig_status st = DIG_OK;
	struct dig_oid tip;
	bool found;

	dig_oidmap_init(&visits.seen);
	for (size_t i = 0; st == DIG_OK && i < state->nrefs; i++) {
		if (!is_exported(state->refs[i].name))
			continue;
		st = peel(export, &state->refs[i], &tip, &found, err);
		if (st == DIG_OK && found)
			st = list_from(export, &visits, &tip, (uint32_t)i, err);
	}
	for (size_t i = 0; i < visits.count; i++)
		free(visits.at[i].parents);
	free(visits.at);
	dig_oidmap_clear(&visits.seen);
	return st;
}

/* ---- Commits ----------------------------------------------------------- */

static void
put_lines(struct dig_buf *out, const struct dig_buf *lines)
{
	dig_buf_put(out, lines->data, lines->len);
}

/* The id that git will give to the commit; lines: author to encoding. */
static enum dig_status
commit_git_id(struct dig_export *export, const struct dig_commit *commit,
    const struct dig_buf *lines, uint8_t *out, struct dig_error *err)
{
	struct dig_buf *object = &export->object;
	struct dig_git_hash hash;
	struct dig_oid parent;
	enum dig_status st;

	st = dig_export_tree_id(export, commit, out, err);
	if (st != DIG_OK)
		return st;
	dig_buf_reset(object);
	dig_buf_puts(object, "tree ");
	dig_export_put_hex(object, out, export->id_size);
	dig_buf_putc(object, '\n');
	for (size_t i = 0; i < commit->nparents; i++) {
		const uint8_t *id;

		dig_commit_parent(commit, i, &parent);
		id = dig_export_git_id(export, DIG_KIND_COMMIT, &parent);
		dig_buf_puts(object, "parent ");
		if (id != NULL)
			dig_export_put_hex(object, id, export->id_size);
		dig_buf_putc(object, '\n');
	}
	put_lines(object, lines);
	dig_buf_putc(object, '\n');
	dig_buf_put(object, commit->message, commit->message_len);
	dig_git_hash_init(&hash, export->id_size, "commit", object->len);
	dig_git_hash_add(&hash, object->data, object->len);
	dig_git_hash_end(&hash, out);
	return DIG_OK;
}

/* "author A <a> 1 +0000", or the line that git had. */
static void
put_ident(struct dig_buf *out, const char *word, const struct dig_ident *ident,
    const struct dig_header *headers, size_t count, const char *header)
{
	const struct dig_header *odd = dig_header_find(headers, count, header);

	dig_buf_printf(out, "%s ", word);
	if (odd != NULL) {
		dig_buf_put(out, odd->value, odd->value_len);
	} else {
		dig_buf_put(out, ident->who, ident->who_len);
		dig_buf_printf(out, " %lld ", (long long)ident->seconds);
		dig_buf_put(out, ident->zone, ident->zone_len);
	}
	dig_buf_putc(out, '\n');
}

static void
put_commit_lines(struct dig_buf *out, const struct dig_commit *commit)
{
	put_ident(out, "author", &commit->author, commit->headers,
	    commit->nheaders, DIG_HEADER_GIT_AUTHOR);
	put_ident(out, "committer", &commit->committer, commit->headers,
	    commit->nheaders, DIG_HEADER_GIT_COMMITTER);
	if (commit->encoding_len > 0) {
		dig_buf_puts(out, "encoding ");
		dig_buf_put(out, commit->encoding, commit->encoding_len);
		dig_buf_putc(out, '\n');
	}
}

/* How a stream names a commit: by its mark, or by its id in git. */
static enum dig_status
put_name(
    struct dig_export *export, const struct dig_oid *id, struct dig_error *err)
{
	uint64_t mark = dig_export_mark(export, DIG_KIND_COMMIT, id);
	struct dig_buf bytes = DIG_BUF_INIT;
	const struct dig_header *header;
	struct dig_commit commit;
	enum dig_status st;

	if (mark != 0) {
		dig_buf_printf(&export->out, ":%llu", (unsigned long long)mark);
		return DIG_OK;
	}
	st = dig_repo_read_commit(export->repo, id, &bytes, &commit, err);
	header = st == DIG_OK ? dig_header_find(commit.headers, commit.nheaders,
				    DIG_HEADER_GIT_ID)
			      : NULL;
	if (header != NULL)
		dig_buf_put(&export->out, header->value, header->value_len);
	dig_buf_clear(&bytes);
	return st;
}

static enum dig_status
put_commit(struct dig_export *export, const struct dig_listed *listed,
    const struct dig_commit *commit, const uint8_t *git_id,
    const struct dig_buf *lines, struct dig_error *err)
{
	const char *ref = export->state->refs[listed->ref].name;
	struct dig_buf *out = &export->out;
	enum dig_status st = DIG_OK;
	struct dig_oid parent;

	/* A first commit would follow on the one before under that name. */
	if (commit->nparents == 0 && export->ref_used[listed->ref])
		dig_buf_printf(out, "reset %s\n", ref);
	export->ref_used[listed->ref] = true;
	dig_buf_printf(out, "commit %s\nmark :%llu\n", ref,
	    (unsigned long long)dig_export_set_mark(
		export, DIG_KIND_COMMIT, &listed->id, git_id));
	put_lines(out, lines);
	dig_export_put_data(export, commit->message, commit->message_len);
	for (size_t i = 0; st == DIG_OK && i < commit->nparents; i++) {
		dig_commit_parent(commit, i, &parent);
		dig_buf_puts(out, i == 0 ? "from " : "merge ");
		st = put_name(export, &parent, err);
		dig_buf_putc(out, '\n');
	}
	/* What goes makes room for what comes. */
	put_lines(out, &export->removals);
	put_lines(out, &export->changes);
	dig_buf_putc(out, '\n');
	export->result->commits++;
	return st == DIG_OK
		   ? dig_export_flush(export, DIG_EXPORT_FLUSH_BYTES, err)
		   : st;
}

/* The tree of the first parent, the empty one at a root. */
static enum dig_status
parent_tree(struct dig_export *export, const struct dig_commit *commit,
    struct dig_oid *out, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit *parent;
	enum dig_status st;
	struct dig_oid id;

	dig_tree_empty(out);
	if (commit->nparents == 0)
		return DIG_OK;
	parent = dig_alloc(sizeof(*parent));
	dig_commit_parent(commit, 0, &id);
	st = dig_repo_read_commit(export->repo, &id, &bytes, parent, err);
	if (st == DIG_OK)
		*out = parent->tree;
	free(parent);
	dig_buf_clear(&bytes);
	return st;
}

static enum dig_status
export_commit(struct dig_export *export, const struct dig_listed *listed,
    const struct dig_commit *commit, struct dig_error *err)
{
	struct dig_buf lines = DIG_BUF_INIT;
	uint8_t git_id[DIG_HASH_SIZE];
	struct dig_oid before;
	enum dig_status st;

	if (export->options->incremental &&
	    dig_commit_git_id(commit, git_id) > 0)
		return DIG_OK;
	dig_buf_reset(&export->changes);
	dig_buf_reset(&export->removals);
	st = parent_tree(export, commit, &before, err);
	if (st == DIG_OK)
		st = dig_export_list_files(export, commit, &before, err);
	put_commit_lines(&lines, commit);
	if (st == DIG_OK && export->id_size > 0) {
		st = commit_git_id(export, commit, &lines, git_id, err);
		if (st == DIG_OK)
			compare_ids(export, commit->headers, commit->nheaders,
			    git_id, false);
		dig_export_keep_set(export, &listed->id);
	}
	if (st == DIG_OK)
		st = put_commit(export, listed, commit,
		    export->id_size > 0 ? git_id : NULL, &lines, err);
	dig_buf_clear(&lines);
	return st;
}

static enum dig_status
export_commits(struct dig_export *export, struct dig_error *err)
{
	struct dig_commit *commit = dig_alloc(sizeof(*commit));
	const struct dig_talk *talk = &export->repo->talk;
	struct dig_buf bytes = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < export->count; i++) {
		const struct dig_listed *listed = &export->list[i];
		struct dig_progress_report report = {
			.what = "exporting",
			.unit = "commits",
			.files_done = i,
			.files_total = export->count,
		};

		if (talk->progress != NULL)
			talk->progress(talk->arg, &report);
		st = dig_repo_read_commit(
		    export->repo, &listed->id, &bytes, commit, err);
		if (st == DIG_OK)
			st = export_commit(export, listed, commit, err);
	}
	dig_buf_clear(&bytes);
	free(commit);
	return st;
}

/* ---- Tags and other refs ---------------------------------------------- */

static void
tag_git_id(struct dig_export *export, const struct dig_tag *tag,
    const char *name, const struct dig_buf *lines, uint8_t *out)
{
	struct dig_buf *object = &export->object;
	struct dig_git_hash hash;
	const uint8_t *target =
	    dig_export_git_id(export, tag->target_kind, &tag->target);

	dig_buf_reset(object);
	dig_buf_puts(object, "object ");
	if (target != NULL)
		dig_export_put_hex(object, target, export->id_size);
	dig_buf_printf(object, "\ntype %s\ntag %s\n",
	    tag->target_kind == DIG_KIND_TAG ? "tag" : "commit", name);
	put_lines(object, lines);
	dig_buf_putc(object, '\n');
	dig_buf_put(object, tag->message, tag->message_len);
	dig_git_hash_init(&hash, export->id_size, "tag", object->len);
	dig_git_hash_add(&hash, object->data, object->len);
	dig_git_hash_end(&hash, out);
}

static enum dig_status
put_tag(struct dig_export *export, const struct dig_oid *id,
    const struct dig_tag *tag, const char *name, struct dig_error *err)
{
	struct dig_buf *out = &export->out;
	struct dig_buf lines = DIG_BUF_INIT;
	uint8_t git_id[DIG_HASH_SIZE];
	enum dig_status st = DIG_OK;

	if (tag->tagger.who_len > 0)
		put_ident(&lines, "tagger", &tag->tagger, tag->headers,
		    tag->nheaders, DIG_HEADER_GIT_TAGGER);
	if (export->id_size > 0) {
		tag_git_id(export, tag, name, &lines, git_id);
		compare_ids(export, tag->headers, tag->nheaders, git_id, true);
	}
	dig_buf_printf(out, "tag %s\nmark :%llu\nfrom ", name,
	    (unsigned long long)dig_export_set_mark(
		export, DIG_KIND_TAG, id, export->id_size > 0 ? git_id : NULL));
	if (tag->target_kind == DIG_KIND_TAG)
		dig_buf_printf(out, ":%llu",
		    (unsigned long long)dig_export_mark(
			export, DIG_KIND_TAG, &tag->target));
	else
		st = put_name(export, &tag->target, err);
	dig_buf_putc(out, '\n');
	put_lines(out, &lines);
	dig_export_put_data(export, tag->message, tag->message_len);
	export->result->tags++;
	dig_buf_clear(&lines);
	return st;
}

/*
 * A tag object under a name, after the tag that it names. A tag that no ref
 * has gets one for as long as it takes to name it.
 */
static enum dig_status
export_tag(struct dig_export *export, const struct dig_oid *id,
    const char *name, int depth, struct dig_error *err)
{
	struct dig_tag *tag = dig_alloc(sizeof(*tag));
	struct dig_buf bytes = DIG_BUF_INIT;
	enum dig_status st;
	char *own = NULL;

	st = dig_history_tag(export->repo, id, &bytes, tag, err);
	if (st != DIG_OK)
		goto out;
	if (export->options->incremental &&
	    dig_header_find(tag->headers, tag->nheaders, DIG_HEADER_GIT_ID) !=
		NULL)
		goto out;
	if (tag->target_kind == DIG_KIND_TAG && depth < TAG_DEPTH_MAX &&
	    dig_export_mark(export, DIG_KIND_TAG, &tag->target) == 0)
		st = export_tag(export, &tag->target, NULL, depth + 1, err);
	if (st != DIG_OK)
		goto out;
	own = dig_memdup0(tag->name, tag->name_len);
	if (name == NULL && strchr(own, '\n') != NULL)
		st = dig_raise(err, DIG_ECORRUPT, "the name of a tag");
	else
		st = put_tag(export, id, tag, name != NULL ? name : own, err);
	if (st == DIG_OK && name == NULL) {
		dig_buf_printf(&export->out, "reset refs/tags/%s\nfrom ", own);
		for (size_t i = 0; i < 40; i++)
			dig_buf_putc(&export->out, '0');
		dig_buf_puts(&export->out, "\n\n");
	}
out:
	dig_buf_clear(&bytes);
	free(own);
	free(tag);
	return st;
}

static enum dig_status
export_ref(
    struct dig_export *export, const struct dig_ref *ref, struct dig_error *err)
{
	bool below_tags = strncmp(ref->name, "refs/tags/", 10) == 0;
	enum dig_status st = DIG_OK;
	struct dig_oid commit;
	bool is_tag = false, found;

	if (!is_exported(ref->name))
		return DIG_OK;
	if (below_tags)
		st = dig_store_has(dig_index_store(export->repo->index),
		    DIG_KIND_TAG, &ref->id, &is_tag, err);
	if (st == DIG_OK && is_tag) {
		export->result->refs++;
		return export_tag(export, &ref->id, ref->name + 10, 0, err);
	}
	if (st == DIG_OK)
		st = peel(export, ref, &commit, &found, err);
	if (st != DIG_OK || !found)
		return st;
	dig_buf_printf(&export->out, "reset %s\nfrom ", ref->name);
	st = put_name(export, &commit, err);
	dig_buf_puts(&export->out, "\n\n");
	export->result->refs++;
	return st == DIG_OK
		   ? dig_export_flush(export, DIG_EXPORT_FLUSH_BYTES, err)
		   : st;
}

/* ---- The whole -------------------------------------------------------- */

static enum dig_status
run(struct dig_export *export, struct dig_error *err)
{
	enum dig_status st = list_commits(export, err);

	if (st != DIG_OK)
		return st;
	if (export->id_size > 0)
		export->tree = dig_git_tree_new(export->id_size);
	dig_tree_empty(&export->tree_root);
	dig_buf_puts(&export->out, "feature done\n");
	st = export_commits(export, err);
	for (size_t i = 0; st == DIG_OK && i < export->state->nrefs; i++)
		st = export_ref(export, &export->state->refs[i], err);
	if (st != DIG_OK)
		return st;
	dig_buf_puts(&export->out, "done\n");
	return dig_export_flush(export, 0, err);
}

enum dig_status
dig_export_git(struct dig_repo *repo, const struct dig_export_options *options,
    struct dig_export_result *result, struct dig_error *err)
{
	struct dig_export export = {
		.repo = repo,
		.options = options,
		.result = result,
		.state = dig_index_state(repo->index),
	};
	enum dig_status st;

	memset(result, 0, sizeof(*result));
	result->detached = export.state->head_ref == NULL;
	dig_oidmap_init(&export.marks);
	dig_oidmap_init(&export.pointers);
	dig_oidmap_init(&export.set_numbers);
	export.sets = dig_path_sets_new();
	export.ref_used = dig_calloc(export.state->nrefs + 1, sizeof(bool));
	st = run(&export, err);
	dig_oidmap_clear(&export.marks);
	dig_oidmap_clear(&export.pointers);
	dig_oidmap_clear(&export.set_numbers);
	dig_path_sets_free(export.sets);
	free(export.commit_sets);
	dig_git_tree_free(export.tree);
	dig_buf_clear(&export.out);
	dig_buf_clear(&export.changes);
	dig_buf_clear(&export.removals);
	dig_buf_clear(&export.object);
	dig_buf_clear(&export.git_id);
	free(export.ref_used);
	free(export.list);
	return st;
}
