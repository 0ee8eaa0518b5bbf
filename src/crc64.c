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
    const uint64_t(*tables)[256] = crc->tables;
    const unsigned char *at = bytes;
    uint64_t sum = 0;

    for (; length >= 8; at += 8, length -= 8) {
        uint64_t eight;

        memcpy(&eight, at, sizeof eight);
        eight = sum ^ le64toh(eight);
        sum = tables[7][eight & 255] ^ tables[6][eight >> 8 & 255] ^
              tables[5][eight >> 16 & 255] ^ tables[4][eight >> 24 & 255] ^
              tables[3][eight >> 32 & 255] ^ tables[2][eight >> 40 & 255] ^
              tables[1][eight >> 48 & 255] ^ tables[0][eight >> 56];
    }
    for (; length > 0; at++, length--)
        sum = (sum >> 8) ^ tables[0][(sum ^ *at) & 255];
    return sum;
}
