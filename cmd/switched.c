/* SPDX-License-Identifier: MIT
 *
 * Switching, and the words about it.
 */
#include "cmd/switched.h"

#include <string.h>

void
dig_print_position(struct dig_cli *cli, struct dig_repo *repo,
    const char *before, const struct dig_oid *id)
{
	struct dig_error ignored = DIG_ERROR_INIT;
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_out *out = &cli->out;
	char hex[DIG_OID_HEX + 1];
	struct dig_commit commit;

	if (dig_revision_short(repo, id, DIG_REVISION_SHORT, hex, &ignored) !=
	    DIG_OK)
		dig_oid_hex(id, hex);
	dig_out_printf(out, "%s %s ", before, hex);
	if (dig_history_commit(repo, id, &bytes, &commit, &ignored) == DIG_OK)
		dig_out_text(out, commit.message,
		    dig_subject_len(commit.message, commit.message_len));
	dig_out_puts(out, "\n");
	dig_buf_clear(&bytes);
}

static bool
is_same_branch(const struct dig_checkout_result *result)
{
	return result->branch != NULL && result->old_branch != NULL &&
	       strcmp(result->branch, result->old_branch) == 0;
}

static void
print_switch(struct dig_cli *cli, struct dig_repo *repo,
    const struct dig_checkout_options *options,
    const struct dig_checkout_result *result)
{
	const char *words = "Switched to branch '";

	/* Commits that no branch names are named once more. */
	if (result->old_branch == NULL &&
	    !dig_oid_is_zero(&result->old_commit) &&
	    (result->branch != NULL ||
		!dig_oid_eq(&result->old_commit, &result->commit)))
		dig_print_position(cli, repo, "Previous HEAD position was",
		    &result->old_commit);
	if (result->branch == NULL) {
		dig_print_position(
		    cli, repo, "HEAD is now at", &result->commit);
		return;
	}
	if (options->new_branch != NULL)
		words = result->is_new           ? "Switched to a new branch '"
			: is_same_branch(result) ? "Reset branch '"
						 : "Switched to and reset "
						   "branch '";
	else if (is_same_branch(result))
		words = "Already on '";
	dig_out_puts(&cli->out, words);
	dig_out_text(&cli->out, result->branch, strlen(result->branch));
	dig_out_puts(&cli->out, "'\n");
}

enum dig_status
dig_after_checkout(struct dig_repo *repo, const struct dig_oid *old,
    const struct dig_oid *now, const char *flag, struct dig_error *err)
{
	char from[DIG_OID_HEX + 1], to[DIG_OID_HEX + 1];
	const char *args[3] = { from, to, flag };
	enum dig_status st;

	dig_oid_hex(old, from);
	dig_oid_hex(now, to);
	st = dig_hook_run(repo, DIG_HOOK_POST_CHECKOUT, args, 3, NULL, err);
	if (st == DIG_OK || st == DIG_ECANCELLED)
		return st;
	*err = (struct dig_error)DIG_ERROR_INIT; /* it was told */
	return DIG_ENO;
}

enum dig_status
dig_switch(struct dig_cli *cli, struct dig_repo *repo,
    const struct dig_checkout_options *options, bool quiet,
    struct dig_error *err)
{
	struct dig_checkout_result result;
	enum dig_status st;

	st = dig_checkout(repo, options, &result, err);
	dig_cli_progress_end(cli);
	if (st != DIG_OK)
		return st;
	if (!quiet)
		print_switch(cli, repo, options, &result);
	dig_out_flush(&cli->out);
	st = dig_after_checkout(
	    repo, &result.old_commit, &result.commit, "1", err);
	dig_checkout_result_clear(&result);
	return st;
}
