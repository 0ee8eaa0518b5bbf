/* What goes wrong between a store and its Redis: each ends in UNKNOWN, and the
 * head read next is the truth. */
#include "store_world.h"

static const struct store_key group_1 = {STORE_GROUP, 1};
static const struct store_token mine = {5, 7};

static struct store_checkpoint delta_of(uint64_t builds_on, uint64_t sequence)
{
    return (struct store_checkpoint){
        .token = mine,
        .builds_on = {builds_on > 0 ? mine.owner : 0, builds_on},
        .id = {mine.owner, sequence},
        .body = text_of("body"),
    };
}

static void begin(struct world *world)
{
    struct store_checkpoint one = delta_of(0, 1);

    world_up(world);
    assert_outcome(take(world, group_1, mine), STORE_DONE);
    assert_outcome(checkpoint(world, 1, &one), STORE_DONE);
}

/* Sends, and looks for no answer yet. */
static void send_delta(struct world *world, uint64_t builds_on,
                       uint64_t sequence)
{
    struct store_checkpoint what = delta_of(builds_on, sequence);

    got.count = 0;
    world->store.checkpoint(world->store.self, 1, &what, on_answer, &got);
    assert_int_equal(got.count, 0);
    world_pump(world);
}

/* Asked again when the connection's end was only noticed by this question. */
static uint64_t sequence_of(struct world *world)
{
    const struct store_answer *answer;

    world_wait(world);
    answer = look(world, group_1);
    if (answer->outcome == STORE_UNKNOWN) {
        world_wait(world);
        answer = look(world, group_1);
    }
    assert_outcome(answer, STORE_DONE);
    return answer->head.id.sequence;
}

/* As if its clock ran `us` on, in steps that count. */
static void pass(struct world *world, int64_t us)
{
    int64_t now_us = clock_mono_us();

    for (int64_t end_us = now_us + us; now_us < end_us; now_us += 500000)
        world->store.pump(world->store.self, now_us);
}

/* The server that was killed comes back, with what is in its directory. */
static void run_again(void)
{
    struct err err = ERR_NONE;

    assert_int_equal(private_redis_run(&server, "--appendonly", "no"), 0);
    redis_close(control);
    assert_int_equal(redis_open(&control, server.url, "control", &err), 0);
}

/* The server stands still, the answer does not come in time; then the script
 * that was given up on runs. */
static void test_lands_late(void **state)
{
    struct world world;
    const struct store_redis_stats *stats;

    (void)state;
    NEED_SERVER();
    begin(&world);
    private_redis_freeze(&server);
    send_delta(&world, 1, 2);
    assert_int_equal(got.count, 0);
    pass(&world, 11000000);
    assert_int_equal(got.count, 1);
    assert_outcome(&got.answer, STORE_UNKNOWN);
    assert_false(got.answer.is_foreign);
    assert_problem(&got.answer, "connection");
    assert_false(world_is_ready(&world));
    kill(server.pid, SIGCONT);
    assert_int_equal(sequence_of(&world), 2);
    assert_int_equal(load(&world, 1)->parts_count, 2);
    stats = store_redis_stats(world.redis);
    assert_int_equal(stats->by_call[STORE_CALL_CHECKPOINT].unknown, 1);
    world_down(&world);
}

/* It runs after a newer one that builds on the same: refused by its id, though
 * the token is its writer's. */
static void test_lands_on_a_newer_one(void **state)
{
    struct store_checkpoint newer = delta_of(1, 3);
    struct world world, other;

    (void)state;
    NEED_SERVER();
    begin(&world);
    world_up(&other);
    assert_outcome(checkpoint(&other, 1, &newer), STORE_DONE);
    send_delta(&world, 1, 2);
    assert_outcome(await(&world), STORE_REFUSED);
    assert_int_equal(sequence_of(&world), 3);
    world_down(&world);
    world_down(&other);
}

