/* `fundwatch fmt`: rule and parameter files in the one layout of the house.  Nothing is written before the whole set, with
 * the new texts in it, was loaded again and has the digest that it had. */
#include "replay/commands.h"
#include "replay/rewrite.h"
#include "replay/session.h"
#include "replay/sink.h"
#include "replay/text_diff.h"

#include "core/rule/layout.h"
#include "detectors/registry.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

struct fmt_options {
	struct common_options common;
	bool check, diff;
};

static const struct option_row fmt_row[] = {
	{"check", OPTION_FLAG, offsetof(struct fmt_options, check), NULL,
	    {"不写文件，列出会改动的文件；有则以 1 退出", "write nothing, name the files that would change; exit 1 when there is one"}, 0, 0, NULL},
	{"diff", OPTION_FLAG, offsetof(struct fmt_options, diff), NULL,
	    {"同 --check，并显示改动之处", "the same, and show what would change"}, 0, 0, NULL},
};

static const struct command_form fmt_form = {
	.name = "fmt", .operands = "[FILE|DIR]...", .operands_least = 0, .operands_most = SIZE_MAX,
	.summary = {"把规则、地区参数和不再报的告警的文件排成统一版式；注释、引号和含义不变。",
	    "Writes files of rules, parameters and suppressions in one layout; comments, quotes and meaning stay."},
	.row = fmt_row, .rows = sizeof fmt_row / sizeof fmt_row[0],
	.common = COMMON_RULES,
	.example = {
		{"fundwatch fmt", {"整理当前目录下的 rules/", "lays out rules/ in the current folder"}},
		{"fundwatch fmt --lang en --diff rules/policy/OP-CAP-001.yaml", {"只看这个文件会怎样改动", "shows what would change in that file"}}},
};

/* What an operand stands for: a rules folder, and which of its files are meant. */
struct target {
	struct buffer root, name;       /* name: begins the names of the set's files, "rules/policy/" */
	bool is_file;
};

struct work {
	const struct fmt_options *options;
	enum language language;
	struct target target;
	struct ruleset *set;
	struct buffer *text;            /* of each of the set's files, empty: as it was */
	struct sink sink;
	size_t seen, changed, unsafe;
};

/* ---- what is meant ---- */

static bool
is_family(const char *folder)
{
	static const char *const names[] = {"policy", "management", "medical", "fund", "params", "suppressions"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i], folder) == 0)
			return true;
	return false;
}

/* The folder that holds the path, as the user could have named it. */
static void
parent_of(struct buffer *path)
{
	char *slash = memrchr(path->data, '/', path->length);
	path->length = slash ? (size_t)(slash - path->data) : 0;
	if (slash && path->length == 0)
		path->length = 1;
	path->data[path->length] = '\0';
}

static void
set_text(struct buffer *buffer, const char *text)
{
	buffer->length = 0;
	buffer_printf(buffer, "%s", text);
}

/* Whether so many folders above the path cannot be told from its words. */
static bool
needs_whole_path(const char *path, size_t folders)
{
	size_t slashes = 0;
	for (const char *c = path; *c; c++)
		slashes += *c == '/';
	return slashes < folders || strstr(path, "..");
}

/* The operand without slashes at its end, and the whole path when the words say too little. */
static void
target_path(struct target *target, const char *operand, size_t folders)
{
	char *whole = needs_whole_path(operand, folders) ? realpath(operand, NULL) : NULL;
	set_text(&target->root, whole ? whole : operand);
	free(whole);
	while (target->root.length > 1 && target->root.data[target->root.length - 1] == '/')
		target->root.data[--target->root.length] = '\0';
}

static bool
is_family_folder(const char *path)
{
	char *whole = realpath(path, NULL);
	const char *slash = whole ? strrchr(whole, '/') : NULL;
	bool is_one = slash && is_family(slash + 1);
	free(whole);
	return is_one;
}

/* From "rules/policy/X.yaml" the root "rules" and the name "rules/policy/X.yaml", whatever the root is called. */
static void
target_split(struct target *target, size_t folders)
{
	struct buffer *root = &target->root;
	char *path = memory_get(root->length + 1, 1);
	memcpy(path, root->data, root->length);
	for (size_t i = 0; i < folders; i++)
		parent_of(root);
	size_t skip = root->length ? root->length + (root->data[root->length - 1] != '/') : 0;
	target->name.length = 0;
	buffer_printf(&target->name, "rules/%s%s", path + skip, target->is_file ? "" : "/");
	free(path);
}

