#include "popular.h"

#include "err.h"
#include "hash.h"
#include "mem.h"

#include <stdlib.h>

enum { SLOTS_MIN = 64 };

/* One board a tenant and category (0: overall), with a list a window. */
struct board {
    uint32_t tenant;   /* the intern's number, 0: none */
    uint32_t category; /* the groups' number, 0: overall */
    struct list lists[WINDOWS_MAX];
};

struct popular {
    struct engine *engine;
    struct board **boards; /* owned, each too; open addressing */
    uint32_t slots;        /* a power of two */
    uint32_t count;
};

struct popular *popular_new(struct engine *engine)
{
    struct popular *popular = mem_new(1, sizeof *popular);

    popular->engine = engine;
    popular->slots = SLOTS_MIN;
    popular->boards = mem_new(SLOTS_MIN, sizeof *popular->boards);
    return popular;
}

/* A board holds its category and the items of its entries, which may outlive
 * their rows. */
static void free_board(struct popular *popular, struct board *board)
{
    struct intern *items = engine_items(popular->engine);

    for (uint32_t w = 0; w < engine_rules(popular->engine)->windows.count;
         w++) {
        for (uint32_t i = 0; i < board->lists[w].count; i++)
            intern_drop(items, board->lists[w].entries[i].item);
        list_deinit(&board->lists[w]);
    }
    if (board->category != 0)
        intern_drop(groups_categories(engine_groups(popular->engine)),
                    board->category);
    free(board);
}

void popular_clear(struct popular *popular)
{
    for (uint32_t i = 0; i < popular->slots; i++)
        if (popular->boards[i] != NULL) {
            free_board(popular, popular->boards[i]);
            popular->boards[i] = NULL;
        }
    popular->count = 0;
}

void popular_free(struct popular *popular)
{
    if (popular == NULL)
        return;
    popular_clear(popular);
    free(popular->boards);
    free(popular);
}

static uint32_t find_slot(const struct popular *popular, uint32_t tenant,
                          uint32_t category)
{
    uint32_t who[] = {tenant, category};
    uint32_t at = (uint32_t)hash_bytes(who, sizeof who, 0);

    for (at &= popular->slots - 1; popular->boards[at] != NULL;
         at = (at + 1) & (popular->slots - 1))
        if (popular->boards[at]->tenant == tenant &&
            popular->boards[at]->category == category)
            break;
    return at;
}

static void grow(struct popular *popular)
{
    struct board **old = popular->boards;
    uint32_t old_slots = popular->slots;

    popular->slots = 2 * old_slots;
    popular->boards = mem_new(popular->slots, sizeof *popular->boards);
    for (uint32_t i = 0; i < old_slots; i++)
        if (old[i] != NULL)
            popular
                ->boards[find_slot(popular, old[i]->tenant, old[i]->category)] =
                old[i];
    free(old);
}

static struct board *find_or_make(struct popular *popular, uint32_t tenant,
                                  uint32_t category)
{
    const struct engine_rules *rules = engine_rules(popular->engine);
    uint32_t at = find_slot(popular, tenant, category);

    if (popular->boards[at] != NULL)
        return popular->boards[at];
    if (2 * (popular->count + 1) > popular->slots) {
        grow(popular);
        at = find_slot(popular, tenant, category);
    }
    popular->boards[at] = mem_new(1, sizeof **popular->boards);
    popular->boards[at]->tenant = tenant;
    popular->boards[at]->category = category;
    if (category != 0)
        intern_hold_again(groups_categories(engine_groups(popular->engine)),
                          category);
    for (uint32_t w = 0; w < rules->windows.count; w++)
        list_init(&popular->boards[at]->lists[w], rules->popular_k);
    popular->count++;
    return popular->boards[at];
}

static void offer_to(struct popular *popular, uint32_t category, uint32_t item,
                     uint32_t window, uint32_t support)
{
    struct intern *items = engine_items(popular->engine);
    struct board *board =
        find_or_make(popular, intern_tenant_number(items, item), category);
    uint32_t left_out = list_offer(
        &board->lists[window], items,
        (struct list_entry){.score = support, .count = support, .item = item});

    if (left_out == item)
        return;
    intern_hold_again(items, item);
    if (left_out != 0)
        intern_drop(items, left_out);
}

void popular_offer(struct popular *popular, uint32_t item)
{
    const struct engine_rules *rules = engine_rules(popular->engine);
    struct groups *groups = engine_groups(popular->engine);
    uint32_t set = rules->relations.at[0].from_set;
    uint32_t category = groups_category_number(groups, item);

    if (intern_id(engine_items(popular->engine), item).length == 0)
        return;
    for (uint32_t w = 0; w < rules->windows.count; w++) {
        uint32_t support = groups_support(groups, item, set, w);

        if (support < rules->popular_min_support)
            continue;
        offer_to(popular, 0, item, w, support);
        if (category != 0)
            offer_to(popular, category, item, w, support);
    }
}

static void fill(struct popular *popular, struct popular_list *out,
                 const struct board *board, uint32_t window)
{
    const struct engine_rules *rules = engine_rules(popular->engine);
    struct groups *groups = engine_groups(popular->engine);
    struct intern *items = engine_items(popular->engine);
    uint32_t sessions;

    out->list = &board->lists[window];
    out->tenant = intern_tenant(items, out->list->entries[0].item);
    out->head = (struct list_head){
        .relation = rules->relations.at[0].name,
        .window = rules->windows.at[window].name,
        .as_of_ms = engine_time(popular->engine),
    };
    if (board->category != 0)
        out->head.category =
            intern_id(groups_categories(groups), board->category);
    sessions = intern_find(items, out->tenant, (struct text){"", 0});
    if (sessions != 0)
        out->head.support = groups_support(
            groups, sessions, rules->relations.at[0].from_set, window);
}

int popular_next(struct popular *popular, struct popular_list *out,
                 uint64_t *cursor)
{
    uint32_t windows = engine_rules(popular->engine)->windows.count;

    for (; *cursor < (uint64_t)popular->slots * windows; ++*cursor) {
        const struct board *board = popular->boards[*cursor / windows];
        uint32_t window = (uint32_t)(*cursor % windows);

        if (board == NULL || board->lists[window].count == 0)
            continue;
        fill(popular, out, board, window);
        ++*cursor;
        return 1;
    }
    return 0;
}
