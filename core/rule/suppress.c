/* See suppress.h. */
#include "core/rule/suppress.h"

#include "core/base/time.h"
#include "core/rule/print.h"

#include <stdlib.h>

#define ID_BYTES_MAX 48
#define SCOPE_BYTES_MAX 64
#define TEXT_BYTES_MAX 4096

/* ---- numbers of persons are never shown ---- */

static size_t
value_begin(const char *text, size_t at, size_t length)
{
	while (at < length && strchr(" \"':", text[at]))
		at++;
	return at;
}

/* A copy of the text in which what stands behind psn_no, and every long number, is x: of the same length, so that places are
 * the same.  A number behind a key that is written wrongly is one too. */
static const char *
masked(struct arena *arena, const char *text, size_t length)
{
	static const char key[] = "psn_no";
	char *copy = arena_copy(arena, text, length);
	const char *found = text;
	while ((found = memmem(found, length - (size_t)(found - text), key, sizeof key - 1))) {
		size_t at = value_begin(text, (size_t)(found - text) + sizeof key - 1, length);
		for (; at < length && !strchr(" \"',}\n", text[at]); at++)
			copy[at] = 'x';
		found += sizeof key - 1;
	}
	source_mask_numbers(copy);
	return copy;
}

/* ---- one entry ---- */

struct entry_place {
	const struct source *source;
	struct suppression *entry;
};

static const char *
entry_text(const struct entry_place *place, const struct yaml *map, const char *key, size_t most)
{
	const struct yaml *node = want_member(place->source, map, key);
	return node ? want_text(place->source, node, most) : NULL;
}

