/* The list of detectors.def as an array. */
#include "detectors/registry.h"

static const struct detector *const list[] = {
#define DETECTOR(name) &detector_##name,
#include "detectors/detectors.def"
#undef DETECTOR
};

const struct detector_registry *
detectors_registry(void)
{
	static const struct detector_registry registry = {list, sizeof list / sizeof list[0]};
	return &registry;
}
