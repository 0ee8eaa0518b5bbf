/* stats_table: every field of the hash `<prefix>stats`, in groups, with what it
 * is: for `terkait stats`, the README and the man page. Made of STATUS_FIELDS.
 */
#ifndef TERKAIT_STATS_TABLE_H
#define TERKAIT_STATS_TABLE_H

#include <stddef.h>
#include <stdio.h>

struct stats_entry {
    const char *name;
    const char *group;
    int is_total; /* only rises while a process lives */
    const char *help;
};

/* In the order in which they are shown. */
size_t stats_table_count(void);
struct stats_entry stats_table_at(size_t place);

/* The two documents made of it; tests hold the files against them. */
void stats_write_table(FILE *out); /* the README's table, Markdown */
void stats_write_man(FILE *out);   /* of terkait(1), mdoc */

#endif
