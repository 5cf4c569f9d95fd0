/* A settlement as one line of JSON.  Every name is an obvious invention: certificate numbers begin with 999999, which
 * no place has. */
#include "replay/generate.h"

#include <errno.h>

static const char *const disease_code[12] = {"I10.x05", "E11.900", "J18.900", "J44.900", "I63.900", "K29.700", "M51.202", "I25.103",
	"N39.000", "J06.900", "K80.200", "S82.800"};
static const char *const disease_name[12] = {"高血压3级", "2型糖尿病", "肺炎", "慢性阻塞性肺疾病", "脑梗死", "慢性胃炎", "腰椎间盘突出",
	"冠状动脉粥样硬化性心脏病", "泌尿道感染", "急性上呼吸道感染", "胆囊结石", "踝部骨折"};
static const char *const chronic_code[3] = {"M00501", "M01600", "M03904"};
static const char *const chronic_name[3] = {"高血压", "糖尿病", "冠心病"};
static const char *const med_type[CARES] = {"11", "14", "21", "41"};
static const char *const clr_type[CARES] = {"11", "11", "21", "41"};
static const char *const clr_way[] = {"1", "40", "50", "9"};
static const char *const hi_paymtd[] = {"1", "4", "3", "5"};
static const char *const hosp_lv[] = {"1", "2", "3", "11"};

#define LINE_MOST 4096                  /* bytes; the longest line has about 2,000 */

/* ---- pieces; the buffer has room for the whole line ---- */

static inline void
put(struct buffer *line, const char *text, size_t length)
{
	memcpy(line->data + line->length, text, length);
	line->length += length;
}

#define PUT(line, literal) put(line, literal, sizeof(literal) - 1)

static inline void
put_text(struct buffer *line, const char *text)
{
	put(line, text, strlen(text));
}

static void
put_number(struct buffer *line, uint64_t number, int digits)
{
	char text[20];
	int at = 20;
	do {
		text[--at] = (char)('0' + number % 10);
		number /= 10;
		digits--;
	} while (number || digits > 0);
	put(line, text + at, (size_t)(20 - at));
}

static void
put_fen(struct buffer *line, int64_t fen)
{
	if (fen < 0) {
		PUT(line, "-");
		fen = -fen;
	}
	put_number(line, (uint64_t)fen / 100, 1);
	PUT(line, ".");
	put_number(line, (uint64_t)fen % 100, 2);
}

static void
put_day(struct buffer *line, int32_t day)
{
	int32_t year, month, of_month;
	day_to_civil(day, &year, &month, &of_month);
	put_number(line, (uint64_t)year, 4);
	PUT(line, "-");
	put_number(line, (uint64_t)month, 2);
	PUT(line, "-");
	put_number(line, (uint64_t)of_month, 2);
}

static void
put_time(struct buffer *line, int64_t time)
{
	uint64_t second = (uint64_t)(time - (int64_t)time_day(time) * DAY_SECONDS);
	put_day(line, time_day(time));
	PUT(line, " ");
	put_number(line, second / 3600, 2);
	PUT(line, ":");
	put_number(line, second / 60 % 60, 2);
	PUT(line, ":");
	put_number(line, second % 60, 2);
}

/* ---- identifiers ---- */

static void
put_settlement_id(struct buffer *line, const struct world *world, uint32_t person, int32_t day, char letter)
{
	int32_t year, month, of_month;
	day_to_civil(day, &year, &month, &of_month);
	put(line, world->area[world->person[person].area].code, 6);
	put_number(line, (uint64_t)(year * 10000 + month * 100 + of_month), 8);
	put_number(line, person, 8);
	put(line, &letter, 1);
}

char *
settlement_id(const struct world *world, uint32_t person, int32_t day, char letter, char text[40])
{
	struct buffer line = {text, 0, 40};
	put_settlement_id(&line, world, person, day, letter);
	text[line.length] = '\0';
	return text;
}

static void
put_person_number(struct buffer *line, const struct world *world, uint32_t person)
{
	put(line, world->area[world->person[person].area].code, 6);
	put_number(line, person, 14);
}

/* ---- parts of the line ---- */

#define TEXT(name) PUT(line, ",\"" name "\":\"")
#define END PUT(line, "\"")
#define CODE(name, text) do { TEXT(name); put_text(line, text); END; } while (0)
#define FEN(name, fen) do { PUT(line, ",\"" name "\":"); put_fen(line, fen); } while (0)
#define DAY(name, day) do { TEXT(name); put_day(line, day); END; } while (0)
#define TIME(name, time) do { TEXT(name); put_time(line, time); END; } while (0)

static void
put_ids(struct buffer *line, const struct world *world, const struct event *event)
{
	PUT(line, "{\"setl_id\":\"");
	put_settlement_id(line, world, event->person, event->day, event->letter);
	PUT(line, "\",\"mdtrt_id\":\"V");
	put_settlement_id(line, world, event->person, event->visit_day, event->visit_letter);
	PUT(line, "\",\"psn_no\":\"");
	put_person_number(line, world, event->person);
	END;
}

