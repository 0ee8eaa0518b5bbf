#include "judge.h"

#include "err.h"
#include "group_state.h"
#include "judge_lists.h"

#include <string.h>
#include <xxhash.h>

/* ---- what should stand ---- */

static const struct recount *recount_of(struct world *world, uint32_t q)
{
    int64_t born = world->store.born[q];

    if (world->recounted_from[q] != born)
        recount_make(&world->recounts[q], &world->log.partitions[q],
                     &world->relations, &world->eras[q],
                     born < 0 ? INT64_MAX : born);
    world->recounted_from[q] = born;
    return &world->recounts[q];
}

/* Answers the latest time of what it counted. */
static int64_t expect(struct tally *tally, struct world *world,
                      const int64_t *marks, int64_t time_ms)
{
    int64_t latest_ms = -1;

    memset(tally, 0, sizeof *tally);
    for (uint32_t q = 0; q < world->partitions; q++) {
        int64_t ms = recount_tally(tally, recount_of(world, q), &world->windows,
                                   marks[q], time_ms);

        if (ms > latest_ms)
            latest_ms = ms;
    }
    return latest_ms;
}

static uint32_t group_of(const struct world *world, uint32_t entity)
{
    char name[16];
    int length = entity_name(name, sizeof name, entity);

    return (uint32_t)(XXH64(name, (size_t)length, 0) % world->plan.groups);
}

/* ---- what stands ---- */

/* What a product's text "t1" or "i3" says; 0 for none. */
static uint32_t number_of(struct text text)
{
    return text.length < 2 ? 0 : (uint32_t)(text.bytes[1] - '0');
}

static uint32_t entity_of(const struct intern *items, uint32_t item)
{
    return number_of(intern_tenant(items, item)) * (ITEMS + 1) +
           number_of(intern_id(items, item));
}

static void read_supports(struct tally *tally, const struct world *world,
                          const struct row_sums *sums, uint32_t entity)
{
    for (uint32_t r = 0; r < world->relations.count; r++)
        for (uint32_t w = 0; w < world->windows.count; w++) {
            uint8_t from = world->relations.at[r].from_set;
            uint8_t to = world->relations.at[r].to_set;

            if (sums->seen >> from & 1)
                tally->from[entity][r][w] = (int32_t)sums->at[from][w];
            if (sums->seen >> to & 1)
                tally->to[entity][r][w] = (int32_t)sums->at[to][w];
        }
}

static void read_row(struct tally *tally, const struct world *world,
                     const struct row_rules *rules,
                     const struct horizon *horizon, const struct row *row,
                     uint32_t entity)
{
    for (uint32_t at = 0; at < row->used;) {
        uint32_t other = row->cells[at].other;
        struct row_sums sums = {.seen = 0};

        at = row_sum_run(&sums, row, rules, horizon, at);
        if (other == 0) {
            read_supports(tally, world, &sums, entity);
            continue;
        }
        other = entity_of(rules->items, other);
        for (uint32_t r = 0; r < world->relations.count; r++)
            for (uint32_t w = 0; w < world->windows.count; w++)
                if (sums.seen >> r & 1)
                    tally->pairs[entity][other][r][w] = (int32_t)sums.at[r][w];
    }
}

static void read_groups(struct tally *tally, const struct world *world,
                        struct groups *groups, const struct row_rules *rules)
{
    memset(tally, 0, sizeof *tally);
    for (uint32_t item = 1; item < intern_end(rules->items); item++) {
        const struct row *row = groups_row(groups, item);
        uint32_t entity;

        if (row == NULL)
            continue;
        entity = entity_of(rules->items, item);
        read_row(tally, world, rules, groups_horizon(groups), row, entity);
        tally->is_partial[entity] = row->cut_until != 0;
        tally->category[entity] =
            (uint8_t)number_of(groups_category(groups, item));
    }
}

static void unpack_part(struct world *world, struct groups *groups,
                        uint32_t group, struct text body)
{
    struct err err = ERR_NONE;

    if (body.length > 0 &&
        group_state_unpack(groups, group, body.bytes, body.length, &err) < 0)
        story_fail(&world->story, "g%u: what is stored cannot be read: %s",
                   group, err.text);
}

