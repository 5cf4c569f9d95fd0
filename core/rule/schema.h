/* A JSON Schema of rule files, for editors that complete and check YAML while it is typed.  It knows shapes, words and
 * fields; what only the loader knows (expressions, rows that contradict each other) it leaves to the loader. */
#ifndef FW_SCHEMA_H
#define FW_SCHEMA_H

#include "core/base/buffer.h"
#include "core/detector.h"

/* Adds one JSON object without a newline. */
void rule_schema(const struct detector_registry *, struct buffer *);

#endif
