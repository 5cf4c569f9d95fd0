/* Replacing a file whole: another reader sees the old bytes or the new ones, and after a crash one of both is there. */
#ifndef FW_REWRITE_H
#define FW_REWRITE_H

#include "core/base/slice.h"

/* Writes beside the file, flushes to the disk, renames over it.  Permissions stay, the owner where that is allowed; of a
 * symbolic link the file that it names is replaced.  False: errno says why, the file is as it was. */
bool rewrite_file(const char *path, struct slice bytes);

/* Makes a new file with the bytes; false: errno says why. */
bool write_file(const char *path, struct slice bytes);

#endif
