#include "fields.h"

#include "mem.h"
#include "redis.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void free_text(struct text text)
{
    free((void *)(uintptr_t)text.bytes);
}

void fields_deinit(struct fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        free_text(fields->at[i].name);
        free_text(fields->at[i].value);
    }
    free(fields->at);
    *fields = (struct fields){0};
}

/* The place of a name, or where it would stand. */
static size_t place_of(const struct fields *fields, struct text name)
{
    size_t low = 0, high = fields->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (text_compare(fields->at[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int is_at(const struct fields *fields, size_t place, struct text name)
{
    return place < fields->count &&
           text_compare(fields->at[place].name, name) == 0;
}

static struct text dup_text(struct text text)
{
    return (struct text){mem_dup(text.bytes, text.length), text.length};
}

void fields_put(struct fields *fields, struct text name, struct text value)
{
    size_t place = place_of(fields, name);
    struct field *field;

    if (is_at(fields, place, name)) {
        free_text(fields->at[place].value);
        fields->at[place].value = dup_text(value);
        return;
    }
    fields->at =
        mem_resize(fields->at, fields->count + 1, sizeof fields->at[0]);
    field = &fields->at[place];
    memmove(field + 1, field, (fields->count - place) * sizeof *field);
    fields->count++;
    *field = (struct field){dup_text(name), dup_text(value)};
}

void fields_take(struct fields *fields, const struct redis_reply *reply)
{
    size_t count = redis_reply_count(reply) / 2;

    fields_deinit(fields);
    for (size_t i = 0; i < count; i++)
        fields_put(fields, redis_reply_text(redis_reply_at(reply, 2 * i)),
                   redis_reply_text(redis_reply_at(reply, 2 * i + 1)));
}

const struct field *fields_find(const struct fields *fields, const char *name)
{
    struct text wanted = {name, (uint32_t)strlen(name)};
    size_t place = place_of(fields, wanted);

    return is_at(fields, place, wanted) ? &fields->at[place] : NULL;
}

int64_t fields_number(const struct fields *fields, const char *name)
{
    const struct field *field = fields_find(fields, name);
    long long number;
    char *end;

    if (field == NULL || field->value.length == 0)
        return 0;
    errno = 0;
    number = strtoll(field->value.bytes, &end, 10);
    return errno == 0 && end == field->value.bytes + field->value.length
               ? number
               : 0;
}

size_t fields_rank(const struct fields *fields, const struct field **ranked,
                   size_t most, const char *begin)
{
    size_t count = 0, place;

    for (size_t i = 0; i < fields->count && count < most; i++) {
        const struct field *field = &fields->at[i];
        int64_t number = fields_number(fields, field->name.bytes);

        if (strncmp(field->name.bytes, begin, strlen(begin)) != 0 ||
            number <= 0)
            continue;
        for (place = count++; place > 0; place--) {
            if (fields_number(fields, ranked[place - 1]->name.bytes) >= number)
                break;
            ranked[place] = ranked[place - 1];
        }
        ranked[place] = field;
    }
    return count;
}
