#include "simulate_catalogue.h"

#include "err.h"
#include "mem.h"
#include "simulate_words.h"
#include "zipf.h"

#include <stdlib.h>
#include <string.h>

/* Many texts in one piece of memory; text i ends where i + 1 begins. */
struct names {
    struct strbuf bytes;
    uint32_t *starts; /* owned; one more than there are names */
    uint32_t count;
};

/* Walks the combinations of a category's words in a seeded order. */
struct goods_cursor {
    uint32_t heads, kinds, variants;
    uint32_t combinations;
    uint32_t step; /* has no divisor in common with `combinations` */
    uint32_t made;
};

struct catalogue {
    uint32_t items;
    uint32_t themes;
    uint32_t sellers;
    struct names ids;
    struct names seller_names;
    struct names tenant_names;
    uint8_t *categories; /* owned; by item, a place in words_goods */
    uint32_t *seller_of; /* owned; by item */
    struct zipf *popularity;
};

static void names_init(struct names *names, uint32_t count)
{
    names->bytes = STRBUF_EMPTY;
    names->starts = mem_new((size_t)count + 1, sizeof *names->starts);
    names->count = 0;
}

static void names_deinit(struct names *names)
{
    strbuf_deinit(&names->bytes);
    free(names->starts);
}

/* What was added to `bytes` since the last call is a name. */
static void names_end(struct names *names)
{
    ASSERT(names->bytes.length <= UINT32_MAX);
    names->starts[++names->count] = (uint32_t)names->bytes.length;
}

static struct text names_at(const struct names *names, uint32_t at)
{
    uint32_t start = names->starts[at];

    ASSERT(at < names->count);
    return (struct text){names->bytes.bytes + start,
                         names->starts[at + 1] - start};
}

static void add_text(struct strbuf *out, struct text text)
{
    strbuf_add(out, text.bytes, text.length);
}

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        uint32_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

static void goods_cursor_init(struct goods_cursor *cursor, struct rng *rng,
                              const struct words_goods *goods)
{
    cursor->heads = words_count(goods->heads);
    cursor->kinds = words_count(goods->kinds);
    cursor->variants = words_count(goods->variants);
    cursor->combinations = cursor->heads * cursor->kinds * cursor->variants;
    cursor->made = 0;
    do
        cursor->step = 1 + rng_below(rng, cursor->combinations);
    while (common_divisor(cursor->step, cursor->combinations) != 1);
}

/* Adds the next id of the category. The first is always the first word of
 * each list; when all combinations are used up, a number follows. */
static void add_goods_id(struct strbuf *out, struct goods_cursor *cursor,
                         const struct words_goods *goods)
{
    uint32_t round = cursor->made / cursor->combinations;
    uint32_t place = (uint32_t)((uint64_t)cursor->made * cursor->step %
                                cursor->combinations);
    struct text variant;

    cursor->made++;
    add_text(out, words_at(goods->heads, place % cursor->heads));
    place /= cursor->heads;
    strbuf_add_char(out, '-');
    add_text(out, words_at(goods->kinds, place % cursor->kinds));
    variant = words_at(goods->variants, place / cursor->kinds);
    if (variant.length > 0)
        strbuf_add_char(out, '-');
    add_text(out, variant);
    if (round > 0) {
        strbuf_add_char(out, '-');
        strbuf_add_uint(out, round + 1);
    }
}

static uint32_t theme_of(const struct catalogue *catalogue, uint32_t item)
{
    uint32_t theme = item / CATALOGUE_THEME_ITEMS;

    return theme < catalogue->themes ? theme : catalogue->themes - 1;
}

/* The last theme takes what is left over. */
static uint32_t theme_size(const struct catalogue *catalogue, uint32_t theme)
{
    if (theme + 1 < catalogue->themes)
        return CATALOGUE_THEME_ITEMS;
    return catalogue->items - theme * CATALOGUE_THEME_ITEMS;
}

static void make_theme(struct catalogue *catalogue, struct rng *rng,
                       struct goods_cursor *cursors, uint32_t theme)
{
    uint32_t first = theme * CATALOGUE_THEME_ITEMS;
    uint32_t end = first + theme_size(catalogue, theme);
    uint32_t which =
        theme < WORDS_THEMES ? theme : rng_below(rng, WORDS_THEMES);

    for (uint32_t item = first; item < end; item++) {
        int is_main = (item - first) % 4 != 3;
        uint8_t goods =
            is_main ? words_themes[which].main : words_themes[which].companion;

        catalogue->categories[item] = goods;
        add_goods_id(&catalogue->ids.bytes, &cursors[goods],
                     &words_goods[goods]);
        names_end(&catalogue->ids);
    }
}

