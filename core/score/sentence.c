/* Evidence sentences: the rule's text with {name} and {name|yuan} filled in.  Names were checked when the rule was
 * loaded; one that this finding lacks becomes "-". */
#include "core/score/private.h"

#include "core/base/digest.h"
#include "core/base/pseudonym.h"

#include <stdio.h>

const char *
psn_text(const struct scorer *scorer, struct slice psn_no, char text[80])
{
	if (psn_no.length == 0)
		return "";
	if (scorer->limits.person_clear) {
		snprintf(text, 80, "%.*s", (int)psn_no.length, psn_no.data);
		return text;
	}
	const uint8_t *key = scorer->limits.pseudonym_key;
	size_t length = scorer->limits.pseudonym_key_length;
	if (!key) {
		key = (const uint8_t *)PSEUDONYM_DEFAULT_KEY;
		length = sizeof PSEUDONYM_DEFAULT_KEY - 1;
	}
	uint8_t code[DIGEST_BYTES];
	hmac_sha256(key, length, psn_no.data, psn_no.length, code);
	memcpy(text, "pn_", 3);
	hex_text(code, 16, text + 3);
	return text;
}

static const char *
class_word(const char *class, enum language language)
{
	for (size_t i = 0; language == LANGUAGE_ZH && i < CLASS_COUNT; i++)
		if (strcmp(class, class_names[i]) == 0)
			return class_names_zh[i];
	return class;
}

static void
name_word(const struct scorer *scorer, struct buffer *out, uint32_t name)
{
	struct slice text = names_text(&scorer->names, name);
	if (text.length)
		buffer_add(out, text.data, text.length);
	else
		buffer_char(out, '-');
}

static void
basis_word(const struct rule *rule, struct buffer *out, const struct statement *statement)
{
	const struct basis *basis = statement->row ? statement->row->basis : rule->bases ? &rule->basis[0] : NULL;
	buffer_text(out, basis ? basis->document : "-");
}

/* A name that every detector's sentence may use; false: it is none of them. */
static bool
common_word(struct scorer *scorer, struct buffer *out, const struct statement *statement, struct slice name, enum language language,
    const char *person)
{
	const struct subject *subject = statement->subject;
	const struct rule *rule = &scorer->rules->rule[statement->rule];
	if (slice_equal(name, SLICE("person")))
		buffer_text(out, *person ? person : "-");
	else if (slice_equal(name, SLICE("period")))
		buffer_text(out, subject->period);
	else if (slice_equal(name, SLICE("basis")))
		basis_word(rule, out, statement);
	else if (slice_equal(name, SLICE("institution")))
		name_word(scorer, out, subject->institution);
	else if (slice_equal(name, SLICE("township")))
		name_word(scorer, out, subject->township);
	else if (slice_equal(name, SLICE("pool")))
		name_word(scorer, out, subject->pool);
	else if (slice_equal(name, SLICE("area")))
		name_word(scorer, out, subject->area ? subject->area : subject->pool);
	else if (slice_equal(name, SLICE("class")))
		buffer_text(out, subject->class ? class_word(subject->class, language) : "-");
	else if (slice_equal(name, SLICE("title")))
		buffer_text(out, rule->title[language]);
	else if (slice_equal(name, SLICE("count_claims")))
		buffer_printf(out, "%zu", statement->claims_total ? statement->claims_total
		    : statement->evidence ? statement->evidence->count : 0);
	else
		return false;
	return true;
}

void
sentence_write(struct scorer *scorer, struct buffer *out, const struct statement *statement, enum language language, const char *person)
{
	const char *text = scorer->rules->rule[statement->rule].evidence[language];
	while (*text) {
		size_t plain = strcspn(text, "{");
		buffer_add(out, text, plain);
		text += plain;
		if (*text != '{')
			break;
		const char *end = strchr(text, '}');
		if (!end)
			break;
		struct slice name = {text + 1, (size_t)(end - text - 1)};
		const char *bar = memchr(name.data, '|', name.length);
		if (bar)
			name.length = (size_t)(bar - name.data);
		if (!common_word(scorer, out, statement, name, language, person)
		    && !finding_word(out, statement->verdict, name, bar != NULL))
			buffer_char(out, '-');
		text = end + 1;
	}
}
