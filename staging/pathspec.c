/* SPDX-License-Identifier: MIT
 *
 * Pathspecs: parsing the magic, making paths relative to the root, matching.
 */
#include "staging/pathspec.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/buf.h"
#include "objects/base/path.h"
#include "staging/glob.h"

enum magic { TOP = 1, LITERAL = 2, GLOB = 4, ICASE = 8, EXCLUDE = 16 };

struct item {
	char *arg;  /* as given */
	char *path; /* from the root; may end in '/' */
	size_t len;
	size_t exact;   /* bytes that came from the prefix: case counts */
	size_t literal; /* bytes before the first wildcard */
	unsigned magic;
	bool is_folder; /* written as one */
	atomic_bool matched;
	struct item *first;  /* the same path given before, which has the
			      * mark; else the item itself */
	struct item *within; /* plain: the nearest plain one that holds it */
};

struct set {
	struct item **at;
	size_t n;
	size_t cap;
};

/*
 * A list of names may be long, so plain items, which are names and not
 * exclusions, are not asked one by one. They are sorted as if each ended in
 * '/': what lies below a folder is then one range behind it. The last plain
 * item that does not come after a path is in the range of every plain item
 * that holds the path, so its chain of `within` passes all of them.
 */
struct dig_pathspec {
	struct item *items;
	size_t nitems;
	size_t nargs;     /* nitems without the implied one at the end */
	struct set plain; /* sorted, each path once */
	struct set wild;
	struct set excluded;
	char *common;
	size_t common_len;
};

static const struct {
	const char *word;
	char sign;
	enum magic magic;
} MAGIC[] = {
	{ "top", '/', TOP },
	{ "exclude", '!', EXCLUDE },
	{ "exclude", '^', EXCLUDE },
	{ "literal", '\0', LITERAL },
	{ "glob", '\0', GLOB },
	{ "icase", '\0', ICASE },
};

static unsigned
magic_by_word(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(MAGIC) / sizeof(MAGIC[0]); i++)
		if (strlen(MAGIC[i].word) == len &&
		    memcmp(MAGIC[i].word, word, len) == 0)
			return MAGIC[i].magic;
	return 0;
}

static unsigned
magic_by_sign(char sign)
{
	for (size_t i = 0; i < sizeof(MAGIC) / sizeof(MAGIC[0]); i++)
		if (sign != '\0' && MAGIC[i].sign == sign)
			return MAGIC[i].magic;
	return 0;
}

/* ":(word,word)rest" */
static enum dig_status
parse_long(
    const char *arg, unsigned *magic, const char **rest, struct dig_error *err)
{
	const char *at = arg + 2;

	while (*at != ')') {
		size_t len = strcspn(at, ",)");
		unsigned found = magic_by_word(at, len);

		if (at[len] == '\0')
			return dig_raise(
			    err, DIG_EINVALID, "pathspec '%s' has no ')'", arg);
		if (found == 0 && len > 0)
			return dig_raise(err, DIG_EINVALID,
			    "pathspec '%s' has the unknown word '%.*s'", arg,
			    (int)len, at);
		*magic |= found;
		at += len + (at[len] == ',');
	}
	*rest = at + 1;
	if ((*magic & LITERAL) && (*magic & GLOB))
		return dig_raise(err, DIG_EINVALID,
		    "pathspec '%s': literal and glob exclude each other", arg);
	return DIG_OK;
}

/* ":/!rest", ":/!:rest"; any other punctuation there is kept for later. */
static enum dig_status
parse_short(
    const char *arg, unsigned *magic, const char **rest, struct dig_error *err)
{
	const char *at = arg + 1;

	for (; *at != '\0' && *at != ':'; at++) {
		unsigned found = magic_by_sign(*at);

		if (found == 0 && strchr("\"#%&',-;<=>@_`~", *at) != NULL)
			return dig_raise(err, DIG_EINVALID,
			    "pathspec '%s' has the unknown sign '%c'", arg,
			    *at);
		if (found == 0)
			break;
		*magic |= found;
	}
	*rest = at + (*at == ':');
	return DIG_OK;
}

/*
 * Append the components of `path` to `out`, taking "." and ".." away.
 * *exact shrinks when ".." takes components of the prefix. False: outside.
 */
static bool
append_path(struct dig_buf *out, const char *path, size_t *exact)
{
	while (*path != '\0') {
		size_t len = strcspn(path, "/");

		if (len == 2 && memcmp(path, "..", 2) == 0) {
			if (out->len == 0)
				return false;
			out->len--; /* the slash that ends each component */
			while (out->len > 0 && out->data[out->len - 1] != '/')
				out->len--;
		} else if (len > 0 && !(len == 1 && *path == '.')) {
			dig_buf_put(out, path, len);
			dig_buf_putc(out, '/');
		}
		path += len + (path[len] == '/');
		if (out->len < *exact)
			*exact = out->len;
	}
	return true;
}

