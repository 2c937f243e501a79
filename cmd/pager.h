/* SPDX-License-Identifier: MIT
 *
 * Long output on a terminal goes through a pager.
 *
 * Chosen from DIG_PAGER, core.pager of the user's own file, PAGER, `less`; an
 * empty value or `cat` means none. A repository cannot name one.
 */
#ifndef CMD_PAGER_H
#define CMD_PAGER_H

#include <sys/types.h>

#include "repo/config.h"

struct dig_pager {
	pid_t pid; /* 0: none runs */
};

/*
 * When descriptor 1 is a terminal, start the pager and let descriptor 1 feed
 * it. A pager that cannot be started is no error: the output then goes to the
 * terminal. LESS=FRX and LV=-c are set where the user has no own.
 */
void dig_pager_start(struct dig_pager *pager, const struct dig_config *config);

/* Close descriptor 1 (flushed before) and wait until the person is done. */
void dig_pager_finish(struct dig_pager *pager);

#endif
