/* See names.h. */
#include "core/state/names.h"

#include "core/base/hash.h"
#include "core/base/memory.h"

#include <stdlib.h>

void
names_init(struct names *names)
{
	*names = (struct names){0};
	table_init(&names->table);
	names_number(names, SLICE(""));
}

static bool
find(const struct names *names, struct slice text, uint64_t hash, uint32_t *number)
{
	struct probe probe = table_probe(&names->table, hash);
	while (table_next(&names->table, &probe, number))
		if (slice_equal(names->text[*number], text))
			return true;
	return false;
}

bool
names_find(const struct names *names, struct slice text, uint32_t *number)
{
	return find(names, text, hash64(text.data ? text.data : "", text.length), number);
}

uint32_t
names_number(struct names *names, struct slice text)
{
	uint64_t hash = hash64(text.data ? text.data : "", text.length);
	uint32_t number;
	if (find(names, text, hash, &number))
		return number;
	if (names->count == names->capacity) {
		names->capacity = names->capacity ? names->capacity * 2 : 256;
		names->text = memory_resize(names->text, names->capacity * sizeof *names->text);
	}
	names->text[names->count] = (struct slice){arena_copy(&names->arena, text.data ? text.data : "", text.length), text.length};
	table_add(&names->table, hash, names->count);
	return names->count++;
}

void
names_free(struct names *names)
{
	table_free(&names->table);
	arena_free(&names->arena);
	free(names->text);
	*names = (struct names){0};
}
