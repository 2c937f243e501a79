/* SPDX-License-Identifier: MIT
 *
 * The check of a repository: the order of its parts, and what they share.
 */
#include "repo/fsck_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "repo/layout.h"

/* ---- Findings --------------------------------------------------------- */

void
dig_fsck_found(struct dig_fsck *fsck, const struct dig_finding *finding)
{
	switch (finding->kind) {
	case DIG_FINDING_DAMAGED:
		fsck->totals.damaged++;
		break;
	case DIG_FINDING_LOST:
		fsck->totals.lost++;
		break;
	case DIG_FINDING_INDEX:
		fsck->totals.index_differs++;
		break;
	case DIG_FINDING_REPAIRED:
		fsck->totals.repaired++;
		break;
	}
	dig_fsck_keep(fsck, finding);
	fsck->options->finding(fsck->options->arg, finding);
}

static void
found_in_file(struct dig_fsck *fsck, enum dig_finding_kind kind,
    const char *file, const char *fmt, va_list args)
{
	struct dig_finding finding;
	char message[512];

	memset(&finding, 0, sizeof(finding));
	vsnprintf(message, sizeof(message), fmt, args);
	finding.kind = kind;
	finding.file = file;
	finding.message = message;
	dig_fsck_found(fsck, &finding);
}

void
dig_fsck_damaged(struct dig_fsck *fsck, const char *file, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	found_in_file(fsck, DIG_FINDING_DAMAGED, file, fmt, args);
	va_end(args);
}

void
dig_fsck_index_differs(struct dig_fsck *fsck, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	found_in_file(fsck, DIG_FINDING_INDEX, DIG_DB_FILE, fmt, args);
	va_end(args);
}

static void
found_repaired(struct dig_fsck *fsck, const char *file, const char *message)
{
	struct dig_finding finding;

	memset(&finding, 0, sizeof(finding));
	finding.kind = DIG_FINDING_REPAIRED;
	finding.file = file;
	finding.message = message;
	dig_fsck_found(fsck, &finding);
}

/* ---- Objects ---------------------------------------------------------- */

static struct dig_fsck_object *
object_slot(
    const struct dig_fsck_objects *objects, uint8_t kind, const uint8_t id[16])
{
	size_t at = (size_t)(dig_get_be64(id) + kind) & (objects->cap - 1);

	while (objects->slots[at].kind != 0 &&
	       (objects->slots[at].kind != kind ||
		   memcmp(objects->slots[at].id, id, 16) != 0))
		at = (at + 1) & (objects->cap - 1);
	return &objects->slots[at];
}

struct dig_fsck_object *
dig_fsck_object(
    struct dig_fsck *fsck, enum dig_kind kind, const struct dig_oid *id)
{
	struct dig_fsck_object *slot;

	if (fsck->objects.cap == 0)
		return NULL;
	slot = object_slot(&fsck->objects, (uint8_t)kind, id->bytes);
	return slot->kind != 0 ? slot : NULL;
}

void
dig_fsck_add_object(struct dig_fsck *fsck, enum dig_kind kind,
    const struct dig_oid *id, uint64_t raw_bytes)
{
	struct dig_fsck_objects *objects = &fsck->objects;
	struct dig_fsck_object *slot;

	if (4 * objects->len >= 3 * objects->cap) {
		struct dig_fsck_objects old = *objects;

		objects->cap = old.cap ? 2 * old.cap : 4096;
		objects->slots =
		    dig_calloc(objects->cap, sizeof(*objects->slots));
		for (size_t i = 0; i < old.cap; i++)
			if (old.slots[i].kind != 0)
				*object_slot(objects, old.slots[i].kind,
				    old.slots[i].id) = old.slots[i];
		free(old.slots);
	}
	slot = object_slot(objects, (uint8_t)kind, id->bytes);
	if (slot->kind != 0)
		return;
	memcpy(slot->id, id->bytes, sizeof(slot->id));
	slot->raw_bytes = (uint32_t)raw_bytes; /* at most DIG_OBJECT_MAX */
	slot->kind = (uint8_t)kind;
	objects->len++;
}

/* ---- Packs ------------------------------------------------------------ */

static void
pack_is_bad(struct dig_fsck *fsck, uint32_t pack)
{
	for (size_t i = 0; i < fsck->nbad_packs; i++)
		if (fsck->bad_packs[i] == pack)
			return;
	DIG_GROW(fsck->bad_packs, fsck->bad_packs_cap, fsck->nbad_packs + 1);
	fsck->bad_packs[fsck->nbad_packs++] = pack;
}