/* The connection is cut while answers are under way: all are UNKNOWN, once. */
static void test_killed_connection(void **state)
{
    struct world world;

    (void)state;
    NEED_SERVER();
    begin(&world);
    private_redis_freeze(&server);
    send_delta(&world, 1, 2);
    send_delta(&world, 2, 3);
    send_delta(&world, 3, 4);
    got.count = 0;
    private_redis_stop(&server, SIGKILL);
    while (got.count < 3)
        world_pump(&world);
    assert_int_equal(got.count, 3);
    assert_outcome(&got.answer, STORE_UNKNOWN);
    run_again();
    assert_int_equal(sequence_of(&world), 0); /* restarted empty */
    assert_false(got.answer.head.is_there);
    assert_int_equal(store_redis_stats(world.redis)->reloads, 0);
    world_down(&world);
}

static void test_cut_by_the_server(void **state)
{
    struct text kill_all[] = {{"CLIENT", 6}, {"KILL", 4},   {"TYPE", 4},
                              {"normal", 6}, {"SKIPME", 6}, {"yes", 3}};
    struct world world;
    uint64_t found;

    (void)state;
    NEED_SERVER();
    begin(&world);
    send_delta(&world, 1, 2);
    redis_reply_free(ask(kill_all, COUNT(kill_all)));
    await(&world);
    found = sequence_of(&world);
    assert_true(found == 2 || found == 1);
    world_down(&world);
}

static void copy_file(const char *from, const char *to)
{
    char buffer[65536];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    size_t length;

    assert_true(in != NULL && out != NULL);
    while ((length = fread(buffer, 1, sizeof buffer, in)) > 0)
        assert_int_equal(fwrite(buffer, 1, length, out), length);
    fclose(in);
    fclose(out);
}

static void test_rolled_back(void **state)
{
    struct store_checkpoint two = delta_of(1, 2), four = delta_of(2, 4);
    struct store_checkpoint mend = delta_of(1, 5);
    char dump[128], copy[128];
    struct world world;

    (void)state;
    NEED_SERVER();
    snprintf(dump, sizeof dump, "%s/dump.rdb", server.directory);
    snprintf(copy, sizeof copy, "%s/copy.rdb", server.directory);
    begin(&world);
    words("SAVE");
    copy_file(dump, copy);
    assert_outcome(checkpoint(&world, 1, &two), STORE_DONE);
    private_redis_stop(&server, SIGKILL);
    while (world_is_ready(&world))
        world_pump(&world);
    copy_file(copy, dump);
    run_again();
    assert_int_equal(sequence_of(&world), 1);
    assert_outcome(checkpoint(&world, 1, &four), STORE_REFUSED);
    mend.is_base = 1;
    assert_outcome(checkpoint(&world, 1, &mend), STORE_DONE);
    assert_false(load(&world, 1)->is_at_odds);
    assert_text(got.answer.base, "body");
    world_down(&world);
    unlink(dump);
}

/* Each changes nothing: its first write is one that Redis refuses. */
static void assert_all_unknown(struct world *world, const char *word)
{
    static const struct store_key partition_1 = {STORE_PARTITION, 1};
    struct store_token larger = {6, 1};
    struct store_checkpoint what = delta_of(1, 2);
    struct text name = {"a", 1};
    struct store_snapshot snap = {.token = mine,
                                  .offset = 9,
                                  .chunks = &name,
                                  .chunks_count = 1,
                                  .choice = 9};
    uint64_t before = digest();

    assert_outcome(checkpoint(world, 1, &what), STORE_UNKNOWN);
    assert_problem(&got.answer, word);
    what.is_base = 1;
    assert_outcome(checkpoint(world, 1, &what), STORE_UNKNOWN);
    assert_outcome(take(world, group_1, larger), STORE_UNKNOWN);
    assert_problem(&got.answer, word);
    assert_outcome(take(world, partition_1, larger), STORE_UNKNOWN);
    assert_outcome(stage(world, 1, mine, "b", "x"), STORE_UNKNOWN);
    assert_problem(&got.answer, word);
    assert_outcome(snapshot(world, 1, &snap), STORE_UNKNOWN);
    assert_problem(&got.answer, word);
    snap.is_only = 1;
    assert_outcome(snapshot(world, 1, &snap), STORE_UNKNOWN);
    assert_false(got.answer.is_foreign);
    assert_true(digest() == before);
    assert_outcome(look(world, group_1), STORE_DONE);
    assert_outcome(take(world, group_1, mine), STORE_DONE);
    assert_outcome(manifests(world, 1), STORE_DONE);
    assert_int_equal(got.answer.manifests_count, 4);
    assert_true(digest() == before);
}

