/* source_file against files and pipes of its own making. */
#include "clock.h"
#include "source_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { BYTES_MAX = 1000, NOW_MS = 1234, PATH_BYTES = 64 };

struct scratch {
    char directory[PATH_BYTES];
};

static int set_up(void **state)
{
    struct scratch *scratch = calloc(1, sizeof *scratch);

    strcpy(scratch->directory, "/tmp/terkait-test-XXXXXX");
    assert_non_null(mkdtemp(scratch->directory));
    *state = scratch;
    return 0;
}

static int tear_down(void **state)
{
    struct scratch *scratch = *state;
    char path[2 * PATH_BYTES];

    for (char name = 'a'; name <= 'd'; name++) {
        snprintf(path, sizeof path, "%s/%c", scratch->directory, name);
        unlink(path);
    }
    rmdir(scratch->directory);
    free(scratch);
    return 0;
}

static const char *path_of(struct scratch *scratch, char *path, char name)
{
    snprintf(path, 2 * PATH_BYTES, "%s/%c", scratch->directory, name);
    return path;
}

static void write_file(const char *path, const char *bytes, size_t length)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(length, fwrite(bytes, 1, length, file));
    assert_int_equal(0, fclose(file));
}

static void write_text(const char *path, const char *text)
{
    write_file(path, text, strlen(text));
}

/* Reads to the end with batches of `max`; the text of all records, each as
 * "offset:content|". */
static char *read_all(struct source *source, uint32_t max)
{
    struct record records[16];
    struct err err = ERR_NONE;
    char *all = NULL;
    size_t length;
    FILE *out = open_memstream(&all, &length);

    while (source->state(source->self) != SOURCE_ENDED) {
        int count = source->poll(source->self, records, max, 100, &err);

        assert_string_equal("", err.text);
        assert_in_range(count, 0, max);
        for (int i = 0; i < count; i++) {
            assert_int_equal(-1, records[i].stamp_ms);
            assert_int_equal(NOW_MS, records[i].now_ms);
            assert_int_equal(0, records[i].partition);
            fprintf(out, "%d:%.*s|", (int)records[i].offset,
                    (int)records[i].length, records[i].bytes);
        }
    }
    assert_int_equal(0, source->poll(source->self, records, max, 0, &err));
    fclose(out);
    return all;
}

static void expect_files(const char *expected, const char *const *paths,
                         size_t count)
{
    for (uint32_t max = 1; max <= 16; max += 5) {
        struct source source;
        struct err err = ERR_NONE;
        char *all;

        assert_int_equal(0, source_file_open(&source, paths, count, BYTES_MAX,
                                             NOW_MS, &err));
        all = read_all(&source, max);
        assert_string_equal(expected, all);
        free(all);
        source.free(source.self);
    }
}

static void test_lines(void **state)
{
    char a[2 * PATH_BYTES];
    const char *paths[] = {path_of(*state, a, 'a')};

    write_text(a, "{\"n\":1}\n\n \t\r\n{\"n\":2}\r\nlast");
    expect_files("0:{\"n\":1}|3:{\"n\":2}\r|4:last|", paths, 1);
}

static void test_several_files_are_one_partition(void **state)
{
    char a[2 * PATH_BYTES], b[2 * PATH_BYTES], c[2 * PATH_BYTES];
    const char *paths[] = {path_of(*state, a, 'a'), path_of(*state, b, 'b'),
                           path_of(*state, c, 'c')};

    write_text(a, "one\ntwo");
    write_text(b, "");
    write_text(c, "three\n");
    expect_files("0:one|1:two|2:three|", paths, 3);
}

static void test_only_blank(void **state)
{
    char a[2 * PATH_BYTES];
    const char *paths[] = {path_of(*state, a, 'a')};

    write_text(a, "\n \n\t");
    expect_files("", paths, 1);
}

static void test_missing_file_is_told_before_the_first_record(void **state)
{
    char a[2 * PATH_BYTES], b[2 * PATH_BYTES];
    const char *paths[] = {path_of(*state, a, 'a'), path_of(*state, b, 'b')};
    struct source source;
    struct err err = ERR_NONE;

    write_text(a, "one\n");
    assert_int_equal(
        -1, source_file_open(&source, paths, 2, BYTES_MAX, NOW_MS, &err));
    assert_non_null(strstr(err.text, b));
    assert_non_null(strstr(err.text, "No such file"));
}

static void test_directory_is_refused(void **state)
{
    struct scratch *scratch = *state;
    const char *paths[] = {scratch->directory};
    struct source source;
    struct err err = ERR_NONE;

    assert_int_equal(
        -1, source_file_open(&source, paths, 1, BYTES_MAX, NOW_MS, &err));
    assert_non_null(strstr(err.text, "Is a directory"));
}

