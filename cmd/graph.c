/* SPDX-License-Identifier: MIT
 *
 * Lanes, and the state that says which line of a commit is drawn next:
 *
 *	ROOM --> COMMIT --> PART --> JOIN --> DONE
 *
 * ROOM only for an octopus with lanes to its right, PART only for merges, JOIN
 * while `map` differs from what it shall be. When a commit comes before the
 * one before is DONE, its first line is "...".
 *
 * `before` are the lanes that come into the commit's line, `after` those that
 * leave it. `map` says for each character column which lane of `after` is
 * drawn there, -1 for none; lane i belongs in column 2 * i. A lane moves to the
 * left only, by one column a line, or by two where it crosses another; one
 * lane of each line may run flat, all the way, as "_".
 */
#include "cmd/graph.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NCOLOURS 12

enum state { DONE, SKIP, ROOM, COMMIT, PART, JOIN };

struct lane {
	struct dig_oid id; /* the commit that it leads to */
	int colour;
};

struct dig_graph {
	bool begun;
	struct dig_oid id;
	struct dig_oid *parents;
	int nparents;
	int at; /* lane of the commit */
	int width;
	int room; /* lines of ROOM drawn so far */
	enum state state;

	/* Where the first parent of a merge goes: 0 to a lane on the left of
	 * the commit's, so that the parents part like "/|", 1 not: "|\"; -1
	 * while it is not known. */
	int skew;
	int nadded; /* lanes that come up on the right of the commit's */

	/* Of what was drawn before. */
	enum state last_state;
	int last_at;
	int last_nadded;

	struct lane *before;
	int nbefore;
	struct lane *after;
	int nafter;
	size_t lanes_cap; /* of both */
	int *map;
	int nmap;
	int *old_map;
	size_t map_cap; /* of both */
	int colour;
	int ndrawn; /* characters of the line under way */
};

struct dig_graph *
dig_graph_new(void)
{
	struct dig_graph *graph = dig_calloc(1, sizeof(*graph));

	graph->colour = NCOLOURS - 1;
	return graph;
}

void
dig_graph_free(struct dig_graph *graph)
{
	if (graph == NULL)
		return;
	free(graph->parents);
	free(graph->before);
	free(graph->after);
	free(graph->map);
	free(graph->old_map);
	free(graph);
}

/* ---- The next commit --------------------------------------------------- */

static int
find_lane(const struct lane *lanes, int n, const struct dig_oid *id)
{
	for (int i = 0; i < n; i++)
		if (dig_oid_eq(&lanes[i].id, id))
			return i;
	return -1;
}

/* The lane of `after` that leads to a commit; made when there is none, in the
 * colour that it had. */
static int
lane_after(struct dig_graph *graph, const struct dig_oid *id)
{
	int i = find_lane(graph->after, graph->nafter, id);
	int had;

	if (i >= 0)
		return i;
	i = graph->nafter++;
	had = find_lane(graph->before, graph->nbefore, id);
	graph->after[i].id = *id;
	graph->after[i].colour =
	    had >= 0 ? graph->before[had].colour : graph->colour;
	return i;
}

/* Lead a line of history on; `from` is the commit's lane when it is one of its
 * parents, else -1. */
static void
lead(struct dig_graph *graph, const struct dig_oid *id, int from)
{
	int lane = lane_after(graph, id);
	int column = graph->width;

	if (graph->nparents > 1 && from >= 0 && graph->skew < 0) {
		int left = from - lane;

		graph->skew = left > 0 ? 0 : 1;
		graph->nadded = graph->nparents + graph->skew - 2;
		if (graph->skew == 0)
			column -= left > 1 ? 2 * left - 3 : 1;
		else
			graph->width += 2;
	} else if (graph->nadded > 0 && lane == graph->map[column - 2]) {
		/* It meets the last parent at once. */
		column -= 2;
		graph->nadded = -1;
	} else {
		graph->width += 2;
	}
	graph->map[column] = lane;
}

static void
lead_parents(struct dig_graph *graph, int lane, bool is_new)
{
	graph->at = lane;
	graph->skew = -1;
	for (int i = 0; i < graph->nparents; i++) {
		if (graph->nparents > 1 || is_new)
			graph->colour = (graph->colour + 1) % NCOLOURS;
		lead(graph, &graph->parents[i], lane);
	}
	if (graph->nparents == 0)
		graph->width += 2;
}