static bool
names_folder(const char *path)
{
	size_t len = strlen(path);

	return len == 0 || path[len - 1] == '/' ||
	       (path[len - 1] == '.' && (len == 1 || path[len - 2] == '/')) ||
	       (len >= 2 && memcmp(path + len - 2, "..", 2) == 0 &&
		   (len == 2 || path[len - 3] == '/'));
}

static enum dig_status
resolve(struct item *item, const char *path, const char *prefix,
    const char *worktree, struct dig_error *err)
{
	struct dig_buf out = DIG_BUF_INIT;
	size_t rootlen = worktree != NULL ? strlen(worktree) : 0;
	size_t none = 0;
	bool inside = true;

	while (rootlen > 0 && worktree[rootlen - 1] == '/')
		rootlen--;
	dig_buf_reserve(&out, 1);
	if (*path == '/' && worktree != NULL &&
	    strncmp(path, worktree, rootlen) == 0 &&
	    (path[rootlen] == '/' || path[rootlen] == '\0')) {
		path += rootlen;
	} else if (*path == '/') {
		inside = false;
	} else if (!(item->magic & TOP)) {
		inside = append_path(&out, prefix, &none);
		item->exact = out.len;
	}
	if (!inside || !append_path(&out, path, &item->exact)) {
		dig_buf_clear(&out);
		return dig_raise(err, DIG_EINVALID,
		    "'%s' is outside the work tree", item->arg);
	}
	/* The prefix itself is a folder, but "." need not say so. */
	item->is_folder = names_folder(path);
	if (out.len > 0 && (!item->is_folder || out.len == item->exact))
		out.len--;
	out.data[out.len] = '\0';
	item->len = out.len;
	item->path = dig_buf_detach(&out);
	if (item->exact > item->len)
		item->exact = item->len;
	item->literal =
	    item->magic & LITERAL
		? item->len
		: item->exact + dig_glob_literal_len(item->path + item->exact,
				    item->len - item->exact);
	return DIG_OK;
}

static enum dig_status
parse(struct item *item, const char *arg, const char *prefix,
    const char *worktree, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	const char *path = arg;

	item->arg = dig_strdup(arg);
	atomic_init(&item->matched, false);
	if (*arg == '\0')
		return dig_raise(
		    err, DIG_EINVALID, "an empty argument is no path");
	if (arg[0] == ':')
		st = arg[1] == '(' ? parse_long(arg, &item->magic, &path, err)
				   : parse_short(arg, &item->magic, &path, err);
	if (st == DIG_OK)
		st = resolve(item, path, prefix, worktree, err);
	if (item->magic & EXCLUDE)
		atomic_init(&item->matched, true);
	return st;
}

static unsigned
glob_flags(const struct item *item)
{
	return (item->magic & ICASE ? DIG_GLOB_ICASE : 0u) |
	       (item->magic & GLOB ? DIG_GLOB_PATHNAME : 0u);
}

/* The first n bytes of the item are those of the path. */
static bool
same_start(const struct item *item, const char *path, size_t n)
{
	size_t exact = item->exact < n ? item->exact : n;

	return memcmp(item->path, path, exact) == 0 &&
	       dig_glob_bytes_equal(item->path + exact, path + exact, n - exact,
		   glob_flags(item));
}

/* Without its final slash: what the folder that it means is called. */
static size_t
bare_len(const struct item *item)
{
	bool slash = item->len > 0 && item->path[item->len - 1] == '/';

	return item->len - slash;
}

static bool
item_matches(const struct item *item, const char *path, size_t len, bool is_dir)
{
	size_t bare = bare_len(item);

	if (item->len == 0)
		return true;
	if (bare <= len && same_start(item, path, bare) &&
	    (len > bare ? path[bare] == '/' : bare == item->len || is_dir))
		return true;
	return len > 0 && item->literal < item->len && item->literal <= len &&
	       same_start(item, path, item->literal) &&
	       dig_glob_match(item->path + item->literal,
		   (is_dir ? bare : item->len) - item->literal,
		   path + item->literal, len - item->literal, glob_flags(item));
}

/* Order of two paths that do not end in '/', as if they did; the root, which
 * has no name to end, is before all. */
