/* SPDX-License-Identifier: MIT
 *
 * Threads for pipelines: a bounded queue of pointers, and a group of workers.
 */
#ifndef OBJECTS_BASE_THREAD_H
#define OBJECTS_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A bounded first-in-first-out queue of pointers between threads. push waits
 * while it is full, pop while it is empty. After dig_queue_close, push answers
 * false at once and pop drains what is left, then answers NULL.
 */
struct dig_queue {
	pthread_mutex_t mutex;
	pthread_cond_t not_full;
	pthread_cond_t not_empty;
	void **slots;
	size_t cap;
	size_t head;
	size_t len;
	bool closed;
};

void dig_queue_init(struct dig_queue *queue, size_t cap);
void dig_queue_clear(struct dig_queue *queue); /* items are the caller's */
bool dig_queue_push(struct dig_queue *queue, void *item);
void *dig_queue_pop(struct dig_queue *queue);
void dig_queue_close(struct dig_queue *queue);

/* Worker count: DIG_THREADS, else the processors that this process may use. */
unsigned dig_thread_count(void);

/* A group of threads that all run fn(arg, index). */
struct dig_group {
	pthread_t *threads;
	unsigned nthreads;
};

/* Start n threads (fewer if the system refuses; 0 means none could start). */
unsigned dig_group_start(struct dig_group *group, unsigned n,
    void (*fn)(void *arg, unsigned index), void *arg);
void dig_group_join(struct dig_group *group);

#endif
