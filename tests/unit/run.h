/* Runs the tests of one file as one case; what main gives back. */
#ifndef FW_TEST_RUN_H
#define FW_TEST_RUN_H

#include <check.h>
#include <stdlib.h>

#define RUN_TESTS(name, ...) \
	int \
	main(void) \
	{ \
		const TTest *const tests[] = {__VA_ARGS__}; \
		return run_tests(name, tests, sizeof tests / sizeof *tests); \
	}

/* In long loops: an assertion of Check costs a message each, this one only when it fails. */
#define NEED(condition, format, ...) do { \
	if (!(condition)) \
		ck_abort_msg("%s: " format, #condition, __VA_ARGS__); \
} while (0)

static inline int
run_tests(const char *name, const TTest *const tests[], size_t count)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	tcase_set_timeout(tcase, 120);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
