#include "store_answer.h"

#include "err.h"
#include "mem.h"
#include "store_format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* One reply on its way to an answer. */
struct reading {
    struct store_reader *reader;
    struct store_answer *answer;
    const struct redis_reply *reply;
    enum store_call call;
};

void store_reader_deinit(struct store_reader *reader)
{
    free(reader->marks);
    free(reader->parts);
    free(reader->manifests);
    strbuf_deinit(&reader->problem);
    *reader = (struct store_reader){0};
}

/* Words. */

static void begin_problem(struct store_reader *reader, enum store_call call,
                          struct store_key key)
{
    strbuf_clear(&reader->problem);
    strbuf_add_format(
        &reader->problem, "%s of %s %" PRIu32 ": ", store_call_name(call),
        key.kind == STORE_GROUP ? "group" : "partition", key.number);
}

static void say(struct reading *reading, const char *words)
{
    strbuf_add_text(&reading->reader->problem, words);
    reading->answer->problem = reading->reader->problem.bytes;
}

static void say_text(struct reading *reading, struct text text)
{
    strbuf_add(&reading->reader->problem, text.bytes, text.length);
    reading->answer->problem = reading->reader->problem.bytes;
}

/* Fixed width is for Redis: people read "1718000000123/42". */
static void say_pair(struct reading *reading, struct text text)
{
    struct strbuf *out = &reading->reader->problem;
    struct store_token pair;

    if (text.length == 0)
        say(reading, "none");
    else if (store_format_read_token(&pair, text) != 0)
        say_text(reading, text);
    else
        strbuf_add_format(out, "%" PRIu64 "/%" PRIu64, pair.epoch, pair.owner);
    reading->answer->problem = out->bytes;
}

static void give_up(struct reading *reading, const char *why)
{
    struct store_answer *answer = reading->answer;

    *answer = (struct store_answer){.outcome = STORE_UNKNOWN, .is_foreign = 1};
    say(reading, why);
}

/* Replies, which are looked into with care: anything may stand there. */

static const struct redis_reply *element(const struct redis_reply *reply,
                                         size_t index)
{
    return reply != NULL && index < redis_reply_count(reply)
               ? redis_reply_at(reply, index)
               : NULL;
}

static struct text element_text(const struct redis_reply *reply, size_t index)
{
    const struct redis_reply *at = element(reply, index);

    return at != NULL ? redis_reply_text(at) : (struct text){"", 0};
}

static int is_word(struct text text, const char *word)
{
    return text.length == strlen(word) &&
           memcmp(text.bytes, word, text.length) == 0;
}

static int is_same(struct text left, struct text right)
{
    return left.length == right.length &&
           memcmp(left.bytes, right.bytes, left.length) == 0;
}

/* The head. */

static int read_time(int64_t *time_ms, struct text text)
{
    uint64_t number;
    int is_negative = text.length > 0 && text.bytes[0] == '-';

    *time_ms = -1;
    if (text.length == 0)
        return 0;
    text.bytes += is_negative;
    text.length -= (uint32_t)is_negative;
    if (store_format_read_number(&number, text) != 0 || number > INT64_MAX)
        return -1;
    *time_ms = is_negative ? -(int64_t)number : (int64_t)number;
    return 0;
}

static int read_head(struct reading *reading, const struct redis_reply *from)
{
    struct store_head *head = &reading->answer->head;
    struct text id = element_text(from, STORE_HEAD_ID);
    struct text odds = element_text(from, STORE_HEAD_ODDS);

    if (from == NULL || redis_reply_count(from) < STORE_HEAD_STORED)
        return -1;
    head->is_there = element_text(from, STORE_HEAD_VERSION).length > 0;
    head->who = element_text(from, STORE_HEAD_WHO);
    head->fingerprint = element_text(from, STORE_HEAD_FINGERPRINT);
    reading->answer->is_at_odds = odds.length > 0;
    if (odds.length > 0)
        say_text(reading, odds);
    if (store_format_read_marks(&head->marks, &reading->reader->marks,
                                element_text(from, STORE_HEAD_MARKS)) != 0 ||
        read_time(&head->time_ms, element_text(from, STORE_HEAD_TIME)) != 0 ||
        (id.length > 0 && store_format_read_id(&head->id, id) != 0))
        return -1;
    return head->is_there
               ? store_format_read_token(&head->token,
                                         element_text(from, STORE_HEAD_TOKEN))
               : 0;
}

