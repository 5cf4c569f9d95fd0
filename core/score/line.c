/* JSON lines: alerts, indicators, refusals (contract 3).  The bytes depend on records, rules and tables
 * alone.  What was last said about a subject is kept as a revision and a hash: nothing is said twice, and every change
 * is the next revision of the same id. */
#include "core/score/private.h"

#include "core/base/digest.h"
#include "core/base/hash.h"
#include "core/base/money.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const cause_names[] = {"claim", "late", "refund", "restated", "close", "rules"};
static const char *const verdict_names[] = {"ok", "watch", "alert", "insufficient"};
static const char *const mode_names[] = {"enforce", "shadow", "off"};
static const char *const unit_names[] = {"yuan", "ratio", "count", "days"};

#define ID_BYTES 16
#define ID_TEXT (2 * ID_BYTES + 1)

/* ---- who it is about ---- */

/* The identity of an alert: rule, aggregate definition, subject and period; of a rule that judges one claim, its
 * setl_id instead of the period.  Never the order of arrival, never a threshold. */
static void
identity_write(const struct scorer *scorer, struct buffer *out, const struct statement *statement)
{
	const struct rule *rule = &scorer->rules->rule[statement->rule];
	const struct subject *subject = statement->subject;
	out->length = 0;
	json_open(out, '[');
	json_text(out, rule->id);
	json_text(out, rule->settings_text);
	json_text(out, subject->variant);
	json_text(out, subject->kind);
	json_string(out, names_text(&scorer->names, subject->pool));
	if (subject->setl_id.length) {
		json_string(out, subject->setl_id);
	} else {
		json_string(out, names_text(&scorer->names, subject->area_is_identity ? subject->area : 0));
		json_string(out, subject->psn_no);
		json_string(out, names_text(&scorer->names, subject->institution));
		json_string(out, names_text(&scorer->names, subject->township));
		json_text(out, subject->class ? subject->class : "");
		json_text(out, subject->period);
		if (subject->level)
			json_text(out, subject->level);
	}
	json_close(out, ']');
}

static void
alert_id(struct scorer *scorer, const struct statement *statement, char text[ID_TEXT])
{
	uint8_t value[DIGEST_BYTES];
	identity_write(scorer, &scorer->answer, statement);
	sha256(scorer->answer.data, scorer->answer.length, value);
	hex_text(value, ID_BYTES, text);
}

uint64_t
alert_identity(struct scorer *scorer, const struct statement *statement)
{
	identity_write(scorer, &scorer->answer, statement);
	return hash64(scorer->answer.data, scorer->answer.length);
}

static void
name_member(const struct scorer *scorer, struct buffer *out, const char *key, uint32_t name)
{
	if (name == 0)
		return;
	json_key(out, key);
	json_string(out, names_text(&scorer->names, name));
}

static void
subject_write(const struct scorer *scorer, struct buffer *out, const struct subject *subject, const char *person)
{
	json_key(out, "subject");
	json_open(out, '{');
	json_key(out, "kind");
	json_text(out, subject->kind);
	name_member(scorer, out, "pool", subject->pool);
	name_member(scorer, out, "insu_admdvs", subject->area);
	if (*person) {
		json_key(out, "psn_no");
		json_text(out, person);
	}
	name_member(scorer, out, "fixmedins_code", subject->institution);
	name_member(scorer, out, "township", subject->township);
	if (subject->class) {
		json_key(out, "class");
		json_text(out, subject->class);
	}
	if (subject->level) {
		json_key(out, "level");
		json_text(out, subject->level);
	}
	if (subject->setl_id.length) {
		json_key(out, "setl_id");
		json_string(out, subject->setl_id);
	}
	json_key(out, "period");
	json_text(out, subject->period);
	json_close(out, '}');
}

/* ---- by which rule ---- */

static void
rule_write(const struct scorer *scorer, struct buffer *out, const struct rule *rule, const char *severity)
{
	const struct {
		const char *key, *text;
	} words[] = {{"ruleset", scorer->rules->digest}, {"mode", mode_names[rule->mode]}, {"family", rule->family},
	    {"grade", rule->grade}, {"severity", severity}};
	json_key(out, "rule");
	json_open(out, '{');
	json_key(out, "id");
	json_text(out, rule->id);
	json_key(out, "detector");
	json_text(out, rule->detector->name);
	json_key(out, "revision");
	json_integer(out, rule->revision);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		json_key(out, words[i].key);
		json_text(out, words[i].text);
	}
	json_key(out, "title");
	json_open(out, '{');
	json_key(out, "zh");
	json_text(out, rule->title[LANGUAGE_ZH]);
	json_key(out, "en");
	json_text(out, rule->title[LANGUAGE_EN]);
	json_close(out, '}');
	json_close(out, '}');
}

