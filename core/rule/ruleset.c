/* A directory of rules, parameters and tables to one frozen set.  Built beside the running one; a set with a mistake is
 * never given out. */
#include "core/rule/ruleset.h"

#include "core/base/buffer.h"
#include "core/rule/load.h"
#include "core/rule/suppress.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char *const folders[] = RULE_FAMILIES;
static const char *const known_folders[] = {"policy", "management", "medical", "fund", "params", "suppressions", "tables"};

/* ---- directories ---- */

struct listing {
	char **name;                    /* malloc'd each */
	size_t count, slots;
};

static int
name_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
listing_add(struct listing *listing, const char *name)
{
	if (listing->count == listing->slots) {
		listing->slots = listing->slots ? 2 * listing->slots : 64;
		listing->name = realloc(listing->name, listing->slots * sizeof *listing->name);
		if (!listing->name)
			abort();
	}
	listing->name[listing->count] = strdup(name);
	if (!listing->name[listing->count++])
		abort();
}

/* Entries of a directory without hidden ones, sorted; false with errno when it cannot be read. */
static bool
listing_read(struct listing *listing, const char *path)
{
	*listing = (struct listing){0};
	DIR *directory = opendir(path);
	if (!directory)
		return false;
	const struct dirent *entry;
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			listing_add(listing, entry->d_name);
	closedir(directory);
	if (listing->count)
		qsort(listing->name, listing->count, sizeof *listing->name, name_order);
	return true;
}

static void
listing_free(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->name[i]);
	free(listing->name);
	*listing = (struct listing){0};
}

static bool
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), wanted = strlen(end);
	return length > wanted && strcmp(text + length - wanted, end) == 0;
}

/* ---- loading ---- */

struct loading {
	struct load load;
	struct rule_draft **rule;
	size_t rules, rule_slots;
	struct params_file **file;
	size_t files, file_slots;
	struct suppressions_file **silent;
	size_t silents, silent_slots;
	bool has_all_rules;
};

static void *
grow(void *list, size_t count, size_t *slots, size_t size)
{
	if (count < *slots)
		return list;
	*slots = *slots ? 2 * *slots : 32;
	list = realloc(list, *slots * size);
	if (!list)
		abort();
	return list;
}

static void
load_rule_file(struct loading *loading, const char *path, const char *folder, const char *name)
{
	struct rule_draft *draft = rule_load(&loading->load, path, folder, name);
	if (!draft) {
		loading->has_all_rules = false;
		return;
	}
	loading->rule = grow(loading->rule, loading->rules, &loading->rule_slots, sizeof *loading->rule);
	loading->rule[loading->rules++] = draft;
}

static void
load_params_file(struct loading *loading, const char *path, const char *name)
{
	struct params_file *file = params_file_load(&loading->load, path, name);
	if (!file)
		return;
	loading->file = grow(loading->file, loading->files, &loading->file_slots, sizeof *loading->file);
	loading->file[loading->files++] = file;
}

static void
load_suppressions_file(struct loading *loading, const char *path)
{
	struct suppressions_file *file = suppressions_load(&loading->load, path);
	if (!file)
		return;
	loading->silent = grow(loading->silent, loading->silents, &loading->silent_slots, sizeof *loading->silent);
	loading->silent[loading->silents++] = file;
}

static void
load_file(struct loading *loading, const char *path, const char *folder, const char *name)
{
	if (strcmp(folder, "params") == 0)
		load_params_file(loading, path, name);
	else if (strcmp(folder, "suppressions") == 0)
		load_suppressions_file(loading, path);
	else
		load_rule_file(loading, path, folder, name);
}

static void
load_folder(struct loading *loading, const char *directory, const char *folder)
{
	struct arena *arena = loading->load.arena;
	struct diags *diags = loading->load.diags;
	const char *path = arena_printf(arena, "%s/%s", directory, folder);
	struct listing listing;
	if (!listing_read(&listing, path)) {
		struct message why = error_words(errno);
		if (errno != ENOENT)
			file_mistake(diags, path, 0, NO_HINT, MISTAKE_folder_open, &why);
		return;
	}
	for (size_t i = 0; i < listing.count; i++) {
		const char *file = arena_printf(arena, "%s/%s", path, listing.name[i]);
		if (ends_with(file, ".yml"))
			file_mistake(diags, file, 0, (struct message){source_say(diags, "改名为 %.*s.yaml", (int)strlen(file) - 4, file),
			    source_say(diags, "rename it to %.*s.yaml", (int)strlen(file) - 4, file)}, MISTAKE_file_ending);
		if (!ends_with(listing.name[i], ".yaml"))
			continue;
		const char *name = arena_printf(arena, "%.*s", (int)strlen(listing.name[i]) - 5, listing.name[i]);
		load_file(loading, file, folder, name);
	}
	listing_free(&listing);
}

