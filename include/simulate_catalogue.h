/* simulate_catalogue: the goods of the simulated marketplace, and what was made
 * to go with what.
 *
 * Items stand in themes of about CATALOGUE_THEME_ITEMS neighbours, say coffees
 * and what one brews them with. A theme is a ring, and an item's *partners*,
 * the planted affinities, are the two next to it on either side:
 *
 *     ... kopi-toraja  teko-bambu [kopi-gayo] kopi-ijen  cangkir-kaca ...
 *             \____________\___________|__________/____________/
 *
 * How popular an item is does not depend on its theme. */
#ifndef TERKAIT_SIMULATE_CATALOGUE_H
#define TERKAIT_SIMULATE_CATALOGUE_H

#include "event.h"
#include "rng.h"
#include "strbuf.h"

#include <stdint.h>

enum {
    CATALOGUE_ITEMS_MAX = 1 << 24,
    CATALOGUE_SELLERS_MAX = 1 << 20,
    CATALOGUE_TENANTS_MAX = 1 << 16,
    CATALOGUE_THEME_ITEMS = 12,
    CATALOGUE_PARTNERS_MAX = 4
};

struct catalogue;

/* All counts are at least 1, but tenants. */
struct catalogue_rules {
    uint32_t items;
    uint32_t sellers;
    uint32_t tenants;
    double zipf;
};

struct catalogue *catalogue_new(struct rng *rng,
                                const struct catalogue_rules *rules);
void catalogue_free(struct catalogue *catalogue);

uint32_t catalogue_items(const struct catalogue *catalogue);

/* Texts are the catalogue's; none needs an escape in JSON. */
struct text catalogue_id(const struct catalogue *catalogue, uint32_t item);
struct text catalogue_category(const struct catalogue *catalogue,
                               uint32_t item);
struct text catalogue_tenant(const struct catalogue *catalogue,
                             uint32_t tenant);

/* The item's seller as it stands in an event:
 * "seller":"umkm-bu-siti-garut","region":"jawa-barat" */
struct text catalogue_seller(const struct catalogue *catalogue, uint32_t item);

/* An item as popularity has it; one as if all were alike. */
uint32_t catalogue_draw(const struct catalogue *catalogue, struct rng *rng);
uint32_t catalogue_draw_any(const struct catalogue *catalogue, struct rng *rng);

/* The item's partners, each once and never itself; returns how many. */
uint32_t catalogue_partners(const struct catalogue *catalogue,
                            uint32_t out[CATALOGUE_PARTNERS_MAX],
                            uint32_t item);

/* One of the partners; the item itself when it has none. */
uint32_t catalogue_draw_partner(const struct catalogue *catalogue,
                                struct rng *rng, uint32_t item);

/* Any item of the same theme, itself included. */
uint32_t catalogue_draw_theme(const struct catalogue *catalogue,
                              struct rng *rng, uint32_t item);

/* Appends `item TAB partner` lines, sorted as bytes. */
void catalogue_add_truth(const struct catalogue *catalogue, struct strbuf *out);

#endif
