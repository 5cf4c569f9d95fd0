/* The turn.  Records are decoded in groups of sixteen, the lines of state that they will need are asked for, then each
 * is judged in order: decode -> where -> state -> detect -> alert.  Groups change the speed and nothing else. */
#include "core/score/matches.h"

#include <stdlib.h>

const char *const record_kind_names[RECORD_KINDS] = {"settlement", "enrolment"};
const char *const alert_status_names[4] = {"open", "updated", "retracted", "insufficient"};
void
scorer_bind(struct scorer *scorer, struct ruleset *rules)
{
	scorer->rules = rules;
	scorer->matcher = matcher_open(rules);
	layout_make(&scorer->layout, rules);
	scorer->words = MATCH_WORDS(rules);
	scorer->failed = memory_resize(scorer->failed, (scorer->layout.claim_rules + 1) * sizeof *scorer->failed);
	scorer->ledger_changed = memory_resize(scorer->ledger_changed, (scorer->layout.ledger_words + 1) * sizeof *scorer->ledger_changed);
	free(scorer->cost.rule);
	memset(&scorer->cost, 0, sizeof scorer->cost);
	scorer->cost.rule = calloc(rules->rules + 1, sizeof *scorer->cost.rule);
	scorer->truth = memory_resize(scorer->truth, GROUP * scorer->words * sizeof(uint64_t));
	scorer->falsehood = memory_resize(scorer->falsehood, GROUP * scorer->words * sizeof(uint64_t));
	memset(scorer->area, 0, scorer->area_slots * sizeof *scorer->area);
	latest_bind(scorer);
}

struct scorer *
scorer_open(struct ruleset *rules, const struct scorer_limits *limits)
{
	struct scorer *scorer = calloc(1, sizeof *scorer);
	if (!scorer)
		return NULL;
	scorer->limits = *limits;
	scorer->decoder = decoder_open(limits->decode);
	names_init(&scorer->names);
	names_init(&scorer->claim_said.keys);
	latest_open(scorer);
	scorer->area_slots = 1;
	scorer->area = calloc(1, sizeof *scorer->area);
	scorer->area_pool = calloc(1, sizeof *scorer->area_pool);
	scorer->area_series = calloc(1, sizeof *scorer->area_series);
	scorer_bind(scorer, rules);
	scorer->rule_counts = calloc(rules->rules + 1, sizeof *scorer->rule_counts);
	suppressions_open(scorer);
	bookings_init(&scorer->bookings, scorer->layout.words, scorer->layout.amounts + scorer->layout.nets);
	persons_init(&scorer->persons, scorer->layout.ledgers, scorer->layout.ledger_rules, scorer->layout.beginnings);
	chunks_init(&scorer->enrolments, sizeof(struct enrolment_record));
	return scorer;
}

const struct area *
scorer_area(struct scorer *scorer, uint32_t name)
{
	if (name >= scorer->area_slots) {
		size_t slots = scorer->area_slots * 2 > name + 1 ? scorer->area_slots * 2 : name + 64;
		scorer->area = memory_resize(scorer->area, slots * sizeof *scorer->area);
		scorer->area_pool = memory_resize(scorer->area_pool, slots * sizeof *scorer->area_pool);
		scorer->area_series = memory_resize(scorer->area_series, slots * sizeof *scorer->area_series);
		memset(scorer->area_series + scorer->area_slots, 0, (slots - scorer->area_slots) * sizeof *scorer->area_series);
		memset(scorer->area + scorer->area_slots, 0, (slots - scorer->area_slots) * sizeof *scorer->area);
		scorer->area_slots = slots;
	}
	if (!scorer->area[name]) {
		scorer->area[name] = matcher_area(scorer->matcher, names_text(&scorer->names, name));
		scorer->area_pool[name] = names_number(&scorer->names, slice_of(scorer->area[name]->pool));
	}
	return scorer->area[name];
}

void
scorer_meet_area(struct scorer *scorer, uint32_t name)
{
	scorer_area(scorer, name);
	scorer_area(scorer, scorer->area_pool[name]);
	series_name_regions(scorer, name);
}

/* ---- first pass: decode, where, and which lines of state will be wanted ---- */

