#include "top.h"

#include "mem.h"
#include "show.h"

#include <stdlib.h>
#include <string.h>

/* Stats come each second; so long without a new one is silence. A clock that
 * is so far off is not believed for it. */
enum { SILENT_MS = 5000, CLOCK_MS = 10000 };

enum { LABEL_COLUMNS = 11, SPARK_COLUMN = 26, COLUMN_2 = 30 };
enum { REASONS_MAX = 32 };

struct top {
    const char *address, *prefix;
    struct fields stats;
    struct lookup_list hot;       /* what the stats say is hot */
    struct lookup_list popular;   /* else */
    const char *window;           /* of it */
    int64_t silent_since_ms;      /* Redis; 0: it answers */
    int64_t updated_at_ms;        /* of the stats, by their own clock */
    int64_t renewed_ms;           /* when they were last seen to be new */
    int64_t refused_per_s;        /* of the latest two */
    int64_t history[TOP_HISTORY]; /* events a second, the newest last */
    uint32_t history_count;
};

struct top *top_new(const char *address, const char *prefix)
{
    struct top *top = mem_new(1, sizeof *top);

    top->address = address;
    top->prefix = prefix;
    return top;
}

void top_free(struct top *top)
{
    if (top == NULL)
        return;
    fields_deinit(&top->stats);
    lookup_list_deinit(&top->hot);
    lookup_list_deinit(&top->popular);
    free(top);
}

static int64_t number(const struct top *top, const char *name)
{
    return fields_number(&top->stats, name);
}

/* ---- what comes in ---- */

static void remember(struct top *top)
{
    if (top->history_count == TOP_HISTORY) {
        memmove(top->history, top->history + 1,
                (TOP_HISTORY - 1) * sizeof top->history[0]);
        top->history_count--;
    }
    top->history[top->history_count++] = number(top, "events_per_s");
}

static void reckon_refused(struct top *top, const struct fields *before)
{
    int64_t elapsed_ms =
        number(top, "updated_at_ms") - fields_number(before, "updated_at_ms");
    int64_t more =
        number(top, "events_refused") - fields_number(before, "events_refused");

    top->refused_per_s = 0;
    if (elapsed_ms > 0 && more > 0 &&
        fields_number(before, "started_at_ms") == number(top, "started_at_ms"))
        top->refused_per_s = (more * 1000 + elapsed_ms / 2) / elapsed_ms;
}

static void take_hot(struct top *top)
{
    const struct field *field = fields_find(&top->stats, "hot_items");
    struct err err = ERR_NONE;

    lookup_list_deinit(&top->hot);
    if (field != NULL && lookup_parse_hot(&top->hot, field->value, &err) != 0)
        top->hot = (struct lookup_list){0};
}

void top_take_stats(struct top *top, struct fields *fields, int64_t now_ms)
{
    struct fields before = top->stats;
    int64_t updated_ms;

    top->stats = *fields;
    *fields = (struct fields){0};
    top->silent_since_ms = 0;
    updated_ms = number(top, "updated_at_ms");
    if (updated_ms != top->updated_at_ms) {
        int is_old = top->updated_at_ms == 0 && now_ms - updated_ms > CLOCK_MS;

        top->renewed_ms = is_old ? updated_ms : now_ms;
        top->updated_at_ms = updated_ms;
        reckon_refused(top, &before);
        remember(top);
    }
    take_hot(top);
    fields_deinit(&before);
}

void top_take_popular(struct top *top, struct lookup_list *list,
                      const char *window)
{
    lookup_list_deinit(&top->popular);
    top->popular = *list;
    top->window = window;
    *list = (struct lookup_list){0};
}

void top_take_silence(struct top *top, int64_t now_ms)
{
    if (top->silent_since_ms == 0)
        top->silent_since_ms = now_ms;
}

/* ---- how it goes, in a word ---- */

struct verdict {
    enum canvas_style style;
    const char *word;    /* for a line */
    struct strbuf words; /* for a screen; owned */
};

/* What comes within a second is no backlog. */
static void judge_stream(struct verdict *verdict, const struct top *top)
{
    int64_t lag = number(top, "lag_records");

    if (number(top, "is_caught_up") || lag <= number(top, "records_per_s")) {
        verdict->style = CANVAS_GOOD;
        verdict->word = "ok";
        strbuf_add_text(&verdict->words, number(top, "first_event_at_ms") > 0
                                             ? "counting; all input is read"
                                             : "no event came yet");
        return;
    }
    verdict->style = CANVAS_WARN;
    verdict->word = "behind";
    strbuf_add_text(&verdict->words, "behind by ");
    show_grouped(&verdict->words, lag);
    strbuf_add_text(&verdict->words, " records");
}

