/* SPDX-License-Identifier: MIT
 *
 * The parallel walk.
 *
 * There are two kinds of task: to list a folder (read, filter, sort, and stat
 * it if it is small), and to stat one slice of a large one. Open tasks are a
 * stack with the next in the order of the sequence on top, so that workers run
 * a little ahead of the consumer and not all over the tree. The consumer goes
 * down the tree with a stack of frames; a task that it needs and nobody has
 * begun it does itself, so that it never waits for a worker that waits.
 *
 * 1. A task's results are written by the one that runs it, before it is DONE
 *    under the mutex, and read by the consumer only after that.
 * 2. A folder is freed by the consumer after all its tasks are DONE.
 * 3. Workers pause while `ahead` is at its limit; the consumer does not.
 */
#include "staging/walk.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/buf.h"
#include "objects/base/path.h"
#include "objects/base/thread.h"

enum {
	SLICE = 512,       /* entries that one task stats */
	BATCH = 1024,      /* stat'ed entries worth waking the consumer for */
	AHEAD_MAX = 65536, /* stat'ed entries that wait for the consumer */
	WORTH = 32         /* open tasks that are worth the threads */
};

enum state { OPEN, RUNNING, DONE };

#define WHOLE SIZE_MAX

struct dir;

struct task {
	struct dir *dir;
	size_t slice; /* WHOLE: list the folder */
	enum state state;
	struct task *above;
	struct task *below;
};

struct result {
	struct dig_stat stat;
	int os_errno;
};

struct slice {
	struct task task;
	struct result *results; /* NULL when there is nothing to stat */
};

struct node {
	union {
		size_t offset; /* while the names still grow */
		const char *at;
	} name;
	size_t len;
	enum dig_ftype type;
	enum dig_walk_what what;
	const char *reason;
	struct dir *child; /* a folder to go down into */
};

struct dir {
	struct task list;
	struct dir *next; /* of all that live, for the close */
	struct dir *prev;
	struct dig_ignore *ignore; /* for its entries, once listed */
	struct dig_buf names;
	struct node *nodes;
	size_t nnodes;
	struct slice *slices;
	size_t nslices;
	char *bad_rules;
	int os_errno;
	bool is_repository;
	size_t len;
	char path[];
};

struct frame {
	struct dir *dir;
	size_t at;
	bool entered;
};

struct dig_walk {
	int root_fd;
	struct dig_walk_options options;
	struct dig_group group;
	/* Under the mutex: */
	pthread_mutex_t mutex;
	pthread_cond_t work; /* a task was pushed, or ahead shrank, or stop */
	pthread_cond_t done; /* `wanted` is DONE; see wake_consumer */
	struct task *top;
	size_t nopen;
	struct task *wanted;
	struct dir *dirs;
	size_t ahead;
	unsigned idle;
	bool stop;
	/* The consumer's alone: */
	bool may_start; /* threads, and has not yet */
	struct frame *frames;
	size_t nframes;
	size_t cap;
	struct dig_buf path;
	struct dig_walk_entry entry;
};

static size_t
slice_end(const struct dir *dir, size_t slice)
{
	size_t end = (slice + 1) * SLICE;

	return end < dir->nnodes ? end : dir->nnodes;
}

static struct dir *
new_dir(const char *parent, size_t parentlen, const char *name, size_t len,
    struct dig_ignore *ignore)
{
	size_t sep = parentlen > 0 ? 1 : 0;
	struct dir *dir = dig_calloc(1, sizeof(*dir) + parentlen + len + 2);

	dir->list.dir = dir;
	dir->list.slice = WHOLE;
	dir->ignore = dig_ignore_ref(ignore);
	memcpy(dir->path, parent, parentlen);
	if (sep > 0)
		dir->path[parentlen] = '/';
	memcpy(dir->path + parentlen + sep, name, len);
	dir->len = parentlen + sep + len;
	return dir;
}

