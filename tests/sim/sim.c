/* sim: runs simulated worlds, seed after seed.
 *
 *     sim [--seed S] [--count N] [--seconds T] [--batches B]
 *         [--without KIND,...] [--first] [--story]
 *
 * Without --count it goes on for --seconds; with --batches that time is cut in
 * B parts, each told as a test of TAP. A seed that fails is run again without
 * each kind of fault that it does not need, and told. --first: ends at the
 * first failure. The last line is "N seeds, F failed". */
#include "log.h"
#include "world.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { SEED_SECONDS_MAX = 60, TOLD_MAX = 3 };

struct options {
    uint64_t seed;
    uint64_t count; /* 0: as many as there is time for */
    double seconds;
    uint32_t batches;
    uint32_t faults;
    int is_first;
    int is_told;
};

struct totals {
    uint64_t seeds, failed, stopped, starts, checks;
    uint64_t faults[FAULT_COUNT];
    uint64_t first_failed;
};

static struct world *world;

static void escape(int signal)
{
    snprintf(world->story.failure, sizeof world->story.failure, "%s",
             signal == SIGABRT   ? "an assertion (on stderr)"
             : signal == SIGALRM ? "it hangs"
                                 : "it crashes");
    siglongjmp(world->story.out, 1);
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = escape, .sa_flags = SA_NODEFER};

    sigaction(SIGABRT, &action, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Returns 1 when the world failed. */
static int run_seed(uint64_t seed, uint32_t faults, int is_told)
{
    world->story.is_told = is_told;
    world->story.failure[0] = '\0';
    alarm(SEED_SECONDS_MAX);
    if (sigsetjmp(world->story.out, 1) != 0) {
        world_abandon(world);
        return 1;
    }
    world_run(world, seed, faults);
    return 0;
}

/* Leaves out every kind of fault without which it fails all the same. */
static uint32_t shrink(uint64_t seed, uint32_t faults)
{
    for (uint32_t fault = 0; fault < FAULT_COUNT; fault++)
        if (run_seed(seed, faults & ~(1u << fault), 0))
            faults &= ~(1u << fault);
    return faults;
}

static void print_without(uint32_t faults)
{
    const char *between = " WITHOUT=";

    for (uint32_t fault = 0; fault < FAULT_COUNT; fault++)
        if (!(faults >> fault & 1)) {
            printf("%s%s", between, fault_name(fault));
            between = ",";
        }
    printf("\n");
}

static void tell_failure(uint64_t seed, uint32_t faults)
{
    uint32_t needed;

    run_seed(seed, faults, 1);
    printf("seed %llu FAILED: %s\n", (unsigned long long)seed,
           world->story.failure);
    needed = shrink(seed, faults);
    run_seed(seed, needed, 1);
    printf("the least of it: make sim SEED=%llu N=1", (unsigned long long)seed);
    print_without(needed);
    story_print(&world->story);
    fflush(stdout);
}

static void add_up(struct totals *totals, int has_failed)
{
    totals->seeds++;
    totals->failed += (uint64_t)has_failed;
    totals->stopped += !has_failed && world->ending == ENDED_STOPPED;
    totals->starts += world->starts;
    totals->checks += world->checks;
    for (uint32_t fault = 0; fault < FAULT_COUNT; fault++)
        totals->faults[fault] += world->faults_done[fault];
}

static void run_one(const struct options *options, struct totals *totals,
                    uint64_t seed)
{
    int has_failed = run_seed(seed, options->faults, options->is_told);

    add_up(totals, has_failed);
    if (!has_failed) {
        if (options->is_told)
            story_print(&world->story);
        return;
    }
    if (totals->failed == 1)
        totals->first_failed = seed;
    if (totals->failed <= TOLD_MAX)
        tell_failure(seed, options->faults);
    else
        printf("seed %llu FAILED: %s\n", (unsigned long long)seed,
               world->story.failure);
}

static void run_many(const struct options *options, struct totals *totals,
                     uint64_t seed, double until_s)
{
    for (uint64_t i = 0; options->count == 0 || i < options->count; i++) {
        if (options->count == 0 && now_s() >= until_s)
            return;
        run_one(options, totals, seed + i);
        if (options->is_first && totals->failed > 0)
            return;
    }
}

static void run_batches(const struct options *options, struct totals *totals)
{
    double begun_s = now_s();

    printf("1..%u\n", options->batches);
    for (uint32_t i = 0; i < options->batches; i++) {
        uint64_t failed = totals->failed, first = totals->seeds;

        run_many(options, totals, options->seed + first,
                 begun_s + options->seconds * (i + 1) / options->batches);
        printf("%sok %u - seeds %llu to %llu\n",
               totals->failed > failed ? "not " : "", i + 1,
               (unsigned long long)(options->seed + first),
               (unsigned long long)(options->seed + totals->seeds - 1));
        fflush(stdout);
    }
}

static void print_totals(const struct totals *totals, double seconds)
{
    printf("# %.0f seeds/s; %llu starts, %llu durable states checked, %llu "
           "seeds ended in a stop that is true\n#",
           (double)totals->seeds / seconds, (unsigned long long)totals->starts,
           (unsigned long long)totals->checks,
           (unsigned long long)totals->stopped);
    for (uint32_t fault = 0; fault < FAULT_COUNT; fault++)
        if (totals->faults[fault] > 0)
            printf(" %s %llu", fault_name(fault),
                   (unsigned long long)totals->faults[fault]);
    if (totals->failed > 0)
        printf("\n# first failed: seed %llu after %llu seeds, %.1f s",
               (unsigned long long)totals->first_failed,
               (unsigned long long)totals->seeds, seconds);
    printf("\n%llu seeds, %llu failed\n", (unsigned long long)totals->seeds,
           (unsigned long long)totals->failed);
}

static uint32_t read_faults(const char *without)
{
    uint32_t faults = FAULTS_ALL;
    char *text = strdup(without), *rest = text, *word;

    while ((word = strsep(&rest, ",")) != NULL)
        for (uint32_t fault = 0; fault < FAULT_COUNT; fault++)
            if (strcmp(word, fault_name(fault)) == 0)
                faults &= ~(1u << fault);
    free(text);
    return faults;
}

static int read_options(struct options *options, int argc, char **argv)
{
    static const struct option known[] = {
        {"seed", required_argument, NULL, 's'},
        {"count", required_argument, NULL, 'n'},
        {"seconds", required_argument, NULL, 't'},
        {"batches", required_argument, NULL, 'b'},
        {"without", required_argument, NULL, 'w'},
        {"first", no_argument, NULL, 'f'},
        {"story", no_argument, NULL, 'y'},
        {0}};
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
        switch (option) {
        case 's':
            options->seed = strtoull(optarg, NULL, 10);
            break;
        case 'n':
            options->count = strtoull(optarg, NULL, 10);
            break;
        case 't':
            options->seconds = strtod(optarg, NULL);
            break;
        case 'b':
            options->batches = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'w':
            options->faults = read_faults(optarg);
            break;
        case 'f':
            options->is_first = 1;
            break;
        case 'y':
            options->is_told = 1;
            break;
        default:
            return -1;
        }
    return optind < argc ? -1 : 0;
}

int main(int argc, char **argv)
{
    struct options options = {.seed = 1, .seconds = 10, .faults = FAULTS_ALL};
    struct totals totals = {0};
    double begun_s = now_s();

    if (read_options(&options, argc, argv) < 0)
        return 2;
    log_setup(LOG_ERROR, LOG_FORMAT_TEXT);
    world = world_new();
    catch_signals();
    if (options.batches > 0)
        run_batches(&options, &totals);
    else
        run_many(&options, &totals, options.seed, begun_s + options.seconds);
    alarm(0);
    print_totals(&totals, now_s() - begun_s);
    world_free(world);
    return totals.failed > 0;
}
