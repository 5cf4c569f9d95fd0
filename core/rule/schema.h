/* JSON Schemas of the files that analysts write, for editors that complete, explain and check YAML while it is typed.  They
 * know shapes, words and fields; what only the loader knows (expressions, rows that contradict each other) they leave to it. */
#ifndef FW_SCHEMA_H
#define FW_SCHEMA_H

#include "core/base/buffer.h"
#include "core/detector.h"

enum schema_kind { SCHEMA_RULE, SCHEMA_PARAMS, SCHEMA_SUPPRESSIONS, SCHEMA_KINDS };
extern const char *const schema_kind_names[SCHEMA_KINDS];

/* Adds one JSON object without a newline. */
void schema_write(enum schema_kind, const struct detector_registry *, struct buffer *);

#endif