/* False: errno says why. */
static bool
target_find(struct target *target, const char *operand)
{
	struct stat status;
	if (stat(operand, &status) != 0)
		return false;
	target->is_file = !S_ISDIR(status.st_mode);
	if (!target->is_file && !is_family_folder(operand)) {
		set_text(&target->root, operand);
		set_text(&target->name, "rules/");
		return true;
	}
	size_t folders = target->is_file ? 2 : 1;
	target_path(target, operand, folders);
	target_split(target, folders);
	return true;
}

static bool
is_meant(const struct target *target, const struct ruleset_file *file)
{
	struct slice name = slice_of(file->name), wanted = {target->name.data, target->name.length};
	return layout_knows(file) && (target->is_file ? slice_equal(name, wanted) : slice_starts_with(name, wanted));
}

static const char *
path_of(const struct work *work, const struct ruleset_file *file)
{
	const char *root = work->target.root.data;
	return arena_printf(&work->set->arena, "%s%s%s", root, root[strlen(root) - 1] == '/' ? "" : "/", file->name + strlen("rules/"));
}

/* ---- laying out ---- */

static void
lay_out(struct work *work, size_t i)
{
	const struct ruleset_file *file = &work->set->file[i];
	struct buffer *text = &work->text[i];
	work->seen++;
	if (layout_file(work->set, file, text) == LAYOUT_UNSAFE) {
		work->unsafe++;
		text->length = 0;
		TELL(work->language, "%s：排版后含义不能保证不变，文件未动", "%s: laid out, it might not mean the same; the file is left alone",
		    path_of(work, file));
	} else if (slice_equal(file->bytes, (struct slice){text->data, text->length})) {
		text->length = 0;
	}
	work->changed += text->length > 0;
}

/* ---- the proof ---- */

static int
remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

static bool
make_folders(const char *path)
{
	struct buffer folder = {0};
	bool is_good = true;
	for (const char *slash = strchr(path + 1, '/'); slash && is_good; slash = strchr(slash + 1, '/')) {
		folder.length = 0;
		buffer_printf(&folder, "%.*s", (int)(slash - path), path);
		is_good = mkdir(folder.data, 0700) == 0 || errno == EEXIST;
	}
	buffer_free(&folder);
	return is_good;
}

static bool
copy_set(const struct work *work, const char *folder)
{
	struct ruleset *set = work->set;
	for (size_t i = 0; i < set->files; i++) {
		const struct buffer *text = &work->text[i];
		const char *path = arena_printf(&set->arena, "%s/%s", folder, set->file[i].name);
		struct slice bytes = text->length ? (struct slice){text->data, text->length} : set->file[i].bytes;
		if (!make_folders(path) || !write_file(path, bytes))
			return false;
	}
	return true;
}

/* The set with the new texts in place of the old ones, loaded from a folder of its own: is it the same set?  An exit code after
 * telling why not. */
static int
prove(const struct work *work)
{
	const char *temporary = getenv("TMPDIR");
	char *folder = arena_printf(&work->set->arena, "%s/fundwatch-fmt-XXXXXX", temporary && *temporary ? temporary : "/tmp");
	if (!mkdtemp(folder)) {
		TELL(work->language, "建不了临时目录 %s：%s", "cannot create the folder %s: %s", folder, error_text(errno, work->language));
		return EX_CANTCREAT;
	}
	int result = OPTIONS_GO_ON;
	struct diags diags = {0};
	if (!copy_set(work, folder)) {
		TELL(work->language, "写不了 %s：%s", "cannot write %s: %s", folder, error_text(errno, work->language));
		result = EX_IOERR;
	} else {
		struct ruleset *again = ruleset_load(detectors_registry(), arena_printf(&work->set->arena, "%s/rules", folder),
		    arena_printf(&work->set->arena, "%s/tables", folder), &diags);
		if (!again || strcmp(again->digest, work->set->digest) != 0) {
			TELL(work->language, "%s：排版后的规则集与原来不同，没有写任何文件", "%s: laid out, the ruleset is another one; nothing was written",
			    work->target.root.data);
			result = EX_SOFTWARE;
		}
		ruleset_free(again);
	}
	diags_free(&diags);
	nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	return result;
}

