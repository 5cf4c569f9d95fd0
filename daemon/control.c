/* See control.h. */
#include "daemon/control.h"

#include "core/base/memory.h"
#include "daemon/clock.h"
#include "daemon/json.h"
#include "daemon/log.h"
#include "daemon/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LAST_MS 100             /* for one who takes the last answer */
#define BACKLOG 128

struct client {
	int fd;                         /* -1: free */
	struct buffer in, out;
	size_t sent;                    /* of out */
	struct ask *ask;                /* NULL: waits for no answer */
	int64_t since_ns;               /* of the request that was begun, of the answer that is being sent */
	bool ends;                      /* nothing more is read; closed when everything is sent */
};

struct control {
	struct status *status;
	struct reload *reload;
	int listen_fd, lock_fd, wake_fd, pipeline_fd;
	char *path;
	struct client client[CONTROL_CLIENTS];
	_Atomic bool stop;
	pthread_t thread;
};

bool
control_path(const char *option, char path[PATH_MAX])
{
	const char *runtime = getenv("RUNTIME_DIRECTORY");
	if (option[0])
		return snprintf(path, PATH_MAX, "%s", option) < PATH_MAX;
	return runtime && runtime[0] && snprintf(path, PATH_MAX, "%.*s/control.sock", (int)strcspn(runtime, ":"), runtime) < PATH_MAX;
}

/* ---- answers ---- */

static void
error_answer(struct client *client, const char *why)
{
	struct buffer *out = &client->out;
	json_open(out, '{');
	json_key(out, "answer");
	json_text(out, "error");
	json_key(out, "error");
	json_text(out, why);
	json_close(out, '}');
	buffer_char(out, '\n');
}

static void
status_answer(struct client *client, struct status *status)
{
	struct buffer *out = &client->out;
	json_open(out, '{');
	json_key(out, "answer");
	json_text(out, "status");
	pthread_mutex_lock(&status->lock);
	json_key(out, "ruleset");
	json_text(out, status->figures.ruleset);
	json_key(out, "rules");
	json_unsigned(out, status->figures.rules_in_set);
	pthread_mutex_unlock(&status->lock);
	json_key(out, "reload");
	stats_reload(status, out);
	json_close(out, '}');
	buffer_char(out, '\n');
}

static void
accepted_answer(struct client *client)
{
	buffer_text(&client->out, "{\"answer\":\"reload\",\"result\":\"accepted\"}\n");
}

/* ---- requests ---- */

struct request {
	struct slice what;
	struct reload_wish wish;
	bool wait;
};

/* NULL, or what is wrong with it. */
static const char *
request_read(struct slice line, struct request *request)
{
	struct { const char *name; bool *flag; } flags[] = {
		{"\"accept_drop\"", &request->wish.accept_drop}, {"\"backfill\"", &request->wish.backfill}, {"\"wait\"", &request->wait}};
	struct slice key, value;
	*request = (struct request){0};
	if (!json_is_whole(line))
		return "not one JSON object";
	struct json_walk walk = json_walk(line);
	if (!walk.is_object)
		return "not one JSON object";
	while (json_next(&walk, &key, &value)) {
		size_t row = 0;
		while (row < 3 && !json_is(key, flags[row].name))
			row++;
		if (json_is(key, "\"request\""))
			request->what = value;
		else if (row == 3)
			return "unknown member; there are request, accept_drop, backfill, wait";
		else if (!json_is(value, "true") && !json_is(value, "false"))
			return "accept_drop, backfill and wait are true or false";
		else
			*flags[row].flag = json_is(value, "true");
	}
	if (!json_is(request->what, "\"reload\"") && !json_is(request->what, "\"status\""))
		return "request is \"reload\" or \"status\"";
	return NULL;
}

static void
pipeline_wake(struct control *control)
{
	uint64_t one = 1;
	if (write(control->pipeline_fd, &one, sizeof one) < 0)
		return;         /* the counter is full: it is awake */
}

static void
reload_request(struct control *control, struct client *client, const struct request *request)
{
	struct ask *ask = reload_post(control->reload, request->wish, control->wake_fd);
	if (!ask) {
		buffer_text(&client->out, "{\"answer\":\"reload\",\"result\":\"stopping\"}\n");
		return;
	}
	pipeline_wake(control);
	if (request->wait) {
		client->ask = ask;
		return;
	}
	reload_abandon(control->reload, ask);
	accepted_answer(client);
}

