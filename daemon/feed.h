/* What leaves the daemon: every line of the scorer to its topic with its headers, the daemon's own lines between them,
 * the mirror, and the running digest of the alert lines. */
#ifndef FW_FEED_H
#define FW_FEED_H

#include "core/base/digest.h"
#include "daemon/batch.h"
#include "daemon/mirror.h"
#include "daemon/publisher.h"
#include "daemon/seal.h"

struct feed {
	const struct config *config;
	struct status *status;
	struct publisher *publisher;
	struct mirror mirror;
	struct digest *digest;          /* SHA-256 of every alert line and its newline, in order */
	struct seal *seal;              /* NULL: bytes of refused records are left out */
	struct buffer line, sealed;
	const volatile bool *stop;      /* true: do not wait for a full queue any more */
	uint64_t alerts;
};

/* False after telling why (the certificate). */
bool feed_open(struct feed *, const struct config *, struct status *, struct publisher *, const volatile bool *stop);

/* Publishes what the scorer said about the records batch[first..first + used). */
void feed_outputs(struct feed *, const struct ruleset *, const struct batch *, size_t first, size_t used, const struct scored *);

/* Lines of the daemon itself: on the feed, on the mirror, not in the digest. */
void feed_heartbeat(struct feed *);
void feed_rules_changed(struct feed *, const char *old_digest, const char *new_digest, const char *state_json);
void feed_stats(struct feed *);

void feed_digest(const struct feed *, char text[DIGEST_TEXT_SIZE]);
void feed_close(struct feed *);

#endif
