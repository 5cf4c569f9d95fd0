/* Output files of replay. */
#include "replay/sink.h"

#include <errno.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

int
sink_open(struct sink *sink, const char *path, enum language language)
{
	*sink = (struct sink){.name = path, .language = language};
	if (!path)
		return OPTIONS_GO_ON;
	if (strcmp(path, "-") == 0) {
		sink->file = stdout;
		sink->name = language == LANGUAGE_ZH ? "标准输出" : "standard output";
		return OPTIONS_GO_ON;
	}
	sink->file = fopen(path, "wbe");
	if (!sink->file) {
		TELL(language, "建不了文件 %s：%s", "cannot create %s: %s", path, error_text(errno, language));
		return EX_CANTCREAT;
	}
	sink->owned = true;
	setvbuf(sink->file, NULL, _IOFBF, (size_t)1 << 18);
	return OPTIONS_GO_ON;
}

int
sink_open_at(struct sink *sink, const char *path, int64_t length, enum language language)
{
	struct stat status;
	*sink = (struct sink){.name = path, .language = language};
	sink->file = fopen(path, "r+be");
	if (!sink->file || fstat(fileno(sink->file), &status) != 0) {
		TELL(language, "打不开文件 %s：%s", "cannot open %s: %s", path, error_text(errno, language));
		return EX_CANTCREAT;
	}
	sink->owned = true;
	setvbuf(sink->file, NULL, _IOFBF, (size_t)1 << 18);
	if (!S_ISREG(status.st_mode))
		return OPTIONS_GO_ON;
	if (status.st_size < length) {
		TELL(language, "%s 比中断时短，接不下去", "%s is shorter than when the run was interrupted: it cannot go on", path);
		return EX_DATAERR;
	}
	if (ftruncate(fileno(sink->file), length) == 0 && fseeko(sink->file, length, SEEK_SET) == 0)
		return OPTIONS_GO_ON;
	TELL(language, "写不了 %s：%s", "cannot write %s: %s", path, error_text(errno, language));
	return EX_CANTCREAT;
}

static void
sink_fail(struct sink *sink, int error)
{
	if (!sink->failed)
		TELL(sink->language, "写不了 %s：%s", "cannot write %s: %s", sink->name, error_text(error, sink->language));
	sink->failed = true;
}

void
sink_line(struct sink *sink, struct slice text)
{
	if (!sink->file || sink->failed)
		return;
	if (fwrite(text.data, 1, text.length, sink->file) != text.length || putc('\n', sink->file) == EOF)
		sink_fail(sink, errno);
}

int
sink_close(struct sink *sink)
{
	if (!sink->file)
		return OPTIONS_GO_ON;
	if (fflush(sink->file) != 0)
		sink_fail(sink, errno);
	if (sink->owned && fclose(sink->file) != 0)
		sink_fail(sink, errno);
	sink->file = NULL;
	return sink->failed ? EX_IOERR : OPTIONS_GO_ON;
}