static void judge_edges(struct verdict *verdict, const struct top *top)
{
    static const char *const given_up[] = {
        "Redis is full: lists are not written",
        "Redis is full: counts are given up, lists are not written",
        "Redis is full: lists and counts are given up",
    };
    int64_t full = number(top, "redis_full");

    verdict->style = CANVAS_BAD;
    if (full > 0) {
        verdict->word = "redis-full";
        strbuf_add_text(&verdict->words, given_up[full > 3 ? 2 : full - 1]);
    } else if (number(top, "is_held")) {
        verdict->word = "held";
        strbuf_add_text(&verdict->words,
                        "reading waits for the state to become durable");
    } else if (!number(top, "kafka_up") && number(top, "kafka_partitions")) {
        verdict->word = "kafka-away";
        strbuf_add_text(&verdict->words, "Kafka does not answer");
    } else {
        judge_stream(verdict, top);
    }
}

static void judge(struct verdict *verdict, const struct top *top,
                  int64_t now_ms)
{
    *verdict = (struct verdict){.style = CANVAS_BAD, .words = STRBUF_EMPTY};
    if (top->silent_since_ms != 0) {
        verdict->word = "redis-away";
        strbuf_add_text(&verdict->words, "Redis does not answer for ");
        show_span(&verdict->words, now_ms - top->silent_since_ms);
        strbuf_add_text(&verdict->words, "; waiting for it");
    } else if (top->stats.count == 0) {
        verdict->word = "no-stats";
        strbuf_add_format(&verdict->words,
                          "nothing at %sstats: is `terkait run` at work "
                          "on this Redis?",
                          top->prefix);
    } else if (now_ms - top->renewed_ms > SILENT_MS) {
        verdict->word = "silent";
        strbuf_add_text(&verdict->words, "terkait said nothing for ");
        show_span(&verdict->words, now_ms - top->renewed_ms);
        strbuf_add_text(&verdict->words, ": has it ended?");
    } else {
        judge_edges(verdict, top);
    }
}

/* ---- the screen ---- */

/* What is drawn on. */
struct page {
    const struct top *top;
    struct canvas *canvas;
    uint32_t row;
    int draws;
};

static uint32_t put(struct page *page, uint32_t column, enum canvas_style style,
                    struct strbuf *text)
{
    column = canvas_put(page->canvas, page->row, column, style,
                        (struct text){text->bytes, (uint32_t)text->length});
    strbuf_deinit(text);
    return column;
}

static uint32_t put_text(struct page *page, uint32_t column,
                         enum canvas_style style, const char *text)
{
    return canvas_put_text(page->canvas, page->row, column, style, text);
}

static void draw_bar(struct page *page, int64_t now_ms)
{
    const struct top *top = page->top;
    const struct field *version = fields_find(&top->stats, "version");
    uint32_t columns = canvas_columns(page->canvas), left;
    int64_t started_ms = number(top, "started_at_ms");
    struct strbuf right = STRBUF_EMPTY, text = STRBUF_EMPTY;

    strbuf_add_format(&text, " terkait %s  %s  %s",
                      version != NULL ? version->value.bytes : "", top->address,
                      top->prefix);
    left = put(page, 0, CANVAS_BAR, &text);
    if (started_ms > 0) {
        strbuf_add_text(&right, "up ");
        show_span(&right, now_ms - started_ms);
        strbuf_add_text(&right, "  ");
    }
    show_time(&right, now_ms);
    strbuf_add_char(&right, ' ');
    if (left + right.length < columns)
        put(page, columns - (uint32_t)right.length, CANVAS_BAR, &right);
    strbuf_deinit(&right);
    canvas_paint(page->canvas, page->row++, CANVAS_BAR);
}

static void draw_verdict(struct page *page, int64_t now_ms)
{
    struct verdict verdict;

    judge(&verdict, page->top, now_ms);
    put(page, 1, verdict.style, &verdict.words);
    page->row += 2;
}

/* A label, then a text that ends in the same column in each line. */
static void put_value(struct page *page, uint32_t column, const char *label,
                      struct strbuf *text, enum canvas_style style)
{
    uint32_t width = (uint32_t)text->length;

