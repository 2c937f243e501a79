/* SPDX-License-Identifier: MIT
 *
 * The bounded queue and the worker group.
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include "objects/base/thread.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "objects/base/buf.h"

void
dig_queue_init(struct dig_queue *queue, size_t cap)
{
	pthread_mutex_init(&queue->mutex, NULL);
	pthread_cond_init(&queue->not_full, NULL);
	pthread_cond_init(&queue->not_empty, NULL);
	queue->slots = dig_calloc(cap, sizeof(*queue->slots));
	queue->cap = cap;
	queue->head = queue->len = 0;
	queue->closed = false;
}

void
dig_queue_clear(struct dig_queue *queue)
{
	pthread_mutex_destroy(&queue->mutex);
	pthread_cond_destroy(&queue->not_full);
	pthread_cond_destroy(&queue->not_empty);
	free(queue->slots);
	queue->slots = NULL;
}

bool
dig_queue_push(struct dig_queue *queue, void *item)
{
	bool ok;

	pthread_mutex_lock(&queue->mutex);
	while (queue->len == queue->cap && !queue->closed)
		pthread_cond_wait(&queue->not_full, &queue->mutex);
	ok = !queue->closed;
	if (ok) {
		queue->slots[(queue->head + queue->len) % queue->cap] = item;
		queue->len++;
		pthread_cond_signal(&queue->not_empty);
	}
	pthread_mutex_unlock(&queue->mutex);
	return ok;
}

void *
dig_queue_pop(struct dig_queue *queue)
{
	void *item = NULL;

	pthread_mutex_lock(&queue->mutex);
	while (queue->len == 0 && !queue->closed)
		pthread_cond_wait(&queue->not_empty, &queue->mutex);
	if (queue->len > 0) {
		item = queue->slots[queue->head];
		queue->head = (queue->head + 1) % queue->cap;
		queue->len--;
		pthread_cond_signal(&queue->not_full);
	}
	pthread_mutex_unlock(&queue->mutex);
	return item;
}

void
dig_queue_close(struct dig_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->closed = true;
	pthread_cond_broadcast(&queue->not_full);
	pthread_cond_broadcast(&queue->not_empty);
	pthread_mutex_unlock(&queue->mutex);
}

unsigned
dig_thread_count(void)
{
	const char *env = getenv("DIG_THREADS");
	cpu_set_t set;
	long n = env ? strtol(env, NULL, 10) : 0;

	if (n < 1) {
		CPU_ZERO(&set);
		n = sched_getaffinity(0, sizeof(set), &set) == 0
			? CPU_COUNT(&set)
			: 1;
	}
	return n < 1 ? 1 : n > 64 ? 64 : (unsigned)n;
}

struct start {
	void (*fn)(void *arg, unsigned index);
	void *arg;
	unsigned index;
};

static void *
run(void *raw)
{
	struct start start = *(struct start *)raw;

	free(raw);
	start.fn(start.arg, start.index);
	return NULL;
}

unsigned
dig_group_start(struct dig_group *group, unsigned n,
    void (*fn)(void *arg, unsigned index), void *arg)
{
	sigset_t all;
	sigset_t old;

	group->threads = dig_calloc(n, sizeof(*group->threads));
	group->nthreads = 0;
	/* Signals go to the main thread, which is where they are read. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	while (group->nthreads < n) {
		struct start *start = dig_alloc(sizeof(*start));

		start->fn = fn;
		start->arg = arg;
		start->index = group->nthreads;
		if (pthread_create(&group->threads[group->nthreads], NULL, run,
			start) != 0) {
			free(start);
			break;
		}
		group->nthreads++;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return group->nthreads;
}

void
dig_group_join(struct dig_group *group)
{
	for (unsigned i = 0; i < group->nthreads; i++)
		pthread_join(group->threads[i], NULL);
	free(group->threads);
	group->threads = NULL;
	group->nthreads = 0;
}
