#include "crc64.h"

#include <endian.h>
#include <string.h>

static const uint64_t polynomial = 0x95ac9329ac4bc9b5; /* reflected */

void crc64_init(struct crc64 *crc)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint64_t sum = byte;

        for (int bit = 0; bit < 8; bit++)
            sum = (sum >> 1) ^ ((sum & 1) != 0 ? polynomial : 0);
        crc->tables[0][byte] = sum;
    }
    for (uint32_t byte = 0; byte < 256; byte++)
        for (int zeros = 1; zeros < 8; zeros++) {
            uint64_t sum = crc->tables[zeros - 1][byte];

            crc->tables[zeros][byte] = (sum >> 8) ^ crc->tables[0][sum & 255];
        }
}

uint64_t crc64_sum(const struct crc64 *crc, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint64_t sum = 0;

    for (; length >= 8; at += 8, length -= 8) {
        uint64_t eight;

        memcpy(&eight, at, sizeof eight);
        eight = sum ^ le64toh(eight);
        sum = 0;
        for (int i = 0; i < 8; i++)
            sum ^= crc->tables[7 - i][(eight >> 8 * i) & 255];
    }
    for (; length > 0; at++, length--)
        sum = (sum >> 8) ^ crc->tables[0][(sum ^ *at) & 255];
    return sum;
}