    put_text(page, column + 1, CANVAS_DIM, label);
    put(page, column + (width < 24 ? 24 - width : 1), style, text);
}

static void put_number(struct page *page, uint32_t column, const char *label,
                       int64_t value, enum canvas_style style)
{
    struct strbuf text = STRBUF_EMPTY;

    show_grouped(&text, value);
    put_value(page, column, label, &text, style);
}

static void put_span(struct page *page, uint32_t column, const char *label,
                     int64_t span_ms)
{
    struct strbuf text = STRBUF_EMPTY;

    show_span(&text, span_ms);
    put_value(page, column, label, &text, CANVAS_PLAIN);
}

/* The latest that fit, each an eighth of a character high or more. */
static void draw_spark(struct page *page, uint32_t column)
{
    static const char *const drawn[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const typed[] = {"_", ".", ".", "-", "-", "=", "=", "#"};
    const struct top *top = page->top;
    uint32_t columns = canvas_columns(page->canvas);
    uint32_t room = columns > column + 1 ? columns - column - 1 : 0;
    uint32_t first = top->history_count > room ? top->history_count - room : 0;
    int64_t most = 1;

    for (uint32_t i = first; i < top->history_count; i++)
        most = top->history[i] > most ? top->history[i] : most;
    for (uint32_t i = first; i < top->history_count; i++) {
        int64_t step = top->history[i] > 0 ? top->history[i] * 7 / most : 0;

        column = put_text(page, column, CANVAS_GOOD,
                          (page->draws ? drawn : typed)[step]);
    }
}

static void draw_rates(struct page *page)
{
    const struct top *top = page->top;
    int64_t lag = number(top, "lag_records");

    put_number(page, 0, "events/s", number(top, "events_per_s"), CANVAS_BOLD);
    draw_spark(page, SPARK_COLUMN);
    page->row++;
    put_number(page, 0, "lists/s", number(top, "lists_per_s"), CANVAS_PLAIN);
    put_number(page, COLUMN_2, "lag, records", lag,
               lag > 0 ? CANVAS_WARN : CANVAS_PLAIN);
    page->row++;
    put_number(page, 0, "pair updates/s", number(top, "pair_updates_per_s"),
               CANVAS_PLAIN);
    put_span(page, COLUMN_2, "stream age", number(top, "stream_age_ms"));
    page->row++;
    put_number(page, 0, "refused/s", top->refused_per_s,
               top->refused_per_s > 0 ? CANVAS_WARN : CANVAS_PLAIN);
    put_span(page, COLUMN_2, "freshness, p99", number(top, "freshness_p99_ms"));
    page->row += 2;
}

/* Behind a label; what is not 0 though it should be stands out. */
static uint32_t add_part(struct page *page, uint32_t column, const char *name,
                         int64_t value, enum canvas_style style)
{
    struct strbuf text = STRBUF_EMPTY;

    strbuf_add_format(&text, "%s ", name);
    column = put(page, column, CANVAS_DIM, &text);
    show_grouped(&text, value);
    return put(page, column, value != 0 ? style : CANVAS_PLAIN, &text) + 2;
}

static uint32_t add_size(struct page *page, uint32_t column, const char *name,
                         int64_t bytes, enum canvas_style style)
{
    struct strbuf text = STRBUF_EMPTY;

    strbuf_add_format(&text, "%s ", name);
    column = put(page, column, CANVAS_DIM, &text);
    show_bytes(&text, bytes);
    return put(page, column, style, &text) + 2;
}

static uint32_t begin_line(struct page *page, const char *label)
{
    put_text(page, 1, CANVAS_BOLD, label);
    return LABEL_COLUMNS;
}

static void draw_events(struct page *page)
{
    const struct top *top = page->top;
    uint32_t column = begin_line(page, "events");

    column = add_part(page, column, "accepted", number(top, "events_accepted"),
                      CANVAS_PLAIN);
    column = add_part(page, column, "refused", number(top, "events_refused"),
                      CANVAS_WARN);
    column = add_part(page, column, "ignored", number(top, "events_ignored"),
                      CANVAS_PLAIN);
    add_part(page, column, "no consent", number(top, "events_no_consent"),
             CANVAS_PLAIN);
    page->row++;
}

/* The reasons that there were, the most frequent first. */
static void draw_refused(struct page *page)
{
    const struct field *reasons[REASONS_MAX];
    size_t count =
        fields_rank(&page->top->stats, reasons, REASONS_MAX, "refused_");
    uint32_t column = begin_line(page, "refused");

    for (size_t i = 0; i < count; i++)
        column =
            add_part(page, column, reasons[i]->name.bytes + strlen("refused_"),
                     number(page->top, reasons[i]->name.bytes), CANVAS_WARN);
    if (count == 0)
        put_text(page, column, CANVAS_DIM, "none");
    page->row += 2;
}

static void draw_held(struct page *page)
{
    const struct top *top = page->top;
    uint32_t column = begin_line(page, "held");

    column =
        add_part(page, column, "items", number(top, "items"), CANVAS_PLAIN);
    column = add_part(page, column, "pairs", number(top, "live_pairs"),
                      CANVAS_PLAIN);
    column = add_part(page, column, "sessions", number(top, "sessions_open"),
                      CANVAS_PLAIN);
    add_part(page, column, "rows waiting", number(top, "rows_waiting"),
             CANVAS_PLAIN);
    page->row++;
}

static void draw_memory(struct page *page)
{
    const struct top *top = page->top;
    int64_t bytes = number(top, "memory_rss_bytes");
    int64_t most = number(top, "memory_max_bytes");
    uint32_t column = begin_line(page, "memory");
    int is_near = most > 0 && bytes > most / 10 * 9;

    column = add_size(page, column, "resident", bytes,
                      is_near ? CANVAS_BAD : CANVAS_PLAIN);
    if (most > 0)
        column = add_size(page, column, "of", most, CANVAS_PLAIN);
    column = add_size(page, column, "engine",
                      number(top, "memory_engine_bytes"), CANVAS_PLAIN);
    add_size(page, column, "lists", number(top, "memory_publish_bytes"),
             CANVAS_PLAIN);
    page->row++;
}

static void draw_edges(struct page *page)
{
    const struct top *top = page->top;
    int is_up = number(top, "kafka_up") != 0;
    uint32_t column = begin_line(page, "Kafka");
    struct strbuf text = STRBUF_EMPTY;

    column = put_text(page, column, is_up ? CANVAS_GOOD : CANVAS_BAD,
                      is_up ? "up" : "away") +
             2;
    column = add_part(page, column, "partitions",
                      number(top, "kafka_partitions"), CANVAS_PLAIN);
    column = add_part(page, column, "errors", number(top, "kafka_errors"),
                      CANVAS_WARN);
    column = add_part(page, column, "dead letters",
                      number(top, "dead_letters_sent"), CANVAS_PLAIN);
    add_part(page, column, "lost", number(top, "dead_letters_lost"),
             CANVAS_BAD);
    page->row++;
    column = begin_line(page, "Redis");
    column = put_text(page, column, CANVAS_DIM, "answers in ");
    strbuf_add_format(&text, "%.1f ms",
                      (double)number(top, "redis_latency_us") / 1000);
    column = put(page, column, CANVAS_PLAIN, &text) + 2;
    column = add_part(page, column, "reconnects",
                      number(top, "redis_reconnects"), CANVAS_WARN);
    column = add_part(page, column, "errors", number(top, "redis_errors"),
                      CANVAS_WARN);
    add_part(page, column, "writes refused",
             number(top, "redis_writes_refused"), CANVAS_WARN);
    page->row++;
}

static void draw_state(struct page *page)
{
    const struct top *top = page->top;
    uint32_t column = begin_line(page, "state");
    struct strbuf text = STRBUF_EMPTY;

    column = put_text(page, column, CANVAS_DIM, "saved ");
    show_span(&text, number(top, "checkpoint_age_ms"));
    column = put(page, column, CANVAS_PLAIN, &text) + 1;
    column = put_text(page, column, CANVAS_DIM, "late  in ");
    strbuf_add_format(&text, "%.1f ms",
                      (double)number(top, "checkpoint_us") / 1000);
    column = put(page, column, CANVAS_PLAIN, &text) + 2;
    column =
        add_part(page, column, "starts", number(top, "rounds"), CANVAS_PLAIN);
    add_part(page, column, "rolled back", number(top, "groups_rolled_back"),
             CANVAS_WARN);
    page->row += 2;
}

static void put_entry(struct page *page, uint32_t column, uint32_t width,
                      const struct lookup_entry *entry, int is_hot)
{
    struct strbuf id = STRBUF_EMPTY, rate = STRBUF_EMPTY;
    uint32_t end;

    if (is_hot)
        strbuf_add_format(&rate, entry->score < 10 ? "%.1f" : "%.0f",
                          entry->score);
    else
        show_grouped(&rate, (int64_t)entry->count);
    if (entry->tenant.length > 0) {
        strbuf_add(&id, entry->tenant.bytes, entry->tenant.length);
        strbuf_add_char(&id, '/');
    }
    strbuf_add(&id, entry->id.bytes, entry->id.length);
    end = put(page, column + 1, CANVAS_PLAIN, &id);
    if (end + rate.length + 1 > column + width) /* over its end, if need be */
        for (uint32_t at = column + width - (uint32_t)rate.length - 1;
             at < canvas_columns(page->canvas) && at <= end; at++)
            put_text(page, at, CANVAS_PLAIN, " ");
    put(page, column + width - (uint32_t)rate.length, CANVAS_BOLD, &rate);
}

/* In two columns, down to the end of the page. */
static void draw_items(struct page *page)
{
    const struct top *top = page->top;
    int is_hot = top->hot.is_there;
    const struct lookup_list *list = is_hot ? &top->hot : &top->popular;
    uint32_t rows = canvas_rows(page->canvas), first = page->row + 1;
    uint32_t width = canvas_columns(page->canvas) / 2 - 1;
    struct strbuf title = STRBUF_EMPTY;

    if (!list->is_there || first + 1 >= rows || width < 20)
        return;
    if (is_hot)
        strbuf_add_text(&title, "hot now, events/s");
    else
        strbuf_add_format(&title, "popular, sessions in %s", top->window);
    put(page, 1, CANVAS_BOLD, &title);
    rows -= first + 1;
    for (uint32_t i = 0; i < list->count && i < 2 * rows; i++) {
        page->row = first + i % rows;
        put_entry(page, i < rows ? 0 : width + 2, width, &list->entries[i],
                  is_hot);
    }
}

void top_draw(const struct top *top, struct canvas *canvas, int64_t now_ms,
              int draws)
{
    struct page page = {.top = top, .canvas = canvas, .draws = draws};

    draw_bar(&page, now_ms);
    draw_verdict(&page, now_ms);
    if (top->stats.count > 0) {
        draw_rates(&page);
        draw_events(&page);
        draw_refused(&page);
        draw_held(&page);
        draw_memory(&page);
        draw_edges(&page);
        draw_state(&page);
        draw_items(&page);
    }
    if (canvas_rows(canvas) > 2)
        canvas_put_text(canvas, canvas_rows(canvas) - 1, 1, CANVAS_DIM,
                        "q ends");
}

/* ---- the lines ---- */

#define LINE_HEAD "%-20s %9s %9s %8s %9s %8s %8s  %s\n"

void top_add_header(struct strbuf *out)
{
    strbuf_add_format(out, LINE_HEAD, "time", "events/s", "refused/s",
                      "lists/s", "lag", "fresh", "memory", "state");
}

static void add_number(struct strbuf *out, int width, int64_t value,
                       int is_known)
{
    if (is_known)
        strbuf_add_format(out, " %*lld", width, (long long)value);
    else
        strbuf_add_format(out, " %*s", width, "-");
}

void top_add_line(const struct top *top, struct strbuf *out, int64_t now_ms)
{
    struct strbuf time = STRBUF_EMPTY, fresh = STRBUF_EMPTY,
                  memory = STRBUF_EMPTY;
    struct verdict verdict;
    int is_known = top->stats.count > 0 && top->silent_since_ms == 0;

    judge(&verdict, top, now_ms);
    show_time(&time, now_ms);
    strbuf_add_format(out, "%-20s", time.bytes);
    add_number(out, 9, number(top, "events_per_s"), is_known);
    add_number(out, 9, top->refused_per_s, is_known);
    add_number(out, 8, number(top, "lists_per_s"), is_known);
    add_number(out, 9, number(top, "lag_records"), is_known);
    if (is_known) {
        show_span(&fresh, number(top, "freshness_p99_ms"));
        show_bytes(&memory, number(top, "memory_rss_bytes"));
    }
    strbuf_add_format(out, " %8s %8s  %s\n", is_known ? fresh.bytes : "-",
                      is_known ? memory.bytes : "-", verdict.word);
    strbuf_deinit(&verdict.words);
    strbuf_deinit(&memory);
    strbuf_deinit(&fresh);
    strbuf_deinit(&time);
}
