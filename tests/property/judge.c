/* See judge.h. */
#include "tests/property/judge.h"

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/base/time.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	size_t key, text;               /* offsets in the outcome's text */
	size_t number;                  /* in order of saying; SIZE_MAX in rule: nothing stands */
	int rule;
	bool is_alert, stands;
};

struct collector {
	struct outcome *outcome;
	struct entry *entry;
	size_t entries, capacity;
};

/* ---- what is left of a line ---- */

static const char *
find(const char *text, const char *end, const char *word)
{
	return memmem(text, (size_t)(end - text), word, strlen(word));
}

static void
add_without(struct buffer *out, const char *text, const char *end, const char *from, const char *to)
{
	const char *cut = find(text, end, from), *rest = cut ? find(cut + 1, end, to) : NULL;
	if (!rest) {
		buffer_add(out, text, (size_t)(end - text));
		return;
	}
	buffer_add(out, text, (size_t)(cut - text));
	buffer_add(out, rest, (size_t)(end - rest));
}

/* Of an alert that stands all but three members count:
 *   revision   how often something was said on the way;
 *   status     open where the first word was the last, updated where there were others before;
 *   cause      which record happened to come last.
 * An alert that does not stand (retracted, insufficient) is as good as one that was never raised: an order in which the
 * refund comes first never raises it, and what its last line holds is what held when it fell. */
static bool
alert_take(struct buffer *out, const struct output *output, const char *text, const char *end)
{
	if (output->status != STATUS_OPEN && output->status != STATUS_UPDATED)
		return false;
	add_without(out, text, end, ",\"revision\":", ",\"rule\":");
	return true;
}

/* Of an indicator all but its revision.  One that says "nothing here" (insufficient, and nothing was counted) is as good
 * as none: it is left over where a version was taken back that other orders never counted, and cannot be unsaid. */
static bool
indicator_take(struct buffer *out, const char *text, const char *end)
{
	static const char *const nothing[] = {"\"numerator\":0,\"denominator\":0,", "\"numerator_fen\":0,\"denominator_fen\":0,",
	    "\"admissions\":0,"};
	bool is_empty = false;
	for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++)
		is_empty |= find(text, end, nothing[i]) != NULL;
	if (is_empty && find(text, end, "\"verdict\":\"insufficient\""))
		return false;
	const char *subject = find(text, end, ",\"subject\":");       /* the rule before it has a revision of its own */
	if (!subject)
		subject = text;
	buffer_add(out, text, (size_t)(subject - text));
	add_without(out, subject, end, ",\"revision\":", ",\"finding\":");
	return true;
}

/* ---- collecting ---- */

static void
key_add(struct buffer *out, const struct output *output, const char *text, const char *end)
{
	if (output->kind != OUTPUT_INDICATOR) {
		buffer_add(out, output->key.data, output->key.length);
		return;
	}
	const char *subject = find(text, end, "\"subject\":{"), *close = subject ? find(subject, end, "}") : NULL;
	buffer_printf(out, "%03d ", (int)output->rule);
	if (close)
		buffer_add(out, subject, (size_t)(close - subject));
}

static void
collect(struct collector *collector, const struct scored *scored)
{
	struct outcome *outcome = collector->outcome;
	for (size_t i = 0; i < scored->outputs; i++) {
		const struct output *output = &scored->output[i];
		const char *text = output->line.data, *end = text + output->line.length;
		outcome->digest = (outcome->digest ^ hash64(text, output->line.length)) * UINT64_C(0x9E3779B97F4A7C15);
		outcome->lines++;
		if (output->kind != OUTPUT_ALERT && output->kind != OUTPUT_SHADOW && output->kind != OUTPUT_INDICATOR)
			continue;
		if (collector->entries == collector->capacity) {
			collector->capacity = collector->capacity ? 2 * collector->capacity : 256;
			collector->entry = memory_resize(collector->entry, collector->capacity * sizeof *collector->entry);
		}
		struct entry *entry = &collector->entry[collector->entries];
		*entry = (struct entry){.key = outcome->text.length, .number = collector->entries++, .rule = output->rule,
		    .is_alert = output->kind != OUTPUT_INDICATOR};
		key_add(&outcome->text, output, text, end);
		buffer_char(&outcome->text, '\0');
		entry->text = outcome->text.length;
		entry->stands = entry->is_alert ? alert_take(&outcome->text, output, text, end) : indicator_take(&outcome->text, text, end);
		buffer_char(&outcome->text, '\0');
	}
}

