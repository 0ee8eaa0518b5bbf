/* Any bytes as a group's packed rows, as they are and under a good seal: no
 * crash, and what is loaded is whole and can be packed again. For libFuzzer, or
 * any main() that calls the function below. */
#include "group_state.h"

#include "pack.h"

#include <stddef.h>
#include <stdint.h>

enum { GROUPS = 2, PAIRS_MAX = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct windows windows = {
    .count = 3, .at = {{"a", 4, 4}, {"b", 12, 3}, {"c", 24, 2}}};
static struct relations relations = {
    .count = 2, .at = {{.from = 7, .to = 7}, {.from = 1, .to = 6}}};

static void use(struct groups *groups, uint32_t group)
{
    struct strbuf again = STRBUF_EMPTY;

    groups_check(groups);
    group_state_pack_base(&again, groups, group);
    groups_advance(groups, 300);
    group_state_pack_base(&again, groups, group);
    groups_check(groups);
    strbuf_deinit(&again);
}

static void load(const void *bytes, size_t length)
{
    struct row_rules rules = {&relations, &windows, intern_new(), PAIRS_MAX};

    for (uint32_t group = 0; group < GROUPS; group++) {
        struct groups *groups = groups_new(&rules, GROUPS);
        struct err err = ERR_NONE;
        int result;

        groups_advance(groups, 200);
        result = group_state_unpack(groups, group, bytes, length, &err);
        ASSERT((result < 0) == (err.text[0] != '\0'));
        use(groups, group);
        groups_free(groups);
    }
    ASSERT(intern_count(rules.items) == 0);
    intern_free(rules.items);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strbuf sealed = STRBUF_EMPTY;
    struct err err = ERR_NONE;

    if (relations.sets_count == 0) {
        relations_init(&relations);
        ASSERT(windows_init(&windows, &err) == 0);
    }
    load(data, size);
    strbuf_add(&sealed, data, size);
    pack_add_seal(&sealed, 0);
    load(sealed.bytes, sealed.length);
    strbuf_deinit(&sealed);
    return 0;
}
