/* See coverage.h.  The tests run as trial_run runs them; beside the scorer every settlement that was judged is asked all the
 * branches, and the rows that hold for it are looked up as its judgement looks them up. */
#include "core/score/coverage.h"

#include "core/rule/branches.h"
#include "core/rule/trial.h"
#include "core/score/private.h"

#include <stdlib.h>

#define MONTHS_MAX 48                   /* closes that are looked at behind a settlement */

const char *const cover_kind_names[COVER_KINDS] = {"expression", "comparison", "row", "band", "status"};

struct covering {
	struct arena *arena;
	struct ruleset *set;            /* with this rule alone */
	const struct rule *rule;
	const struct branches *branches;
	struct matcher *matcher;        /* of the branches */
	uint64_t *truth, *falsehood;
	struct coverage *coverage;
	size_t first_row, first_band, first_status;     /* in the items */
};

static bool
has_bit(const uint64_t *words, int32_t bit)
{
	return words[bit >> 6] >> (bit & 63) & 1;
}

/* ---- what there is ---- */

static struct cover *
add_item(struct covering *covering, enum cover_kind kind, const char *key, const char *text, struct place place)
{
	struct cover *item = &covering->coverage->item[covering->coverage->count++];
	*item = (struct cover){.kind = kind, .key = key, .text = text, .file = covering->rule->file, .line = place.line, .column = place.column};
	return item;
}

static void
add_branches(struct covering *covering)
{
	for (size_t i = 0; i < covering->branches->count; i++) {
		const struct branch *branch = &covering->branches->branch[i];
		enum cover_kind kind = branch->is_whole ? COVER_EXPRESSION : COVER_COMPARISON;
		add_item(covering, kind, branch->key, branch->text, branch->place)->outcome = "true";
		add_item(covering, kind, branch->key, branch->text, branch->place)->outcome = "false";
	}
}

static const char *
row_name(struct covering *covering, const struct param_row *row)
{
	char day[TIME_TEXT_SIZE];
	return arena_printf(covering->arena, "%s%s%s %s", *row->region ? row->region : "*", row->tier ? "/" : "", row->tier ? row->tier : "",
	    day_text(row->from, day));
}

static void
add_rows(struct covering *covering)
{
	covering->first_row = covering->coverage->count;
	for (size_t i = 0; i < covering->rule->params; i++) {
		const struct param *param = &covering->rule->param[i];
		for (size_t j = 0; j < param->rows; j++) {
			const struct param_row *row = &param->row[j];
			if (!row->is_floor)
				add_item(covering, COVER_ROW, param->name, row_name(covering, row), (struct place){row->line, row->column})->file = row->file;
		}
	}
}

static void
add_bands(struct covering *covering)
{
	struct place place = rule_place(covering->set, covering->rule, "bands", covering->arena);
	covering->first_band = covering->coverage->count;
	for (size_t i = 0; i < covering->rule->bands; i++)
		add_item(covering, COVER_BAND, "bands", covering->rule->band[i].severity, place);
}

/* What can have one outcome only is no branch. */
static void
drop_impossible(struct covering *covering)
{
	struct coverage *coverage = covering->coverage;
	for (size_t i = covering->branches->count; i-- > 0;)
		if (covering->branches->branch[i].is_always) {
			memmove(&coverage->item[2 * i], &coverage->item[2 * i + 2], (coverage->count - 2 * i - 2) * sizeof *coverage->item);
			coverage->count -= 2;
		}
}

/* Without a minimum only what is judged at a close can come to have too little to be judged by. */
static void
add_statuses(struct covering *covering)
{
	bool is_closed = covering->rule->detector->shape == SHAPE_SERIES || covering->rule->detector->shape == SHAPE_FAMILY;
	bool tells_few = is_closed || covering->rule->minimum > 0;
	struct place place = rule_place(covering->set, covering->rule, "tests", covering->arena);
	covering->first_status = covering->coverage->count;
	for (int status = STATUS_OPEN; status <= (tells_few ? STATUS_INSUFFICIENT : STATUS_RETRACTED); status++)
		add_item(covering, COVER_STATUS, NULL, alert_status_names[status], place);
}

