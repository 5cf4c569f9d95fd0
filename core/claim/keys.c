/* See keys.h. */
#include "core/claim/keys.h"

#include <assert.h>

static unsigned
slot_of(struct slice name)
{
	return (unsigned)(hash64(name.data, name.length) & (KEY_SLOTS - 1));
}

static void
key_forget(struct keys *keys, struct key *key)
{
	memset(key->pattern, 0, sizeof key->pattern);
	key->length = KEY_PATTERN;
	key->mask = UINT32_MAX;
	key->next = keys->key;
}

static void
key_add(struct keys *keys, struct slice name, const struct field *fields, unsigned field)
{
	assert(name.length <= KEY_PATTERN && keys->count < KEYS_MAX);
	unsigned number = ++keys->count, slot = slot_of(name);
	struct key *key = &keys->key[number];
	key_forget(keys, key);
	key->field = (uint8_t)field;
	key->type = (uint8_t)fields[field].type;
	key->bits[field >> 6] = UINT64_C(1) << (field & 63);
	memcpy(keys->name[number].text, name.data, name.length);
	keys->name[number].length = name.length;
	while (keys->slot[slot])
		slot = (slot + 1) & (KEY_SLOTS - 1);
	keys->slot[slot] = (uint8_t)number;
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
	key_forget(keys, &keys->key[0]);
	key_forget(keys, &keys->start);
	key_forget(keys, &keys->first);
	key_forget(keys, &keys->other);
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
	for (unsigned slot = slot_of(name); keys->slot[slot]; slot = (slot + 1) & (KEY_SLOTS - 1)) {
		unsigned number = keys->slot[slot];
		if (slice_equal((struct slice){keys->name[number].text, keys->name[number].length}, name))
			return number;
	}
	return 0;
}

struct key *
keys_find(struct keys *keys, struct slice name)
{
	if (name.length > KEY_PATTERN)
		return NULL;
	unsigned found = key_find_exact(keys, name);
	if (!found) {
		char lower[KEY_PATTERN];
		for (size_t i = 0; i < name.length; i++)
			lower[i] = name.data[i] >= 'A' && name.data[i] <= 'Z' ? (char)(name.data[i] - 'A' + 'a') : name.data[i];
		found = key_find_exact(keys, (struct slice){lower, name.length});
	}
	return found ? &keys->key[found] : NULL;
}

struct key *
keys_learn(struct keys *keys, struct key *last, struct key *key, const char *from, const char *value)
{
	size_t length = (size_t)(value - from);
	if (!key)
		return last == &keys->start ? &keys->other : last;
	if (last == &keys->start) {
		struct key *next = keys->first.field == key->field ? keys->first.next : key->next;
		keys->first = *key;
		keys->first.next = next;
		key = &keys->first;
	}
	last->next = key;
	if (length > KEY_PATTERN)
		return key;
	memcpy(key->pattern, from, length);
	memset(key->pattern + length, 0, KEY_PATTERN - length);
	key->length = (uint8_t)length;
	key->mask = length < KEY_PATTERN ? (1u << length) - 1 : UINT32_MAX;
	return key;
}
