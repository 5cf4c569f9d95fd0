/* Nanoseconds a record of the decoder and of cJSON over the same messages, on one core, in one run.
 *
 * Both give the same claim: cJSON parses, its members are walked once and looked up in a hash table, amounts are
 * rounded from its doubles, dates and times go through the same parser, the tree is freed.  (Asking cJSON for each
 * field by name, as most programs do, is slower and shown as decode_vs_cjson_by_name.) */
#include "core/base/time.h"
#include "core/claim/decode.h"
#include "tests/bench/messages.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MESSAGES 20000
#define ROUNDS 7
#define FIELD_SLOTS 1024

static struct messages messages;
static struct decoder *decoder;
static struct claim claim;
static uint8_t field_slot[FIELD_SLOTS];

static unsigned
slot_of(const char *name)
{
	return (unsigned)(hash64(name, strlen(name)) & (FIELD_SLOTS - 1));
}

static int
field_find(const char *name)
{
	for (unsigned slot = slot_of(name); field_slot[slot]; slot = (slot + 1) % FIELD_SLOTS)
		if (strcmp(settlement_fields[field_slot[slot] - 1].name, name) == 0)
			return field_slot[slot] - 1;
	return -1;
}

static void
fields_index(void)
{
	for (int i = 0; i < SETTLEMENT_FIELDS; i++) {
		unsigned slot = slot_of(settlement_fields[i].name);
		while (field_slot[slot])
			slot = (slot + 1) % FIELD_SLOTS;
		field_slot[slot] = (uint8_t)(i + 1);
	}
}

static int64_t
now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
item_take(const cJSON *item, unsigned field)
{
	union value *value = &claim.value[field];
	const char *text = item->valuestring;
	int32_t day;
	switch (settlement_fields[field].type) {
	case TYPE_AMOUNT:
		value->number = llround(item->valuedouble * 100);
		break;
	case TYPE_DECIMAL:
		value->number = llround(item->valuedouble * 10000);
		break;
	case TYPE_DATE:
		if (!text || !date_parse(text, strlen(text), &day))
			return;
		value->number = day;
		break;
	case TYPE_TIME:
		if (!text || !time_parse(text, strlen(text), &value->number))
			return;
		break;
	default:
		value->text = slice_of(text);
	}
	claim.present[field >> 6] |= UINT64_C(1) << (field & 63);
}

static int64_t
digest_of_claim(void)
{
	return claim.value[FIELD_hifp_pay].number + claim.value[FIELD_setl_time].number;
}

static int64_t
decode_own(struct slice message)
{
	struct refusal why;
	if (!decode_settlement(decoder, message.data, message.length, &claim, &why)) {
		fprintf(stderr, "refused: %s %s at byte %lld\n", refusal_names[why.reason], why.field ? why.field : "", (long long)why.byte);
		exit(1);
	}
	return digest_of_claim();
}

static int64_t
decode_cjson(struct slice message)
{
	cJSON *object = cJSON_ParseWithLength(message.data, message.length);
	claim.present[0] = claim.present[1] = 0;
	for (const cJSON *item = object->child; item; item = item->next) {
		int field = field_find(item->string);
		if (field >= 0)
			item_take(item, (unsigned)field);
	}
	int64_t digest = digest_of_claim();
	cJSON_Delete(object);
	return digest;
}

static int64_t
decode_cjson_by_name(struct slice message)
{
	cJSON *object = cJSON_ParseWithLength(message.data, message.length);
	claim.present[0] = claim.present[1] = 0;
	for (unsigned field = 0; field < SETTLEMENT_FIELDS; field++) {
		const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, settlement_fields[field].name);
		if (item)
			item_take(item, field);
	}
	int64_t digest = digest_of_claim();
	cJSON_Delete(object);
	return digest;
}

/* The digest of all messages in *digest: whatever decodes them must agree. */
static double
round_ns(int64_t (*decode)(struct slice), int64_t *digest)
{
	*digest = 0;
	int64_t start = now_ns();
	for (size_t i = 0; i < messages.count; i++)
		*digest += decode(messages.message[i]);
	return (double)(now_ns() - start) / (double)messages.count;
}

static int
compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

static void
figure_print(const char *name, double values[ROUNDS], const char *unit, const char *end)
{
	qsort(values, ROUNDS, sizeof *values, compare);
	printf("\"%s\":{\"median\":%.2f,\"min\":%.2f,\"max\":%.2f,\"n\":%d,\"unit\":\"%s\"}%s", name, values[ROUNDS / 2], values[0],
	    values[ROUNDS - 1], ROUNDS, unit, end);
}

int
main(void)
{
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof one, &one);
	messages_make(&messages, MESSAGES, 20240301);
	fields_index();
	decoder = decoder_open(DECODE_LIMITS_DEFAULT);
	double own[ROUNDS], cjson[ROUNDS], by_children[ROUNDS], by_name[ROUNDS];
	for (int i = -1; i < ROUNDS; i++) {
		int64_t digest[3];
		double ns = round_ns(decode_own, &digest[0]);
		double children = round_ns(decode_cjson, &digest[1]);
		double name = round_ns(decode_cjson_by_name, &digest[2]);
		if (digest[0] != digest[1] || digest[0] != digest[2]) {
			fprintf(stderr, "the decoders do not agree\n");
			return 1;
		}
		if (i < 0)
			continue;
		own[i] = ns;
		cjson[i] = children;
		by_children[i] = children / ns;
		by_name[i] = name / ns;
	}
	printf("{");
	figure_print("decode_ns", own, "ns", ",");
	figure_print("cjson_ns", cjson, "ns", ",");
	figure_print("decode_vs_cjson", by_children, "ratio", ",");
	figure_print("decode_vs_cjson_by_name", by_name, "ratio", "}\n");
	decoder_close(decoder);
	messages_free(&messages);
	return 0;
}
