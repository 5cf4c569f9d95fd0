/* check: is this claim itself wrong?  An assertion that must hold; where a value it needs is absent nothing is said. */
#include "detectors/registry.h"

struct check_config {
	int32_t assertion;
};

static const struct setting settings[] = {
	{"assert", SETTING_CONDITION, offsetof(struct check_config, assertion), true, NULL, NULL,
	    "必须成立的条件", "what must hold"},
};

static void
judge(const void *config, const struct claim_input *input, struct verdict *verdict)
{
	(void)config;
	for (size_t i = 0; i < input->field_count && i < FINDING_VALUES_MAX; i++) {
		unsigned field = (unsigned)input->fields[i];
		verdict_add(verdict, settlement_fields[field].name, FINDING_FEN)->number = claim_amount(input->claim, field);
	}
	verdict->word = input->assertion == TRUTH_FALSE ? VERDICT_ALERT : VERDICT_OK;
}

const struct detector detector_check = {
	.name = "check",
	.shape = SHAPE_CLAIM,
	.help_zh = "结算本身是否有误：断言不成立即报警",
	.help_en = "is this claim itself wrong: an alert when the assertion is false",
	.settings = settings,
	.setting_count = sizeof settings / sizeof settings[0],
	.config_size = sizeof(struct check_config),
	.judge_claim = judge,
};
