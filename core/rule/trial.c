/* The tests inside a rule file: mappings become records in JSON, expectations keep their words, and the whole has a
 * canonical form of its own (unexpanded) for rule_text. */
#include "core/rule/load.h"

#include "core/base/buffer.h"
#include "core/rule/print.h"

#define RECORDS_MAX 100000            /* of all tests of a rule */
#define RECORD_BYTES_MAX (UINT64_C(64) << 20)
#define TESTS_MAX 1000

/* What a record of one kind is: its fields, by the kind's field table. */
struct kind {
	const struct field *fields;
	size_t count;
	bool is_enrolment;
	struct message name;
};

struct trial_place {
	struct load *load;
	const struct source *source;
	struct rule_test *test;
	size_t slots, before;           /* before: records of the rule's earlier tests */
	uint64_t bytes;                 /* of all records of the rule so far */
};

static const struct field *
find_field(const struct kind *kind, struct slice name)
{
	for (size_t i = 0; i < kind->count; i++)
		if (slice_equal(name, slice_of(kind->fields[i].name)))
			return &kind->fields[i];
	return NULL;
}

static bool
is_identities(const struct kind *kind, const struct field *field)
{
	return kind->is_enrolment && field == &kind->fields[ENROLMENT_identities];
}

/* ---- checks ---- */

static bool
check_identities(const struct source *source, const struct yaml *list)
{
	static const char *const keys[] = {"psn_idet_type", "begndate", "enddate"};
	if (!want_kind(source, list, YAML_LIST))
		return false;
	bool is_good = true;
	for (const struct yaml *item = list->first; item; item = item->next) {
		if (!want_kind(source, item, YAML_MAP) || !want_keys(source, item, keys, COUNT(keys))) {
			is_good = false;
			continue;
		}
		for (const struct yaml *member = item->first; member; member = member->next)
			is_good &= want_kind(source, member, YAML_SCALAR);
	}
	return is_good;
}

static bool
check_member(const struct source *source, const struct kind *kind, const struct yaml *member)
{
	const struct field *field = find_field(kind, member->key->text);
	if (!field) {
		const char *names[SETTLEMENT_FIELDS];
		for (size_t i = 0; i < kind->count; i++)
			names[i] = kind->fields[i].name;
		source_mistake(source, member->key->at, hint_word(source->diags, member->key->text, names, kind->count),
		    MISTAKE_record_field_unknown, &kind->name, member->key->text.data);
		return false;
	}
	return is_identities(kind, field) ? check_identities(source, member) : want_kind(source, member, YAML_SCALAR);
}

/* Defaults cannot be repeated: there the key is as unknown as any other. */
static bool
check_record(const struct source *source, const struct kind *kind, const struct yaml *map, bool may_repeat)
{
	if (!want_kind(source, map, YAML_MAP))
		return false;
	bool is_good = true;
	for (const struct yaml *member = map->first; member; member = member->next)
		if (!may_repeat || strcmp(member->key->text.data, "repeat") != 0)
			is_good &= check_member(source, kind, member);
	return is_good;
}

/* The member of the record, else of the defaults; NULL: neither, or written down as absent. */
static const struct yaml *
effective(const struct yaml *map, const struct yaml *defaults, const char *name)
{
	const struct yaml *member = yaml_get(map, name);
	if (!member && defaults)
		member = yaml_get(defaults, name);
	return member && !yaml_is_missing(member) ? member : NULL;
}

static bool
check_required(const struct source *source, const struct kind *kind, const struct yaml *map, const struct yaml *defaults)
{
	bool is_good = true;
	for (size_t i = 0; i < kind->count; i++) {
		if (!kind->fields[i].required || effective(map, defaults, kind->fields[i].name))
			continue;
		source_mistake(source, (struct extent){map->at.offset, 1}, NO_HINT, MISTAKE_record_field_missing, &kind->name,
		    kind->fields[i].name);
		is_good = false;
	}
	return is_good;
}

/* ---- records ---- */

/* number < 0: not repeated; else # in identifiers becomes the number. */
static void
put_scalar(struct buffer *json, const struct field *field, struct slice text, int64_t number)
{
	if (number < 0 || !field || field->type != TYPE_ID || !memchr(text.data, '#', text.length)) {
		json_string(json, text);
		return;
	}
	struct buffer whole = {0};
	for (size_t i = 0; i < text.length; i++)
		if (text.data[i] == '#')
			buffer_printf(&whole, "%lld", (long long)number);
		else
			buffer_char(&whole, text.data[i]);
	json_string(json, (struct slice){whole.data, whole.length});
	buffer_free(&whole);
}

