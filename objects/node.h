/* SPDX-License-Identifier: MIT
 *
 * How trees reach their nodes: two functions and an argument, so that the path
 * tree and the content tree know nothing of packs and can be tested in memory.
 */
#ifndef OBJECTS_NODE_H
#define OBJECTS_NODE_H

#include "objects/base/buf.h"
#include "objects/base/error.h"
#include "objects/oid.h"

struct dig_node_io {
	void *arg;
	/*
	 * The bytes of (kind, id) into out (reset first). The caller of get
	 * verifies the id against the decoded node. NOTFOUND, CORRUPT, IO.
	 */
	enum dig_status (*get)(void *arg, enum dig_kind kind,
	    const struct dig_oid *id, struct dig_buf *out,
	    struct dig_error *err);
	/*
	 * Store bytes under (kind, id); nothing happens when it is there
	 * already. base: an object of the same kind that resembles it, a hint
	 * for delta coding, or NULL. May be NULL for readers.
	 */
	enum dig_status (*put)(void *arg, enum dig_kind kind,
	    const struct dig_oid *id, const void *data, size_t len,
	    const struct dig_oid *base, struct dig_error *err);
};

#endif
