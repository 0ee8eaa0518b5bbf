/* crc64: the check sum that Redis puts behind a dumped value: the polynomial
 * of Jones (0xad93d23594c935a9), reflected, nothing inverted.
 *
 *     "123456789" -> 0xe9c6d914c4b8d9ca
 *
 * Eight bytes a step, by eight tables ("slicing by 8": Kounavis and Berry, "A
 * Systematic Approach to Building High Performance Software-Based CRC
 * Generators", 2005). */
#ifndef TERKAIT_CRC64_H
#define TERKAIT_CRC64_H

#include <stddef.h>
#include <stdint.h>

/* 16 KB; the same in every process. */
struct crc64 {
    /* What a byte comes to with that many zero bytes behind it. */
    uint64_t tables[8][256];
};

void crc64_init(struct crc64 *crc);

uint64_t crc64_sum(const struct crc64 *crc, const void *bytes, size_t length);

#endif
