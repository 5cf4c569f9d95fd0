/* The door to libmicrohttpd: a thread that answers GET for a few fixed paths. */
#ifndef FW_HTTP_H
#define FW_HTTP_H

#include "core/base/buffer.h"

#include <stdint.h>

/* Fills the body; gives the HTTP status.  Called in the server's thread. */
typedef int http_answer(void *opaque, struct buffer *body);

struct http_path {
	const char *path, *type;        /* content type */
	http_answer *answer;
};

struct http;
/* NULL with errno set when the address cannot be listened on.  Port 0: any; http_port tells which. */
struct http *http_open(const char *host, uint16_t port, const struct http_path *, size_t count, void *opaque);
uint16_t http_port(const struct http *);
void http_close(struct http *);

#endif
