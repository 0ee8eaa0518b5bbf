#include "group_dictionary.h"
#include "group_slots.h"
#include "group_state.h"
#include "group_state_format.h"
#include "mem.h"
#include "pack.h"
#include "sort.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CUT_PANES_MAX (UINT64_C(1) << 32)
#define TS_MAX_MS     INT64_C(253402300799999) /* the last ms of 9999 */

/* The cells of one row as they are read; an other's stand together. */
struct scratch {
    struct cell *cells; /* owned */
    uint32_t cells_count;
    uint32_t cells_room;
    struct sort_entry *others; /* owned; by item, the first cell; and room for
                                  as many */
    uint32_t others_count;
    uint32_t others_room;
};

struct reader {
    struct groups *groups;
    uint32_t group;
    struct unpack from;
    int64_t fine_pane;
    struct group_codes codes;
    struct group_names categories;
    struct group_names items;
    struct scratch scratch;
};

/* ---- numbers ---- */

/* A number below `end` whose step to the one before is written; `end` when it
 * is not. */
static uint64_t take_step(struct unpack *from, uint64_t *least, uint64_t end,
                          uint64_t step)
{
    if (from->is_broken || step >= end - *least) {
        from->is_broken = 1;
        return end;
    }
    *least += step + 1;
    return *least - 1;
}

/* A number of things of a byte or more each. */
static uint64_t read_count(struct unpack *from)
{
    uint64_t count = unpack_uint(from);

    if (count > unpack_left(from))
        from->is_broken = 1;
    return from->is_broken ? 0 : count;
}

/* ---- cells ---- */

static struct cell *new_cell(struct scratch *scratch)
{
    if (scratch->cells_count == scratch->cells_room) {
        scratch->cells_room = 2 * scratch->cells_room + 64;
        scratch->cells = mem_resize(scratch->cells, scratch->cells_room,
                                    sizeof *scratch->cells);
    }
    return &scratch->cells[scratch->cells_count++];
}

static uint32_t read_cell_count(struct unpack *from, int is_several)
{
    uint64_t count = is_several ? unpack_uint(from) : 0;

    if (count > UINT32_MAX - 2)
        from->is_broken = 1;
    return is_several ? (uint32_t)count + 2 : 1;
}

static int compare_slots(const void *a, const void *b)
{
    const struct cell *left = a, *right = b;

    return left->slot < right->slot ? -1 : left->slot > right->slot;
}

/* By their slots: they have come by relation, each one's from young to old. */
static void order_cells(struct cell *cells, uint32_t count)
{
    for (uint32_t start = 0, end; start < count; start = end) {
        end = start + 1;
        while (end < count &&
               slot_index(cells[end].slot) == slot_index(cells[start].slot))
            end++;
        for (uint32_t i = start, j = end - 1; i < j; i++, j--) {
            struct cell held = cells[i];

            cells[i] = cells[j];
            cells[j] = held;
        }
    }
    for (uint32_t i = 1; i < count; i++)
        if (cells[i - 1].slot > cells[i].slot) {
            qsort(cells, count, sizeof *cells, compare_slots);
            return;
        }
}

/* `indexes`: how many relations, or sets, there are. */
static void read_cells(struct reader *reader, uint32_t other, uint64_t count,
                       uint32_t indexes)
{
    struct unpack *from = &reader->from;
    uint64_t end = indexes * group_places_span(&reader->codes.places),
             least = 0;
    uint32_t start = reader->scratch.cells_count;

    for (uint64_t i = 0; i < count && !from->is_broken; i++) {
        uint64_t head = unpack_uint(from);
        uint64_t code = take_step(from, &least, end, head >> 1);
        uint32_t several = read_cell_count(from, (int)(head & 1)), slot;

        if (from->is_broken ||
            group_codes_slot(&reader->codes, &slot, code) < 0)
            from->is_broken = 1;
        else
            *new_cell(&reader->scratch) = (struct cell){other, slot, several};
    }
    if (from->is_broken)
        return;
    if (count > 1)
        order_cells(reader->scratch.cells + start, (uint32_t)count);
}

