/* answer: what the engine knows of an item, as JSON: its lists as they are this
 * moment, and why an item is, or is not, in another's lists. Exact for every
 * pair that is counted, whatever was published; conf/openapi.yaml has the
 * shapes (Related, Explained). */
#ifndef TERKAIT_ANSWER_H
#define TERKAIT_ANSWER_H

#include "engine.h"
#include "inquiry.h"

/* Appends the answer. INQUIRY_UNKNOWN, and nothing is appended, when the item
 * (`a`) has no row. An unknown `b` was never seen together with it. */
enum inquiry_outcome answer_question(struct engine *engine,
                                     const struct inquiry_question *question,
                                     struct strbuf *out);

#endif
