/* redis_reply: what hiredis parsed, without its names. */
#include "redis.h"

#include <hiredis/hiredis.h>

static const redisReply *raw(const struct redis_reply *reply)
{
    return (const redisReply *)reply;
}

void redis_reply_free(struct redis_reply *reply)
{
    if (reply != NULL)
        freeReplyObject(reply);
}

enum redis_kind redis_reply_kind(const struct redis_reply *reply)
{
    switch (raw(reply)->type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
        return REDIS_TEXT;
    case REDIS_REPLY_INTEGER:
        return REDIS_NUMBER;
    case REDIS_REPLY_ARRAY:
        return REDIS_ARRAY;
    case REDIS_REPLY_ERROR:
        return REDIS_ERROR;
    default:
        return REDIS_NIL;
    }
}

struct text redis_reply_text(const struct redis_reply *reply)
{
    enum redis_kind kind = redis_reply_kind(reply);

    if (kind != REDIS_TEXT && kind != REDIS_ERROR)
        return (struct text){"", 0};
    return (struct text){raw(reply)->str, (uint32_t)raw(reply)->len};
}

int64_t redis_reply_number(const struct redis_reply *reply)
{
    return raw(reply)->integer;
}

size_t redis_reply_count(const struct redis_reply *reply)
{
    return redis_reply_kind(reply) == REDIS_ARRAY ? raw(reply)->elements : 0;
}

const struct redis_reply *redis_reply_at(const struct redis_reply *reply,
                                         size_t index)
{
    ASSERT(index < redis_reply_count(reply));
    return (const struct redis_reply *)raw(reply)->element[index];
}