static void read_durable(struct tally *tally, struct world *world,
                         uint32_t number)
{
    const struct sim_group *group = &world->store.data.groups[number];
    struct row_rules rules = {
        .relations = &world->relations,
        .windows = &world->windows,
        .items = intern_new(),
        .pairs_max = 1000,
    };
    struct groups *groups = groups_new(&rules, world->plan.groups);

    if (group->time_ms >= 0)
        groups_advance(groups,
                       window_fine_pane(&world->windows, group->time_ms));
    unpack_part(world, groups, number, group->base.body);
    for (uint32_t i = 0; i < group->log_count; i++)
        unpack_part(world, groups, number, group->log[i].body);
    groups_check(groups);
    read_groups(tally, world, groups, &rules);
    groups_free(groups);
    intern_check(rules.items);
    intern_free(rules.items);
}

/* ---- the two side by side ---- */

struct place {
    const char *where;
    uint32_t entity, other, relation, window;
};

static void differ(struct world *world, struct place place, int32_t expected,
                   int32_t found)
{
    char row[16], other[16];

    entity_name(row, sizeof row, place.entity);
    entity_name(other, sizeof other, place.other);
    story_fail(&world->story,
               "%s: row \"%s\", %s \"%s\", %s, %s: %d, the recount says %d",
               place.where, row, place.other == 0 ? "support" : "other", other,
               world->relations.at[place.relation].name,
               world->windows.at[place.window].name, found, expected);
}

static void compare_row(struct world *world, const struct tally *expected,
                        const struct tally *found, struct place place)
{
    uint32_t e = place.entity, r = place.relation, w = place.window;

    if (expected->from[e][r][w] != found->from[e][r][w])
        differ(world, place, expected->from[e][r][w], found->from[e][r][w]);
    /* What a tenant's row counts by set is N, and that is of from-sets. */
    if (e % (ITEMS + 1) != 0 && expected->to[e][r][w] != found->to[e][r][w])
        differ(world, place, expected->to[e][r][w], found->to[e][r][w]);
    for (uint32_t other = 0; other < ENTITIES; other++) {
        place.other = other;
        if (found->is_partial[e]
                ? expected->pairs[e][other][r][w] < found->pairs[e][other][r][w]
                : expected->pairs[e][other][r][w] !=
                      found->pairs[e][other][r][w])
            differ(world, place, expected->pairs[e][other][r][w],
                   found->pairs[e][other][r][w]);
    }
}

/* Of all groups when `group` is beyond them. */
static void compare(struct world *world, const char *where, uint32_t group,
                    const struct tally *expected, const struct tally *found)
{
    for (uint32_t e = 0; e < ENTITIES; e++) {
        if (group < world->plan.groups && group_of(world, e) != group)
            continue;
        for (uint32_t r = 0; r < world->relations.count; r++)
            for (uint32_t w = 0; w < world->windows.count; w++)
                compare_row(world, expected, found,
                            (struct place){where, e, 0, r, w});
        if (expected->category[e] != found->category[e])
            story_fail(&world->story,
                       "%s: entity %u is of category %u, the recount says %u",
                       where, e, found->category[e], expected->category[e]);
    }
}

static void marks_of(int64_t *marks, const struct sim_group *group)
{
    for (uint32_t q = 0; q < PARTITIONS_MAX; q++)
        marks[q] = q < group->marks.count ? group->marks.at[q] : -1;
}

void judge_group(struct world *world, uint32_t number)
{
    static struct tally expected, found;
    const struct sim_group *group = &world->store.data.groups[number];
    int64_t marks[PARTITIONS_MAX], latest_ms;

    world->checks++;
    marks_of(marks, group);
    if (data_is_at_odds(group))
        story_fail(&world->story, "g%u: head, base and log are at odds",
                   number);
    latest_ms = expect(&expected, world, marks, group->time_ms);
    if (latest_ms > group->time_ms)
        story_fail(&world->story,
                   "g%u: T is %lld, a record below its marks has %lld", number,
                   (long long)group->time_ms, (long long)latest_ms);
    read_durable(&found, world, number);
    compare(world, sim_store_key_name((struct store_key){STORE_GROUP, number}),
            number, &expected, &found);
}

/* ---- stops ---- */

