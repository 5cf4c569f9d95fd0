/* A detector that looks at replay, has threads and allocates. */
#include "replay/reader.h"
#include <pthread.h>

void *
nosy(void)
{
	return malloc(8);
}
