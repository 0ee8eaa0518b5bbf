#include "group_state.h"

#include "group_dictionary.h"
#include "group_slots.h"
#include "group_state_format.h"
#include "mem.h"
#include "pack.h"
#include "sort.h"

#include <stdlib.h>

enum { AHEAD = 8 }; /* cells whose others are asked for beforehand */

struct packed_row {
    uint32_t item;
    uint32_t index;          /* in the dictionary */
    uint32_t category_index; /* in that of the categories */
    uint32_t others;         /* where its others begin in `indexes` */
};

struct packer {
    struct groups *groups;
    struct strbuf *out;
    struct group_dictionary items;
    struct group_dictionary categories;
    struct group_slots slots;
    struct packed_row *rows; /* owned */
    uint32_t rows_count;
    uint32_t rows_room;
    uint32_t *indexes; /* owned; in the dictionary, of each row's others */
    uint32_t indexes_count;
    uint32_t indexes_room;
    struct sort_entry *entries; /* owned; of one row: its others by rank, and
                                   behind them room, then cells by code */
    uint32_t entries_room;
};

/* ---- what there is to write ---- */

static void see_slots(struct packer *packer, const struct row *row)
{
    for (uint32_t i = 0; i < row->used; i++)
        group_slots_see(&packer->slots, row->cells[i].slot);
}

static void see_others(struct packer *packer, const struct row *row)
{
    uint32_t needed = packer->indexes_count + row->pairs, other = 0;

    if (needed > packer->indexes_room) {
        packer->indexes_room = needed + needed / 2;
        packer->indexes = mem_resize(packer->indexes, packer->indexes_room,
                                     sizeof *packer->indexes);
    }
    for (uint32_t i = 0; i < row->used; i++) {
        if (i + AHEAD < row->used)
            group_dictionary_prefetch(&packer->items,
                                      row->cells[i + AHEAD].other);
        if (row->cells[i].other == other)
            continue;
        other = row->cells[i].other;
        packer->indexes[packer->indexes_count++] =
            group_dictionary_add(&packer->items, other);
    }
}

static void see_row(struct packer *packer, uint32_t item, const struct row *row)
{
    uint32_t category = groups_category_number(packer->groups, item);
    struct packed_row *one;

    if (packer->rows_count == packer->rows_room) {
        packer->rows_room = 2 * packer->rows_room + 64;
        packer->rows =
            mem_resize(packer->rows, packer->rows_room, sizeof *packer->rows);
    }
    one = &packer->rows[packer->rows_count++];
    *one = (struct packed_row){
        .item = item,
        .index = group_dictionary_add(&packer->items, item),
        .others = packer->indexes_count,
    };
    if (category != 0)
        one->category_index =
            group_dictionary_add(&packer->categories, category);
    see_others(packer, row);
    see_slots(packer, row);
}

static int says_anything(struct packer *packer, uint32_t item,
                         const struct row *row)
{
    return row->used > 0 || row->cut_until != 0 ||
           groups_category_number(packer->groups, item) != 0;
}

/* ---- writing ---- */

/* How far the next number of a rising sequence is from the least it can be. */
static uint64_t step(uint64_t *least, uint64_t number)
{
    uint64_t distance = number - *least;

    *least = number + 1;
    return distance;
}

/* In the order of their codes; in the row each relation's stand from old to
 * young. */
static void encode_cells(struct packer *packer, struct sort_entry *cells,
                         const struct row *row, uint32_t start, uint32_t end)
{
    uint32_t count = 0;
    int is_in_order = 1;

    for (uint32_t next; start < end; start = next) {
        uint32_t index = slot_index(row->cells[start].slot);

        next = start + 1;
        while (next < end && slot_index(row->cells[next].slot) == index)
            next++;
        for (uint32_t i = next; i > start; i--)
            cells[count++] = (struct sort_entry){
                group_slots_code(&packer->slots, row->cells[i - 1].slot),
                row->cells[i - 1].count};
    }
    for (uint32_t i = 1; i < count; i++)
        is_in_order &= cells[i - 1].key < cells[i].key;
    if (!is_in_order)
        sort_entries(cells, cells + count, count);
}

/* `cells`: room for twice as many. */
static void put_cells(struct packer *packer, struct pack *pack,
                      struct sort_entry *cells, const struct row *row,
                      uint32_t start, uint32_t end)
{
    uint64_t least = 0;

    encode_cells(packer, cells, row, start, end);
    for (uint32_t i = 0; i < end - start; i++) {
        uint64_t distance = step(&least, cells[i].key);

        pack_put_uint(pack, distance << 1 | (cells[i].index > 1));
        if (cells[i].index > 1)
            pack_put_uint(pack, cells[i].index - 2);
    }
}

static uint32_t end_of_run(const struct row *row, uint32_t start)
{
    uint32_t end = start + 1;

    while (end < row->used && row->cells[end].other == row->cells[start].other)
        end++;
    return end;
}

static void rank_others(struct packer *packer, const struct packed_row *one,
                        const struct row *row)
{
    struct sort_entry *others = packer->entries;
    uint32_t count = 0;

    for (uint32_t i = row_pairs_start(row); i < row->used;
         i = end_of_run(row, i)) {
        uint32_t index = packer->indexes[one->others + count];

        others[count++] = (struct sort_entry){packer->items.ranks[index], i};
    }
    sort_entries(others, others + count, count);
}

