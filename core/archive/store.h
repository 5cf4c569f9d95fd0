/* PRIVATE to core/archive: whole small files, written so that one is there as a whole or not at all. */
#ifndef FW_STORE_H
#define FW_STORE_H

#include "core/base/buffer.h"

#define PATH_BYTES 4096                         /* a longer path is nowhere: "" */

/* folder/name; "" when that is too long, which no file is called. */
void path_join(char path[PATH_BYTES], const char *folder, const char *name);

/* Temporary name beside it, write, [sync, ] rename [, sync of the folder].  0 or errno; then the temporary file is gone. */
int store_file(const char *path, struct slice bytes, bool sync);

int store_read(const char *path, struct buffer *);      /* the whole file; 0 or errno */
int store_sync_folder(const char *path);                /* 0 or errno */
int store_make_folder(const char *path);                /* 0 also when it is there */
int write_at(int descriptor, const void *bytes, size_t length, uint64_t at);    /* pwrite until all is written; 0 or errno */

int store_remove_folder(const char *path);              /* with all that is in it; 0 also when it is not there */

/* A lock that lives as long as its descriptor.  Its file names the process, for people. */
int lock_take(const char *path, int *descriptor, char owner[24]);       /* 0; EAGAIN: owner has it; errno */
bool lock_is_held(const char *path);                    /* by anybody; takes nothing */

#endif