static int64_t lowest_mark(const struct world *world, uint32_t q,
                           int64_t origin)
{
    int64_t low = INT64_MAX;

    for (uint32_t g = 0; g < world->plan.groups; g++) {
        int64_t marks[PARTITIONS_MAX];

        marks_of(marks, &world->store.data.groups[g]);
        if (marks[q] < 0)
            marks[q] = origin;
        if (marks[q] < low)
            low = marks[q];
    }
    return low;
}

int64_t judge_highest_mark(const struct world *world, uint32_t q)
{
    int64_t high = -1;

    for (uint32_t g = 0; g < world->plan.groups; g++) {
        int64_t marks[PARTITIONS_MAX];

        marks_of(marks, &world->store.data.groups[g]);
        if (marks[q] > high)
            high = marks[q];
    }
    return high;
}

static int can_start(const struct world *world, uint32_t q)
{
    const struct sim_shelf *shelf = &world->store.data.shelves[q];
    const struct sim_partition *partition = &world->log.partitions[q];
    int64_t high = judge_highest_mark(world, q);

    if (high > sim_log_end(partition))
        return 0;
    if (shelf->manifests_count == 0)
        return high < 0 && partition->committed < 0;
    for (uint32_t i = 0; i < shelf->manifests_count; i++) {
        const struct sim_manifest *one = &shelf->manifests[i];

        if (one->offset >= partition->oldest &&
            one->offset <= lowest_mark(world, q, one->origin) &&
            data_is_whole(shelf, one))
            return 1;
    }
    return 0;
}

static void judge_truth(struct process *process)
{
    struct world *world = process->world;

    if (world->store.stirred[process->number] != process->stirred)
        return; /* what it has seen may be gone */
    for (uint32_t q = 0; q < process->partitions; q++)
        if (!can_start(world, q))
            return;
    story_fail(&world->story, "P%u stops, and there is no reason to: %s",
               process->number, keeper_reason(process->keeper));
}

/* One roll-back by a minute at the most is within what snapshots cover. */
static int is_excused(const struct damage *damage)
{
    if (damage->wipes + damage->hard_trims + damage->anew > 0)
        return 1;
    return damage->rolls > 1 ||
           (damage->rolls == 1 &&
            (damage->is_before_birth || damage->roll_age_ms > MINUTE_MS));
}

void judge_refusal(struct process *process)
{
    struct world *world = process->world;

    if (process->phase == KEEPER_MISFIT)
        story_fail(&world->story, "P%u finds that settings do not fit: %s",
                   process->number, keeper_reason(process->keeper));
    if (!is_excused(&world->damage))
        story_fail(&world->story, "P%u stops needlessly: %s", process->number,
                   keeper_reason(process->keeper));
    judge_truth(process);
}

void judge_taken_over(struct process *process)
{
    struct world *world = process->world;

    if (world->starts < 2)
        story_fail(&world->story, "P%u is taken over by nobody",
                   process->number);
}

/* ---- orderly ends, and settings ---- */

static int owns_all(const struct process *process)
{
    const struct world *world = process->world;
    const struct sim_data *data = &world->store.data;

    for (uint32_t g = 0; g < world->plan.groups; g++)
        if (data->groups[g].token.owner != process->owner)
            return 0;
    for (uint32_t q = 0; q < process->partitions; q++)
        if (data->shelves[q].token.owner != process->owner)
            return 0;
    return 1;
}

static int has_snapshot(const struct world *world, uint32_t q, int64_t offset)
{
    const struct sim_shelf *shelf = &world->store.data.shelves[q];

    for (uint32_t i = 0; i < shelf->manifests_count; i++)
        if (shelf->manifests[i].offset == offset)
            return data_is_whole(shelf, &shelf->manifests[i]);
    return 0;
}

void judge_snapshot(struct world *world, uint32_t q, int64_t offset)
{
    if (!has_snapshot(world, q, offset))
        story_fail(&world->story, "p%u: the snapshot at %lld lacks a chunk", q,
                   (long long)offset);
    if (world->damage.rolls + world->damage.wipes == 0 &&
        lowest_mark(world, q, world->store.born[q]) < offset)
        story_fail(&world->story,
                   "p%u: the snapshot at %lld is before a group's mark", q,
                   (long long)offset);
}

