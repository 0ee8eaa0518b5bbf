/* cmd_related: an item's lists, as a person reads them. */
#include "clock.h"
#include "cmd_redis.h"
#include "lookup.h"
#include "nearest.h"
#include "show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: terkait related ITEM [OPTION]...\n"
    "\n"
    "Shows the related items of ITEM as they stand in Redis now: for each "
    "relation and\n"
    "window the list, best first, with the score and the number of sessions "
    "(count) in\n"
    "which both occurred. Support is the number of sessions with ITEM itself.\n"
    "\n"
    "  -t, --tenant=TENANT     whose item it is\n"
    "  -r, --relation=NAME     only this relation\n"
    "  -w, --window=NAME       only this window\n" CMD_SETTINGS_HELP
    "  -h, --help              this text\n"
    "\n"
    "Exit code 1 when nothing is published for the item.\n"
    "\n"
    "  terkait related kopi-gayo-250g\n"
    "  terkait related kopi-gayo-250g --relation=also_viewed --window=24h\n";

enum { HINTS_MAX = 5 };

struct query {
    struct text item, tenant;
    const char *relation, *window; /* NULL: all */
};

static void take(void *context, int option, const char *argument)
{
    struct query *query = context;

    if (option == 't')
        query->tenant = cmd_redis_text(argument);
    else if (option == 'r')
        query->relation = argument;
    else
        query->window = argument;
}

static int take_arguments(void *context, int argc, char **argv)
{
    struct query *query = context;
    int code;

    if (optind == argc)
        return cmd_usage(argv[0], "which item?");
    if (optind + 1 < argc)
        return cmd_usage(argv[0], "one item at a time, not `%s` too",
                         argv[optind + 1]);
    query->item = cmd_redis_text(argv[optind]);
    code = cmd_redis_check_item(argv[0], query->item);
    return code != EXIT_CODE_OK
               ? code
               : cmd_redis_check_tenant(argv[0], query->tenant);
}

/* Names must be of the settings: a mistyped one would just find nothing. */
static int check_name(const char *what, const char *typed,
                      const char *const *names, uint32_t count)
{
    const char *meant;

    if (typed == NULL)
        return EXIT_CODE_OK;
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(typed, names[i]) == 0)
            return EXIT_CODE_OK;
    meant = nearest_word(typed, names, count);
    if (meant != NULL)
        return cmd_usage("related", "no %s `%s`; did you mean `%s`?", what,
                         typed, meant);
    return cmd_usage("related", "no %s `%s` in these settings", what, typed);
}

static int check_names(const struct config *config, const struct query *query)
{
    const struct relations *relations = &config->engine.relations;
    const struct windows *windows = &config->engine.windows;
    const char *names[RELATIONS_MAX + WINDOWS_MAX];
    int code;

    for (uint32_t r = 0; r < relations->count; r++)
        names[r] = relations->at[r].name;
    code = check_name("relation", query->relation, names, relations->count);
    for (uint32_t w = 0; w < windows->count; w++)
        names[w] = windows->at[w].name;
    return code != EXIT_CODE_OK
               ? code
               : check_name("window", query->window, names, windows->count);
}

/* The lists. */

static void add_entries(struct strbuf *out, const struct lookup_list *list)
{
    size_t width = strlen("item");

    for (uint32_t i = 0; i < list->count; i++) {
        size_t columns = show_width(list->entries[i].id);

        width = columns > width ? columns : width;
    }
    strbuf_add_text(out, "  rank  ");
    show_padded(out, cmd_redis_text("item"), width);
    strbuf_add_text(out, "       score     count\n");
    for (uint32_t i = 0; i < list->count; i++) {
        const struct lookup_entry *entry = &list->entries[i];

        strbuf_add_format(out, "  %4u  ", (unsigned)(i + 1));
        show_padded(out, entry->id, width);
        strbuf_add_format(out, "  %10.4f  %8llu\n", entry->score,
                          (unsigned long long)entry->count);
    }
}

