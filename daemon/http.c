/* See http.h. */
#include "daemon/http.h"

#include "core/base/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 32
#define IDLE_SECONDS 15

struct http {
	struct MHD_Daemon *server;
	const struct http_path *path;
	size_t paths;
	void *opaque;
	uint16_t port;
};

static enum MHD_Result
respond(struct MHD_Connection *connection, unsigned int status, const char *type, struct buffer *body)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(body->length, body->data ? body->data : (char *)"", MHD_RESPMEM_MUST_COPY);
	buffer_free(body);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
handle(void *opaque, struct MHD_Connection *connection, const char *url, const char *method, const char *version, const char *data,
    size_t *data_size, void **state)
{
	struct http *http = opaque;
	struct buffer body = {0};
	(void)version;
	(void)data;
	(void)state;
	if (*data_size) {
		*data_size = 0;
		return MHD_YES;
	}
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		buffer_text(&body, "only GET\n");
		return respond(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", &body);
	}
	for (size_t i = 0; i < http->paths; i++) {
		if (strcmp(url, http->path[i].path) != 0)
			continue;
		int status = http->path[i].answer(http->opaque, &body);
		return respond(connection, (unsigned int)status, http->path[i].type, &body);
	}
	for (size_t i = 0; i < http->paths; i++)
		buffer_printf(&body, "%s\n", http->path[i].path);
	return respond(connection, MHD_HTTP_NOT_FOUND, "text/plain; charset=utf-8", &body);
}

static int
listen_on(const char *host, uint16_t port, uint16_t *bound)
{
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
	} address = {0};
	socklen_t length = sizeof address.four;
	address.four.sin_family = AF_INET;
	address.four.sin_port = htons(port);
	if (inet_pton(AF_INET, host, &address.four.sin_addr) != 1) {
		address.six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
		length = sizeof address.six;
		if (inet_pton(AF_INET6, host, &address.six.sin6_addr) != 1) {
			errno = EADDRNOTAVAIL;
			return -1;
		}
	}
	int one = 1, fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, &address.any, length) == 0 && listen(fd, CONNECTIONS_MAX) == 0 && getsockname(fd, &address.any, &length) == 0) {
		*bound = ntohs(address.any.sa_family == AF_INET ? address.four.sin_port : address.six.sin6_port);
		return fd;
	}
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

struct http *
http_open(const char *host, uint16_t port, const struct http_path *path, size_t count, void *opaque)
{
	uint16_t bound;
	int fd = listen_on(strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, port, &bound);
	if (fd < 0)
		return NULL;
	struct http *http = memory_resize(NULL, sizeof *http);
	*http = (struct http){.path = path, .paths = count, .opaque = opaque, .port = bound};
	http->server = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO, bound, NULL, NULL, handle, http,
	    MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, MHD_OPTION_END);
	if (http->server)
		return http;
	close(fd);
	free(http);
	errno = ENOMEM;
	return NULL;
}

uint16_t
http_port(const struct http *http)
{
	return http->port;
}

void
http_close(struct http *http)
{
	MHD_stop_daemon(http->server);
	free(http);
}
