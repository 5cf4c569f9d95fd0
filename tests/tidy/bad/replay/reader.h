/* Replay looks into the daemon. */
#include "daemon/loop.h"
