/* group_state_world: two sets of groups, of which one is packed and the other
 * loaded, and what their rows say without numbers. */
#ifndef TERKAIT_GROUP_STATE_WORLD_H
#define TERKAIT_GROUP_STATE_WORLD_H

#include "group_state.h"

#include "pack.h"
#include "rng.h"
#include "unit.h"

enum { GROUPS = 3, IDS = 14, WINDOW_SETS = 4, LINES_MAX = 2048 };

/* Windows of one shape each: the default; tiny, three tiers; a long one with
 * finer panes than a short one; one of one pane. */
static struct windows window_sets[WINDOW_SETS] = {
    {.count = 3,
     .at = {{"1h", 3600000, 12}, {"24h", 86400000, 24}, {"7d", 604800000, 28}}},
    {.count = 3, .at = {{"a", 4, 4}, {"b", 12, 3}, {"c", 24, 2}}},
    {.count = 2, .at = {{"short", 20, 2}, {"long", 60, 60}}},
    {.count = 1, .at = {{"one_pane", 5, 1}}},
};

static struct relations relations = {
    .count = 3,
    .at = {{.from = 7, .to = 7}, {.from = 1, .to = 6}, {.from = 6, .to = 6}}};

/* One side: what packs, or what is loaded. */
struct side {
    struct row_rules rules;
    struct groups *groups;
};

static inline void open_side(struct side *side, uint32_t window_set,
                             uint32_t pairs_max)
{
    struct err err = ERR_NONE;

    relations_init(&relations);
    assert_int_equal(windows_init(&window_sets[window_set], &err), 0);
    side->rules = (struct row_rules){&relations, &window_sets[window_set],
                                     intern_new(), pairs_max};
    side->groups = groups_new(&side->rules, GROUPS);
}

static inline void close_side(struct side *side)
{
    groups_check(side->groups);
    groups_free(side->groups);
    assert_int_equal(intern_count(side->rules.items), 0);
    intern_free(side->rules.items);
}

static inline uint32_t hold(struct side *side, const char *tenant,
                            const char *id)
{
    return intern_hold(side->rules.items, text_of(tenant), text_of(id));
}

static inline uint32_t number(const struct side *side, const char *id)
{
    return intern_find(side->rules.items, NO_TEXT, text_of(id));
}

/* `other` NULL: a support. */
static inline void apply(struct side *side, const char *tenant, const char *id,
                         const char *other, uint32_t index, int sign,
                         int64_t pane)
{
    struct contribution one = {
        .index = (uint8_t)index, .sign = (int8_t)sign, .fine_pane = pane};
    struct contributions list = {1, 1, &one};

    one.item = hold(side, tenant, id);
    if (other != NULL)
        one.other = hold(side, tenant, other);
    groups_apply(side->groups, list.at, list.count, 0, 0);
    intern_drop(side->rules.items, one.item);
    if (other != NULL)
        intern_drop(side->rules.items, one.other);
}

static inline void categorise(struct side *side, const char *id, int64_t ts_ms,
                              const char *category)
{
    uint32_t item = hold(side, "", id);

    groups_categorise(side->groups, item, ts_ms, text_of(category));
    intern_drop(side->rules.items, item);
}

static inline void pack(struct strbuf *out, struct side *side, uint32_t group)
{
    strbuf_clear(out);
    group_state_pack_base(out, side->groups, group);
}

static inline void load(struct side *side, uint32_t group,
                        const struct strbuf *bytes)
{
    struct err err = ERR_NONE;

    if (group_state_unpack(side->groups, group, bytes->bytes, bytes->length,
                           &err) < 0)
        fail_msg("%s", err.text);
    groups_check(side->groups);
}

static inline void refuse(struct side *side, uint32_t group,
                          const struct strbuf *bytes, const char *wanted)
{
    struct err err = ERR_NONE;

    assert_int_equal(group_state_unpack(side->groups, group, bytes->bytes,
                                        bytes->length, &err),
                     -1);
    assert_string_equal(err.text, wanted);
    groups_check(side->groups);
}

static inline uint32_t group_of(struct side *side, const char *tenant,
                                const char *id)
{
    uint32_t item = hold(side, tenant, id);
    uint32_t group = groups_index(side->groups, item);

    intern_drop(side->rules.items, item);
    return group;
}

/* ---- what a row says, without numbers ---- */

static inline int compare_lines(const void *a, const void *b)
{
    return strcmp(a, b);
}

static inline void add_lines(struct strbuf *out, struct side *side,
                             uint32_t item)
{
    static char lines[LINES_MAX][160];
    const struct row *row = groups_row(side->groups, item);
    const struct horizon *horizon = groups_horizon(side->groups);
    struct text category = groups_category(side->groups, item);
    uint32_t count = 0;

    for (uint32_t at = 0; at < row->used;) {
        uint32_t other = row->cells[at].other;
        struct row_sums sums;

        at = row_sum_run(&sums, row, &side->rules, horizon, at);
        for (uint32_t i = 0; i < 4; i++)
            for (uint32_t w = 0; w < side->rules.windows->count; w++)
                if (sums.seen >> i & 1) {
                    struct text id = other == 0
                                         ? NO_TEXT
                                         : intern_id(side->rules.items, other);
                    snprintf(lines[count++], sizeof lines[0],
                             "%.*s %u %u: %u\n", (int)id.length, id.bytes, i, w,
                             sums.at[i][w]);
                }
    }
    qsort(lines, count, sizeof lines[0], compare_lines);
    for (uint32_t i = 0; i < count; i++)
        strbuf_add_text(out, lines[i]);
    strbuf_add_format(out, "%.*s %lld %lld\n", (int)category.length,
                      category.bytes,
                      (long long)groups_category_ms(side->groups, item),
                      (long long)row->cut_until);
}

static inline void assert_same_row(struct side *a, struct side *b,
                                   uint32_t item)
{
    struct strbuf left = STRBUF_EMPTY, right = STRBUF_EMPTY;
    uint32_t twin =
        intern_find(b->rules.items, intern_tenant(a->rules.items, item),
                    intern_id(a->rules.items, item));

    assert_int_not_equal(twin, 0);
    assert_non_null(groups_row(b->groups, twin));
    add_lines(&left, a, item);
    add_lines(&right, b, twin);
    assert_string_equal(left.bytes, right.bytes);
    strbuf_deinit(&left);
    strbuf_deinit(&right);
}

static inline void assert_same(struct side *a, struct side *b)
{
    for (uint32_t g = 0; g < GROUPS; g++) {
        uint32_t item, at = 0;

        while ((item = groups_next_row(a->groups, g, &at)) != 0)
            if (groups_row(a->groups, item)->used > 0)
                assert_same_row(a, b, item);
    }
}

static inline void reseal(struct strbuf *value)
{
    value->length -= PACK_SEAL_BYTES;
    pack_add_seal(value, 0);
}

#endif