static size_t
count_items(const struct covering *covering)
{
	size_t count = 2 * covering->branches->count + covering->rule->bands + STATUS_INSUFFICIENT + 1;
	for (size_t i = 0; i < covering->rule->params; i++)
		count += covering->rule->param[i].rows;
	return count;
}

/* ---- what is reached ---- */

/* An exclusion is only asked where `where` holds, an expression of the detector where nothing excludes besides. */
static void
see_branches(struct covering *covering, const struct claim *claim)
{
	const struct area *area = matcher_area(covering->matcher, claim_text(claim, FIELD_insu_admdvs));
	matcher_run(covering->matcher, area, claim, covering->truth, covering->falsehood);
	bool is_matched = has_bit(covering->truth, covering->rule->where), is_written = has_bit(covering->truth, covering->rule->where_written);
	for (size_t i = 0; i < covering->branches->count; i++) {
		const struct branch *branch = &covering->branches->branch[i];
		if (!(branch->is_where || is_matched || (branch->is_exclusion && is_written)))
			continue;
		covering->coverage->item[2 * i].is_reached |= has_bit(covering->truth, branch->condition);
		covering->coverage->item[2 * i + 1].is_reached |= has_bit(covering->falsehood, branch->condition);
	}
}

static void
see_row(struct covering *covering, const struct param_row *wanted)
{
	size_t item = covering->first_row;
	for (size_t i = 0; wanted && i < covering->rule->params; i++)
		for (size_t j = 0; j < covering->rule->param[i].rows; j++) {
			const struct param_row *row = &covering->rule->param[i].row[j];
			if (row->is_floor)
				continue;
			covering->coverage->item[item++].is_reached |= row == wanted;
		}
}

static void
see_rows(struct covering *covering, const struct area *area, struct slice tier, int32_t day)
{
	bool unknown;
	for (size_t i = 0; i < covering->rule->params; i++)
		see_row(covering, param_find(covering->rule, (int32_t)i, area, tier, day, &unknown));
}

static struct slice
tier_of(const struct scorer *scorer, const struct turn *turn, int32_t day)
{
	uint32_t number = persons_find(&scorer->persons, turn->pool_name, turn->claim->value[FIELD_psn_no].text, turn->person_hash);
	const struct enrolment_record *enrolment = number == NOBODY ? NULL
	    : enrolment_find(scorer, person_at(&scorer->persons, number), day_year(day), 0);
	return enrolment ? names_text(&scorer->names, enrolment->tier) : SLICE("");
}

/* A close judges the area and its pool by the row of the month's last day, from the first settlement's month on. */
static void
see_closes(struct covering *covering, struct scorer *scorer, const struct turn *turn, int32_t month)
{
	int32_t closed = scorer_closed_through(scorer);
	const struct area *pool = scorer_area(scorer, turn->pool_name);
	for (int32_t i = 0; i < MONTHS_MAX && closed > INT32_MIN && month_first_day(month + i + 1) - 1 <= closed; i++) {
		see_rows(covering, turn->area, SLICE(""), month_first_day(month + i + 1) - 1);
		see_rows(covering, pool, SLICE(""), month_first_day(month + i + 1) - 1);
	}
}