static int
folder_cmp(const char *a, size_t alen, const char *b, size_t blen)
{
	size_t n = alen < blen ? alen : blen;
	int order = memcmp(a, b, n);

	if (order != 0 || alen == blen)
		return order;
	if (n == 0)
		return alen > 0 ? 1 : -1;
	if (alen > n)
		return (unsigned char)a[n] < '/' ? -1 : 1;
	return (unsigned char)b[n] < '/' ? 1 : -1;
}

static int
plain_cmp(const struct item *a, const struct item *b)
{
	int order = folder_cmp(a->path, bare_len(a), b->path, bare_len(b));

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static int
compare_plain(const void *left, const void *right)
{
	const struct item *a = *(struct item *const *)left;
	const struct item *b = *(struct item *const *)right;
	int order = plain_cmp(a, b);

	return order != 0 ? order : (a > b) - (a < b);
}

/* How many plain items do not come after the path. */
static size_t
plain_until(const struct dig_pathspec *spec, const char *path, size_t len)
{
	size_t low = 0;
	size_t high = spec->plain.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct item *item = spec->plain.at[mid];

		if (folder_cmp(item->path, bare_len(item), path, len) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct item *
plain_before(const struct dig_pathspec *spec, size_t at)
{
	return at > 0 ? spec->plain.at[at - 1] : NULL;
}

static void
mark(struct item *item)
{
	if (!atomic_load_explicit(&item->matched, memory_order_relaxed))
		atomic_store_explicit(
		    &item->matched, true, memory_order_relaxed);
}

bool
dig_pathspec_match(
    struct dig_pathspec *spec, const char *path, size_t len, bool is_dir)
{
	struct item *item;
	bool found = false;

	if (spec == NULL)
		return true;
	item = plain_before(spec, plain_until(spec, path, len));
	for (; item != NULL; item = item->within) {
		if (!item_matches(item, path, len, is_dir))
			continue;
		found = true;
		mark(item);
	}
	for (size_t i = 0; i < spec->wild.n; i++) {
		item = spec->wild.at[i];
		/* Once found, only what is still unmarked is worth asking. */
		if ((found && atomic_load_explicit(
				  &item->matched, memory_order_relaxed)) ||
		    !item_matches(item, path, len, is_dir))
			continue;
		found = true;
		mark(item);
	}
	for (size_t i = 0; found && i < spec->excluded.n; i++)
		found = !item_matches(spec->excluded.at[i], path, len, is_dir);
	return found;
}

static bool
item_may_match_below(const struct item *item, const char *dir, size_t len)
{
	bool whole = item->literal == item->len;
	size_t n = whole ? bare_len(item) : item->literal;

	/* What both have must agree: dir + "/" against the literal part. */
	if (n <= len)
		return same_start(item, dir, n) &&
		       (!whole || n == 0 || n == len || dir[n] == '/');
	return len == 0 ||
	       (same_start(item, dir, len) && item->path[len] == '/');
}

/* A plain item is the folder, holds it, or is the first one below it. */
static bool
plain_may_match_below(
    const struct dig_pathspec *spec, const char *dir, size_t len)
{
	size_t at = plain_until(spec, dir, len);
	const struct item *item = plain_before(spec, at);

	if (at < spec->plain.n &&
	    item_may_match_below(spec->plain.at[at], dir, len))
		return true;
	while (item != NULL && !item_may_match_below(item, dir, len))
		item = item->within;
	return item != NULL;
}

bool
dig_pathspec_may_match_below(
    const struct dig_pathspec *spec, const char *dir, size_t len)
{
	bool may;

	if (spec == NULL)
		return true;
	may = plain_may_match_below(spec, dir, len);
	for (size_t i = 0; !may && i < spec->wild.n; i++)
		may = item_may_match_below(spec->wild.at[i], dir, len);
	for (size_t i = 0; may && i < spec->excluded.n; i++) {
		const struct item *item = spec->excluded.at[i];

		/* An exclusion by name takes all that is below. */
		if (item->literal == item->len &&
		    item_matches(item, dir, len, true))
			may = false;
	}
	return may;
}

/* The item means one name, letter by letter. */
static bool
is_literal(const struct item *item)
{
	/* Letters of either case are a wildcard too. */
	return item->literal == item->len &&
	       ((item->magic & ICASE) == 0 || item->exact == item->len);
}

static void
sort_plain(struct set *plain)
{
	size_t kept = 0;

	if (plain->n == 0)
		return;
	qsort(plain->at, plain->n, sizeof(struct item *), compare_plain);
	for (size_t i = 0; i < plain->n; i++) {
		struct item *item = plain->at[i];
		struct item *above = kept > 0 ? plain->at[kept - 1] : NULL;

		if (above != NULL && plain_cmp(above, item) == 0) {
			item->first = above;
			continue;
		}
		while (above != NULL &&
		       !dig_path_is_under(item->path, bare_len(item),
			   above->path, bare_len(above)))
			above = above->within;
		item->within = above;
		plain->at[kept++] = item;
	}
	plain->n = kept;
}

static void
sort_items(struct dig_pathspec *spec)
{
	for (size_t i = 0; i < spec->nitems; i++) {
		struct item *item = &spec->items[i];
		struct set *set = item->magic & EXCLUDE ? &spec->excluded
				  : is_literal(item)    ? &spec->plain
							: &spec->wild;

		item->first = item;
		DIG_GROW(set->at, set->cap, set->n + 1);
		set->at[set->n++] = item;
	}
	sort_plain(&spec->plain);
}

/* The folder part that all items share, compared byte by byte. */
static void
find_common(struct dig_pathspec *spec)
{
	const struct item *first = NULL;
	size_t len = 0;

	for (size_t i = 0; i < spec->nitems; i++) {
		const struct item *item = &spec->items[i];
		size_t n = item->magic & ICASE ? item->exact : item->literal;
		size_t k = 0;

		if (item->magic & EXCLUDE)
			continue;
		if (n == item->len)
			n = bare_len(item);
		else
			while (n > 0 && item->path[n - 1] != '/')
				n--;
		if (n > 0 && item->path[n - 1] == '/')
			n--;
		if (first == NULL) {
			first = item;
			len = n;
			continue;
		}
		while (k < len && k < n && first->path[k] == item->path[k])
			k++;
		/* Whole components only. */
		while (k > 0 && ((k < len && first->path[k] != '/') ||
				    (k < n && item->path[k] != '/')))
			k--;
		len = k;
	}
	spec->common = dig_memdup0(first != NULL ? first->path : "", len);
	spec->common_len = len;
}

enum dig_status
dig_pathspec_new(const char *const *argv, size_t argc, const char *prefix,
    const char *worktree, struct dig_pathspec **out, struct dig_error *err)
{
	struct dig_pathspec *spec = dig_calloc(1, sizeof(*spec));
	enum dig_status st = DIG_OK;
	size_t nexclude = 0;

	spec->items = dig_calloc(argc + 1, sizeof(*spec->items));
	for (size_t i = 0; i < argc; i++) {
		struct item *item = &spec->items[spec->nitems++];

		st = parse(item, argv[i], prefix, worktree, err);
		if (st != DIG_OK)
			goto out;
		nexclude += (item->magic & EXCLUDE) != 0;
	}
	spec->nargs = argc;
	if (nexclude == argc) {
		st = parse(&spec->items[spec->nitems++], ":/", "", NULL, err);
		if (st != DIG_OK)
			goto out;
	}
	sort_items(spec);
	find_common(spec);
	*out = spec;
	spec = NULL;
out:
	dig_pathspec_free(spec);
	return st;
}

void
dig_pathspec_free(struct dig_pathspec *spec)
{
	if (spec == NULL)
		return;
	for (size_t i = 0; i < spec->nitems; i++) {
		free(spec->items[i].arg);
		free(spec->items[i].path);
	}
	free(spec->items);
	free(spec->plain.at);
	free(spec->wild.at);
	free(spec->excluded.at);
	free(spec->common);
	free(spec);
}

size_t
dig_pathspec_common_dir(const struct dig_pathspec *spec, const char **out)
{
	*out = spec != NULL ? spec->common : "";
	return spec != NULL ? spec->common_len : 0;
}

size_t
dig_pathspec_count(const struct dig_pathspec *spec)
{
	return spec != NULL ? spec->nargs : 0;
}

const char *
dig_pathspec_arg(const struct dig_pathspec *spec, size_t i)
{
	return spec->items[i].arg;
}

bool
dig_pathspec_is_exclusion(const struct dig_pathspec *spec, size_t i)
{
	return (spec->items[i].magic & EXCLUDE) != 0;
}

bool
dig_pathspec_has_matched(const struct dig_pathspec *spec, size_t i)
{
	return atomic_load_explicit(
	    &spec->items[i].first->matched, memory_order_relaxed);
}

const char *
dig_pathspec_literal(const struct dig_pathspec *spec, size_t i)
{
	const struct item *item = &spec->items[i];

	return is_literal(item) ? item->path : NULL;
}

const char *
dig_pathspec_path(const struct dig_pathspec *spec, size_t i, bool *is_folder)
{
	*is_folder = spec->items[i].is_folder;
	return spec->items[i].path;
}