void
dig_fsck_place(
    const struct dig_checked *it, struct dig_finding *out, char file[48])
{
	memset(out, 0, sizeof(*out));
	out->kind = DIG_FINDING_DAMAGED;
	snprintf(file, 48, "packs/%s", it->file);
	out->file = file;
	out->has_offset = it->at.offset != 0;
	out->offset = it->at.offset;
	out->object_kind = it->kind;
	out->object = it->id;
	out->message = it->flaw;
}

static void
checked(void *arg, const struct dig_checked *it)
{
	struct dig_fsck *fsck = arg;
	struct dig_finding finding;
	char file[48];

	if (it->flaw == NULL) {
		dig_fsck_add_object(fsck, it->kind, &it->id, it->raw_bytes);
		return;
	}
	pack_is_bad(fsck, it->at.pack);
	dig_fsck_place(it, &finding, file);
	dig_fsck_found(fsck, &finding);
}

static void
pack_progress(void *arg, uint64_t done_bytes, uint64_t total_bytes)
{
	const struct dig_talk *talk = &((struct dig_fsck *)arg)->repo->talk;
	struct dig_progress_report report = { "checking packs", 0, 0,
		done_bytes, total_bytes, NULL };

	if (talk->progress != NULL)
		talk->progress(talk->arg, &report);
}

static enum dig_status
check_packs(struct dig_fsck *fsck, struct dig_error *err)
{
	struct dig_check_options options = { .decode = !fsck->options->quick,
		.arg = fsck,
		.checked = checked,
		.progress = pack_progress };
	struct dig_check_totals totals;
	enum dig_status st;

	st = dig_store_check(
	    dig_index_store(fsck->repo->index), &options, &totals, err);
	if (st != DIG_OK)
		return st;
	fsck->totals.packs = totals.packs;
	fsck->totals.records = totals.records;
	fsck->totals.bytes = totals.bytes;
	fsck->totals.objects = fsck->objects.len;
	return DIG_OK;
}

/* ---- Parity ------------------------------------------------------------ */

static void
repair_event(void *arg, const struct dig_repair_event *event)
{
	struct dig_fsck *fsck = arg;
	struct dig_finding finding;

	memset(&finding, 0, sizeof(finding));
	finding.kind = fsck->options->repair && event->what != DIG_REPAIR_BEYOND
			   ? DIG_FINDING_REPAIRED
			   : DIG_FINDING_DAMAGED;
	finding.file = event->file;
	finding.message = event->message;
	dig_fsck_found(fsck, &finding);
}

static void
parity_progress(void *arg, uint64_t done_bytes, uint64_t total_bytes)
{
	const struct dig_talk *talk = &((struct dig_fsck *)arg)->repo->talk;
	struct dig_progress_report report = { "checking parity", 0, 0,
		done_bytes, total_bytes, NULL };

	if (talk->progress != NULL)
		talk->progress(talk->arg, &report);
}

/* Packs against parity and mirrors, and the other way round. */
static enum dig_status
check_parity(struct dig_fsck *fsck, struct dig_error *err)
{
	struct dig_repair_options options = { !fsck->options->repair, fsck,
		repair_event, parity_progress };

	return dig_index_repair(fsck->repo->index, &options, err);
}

/* An index that differs is made anew; it holds nothing of its own. */
static enum dig_status
repair_index(struct dig_fsck *fsck, struct dig_error *err)
{
	enum dig_status st;

	if (!fsck->options->repair || fsck->totals.index_differs == 0)
		return DIG_OK;
	st = dig_index_rebuild(fsck->repo->index, err);
	if (st != DIG_OK)
		return st;
	fsck->totals.index_differs = 0;
	found_repaired(fsck, DIG_DB_FILE, "made anew from packs and journal");
	return DIG_OK;
}

/* ---- Small files ------------------------------------------------------ */