static void read_head_answer(struct reading *reading)
{
    if (read_head(reading, element(reading->reply, 1)) != 0)
        give_up(reading, "the head that stands there is damaged");
}

/* A load. The head names its base and how many deltas there are; each part's
 * id and marks must lead to the next, and the last to the head's. */

enum { LOADED_HEAD, LOADED_BASE, LOADED_LOG, LOADED };

struct chain {
    struct store_id at;
    struct text marks; /* packed */
};

static void part_ways(struct reading *reading, const char *why)
{
    if (reading->answer->is_at_odds)
        return;
    reading->answer->is_at_odds = 1;
    say(reading, why);
}

static struct text loaded_text(const struct reading *reading,
                               enum store_head_field field)
{
    return element_text(element(reading->reply, LOADED_HEAD), field);
}

static int follow_base(struct reading *reading, struct chain *chain)
{
    struct text named = loaded_text(reading, STORE_HEAD_BASE);
    struct text value = element_text(reading->reply, LOADED_BASE);
    struct store_part part = {.body = {"", 0}};
    struct store_id id = {0, 0};

    if (redis_reply_kind(element(reading->reply, LOADED_BASE)) != REDIS_NIL &&
        store_format_read_base(&part, value) != 0)
        return -1;
    if (named.length > 0 && store_format_read_id(&id, named) != 0)
        return -1;
    if (!store_id_equal(part.id, id))
        part_ways(reading, "the base is not the one that its head names");
    if (value.length > 0)
        *chain = (struct chain){part.id, part.ends};
    reading->answer->base = part.body;
    return 0;
}

static int follow_delta(struct reading *reading, struct chain *chain,
                        size_t index)
{
    struct text value =
        element_text(element(reading->reply, LOADED_LOG), index);
    struct store_part part;

    if (store_format_read_delta(&part, value) != 0)
        return -1;
    if (!store_id_equal(part.builds_on, chain->at))
        part_ways(reading, "a delta builds on another than what is before it");
    else if (!is_same(part.begins, chain->marks))
        part_ways(reading, "a delta begins at other marks than those before "
                           "it ends at");
    *chain = (struct chain){part.id, part.ends};
    reading->reader->parts[index] = part.body;
    return 0;
}

static void follow_head(struct reading *reading, const struct chain *chain)
{
    struct text deltas = loaded_text(reading, STORE_HEAD_DELTAS);
    uint64_t count = 0;

    if (deltas.length > 0 && store_format_read_number(&count, deltas) != 0)
        give_up(reading, "the head that stands there is damaged");
    else if (count != reading->answer->parts_count)
        part_ways(reading, "its log has not as many deltas as its head says");
    else if (!store_id_equal(reading->answer->head.id, chain->at))
        part_ways(reading, "its parts end at another checkpoint than its head");
    else if (!is_same(loaded_text(reading, STORE_HEAD_MARKS), chain->marks))
        part_ways(reading, "its parts end at other marks than its head");
}

static void follow(struct reading *reading, uint32_t count)
{
    struct store_reader *reader = reading->reader;
    struct chain chain = {.marks = {"", 0}};

    if (follow_base(reading, &chain) != 0) {
        give_up(reading, "a base that this program does not know");
        return;
    }
    reader->parts = mem_resize(reader->parts, count + 1, sizeof *reader->parts);
    for (uint32_t i = 0; i < count; i++) {
        if (follow_delta(reading, &chain, i) != 0) {
            give_up(reading, "a delta that this program does not know");
            return;
        }
    }
    reading->answer->parts = reader->parts;
    reading->answer->parts_count = count;
    follow_head(reading, &chain);
}