static bool
is_id(struct slice id)
{
	size_t good = 0;
	while (good < id.length && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", id.data[good]))
		good++;
	return id.length > 0 && id.length <= ID_BYTES_MAX && good == id.length;
}

static bool
entry_id(const struct entry_place *place, const struct yaml *node)
{
	const char *id = entry_text(place, node, "id", TEXT_BYTES_MAX);
	place->entry->id = id;
	if (!id || is_id(slice_of(id)))
		return id != NULL;
	source_mistake(place->source, yaml_get(node, "id")->at, NO_HINT, MISTAKE_suppression_id);
	return false;
}

/* One text for both languages, or one for each. */
static bool
entry_reason(const struct entry_place *place, const struct yaml *node)
{
	const struct yaml *reason = want_member(place->source, node, "reason");
	if (reason && reason->kind == YAML_MAP)
		return want_both_languages(place->source, reason, place->entry->reason);
	const char *text = reason ? want_text(place->source, reason, TEXT_BYTES_MAX) : NULL;
	place->entry->reason[LANGUAGE_ZH] = place->entry->reason[LANGUAGE_EN] = text;
	return text != NULL;
}

static bool
entry_days(const struct entry_place *place, const struct yaml *node)
{
	const struct yaml *from = want_member(place->source, node, "from"), *until = want_member(place->source, node, "until");
	bool is_good = from && want_date(place->source, from, &place->entry->from);
	is_good &= until && want_date(place->source, until, &place->entry->until);
	if (!is_good || place->entry->from <= place->entry->until)
		return is_good;
	source_mistake(place->source, until->at, NO_HINT, MISTAKE_suppression_days);
	return false;
}

static bool
entry_scope(const struct entry_place *place, const struct yaml *node)
{
	static const char *const keys[] = {"psn_no", "fixmedins_code", "region", "setl_id"};
	struct suppression *entry = place->entry;
	const char **into[] = {&entry->psn_no, &entry->fixmedins_code, &entry->region, &entry->setl_id};
	const struct yaml *scope = want_member(place->source, node, "scope");
	if (!scope || !want_kind(place->source, scope, YAML_MAP))
		return false;
	bool is_good = want_keys(place->source, scope, keys, COUNT(keys));
	for (size_t i = 0; i < COUNT(keys); i++)
		if (yaml_get(scope, keys[i]))
			is_good &= (*into[i] = entry_text(place, scope, keys[i], SCOPE_BYTES_MAX)) != NULL;
	if (scope->count == 0)
		source_mistake(place->source, scope->key->at, NO_HINT, MISTAKE_suppression_scope);
	if (!entry->region || (entry->region[0] && strspn(entry->region, "0123456789") == strlen(entry->region)))
		return is_good && scope->count > 0;
	source_mistake(place->source, yaml_get(scope, "region")->at, NO_HINT, MISTAKE_suppression_region);
	return false;
}

static bool
entry_load(const struct entry_place *place, const struct yaml *node)
{
	static const char *const keys[] = {"id", "rule", "author", "reason", "scope", "from", "until", "document"};
	struct suppression *entry = place->entry;
	if (!want_kind(place->source, node, YAML_MAP))
		return false;
	bool is_good = want_keys(place->source, node, keys, COUNT(keys));
	is_good &= entry_id(place, node);
	is_good &= (entry->rule = entry_text(place, node, "rule", TEXT_BYTES_MAX)) != NULL;
	is_good &= (entry->author = entry_text(place, node, "author", TEXT_BYTES_MAX)) != NULL;
	is_good &= entry_reason(place, node);
	is_good &= entry_scope(place, node);
	is_good &= entry_days(place, node);
	if (yaml_get(node, "document"))
		is_good &= (entry->document = entry_text(place, node, "document", TEXT_BYTES_MAX)) != NULL;
	int column;
	entry->file = place->source->file;
	source_place(place->source, node->at.offset, &entry->line, &column);
	return is_good;
}

struct suppressions_file *
suppressions_load(struct load *load, const char *path)
{
	struct suppressions_file *file = arena_alloc(load->arena, sizeof *file);
	struct source *source = &file->source;
	if (!source_read(source, load->arena, path, SOURCE_BYTES_MAX, load->diags))
		return NULL;
	source->shown = masked(load->arena, source->text, source->length);
	const struct yaml *root = yaml_load(source, load->arena);
	if (!root || !want_kind(source, root, YAML_LIST))
		return NULL;
	file->entry = arena_alloc(load->arena, (root->count + 1) * sizeof *file->entry);
	file->rule_at = arena_alloc(load->arena, (root->count + 1) * sizeof *file->rule_at);
	file->id_at = arena_alloc(load->arena, (root->count + 1) * sizeof *file->id_at);
	for (const struct yaml *item = root->first; item; item = item->next) {
		struct entry_place place = {source, &file->entry[file->entries]};
		*place.entry = (struct suppression){0};
		if (!entry_load(&place, item))
			continue;
		file->rule_at[file->entries] = yaml_get(item, "rule")->at;
		file->id_at[file->entries++] = yaml_get(item, "id")->at;
	}
	return file;
}

/* ---- all of them ---- */

static void
check_rule(struct load *load, struct rule_draft *const *rule, size_t rules, const struct suppressions_file *file, size_t index)
{
	struct slice wanted = slice_of(file->entry[index].rule);
	for (size_t i = 0; i < rules; i++)
		if (slice_equal(wanted, slice_of(rule[i]->rule.id)))
			return;
	const char **names = arena_alloc(load->arena, (rules + 1) * sizeof *names);
	for (size_t i = 0; i < rules; i++)
		names[i] = rule[i]->rule.id;
	source_mistake(&file->source, file->rule_at[index], hint_word(load->diags, wanted, names, rules), MISTAKE_suppression_rule, wanted.data);
}

static void
entry_join(struct ruleset *set, const struct suppressions_file *file, size_t index)
{
	const struct suppression *entry = &file->entry[index];
	size_t place = set->suppressions;
	while (place > 0 && strcmp(set->suppression[place - 1].id, entry->id) > 0)
		place--;
	if (place > 0 && strcmp(set->suppression[place - 1].id, entry->id) == 0) {
		const struct suppression *before = &set->suppression[place - 1];
		source_mistake(&file->source, file->id_at[index], NO_HINT, MISTAKE_suppression_twice, entry->id, before->file, before->line);
		return;
	}
	memmove(set->suppression + place + 1, set->suppression + place, (set->suppressions - place) * sizeof *entry);
	set->suppression[place] = *entry;
	set->suppressions++;
}

void
suppressions_join(struct load *load, struct rule_draft *const *rule, size_t rules, struct suppressions_file *const *file, size_t files,
    bool has_all_rules)
{
	size_t entries = 0;
	for (size_t i = 0; i < files; i++)
		entries += file[i]->entries;
	load->set->suppression = arena_alloc(load->arena, (entries + 1) * sizeof *load->set->suppression);
	for (size_t i = 0; i < files; i++)
		for (size_t j = 0; j < file[i]->entries; j++) {
			if (has_all_rules)
				check_rule(load, rule, rules, file[i], j);
			entry_join(load->set, file[i], j);
		}
}

static void
print_member(struct buffer *out, const char *key, const char *text)
{
	if (!text)
		return;
	buffer_printf(out, "%s: ", key);
	print_quoted(out, slice_of(text));
	buffer_char(out, '\n');
}

void
suppressions_text(const struct ruleset *set, struct buffer *out)
{
	char day[TIME_TEXT_SIZE];
	for (size_t i = 0; i < set->suppressions; i++) {
		const struct suppression *entry = &set->suppression[i];
		buffer_printf(out, "- id: %s\n", entry->id);
		print_member(out, "  rule", entry->rule);
		print_member(out, "  author", entry->author);
		buffer_text(out, "  reason:\n");
		print_member(out, "    zh", entry->reason[LANGUAGE_ZH]);
		print_member(out, "    en", entry->reason[LANGUAGE_EN]);
		buffer_text(out, "  scope:\n");
		print_member(out, "    psn_no", entry->psn_no);
		print_member(out, "    fixmedins_code", entry->fixmedins_code);
		print_member(out, "    region", entry->region);
		print_member(out, "    setl_id", entry->setl_id);
		buffer_printf(out, "  from: %s\n", day_text(entry->from, day));
		buffer_printf(out, "  until: %s\n", day_text(entry->until, day));
		print_member(out, "  document", entry->document);
	}
}
