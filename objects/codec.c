/* SPDX-License-Identifier: MIT
 *
 * Payload encoding over zstd's stable API. Frames are standard: any zstd
 * decodes them, a delta with `zstd -d --patch-from=BASE`.
 */
#include "objects/codec.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#define PROBE_FROM ((size_t)4 << 10) /* smaller data is always compressed */
#define PROBE_MAX ((size_t)4 << 10)
#define FAST_LEVEL_MAX 2 /* zstd's strategy "fast" */
#define TABLE_REACH ((size_t)64 << 10)
#define LDM_FROM ((size_t)448 << 10)
#define WINDOW_LOG_MIN 10 /* zstd refuses less */
#define WINDOW_LOG_MAX 24 /* base and content of DIG_OBJECT_MAX each */

struct dig_codec_ctx {
	int level;
	bool verify;
	ZSTD_CCtx *cctx; /* made at first use, as a reader needs none */
	ZSTD_DCtx *dctx;
	struct dig_buf other;   /* the second candidate of an encode */
	struct dig_buf decoded; /* what verify decodes into */
};

struct dig_codec_ctx *
dig_codec_new(int level, bool verify)
{
	struct dig_codec_ctx *ctx = dig_calloc(1, sizeof(*ctx));

	if (level < DIG_CODEC_LEVEL_MIN)
		level = DIG_CODEC_LEVEL_MIN;
	if (level > DIG_CODEC_LEVEL_MAX)
		level = DIG_CODEC_LEVEL_MAX;
	ctx->level = level;
	ctx->verify = verify;
	return ctx;
}

void
dig_codec_free(struct dig_codec_ctx *ctx)
{
	if (ctx == NULL)
		return;
	ZSTD_freeCCtx(ctx->cctx);
	ZSTD_freeDCtx(ctx->dctx);
	dig_buf_clear(&ctx->other);
	dig_buf_clear(&ctx->decoded);
	free(ctx);
}

static enum dig_status
raise_zstd(size_t code, enum dig_status st, struct dig_error *err)
{
	if (ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation)
		st = DIG_ENOMEM;
	return dig_raise(err, st, "zstd: %s", ZSTD_getErrorName(code));
}

/* Content size on, checksum and dictionary id off are set once: records and
 * ids have hashes of their own. */
static enum dig_status
need_cctx(struct dig_codec_ctx *ctx, struct dig_error *err)
{
	if (ctx->cctx != NULL)
		return DIG_OK;
	ctx->cctx = ZSTD_createCCtx();
	if (ctx->cctx == NULL)
		return dig_raise(err, DIG_ENOMEM, "no memory for zstd");
	ZSTD_CCtx_setParameter(ctx->cctx, ZSTD_c_compressionLevel, ctx->level);
	ZSTD_CCtx_setParameter(ctx->cctx, ZSTD_c_contentSizeFlag, 1);
	ZSTD_CCtx_setParameter(ctx->cctx, ZSTD_c_checksumFlag, 0);
	ZSTD_CCtx_setParameter(ctx->cctx, ZSTD_c_dictIDFlag, 0);
	return DIG_OK;
}

/* The smallest n with 2^n >= size. */
static int
log2_up(size_t size)
{
	int log = 0;

	while (((size_t)1 << log) < size)
		log++;
	return log;
}

static int
window_for(size_t size)
{
	int log = log2_up(size);

	return log < WINDOW_LOG_MIN ? WINDOW_LOG_MIN : log;
}

/* 0 is zstd's default. */
static void
set_reach(struct dig_codec_ctx *ctx, int window, int hash, bool far)
{
	ZSTD_CCtx_setParameter(ctx->cctx, ZSTD_c_windowLog, window);
	ZSTD_CCtx_setParameter(ctx->cctx, ZSTD_c_hashLog, hash);
	ZSTD_CCtx_setParameter(
	    ctx->cctx, ZSTD_c_enableLongDistanceMatching, far);
}

/*
 * A prefix is found only as far as the window and the match tables reach. The
 * window spans base and content. The hash table of the fast levels has 16,384
 * entries, in which a base beyond 64 KiB overwrites itself: an entry for each
 * four bytes of base makes deltas of 256 KiB of random data a hundred times
 * smaller, and none slower. From LDM_FROM on long-distance matching helps.
 */