/* The kernel lets a process open its own memory, and has nothing at 0. */
static void test_unreadable_file_fails_with_its_name(void **state)
{
    char a[2 * PATH_BYTES];
    const char *paths[] = {path_of(*state, a, 'a'), "/proc/self/mem"};
    struct source source;
    struct record records[4];
    struct err err = ERR_NONE;

    write_text(a, "one\n");
    assert_int_equal(
        0, source_file_open(&source, paths, 2, BYTES_MAX, NOW_MS, &err));
    assert_int_equal(1, source.poll(source.self, records, 4, 0, &err));
    for (int polls = 0; polls < 3 && err.text[0] == '\0'; polls++)
        (void)source.poll(source.self, records, 4, 0, &err);
    assert_string_equal("/proc/self/mem: read failed: Input/output error",
                        err.text);
    source.free(source.self);
}

static void test_file_that_vanishes_fails_with_its_name(void **state)
{
    char a[2 * PATH_BYTES];
    const char *paths[] = {path_of(*state, a, 'a')};
    struct source source;
    struct record records[4];
    struct err err = ERR_NONE;

    write_text(a, "one\n");
    assert_int_equal(
        0, source_file_open(&source, paths, 1, BYTES_MAX, NOW_MS, &err));
    unlink(a);
    assert_int_equal(-1, source.poll(source.self, records, 4, 0, &err));
    assert_non_null(strstr(err.text, a));
    source.free(source.self);
}

/* Polls until something comes; -1 and the end are told apart by the state. */
static int poll_some(struct source *source, struct record *records,
                     uint32_t max)
{
    struct err err = ERR_NONE;
    int count = 0;

    while (count == 0 && source->state(source->self) != SOURCE_ENDED) {
        count = source->poll(source->self, records, max, 100, &err);
        assert_string_equal("", err.text);
    }
    return count;
}

/* A line of `length` bytes, then "next". */
static void expect_long_line(void **state, size_t length, int newline_behind)
{
    char a[2 * PATH_BYTES];
    const char *paths[] = {path_of(*state, a, 'a')};
    char *bytes = malloc(length + 6);
    struct source source;
    struct record records[4];
    struct err err = ERR_NONE;

    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)('a' + i % 26);
    memcpy(bytes + length, "\nnext", 5);
    write_file(a, bytes, length + (newline_behind ? 5 : 0));
    assert_int_equal(
        0, source_file_open(&source, paths, 1, BYTES_MAX, NOW_MS, &err));
    assert_int_equal(1, poll_some(&source, records, 4));
    assert_int_equal(length, records[0].length);
    assert_memory_equal(bytes, records[0].bytes,
                        length < BYTES_MAX ? length : BYTES_MAX);
    if (newline_behind) {
        assert_int_equal(1, poll_some(&source, records, 4));
        assert_int_equal(1, records[0].offset);
        assert_memory_equal("next", records[0].bytes, 4);
    }
    assert_int_equal(0, poll_some(&source, records, 4));
    source.free(source.self);
    free(bytes);
}

static void test_long_lines_keep_their_length(void **state)
{
    const size_t buffer = BYTES_MAX + 256 * 1024;
    const size_t lengths[] = {BYTES_MAX,  BYTES_MAX + 1, buffer - 1, buffer,
                              buffer + 1, 2 * buffer,    5000000};

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        expect_long_line(state, lengths[i], 1);
        expect_long_line(state, lengths[i], 0);
    }
}

static void test_long_blank_line_is_none(void **state)
{
    char a[2 * PATH_BYTES];
    const char *paths[] = {path_of(*state, a, 'a')};
    size_t length = 1000000;
    char *bytes = malloc(length + 3);

    memset(bytes, ' ', length);
    memcpy(bytes + length, "\nx\n", 3);
    write_file(a, bytes, length + 3);
    expect_files("1:x|", paths, 1);
    bytes[400000] = '.';
    write_file(a, bytes, length);
    {
        struct source source;
        struct record record;
        struct err err = ERR_NONE;

        assert_int_equal(
            0, source_file_open(&source, paths, 1, BYTES_MAX, NOW_MS, &err));
        assert_int_equal(1, poll_some(&source, &record, 1));
        assert_int_equal(length, record.length);
        source.free(source.self);
    }
    free(bytes);
}

/* Lines of every length up to 300, three megabytes: each crosses the end of
 * the buffer somewhere else. */
