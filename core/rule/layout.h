/* A file that an analyst wrote, in the one layout of the house: fixed order of keys, one row a line, even spacing and
 * indentation.  Comments, quotes, the spelling of every value, the order of whatever an analyst orders and single blank lines
 * stay. */
#ifndef FW_LAYOUT_H
#define FW_LAYOUT_H

#include "core/base/buffer.h"
#include "core/rule/ruleset.h"

enum layout_result {
	LAYOUT_DONE,
	LAYOUT_UNSAFE                   /* what came out would not be read as the same, or not stay as it is */
};

/* Whether the file is one that can be laid out: a rule, a region's parameters or suppressions, no table. */
bool layout_knows(const struct ruleset_file *);

/* Adds the file's text in the layout.  The set is the one that the file belongs to: a rule's canonical text gives the order
 * of the keys.  Done: what was added was read again, holds the same keys and values, and laying it out once more gives the
 * same bytes.  Scratch stays in the set's arena. */
enum layout_result layout_file(struct ruleset *, const struct ruleset_file *, struct buffer *out);

#endif
