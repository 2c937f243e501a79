/* SPDX-License-Identifier: MIT
 *
 * The lines of porcelain v2.
 *
 * Source: git-status(1) "Porcelain Format Version 2". Ids are content ids.
 */
#include "cmd/porcelain.h"

#include <string.h>

static void
put_branch(struct dig_out *out, struct dig_repo *repo, const char *end)
{
	const char *branch = dig_repo_branch(repo);
	char hex[DIG_OID_HEX + 1];
	struct dig_oid head;

	dig_out_puts(out, "# branch.oid ");
	if (dig_repo_head(repo, &head)) {
		dig_oid_hex(&head, hex);
		dig_out_puts(out, hex);
	} else {
		dig_out_puts(out, "(initial)");
	}
	dig_out_raw(out, end, 1);
	dig_out_puts(out, "# branch.head ");
	if (branch != NULL)
		dig_out_text(out, branch, strlen(branch));
	else
		dig_out_puts(out, "(detached)");
	dig_out_raw(out, end, 1);
}

/* "1 .M N... 100644 100644 100644 ID ID path" */
static enum dig_status
put_change(struct dig_out *out, struct dig_repo *repo,
    const struct dig_status_item *item, bool nul, struct dig_error *err)
{
	bool renamed = item->old_path != NULL;
	char head[DIG_OID_HEX + 1], staged[DIG_OID_HEX + 1];
	struct dig_status_sides sides;
	enum dig_status st = dig_repo_status_sides(repo, item, &sides, err);

	if (st != DIG_OK)
		return st;
	dig_oid_hex(&sides.head.content, head);
	dig_oid_hex(&sides.staged.content, staged);
	dig_out_printf(out, "%c %c%c N... %06o %06o %06o %s %s ",
	    renamed ? '2' : '1', item->staged == ' ' ? '.' : item->staged,
	    item->work == ' ' ? '.' : item->work, (unsigned)sides.head.mode,
	    (unsigned)sides.staged.mode, (unsigned)sides.work_mode, head,
	    staged);
	if (renamed)
		dig_out_puts(out, "R100 ");
	dig_out_path(
	    out, item->path, item->len, nul, renamed && !nul ? "\t" : "\n");
	if (renamed)
		dig_out_path(out, item->old_path, item->old_len, nul, "\n");
	return DIG_OK;
}

static const struct dig_conflict *
find_conflict(const struct dig_op *op, const struct dig_status_item *item)
{
	for (size_t i = 0; i < op->nconflicts; i++)
		if (op->conflicts[i].path_len == item->len &&
		    memcmp(op->conflicts[i].path, item->path, item->len) == 0)
			return &op->conflicts[i];
	return NULL;
}

/* "u UU N... 100644 100644 100644 100644 ID ID ID path" */
static enum dig_status
put_conflict(struct dig_out *out, struct dig_repo *repo,
    const struct dig_status_item *item, const struct dig_conflict *conflict,
    bool nul, struct dig_error *err)
{
	struct dig_status_item looked_at = *item;
	struct dig_status_sides sides;
	char hex[DIG_OID_HEX + 1];
	enum dig_status st;

	looked_at.work = 'M'; /* whether it is there is not in the letters */
	st = dig_repo_status_sides(repo, &looked_at, &sides, err);
	if (st != DIG_OK)
		return st;
	dig_out_printf(out, "u %c%c N...", item->staged, item->work);
	for (size_t i = 0; i < DIG_SIDES; i++)
		dig_out_printf(out, " %06o",
		    conflict->has[i]
			? (unsigned)dig_entry_mode(conflict->side[i].kind)
			: 0);
	dig_out_printf(out, " %06o", (unsigned)sides.work_mode);
	for (size_t i = 0; i < DIG_SIDES; i++) {
		struct dig_oid id = { { 0 } };

		if (conflict->has[i])
			dig_entry_content_id(&conflict->side[i], &id);
		dig_oid_hex(&id, hex);
		dig_out_printf(out, " %s", hex);
	}
	dig_out_puts(out, " ");
	dig_out_path(out, item->path, item->len, nul, "\n");
	return DIG_OK;
}

/* What differs, then what is in conflict: git's order. */
static enum dig_status
put_changes(struct dig_out *out, struct dig_repo *repo,
    const struct dig_status_list *list, bool nul, struct dig_error *err)
{
	struct dig_op op;
	enum dig_status st = dig_operation(repo, &op, err);

	if (st != DIG_OK)
		return st;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; st == DIG_OK && i < list->nchanges; i++) {
			const struct dig_status_item *item = &list->items[i];
			const struct dig_conflict *conflict =
			    find_conflict(&op, item);

			if (pass == 0 && conflict == NULL)
				st = put_change(out, repo, item, nul, err);
			else if (pass == 1 && conflict != NULL)
				st = put_conflict(
				    out, repo, item, conflict, nul, err);
		}
	dig_op_clear(&op);
	return st;
}

enum dig_status
dig_porcelain_v2(struct dig_out *out, struct dig_repo *repo,
    const struct dig_status_list *list, bool branch, size_t nstashes, bool nul,
    struct dig_error *err)
{
	enum dig_status st;

	if (branch)
		put_branch(out, repo, nul ? "" : "\n");
	if (nstashes > 0) {
		dig_out_printf(out, "# stash %zu", nstashes);
		dig_out_raw(out, nul ? "" : "\n", 1);
	}
	st = put_changes(out, repo, list, nul, err);
	for (size_t i = list->nchanges; st == DIG_OK && i < list->nitems; i++) {
		const struct dig_status_item *item = &list->items[i];

		dig_out_printf(out, "%c ", item->staged);
		dig_out_path(out, item->path, item->len, nul, "\n");
	}
	return st;
}