static int
entry_compare(const void *one, const void *two, void *text)
{
	const struct entry *a = one, *b = two;
	int order = strcmp((const char *)text + a->key, (const char *)text + b->key);
	return order ? order : a->number < b->number ? -1 : 1;
}

static void
keep_last(struct collector *collector)
{
	struct outcome *outcome = collector->outcome;
	const char *text = outcome->text.data;
	if (collector->entries)
		qsort_r(collector->entry, collector->entries, sizeof *collector->entry, entry_compare, outcome->text.data);
	outcome->said = memory_resize(NULL, (collector->entries + 1) * sizeof *outcome->said);
	for (size_t i = 0; i < collector->entries; i++) {
		const struct entry *entry = &collector->entry[i];
		bool is_last = i + 1 == collector->entries || strcmp(text + entry->key, text + entry[1].key) != 0;
		if (is_last && entry->stands)
			outcome->said[outcome->count++] = (struct said){text + entry->key, text + entry->text, entry->rule, entry->is_alert};
	}
	free(collector->entry);
}

void
outcome_free(struct outcome *outcome)
{
	free(outcome->said);
	buffer_free(&outcome->text);
	*outcome = (struct outcome){0};
}

/* ---- feeding ---- */

static bool
has_come(const struct world *world, const struct order *order, size_t until, const struct settlement *refund)
{
	for (size_t i = 0; i < until; i++) {
		const struct event *event = &world->event[order->event[i]];
		if (event->kind == EVENT_SETTLEMENT && !event->settlement.is_refund && event->settlement.person == refund->person &&
		    (event->settlement.id == refund->original || event->settlement.visit == refund->visit))
			return true;
	}
	return false;
}

static struct event
broken(const struct world *world, const struct order *order, size_t at, enum breakage breakage)
{
	struct event event = world->event[order->event[at]];
	if (breakage == BREAK_VERSIONS)
		event.settlement.changed = 0;
	if (breakage == BREAK_REFUNDS && event.settlement.is_refund && !has_come(world, order, at, &event.settlement))
		event.settlement.original = event.settlement.visit = 0;
	return event;
}

struct feed {
	struct record record[EVENTS_MAX];
	int64_t tick[EVENTS_MAX];       /* NO_TICK: a record */
	size_t count;
	struct buffer bytes;
};

#define NO_TICK INT64_MIN

/* Kafka's timestamp counts from 1970 UTC. */
static int64_t
arrival_ms(const struct world *world, const struct event *event)
{
	return world->has_arrivals ? (event->time + event->delay - BEIJING_OFFSET_SECONDS) * 1000 : ARRIVAL_UNKNOWN;
}

static void
feed_make(struct feed *feed, const struct world *world, const struct order *order, enum breakage breakage)
{
	size_t start[EVENTS_MAX];
	struct buffer line = {0};
	feed->bytes = (struct buffer){0};
	feed->count = order->count;
	for (size_t i = 0; i < order->count; i++) {
		struct event event = broken(world, order, i, breakage);
		line.length = 0;                                /* by itself: the writer of JSON looks at the byte before */
		event_line(world, &event, &line);
		start[i] = feed->bytes.length;
		buffer_add(&feed->bytes, line.data, line.length);
		feed->tick[i] = event.kind == EVENT_TICK ? event.time : NO_TICK;
		feed->record[i] = (struct record){.kind = event.kind == EVENT_ENROLMENT ? RECORD_ENROLMENT : RECORD_SETTLEMENT,
		    .length = line.length, .arrival_ms = arrival_ms(world, &event), .partition = -1, .offset = -1, .file = "world", .line = (int64_t)i + 1};
	}
	buffer_free(&line);
	buffer_reserve(&feed->bytes, RECORD_PADDING);
	for (size_t i = 0; i < order->count; i++)
		feed->record[i].bytes = feed->bytes.data + start[i];
}

