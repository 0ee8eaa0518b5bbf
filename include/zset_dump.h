/* zset_dump: a sorted set in the words of Redis' DUMP, for RESTORE to take: one
 * copy of bytes instead of a ZADD that looks for the place of each member.
 *
 *     17                       a sorted set as a listpack (Redis 7.0 and later)
 *     0x80, bytes              length of the listpack, big-endian
 *     bytes, elements          the listpack: lengths, little-endian, ...
 *     member, count, ...       ... by count, then member, both rising ...
 *     0xff                     ... and its end
 *     10, 0                    the RDB version of Redis 7.0
 *     check sum                CRC64, little-endian
 *
 * An element is its kind and value, and once more its length, for walking
 * backwards. A text that is the decimal form of a 64-bit integer is stored as
 * one, as Redis itself does: it relies on finding it so. */
#ifndef TERKAIT_ZSET_DUMP_H
#define TERKAIT_ZSET_DUMP_H

#include "crc64.h"
#include "sink.h"
#include "strbuf.h"

#include <stdint.h>

/* Above this Redis writes a score in other ways, which differ by version. */
#define ZSET_DUMP_COUNT_MAX (UINT64_C(1) << 52)

/* Redis keeps a sorted set of more as a skiplist. */
enum { ZSET_DUMP_MEMBERS_MAX = 128 };

/* Appends the dump of 1 to ZSET_DUMP_MEMBERS_MAX members, ordered as in sink.h,
 * with ids below 4096 bytes and counts up to ZSET_DUMP_COUNT_MAX. */
void zset_dump(struct strbuf *out, const struct crc64 *crc,
               const struct sink_member *members, uint32_t count);

#endif
