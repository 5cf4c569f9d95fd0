/* What the topics hold already is not said again: same bytes, or in a compacted topic an earlier revision. */
#include "daemon/known.h"
#include "tests/unit/run.h"

#include <stdio.h>

static struct slice
alert(char *text, size_t size, const char *id, int revision)
{
	int length = snprintf(text, size, "{\"type\":\"alert\",\"alert_id\":\"%s\",\"revision\":%d,\"rule\":{\"id\":\"R\",\"revision\":7}}", id, revision);
	return (struct slice){text, (size_t)length};
}

START_TEST(a_revision_is_read_from_its_line)
{
	ck_assert_uint_eq(line_revision(OUTPUT_ALERT, SLICE("{\"type\":\"alert\",\"alert_id\":\"a\",\"revision\":12,\"rule\":{\"revision\":4}}")), 12);
	ck_assert_uint_eq(line_revision(OUTPUT_INDICATOR, SLICE("{\"type\":\"indicator\",\"rule\":{\"revision\":4},\"subject\":{},\"revision\":3,\"verdict\":\"ok\"}")), 3);
	ck_assert_uint_eq(line_revision(OUTPUT_REFUSED, SLICE("{\"type\":\"refused\",\"revision\":3}")), 0);
	ck_assert_uint_eq(line_revision(OUTPUT_ALERT, SLICE("{\"type\":\"alert\"}")), 0);
}
END_TEST

START_TEST(the_same_bytes_in_the_same_topic_are_known)
{
	struct known *known = known_open(false);
	char one[200], two[200];
	struct slice first = alert(one, sizeof one, "a", 1), second = alert(two, sizeof two, "a", 2);
	known_add(known, 0, SLICE("a"), second);
	ck_assert(known_take(known, 0, OUTPUT_ALERT, SLICE("a"), second));
	ck_assert(!known_take(known, 1, OUTPUT_ALERT, SLICE("a"), second));
	ck_assert(!known_take(known, 0, OUTPUT_ALERT, SLICE("a"), first));       /* another archive may have said revision 2 */
	known_add(known, 3, SLICE(""), SLICE(""));
	ck_assert(known_take(known, 3, OUTPUT_REFUSED, SLICE(""), SLICE("")));
	ck_assert_uint_eq(known_count(known), 2);
	known_close(known);
}
END_TEST

START_TEST(in_a_compacted_topic_a_later_revision_stands_for_the_earlier)
{
	struct known *known = known_open(true);
	char text[3][200];
	known_add(known, 0, SLICE("a"), alert(text[0], sizeof text[0], "a", 5));
	ck_assert(known_take(known, 0, OUTPUT_ALERT, SLICE("a"), alert(text[1], sizeof text[1], "a", 4)));
	ck_assert(!known_take(known, 0, OUTPUT_ALERT, SLICE("a"), alert(text[1], sizeof text[1], "a", 6)));
	ck_assert(!known_take(known, 0, OUTPUT_ALERT, SLICE("b"), alert(text[2], sizeof text[2], "b", 1)));
	known_close(known);
}
END_TEST

/* A rule was dropped and is back: its revisions begin again, with the same bytes. */
START_TEST(what_is_said_twice_is_known_as_often_as_it_is_there)
{
	struct known *known = known_open(true);
	char text[2][200];
	struct slice first = alert(text[0], sizeof text[0], "a", 1), second = alert(text[1], sizeof text[1], "a", 2);
	known_add(known, 0, SLICE("a"), first);
	known_add(known, 0, SLICE("a"), second);
	ck_assert(known_take(known, 0, OUTPUT_ALERT, SLICE("a"), first));
	ck_assert(known_take(known, 0, OUTPUT_ALERT, SLICE("a"), second));
	ck_assert(!known_take(known, 0, OUTPUT_ALERT, SLICE("a"), first));
	known_add(known, 0, SLICE("a"), first);
	known_add(known, 0, SLICE("a"), first);
	ck_assert(known_take(known, 0, OUTPUT_ALERT, SLICE("a"), first));
	ck_assert(known_take(known, 0, OUTPUT_ALERT, SLICE("a"), first));
	ck_assert(!known_take(known, 0, OUTPUT_ALERT, SLICE("a"), first));
	known_close(known);
}
END_TEST

START_TEST(many_lines_are_all_found_again)
{
	struct known *known = known_open(true);
	char text[200], id[20];
	for (int i = 0; i < 20000; i++) {
		snprintf(id, sizeof id, "%d", i);
		known_add(known, (size_t)i % 4, slice_of(id), alert(text, sizeof text, id, 1 + i % 3));
	}
	for (int i = 0; i < 20000; i++) {
		snprintf(id, sizeof id, "%d", i);
		struct slice line = alert(text, sizeof text, id, 1 + i % 3);
		NEED(known_take(known, (size_t)i % 4, OUTPUT_ALERT, slice_of(id), line), "line %d", i);
		line = alert(text, sizeof text, id, 2 + i % 3);
		NEED(!known_take(known, (size_t)i % 4, OUTPUT_ALERT, slice_of(id), line), "line %d, the next revision", i);
	}
	known_close(known);
}
END_TEST

RUN_TESTS("daemon known", a_revision_is_read_from_its_line, the_same_bytes_in_the_same_topic_are_known,
    in_a_compacted_topic_a_later_revision_stands_for_the_earlier, many_lines_are_all_found_again,
    what_is_said_twice_is_known_as_often_as_it_is_there)
