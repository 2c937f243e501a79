/* SPDX-License-Identifier: MIT
 *
 * Operations in progress, in git's words where git has them.
 */
#include "cmd/in_progress.h"

#include <string.h>

#define REBASE_SHOWN 2 /* of the commits behind it, and before it */

struct view {
	struct dig_out *out;
	struct dig_repo *repo;
};

void
dig_put_short(
    struct dig_out *out, struct dig_repo *repo, const struct dig_oid *id)
{
	struct dig_error ignored = DIG_ERROR_INIT;
	char hex[DIG_OID_HEX + 1];

	dig_oid_hex(id, hex);
	hex[DIG_REVISION_SHORT] = '\0';
	dig_ignore(dig_history_short(repo, id, hex, &ignored));
	dig_out_puts(out, hex);
}

static void
put_merge(const struct view *view, const struct dig_op *op)
{
	dig_out_puts(view->out,
	    op->nconflicts > 0
		? "You have unmerged paths.\n"
		  "  (fix conflicts and run \"dig commit\")\n"
		  "  (use \"dig merge --abort\" to abort the merge)\n\n"
		: "All conflicts fixed but you are still merging.\n"
		  "  (use \"dig commit\" to conclude merge)\n\n");
}

/* Commits of a rebase: "   pick 1a2b3c subject" */
static void
put_picks(const struct view *view, const struct dig_oid *ids, size_t count)
{
	struct dig_error ignored = DIG_ERROR_INIT;
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit commit;

	for (size_t i = 0; i < count; i++) {
		dig_out_puts(view->out, "   pick ");
		dig_put_short(view->out, view->repo, &ids[i]);
		dig_out_puts(view->out, " ");
		if (dig_history_commit(view->repo, &ids[i], &bytes, &commit,
			&ignored) == DIG_OK)
			dig_out_text(view->out, commit.message,
			    dig_subject_len(
				commit.message, commit.message_len));
		dig_out_puts(view->out, "\n");
	}
	dig_buf_clear(&bytes);
}

/* The last two that are behind it and the next two, with the one that it
 * stopped at among the first, as git counts. */
static void
put_rebase_list(const struct view *view, struct dig_op *op)
{
	size_t shown;

	if ((op->flags & DIG_COPY_APPLIED) != 0)
		dig_op_advance(op, 1);
	shown = op->ndone < REBASE_SHOWN ? op->ndone : REBASE_SHOWN;
	if (op->ndone == 0)
		dig_out_puts(view->out, "No commands done.\n");
	else
		dig_out_printf(view->out,
		    "Last command%s done (%zu command%s done):\n",
		    op->ndone == 1 ? "" : "s", op->ndone,
		    op->ndone == 1 ? "" : "s");
	put_picks(view, op->done + (op->ndone - shown), shown);
	shown = op->ntodo < REBASE_SHOWN ? op->ntodo : REBASE_SHOWN;
	if (op->ntodo == 0)
		dig_out_puts(view->out, "No commands remaining.\n");
	else
		dig_out_printf(view->out,
		    "Next command%s to do (%zu remaining command%s):\n",
		    op->ntodo == 1 ? "" : "s", op->ntodo,
		    op->ntodo == 1 ? "" : "s");
	put_picks(view, op->todo, shown);
}

static void
put_rebase(const struct view *view, struct dig_op *op)
{
	put_rebase_list(view, op);
	if (op->head_ref != NULL) {
		const char *branch = dig_ref_short(op->head_ref);

		dig_out_puts(view->out, "You are currently rebasing branch '");
		dig_out_text(view->out, branch, strlen(branch));
		dig_out_puts(view->out, "' on '");
		dig_put_short(view->out, view->repo, &op->onto);
		dig_out_puts(view->out, "'.\n");
	} else {
		dig_out_puts(view->out, "You are currently rebasing.\n");
	}
	dig_out_puts(view->out,
	    op->nconflicts > 0
		? "  (fix conflicts and then run \"dig rebase --continue\")\n"
		  "  (use \"dig rebase --skip\" to skip this patch)\n"
		  "  (use \"dig rebase --abort\" to check out the original "
		  "branch)\n\n"
		: "  (all conflicts fixed: run \"dig rebase --continue\")\n\n");
}

/* cherry-pick and revert */
static void
put_copying(const struct view *view, const struct dig_op *op)
{
	const char *verb = dig_op_verb(op->kind);
	bool picks = op->kind == DIG_OP_PICK;

	if ((op->flags & DIG_COPY_APPLIED) == 0) {
		dig_out_printf(view->out,
		    "%s currently in progress.\n"
		    "  (run \"dig %s --continue\" to continue)\n",
		    picks ? "Cherry-pick" : "Revert", verb);
	} else {
		dig_out_printf(view->out, "You are currently %s commit ",
		    picks ? "cherry-picking" : "reverting");
		dig_put_short(view->out, view->repo, &op->todo[0]);
		dig_out_printf(view->out,
		    op->nconflicts > 0
			? ".\n  (fix conflicts and run \"dig %s "
			  "--continue\")\n"
			: ".\n  (all conflicts fixed: run \"dig %s "
			  "--continue\")\n",
		    verb);
	}
	dig_out_printf(view->out,
	    "  (use \"dig %s --skip\" to skip this patch)\n"
	    "  (use \"dig %s --abort\" to cancel the %s operation)\n\n",
	    verb, verb, verb);
}

void
dig_put_operation(struct dig_out *out, struct dig_repo *repo, struct dig_op *op)
{
	const struct view at = { out, repo }, *view = &at;

	switch (op->kind) {
	case DIG_OP_MERGE:
		put_merge(view, op);
		break;
	case DIG_OP_REBASE:
		put_rebase(view, op);
		break;
	case DIG_OP_PICK:
	case DIG_OP_REVERT:
		put_copying(view, op);
		break;
	case DIG_OP_UNMERGED: /* the paths say all */
	case DIG_OP_NONE:
		break;
	}
}
