/* PRIVATE to core/rule, and the door to PCRE2: patterns over codes and identifiers.
 *
 * Interpreted, never JIT: a pattern meets each distinct code once, and the match limit then counts the same steps on
 * every machine, so that the same claims give the same answers everywhere. */
#ifndef FW_PATTERN_H
#define FW_PATTERN_H

#include "core/base/arena.h"
#include "core/detector.h"

struct pattern;

/* Compiled into the arena and freed with it; read-only afterwards, any thread.  NULL: *offset is the byte where the
 * text is wrong and *why says it (English, in the arena). */
struct pattern *pattern_compile(struct arena *, struct slice text, size_t *offset, const char **why);

/* Memory for matching: one thread. */
struct pattern_scratch;
struct pattern_scratch *pattern_scratch_open(void);
void pattern_scratch_close(struct pattern_scratch *);

/* TRUTH_UNKNOWN when the match limit was reached or the text is not UTF-8. */
enum truth pattern_match(const struct pattern *, struct pattern_scratch *, struct slice text);

#endif
