/* hash: the one hash function, XXH64 (Yann Collet, xxHash specification). It
 * decides which group an item belongs to, so it is part of the contract. */
#ifndef TERKAIT_HASH_H
#define TERKAIT_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *bytes, size_t length, uint64_t seed);

#endif
