/* How metrics are written down: Prometheus text format 0.0.4. */
#ifndef FW_EXPOSITION_H
#define FW_EXPOSITION_H

#include "core/base/buffer.h"

/* The two lines before the samples of fundwatch_NAME; type is counter, gauge or histogram. */
void metric_family(struct buffer *, const char *name, const char *type, const char *help);

/* name="value", with backslash, quote and newline escaped. */
void metric_label(struct buffer *, const char *name, struct slice value);

/* A finite number: the shortest of 15 and 17 digits that says it exactly. */
void metric_number(struct buffer *, double);

/* Family and one sample without labels. */
void metric_single(struct buffer *, const char *name, const char *type, const char *help, uint64_t value);

#endif
