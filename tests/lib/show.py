#!/usr/bin/env python3
"""The figures of the whole way, for a person to read.

    show.py real NAME [KEY=VALUE...]   real data (see real_data.py) through a
                                       Kafka topic of 4 partitions into Redis,
                                       as in: real serenade.train
                                       lists.min_support=1
    show.py simulated [OPTION...]      the same with `terkait simulate`
    show.py planted [OPTION...]        the share of the truth that `simulate`
                                       planted which the lists find

OPTIONs are those of `terkait simulate`. The first two want KAFKA_BROKERS and
REDIS_URL: eval "$(scripts/stack env)". Exit 1 when anything differs.
"""

import os
import sys
import time

import kafka
from live import Daemon, missing, recount_topic, wait_settled
from real_data import records_of
from resp import Redis
from settings import defaults
from terkait import replay_lists, run


def settings_from(words):
    changes = {}
    for word in words:
        key, _, value = word.partition("=")
        changes[key] = int(value) if value.isdigit() else value
    return defaults(**changes)


def compare(topic, settings):
    started = time.monotonic()
    recount = recount_topic(topic, settings)
    prefix = topic + ":"
    with Redis(os.environ["REDIS_URL"]) as redis, \
            Daemon(settings, topic, prefix) as daemon:
        found, _ = wait_settled(daemon, redis, prefix, recount, 120)
        daemon.stop()
        redis.delete(prefix)
    print("records %d in %d partitions: %s" % (
        sum(recount.verdicts.values()), len(recount.partitions),
        ", ".join("%s %d" % pair for pair in recount.verdicts.most_common())))
    print("rows cut at row.max_pairs, left out: %d" % len(recount.cut_rows()))
    for difference in found:
        print(difference)
    print("%.1f s" % (time.monotonic() - started))
    return 1 if any(found) else 0


def show_real(name, *words):
    topic = kafka.fresh_topic()
    kafka.produce(topic, records_of(name))
    return compare(topic, settings_from(words))


def show_simulated(*options):
    topic = kafka.fresh_topic()
    run("simulate", *options, "--kafka", "-s",
        "kafka.brokers=" + kafka.brokers(), "-s", "kafka.topic=" + topic)
    return compare(topic, defaults())


def show_planted(*options):
    truth = {tuple(line.split("\t")) for line in
             run("simulate", *options, "--truth")[0].decode().splitlines()}
    lines = run("simulate", *options)[0].split(b"\n")
    lists = replay_lists([line for line in lines if line], defaults())
    found = {}
    for (relation, window, _, item), entry in lists.items():
        for place, other in enumerate(entry["items"], 1):
            key = relation, window, item, other["id"]
            found[key] = min(place, found.get(key, place))
    print("%d planted pairs" % len(truth))
    for relation, window in sorted({key[:2] for key in lists}):
        places = [found.get((relation, window, *pair)) for pair in truth]
        print("%-20s %-4s" % (relation, window), *(
            "top %d: %5.1f %%" % (best, 100 * sum(
                place is not None and place <= best for place in places)
                / max(len(truth), 1)) for best in (5, 20)))
    return 0


def main(words):
    shows = {"real": show_real, "simulated": show_simulated,
             "planted": show_planted}
    if not words or words[0] not in shows:
        sys.exit(__doc__)
    if words[0] != "planted" and missing():
        sys.exit(missing())
    return shows[words[0]](*words[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