static void
put_identities(struct buffer *json, const struct yaml *list)
{
	json_open(json, '[');
	for (const struct yaml *item = list->first; item; item = item->next) {
		json_open(json, '{');
		for (const struct yaml *member = item->first; member; member = member->next) {
			if (yaml_is_missing(member))
				continue;
			json_key(json, member->key->text.data);
			json_string(json, member->text);
		}
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void
put_members(struct buffer *json, const struct kind *kind, const struct yaml *map, const struct yaml *except, int64_t number)
{
	for (const struct yaml *member = map ? map->first : NULL; member; member = member->next) {
		const char *name = member->key->text.data;
		if (yaml_is_missing(member) || strcmp(name, "repeat") == 0 || (except && yaml_get(except, name)))
			continue;
		json_key(json, name);
		if (member->kind == YAML_LIST)
			put_identities(json, member);
		else
			put_scalar(json, find_field(kind, member->key->text), member->text, number);
	}
}

/* What "on" refers to: the setl_id with its number put in. */
static const char *
record_setl_id(struct arena *arena, const struct kind *kind, const struct yaml *map, const struct yaml *defaults, int64_t number)
{
	const struct yaml *member = kind->is_enrolment ? NULL : effective(map, defaults, "setl_id");
	if (!member)
		return NULL;
	if (number < 0)
		return member->text.data;
	struct buffer whole = {0};
	for (const char *c = member->text.data; *c; c++)
		if (*c == '#')
			buffer_printf(&whole, "%lld", (long long)number);
		else
			buffer_char(&whole, *c);
	const char *id = arena_copy(arena, whole.data, whole.length);
	buffer_free(&whole);
	return id;
}

static void
add_record(struct trial_place *place, const struct kind *kind, const struct yaml *map, const struct yaml *defaults, int64_t number)
{
	struct rule_test *test = place->test;
	struct arena *arena = place->load->arena;
	if (test->records == place->slots) {
		place->slots = place->slots ? 2 * place->slots : 16;
		struct trial_record *longer = arena_alloc(arena, place->slots * sizeof *longer);
		if (test->records)
			memcpy(longer, test->record, test->records * sizeof *longer);
		test->record = longer;
	}
	struct buffer json = {0};
	json_open(&json, '{');
	put_members(&json, kind, map, NULL, number);
	put_members(&json, kind, defaults, map, number);
	json_close(&json, '}');
	test->record[test->records++] = (struct trial_record){arena_copy(arena, json.data, json.length), json.length,
	    kind->is_enrolment, record_setl_id(arena, kind, map, defaults, number)};
	place->bytes += json.length;
	buffer_free(&json);
}

static bool
read_repeat(struct trial_place *place, const struct kind *kind, const struct yaml *map, const struct yaml *defaults, int64_t *repeat)
{
	const struct yaml *node = yaml_get(map, "repeat");
	*repeat = -1;
	if (!node)
		return true;
	if (!want_integer(place->source, node, 1, RECORDS_MAX, repeat))
		return false;
	const struct yaml *id = effective(map, defaults, kind->is_enrolment ? "psn_no" : "setl_id");
	if (!id || strchr(id->text.data, '#'))
		return true;
	source_mistake(place->source, id->at, NO_HINT, MISTAKE_repeat_identifier);
	return false;
}

static bool
load_records(struct trial_place *place, const struct kind *kind, const struct yaml *list, const struct yaml *defaults)
{
	if (!want_kind(place->source, list, YAML_LIST))
		return false;
	bool is_good = true;
	for (const struct yaml *map = list->first; map; map = map->next) {
		int64_t repeat;
		if (!check_record(place->source, kind, map, true) || !check_required(place->source, kind, map, defaults)
		    || !read_repeat(place, kind, map, defaults, &repeat)) {
			is_good = false;
			continue;
		}
		if (place->before + place->test->records + (size_t)(repeat < 0 ? 1 : repeat) > RECORDS_MAX) {
			source_mistake(place->source, map->at, NO_HINT, MISTAKE_records_many);
			return false;
		}
		if (repeat < 0)
			add_record(place, kind, map, defaults, -1);
		for (int64_t number = 1; number <= repeat && place->bytes <= RECORD_BYTES_MAX; number++)
			add_record(place, kind, map, defaults, number);
		if (place->bytes > RECORD_BYTES_MAX) {
			source_mistake(place->source, map->at, NO_HINT, MISTAKE_records_large);
			return false;
		}
	}
	return is_good;
}

/* ---- expectations ---- */

static bool
load_on(struct trial_place *place, const struct yaml *node, struct trial_expectation *expect)
{
	const struct rule_test *test = place->test;
	const char *ids[64];
	size_t count = 0;
	expect->on = want_text(place->source, node, 128);
	for (size_t i = 0; expect->on && i < test->records; i++) {
		if (!test->record[i].setl_id)
			continue;
		if (strcmp(test->record[i].setl_id, expect->on) == 0)
			return true;
		if (count < COUNT(ids))
			ids[count++] = test->record[i].setl_id;
	}
	if (!expect->on)
		return false;
	source_mistake(place->source, node->at, hint_word(place->load->diags, node->text, ids, count), MISTAKE_on_unknown, expect->on);
	return false;
}

static bool
load_expectation(struct trial_place *place, const struct yaml *map, struct trial_expectation *expect)
{
	if (!want_kind(place->source, map, YAML_MAP))
		return false;
	bool is_good = true;
	source_place(place->source, map->at.offset, &expect->line, &expect->column);
	for (const struct yaml *member = map->first; member; member = member->next) {
		if (!want_kind(place->source, member, YAML_SCALAR)) {
			is_good = false;
		} else if (strcmp(member->key->text.data, "on") == 0) {
			is_good &= load_on(place, member, expect);
		} else if (!is_name(member->key->text)) {
			source_mistake(place->source, member->key->at, NO_HINT, MISTAKE_expected_name);
			is_good = false;
		} else if (expect->values == COUNT(expect->value)) {
			source_mistake(place->source, member->key->at, NO_HINT, MISTAKE_expected_many);
			return false;
		} else {
			expect->value[expect->values++] = (struct trial_value){member->key->text.data, member->text.data};
		}
	}
	return is_good;
}

static bool
load_expectations(struct trial_place *place, const struct yaml *list)
{
	struct rule_test *test = place->test;
	if (!want_kind(place->source, list, YAML_LIST))
		return false;
	test->expect = arena_alloc(place->load->arena, (list->count + 1) * sizeof *test->expect);
	bool is_good = true;
	for (const struct yaml *map = list->first; map; map = map->next)
		is_good &= load_expectation(place, map, &test->expect[test->expectations++]);
	return is_good;
}

/* ---- tests ---- */

static const struct yaml *
load_defaults(struct trial_place *place, const struct kind *kind, const struct yaml *node, bool *is_good)
{
	if (!node)
		return NULL;
	if (check_record(place->source, kind, node, false))
		return node;
	*is_good = false;
	return node->kind == YAML_MAP ? node : NULL;
}

static bool
load_all_records(struct trial_place *place, const struct yaml *map)
{
	const struct kind settlement = {settlement_fields, SETTLEMENT_FIELDS, false, {"结算", "a settlement"}};
	const struct kind enrolment = {enrolment_fields, ENROLMENT_FIELDS, true, {"参保记录", "an enrolment"}};
	bool is_good = true;
	const struct yaml *defaults = load_defaults(place, &settlement, yaml_get(map, "defaults"), &is_good);
	const struct yaml *enrolment_defaults = load_defaults(place, &enrolment, yaml_get(map, "enrolment_defaults"), &is_good);
	const struct yaml *enrolments = yaml_get(map, "enrolments"), *claims = want_member(place->source, map, "claims");
	if (enrolments)
		is_good &= load_records(place, &enrolment, enrolments, enrolment_defaults);
	return claims && load_records(place, &settlement, claims, defaults) && is_good;
}

static bool
load_test(struct trial_place *place, const struct yaml *map)
{
	static const char *const keys[] = {"name", "defaults", "enrolments", "enrolment_defaults", "claims", "close_all", "expect"};
	struct rule_test *test = place->test;
	test->file = place->source->file;
	test->source = place->source->text;
	source_place(place->source, map->at.offset, &test->line, &test->column);
	if (!want_kind(place->source, map, YAML_MAP))
		return false;
	bool is_good = want_keys(place->source, map, keys, COUNT(keys));
	const struct yaml *name = want_member(place->source, map, "name"), *close_all = yaml_get(map, "close_all");
	is_good &= name && (test->name = want_text(place->source, name, 256));
	is_good &= load_all_records(place, map);
	if (close_all)
		is_good &= want_bool(place->source, close_all, &test->close_all);
	const struct yaml *expect = yaml_get(map, "expect");
	if (!expect || expect->kind != YAML_LIST)
		return (expect = want_member(place->source, map, "expect")) && want_kind(place->source, expect, YAML_LIST);
	return load_expectations(place, expect) && is_good;
}

bool
tests_load(struct load *load, struct rule_draft *draft, const struct yaml *list)
{
	struct rule *rule = &draft->rule;
	if (!want_kind(&draft->source, list, YAML_LIST))
		return false;
	if (list->count == 0 || list->count > TESTS_MAX) {
		source_mistake(&draft->source, list->key->at, NO_HINT, MISTAKE_tests_count);
		return false;
	}
	rule->test = arena_alloc(load->arena, list->count * sizeof *rule->test);
	bool is_good = true;
	size_t records = 0;
	uint64_t bytes = 0;
	for (const struct yaml *item = list->first; item; item = item->next) {
		struct trial_place place = {load, &draft->source, &rule->test[rule->tests++], 0, records, bytes};
		is_good &= load_test(&place, item);
		records += place.test->records;
		bytes = place.bytes;
	}
	if (is_good)
		rule->tests_text = print_tests(load->arena, list);
	return is_good;
}
