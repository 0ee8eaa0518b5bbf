/* bench_memory: what things weigh in the process, by what it has of the
 * machine's memory.
 *
 *     bench_memory items=1000000 few=10 many=50 sessions=500000 */
#include "bench.h"
#include "bench_rows.h"
#include "session.h"

enum { FAR_PANES = 2 };

#define NOW_MS INT64_C(1765540800000)

struct state {
    double rss, live, engine;
};

static struct state state_of(const struct bench_rows *rows)
{
    return (struct state){bench_rss(), bench_rows_live(rows),
                          (double)groups_bytes(engine_groups(rows->engine))};
}

/* All windows pass, and a sweep gives up what is empty. */
static void let_time_pass(struct bench_rows *rows)
{
    struct groups *groups = engine_groups(rows->engine);

    groups_advance(groups, rows->fine_pane + FAR_PANES * rows->span);
    bench_rows_look(rows);
    for (uint32_t i = 0; i < rows->items; i++)
        groups_release(groups, rows->numbers[i]);
}

static struct state fill(struct bench_rows *rows, uint32_t from, uint32_t until,
                         uint32_t rounds)
{
    for (uint32_t i = from; i < until; i++)
        bench_rows_round(rows, i, rounds);
    bench_rows_look(rows);
    return state_of(rows);
}

static void measure_rows(const struct config *config, int argc, char **argv)
{
    uint32_t items = bench_count(argc, argv, "items", 1000000);
    uint32_t few = bench_count(argc, argv, "few", 10);
    uint32_t many = bench_count(argc, argv, "many", 50);
    struct engine *engine = engine_new(&config->engine);
    struct bench_rows rows;
    struct state empty, at_few, at_many, after;
    double start, cell;

    bench_rows_init(&rows, engine, items, NOW_MS);
    start = bench_rss();
    empty = state_of(&rows);
    at_few = fill(&rows, 0, few, many);
    at_many = fill(&rows, few, many, many);
    cell = (at_many.rss - at_few.rss) / (at_many.live - at_few.live);
    let_time_pass(&rows);
    after = state_of(&rows);
    printf("{\"what\": \"rows\", \"items\": %u, \"live\": %.0f, "
           "\"bytes_id\": %.2f, \"bytes_cell\": %.3f, \"bytes_row\": %.2f, "
           "\"rss\": %.0f, \"share_left\": %.4f, \"rows_left\": %.0f}\n",
           items, at_many.live,
           (double)intern_bytes(engine_items(engine)) / items, cell,
           (at_few.rss - empty.rss - cell * at_few.live) / items, at_many.rss,
           (after.rss - start) / (at_many.rss - start),
           (double)groups_rows(engine_groups(engine)));
    bench_rows_deinit(&rows);
    engine_free(engine);
}

/* ---- sessions ---- */

struct visitors {
    struct sessions *sessions;
    struct contributions list;
    struct intern *items;
    struct event event;
    uint32_t count;
    int64_t offset;
};

/* Each of them looks at one more item. */
static void look_at_one_more(struct visitors *visitors, uint32_t which)
{
    for (uint32_t i = 0; i < visitors->count; i++) {
        char visitor[32], item[32];
        uint64_t number = rng_mix(i);

        visitors->event.visitor = (struct text){
            visitor,
            (uint32_t)snprintf(visitor, sizeof visitor, "pembeli-%012llx",
                               (unsigned long long)(number >> 16))};
        visitors->event.items[0] = (struct text){
            item,
            (uint32_t)snprintf(item, sizeof item, "sku-%llu",
                               (unsigned long long)(number % 10000 + which))};
        visitors->list.count = 0;
        if (sessions_take(visitors->sessions, &visitors->list, &visitors->event,
                          EVENT_NO_STAMP, visitors->offset++) != EVENT_ACCEPTED)
            exit(1);
    }
}

static void measure_sessions(const struct config *config, int argc, char **argv)
{
    static struct visitors visitors = {
        .event = {.ts_ms = NOW_MS, .items_count = 1}};
    double base, three, six;

    visitors.count = bench_count(argc, argv, "sessions", 500000);
    visitors.items = intern_new();
    contributions_init(&visitors.list);
    visitors.sessions =
        sessions_new(&config->engine.session, &config->engine.relations,
                     &config->engine.windows, visitors.items);
    base = bench_rss();
    for (uint32_t i = 0; i < 3; i++)
        look_at_one_more(&visitors, i);
    three = bench_rss();
    for (uint32_t i = 3; i < 6; i++)
        look_at_one_more(&visitors, i);
    six = bench_rss();
    printf("{\"what\": \"sessions\", \"bytes_three\": %.1f, "
           "\"bytes_further\": %.1f, \"open\": %.0f}\n",
           (three - base) / visitors.count, (six - three) / 3 / visitors.count,
           (double)sessions_open(visitors.sessions));
    sessions_free(visitors.sessions);
    contributions_deinit(&visitors.list);
    intern_free(visitors.items);
}

int main(int argc, char **argv)
{
    struct config *config = bench_config(argc, argv);

    measure_sessions(config, argc, argv);
    measure_rows(config, argc, argv);
    config_free(config);
    return 0;
}