static void say_version(struct reading *reading, struct text key,
                        struct text version)
{
    give_up(reading, "this program knows version 1 of what it stores, but ");
    say_text(reading, key);
    say(reading, " has ");
    say_text(reading, version.length > 0 ? version : (struct text){"none", 4});
}

/* One of what EXEC brings may be an error. */
static int is_loaded(struct reading *reading)
{
    for (size_t i = 0; i < LOADED; i++) {
        const struct redis_reply *at = element(reading->reply, i);

        if (at != NULL && redis_reply_kind(at) != REDIS_ERROR)
            continue;
        say_text(reading, at != NULL ? redis_reply_text(at)
                                     : (struct text){"nothing whole", 13});
        return 0;
    }
    return 1;
}

static void read_load(struct reading *reading)
{
    struct text version, token;

    if (!is_loaded(reading))
        return;
    version = loaded_text(reading, STORE_HEAD_VERSION);
    token = loaded_text(reading, STORE_HEAD_TOKEN);
    reading->answer->outcome = STORE_DONE;
    if (version.length + token.length > 0 &&
        (version.length != 1 || version.bytes[0] != STORE_FORMAT_VERSION))
        say_version(reading, (struct text){"its head", 8}, version);
    else if (read_head(reading, element(reading->reply, LOADED_HEAD)) != 0)
        give_up(reading, "the head that stands there is damaged");
    else
        follow(reading, (uint32_t)redis_reply_count(
                            element(reading->reply, LOADED_LOG)));
}

/* Snapshots. */

static int read_manifest(struct store_manifest *manifest, int64_t now_ms,
                         const struct redis_reply *from)
{
    const struct redis_reply *missing = element(from, 2);
    int64_t time_ms;

    if (store_format_read_manifest(manifest, &time_ms, element_text(from, 0),
                                   element_text(from, 1)) != 0)
        return -1;
    manifest->age_ms = now_ms - time_ms;
    manifest->is_whole =
        missing == NULL || redis_reply_kind(missing) == REDIS_NIL;
    return 0;
}

static void read_manifests(struct reading *reading)
{
    struct store_answer *answer = reading->answer;
    struct store_reader *reader = reading->reader;
    size_t count = redis_reply_count(reading->reply) - 2;
    uint64_t now_ms = 0;
    int is_broken =
        store_format_read_number(&now_ms, element_text(reading->reply, 1)) != 0;

    reader->manifests =
        mem_resize(reader->manifests, count + 1, sizeof *reader->manifests);
    for (size_t i = 0; i < count && !is_broken; i++)
        is_broken = read_manifest(&reader->manifests[i], (int64_t)now_ms,
                                  element(reading->reply, i + 2)) != 0;
    if (is_broken) {
        give_up(reading, "a manifest that this program does not know");
        return;
    }
    answer->manifests = reader->manifests;
    answer->manifests_count = (uint32_t)count;
}

static void read_chunks(struct reading *reading)
{
    struct store_answer *answer = reading->answer;
    size_t count = redis_reply_count(reading->reply);
    struct text *parts = mem_resize(reading->reader->parts, count + 1,
                                    sizeof *reading->reader->parts);

    reading->reader->parts = parts;
    for (size_t i = 0; i < count; i++) {
        const struct redis_reply *at = element(reading->reply, i);
        struct text value = redis_reply_text(at);

        if (redis_reply_kind(at) == REDIS_NIL) {
            answer->outcome = STORE_MISSING;
            say(reading, "a chunk is not there");
            return;
        }
        if (value.length == 0 || value.bytes[0] != STORE_FORMAT_VERSION) {
            give_up(reading, "a chunk that this program does not know");
            return;
        }
        parts[i] = (struct text){value.bytes + 1, value.length - 1};
    }
    answer->outcome = STORE_DONE;
    answer->parts = parts;
    answer->parts_count = (uint32_t)count;
}