static void make_items(struct catalogue *catalogue, struct rng *rng)
{
    struct goods_cursor cursors[WORDS_GOODS];

    names_init(&catalogue->ids, catalogue->items);
    catalogue->categories =
        mem_new(catalogue->items, sizeof *catalogue->categories);
    for (uint32_t i = 0; i < WORDS_GOODS; i++)
        goods_cursor_init(&cursors[i], rng, &words_goods[i]);
    for (uint32_t theme = 0; theme < catalogue->themes; theme++)
        make_theme(catalogue, rng, cursors, theme);
}

/* `rank` within a kind of sellers: every pair of name and city comes once
 * before a number follows. */
static void add_seller(struct strbuf *out, const char *list, uint32_t rank)
{
    uint32_t words = words_count(list);
    uint32_t word = rank % words;
    uint32_t round = rank / words / WORDS_CITIES;
    const struct words_city *city =
        &words_cities[(rank / words + word * 7) % WORDS_CITIES];

    strbuf_add_text(out, "\"seller\":\"");
    add_text(out, words_at(list, word));
    strbuf_add_char(out, '-');
    strbuf_add_text(out, city->name);
    if (round > 0) {
        strbuf_add_char(out, '-');
        strbuf_add_uint(out, round + 1);
    }
    strbuf_add_text(out, "\",\"region\":\"");
    strbuf_add_text(out, city->region);
    strbuf_add_char(out, '"');
}

/* One seller in fifty is big, one in five a shop, the others are one-person
 * businesses (UMKM). */
static void make_sellers(struct catalogue *catalogue)
{
    uint32_t big = 1 + catalogue->sellers / 50;
    uint32_t shops = big + catalogue->sellers / 5;

    names_init(&catalogue->seller_names, catalogue->sellers);
    for (uint32_t seller = 0; seller < catalogue->sellers; seller++) {
        struct strbuf *out = &catalogue->seller_names.bytes;

        if (seller < big)
            add_seller(out, words_big_sellers, seller);
        else if (seller < shops)
            add_seller(out, words_shops, seller - big);
        else
            add_seller(out, words_owners, seller - shops);
        names_end(&catalogue->seller_names);
    }
}

/* The cube of an even draw: the first fiftieth of the sellers has a quarter of
 * the goods. */
static void share_out_items(struct catalogue *catalogue, struct rng *rng)
{
    catalogue->seller_of =
        mem_new(catalogue->items, sizeof *catalogue->seller_of);
    for (uint32_t item = 0; item < catalogue->items; item++) {
        uint64_t draw = rng_next(rng) >> 32;
        uint64_t cube = (draw * draw >> 32) * draw >> 32;

        catalogue->seller_of[item] =
            (uint32_t)(cube * catalogue->sellers >> 32);
    }
}

static void make_tenants(struct catalogue *catalogue, uint32_t count)
{
    names_init(&catalogue->tenant_names, count);
    for (uint32_t tenant = 0; tenant < count; tenant++) {
        struct strbuf *out = &catalogue->tenant_names.bytes;

        strbuf_add_text(out, words_tenants[tenant % WORDS_TENANTS]);
        if (tenant >= WORDS_TENANTS)
            strbuf_add_format(out, "-%u", tenant / WORDS_TENANTS + 1);
        names_end(&catalogue->tenant_names);
    }
}

struct catalogue *catalogue_new(struct rng *rng,
                                const struct catalogue_rules *rules)
{
    struct catalogue *catalogue = mem_new(1, sizeof *catalogue);

    ASSERT(rules->items > 0 && rules->items <= CATALOGUE_ITEMS_MAX);
    ASSERT(rules->sellers > 0 && rules->sellers <= CATALOGUE_SELLERS_MAX);
    ASSERT(rules->tenants <= CATALOGUE_TENANTS_MAX);
    catalogue->items = rules->items;
    catalogue->sellers = rules->sellers;
    catalogue->themes = rules->items / CATALOGUE_THEME_ITEMS;
    if (catalogue->themes == 0)
        catalogue->themes = 1;
    make_items(catalogue, rng);
    make_sellers(catalogue);
    make_tenants(catalogue, rules->tenants);
    share_out_items(catalogue, rng);
    catalogue->popularity = zipf_new(rng, rules->items, rules->zipf);
    return catalogue;
}

