/* The key of the pseudonyms of persons. */
#ifndef FW_KEY_H
#define FW_KEY_H

#include "core/base/diag.h"

#include <stdint.h>

struct key {
	uint8_t bytes[1024];
	size_t length;
};

/* The file's bytes without a newline at its end; path "": the published default.  False: diags says why. */
bool key_read(struct key *, const char *path, struct diags *);

#endif