/* Four snapshots and a chunk, so that there is much to do wrong. */
static void begin_partition(struct world *world)
{
    static const struct store_key partition_1 = {STORE_PARTITION, 1};
    struct store_snapshot what = {.token = mine, .choice = 0};

    begin(world);
    assert_outcome(take(world, partition_1, mine), STORE_DONE);
    for (what.offset = 0; what.offset < 4; what.offset++)
        assert_outcome(snapshot(world, 1, &what), STORE_DONE);
    assert_outcome(stage(world, 1, mine, "a", "x"), STORE_DONE);
    assert_outcome(stage(world, 1, mine, "c", "x"), STORE_DONE);
}

static void test_out_of_memory(void **state)
{
    struct world world;

    (void)state;
    NEED_SERVER();
    begin_partition(&world);
    words("CONFIG SET maxmemory 1");
    assert_int_equal(store_redis_stats(world.redis)->full, 0);
    assert_all_unknown(&world, "OOM");
    assert_int_equal(store_redis_stats(world.redis)->full, 7);
    assert_outcome(load(&world, 1), STORE_UNKNOWN); /* so is any MULTI */
    assert_false(got.answer.is_foreign);
    assert_problem(&got.answer, "EXECABORT");
    words("CONFIG SET maxmemory 0");
    send_delta(&world, 1, 2);
    assert_outcome(await(&world), STORE_DONE);
    world_down(&world);
}

static void test_read_only(void **state)
{
    struct world world;

    (void)state;
    NEED_SERVER();
    begin_partition(&world);
    words("REPLICAOF 127.0.0.1 1");
    assert_all_unknown(&world, "READONLY");
    words("REPLICAOF NO ONE");
    send_delta(&world, 1, 2);
    assert_outcome(await(&world), STORE_DONE);
    world_down(&world);
}

static void test_too_few_replicas(void **state)
{
    struct world world;

    (void)state;
    NEED_SERVER();
    begin_partition(&world);
    words("CONFIG SET min-replicas-to-write 1");
    assert_all_unknown(&world, "NOREPLICAS");
    words("CONFIG SET min-replicas-to-write 0");
    world_down(&world);
}

static void test_busy(void **state)
{
    struct text endless[] = {{"EVAL", 4}, {"while true do end", 17}, {"0", 1}};
    struct err err = ERR_NONE;
    struct redis *other;
    struct world world;

    (void)state;
    NEED_SERVER();
    begin(&world);
    words("CONFIG SET lua-time-limit 10");
    assert_int_equal(redis_open(&other, server.url, "other", &err), 0);
    while (!redis_is_ready(other))
        redis_pump(other, clock_mono_us(), 10);
    redis_send(other, endless, 3, NULL, NULL);
    redis_pump(other, clock_mono_us(), 50);
    send_delta(&world, 1, 2);
    assert_outcome(await(&world), STORE_UNKNOWN);
    assert_problem(&got.answer, "BUSY");
    words("SCRIPT KILL");
    while (redis_outstanding(other) > 0)
        redis_pump(other, clock_mono_us(), 50);
    words("CONFIG SET lua-time-limit 5000");
    assert_int_equal(sequence_of(&world), 1);
    redis_close(other);
    world_down(&world);
}

static void test_wrong_type(void **state)
{
    struct world world;
    uint64_t before;

    (void)state;
    NEED_SERVER();
    begin(&world);
    words("DEL t:state:{g1}:log");
    words("SET t:state:{g1}:log x");
    before = digest();
    assert_outcome(look(&world, group_1), STORE_UNKNOWN);
    assert_problem(&got.answer, "WRONGTYPE");
    assert_outcome(load(&world, 1), STORE_UNKNOWN);
    assert_problem(&got.answer, "WRONGTYPE");
    send_delta(&world, 1, 2);
    assert_outcome(await(&world), STORE_UNKNOWN);
    assert_true(digest() == before);
    world_down(&world);
}