static void
check_copies(struct dig_fsck *fsck)
{
	static const char *const names[] = { "format", "format.2", "config",
		"config.2" };
	int dirfd = fsck->repo->dirfd;
	struct dig_error reason = DIG_ERROR_INIT;
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_buf text = DIG_BUF_INIT;
	struct dig_stat info;
	bool damaged = false;
	bool missing = false;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (dig_stat_at(dirfd, names[i], &info) != 0) {
			dig_fsck_damaged(fsck, names[i], "the file is missing");
			missing = true;
		}
	if (dig_layout_check_format(dirfd, &damaged, &err) != DIG_OK)
		dig_fsck_damaged(fsck, "format", "%s", err.msg);
	else if (damaged && !missing)
		dig_fsck_damaged(
		    fsck, "format", "it or its copy cannot be read");
	damaged = false;
	if (dig_layout_read_config(dirfd, &text, &damaged, &reason, &err) !=
	    DIG_OK)
		dig_fsck_damaged(fsck, "config", "%s", err.msg);
	else if (reason.msg[0] != '\0')
		dig_fsck_damaged(fsck, "config", "%s", reason.msg);
	dig_buf_clear(&text);
}

/* The config says it for people; the journal's counts. */
static void
check_store_id(struct dig_fsck *fsck)
{
	struct dig_store *store = dig_index_store(fsck->repo->index);
	struct dig_error err = DIG_ERROR_INIT;
	const char *said = NULL;
	struct dig_oid id;

	if (dig_config_get_string(fsck->repo->config, "core.storeId", &said,
		NULL, &err) == DIG_OK &&
	    dig_oid_parse(said, strlen(said), &id) &&
	    memcmp(id.bytes, dig_journal_store_id(dig_store_journal(store)),
		DIG_HASH_SIZE) == 0)
		return;
	dig_fsck_damaged(
	    fsck, "config", "core.storeId is not that of the journal");
}

static void
journal_finding(void *arg, const char *message)
{
	struct dig_fsck *fsck = arg;

	if (fsck->repairing)
		found_repaired(fsck, "journal", message);
	else
		dig_fsck_damaged(fsck, "journal", "%s", message);
}

/* ---- The whole -------------------------------------------------------- */

/* What can be put right, before the check. */
static enum dig_status
repair_all(struct dig_fsck *fsck, struct dig_error *err)
{
	struct dig_store *store = dig_index_store(fsck->repo->index);
	enum dig_status st;

	dig_layout_heal(fsck->repo->dirfd);
	fsck->repairing = true;
	st = dig_journal_verify(
	    dig_store_journal(store), journal_finding, fsck, err);
	fsck->repairing = false;
	return st == DIG_OK ? check_parity(fsck, err) : st;
}

static enum dig_status
check_all(struct dig_fsck *fsck, struct dig_error *err)
{
	struct dig_index *index = fsck->repo->index;
	enum dig_status st = DIG_OK;

	if (fsck->options->repair)
		st = repair_all(fsck, err);
	if (st != DIG_OK)
		return st;
	check_copies(fsck);
	check_store_id(fsck);
	st = dig_journal_verify(dig_store_journal(dig_index_store(index)),
	    journal_finding, fsck, err);
	if (st == DIG_OK && fsck->options->rebuild_index)
		st = dig_index_rebuild(index, err);
	if (st == DIG_OK)
		st = check_packs(fsck, err);
	if (st == DIG_OK && !fsck->options->repair)
		st = check_parity(fsck, err);
	if (st != DIG_OK || fsck->options->quick)
		return st;
	if (fsck->options->repair || fsck->options->dry_run)
		st = dig_fsck_salvage(fsck, err);
	if (st != DIG_OK)
		return st;
	st = dig_fsck_history(fsck, err);
	if (st == DIG_OK)
		st = dig_fsck_index(fsck, err);
	if (st == DIG_OK)
		st = repair_index(fsck, err);
	if (st == DIG_OK)
		st = dig_fsck_note_damage(fsck, err);
	return st;
}

enum dig_status
dig_repo_fsck(struct dig_repo *repo, const struct dig_fsck_options *options,
    struct dig_fsck_totals *out, struct dig_error *err)
{
	struct dig_fsck *fsck = dig_calloc(1, sizeof(*fsck));
	enum dig_status st;

	fsck->repo = repo;
	fsck->options = options;
	fsck->known = dig_tree_known_new();
	st = check_all(fsck, err);
	if (st == DIG_OK)
		*out = fsck->totals;
	dig_tree_known_free(fsck->known);
	free(fsck->objects.slots);
	free(fsck->commits);
	free(fsck->commit_slots);
	free(fsck->bad_packs);
	dig_fsck_damage_clear(fsck);
	free(fsck);
	return st;
}
