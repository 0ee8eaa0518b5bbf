/* event_document: reads a record's fields through jansson: all that it accepts,
 * slowly. It is the judge of what is JSON; event_scan has to agree. */
#ifndef TERKAIT_EVENT_DOCUMENT_H
#define TERKAIT_EVENT_DOCUMENT_H

#include "event_fields.h"

struct event_document;

/* Sets jansson's allocator to one that cannot fail: without memory it would
 * refuse good input, or cut a string. */
struct event_document *event_document_new(void);
void event_document_free(struct event_document *document);

/* 0: `fields` is filled, and borrows from the document until its next call.
 * -1: the text is no JSON object. */
int event_document_read(struct event_document *document,
                        struct event_fields *fields, const char *bytes,
                        size_t length);

#endif