static void
check_entry(struct diags *diags, const char *path, const char *name)
{
	struct stat status;
	for (size_t i = 0; i < COUNT(known_folders); i++)
		if (strcmp(known_folders[i], name) == 0)
			return;
	if (stat(path, &status) != 0)
		return;
	if (S_ISDIR(status.st_mode))
		file_mistake(diags, path, 0, hint_word(diags, slice_of(name), known_folders, COUNT(known_folders)), MISTAKE_folder_unknown);
	else if (ends_with(name, ".yaml") || ends_with(name, ".yml"))
		file_mistake(diags, path, 0, NO_HINT, MISTAKE_file_stray);
}

/* A folder that nobody reads is most often a family written wrongly. */
static bool
check_directory(struct diags *diags, const char *directory)
{
	struct listing listing;
	if (!listing_read(&listing, directory)) {
		struct message why = error_words(errno);
		file_mistake(diags, directory, 0, NO_HINT, MISTAKE_rules_open, &why);
		return false;
	}
	for (size_t i = 0; i < listing.count; i++)
		check_entry(diags, source_say(diags, "%s/%s", directory, listing.name[i]), listing.name[i]);
	listing_free(&listing);
	return true;
}

static int
rule_order(const void *a, const void *b)
{
	const struct rule_draft *x = *(struct rule_draft *const *)a, *y = *(struct rule_draft *const *)b;
	int order = strcmp(x->rule.id, y->rule.id);
	return order ? order : strcmp(x->rule.file, y->rule.file);
}

static void
check_ids(struct loading *loading)
{
	for (size_t i = 1; i < loading->rules; i++) {
		const struct rule_draft *before = loading->rule[i - 1], *draft = loading->rule[i];
		if (strcmp(before->rule.id, draft->rule.id) != 0)
			continue;
		const struct yaml *id = yaml_get(draft->root, "id");
		source_mistake(&draft->source, id ? id->at : (struct extent){0, 1}, NO_HINT, MISTAKE_id_taken, draft->rule.id,
		    before->rule.file);
	}
}

static void
load_all(struct loading *loading, const char *directory)
{
	for (size_t i = 0; i < COUNT(folders); i++)
		load_folder(loading, directory, folders[i]);
	load_folder(loading, directory, "params");
	load_folder(loading, directory, "suppressions");
	if (loading->rules)
		qsort(loading->rule, loading->rules, sizeof *loading->rule, rule_order);
	check_ids(loading);
	params_join(&loading->load, loading->rule, loading->rules, loading->file, loading->files, loading->has_all_rules);
	for (size_t i = 0; i < loading->rules; i++) {
		variant_apply(&loading->load, loading->rule[i]);
		params_settle(&loading->load, loading->rule[i]);
	}
	suppressions_join(&loading->load, loading->rule, loading->rules, loading->silent, loading->silents, loading->has_all_rules);
	if (loading->rules == 0 && loading->has_all_rules)
		file_mistake(loading->load.diags, directory, 0, NO_HINT, MISTAKE_rules_none);
}

/* ---- freezing ---- */

static void
make_digest(struct ruleset *set)
{
	struct digest *digest = digest_open();
	for (size_t i = 0; i < set->rules; i++) {
		const char *text = set->rule[i].text = rule_text(set, &set->rule[i]);
		digest_add(digest, text, strlen(text) + 1);
	}
	struct buffer silent = {0};
	suppressions_text(set, &silent);
	digest_add(digest, silent.data, silent.length);         /* nothing where there are none */
	buffer_free(&silent);
	digest_add(digest, set->tables->canonical.data, set->tables->canonical.length);
	uint8_t value[DIGEST_BYTES];
	digest_value(digest, value);
	hex_text(value, DIGEST_BYTES, set->digest);
	digest_close(digest);
}

