/* docs/fields.md and the JSON Schemas of records, from the field tables.
 *
 *     make_fields DOCS            writes DOCS/fields.md, DOCS/schema/settlement.schema.json, DOCS/schema/enrolment.schema.json
 *     make_fields --check DOCS    exits 1 when one of them differs from what would be written */
#include "core/base/buffer.h"
#include "core/claim/decode.h"

#include <stdio.h>
#include <stdlib.h>

struct kind {
	const char *name, *zh;
	const struct field *fields;
	unsigned count;
	const struct field_alias *aliases;
	size_t alias_count;
};

static const char *const type_names[] = {[TYPE_ID] = "id", [TYPE_CODE] = "code", [TYPE_AMOUNT] = "amount", [TYPE_DATE] = "date",
	[TYPE_TIME] = "time", [TYPE_DECIMAL] = "decimal", [TYPE_TEXT] = "text", [TYPE_NESTED] = "nested"};

static const char intro[] =
"# Fields of a record\n"
"\n"
"<!-- Written by make_fields from core/claim/*.def; `ctest -R fields` fails when the two differ. -->\n"
"\n"
"A record is one JSON object in UTF-8, at most 1 MiB and 32 levels deep. Keys come in any order, in lower or upper case, or as one\n"
"of the other names in the tables. `null` and `\"\"` mean absent. Unknown fields are read over and counted by name. The limits are\n"
"settings. The JSON Schemas beside this file (`schema/settlement.schema.json`, `schema/enrolment.schema.json`) say the same for\n"
"programs, with names in lower case.\n"
"\n"
"## Types\n"
"\n"
"| type | written as | kept as |\n"
"|---|---|---|\n"
"| id | string, or integer taken by its digits; at most 64 bytes | exactly: every digit and leading zero counts |\n"
"| code | string or integer; at most 16 bytes, no control characters | without leading zeros: `\"02\"`, `\"2\"` and `2` are equal |\n"
"| amount | string or number `-?[0-9]+(\\.[0-9]+)?`; two decimals, further ones only zeros; no exponent; up to 99,999,999,999,999.99 | fen (integer) |\n"
"| decimal | as an amount, four decimals | ten-thousandths (integer) |\n"
"| date | string `YYYY-MM-DD` or `YYYYMMDD`; a time part is allowed | civil day of Beijing |\n"
"| time | string, a date with blank or `T` and `HH:MM:SS`; a fraction is cut; `Z`, `+08:00` or `+0800` is converted; without one: Beijing time; a bare date is its midnight | seconds, Beijing time |\n"
"| text | anything | not kept; its fingerprint alone decides whether content is the same |\n"
"| nested | anything | as text |\n"
"\n"
"24:00:00, second 60 and days that do not exist are refused. A number of JSON has no leading zeros (`02` without quotes is no JSON);\n"
"in a string they are allowed.\n"
"\n"
"*Leaves the process*: **open** may be shown; **pseudonym** is shown as a keyed pseudonym only; **secret** never enters state, logs,\n"
"metrics or file names.\n";

