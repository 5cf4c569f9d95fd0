/* Groups of alerts: what the words of a rule's `group` say of its subject.  A person stands in it as everywhere outside, by the
 * pseudonym. */
#include "core/score/private.h"

#include <stdio.h>

#define GROUP_DIGITS 16

static void
word_write(const struct scorer *scorer, struct buffer *out, const struct statement *statement, enum group_word word)
{
	const struct subject *subject = statement->subject;
	char person[80];
	const uint32_t name[GROUP_WORDS] = {[GROUP_pool] = subject->pool, [GROUP_insu_admdvs] = subject->area,
	    [GROUP_fixmedins_code] = subject->institution, [GROUP_township] = subject->township};
	json_text(out, group_words[word]);
	switch (word) {
	case GROUP_rule: json_text(out, scorer->rules->rule[statement->rule].id); break;
	case GROUP_psn_no: json_text(out, psn_text(scorer, subject->psn_no, person)); break;
	case GROUP_class: json_text(out, subject->class); break;
	case GROUP_period: json_text(out, subject->period); break;
	default: json_string(out, names_text(&scorer->names, name[word])); break;
	}
}

struct slice
alert_group(struct scorer *scorer, const struct statement *statement)
{
	uint32_t group = scorer->rules->rule[statement->rule].group;
	struct buffer *out = &scorer->answer;
	char text[GROUP_DIGITS + 1];
	if (!group)
		return SLICE("");
	out->length = 0;
	json_open(out, '[');
	for (int word = 0; word < GROUP_WORDS; word++)
		if (group >> word & 1)
			word_write(scorer, out, statement, (enum group_word)word);
	json_close(out, ']');
	snprintf(text, sizeof text, "%016llx", (unsigned long long)hash64(out->data, out->length));
	return (struct slice){arena_copy(&scorer->lines, text, GROUP_DIGITS), GROUP_DIGITS};
}
