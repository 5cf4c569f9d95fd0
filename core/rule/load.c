/* One rule file, or one file of a region's parameters, from its YAML to a draft.  Every part is looked at even when an
 * earlier one is wrong, so that all mistakes are told in one run. */
#include "core/rule/load.h"

static const char *const rule_keys[] = {
	"id", "revision", "title", "family", "grade", "stage", "scene", "library", "severity", "bands", "mode", "where", "exclude",
	"minimum", "repeat_after", "group", "detector", "params", "basis", "evidence", "tests",
};
static const char *const families[] = RULE_FAMILIES, *const grades[] = RULE_GRADES, *const severities[] = RULE_SEVERITIES,
    *const stages[] = RULE_STAGES, *const modes[] = RULE_MODES;

#define KEYS_MAX 64
#define ID_BYTES_MAX 48

static const char *
load_word(struct rule_draft *draft, const char *key, const char *const *words, size_t count)
{
	const struct yaml *node = want_member(&draft->source, draft->root, key);
	int word = node ? want_word(&draft->source, node, words, count) : -1;
	draft->is_good &= word >= 0;
	return word >= 0 ? words[word] : NULL;
}

static bool
is_rule_id(struct slice id)
{
	if (id.length == 0 || id.length > ID_BYTES_MAX || id.data[0] < 'A' || id.data[0] > 'Z')
		return false;
	for (size_t i = 0; i < id.length; i++)
		if (!((id.data[i] >= 'A' && id.data[i] <= 'Z') || (id.data[i] >= '0' && id.data[i] <= '9') || id.data[i] == '-'))
			return false;
	return true;
}

static void
report(struct rule_draft *draft, const struct yaml *node, enum mistake mistake, ...)
{
	va_list list;
	va_start(list, mistake);
	source_mistake_list(&draft->source, node->at, NO_HINT, mistake, list);
	va_end(list);
	draft->is_good = false;
}

/* name is the file's name without .yaml */
static void
load_id(struct rule_draft *draft, const char *name)
{
	const struct yaml *node = want_member(&draft->source, draft->root, "id");
	draft->rule.id = name;
	if (!node || !want_kind(&draft->source, node, YAML_SCALAR)) {
		draft->is_good = false;
		return;
	}
	if (!is_rule_id(node->text))
		report(draft, node, MISTAKE_id_form);
	else if (strcmp(node->text.data, name) != 0)
		report(draft, node, MISTAKE_id_differs, node->text.data, name);
}

static void
load_family(struct rule_draft *draft, const char *folder)
{
	draft->rule.family = load_word(draft, "family", families, COUNT(families));
	if (draft->rule.family && strcmp(draft->rule.family, folder) != 0)
		report(draft, yaml_get(draft->root, "family"), MISTAKE_family_differs, draft->rule.family, folder);
}

static void
load_stages(struct rule_draft *draft)
{
	struct rule *rule = &draft->rule;
	const struct source *source = &draft->source;
	const struct yaml *list = want_member(source, draft->root, "stage");
	if (!list || !want_kind(source, list, YAML_LIST)) {
		draft->is_good = false;
		return;
	}
	bool has[COUNT(stages)] = {false};
	for (const struct yaml *item = list->first; item; item = item->next) {
		int word = want_word(source, item, stages, COUNT(stages));
		if (word < 0)
			draft->is_good = false;
		else if (has[word])
			report(draft, item, MISTAKE_stage_twice);
		else
			has[word] = true;
	}
	for (size_t i = 0; i < COUNT(stages); i++)
		if (has[i])
			rule->stage[rule->stages++] = stages[i];
	if (list->count == 0)
		report(draft, list, MISTAKE_stage_empty);
}

static void
load_title(struct rule_draft *draft)
{
	const struct yaml *title = want_member(&draft->source, draft->root, "title");
	draft->is_good &= title && want_both_languages(&draft->source, title, draft->rule.title);
}