static const char outro[] =
"\n"
"`identities` is a list of at most 16 objects:\n"
"\n"
"| field | type | required | meaning |\n"
"|---|---|---|---|\n"
"| `psn_idet_type` | code | yes | 人员身份类别, identity class |\n"
"| `begndate` (`begntime`) | date | | 开始日期, first day; absent: since ever |\n"
"| `enddate` (`endtime`) | date | | 结束日期, last day, included; absent: for ever |\n"
"\n"
"## Refusals\n"
"\n"
"A record is read from its first byte to its last, and the first mistake is told. `byte` counts from 0.\n"
"\n"
"| reason | when | field | byte |\n"
"|---|---|---|---|\n"
"| `too_large` | longer than the limit; nothing else is looked at | | |\n"
"| `not_json` | no JSON (RFC 8259), no object, a byte order mark, cut short | | where it stops being JSON; the length when cut short |\n"
"| `trailing_bytes` | anything but white space behind the object | | its first byte |\n"
"| `invalid_utf8` | bytes that are no UTF-8 in any string, a surrogate without its other half (`\\ud800`) in any string | | the byte, or the backslash |\n"
"| `invalid_utf8` | `\\u0000` in an identifier | yes | the value |\n"
"| `duplicate_key` | a known field for the second time, through another name or case too | yes | the second key's quote |\n"
"| `missing_required` | a required field is absent, `null` or `\"\"`; judged when all has been read, the first of the table is told | yes | |\n"
"| `wrong_type` | JSON, but of a type that the field does not take | yes | the value |\n"
"| `bad_amount` | an amount or decimal of another form, with too many decimals, or too big | yes | the value |\n"
"| `bad_date` | a date or time of another form, or one that does not exist | yes | the value |\n"
"| `bad_code` | a code over 16 bytes or with a control character | yes | the value |\n"
"| `too_long` | an identifier over its limit, or more than 16 identities | yes | the value |\n"
"| `too_deep` | nested deeper than the limit (the record itself is level 1) | | the bracket |\n"
"| `time_in_future` | `setl_time` more than a day after the record's arrival | `setl_time` | |\n"
"\n"
"## When content is the same\n"
"\n"
"Two records have the same content when all known fields that are present have the same decoded values: order, case and names of keys,\n"
"white space, escapes, unknown fields, leading zeros of codes, closing zeros of decimals and the spelling of dates do not count.\n"
"The 128-bit fingerprint (XXH3) is taken over, in this order: the presence bits; amounts, decimals, days and times as eight bytes each\n"
"(an absent one is zeros); identifiers and codes as a length byte and their bytes; for each text or nested field that is present, the\n"
"fingerprint of its value. That is taken over\n"
"\n"
"- a string: its bytes without escapes;\n"
"- a number, `true`, `false`: its characters as written (so `123` and `\"123\"` are the same, `1.0` and `1` are not);\n"
"- an array or object: a canonical form. A string is `\"`, its length (4 bytes) and its bytes without escapes; another scalar is `0`,\n"
"  length and characters; an array is `[`, its elements in their order and `]`; an object is `{`, a length and the sum of the\n"
"  fingerprints of its members (key, then value), so that the order of its keys does not count;\n"
"- `identities`: the fingerprints of its objects in their order.\n";

static void
names_put(struct buffer *out, const struct kind *kind, const char *name)
{
	const char *before = "";
	for (size_t i = 0; i < kind->alias_count; i++)
		if (strcmp(kind->aliases[i].name, name) == 0) {
			buffer_printf(out, "%s`%s`", before, kind->aliases[i].alias);
			before = ", ";
		}
}

static void
table_put(struct buffer *out, const struct kind *kind)
{
	static const char *const leaves[] = {[OPEN] = "open", [PSEUDONYM] = "pseudonym", [SECRET] = "secret"};
	buffer_printf(out, "\n## `%s`: %s\n\n| field | type | required | unit | meaning | | other names | leaves the process |\n"
	    "|---|---|---|---|---|---|---|---|\n", kind->name, kind->zh);
	for (unsigned i = 0; i < kind->count; i++) {
		const struct field *field = &kind->fields[i];
		buffer_printf(out, "| `%s` | %s | %s | %s | %s | %s | ", field->name, type_names[field->type], field->required ? "yes" : "",
		    field->unit, field->zh, field->en);
		names_put(out, kind, field->name);
		buffer_printf(out, " | %s |\n", leaves[field->sensitivity]);
	}
}

