/* See messages.h. */
#include "tests/bench/messages.h"

#include "core/base/buffer.h"
#include "core/claim/decode.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t state;

static unsigned
below(unsigned bound)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state >> 16) % bound);
}

static const char *
one_of(const char *const words[], unsigned count)
{
	return words[below(count)];
}

#define ONE_OF(...) one_of((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void
text_put(struct buffer *out, const char *name, const char *text)
{
	json_key(out, name);
	json_text(out, text);
}

#define TEXT_PUT(out, name, ...) do { \
	char text_[128]; \
	snprintf(text_, sizeof text_, __VA_ARGS__); \
	text_put(out, name, text_); \
} while (0)

static void
amount_put(struct buffer *out, const char *name, unsigned fen)
{
	json_key(out, name);
	if (fen)
		buffer_printf(out, "%u.%02u", fen / 100, fen % 100);
	else
		buffer_char(out, '0');
}

static void
person_put(struct buffer *out)
{
	unsigned year = 1930 + below(90), month = 1 + below(12), day = 1 + below(28);
	TEXT_PUT(out, "setl_id", "%06u%010u", 140902, below(2000000000));
	TEXT_PUT(out, "mdtrt_id", "%010u%05u", below(2000000000), below(99999));
	TEXT_PUT(out, "psn_no", "14000000%010u%04u", below(30000000), below(10000));
	TEXT_PUT(out, "psn_name", "%s%s", ONE_OF("王", "李", "张", "刘", "陈"), ONE_OF("伟", "芳", "秀英", "敏", "建国"));
	text_put(out, "psn_cert_type", "01");
	TEXT_PUT(out, "certno", "140902%04u%02u%02u%04u", year, month, day, below(10000));
	text_put(out, "gend", ONE_OF("1", "2"));
	text_put(out, "naty", "01");
	TEXT_PUT(out, "brdy", "%04u-%02u-%02u", year, month, day);
	json_key(out, "age");
	json_unsigned(out, 2024 - year);
	text_put(out, "insutype", ONE_OF("310", "390", "390"));
	text_put(out, "psn_type", ONE_OF("11", "12", "14", "1501"));
	text_put(out, "cvlserv_flag", "0");
	text_put(out, "flxempe_flag", "0");
	text_put(out, "nwb_flag", "0");
	TEXT_PUT(out, "insu_admdvs", "1409%02u", below(15));
	text_put(out, "emp_name", ONE_OF("城乡居民", "某县第二中学", "某市供水有限公司"));
	text_put(out, "pay_loc", "2");
}

static void
visit_put(struct buffer *out)
{
	unsigned month = 1 + below(12), day = 4 + below(24), area = below(15);
	TEXT_PUT(out, "fixmedins_code", "H1409%02u%05u", area, below(600));
	text_put(out, "fixmedins_name", ONE_OF("县人民医院", "市中医院", "社区卫生服务中心", "区妇幼保健院"));
	text_put(out, "hosp_lv", ONE_OF("03", "06", "09"));
	TEXT_PUT(out, "fixmedins_poolarea", "1409%02u", area);
	text_put(out, "lmtpric_hosp_lv", "06");
	text_put(out, "dedc_hosp_lv", "06");
	TEXT_PUT(out, "begndate", "2024-%02u-%02u", month, day - below(4));
	TEXT_PUT(out, "enddate", "2024-%02u-%02u", month, day);
	TEXT_PUT(out, "setl_time", "2024-%02u-%02u %02u:%02u:%02u", month, day, below(24), below(60), below(60));
	text_put(out, "mdtrt_cert_type", "03");
	text_put(out, "med_type", ONE_OF("11", "12", "14", "21", "41", "9902"));
	text_put(out, "clr_type", ONE_OF("11", "21", "41"));
	text_put(out, "clr_way", ONE_OF("1", "40", "50"));
	text_put(out, "clr_optins", "140900");
}

static void
money_put(struct buffer *out)
{
	unsigned total = 2000 + below(900000), own = below(3) ? 0 : below(total / 10), fund = (total - own) / 100 * (30 + below(60));
	unsigned rest = total - fund, account = below(rest);
	amount_put(out, "medfee_sumamt", total);
	amount_put(out, "fulamt_ownpay_amt", own);
	amount_put(out, "overlmt_selfpay", 0);
	amount_put(out, "preselfpay_amt", own / 3);
	amount_put(out, "inscp_scp_amt", total - own - own / 3);
	amount_put(out, "act_pay_dedc", below(4) ? 0 : 30000);
	amount_put(out, "hifp_pay", fund);
	json_key(out, "pool_prop_selfpay");
	buffer_printf(out, "0.%04u", 5000 + below(4000));
	amount_put(out, "cvlserv_pay", 0);
	amount_put(out, "hifes_pay", 0);
	amount_put(out, "hifmi_pay", below(9) ? 0 : below(200000));
	amount_put(out, "hifob_pay", 0);
	amount_put(out, "hifdm_pay", 0);
	amount_put(out, "maf_pay", below(9) ? 0 : below(100000));
	amount_put(out, "oth_pay", 0);
	amount_put(out, "fund_pay_sumamt", fund);
	amount_put(out, "psn_part_amt", rest);
	amount_put(out, "acct_pay", account);
	amount_put(out, "psn_cash_pay", rest - account);
	amount_put(out, "hosp_part_amt", 0);
	amount_put(out, "balc", below(500000));
	amount_put(out, "acct_mulaid_pay", 0);
}

static void
rest_put(struct buffer *out)
{
	TEXT_PUT(out, "medins_setl_id", "H14090200001%014u", below(2000000000));
	text_put(out, "refd_setl_flag", "0");
	text_put(out, "mid_setl_flag", "0");
	text_put(out, "setl_type", "2");
	text_put(out, "year", "2024");
	TEXT_PUT(out, "dise_codg", "%c%02u.%03u", (int)('A' + below(20)), below(100), below(1000));
	text_put(out, "dise_name", ONE_OF("高血压病", "2型糖尿病", "肺炎", "慢性阻塞性肺疾病急性加重"));
	TEXT_PUT(out, "invono", "%012u", below(2000000000));
	text_put(out, "psn_setlway", "01");
	text_put(out, "acct_used_flag", "1");
	TEXT_PUT(out, "opter_id", "op%04u", below(1000));
	text_put(out, "opter_name", ONE_OF("经办员甲", "经办员乙"));
	TEXT_PUT(out, "opt_time", "2024-%02u-%02u %02u:%02u:%02u", 1 + below(12), 1 + below(28), below(24), below(60), below(60));
	text_put(out, "exp_content", "");
}

void
messages_make(struct messages *messages, size_t count, unsigned long long seed)
{
	struct buffer out = {0};
	size_t *end = malloc(count * sizeof *end);
	state = seed * 0x9e3779b97f4a7c15 + 1;
	for (size_t i = 0; i < count; i++) {
		json_open(&out, '{');
		person_put(&out);
		visit_put(&out);
		money_put(&out);
		rest_put(&out);
		json_close(&out, '}');
		end[i] = out.length;
		buffer_char(&out, '\n');
	}
	buffer_reserve(&out, RECORD_PADDING);
	memset(out.data + out.length, 0, RECORD_PADDING);
	messages->message = malloc(count * sizeof *messages->message);
	for (size_t i = 0, begin = 0; i < count; begin = end[i++] + 1)
		messages->message[i] = (struct slice){out.data + begin, end[i] - begin};
	messages->bytes = out.data;
	messages->count = count;
	free(end);
}

void
messages_free(struct messages *messages)
{
	free(messages->bytes);
	free(messages->message);
}
