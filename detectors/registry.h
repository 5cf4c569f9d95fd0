/* All detectors, by an explicit list; handed to the core, which does not know their names. */
#ifndef FW_REGISTRY_H
#define FW_REGISTRY_H

#include "core/detector.h"

#define DETECTOR(name) extern const struct detector detector_##name;
#include "detectors/detectors.def"
#undef DETECTOR

/* Sorted by name; read-only, for ever. */
const struct detector_registry *detectors_registry(void);

#endif