static void
make_room(struct dig_graph *graph)
{
	size_t nlanes = (size_t)(graph->nbefore + graph->nparents + 1);

	if (nlanes > graph->lanes_cap) {
		size_t cap = graph->lanes_cap;

		DIG_GROW(graph->before, cap, nlanes);
		DIG_GROW(graph->after, graph->lanes_cap, nlanes);
	}
	if (2 * nlanes > graph->map_cap) {
		size_t cap = graph->map_cap;

		DIG_GROW(graph->map, cap, 2 * nlanes);
		cap = graph->map_cap;
		DIG_GROW(graph->old_map, graph->map_cap, 2 * nlanes);
		for (size_t i = cap; i < graph->map_cap; i++)
			graph->old_map[i] = -1;
	}
	graph->nmap = (int)(2 * (nlanes - 1));
	for (int i = 0; i < graph->nmap; i++)
		graph->map[i] = -1;
}

/* What is drawn between an octopus and its last parents: "-." for each. */
static int
ndashes(const struct dig_graph *graph)
{
	return graph->nparents + graph->skew - 3;
}

static bool
needs_room(const struct dig_graph *graph)
{
	return graph->nparents >= 3 && graph->at < graph->nbefore - 1 &&
	       graph->room < 2 * ndashes(graph);
}

void
dig_graph_next(struct dig_graph *graph, const struct dig_oid *id,
    const struct dig_oid *parents, size_t nparents)
{
	struct lane *lanes = graph->before;
	bool found = false;

	free(graph->parents);
	graph->parents = dig_calloc(nparents + 1, sizeof(*parents));
	memcpy(graph->parents, parents, nparents * sizeof(*parents));
	graph->nparents = (int)nparents;
	graph->id = *id;
	graph->begun = true;

	graph->before = graph->after;
	graph->nbefore = graph->nafter;
	graph->after = lanes;
	graph->nafter = 0;
	make_room(graph);
	graph->last_at = graph->at;
	graph->last_nadded = graph->nadded;
	graph->nadded = 0;
	graph->width = 0;
	for (int i = 0; i < graph->nbefore; i++) {
		const struct dig_oid *to = &graph->before[i].id;

		if (dig_oid_eq(to, id)) {
			found = true;
			lead_parents(graph, i, false);
		} else {
			lead(graph, to, -1);
		}
	}
	if (!found)
		lead_parents(graph, graph->nbefore, true);
	while (graph->nmap > 1 && graph->map[graph->nmap - 1] < 0)
		graph->nmap--;
	graph->room = 0;
	graph->state = graph->state != DONE ? SKIP
		       : needs_room(graph)  ? ROOM
					    : COMMIT;
}

/* ---- Characters -------------------------------------------------------- */

static void
draw(struct dig_graph *graph, struct dig_out *out, const char *text)
{
	dig_out_puts(out, text);
	graph->ndrawn += (int)strlen(text);
}

static void
draw_blanks(struct dig_graph *graph, struct dig_out *out, int n)
{
	for (int i = 0; i < n; i++)
		draw(graph, out, " ");
}

static void
draw_lane(struct dig_graph *graph, struct dig_out *out, const struct lane *lane,
    const char *text)
{
	static const enum dig_colour colours[NCOLOURS] = { DIG_COLOUR_RED,
		DIG_COLOUR_GREEN, DIG_COLOUR_YELLOW, DIG_COLOUR_BLUE,
		DIG_COLOUR_MAGENTA, DIG_COLOUR_CYAN, DIG_COLOUR_BOLD_RED,
		DIG_COLOUR_BOLD_GREEN, DIG_COLOUR_BOLD_YELLOW,
		DIG_COLOUR_BOLD_BLUE, DIG_COLOUR_BOLD_MAGENTA,
		DIG_COLOUR_BOLD_CYAN };

	dig_out_colour(out, colours[lane->colour]);
	draw(graph, out, text);
	dig_out_colour(out, DIG_COLOUR_RESET);
}

/* ---- Lines ------------------------------------------------------------- */

static bool
is_in_place(const struct dig_graph *graph)
{
	for (int i = 0; i < graph->nmap; i++)
		if (graph->map[i] >= 0 && graph->map[i] != i / 2)
			return false;
	return true;
}

