/* Lines that fundwatch itself wrote, taken apart where they stand: values are slices of the line, as they were printed, so
 * that two can be compared byte for byte and no number is rounded.  Other JSON gives slices of nothing, never a fault. */
#ifndef FW_REPLAY_LINE_H
#define FW_REPLAY_LINE_H

#include "core/base/buffer.h"

/* The value of an object's own member, in its JSON form; data NULL: there is none. */
struct slice line_member(struct slice object, const char *name);

/* The member of a member: line_at(line, "rule", "severity"). */
struct slice line_at(struct slice object, const char *outer, const char *inner);

/* Steps through the members of an object or the items of a list: rest is the object or list at first.  name is the member's
 * without quotes, empty in a list.  False: no more. */
bool line_next(struct slice *rest, struct slice *name, struct slice *value);

/* A string without quotes and escapes; anything else as it is, null as nothing. */
void line_text(struct buffer *, struct slice value);

/* False: not an integer. */
bool line_integer(struct slice value, int64_t *number);

#endif