static const char *
person_type(const struct person *person, int age)
{
	if (person->flags & PERSON_EMPLOYEE)
		return age >= 60 ? "1201" : "1101";
	return age < 1 ? "1401" : age < 6 ? "1402" : age < 18 ? "1403" : age < 60 ? "1501" : "1601";
}

static void
put_person(struct buffer *line, const struct world *world, const struct event *event)
{
	const struct person *person = &world->person[event->person];
	const char *area = world->area[person->area].code;
	int age = person_age(person, event->day);
	TEXT("psn_name");
	PUT(line, "示例");
	put_number(line, event->person, 1);
	PUT(line, "\",\"psn_cert_type\":\"01\",\"certno\":\"999999");
	int32_t year, month, of_month;
	day_to_civil(person->birth, &year, &month, &of_month);
	put_number(line, (uint64_t)(year * 10000 + month * 100 + of_month), 8);
	put_number(line, event->person % 10000, 4);
	END;
	CODE("gend", person->flags & PERSON_FEMALE ? "2" : "1");
	PUT(line, ",\"naty\":\"01\"");
	DAY("brdy", person->birth);
	PUT(line, ",\"age\":");
	put_number(line, (uint64_t)(age > 0 ? age : 0), 1);
	CODE("insutype", person->flags & PERSON_EMPLOYEE ? "310" : "390");
	CODE("psn_type", person_type(person, age));
	PUT(line, ",\"cvlserv_flag\":\"0\",\"flxempe_flag\":\"0\"");
	CODE("nwb_flag", age < 1 ? "1" : "0");
	CODE("insu_admdvs", area);
	if (person->flags & PERSON_EMPLOYEE) {
		TEXT("emp_name");
		PUT(line, "示例单位");
		put_number(line, event->person % 100, 1);
		END;
	}
}

static void
put_institution(struct buffer *line, const struct world *world, const struct event *event)
{
	const struct institution *institution = &world->institution[event->institution];
	bool away = strncmp(institution->area, world->area[world->person[event->person].area].code, 6) != 0;
	CODE("pay_loc", away ? "3" : "2");
	CODE("fixmedins_code", institution->code);
	CODE("fixmedins_name", institution->name);
	CODE("hosp_lv", hosp_lv[institution->level]);
	CODE("fixmedins_poolarea", institution->area);
	CODE("lmtpric_hosp_lv", hosp_lv[institution->level]);
	CODE("dedc_hosp_lv", hosp_lv[institution->level]);
}

static void
put_visit(struct buffer *line, const struct world *world, const struct event *event)
{
	DAY("begndate", event->begin);
	DAY("enddate", event->variant == VARIANT_REFUND ? event->original_day : event->day);
	TIME("setl_time", event->time);
	CODE("mdtrt_cert_type", event->person % 3 ? "01" : "02");
	CODE("med_type", med_type[event->care]);
	CODE("clr_type", clr_type[event->care]);
	CODE("clr_way", clr_way[event->payment]);
	CODE("clr_optins", world->area[world->person[event->person].area].code);
}

static void
put_money(struct buffer *line, const struct event *event)
{
	int32_t fund = event->hifp + event->hifmi + event->hifob + event->maf, part = event->fee - fund;
	FEN("medfee_sumamt", event->fee);
	FEN("fulamt_ownpay_amt", event->own);
	FEN("overlmt_selfpay", event->over);
	FEN("preselfpay_amt", event->first);
	FEN("inscp_scp_amt", event->fee - event->own - event->over - event->first);
	FEN("act_pay_dedc", event->deductible);
	FEN("hifp_pay", event->hifp);
	PUT(line, ",\"pool_prop_selfpay\":0.");
	put_number(line, (uint64_t)event->ratio, 3);
	PUT(line, ",\"cvlserv_pay\":0.00,\"hifes_pay\":0.00");
	FEN("hifmi_pay", event->hifmi);
	FEN("hifob_pay", event->hifob);
	PUT(line, ",\"hifdm_pay\":0.00");
	FEN("maf_pay", event->maf);
	PUT(line, ",\"oth_pay\":0.00");
	FEN("fund_pay_sumamt", fund);
	FEN("psn_part_amt", part);
	FEN("acct_pay", event->account);
	FEN("psn_cash_pay", part - event->account);
	PUT(line, ",\"hosp_part_amt\":0.00,\"balc\":0.00,\"acct_mulaid_pay\":0.00");
}

