/* Rows of parameters from the bytes, in a rule and in two files of regions.  What the loader must refuse is worked out here
 * pair by pair; what it takes must give the same row as a plain count for areas, tiers and days from the bytes. */
#include "tests/fuzz/scratch.h"
#include "tests/unit/rule_fakes.h"

#include "core/base/buffer.h"
#include "core/base/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int LLVMFuzzerInitialize(int *, char ***);

#define ROWS_MAX 12
#define OPEN INT32_MAX
#define FIRST_DAY 19723                         /* 2024-01-01 */

enum kind { VALUE, FLOOR, FINAL };
enum place { IN_RULE, IN_14, IN_1409, PLACES };

struct plain {
	const char *region, *tier;              /* tier NULL: any */
	int32_t from, to;
	int yuan;
	enum kind kind;
	enum place place;
};

static const char *const regions[] = {"", "1", "14", "1409", "140902", "1410", "15", "150101"};
static const char *const tiers[] = {NULL, "1", "2", "30"};
static const char *const place_region[PLACES] = {"", "14", "1409"};

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	scratch_open();
	return 0;
}

static struct plain
take_row(struct bytes *bytes)
{
	struct plain row = {.region = regions[take(bytes, 8)], .tier = tiers[take(bytes, 4)]};
	row.from = FIRST_DAY + (int32_t)take(bytes, 64);
	unsigned days = take(bytes, 64);
	row.to = days > 40 ? OPEN : row.from + (int32_t)days;
	row.yuan = (int)take(bytes, 32);
	unsigned kind = take(bytes, 8);
	row.kind = kind == 0 ? FLOOR : kind == 1 ? FINAL : VALUE;
	row.place = (enum place)take(bytes, PLACES);
	if (strncmp(row.region, place_region[row.place], strlen(place_region[row.place])) != 0)
		row.place = IN_RULE;
	return row;
}

/* ---- the files ---- */

static void
put_row(struct buffer *out, const struct plain *row)
{
	char day[TIME_TEXT_SIZE];
	buffer_printf(out, "      - {region: \"%s\", from: %s, basis: A, ", row->region, day_text(row->from, day));
	if (row->tier)
		buffer_printf(out, "tier: \"%s%s\", ", row->yuan % 2 ? "0" : "", row->tier);
	if (row->to != OPEN)
		buffer_printf(out, "to: %s, ", day_text(row->to, day));
	buffer_printf(out, "%s: %d.00%s}\n", row->kind == FLOOR ? "floor" : "value", row->yuan, row->kind == FINAL ? ", final: true" : "");
}

static const char head[] = "id: %s\nrevision: 1\ntitle: {zh: 甲, en: a}\nfamily: policy\ngrade: clue\nstage: [after]\nseverity: low\n"
    "mode: enforce\nwhere: present(setl_id)\ndetector: cap\nsum: hifp_pay\nlimit: $cap\nevidence: {zh: 甲, en: a}\ntests:\n  - name: n\n"
    "    claims: []\n    expect: []\n";

/* The rule, and a file for each region, which may hold no row. */
static void
write_place(enum place place, const char *id, const struct plain *row, size_t rows)
{
	struct buffer out = {0};
	char name[32];
	if (place == IN_RULE)
		buffer_printf(&out, head, id);
	else
		buffer_printf(&out, "region: \"%s\"\n", place_region[place]);
	buffer_text(&out, "basis:\n  A: {document: d, quote: q}\nparams:\n  cap:\n    unit: yuan\n    rows:\n");
	size_t before = out.length;
	for (size_t i = 0; i < rows; i++)
		if (row[i].place == place)
			put_row(&out, &row[i]);
	if (out.length == before) {
		out.length--;
		buffer_text(&out, " []\n");
	}
	snprintf(name, sizeof name, "%s.yaml", place == IN_RULE ? id : place_region[place]);
	write_file(place == IN_RULE ? "policy" : "params", name, out.data, out.length);
	buffer_free(&out);
}

/* ---- what must be refused ---- */

static bool
begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool
same_tier(const struct plain *a, const struct plain *b)
{
	return a->tier == b->tier;
}

static bool
share_day(const struct plain *a, const struct plain *b)
{
	return a->from <= b->to && b->from <= a->to;
}

