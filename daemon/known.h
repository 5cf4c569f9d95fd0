/* What the output topics hold already.  After a restart the lines behind the snapshot are derived again; those that are in
 * a topic are not published a second time.
 *
 * A line is known when the same bytes are in its topic.  In a compacted topic only the newest revision of a key is left:
 * with newest_only a line is known too when the topic holds a later revision of its key that was not asked for yet (only
 * where the archive is the one that those lines came from). */
#ifndef FW_KNOWN_H
#define FW_KNOWN_H

#include "core/base/slice.h"
#include "core/score/scorer.h"

struct known;

struct known *known_open(bool newest_only);
void known_add(struct known *, size_t topic, struct slice key, struct slice value);

/* To be asked once for every line that is derived again, in their order: the same bytes said twice (a rule that was away and is
 * back begins at revision 1) are known as often as the topic has them. */
bool known_take(struct known *, size_t topic, enum output_kind, struct slice key, struct slice value);
size_t known_count(const struct known *);
void known_close(struct known *);

/* Revision of a line as it is written: of an alert the first member of that name, of an indicator the last.  0: none. */
uint64_t line_revision(enum output_kind, struct slice line);

#endif
