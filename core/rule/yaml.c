/* Strict YAML: libfyaml's events become a tree in an arena.  Duplicate keys are found here, so that all of them are
 * told with their places; libfyaml's own complaints become diagnostics in both languages. */
#include "core/rule/yaml.h"

#include <libfyaml.h>
#include <stdlib.h>

#define DEPTH_MAX 32
#define KEYS_MAX 1000                   /* of one mapping: each new key is looked for among those before */

struct reader {
	const struct source *source;
	struct arena *arena;
	struct fy_parser *parser;
	size_t last;                    /* where the last event ended: place of a value that is not there */
	bool failed;
};

/* ---- libfyaml's words in Chinese ---- */

static const struct {
	const char *part, *zh;
} translations[] = {
	{"missing comma", "缺少逗号，或括号没有闭合"},
	{"mismatched flow", "括号不配对"},
	{"without a closing bracket", "方括号 [ 没有闭合"},
	{"extra closing", "多了一个闭合的括号"},
	{"without closing quote", "引号没有闭合"},
	{"cannot start with", "这个字符不能作普通文字的开头，请加引号"},
	{"tab", "不能用制表符缩进，请用空格"},
	{"multiline plain key", "键跨了行，或上一行的值后面缩进不对"},
	{"nested block mapping on the same line", "同一行里有两个“键: 值”，值里含冒号时请加引号"},
	{"did not find expected", "这里缺少应有的符号"},
	{"wrongly indented", "缩进不对"},
	{"indentation", "缩进不对"},
	{"indent", "缩进不对"},
	{"escape", "引号里的转义不对"},
	{"comment", "注释的位置不对，# 前要有空格"},
};

static struct message
translate(struct diags *diags, const char *message)
{
	for (size_t i = 0; i < sizeof translations / sizeof translations[0]; i++)
		if (strstr(message, translations[i].part))
			return (struct message){source_say(diags, "%s（%s）", translations[i].zh, message), message};
	return (struct message){message, message};
}

static void
complain(struct reader *reader, struct fy_diag *diag)
{
	const struct source *source = reader->source;
	void *iterator = NULL;
	const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &iterator);
	if (!error) {
		source_mistake(source, (struct extent){reader->last, 1}, NO_HINT, MISTAKE_yaml_broken);
		return;
	}
	/* One mistake makes several complaints; the first is the one that helps. */
	struct message why = translate(source->diags, error->msg);
	source_mistake(source, (struct extent){source_offset(source, error->line, error->column), 1}, NO_HINT,
	    MISTAKE_yaml_syntax, &why);
}

/* ---- events to tree ---- */

static void
refuse(struct reader *reader, struct extent at, enum mistake mistake)
{
	source_mistake(reader->source, at, NO_HINT, mistake);
	reader->failed = true;
}

static struct extent
token_extent(const struct reader *reader, struct fy_token *token)
{
	const struct fy_mark *start = token ? fy_token_start_mark(token) : NULL;
	const struct fy_mark *end = token ? fy_token_end_mark(token) : NULL;
	if (!start || !end)
		return (struct extent){reader->last, 0};
	return (struct extent){start->input_pos, end->input_pos - start->input_pos};
}

static void
refuse_decorations(struct reader *reader, struct fy_token *anchor, struct fy_token *tag)
{
	if (anchor)
		refuse(reader, token_extent(reader, anchor), MISTAKE_yaml_anchor);
	if (tag)
		refuse(reader, token_extent(reader, tag), MISTAKE_yaml_tag);
}

static struct yaml *build(struct reader *, struct fy_event *, int depth);

static struct fy_event *
next_event(struct reader *reader)
{
	return fy_parser_parse(reader->parser);
}

static struct yaml *
next_node(struct reader *reader, int depth)
{
	struct fy_event *event = next_event(reader);
	return event ? build(reader, event, depth) : NULL;
}

static struct yaml *
new_node(struct reader *reader, enum yaml_kind kind, struct extent at)
{
	struct yaml *node = arena_alloc(reader->arena, sizeof *node);
	node->kind = kind;
	node->at = at;
	return node;
}

