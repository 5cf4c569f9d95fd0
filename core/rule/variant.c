/* Other values for a parameter, tried before anybody writes them down. */
#include "core/rule/load.h"

#include "core/rule/ruleset.h"

/* The place of a mistake is the value as the caller spelled it.  False: reported. */
static bool
value_read(struct load *load, const struct param_override *override, enum param_unit unit, struct row_draft *row)
{
	struct source *source = arena_alloc(load->arena, sizeof *source);
	*source = source_of(arena_copy(load->arena, override->spelling, strlen(override->spelling)),
	    arena_copy(load->arena, override->value, strlen(override->value)), load->diags);
	struct yaml value = {.kind = YAML_SCALAR, .at = {0, source->length}, .text = {source->text, source->length}};
	row->source = source;
	row->value_at = value.at;
	return param_row_value(load, source, &value, unit, &row->row);
}

/* Floors stay: they and final rows are checked against the value as against any. */
static void
param_override(struct load *load, const struct param_override *override, struct param_draft *param)
{
	struct row_draft with = {0};
	if (!value_read(load, override, param->unit, &with))
		return;
	for (size_t i = 0; i < param->rows; i++) {
		struct row_draft *row = &param->row[i];
		if (row->row.is_floor || (override->region && strcmp(row->row.region, override->region) != 0))
			continue;
		row->row.value = with.row.value;
		row->row.value_text = with.row.value_text;
		row->source = with.source;
		row->value_at = with.value_at;
	}
}

void
variant_apply(struct load *load, struct rule_draft *draft)
{
	for (size_t i = 0; i < load->overrides; i++) {
		const struct param_override *override = &load->override[i];
		if (strcmp(draft->rule.id, override->rule) != 0)
			continue;
		for (size_t j = 0; j < draft->params.count; j++)
			if (strcmp(draft->params.param[j].name, override->param) == 0)
				param_override(load, override, &draft->params.param[j]);
	}
}
