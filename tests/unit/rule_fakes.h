/* Detectors for the tests of the rule language: they have settings and shapes but judge nothing. */
#ifndef FW_RULE_FAKES_H
#define FW_RULE_FAKES_H

#include "core/rule/ruleset.h"

struct fake_check {
	int32_t assertion;
};

static const struct setting fake_check_settings[] = {
	{"assert", SETTING_CONDITION, offsetof(struct fake_check, assertion), true, NULL, NULL, "", ""},
};

struct fake_cap {
	int32_t key, sum, period, limit;
	int64_t notice_at;
};

static const char *const fake_keys[] = {"psn_no", NULL};
static const char *const fake_periods[] = {"benefit_year", "month", NULL};
static const struct setting fake_cap_settings[] = {
	{"key", SETTING_CHOICE, offsetof(struct fake_cap, key), false, "psn_no", fake_keys, "", ""},
	{"sum", SETTING_AMOUNT_FIELD, offsetof(struct fake_cap, sum), true, NULL, NULL, "", ""},
	{"period", SETTING_CHOICE, offsetof(struct fake_cap, period), false, "benefit_year", fake_periods, "", ""},
	{"limit", SETTING_PARAM, offsetof(struct fake_cap, limit), true, NULL, NULL, "", ""},
	{"notice_at", SETTING_DECIMAL, offsetof(struct fake_cap, notice_at), false, NULL, NULL, "", ""},
};

struct fake_share {
	int32_t of, sum, numerator, target;
	int64_t months;
};

static const char *const fake_of[] = {"money", "cases", NULL};
static const struct setting fake_share_settings[] = {
	{"of", SETTING_CHOICE, offsetof(struct fake_share, of), true, NULL, fake_of, "", ""},
	{"sum", SETTING_AMOUNT_FIELD, offsetof(struct fake_share, sum), false, NULL, NULL, "", ""},
	{"numerator", SETTING_CONDITION, offsetof(struct fake_share, numerator), true, NULL, NULL, "", ""},
	{"target", SETTING_PARAM, offsetof(struct fake_share, target), true, NULL, NULL, "", ""},
	{"months", SETTING_COUNT, offsetof(struct fake_share, months), false, "12", NULL, "", ""},
};

static const char *const fake_cap_names[] = {"sum", "limit", "excess", "count", NULL};
static const char *const fake_share_names[] = {"numerator", "denominator", "value", "target", NULL};

static const struct detector fake_check = {"check", SHAPE_CLAIM, "", "", fake_check_settings,
	sizeof fake_check_settings / sizeof fake_check_settings[0], sizeof(struct fake_check), NULL, NULL, NULL, NULL, NULL, false};
static const struct detector fake_cap = {"cap", SHAPE_LEDGER, "", "", fake_cap_settings,
	sizeof fake_cap_settings / sizeof fake_cap_settings[0], sizeof(struct fake_cap), fake_cap_names, NULL, NULL, NULL, NULL, true};
static const struct detector fake_share = {"share", SHAPE_SERIES, "", "", fake_share_settings,
	sizeof fake_share_settings / sizeof fake_share_settings[0], sizeof(struct fake_share), fake_share_names, NULL, NULL,
	NULL, NULL, true};

static const struct detector *const fake_list[] = {&fake_check, &fake_cap, &fake_share};
static const struct detector_registry fakes = {fake_list, sizeof fake_list / sizeof fake_list[0]};

#endif