/* ---- writing ---- */

/* Files of suppressions are named only: they hold numbers of persons, which are never printed. */
static void
say(struct work *work, const char *path, const struct ruleset_file *file, const struct buffer *text)
{
	struct buffer out = {0};
	if (work->options->diff && !strstr(file->name, "/suppressions/"))
		text_diff(path, file->bytes, (struct slice){text->data, text->length}, &out);
	else
		buffer_printf(&out, "%s\n", path);
	sink_line(&work->sink, (struct slice){out.data, out.length - 1});
	buffer_free(&out);
}

static int
write_changed(struct work *work)
{
	bool is_dry = work->options->check || work->options->diff;
	for (size_t i = 0; i < work->set->files; i++) {
		const struct buffer *text = &work->text[i];
		const char *path = path_of(work, &work->set->file[i]);
		if (text->length == 0)
			continue;
		if (!is_dry && !rewrite_file(path, (struct slice){text->data, text->length})) {
			TELL(work->language, "写不了 %s：%s", "cannot write %s: %s", path, error_text(errno, work->language));
			return EX_IOERR;
		}
		say(work, path, &work->set->file[i], text);
	}
	return OPTIONS_GO_ON;
}

static int
fmt_set(struct work *work)
{
	size_t changed = work->changed;
	for (size_t i = 0; i < work->set->files; i++)
		if (is_meant(&work->target, &work->set->file[i]))
			lay_out(work, i);
	int result = work->changed > changed ? prove(work) : OPTIONS_GO_ON;
	return result == OPTIONS_GO_ON ? write_changed(work) : result;
}

static int
fmt_target(struct work *work, const char *operand)
{
	if (!target_find(&work->target, operand)) {
		TELL(work->language, "读不了 %s：%s", "cannot read %s: %s", operand, error_text(errno, work->language));
		return EX_NOINPUT;
	}
	size_t seen = work->seen;
	work->set = rules_open(&work->options->common, work->target.root.data);
	if (!work->set)
		return EX_CONFIG;
	work->text = memory_get(work->set->files, sizeof *work->text);
	int result = fmt_set(work);
	if (result == OPTIONS_GO_ON && work->seen == seen) {
		TELL(work->language, "%s 不是规则集 %s 里的文件", "%s is no file of the rules in %s", operand, work->target.root.data);
		result = EX_NOINPUT;
	}
	for (size_t i = 0; i < work->set->files; i++)
		buffer_free(&work->text[i]);
	free(work->text);
	ruleset_free(work->set);
	return result;
}

static int
run_fmt(struct work *work, const struct operands *operands)
{
	int result = operands->count ? OPTIONS_GO_ON : fmt_target(work, options_rules(&work->options->common));
	for (size_t i = 0; i < operands->count && result == OPTIONS_GO_ON; i++)
		result = fmt_target(work, operands->item[i]);
	buffer_free(&work->target.root);
	buffer_free(&work->target.name);
	return result;
}

static void
print_counts(const struct work *work, bool is_dry)
{
	if (is_dry)
		TELL(work->language, "文件 %zu 个，会改动 %zu 个", "files %zu, would change %zu", work->seen, work->changed);
	else
		TELL(work->language, "文件 %zu 个，改动 %zu 个", "files %zu, changed %zu", work->seen, work->changed);
}

int
command_fmt(int argc, char **argv)
{
	struct fmt_options options = {0};
	struct operands operands;
	int result = options_parse(&fmt_form, argc, argv, &options, &operands);
	if (result != OPTIONS_GO_ON)
		return result;
	struct work work = {.options = &options, .language = (enum language)options.common.language};
	sink_open(&work.sink, "-", work.language);
	result = run_fmt(&work, &operands);
	bool is_dry = options.check || options.diff;
	if (sink_close(&work.sink) != OPTIONS_GO_ON)
		result = EX_IOERR;
	if (result == OPTIONS_GO_ON && !options.common.quiet)
		print_counts(&work, is_dry);
	if (result == OPTIONS_GO_ON)
		result = work.unsafe ? EX_SOFTWARE : is_dry && work.changed ? EXIT_ALERTS : EX_OK;
	options_free(&fmt_form, &options, &operands);
	return result;
}
