/* A folder of rules and tables in memory for the fuzz targets, and the bytes of an input taken one by one. */
#ifndef FW_FUZZ_SCRATCH_H
#define FW_FUZZ_SCRATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch[64];

static const struct {
	const char *name, *text;
} table[] = {
	{"identity.csv", "region,code,class\n,1,dibao\n1405,1,orphan\n"},
	{"level.csv", "region,field,code,level\n,hosp_lv,1,tertiary\n"},
	{"medtype.csv", "region,code,set\n,11,outpatient\n,21,inpatient\n50,21,outpatient\n"},
	{"payment.csv", "region,field,code,set\n,clr_way,40,drg_dip\n"},
	{"pools.csv", "prefix,pool\n469,46\n"},
};
#define TABLES (sizeof table / sizeof table[0])

static void
write_file(const char *folder, const char *name, const char *text, size_t length)
{
	char path[160];
	snprintf(path, sizeof path, "%s/%s", scratch, folder);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/%s/%s", scratch, folder, name);
	FILE *file = fopen(path, "wb");
	if (!file || fwrite(text, 1, length, file) != length || fclose(file) != 0)
		abort();
}

static void
scratch_remove(void)
{
	char command[128];
	snprintf(command, sizeof command, "rm -r '%s'", scratch);
	if (system(command) != 0)
		perror(scratch);
}

/* The folder with the tables; removed at the end. */
static void
scratch_open(void)
{
	strcpy(scratch, access("/dev/shm", W_OK) == 0 ? "/dev/shm/fw_fuzz_XXXXXX" : "/tmp/fw_fuzz_XXXXXX");
	if (!mkdtemp(scratch))
		abort();
	atexit(scratch_remove);
	for (size_t i = 0; i < TABLES; i++)
		write_file("tables", table[i].name, table[i].text, strlen(table[i].text));
}

/* ---- what an input decides ---- */

struct bytes {
	const uint8_t *at;
	size_t left;
};

/* One of so many, 0 when the bytes are at their end. */
static inline unsigned
take(struct bytes *bytes, unsigned choices)
{
	if (bytes->left == 0)
		return 0;
	bytes->left--;
	return *bytes->at++ % choices;
}

/* The same from the end, for what must not move what the bytes in front decide. */
static inline unsigned
take_last(struct bytes *bytes, unsigned choices)
{
	return bytes->left ? bytes->at[--bytes->left] % choices : 0;
}

#endif
