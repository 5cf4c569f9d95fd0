/* PRIVATE to core/rule: rules/suppressions/<name>.yaml, lists of entries that keep known alerts from being said. */
#ifndef FW_SUPPRESS_H
#define FW_SUPPRESS_H

#include "core/base/buffer.h"
#include "core/rule/load.h"

struct suppressions_file {
	struct source source;           /* shown with x over numbers of persons: no diagnostic says them */
	struct suppression *entry;
	struct extent *rule_at, *id_at;
	size_t entries;
};

/* NULL: reported. */
struct suppressions_file *suppressions_load(struct load *, const char *path);

/* Into the set, sorted by id; each id once.  A rule that nobody knows is only reported when every rule file could be read. */
void suppressions_join(struct load *, struct rule_draft *const *, size_t rules, struct suppressions_file *const *, size_t files, bool has_all_rules);

/* Canonical text of the set's entries, numbers of persons included: for the digest. */
void suppressions_text(const struct ruleset *, struct buffer *);

#endif