static void
day_member(struct buffer *out, const char *key, int32_t day)
{
	char text[TIME_TEXT_SIZE];
	json_key(out, key);
	if (day == INT32_MAX || day == INT32_MIN)
		json_null(out);
	else
		json_text(out, day_text(day, text));
}

static void
param_write(const struct scorer *scorer, struct buffer *out, const struct statement *statement)
{
	json_key(out, "param");
	if (!statement->row) {
		json_null(out);
		return;
	}
	const struct param *param = &scorer->rules->rule[statement->rule].param[statement->param];
	json_open(out, '{');
	json_key(out, "name");
	json_text(out, param->name);
	json_key(out, "value");
	json_text(out, statement->row->value_text);
	json_key(out, "unit");
	json_text(out, unit_names[param->unit]);
	json_key(out, "region");
	json_text(out, statement->row->region);
	json_key(out, "tier");
	json_text(out, statement->tier_unknown ? NULL : statement->row->tier);
	day_member(out, "from", statement->row->from);
	day_member(out, "to", statement->row->to);
	json_close(out, '}');
}

static void
basis_write(struct buffer *out, const struct rule *rule, const struct param_row *row)
{
	json_key(out, "basis");
	json_open(out, '[');
	for (size_t i = 0; i < rule->bases; i++) {
		const struct basis *basis = &rule->basis[i];
		if (row && row->basis != basis)
			continue;
		json_open(out, '{');
		json_key(out, "document");
		json_text(out, basis->document);
		json_key(out, "quote");
		json_text(out, basis->quote);
		json_close(out, '}');
	}
	json_close(out, ']');
}

/* ---- evidence ---- */

static void
claim_write(const struct scorer *scorer, struct buffer *out, const struct evidence_claim *claim)
{
	json_open(out, '{');
	json_key(out, "setl_id");
	json_string(out, claim->setl_id);
	day_member(out, "date", time_day(claim->time));
	json_key(out, "fixmedins_code");
	if (claim->institution)
		json_string(out, names_text(&scorer->names, claim->institution));
	else
		json_null(out);
	json_key(out, "fen");
	json_integer(out, claim->fen);
	json_close(out, '}');
}

static void
evidence_write(struct scorer *scorer, struct buffer *out, const struct statement *statement, const char *person)
{
	static const char *const key[] = {[LANGUAGE_ZH] = "zh", [LANGUAGE_EN] = "en"};
	struct buffer sentence = {0};
	json_key(out, "evidence");
	json_open(out, '{');
	for (int language = LANGUAGE_ZH; language <= LANGUAGE_EN; language++) {
		sentence.length = 0;
		sentence_write(scorer, &sentence, statement, (enum language)language, person);
		json_key(out, key[language]);
		json_string(out, (struct slice){sentence.data, sentence.length});
	}
	buffer_free(&sentence);
	size_t count = statement->evidence ? statement->evidence->count : 0;
	json_key(out, "claims");
	json_open(out, '[');
	for (size_t i = count > EVIDENCE_CLAIMS ? count - EVIDENCE_CLAIMS : 0; i < count; i++)
		claim_write(scorer, out, &statement->evidence->claim[i]);
	json_close(out, ']');
	json_key(out, "claims_total");
	json_unsigned(out, statement->claims_total ? statement->claims_total : count);
	json_close(out, '}');
}

/* ---- alerts ---- */

static bool
is_standing(const struct said *said)
{
	return said->revision && (said->status == STATUS_OPEN || said->status == STATUS_UPDATED);
}

bool
alert_may_speak(const struct said *said, const struct verdict *verdict)
{
	return verdict->word == VERDICT_ALERT || is_standing(said);
}

static bool
is_few(const struct said *said)
{
	return said->revision && said->status == STATUS_INSUFFICIENT;
}

