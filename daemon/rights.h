/* What a missing right in Kafka means: which topic or group, which right, and the command that grants it. */
#ifndef FW_RIGHTS_H
#define FW_RIGHTS_H

#include "daemon/config.h"
#include "daemon/kafka.h"

enum right { RIGHT_DESCRIBE, RIGHT_READ, RIGHT_WRITE, RIGHT_GROUP };

/* One line of the log, as an error, with kafka-acls.sh to grant the right to the principal of the configuration; the same
 * right and name at most once in LOG_QUIET_SECONDS.  name: the topic; of RIGHT_GROUP the group.  Any thread. */
void rights_tell(const struct config *, enum right, const char *name);

/* The same for WRITE on every output topic: an idempotent producer that may write to none of them dies of it. */
void rights_tell_outputs(const struct config *);

/* Is the topic one that we may not see?  Asks for it by name: of a topic in the whole list a broker says nothing when
 * there is no right.  client: a consumer, which creates nothing by asking.  False when no answer came in time. */
bool rights_is_hidden(rd_kafka_t *client, const char *topic, int timeout_ms);

#endif
