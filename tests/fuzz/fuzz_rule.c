/* Anything as a rule file, a file of a region's parameters or of suppressions, a table or an expression: the loader says what
 * is wrong or gives a set whose canonical text, and whose files in the one layout, load again to the same.  The first byte
 * chooses what the rest is. */
#include "core/rule/expression.h"
#include "core/rule/layout.h"
#include "tests/fuzz/scratch.h"
#include "tests/unit/rule_fakes.h"

#include "core/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int LLVMFuzzerInitialize(int *, char ***);

static void
remove_file(const char *folder, const char *name)
{
	char path[160];
	snprintf(path, sizeof path, "%s/%s/%s", scratch, folder, name);
	unlink(path);
}

static const char rule[] = "id: GOOD\nrevision: 1\ntitle: {zh: 甲, en: a}\nfamily: policy\ngrade: clue\nstage: [after]\nseverity: low\n"
    "mode: shadow\nwhere: med_type in $outpatient\ndetector: cap\nsum: hifp_pay\nlimit: $cap\nparams:\n  cap: {unit: yuan, rows: []}\n"
    "basis:\n  A: {document: d, quote: q}\nevidence: {zh: 甲, en: a}\ntests:\n  - name: n\n    claims: []\n    expect: []\n";

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	scratch_open();
	write_file("policy", "GOOD.yaml", rule, sizeof rule - 1);
	return 0;
}

static bool
has_number(const char *text)
{
	for (; text && *text; text++)
		if (strspn(text, "0123456789") >= 7)
			return true;
	return false;
}

/* Every mistake has its code and both languages; in files of suppressions, which name persons, none shows a long number. */
static void
check_diag(const struct diag *diag)
{
	bool names_persons = diag->file && strstr(diag->file, "/suppressions/");
	for (int language = LANGUAGE_ZH; language <= LANGUAGE_EN && names_persons; language++)
		if (has_number(diag->message[language]) || has_number(diag->hint[language]) || has_number(diag->source_line))
			abort();
	if (!diag->message[LANGUAGE_ZH] || !diag->message[LANGUAGE_EN] || !diag->code || !mistake_find(diag->code))
		abort();
	if (!diag->hint[LANGUAGE_ZH] || !diag->hint[LANGUAGE_EN])
		abort();
}

static struct ruleset *
load(void)
{
	struct diags diags = {0};
	struct ruleset *set = ruleset_load(&fakes, scratch, NULL, &diags);
	if (!set && !diags.errors)
		abort();
	for (size_t i = 0; i < diags.count; i++)
		check_diag(&diags.list[i]);
	diags_free(&diags);
	return set;
}

/* The rule of that id, written down and loaded again. */
static void
load_again(struct ruleset *set, const char *folder, const char *id)
{
	for (size_t i = 0; i < set->rules; i++) {
		if (strcmp(set->rule[i].id, id) != 0)
			continue;
		const char *text = rule_text(set, &set->rule[i]);
		char name[80];
		snprintf(name, sizeof name, "%s.yaml", id);
		write_file(folder, name, text, strlen(text));
		struct ruleset *again = load();
		if (!again || strcmp(again->digest, set->digest) != 0) {
			fprintf(stderr, "%s\n", text);
			abort();
		}
		ruleset_free(again);
	}
}

/* The file in the one layout, where that can be given, means the same. */
static void
lay_out(struct ruleset *set, const char *folder, const char *name)
{
	for (size_t i = 0; i < set->files; i++) {
		struct buffer text = {0};
		const char *file = strrchr(set->file[i].name, '/') + 1;
		if (strcmp(file, name) == 0 && layout_knows(&set->file[i]) && layout_file(set, &set->file[i], &text) == LAYOUT_DONE) {
			write_file(folder, name, text.data, text.length);
			struct ruleset *again = load();
			if (!again || strcmp(again->digest, set->digest) != 0) {
				fprintf(stderr, "%.*s\n", (int)text.length, text.data);
				abort();
			}
			ruleset_free(again);
		}
		buffer_free(&text);
	}
}

static void
fuzz_file(const char *folder, const char *name, const char *id, const char *text, size_t length)
{
	write_file(folder, name, text, length);
	struct ruleset *set = load();
	if (set)
		lay_out(set, folder, name);
	if (set && id)
		load_again(set, folder, id);
	ruleset_free(set);
	remove_file(folder, name);
}

static void
fuzz_table(size_t which, const char *text, size_t length)
{
	write_file("tables", table[which].name, text, length);
	ruleset_free(load());
	write_file("tables", table[which].name, table[which].text, strlen(table[which].text));
}

/* An expression's canonical text is a condition that is known already. */
static void
fuzz_expression(const char *text, size_t length)
{
	struct ruleset *set = load();
	struct diags diags = {0};
	struct expressions all;
	size_t bad;
	if (!set)
		abort();
	if (!memchr(text, '\0', length) && utf8_valid(text, length, &bad)) {
		expressions_init(&all, &set->arena, set->tables, &diags);
		int32_t number = expression_builtin(&all, arena_copy(&set->arena, text, length));
		if (number < 0 ? diags.errors == 0 : expression_builtin(&all, all.condition[number].text) != number)
			abort();
		expressions_free(&all);
	}
	diags_free(&diags);
	ruleset_free(set);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	const char *text = (const char *)data + 1;
	size--;
	static const char *const optional[] = {"codes.csv", "institutions.csv", "population.csv", "benefit_years.csv"};
	switch (data[0] % 16) {
	case 0: case 1: case 2: case 3: case 4: case 5:
		fuzz_file("management", "FUZZ.yaml", "FUZZ", text, size);
		break;
	case 6: case 7:
		fuzz_file("params", "14.yaml", NULL, text, size);
		break;
	case 8: case 9: case 10: case 11: case 12:
		fuzz_table((size_t)data[0] % 16 - 8, text, size);
		break;
	case 13:
		if (size > 0)
			fuzz_file("tables", optional[data[1] % 4], NULL, text + 1, size - 1);
		break;
	case 14:
		fuzz_file("suppressions", "a.yaml", NULL, text, size);
		break;
	default:
		fuzz_expression(text, size);
		break;
	}
	return 0;
}
