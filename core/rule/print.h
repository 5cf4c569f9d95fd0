/* PRIVATE to core/rule: canonical text. */
#ifndef FW_PRINT_H
#define FW_PRINT_H

#include "core/base/buffer.h"
#include "core/rule/yaml.h"

/* A text in double quotes, as YAML reads it back. */
void print_quoted(struct buffer *, struct slice);

/* Six places, without zeros at the end. */
void print_decimal(struct buffer *, int64_t millionths);

/* The list under tests: in canonical form, in the arena. */
const char *print_tests(struct arena *, const struct yaml *list);

#endif
