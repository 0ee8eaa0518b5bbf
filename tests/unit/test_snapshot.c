/* The machine that makes a partition's sessions durable, on a store whose
 * every request waits for the test. */
#include "snapshot.h"

#include "engine_world.h"
#include "scripted_store.h"

enum { INTERVAL_MS = 5000, MINUTE_US = 60000000 };

static const struct store_token token = {7, 0xabc};

struct world {
    struct engine_rules engine_rules;
    struct engine *engine;
    struct snapshot *snapshot;
    struct snapshot_turn turn;
    uint64_t sequence;
    uint32_t stood;
    int64_t stood_at;
    uint32_t overtaken;
};

static uint64_t next_sequence(void *context)
{
    return ++((struct world *)context)->sequence;
}

static void stood(void *context, uint32_t partition, int64_t offset)
{
    struct world *world = context;

    assert_int_equal(partition, 1);
    world->stood++;
    world->stood_at = offset;
}

static void overtaken(void *context, struct text by)
{
    struct world *world = context;

    assert_text(by, "host other pid 1");
    world->overtaken++;
}

static void make_snapshot(struct world *world, const struct snapshot_body *body)
{
    struct snapshot_rules rules = {
        .partition = 1,
        .interval_ms = INTERVAL_MS,
        .token = token,
        .who = text_of("me"),
        .fingerprint = text_of("finger"),
        .store = &script.store,
        .sessions = engine_sessions(world->engine, 1),
        .sequence = next_sequence,
        .stood = stood,
        .overtaken = overtaken,
        .context = world,
    };

    world->snapshot = snapshot_new(&rules, 5, 2, body);
}

/* A snapshot without sessions stands at offset 5; it is `now`. */
static int make_world(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct store_manifest manifest = {.offset = 5, .origin = 2, .is_whole = 1};
    struct strbuf none = STRBUF_EMPTY;

    script_begin();
    partition_key(1)->token = token;
    put_manifest(partition_key(1), &manifest, &none);
    world->engine_rules = small_rules();
    world->engine = engine_new(&world->engine_rules);
    world->turn = (struct snapshot_turn){1000000, 5, -1, 0};
    make_snapshot(world, NULL);
    *state = world;
    return 0;
}

static int free_world(void **state)
{
    struct world *world = *state;

    give_up_all();
    snapshot_free(world->snapshot);
    engine_free(world->engine);
    script_end();
    free(world);
    return 0;
}

/* The visitor comes, at this offset. */
static void visit(struct world *world, int64_t offset, const char *visitor)
{
    char json[256];
    struct record record = {.bytes = json,
                            .partition = 1,
                            .offset = offset,
                            .stamp_ms = EVENT_NO_STAMP,
                            .now_ms = EVENT_NO_STAMP};

    snprintf(json, sizeof json,
             "{\"type\":\"page_view\",\"visitor\":\"%s\",\"item\":\"a\","
             "\"ts\":%lld}",
             visitor, (long long)START_MS);
    record.length = strlen(json);
    assert_int_equal(engine_take(world->engine, &record), EVENT_ACCEPTED);
    world->turn.position = offset + 1;
}

static void work(struct world *world)
{
    snapshot_work(world->snapshot, &world->turn);
}

static void wait_us(struct world *world, int64_t us)
{
    world->turn.now_us += us;
    work(world);
}

/* Until it waits for marks, or nothing more happens. */
static void stage_all(struct world *world)
{
    for (int i = 0; i < 20 && !snapshot_is_waiting(world->snapshot); i++) {
        work(world);
        serve_all();
    }
    assert_true(snapshot_is_waiting(world->snapshot));
}

static void make_stand(struct world *world)
{
    stage_all(world);
    world->turn.durable = world->turn.position;
    work(world);
    serve(waiting_for(SCRIPT_SNAPSHOT));
}

/* ---- bodies ---- */

static struct text names[] = {{"one", 3}, {"", 0}, {"three", 5}};

static void pack(struct strbuf *out)
{
    struct snapshot_body body = {{-1, INT64_MAX, UINT64_MAX}, 12, 3, names};

    snapshot_pack(out, &body);
}

