/* See schema_keys.h. */
#include "core/rule/schema_keys.h"

#include "core/rule/load.h"

#include <stdlib.h>

static const struct {
	const char *where, *zh, *en, *more_zh, *more_en, *examples;
} keys[] = {
#define KEY(where, zh, en, more_zh, more_en, examples) {where, zh, en, more_zh, more_en, examples},
#include "core/rule/schema_keys.def"
#undef KEY
};

static void
member(struct buffer *json, const char *key, const char *a, const char *between, const char *b)
{
	struct buffer text = {0};
	buffer_printf(&text, "%s%s%s", a, between, b);
	json_key(json, key);
	json_string(json, (struct slice){text.data, text.length});
	buffer_free(&text);
}

void
schema_describe(struct buffer *json, const char *zh, const char *en, const char *more_zh, const char *more_en)
{
	member(json, "title", zh, " / ", en);
	if (*more_zh)
		member(json, "description", more_zh, "\n\n", more_en);
}

void
schema_key(struct buffer *json, const char *where)
{
	const char *point = strrchr(where, '.');
	size_t i = 0;
	while (i < COUNT(keys) && strcmp(keys[i].where, where) != 0)
		i++;
	if (i == COUNT(keys))
		abort();                /* a key that nobody explains */
	json_key(json, point ? point + 1 : where);
	json_open(json, '{');
	schema_describe(json, keys[i].zh, keys[i].en, keys[i].more_zh, keys[i].more_en);
	if (*keys[i].examples) {
		json_key(json, "examples");
		buffer_text(json, keys[i].examples);
	}
}

static void
add(struct buffer *json, const char *members)
{
	if (*members)
		buffer_printf(json, ",%s", members);
}

void
schema_member(struct buffer *json, const char *where, const char *rest)
{
	schema_key(json, where);
	add(json, rest);
	json_close(json, '}');
}

static void
word_list(struct buffer *json, const char *const *word, size_t count)
{
	json_key(json, "enum");
	json_open(json, '[');
	for (size_t i = 0; i < count; i++)
		json_text(json, word[i]);
	json_close(json, ']');
}

void
schema_words(struct buffer *json, const char *where, const char *const *word, size_t count)
{
	schema_key(json, where);
	word_list(json, word, count);
	json_close(json, '}');
}

void
schema_word_list(struct buffer *json, const char *where, const char *const *word, size_t count)
{
	schema_key(json, where);
	add(json, "\"type\":\"array\",\"minItems\":1,\"uniqueItems\":true");
	json_key(json, "items");
	json_open(json, '{');
	word_list(json, word, count);
	json_close(json, '}');
	json_close(json, '}');
}

void
schema_both(struct buffer *json, const char *where)
{
	schema_key(json, where);
	schema_object(json, "[\"zh\",\"en\"]");
	schema_member(json, "both.zh", SCHEMA_TEXT);
	schema_member(json, "both.en", SCHEMA_TEXT);
	schema_object_close(json);
	json_close(json, '}');
}

void
schema_object(struct buffer *json, const char *required)
{
	const char *comma = json->length && json->data[json->length - 1] == '{' ? "" : ",";
	buffer_printf(json, "%s\"type\":\"object\",\"additionalProperties\":false", comma);
	json_key(json, "required");
	buffer_text(json, required);
	json_key(json, "properties");
	json_open(json, '{');
}

void
schema_object_close(struct buffer *json)
{
	json_close(json, '}');
}

/* ---- parameters ---- */

static void
row_write(struct buffer *json)
{
	json_key(json, "items");
	json_open(json, '{');
	buffer_text(json, "\"oneOf\":[{\"required\":[\"value\"]},{\"required\":[\"floor\"]}]");
	schema_object(json, "[\"region\",\"from\",\"basis\"]");
	schema_member(json, "row.region", "\"type\":[\"string\",\"integer\"],\"pattern\":\"^[0-9]*$\"");
	schema_member(json, "row.tier", SCHEMA_CODE);
	schema_member(json, "row.from", SCHEMA_DAY);
	schema_member(json, "row.to", SCHEMA_DAY);
	schema_member(json, "row.due", SCHEMA_DAY);
	schema_member(json, "row.value", SCHEMA_NUMBER);
	schema_member(json, "row.floor", SCHEMA_NUMBER);
	schema_member(json, "row.final", "\"type\":\"boolean\"");
	schema_member(json, "row.final_basis", SCHEMA_TEXT);
	schema_member(json, "row.basis", SCHEMA_TEXT);
	schema_member(json, "row.note", SCHEMA_TEXT);
	schema_object_close(json);
	json_close(json, '}');
}

void
schema_params(struct buffer *json)
{
	schema_key(json, "params");
	buffer_text(json, ",\"type\":\"object\"");
	json_key(json, "additionalProperties");
	json_open(json, '{');
	schema_object(json, "[\"unit\",\"rows\"]");
	schema_words(json, "params.unit", param_unit_names, COUNT(param_unit_names));
	schema_key(json, "params.rows");
	buffer_text(json, ",\"type\":\"array\"");
	row_write(json);
	json_close(json, '}');
	schema_object_close(json);
	json_close(json, '}');
	json_close(json, '}');
}

void
schema_basis(struct buffer *json)
{
	schema_key(json, "basis");
	buffer_text(json, ",\"type\":\"object\",\"minProperties\":1");
	json_key(json, "additionalProperties");
	json_open(json, '{');
	schema_object(json, "[\"document\",\"quote\"]");
	schema_member(json, "basis.document", SCHEMA_TEXT);
	schema_member(json, "basis.quote", SCHEMA_TEXT);
	schema_object_close(json);
	json_close(json, '}');
	json_close(json, '}');
}
