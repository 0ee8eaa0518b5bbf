/* metrics: a view of the board in Prometheus' text format (version 0.0.4).
 *
 * Names come from STATUS_FIELDS, so what is added there is a metric too:
 *
 *     lists_written  TOTAL   terkait_lists_written_total       counter
 *     last_list_at_ms        terkait_last_list_timestamp_seconds
 *     checkpoint_age_ms      terkait_checkpoint_age_seconds    gauge
 *     refused_json   TOTAL   terkait_refused_total{reason="json"}
 *     events_per_s           none: Prometheus reckons rates by itself
 *
 * Beside them stand the histograms, what there is by partition, readiness, and
 * terkait_build_info. */
#ifndef TERKAIT_METRICS_H
#define TERKAIT_METRICS_H

#include "board.h"

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* `reasons` are board_reasons(). */
void metrics_add(struct strbuf *out, const struct board_view *view,
                 uint32_t reasons);

#endif