/* How many records from here on may be one batch: none over a tick. */
static size_t
batch_size(const struct feed *feed, size_t from, size_t wanted)
{
	size_t count = 0;
	while (count < wanted && from + count < feed->count && feed->tick[from + count] == NO_TICK)
		count++;
	return count;
}

/* ---- saving and loading ---- */

static void
save_bytes(void *context, const void *bytes, size_t length)
{
	buffer_add(context, bytes, length);
}

static bool
load_bytes(void *context, void *bytes, size_t length)
{
	struct slice *rest = context;
	if (rest->length < length)
		return false;
	memcpy(bytes, rest->data, length);
	*rest = (struct slice){rest->data + length, rest->length - length};
	return true;
}

/* The scorer that comes back from the bytes of this one; NULL: it does not.  This one is closed. */
static struct scorer *
saved_and_loaded(struct scorer *scorer, struct ruleset *rules, const struct scorer_limits *limits)
{
	struct buffer bytes = {0};
	scorer_save(scorer, save_bytes, &bytes);
	scorer_close(scorer);
	struct slice rest = {bytes.data, bytes.length};
	scorer = scorer_load(rules, limits, load_bytes, &rest);
	buffer_free(&bytes);
	return scorer;
}

static uint64_t
state_hash(const struct scorer *scorer)
{
	struct buffer bytes = {0};
	scorer_save(scorer, save_bytes, &bytes);
	uint64_t hash = hash64(bytes.data, bytes.length);
	buffer_free(&bytes);
	return hash ? hash : 1;
}

/* ---- judging ---- */

struct judging {
	struct ruleset *rules;
	struct scorer_limits limits;
	struct feed feed;
	const struct order *order;
	struct chance chance;           /* sizes of batches */
	struct scorer *scorer;
	struct collector collector;
};

static void
score_until(struct judging *judging, size_t from, size_t until)
{
	enum fate fate[EVENTS_MAX];
	struct scored scored = {.fate = fate};
	const struct feed *feed = &judging->feed;
	for (size_t done = from; done < until;) {
		size_t wanted = judging->order->batches ? 1 + below(&judging->chance, 40) : 1;
		if (wanted > until - done)
			wanted = until - done;
		if (feed->tick[done] != NO_TICK)
			scorer_tick(judging->scorer, feed->tick[done++], &scored);
		else
			done += scorer_score(judging->scorer, feed->record + done, batch_size(feed, done, wanted), &scored);
		collect(&judging->collector, &scored);
	}
}

static void
score_all(struct judging *judging)
{
	size_t cut = judging->order->cut < judging->feed.count ? judging->order->cut : 0;
	score_until(judging, 0, cut);
	if (cut)
		judging->scorer = saved_and_loaded(judging->scorer, judging->rules, &judging->limits);
	if (!judging->scorer)
		return;
	score_until(judging, cut, judging->feed.count);
	struct scored scored = {0};
	scorer_close_windows(judging->scorer, &scored);
	collect(&judging->collector, &scored);
}

void
judge(struct ruleset *rules, const struct world *world, const struct order *order, enum breakage breakage, struct outcome *outcome)
{
	struct judging judging = {.rules = rules, .limits = SCORER_LIMITS_DEFAULT, .order = order, .chance = {order->batches},
	    .collector = {.outcome = outcome}};
	judging.limits.person_clear = true;
	judging.limits.outputs_max = order->batches ? 1 + (size_t)(order->batches % 64) : 1;
	*outcome = (struct outcome){0};
	feed_make(&judging.feed, world, order, breakage);
	judging.scorer = scorer_open(rules, &judging.limits);
	score_all(&judging);
	if (judging.scorer) {
		outcome->counts = *scorer_counts(judging.scorer);
		outcome->state = order->kind == ORDER_GIVEN ? state_hash(judging.scorer) : 1;
		scorer_close(judging.scorer);
	}
	keep_last(&judging.collector);
	buffer_free(&judging.feed.bytes);
}