static void test_nothing_is_lost_between_blocks(void **state)
{
    char a[2 * PATH_BYTES];
    const char *paths[] = {path_of(*state, a, 'a')};
    FILE *file = fopen(path_of(*state, a, 'a'), "w");
    struct source source;
    struct record records[16];
    struct err err = ERR_NONE;
    int64_t line = 0;
    int count;

    for (int i = 0; i < 20000; i++)
        fprintf(file, "%0*d\n", 1 + i % 300, i % 7);
    fclose(file);
    assert_int_equal(
        0, source_file_open(&source, paths, 1, BYTES_MAX, NOW_MS, &err));
    while ((count = poll_some(&source, records, 16)) > 0)
        for (int i = 0; i < count; i++, line++) {
            size_t length = records[i].length;

            assert_int_equal(line, records[i].offset);
            assert_int_equal(1 + line % 300, length);
            assert_int_equal('0' + line % 7, records[i].bytes[length - 1]);
        }
    assert_int_equal(20000, line);
    source.free(source.self);
}

static void test_a_poll_ends_in_time_with_nothing_to_show(void **state)
{
    char a[2 * PATH_BYTES];
    const char *paths[] = {path_of(*state, a, 'a')};
    char *bytes = malloc(1000000);
    struct source source;
    struct record record;
    struct err err = ERR_NONE;

    memset(bytes, '\n', 1000000);
    write_file(a, bytes, 1000000);
    assert_int_equal(
        0, source_file_open(&source, paths, 1, BYTES_MAX, NOW_MS, &err));
    assert_int_equal(0, source.poll(source.self, &record, 1, 0, &err));
    assert_int_equal(SOURCE_READING, source.state(source.self));
    assert_int_equal(0, poll_some(&source, &record, 1));
    source.free(source.self);
    free(bytes);
}

static void test_progress(void **state)
{
    char a[2 * PATH_BYTES], b[2 * PATH_BYTES];
    const char *paths[] = {path_of(*state, a, 'a'), path_of(*state, b, 'b')};
    struct source source;
    struct err err = ERR_NONE;
    uint64_t bytes_read, bytes_all;

    write_text(a, "one\n");
    write_text(b, "two\nthree\n");
    assert_int_equal(
        0, source_file_open(&source, paths, 2, BYTES_MAX, NOW_MS, &err));
    source_file_progress(&source, &bytes_read, &bytes_all);
    assert_int_equal(0, bytes_read);
    assert_int_equal(14, bytes_all);
    assert_int_equal(-1, source.lag(source.self));
    free(read_all(&source, 4));
    source_file_progress(&source, &bytes_read, &bytes_all);
    assert_int_equal(14, bytes_read);
    source.free(source.self);
}

/* Standard input becomes the read end of a new pipe. */
struct pipe_input {
    int saved;
    int write_end;
};

static struct pipe_input pipe_open(void)
{
    int ends[2];
    struct pipe_input input = {.saved = dup(STDIN_FILENO)};

    assert_int_equal(0, pipe(ends));
    assert_int_equal(STDIN_FILENO, dup2(ends[0], STDIN_FILENO));
    close(ends[0]);
    input.write_end = ends[1];
    return input;
}

static void pipe_close(struct pipe_input *input)
{
    dup2(input->saved, STDIN_FILENO);
    close(input->saved);
}

static void test_slow_pipe_does_not_block(void **state)
{
    const char *paths[] = {"-"};
    struct pipe_input input = pipe_open();
    struct source source;
    struct record records[4];
    struct err err = ERR_NONE;
    int64_t before_us;

    (void)state;
    assert_int_equal(
        0, source_file_open(&source, paths, 1, BYTES_MAX, NOW_MS, &err));
    assert_int_equal(3, write(input.write_end, "one", 3));
    before_us = clock_mono_us();
    assert_int_equal(0, source.poll(source.self, records, 4, 30, &err));
    assert_in_range(clock_mono_us() - before_us, 29000, 2000000);
    assert_int_equal(SOURCE_CAUGHT_UP, source.state(source.self));

    assert_int_equal(5, write(input.write_end, " two\n", 5));
    assert_int_equal(1, source.poll(source.self, records, 4, 1000, &err));
    assert_memory_equal("one two", records[0].bytes, records[0].length);
    assert_int_equal(SOURCE_READING, source.state(source.self));

    close(input.write_end);
    assert_int_equal(0, poll_some(&source, records, 4));
    assert_int_equal(SOURCE_ENDED, source.state(source.self));
    source.free(source.self);
    pipe_close(&input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_several_files_are_one_partition,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_only_blank, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_missing_file_is_told_before_the_first_record, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(test_directory_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_unreadable_file_fails_with_its_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_file_that_vanishes_fails_with_its_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long_lines_keep_their_length,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long_blank_line_is_none, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_is_lost_between_blocks,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_poll_ends_in_time_with_nothing_to_show, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_progress, set_up, tear_down),
        cmocka_unit_test(test_slow_pipe_does_not_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
