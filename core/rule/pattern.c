/* The door to PCRE2. */
#include "core/rule/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#define PATTERN_BYTES_MAX 1024
#define MATCH_LIMIT 100000
#define DEPTH_LIMIT 1000
#define HEAP_LIMIT_KIB 1024

struct pattern {
	pcre2_code *code;
};

struct pattern_scratch {
	pcre2_match_data *data;
	pcre2_match_context *context;
};

static void *
arena_give(PCRE2_SIZE bytes, void *arena)
{
	return arena_alloc(arena, bytes);
}

static void
arena_keep(void *memory, void *arena)
{
	(void)memory;   /* freed with the arena */
	(void)arena;
}

struct pattern *
pattern_compile(struct arena *arena, struct slice text, size_t *offset, const char **why)
{
	*offset = 0;
	if (text.length > PATTERN_BYTES_MAX) {
		*why = "the pattern is longer than 1024 bytes";
		return NULL;
	}
	pcre2_general_context *memory = pcre2_general_context_create(arena_give, arena_keep, arena);
	pcre2_compile_context *context = pcre2_compile_context_create(memory);
	int error;
	PCRE2_SIZE at = 0;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)text.data, text.length,
	    PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY, &error, &at, context);
	if (!code) {
		PCRE2_UCHAR message[160] = "";
		pcre2_get_error_message(error, message, sizeof message);
		*offset = at <= text.length ? at : text.length;
		*why = arena_copy(arena, (const char *)message, strlen((const char *)message));
		return NULL;
	}
	struct pattern *pattern = arena_alloc(arena, sizeof *pattern);
	pattern->code = code;
	return pattern;
}

struct pattern_scratch *
pattern_scratch_open(void)
{
	struct pattern_scratch *scratch = calloc(1, sizeof *scratch);
	if (!scratch)
		abort();
	scratch->data = pcre2_match_data_create(1, NULL);
	scratch->context = pcre2_match_context_create(NULL);
	if (!scratch->data || !scratch->context)
		abort();
	pcre2_set_match_limit(scratch->context, MATCH_LIMIT);
	pcre2_set_depth_limit(scratch->context, DEPTH_LIMIT);
	pcre2_set_heap_limit(scratch->context, HEAP_LIMIT_KIB);
	return scratch;
}

void
pattern_scratch_close(struct pattern_scratch *scratch)
{
	if (!scratch)
		return;
	pcre2_match_data_free(scratch->data);
	pcre2_match_context_free(scratch->context);
	free(scratch);
}

enum truth
pattern_match(const struct pattern *pattern, struct pattern_scratch *scratch, struct slice text)
{
	const char *data = text.length ? text.data : "";
	int result = pcre2_match(pattern->code, (PCRE2_SPTR)data, text.length, 0, 0, scratch->data, scratch->context);
	if (result >= 0)
		return TRUTH_TRUE;
	return result == PCRE2_ERROR_NOMATCH ? TRUTH_FALSE : TRUTH_UNKNOWN;
}
