/* See crowd.h.  A message is a copy of a template of which marked places are filled in: printf would take most of the time. */
#include "tests/bench/crowd.h"

#include "core/base/time.h"

#include <stdio.h>
#include <string.h>

#define AREA "141121"
#define POOR_EVERY 10
#define SLOWER 100                      /* what comes after everybody came once moves the time on so much less */
#define STAY_EVERY 20                   /* settlements to one inpatient */

/* A place is a run of one capital letter; digits or a time go there. */
static const char before_person[] =
    "{\"setl_id\":\"141121SSSSSSSSSSSSSS\",\"mdtrt_id\":\"VSSSSSSSSSSSSSS\",\"psn_no\":\"";
#define BEHIND_PERSON(F, P, R) \
    "\",\"psn_name\":\"合成人员\",\"psn_cert_type\":\"01\",\"certno\":\"999999CCCCCCCCCCCC\",\"gend\":\"1\",\"naty\":\"01\",\"brdy\":\"19BB-05-05\"," \
    "\"age\":AA.0,\"insutype\":\"390\",\"psn_type\":\"1501\",\"cvlserv_flag\":\"0\",\"flxempe_flag\":\"0\",\"nwb_flag\":\"0\",\"insu_admdvs\":\"141121\"," \
    "\"emp_name\":\"\",\"pay_loc\":\"2\",\"fixmedins_code\":\"H1411210IIII\",\"fixmedins_name\":\"合成市人民医院IIII\",\"hosp_lv\":\"05\"," \
    "\"fixmedins_poolarea\":\"141100\",\"lmtpric_hosp_lv\":\"05\",\"dedc_hosp_lv\":\"05\",\"begndate\":\"DDDDDDDDDD\",\"enddate\":\"DDDDDDDDDD\"," \
    "\"setl_time\":\"TTTTTTTTTTTTTTTTTTT\",\"mdtrt_cert_type\":\"02\",\"med_type\":\"MM\",\"clr_type\":\"MM\",\"clr_way\":\"WW\",\"clr_optins\":\"141121\"," \
    "\"medfee_sumamt\":" F ",\"fulamt_ownpay_amt\":0.00,\"overlmt_selfpay\":0.00,\"preselfpay_amt\":0.00,\"inscp_scp_amt\":" F "," \
    "\"act_pay_dedc\":0.00,\"hifp_pay\":" P ",\"pool_prop_selfpay\":0.5000,\"cvlserv_pay\":0.00,\"hifes_pay\":0.00,\"hifmi_pay\":0.00," \
    "\"hifob_pay\":0.00,\"hifdm_pay\":0.00,\"maf_pay\":0.00,\"oth_pay\":0.00,\"fund_pay_sumamt\":" P ",\"psn_part_amt\":" R "," \
    "\"acct_pay\":0.00,\"psn_cash_pay\":" R ",\"hosp_part_amt\":0.00,\"balc\":0.00,\"acct_mulaid_pay\":0.00," \
    "\"medins_setl_id\":\"H1411210IIIINNNNNNNNNNNN\",\"refd_setl_flag\":\"0\",\"mid_setl_flag\":\"0\",\"setl_type\":\"2\",\"year\":\"YYYY\"," \
    "\"dise_codg\":\"J2G.KKK\",\"dise_name\":\"慢性阻塞性肺疾病\",\"invono\":\"NNNNNNNNNNNN\",\"psn_setlway\":\"01\",\"acct_used_flag\":\"0\"," \
    "\"opter_id\":\"OPOOOO\",\"opter_name\":\"合成经办\",\"opt_time\":\"TTTTTTTTTTTTTTTTTTT\",\"exp_content\":null," \
    "\"updt_time\":\"TTTTTTTTTTTTTTTTTTT\",\"vali_flag\":\"1\"}"
static const char behind_visitor[] = BEHIND_PERSON("FF.FF", "PP.PP", "RR.RR");
static const char behind_inpatient[] = BEHIND_PERSON("FFFF.FF", "PPPP.PP", "RRRR.RR");

struct place {
	uint16_t at, length;
	char letter;
};

#define PLACES 48
struct template {
	const char *text;
	size_t length, places;
	struct place place[PLACES];
};

struct fields {                         /* what goes in the place of each letter */
	uint64_t number['Z' + 1];
	char time[TIME_TEXT_SIZE];
};