static void
request_take(struct control *control, struct client *client, struct slice line)
{
	struct request request;
	const char *wrong = request_read(line, &request);
	if (wrong)
		error_answer(client, wrong);
	else if (json_is(request.what, "\"status\""))
		status_answer(client, control->status);
	else
		reload_request(control, client, &request);
}

/* Whole lines that came, one after the other; a request that waits for its answer holds up those behind it. */
static void
lines_take(struct control *control, struct client *client)
{
	while (!client->ask && client->in.length) {
		const char *newline = memchr(client->in.data, '\n', client->in.length);
		size_t length = newline ? (size_t)(newline - client->in.data) : client->in.length;
		if (length >= CONTROL_REQUEST_BYTES) {
			error_answer(client, "the request is too long");
			client->ends = true;
			client->in.length = 0;
			return;
		}
		if (!newline)
			return;
		request_take(control, client, (struct slice){client->in.data, length});
		client->in.length -= length + 1;
		memmove(client->in.data, newline + 1, client->in.length);
		client->since_ns = clock_monotonic_ns();
	}
}

/* ---- clients ---- */

static void
client_close(struct control *control, struct client *client)
{
	if (client->ask)
		reload_abandon(control->reload, client->ask);
	close(client->fd);
	buffer_free(&client->in);
	buffer_free(&client->out);
	*client = (struct client){.fd = -1};
}

static void
client_read(struct control *control, struct client *client)
{
	char bytes[CONTROL_REQUEST_BYTES];
	ssize_t got = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		client->ends = true;    /* may have closed its side only, and wait */
		return;
	}
	if (!client->in.length)
		client->since_ns = clock_monotonic_ns();
	buffer_add(&client->in, bytes, (size_t)got);
	lines_take(control, client);
}

static void
client_write(struct control *control, struct client *client)
{
	ssize_t put = send(client->fd, client->out.data + client->sent, client->out.length - client->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (put < 0 && errno != EAGAIN && errno != EINTR) {
		client_close(control, client);
		return;
	}
	if (put <= 0)
		return;
	client->sent += (size_t)put;
	client->since_ns = clock_monotonic_ns();
	if (client->sent == client->out.length)
		client->sent = client->out.length = 0;
}

static void
answers_fetch(struct control *control)
{
	uint64_t count;
	if (read(control->wake_fd, &count, sizeof count) < 0)
		count = 0;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct client *client = &control->client[i];
		if (client->fd < 0 || !client->ask || !reload_answer(control->reload, client->ask, &client->out))
			continue;
		client->ask = NULL;
		client->since_ns = clock_monotonic_ns();
		buffer_char(&client->out, '\n');
		lines_take(control, client);
	}
}

static bool
is_waiting_for_us(const struct client *client)
{
	return client->ask != NULL;
}

/* A place for one more: a free one, else that of the client who has kept us waiting longest.  NULL: all wait for us. */
static struct client *
place_find(struct control *control)
{
	struct client *oldest = NULL;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct client *client = &control->client[i];
		if (client->fd < 0)
			return client;
		if (!is_waiting_for_us(client) && (!oldest || client->since_ns < oldest->since_ns))
			oldest = client;
	}
	if (oldest)
		client_close(control, oldest);
	return oldest;
}

