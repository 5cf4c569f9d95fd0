/* See stream.h. */
#include "tests/bench/stream.h"

#include "core/base/time.h"

#include <stdio.h>

#define YEAR_SECONDS (365 * DAY_SECONDS)
#define INSTITUTIONS 400
#define AREA_TEXT 24

static uint64_t
next(uint64_t *state)           /* splitmix64 (Steele, Lea, Flood 2014) */
{
	uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

int
stream_pool_row(unsigned pool, char *out, size_t size)
{
	return snprintf(out, size, "141121%02u,141121%02u\n", pool, pool);
}

static void
area_text(const struct stream *stream, uint64_t person, char *out)
{
	if (stream->one_area)
		snprintf(out, AREA_TEXT, "141121");
	else
		snprintf(out, AREA_TEXT, "141121%02u", stream->first_pool + (unsigned)(person % stream->pools));
}

static size_t
message(char *out, uint64_t number, uint64_t person, const char *area, int64_t time, uint64_t random)
{
	char when[TIME_TEXT_SIZE], day[TIME_TEXT_SIZE];
	bool inpatient = random % 20 == 0;
	unsigned fund = inpatient ? 80000 + (unsigned)(random >> 8) % 400000 : (unsigned)(random >> 8) % 1500;
	unsigned total = fund * 2 + 100, institution = (unsigned)(random >> 40) % INSTITUTIONS;
	time_text(time, when);
	when[10] = ' ';
	when[19] = '\0';
	day_text(time_day(time), day);
	return (size_t)sprintf(out,
	    "{\"setl_id\":\"S%019llu\",\"mdtrt_id\":\"M%019llu\",\"psn_no\":\"1411%018llu\",\"psn_name\":\"合成人员\",\"psn_cert_type\":\"01\","
	    "\"certno\":\"000000000000000000\",\"gend\":\"1\",\"naty\":\"01\",\"brdy\":\"1970-05-05\",\"age\":54.0,\"insutype\":\"390\","
	    "\"psn_type\":\"1501\",\"cvlserv_flag\":\"0\",\"flxempe_flag\":\"0\",\"nwb_flag\":\"0\",\"insu_admdvs\":\"%s\",\"emp_name\":\"\","
	    "\"pay_loc\":\"2\",\"fixmedins_code\":\"H1411210%04u\",\"fixmedins_name\":\"合成县人民医院\",\"hosp_lv\":\"05\","
	    "\"fixmedins_poolarea\":\"141100\",\"lmtpric_hosp_lv\":\"05\",\"dedc_hosp_lv\":\"05\",\"begndate\":\"%s\",\"enddate\":\"%s\","
	    "\"setl_time\":\"%s\",\"mdtrt_cert_type\":\"02\",\"med_type\":\"%s\",\"clr_type\":\"%s\",\"clr_way\":\"%s\",\"clr_optins\":\"141121\","
	    "\"medfee_sumamt\":%u.%02u,\"fulamt_ownpay_amt\":0.00,\"overlmt_selfpay\":0.00,\"preselfpay_amt\":0.00,\"inscp_scp_amt\":%u.%02u,"
	    "\"act_pay_dedc\":0.00,\"hifp_pay\":%u.%02u,\"pool_prop_selfpay\":0.5000,\"cvlserv_pay\":0.00,\"hifes_pay\":0.00,"
	    "\"hifmi_pay\":0.00,\"hifob_pay\":0.00,\"hifdm_pay\":0.00,\"maf_pay\":0.00,\"oth_pay\":0.00,\"fund_pay_sumamt\":%u.%02u,"
	    "\"psn_part_amt\":%u.%02u,\"acct_pay\":0.00,\"psn_cash_pay\":%u.%02u,\"hosp_part_amt\":0.00,\"balc\":0.00,"
	    "\"acct_mulaid_pay\":0.00,\"medins_setl_id\":\"H1411210%04u20240301%06llu\",\"refd_setl_flag\":\"0\",\"mid_setl_flag\":\"0\","
	    "\"setl_type\":\"2\",\"year\":\"%.4s\",\"dise_codg\":\"\",\"dise_name\":\"\",\"invono\":\"0000000001\",\"psn_setlway\":\"01\","
	    "\"acct_used_flag\":\"0\",\"opter_id\":\"op1\",\"opter_name\":\"合成经办\",\"opt_time\":\"%s\",\"exp_content\":null,"
	    "\"updt_time\":\"%s\",\"vali_flag\":\"1\"}",
	    (unsigned long long)number, (unsigned long long)number, (unsigned long long)person, area, institution, day, day, when,
	    inpatient ? "21" : "11", inpatient ? "21" : "11", inpatient && random % 4 ? "40" : "10", total / 100, total % 100,
	    total / 100, total % 100, fund / 100, fund % 100, fund / 100, fund % 100, (total - fund) / 100, (total - fund) % 100,
	    (total - fund) / 100, (total - fund) % 100, institution, (unsigned long long)(number % 1000000), day, when, when);
}

size_t
stream_next(struct stream *stream, char *out)
{
	char area[AREA_TEXT];
	uint64_t random = next(&stream->random), number = stream->made++;
	uint64_t person = number < stream->persons ? number : (random >> 20) % stream->persons;
	stream->clock += YEAR_SECONDS;          /* in parts of a second, STREAM_A_YEAR * persons of them */
	stream->time += (int64_t)(stream->clock / (STREAM_A_YEAR * stream->persons));
	stream->clock %= STREAM_A_YEAR * stream->persons;
	area_text(stream, person, area);
	return message(out, number, person, area, stream->time, random);
}
