/* fingerprint: whether two runs would count alike.
 *
 * Text of lines `name=value`. A line that begins with '~' is of a setting that
 * may change after a clean stop; any other difference is a misfit. */
#ifndef TERKAIT_FINGERPRINT_H
#define TERKAIT_FINGERPRINT_H

#include "err.h"
#include "event.h"

enum fingerprint_fit {
    FINGERPRINT_SAME,
    FINGERPRINT_SOFT, /* only what may change after a clean stop differs */
    FINGERPRINT_MISFIT
};

/* Compares what stands with what is wanted; `err` gets the first difference in
 * words (the hard one, if there is one): "relation.also_viewed is `...` now,
 * and was `...`". */
enum fingerprint_fit fingerprint_compare(struct text stands, struct text wanted,
                                         struct err *err);

#endif