static void
free_dir(struct dir *dir)
{
	for (size_t i = 0; i < dir->nslices; i++)
		free(dir->slices[i].results);
	dig_ignore_free(dir->ignore);
	dig_buf_clear(&dir->names);
	free(dir->nodes);
	free(dir->slices);
	free(dir->bad_rules);
	free(dir);
}

/* Under the mutex. */
static void
push_task(struct dig_walk *walk, struct task *task)
{
	task->state = OPEN;
	task->above = NULL;
	task->below = walk->top;
	if (walk->top != NULL)
		walk->top->above = task;
	walk->top = task;
	walk->nopen++;
}

static void
take_task(struct dig_walk *walk, struct task *task)
{
	assert(task->state == OPEN);
	if (task->above != NULL)
		task->above->below = task->below;
	else
		walk->top = task->below;
	if (task->below != NULL)
		task->below->above = task->above;
	walk->nopen--;
	task->state = RUNNING;
}

static void
link_dir(struct dig_walk *walk, struct dir *dir)
{
	dir->prev = NULL;
	dir->next = walk->dirs;
	if (walk->dirs != NULL)
		walk->dirs->prev = dir;
	walk->dirs = dir;
	push_task(walk, &dir->list);
}

static void
unlink_dir(struct dig_walk *walk, struct dir *dir)
{
	if (dir->prev != NULL)
		dir->prev->next = dir->next;
	else
		walk->dirs = dir->next;
	if (dir->next != NULL)
		dir->next->prev = dir->prev;
}

static int
open_dir(const struct dig_walk *walk, const struct dir *dir)
{
	return dir->len == 0
		   ? dig_open_at(walk->root_fd, ".", DIG_OPEN_DIRECTORY)
		   : dig_open_beneath(
			 walk->root_fd, dir->path, DIG_OPEN_DIRECTORY);
}

static bool
is_foreign(const char *name)
{
	return strcmp(name, ".git") == 0 || strcmp(name, ".hg") == 0 ||
	       strcmp(name, ".svn") == 0;
}

/* What a listing collects. */
struct listing {
	struct dir *dir;
	int fd;
	size_t cap;
	bool has_rules; /* a file of rules is among the names */
};

/* The type where the listing does not tell. */
static enum dig_ftype
ask_type(int fd, const char *name)
{
	struct dig_stat sb;

	/* If it is gone, the slice's stat will say so. */
	return dig_stat_at(fd, name, &sb) == 0 ? sb.type : DIG_FT_REGULAR;
}

static bool
add_name(void *arg, const char *name, enum dig_ftype type, bool told)
{
	struct listing *listing = arg;
	struct dir *dir = listing->dir;
	struct node *node;

	if (name[0] == '.') {
		if (is_foreign(name))
			return true;
		if (strcmp(name, ".dig") == 0) {
			dir->is_repository = dir->len > 0;
			return !dir->is_repository;
		}
		if (strcmp(name, ".gitignore") == 0 ||
		    strcmp(name, ".digignore") == 0)
			listing->has_rules = true;
	}
	DIG_GROW(dir->nodes, listing->cap, dir->nnodes + 1);
	node = &dir->nodes[dir->nnodes++];
	memset(node, 0, sizeof(*node));
	node->name.offset = dir->names.len;
	node->len = strlen(name);
	node->type = told ? type : ask_type(listing->fd, name);
	dig_buf_put(&dir->names, name, node->len + 1);
	return true;
}

/* All names into dir->nodes, unsorted. Sets os_errno and is_repository. */
static void
read_names(struct listing *listing)
{
	struct dir *dir = listing->dir;

	dir->os_errno = dig_list_dir(listing->fd, add_name, listing);
	if (dir->is_repository || dir->os_errno != 0)
		dir->nnodes = 0;
	for (size_t i = 0; i < dir->nnodes; i++)
		dir->nodes[i].name.at =
		    (const char *)dir->names.data + dir->nodes[i].name.offset;
}

