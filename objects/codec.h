/* SPDX-License-Identifier: MIT
 *
 * Bytes to stored payload and back: raw, zstd, zstd with a prefix (delta).
 * A codec context belongs to one thread.
 */
#ifndef OBJECTS_CODEC_H
#define OBJECTS_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/buf.h"
#include "objects/base/error.h"

enum dig_codec {
	DIG_CODEC_RAW = 0,
	DIG_CODEC_ZSTD = 1, /* one standard frame, content size in its header */
	DIG_CODEC_DELTA = 2 /* the same, decoded with a base as its prefix */
};

#define DIG_CODEC_LEVEL_MIN 1
#define DIG_CODEC_LEVEL_MAX 19

/* Largest raw object: a decoder refuses more before it allocates. */
#define DIG_OBJECT_MAX ((size_t)8 << 20)

struct dig_codec_ctx; /* zstd contexts, reused */

struct dig_codec_ctx *dig_codec_new(int level, bool verify);
void dig_codec_free(struct dig_codec_ctx *ctx);

/*
 * Encode raw[0..len), 0 < len <= DIG_OBJECT_MAX, trying in this order: delta
 * against base (when base is not NULL), zstd, raw. Delta is kept when it is
 * less than half of len; otherwise it competes with zstd and the smaller
 * stays. Incompressible data (len >= 4 KiB) is found by compressing probes of
 * it, not all; a frame that saves less than 1/32 is stored raw.
 *
 * out     reset and filled with the payload; for RAW it is left empty and the
 *         caller writes raw itself
 * used    the codec that was chosen
 *
 * With verify every frame is decoded again and compared; a difference is
 * DIG_ECORRUPT and nothing may be stored.
 * Cost: a pass of zstd level `level`; long-distance matching is switched on
 * from 448 KiB of base.
 */
enum dig_status dig_codec_encode(struct dig_codec_ctx *ctx, const uint8_t *raw,
    size_t len, const uint8_t *base, size_t base_len, struct dig_buf *out,
    enum dig_codec *used, struct dig_error *err) DIG_CHECKED;

/*
 * The same for many objects in one frame, most of them versions of others: no
 * base, no probes, and a window that spans all of them.
 *
 * far   look for long matches far away first. Texts become smaller by it and
 *       take a fraction of the time, tree nodes become larger.
 *
 * Source: docs/adr/0019-repack.md.
 */
enum dig_status dig_codec_encode_many(struct dig_codec_ctx *ctx,
    const uint8_t *raw, size_t len, bool far, struct dig_buf *out,
    enum dig_codec *used, struct dig_error *err) DIG_CHECKED;

/*
 * Decode a payload into exactly raw_len bytes (<= DIG_OBJECT_MAX) at raw.
 * Refused as DIG_ECORRUPT: a length other than raw_len, a frame without a
 * content size or with another, trailing bytes, a second or skippable frame, a
 * dictionary id, a window beyond 16 MiB.
 */
enum dig_status dig_codec_decode(struct dig_codec_ctx *ctx,
    enum dig_codec codec, const uint8_t *payload, size_t len,
    const uint8_t *base, size_t base_len, uint8_t *raw, size_t raw_len,
    struct dig_error *err) DIG_CHECKED;

/*
 * A zstd frame that is decoded from its start, no farther than is asked for.
 * Memory: the frame's window, which is raw_len at most, once more.
 */
struct dig_codec_part;

struct dig_codec_part *dig_codec_part_new(void);
void dig_codec_part_free(struct dig_codec_part *part);
/*
 * Begin a frame; payload stays the caller's and where it is until the next
 * begin. What dig_codec_decode refuses before it decodes is refused here.
 */
enum dig_status dig_codec_part_begin(struct dig_codec_part *part,
    const uint8_t *payload, size_t len, size_t raw_len,
    struct dig_error *err) DIG_CHECKED;
/*
 * Go on until raw[0..upto) is there, upto <= raw_len; raw has raw_len bytes and
 * is the same at each call. Errors: CORRUPT, after which only begin may follow.
 */
enum dig_status dig_codec_part_decode(struct dig_codec_part *part, uint8_t *raw,
    size_t upto, struct dig_error *err) DIG_CHECKED;

#endif