static size_t
set_base(
    struct dig_codec_ctx *ctx, const uint8_t *base, size_t base_len, size_t len)
{
	int window = 0, hash = 0; /* zstd's defaults */

	if (base != NULL) {
		window = window_for(base_len + len);
		if (ctx->level <= FAST_LEVEL_MAX && base_len > TABLE_REACH)
			hash = log2_up(base_len) - 2;
	}
	set_reach(ctx, window, hash, base != NULL && base_len >= LDM_FROM);
	return ZSTD_CCtx_refPrefix(ctx->cctx, base, base_len);
}

/* One frame of raw into out, as the context is set. */
static enum dig_status
compress_frame(struct dig_codec_ctx *ctx, const uint8_t *raw, size_t len,
    struct dig_buf *out, struct dig_error *err)
{
	size_t n;

	dig_buf_reset(out);
	dig_buf_reserve(out, ZSTD_compressBound(len));
	n = ZSTD_compress2(ctx->cctx, out->data, out->cap, raw, len);
	if (ZSTD_isError(n))
		return raise_zstd(n, DIG_EINVALID, err);
	out->len = n;
	return DIG_OK;
}

/* base may be NULL. */
static enum dig_status
compress(struct dig_codec_ctx *ctx, const uint8_t *raw, size_t len,
    const uint8_t *base, size_t base_len, struct dig_buf *out,
    struct dig_error *err)
{
	size_t n = set_base(ctx, base, base_len, len);

	if (ZSTD_isError(n))
		return raise_zstd(n, DIG_EINVALID, err);
	return compress_frame(ctx, raw, len, out, err);
}

static bool
saves_enough(size_t stored, size_t len)
{
	return stored < len - len / 32;
}

/*
 * Is compressing worth a try? Probes at the start, in the middle and at the
 * end, an eighth of the data each at most, so that they are cheap beside the
 * whole; the first that shrinks decides.
 */
static enum dig_status
probe(struct dig_codec_ctx *ctx, const uint8_t *raw, size_t len, bool *worth,
    struct dig_error *err)
{
	size_t size = len / 8 < PROBE_MAX ? len / 8 : PROBE_MAX;
	size_t at[3] = { 0, (len - size) / 2, len - size };
	enum dig_status st;

	*worth = len < PROBE_FROM;
	for (int i = 0; i < 3 && !*worth; i++) {
		st =
		    compress(ctx, raw + at[i], size, NULL, 0, &ctx->other, err);
		if (st != DIG_OK)
			return st;
		*worth = saves_enough(ctx->other.len, size);
	}
	return DIG_OK;
}

/* Plain zstd into ctx->other; it becomes `out` when it is the smaller. */
static enum dig_status
try_plain(struct dig_codec_ctx *ctx, const uint8_t *raw, size_t len,
    struct dig_buf *out, enum dig_codec *used, struct dig_error *err)
{
	enum dig_status st;
	struct dig_buf swap;
	bool worth;

	st = probe(ctx, raw, len, &worth, err);
	if (st != DIG_OK || !worth)
		return st;
	st = compress(ctx, raw, len, NULL, 0, &ctx->other, err);
	if (st != DIG_OK)
		return st;
	if (*used == DIG_CODEC_DELTA && out->len <= ctx->other.len)
		return DIG_OK;
	swap = *out;
	*out = ctx->other;
	ctx->other = swap;
	*used = DIG_CODEC_ZSTD;
	return DIG_OK;
}

static enum dig_status
verify(struct dig_codec_ctx *ctx, enum dig_codec codec, const uint8_t *raw,
    size_t len, const uint8_t *base, size_t base_len,
    const struct dig_buf *frame, struct dig_error *err)
{
	enum dig_status st;

	dig_buf_reset(&ctx->decoded);
	dig_buf_reserve(&ctx->decoded, len);
	st = dig_codec_decode(ctx, codec, frame->data, frame->len, base,
	    base_len, ctx->decoded.data, len, err);
	if (st != DIG_OK)
		dig_wrap(err, "verifying what was compressed");
	else if (memcmp(ctx->decoded.data, raw, len) != 0)
		st = dig_raise(err, DIG_ECORRUPT,
		    "compressed data does not decode to what it was");
	return st;
}