static bool
is_wanted(struct dig_walk *walk, const char *path, size_t len, bool is_dir)
{
	struct dig_pathspec *spec = walk->options.pathspec;
	/* Asked of folders too, so that an empty one counts as matched. */
	bool matches = dig_pathspec_match(spec, path, len, is_dir);

	return matches ||
	       (is_dir && dig_pathspec_may_match_below(spec, path, len));
}

/* Say what the node is; false: not part of the walk. */
static bool
judge(struct dig_walk *walk, const struct dir *dir, struct node *node,
    struct dig_buf *path)
{
	bool is_dir = node->type == DIG_FT_DIR;
	const char *full;

	path->len = dir->len > 0 ? dir->len + 1 : 0;
	dig_buf_put(path, node->name.at, node->len);
	full = (const char *)path->data;
	if (!is_wanted(walk, full, path->len, is_dir))
		return false;
	if (dir->ignore != NULL &&
	    dig_ignore_check(dir->ignore, full, path->len, is_dir, NULL) ==
		DIG_IGNORE_YES) {
		node->what = DIG_WALK_IGNORED;
		return walk->options.report_ignored;
	}
	node->reason = dig_path_check(node->name.at, node->len);
	if (node->reason == NULL && path->len > DIG_PATH_MAX)
		node->reason = "is too long";
	node->what = node->reason != NULL           ? DIG_WALK_BADNAME
		     : node->type == DIG_FT_SYMLINK ? DIG_WALK_SYMLINK
		     : node->type == DIG_FT_OTHER   ? DIG_WALK_SPECIAL
						    : DIG_WALK_FILE;
	return true;
}

/* Names have no '/' and end in NUL: a folder's end counts as a slash. */
static int
by_name(const void *va, const void *vb)
{
	const struct node *a = va;
	const struct node *b = vb;
	size_t len = a->len < b->len ? a->len : b->len;
	int cmp = memcmp(a->name.at, b->name.at, len);
	int aend;
	int bend;

	if (cmp != 0)
		return cmp;
	aend = (unsigned char)a->name.at[len];
	bend = (unsigned char)b->name.at[len];
	if (aend == 0 && a->type == DIG_FT_DIR)
		aend = '/';
	if (bend == 0 && b->type == DIG_FT_DIR)
		bend = '/';
	return aend - bend;
}

static bool
is_entered(const struct node *node)
{
	return node->type == DIG_FT_DIR && node->what == DIG_WALK_FILE;
}

static void
stat_slice(struct dig_walk *walk, struct dir *dir, size_t slice, int fd)
{
	size_t begin = slice * SLICE;
	size_t end = slice_end(dir, slice);
	struct result *results;

	if (!walk->options.stat_needed)
		return;
	results = dig_calloc(end - begin, sizeof(*results));
	for (size_t i = begin; i < end; i++) {
		const struct node *node = &dir->nodes[i];
		struct result *result = &results[i - begin];

		if (node->type == DIG_FT_DIR || node->reason != NULL)
			continue;
		result->os_errno =
		    fd < 0 ? -fd
			   : dig_stat_at(fd, node->name.at, &result->stat);
		/* A folder has taken its place since it was listed. */
		if (result->os_errno == 0 && result->stat.type == DIG_FT_DIR)
			result->os_errno = EISDIR;
	}
	dir->slices[slice].results = results;
}

static void
filter_and_sort(struct dig_walk *walk, struct dir *dir)
{
	struct dig_buf path = DIG_BUF_INIT;
	size_t kept = 0;

	dig_buf_put(&path, dir->path, dir->len);
	dig_buf_putc(&path, '/');
	for (size_t i = 0; i < dir->nnodes; i++)
		if (judge(walk, dir, &dir->nodes[i], &path))
			dir->nodes[kept++] = dir->nodes[i];
	dig_buf_clear(&path);
	dir->nnodes = kept;
	if (kept > 1)
		qsort(dir->nodes, kept, sizeof(*dir->nodes), by_name);
	for (size_t i = 0; i < kept; i++) {
		struct node *node = &dir->nodes[i];

		if (is_entered(node))
			node->child = new_dir(dir->path, dir->len,
			    node->name.at, node->len, dir->ignore);
	}
}

