/* The control socket: who administers the daemon asks it things.  A unix-domain stream socket with mode 0600; one JSON request a
 * line, one JSON answer a line, in the order of the requests.  docs/operation.md describes both.
 *
 * A thread of its own serves at most CONTROL_CLIENTS at once.  Always holds: no client, whatever it sends or leaves unread, makes
 * another one or the judging wait. */
#ifndef FW_CONTROL_H
#define FW_CONTROL_H

#include "daemon/reload.h"

#include <limits.h>

#define CONTROL_CLIENTS 16
#define CONTROL_REQUEST_BYTES 4096      /* longer requests are refused */
#define CONTROL_SECONDS 10              /* to send a request that was begun, and to take an answer */

struct control;

/* Where the socket is: the option `control`, else control.sock in $RUNTIME_DIRECTORY; false: there is none. */
bool control_path(const char *option, char path[PATH_MAX]);

/* Makes the socket, in place of one that a daemon left behind, and starts the thread.  wake_fd is written when something was asked
 * for.  NULL after telling why: another daemon has it, something else stands there, or errno. */
struct control *control_open(const char *path, struct status *, struct reload *, int wake_fd);

/* After reload_stop: sends the last answers, ends the thread, removes the socket. */
void control_close(struct control *);

#endif
