/* Reading the configuration file against the table of options. */
#include "daemon/config.h"

#include "core/rule/yaml.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#define KEYS_MAX 64
#define SECRET_BYTES_MAX 4096

struct reading {
	struct config *config;
	struct source source;
	struct diags *diags;
	bool given[KEYS_MAX];
};

#define SAY(reading, ...) source_say((reading)->diags, __VA_ARGS__)

static void
wrong(struct reading *reading, const struct yaml *node, const char *zh, const char *en, struct message hint)
{
	source_error(&reading->source, node->at, (struct message){zh, en}, hint);
}

/* A mistake whose line may hold a password: the place is told, the line is not shown. */
static void
wrong_secretly(struct reading *reading, const struct yaml *node, const char *zh, const char *en)
{
	int line, column;
	source_place(&reading->source, node->at.offset, &line, &column);
	diag_add(reading->diags, DIAG_ERROR, reading->source.file, line, column, 1, NULL, zh, en, NULL, NULL);
}

/* ---- values ---- */

static bool
number_of(struct slice text, int64_t *number)
{
	char *end;
	errno = 0;
	*number = strtoll(text.data, &end, 10);
	return text.length && errno == 0 && end == text.data + text.length && (text.data[0] == '-' || (text.data[0] >= '0' && text.data[0] <= '9'));
}

static int
word_of(const char *const *words, struct slice text)
{
	for (int i = 0; words[i]; i++)
		if (slice_equal(text, slice_of(words[i])))
			return i;
	return -1;
}

static size_t
words_count(const char *const *words)
{
	size_t count = 0;
	while (words[count])
		count++;
	return count;
}

static const char *const truth_words[] = {"false", "true", NULL};

/* The text of a scalar option into its place; false when it is not of the option's type. */
static bool
scalar_set(struct config *config, const struct option *option, struct slice text)
{
	void *place = (char *)config + option->offset;
	int64_t number = 0;
	int index;
	switch (option->type) {
	case OPTION_TEXT:
		*(const char **)place = arena_copy(&config->arena, text.data, text.length);
		return true;
	case OPTION_BOOL:
		index = word_of(truth_words, text);
		*(bool *)place = index == 1;
		return index >= 0;
	case OPTION_WORD:
		index = word_of(option->words, text);
		*(int64_t *)place = index;
		return index >= 0;
	case OPTION_NUMBER:
		if (!number_of(text, &number) || number < option->low || number > option->high)
			return false;
		*(int64_t *)place = number;
		return true;
	case OPTION_LIST: {
		struct config_list *list = place;
		list->item = arena_alloc(&config->arena, sizeof *list->item);
		list->item[0] = arena_copy(&config->arena, text.data, text.length);
		list->count = 1;
		return text.length > 0;
	}
	case OPTION_PROPERTIES:
		break;
	}
	return false;
}

static void
scalar_refuse(struct reading *reading, const struct option *option, const struct yaml *node)
{
	struct message hint = NO_HINT;
	const char *const *words = option->type == OPTION_BOOL ? truth_words : option->words;
	if (option->type == OPTION_NUMBER) {
		long long low = option->low, high = option->high;
		wrong(reading, node, SAY(reading, "%s 要 %lld 到 %lld 之间的整数", option->name, low, high),
		    SAY(reading, "%s wants a whole number from %lld to %lld", option->name, low, high), hint);
		return;
	}
	if (words)
		hint = hint_word(reading->diags, node->text, words, words_count(words));
	wrong(reading, node, SAY(reading, "%s 不能是“%s”", option->name, node->text.data),
	    SAY(reading, "%s cannot be \"%s\"", option->name, node->text.data), hint);
}

static void
list_read(struct reading *reading, const struct option *option, const struct yaml *node)
{
	struct config_list *list = (struct config_list *)((char *)reading->config + option->offset);
	list->item = arena_alloc(&reading->config->arena, (node->count + 1) * sizeof *list->item);
	list->count = 0;
	for (const struct yaml *item = node->first; item; item = item->next) {
		if (item->kind != YAML_SCALAR || item->text.length == 0) {
			wrong(reading, item, SAY(reading, "%s 的每一项是一个词", option->name),
			    SAY(reading, "every item of %s is one word", option->name), NO_HINT);
			continue;
		}
		list->item[list->count++] = arena_copy(&reading->config->arena, item->text.data, item->text.length);
	}
	if (node->count == 0)
		wrong(reading, node, SAY(reading, "%s 至少要一项", option->name), SAY(reading, "%s wants at least one item", option->name), NO_HINT);
}

