/* Exact strings as small numbers: institutions, townships, areas, pools.  Number 0 is the empty name.  The numbering
 * follows first sight; no answer depends on it: whatever is printed or ordered goes by the text. */
#ifndef FW_NAMES_H
#define FW_NAMES_H

#include "core/base/arena.h"
#include "core/state/table.h"

struct names {
	struct table table;
	struct arena arena;
	struct slice *text;
	uint32_t count, capacity;
};

void names_init(struct names *);
uint32_t names_number(struct names *, struct slice);    /* adds it when new */
bool names_find(const struct names *, struct slice, uint32_t *number);
void names_free(struct names *);

static inline struct slice
names_text(const struct names *names, uint32_t number)
{
	return names->text[number];
}

#endif
