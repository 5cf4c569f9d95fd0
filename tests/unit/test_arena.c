/* Bump memory: alignment, zeroes, big requests, growth. */
#include "core/base/arena.h"
#include "core/base/memory.h"
#include "tests/unit/run.h"

#include <stdint.h>

START_TEST(memory_is_zeroed_aligned_and_apart)
{
	struct arena arena = {0};
	unsigned char *before = NULL;
	for (size_t size = 0; size < 400; size++) {
		unsigned char *memory = arena_alloc(&arena, size);
		ck_assert_uint_eq((uintptr_t)memory % 16, 0);
		for (size_t i = 0; i < size; i++)
			ck_assert_uint_eq(memory[i], 0);
		memset(memory, 0xa5, size);
		if (before && size > 1)
			ck_assert_uint_eq(before[size - 2], 0xa5);
		before = memory;
	}
	ck_assert_uint_eq(arena.bytes, 399 * 400 / 2);
	arena_free(&arena);
}
END_TEST

START_TEST(a_big_request_does_not_waste_the_block_in_use)
{
	struct arena arena = {0};
	char *small = arena_alloc(&arena, 16);
	char *big = arena_alloc(&arena, 1000000);
	memset(big, 1, 1000000);
	char *next = arena_alloc(&arena, 16);
	ck_assert_ptr_eq(next, small + 16);
	ck_assert_int_eq(small[0], 0);
	arena_free(&arena);
}
END_TEST

START_TEST(copies_end_with_nul)
{
	struct arena arena = {0};
	char *copy = arena_copy(&arena, "abcdef", 3);
	ck_assert_str_eq(copy, "abc");
	ck_assert_str_eq(arena_copy(&arena, NULL, 0), "");
	ck_assert_str_eq(arena_printf(&arena, "%s-%d", "居民", 390), "居民-390");
	arena_free(&arena);
}
END_TEST

START_TEST(an_arena_is_used_again_after_free)
{
	struct arena arena = {0};
	arena_alloc(&arena, 100000);
	arena_free(&arena);
	ck_assert_uint_eq(arena.bytes, 0);
	ck_assert_str_eq(arena_copy(&arena, "again", 5), "again");
	arena_free(&arena);
}
END_TEST

START_TEST(aligned_memory_is_aligned_and_zeroed)
{
	unsigned char *memory = memory_aligned(64, 640);
	ck_assert_uint_eq((uintptr_t)memory % 64, 0);
	for (size_t i = 0; i < 640; i++)
		ck_assert_uint_eq(memory[i], 0);
	free(memory);
}
END_TEST

RUN_TESTS("arena", memory_is_zeroed_aligned_and_apart, a_big_request_does_not_waste_the_block_in_use, copies_end_with_nul,
    an_arena_is_used_again_after_free, aligned_memory_is_aligned_and_zeroed)
