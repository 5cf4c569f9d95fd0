/* A line of the feed as a record: the door to cJSON.  The feed is small and comes from fundwatch itself; what is said
 * twice or is of another type is as good as absent. */
#include "replay/watch.h"

#include <cjson/cJSON.h>

static const char *
text_at(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	return cJSON_IsString(item) ? item->valuestring : "";
}

/* cJSON keeps numbers as doubles: exact up to 90,071,992,547,409.92 yuan. */
static bool
integer_at(const cJSON *object, const char *name, int64_t *value)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	if (!cJSON_IsNumber(item))
		return false;
	*value = (int64_t)item->valuedouble;
	return true;
}

static void
read_rule(struct feed_record *record, const cJSON *root)
{
	const cJSON *rule = cJSON_GetObjectItemCaseSensitive(root, "rule");
	const cJSON *title = cJSON_GetObjectItemCaseSensitive(rule, "title");
	record->rule = text_at(rule, "id");
	record->detector = text_at(rule, "detector");
	record->family = text_at(rule, "family");
	record->grade = text_at(rule, "grade");
	record->severity = text_at(rule, "severity");
	record->mode = text_at(rule, "mode");
	record->title[LANGUAGE_ZH] = text_at(title, "zh");
	record->title[LANGUAGE_EN] = text_at(title, "en");
}

static void
read_subject(struct feed_record *record, const cJSON *root)
{
	const cJSON *subject = cJSON_GetObjectItemCaseSensitive(root, "subject");
	record->subject = text_at(subject, "kind");
	record->pool = text_at(subject, "pool");
	record->area = text_at(subject, "insu_admdvs");
	record->person = text_at(subject, "psn_no");
	record->institution = text_at(subject, "fixmedins_code");
	record->township = text_at(subject, "township");
	record->class = text_at(subject, "class");
	record->setl_id = text_at(subject, "setl_id");
	record->period = text_at(subject, "period");
}

static void
read_finding(struct feed_record *record, const cJSON *root)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "finding")) {
		if (record->findings == FEED_FINDINGS || !item->string)
			continue;
		struct feed_pair *pair = &record->finding[record->findings++];
		pair->name = item->string;
		if (cJSON_IsString(item))
			snprintf(pair->text, sizeof pair->text, "%s", item->valuestring);
		else if (cJSON_IsNumber(item))
			snprintf(pair->text, sizeof pair->text, "%.0f", item->valuedouble);
		else
			snprintf(pair->text, sizeof pair->text, "-");
	}
}

static void
read_basis(struct feed_record *record, const cJSON *root)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "basis"))
		if (record->bases < FEED_BASES)
			record->basis[record->bases++] = (struct feed_basis){text_at(item, "document"), text_at(item, "quote")};
	const cJSON *param = cJSON_GetObjectItemCaseSensitive(root, "param");
	record->param = text_at(param, "name");
	record->param_value = text_at(param, "value");
	record->param_unit = text_at(param, "unit");
	record->param_from = text_at(param, "from");
}

static void
read_evidence(struct feed_record *record, const cJSON *root)
{
	const cJSON *evidence = cJSON_GetObjectItemCaseSensitive(root, "evidence"), *item;
	record->sentence[LANGUAGE_ZH] = text_at(evidence, "zh");
	record->sentence[LANGUAGE_EN] = text_at(evidence, "en");
	integer_at(evidence, "claims_total", &record->claims_total);
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(evidence, "claims")) {
		if (record->claims == FEED_CLAIMS)
			continue;
		struct feed_claim *claim = &record->claim[record->claims++];
		*claim = (struct feed_claim){text_at(item, "setl_id"), text_at(item, "date"), text_at(item, "fixmedins_code"), 0};
		integer_at(item, "fen", &claim->fen);
	}
}

void
feed_record_read(struct feed_record *record, const char *bytes, size_t length)
{
	*record = (struct feed_record){.kind = FEED_BAD, .type = ""};
	cJSON *root = cJSON_ParseWithLength(bytes, length);
	record->tree = root;
	if (!cJSON_IsObject(root))
		return;
	record->type = text_at(root, "type");
	if (strcmp(record->type, "alert") != 0) {
		record->kind = *record->type ? FEED_OTHER : FEED_BAD;
		return;
	}
	record->alert_id = text_at(root, "alert_id");
	record->status = text_at(root, "status");
	record->cause = text_at(root, "cause");
	record->event_time = text_at(root, "event_time");
	integer_at(root, "revision", &record->revision);
	record->has_money = integer_at(root, "amount_at_risk_fen", &record->money_fen);
	read_rule(record, root);
	read_subject(record, root);
	read_finding(record, root);
	read_basis(record, root);
	read_evidence(record, root);
	record->kind = *record->alert_id && *record->rule && *record->status ? FEED_ALERT : FEED_BAD;
}

void
feed_record_free(struct feed_record *record)
{
	cJSON_Delete(record->tree);
	record->tree = NULL;
}