/* ---- a row ---- */

/* The ranks of the tenant that a rank is of: [start, end). */
struct ranks {
    uint64_t start;
    uint64_t end;
};

static struct ranks ranks_of_tenant(const struct group_names *names,
                                    uint64_t rank)
{
    uint32_t low = 0, high = names->tenants;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (names->ends[middle] <= rank)
            low = middle + 1;
        else
            high = middle;
    }
    return (struct ranks){low == 0 ? 0 : names->ends[low - 1],
                          names->ends[low]};
}

/* Whether the id stands for the tenant: if any, then the first one does. */
static int is_empty(const struct group_names *names, struct ranks ranks,
                    uint64_t rank)
{
    return rank == ranks.start &&
           intern_id(names->ids, names->numbers[rank]).length == 0;
}

static void read_category(struct reader *reader, struct groups_row_state *state)
{
    struct unpack *from = &reader->from;
    uint64_t rank = unpack_uint(from);
    int64_t ago_ms = unpack_int(from);
    int64_t now_ms = group_state_time(reader->groups, reader->fine_pane);

    if (rank >= reader->categories.count || ago_ms > now_ms ||
        ago_ms < now_ms - TS_MAX_MS)
        from->is_broken = 1;
    if (from->is_broken)
        return;
    state->category = reader->categories.numbers[rank];
    state->category_ts_ms = now_ms - ago_ms;
}

static void read_cut(struct reader *reader, struct groups_row_state *state)
{
    uint64_t panes = unpack_uint(&reader->from);

    if (panes > CUT_PANES_MAX)
        reader->from.is_broken = 1;
    else
        state->content.cut_until = reader->fine_pane + (int64_t)panes;
}

static void read_other(struct reader *reader, uint64_t *least,
                       struct ranks ranks, uint32_t item)
{
    struct scratch *scratch = &reader->scratch;
    struct unpack *from = &reader->from;
    uint64_t head = unpack_uint(from);
    uint64_t rank = take_step(from, least, ranks.end, head >> 1);
    uint64_t cells = head & 1 ? 2 + read_count(from) : 1;
    uint32_t other;

    if (from->is_broken)
        return;
    other = reader->items.numbers[rank];
    if (rank < ranks.start || other == item ||
        is_empty(&reader->items, ranks, rank)) {
        from->is_broken = 1;
        return;
    }
    intern_prefetch(reader->items.ids, other);
    if (scratch->others_count == scratch->others_room) {
        scratch->others_room = 2 * scratch->others_room + 64;
        scratch->others =
            mem_resize(scratch->others, 2 * (size_t)scratch->others_room,
                       sizeof *scratch->others);
    }
    scratch->others[scratch->others_count++] =
        (struct sort_entry){other, scratch->cells_count};
    read_cells(reader, other, cells,
               groups_rules(reader->groups)->relations->count);
}

static void read_others(struct reader *reader, uint64_t count, uint64_t rank)
{
    struct ranks ranks = ranks_of_tenant(&reader->items, rank);
    uint32_t item = reader->items.numbers[rank];
    uint64_t least = 0;

    if (count > 0 && is_empty(&reader->items, ranks, rank))
        reader->from.is_broken = 1;
    for (uint64_t i = 0; i < count && !reader->from.is_broken; i++)
        read_other(reader, &least, ranks, item);
}

/* The cells of the row, supports first, then by the numbers of the others. */
static struct cell *take_cells(struct scratch *scratch, uint32_t supports)
{
    struct cell *cells = mem_resize(NULL, scratch->cells_count, sizeof *cells);
    uint32_t used = supports;

    memcpy(cells, scratch->cells, supports * sizeof *cells);
    sort_entries(scratch->others, scratch->others + scratch->others_count,
                 scratch->others_count);
    for (uint32_t i = 0; i < scratch->others_count; i++) {
        uint32_t at = scratch->others[i].index;
        uint32_t other = (uint32_t)scratch->others[i].key;

        while (at < scratch->cells_count && scratch->cells[at].other == other)
            cells[used++] = scratch->cells[at++];
    }
    return cells;
}