static void
load_revision(struct rule_draft *draft)
{
	const struct yaml *node = want_member(&draft->source, draft->root, "revision");
	int64_t revision = 0;
	draft->is_good &= node && want_integer(&draft->source, node, 1, 1000000, &revision);
	draft->rule.revision = (int32_t)revision;
}

static void
load_head(struct rule_draft *draft, const char *family, const char *name)
{
	load_id(draft, name);
	load_revision(draft);
	load_title(draft);
	load_family(draft, family);
	draft->rule.grade = load_word(draft, "grade", grades, COUNT(grades));
	load_stages(draft);
	draft->is_good &= scenes_load(draft);
	draft->is_good &= library_load(draft);
	draft->rule.severity = load_word(draft, "severity", severities, COUNT(severities));
	const char *mode = load_word(draft, "mode", modes, COUNT(modes));
	draft->rule.mode = !mode || mode == modes[MODE_OFF] ? MODE_OFF : mode == modes[MODE_SHADOW] ? MODE_SHADOW : MODE_ENFORCE;
}

static void
load_detector(struct load *load, struct rule_draft *draft)
{
	const struct detector_registry *registry = load->registry;
	const char *names[KEYS_MAX];
	size_t count = registry->count < KEYS_MAX ? registry->count : KEYS_MAX;
	for (size_t i = 0; i < count; i++)
		names[i] = registry->list[i]->name;
	const struct yaml *node = want_member(&draft->source, draft->root, "detector");
	int word = node ? want_word(&draft->source, node, names, count) : -1;
	draft->is_good &= word >= 0;
	draft->rule.detector = word >= 0 ? registry->list[word] : NULL;
}

/* Keys of a rule and of its detector; of every detector when the rule's own is not known. */
static void
check_keys(struct load *load, struct rule_draft *draft)
{
	const struct detector_registry *registry = load->registry;
	size_t most = COUNT(rule_keys), count = COUNT(rule_keys);
	for (size_t i = 0; i < registry->count; i++)
		most += registry->list[i]->setting_count;
	const char **known = arena_alloc(load->arena, most * sizeof *known);
	memcpy(known, rule_keys, sizeof rule_keys);
	for (size_t i = 0; i < registry->count; i++)
		if (!draft->rule.detector || draft->rule.detector == registry->list[i])
			count += settings_names(registry->list[i], known + count);
	draft->is_good &= want_keys(&draft->source, draft->root, known, count);
}

static void
load_basis_and_params(struct load *load, struct rule_draft *draft)
{
	const struct source *source = &draft->source;
	const struct yaml *basis = want_member(source, draft->root, "basis"), *params = yaml_get(draft->root, "params");
	draft->is_good &= basis && basis_load(load, source, basis, &draft->basis);
	if (params)
		draft->is_good &= params_load(load, source, params, "", &draft->basis, &draft->params);
}

static void
load_where(struct load *load, struct rule_draft *draft)
{
	const struct yaml *where = want_member(&draft->source, draft->root, "where");
	draft->rule.where = -1;
	if (where && want_kind(&draft->source, where, YAML_SCALAR))
		draft->rule.where = expression_compile(&load->expressions, &draft->source, where);
	draft->is_good &= draft->rule.where >= 0;
	draft->is_good &= exclusions_load(load, draft);
}

/* The smallest sample that is judged: what the detector counts. */
static bool
load_minimum(struct rule_draft *draft)
{
	const struct yaml *node = yaml_get(draft->root, "minimum");
	const struct detector *detector = draft->rule.detector;
	if (!node)
		return true;
	if (detector && detector->shape == SHAPE_CLAIM) {
		source_mistake(&draft->source, node->key->at, NO_HINT, MISTAKE_minimum_of_claim, detector->name);
		return false;
	}
	return want_integer(&draft->source, node, 1, 1000000000, &draft->rule.minimum);
}