static void put_others(struct packer *packer, struct pack *pack,
                       const struct packed_row *one, const struct row *row)
{
    struct sort_entry *others = packer->entries;
    uint64_t least = 0;

    rank_others(packer, one, row);
    for (uint32_t i = 0; i < row->pairs; i++) {
        uint32_t start = others[i].index;
        uint32_t end = end_of_run(row, start);
        uint64_t distance = step(&least, others[i].key);

        pack_put_uint(pack, distance << 1 | (end - start > 1));
        if (end - start > 1)
            pack_put_uint(pack, end - start - 2);
        put_cells(packer, pack, others + row->pairs, row, start, end);
    }
}

static void add_head(struct packer *packer, const struct packed_row *one,
                     const struct row *row)
{
    int has_category = groups_category_number(packer->groups, one->item) != 0;
    int64_t now_ms = group_state_time(packer->groups, row->as_of);
    uint64_t flags = (uint64_t)row->pairs << GROUP_STATE_OTHERS_SHIFT;

    flags |= has_category ? GROUP_STATE_HAS_CATEGORY : 0;
    flags |= row->cut_until != 0 ? GROUP_STATE_IS_CUT : 0;
    pack_add_uint(packer->out, flags);
    if (has_category) {
        pack_add_uint(packer->out,
                      packer->categories.ranks[one->category_index]);
        pack_add_int(packer->out,
                     now_ms - groups_category_ms(packer->groups, one->item));
    }
    if (row->cut_until != 0)
        pack_add_uint(packer->out, (uint64_t)(row->cut_until - row->as_of));
}

/* An other and a cell are three numbers at the most. */
static void add_cells(struct packer *packer, const struct packed_row *one,
                      const struct row *row)
{
    uint32_t supports = row_pairs_start(row);
    size_t numbers = 1u + 2 * (size_t)row->pairs + 2 * (size_t)row->used;
    struct pack pack = pack_begin(packer->out, numbers * PACK_UINT_BYTES_MAX);

    if (row->pairs + 2 * row->used > packer->entries_room) {
        packer->entries_room = row->pairs + 2 * row->used;
        packer->entries = mem_resize(packer->entries, packer->entries_room,
                                     sizeof *packer->entries);
    }
    pack_put_uint(&pack, supports);
    put_cells(packer, &pack, packer->entries, row, 0, supports);
    put_others(packer, &pack, one, row);
    pack_end(packer->out, &pack);
}

static struct sort_entry *order_rows(const struct packer *packer)
{
    uint32_t count = packer->rows_count;
    struct sort_entry *order = mem_new(2 * (size_t)count, sizeof *order);

    for (uint32_t i = 0; i < count; i++)
        order[i] =
            (struct sort_entry){packer->items.ranks[packer->rows[i].index], i};
    sort_entries(order, order + count, count);
    return order;
}

static void add_rows(struct packer *packer)
{
    struct sort_entry *order = order_rows(packer);
    uint64_t least = 0;

    pack_add_uint(packer->out, packer->rows_count);
    for (uint32_t i = 0; i < packer->rows_count; i++) {
        const struct packed_row *one = &packer->rows[order[i].index];
        const struct row *row = groups_row(packer->groups, one->item);

        pack_add_uint(packer->out, step(&least, order[i].key));
        add_head(packer, one, row);
        add_cells(packer, one, row);
    }
    free(order);
}

/* ---- the module's face ---- */

static void begin(struct packer *packer, struct strbuf *out,
                  struct groups *groups)
{
    *packer = (struct packer){.groups = groups, .out = out};
    group_slots_init(&packer->slots, groups_rules(groups)->windows,
                     groups_horizon(groups)->fine_pane);
    group_dictionary_init(&packer->items, groups_rules(groups)->items);
    group_dictionary_init(&packer->categories, groups_categories(groups));
}

static void end(struct packer *packer)
{
    struct strbuf *out = packer->out;
    int64_t fine_pane = groups_horizon(packer->groups)->fine_pane;
    size_t start = out->length;

    pack_add_uint(out, GROUP_STATE_VERSION);
    pack_add_uint(out, (uint64_t)fine_pane);
    pack_add_uint(out, group_slots_number(&packer->slots));
    group_dictionary_pack(out, &packer->categories);
    group_dictionary_pack(out, &packer->items);
    add_rows(packer);
    pack_add_seal(out, start);
    group_dictionary_deinit(&packer->items);
    group_dictionary_deinit(&packer->categories);
    free(packer->rows);
    free(packer->indexes);
    free(packer->entries);
}

void group_state_pack_base(struct strbuf *out, struct groups *groups,
                           uint32_t group)
{
    struct packer packer;
    uint32_t item, at = 0;

    begin(&packer, out, groups);
    while ((item = groups_next_row(groups, group, &at)) != 0) {
        const struct row *row = groups_row(groups, item);

        if (says_anything(&packer, item, row))
            see_row(&packer, item, row);
    }
    end(&packer);
}

void group_state_pack_cut(struct strbuf *out, struct groups *groups,
                          uint32_t group)
{
    struct packer packer;
    uint32_t item, at = 0;

    begin(&packer, out, groups);
    while ((item = groups_next_cut(groups, group, &at)) != 0)
        see_row(&packer, item, groups_row(groups, item));
    end(&packer);
}