static struct yaml *
build_scalar(struct reader *reader, const struct fy_event *event)
{
	refuse_decorations(reader, event->scalar.anchor, event->scalar.tag);
	struct fy_token *token = event->scalar.value;
	struct yaml *node = new_node(reader, YAML_SCALAR, token_extent(reader, token));
	size_t length = 0;
	const char *text = token ? fy_token_get_text(token, &length) : NULL;
	node->text = (struct slice){arena_copy(reader->arena, text ? text : "", text ? length : 0), text ? length : 0};
	node->quoted = token && fy_token_scalar_style(token) != FYSS_PLAIN;
	reader->last = node->at.offset + node->at.length;
	if (memchr(node->text.data, '\0', node->text.length))
		refuse(reader, node->at, MISTAKE_yaml_nul);
	return node;
}

static void
append(struct yaml *parent, struct yaml *child, struct yaml **last)
{
	if (*last)
		(*last)->next = child;
	else
		parent->first = child;
	*last = child;
	parent->count++;
}

static struct yaml *
build_list(struct reader *reader, struct yaml *list, int depth)
{
	struct yaml *last = NULL;
	for (;;) {
		struct fy_event *event = next_event(reader);
		if (!event)
			return NULL;
		if (event->type == FYET_SEQUENCE_END) {
			fy_parser_event_free(reader->parser, event);
			return list;
		}
		struct yaml *item = build(reader, event, depth + 1);
		if (!item)
			return NULL;
		append(list, item, &last);
	}
}

static bool
is_repeated(struct reader *reader, const struct yaml *map, const struct yaml *key)
{
	const struct yaml *earlier = yaml_get(map, key->text.data);
	if (!earlier)
		return false;
	int line, column;
	source_place(reader->source, earlier->key->at.offset, &line, &column);
	source_mistake(reader->source, key->at, NO_HINT, MISTAKE_key_repeated, key->text.data, line);
	reader->failed = true;
	return true;
}

static struct yaml *
build_map(struct reader *reader, struct yaml *map, int depth)
{
	struct yaml *last = NULL;
	for (;;) {
		struct fy_event *event = next_event(reader);
		if (!event)
			return NULL;
		if (event->type == FYET_MAPPING_END) {
			fy_parser_event_free(reader->parser, event);
			return map;
		}
		struct yaml *key = build(reader, event, depth + 1);
		struct yaml *value = key ? next_node(reader, depth + 1) : NULL;
		if (!value)
			return NULL;
		if (key->kind != YAML_SCALAR || key->text.length == 0) {
			refuse(reader, key->at, MISTAKE_key_no_word);
			continue;
		}
		value->key = key;
		if (map->count == KEYS_MAX) {
			refuse(reader, key->at, MISTAKE_map_large);
			return NULL;
		}
		if (!is_repeated(reader, map, key))
			append(map, value, &last);
	}
}

/* Takes the event and frees it; NULL: the parser stopped or the nesting is too deep. */
static struct yaml *
build(struct reader *reader, struct fy_event *event, int depth)
{
	struct extent at = token_extent(reader, fy_event_get_token(event));
	enum fy_event_type type = event->type;
	struct yaml *node = NULL;
	if (type == FYET_SCALAR) {
		node = build_scalar(reader, event);
	} else if (type == FYET_ALIAS) {
		refuse(reader, at, MISTAKE_yaml_alias);
		node = new_node(reader, YAML_SCALAR, at);
		node->text.data = "";
	} else if (type == FYET_SEQUENCE_START) {
		refuse_decorations(reader, event->sequence_start.anchor, event->sequence_start.tag);
		node = new_node(reader, YAML_LIST, at);
	} else if (type == FYET_MAPPING_START) {
		refuse_decorations(reader, event->mapping_start.anchor, event->mapping_start.tag);
		node = new_node(reader, YAML_MAP, at);
	}
	fy_parser_event_free(reader->parser, event);
	if (depth > DEPTH_MAX) {
		refuse(reader, at, MISTAKE_yaml_depth);
		return NULL;
	}
	if (type == FYET_SEQUENCE_START)
		return build_list(reader, node, depth);
	if (type == FYET_MAPPING_START)
		return build_map(reader, node, depth);
	return node;
}

