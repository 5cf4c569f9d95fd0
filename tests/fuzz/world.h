/* What the bytes of an input to fuzz_expression.c decide: a few claims and their areas, drawn from the end; and the choices
 * that the expressions make, taken from the front. */
#ifndef FW_FUZZ_WORLD_H
#define FW_FUZZ_WORLD_H

#include "tests/fuzz/scratch.h"

#include "core/base/buffer.h"
#include "core/base/time.h"
#include "core/claim/claim.h"

#define CLAIMS 3
#define FIRST_DAY 19723                         /* 2024-01-01 */

struct world {
	struct bytes bytes;
	struct claim claim[CLAIMS];
	const char *area[CLAIMS];
	struct buffer text;
};

static unsigned
roll(struct world *world, unsigned choices)
{
	return take(&world->bytes, choices);
}

static const char *const codes[] = {"1", "2", "11", "12", "21", "40", "390", "0"};
static const char *const ids[] = {"1", "01", "0", "psn-7", "a-visit-with-a-long-number-0001", "a-visit-with-a-long-number-0011", "11", "40"};
static const unsigned code_field[] = {FIELD_med_type, FIELD_insutype, FIELD_clr_way, FIELD_hi_paymtd, FIELD_gend};
static const unsigned id_field[] = {FIELD_psn_no, FIELD_mdtrt_id, FIELD_fixmedins_code};
static const unsigned amount_field[] = {FIELD_hifp_pay, FIELD_acct_pay, FIELD_balc, FIELD_medfee_sumamt};
static const unsigned decimal_field[] = {FIELD_age, FIELD_pool_prop_selfpay};
static const unsigned day_field[] = {FIELD_begndate, FIELD_enddate, FIELD_brdy};
static const int64_t amounts[] = {0, 1, -1, 100, 30000, 30001, -30000, INT64_C(9999999999999999)};
static const char *const areas[] = {"140902", "500101", "110101", ""};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Claims are drawn from the end of the bytes. */
static unsigned
draw(struct world *world, unsigned choices)
{
	return take_last(&world->bytes, choices);
}

static bool
appears(struct world *world, struct claim *claim, unsigned field)
{
	bool is_there = draw(world, 4) != 0;
	if (is_there)
		claim->present[field >> 6] |= UINT64_C(1) << (field & 63);
	return is_there;
}

static void
take_claim(struct world *world, struct claim *claim)
{
	for (size_t i = 0; i < LENGTH(code_field); i++)
		if (appears(world, claim, code_field[i]))
			claim->value[code_field[i]].text = slice_of(codes[draw(world, LENGTH(codes))]);
	for (size_t i = 0; i < LENGTH(id_field); i++)
		if (appears(world, claim, id_field[i]))
			claim->value[id_field[i]].text = slice_of(ids[draw(world, LENGTH(ids))]);
	for (size_t i = 0; i < LENGTH(amount_field); i++)
		if (appears(world, claim, amount_field[i]))
			claim->value[amount_field[i]].number = amounts[draw(world, LENGTH(amounts))];
	for (size_t i = 0; i < LENGTH(decimal_field); i++)
		if (appears(world, claim, decimal_field[i]))
			claim->value[decimal_field[i]].number = draw(world, 4) * INT64_C(5000);
	for (size_t i = 0; i < LENGTH(day_field); i++)
		if (appears(world, claim, day_field[i]))
			claim->value[day_field[i]].number = FIRST_DAY + draw(world, 4);
	if (appears(world, claim, FIELD_setl_time))
		claim->value[FIELD_setl_time].number = (FIRST_DAY + (int64_t)draw(world, 4)) * DAY_SECONDS + draw(world, 3) * INT64_C(43199);
}

#endif
