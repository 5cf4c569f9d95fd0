/* The layout of files: which comment goes where, what stays as it was written, and that what cannot be kept is refused. */
#include "core/rule/layout.h"
#include "tests/unit/run.h"

/* The text as a region's file, or as one of suppressions when it is a list. */
static enum layout_result
lay_out(const char *text, struct buffer *out)
{
	struct ruleset set = {0};
	const char *copy = arena_copy(&set.arena, text, strlen(text));
	struct ruleset_file file = {*text == '-' ? "rules/suppressions/x.yaml" : "rules/params/14.yaml", {copy, strlen(text)}};
	enum layout_result result = layout_file(&set, &file, out);
	buffer_char(out, '\0');
	arena_free(&set.arena);
	return result;
}

static void
becomes(const char *text, const char *wanted)
{
	struct buffer out = {0};
	ck_assert_msg(lay_out(text, &out) == LAYOUT_DONE, "refused: %s", text);
	ck_assert_str_eq(out.data, wanted);
	buffer_free(&out);
}

static void
stays(const char *text)
{
	becomes(text, text);
}

START_TEST(comments_stay_with_what_they_are_about)
{
	stays("# the file\n\nregion: 14                      # beside\n# of basis\nbasis:\n  A: {document: a, quote: b}    # the row\n  # the end of basis\n# the end\n");
	becomes("basis: # of the key\n  A: {document: a, quote: b}\n", "basis:                          # of the key\n  A: {document: a, quote: b}\n");
	becomes("basis: {A: {document: a, # of a\n quote: b}}\n",
	    "basis:\n  A:\n    document: a                 # of a\n    quote: b\n");
	becomes("basis: {A: {document: a, quote: b # of b\n }}\n",
	    "basis:\n  A:\n    document: a\n    quote: b                    # of b\n");
	becomes("list: [ # of the list\n ]\n", "list: []                        # of the list\n");
	becomes("list: [\n# inside\n ]\n", "# inside\nlist: []\n");
	becomes("list: [x, # of x\n y # of y\n ]\n", "list:\n  - x                           # of x\n  - y                           # of y\n");
	becomes("-  # of the item\n  id: A\n", "# of the item\n- id: A\n");
	becomes("- {id: A} # one\n- {id: B} # two\n", "# one\n- id: A\n\n# two\n- id: B\n");
	becomes("a: 1\nlist:\n- x\n# of b\nb: 2\n", "a: 1\nlist: [x]\n# of b\nb: 2\n");
	becomes("a: 1\nlist:\n  - x\n  # of the list\nb: 2\n", "a: 1\nlist:\n  - x\n  # of the list\nb: 2\n");
	becomes("text: > # beside a folded text\n  x\n", "# beside a folded text\ntext: >\n  x\n");
	stays("a: \"x # no comment\"\nb: x#no comment\n");
	becomes("--- # the head\na: 1\n", "# the head\na: 1\n");
}
END_TEST

START_TEST(texts_stay_as_they_were_written)
{
	stays("a: 'it''s'\nb: \"x\\n\\\"y\\\"\"\nc: it's\nd: \"\"\ne:\n");
	becomes("a:   x == 1\n      and y\n\n      or z\n", "a: x == 1\n  and y\n\n  or z\n");
	becomes("a: \"one \\\n     two\n\n     three\"\n", "a: \"one \\\n  two\n\n  three\"\n");
	becomes("m:\n      a: >-\n            x\n              deeper\n\n            y\n", "m:\n  a: >-\n    x\n      deeper\n\n    y\n");
	becomes("a: |2\n    two blanks\n", "a: \"  two blanks\\n\"\n");
	becomes("a: |+\n  x\n\n", "a: \"x\\n\\n\"\n");
	becomes("a: >\n  no newline at the end", "a: >\n  no newline at the end\n");
	becomes("m:\n  a: one, two\n", "m: {a: \"one, two\"}\n");
	becomes("m: {a: , b: x}\n", "m: {a: , b: x}\n");
	becomes("list:\n  -\n  - x\n", "list:\n  -\n  - x\n");
	becomes("? a\n: 1\n", "a: 1\n");
	becomes("{b: 1, a: {x: 2}}", "b: 1\na: {x: 2}\n");
}
END_TEST

START_TEST(keys_have_their_order)
{
	becomes("basis: {A: {quote: q, document: d}}\nregion: 14\nown: x\nparams: {p: {rows: [{value: 1, basis: A, from: 2024-01-01, region: 14}], unit: yuan}}\n",
	    "region: 14\nown: x\nparams:\n  p:\n    unit: yuan\n    rows:\n      - {region: 14, from: 2024-01-01, value: 1, basis: A}\nbasis:\n  A: {document: d, quote: q}\n");
	becomes("- {until: 2024-12-31, scope: {region: 14, psn_no: p}, id: A}\n", "- id: A\n  scope: {psn_no: p, region: 14}\n  until: 2024-12-31\n");
}
END_TEST

START_TEST(blank_lines_are_single)
{
	becomes("\n\na: 1\n\n\n\nb: 2\nc: 3\n\n\n", "a: 1\n\nb: 2\nc: 3\n");
	becomes("# a\n\n\n# b\nc: 3\n", "# a\n\n# b\nc: 3\n");
}
END_TEST

/* A key over several lines is no key of ours; written in a line of its own it would be two. */
START_TEST(what_would_not_be_read_as_the_same_is_refused)
{
	struct buffer out = {0};
	ck_assert_int_eq(lay_out("m: {one\n two: x, n: [{a: 1}]}\n", &out), LAYOUT_UNSAFE);
	out.length = 0;
	ck_assert_int_eq(lay_out("a: [\n", &out), LAYOUT_UNSAFE);
	out.length = 0;
	ck_assert_int_eq(lay_out("just text\n", &out), LAYOUT_UNSAFE);
	buffer_free(&out);
}
END_TEST

RUN_TESTS("layout", comments_stay_with_what_they_are_about, texts_stay_as_they_were_written, keys_have_their_order, blank_lines_are_single,
    what_would_not_be_read_as_the_same_is_refused)