void
record_decode(struct decoder *decoder, const struct record *record, struct decoded_record *out)
{
	out->good = record->kind == RECORD_SETTLEMENT
	    ? decode_settlement(decoder, record->bytes, record->length, &out->claim, &out->refusal)
	    : decode_enrolment(decoder, record->bytes, record->length, &out->enrolment, &out->refusal);
}

static void
turn_decode(struct scorer *scorer, struct turn *turn)
{
	const struct decoded_record *decoded = turn->record->decoded;
	if (!decoded) {
		record_decode(scorer->decoder, turn->record, &turn->own);
		decoded = &turn->own;
	}
	turn->decoded = decoded->good;
	turn->claim = &decoded->claim;
	turn->enrolment = &decoded->enrolment;
	if (!decoded->good)
		turn->refusal = decoded->refusal;
}

/* setl_time may be at most one day after the arrival, contract 1.2. */
static void
turn_check_future(struct turn *turn)
{
	const struct record *record = turn->record;
	if (!turn->decoded || record->kind != RECORD_SETTLEMENT || record->arrival_ms == ARRIVAL_UNKNOWN)
		return;
	int64_t setl_ms = (turn->claim->value[FIELD_setl_time].number - BEIJING_OFFSET_SECONDS) * 1000;
	if (setl_ms <= record->arrival_ms + (int64_t)DAY_SECONDS * 1000)
		return;
	turn->decoded = false;
	turn->refusal = (struct refusal){REFUSAL_time_in_future, "setl_time", -1};
}

static uint32_t
area_number(struct scorer *scorer, struct slice code)
{
	if (scorer->last_area.length && slice_equal(code, scorer->last_area))
		return scorer->last_area_name;
	scorer->last_area_name = names_number(&scorer->names, code);
	scorer->last_area = names_text(&scorer->names, scorer->last_area_name);
	return scorer->last_area_name;
}

static uint32_t
enrolment_name(struct scorer *scorer, const struct enrolment *enrolment, unsigned field)
{
	bool has = enrolment->present >> field & 1;
	return has ? names_number(&scorer->names, enrolment->value[field].text) : 0;
}

/* Every name that a record brings is numbered here and none while records are judged: so the numbering goes by the order
 * of records, whatever the groups. */
void
turn_prepare(struct scorer *scorer, struct turn *turn, uint64_t *truth, uint64_t *falsehood)
{
	turn_decode(scorer, turn);
	turn_check_future(turn);
	if (!turn->decoded)
		return;
	bool settlement = turn->record->kind == RECORD_SETTLEMENT;
	struct slice area = settlement ? turn->claim->value[FIELD_insu_admdvs].text : turn->enrolment->value[ENROLMENT_insu_admdvs].text;
	struct slice psn_no = settlement ? turn->claim->value[FIELD_psn_no].text : turn->enrolment->value[ENROLMENT_psn_no].text;
	turn->area_name = area_number(scorer, area);
	if (turn->area_name >= scorer->area_slots || !scorer->area[turn->area_name])
		scorer_meet_area(scorer, turn->area_name);
	turn->area = scorer->area[turn->area_name];
	turn->pool_name = scorer->area_pool[turn->area_name];
	turn->person_hash = person_hash(turn->pool_name, psn_no);
	table_prefetch(&scorer->persons.table, turn->person_hash);
	if (!settlement) {
		turn->insutype = enrolment_name(scorer, turn->enrolment, ENROLMENT_insutype);
		turn->tier = enrolment_name(scorer, turn->enrolment, ENROLMENT_tier);
		turn->township = enrolment_name(scorer, turn->enrolment, ENROLMENT_township);
		return;
	}
	turn->institution = names_number(&scorer->names, claim_text(turn->claim, FIELD_fixmedins_code));
	turn->setl_hash = setl_hash(turn->claim->value[FIELD_setl_id].text);
	table_prefetch(&scorer->bookings.table, turn->setl_hash);
	table_prefetch(&scorer->bookings.named, turn->setl_hash);
	turn->is_timed = scorer->cost.is_timed = scorer->limits.clock && ++scorer->cost.seen % COST_EVERY == 0;
	uint64_t start = cost_start(scorer);
	matcher_run(scorer->matcher, turn->area, turn->claim, truth, falsehood);
	cost_stop(scorer, &scorer->cost.matcher, start);
}