/* The file's bytes under a name that says nothing of where the folder lay. */
static void
keep_file(struct ruleset *set, const char *folder, const struct source *source)
{
	const char *file = strrchr(source->file, '/');
	set->file[set->files++] = (struct ruleset_file){arena_printf(&set->arena, "%s%s", folder, file), source->raw};
}

static void
keep_files(struct loading *loading)
{
	struct ruleset *set = loading->load.set;
	set->file = arena_alloc(&set->arena, (loading->rules + loading->files + loading->silents + set->tables->sources + 1) * sizeof *set->file);
	for (size_t i = 0; i < loading->rules; i++)
		keep_file(set, arena_printf(&set->arena, "rules/%s", loading->rule[i]->rule.family), &loading->rule[i]->source);
	for (size_t i = 0; i < loading->files; i++)
		keep_file(set, "rules/params", &loading->file[i]->source);
	for (size_t i = 0; i < loading->silents; i++)
		keep_file(set, "rules/suppressions", &loading->silent[i]->source);
	for (size_t i = 0; i < set->tables->sources; i++)
		keep_file(set, "tables", &set->tables->source[i]);
}

static void
freeze(struct loading *loading)
{
	struct ruleset *set = loading->load.set;
	struct expressions *expressions = &loading->load.expressions;
	set->rules = loading->rules;
	set->rule = arena_alloc(&set->arena, (set->rules + 1) * sizeof *set->rule);
	for (size_t i = 0; i < set->rules; i++)
		set->rule[i] = loading->rule[i]->rule;
	set->conditions = expressions->conditions;
	set->condition = arena_alloc(&set->arena, (set->conditions + 1) * sizeof *set->condition);
	memcpy(set->condition, expressions->condition, set->conditions * sizeof *set->condition);
	set->excluding = arena_alloc(&set->arena, (set->conditions + 1) * sizeof *set->excluding);
	for (size_t i = 0; i < set->conditions; i++)
		if (set->condition[i].unlesses)
			set->excluding[set->excludings++] = (int32_t)i;
	make_digest(set);
	keep_files(loading);
}

static void
loading_free(struct loading *loading)
{
	for (size_t i = 0; i < loading->rules; i++)
		rule_draft_free(loading->rule[i]);
	for (size_t i = 0; i < loading->files; i++)
		params_file_free(loading->file[i]);
	free(loading->rule);
	free(loading->file);
	free(loading->silent);
	expressions_free(&loading->load.expressions);
	buffer_free(&loading->load.set->tables->canonical);
}

static const char *
without_slash(struct arena *arena, const char *directory)
{
	size_t length = strlen(directory);
	while (length > 1 && directory[length - 1] == '/')
		length--;
	return arena_copy(arena, directory, length);
}

struct ruleset *
ruleset_load(const struct detector_registry *registry, const char *rules_dir, const char *tables_dir, struct diags *diags)
{
	return ruleset_variant(registry, rules_dir, tables_dir, NULL, 0, diags);
}

struct ruleset *
ruleset_variant(const struct detector_registry *registry, const char *rules_dir, const char *tables_dir,
    const struct param_override *override, size_t overrides, struct diags *diags)
{
	size_t errors = diags->errors;
	struct ruleset *set = calloc(1, sizeof *set);
	if (!set)
		abort();
	const char *directory = without_slash(&set->arena, rules_dir);
	if (!check_directory(diags, directory)) {
		ruleset_free(set);
		return NULL;
	}
	set->tables = tables_load(&set->arena, tables_dir ? without_slash(&set->arena, tables_dir)
	    : arena_printf(&set->arena, "%s/tables", directory), diags);
	struct loading loading = {.load = {.set = set, .arena = &set->arena, .registry = registry, .diags = diags,
	    .override = override, .overrides = overrides},
	    .has_all_rules = true};
	expressions_init(&loading.load.expressions, &set->arena, set->tables, diags);
	/* The first condition: CONDITION_INPATIENT.  A table without the set was reported. */
	if (tables_set(set->tables, FIELD_med_type, SLICE("inpatient")) >= 0)
		expression_builtin(&loading.load.expressions, "med_type in $inpatient");
	load_all(&loading, directory);
	bool is_good = diags->errors == errors;
	if (is_good)
		freeze(&loading);
	loading_free(&loading);
	if (is_good)
		return set;
	ruleset_free(set);
	return NULL;
}

void
ruleset_free(struct ruleset *set)
{
	if (!set)
		return;
	arena_free(&set->arena);
	free(set);
}
