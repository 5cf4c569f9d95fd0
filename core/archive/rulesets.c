/* DIR/rulesets/DIGEST: the files that a ruleset was loaded from, byte for byte, and a manifest of their SHA-256 that
 * `sha256sum -c` reads.  A folder is filled under a temporary name and renamed when all of it is on disk. */
#include "core/archive/rulesets.h"

#include "core/archive/segment.h"
#include "core/archive/store.h"
#include "core/base/digest.h"
#include "core/base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_DIGITS (2 * DIGEST_BYTES)

static bool
is_digest(struct slice text)
{
	if (text.length != HASH_DIGITS)
		return false;
	for (size_t i = 0; i < text.length; i++)
		if (!((text.data[i] >= '0' && text.data[i] <= '9') || (text.data[i] >= 'a' && text.data[i] <= 'f')))
			return false;
	return true;
}

/* ---- storing ---- */

/* The folders on the way to base/name, name without its last part. */
static int
folders_make(const char *base, const char *name)
{
	char path[PATH_BYTES];
	for (const char *slash = name; (slash = strchr(slash, '/')); slash++) {
		path_join(path, base, name);
		if (path[0])
			path[strlen(base) + 1 + (size_t)(slash - name)] = '\0';
		int error = store_make_folder(path);
		if (error)
			return error;
	}
	return 0;
}

static int
file_store(const char *base, const struct ruleset_file *file, struct buffer *manifest)
{
	char path[PATH_BYTES], text[DIGEST_TEXT_SIZE];
	uint8_t hash[DIGEST_BYTES];
	path_join(path, base, file->name);
	sha256(file->bytes.data, file->bytes.length, hash);
	buffer_printf(manifest, "%s  %s\n", hex_text(hash, DIGEST_BYTES, text), file->name);
	int error = folders_make(base, file->name);
	return error ? error : store_file(path, file->bytes, true);
}

static int
all_store(const char *base, const struct ruleset *set)
{
	char path[PATH_BYTES];
	struct buffer manifest = {0};
	int error = store_make_folder(base);
	path_join(path, base, "rules");
	if (!error)
		error = store_make_folder(path);
	path_join(path, base, "tables");
	if (!error)
		error = store_make_folder(path);
	for (size_t i = 0; !error && i < set->files; i++)
		error = file_store(base, &set->file[i], &manifest);
	path_join(path, base, "manifest");
	if (!error)
		error = store_file(path, (struct slice){manifest.data, manifest.length}, true);
	buffer_free(&manifest);
	return error;
}

int
archive_store_ruleset(const char *dir, const struct ruleset *set)
{
	char path[PATH_BYTES], base[PATH_BYTES], final[PATH_BYTES], rules[PATH_BYTES], tables[PATH_BYTES], name[DIGEST_TEXT_SIZE + 4];
	if (archive_ruleset_paths(dir, slice_of(set->digest), rules, tables))
		return 0;
	int error = store_make_folder(dir);
	path_join(path, dir, "rulesets");
	if (!error)
		error = store_make_folder(path);
	snprintf(name, sizeof name, "%s.tmp", set->digest);
	path_join(base, path, name);
	path_join(final, path, set->digest);
	if (!error)
		error = store_remove_folder(base);              /* of one who died at it */
	if (!error)
		error = all_store(base, set);
	if (!error)
		error = store_remove_folder(final);             /* damaged: found so above */
	if (!error && rename(base, final) != 0)
		error = errno;
	if (!error)
		error = store_sync_folder(path);
	return error ? error : store_sync_folder(dir);
}

/* ---- checking ---- */

struct manifest {
	struct buffer text;
	size_t at;
};

