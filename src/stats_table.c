#include "stats_table.h"

#include "status.h"

#include <ctype.h>
#include <string.h>

enum { NOW, TOTAL };

static const struct {
    const char *name;
    int kind;
    const char *help;
} fields[] = {
    {"version", NOW, "which terkait it is"},
#define X(name, kind, help) {#name, kind, help},
    STATUS_FIELDS(X)
#undef X
        {"hot_items", NOW, "items that the most events name, as JSON"},
};

/* A group ends where the next one begins. */
static const struct {
    const char *first, *title;
} groups[] = {
    {"version", "Process and times"},
    {"is_caught_up", "Lag and rates"},
    {"records_read", "Records and events"},
    {"refused_too_large", "Refused, by reason"},
    {"pair_updates", "Lists"},
    {"rows", "What is held"},
    {"memory_rss_bytes", "Memory"},
    {"rounds", "Durable state"},
    {"kafka_up", "Kafka"},
    {"redis_up", "Redis"},
    {"hot_items", "Hot now"},
};

size_t stats_table_count(void)
{
    return sizeof fields / sizeof fields[0];
}

struct stats_entry stats_table_at(size_t place)
{
    const char *group = "";

    for (size_t i = 0; i <= place; i++)
        for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++)
            if (strcmp(groups[g].first, fields[i].name) == 0)
                group = groups[g].title;
    return (struct stats_entry){fields[place].name, group,
                                fields[place].kind == TOTAL,
                                fields[place].help};
}

static const char *word_of(const struct stats_entry *entry)
{
    return entry->is_total ? "total" : "now";
}

void stats_write_table(FILE *out)
{
    const char *group = "";

    fputs("| field | kind | what it is |\n|---|---|---|\n", out);
    for (size_t i = 0; i < stats_table_count(); i++) {
        struct stats_entry entry = stats_table_at(i);

        if (strcmp(entry.group, group) != 0)
            fprintf(out, "| *%s* | | |\n", entry.group);
        group = entry.group;
        fprintf(out, "| `%s` | %s | %s |\n", entry.name, word_of(&entry),
                entry.help);
    }
}

void stats_write_man(FILE *out)
{
    const char *group = "";

    for (size_t i = 0; i < stats_table_count(); i++) {
        struct stats_entry entry = stats_table_at(i);

        if (strcmp(entry.group, group) != 0)
            fprintf(out, "%s.Ss %s\n.Bl -tag -width Ds -compact\n",
                    i > 0 ? ".El\n" : "", entry.group);
        group = entry.group;
        fprintf(out, ".It Va %s\n", entry.name);
        if (entry.is_total)
            fprintf(out, "Total: %s.\n", entry.help);
        else
            fprintf(out, "%c%s.\n", toupper((unsigned char)entry.help[0]),
                    entry.help + 1);
    }
    fputs(".El\n", out);
}
