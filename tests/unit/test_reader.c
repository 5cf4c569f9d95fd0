/* The line reader: every form of input, every place where a block may end. */
#include "core/claim/decode.h"
#include "replay/reader.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define LIMIT ((size_t)1 << 20)

/* A file that is only in memory; the path opens it from its start. */
static char *
file_of(int *descriptor, const void *bytes, size_t length)
{
	static char path[64];
	*descriptor = memfd_create("reader", 0);
	ck_assert_int_ge(*descriptor, 0);
	for (size_t done = 0; done < length;) {
		ssize_t wrote = write(*descriptor, (const char *)bytes + done, length - done);
		ck_assert_int_gt(wrote, 0);
		done += (size_t)wrote;
	}
	snprintf(path, sizeof path, "/proc/self/fd/%d", *descriptor);
	return path;
}

struct text {
	char *data;
	size_t length;
};

static void
text_add(struct text *text, const void *data, size_t length)
{
	text->data = realloc(text->data, text->length + length + 1);
	ck_assert_ptr_nonnull(text->data);
	memcpy(text->data + text->length, data, length);
	text->length += length;
	text->data[text->length] = '\0';
}

static struct text
gzip_of(const void *data, size_t length)
{
	z_stream stream = {0};
	ck_assert_int_eq(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	struct text out = {malloc(length + length / 100 + 100), 0};
	stream.next_in = (Bytef *)(uintptr_t)data;
	stream.avail_in = (uInt)length;
	stream.next_out = (Bytef *)out.data;
	stream.avail_out = (uInt)(length + length / 100 + 100);
	ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
	out.length = stream.total_out;
	deflateEnd(&stream);
	return out;
}

static struct text
zstd_of(const void *data, size_t length)
{
	struct text out = {malloc(ZSTD_compressBound(length)), 0};
	out.length = ZSTD_compress(out.data, ZSTD_compressBound(length), data, length, 3);
	ck_assert(!ZSTD_isError(out.length));
	return out;
}

/* Everything of a file as "number:length:first bytes\n", in batches of that size. */
static struct text
read_all(const char *path, size_t limit, size_t batch, enum reader_state *state)
{
	struct text all = {NULL, 0};
	int error;
	struct reader *reader = reader_open(path, limit, &error);
	ck_assert_ptr_nonnull(reader);
	struct line *lines = calloc(batch, sizeof *lines);
	volatile unsigned char sum = 0;
	for (size_t count; (count = reader_lines(reader, lines, batch)) > 0;)
		for (size_t i = 0; i < count; i++) {
			char head[64];
			int length = snprintf(head, sizeof head, "%lld:%zu:", (long long)lines[i].number, lines[i].length);
			text_add(&all, head, (size_t)length);
			text_add(&all, lines[i].bytes, lines[i].length < 40 ? lines[i].length : 40);
			text_add(&all, "\n", 1);
			for (size_t k = 0; k < lines[i].length + RECORD_PADDING; k++)   /* all of it can be read */
				sum = (unsigned char)(sum + (unsigned char)lines[i].bytes[k]);
		}
	*state = reader_state(reader);
	free(lines);
	reader_close(reader);
	if (!all.data)
		text_add(&all, "", 0);
	return all;
}

static void
expect(const void *bytes, size_t length, size_t limit, const char *lines, enum reader_state state)
{
	for (size_t batch = 1; batch <= 4; batch++) {
		int descriptor;
		enum reader_state found;
		struct text all = read_all(file_of(&descriptor, bytes, length), limit, batch, &found);
		ck_assert_str_eq(all.data, lines);
		ck_assert_int_eq(found, state);
		free(all.data);
		close(descriptor);
	}
}

static void
expect_text(const char *text, const char *lines)
{
	expect(text, strlen(text), LIMIT, lines, READER_ENDED);
}

START_TEST(test_lines)
{
	expect_text("", "");
	expect_text("\n", "");
	expect_text("{}", "1:2:{}\n");
	expect_text("{}\n", "1:2:{}\n");
	expect_text("{\"a\":1}\n\n \t\n{}\n\r\n\nx", "1:7:{\"a\":1}\n4:2:{}\n7:1:x\n");
	expect_text("a\r\nb\r\n", "1:2:a\r\n2:2:b\r\n");
}
END_TEST

START_TEST(test_byte_order_mark)
{
	expect_text("\xEF\xBB\xBF{}\n{}\n", "1:2:{}\n2:2:{}\n");
	expect_text("\xEF\xBB\xBF", "");
	expect_text("\xEF\xBB\xBF\n{}", "2:2:{}\n");
	expect_text("{}\n\xEF\xBB\xBF{}\n", "1:2:{}\n2:5:\xEF\xBB\xBF{}\n");
	expect_text("\n\xEF\xBB\xBF{}\n", "2:5:\xEF\xBB\xBF{}\n");
}
END_TEST

/* A line of just the limit is whole, of more is cut to limit + 1, and the lines behind it keep their numbers. */
START_TEST(test_too_long)
{
	for (size_t extra = 0; extra < 3; extra++) {
		struct text text = {NULL, 0}, want = {NULL, 0};
		text_add(&text, "a\n", 2);
		for (size_t i = 0; i < 100 + extra; i++)
			text_add(&text, "x", 1);
		text_add(&text, "\nb\n", 3);
		char line[128];
		int length = snprintf(line, sizeof line, "1:1:a\n2:%d:%.40s\n3:1:b\n", extra ? 101 : 100,
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
		text_add(&want, line, (size_t)length);
		expect(text.data, text.length, 100, want.data, READER_ENDED);
		free(text.data);
		free(want.data);
	}
}
END_TEST

/* Far longer than a batch may hold, in the middle and at the end without newline. */
START_TEST(test_endless_line)
{
	size_t length = (size_t)70 << 20;
	char *bytes = malloc(length);
	memset(bytes, 'x', length);
	memcpy(bytes, "a\n", 2);
	size_t middle = length - (LIMIT + 10);
	memcpy(bytes + middle, "\nb\n", 3);
	char want[256];
	snprintf(want, sizeof want, "1:1:a\n2:%zu:%.40s\n3:1:b\n4:%zu:%.40s\n", LIMIT + 1, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	    LIMIT + 1, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	int descriptor;
	enum reader_state state;
	struct text all = read_all(file_of(&descriptor, bytes, length), LIMIT, 4096, &state);
	ck_assert_str_eq(all.data, want);
	ck_assert_int_eq(state, READER_ENDED);
	free(all.data);
	free(bytes);
	close(descriptor);
}
END_TEST

/* Many lines of odd lengths over several blocks; line i has (i * 7919) % 5000 + 1 bytes of a letter that is its own. */
static struct text
many_lines(size_t count)
{
	struct text text = {NULL, 0};
	char line[5001];
	for (size_t i = 0; i < count; i++) {
		size_t length = i * 7919 % 5000 + 1;
		memset(line, 'a' + (int)(i % 26), length);
		line[length] = '\n';
		text_add(&text, line, length + 1);
	}
	return text;
}

static size_t
check_many(const char *path, size_t batch)
{
	int error;
	struct reader *reader = reader_open(path, LIMIT, &error);
	ck_assert_ptr_nonnull(reader);
	struct line *lines = calloc(batch, sizeof *lines);
	size_t seen = 0;
	for (size_t count; (count = reader_lines(reader, lines, batch)) > 0;)
		for (size_t i = 0; i < count; i++, seen++) {
			ck_assert_int_eq(lines[i].number, (int64_t)seen + 1);
			ck_assert_uint_eq(lines[i].length, seen * 7919 % 5000 + 1);
			for (size_t k = 0; k < lines[i].length; k++)
				if (lines[i].bytes[k] != 'a' + (int)(seen % 26))
					ck_abort_msg("line %zu byte %zu", seen + 1, k);
		}
	ck_assert_int_eq(reader_state(reader), READER_ENDED);
	ck_assert_uint_eq(reader_bytes(reader), reader_size(reader));
	free(lines);
	reader_close(reader);
	return seen;
}

START_TEST(test_blocks)
{
	const size_t count = 3000, batches[] = {1, 7, 4096};
	struct text text = many_lines(count), gzip = gzip_of(text.data, text.length), zstd = zstd_of(text.data, text.length);
	const struct text forms[] = {text, gzip, zstd};
	for (size_t f = 0; f < 3; f++)
		for (size_t b = 0; b < 3; b++) {
			int descriptor;
			ck_assert_uint_eq(check_many(file_of(&descriptor, forms[f].data, forms[f].length), batches[b]), count);
			close(descriptor);
		}
	free(text.data);
	free(gzip.data);
	free(zstd.data);
}
END_TEST

/* Several members or frames, empty ones too, and zeros behind a gzip file. */
START_TEST(test_members)
{
	struct text a = gzip_of("{}\n{", 4), none = gzip_of("", 0), b = gzip_of("}\n", 2), all = {NULL, 0};
	text_add(&all, a.data, a.length);
	text_add(&all, none.data, none.length);
	text_add(&all, b.data, b.length);
	expect(all.data, all.length, LIMIT, "1:2:{}\n2:2:{}\n", READER_ENDED);
	text_add(&all, "\0\0\0\0\0", 5);
	expect(all.data, all.length, LIMIT, "1:2:{}\n2:2:{}\n", READER_ENDED);
	text_add(&all, "garbage", 7);
	expect(all.data, all.length, LIMIT, "1:2:{}\n2:2:{}\n", READER_CORRUPT);
	struct text za = zstd_of("{}\n{", 4), zb = zstd_of("}\n", 2);
	all.length = 0;
	text_add(&all, za.data, za.length);
	text_add(&all, zb.data, zb.length);
	expect(all.data, all.length, LIMIT, "1:2:{}\n2:2:{}\n", READER_ENDED);
	text_add(&all, "garbage", 7);
	expect(all.data, all.length, LIMIT, "1:2:{}\n2:2:{}\n", READER_CORRUPT);
	free(a.data);
	free(none.data);
	free(b.data);
	free(za.data);
	free(zb.data);
	free(all.data);
}
END_TEST

/* Cut anywhere, a compressed file is truncated (never ended, never a line that was not whole). */
START_TEST(test_truncated)
{
	const char text[] = "{\"a\":1}\n{\"b\":2}\n";
	struct text forms[] = {gzip_of(text, sizeof text - 1), zstd_of(text, sizeof text - 1)};
	const size_t least[] = {2, 4};
	for (size_t f = 0; f < 2; f++)
		for (size_t cut = least[f]; cut < forms[f].length; cut++) {
			int descriptor;
			enum reader_state state;
			struct text all = read_all(file_of(&descriptor, forms[f].data, cut), LIMIT, 4, &state);
			ck_assert_int_eq(state, READER_TRUNCATED);
			ck_assert(strcmp(all.data, "") == 0 || strcmp(all.data, "1:7:{\"a\":1}\n") == 0
			    || strcmp(all.data, "1:7:{\"a\":1}\n2:7:{\"b\":2}\n") == 0);
			free(all.data);
			close(descriptor);
		}
	free(forms[0].data);
	free(forms[1].data);
}
END_TEST

START_TEST(test_corrupt)
{
	struct text text = many_lines(200), gzip = gzip_of(text.data, text.length);
	gzip.data[gzip.length - 6] ^= 1;        /* the check sum */
	int descriptor;
	enum reader_state state;
	struct text all = read_all(file_of(&descriptor, gzip.data, gzip.length), LIMIT, 64, &state);
	ck_assert_int_eq(state, READER_CORRUPT);
	ck_assert_ptr_nonnull(strstr(all.data, "\n200:"));
	free(all.data);
	free(text.data);
	free(gzip.data);
	close(descriptor);
}
END_TEST

START_TEST(test_open_errors)
{
	int error = 0;
	ck_assert_ptr_null(reader_open("/nowhere/at/all", LIMIT, &error));
	ck_assert_int_eq(error, ENOENT);
	ck_assert_ptr_null(reader_open("/", LIMIT, &error));
	ck_assert_int_eq(error, EISDIR);
}
END_TEST

/* A pipe of which little comes at a time. */
START_TEST(test_prompt)
{
	int ends[2], error;
	char path[64];
	struct line lines[8];
	ck_assert_int_eq(pipe(ends), 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
	struct reader *reader = reader_open(path, LIMIT, &error);
	ck_assert_ptr_nonnull(reader);
	reader_prompt(reader, false);
	ck_assert_int_eq(write(ends[1], "{\"a\":1}\n{\"b", 11), 11);
	ck_assert_uint_eq(reader_lines(reader, lines, 8), 1);
	ck_assert_int_eq(memcmp(lines[0].bytes, "{\"a\":1}", 7), 0);
	ck_assert_int_eq(write(ends[1], "\":2", 3), 3);
	ck_assert_uint_eq(reader_lines(reader, lines, 8), 0);
	ck_assert_int_eq(reader_state(reader), READER_GOING);
	ck_assert_int_eq(write(ends[1], "}\n{}\nx", 6), 6);
	ck_assert_uint_eq(reader_lines(reader, lines, 8), 2);
	ck_assert_int_eq(memcmp(lines[0].bytes, "{\"b\":2}", 7), 0);
	ck_assert_int_eq(lines[1].number, 3);
	close(ends[1]);
	ck_assert_uint_eq(reader_lines(reader, lines, 8), 1);
	ck_assert_int_eq(lines[0].number, 4);
	ck_assert_uint_eq(reader_lines(reader, lines, 8), 0);
	ck_assert_int_eq(reader_state(reader), READER_ENDED);
	reader_close(reader);
	close(ends[0]);
}
END_TEST

START_TEST(test_follow)
{
	int descriptor, error;
	struct line lines[8];
	char *path = file_of(&descriptor, "", 0);
	struct reader *reader = reader_open(path, LIMIT, &error);
	ck_assert_ptr_nonnull(reader);
	reader_prompt(reader, true);
	ck_assert_uint_eq(reader_lines(reader, lines, 8), 0);
	ck_assert_int_eq(reader_state(reader), READER_GOING);
	ck_assert_int_eq(write(descriptor, "{\"a\":1}\n{\"b", 11), 11);
	ck_assert_uint_eq(reader_lines(reader, lines, 8), 1);
	ck_assert_uint_eq(reader_lines(reader, lines, 8), 0);
	ck_assert_int_eq(write(descriptor, "\":2}\n", 5), 5);
	ck_assert_uint_eq(reader_lines(reader, lines, 8), 1);
	ck_assert_uint_eq(lines[0].length, 7);
	ck_assert_int_eq(lines[0].number, 2);
	ck_assert_int_eq(ftruncate(descriptor, 0), 0);
	ck_assert_uint_eq(pwrite(descriptor, "{}\n", 3, 0), 3);
	ck_assert_uint_eq(reader_lines(reader, lines, 8), 0);
	ck_assert_uint_eq(reader_lines(reader, lines, 8), 1);
	ck_assert_int_eq(lines[0].number, 1);
	ck_assert_uint_eq(lines[0].length, 2);
	reader_close(reader);
	close(descriptor);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("reader");
	tcase_add_test(tests, test_lines);
	tcase_add_test(tests, test_byte_order_mark);
	tcase_add_test(tests, test_too_long);
	tcase_add_test(tests, test_endless_line);
	tcase_add_test(tests, test_blocks);
	tcase_add_test(tests, test_members);
	tcase_add_test(tests, test_truncated);
	tcase_add_test(tests, test_corrupt);
	tcase_add_test(tests, test_open_errors);
	tcase_add_test(tests, test_prompt);
	tcase_add_test(tests, test_follow);
	tcase_set_timeout(tests, 60);
	Suite *suite = suite_create("reader");
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
