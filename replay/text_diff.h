/* Two texts compared line by line, as diff -u shows them. */
#ifndef FW_TEXT_DIFF_H
#define FW_TEXT_DIFF_H

#include "core/base/buffer.h"

/* Adds a unified difference with three lines around each change; nothing when the texts are the same.  Texts that differ in
 * very many lines are shown as one change. */
void text_diff(const char *name, struct slice old, struct slice new, struct buffer *out);

#endif