enum dig_status
dig_codec_encode(struct dig_codec_ctx *ctx, const uint8_t *raw, size_t len,
    const uint8_t *base, size_t base_len, struct dig_buf *out,
    enum dig_codec *used, struct dig_error *err)
{
	enum dig_codec codec = DIG_CODEC_RAW;
	enum dig_status st;

	if (len == 0 || len > DIG_OBJECT_MAX)
		return dig_raise(err, DIG_EINVALID,
		    "an object of %zu bytes cannot be encoded", len);
	st = need_cctx(ctx, err);
	if (st != DIG_OK)
		goto out;
	dig_buf_reset(out);
	/* what a decoder could not be given as a base is none */
	if (base != NULL && base_len > 0 && base_len <= DIG_OBJECT_MAX) {
		st = compress(ctx, raw, len, base, base_len, out, err);
		if (st != DIG_OK)
			goto out;
		codec = DIG_CODEC_DELTA;
	}
	if (codec == DIG_CODEC_RAW || out->len * 2 >= len) {
		st = try_plain(ctx, raw, len, out, &codec, err);
		if (st != DIG_OK)
			goto out;
	}
	if (!saves_enough(out->len, len))
		codec = DIG_CODEC_RAW;
	if (codec == DIG_CODEC_RAW)
		dig_buf_reset(out);
	else if (ctx->verify)
		st = verify(ctx, codec, raw, len, base, base_len, out, err);
	if (st == DIG_OK)
		*used = codec;
out:
	return st;
}

enum dig_status
dig_codec_encode_many(struct dig_codec_ctx *ctx, const uint8_t *raw, size_t len,
    bool far, struct dig_buf *out, enum dig_codec *used, struct dig_error *err)
{
	enum dig_status st;

	if (len == 0 || len > DIG_OBJECT_MAX)
		return dig_raise(
		    err, DIG_EINVALID, "a frame of %zu bytes cannot be", len);
	st = need_cctx(ctx, err);
	if (st != DIG_OK)
		return st;
	set_reach(ctx, window_for(len), 0, far);
	ZSTD_CCtx_refPrefix(ctx->cctx, NULL, 0);
	st = compress_frame(ctx, raw, len, out, err);
	if (st != DIG_OK)
		return st;
	*used = saves_enough(out->len, len) ? DIG_CODEC_ZSTD : DIG_CODEC_RAW;
	if (*used == DIG_CODEC_RAW)
		dig_buf_reset(out);
	else if (ctx->verify)
		st = verify(ctx, DIG_CODEC_ZSTD, raw, len, NULL, 0, out, err);
	return st;
}

/*
 * The frame header (RFC 8878, 3.1.1.1) against what a record may hold. A
 * single call to the decoder does not look at the window, so it is read here.
 */
static const char *
frame_fault(const uint8_t *payload, size_t len, size_t raw_len)
{
	static const uint8_t magic[4] = { 0x28, 0xb5, 0x2f, 0xfd };
	uint64_t window;

	if (len < 6 || memcmp(payload, magic, sizeof(magic)) != 0)
		return "not a zstd frame";
	if ((payload[4] & 3) != 0)
		return "a frame that wants a dictionary";
	if (ZSTD_getFrameContentSize(payload, len) != raw_len)
		return "a frame of another content size";
	if ((payload[4] & 0x20) == 0) { /* not a single segment */
		window = (uint64_t)1 << (10 + (payload[5] >> 3));
		window += window / 8 * (payload[5] & 7);
		if (window > (uint64_t)1 << WINDOW_LOG_MAX)
			return "a frame with too large a window";
	}
	if (ZSTD_findFrameCompressedSize(payload, len) != len)
		return "a frame cut off or with bytes after it";
	return NULL;
}