static void
enter(struct dig_graph *graph, enum state state)
{
	graph->last_state = graph->state;
	graph->state = state;
}

static void
draw_done(struct dig_graph *graph, struct dig_out *out)
{
	for (int i = 0; i < graph->nafter; i++) {
		draw_lane(graph, out, &graph->after[i], "|");
		draw(graph, out, " ");
	}
}

/* A line before the star's: the lanes that come into it. */
static void
draw_padding(struct dig_graph *graph, struct dig_out *out)
{
	for (int i = 0; i < graph->nbefore; i++) {
		const struct lane *lane = &graph->before[i];
		bool octopus =
		    graph->nparents > 2 && dig_oid_eq(&lane->id, &graph->id);

		draw_lane(graph, out, lane, "|");
		draw_blanks(
		    graph, out, octopus ? 2 * (graph->nparents - 2) : 1);
	}
	draw_blanks(graph, out, graph->width - graph->ndrawn);
	graph->last_state = DONE;
}

/* The line before was a merge's last, and this lane still leans from it. */
static bool
still_leans(const struct dig_graph *graph, int lane)
{
	return graph->last_state == PART && graph->last_at < lane;
}

static void
draw_room(struct dig_graph *graph, struct dig_out *out)
{
	bool seen = false;

	for (int i = 0; i < graph->nbefore; i++) {
		const struct lane *lane = &graph->before[i];
		bool leans = seen && (graph->room > 0 || still_leans(graph, i));

		draw_lane(graph, out, lane, leans ? "\\" : "|");
		if (dig_oid_eq(&lane->id, &graph->id)) {
			seen = true;
			draw_blanks(graph, out, graph->room);
		}
		draw(graph, out, " ");
	}
	graph->room++;
	if (!needs_room(graph))
		enter(graph, COMMIT);
}

static void
draw_dashes(struct dig_graph *graph, struct dig_out *out)
{
	int n = ndashes(graph);

	for (int i = 0; i < n; i++) {
		int lane = graph->map[2 * (graph->at + i + 2)];

		draw_lane(graph, out, &graph->after[lane], "-");
		draw_lane(
		    graph, out, &graph->after[lane], i == n - 1 ? "." : "-");
	}
}

static void
draw_commit(struct dig_graph *graph, struct dig_out *out)
{
	bool seen = false;

	for (int i = 0; i < graph->nbefore || !seen; i++) {
		const char *shape = "|";

		if (i == graph->nbefore ||
		    dig_oid_eq(&graph->before[i].id, &graph->id)) {
			seen = true;
			draw(graph, out, "*");
			if (graph->nparents > 2)
				draw_dashes(graph, out);
			draw(graph, out, " ");
			continue;
		}
		if (seen && graph->nadded > 1)
			shape = "\\";
		else if (seen && graph->nadded == 1)
			shape = still_leans(graph, i) && graph->last_nadded > 0
				    ? "\\"
				    : "|";
		else if (graph->last_state == JOIN &&
			 graph->old_map[2 * i + 1] == i &&
			 graph->map[2 * i] < i)
			shape = "/";
		draw_lane(graph, out, &graph->before[i], shape);
		draw(graph, out, " ");
	}
	enter(graph, graph->nparents > 1  ? PART
		     : is_in_place(graph) ? DONE
					  : JOIN);
}

/* The parents of the merge, from left to right. */
static void
draw_parents(struct dig_graph *graph, struct dig_out *out)
{
	static const char *const shapes[] = { "/", "|", "\\" };
	int shape = graph->skew;

	for (int i = 0; i < graph->nparents; i++) {
		int lane =
		    find_lane(graph->after, graph->nafter, &graph->parents[i]);

		draw_lane(graph, out, &graph->after[lane], shapes[shape]);
		if (shape < 2)
			shape++;
		else if (graph->nadded > 0 || i < graph->nparents - 1)
			draw(graph, out, " ");
	}
	if (graph->nadded == 0)
		draw(graph, out, " ");
}

