/* PRIVATE to core/archive: the stored rulesets. */
#ifndef FW_RULESETS_H
#define FW_RULESETS_H

#include "core/archive/archive.h"

/* Checks every stored ruleset against its manifest; damages go to diags.  Gives their number. */
size_t rulesets_verify(const char *dir, struct diags *);

#endif