static enum dig_status
need_dctx(ZSTD_DCtx **dctx, struct dig_error *err)
{
	if (*dctx != NULL)
		return DIG_OK;
	*dctx = ZSTD_createDCtx();
	if (*dctx == NULL)
		return dig_raise(err, DIG_ENOMEM, "no memory for zstd");
	ZSTD_DCtx_setParameter(*dctx, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	return DIG_OK;
}

static enum dig_status
decode_frame(struct dig_codec_ctx *ctx, const uint8_t *payload, size_t len,
    const uint8_t *base, size_t base_len, uint8_t *raw, size_t raw_len,
    struct dig_error *err)
{
	const char *fault = frame_fault(payload, len, raw_len);
	enum dig_status st;
	size_t n;

	if (fault != NULL)
		return dig_raise(err, DIG_ECORRUPT, "%s", fault);
	st = need_dctx(&ctx->dctx, err);
	if (st != DIG_OK)
		return st;
	/* as raw content always: a base that looks like a zstd dictionary is
	 * not parsed as one */
	n = ZSTD_DCtx_refPrefix(ctx->dctx, base, base_len);
	if (!ZSTD_isError(n))
		n = ZSTD_decompressDCtx(ctx->dctx, raw, raw_len, payload, len);
	if (ZSTD_isError(n))
		return raise_zstd(n, DIG_ECORRUPT, err);
	if (n != raw_len)
		return dig_raise(err, DIG_ECORRUPT,
		    "a frame decodes to %zu bytes, not %zu", n, raw_len);
	return DIG_OK;
}

enum dig_status
dig_codec_decode(struct dig_codec_ctx *ctx, enum dig_codec codec,
    const uint8_t *payload, size_t len, const uint8_t *base, size_t base_len,
    uint8_t *raw, size_t raw_len, struct dig_error *err)
{
	if (raw_len == 0 || raw_len > DIG_OBJECT_MAX)
		return dig_raise(err, DIG_ECORRUPT,
		    "an object of %zu bytes cannot be", raw_len);
	switch (codec) {
	case DIG_CODEC_RAW:
		if (len != raw_len)
			return dig_raise(err, DIG_ECORRUPT,
			    "%zu raw bytes, not %zu", len, raw_len);
		memcpy(raw, payload, len);
		return DIG_OK;
	case DIG_CODEC_ZSTD:
		return decode_frame(
		    ctx, payload, len, NULL, 0, raw, raw_len, err);
	case DIG_CODEC_DELTA:
		if (base == NULL || base_len == 0 || base_len > DIG_OBJECT_MAX)
			return dig_raise(
			    err, DIG_ECORRUPT, "a delta without its base");
		return decode_frame(
		    ctx, payload, len, base, base_len, raw, raw_len, err);
	}
	return dig_raise(
	    err, DIG_ECORRUPT, "unknown codec %u", (unsigned)codec);
}

/* ---- A frame in parts --------------------------------------------------- */

struct dig_codec_part {
	ZSTD_DCtx *dctx;
	ZSTD_inBuffer in;
	size_t raw_len;
	size_t have; /* decoded so far */
};

struct dig_codec_part *
dig_codec_part_new(void)
{
	return dig_calloc(1, sizeof(struct dig_codec_part));
}

void
dig_codec_part_free(struct dig_codec_part *part)
{
	if (part == NULL)
		return;
	ZSTD_freeDCtx(part->dctx);
	free(part);
}

enum dig_status
dig_codec_part_begin(struct dig_codec_part *part, const uint8_t *payload,
    size_t len, size_t raw_len, struct dig_error *err)
{
	enum dig_status st = need_dctx(&part->dctx, err);
	const char *fault;

	if (st != DIG_OK)
		return st;
	fault = raw_len == 0 || raw_len > DIG_OBJECT_MAX
		    ? "a frame of a length that cannot be"
		    : frame_fault(payload, len, raw_len);
	if (fault != NULL)
		return dig_raise(err, DIG_ECORRUPT, "%s", fault);
	ZSTD_DCtx_reset(part->dctx, ZSTD_reset_session_only);
	part->in = (ZSTD_inBuffer){ payload, len, 0 };
	part->raw_len = raw_len;
	part->have = 0;
	return DIG_OK;
}

enum dig_status
dig_codec_part_decode(struct dig_codec_part *part, uint8_t *raw, size_t upto,
    struct dig_error *err)
{
	ZSTD_outBuffer out = { raw, upto, part->have };

	while (out.pos < upto) {
		size_t before = out.pos + part->in.pos;
		size_t n = ZSTD_decompressStream(part->dctx, &out, &part->in);

		if (ZSTD_isError(n))
			return raise_zstd(n, DIG_ECORRUPT, err);
		if (out.pos < upto && out.pos + part->in.pos == before)
			return dig_raise(err, DIG_ECORRUPT,
			    "a frame ends after %zu bytes, not %zu", out.pos,
			    part->raw_len);
	}
	part->have = out.pos > part->have ? out.pos : part->have;
	return DIG_OK;
}