static uint64_t
mixed(uint64_t z)                       /* splitmix64 (Steele, Lea, Flood 2014) */
{
	z += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

static void
digits(char *out, size_t count, uint64_t number)
{
	while (count) {
		out[--count] = (char)('0' + number % 10);
		number /= 10;
	}
}

/* A run of an amount goes over its point. */
static size_t
run_length(const char *at)
{
	size_t length = 1;
	while (at[length] == at[0] || (at[length] == '.' && at[length + 1] == at[0]))
		length++;
	return length;
}

/* A run of two and more of the same letter that a place has. */
static void
template_make(struct template *template, const char *text, const char *letters)
{
	*template = (struct template){.text = text, .length = strlen(text)};
	for (size_t at = 0; at < template->length; at++) {
		if (!strchr(letters, text[at]) || text[at + 1] != text[at])
			continue;
		size_t length = run_length(text + at);
		template->place[template->places++] = (struct place){(uint16_t)at, (uint16_t)length, text[at]};
		at += length - 1;
	}
}

static void
place_fill(char *at, const struct place *place, const struct fields *fields)
{
	if (place->letter == 'T' || place->letter == 'D') {
		memcpy(at, fields->time, place->length);
		return;
	}
	const char *point = memchr(at, '.', place->length);
	uint64_t number = fields->number[(unsigned char)place->letter];
	if (!point) {
		digits(at, place->length, number);
		return;
	}
	digits(at, (size_t)(point - at), number / 100);
	digits(at + (point - at) + 1, 2, number % 100);
}

static size_t
template_fill(const struct template *template, const struct fields *fields, char *out)
{
	memcpy(out, template->text, template->length);
	for (size_t i = 0; i < template->places; i++)
		place_fill(out + template->place[i].at, &template->place[i], fields);
	return template->length;
}

static size_t
person_put(char *out, uint64_t person)
{
	size_t length = 18 + person % 8;
	memcpy(out, AREA, sizeof AREA - 1);
	digits(out + sizeof AREA - 1, length - (sizeof AREA - 1), person);
	return length;
}

static void
fields_make(struct fields *fields, const struct crowd *crowd, uint64_t number, uint64_t person)
{
	uint64_t random = mixed(number), random_person = mixed(person ^ UINT64_C(0x5bd1e995));
	double persons = (double)crowd->persons, done = (double)number;
	double parts = number < crowd->persons ? done : persons + (done - persons) / (crowd->slower ? crowd->slower : SLOWER);
	int64_t seconds = (int64_t)(parts * crowd->days * DAY_SECONDS / persons);
	int64_t time = (int64_t)day_from_civil(2022, 6, 1) * DAY_SECONDS + seconds;
	time_text(time, fields->time);
	fields->time[10] = ' ';
	uint64_t *of = fields->number;
	bool stay = random % STAY_EVERY == 0;
	of['S'] = number;
	of['C'] = random_person;
	of['B'] = 30 + random_person % 70;
	of['A'] = 20 + random_person % 70;
	of['I'] = (random >> 40) % 4000;
	of['M'] = stay ? 21 : 11;
	of['W'] = stay && (random >> 8) % 4 ? 40 : 10;
	of['P'] = stay ? 100000 + (random >> 16) % 400000 : 1000 + (random >> 16) % 3000;       /* a number of JSON begins with no zero */
	of['R'] = stay ? 100000 + (random >> 24) % 400000 : 1000 + (random >> 24) % 3000;
	of['F'] = of['P'] + of['R'];
	of['N'] = random >> 20;
	of['Y'] = 1000 * (uint64_t)(fields->time[0] - '0') + 100 * (uint64_t)(fields->time[1] - '0') + 10 * (uint64_t)(fields->time[2] - '0')
	    + (uint64_t)(fields->time[3] - '0');
	of['K'] = random >> 30;
	of['O'] = random >> 12;
}

size_t
crowd_settlement(const struct crowd *crowd, uint64_t number, char *out)
{
	static struct template before, visitor, inpatient;
	if (!before.text) {
		template_make(&before, before_person, "S");
		template_make(&visitor, behind_visitor, "CBAIDTMWFPRNYKO");
		template_make(&inpatient, behind_inpatient, "CBAIDTMWFPRNYKO");
	}
	uint64_t person = number < crowd->persons ? number : mixed(number ^ UINT64_C(0x9d2c5680)) % crowd->persons;
	struct fields fields;
	fields_make(&fields, crowd, number, person);
	size_t length = template_fill(&before, &fields, out);
	length += person_put(out + length, person);
	return length + template_fill(fields.number['M'] == 21 ? &inpatient : &visitor, &fields, out + length);
}

size_t
crowd_enrolment(uint64_t person, int year, char *out)
{
	char psn_no[64] = "";
	uint64_t random = mixed(person);
	person_put(psn_no, person);
	size_t length = (size_t)sprintf(out, "{\"psn_no\":\"%s\",\"year\":\"%d\",\"insu_admdvs\":\"" AREA "\",\"insutype\":\"390\",\"psn_type\":\"1501\","
	    "\"gend\":\"%d\",\"brdy\":\"19%02d-05-05\",\"township\":\"" AREA "%03d\",\"updt_time\":\"%d-12-26 10:30:00\"", psn_no, year,
	    1 + (int)(random & 1), 30 + (int)((random >> 8) % 70), 100 + (int)((random >> 16) % 400), year - 1);
	if (person % POOR_EVERY == 0)
		length += (size_t)sprintf(out + length, ",\"identities\":[{\"psn_idet_type\":\"3\",\"begndate\":\"%d-01-01\"}]", year);
	out[length++] = '}';
	return length;
}
