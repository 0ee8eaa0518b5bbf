#include "nearest.h"

#include <string.h>

enum { BYTES_MAX = 64, MISTAKES_MAX = 3 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t nearest_distance(const char *a, const char *b)
{
    size_t rows[3][BYTES_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    size_t a_length = strlen(a), b_length = strlen(b);

    if (a_length > BYTES_MAX || b_length > BYTES_MAX)
        return a_length > b_length ? a_length : b_length;
    memset(rows, 0, sizeof rows);
    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *spare = before;

        before = above;
        above = row;
        row = spare;
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = least(above[j] + 1, row[j - 1] + 1);
            row[j] = least(row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return row[b_length];
}

const char *nearest_word(const char *typed, const char *const *words,
                         size_t count)
{
    const char *dot = strrchr(typed, '.');
    size_t length = strlen(dot != NULL ? dot + 1 : typed);
    size_t closest = least(1 + length / 4, MISTAKES_MAX) + 1;
    const char *found = NULL;

    for (size_t i = 0; i < count; i++) {
        size_t distance = nearest_distance(typed, words[i]);

        if (distance < closest) {
            closest = distance;
            found = words[i];
        }
    }
    return found;
}
