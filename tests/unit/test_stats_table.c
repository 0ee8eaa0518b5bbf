/* Every field stands in a group, each group in one run of fields. */
#include "stats_table.h"

#include "unit.h"

static void test_every_field_has_a_group(void **state)
{
    (void)state;
    assert_string_equal(stats_table_at(0).name, "version");
    for (size_t i = 0; i < stats_table_count(); i++) {
        struct stats_entry entry = stats_table_at(i);

        assert_true(entry.group[0] != '\0' && entry.help[0] != '\0');
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(stats_table_at(k).name, entry.name);
    }
}

/* A field that begins a group may be renamed: then its group would be gone. */
static void test_groups(void **state)
{
    static const struct {
        const char *name, *group;
        int is_total;
    } cases[] = {
        {"updated_at_ms", "Process and times", 0},
        {"lag_records", "Lag and rates", 0},
        {"events_accepted", "Records and events", 1},
        {"refused_late", "Refused, by reason", 1},
        {"lists_written", "Lists", 1},
        {"live_pairs", "What is held", 0},
        {"memory_engine_bytes", "Memory", 0},
        {"checkpoint_age_ms", "Durable state", 0},
        {"dead_letters_lost", "Kafka", 1},
        {"redis_commands", "Redis", 1},
        {"hot_items", "Hot now", 0},
        {"redis_full", "Redis", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t at = 0;

        while (strcmp(stats_table_at(at).name, cases[i].name) != 0)
            at++;
        assert_string_equal(stats_table_at(at).group, cases[i].group);
        assert_int_equal(stats_table_at(at).is_total, cases[i].is_total);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_has_a_group),
        cmocka_unit_test(test_groups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
