#include "fingerprint.h"

#include <string.h>

static struct text next_line(struct text *rest)
{
    const char *end = memchr(rest->bytes, '\n', rest->length);
    uint32_t length =
        end == NULL ? rest->length : (uint32_t)(end - rest->bytes);
    struct text line = {rest->bytes, length};

    rest->bytes += length + (end != NULL);
    rest->length -= length + (end != NULL);
    return line;
}

static struct text name_of(struct text line)
{
    const char *equals = memchr(line.bytes, '=', line.length);

    if (equals != NULL)
        line.length = (uint32_t)(equals - line.bytes);
    return line;
}

static int is_equal(struct text left, struct text right)
{
    return left.length == right.length &&
           (left.length == 0 ||
            memcmp(left.bytes, right.bytes, left.length) == 0);
}

/* The line of that name; length 0 when there is none. */
static struct text find_line(struct text all, struct text name)
{
    while (all.length > 0) {
        struct text line = next_line(&all);

        if (is_equal(name_of(line), name))
            return line;
    }
    return (struct text){"", 0};
}

static struct text value_of(struct text line)
{
    uint32_t skipped = name_of(line).length + 1;

    if (skipped > line.length)
        return (struct text){"nothing", 7};
    return (struct text){line.bytes + skipped, line.length - skipped};
}

static int is_soft(struct text name)
{
    return name.length > 0 && name.bytes[0] == '~';
}

static void say(struct err *err, struct text name, struct text was,
                struct text is)
{
    int soft = is_soft(name);

    *err = ERR_NONE;
    err_set(err, "%.*s is `%.*s` now, and was `%.*s`", (int)name.length - soft,
            name.bytes + soft, (int)is.length, is.bytes, (int)was.length,
            was.bytes);
}

/* Every line of `one` against its like in `other`; `fit` only gets worse. */
static void compare_lines(enum fingerprint_fit *fit, struct text one,
                          struct text other, int is_swapped, struct err *err)
{
    while (one.length > 0 && *fit != FINGERPRINT_MISFIT) {
        struct text line = next_line(&one);
        struct text like = find_line(other, name_of(line));
        struct text name = name_of(line);

        if (is_equal(line, like))
            continue;
        if (is_soft(name) && *fit == FINGERPRINT_SOFT)
            continue;
        *fit = is_soft(name) ? FINGERPRINT_SOFT : FINGERPRINT_MISFIT;
        if (is_swapped)
            say(err, name, value_of(like), value_of(line));
        else
            say(err, name, value_of(line), value_of(like));
    }
}

enum fingerprint_fit fingerprint_compare(struct text stands, struct text wanted,
                                         struct err *err)
{
    enum fingerprint_fit fit = FINGERPRINT_SAME;

    compare_lines(&fit, stands, wanted, 0, err);
    compare_lines(&fit, wanted, stands, 1, err);
    return fit;
}