static void
load_rules(struct dir *dir, int fd)
{
	struct dig_ignore *above = dir->ignore;
	struct dig_error warn = DIG_ERROR_INIT;

	dir->ignore = dig_ignore_load(fd, above, dir->path, dir->len, &warn);
	dig_ignore_free(above);
	if (warn.status != DIG_OK)
		dir->bad_rules = dig_strdup(warn.msg);
}

static void
list_dir(struct dig_walk *walk, struct dir *dir)
{
	struct listing listing = { .dir = dir, .fd = open_dir(walk, dir) };

	if (listing.fd < 0) {
		dir->os_errno = -listing.fd;
		return;
	}
	read_names(&listing);
	if (listing.has_rules && dir->ignore != NULL && !dir->is_repository)
		load_rules(dir, listing.fd);
	filter_and_sort(walk, dir);
	dir->nslices = (dir->nnodes + SLICE - 1) / SLICE;
	if (dir->nslices > 0)
		dir->slices = dig_calloc(dir->nslices, sizeof(*dir->slices));
	if (dir->nslices == 1)
		stat_slice(walk, dir, 0, listing.fd);
	dig_close(listing.fd);
}

/* Under the mutex: open what the listing has found, the first on top. */
static void
push_found(struct dig_walk *walk, struct dir *dir)
{
	for (size_t s = dir->nslices; s-- > 0;) {
		struct task *task = &dir->slices[s].task;

		for (size_t i = slice_end(dir, s); i-- > s * SLICE;)
			if (dir->nodes[i].child != NULL)
				link_dir(walk, dir->nodes[i].child);
		task->dir = dir;
		task->slice = s;
		if (dir->nslices > 1)
			push_task(walk, task);
		else
			task->state = DONE;
	}
	if (dir->nslices == 1)
		walk->ahead += dir->nnodes;
}

/*
 * Under the mutex, after each task: the consumer may go on. Not for every
 * folder, since on a few processors it only takes turns with a worker then;
 * when a batch is ready, or nothing is left that would make it one.
 */
static void
wake_consumer(struct dig_walk *walk)
{
	if (walk->wanted != NULL && walk->wanted->state == DONE &&
	    (walk->ahead >= BATCH || walk->top == NULL))
		pthread_cond_signal(&walk->done);
}

/* A task taken, without the mutex; leaves with the mutex held. */
static void
run_task(struct dig_walk *walk, struct task *task)
{
	struct dir *dir = task->dir;
	int fd;

	if (task->slice == WHOLE) {
		list_dir(walk, dir);
	} else {
		fd = open_dir(walk, dir);
		stat_slice(walk, dir, task->slice, fd);
		if (fd >= 0)
			dig_close(fd);
	}
	pthread_mutex_lock(&walk->mutex);
	if (task->slice == WHOLE)
		push_found(walk, dir);
	else
		walk->ahead +=
		    slice_end(dir, task->slice) - task->slice * SLICE;
	task->state = DONE;
	wake_consumer(walk);
	if (walk->idle > 0 && walk->top != NULL)
		pthread_cond_broadcast(&walk->work);
}

static void
worker(void *arg, unsigned index)
{
	struct dig_walk *walk = arg;

	(void)index;
	pthread_mutex_lock(&walk->mutex);
	while (!walk->stop) {
		struct task *task = walk->top;

		if (task == NULL || walk->ahead >= AHEAD_MAX) {
			walk->idle++;
			pthread_cond_wait(&walk->work, &walk->mutex);
			walk->idle--;
			continue;
		}
		take_task(walk, task);
		pthread_mutex_unlock(&walk->mutex);
		run_task(walk, task);
	}
	pthread_mutex_unlock(&walk->mutex);
}