static void read_row(struct reader *reader, struct groups_row_state *state,
                     uint64_t rank)
{
    struct unpack *from = &reader->from;
    struct scratch *scratch = &reader->scratch;
    uint64_t flags = unpack_uint(from);
    uint64_t supports;

    scratch->cells_count = scratch->others_count = 0;
    *state = (struct groups_row_state){.content.as_of = reader->fine_pane};
    if (flags & GROUP_STATE_HAS_CATEGORY)
        read_category(reader, state);
    if (flags & GROUP_STATE_IS_CUT)
        read_cut(reader, state);
    supports = read_count(from);
    read_cells(reader, 0, supports,
               groups_rules(reader->groups)->relations->sets_count);
    read_others(reader, flags >> GROUP_STATE_OTHERS_SHIFT, rank);
    if (from->is_broken || scratch->cells_count == 0)
        return;
    state->content.cells = take_cells(scratch, (uint32_t)supports);
    state->content.count = scratch->cells_count;
}

/* ---- all of it ---- */

static int read_rows(struct reader *reader, struct err *err)
{
    uint64_t count = read_count(&reader->from), least = 0;

    for (uint64_t i = 0; i < count && !reader->from.is_broken; i++) {
        uint64_t step = unpack_uint(&reader->from);
        uint64_t rank =
            take_step(&reader->from, &least, reader->items.count, step);
        struct groups_row_state state;
        uint32_t item;

        if (reader->from.is_broken)
            break;
        item = reader->items.numbers[rank];
        if (groups_index(reader->groups, item) != reader->group)
            return err_set(err, "rows of another group, or of another number "
                                "of groups");
        read_row(reader, &state, rank);
        if (!reader->from.is_broken)
            groups_load_row(reader->groups, reader->group, item, &state);
    }
    return unpack_is_done(&reader->from)
               ? 0
               : err_set(err, "rows are damaged within their seal");
}

static int read_head(struct reader *reader, struct err *err)
{
    struct groups *groups = reader->groups;
    struct unpack *from = &reader->from;
    const struct row_rules *rules = groups_rules(groups);
    uint64_t fine_pane = unpack_uint(from), ahead = unpack_uint(from);

    if (from->is_broken || ahead > GROUP_PLACES_AHEAD_MAX)
        return err_set(err, "rows are damaged within their seal");
    if (fine_pane > (uint64_t)groups_horizon(groups)->fine_pane)
        return err_set(err, "rows are of a later time than that of the stream");
    reader->fine_pane = (int64_t)fine_pane;
    group_codes_init(&reader->codes, rules->windows, reader->fine_pane, ahead);
    if (group_names_unpack(&reader->categories, groups_categories(groups),
                           from) < 0 ||
        group_names_unpack(&reader->items, rules->items, from) < 0)
        return err_set(err, "rows are damaged within their seal");
    return 0;
}

static int read_seal(struct unpack *from, struct err *err)
{
    struct unpack version = *from;
    uint64_t number = unpack_uint(&version);

    if (number != GROUP_STATE_VERSION && !version.is_broken)
        return err_set(err,
                       "rows in version %" PRIu64
                       ", of which this program knows nothing",
                       number);
    unpack_seal(from);
    return from->is_broken ? err_set(err, "rows are damaged") : 0;
}

int group_state_unpack(struct groups *groups, uint32_t group, const void *bytes,
                       size_t length, struct err *err)
{
    struct reader reader = {
        .groups = groups, .group = group, .from = unpack_begin(bytes, length)};
    int result = read_seal(&reader.from, err);

    if (result == 0) {
        unpack_uint(&reader.from); /* the version */
        result = read_head(&reader, err);
    }
    if (result == 0)
        result = read_rows(&reader, err);
    group_names_deinit(&reader.items);
    group_names_deinit(&reader.categories);
    free(reader.scratch.cells);
    free(reader.scratch.others);
    return result;
}
