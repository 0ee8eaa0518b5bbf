#include "group_state.h"

#include "group_dictionary.h"
#include "group_places.h"
#include "group_state_format.h"
#include "mem.h"
#include "pack.h"

#include <stdlib.h>

/* One cell of a run, and the run of one other in a row. */
struct packed_cell {
    uint64_t code;
    uint32_t count;
};

struct packed_row {
    uint32_t rank;
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
    struct group_places places;
    uint64_t ahead;
    struct packed_row *rows; /* owned */
    uint32_t rows_count;
    uint32_t rows_room;
    uint32_t *indexes; /* owned; in the dictionary, of each row's others */
    uint32_t indexes_count;
    uint32_t indexes_room;
    struct packed_cell *cells; /* owned; of one run */
    uint32_t cells_room;
    uint64_t *others; /* owned; of one row: rank << 32 | first cell */
    uint32_t others_room;
};

static int compare_numbers(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;

    return *left < *right ? -1 : *left > *right;
}

void group_state_sort(uint64_t *numbers, uint32_t count)
{
    if (count > GROUP_STATE_FEW) {
        qsort(numbers, count, sizeof *numbers, compare_numbers);
        return;
    }
    for (uint32_t i = 1; i < count; i++) {
        uint64_t number = numbers[i];
        uint32_t at = i;

        for (; at > 0 && numbers[at - 1] > number; at--)
            numbers[at] = numbers[at - 1];
        numbers[at] = number;
    }
}

/* ---- what there is to write ---- */

static void see_ahead(struct packer *packer, const struct row *row)
{
    for (uint32_t i = 0; i < row->used; i++) {
        struct row_place place =
            row_place(row->cells[i].slot, packer->places.now);
        int64_t ahead = place.pane - row->as_of;

        if (place.tier == 0 && ahead > (int64_t)packer->ahead)
            packer->ahead = (uint64_t)ahead;
    }
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
    see_ahead(packer, row);
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

static int compare_cells(const void *a, const void *b)
{
    const struct packed_cell *left = a, *right = b;

    return left->code < right->code ? -1 : left->code > right->code;
}

/* In the order of their codes; in the row they stand from old to young, so that
 * each relation's come the other way round. */
static void encode_cells(struct packer *packer, const struct row *row,
                         uint32_t start, uint32_t end)
{
    int is_in_order = 1;

    if (end - start > packer->cells_room) {
        packer->cells_room = end - start;
        packer->cells = mem_resize(packer->cells, packer->cells_room,
                                   sizeof *packer->cells);
    }
    for (uint32_t i = 0; i < end - start; i++) {
        const struct cell *cell = &row->cells[end - 1 - i];

        packer->cells[i] = (struct packed_cell){
            group_places_code(&packer->places,
                              row_place(cell->slot, packer->places.now)),
            cell->count};
        is_in_order &=
            i == 0 || packer->cells[i - 1].code < packer->cells[i].code;
    }
    if (!is_in_order)
        qsort(packer->cells, end - start, sizeof *packer->cells, compare_cells);
}

static void add_cells(struct packer *packer, const struct row *row,
                      uint32_t start, uint32_t end)
{
    uint64_t least = 0;

    encode_cells(packer, row, start, end);
    for (uint32_t i = 0; i < end - start; i++) {
        const struct packed_cell *cell = &packer->cells[i];
        uint64_t distance = step(&least, cell->code);

        pack_add_uint(packer->out, distance << 1 | (cell->count > 1));
        if (cell->count > 1)
            pack_add_uint(packer->out, cell->count - 2);
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
    uint32_t count = 0;

    if (row->pairs > packer->others_room) {
        packer->others_room = row->pairs;
        packer->others = mem_resize(packer->others, packer->others_room,
                                    sizeof *packer->others);
    }
    for (uint32_t i = row_pairs_start(row); i < row->used;
         i = end_of_run(row, i)) {
        uint32_t index = packer->indexes[one->others + count];

        packer->others[count++] =
            (uint64_t)packer->items.ranks[index] << 32 | i;
    }
    group_state_sort(packer->others, count);
}

static void add_others(struct packer *packer, const struct packed_row *one,
                       const struct row *row)
{
    uint64_t least = 0;

    rank_others(packer, one, row);
    for (uint32_t i = 0; i < row->pairs; i++) {
        uint32_t start = (uint32_t)packer->others[i];
        uint32_t end = end_of_run(row, start);
        uint64_t distance = step(&least, packer->others[i] >> 32);

        pack_add_uint(packer->out, distance << 1 | (end - start > 1));
        if (end - start > 1)
            pack_add_uint(packer->out, end - start - 2);
        add_cells(packer, row, start, end);
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

static int compare_rows(const void *a, const void *b)
{
    const struct packed_row *left = a, *right = b;

    return left->rank < right->rank ? -1 : left->rank > right->rank;
}

static void add_rows(struct packer *packer)
{
    uint64_t least = 0;

    for (uint32_t i = 0; i < packer->rows_count; i++)
        packer->rows[i].rank = packer->items.ranks[packer->rows[i].index];
    if (packer->rows_count > 0)
        qsort(packer->rows, packer->rows_count, sizeof *packer->rows,
              compare_rows);
    pack_add_uint(packer->out, packer->rows_count);
    for (uint32_t i = 0; i < packer->rows_count; i++) {
        const struct packed_row *one = &packer->rows[i];
        const struct row *row = groups_row(packer->groups, one->item);
        uint32_t supports = row_pairs_start(row);

        pack_add_uint(packer->out, step(&least, one->rank));
        add_head(packer, one, row);
        pack_add_uint(packer->out, supports);
        add_cells(packer, row, 0, supports);
        add_others(packer, one, row);
    }
}

/* ---- the module's face ---- */

static void begin(struct packer *packer, struct strbuf *out,
                  struct groups *groups)
{
    *packer = (struct packer){.groups = groups, .out = out};
    group_places_init(&packer->places, groups_rules(groups)->windows,
                      groups_horizon(groups)->fine_pane, 0);
    group_dictionary_init(&packer->items, groups_rules(groups)->items);
    group_dictionary_init(&packer->categories, groups_categories(groups));
}

static void end(struct packer *packer)
{
    struct strbuf *out = packer->out;
    int64_t fine_pane = groups_horizon(packer->groups)->fine_pane;
    size_t start = out->length;

    group_places_init(&packer->places, groups_rules(packer->groups)->windows,
                      fine_pane, packer->ahead);
    pack_add_uint(out, GROUP_STATE_VERSION);
    pack_add_uint(out, (uint64_t)fine_pane);
    pack_add_uint(out, packer->ahead);
    group_dictionary_pack(out, &packer->categories);
    group_dictionary_pack(out, &packer->items);
    add_rows(packer);
    pack_add_seal(out, start);
    group_dictionary_deinit(&packer->items);
    group_dictionary_deinit(&packer->categories);
    free(packer->rows);
    free(packer->indexes);
    free(packer->cells);
    free(packer->others);
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