/*
 * Most trees are small, and threads cost as much as a hundred files: they are
 * started when the consumer leaves much undone.
 */
static void
start_threads(struct dig_walk *walk)
{
	unsigned n = walk->options.nthreads;

	walk->may_start = false;
	if (n == 0)
		n = dig_thread_count();
	if (n > 1)
		dig_group_start(&walk->group, n, worker, walk);
}

/* The consumer needs the task's results. */
static void
need(struct dig_walk *walk, struct task *task)
{
	pthread_mutex_lock(&walk->mutex);
	if (task->state == OPEN) {
		take_task(walk, task);
		pthread_mutex_unlock(&walk->mutex);
		run_task(walk, task);
		if (walk->may_start && walk->nopen >= WORTH)
			start_threads(walk);
	}
	walk->wanted = task;
	while (task->state != DONE)
		pthread_cond_wait(&walk->done, &walk->mutex);
	walk->wanted = NULL;
	pthread_mutex_unlock(&walk->mutex);
}

static void
push_frame(struct dig_walk *walk, struct dir *dir)
{
	struct frame frame = { dir, 0, false };

	DIG_GROW(walk->frames, walk->cap, walk->nframes + 1);
	walk->frames[walk->nframes++] = frame;
}

/* The consumer is through with nodes [.., end) of the slice. */
static void
drop_slice(struct dig_walk *walk, struct dir *dir, size_t slice)
{
	size_t n = slice_end(dir, slice) - slice * SLICE;

	free(dir->slices[slice].results);
	dir->slices[slice].results = NULL;
	pthread_mutex_lock(&walk->mutex);
	walk->ahead -= n;
	if (walk->idle > 0 && walk->top != NULL && walk->ahead < AHEAD_MAX)
		pthread_cond_broadcast(&walk->work);
	pthread_mutex_unlock(&walk->mutex);
}

static void
pop_frame(struct dig_walk *walk)
{
	struct dir *dir = walk->frames[--walk->nframes].dir;

	pthread_mutex_lock(&walk->mutex);
	unlink_dir(walk, dir);
	pthread_mutex_unlock(&walk->mutex);
	free_dir(dir);
}

/* Begin walk->entry for `name` in `dir`, or for dir itself. */
static struct dig_walk_entry *
begin_entry(struct dig_walk *walk, const struct dir *dir, const char *name,
    size_t len, enum dig_walk_what what)
{
	struct dig_walk_entry *entry = &walk->entry;

	dig_buf_reset(&walk->path);
	dig_buf_put(&walk->path, dir->path, dir->len);
	if (dir->len > 0 && len > 0)
		dig_buf_putc(&walk->path, '/');
	dig_buf_put(&walk->path, name, len);
	dig_buf_reserve(&walk->path, 1);
	walk->path.data[walk->path.len] = '\0';
	memset(entry, 0, sizeof(*entry));
	entry->path = (const char *)walk->path.data;
	entry->len = walk->path.len;
	entry->what = what;
	return entry;
}

/* What there is to say of the folder itself, once listed; NULL: nothing. */
static const struct dig_walk_entry *
dir_entry(struct dig_walk *walk, const struct dir *dir)
{
	struct dig_walk_entry *entry;

	if (dir->os_errno == 0 && !dir->is_repository && dir->bad_rules == NULL)
		return NULL;
	entry = begin_entry(walk, dir, "", 0,
	    dir->is_repository   ? DIG_WALK_REPOSITORY
	    : dir->os_errno != 0 ? DIG_WALK_ERROR
				 : DIG_WALK_BADRULES);
	entry->stat.type = DIG_FT_DIR;
	entry->os_errno = dir->os_errno;
	if (entry->what == DIG_WALK_BADRULES)
		entry->reason = dir->bad_rules;
	return entry;
}

