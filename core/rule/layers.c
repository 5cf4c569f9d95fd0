/* Layers of regions: province, city, county.  The longer region's row wins, unless the shorter one's is final: 不得自行出台待遇保障政策
 * (忻医保发〔2024〕11号). */
#include "core/rule/load.h"

static bool
is_beside(const struct param_row *shorter, const struct param_row *longer)
{
	bool is_below = strlen(longer->region) > strlen(shorter->region)
	    && slice_starts_with(slice_of(longer->region), slice_of(shorter->region));
	bool has_tier = shorter->tier && longer->tier;
	return is_below && longer->from <= shorter->to && longer->to >= shorter->from
	    && (!has_tier || strcmp(shorter->tier, longer->tier) == 0);
}

static void
check_final(const struct param_row *final, const struct row_draft *draft)
{
	const struct param_row *row = &draft->row;
	const struct basis *basis = final->final_basis ? final->final_basis : final->basis;
	if (is_beside(final, row))
		source_mistake(draft->source, draft->at, (struct message){basis->quote, basis->quote}, MISTAKE_beside_final, row->region,
		    final->region, final->value_text, final->file, final->line, basis->document);
}

void
layers_check(const struct param_draft *param)
{
	for (size_t i = 0; i < param->rows; i++)
		for (size_t j = 0; param->row[i].row.is_final && j < param->rows; j++)
			check_final(&param->row[i].row, &param->row[j]);
}