/* ---- kafka: ---- */

/* A secret kept in a file of its own: its text without the newline at the end; NULL after telling why. */
static const char *
secret_read(struct reading *reading, const struct yaml *node, const char *path)
{
	char text[SECRET_BYTES_MAX + 1];
	FILE *file = fopen(path, "rbe");
	size_t length = file ? fread(text, 1, sizeof text, file) : 0;
	const char *why = !file || ferror(file) ? strerror(errno) : length > SECRET_BYTES_MAX ? "> 4096 bytes" : length == 0 ? "empty" : NULL;
	if (file)
		fclose(file);
	if (why) {
		wrong_secretly(reading, node, SAY(reading, "读不了文件 %s：%s", path, why), SAY(reading, "cannot read %s: %s", path, why));
		return NULL;
	}
	while (length && (text[length - 1] == '\n' || text[length - 1] == '\r'))
		length--;
	return arena_copy(&reading->config->arena, text, length);
}

static const char *
property_value(struct reading *reading, const struct yaml *node)
{
	if (node->kind == YAML_SCALAR)
		return node->text.data;
	const struct yaml *file = node->kind == YAML_MAP && node->count == 1 ? yaml_get(node, "file") : NULL;
	if (file && file->kind == YAML_SCALAR)
		return secret_read(reading, file, file->text.data);
	wrong_secretly(reading, node, "属性的值是文字，或 {file: 路径}", "the value of a property is text, or {file: PATH}");
	return NULL;
}

static void
properties_read(struct reading *reading, const struct yaml *map, enum kafka_side side)
{
	struct config *config = reading->config;
	if (map->kind != YAML_MAP) {
		if (!yaml_is_missing(map))
			wrong_secretly(reading, map, "这里要“属性: 值”", "\"property: value\" is wanted here");
		return;
	}
	for (const struct yaml *node = map->first; node; node = node->next) {
		const char *name = node->key->text.data;
		bool consumer = strcmp(name, "consumer") == 0, producer = strcmp(name, "producer") == 0;
		if (side == KAFKA_BOTH && (consumer || producer)) {
			properties_read(reading, node, consumer ? KAFKA_CONSUMER : KAFKA_PRODUCER);
			continue;
		}
		const char *value = property_value(reading, node);
		if (!value)
			continue;
		struct kafka_property *more = arena_alloc(&config->arena, (config->properties + 1) * sizeof *more);
		if (config->properties)
			memcpy(more, config->property, config->properties * sizeof *more);
		struct kafka_property *added = &more[config->properties++];
		*added = (struct kafka_property){.side = side, .name = arena_copy(&config->arena, name, strlen(name)),
		    .value = arena_copy(&config->arena, value, strlen(value))};
		source_place(&reading->source, node->key->at.offset, &added->line, &added->column);
		config->property = more;
	}
}

/* ---- the map ---- */

static void
option_read(struct reading *reading, size_t index, const struct yaml *node)
{
	const struct option *option = &option_rows[index];
	reading->given[index] = true;
	if (option->type == OPTION_PROPERTIES)
		properties_read(reading, node, KAFKA_BOTH);
	else if (option->type == OPTION_LIST && node->kind == YAML_LIST)
		list_read(reading, option, node);
	else if (node->kind != YAML_SCALAR)
		wrong(reading, node, SAY(reading, "%s 要一个值", option->name), SAY(reading, "%s wants one value", option->name), NO_HINT);
	else if (yaml_is_missing(node))
		wrong(reading, node->key, SAY(reading, "%s 后面没有值", option->name), SAY(reading, "%s has no value", option->name), NO_HINT);
	else if (!scalar_set(reading->config, option, node->text))
		scalar_refuse(reading, option, node);
}

/* The part of an option's name that may stand at this place: its own name, or the name of its group. */
static bool
name_here(const struct option *option, const char *group, const char **name, size_t *length, bool *is_group)
{
	const char *dot = strchr(option->name, '.');
	size_t prefix = dot ? (size_t)(dot - option->name) : 0;
	*is_group = !group && dot;
	*name = group && dot ? dot + 1 : option->name;
	*length = *is_group ? prefix : strlen(*name);
	if (!group)
		return true;
	return dot && strlen(group) == prefix && strncmp(group, option->name, prefix) == 0;
}

