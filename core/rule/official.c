/* What ties a rule to the official two libraries: the scenes in which it is used and the code of its class. */
#include "core/rule/load.h"

#include <string.h>

static const char *const scenes[] = RULE_SCENES;

bool
scenes_load(struct rule_draft *draft)
{
	const struct source *source = &draft->source;
	const struct yaml *list = yaml_get(draft->root, "scene");
	struct rule *rule = &draft->rule;
	bool has[COUNT(scenes)] = {false}, is_good = true;
	if (!list)
		return true;
	if (!want_kind(source, list, YAML_LIST) || !want_entries(source, list, COUNT(scenes)))
		return false;
	for (const struct yaml *item = list->first; item; item = item->next) {
		int word = want_word(source, item, scenes, COUNT(scenes));
		is_good &= word >= 0;
		if (word < 0)
			continue;
		if (has[word]) {
			source_mistake(source, item->at, NO_HINT, MISTAKE_scene_twice, scenes[word]);
			is_good = false;
		}
		has[word] = true;
	}
	for (size_t i = 0; i < COUNT(scenes); i++)
		if (has[i])
			rule->scene[rule->scenes++] = scenes[i];
	return is_good;
}

#define LIBRARY_BYTES 16        /* GZ or ZB and fourteen digits */
#define LIBRARY_STEM 6          /* up to the class: GZ1000 */

/* The family of a class of the libraries, NULL: the code has another form. */
static const char *
library_family(struct slice code)
{
	static const char *const families[] = {"policy", "management", "medical"};
	if (code.length != LIBRARY_BYTES || (memcmp(code.data, "GZ1000", LIBRARY_STEM) != 0 && memcmp(code.data, "ZB1000", LIBRARY_STEM) != 0))
		return NULL;
	if (strspn(code.data + 2, "0123456789") != LIBRARY_BYTES - 2)
		return NULL;
	int class = (code.data[LIBRARY_STEM] - '0') * 10 + code.data[LIBRARY_STEM + 1] - '0';
	return class >= 1 && class <= (int)COUNT(families) ? families[class - 1] : NULL;
}

bool
library_load(struct rule_draft *draft)
{
	const struct source *source = &draft->source;
	const struct yaml *node = yaml_get(draft->root, "library");
	struct rule *rule = &draft->rule;
	if (!node)
		return true;
	if (!want_kind(source, node, YAML_SCALAR))
		return false;
	const char *family = library_family(node->text);
	if (!family) {
		source_mistake(source, node->at, NO_HINT, MISTAKE_library_form);
		return false;
	}
	if (rule->family && strcmp(family, rule->family) != 0) {
		source_mistake(source, node->at, NO_HINT, MISTAKE_library_family, node->text.data, family, rule->family);
		return false;
	}
	rule->library = node->text.data;
	return true;
}
