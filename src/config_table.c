#include "config_table.h"

#include "config_check.h"
#include "list.h"
#include "relation.h"
#include "session.h"

#include <string.h>

#define YEARS_10 (INT64_C(3650) * 24 * 3600 * 1000)
#define HOUR     (INT64_C(3600) * 1000)
#define GIB      (INT64_C(1) << 30)
#define COUNTS   INT64_C(1000000000)

static const char *const actions[] = {"view", "cart", "purchase", NULL};
static const char *const scores[] = {
    "cosine", "count", "jaccard", "conditional", "lift", "llr", NULL,
};
static const char *const modes[] = {"local", "kafka", NULL};
static const char *const levels[] = {"debug", "info", "warn", "error", NULL};
static const char *const formats[] = {"text", "json", NULL};

const struct config_section config_sections[] = {
    {"", 0, "Which relations and windows, of all that are defined."},
    {"kafka", 0, "Where the events come from."},
    {"events", 0, "Which events are taken."},
    {"session", 0, "What belongs together: one visitor's run of events."},
    {"relation", 1,
     "Rules of which actions make two items related. A file that defines one "
     "replaces all the default ones."},
    {"window", 1,
     "How far back counts reach. A file that defines one replaces all the "
     "default ones."},
    {"lists", 0, "The lists that are published."},
    {"publish", 0, "How soon a list follows its events."},
    {"counts", 0, "The sorted sets of counts beside the lists."},
    {"row", 0, "What is kept for one item."},
    {"redis", 0, "Where lists go."},
    {"state", 0, "The durable state."},
    {"memory", 0, "The bound of this process."},
    {"engine", 0, "How the work is shared out in this process."},
    {"shuffle", 0, "How contributions reach the item that they count for."},
    {"http", 0, "Metrics, health and the live page."},
    {"log", 0, "What is logged to stderr."},
};
const size_t config_sections_size =
    sizeof config_sections / sizeof config_sections[0];

const struct config_default config_defaults[] = {
    {"relation", "also_viewed", "from", "view,cart,purchase"},
    {"relation", "also_viewed", "to", "view,cart,purchase"},
    {"relation", "carted_together", "from", "cart,purchase"},
    {"relation", "carted_together", "to", "cart,purchase"},
    {"relation", "viewed_then_carted", "from", "view"},
    {"relation", "viewed_then_carted", "to", "cart,purchase"},
    {"window", "1h", "length", "1h"},
    {"window", "1h", "panes", "12"},
    {"window", "24h", "length", "24h"},
    {"window", "24h", "panes", "24"},
    {"window", "7d", "length", "7d"},
    {"window", "7d", "panes", "28"},
};
const size_t config_defaults_size =
    sizeof config_defaults / sizeof config_defaults[0];

