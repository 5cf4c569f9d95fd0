/* The summary of a replay.  Shadow rules are in no count: they said nothing on the feed. */
#include "replay/summary.h"

#include "core/base/money.h"

#include <stdlib.h>

struct summary_alerts
summary_alerts(const struct session *session)
{
	struct summary_alerts sum = {0};
	for (size_t i = 0; i < session->rules->rules; i++) {
		if (session->rules->rule[i].mode != MODE_ENFORCE)
			continue;
		const struct rule_counts *counts = scorer_rule_counts(session->scorer, i);
		sum.open += counts->open;
		sum.retracted += counts->retracted;
		sum.lines += counts->lines;
		sum.amount_at_risk_fen += counts->amount_at_risk_fen;
	}
	return sum;
}

bool
summary_is_whole(const struct session *session, const struct summary *summary)
{
	const struct scorer_counts *counts = scorer_counts(session->scorer);
	for (int kind = 0; kind < RECORD_KINDS; kind++)
		if (counts->received[kind] != counts->judged[kind] + counts->refused[kind] + counts->duplicate[kind]
		    || counts->received[kind] != summary->offered[kind])
			return false;
	return true;
}

/* ---- JSON ---- */

static void
json_count(struct buffer *json, const char *name, uint64_t count)
{
	json_key(json, name);
	json_unsigned(json, count);
}

static void
json_number(struct buffer *json, const char *name, double number, int places)
{
	json_key(json, name);
	buffer_printf(json, "%.*f", places, number);
}

static void
json_rules(const struct session *session, struct buffer *json)
{
	json_key(json, "per_rule");
	json_open(json, '{');
	for (size_t i = 0; i < session->rules->rules; i++) {
		if (session->rules->rule[i].mode != MODE_ENFORCE)
			continue;
		const struct rule_counts *counts = scorer_rule_counts(session->scorer, i);
		json_key(json, session->rules->rule[i].id);
		json_open(json, '{');
		json_count(json, "open", counts->open);
		json_count(json, "retracted", counts->retracted);
		json_count(json, "lines", counts->lines);
		json_key(json, "amount_at_risk_fen");
		json_integer(json, counts->amount_at_risk_fen);
		json_close(json, '}');
	}
	json_close(json, '}');
}

static void
json_records(const struct scorer_counts *counts, struct buffer *json)
{
	json_key(json, "records");
	json_open(json, '{');
	for (int kind = 0; kind < RECORD_KINDS; kind++) {
		if (kind == RECORD_SETTLEMENT || counts->received[kind] == 0)
			continue;
		json_key(json, record_kind_names[kind]);
		json_open(json, '{');
		json_count(json, "received", counts->received[kind]);
		json_count(json, "accepted", counts->received[kind] - counts->refused[kind]);
		json_count(json, "refused", counts->refused[kind]);
		json_close(json, '}');
	}
	json_close(json, '}');
}

static void
json_refusals(const struct scorer_counts *counts, struct buffer *json)
{
	json_key(json, "refused_by_reason");
	json_open(json, '{');
	for (int reason = 0; reason < REFUSAL_COUNT; reason++)
		if (counts->refused_by_reason[reason])
			json_count(json, refusal_names[reason], counts->refused_by_reason[reason]);
	json_close(json, '}');
}

#define UNKNOWN_NAMES 256

static void
unknown_add(struct unknown_field sum[UNKNOWN_NAMES], size_t *names, uint64_t *more, const struct unknown_field *field)
{
	size_t i = 0;
	while (i < *names && strcmp(sum[i].name, field->name) != 0)
		i++;
	if (i == UNKNOWN_NAMES) {
		*more += field->count;
	} else if (i == *names) {
		sum[(*names)++] = *field;
	} else {
		sum[i].count += field->count;
	}
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct unknown_field *)a)->name, ((const struct unknown_field *)b)->name);
}

