/* PRIVATE to core/rule, and the door to libfyaml: strict YAML as a tree with places.
 *
 * Always holds: no anchor, alias, tag, directive or second document; keys are scalars and different within a map; a
 * scalar is text and nothing else, whatever it looks like. */
#ifndef FW_YAML_H
#define FW_YAML_H

#include "core/rule/source.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml {
	enum yaml_kind kind;
	bool quoted;                    /* scalar in quotes or a block: "" is text, not a missing value */
	struct extent at;               /* of a scalar's content; of the first character of a list or map */
	struct slice text;              /* scalar; ends with NUL */
	struct yaml *key;               /* of a member of a map */
	struct yaml *first, *next;      /* members in file order */
	size_t count;
};

/* NULL: the mistakes were reported.  The tree lives in the arena. */
struct yaml *yaml_load(const struct source *, struct arena *);

/* The member of that key, NULL: none. */
struct yaml *yaml_get(const struct yaml *map, const char *key);

/* A key with nothing behind it. */
static inline bool
yaml_is_missing(const struct yaml *node)
{
	return node->kind == YAML_SCALAR && !node->quoted && node->text.length == 0;
}

/* Place in the file of a part of a scalar's text: exact in one line, and across folded lines and simple escapes. */
struct extent yaml_extent(const struct source *, const struct yaml *scalar, size_t offset, size_t length);

#endif