static bool
may_speak(const struct said *said, const struct statement *statement)
{
	return alert_may_speak(said, statement->verdict)
	    || (statement->tells_few && (is_few(said) || statement->verdict->word == VERDICT_INSUFFICIENT));
}

static enum alert_status
status_of(const struct said *said, const struct verdict *verdict)
{
	if (verdict->word == VERDICT_ALERT)
		return is_standing(said) ? STATUS_UPDATED : STATUS_OPEN;
	return verdict->word == VERDICT_INSUFFICIENT ? STATUS_INSUFFICIENT : STATUS_RETRACTED;
}

/* What makes one revision differ from the next: the body, and the severity where the excess decides it. */
static uint64_t
body_hash(const struct scorer *scorer, const struct rule *rule, const struct verdict *verdict)
{
	uint64_t body = hash64(scorer->body.data, scorer->body.length);
	const char *severity = rule_severity(rule, verdict);
	return rule->bands ? body ^ hash64(severity, strlen(severity)) : body;
}

/* From "finding" on. */
static void
alert_body(struct scorer *scorer, const struct statement *statement, const char *person)
{
	const struct verdict *verdict = statement->verdict;
	const struct rule *rule = &scorer->rules->rule[statement->rule];
	struct buffer *out = &scorer->body;
	char text[TIME_TEXT_SIZE];
	out->length = 0;
	json_open(out, '{');
	subject_write(scorer, out, statement->subject, person);
	json_key(out, "finding");
	finding_write(out, verdict);
	json_key(out, "amount_at_risk_fen");
	if (verdict->has_amount_at_risk)
		json_integer(out, verdict->amount_at_risk_fen);
	else
		json_null(out);
	param_write(scorer, out, statement);
	basis_write(out, rule, statement->row);
	evidence_write(scorer, out, statement, person);
	json_key(out, "event_time");
	json_text(out, time_text(statement->event_time, text));
	json_close(out, '}');
}

static void
alert_head(struct scorer *scorer, const struct statement *statement, const char *id, uint32_t revision, enum alert_status status)
{
	struct buffer *out = &scorer->line;
	out->length = 0;
	json_open(out, '{');
	json_key(out, "type");
	json_text(out, "alert");
	json_key(out, "alert_id");
	json_text(out, id);
	json_key(out, "revision");
	json_unsigned(out, revision);
	json_key(out, "status");
	json_text(out, alert_status_names[status]);
	json_key(out, "cause");
	json_text(out, cause_names[statement->cause]);
	const struct rule *rule = &scorer->rules->rule[statement->rule];
	rule_write(scorer, out, rule, rule_severity(rule, statement->verdict));
	buffer_char(out, ',');
	buffer_add(out, scorer->body.data + 1, scorer->body.length - 1);
}

static void
counts_change(struct rule_counts *counts, struct said *said, const struct verdict *verdict, enum alert_status status)
{
	bool was_standing = is_standing(said), was_retracted = said->stood && !was_standing;
	bool stands = status == STATUS_OPEN || status == STATUS_UPDATED;
	if (was_standing)
		counts->amount_at_risk_fen -= said->at_risk_fen;
	counts->open += (uint64_t)stands - (uint64_t)was_standing;
	said->stood |= stands;
	counts->retracted += (uint64_t)(said->stood && !stands) - (uint64_t)was_retracted;
	counts->lines++;
	counts->by_status[status]++;
	said->at_risk_fen = stands && verdict->has_amount_at_risk ? verdict->amount_at_risk_fen : 0;
	counts->amount_at_risk_fen += said->at_risk_fen;
	said->status = (uint16_t)status;
}

static void
output_describe(struct scorer *scorer, struct output *output, const struct statement *statement)
{
	const struct subject *subject = statement->subject;
	output->rule = statement->rule;
	output->event_time = statement->event_time;
	output->day = time_day(statement->event_time);
	output->region = names_text(&scorer->names, subject->area ? subject->area : subject->pool);
	output->institution = names_text(&scorer->names, subject->institution);
	output->person = subject->psn_no;
	if (!scorer->now || scorer->now->record->kind != RECORD_SETTLEMENT || scorer->closing)
		return;
	output->setl_time = scorer->now->claim->value[FIELD_setl_time].number;
	if (!subject->institution && subject->psn_no.length)
		output->institution = names_text(&scorer->names, scorer->now->institution);
}

