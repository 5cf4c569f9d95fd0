/* What a YAML node has to be. */
#include "core/rule/wants.h"

#include "core/base/time.h"

/* Where a mistake of the node is told: at its key when nothing stands behind that. */
static struct extent
place_of(const struct yaml *node)
{
	return yaml_is_missing(node) && node->key ? node->key->at : node->at;
}

static bool
wrong_value(const struct source *source, const struct yaml *node, struct message wanted, struct message hint)
{
	if (node->key)
		source_mistake(source, place_of(node), hint, MISTAKE_value_kind, node->key->text.data, &wanted);
	else
		source_mistake(source, place_of(node), hint, MISTAKE_item_kind, &wanted);
	return false;
}

bool
want_keys(const struct source *source, const struct yaml *map, const char *const *known, size_t count)
{
	bool is_good = true;
	for (const struct yaml *member = map->first; member; member = member->next) {
		size_t i = 0;
		while (i < count && strcmp(known[i], member->key->text.data) != 0)
			i++;
		if (i < count)
			continue;
		is_good = false;
		source_mistake(source, member->key->at, hint_word(source->diags, member->key->text, known, count),
		    MISTAKE_key_unknown, member->key->text.data);
	}
	return is_good;
}

const struct yaml *
want_member(const struct source *source, const struct yaml *map, const char *key)
{
	const struct yaml *member = yaml_get(map, key);
	if (member && !yaml_is_missing(member))
		return member;
	const struct yaml *at = member ? member->key : map->key ? map->key : map;
	size_t width = at->kind == YAML_SCALAR ? at->at.length : 1;
	source_mistake(source, (struct extent){at->at.offset, width}, NO_HINT,
	    member ? MISTAKE_key_empty : MISTAKE_key_missing, key);
	return NULL;
}

bool
want_kind(const struct source *source, const struct yaml *node, enum yaml_kind kind)
{
	static const struct message names[] = {
		[YAML_SCALAR] = {"一个值", "a single value"}, [YAML_LIST] = {"列表 [ ]", "a list"},
		[YAML_MAP] = {"键和值 { }", "keys with values"}};
	static const struct message hints[] = {
		[YAML_SCALAR] = {"只写一个值，不加 [ ] 和 { }", "write one value alone, without [ ] and { }"},
		[YAML_LIST] = {"只有一项也写成 [项]，没有就写 []", "even one item is written [item], none is written []"},
		[YAML_MAP] = {"写成 {键: 值, 键: 值}，或每个键另起一行并缩进", "write {key: value, key: value}, or each key indented on a line of its own"}};
	return node->kind == kind || wrong_value(source, node, names[kind], hints[kind]);
}

const char *
want_text(const struct source *source, const struct yaml *node, size_t most)
{
	if (!want_kind(source, node, YAML_SCALAR))
		return NULL;
	size_t blank = strspn(node->text.data, " \t\n");
	if (blank == node->text.length) {
		wrong_value(source, node, (struct message){"文字，不能空", "a text that is not empty"}, NO_HINT);
		return NULL;
	}
	if (node->text.length > most) {
		source_mistake(source, place_of(node), NO_HINT, MISTAKE_text_long, most);
		return NULL;
	}
	return node->text.data;
}

int
want_word(const struct source *source, const struct yaml *node, const char *const *words, size_t count)
{
	if (!want_kind(source, node, YAML_SCALAR))
		return -1;
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], node->text.data) == 0)
			return (int)i;
	struct message hint = hint_word(source->diags, node->text, words, count);
	if (node->key)
		source_mistake(source, place_of(node), hint, MISTAKE_word_unknown, node->key->text.data, node->text.data);
	else
		source_mistake(source, place_of(node), hint, MISTAKE_item_unknown, node->text.data);
	return -1;
}

bool
want_integer(const struct source *source, const struct yaml *node, int64_t least, int64_t most, int64_t *value)
{
	bool is_good = node->kind == YAML_SCALAR && node->text.length >= 1 && node->text.length <= 18
	    && strspn(node->text.data, "0123456789") == node->text.length
	    && (node->text.length == 1 || node->text.data[0] != '0');
	*value = 0;
	if (is_good)
		for (size_t i = 0; i < node->text.length; i++)
			*value = *value * 10 + (node->text.data[i] - '0');
	if (is_good && *value >= least && *value <= most)
		return true;
	struct diags *diags = source->diags;
	return wrong_value(source, node, (struct message){
	    source_say(diags, "整数，%lld 到 %lld", (long long)least, (long long)most),
	    source_say(diags, "an integer from %lld to %lld", (long long)least, (long long)most)},
	    (struct message){"只写数字，前面没有 0 和正负号", "digits alone, without a sign and without a 0 in front"});
}

bool
want_date(const struct source *source, const struct yaml *node, int32_t *day)
{
	if (node->kind == YAML_SCALAR && node->text.length == 10 && node->text.data[4] == '-'
	    && date_parse(node->text.data, node->text.length, day))
		return true;
	return wrong_value(source, node, (struct message){"日期，如 2024-01-01", "a date like 2024-01-01"},
	    (struct message){"四位年、两位月、两位日，并且真有这一天", "four digits of the year, two of the month, two of a day that exists"});
}

bool
want_bool(const struct source *source, const struct yaml *node, bool *value)
{
	static const char *const words[] = {"false", "true"};
	int word = want_word(source, node, words, COUNT(words));
	*value = word == 1;
	return word >= 0;
}

bool
want_both_languages(const struct source *source, const struct yaml *node, const char *text[2])
{
	static const char *const keys[] = {"zh", "en"};
	if (!want_kind(source, node, YAML_MAP))
		return false;
	bool is_good = want_keys(source, node, keys, COUNT(keys));
	for (size_t i = 0; i < COUNT(keys); i++) {
		const struct yaml *member = want_member(source, node, keys[i]);
		text[i] = member ? want_text(source, member, 4096) : NULL;
		is_good &= text[i] != NULL;
	}
	return is_good;
}

bool
want_entries(const struct source *source, const struct yaml *list, size_t most)
{
	if (list->count >= 1 && list->count <= most)
		return true;
	source_mistake(source, list->key->at, NO_HINT, MISTAKE_list_size, list->key->text.data, (int)most);
	return false;
}

bool
is_name(struct slice name)
{
	if (name.length == 0 || name.length > 40 || (name.data[0] >= '0' && name.data[0] <= '9'))
		return false;
	for (size_t i = 0; i < name.length; i++) {
		char c = name.data[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
			return false;
	}
	return true;
}
