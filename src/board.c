#include "board.h"

#include "mem.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct board {
    pthread_mutex_t lock;
    struct board_view view;
    _Atomic int64_t beat_us;
};

struct board *board_new(void)
{
    struct board *board = mem_new(1, sizeof *board);

    pthread_mutex_init(&board->lock, NULL);
    board->view.topic = board->view.prefix = "";
    return board;
}

void board_free(struct board *board)
{
    if (board == NULL)
        return;
    pthread_mutex_destroy(&board->lock);
    free(board);
}

int board_put(struct board *board, const struct board_view *view)
{
    if (pthread_mutex_trylock(&board->lock) != 0)
        return 0;
    board->view = *view;
    pthread_mutex_unlock(&board->lock);
    return 1;
}

void board_beat(struct board *board, int64_t now_us)
{
    atomic_store_explicit(&board->beat_us, now_us, memory_order_relaxed);
}

int64_t board_get(struct board *board, struct board_view *view, int64_t now_us)
{
    int64_t beat_us =
        atomic_load_explicit(&board->beat_us, memory_order_relaxed);

    pthread_mutex_lock(&board->lock);
    *view = board->view;
    pthread_mutex_unlock(&board->lock);
    return beat_us != 0 && now_us > beat_us ? now_us - beat_us : 0;
}

/* ---- readiness ---- */

static const struct {
    const char *name, *message;
} texts[] = {
#define X(upper, lower, message) {#lower, message},
    BOARD_REASONS(X)
#undef X
};

const char *board_reason_name(enum board_reason reason)
{
    ASSERT(reason < BECAUSE_COUNT);
    return texts[reason].name;
}

static int waits_for(const struct board_view *view, const char *what)
{
    return strcmp(view->waits_for, what) == 0;
}

/* At a start nothing is known of Kafka but that it is waited for. */
uint32_t board_reasons(const struct board_view *view, int64_t silent_us)
{
    const struct status_values *values = &view->values;
    const int is_so[BECAUSE_COUNT] = {
        [BECAUSE_STARTING] = view->phase == BOARD_STARTING,
        [BECAUSE_STOPPING] = view->phase == BOARD_STOPPING,
        [BECAUSE_KAFKA_AWAY] = view->phase == BOARD_STARTING
                                   ? waits_for(view, "kafka")
                                   : !values->kafka_up,
        [BECAUSE_REDIS_AWAY] = waits_for(view, "redis") || !values->redis_up,
        [BECAUSE_REDIS_FULL] = values->redis_full != 0,
        [BECAUSE_HELD] = (values->is_held & STATUS_HELD_BY_STATE) != 0,
        [BECAUSE_MEMORY] = (values->is_held & STATUS_HELD_BY_MEMORY) != 0,
        [BECAUSE_BEHIND] = values->lag_records > BOARD_BEHIND_RECORDS,
        [BECAUSE_STALLED] = silent_us >= BOARD_STALLED_US,
    };
    uint32_t reasons = 0;

    for (uint32_t i = 0; i < BECAUSE_COUNT; i++)
        reasons |= (uint32_t)is_so[i] << i;
    return reasons;
}

static void add_reasons(struct strbuf *out, uint32_t reasons)
{
    const char *between = "";

    strbuf_add_format(out, "\"ready\":%s,\"reasons\":[",
                      reasons == 0 ? "true" : "false");
    for (uint32_t i = 0; i < BECAUSE_COUNT; i++) {
        if ((reasons >> i & 1) == 0)
            continue;
        strbuf_add_format(out, "%s{\"reason\":\"%s\",\"message\":\"%s\"}",
                          between, texts[i].name, texts[i].message);
        between = ",";
    }
    strbuf_add_char(out, ']');
}

void board_add_ready(struct strbuf *out, uint32_t reasons)
{
    strbuf_add_char(out, '{');
    add_reasons(out, reasons);
    strbuf_add_char(out, '}');
}

/* ---- the status ---- */

static void add_text(struct strbuf *out, const char *name, const char *text)
{
    strbuf_add_format(out, ",\"%s\":", name);
    strbuf_add_json(out, text, strlen(text));
}

static void add_int(struct strbuf *out, const char *name, int64_t number)
{
    strbuf_add_format(out, ",\"%s\":", name);
    strbuf_add_int(out, number);
}

/* The comma of the first member is taken away: {,"a":1,"b":2} */
static size_t begin(struct strbuf *out, const char *name, char bracket)
{
    strbuf_add_format(out, ",\"%s\":%c", name, bracket);
    return out->length;
}

static void end(struct strbuf *out, size_t start, char bracket)
{
    if (out->length > start) {
        memmove(out->bytes + start, out->bytes + start + 1,
                out->length - start - 1);
        out->length--;
    }
    strbuf_add_char(out, bracket);
}

static void add_values(struct strbuf *out, const struct status_values *values)
{
    size_t start = begin(out, "values", '{');

    for (size_t i = 0; i < STATUS_COUNT; i++)
        add_int(out, status_fields[i].name, status_value(values, i));
    end(out, start, '}');
}

static void add_refused(struct strbuf *out, const struct status_values *values)
{
    static const char prefix[] = "refused_";
    size_t start = begin(out, "refused", '{');

    for (size_t i = 0; i < STATUS_COUNT; i++)
        if (strncmp(status_fields[i].name, prefix, sizeof prefix - 1) == 0)
            add_int(out, status_fields[i].name + sizeof prefix - 1,
                    status_value(values, i));
    end(out, start, '}');
}

static void add_known(struct strbuf *out, const char *name, int64_t number)
{
    if (number >= 0)
        add_int(out, name, number);
    else
        strbuf_add_format(out, ",\"%s\":null", name);
}