/* In the order of the names: which decoder saw one first depends on how the records were cut into batches. */
static void
json_unknown(const struct session *session, struct buffer *json)
{
	struct unknown_field sum[UNKNOWN_NAMES];
	size_t names = 0, count;
	uint64_t all = 0, more;
	const struct unknown_field *field = scorer_unknown_fields(session->scorer, &count, &more);
	for (size_t d = 0;; d++) {
		all += more;
		for (size_t i = 0; i < count; i++)
			unknown_add(sum, &names, &all, &field[i]);
		if (d == session->decoders)
			break;
		field = decoder_unknown(session->decoder[d], &count, &more);
	}
	qsort(sum, names, sizeof sum[0], by_name);
	json_key(json, "unknown_fields");
	json_open(json, '{');
	for (size_t i = 0; i < names; i++)
		json_count(json, sum[i].name, sum[i].count);
	if (all)
		json_count(json, "*", all);             /* names beyond those that are kept */
	json_close(json, '}');
}

static double
claims_per_second(const struct session *session, const struct summary *summary)
{
	uint64_t received = scorer_counts(session->scorer)->received[RECORD_SETTLEMENT] - summary->before;
	return summary->seconds > 0 ? (double)received / summary->seconds : 0;
}

void
summary_json(const struct session *session, const struct summary *summary, struct buffer *json)
{
	const struct scorer_counts *counts = scorer_counts(session->scorer);
	struct summary_alerts alerts = summary_alerts(session);
	json_open(json, '{');
	if (summary->incomplete) {
		json_key(json, "incomplete");
		json_bool(json, true);
	}
	json_count(json, "received", counts->received[RECORD_SETTLEMENT]);
	json_count(json, "judged", counts->judged[RECORD_SETTLEMENT]);
	json_count(json, "refused", counts->refused[RECORD_SETTLEMENT]);
	json_count(json, "duplicate", counts->duplicate[RECORD_SETTLEMENT]);
	json_count(json, "unlinked_refunds", counts->unlinked_refunds);
	json_count(json, "beyond_history", counts->beyond_history);
	json_refusals(counts, json);
	json_count(json, "alerts", alerts.open);
	json_count(json, "retracted", alerts.retracted);
	json_count(json, "alert_lines", alerts.lines);
	json_rules(session, json);
	if (session->rules->suppressions) {
		json_key(json, "suppressed");
		scorer_suppressed(session->scorer, json);
	}
	json_key(json, "open_windows");
	scorer_open_windows(session->scorer, json);
	json_number(json, "seconds", summary->seconds, 3);
	json_number(json, "claims_per_second", claims_per_second(session, summary), 0);
	json_key(json, "feed_digest");
	json_text(json, summary->feed_digest);
	json_records(counts, json);
	json_key(json, "data_quality");
	scorer_data_quality(session->scorer, json);
	json_unknown(session, json);
	json_close(json, '}');
}

/* ---- text ---- */

static void
text_counts(const struct session *session, const struct summary *summary, struct buffer *text)
{
	const struct scorer_counts *counts = scorer_counts(session->scorer);
	unsigned long long received = counts->received[RECORD_SETTLEMENT], judged = counts->judged[RECORD_SETTLEMENT],
	    refused = counts->refused[RECORD_SETTLEMENT], duplicate = counts->duplicate[RECORD_SETTLEMENT];
	buffer_printf(text, session->language == LANGUAGE_ZH
	    ? "结算 %llu 笔：已判 %llu，拒收 %llu，重复 %llu；用时 %.2f 秒，每秒 %.0f 笔\n"
	    : "settlements %llu: judged %llu, refused %llu, duplicate %llu; %.2f s, %.0f claims/s\n",
	    received, judged, refused, duplicate, summary->seconds, claims_per_second(session, summary));
	for (int reason = 0; reason < REFUSAL_COUNT; reason++)
		if (counts->refused_by_reason[reason])
			buffer_printf(text, session->language == LANGUAGE_ZH ? "  拒收 %-18s %llu\n" : "  refused %-18s %llu\n",
			    refusal_names[reason], (unsigned long long)counts->refused_by_reason[reason]);
}

