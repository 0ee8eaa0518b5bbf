/* service: the life of `terkait run`, from settings to an exit code.
 *
 *     connect -> check Redis -> survey Kafka -> a round of the daemon -> ...
 *
 * A round ends with the process, or with another round: when a start lost its
 * footing in the middle (Redis away), or the topic has got more partitions. */
#ifndef TERKAIT_SERVICE_H
#define TERKAIT_SERVICE_H

#include "config.h"
#include "strbuf.h"

struct service_options {
    int accept_loss;
    int is_new;
    int (*reload)(void *context); /* on SIGHUP; as daemon.h has it */
    void *reload_context;
};

/* `signals` is daemon_signals(). Returns an exit code of cmd.h; says why in the
 * log. */
int service_run(const struct config *config,
                const struct service_options *options, int signals);

/* All settings that decide what is counted, as fingerprint.h has them. */
void service_fingerprint(struct strbuf *out, const struct config *config,
                         const char *cluster, const char *isolation);

#endif
