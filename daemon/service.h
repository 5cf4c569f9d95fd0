/* The door to libsystemd: what the service manager is told.  Without one nothing happens. */
#ifndef FW_SERVICE_H
#define FW_SERVICE_H

#include <stdint.h>

void service_ready(const char *status_text);
void service_reloading(int64_t monotonic_ns);
void service_stopping(void);
void service_status(const char *status_text);

/* Keeps the watchdog quiet; call it every turn, it sends as often as needed. */
void service_alive(int64_t monotonic_ns);

#endif
