/* All detectors, by an explicit list; handed to the core, which does not know their names. */
#ifndef FW_REGISTRY_H
#define FW_REGISTRY_H

#include "core/detector.h"

const struct detector_registry *detectors_registry(void);

#endif
