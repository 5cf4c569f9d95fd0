/* PRIVATE to core/rule: writing the members of a JSON Schema, each with what schema_keys.def says about its key. */
#ifndef FW_SCHEMA_KEYS_H
#define FW_SCHEMA_KEYS_H

#include "core/base/buffer.h"

#define SCHEMA_TEXT "\"type\":\"string\",\"minLength\":1"
#define SCHEMA_CODE "\"type\":[\"string\",\"integer\"]"
#define SCHEMA_NUMBER "\"type\":[\"number\",\"string\"]"
#define SCHEMA_NAME "\"type\":\"string\",\"pattern\":\"^[A-Za-z_][A-Za-z0-9_]{0,39}$\""
#define SCHEMA_DAY "\"type\":\"string\",\"pattern\":\"^[0-9]{4}-[0-9]{2}-[0-9]{2}$\""

/* "key": and an object with title, description and examples, left open.  where is the key's place in schema_keys.def; the
 * key itself is what stands behind its last point. */
void schema_key(struct buffer *, const char *where);

/* The same, whole: rest holds the other members. */
void schema_member(struct buffer *, const char *where, const char *rest);
void schema_words(struct buffer *, const char *where, const char *const *word, size_t count);
void schema_word_list(struct buffer *, const char *where, const char *const *word, size_t count);
void schema_both(struct buffer *, const char *where);           /* {zh, en} */

/* Members of an object that has these keys alone: up to "properties" and its open bracket; required as JSON. */
void schema_object(struct buffer *, const char *required);
void schema_object_close(struct buffer *);

/* The members `params` and `basis`, alike in rules and in the files of regions. */
void schema_params(struct buffer *);
void schema_basis(struct buffer *);

/* "title" and "description" in both languages. */
void schema_describe(struct buffer *, const char *zh, const char *en, const char *more_zh, const char *more_en);

#endif
