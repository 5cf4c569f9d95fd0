/* Any bytes as a settlement and as an enrolment.  Beyond what the sanitizers see: the answer depends on the record's
 * bytes alone, not on what lies behind them, nor on what the decoder has learnt, nor on blanks around the object, nor on
 * which of its ways reads the usual members. */
#include "core/claim/decode.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct answer {
	bool accepted;
	struct refusal why;
	uint64_t present[2];
	struct hash128 content;
};

static void
need(bool holds)
{
	if (!holds)
		abort();
}

/* Every text that was decoded can be read, and keeps to its limits. */
static void
texts_check(const struct field *fields, unsigned count, const uint64_t present[2], const union value *value)
{
	volatile char byte;
	for (unsigned i = 0; i < count; i++) {
		if (!(present[i >> 6] >> (i & 63) & 1) || (fields[i].type != TYPE_ID && fields[i].type != TYPE_CODE))
			continue;
		struct slice text = value[i].text;
		need(text.length >= 1 && text.length <= (fields[i].type == TYPE_ID ? 64u : 16u));
		for (size_t k = 0; k < text.length; k++)
			byte = text.data[k];
	}
	(void)byte;
}

/* The bytes lie in memory of their own, with blank bytes in front and that padding behind. */
static struct answer
answer_of(struct decoder *decoder, bool settlement, const uint8_t *data, size_t size, size_t blanks, int padding)
{
	struct answer answer = {0};
	struct claim claim;
	struct enrolment enrolment;
	char *bytes = malloc(blanks + size + RECORD_PADDING);
	memset(bytes, ' ', blanks);
	if (size)
		memcpy(bytes + blanks, data, size);
	memset(bytes + blanks + size, padding, RECORD_PADDING);
	if (settlement) {
		answer.accepted = decode_settlement(decoder, bytes, blanks + size, &claim, &answer.why);
		if (answer.accepted) {
			memcpy(answer.present, claim.present, sizeof answer.present);
			answer.content = claim.content;
			texts_check(settlement_fields, SETTLEMENT_FIELDS, claim.present, claim.value);
		}
	} else {
		answer.accepted = decode_enrolment(decoder, bytes, blanks + size, &enrolment, &answer.why);
		if (answer.accepted) {
			answer.present[0] = enrolment.present;
			answer.content = enrolment.content;
			need(enrolment.identities <= IDENTITIES_MAX);
			texts_check(enrolment_fields, ENROLMENT_FIELDS, answer.present, enrolment.value);
		}
	}
	decoder_reset(decoder);
	free(bytes);
	return answer;
}

static void
need_same(struct answer a, struct answer b, int64_t shift)
{
	need(a.accepted == b.accepted);
	if (a.accepted) {
		need(a.present[0] == b.present[0] && a.present[1] == b.present[1]);
		need(a.content.low == b.content.low && a.content.high == b.content.high);
		return;
	}
	need(a.why.reason == b.why.reason && a.why.field == b.why.field);
	need(a.why.byte < 0 ? b.why.byte == a.why.byte : b.why.byte == a.why.byte + shift);
}

static struct decoder *
slowest_open(void)
{
	struct decoder *decoder = NULL, *next = NULL;
	for (size_t walk = 0; walk == 0 || next; walk++) {
		next = decoder_open_walking(DECODE_LIMITS_DEFAULT, walk);
		if (next) {
			decoder_close(decoder);
			decoder = next;
		}
	}
	return decoder;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct decoder *learned, *slow, *fresh;
	static unsigned inputs;
	if (!learned) {
		learned = decoder_open(DECODE_LIMITS_DEFAULT);
		slow = slowest_open();
	}
	if (inputs++ % 16 == 0) {       /* opening one takes longer than decoding */
		decoder_close(fresh);
		fresh = decoder_open(DECODE_LIMITS_DEFAULT);
	}
	for (int settlement = 0; settlement < 2; settlement++) {
		struct answer first = answer_of(fresh, settlement, data, size, 0, 0);
		need(first.accepted || (first.why.byte >= -1 && first.why.byte <= (int64_t)size));
		need_same(first, answer_of(fresh, settlement, data, size, 0, '"'), 0);
		need_same(first, answer_of(learned, settlement, data, size, 0, '0'), 0);
		need_same(first, answer_of(slow, settlement, data, size, 0, '}'), 0);
		need_same(first, answer_of(learned, settlement, data, size, 3, 0xff), 3);
	}
	return 0;
}
