/* See ownership.h. */
#include "daemon/ownership.h"

#include "core/base/memory.h"

#include <stdlib.h>

struct ownership {
	const struct config *config;
	struct decoder *decoder;
	struct matcher *matcher;
};

struct ownership *
ownership_open(const struct config *config, const struct ruleset *rules)
{
	if (config_all_pools(config))
		return NULL;
	struct ownership *ownership = memory_resize(NULL, sizeof *ownership);
	struct decode_limits limits = DECODE_LIMITS_DEFAULT;
	limits.depth = (uint32_t)config->limits.depth;
	limits.record_bytes = (uint32_t)config->limits.record_bytes;
	*ownership = (struct ownership){config, decoder_open(limits), matcher_open(rules)};
	return ownership;
}

static bool
area_code(struct ownership *ownership, const struct record *record, struct slice *code)
{
	struct refusal why;
	struct claim claim;
	struct enrolment enrolment;
	bool decoded;
	decoder_reset(ownership->decoder);
	if (record->kind == RECORD_SETTLEMENT) {
		decoded = decode_settlement(ownership->decoder, record->bytes, record->length, &claim, &why);
		*code = decoded ? claim_text(&claim, FIELD_insu_admdvs) : (struct slice){NULL, 0};
	} else {
		decoded = decode_enrolment(ownership->decoder, record->bytes, record->length, &enrolment, &why);
		*code = decoded ? enrolment.value[ENROLMENT_insu_admdvs].text : (struct slice){NULL, 0};
	}
	return decoded;
}

bool
ownership_has(struct ownership *ownership, const struct record *record)
{
	struct slice code;
	if (!area_code(ownership, record, &code))
		return true;
	const char *pool = matcher_area(ownership->matcher, code)->pool;
	for (size_t i = 0; i < ownership->config->pools.count; i++)
		if (strcmp(ownership->config->pools.item[i], pool) == 0)
			return true;
	return false;
}

void
ownership_use(struct ownership *ownership, const struct ruleset *rules)
{
	matcher_close(ownership->matcher);
	ownership->matcher = matcher_open(rules);
}

void
ownership_close(struct ownership *ownership)
{
	matcher_close(ownership->matcher);
	decoder_close(ownership->decoder);
	free(ownership);
}
