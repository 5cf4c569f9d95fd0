/* The door to libsystemd: what the service manager is told.  Without one nothing happens. */
#ifndef FW_NOTIFY_H
#define FW_NOTIFY_H

#include <stdint.h>

void notify_ready(const char *status_text);
void notify_reloading(int64_t monotonic_ns);
void notify_stopping(void);

/* Keeps the watchdog quiet; call it every turn, it sends as often as needed. */
void notify_alive(int64_t monotonic_ns);

#endif
