/* PRIVATE to core/rule: which part of a file is written how. */
#ifndef FW_LAYOUT_SHAPES_H
#define FW_LAYOUT_SHAPES_H

enum style {
	STYLE_FIT,                      /* in one line when everything in it is short */
	STYLE_FLOW,                     /* in one line */
	STYLE_BLOCK,                    /* a member a line */
	STYLE_ROWS,                     /* a list, each item in one line of its own */
	STYLE_FEW,                      /* the same, but none or a single one beside the key when it fits */
	STYLE_APART                     /* a list of blocks with a blank line between them */
};

struct shape {
	enum style style;
	const char *const *order;       /* of the keys, ends with NULL; NULL: as they were written */
	const struct named_shape *member;       /* ends with a key of NULL; NULL: none is named */
	const struct shape *each;       /* of members and items that are not named */
};

struct named_shape {
	const char *key;
	const struct shape *shape;
};

typedef const char *const key_order[];
static key_order order_both = {"zh", "en", NULL}, order_param = {"unit", "rows", NULL}, order_basis = {"document", "quote", NULL},
    order_row = {"region", "tier", "from", "to", "due", "value", "floor", "final", "final_basis", "basis", "note", NULL},
    order_test = {"name", "defaults", "enrolment_defaults", "enrolments", "claims", "close_all", "expect", NULL},
    order_band = {"over", "severity", NULL}, order_exclusion = {"name", "when", "because", NULL},
    order_suppression = {"id", "rule", "author", "reason", "scope", "from", "until", "document", NULL},
    order_scope = {"psn_no", "fixmedins_code", "region", "setl_id", NULL},
    order_params_file = {"region", "params", "basis", NULL};

static const struct shape shape_any = {.style = STYLE_FIT, .each = &shape_any};
static const struct shape shape_flow = {.style = STYLE_FLOW, .each = &shape_flow};
static const struct shape shape_title = {.style = STYLE_FIT, .order = order_both, .each = &shape_any};
static const struct shape shape_evidence = {.style = STYLE_BLOCK, .order = order_both, .each = &shape_any};

static const struct shape shape_band = {.style = STYLE_FLOW, .order = order_band, .each = &shape_flow};
static const struct shape shape_bands = {.style = STYLE_ROWS, .each = &shape_band};
static const struct named_shape exclusion_members[] = {{"because", &shape_title}, {NULL, NULL}};
static const struct shape shape_exclusion = {.style = STYLE_BLOCK, .order = order_exclusion, .member = exclusion_members, .each = &shape_any};
static const struct shape shape_exclude = {.style = STYLE_BLOCK, .each = &shape_exclusion};

static const struct shape shape_row = {.style = STYLE_FLOW, .order = order_row, .each = &shape_flow};
static const struct shape shape_rows = {.style = STYLE_ROWS, .each = &shape_row};
static const struct named_shape param_members[] = {{"rows", &shape_rows}, {NULL, NULL}};
static const struct shape shape_param = {.style = STYLE_BLOCK, .order = order_param, .member = param_members, .each = &shape_any};
static const struct shape shape_params = {.style = STYLE_BLOCK, .each = &shape_param};
static const struct shape shape_basis_entry = {.style = STYLE_FLOW, .order = order_basis, .each = &shape_flow};
static const struct shape shape_basis = {.style = STYLE_BLOCK, .each = &shape_basis_entry};

static const struct shape shape_records = {.style = STYLE_ROWS, .each = &shape_flow};
static const struct shape shape_few = {.style = STYLE_FEW, .each = &shape_flow};
static const struct named_shape test_members[] = {{"defaults", &shape_flow}, {"enrolment_defaults", &shape_flow},
    {"enrolments", &shape_records}, {"claims", &shape_records}, {"expect", &shape_few}, {NULL, NULL}};
static const struct shape shape_test = {.style = STYLE_BLOCK, .order = order_test, .member = test_members, .each = &shape_any};
static const struct shape shape_tests = {.style = STYLE_APART, .each = &shape_test};

static const struct named_shape rule_members[] = {{"title", &shape_title}, {"stage", &shape_flow}, {"scene", &shape_flow},
    {"bands", &shape_bands}, {"exclude", &shape_exclude}, {"params", &shape_params},
    {"basis", &shape_basis}, {"evidence", &shape_evidence}, {"tests", &shape_tests}, {NULL, NULL}};

static const struct shape shape_scope = {.style = STYLE_FLOW, .order = order_scope, .each = &shape_flow};
static const struct named_shape suppression_members[] = {{"reason", &shape_title}, {"scope", &shape_scope}, {NULL, NULL}};
static const struct shape shape_suppression = {.style = STYLE_BLOCK, .order = order_suppression, .member = suppression_members, .each = &shape_any};

static const struct shape shape_params_file = {.style = STYLE_BLOCK, .order = order_params_file, .member = rule_members, .each = &shape_any};
static const struct shape shape_suppressions_file = {.style = STYLE_APART, .each = &shape_suppression};

#endif
