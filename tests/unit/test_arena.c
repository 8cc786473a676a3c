/* test_arena.c - lifetimes: alignment, zeroes, deferred order, many and large blocks. */
#include "base/arena.h"
#include "check.h"

static char order[8];

static void note(void *arg)
{
    size_t n = strlen(order);
    order[n] = *(char *)arg;
    order[n + 1] = 0;
}

static void deferred_functions_run_newest_first(void **state)
{
    (void)state;
    order[0] = 0;
    char letters[] = "abc";
    struct arena *a = arena_new();
    for (int i = 0; i < 3; i++)
        arena_defer(a, note, &letters[i]);
    arena_free(a);
    assert_string_equal(order, "cba");
    arena_free(NULL);
}

static void lists_grow(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    int *list = NULL, count = 0, room = 0;
    for (; count < 1000; count++) {
        list = arena_grow(a, list, count, &room, sizeof *list);
        assert_true(room > count);
        list[count] = count;
    }
    for (int i = 0; i < count; i++)
        assert_int_equal(list[i], i);
    assert_ptr_equal(arena_grow(a, list, count, &room, sizeof *list), list);
    arena_free(a);
}

static void blocks_are_aligned_zeroed_and_apart(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    unsigned char *blocks[600];
    for (size_t i = 0; i < 600; i++) {
        size_t size = i * i % 1999;
        blocks[i] = arena_alloc(a, size);
        assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < size; k++)
            assert_int_equal(blocks[i][k], 0);
        memset(blocks[i], (int)(i % 251 + 1), size);
    }
    for (size_t i = 0; i < 600; i++)
        for (size_t k = 0; k < i * i % 1999; k++)
            assert_int_equal(blocks[i][k], i % 251 + 1);
    unsigned char *large = arena_alloc(a, 5 << 20);
    large[(5 << 20) - 1] = 1;
    arena_free(a);
}

static void strings_are_copied_and_formatted(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    assert_null(arena_strdup(a, NULL));
    assert_string_equal(arena_strdup(a, "abc"), "abc");
    assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
    assert_string_equal(arena_printf(a, "%s-%d", "x", 42), "x-42");
    for (int n = 1; n < 500; n++)
        assert_int_equal(strlen(arena_printf(a, "%*d", n, 1)), n);
    arena_free(a);
}

/* What an arena leaves behind is not seen in the next one that gets its memory. */
static void used_memory_comes_back_clean(void **state)
{
    (void)state;
    for (int round = 0; round < 6; round++) {
        struct arena *all[5];
        for (int i = 0; i < 5; i++) {
            all[i] = arena_new();
            for (size_t size = 1; size < 3000; size = size * 2 + 5) {
                char *block = arena_alloc(all[i], size);
                for (size_t k = 0; k < size; k++)
                    assert_int_equal(block[k], 0);
                memset(block, 'x', size);
                assert_string_equal(arena_strndup(all[i], "abcdef", size % 7),
                                    arena_printf(all[i], "%.*s", (int)(size % 7), "abcdef"));
            }
        }
        for (int i = 0; i < 5; i++)
            arena_free(all[i]);
        if (round == 3)
            arena_trim();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deferred_functions_run_newest_first),
        cmocka_unit_test(lists_grow),
        cmocka_unit_test(blocks_are_aligned_zeroed_and_apart),
        cmocka_unit_test(strings_are_copied_and_formatted),
        cmocka_unit_test(used_memory_comes_back_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
