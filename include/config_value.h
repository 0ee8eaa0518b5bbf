/* config_value: one text, held against one row of the table. */
#ifndef TERKAIT_CONFIG_VALUE_H
#define TERKAIT_CONFIG_VALUE_H

#include "config_table.h"

#include <stdint.h>

/* What a text stands for. */
struct setting_number {
    int64_t whole; /* ms, bytes, count, place of a word among `words` */
    double real;   /* of SETTING_REAL */
};

/* One text of a scalar, or one element of a list. -1 with what is wrong and
 * what is allowed; secrets are not repeated there. */
int setting_parse(struct setting_number *number, const struct setting *setting,
                  const char *text, struct err *err) MUST_CHECK;

/* 1 when `name` is 1 to 32 of a-z 0-9 _. */
int config_is_name(const char *name);

/* Appends the shortest text that means as much: "90m", "64k". */
void config_add_duration(struct strbuf *out, int64_t ms);
void config_add_bytes(struct strbuf *out, uint64_t bytes);

/* Appends the text of a scalar, or of one element of a list, as people may
 * see it: texts in quotes, passwords masked. */
void setting_add_text(struct strbuf *out, const struct setting *setting,
                      const char *text);

#endif