static void
text_suppressed(const struct session *session, struct buffer *text)
{
	char money[MONEY_TEXT_SIZE];
	for (size_t i = 0; i < session->rules->suppressions; i++) {
		const struct suppression_counts *counts = scorer_suppression_counts(session->scorer, i);
		if (counts->lines)
			buffer_printf(text, session->language == LANGUAGE_ZH ? "压下不报 %s：告警 %llu 件，共 %llu 行；涉及金额 %s 元\n"
			    : "suppressed by %s: alerts %llu, lines %llu; at risk %s yuan\n", session->rules->suppression[i].id,
			    (unsigned long long)counts->alerts, (unsigned long long)counts->lines, money_text(counts->amount_at_risk_fen, money));
	}
}

#define WINDOWS_SHOWN 12

/* [{"pool":"1409","month":"2024-05"}, ...] as "1409 2024-05, ..." */
static void
text_windows(const struct session *session, struct buffer *text)
{
	struct buffer json = {0}, list = {0};
	size_t count = 0, quotes = 0;
	scorer_open_windows(session->scorer, &json);
	for (size_t i = 0; i < json.length; i++) {
		count += json.data[i] == '{';
		if (json.data[i] == '{')
			quotes = 0;
		if (count > WINDOWS_SHOWN)
			continue;
		if (json.data[i] == '"')
			quotes++;
		else if (json.data[i] == '}')
			buffer_text(&list, ", ");
		else if (quotes == 3 || quotes == 7)            /* inside a value */
			buffer_char(&list, json.data[i]);
		if (json.data[i] == '"' && quotes == 4)
			buffer_char(&list, ' ');
	}
	if (count)
		buffer_printf(text, session->language == LANGUAGE_ZH ? "未到期的窗口 %zu 个（--close-all 全部关闭）：%.*s%s\n"
		    : "windows still open %zu (--close-all closes them): %.*s%s\n", count, (int)(list.length - 2), list.data,
		    count > WINDOWS_SHOWN ? ", ..." : "");
	buffer_free(&json);
	buffer_free(&list);
}

void
summary_text(const struct session *session, const struct summary *summary, struct buffer *text)
{
	bool zh = session->language == LANGUAGE_ZH;
	struct summary_alerts alerts = summary_alerts(session);
	char money[MONEY_TEXT_SIZE];
	if (summary->incomplete)
		buffer_text(text, zh ? "不完整：档案已损坏，以下只到损坏之处\n"
		    : "INCOMPLETE: the archive is damaged; what follows goes as far as the damage\n");
	text_counts(session, summary, text);
	buffer_printf(text, zh ? "告警 %llu 件，已撤回 %llu 件，共 %llu 行；涉及金额 %s 元\n"
	    : "alerts %llu, retracted %llu, lines %llu; at risk %s yuan\n", (unsigned long long)alerts.open,
	    (unsigned long long)alerts.retracted, (unsigned long long)alerts.lines, money_text(alerts.amount_at_risk_fen, money));
	for (size_t i = 0; i < session->rules->rules; i++) {
		const struct rule *rule = &session->rules->rule[i];
		const struct rule_counts *counts = scorer_rule_counts(session->scorer, i);
		if (rule->mode != MODE_ENFORCE || counts->lines == 0)
			continue;
		buffer_printf(text, zh ? "  %-16s 告警 %llu，撤回 %llu，金额 %s 元  %s\n"
		    : "  %-16s alerts %llu, retracted %llu, at risk %s yuan  %s\n", rule->id, (unsigned long long)counts->open,
		    (unsigned long long)counts->retracted, money_text(counts->amount_at_risk_fen, money), rule->title[session->language]);
	}
	text_suppressed(session, text);
	text_windows(session, text);
	buffer_printf(text, zh ? "告警流摘要 %s\n" : "feed digest %s\n", summary->feed_digest);
}
