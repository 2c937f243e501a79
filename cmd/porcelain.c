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

enum dig_status
dig_porcelain_v2(struct dig_out *out, struct dig_repo *repo,
    const struct dig_status_list *list, bool branch, bool nul,
    struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	if (branch)
		put_branch(out, repo, nul ? "" : "\n");
	for (size_t i = 0; st == DIG_OK && i < list->nitems; i++) {
		const struct dig_status_item *item = &list->items[i];

		if (i < list->nchanges) {
			st = put_change(out, repo, item, nul, err);
			continue;
		}
		dig_out_printf(out, "%c ", item->staged);
		dig_out_path(out, item->path, item->len, nul, "\n");
	}
	return st;
}