static void
check_document(struct reader *reader, const struct fy_event *event, bool is_first)
{
	struct extent at = token_extent(reader, event->document_start.document_start);
	if (!is_first)
		refuse(reader, at, MISTAKE_yaml_documents);
	else if (event->document_start.document_state
	    && (fy_document_state_version_explicit(event->document_start.document_state)
	    || fy_document_state_tags_explicit(event->document_start.document_state)))
		refuse(reader, (struct extent){0, 1}, MISTAKE_yaml_directive);
}

static struct yaml *
build_stream(struct reader *reader)
{
	struct yaml *root = NULL;
	struct fy_event *event;
	while ((event = next_event(reader))) {
		enum fy_event_type type = event->type;
		if (type == FYET_DOCUMENT_START)
			check_document(reader, event, root == NULL);
		if (type == FYET_STREAM_START || type == FYET_DOCUMENT_START || type == FYET_DOCUMENT_END
		    || type == FYET_STREAM_END) {
			fy_parser_event_free(reader->parser, event);
			if (type == FYET_STREAM_END)
				break;
			continue;
		}
		struct yaml *node = build(reader, event, 1);
		if (!node)
			break;
		if (!root)
			root = node;
	}
	return root;
}

struct yaml *
yaml_load(const struct source *source, struct arena *arena)
{
	struct reader reader = {.source = source, .arena = arena};
	struct fy_diag_cfg how;
	fy_diag_cfg_default(&how);
	how.fp = NULL;
	struct fy_diag *diag = fy_diag_create(&how);
	if (!diag)
		abort();
	fy_diag_set_collect_errors(diag, true);
	reader.parser = fy_parser_create(&(struct fy_parse_cfg){
	    .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DISABLE_MMAP_OPT, .diag = diag});
	if (!reader.parser || fy_parser_set_string(reader.parser, source->text, source->length) != 0)
		abort();
	struct yaml *root = build_stream(&reader);
	void *iterator = NULL;
	bool is_broken = fy_parser_get_stream_error(reader.parser) || fy_diag_errors_iterate(diag, &iterator);
	if (is_broken)
		complain(&reader, diag);
	else if (!root && !reader.failed)
		source_mistake(source, (struct extent){0, 0}, NO_HINT, MISTAKE_file_empty);
	fy_parser_destroy(reader.parser);
	fy_diag_destroy(diag);
	return is_broken || reader.failed ? NULL : root;
}

struct yaml *
yaml_get(const struct yaml *map, const char *key)
{
	for (struct yaml *member = map->first; member; member = member->next)
		if (strcmp(member->key->text.data, key) == 0)
			return member;
	return NULL;
}

/* ---- places inside a scalar ---- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t';
}

static size_t
skip_blanks(const char *file, size_t at, size_t end)
{
	while (at < end && is_blank(file[at]))
		at++;
	return at;
}

/* Offset in the file of one byte of a scalar's text, by walking both together: a blank of the text stands for a run
 * of blanks with a line end in the file, the indentation of a block stands for nothing, a quote or backslash may be
 * written with two characters. */
static size_t
text_offset(const struct source *source, const struct yaml *scalar, size_t offset)
{
	const char *file = source->text;
	size_t at = scalar->at.offset, end = scalar->at.offset + scalar->at.length;
	for (size_t i = 0; i < offset && at < end; i++) {
		char c = scalar->text.data[i];
		if (!is_blank(c))
			at = skip_blanks(file, at, end);
		if (is_blank(c) && is_blank(file[at])) {
			size_t run = at;
			bool has_line_end = false;
			for (; run < end && is_blank(file[run]); run++)
				has_line_end |= file[run] == '\n';
			at = has_line_end ? run : at + 1;
		} else if (c == file[at]) {
			at += c == '\'' && scalar->quoted && at + 1 < end && file[at + 1] == '\'' ? 2 : 1;
		} else if (file[at] == '\\') {
			at += 2;
		} else {
			return scalar->at.offset;
		}
	}
	return offset < scalar->text.length && !is_blank(scalar->text.data[offset]) ? skip_blanks(file, at, end) : at;
}

struct extent
yaml_extent(const struct source *source, const struct yaml *scalar, size_t offset, size_t length)
{
	size_t start = text_offset(source, scalar, offset), end = text_offset(source, scalar, offset + length);
	return (struct extent){start, end > start ? end - start : 1};
}
