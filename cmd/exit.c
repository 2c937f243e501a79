/* SPDX-License-Identifier: MIT
 *
 * Status to exit code; docs/errors.md has the same table in words.
 */
#include "cmd/command.h"

int
dig_exit_code(enum dig_status st)
{
	switch (st) {
	case DIG_OK:
		return 0;
	case DIG_ENO:
	case DIG_EEXISTS:
	case DIG_ECONFLICT:
	case DIG_EFILE:
		return 1;
	case DIG_EINVALID:
		return 2;
	case DIG_ENOREPO:
		return 3;
	case DIG_ENOTFOUND:
	case DIG_EAMBIGUOUS:
		return 4;
	case DIG_ENOTFF:
		return 7;
	case DIG_ECORRUPT:
		return 5;
	case DIG_EDENIED:
		return 8;
	case DIG_ENOMEM:
	case DIG_EIO:
	case DIG_EDB:
		return 9;
	case DIG_ELOCKED:
		return 11;
	case DIG_EREPAIRED:
		return 12;
	case DIG_ECANCELLED:
		return 130;
	}
	return 9;
}
