/* Memory that is there or the process ends: nothing above has a way to go on without it. */
#ifndef FW_MEMORY_H
#define FW_MEMORY_H

#include <stddef.h>

/* realloc that aborts with a message when the system has none left; bytes > 0. */
void *memory_resize(void *, size_t bytes);

#endif