static void add_partitions(struct strbuf *out, const struct board_view *view)
{
    size_t start = begin(out, "partitions", '[');

    for (uint32_t i = 0; i < view->partitions_count; i++) {
        const struct board_partition *one = &view->partitions[i];
        int64_t behind_ms = view->at_ms - one->event_time_ms;

        strbuf_add_format(out, ",{\"partition\":%u", (unsigned)i);
        add_int(out, "position", one->position);
        add_known(out, "end", one->end);
        add_known(out, "lag", one->lag);
        add_known(out, "event_time_ms", one->event_time_ms);
        add_known(out, "event_lag_ms",
                  one->event_time_ms < 0 ? -1
                  : behind_ms > 0        ? behind_ms
                                         : 0);
        strbuf_add_char(out, '}');
    }
    end(out, start, ']');
}

static void add_spread(struct strbuf *out, const char *name,
                       const struct histogram *spread)
{
    strbuf_add_format(out,
                      ",\"%s\":{\"count\":%llu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,"
                      "\"max_ms\":%.3f}",
                      name, (unsigned long long)spread->count,
                      (double)histogram_quantile(spread, 0.5) / 1000,
                      (double)histogram_quantile(spread, 0.99) / 1000,
                      (double)spread->max / 1000);
}

static void add_checkpoint(struct strbuf *out, const struct board_view *view)
{
    const struct status_values *values = &view->values;
    size_t start = begin(out, "checkpoint", '{');

    add_int(out, "age_ms", values->checkpoint_age_ms);
    strbuf_add_format(out, ",\"duration_ms\":%.3f",
                      (double)values->checkpoint_us / 1000);
    add_int(out, "interval_ms", view->checkpoint_interval_ms);
    add_int(out, "groups", view->groups_count);
    add_int(out, "written", values->checkpoints);
    add_int(out, "bytes", values->checkpoint_bytes);
    add_int(out, "snapshots", values->snapshots);
    add_int(out, "in_doubt", values->checkpoints_in_doubt);
    add_int(out, "rolled_back", values->groups_rolled_back);
    add_int(out, "rows_loaded", values->rows_loaded);
    end(out, start, '}');
}

void board_add_hot(struct strbuf *out, const struct board_view *view)
{
    size_t start;

    strbuf_add_char(out, '[');
    start = out->length;
    for (uint32_t i = 0; i < view->hot_count; i++) {
        const struct hot_item *one = &view->hot[i];

        strbuf_add_text(out, ",{\"tenant\":");
        strbuf_add_json(out, one->tenant, one->tenant_length);
        strbuf_add_text(out, ",\"item\":");
        strbuf_add_json(out, one->item, one->item_length);
        strbuf_add_format(out, ",\"per_second\":%.3f}", one->per_second);
    }
    end(out, start, ']');
}

/* ---- the settings ---- */

static void add_actions(struct strbuf *out, const char *name, uint8_t actions)
{
    static const char *const names[] = {"view", "cart", "purchase"};
    size_t start = begin(out, name, '[');

    for (uint32_t i = 0; i < 3; i++)
        if (actions >> i & 1)
            strbuf_add_format(out, ",\"%s\"", names[i]);
    end(out, start, ']');
}

static void add_relations(struct strbuf *out, const struct relations *relations)
{
    size_t start = begin(out, "relations", '[');

    for (uint32_t i = 0; i < relations->count; i++) {
        const struct relation *one = &relations->at[i];

        strbuf_add_format(out, ",{\"name\":\"%s\"", one->name);
        add_actions(out, "from", one->from);
        add_actions(out, "to", one->to);
        add_text(out, "score", score_name(one->score));
        add_int(out, "k", one->k);
        add_int(out, "min_support", one->min_support);
        strbuf_add_char(out, '}');
    }
    end(out, start, ']');
}

static void add_windows(struct strbuf *out, const struct windows *windows)
{
    size_t start = begin(out, "windows", '[');

    for (uint32_t i = 0; i < windows->count; i++) {
        const struct window *one = &windows->at[i];

        strbuf_add_format(out, ",{\"name\":\"%s\"", one->name);
        add_int(out, "length_ms", one->length_ms);
        add_int(out, "panes", one->panes);
        strbuf_add_char(out, '}');
    }
    end(out, start, ']');
}

static void add_settings(struct strbuf *out, const struct board_view *view)
{
    size_t start = begin(out, "settings", '{');

    add_text(out, "topic", view->topic);
    add_text(out, "prefix", view->prefix);
    strbuf_add_format(out, ",\"damping\":%.17g", view->damping);
    add_int(out, "max_pairs", view->pairs_max);
    add_relations(out, &view->relations);
    add_windows(out, &view->windows);
    end(out, start, '}');
}

void board_add_status(struct strbuf *out, const struct board_view *view,
                      uint32_t reasons)
{
    static const char *const phases[] = {"starting", "counting", "stopping"};

    strbuf_add_text(out, "{\"version\":\"" TERKAIT_VERSION "\"");
    add_int(out, "at_ms", view->at_ms);
    add_text(out, "phase", phases[view->phase]);
    add_text(out, "waits_for", view->waits_for);
    strbuf_add_char(out, ',');
    add_reasons(out, reasons);
    add_values(out, &view->values);
    add_refused(out, &view->values);
    add_partitions(out, view);
    add_spread(out, "freshness", &view->freshness_late);
    add_spread(out, "redis_latency", &view->latency_late);
    add_checkpoint(out, view);
    strbuf_add_text(out, ",\"hot\":");
    board_add_hot(out, view);
    add_settings(out, view);
    strbuf_add_char(out, '}');
}