static void
draw_part(struct dig_graph *graph, struct dig_out *out)
{
	const struct lane *flat = NULL; /* leads to the first parent */
	bool seen = false;

	for (int i = 0; i < graph->nbefore || !seen; i++) {
		const struct lane *lane =
		    i < graph->nbefore ? &graph->before[i] : NULL;

		if (lane == NULL || dig_oid_eq(&lane->id, &graph->id)) {
			seen = true;
			draw_parents(graph, out);
			continue;
		}
		draw_lane(
		    graph, out, lane, seen && graph->nadded > 0 ? "\\" : "|");
		if (!seen && graph->skew == 0 && i == graph->at - 1)
			; /* its "/" stands where the blank would */
		else if (!seen && flat != NULL)
			draw_lane(graph, out, flat, "_");
		else
			draw(graph, out, " ");
		if (dig_oid_eq(&lane->id, &graph->parents[0]))
			flat = lane;
	}
	enter(graph, is_in_place(graph) ? DONE : JOIN);
}

/*
 * Move every lane a step to the left. *flat: the column from which one lane
 * runs flat, -1 for none.
 */
static void
move_left(struct dig_graph *graph, int *flat)
{
	int *map = graph->old_map;

	graph->old_map = graph->map;
	graph->map = map;
	*flat = -1;
	for (int i = 0; i < graph->nmap; i++)
		map[i] = -1;
	for (int i = 0; i < graph->nmap; i++) {
		int lane = graph->old_map[i];
		int to = i - 1;

		if (lane < 0)
			continue;
		assert(2 * lane <= i); /* it moves to the left only */
		if (2 * lane == i) {
			map[i] = lane;
			continue;
		}
		if (map[to] == lane)
			continue; /* it has met the others of its lane */
		if (map[to] >= 0)
			to--; /* it crosses a lane */
		map[to] = lane;
		if (*flat >= 0)
			continue;
		*flat = to + 1;
		for (int k = 2 * lane + 3; k < i - 2; k += 2)
			map[k] = lane;
	}
	memcpy(graph->old_map, map, (size_t)graph->nmap * sizeof(*map));
	if (map[graph->nmap - 1] < 0)
		graph->nmap--;
}

static void
draw_join(struct dig_graph *graph, struct dig_out *out)
{
	bool used = false;
	int flat, target = -1;

	move_left(graph, &flat);
	if (flat >= 0)
		target = graph->map[flat - 1];
	for (int i = 0; i < graph->nmap; i++) {
		int lane = graph->map[i];
		const char *shape = "/";

		if (lane < 0) {
			draw(graph, out, " ");
			continue;
		}
		if (2 * lane == i) {
			shape = "|";
		} else if (lane == target && i != flat - 1) {
			/* Only its first piece leads on. */
			if (i != 2 * lane + 3)
				graph->map[i] = -1;
			used = true;
			shape = "_";
		} else if (used && i < flat) {
			graph->map[i] = -1;
		}
		draw_lane(graph, out, &graph->after[lane], shape);
	}
	if (is_in_place(graph))
		enter(graph, DONE);
}

/* One line; true when it was the one with the star. */
static bool
draw_line(struct dig_graph *graph, struct dig_out *out)
{
	enum state state = graph->state;

	if (!graph->begun)
		return false;
	graph->ndrawn = 0;
	switch (state) {
	case DONE:
		draw_done(graph, out);
		break;
	case SKIP:
		draw(graph, out, "...");
		enter(graph, needs_room(graph) ? ROOM : COMMIT);
		break;
	case ROOM:
		draw_room(graph, out);
		break;
	case COMMIT:
		draw_commit(graph, out);
		break;
	case PART:
		draw_part(graph, out);
		break;
	case JOIN:
		draw_join(graph, out);
		break;
	}
	draw_blanks(graph, out, graph->width - graph->ndrawn);
	return state == COMMIT;
}

void
dig_graph_commit(struct dig_graph *graph, struct dig_out *out)
{
	while (!draw_line(graph, out))
		dig_out_puts(out, "\n");
}

void
dig_graph_line(struct dig_graph *graph, struct dig_out *out)
{
	graph->ndrawn = 0;
	if (graph->begun && graph->state == COMMIT)
		draw_padding(graph, out);
	else
		draw_line(graph, out);
}

bool
dig_graph_is_done(const struct dig_graph *graph)
{
	return graph->state == DONE;
}

void
dig_graph_rest(struct dig_graph *graph, struct dig_out *out)
{
	bool first = true;

	while (!dig_graph_is_done(graph)) {
		if (!first)
			dig_out_puts(out, "\n");
		first = false;
		draw_line(graph, out);
	}
}