static void test_script_flush(void **state)
{
    struct store_checkpoint what;
    struct world world;

    (void)state;
    NEED_SERVER();
    begin(&world);
    for (uint64_t i = 1; i <= 2; i++) {
        what = delta_of(i, i + 1);
        words("SCRIPT FLUSH");
        got.count = 0;
        for (int j = 0; j < 2; j++)
            world.store.checkpoint(world.store.self, 1, &what, on_answer, &got);
        while (got.count < 2)
            world_pump(&world);
        assert_problem(&got.answer, "NOSCRIPT");
        assert_int_equal(store_redis_stats(world.redis)
                             ->by_call[STORE_CALL_CHECKPOINT]
                             .unknown,
                         2 * i);
        assert_int_equal(sequence_of(&world), i);
        assert_outcome(checkpoint(&world, 1, &what), STORE_DONE);
        assert_int_equal(store_redis_stats(world.redis)->reloads, i);
    }
    world_down(&world);
}

/* Scripts that may not be loaded: not ready, and tried again each second. */
static void test_scripts_refused(void **state)
{
    struct world world;
    int64_t now_us = 1000000;

    (void)state;
    NEED_SERVER();
    words("ACL SETUSER default -script");
    world_open(&world);
    for (int i = 0; i < 100; i++) {
        world.store.pump(world.store.self, now_us);
        usleep(1000);
    }
    assert_int_equal(redis_is_ready(store_redis_connection(world.redis)), 1);
    assert_false(world_is_ready(&world));
    words("ACL SETUSER default +script");
    for (int i = 0; i < 20; i++) {
        world.store.pump(world.store.self, now_us + 900000);
        usleep(1000);
    }
    assert_false(world_is_ready(&world));
    for (int i = 0; i < 1000 && !world_is_ready(&world); i++) {
        world.store.pump(world.store.self, now_us + 1000000);
        usleep(1000);
    }
    assert_outcome(look(&world, group_1), STORE_DONE);
    world_down(&world);
}

/* Not connected: the answer comes by the next pump, never within the call. */
static void test_no_connection(void **state)
{
    struct world world;

    (void)state;
    NEED_SERVER();
    world_open(&world);
    got.count = 0;
    world.store.look(world.store.self, group_1, on_answer, &got);
    world.store.load(world.store.self, 1, on_answer, &got);
    assert_int_equal(got.count, 0);
    world_pump(&world);
    assert_int_equal(got.count, 2);
    assert_outcome(&got.answer, STORE_UNKNOWN);
    assert_problem(&got.answer, "no connection");
    world_wait(&world);
    assert_int_equal(got.count, 2);
    assert_outcome(look(&world, group_1), STORE_DONE);
    world_down(&world);
}

/* Answers that call again: on a closed store that leads nowhere. */

static struct world *again_world;
static int again_count;

static void on_again(void *context, const struct store_answer *answer)
{
    (void)context;
    assert_outcome(answer, STORE_UNKNOWN);
    again_count++;
    again_world->store.look(again_world->store.self, group_1, on_again, NULL);
}

static void test_close_with_calls_under_way(void **state)
{
    struct world world;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    private_redis_freeze(&server);
    again_world = &world;
    again_count = 0;
    world.store.look(world.store.self, group_1, on_again, NULL);
    world_pump(&world);
    pass(&world, 11000000);
    assert_in_range(again_count, 1, 10); /* one a pump, since it was lost */
    again_count = 0;
    world.store.look(world.store.self, group_1, on_again, NULL);
    world_down(&world);
    assert_int_equal(again_count, 2);
    kill(server.pid, SIGCONT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lands_late),
        cmocka_unit_test(test_lands_on_a_newer_one),
        cmocka_unit_test(test_killed_connection),
        cmocka_unit_test(test_cut_by_the_server),
        cmocka_unit_test(test_rolled_back),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_too_few_replicas),
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_wrong_type),
        cmocka_unit_test(test_script_flush),
        cmocka_unit_test(test_scripts_refused),
        cmocka_unit_test(test_no_connection),
        cmocka_unit_test(test_close_with_calls_under_way),
    };

    return cmocka_run_group_tests_name("store_redis_loss", tests, set_up_server,
                                       tear_down_server);
}
