/* PRIVATE to core/rule: what a YAML node has to be.  Each function gives the value, or reports what was expected. */
#ifndef FW_WANTS_H
#define FW_WANTS_H

#include "core/rule/yaml.h"

#include <stdint.h>

/* Reports every key that is not among the known ones. */
bool want_keys(const struct source *, const struct yaml *map, const char *const *known, size_t count);

/* The member, which must be there and filled; NULL: reported (at the map's own place). */
const struct yaml *want_member(const struct source *, const struct yaml *map, const char *key);

/* Kind of the node; false: reported. */
bool want_kind(const struct source *, const struct yaml *, enum yaml_kind);

/* A filled text of at most most bytes; NULL: reported. */
const char *want_text(const struct source *, const struct yaml *, size_t most);

/* Index in the words, -1: reported. */
int want_word(const struct source *, const struct yaml *, const char *const *words, size_t count);

/* An integer between least and most without leading zeros or sign. */
bool want_integer(const struct source *, const struct yaml *, int64_t least, int64_t most, int64_t *value);

/* YYYY-MM-DD */
bool want_date(const struct source *, const struct yaml *, int32_t *day);

/* true or false */
bool want_bool(const struct source *, const struct yaml *, bool *value);

/* {zh: ..., en: ...}, both filled. */
bool want_both_languages(const struct source *, const struct yaml *, const char *text[2]);

/* A list of 1 to most entries. */
bool want_entries(const struct source *, const struct yaml *list, size_t most);

/* A name: a letter, then letters, digits and _; at most 40 bytes. */
bool is_name(struct slice);

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
