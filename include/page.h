/* page: the live page, one HTML file with all it needs.
 *
 * scripts/page makes the source file of it from the folder page/, so there is
 * none in src/. It asks nothing but what http serves beside it, and it holds
 * no data of its own: it may be handed to anybody. */
#ifndef TERKAIT_PAGE_H
#define TERKAIT_PAGE_H

#include <stddef.h>

/* UTF-8, to be sent as text/html; not closed with a NUL. */
extern const unsigned char page_html[];
extern const size_t page_html_length;

/* What belongs into the header Content-Security-Policy beside it: its own
 * styles and scripts by their hash, questions to where it came from, nothing
 * else. */
extern const char page_policy[];

#endif
