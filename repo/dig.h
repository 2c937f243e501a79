/* SPDX-License-Identifier: MIT
 *
 * DOOR: a repository, and everything that a command may do with it. The
 * commands see this header, repo/config.h and objects/base/ and nothing else;
 * what a group of verbs needs is in a header of its own that this one includes.
 */
#ifndef REPO_DIG_H
#define REPO_DIG_H

#include "repo/blame.h"
#include "repo/bridge/archive.h"
#include "repo/bridge/bridge.h"
#include "repo/bridge/bundle.h"
#include "repo/changes.h"
#include "repo/check_ignore.h"
#include "repo/checkout.h"
#include "repo/clean.h"
#include "repo/config.h"
#include "repo/content.h"
#include "repo/date.h"
#include "repo/diff.h"
#include "repo/doctor.h"
#include "repo/fsck.h"
#include "repo/gc.h"
#include "repo/grep.h"
#include "repo/history.h"
#include "repo/hook.h"
#include "repo/hunks.h"
#include "repo/merge.h"
#include "repo/merge_base.h"
#include "repo/names.h"
#include "repo/operation.h"
#include "repo/parity.h"
#include "repo/prove.h"
#include "repo/range.h"
#include "repo/record.h"
#include "repo/reflog.h"
#include "repo/repack.h"
#include "repo/repo.h"
#include "repo/reset.h"
#include "repo/revision.h"
#include "repo/revs.h"
#include "repo/sequence.h"
#include "repo/scrub.h"
#include "repo/selftest.h"
#include "repo/signature.h"
#include "repo/sql.h"
#include "repo/stage.h"
#include "repo/stash.h"
#include "repo/stats.h"
#include "repo/status.h"
#include "repo/tag.h"
#include "repo/undo.h"
#include "repo/urn.h"

#endif
