#include "simulate_held.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    int64_t due_ms;
    uint64_t order; /* of adding */
    char *bytes;    /* owned; visitor, then line */
    uint32_t visitor_length;
    uint32_t line_length;
};

struct held {
    struct entry *heap; /* owned; the first due at 0 */
    uint32_t count;
    uint32_t capacity;
    uint64_t added;
    char *taken; /* owned; what the last take handed out */
};

struct held *held_new(void)
{
    return mem_new(1, sizeof(struct held));
}

void held_free(struct held *held)
{
    if (held == NULL)
        return;
    for (uint32_t i = 0; i < held->count; i++)
        free(held->heap[i].bytes);
    free(held->heap);
    free(held->taken);
    free(held);
}

static int is_before(const struct entry *a, const struct entry *b)
{
    if (a->due_ms != b->due_ms)
        return a->due_ms < b->due_ms;
    return a->order < b->order;
}

static void swap(struct entry *a, struct entry *b)
{
    struct entry entry = *a;

    *a = *b;
    *b = entry;
}

static void sift_up(struct entry *heap, uint32_t at)
{
    while (at > 0 && is_before(&heap[at], &heap[(at - 1) / 2])) {
        swap(&heap[at], &heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static void sift_down(struct entry *heap, uint32_t count)
{
    uint32_t at = 0, child;

    while ((child = 2 * at + 1) < count) {
        if (child + 1 < count && is_before(&heap[child + 1], &heap[child]))
            child++;
        if (!is_before(&heap[child], &heap[at]))
            break;
        swap(&heap[child], &heap[at]);
        at = child;
    }
}

void held_add(struct held *held, int64_t due_ms, struct text visitor,
              struct text line)
{
    struct entry *entry;

    if (held->count == held->capacity) {
        held->capacity = held->capacity ? 2 * held->capacity : 64;
        held->heap = mem_resize(held->heap, held->capacity, sizeof *entry);
    }
    entry = &held->heap[held->count];
    entry->due_ms = due_ms;
    entry->order = held->added++;
    entry->visitor_length = visitor.length;
    entry->line_length = line.length;
    entry->bytes = mem_new((size_t)visitor.length + line.length, 1);
    memcpy(entry->bytes, visitor.bytes, visitor.length);
    memcpy(entry->bytes + visitor.length, line.bytes, line.length);
    sift_up(held->heap, held->count++);
}

int held_take(struct held *held, struct text *visitor, struct text *line,
              int64_t now_ms)
{
    struct entry entry;

    if (held->count == 0 || held->heap[0].due_ms > now_ms)
        return 0;
    entry = held->heap[0];
    held->heap[0] = held->heap[--held->count];
    sift_down(held->heap, held->count);
    free(held->taken);
    held->taken = entry.bytes;
    *visitor = (struct text){entry.bytes, entry.visitor_length};
    *line =
        (struct text){entry.bytes + entry.visitor_length, entry.line_length};
    return 1;
}
