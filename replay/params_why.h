/* What is in force of one parameter in an area on a day, and why.  The row itself is the one that judging takes (param_find);
 * what is said beside it is read off the rows. */
#ifndef FW_PARAMS_WHY_H
#define FW_PARAMS_WHY_H

#include "core/rule/ruleset.h"

enum nothing {                          /* why no row holds */
	NOTHING_SO,                     /* one does */
	NOTHING_IN_REGION,              /* no row for the area, on any day */
	NOTHING_BEFORE,                 /* the first one begins later */
	NOTHING_AFTER,                  /* the last one has ended */
	NOTHING_BETWEEN,                /* a gap */
	NOTHING_FOR_TIER                /* rows hold, but for other tiers */
};

struct why {                            /* of one tier */
	const char *tier;               /* as rows name it; NULL: everybody else */
	const struct param_row *row;    /* NULL: nothing is in force */
	enum nothing nothing;
	const struct param_row *nearest;        /* where nothing is in force: the first row to come, or the last one that held */
	int32_t next_day;               /* INT32_MAX: nothing changes any more */
	const struct param_row *next;   /* from then on; NULL: nothing is in force then */
};

struct whys {
	const struct rule *rule;
	int32_t param;
	const struct area *area;
	int32_t day;
	struct why *why;                /* one for everybody, or one a tier and one for everybody else */
	size_t count;
};

/* Everything about the parameter; free with whys_free. */
struct whys whys_make(const struct rule *, int32_t param, const struct area *, int32_t day);
void whys_free(struct whys *);

/* Rows that say something about `why` beside its own row, in the order of the file's rows: NULL when there are no more.  *index
 * begins at 0. */
enum beside { BESIDE_BEATEN, BESIDE_FLOOR };
const struct param_row *whys_beside(const struct whys *, const struct why *, enum beside, size_t *index);

#endif