static void add_list(struct strbuf *out, const struct config *config,
                     const struct lookup_slot *slot, int64_t now_ms)
{
    strbuf_add_format(
        out, "%s, %s: ", config->engine.relations.at[slot->relation].name,
        config->engine.windows.at[slot->window].name);
    if (!slot->list.is_there) {
        strbuf_add_text(out, "no list\n");
        return;
    }
    strbuf_add_format(out, "support %llu, as of ",
                      (unsigned long long)slot->list.support);
    show_time(out, slot->list.as_of_ms);
    strbuf_add_text(out, " (");
    show_age(out, slot->list.as_of_ms, now_ms);
    strbuf_add_char(out, ')');
    if (slot->list.is_partial)
        strbuf_add_text(out, ", partial: the item's weakest pairs were cut");
    strbuf_add_char(out, '\n');
    add_entries(out, &slot->list);
}

static int print_lists(const struct config *config, const struct query *query,
                       const struct lookup *lookup)
{
    struct strbuf out = STRBUF_EMPTY;
    int64_t now_ms = clock_wall_ms();

    show_text(&out, query->item);
    if (query->tenant.length > 0) {
        strbuf_add_text(&out, " of ");
        show_text(&out, query->tenant);
    }
    strbuf_add_char(&out, '\n');
    for (uint32_t i = 0; i < lookup->count; i++) {
        if (lookup->at[i].list.is_there || i == 0 ||
            lookup->at[i - 1].list.is_there)
            strbuf_add_char(&out, '\n');
        add_list(&out, config, &lookup->at[i], now_ms);
    }
    return cmd_redis_print("related", &out);
}

/* When there is none. */

/* The first window that has a popular list is good enough to try. */
static void add_hints(struct strbuf *out, const struct lookup *popular)
{
    const struct lookup_list *list = NULL;

    for (uint32_t i = 0; i < popular->count && list == NULL; i++)
        if (popular->at[i].list.is_there)
            list = &popular->at[i].list;
    if (list == NULL) {
        strbuf_add_text(out, "  There is no popular list either: is `terkait "
                             "run` at work on this Redis, with\n  this "
                             "redis.prefix and tenant?\n");
        return;
    }
    strbuf_add_text(out, "  popular now:");
    for (uint32_t i = 0; i < list->count && i < HINTS_MAX; i++) {
        strbuf_add_text(out, i > 0 ? ", " : " ");
        show_text(out, list->entries[i].id);
    }
    strbuf_add_char(out, '\n');
}

static int tell_none(const struct config *config, const struct query *query,
                     const struct lookup *lookup, struct redis *redis,
                     struct err *err)
{
    struct strbuf out = STRBUF_EMPTY;
    struct lookup popular;

    if (lookup_popular(&popular, redis, config, query->tenant, err) != 0)
        return -1;
    strbuf_add_text(&out, "terkait related: nothing is published for ");
    show_text(&out, query->item);
    strbuf_add_format(&out, "\n  read: %s%s\n", lookup->at[0].key.bytes,
                      lookup->count > 1 ? " and alike" : "");
    strbuf_add_text(&out,
                    "  It may be mistyped, of a tenant (--tenant), too new, or "
                    "seen with no other item\n  often enough (min_support).\n");
    add_hints(&out, &popular);
    fwrite(out.bytes, 1, out.length, stderr);
    strbuf_deinit(&out);
    lookup_deinit(&popular);
    return 0;
}

static int run(const struct config *config, struct redis *redis,
               const void *context)
{
    const struct query *query = context;
    struct err err = ERR_NONE;
    struct lookup lookup;
    int code = check_names(config, query);

    if (code != EXIT_CODE_OK)
        return code;
    if (lookup_related(&lookup, redis, config, query->tenant, query->item,
                       query->relation, query->window, &err) != 0)
        return cmd_redis_fail("related", &err);
    if (lookup_found(&lookup) > 0)
        code = print_lists(config, query, &lookup);
    else if (tell_none(config, query, &lookup, redis, &err) == 0)
        code = EXIT_CODE_FAILED;
    else
        code = cmd_redis_fail("related", &err);
    lookup_deinit(&lookup);
    return code;
}

int cmd_related(int argc, char **argv)
{
    static const struct option options[] = {
        CMD_SETTINGS_LONG,
        {"tenant", required_argument, NULL, 't'},
        {"relation", required_argument, NULL, 'r'},
        {"window", required_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    static const struct cmd_redis command = {
        .help = help,
        .letters = ":h" CMD_SETTINGS_SHORT "t:r:w:",
        .options = options,
        .take = take,
        .take_arguments = take_arguments,
        .body = run,
    };
    struct query query = {0};

    return cmd_redis_main(&command, &query, argc, argv);
}