static void
put_kind(struct buffer *line, const struct world *world, const struct event *event)
{
	TEXT("medins_setl_id");
	PUT(line, "M");
	put_settlement_id(line, world, event->person, event->day, event->letter);
	END;
	CODE("refd_setl_flag", event->variant == VARIANT_REFUND ? "1" : "0");
	CODE("mid_setl_flag", event->flags & EVENT_INTERIM ? "1" : "0");
	PUT(line, ",\"setl_type\":\"2\",\"year\":\"");
	put_number(line, (uint64_t)day_year(event->day), 4);
	END;
	if (event->care == CARE_STAY || event->care == CARE_CHRONIC) {
		CODE("dise_codg", event->care == CARE_STAY ? disease_code[event->disease] : chronic_code[event->disease]);
		CODE("dise_name", event->care == CARE_STAY ? disease_name[event->disease] : chronic_name[event->disease]);
	}
	TEXT("invono");
	put_number(line, event->person, 8);
	put_number(line, (uint64_t)(event->time % 100000000), 8);
	PUT(line, "\",\"psn_setlway\":\"01\"");
	CODE("acct_used_flag", event->account ? "1" : "0");
	PUT(line, ",\"opter_id\":\"OP");
	put_number(line, event->institution, 4);
	PUT(line, "\",\"opter_name\":\"示例经办");
	put_number(line, event->institution, 1);
	END;
	TIME("opt_time", event->time);
}

static void
put_fund(struct buffer *line, const char *type, int32_t fen, bool *any)
{
	if (fen == 0)
		return;
	if (*any)
		PUT(line, ",{\"fund_pay_type\":\"");
	else
		PUT(line, ",\"setldetail\":[{\"fund_pay_type\":\"");
	put_text(line, type);
	PUT(line, "\",\"fund_payamt\":");
	put_fen(line, fen);
	PUT(line, "}");
	*any = true;
}

static void
put_funds(struct buffer *line, const struct world *world, const struct event *event)
{
	bool any = false;
	put_fund(line, world->person[event->person].flags & PERSON_EMPLOYEE ? "310100" : "390100", event->hifp, &any);
	put_fund(line, "390200", event->hifmi, &any);
	put_fund(line, "330100", event->hifob, &any);
	put_fund(line, "610100", event->maf, &any);
	if (any)
		PUT(line, "]");
}

static void
put_versions(struct buffer *line, const struct world *world, const struct event *event)
{
	if (event->flags & EVENT_LINKED) {
		TEXT("init_setl_id");
		put_settlement_id(line, world, event->person, event->original_day, event->original_letter);
		END;
	}
	TIME("updt_time", event->updated);
	CODE("vali_flag", event->variant == VARIANT_VOID ? "0" : "1");
	CODE("hi_paymtd", hi_paymtd[event->payment]);
	PUT(line, "}");
}

/* ---- the line, and what is counted of it ---- */

static void
tally_event(struct world *world, const struct event *event)
{
	int32_t year = day_year(event->variant == VARIANT_REFUND ? event->original_day : event->day) - day_year(world->from);
	if (event->care != CARE_STAY || year < 0 || year >= YEARS_MAX)
		return;
	struct share_tally *tally = &world->tally[world->person[event->person].area][year];
	bool drg = event->payment == PAYMENT_DRG || event->payment == PAYMENT_DIP;
	int64_t fen = event->variant == VARIANT_VOID ? -event->previous_hifp
	    : event->variant == VARIANT_RESTATED ? event->hifp - event->previous_hifp : event->hifp;
	int64_t cases = event->flags & (EVENT_INTERIM | EVENT_PARTIAL) || event->variant == VARIANT_RESTATED ? 0
	    : event->variant == VARIANT_FIRST ? 1 : -1;
	tally->all_fen += fen;
	tally->all_cases += cases;
	tally->drg_fen += drg ? fen : 0;
	tally->drg_cases += drg ? cases : 0;
}

static void
count_event(struct world *world, const struct event *event)
{
	struct counts *counts = &world->counts;
	counts->lines++;
	counts->bytes += world->line.length;
	counts->variant[event->variant]++;
	if (event->variant == VARIANT_BROKEN) {
		counts->refused[event->refusal]++;
		return;
	}
	if (event->variant == VARIANT_AGAIN)
		return;
	counts->settlements += event->variant == VARIANT_FIRST || event->variant == VARIANT_REFUND;
	counts->linked_refunds += event->variant == VARIANT_REFUND && event->flags & EVENT_LINKED;
	counts->partial_refunds += event->flags & EVENT_PARTIAL ? 1 : 0;
	counts->planted += event->flags & EVENT_PLANTED ? 1 : 0;
	if (event->variant == VARIANT_FIRST) {
		counts->care[event->care]++;
		counts->interim += event->flags & EVENT_INTERIM ? 1 : 0;
		counts->late += event->flags & EVENT_LATE ? 1 : 0;
		counts->late_closed += event->arrival - event->time > 7 * DAY_SECONDS;
	}
	tally_event(world, event);
}

void
write_event(struct world *world, const struct event *event)
{
	struct buffer *line = &world->line;
	line->length = 0;
	buffer_reserve(line, LINE_MOST);
	put_ids(line, world, event);
	put_person(line, world, event);
	put_institution(line, world, event);
	put_visit(line, world, event);
	put_money(line, event);
	put_kind(line, world, event);
	put_funds(line, world, event);
	put_versions(line, world, event);
	if (event->variant == VARIANT_BROKEN)
		break_line(line, event->refusal);
	buffer_char(line, '\n');
	errno = 0;
	if (fwrite(line->data, 1, line->length, world->settlements) != line->length)
		world->failed = errno ? errno : EIO;
	count_event(world, event);
}
