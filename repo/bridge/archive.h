/* SPDX-License-Identifier: MIT
 *
 * Snapshots to and from tar archives and plain folders.
 */
#ifndef REPO_BRIDGE_ARCHIVE_H
#define REPO_BRIDGE_ARCHIVE_H

#include "repo/bridge/bridge.h"
#include "repo/checkout.h"
#include "repo/record.h"

/* ---- Out -------------------------------------------------------------- */

/* The compression that the end of a file's name asks for: "gz" for ".tar.gz"
 * and ".tgz", "" for a plain archive. */
const char *dig_tar_compression(const char *name);

struct dig_tar_result {
	uint64_t files;
	uint64_t bytes; /* of the files */
};

/*
 * Write the files of a revision as a tar archive. The same commit gives the
 * same bytes with the same libarchive: names in path order, each folder before
 * what it holds, the commit's time everywhere (1970 for a bare tree), owner 0,
 * modes 0644 and 0755. Names that ustar cannot hold are in pax headers, those
 * that are no UTF-8 as they are.
 *
 * compression  as dig_tar_compression gives it
 * Errors: those of dig_checkout_into but for the folder's, those of write; IO
 * when the plugin cannot be loaded.
 * Memory: the list of files, and what dig_content_read holds.
 */
enum dig_status dig_export_tar(struct dig_repo *repo,
    const struct dig_selection *what, const char *compression,
    dig_export_fn *write, void *arg, struct dig_tar_result *result,
    struct dig_error *err) DIG_CHECKED;

/* ---- In --------------------------------------------------------------- */

struct dig_archive_options {
	const char *prefix; /* the folder to fill; NULL or "": the root */
	const char *message;
	size_t message_len; /* clean */
	/* of an archive alone */
	int fd;
	int64_t strip;       /* leading parts of names to leave out */
	bool skip_bad_names; /* leave out what cannot be tracked */
	bool no_limit;       /* however much it unpacks to */
};

struct dig_archive_result {
	bool committed;    /* false: HEAD has all of it already */
	uint64_t left_out; /* members, each warned of */
	struct dig_recorded record;
};
void dig_archive_result_clear(struct dig_archive_result *result);

/*
 * Make a commit on HEAD whose folder `prefix` holds what a tar archive does,
 * and nothing else; all other paths stay as HEAD has them. One record, so that
 * an import which does not come to its end changes nothing. The work tree is
 * not touched.
 *
 * Hard links become copies. Devices, links out of the archive and names that
 * dig_path_check refuses are errors, unless skip_bad_names.
 *
 * Errors: INVALID (no archive, damaged, a bad member, an archive that unpacks
 * to more than DIG_TAR_RATIO times its size); CONFLICT (something is staged, or
 * in progress, or a file stands where the folder should be); FILE; those of
 * dig_record_commit.
 * Memory: about 200 bytes for each member; contents are streamed.
 */
#define DIG_TAR_RATIO 2000
enum dig_status dig_import_tar(struct dig_repo *repo,
    const struct dig_archive_options *options,
    struct dig_archive_result *result, struct dig_error *err) DIG_CHECKED;

/*
 * The same for a folder on the disk, by the pipeline of add: batches are
 * staged, then one commit is made of them. Killed before, they stay staged, as
 * with add. Ignore files do not count, .git and .dig are passed over.
 *
 * Errors: INVALID for the work tree itself; FILE when files could not be read
 * (the rest is staged); as above.
 */
enum dig_status dig_import_dir(struct dig_repo *repo, const char *dir,
    const struct dig_archive_options *options,
    struct dig_archive_result *result, struct dig_error *err) DIG_CHECKED;

#endif