void
say_alert(struct scorer *scorer, struct said *said, const struct statement *statement)
{
	const struct rule *rule = &scorer->rules->rule[statement->rule];
	if (!may_speak(said, statement))
		return;
	char person_buffer[80], id[ID_TEXT];
	const char *person = psn_text(scorer, statement->subject->psn_no, person_buffer);
	alert_body(scorer, statement, person);
	uint64_t body = body_hash(scorer, rule, statement->verdict);
	enum alert_status status = status_of(said, statement->verdict);
	bool is_said = status == STATUS_UPDATED || (status == STATUS_INSUFFICIENT && is_few(said));
	if (is_said && body == said->body)
		return;
	bool takes_back = status == STATUS_RETRACTED || (status == STATUS_INSUFFICIENT && is_standing(said));
	if (scorer->rules->suppressions && is_suppressed(scorer, statement, takes_back, body))
		return;
	if (statement->hold && status == STATUS_UPDATED && is_held_back(scorer, statement))
		return;
	alert_id(scorer, statement, id);
	alert_head(scorer, statement, id, said->revision + 1, status);
	counts_change(&scorer->rule_counts[statement->rule], said, statement->verdict, status);
	said->revision++;
	said->body = body;
	struct output *output = output_add(scorer, rule->mode == MODE_SHADOW ? OUTPUT_SHADOW : OUTPUT_ALERT,
	    (struct slice){scorer->line.data, scorer->line.length}, slice_of(id));
	output->status = status;
	output->group = alert_group(scorer, statement);
	output_describe(scorer, output, statement);
	if (statement->hold)
		hold_said(scorer, statement, status);
}

/* ---- indicators ---- */

void
say_indicator(struct scorer *scorer, struct said *said, const struct statement *statement)
{
	const struct rule *rule = &scorer->rules->rule[statement->rule];
	struct buffer *body = &scorer->body, *line = &scorer->line;
	char id[ID_TEXT];
	body->length = 0;
	json_open(body, '{');
	json_key(body, "finding");
	finding_write(body, statement->verdict);
	json_key(body, "verdict");
	json_text(body, verdict_names[statement->verdict->word]);
	json_close(body, '}');
	uint64_t hash = hash64(body->data, body->length);
	if (said->revision && hash == said->body)
		return;
	said->body = hash;
	said->revision++;
	latest_note(scorer, statement);
	line->length = 0;
	json_open(line, '{');
	json_key(line, "type");
	json_text(line, "indicator");
	rule_write(scorer, line, rule, rule->severity);
	subject_write(scorer, line, statement->subject, "");
	json_key(line, "revision");
	json_unsigned(line, said->revision);
	buffer_char(line, ',');
	buffer_add(line, body->data + 1, body->length - 1);
	if (rule->mode == MODE_SHADOW)
		return;         /* indicators of a rule that is on trial are published nowhere */
	alert_id(scorer, statement, id);
	struct buffer key = {0};
	buffer_printf(&key, "%s:%s", rule->id, id);
	struct output *output = output_add(scorer, OUTPUT_INDICATOR, (struct slice){line->data, line->length},
	    (struct slice){key.data, key.length});
	buffer_free(&key);
	output_describe(scorer, output, statement);
}

/* ---- refusals ---- */

void
say_refused(struct scorer *scorer, const struct turn *turn)
{
	const struct record *record = turn->record;
	struct buffer *line = &scorer->line;
	line->length = 0;
	json_open(line, '{');
	json_key(line, "type");
	json_text(line, "refused");
	json_key(line, "kind");
	json_text(line, record_kind_names[record->kind]);
	json_key(line, "reason");
	json_text(line, refusal_names[turn->refusal.reason]);
	json_key(line, "field");
	json_text(line, turn->refusal.field);
	json_key(line, "byte");
	if (turn->refusal.byte >= 0)
		json_integer(line, turn->refusal.byte);
	else
		json_null(line);
	json_key(line, record->topic ? "topic" : "file");
	json_text(line, record->topic ? record->topic : record->file);
	json_key(line, record->topic ? "partition" : "line");
	json_integer(line, record->topic ? record->partition : record->line);
	if (record->topic) {
		json_key(line, "offset");
		json_integer(line, record->offset);
	}
	json_close(line, '}');
	output_add(scorer, OUTPUT_REFUSED, (struct slice){line->data, line->length}, SLICE(""));
}
