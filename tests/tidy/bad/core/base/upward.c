/* The lowest level looks up and sideways. */
#include "core/claim/claim.h"
#include "daemon/loop.h"
#include "claim.h"