static void
see_settlement(struct covering *covering, struct scorer *scorer, const struct record *record)
{
	struct turn *turn = calloc(1, sizeof *turn);
	uint64_t *truth = calloc(2 * scorer->words + 1, sizeof *truth);
	if (!turn || !truth)
		abort();
	turn->record = record;
	turn_prepare(scorer, turn, truth, truth + scorer->words);
	if (turn->decoded) {
		int32_t day = time_day(turn->claim->value[FIELD_setl_time].number);
		enum detector_shape shape = covering->rule->detector->shape;
		see_branches(covering, turn->claim);
		if (!has_bit(truth, covering->rule->where))
			shape = SHAPE_FAMILY + 1;
		if (shape == SHAPE_CLAIM || shape == SHAPE_LEDGER)
			see_rows(covering, turn->area, tier_of(scorer, turn, day), day);
		else if (shape == SHAPE_SERIES || shape == SHAPE_FAMILY)
			see_closes(covering, scorer, turn, day_month(day));
	}
	decoder_reset(scorer->decoder);
	free(truth);
	free(turn);
}

/* The severity that the line of an alert carries. */
static void
see_band(struct covering *covering, struct slice line)
{
	for (size_t i = 0; i < covering->rule->bands; i++) {
		const char *member = arena_printf(covering->arena, "\"severity\":\"%s\"", covering->rule->band[i].severity);
		covering->coverage->item[covering->first_band + i].is_reached |= memmem(line.data, line.length, member, strlen(member)) != NULL;
	}
}

static void
see_outputs(struct covering *covering, const struct scored *scored)
{
	for (size_t i = 0; i < scored->outputs; i++) {
		const struct output *output = &scored->output[i];
		if (output->kind != OUTPUT_ALERT)
			continue;
		covering->coverage->item[covering->first_status + output->status].is_reached = true;
		if (output->status == STATUS_OPEN || output->status == STATUS_UPDATED)
			see_band(covering, output->line);
	}
}

/* ---- running ---- */

static void
run_test(struct covering *covering, const struct rule_test *test)
{
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	struct scorer *scorer = scorer_open(covering->set, &limits);
	struct record *record = calloc(test->records + 1, sizeof *record);
	enum fate *fate = calloc(test->records + 1, sizeof *fate);
	if (!record || !fate)
		abort();
	for (size_t i = 0; i < test->records; i++) {
		struct scored scored = {.fate = &fate[i]};
		trial_record_make(test, &test->record[i], &record[i]);
		scorer_score(scorer, &record[i], 1, &scored);
		see_outputs(covering, &scored);
	}
	if (test->close_all) {
		struct scored scored = {0};
		scorer_close_windows(scorer, &scored);
		see_outputs(covering, &scored);
	}
	for (size_t i = 0; i < test->records; i++) {
		if (record[i].kind == RECORD_SETTLEMENT && fate[i] == FATE_JUDGED)
			see_settlement(covering, scorer, &record[i]);
		free((char *)record[i].bytes);
	}
	free(record);
	free(fate);
	scorer_close(scorer);
}

struct coverage *
coverage_run(const struct ruleset *rules, size_t index, struct arena *arena)
{
	struct ruleset alone = *rules;
	struct rule rule = rules->rule[index];
	struct coverage *coverage = arena_alloc(arena, sizeof *coverage);
	rule.mode = MODE_ENFORCE;
	alone.rule = &rule;
	alone.rules = 1;
	struct covering covering = {.arena = arena, .set = &alone, .rule = &rule, .branches = branches_of(&alone, &rule, arena), .coverage = coverage};
	size_t words = MATCH_WORDS(&covering.branches->set);
	coverage->item = arena_alloc(arena, count_items(&covering) * sizeof *coverage->item);
	add_branches(&covering);
	add_rows(&covering);
	add_bands(&covering);
	add_statuses(&covering);
	covering.matcher = matcher_open(&covering.branches->set);
	matcher_ask_off(covering.matcher, true);
	covering.truth = arena_alloc(arena, 2 * words * sizeof *covering.truth);
	covering.falsehood = covering.truth + words;
	for (size_t i = 0; i < rule.tests; i++)
		run_test(&covering, &rule.test[i]);
	matcher_close(covering.matcher);
	drop_impossible(&covering);
	for (size_t i = 0; i < coverage->count; i++)
		coverage->reached += coverage->item[i].is_reached;
	return coverage;
}