/* The table slots have arrived: ask for the person's record behind them. */
static void
turn_prefetch_person(const struct scorer *scorer, const struct turn *turn)
{
	if (!turn->decoded)
		return;
	struct probe probe = table_probe(&scorer->persons.table, turn->person_hash);
	uint32_t number;
	if (!table_next(&scorer->persons.table, &probe, &number))
		return;
	const char *person = (const char *)person_at(&scorer->persons, number);
	for (size_t line = 0; line < scorer->persons.chunks.stride; line += 64)
		__builtin_prefetch(person + line);
}

/* ---- second pass ---- */

static enum fate
turn_judge(struct scorer *scorer, const struct turn *turn, const uint64_t *truth, const uint64_t *falsehood)
{
	enum record_kind kind = turn->record->kind;
	scorer->now = turn;
	scorer->counts.received[kind]++;
	if (!turn->decoded) {
		scorer->counts.refused[kind]++;
		if (kind == RECORD_SETTLEMENT)
			scorer->counts.refused_by_reason[turn->refusal.reason]++;
		say_refused(scorer, turn);
		return FATE_REFUSED;
	}
	scorer->cost.is_timed = kind == RECORD_SETTLEMENT && turn->is_timed;
	enum fate fate = kind == RECORD_SETTLEMENT ? settle(scorer, turn, truth, falsehood) : enrol(scorer, turn);
	if (fate == FATE_DUPLICATE)
		scorer->counts.duplicate[kind]++;
	else
		scorer->counts.judged[kind]++;
	return fate;
}

#define RECORD_AHEAD 256        /* bytes of the next record asked for; the processor goes on by itself */

/* The next record: its first bytes, or all that was decoded of it, which another core's cache may hold. */
static void
record_prefetch(const struct record *record)
{
	const char *from = record->decoded ? (const char *)record->decoded : record->bytes;
	size_t bytes = record->decoded ? sizeof *record->decoded : RECORD_AHEAD;
	for (size_t line = 0; line < bytes; line += 64)
		__builtin_prefetch(from + line);
}

static void
group_score(struct scorer *scorer, const struct record *batch, size_t from, size_t count, struct scored *out)
{
	uint64_t (*clock)(void) = scorer->limits.clock;
	uint64_t start = clock ? clock() : 0;
	for (size_t i = 0; i < count; i++) {
		struct turn *turn = &scorer->group[i];
		turn->record = &batch[from + i];
		turn->index = from + i;
		if (i + 1 < count)
			record_prefetch(&batch[from + i + 1]);
		turn_prepare(scorer, turn, scorer->truth + i * scorer->words, scorer->falsehood + i * scorer->words);
	}
	uint64_t decoded = clock ? clock() : 0;
	for (size_t i = 0; i < count; i++)
		turn_prefetch_person(scorer, &scorer->group[i]);
	for (size_t i = 0; i < count; i++)
		out->fate[from + i] = turn_judge(scorer, &scorer->group[i],
		    scorer->truth + i * scorer->words, scorer->falsehood + i * scorer->words);
	decoder_reset(scorer->decoder);
	out->decode_ns += decoded - start;
	out->score_ns += clock ? clock() - decoded : 0;
}

void
outputs_clear(struct scorer *scorer)
{
	if (scorer->outputs)
		arena_free(&scorer->lines);
	scorer->outputs = 0;
}

size_t
scorer_score(struct scorer *scorer, const struct record *batch, size_t count, struct scored *out)
{
	outputs_clear(scorer);
	out->decode_ns = out->score_ns = 0;
	size_t used = 0;
	while (used < count && scorer->outputs < scorer->limits.outputs_max) {
		size_t group = count - used < GROUP ? count - used : GROUP;
		group_score(scorer, batch, used, group, out);
		used += group;
	}
	scorer->now = NULL;
	out->output = scorer->output;
	out->outputs = scorer->outputs;
	return used;
}

void
scorer_set_limits(struct scorer *scorer, const struct scorer_limits *limits)
{
	const struct decode_limits *old = &scorer->limits.decode, *fresh = &limits->decode;
	if (old->depth != fresh->depth || old->record_bytes != fresh->record_bytes || old->identifier_bytes != fresh->identifier_bytes) {
		decoder_close(scorer->decoder);
		scorer->decoder = decoder_open(*fresh);
	}
	scorer->limits = *limits;
}