static void test_packed_and_back(void **state)
{
    struct strbuf bytes = STRBUF_EMPTY;
    struct snapshot_body body;
    struct err err = ERR_NONE;

    (void)state;
    pack(&bytes);
    assert_int_equal(snapshot_unpack(&body, bytes.bytes, bytes.length, &err),
                     0);
    assert_true(body.cut.partition_time_ms == -1);
    assert_true(body.cut.oldest == INT64_MAX);
    assert_true(body.cut.open == UINT64_MAX);
    assert_int_equal(body.written, 12);
    assert_int_equal(body.chunks_count, 3);
    assert_text(body.chunks[0], "one");
    assert_text(body.chunks[1], "");
    assert_text(body.chunks[2], "three");
    free(body.chunks);
    strbuf_deinit(&bytes);
}

static void test_damaged_bytes(void **state)
{
    struct strbuf bytes = STRBUF_EMPTY;
    struct snapshot_body body;
    struct err err = ERR_NONE;
    char *copy;

    (void)state;
    pack(&bytes);
    for (size_t length = 0; length < bytes.length; length++) {
        copy = mem_dup(bytes.bytes, length); /* for the sanitizer to watch */
        assert_int_equal(snapshot_unpack(&body, copy, length, &err), -1);
        assert_null(body.chunks);
        free(copy);
    }
    strbuf_add_char(&bytes, 'x');
    assert_int_equal(snapshot_unpack(&body, bytes.bytes, bytes.length, &err),
                     -1);
    for (size_t i = 0; i < bytes.length; i++) {
        copy = mem_dup(bytes.bytes, bytes.length - 1);
        copy[i == bytes.length - 1 ? 0 : i] ^= (char)0xff;
        if (snapshot_unpack(&body, copy, bytes.length - 1, &err) == 0)
            free(body.chunks);
        free(copy);
    }
    strbuf_deinit(&bytes);
}

static void test_another_version(void **state)
{
    struct strbuf bytes = STRBUF_EMPTY;
    struct snapshot_body body;
    struct err err = ERR_NONE;

    (void)state;
    pack(&bytes);
    bytes.bytes[0]++;
    assert_int_equal(snapshot_unpack(&body, bytes.bytes, bytes.length, &err),
                     -1);
    assert_non_null(strstr(err.text, "version 2"));
    strbuf_deinit(&bytes);
}

/* ---- the machine ---- */

static void test_nothing_new_nothing_done(void **state)
{
    struct world *world = *state;

    for (int i = 0; i < 50; i++)
        wait_us(world, 1000000);
    assert_int_equal(script.count, 0);
    assert_false(snapshot_is_busy(world->snapshot));
    assert_int_equal(snapshot_offset(world->snapshot), 5);
}

static void test_one_stands_when_all_marks_have_reached_it(void **state)
{
    struct world *world = *state;
    struct request *stage, *one;

    visit(world, 5, "v");
    work(world);
    work(world);
    assert_int_equal(count_waiting(), 1);
    stage = waiting_for(SCRIPT_STAGE);
    assert_int_equal(store_token_compare(stage->token, token), 0);
    work(world);
    assert_int_equal(count_waiting(), 1);
    serve(stage);
    assert_true(snapshot_is_waiting(world->snapshot));
    visit(world, 6, "w");
    world->turn.durable = 5;
    work(world);
    assert_null(waiting());
    world->turn.durable = 6;
    work(world);
    one = waiting_for(SCRIPT_SNAPSHOT);
    assert_int_equal(one->snapshot.offset, 6);
    assert_int_equal(one->snapshot.origin, 2);
    assert_int_equal(one->snapshot.choice, 6);
    assert_int_equal(one->snapshot.is_only, 0);
    assert_int_equal(one->snapshot.chunks_count, 1);
    assert_string_equal(one->names[0], stage->text);
    assert_int_equal(store_token_compare(one->token, token), 0);
    assert_int_equal(world->stood, 0);
    assert_true(snapshot_is_busy(world->snapshot));
    serve(one);
    assert_int_equal(world->stood, 1);
    assert_int_equal(world->stood_at, 6);
    assert_int_equal(snapshot_offset(world->snapshot), 6);
    assert_false(snapshot_is_busy(world->snapshot));
}

/* The next begins an interval after this one did, at once in an orderly end;
 * it stages what changed and names the former chunks, too. */
static void test_the_next_one(void **state)
{
    struct world *world = *state;
    struct request *one;

    visit(world, 5, "v");
    make_stand(world);
    visit(world, 6, "w");
    wait_us(world, INTERVAL_MS * 1000 - 1);
    assert_null(waiting());
    assert_false(snapshot_is_busy(world->snapshot));
    wait_us(world, 1);
    assert_true(snapshot_is_busy(world->snapshot));
    make_stand(world);
    one = &script.at[script.count - 1];
    assert_int_equal(one->snapshot.offset, 7);
    assert_int_equal(one->snapshot.chunks_count, 2);
    assert_int_equal(count_calls(SCRIPT_STAGE), 2);
    assert_string_not_equal(one->names[0], one->names[1]);
    visit(world, 7, "x");
    world->turn.is_urgent = 1;
    make_stand(world);
    assert_int_equal(snapshot_offset(world->snapshot), 8);
}

