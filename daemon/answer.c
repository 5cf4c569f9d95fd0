/* See answer.h. */
#include "daemon/answer.h"

#define DIAGNOSTICS_MAX 10000

const char *const result_names[] = {
	[RESULT_TAKEN] = "taken", [RESULT_UNCHANGED] = "unchanged", [RESULT_REFUSED] = "refused", [RESULT_WOULD_DROP] = "would_drop",
	[RESULT_MOVES_POOL] = "moves_pool", [RESULT_NO_BACKFILL] = "no_backfill", [RESULT_FAILED] = "failed", [RESULT_STOPPING] = "stopping",
};

static void
field_text(struct buffer *out, const char *name, const char *text)
{
	json_key(out, name);
	json_text(out, text);
}

static void
field_unsigned(struct buffer *out, const char *name, uint64_t value)
{
	json_key(out, name);
	json_unsigned(out, value);
}

static void
diag_write(struct buffer *out, const struct diag *diag)
{
	json_open(out, '{');
	field_text(out, "level", diag->level == DIAG_ERROR ? "error" : "warning");
	field_text(out, "code", diag->code);
	field_text(out, "file", diag->file);
	field_unsigned(out, "line", (uint64_t)diag->line);
	field_unsigned(out, "column", (uint64_t)diag->column);
	field_unsigned(out, "width", (uint64_t)diag->width);
	field_text(out, "source_line", diag->source_line);
	field_text(out, "zh", diag->message[LANGUAGE_ZH]);
	field_text(out, "en", diag->message[LANGUAGE_EN]);
	field_text(out, "hint_zh", diag->hint[LANGUAGE_ZH]);
	field_text(out, "hint_en", diag->hint[LANGUAGE_EN]);
	json_close(out, '}');
}

void
answer_diags(struct buffer *out, const struct diags *diags)
{
	json_key(out, "diagnostics");
	json_open(out, '[');
	for (size_t i = 0; i < diags->count && i < DIAGNOSTICS_MAX; i++)
		diag_write(out, &diags->list[i]);
	json_close(out, ']');
}

void
answer_write(struct buffer *out, const struct loaded *loaded, const struct outcome *outcome)
{
	json_open(out, '{');
	field_text(out, "answer", "reload");
	field_text(out, "result", result_names[outcome->result]);
	field_text(out, "ruleset", outcome->ruleset);
	field_unsigned(out, "generation", outcome->generation);
	json_key(out, "position");
	if (outcome->result == RESULT_TAKEN && outcome->is_archived)
		json_unsigned(out, outcome->position);
	else
		json_null(out);
	field_unsigned(out, "load_ns", (uint64_t)loaded->load_ns);
	field_unsigned(out, "pause_ns", (uint64_t)outcome->pause_ns);
	field_unsigned(out, "backfill_entries", outcome->fill_entries);
	field_unsigned(out, "backfill_ns", (uint64_t)outcome->fill_ns);
	json_key(out, "state");
	if (outcome->state.length)
		buffer_add(out, outcome->state.data, outcome->state.length);
	else
		json_null(out);
	field_unsigned(out, "errors", loaded->diags.errors);
	answer_diags(out, &loaded->diags);
	json_close(out, '}');
}

void
answer_short(struct buffer *out, enum reload_result result)
{
	json_open(out, '{');
	field_text(out, "answer", "reload");
	field_text(out, "result", result_names[result]);
	json_close(out, '}');
}