void judge_clean(struct process *process)
{
    struct world *world = process->world;

    if (!owns_all(process) || world->damage.rolls + world->damage.wipes > 0)
        return;
    for (uint32_t q = 0; q < process->partitions; q++) {
        int64_t position = process->position[q];

        if (lowest_mark(world, q, world->store.born[q]) < position ||
            !has_snapshot(world, q, position))
            story_fail(&world->story,
                       "P%u ended clean, p%u is not durable up to %lld",
                       process->number, q, (long long)position);
    }
}

static int may_change(const struct world *world)
{
    const struct damage *damage = &world->damage;

    if (!(world->plan.faults >> FAULT_SETTINGS & 1) || world->is_calm ||
        world->settings + 2 > ERAS_MAX ||
        damage->rolls + damage->wipes + damage->anew + damage->hard_trims > 0)
        return 0;
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        if (world->processes[i].state == SLOT_ALIVE)
            return 0;
    for (uint32_t q = 0; q < world->partitions; q++) {
        const struct sim_shelf *shelf = &world->store.data.shelves[q];
        int64_t at =
            shelf->manifests_count > 0 ? shelf->manifests[0].offset : -1;

        if (at < 0 || !data_is_whole(shelf, &shelf->manifests[0]) ||
            lowest_mark(world, q, world->store.born[q]) != at ||
            judge_highest_mark(world, q) > at)
            return 0;
    }
    return 1;
}

void judge_settings(struct world *world)
{
    if (may_change(world) && rng_below(&world->rng, 2) == 0)
        world_change_settings(world);
}

/* ---- the end ---- */

static void judge_durable_end(struct process *process)
{
    struct world *world = process->world;

    for (uint32_t g = 0; g < world->plan.groups; g++)
        judge_group(world, g);
    for (uint32_t q = 0; q < world->partitions; q++) {
        if (lowest_mark(world, q, world->store.born[q]) != process->position[q])
            story_fail(&world->story,
                       "all is calm, and p%u is durable to %lld of %lld", q,
                       (long long)lowest_mark(world, q, world->store.born[q]),
                       (long long)process->position[q]);
        if (!has_snapshot(world, q, process->position[q]))
            story_fail(&world->story,
                       "all is calm, and p%u has no snapshot "
                       "at %lld",
                       q, (long long)process->position[q]);
        /* Of several, one that was overtaken may have been the last. */
        if (world->starts == 1 &&
            world->log.partitions[q].committed != process->position[q])
            story_fail(&world->story,
                       "all is calm, and p%u is committed at %lld of %lld", q,
                       (long long)world->log.partitions[q].committed,
                       (long long)process->position[q]);
    }
}

/* A row that is partial is published as it is. */
static void take_partial(struct tally *expected, const struct tally *found)
{
    for (uint32_t e = 0; e < ENTITIES; e++) {
        expected->is_partial[e] = found->is_partial[e];
        if (found->is_partial[e])
            memcpy(expected->pairs[e], found->pairs[e],
                   sizeof expected->pairs[e]);
    }
}

void judge_complete(struct process *process)
{
    static struct tally expected, found;
    struct world *world = process->world;
    struct row_rules rules = {
        .relations = &world->relations,
        .windows = &world->windows,
        .items = engine_items(process->engine),
        .pairs_max = 1000,
    };
    int64_t marks[PARTITIONS_MAX];
    int64_t time_ms = engine_time(process->engine), latest_ms;

    if (world->damage.anew > 0)
        story_fail(&world->story, "P%u went on though the topic was made anew",
                   process->number);
    for (uint32_t q = 0; q < PARTITIONS_MAX; q++)
        marks[q] = INT64_MAX;
    latest_ms = expect(&expected, world, marks, time_ms);
    if (latest_ms != time_ms)
        story_fail(&world->story, "T is %lld at the end, not %lld",
                   (long long)time_ms, (long long)latest_ms);
    read_groups(&found, world, engine_groups(process->engine), &rules);
    compare(world, "memory", SIM_GROUPS, &expected, &found);
    judge_durable_end(process);
    take_partial(&expected, &found);
    judge_lists(world, process->memory, &expected);
}
