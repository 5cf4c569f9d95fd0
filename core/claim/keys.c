/* See keys.h. */
#include "core/claim/keys.h"

#include <assert.h>

static unsigned
slot_of(struct slice name)
{
	return (unsigned)(hash64(name.data, name.length) & (KEY_SLOTS - 1));
}

static struct slice
key_name(const struct key *key)
{
	return (struct slice){key->pattern + 1, key->length - 3u};
}

static void
key_add(struct keys *keys, struct slice name, const struct field *fields, unsigned field)
{
	assert(name.length + 3 <= KEY_PATTERN && keys->count < KEYS_MAX);
	struct key *key = &keys->key[++keys->count];
	key->pattern[0] = '"';
	memcpy(key->pattern + 1, name.data, name.length);
	memcpy(key->pattern + 1 + name.length, "\":", 2);
	key->length = (uint8_t)(name.length + 3);
	key->mask = key->length < KEY_PATTERN ? (1u << key->length) - 1 : UINT32_MAX;
	key->field = (uint8_t)field;
	key->type = (uint8_t)fields[field].type;
	key->bits[field >> 6] = UINT64_C(1) << (field & 63);
	unsigned slot = slot_of(name);
	while (keys->slot[slot])
		slot = (slot + 1) & (KEY_SLOTS - 1);
	keys->slot[slot] = (uint8_t)keys->count;
}

/* In lower case and in upper case. */
static void
key_add_cases(struct keys *keys, const char *name, const struct field *fields, unsigned field)
{
	char upper[KEY_PATTERN];
	size_t length = strlen(name);
	assert(length < sizeof upper);
	for (size_t i = 0; i < length; i++)
		upper[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 'a' + 'A') : name[i];
	key_add(keys, (struct slice){name, length}, fields, field);
	key_add(keys, (struct slice){upper, length}, fields, field);
}

void
keys_init(struct keys *keys, const struct field *fields, size_t count, const struct field_alias *aliases, size_t alias_count)
{
	memset(keys, 0, sizeof *keys);
	for (size_t i = 0; i < count; i++)
		key_add_cases(keys, fields[i].name, fields, (unsigned)i);
	for (size_t i = 0; i < alias_count; i++) {
		size_t field = 0;
		while (field < count && strcmp(fields[field].name, aliases[i].name) != 0)
			field++;
		assert(field < count);
		key_add_cases(keys, aliases[i].alias, fields, (unsigned)field);
	}
}

static unsigned
key_find_exact(const struct keys *keys, struct slice name)
{
	for (unsigned slot = slot_of(name); keys->slot[slot]; slot = (slot + 1) & (KEY_SLOTS - 1))
		if (slice_equal(key_name(&keys->key[keys->slot[slot]]), name))
			return keys->slot[slot];
	return 0;
}

struct key *
keys_find(struct keys *keys, struct key *last, struct slice name)
{
	if (name.length + 3 > KEY_PATTERN)
		return NULL;
	unsigned found = key_find_exact(keys, name);
	if (!found) {
		char lower[KEY_PATTERN];
		for (size_t i = 0; i < name.length; i++)
			lower[i] = name.data[i] >= 'A' && name.data[i] <= 'Z' ? (char)(name.data[i] - 'A' + 'a') : name.data[i];
		found = key_find_exact(keys, (struct slice){lower, name.length});
	}
	if (!found)
		return NULL;
	last->next = &keys->key[found];
	return last->next;
}