void catalogue_free(struct catalogue *catalogue)
{
    if (catalogue == NULL)
        return;
    zipf_free(catalogue->popularity);
    free(catalogue->seller_of);
    free(catalogue->categories);
    names_deinit(&catalogue->tenant_names);
    names_deinit(&catalogue->seller_names);
    names_deinit(&catalogue->ids);
    free(catalogue);
}

uint32_t catalogue_items(const struct catalogue *catalogue)
{
    return catalogue->items;
}

struct text catalogue_id(const struct catalogue *catalogue, uint32_t item)
{
    return names_at(&catalogue->ids, item);
}

struct text catalogue_category(const struct catalogue *catalogue, uint32_t item)
{
    const char *name = words_goods[catalogue->categories[item]].category;

    return (struct text){name, (uint32_t)strlen(name)};
}

struct text catalogue_tenant(const struct catalogue *catalogue, uint32_t tenant)
{
    return names_at(&catalogue->tenant_names, tenant);
}

struct text catalogue_seller(const struct catalogue *catalogue, uint32_t item)
{
    return names_at(&catalogue->seller_names, catalogue->seller_of[item]);
}

uint32_t catalogue_draw(const struct catalogue *catalogue, struct rng *rng)
{
    return zipf_draw(catalogue->popularity, rng);
}

uint32_t catalogue_draw_any(const struct catalogue *catalogue, struct rng *rng)
{
    return rng_below(rng, catalogue->items);
}

uint32_t catalogue_partners(const struct catalogue *catalogue,
                            uint32_t out[CATALOGUE_PARTNERS_MAX], uint32_t item)
{
    uint32_t theme = theme_of(catalogue, item);
    uint32_t first = theme * CATALOGUE_THEME_ITEMS;
    uint32_t size = theme_size(catalogue, theme);
    uint32_t place = item - first;
    uint32_t count = 0;

    /* In a ring of fewer than five, both ways lead to the same neighbours. */
    if (size > CATALOGUE_PARTNERS_MAX) {
        out[count++] = first + (place + 1) % size;
        out[count++] = first + (place + 2) % size;
        out[count++] = first + (place + size - 1) % size;
        out[count++] = first + (place + size - 2) % size;
        return count;
    }
    for (uint32_t ahead = 1; ahead < size; ahead++)
        out[count++] = first + (place + ahead) % size;
    return count;
}

uint32_t catalogue_draw_partner(const struct catalogue *catalogue,
                                struct rng *rng, uint32_t item)
{
    uint32_t partners[CATALOGUE_PARTNERS_MAX];
    uint32_t count = catalogue_partners(catalogue, partners, item);

    return count == 0 ? item : partners[rng_below(rng, count)];
}

uint32_t catalogue_draw_theme(const struct catalogue *catalogue,
                              struct rng *rng, uint32_t item)
{
    uint32_t theme = theme_of(catalogue, item);

    return theme * CATALOGUE_THEME_ITEMS +
           rng_below(rng, theme_size(catalogue, theme));
}

struct truth_entry {
    struct text id;
    uint32_t item;
};

static int compare_entries(const void *a, const void *b)
{
    const struct truth_entry *left = a, *right = b;

    return text_compare(left->id, right->id);
}

static void add_truth_of(const struct catalogue *catalogue, struct strbuf *out,
                         const struct truth_entry *entry)
{
    uint32_t partners[CATALOGUE_PARTNERS_MAX];
    struct truth_entry sorted[CATALOGUE_PARTNERS_MAX];
    uint32_t count = catalogue_partners(catalogue, partners, entry->item);

    for (uint32_t i = 0; i < count; i++)
        sorted[i] = (struct truth_entry){catalogue_id(catalogue, partners[i]),
                                         partners[i]};
    qsort(sorted, count, sizeof sorted[0], compare_entries);
    for (uint32_t i = 0; i < count; i++) {
        add_text(out, entry->id);
        strbuf_add_char(out, '\t');
        add_text(out, sorted[i].id);
        strbuf_add_char(out, '\n');
    }
}

/* A tab sorts before whatever an id holds, so ids sort as the lines do. */
void catalogue_add_truth(const struct catalogue *catalogue, struct strbuf *out)
{
    struct truth_entry *entries = mem_new(catalogue->items, sizeof *entries);

    for (uint32_t item = 0; item < catalogue->items; item++)
        entries[item] =
            (struct truth_entry){catalogue_id(catalogue, item), item};
    qsort(entries, catalogue->items, sizeof *entries, compare_entries);
    for (uint32_t i = 0; i < catalogue->items; i++)
        add_truth_of(catalogue, out, &entries[i]);
    free(entries);
}