static const char schema_types[] =
"\t\t\"id\": {\"type\": [\"string\", \"integer\", \"null\"], \"maxLength\": 64},\n"
"\t\t\"code\": {\"type\": [\"string\", \"integer\", \"null\"], \"maxLength\": 16, \"pattern\": \"^[^\\\\u0000-\\\\u001f\\\\u007f-\\\\u009f]*$\"},\n"
"\t\t\"amount\": {\"type\": [\"string\", \"number\", \"null\"], \"pattern\": \"^(-?[0-9]+(\\\\.[0-9]{1,2}0*)?)?$\", \"minimum\": -99999999999999.99, \"maximum\": 99999999999999.99},\n"
"\t\t\"decimal\": {\"type\": [\"string\", \"number\", \"null\"], \"pattern\": \"^(-?[0-9]+(\\\\.[0-9]{1,4}0*)?)?$\"},\n"
"\t\t\"date\": {\"type\": [\"string\", \"null\"], \"pattern\": \"^([0-9]{4}(-[0-9]{2}-[0-9]{2}|[0-9]{4})([ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\\\\.[0-9]+)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?)?$\"},\n"
"\t\t\"time\": {\"$ref\": \"#/$defs/date\"},\n"
"\t\t\"text\": {},\n"
"\t\t\"nested\": {}";

static const char schema_identities[] =
",\n\t\t\"identities\": {\"type\": [\"array\", \"null\"], \"maxItems\": 16, \"items\": {\n"
"\t\t\t\"type\": \"object\",\n"
"\t\t\t\"required\": [\"psn_idet_type\"],\n"
"\t\t\t\"properties\": {\n"
"\t\t\t\t\"psn_idet_type\": {\"$ref\": \"#/$defs/code\", \"type\": [\"string\", \"integer\"], \"minLength\": 1},\n"
"\t\t\t\t\"begndate\": {\"$ref\": \"#/$defs/date\"},\n"
"\t\t\t\t\"begntime\": {\"$ref\": \"#/$defs/date\"},\n"
"\t\t\t\t\"enddate\": {\"$ref\": \"#/$defs/date\"},\n"
"\t\t\t\t\"endtime\": {\"$ref\": \"#/$defs/date\"}\n"
"\t\t\t}\n"
"\t\t}}";

static void
property_put(struct buffer *out, const struct kind *kind, const struct field *field, const char *name)
{
	bool identities = kind->fields == enrolment_fields && field == &enrolment_fields[ENROLMENT_identities];
	buffer_printf(out, "\t\t\"%s\": {\"$ref\": \"#/$defs/%s\", ", name, identities ? "identities" : type_names[field->type]);
	if (field->required)
		buffer_printf(out, "\"type\": [\"string\"%s], \"minLength\": 1, ", field->type == TYPE_TIME ? "" : ", \"integer\"");
	buffer_printf(out, "\"description\": \"%s, %s%s%s\"}", field->zh, field->en, name == field->name ? "" : "; for ",
	    name == field->name ? "" : field->name);
}

static void
properties_put(struct buffer *out, const struct kind *kind)
{
	const char *before = "";
	for (unsigned i = 0; i < kind->count; i++) {
		buffer_text(out, before);
		before = ",\n";
		property_put(out, kind, &kind->fields[i], kind->fields[i].name);
		for (size_t k = 0; k < kind->alias_count; k++)
			if (strcmp(kind->aliases[k].name, kind->fields[i].name) == 0) {
				buffer_text(out, before);
				property_put(out, kind, &kind->fields[i], kind->aliases[k].alias);
			}
	}
}

