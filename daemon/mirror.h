/* The feed as NDJSON in a local file.  A disk that is full does not stop the daemon: it is said, lines wait up to
 * MIRROR_WAITING_MAX bytes, later ones are lost and counted, and writing goes on when there is room. */
#ifndef FW_MIRROR_H
#define FW_MIRROR_H

#include "core/base/buffer.h"
#include "daemon/status.h"

#define MIRROR_WAITING_MAX (4u << 20)

struct mirror {
	const char *path;               /* "": none */
	struct status *status;
	int fd;                         /* -1: not open */
	uint64_t device, inode;
	struct buffer waiting;          /* whole lines */
	uint64_t lines_waiting;
	int64_t retry_ns, look_ns;
	bool failed;
};

void mirror_open(struct mirror *, const char *path, struct status *);

/* Adds a line; nothing is written before mirror_write. */
void mirror_line(struct mirror *, struct slice line);

/* Writes what waits; once a turn.  A file that was renamed or removed is opened anew. */
void mirror_write(struct mirror *, int64_t now_ns);

void mirror_close(struct mirror *);

#endif