void
scorer_close_windows(struct scorer *scorer, struct scored *out)
{
	outputs_clear(scorer);
	scorer->now = NULL;
	for (size_t i = 0; i < scorer->pools; i++)
		pool_close_all(scorer, &scorer->pool[i]);
	out->output = scorer->output;
	out->outputs = scorer->outputs;
	out->decode_ns = out->score_ns = 0;
}

void
scorer_tick(struct scorer *scorer, int64_t time, struct scored *out)
{
	outputs_clear(scorer);
	scorer->now = NULL;
	for (size_t i = 0; i < scorer->pools; i++)
		pool_tick(scorer, &scorer->pool[i], time);
	out->output = scorer->output;
	out->outputs = scorer->outputs;
	out->decode_ns = out->score_ns = 0;
}

struct output *
output_add(struct scorer *scorer, enum output_kind kind, struct slice line, struct slice key)
{
	if (scorer->outputs == scorer->output_capacity) {
		scorer->output_capacity = scorer->output_capacity ? scorer->output_capacity * 2 : 256;
		scorer->output = memory_resize(scorer->output, scorer->output_capacity * sizeof *scorer->output);
	}
	struct output *output = &scorer->output[scorer->outputs++];
	*output = (struct output){
		.kind = kind,
		.line = {arena_copy(&scorer->lines, line.data, line.length), line.length},
		.key = {arena_copy(&scorer->lines, key.data, key.length), key.length},
		.record = scorer->now ? scorer->now->index : 0,
		.rule = -1,
		.setl_time = INT64_MIN,
	};
	return output;
}

const struct scorer_counts *
scorer_counts(const struct scorer *scorer)
{
	struct scorer_counts *counts = (struct scorer_counts *)&scorer->counts;
	counts->persons = scorer->persons.chunks.count;
	counts->settlements = scorer->bookings.chunks.count - scorer->bookings.chunks.first;
	counts->areas = scorer->pools;
	counts->person_bytes = persons_bytes(&scorer->persons);
	counts->settlement_bytes = bookings_bytes(&scorer->bookings);
	counts->state_bytes = counts->person_bytes + counts->settlement_bytes + chunks_bytes(&scorer->enrolments)
	    + texts_bytes(&scorer->identities);
	return counts;
}

const struct unknown_field *
scorer_unknown_fields(const struct scorer *scorer, size_t *count, uint64_t *more)
{
	return decoder_unknown(scorer->decoder, count, more);
}

void
scorer_close(struct scorer *scorer)
{
	if (!scorer)
		return;
	for (size_t i = 0; i < scorer->pools; i++)
		pool_free(scorer, &scorer->pool[i]);
	for (size_t i = 0; i < scorer->area_slots; i++) {
		free(scorer->area_series[i].series);
		free(scorer->area_series[i].pair);
	}
	free(scorer->area_series);
	free(scorer->pool);
	free(scorer->pool_index);
	matcher_close(scorer->matcher);
	decoder_close(scorer->decoder);
	layout_free(&scorer->layout);
	bookings_free(&scorer->bookings);
	persons_free(&scorer->persons);
	chunks_free(&scorer->enrolments);
	texts_free(&scorer->identities);
	names_free(&scorer->names);
	names_free(&scorer->claim_said.keys);
	free(scorer->claim_said.said);
	free(scorer->area);
	free(scorer->area_pool);
	free(scorer->truth);
	free(scorer->falsehood);
	free(scorer->evidence.claim);
	free(scorer->touched);
	free(scorer->changed);
	free(scorer->relink);
	free(scorer->output);
	free(scorer->rule_counts);
	free(scorer->failed);
	free(scorer->ledger_changed);
	free(scorer->cost.rule);
	free(scorer->rejudge.wanted);
	suppressions_close(scorer);
	hold_free(scorer);
	latest_free(scorer);
	arena_free(&scorer->lines);
	buffer_free(&scorer->body);
	buffer_free(&scorer->line);
	buffer_free(&scorer->answer);
	free(scorer);
}