/* The next line: hash and name; false at the end, and then *good says whether all lines were well formed. */
static bool
manifest_next(struct manifest *manifest, struct slice *hash, char name[PATH_BYTES], bool *good)
{
	const char *line = manifest->text.data + manifest->at;
	size_t left = manifest->text.length - manifest->at;
	const char *end = left ? memchr(line, '\n', left) : NULL;
	*good = left == 0;
	if (!end)
		return false;
	size_t length = (size_t)(end - line);
	*hash = (struct slice){line, HASH_DIGITS};
	if (length <= HASH_DIGITS + 2 || length - HASH_DIGITS - 2 >= PATH_BYTES || !is_digest(*hash)
	    || memcmp(line + HASH_DIGITS, "  ", 2) != 0)
		return false;
	memcpy(name, line + HASH_DIGITS + 2, length - HASH_DIGITS - 2);
	name[length - HASH_DIGITS - 2] = '\0';
	manifest->at += length + 1;
	return true;
}

static bool
file_fits(const char *base, const char *name, struct slice hash)
{
	char path[PATH_BYTES], text[DIGEST_TEXT_SIZE];
	uint8_t value[DIGEST_BYTES];
	struct buffer bytes = {0};
	if (strstr(name, "..") || (strncmp(name, "rules/", 6) != 0 && strncmp(name, "tables/", 7) != 0))
		return false;
	path_join(path, base, name);
	bool good = store_read(path, &bytes) == 0;
	sha256(bytes.data, bytes.length, value);
	buffer_free(&bytes);
	return good && slice_equal(slice_of(hex_text(value, DIGEST_BYTES, text)), hash);
}

/* Files in a stored ruleset, its folders gone through; the manifest is not counted. */
static size_t
files_count(const char *path)
{
	size_t count = 0;
	DIR *folder = opendir(path);
	const struct dirent *entry;
	if (!folder)
		return 0;
	while ((entry = readdir(folder))) {
		char below[PATH_BYTES];
		struct stat status;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		path_join(below, path, entry->d_name);
		if (lstat(below, &status) == 0)
			count += S_ISDIR(status.st_mode) ? files_count(below) : 1;
	}
	closedir(folder);
	return count;
}

/* The first damage of a stored ruleset, in bad; false: there is one. */
static bool
ruleset_check(const char *base, char bad[PATH_BYTES])
{
	char path[PATH_BYTES];
	struct manifest manifest = {0};
	struct slice hash;
	size_t files = 0;
	bool good = false, fits = true;
	path_join(path, base, "manifest");
	snprintf(bad, PATH_BYTES, "manifest");
	if (store_read(path, &manifest.text) == 0)
		while (fits && manifest_next(&manifest, &hash, bad, &good)) {
			fits = file_fits(base, bad, hash);
			files++;
		}
	buffer_free(&manifest.text);
	if (!fits)
		return false;
	snprintf(bad, PATH_BYTES, "manifest");
	return good && files && files_count(base) == files + 1;
}

bool
archive_ruleset_paths(const char *dir, struct slice digest, char rules[4096], char tables[4096])
{
	char all[PATH_BYTES], base[PATH_BYTES], bad[PATH_BYTES], name[DIGEST_TEXT_SIZE];
	if (!is_digest(digest))
		return false;
	memcpy(name, digest.data, digest.length);
	name[digest.length] = '\0';
	path_join(all, dir, "rulesets");
	path_join(base, all, name);
	path_join(rules, base, "rules");
	path_join(tables, base, "tables");
	return ruleset_check(base, bad);
}

size_t
rulesets_verify(const char *dir, struct diags *diags)
{
	char path[PATH_BYTES], base[PATH_BYTES], bad[PATH_BYTES];
	size_t damages = 0;
	path_join(path, dir, "rulesets");
	DIR *folder = opendir(path);
	const struct dirent *entry;
	if (!folder)
		return 0;
	while ((entry = readdir(folder))) {
		if (!is_digest(slice_of(entry->d_name)))
			continue;
		path_join(base, path, entry->d_name);
		if (ruleset_check(base, bad))
			continue;
		tell(diags, base, say(diags, "存放的规则集已损坏：%s", bad), say(diags, "the stored ruleset is damaged: %s", bad));
		damages++;
	}
	closedir(folder);
	return damages;
}