/* What it names loads as the sessions that are open. */
static void test_what_stands_can_be_loaded(void **state)
{
    struct world *world = *state;
    struct engine *other = engine_new(&world->engine_rules);
    struct sessions *sessions = engine_sessions(other, 1);
    struct snapshot_body body;
    struct err err = ERR_NONE;
    struct request *one;

    visit(world, 5, "v");
    make_stand(world);
    visit(world, 6, "w");
    visit(world, 7, "v");
    wait_us(world, INTERVAL_MS * 1000);
    make_stand(world);
    one = &script.at[script.count - 1];
    assert_int_equal(
        snapshot_unpack(&body, one->body.bytes, one->body.length, &err), 0);
    for (uint32_t i = 0; i < body.chunks_count; i++) {
        const struct strbuf *chunk =
            &script.contents[find_chunk(one->names[i])];

        assert_text(body.chunks[i], one->names[i]);
        assert_int_equal(
            sessions_load(sessions, chunk->bytes, chunk->length, &err), 0);
    }
    assert_int_equal(sessions_load_end(sessions, &body.cut, &err), 0);
    assert_int_equal(sessions_open(sessions), 2);
    assert_int_equal(body.written, 3);
    free(body.chunks);
    engine_free(other);
}

static void test_former_chunks_are_kept(void **state)
{
    struct world *world = *state;
    struct snapshot_body body = {{-1, -1, 0}, 1, 1, names};
    struct request *one;

    snapshot_free(world->snapshot);
    make_snapshot(world, &body);
    script.staged[script.staged_count++] = mem_dup_text("one");
    visit(world, 5, "v");
    make_stand(world);
    one = &script.at[script.count - 1];
    assert_int_equal(one->snapshot.chunks_count, 2);
    assert_string_equal(one->names[0], "one");
}

/* A chunk of which nobody knows whether it landed goes out again as it was. */
static void test_a_lost_chunk_is_sent_again_as_it_was(void **state)
{
    struct world *world = *state;
    struct request *first, *again;

    visit(world, 5, "v");
    work(world);
    work(world);
    first = waiting_for(SCRIPT_STAGE);
    answer(first, STORE_UNKNOWN);
    visit(world, 6, "v");
    work(world);
    serve(waiting_for(SCRIPT_TAKE));
    work(world);
    again = waiting_for(SCRIPT_STAGE);
    assert_string_equal(first->text, again->text);
    assert_int_equal(first->body.length, again->body.length);
    assert_memory_equal(first->body.bytes, again->body.bytes,
                        first->body.length);
    serve(again);
    assert_true(snapshot_is_waiting(world->snapshot));
}

static void test_a_lost_manifest_is_sent_again_as_it_was(void **state)
{
    struct world *world = *state;
    struct request *first, *again;

    visit(world, 5, "v");
    stage_all(world);
    world->turn.durable = 6;
    work(world);
    first = waiting_for(SCRIPT_SNAPSHOT);
    answer(first, STORE_UNKNOWN);
    visit(world, 6, "w");
    work(world);
    serve(waiting_for(SCRIPT_TAKE));
    work(world);
    again = waiting_for(SCRIPT_SNAPSHOT);
    assert_int_equal(again->snapshot.offset, 6);
    assert_int_equal(first->body.length, again->body.length);
    assert_memory_equal(first->body.bytes, again->body.bytes,
                        first->body.length);
    serve(again);
    assert_int_equal(world->stood_at, 6);
}

/* Even sessions that did not change since the one that stands, by new names. */
static void test_a_missing_chunk_stages_all_anew(void **state)
{
    struct world *world = *state;
    struct request *one, *other;

    visit(world, 5, "v");
    make_stand(world);
    visit(world, 6, "w");
    wait_us(world, INTERVAL_MS * 1000);
    stage_all(world);
    lose_chunks();
    world->turn.durable = 7;
    work(world);
    one = waiting_for(SCRIPT_SNAPSHOT);
    assert_int_equal(one->snapshot.chunks_count, 2);
    serve(one);
    assert_int_equal(world->stood, 1);
    assert_true(snapshot_is_busy(world->snapshot));
    make_stand(world);
    other = &script.at[script.count - 1];
    assert_int_equal(world->stood, 2);
    assert_int_equal(other->snapshot.chunks_count, 1);
    for (int i = 0; i < 2; i++)
        assert_string_not_equal(other->names[0], one->names[i]);
}

