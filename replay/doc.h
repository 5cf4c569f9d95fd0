/* Pages about rules, from the files themselves. */
#ifndef FW_DOC_H
#define FW_DOC_H

#include "core/rule/ruleset.h"
#include "replay/page.h"

/* The page of one rule of the set. */
void doc_rule(struct page *, struct ruleset *, size_t rule);

/* All rules by family, each with a link to its page; ending is that of the pages' names, ".html". */
void doc_index(struct page *, const struct ruleset *, const char *ending);

/* A word of the rule language for people; word NULL: nothing. */
struct both doc_word(const char *word);

#endif