static void
unknown_key(struct reading *reading, const struct yaml *key, const char *group)
{
	const char *names[KEYS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < option_count && count < KEYS_MAX; i++) {
		const char *name;
		size_t length;
		bool is_group;
		if (!name_here(&option_rows[i], group, &name, &length, &is_group))
			continue;
		const char *copy = SAY(reading, "%.*s", (int)length, name);
		if (!count || strcmp(copy, names[count - 1]) != 0)
			names[count++] = copy;
	}
	wrong(reading, key, SAY(reading, "没有选项 %s%s%s", group ? group : "", group ? "." : "", key->text.data),
	    SAY(reading, "there is no option %s%s%s", group ? group : "", group ? "." : "", key->text.data),
	    hint_word(reading->diags, key->text, names, count));
}

static void
map_read(struct reading *reading, const struct yaml *map, const char *group)
{
	if (map->kind != YAML_MAP) {
		if (!yaml_is_missing(map))
			wrong(reading, map, "这里要“选项: 值”", "\"option: value\" is wanted here", NO_HINT);
		return;
	}
	for (const struct yaml *node = map->first; node; node = node->next) {
		bool found = false;
		for (size_t i = 0; i < option_count && !found; i++) {
			const char *name;
			size_t length;
			bool is_group;
			if (!name_here(&option_rows[i], group, &name, &length, &is_group))
				continue;
			found = slice_equal(node->key->text, (struct slice){name, length});
			if (found && is_group)
				map_read(reading, node, node->key->text.data);
			else if (found)
				option_read(reading, i, node);
		}
		if (!found)
			unknown_key(reading, node->key, group);
	}
}

/* ---- what one row cannot say ---- */

bool
config_address(const char *text, char host[64], uint16_t *port)
{
	const char *colon = strrchr(text, ':');
	if (!colon || colon == text)
		return false;
	size_t length = (size_t)(colon - text);
	bool bracketed = text[0] == '[' && colon[-1] == ']';
	const char *start = bracketed ? text + 1 : text;
	length -= bracketed ? 2 : 0;
	int64_t number;
	if (!length || length >= 64 || (!bracketed && memchr(start, ':', length)) || !number_of(slice_of(colon + 1), &number)
	    || number < 0 || number > 65535)
		return false;
	memcpy(host, start, length);
	host[length] = '\0';
	*port = (uint16_t)number;
	return true;
}

static void
whole_check(struct reading *reading, const struct yaml *root)
{
	const struct config *config = reading->config;
	char host[64];
	uint16_t port;
	const struct yaml *listen = root->kind == YAML_MAP ? yaml_get(root, "listen") : NULL;
	if (listen && listen->kind == YAML_SCALAR && strcmp(config->listen, "off") != 0 && !config_address(config->listen, host, &port))
		wrong(reading, listen, "listen 的形式是 127.0.0.1:9850，或 off", "listen has the form 127.0.0.1:9850, or off", NO_HINT);
	const struct yaml *topics = root->kind == YAML_MAP ? yaml_get(root, "topics") : NULL;
	for (const struct yaml *node = topics && topics->kind == YAML_MAP ? topics->first : NULL; node; node = node->next)
		if (node->kind == YAML_SCALAR && node->quoted && !node->text.length && strcmp(node->key->text.data, "enrolment") != 0)
			wrong(reading, node, "主题名不能为空", "the name of a topic cannot be empty", NO_HINT);
}

static void
defaults_set(struct config *config)
{
	for (size_t i = 0; i < option_count; i++)
		if (option_rows[i].type != OPTION_PROPERTIES)
			scalar_set(config, &option_rows[i], slice_of(option_rows[i].fallback));
}

bool
config_read(struct config *config, const char *path, struct diags *diags)
{
	*config = (struct config){0};
	config->file = arena_copy(&config->arena, path, strlen(path));
	defaults_set(config);
	struct reading reading = {.config = config, .diags = diags};
	size_t errors = diags->errors;
	if (!source_read(&reading.source, &config->arena, path, SOURCE_BYTES_MAX, diags))
		return false;
	struct yaml *root = yaml_load(&reading.source, &config->arena);
	if (root) {
		map_read(&reading, root, NULL);
		whole_check(&reading, root);
	}
	return diags->errors == errors;
}

void
config_free(struct config *config)
{
	arena_free(&config->arena);
	*config = (struct config){0};
}

bool
config_all_pools(const struct config *config)
{
	return config->pools.count == 1 && strcmp(config->pools.item[0], "all") == 0;
}

void
config_brokers(const struct config *config, struct buffer *out)
{
	for (size_t i = 0; i < config->brokers.count; i++) {
		if (i)
			buffer_char(out, ',');
		buffer_text(out, config->brokers.item[i]);
	}
	buffer_char(out, '\0');
}
