/* cap: has a yearly limit been overrun?  The exact sum of a person's benefit year, across all institutions. */
#include "detectors/registry.h"

struct cap_config {
	int32_t key, sum, period, limit;
	int64_t notice_at;
};

static const char *const keys[] = {"psn_no", NULL};
static const char *const periods[] = {"benefit_year", NULL};

static const struct setting settings[] = {
	{"key", SETTING_CHOICE, offsetof(struct cap_config, key), true, NULL, keys,
	    "按谁累计：psn_no 个人", "whose sum: psn_no, the person"},
	{"sum", SETTING_AMOUNT_FIELD, offsetof(struct cap_config, sum), true, NULL, NULL,
	    "累计的金额字段", "the amount field that is added up"},
	{"period", SETTING_CHOICE, offsetof(struct cap_config, period), true, NULL, periods,
	    "累计期间：benefit_year 待遇年度", "over what: benefit_year"},
	{"limit", SETTING_PARAM, offsetof(struct cap_config, limit), true, NULL, NULL,
	    "限额参数", "parameter with the limit"},
	{"notice_at", SETTING_DECIMAL, offsetof(struct cap_config, notice_at), false, NULL, NULL,
	    "达到限额的这一比例即提醒（另成一条）；不写则不提醒", "share of the limit that gives a notice of its own; none when left out"},
};

static const char *const evidence_names[] = {"sum", "limit", "excess", "count", NULL};

static void
judge(const void *config, const struct ledger_input *input, struct verdict *verdict)
{
	(void)config;
	bool is_over = input->sum_fen > input->limit_fen;
	int64_t excess = is_over ? input->sum_fen - input->limit_fen : 0;
	verdict_add(verdict, "sum", FINDING_FEN)->number = input->sum_fen;
	verdict_add(verdict, "limit", FINDING_FEN)->number = input->limit_fen;
	verdict_add(verdict, "excess", FINDING_FEN)->number = excess;
	verdict_add(verdict, "count", FINDING_COUNT)->number = input->count;
	verdict->word = is_over ? VERDICT_ALERT : VERDICT_OK;
	verdict->has_amount_at_risk = true;
	verdict->amount_at_risk_fen = excess;
	verdict->over_numerator = excess;
	verdict->over_denominator = input->limit_fen;
}

const struct detector detector_cap = {
	.name = "cap",
	.shape = SHAPE_LEDGER,
	.help_zh = "年度限额是否被突破：个人跨机构逐笔精确累计",
	.help_en = "has a yearly limit been overrun: exact sum of a person across institutions",
	.settings = settings,
	.setting_count = sizeof settings / sizeof settings[0],
	.config_size = sizeof(struct cap_config),
	.evidence_names = evidence_names,
	.judge_ledger = judge,
	.gives_over = true,
};