static bool
clash(const struct plain *a, const struct plain *b)
{
	bool may_meet = share_day(a, b) && (same_tier(a, b) || !a->tier || !b->tier);
	if (share_day(a, b) && same_tier(a, b) && strcmp(a->region, b->region) == 0 && (a->kind == FLOOR) == (b->kind == FLOOR))
		return true;
	if (a->kind == FLOOR && b->kind != FLOOR && b->yuan < a->yuan && may_meet && begins_with(b->region, a->region))
		return true;
	return a->kind == FINAL && may_meet && strlen(b->region) > strlen(a->region) && begins_with(b->region, a->region);
}

static bool
must_be_refused(const struct plain *row, size_t rows)
{
	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < rows; j++)
			if (i != j && clash(&row[i], &row[j]))
				return true;
	return false;
}

/* ---- the row in force ---- */

/* The longest region with a row that can be meant: this tier before any; an unknown tier takes the highest where one is named. */
static const struct plain *
plain_find(const struct plain *row, size_t rows, const char *area, const char *tier, int32_t day, bool *unknown)
{
	*unknown = false;
	for (size_t length = strlen(area) + 1; length-- > 0;) {
		const struct plain *exact = NULL, *any = NULL, *highest = NULL;
		bool has_tiers = false;
		for (size_t i = 0; i < rows; i++) {
			const struct plain *now = &row[i];
			if (now->kind == FLOOR || strlen(now->region) != length || !begins_with(area, now->region) || day < now->from || day > now->to)
				continue;
			if (!now->tier)
				any = now;
			else if (strcmp(now->tier, tier) == 0)
				exact = now;
			has_tiers |= now->tier != NULL;
			if (!highest || now->yuan > highest->yuan)
				highest = now;
		}
		*unknown = !*tier && has_tiers;
		const struct plain *found = *unknown ? highest : exact ? exact : any;
		if (found)
			return found;
	}
	return NULL;
}

static void
ask(struct matcher *matcher, const struct rule *rule, const struct plain *row, size_t rows, struct bytes *bytes)
{
	static const char *const areas[] = {"140902", "1409", "141099", "15", "150101", "110101", "14090201", ""};
	static const char *const asked[] = {"", "1", "2", "30", "4"};
	const char *area = areas[take(bytes, 8)], *tier = asked[take(bytes, 5)];
	int32_t day = FIRST_DAY - 2 + (int32_t)take(bytes, 128);
	bool unknown, plain_unknown;
	const struct plain *wanted = plain_find(row, rows, area, tier, day, &plain_unknown);
	const struct area *place = matcher_area(matcher, (struct slice){area, strlen(area)});
	const struct param_row *found = param_find(rule, 0, place, (struct slice){tier, strlen(tier)}, day, &unknown);
	if (!wanted != !found || unknown != plain_unknown)
		abort();
	if (found && (found->is_floor || found->value != 100 * wanted->yuan || strcmp(found->region, wanted->region) != 0))
		abort();
	if (found && !unknown && (found->tier ? !wanted->tier || strcmp(found->tier, wanted->tier) != 0 : wanted->tier != NULL))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {data, size};
	struct plain row[ROWS_MAX];
	size_t rows = take(&bytes, ROWS_MAX + 1);
	for (size_t i = 0; i < rows; i++)
		row[i] = take_row(&bytes);
	write_place(IN_RULE, "FUZZ", row, rows);
	write_place(IN_RULE, "OTHER", NULL, 0);         /* the regions' rows are its rows too */
	write_place(IN_14, NULL, row, rows);
	write_place(IN_1409, NULL, row, rows);
	struct diags diags = {0};
	struct ruleset *set = ruleset_load(&fakes, scratch, NULL, &diags);
	if (!set == !must_be_refused(row, rows)) {
		diags_print(&diags, LANGUAGE_EN, stderr);
		abort();
	}
	if (set) {
		struct matcher *matcher = matcher_open(set);
		while (bytes.left)
			ask(matcher, &set->rule[0], row, rows, &bytes);
		matcher_close(matcher);
	}
	ruleset_free(set);
	diags_free(&diags);
	return 0;
}