/* ---- doubts ---- */

static void test_a_doubt_takes_the_token_again(void **state)
{
    struct world *world = *state;
    struct request *take;

    snapshot_doubt(world->snapshot);
    assert_true(snapshot_is_busy(world->snapshot));
    work(world);
    take = waiting_for(SCRIPT_TAKE);
    assert_int_equal(store_token_compare(take->token, token), 0);
    assert_string_equal(take->text, "me");
    answer(take, STORE_UNKNOWN);
    wait_us(world, 1000);
    assert_null(waiting());
    wait_us(world, 100000);
    serve(waiting_for(SCRIPT_TAKE));
    work(world);
    serve(waiting_for(SCRIPT_READ_MANIFESTS));
    assert_false(snapshot_is_busy(world->snapshot));
}

/* The answer to what was in flight says nothing about the doubt. */
static void test_a_doubt_while_something_is_in_flight(void **state)
{
    struct world *world = *state;

    visit(world, 5, "v");
    work(world);
    work(world);
    snapshot_doubt(world->snapshot);
    serve(waiting_for(SCRIPT_STAGE));
    world->turn.durable = 6;
    work(world);
    assert_int_equal(count_calls(SCRIPT_SNAPSHOT), 0);
    waiting_for(SCRIPT_TAKE);
}

static void test_overtaken(void **state)
{
    struct world *world = *state;

    partition_key(1)->token = (struct store_token){8, 1};
    visit(world, 5, "v");
    work(world);
    work(world);
    serve(waiting_for(SCRIPT_STAGE));
    assert_int_equal(world->overtaken, 0);
    work(world);
    serve(waiting_for(SCRIPT_TAKE));
    assert_int_equal(world->overtaken, 1);
    assert_int_equal(world->stood, 0);
}

/* ---- at rest ---- */

static void test_at_rest_it_looks_every_minute(void **state)
{
    struct world *world = *state;

    work(world);
    wait_us(world, MINUTE_US - 1);
    assert_null(waiting());
    wait_us(world, 1);
    serve(waiting_for(SCRIPT_READ_MANIFESTS));
    assert_false(snapshot_is_busy(world->snapshot));
    wait_us(world, MINUTE_US - 1);
    assert_null(waiting());
    wait_us(world, 1);
    waiting_for(SCRIPT_READ_MANIFESTS);
}

static void find_what_is_wrong(struct world *world)
{
    work(world);
    wait_us(world, MINUTE_US);
    serve(waiting_for(SCRIPT_READ_MANIFESTS));
    assert_true(snapshot_is_busy(world->snapshot));
    make_stand(world);
    assert_int_equal(world->stood, 1);
    assert_int_equal(world->stood_at, 5);
}

static void test_an_idle_look_finds_a_roll_back(void **state)
{
    partition_key(1)->manifests[0].offset = 4;
    find_what_is_wrong(*state);
}

static void test_an_idle_look_finds_nothing(void **state)
{
    partition_key(1)->manifests_count = 0;
    find_what_is_wrong(*state);
}

static void test_an_idle_look_finds_a_lost_chunk(void **state)
{
    partition_key(1)->manifests[0].is_whole = 0;
    find_what_is_wrong(*state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_world, free_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packed_and_back),
        cmocka_unit_test(test_damaged_bytes),
        cmocka_unit_test(test_another_version),
        TEST(test_nothing_new_nothing_done),
        TEST(test_one_stands_when_all_marks_have_reached_it),
        TEST(test_the_next_one),
        TEST(test_what_stands_can_be_loaded),
        TEST(test_former_chunks_are_kept),
        TEST(test_a_lost_chunk_is_sent_again_as_it_was),
        TEST(test_a_lost_manifest_is_sent_again_as_it_was),
        TEST(test_a_missing_chunk_stages_all_anew),
        TEST(test_a_doubt_takes_the_token_again),
        TEST(test_a_doubt_while_something_is_in_flight),
        TEST(test_overtaken),
        TEST(test_at_rest_it_looks_every_minute),
        TEST(test_an_idle_look_finds_a_roll_back),
        TEST(test_an_idle_look_finds_nothing),
        TEST(test_an_idle_look_finds_a_lost_chunk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