static const struct dig_walk_entry *
node_entry(struct dig_walk *walk, const struct dir *dir, size_t at)
{
	const struct node *node = &dir->nodes[at];
	const struct result *results = dir->slices[at / SLICE].results;
	const struct result *result;
	struct dig_walk_entry *entry =
	    begin_entry(walk, dir, node->name.at, node->len, node->what);

	entry->stat.type = node->type;
	entry->reason = node->reason;
	if (results == NULL || node->type == DIG_FT_DIR || node->reason != NULL)
		return entry;
	result = &results[at % SLICE];
	if (result->os_errno != 0) {
		entry->what = DIG_WALK_ERROR;
		entry->os_errno = result->os_errno;
		return entry;
	}
	entry->stat = result->stat;
	if (node->what != DIG_WALK_IGNORED)
		entry->what = entry->stat.type == DIG_FT_REGULAR ? DIG_WALK_FILE
			      : entry->stat.type == DIG_FT_SYMLINK
				  ? DIG_WALK_SYMLINK
				  : DIG_WALK_SPECIAL;
	return entry;
}

enum dig_status
dig_walk_open(int root_fd, const struct dig_walk_options *options,
    struct dig_walk **out, struct dig_error *err)
{
	struct dig_walk *walk = dig_calloc(1, sizeof(*walk));
	struct dir *root;

	(void)err; /* a root that cannot be read is an entry like others */
	walk->root_fd = root_fd;
	walk->options = *options;
	pthread_mutex_init(&walk->mutex, NULL);
	pthread_cond_init(&walk->work, NULL);
	pthread_cond_init(&walk->done, NULL);
	dig_ignore_ref(options->ignore);
	/* For arguments that mean the root, whatever is in it. */
	(void)dig_pathspec_match(options->pathspec, "", 0, true);
	root = new_dir("", 0, "", 0, options->ignore);
	link_dir(walk, root);
	push_frame(walk, root);
	walk->may_start = options->nthreads != 1;
	*out = walk;
	return DIG_OK;
}

enum dig_status
dig_walk_next(struct dig_walk *walk, const struct dig_walk_entry **out,
    struct dig_error *err)
{
	while (walk->nframes > 0) {
		struct frame *frame = &walk->frames[walk->nframes - 1];
		struct dir *dir = frame->dir;
		size_t at = frame->at;

		if (!frame->entered) {
			if (dig_interrupted())
				return dig_raise(
				    err, DIG_ECANCELLED, "interrupted");
			need(walk, &dir->list);
			frame->entered = true;
			*out = dir_entry(walk, dir);
			if (*out != NULL)
				return DIG_OK;
		}
		if (at > 0 && (at == dir->nnodes || at % SLICE == 0))
			drop_slice(walk, dir, (at - 1) / SLICE);
		if (at == dir->nnodes) {
			pop_frame(walk);
			continue;
		}
		if (at % SLICE == 0)
			need(walk, &dir->slices[at / SLICE].task);
		frame->at++;
		if (dir->nodes[at].child != NULL) {
			push_frame(walk, dir->nodes[at].child);
			continue;
		}
		*out = node_entry(walk, dir, at);
		return DIG_OK;
	}
	*out = NULL;
	return DIG_OK;
}

void
dig_walk_close(struct dig_walk *walk)
{
	if (walk == NULL)
		return;
	pthread_mutex_lock(&walk->mutex);
	walk->stop = true;
	pthread_cond_broadcast(&walk->work);
	pthread_mutex_unlock(&walk->mutex);
	dig_group_join(&walk->group);
	while (walk->dirs != NULL) {
		struct dir *dir = walk->dirs;

		walk->dirs = dir->next;
		free_dir(dir);
	}
	dig_ignore_free(walk->options.ignore);
	pthread_cond_destroy(&walk->done);
	pthread_cond_destroy(&walk->work);
	pthread_mutex_destroy(&walk->mutex);
	free(walk->frames);
	dig_buf_clear(&walk->path);
	free(walk);
}
