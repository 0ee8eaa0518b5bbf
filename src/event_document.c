#include "event_document.h"

#include "mem.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 21 }; /* "-9223372036854775808" and a NUL */

struct event_document {
    json_t *root; /* owned: holds the texts of the last record, or NULL */
    char visitor_digits[DIGITS_MAX];
    char item_digits[EVENT_ITEMS_MAX][DIGITS_MAX];
};

static void *allocate(size_t bytes)
{
    return mem_resize(NULL, bytes, 1);
}

struct event_document *event_document_new(void)
{
    json_set_alloc_funcs(allocate, free);
    return mem_new(1, sizeof(struct event_document));
}

void event_document_free(struct event_document *document)
{
    if (document == NULL)
        return;
    json_decref(document->root);
    free(document);
}

static enum json_kind kind_of(const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return JSON_KIND_OBJECT;
    case JSON_ARRAY:
        return JSON_KIND_ARRAY;
    case JSON_STRING:
        return JSON_KIND_TEXT;
    case JSON_INTEGER:
        return JSON_KIND_INTEGER;
    case JSON_REAL:
        return JSON_KIND_REAL;
    case JSON_TRUE:
        return JSON_KIND_TRUE;
    case JSON_FALSE:
        return JSON_KIND_FALSE;
    case JSON_NULL:
        break;
    }
    return JSON_KIND_NULL;
}

static struct json_value value_of(const json_t *json)
{
    struct json_value value = {.kind = JSON_KIND_NULL};

    if (json == NULL)
        return value;
    value.kind = kind_of(json);
    if (value.kind == JSON_KIND_TEXT) {
        value.bytes = json_string_value(json);
        value.length = json_string_length(json);
    } else if (value.kind == JSON_KIND_INTEGER) {
        value.integer = json_integer_value(json);
    } else if (value.kind == JSON_KIND_REAL) {
        value.real = json_real_value(json);
    }
    return value;
}

static struct json_value id_of(char digits[DIGITS_MAX], const json_t *json)
{
    struct json_value value = value_of(json);

    if (value.kind != JSON_KIND_INTEGER)
        return value;
    value.length = (size_t)snprintf(digits, DIGITS_MAX, "%" JSON_INTEGER_FORMAT,
                                    json_integer_value(json));
    value.bytes = digits;
    return value;
}

static void read_entries(struct event_document *document,
                         struct event_fields *fields, const json_t *entries)
{
    size_t count = json_array_size(entries); /* 0 when it is no array */

    if (count > EVENT_ITEMS_MAX)
        count = EVENT_ITEMS_MAX;
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(entries, i);

        if (json_is_object(entry))
            entry = json_object_get(entry, "item");
        fields->entries[i] = id_of(document->item_digits[i], entry);
    }
    fields->entries_count = (uint32_t)count;
}

static void read_fields(struct event_document *document,
                        struct event_fields *fields)
{
    const json_t *root = document->root;
    const json_t *items = json_object_get(root, "items");

    fields->type = value_of(json_object_get(root, "type"));
    fields->consent = value_of(json_object_get(root, "consent"));
    fields->visitor =
        id_of(document->visitor_digits, json_object_get(root, "visitor"));
    fields->item =
        id_of(document->item_digits[0], json_object_get(root, "item"));
    fields->items = value_of(items);
    fields->ts = value_of(json_object_get(root, "ts"));
    fields->session = value_of(json_object_get(root, "session"));
    fields->tenant = value_of(json_object_get(root, "tenant"));
    fields->category = value_of(json_object_get(root, "category"));
    read_entries(document, fields, items);
}

int event_document_read(struct event_document *document,
                        struct event_fields *fields, const char *bytes,
                        size_t length)
{
    json_decref(document->root);
    document->root = NULL;
    /* jansson 2.14 takes a NUL behind a number or literal for white space. */
    if (memchr(bytes, '\0', length) != NULL)
        return -1;
    document->root = json_loadb(bytes, length, 0, NULL);
    if (!json_is_object(document->root))
        return -1;
    read_fields(document, fields);
    return 0;
}
