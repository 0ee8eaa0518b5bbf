/* simulate_words: the vocabulary of the simulated marketplace: what is sold,
 * what goes together, who sells it and where. Plain tables.
 *
 * A list of words is one text, a space between two; "." stands for nothing. */
#ifndef TERKAIT_SIMULATE_WORDS_H
#define TERKAIT_SIMULATE_WORDS_H

#include "event.h"

#include <stdint.h>

/* An item's id is head-kind-variant, e.g. kopi-gayo-250g. */
struct words_goods {
    const char *category;
    const char *heads;
    const char *kinds;
    const char *variants;
};

/* What a theme is made of: mostly `main`, with some of `companion`; both are
 * places in words_goods. */
struct words_theme {
    uint8_t main;
    uint8_t companion;
};

struct words_city {
    const char *name;
    const char *region;
};

enum {
    WORDS_GOODS = 20,
    WORDS_THEMES = 24,
    WORDS_CITIES = 46,
    WORDS_TENANTS = 8
};

extern const struct words_goods words_goods[WORDS_GOODS];
extern const struct words_theme words_themes[WORDS_THEMES];
extern const struct words_city words_cities[WORDS_CITIES];
extern const char *const words_tenants[WORDS_TENANTS];
extern const char words_big_sellers[];
extern const char words_shops[];
extern const char words_owners[];

uint32_t words_count(const char *list);

/* The word at place `at`, counted from 0; of length 0 when it is ".". */
struct text words_at(const char *list, uint32_t at);

#endif
