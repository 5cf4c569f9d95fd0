/* See field.h. */
#include "core/claim/field.h"

#define FIELD(name, type, required, sensitivity, unit, zh, en) {#name, type, required, sensitivity, unit, zh, en},

const struct field settlement_fields[SETTLEMENT_FIELDS] = {
#include "core/claim/settlement.def"
};

const struct field enrolment_fields[ENROLMENT_FIELDS] = {
#include "core/claim/enrolment.def"
};

/* Names that data centres and older interfaces give to the same fields. */
const struct field_alias settlement_aliases[] = {
	{"begntime", "begndate"},
	{"cash_payamt", "psn_cash_pay"},
	{"dise_code", "dise_codg"},
	{"dise_no", "dise_codg"},
	{"endtime", "enddate"},
	{"fix_blng_admdvs", "fixmedins_poolarea"},
	{"inscp_amt", "inscp_scp_amt"},
	{"insu_optins", "insu_admdvs"},
	{"insuplc_admdvs", "insu_admdvs"},
	{"med_fee_sumamt", "medfee_sumamt"},
	{"othfund_pay", "oth_pay"},
	{"ownpay_hosp_part", "hosp_part_amt"},
	{"pdn_cash_pay", "psn_cash_pay"},
	{"psn_part_am", "psn_part_amt"},
	{"psn_pay", "psn_part_amt"},
};

const struct field_alias enrolment_aliases[] = {
	{"insu_optins", "insu_admdvs"},
	{"insuplc_admdvs", "insu_admdvs"},
};

const size_t settlement_alias_count = sizeof settlement_aliases / sizeof *settlement_aliases;
const size_t enrolment_alias_count = sizeof enrolment_aliases / sizeof *enrolment_aliases;

static int
name_find(struct slice name)
{
	for (int i = 0; i < SETTLEMENT_FIELDS; i++)
		if (slice_equal(name, slice_of(settlement_fields[i].name)))
			return i;
	return -1;
}

int
settlement_field_find(struct slice name)
{
	for (size_t i = 0; i < settlement_alias_count; i++)
		if (slice_equal(name, slice_of(settlement_aliases[i].alias)))
			return name_find(slice_of(settlement_aliases[i].name));
	return name_find(name);
}
