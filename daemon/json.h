/* Reading small JSON texts: requests and answers of the control socket.  Nothing is copied until a string's text is asked for. */
#ifndef FW_JSON_H
#define FW_JSON_H

#include "core/base/buffer.h"

#define JSON_DEPTH_MAX 16

/* Exactly one JSON value (RFC 8259) in UTF-8 and nothing but white space around it, nested at most JSON_DEPTH_MAX deep. */
bool json_is_whole(struct slice text);

/* Members of an object or items of an array that json_is_whole has seen.  json_walk: begin; json_next: the next one, false at the
 * end.  key is the quoted name, empty in an array; value is its text. */
struct json_walk {
	const char *at, *end;
	bool is_object;
};

struct json_walk json_walk(struct slice container);
bool json_next(struct json_walk *, struct slice *key, struct slice *value);

/* The value of a member; empty: there is none, or the text is no object. */
struct slice json_get(struct slice object, const char *name);

/* The text of a quoted string, without quotes and escapes, appended with a NUL that is not counted.  False: it is no string. */
bool json_plain(struct slice string, struct buffer *);

/* A whole number that fits; false: it is something else. */
bool json_is_unsigned(struct slice value, uint64_t *number);

static inline bool
json_is(struct slice value, const char *word)
{
	return slice_equal(value, slice_of(word));
}

#endif