static void
client_accept(struct control *control)
{
	static const char busy[] = "{\"answer\":\"error\",\"error\":\"too many clients\"}\n";
	int fd = accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	struct client *client = place_find(control);
	if (client) {
		*client = (struct client){.fd = fd, .since_ns = clock_monotonic_ns()};
		return;
	}
	send(fd, busy, sizeof busy - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

/* ---- the thread ---- */

static short
events_of(const struct client *client)
{
	short events = client->out.length ? POLLOUT : 0;
	if (!client->ends && !client->ask && !client->out.length)
		events |= POLLIN;
	return events;
}

static void
client_serve(struct control *control, struct client *client, short happened)
{
	if (happened & (POLLHUP | POLLERR) && !(happened & POLLIN)) {
		client_close(control, client);
		return;
	}
	if (happened & POLLIN)
		client_read(control, client);
	if (client->out.length)
		client_write(control, client);
	if (client->fd >= 0 && client->ends && !client->ask && !client->out.length)
		client_close(control, client);
}

/* Who sends nothing, or takes nothing, for that long makes room. */
static void
late_close(struct control *control)
{
	int64_t before = clock_monotonic_ns() - CONTROL_SECONDS * NS_PER_SECOND;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct client *client = &control->client[i];
		if (client->fd >= 0 && !client->ask && client->since_ns < before)
			client_close(control, client);
	}
}

static void
turn(struct control *control)
{
	struct pollfd event[2 + CONTROL_CLIENTS] = {{.fd = control->listen_fd, .events = POLLIN}, {.fd = control->wake_fd, .events = POLLIN}};
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		event[2 + i] = (struct pollfd){.fd = control->client[i].fd, .events = events_of(&control->client[i])};
	if (poll(event, 2 + CONTROL_CLIENTS, 1000) < 0)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (event[2 + i].fd >= 0 && event[2 + i].revents)
			client_serve(control, &control->client[i], event[2 + i].revents);
	if (event[1].revents)
		answers_fetch(control);
	if (event[0].revents)
		client_accept(control);
	late_close(control);
}

/* What is left of the answers, to who takes them at once. */
static void
client_finish(struct control *control, struct client *client)
{
	struct pollfd ready = {.fd = client->fd, .events = POLLOUT};
	while (client->fd >= 0 && client->out.length && poll(&ready, 1, LAST_MS) == 1)
		client_write(control, client);
	if (client->fd >= 0)
		client_close(control, client);
}

static void *
control_run(void *opaque)
{
	struct control *control = opaque;
	while (!atomic_load(&control->stop))
		turn(control);
	answers_fetch(control);
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (control->client[i].fd >= 0)
			client_finish(control, &control->client[i]);
	return NULL;
}

/* ---- the socket ---- */

/* Held as long as the daemon lives: what stands at the path while nobody holds it was left behind. */
static int
lock_take(const char *path)
{
	char name[PATH_MAX + 8];
	snprintf(name, sizeof name, "%s.lock", path);
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		log_say(LEVEL_ERROR, "打不开 %s：%s；改 control", "cannot open %s: %s; change control", name, strerror(errno));
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	log_say(LEVEL_ERROR, "另一个 fundwatchd 正在用控制套接字 %s；改 control", "another fundwatchd uses the control socket %s; change control", path);
	close(fd);
	return -1;
}

/* Nothing stands there, or a socket that was left behind. */
static bool
is_free(const char *path)
{
	struct stat old;
	if (lstat(path, &old) != 0)
		return errno == ENOENT;
	errno = EEXIST;
	return S_ISSOCK(old.st_mode);
}

static int
listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (snprintf(address.sun_path, sizeof address.sun_path, "%s.new", path) >= (int)sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	/* The mode of the socket itself becomes that of its name: nobody else can connect, at no time.  It has its name when it listens. */
	bool free_to_go = is_free(path) && is_free(address.sun_path) && (unlink(address.sun_path) == 0 || errno == ENOENT);
	if (free_to_go && fchmod(fd, 0600) == 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, BACKLOG) == 0
	    && rename(address.sun_path, path) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

struct control *
control_open(const char *path, struct status *status, struct reload *reload, int wake_fd)
{
	int lock_fd = lock_take(path);
	if (lock_fd < 0)
		return NULL;
	int listen_fd = listen_at(path);
	if (listen_fd < 0) {
		log_say(LEVEL_ERROR, "开不了控制套接字 %s：%s；改 control", "the control socket %s cannot be made: %s; change control", path, strerror(errno));
		close(lock_fd);
		return NULL;
	}
	struct control *control = memory_resize(NULL, sizeof *control);
	*control = (struct control){.status = status, .reload = reload, .listen_fd = listen_fd, .lock_fd = lock_fd, .pipeline_fd = wake_fd,
	    .wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), .path = strdup(path)};
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		control->client[i].fd = -1;
	if (control->wake_fd < 0 || pthread_create(&control->thread, NULL, control_run, control) != 0)
		abort();
	return control;
}

void
control_close(struct control *control)
{
	uint64_t one = 1;
	atomic_store(&control->stop, true);
	if (write(control->wake_fd, &one, sizeof one) > 0)
		pthread_join(control->thread, NULL);
	unlink(control->path);
	close(control->listen_fd);
	close(control->wake_fd);
	close(control->lock_fd);
	free(control->path);
	free(control);
}
