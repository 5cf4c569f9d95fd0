/* See exposition.h. */
#include "daemon/exposition.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void
metric_family(struct buffer *out, const char *name, const char *type, const char *help)
{
	buffer_printf(out, "# HELP fundwatch_%s %s\n# TYPE fundwatch_%s %s\n", name, help, name, type);
}

void
metric_label(struct buffer *out, const char *name, struct slice value)
{
	buffer_printf(out, "%s=\"", name);
	for (size_t i = 0; i < value.length; i++) {
		if (value.data[i] == '\\' || value.data[i] == '"')
			buffer_char(out, '\\');
		if (value.data[i] == '\n')
			buffer_text(out, "\\n");
		else
			buffer_char(out, value.data[i]);
	}
	buffer_char(out, '"');
}

void
metric_number(struct buffer *out, double number)
{
	char text[32];
	snprintf(text, sizeof text, "%.15g", number);
	if (strtod(text, NULL) != number)
		snprintf(text, sizeof text, "%.17g", number);
	buffer_text(out, text);
}

void
metric_single(struct buffer *out, const char *name, const char *type, const char *help, uint64_t value)
{
	metric_family(out, name, type, help);
	buffer_printf(out, "fundwatch_%s %" PRIu64 "\n", name, value);
}
