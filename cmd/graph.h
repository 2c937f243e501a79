/* SPDX-License-Identifier: MIT
 *
 * The lines of a history drawn beside its commits, as git draws them.
 *
 * Every line of history that is open has a lane, two characters wide. A commit
 * takes up several lines of output: first, for an octopus, lines that make
 * room; the line with its star; for a merge the line where its parents part;
 * then, while a lane is not where it shall be, lines that lead it to the left.
 *
 *	dig_graph_next(graph, id, parents, n);
 *	dig_graph_commit(graph, out);    up to the star, no line end
 *	...the text of the commit, with dig_graph_line before each further line
 *	dig_graph_rest(graph, out);      what is not drawn yet
 *
 * The caller hands commits in an order in which no commit comes before all of
 * its children; of the parents those that will be handed in.
 *
 * Source: the output of git-log(1) --graph.
 */
#ifndef CMD_GRAPH_H
#define CMD_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

#include "cmd/output.h"
#include "repo/dig.h"

struct dig_graph;

struct dig_graph *dig_graph_new(void);
void dig_graph_free(struct dig_graph *graph); /* NULL is accepted */

/* The next commit; the ids are copied. */
void dig_graph_next(struct dig_graph *graph, const struct dig_oid *id,
    const struct dig_oid *parents, size_t nparents);
/* Everything up to and with the star, in the colours of `out`. */
void dig_graph_commit(struct dig_graph *graph, struct dig_out *out);
/* The next line of the commit under way, without a line end: before its star
 * one of open lanes, and the same when all of it is drawn. */
void dig_graph_line(struct dig_graph *graph, struct dig_out *out);
/* Nothing is left of the commit but its open lanes. */
bool dig_graph_is_done(const struct dig_graph *graph);
/* The lines that are left, with a line end between them. */
void dig_graph_rest(struct dig_graph *graph, struct dig_out *out);

#endif