const struct setting config_table[] = {
    {.section = "",
     .key = "windows",
     .example = "{1h, 24h}",
     .type = SETTING_NAMES,
     .otherwise = "all that are defined, as they stand",
     .help = "Picks and orders the windows in force."},
    {.section = "",
     .key = "relations",
     .example = "{also_viewed, carted_together}",
     .type = SETTING_NAMES,
     .otherwise = "all that are defined, as they stand",
     .help = "Picks and orders the relations in force. The first one ranks "
             "the popular lists."},

    {.section = "kafka",
     .key = "brokers",
     .type = SETTING_TEXT,
     .fallback = "127.0.0.1:9092",
     .min = 1,
     .max = 4096,
     .help = "Brokers to begin with: host:port, several with commas between."},
    {.section = "kafka",
     .key = "topic",
     .type = SETTING_TEXT,
     .fallback = "events",
     .min = 1,
     .max = 249,
     .check = config_check_topic,
     .help = "The topic of the shop's events, keyed by visitor."},
    {.section = "kafka",
     .key = "group",
     .type = SETTING_TEXT,
     .fallback = "terkait",
     .min = 1,
     .max = 255,
     .help = "The consumer group under which offsets are committed, for lag "
             "displays. terkait assigns itself all partitions and joins no "
             "group."},
    {.section = "kafka",
     .key = "set",
     .example = "{\"linger.ms=5\"}",
     .type = SETTING_PROPERTIES,
     .otherwise = "none",
     .check = config_check_property,
     .help = "Properties handed to librdkafka as they are, such as "
             "\"security.protocol=sasl_ssl\". Not auto.offset.reset: a hole in "
             "the topic must be loud."},

    {.section = "events",
     .key = "lateness",
     .type = SETTING_DURATION,
     .fallback = "10m",
     .max = YEARS_10,
     .help = "How far an event may lie behind the newest of its partition "
             "before it is refused as late. At most session.gap."},
    {.section = "events",
     .key = "future",
     .type = SETTING_DURATION,
     .fallback = "5m",
     .max = YEARS_10,
     .help = "How far an event's time may lie ahead of its Kafka record's own "
             "before it is refused."},
    {.section = "events",
     .key = "max_bytes",
     .type = SETTING_BYTES,
     .fallback = "64k",
     .min = 1,
     .max = GIB,
     .help = "Longer records are refused."},
    {.section = "events",
     .key = "dead_letter_topic",
     .type = SETTING_TEXT,
     .fallback = "",
     .max = 249,
     .check = config_check_topic,
     .help = "The topic that refused records are copied to, key and value as "
             "they were, with the headers reason, topic, partition and offset. "
             "What is read again after a crash is sent again; what cannot be "
             "sent is counted (dead_letters_lost) and never holds up the rest. "
             "Empty: none."},

    {.section = "session",
     .key = "gap",
     .type = SETTING_DURATION,
     .fallback = "30m",
     .min = 0,
     .max = YEARS_10,
     .help = "A visitor silent for longer begins a new session."},
    {.section = "session",
     .key = "max_items",
     .type = SETTING_INTEGER,
     .fallback = "50",
     .min = 1,
     .max = SESSION_ITEMS_MAX,
     .help = "Items a session holds; the one longest untouched leaves first."},
    {.section = "session",
     .key = "max_open",
     .type = SETTING_INTEGER,
     .fallback = "1000000",
     .min = 1,
     .max = COUNTS,
     .help = "Open sessions of one partition; the oldest is forgotten first."},

    {.section = "relation",
     .key = "from",
     .type = SETTING_WORDS,
     .words = actions,
     .help = "Actions by which an item gets a list of this relation."},
    {.section = "relation",
     .key = "to",
     .type = SETTING_WORDS,
     .words = actions,
     .help = "Actions by which an item gets onto such a list. The same as "
             "`from`: the two count together in either order. Others: `to` "
             "must come after `from`."},
    {.section = "relation",
     .key = "score",
     .type = SETTING_WORD,
     .words = scores,
     .otherwise = "lists.score",
     .flags = SETTING_RELOAD,
     .help = "What ranks this relation's lists."},
    {.section = "relation",
     .key = "k",
     .type = SETTING_INTEGER,
     .min = 1,
     .max = LIST_ITEMS_MAX,
     .otherwise = "lists.k",
     .flags = SETTING_RELOAD,
     .help = "Items on a list of this relation."},
    {.section = "relation",
     .key = "min_support",
     .type = SETTING_INTEGER,
     .min = 1,
     .max = COUNTS,
     .otherwise = "lists.min_support",
     .flags = SETTING_RELOAD,
     .help = "Sessions in which a pair must have occurred."},

    {.section = "window",
     .key = "length",
     .type = SETTING_DURATION,
     .min = 1,
     .max = YEARS_10,
     .help = "Event time covered. Divisible by `panes`."},
    {.section = "window",
     .key = "panes",
     .type = SETTING_INTEGER,
     .min = 1,
     .max = WINDOW_SPAN_MAX,
     .help = "Slices in which the window moves on. The lengths of all "
             "windows' panes must divide one another."},

    {.section = "lists",
     .key = "k",
     .type = SETTING_INTEGER,
     .fallback = "20",
     .min = 1,
     .max = LIST_ITEMS_MAX,
     .flags = SETTING_RELOAD,
     .help = "Items on a list."},
    {.section = "lists",
     .key = "min_support",
     .type = SETTING_INTEGER,
     .fallback = "2",
     .min = 1,
     .max = COUNTS,
     .flags = SETTING_RELOAD,
     .help = "Sessions in which a pair must have occurred to be listed."},
    {.section = "lists",
     .key = "score",
     .type = SETTING_WORD,
     .fallback = "cosine",
     .words = scores,
     .flags = SETTING_RELOAD,
     .help = "What ranks the lists."},
    {.section = "lists",
     .key = "damping",
     .type = SETTING_REAL,
     .fallback = "20",
     .max = 1000000000,
     .flags = SETTING_RELOAD,
     .help = "The d of cosine: the higher, the more sessions a pair needs to "
             "rank high."},
    {.section = "lists",
     .key = "ttl",
     .example = "7d",
     .type = SETTING_DURATION,
     .otherwise = "the longest window, at least four sweeps",
     .min = 1,
     .max = YEARS_10,
     .flags = SETTING_RELOAD,
     .help = "Life of a list that nobody refreshes. At least four "
             "lists.sweep."},
    {.section = "lists",
     .key = "settle",
     .type = SETTING_DURATION,
     .fallback = "5s",
     .min = 1,
     .max = HOUR,
     .flags = SETTING_RELOAD,
     .help = "Within this time a list is written of which only scores or "
             "counts changed."},
    {.section = "lists",
     .key = "sweep",
     .type = SETTING_DURATION,
     .fallback = "60s",
     .min = 1,
     .max = 24 * HOUR,
     .flags = SETTING_RELOAD,
     .help = "Within this time every list is looked at once, whether its item "
             "had events or not."},

    {.section = "publish",
     .key = "interval",
     .type = SETTING_DURATION,
     .fallback = "50ms",
     .min = 1,
     .max = HOUR,
     .flags = SETTING_RELOAD,
     .help = "Turns in which changed lists are written; stretched under "
             "overload."},
    {.section = "counts",
     .key = "max",
     .type = SETTING_INTEGER,
     .fallback = "50",
     .max = 128,
     .flags = SETTING_RELOAD,
     .help = "Members of a sorted set of counts. 0 turns them off."},
    {.section = "counts",
     .key = "refresh",
     .type = SETTING_DURATION,
     .fallback = "10s",
     .min = 1,
     .max = HOUR,
     .flags = SETTING_RELOAD,
     .help = "Within this time they follow an event."},
    {.section = "row",
     .key = "max_pairs",
     .type = SETTING_INTEGER,
     .fallback = "1000",
     .min = 1,
     .max = 1000000,
     .flags = SETTING_RELOAD,
     .help = "Other items counted beside one item; above, the weakest go and "
             "its lists say `partial`."},

    {.section = "redis",
     .key = "url",
     .type = SETTING_TEXT,
     .fallback = "redis://127.0.0.1:6379/0",
     .min = 1,
     .max = 4096,
     .check = config_check_redis_url,
     .flags = SETTING_SECRET,
     .help = "redis://[user:password@]host:port/db or unix:///path."},
    {.section = "redis",
     .key = "prefix",
     .type = SETTING_TEXT,
     .fallback = "terkait:",
     .max = 128,
     .check = config_check_prefix,
     .help = "What every key begins with. May be empty; no braces."},

    {.section = "state",
     .key = "groups",
     .type = SETTING_INTEGER,
     .fallback = "1024",
     .min = 1,
     .max = 65536,
     .help = "Parts that the items are divided into; fixed once the state is "
             "made."},
    {.section = "state",
     .key = "checkpoint_interval",
     .type = SETTING_DURATION,
     .fallback = "5s",
     .min = 10,
     .max = HOUR,
     .help = "How often the state is saved; up to ten times as long where much "
             "changes."},
    {.section = "memory",
     .key = "max",
     .type = SETTING_BYTES,
     .fallback = "0",
     .max = GIB << 20,
     .flags = SETTING_RELOAD,
     .help = "Memory of the process that it never grows past. Near it the "
             "pairs of the items that were idle for longest are given up, and "
             "their lists say `partial`; with none left, reading waits. 0: no "
             "bound."},
    {.section = "engine",
     .key = "threads",
     .type = SETTING_INTEGER,
     .fallback = "1",
     .min = 1,
     .max = 256,
     .flags = SETTING_UNUSED,
     .help = "Threads that count."},

    {.section = "shuffle",
     .key = "mode",
     .type = SETTING_WORD,
     .fallback = "local",
     .words = modes,
     .help = "`local`: one process does it all. `kafka`, through a second "
             "topic, is not in this version."},
    {.section = "shuffle",
     .key = "topic",
     .type = SETTING_TEXT,
     .fallback = "terkait-shuffle",
     .min = 1,
     .max = 249,
     .check = config_check_topic,
     .flags = SETTING_UNUSED,
     .help = "The topic of contributions, for `mode = kafka`."},
    {.section = "shuffle",
     .key = "supports_topic",
     .type = SETTING_TEXT,
     .fallback = "terkait-supports",
     .min = 1,
     .max = 249,
     .check = config_check_topic,
     .flags = SETTING_UNUSED,
     .help = "The compacted topic of supports, for `mode = kafka`."},
    {.section = "http",
     .key = "listen",
     .type = SETTING_TEXT,
     .fallback = "127.0.0.1:9464",
     .min = 1,
     .max = 255,
     .check = config_check_listen,
     .help = "Where HTTP listens: `off`, HOST:PORT, or :PORT for every "
             "address. A port that is taken is tried again."},
    {.section = "http",
     .key = "token",
     .type = SETTING_TEXT,
     .fallback = "",
     .max = 4096,
     .flags = SETTING_SECRET,
     .help = "A bearer token that callers must show, but for the page itself "
             "and /healthz. Empty: none."},
    {.section = "log",
     .key = "level",
     .type = SETTING_WORD,
     .fallback = "info",
     .words = levels,
     .flags = SETTING_RELOAD,
     .help = "The least that is logged."},
    {.section = "log",
     .key = "format",
     .type = SETTING_WORD,
     .fallback = "text",
     .words = formats,
     .flags = SETTING_RELOAD,
     .help = "`text`: key=value; `json`: one object a line."},
};
const size_t config_table_size = sizeof config_table / sizeof config_table[0];

const struct setting *setting_find(const char *section, const char *key)
{
    for (size_t i = 0; i < config_table_size; i++)
        if (strcmp(config_table[i].section, section) == 0 &&
            strcmp(config_table[i].key, key) == 0)
            return &config_table[i];
    return NULL;
}

const struct config_section *config_section_find(const char *name)
{
    for (size_t i = 0; i < config_sections_size; i++)
        if (strcmp(config_sections[i].name, name) == 0)
            return &config_sections[i];
    return NULL;
}
