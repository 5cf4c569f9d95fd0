/* PRIVATE to core/rule: a rule while it is loaded.  Everything that a diagnostic may need is kept until the set is
 * whole; what the running set needs is in struct rule. */
#ifndef FW_LOAD_H
#define FW_LOAD_H

#include "core/base/buffer.h"
#include "core/rule/expression.h"
#include "core/rule/trial.h"
#include "core/rule/wants.h"

#define RULE_FAMILIES {"policy", "management", "medical", "fund"}
#define RULE_GRADES {"violation", "suspicious", "clue"}
#define RULE_SEVERITIES {"low", "medium", "high", "critical"}
#define RULE_STAGES {"before", "during", "after"}
#define RULE_SCENES {"outpatient", "inpatient", "pharmacy", "internet", "cross_region"}
#define RULE_MODES {[MODE_ENFORCE] = "enforce", [MODE_SHADOW] = "shadow", [MODE_OFF] = "off"}

struct load {
	struct ruleset *set;
	struct arena *arena;            /* the set's */
	const struct detector_registry *registry;
	struct diags *diags;
	struct expressions expressions;
	const struct param_override *override;
	size_t overrides;
};

struct basis_list {
	struct basis *basis;
	struct extent *at;
	bool *is_used;
	size_t count;
};

struct row_draft {
	struct param_row row;
	const struct source *source;
	struct extent at, value_at;
};

struct param_draft {
	const char *name;
	enum param_unit unit;
	struct extent at;
	struct row_draft *row;          /* malloc'd while it grows */
	size_t rows, slots;
	bool is_used;                   /* a setting names it */
};

struct param_list {
	struct param_draft *param;
	size_t count;
};

struct rule_draft {
	struct rule rule;
	struct source source;
	const struct yaml *root;
	struct basis_list basis;
	struct param_list params;
	bool is_good;                   /* so far without mistakes of its own */
};

struct params_file {
	struct source source;
	const char *region;
	struct basis_list basis;
	struct param_list params;
};

/* load.c: one file each.  NULL: reported. */
struct rule_draft *rule_load(struct load *, const char *path, const char *family, const char *name);
struct params_file *params_file_load(struct load *, const char *path, const char *name);
void rule_draft_free(struct rule_draft *);
void params_file_free(struct params_file *);

/* params.c */
bool basis_load(struct load *, const struct source *, const struct yaml *, struct basis_list *);
bool params_load(struct load *, const struct source *, const struct yaml *, const char *region, struct basis_list *,
    struct param_list *);
void param_list_free(struct param_list *);
/* Rows of the region files into every rule that declares the parameter.  A parameter that no rule declares is only
 * reported when every rule file could be read. */
void params_join(struct load *, struct rule_draft **, size_t rules, struct params_file **, size_t files, bool has_all_rules);
/* Overlaps, gaps, floors; then the rows and bases into rule.param and rule.basis. */
void params_settle(struct load *, struct rule_draft *);
extern const char *const param_unit_names[4];

/* The row's value and its text; false: reported. */
bool param_row_value(struct load *, const struct source *, const struct yaml *, enum param_unit, struct param_row *);

/* variant.c: the values of load->override into the rows that they name, before the rows are settled. */
void variant_apply(struct load *, struct rule_draft *);

/* repeat.c: repeat_after and group, how often and together with what an alert is told. */
bool repeat_load(struct rule_draft *);
void repeat_print(struct buffer *, const struct rule *);

/* layers.c: what rows of a longer region may not do beside those of a shorter one, in whatever file either stands. */
void layers_check(const struct param_draft *);

/* settings.c: fills rule.config and rule.settings_text.  False: reported. */
bool settings_load(struct load *, struct rule_draft *);
size_t settings_names(const struct detector *, const char **list);

/* bands.c, exclude.c, official.c: keys that a rule may leave out.  False: reported. */
bool bands_load(struct load *, struct rule_draft *);
void bands_print(struct buffer *, const struct rule *);
/* After `where` was compiled: rule.where becomes the condition without what is excluded. */
bool exclusions_load(struct load *, struct rule_draft *);
void exclusions_print(struct buffer *, const struct ruleset *, const struct rule *);
/* After the matcher's own answers: takes the excluded claims out of the conditions that exclude some. */
void exclusions_apply(const struct ruleset *, uint64_t *truth, uint64_t *falsehood);
bool scenes_load(struct rule_draft *);
bool library_load(struct rule_draft *);

/* evidence.c */
bool evidence_check(struct load *, struct rule_draft *, const struct yaml *, const char *text);

/* trial.c: the tests inside a rule. */
bool tests_load(struct load *, struct rule_draft *, const struct yaml *);

#endif