static void
load_evidence(struct load *load, struct rule_draft *draft)
{
	const struct yaml *node = want_member(&draft->source, draft->root, "evidence");
	const char **evidence = draft->rule.evidence;
	if (!node || !want_both_languages(&draft->source, node, evidence)) {
		draft->is_good = false;
		return;
	}
	if (!draft->rule.detector || !draft->rule.config)
		return;
	draft->is_good &= evidence_check(load, draft, yaml_get(node, "zh"), evidence[LANGUAGE_ZH]);
	draft->is_good &= evidence_check(load, draft, yaml_get(node, "en"), evidence[LANGUAGE_EN]);
}

static void
warn_unused(struct rule_draft *draft)
{
	for (size_t i = 0; i < draft->params.count; i++)
		if (!draft->params.param[i].is_used)
			source_mistake(&draft->source, draft->params.param[i].at, NO_HINT, MISTAKE_param_unused, draft->params.param[i].name);
	for (size_t i = 0; draft->params.count && i < draft->basis.count; i++)
		if (!draft->basis.is_used[i])
			source_mistake(&draft->source, draft->basis.at[i], NO_HINT, MISTAKE_basis_unused, draft->basis.basis[i].name);
}

static void
load_body(struct load *load, struct rule_draft *draft)
{
	load_basis_and_params(load, draft);
	load_where(load, draft);
	draft->is_good &= bands_load(load, draft);
	draft->is_good &= load_minimum(draft);
	draft->is_good &= repeat_load(draft);
	if (draft->rule.detector)
		draft->is_good &= settings_load(load, draft);
	load_evidence(load, draft);
	const struct yaml *tests = want_member(&draft->source, draft->root, "tests");
	draft->is_good &= tests && tests_load(load, draft, tests);
	if (draft->is_good)
		warn_unused(draft);
}

/* The file as a map; false: reported. */
static bool
load_root(struct load *load, const char *path, struct source *source, const struct yaml **root)
{
	if (!source_read(source, load->arena, path, SOURCE_BYTES_MAX, load->diags))
		return false;
	*root = yaml_load(source, load->arena);
	return *root && want_kind(source, *root, YAML_MAP);
}

struct rule_draft *
rule_load(struct load *load, const char *path, const char *family, const char *name)
{
	struct rule_draft *draft = arena_alloc(load->arena, sizeof *draft);
	if (!load_root(load, path, &draft->source, &draft->root))
		return NULL;
	draft->is_good = true;
	draft->rule.file = draft->source.file;
	load_head(draft, family, name);
	load_detector(load, draft);
	check_keys(load, draft);
	load_body(load, draft);
	return draft;
}

void
rule_draft_free(struct rule_draft *draft)
{
	param_list_free(&draft->params);
}

/* name is the file's name without .yaml */
static bool
load_region(struct params_file *file, const struct yaml *root, const char *name)
{
	const struct yaml *region = want_member(&file->source, root, "region");
	if (!region || !want_kind(&file->source, region, YAML_SCALAR))
		return false;
	const char *text = region->text.data;
	if (strcmp(text, name) == 0 && strspn(name, "0123456789") == strlen(name)) {
		file->region = text;
		return true;
	}
	source_mistake(&file->source, region->at, NO_HINT, MISTAKE_region_differs, text, name);
	return false;
}

struct params_file *
params_file_load(struct load *load, const char *path, const char *name)
{
	static const char *const keys[] = {"region", "params", "basis"};
	struct params_file *file = arena_alloc(load->arena, sizeof *file);
	const struct yaml *root;
	if (!load_root(load, path, &file->source, &root))
		return NULL;
	const struct source *source = &file->source;
	bool is_good = want_keys(source, root, keys, COUNT(keys));
	file->region = "";
	is_good &= load_region(file, root, name);
	const struct yaml *basis = want_member(source, root, "basis"), *params = want_member(source, root, "params");
	is_good &= basis && basis_load(load, source, basis, &file->basis);
	is_good &= params && params_load(load, source, params, file->region, &file->basis, &file->params);
	if (is_good)
		return file;
	params_file_free(file);
	return NULL;
}

void
params_file_free(struct params_file *file)
{
	param_list_free(&file->params);
}
