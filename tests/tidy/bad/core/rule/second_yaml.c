/* A second door. */
#include <libfyaml.h>
