/* Any bytes as a chunk of sessions, as they are and as a piece with a good
 * length and seal: no crash, and what is loaded is whole and goes on. For
 * libFuzzer, or any main() that calls the function below. */
#include "session_state.h"

#include "pack.h"
#include "session_store.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct session_rules rules = {1000, 500, 300000, 4, 8};
static struct windows windows = {.count = 1, .at = {{"w", 60000, 600}}};
static struct relations relations = {
    .count = 2, .at = {{.from = 7, .to = 7}, {.from = 1, .to = 2}}};

static void go_on(struct sessions *sessions)
{
    static const char *const names[] = {"a", "b", "c"};
    struct contributions out = {0};
    struct session_cut cut;
    struct strbuf chunk = STRBUF_EMPTY;
    uint64_t count = 0;

    sessions_check(sessions);
    sessions_cut_begin(sessions, &cut, 0);
    for (int i = 0; i < 27; i++) {
        struct event event = {.type = (enum event_type)(i % 4),
                              .ts_ms = sessions_partition_time(sessions) + 1,
                              .visitor = {names[i % 3], 1},
                              .items_count = 1,
                              .items = {{names[i / 9], 1}}};

        out.count = 0;
        sessions_drop_leaving(sessions);
        sessions_take(sessions, &out, &event, EVENT_NO_STAMP,
                      SESSION_ARRIVAL_END - 100 + i);
    }
    while (!sessions_cut_next(sessions, &chunk, 64, &count))
        ;
    ASSERT(count == cut.open);
    sessions_check(sessions);
    strbuf_deinit(&chunk);
    contributions_deinit(&out);
}

/* The number of sessions is made to fit: it is what the words say in the end.
 */
static void load(const void *bytes, size_t length)
{
    struct intern *items = intern_new();
    struct sessions *sessions =
        sessions_new(&rules, &relations, &windows, items);
    struct session_cut cut = {.partition_time_ms = INT64_C(253402300799998)};
    struct err err = ERR_NONE;
    int result = sessions_load(sessions, bytes, length, &err);

    ASSERT((result < 0) == (err.text[0] != '\0'));
    cut.open = sessions_open(sessions);
    if (result == 0 && sessions_load_end(sessions, &cut, &err) == 0)
        go_on(sessions);
    sessions_free(sessions);
    ASSERT(intern_count(items) == 0);
    intern_free(items);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strbuf piece = STRBUF_EMPTY;
    struct err err = ERR_NONE;

    if (relations.sets_count == 0) {
        relations_init(&relations);
        ASSERT(windows_init(&windows, &err) == 0);
    }
    load(data, size);
    pack_add_uint(&piece, 1);
    pack_add_bytes(&piece, data, size);
    pack_add_seal(&piece, 0);
    load(piece.bytes, piece.length);
    strbuf_deinit(&piece);
    return 0;
}
