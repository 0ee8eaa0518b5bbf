/* kafka_client: how a consumer's librdkafka handle is set up, and how it ends.
 *
 * terkait's own properties come first, so that the user's may replace them;
 * those on which correctness rests cannot be replaced, and trying is an error.
 */
#ifndef TERKAIT_KAFKA_CLIENT_H
#define TERKAIT_KAFKA_CLIENT_H

#include "err.h"
#include "source_kafka.h"

struct rd_kafka_s;
struct rd_kafka_conf_s;

/* The caller owns `conf`. Log lines go to log.h from whoever polls the handle.
 * -1 names the property that is refused, never its value. */
int kafka_client_configure(struct rd_kafka_conf_s **conf,
                           const struct source_kafka_rules *rules,
                           struct err *err) MUST_CHECK;

/* Ends the handle. librdkafka can hang here: after 3 s it is left behind, and
 * 0 is returned; what its callbacks use must stay then. Else 1. */
int kafka_client_destroy(struct rd_kafka_s *kafka);

#endif
