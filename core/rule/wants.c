/* What a YAML node has to be. */
#include "core/rule/wants.h"

#include "core/base/time.h"

static bool
wrong(const struct source *source, const struct yaml *node, const char *zh, const char *en, struct message hint)
{
	struct extent at = node->at;
	if (yaml_is_missing(node) && node->key)
		at = node->key->at;
	source_error(source, at, (struct message){zh, en}, hint);
	return false;
}

static bool
wrong_value(const struct source *source, const struct yaml *node, const char *zh, const char *en)
{
	struct diags *diags = source->diags;
	const char *key = node->key ? node->key->text.data : NULL;
	const char *zh_text = key ? source_say(diags, "%s 应是%s", key, zh) : source_say(diags, "这里应是%s", zh);
	const char *en_text = key ? source_say(diags, "%s must be %s", key, en) : source_say(diags, "expected %s", en);
	return wrong(source, node, zh_text, en_text, NO_HINT);
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
		source_error(source, member->key->at, (struct message){
		    source_say(source->diags, "没有键 %s", member->key->text.data),
		    source_say(source->diags, "there is no key %s here", member->key->text.data)},
		    hint_word(source->diags, member->key->text, known, count));
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
	source_error(source, (struct extent){at->at.offset, width}, (struct message){
	    source_say(source->diags, member ? "键 %s 没有值" : "缺少键 %s", key),
	    source_say(source->diags, member ? "the key %s has no value" : "the key %s is missing", key)}, NO_HINT);
	return NULL;
}

bool
want_kind(const struct source *source, const struct yaml *node, enum yaml_kind kind)
{
	static const char *const names[][2] = {
		[YAML_SCALAR] = {"一个值", "a single value"}, [YAML_LIST] = {"列表 [ ]", "a list"},
		[YAML_MAP] = {"键和值 { }", "keys with values"}};
	return node->kind == kind || wrong_value(source, node, names[kind][0], names[kind][1]);
}

const char *
want_text(const struct source *source, const struct yaml *node, size_t most)
{
	if (!want_kind(source, node, YAML_SCALAR))
		return NULL;
	size_t blank = strspn(node->text.data, " \t\n");
	if (blank == node->text.length) {
		wrong_value(source, node, "文字，不能空", "a text that is not empty");
		return NULL;
	}
	if (node->text.length > most) {
		wrong(source, node, source_say(source->diags, "太长，最多 %zu 字节", most),
		    source_say(source->diags, "too long, at most %zu bytes", most), NO_HINT);
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
	struct diags *diags = source->diags;
	struct message hint = hint_word(diags, node->text, words, count);
	if (node->key)
		wrong(source, node, source_say(diags, "%s 没有值 %s", node->key->text.data, node->text.data),
		    source_say(diags, "%s has no value %s", node->key->text.data, node->text.data), hint);
	else
		wrong(source, node, source_say(diags, "这里不能写 %s", node->text.data),
		    source_say(diags, "%s is not known here", node->text.data), hint);
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
	return wrong_value(source, node,
	    source_say(diags, "整数，%lld 到 %lld", (long long)least, (long long)most),
	    source_say(diags, "an integer from %lld to %lld", (long long)least, (long long)most));
}

bool
want_date(const struct source *source, const struct yaml *node, int32_t *day)
{
	if (node->kind == YAML_SCALAR && node->text.length == 10 && node->text.data[4] == '-'
	    && date_parse(node->text.data, node->text.length, day))
		return true;
	return wrong_value(source, node, "日期，如 2024-01-01", "a date like 2024-01-01");
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