/* What went otherwise than asked. */

static void read_token(struct reading *reading)
{
    struct text token = element_text(reading->reply, 1);
    struct text who = element_text(reading->reply, 2);

    reading->answer->outcome = STORE_REFUSED;
    if (reading->call == STORE_CALL_TAKE) {
        const struct redis_reply *head = element(reading->reply, 1);

        read_head_answer(reading);
        token = element_text(head, STORE_HEAD_TOKEN);
        who = element_text(head, STORE_HEAD_WHO);
    }
    if (reading->answer->outcome != STORE_REFUSED)
        return;
    say(reading, reading->answer->is_at_odds ? "; token " : "token ");
    say_pair(reading, token);
    if (who.length > 0) {
        say(reading, " of ");
        say_text(reading, who);
    }
    say(reading, " stands there");
}

static void read_id(struct reading *reading)
{
    reading->answer->outcome = STORE_REFUSED;
    say(reading, "checkpoint ");
    say_pair(reading, element_text(reading->reply, 1));
    say(reading, " stands there");
}

static void read_name(struct reading *reading)
{
    reading->answer->outcome = STORE_REFUSED;
    say(reading, "a chunk of that name has another content: ");
    say_text(reading, element_text(reading->reply, 1));
}

static void read_odds(struct reading *reading)
{
    reading->answer->outcome = STORE_REFUSED;
    reading->answer->is_at_odds = 1;
    say_text(reading, element_text(reading->reply, 1));
}

static void read_missing(struct reading *reading)
{
    reading->answer->outcome = STORE_MISSING;
    say(reading, "a chunk is not there: ");
    say_text(reading, element_text(reading->reply, 1));
}

static void read_version(struct reading *reading)
{
    say_version(reading, element_text(reading->reply, 1),
                element_text(reading->reply, 2));
}

static void read_done(struct reading *reading)
{
    reading->answer->outcome = STORE_DONE;
    switch (reading->call) {
    case STORE_CALL_LOOK:
    case STORE_CALL_TAKE:
        read_head_answer(reading);
        break;
    case STORE_CALL_MANIFESTS:
        read_manifests(reading);
        break;
    default:
        break;
    }
}

static void read_array(struct reading *reading)
{
    static const struct {
        const char *word;
        void (*read)(struct reading *reading);
    } answers[] = {{"done", read_done},       {"token", read_token},
                   {"id", read_id},           {"name", read_name},
                   {"odds", read_odds},       {"missing", read_missing},
                   {"version", read_version}, {NULL, NULL}};
    struct text word = element_text(reading->reply, 0);

    for (size_t i = 0; answers[i].word != NULL; i++) {
        if (is_word(word, answers[i].word)) {
            answers[i].read(reading);
            return;
        }
    }
    say(reading, "an answer that is none");
}

void store_reader_read(struct store_reader *reader, struct store_answer *answer,
                       enum store_call call, struct store_key key,
                       const struct redis_reply *reply)
{
    struct reading reading = {reader, answer, reply, call};

    *answer = (struct store_answer){.outcome = STORE_UNKNOWN};
    answer->head.time_ms = -1;
    begin_problem(reader, call, key);
    if (reply == NULL)
        say(&reading, "the connection was lost");
    else if (redis_reply_kind(reply) == REDIS_ERROR)
        say_text(&reading, redis_reply_text(reply));
    else if (call == STORE_CALL_CHUNKS &&
             redis_reply_kind(reply) == REDIS_ARRAY)
        read_chunks(&reading);
    else if (call == STORE_CALL_LOAD)
        read_load(&reading);
    else
        read_array(&reading);
}

void store_reader_refuse(struct store_reader *reader,
                         struct store_answer *answer, enum store_call call,
                         struct store_key key, const char *why)
{
    struct reading reading = {reader, answer, NULL, call};

    *answer = (struct store_answer){.outcome = STORE_UNKNOWN};
    begin_problem(reader, call, key);
    say(&reading, why);
}
