/* What replay and explain share: the rules, a scorer, and the files to read, all opened before anything is judged. */
#ifndef FW_SESSION_H
#define FW_SESSION_H

#include "core/score/scorer.h"
#include "replay/options.h"
#include "replay/reader.h"

struct input {
	enum record_kind kind;
	const char *path;               /* as the user named it */
	struct reader *reader;
};

struct session {
	enum language language;
	struct ruleset *rules;
	struct scorer *scorer;
	struct pseudonym_key key;
	struct scorer_limits limits;
	struct input *input;            /* those of --record first, in the order given */
	size_t inputs;
	struct decoder **decoder;       /* others than the scorer's own that decoded for it: they count unknown fields too */
	size_t decoders;
};

/* Loads rules, telling every mistake on stderr; NULL after telling (exit 78). */
struct ruleset *rules_open(const struct common_options *, const char *directory);

/* Language, limits and the key of the pseudonyms.  OPTIONS_GO_ON, or 66, 78 after telling why. */
int session_start(struct session *, const struct common_options *);

/* Opens the files.  OPTIONS_GO_ON, or after telling why: 64 "-" twice, 66 a file that cannot be read. */
int session_inputs(struct session *, const struct common_options *, const struct operands *files);

/* All of this, the rules and a scorer: OPTIONS_GO_ON, or an exit code after telling why.  Close in every case. */
int session_open(struct session *, const struct common_options *, const struct operands *files);
void session_close(struct session *);

/* Up to count records of the input into batch (lines is scratch of the same length); their bytes live until the next
 * call for this input.  0: no more. */
size_t input_batch(struct input *, struct line *lines, struct record *batch, size_t count);

/* After the last batch: OPTIONS_GO_ON when the input ended as it should, else an exit code after telling the file and
 * the line that was reached: 65 damaged, 74 cannot be read on. */
int input_end(const struct session *, const struct input *);

#endif