/* One name of each field and no second one, one at least of the required. */
static void
names_rule_put(struct buffer *out, const struct kind *kind)
{
	const char *before = "";
	for (unsigned i = 0; i < kind->count; i++) {
		const struct field *field = &kind->fields[i];
		struct buffer choices = {0};
		unsigned names = 1;
		buffer_printf(&choices, "{\"required\": [\"%s\"]}", field->name);
		for (size_t k = 0; k < kind->alias_count; k++)
			if (strcmp(kind->aliases[k].name, field->name) == 0) {
				buffer_printf(&choices, ", {\"required\": [\"%s\"]}", kind->aliases[k].alias);
				names++;
			}
		if (!field->required && names > 1) {
			buffer_text(&choices, ", {\"not\": {\"anyOf\": [");
			buffer_printf(&choices, "{\"required\": [\"%s\"]}", field->name);
			for (size_t k = 0; k < kind->alias_count; k++)
				if (strcmp(kind->aliases[k].name, field->name) == 0)
					buffer_printf(&choices, ", {\"required\": [\"%s\"]}", kind->aliases[k].alias);
			buffer_text(&choices, "]}}");
		}
		if (field->required || names > 1) {
			buffer_printf(out, "%s\t\t{\"oneOf\": [%.*s]}", before, (int)choices.length, choices.data);
			before = ",\n";
		}
		buffer_free(&choices);
	}
}

static void
schema_put(struct buffer *out, const struct kind *kind)
{
	buffer_printf(out, "{\n\t\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
	    "\t\"$id\": \"https://fundwatch.example/schema/%s.schema.json\",\n"
	    "\t\"title\": \"fundwatch %s\",\n"
	    "\t\"description\": \"%s. Written by make_fields from the field table. Names in upper case are taken too; unknown fields are read over; "
	    "lengths are bytes in UTF-8. What a schema cannot say (numbers with an exponent or too many decimals, days that do not exist) is in docs/fields.md.\",\n"
	    "\t\"type\": \"object\",\n\t\"properties\": {\n", kind->name, kind->name, kind->zh);
	properties_put(out, kind);
	buffer_text(out, "\n\t},\n\t\"allOf\": [\n");
	names_rule_put(out, kind);
	buffer_text(out, "\n\t],\n\t\"$defs\": {\n");
	buffer_text(out, schema_types);
	if (kind->fields == enrolment_fields)
		buffer_text(out, schema_identities);
	buffer_text(out, "\n\t}\n}\n");
}

static struct slice
file_read(const char *path)
{
	static char bytes[1 << 20];
	FILE *file = fopen(path, "rb");
	size_t length = file ? fread(bytes, 1, sizeof bytes, file) : 0;
	if (file)
		fclose(file);
	return (struct slice){bytes, length};
}

/* True: written, or the same. */
static bool
settle(const char *folder, const char *name, struct buffer *wanted, bool check)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	bool done;
	if (check) {
		done = slice_equal(file_read(path), (struct slice){wanted->data, wanted->length});
		if (!done)
			fprintf(stderr, "%s is not what the field tables give: run make_fields %s\n", path, folder);
	} else {
		FILE *file = fopen(path, "wb");
		done = file && fwrite(wanted->data, 1, wanted->length, file) == wanted->length;
		done = file && fclose(file) == 0 && done;
		if (!done)
			fprintf(stderr, "%s cannot be written\n", path);
	}
	buffer_free(wanted);
	return done;
}

int
main(int count, char **argument)
{
	const struct kind settlement = {"settlement", "结算", settlement_fields, SETTLEMENT_FIELDS, settlement_aliases, settlement_alias_count};
	const struct kind enrolment = {"enrolment", "参保", enrolment_fields, ENROLMENT_FIELDS, enrolment_aliases, enrolment_alias_count};
	bool check = count == 3 && strcmp(argument[1], "--check") == 0;
	if (count != 2 + check) {
		fprintf(stderr, "usage: make_fields [--check] DOCS\n");
		return 64;
	}
	const char *folder = argument[1 + check];
	struct buffer page = {0}, first = {0}, second = {0};
	buffer_text(&page, intro);
	table_put(&page, &settlement);
	table_put(&page, &enrolment);
	buffer_text(&page, outro);
	schema_put(&first, &settlement);
	schema_put(&second, &enrolment);
	bool done = settle(folder, "fields.md", &page, check);
	done &= settle(folder, "schema/settlement.schema.json", &first, check);
	done &= settle(folder, "schema/enrolment.schema.json", &second, check);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
