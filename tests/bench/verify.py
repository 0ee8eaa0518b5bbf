"""What stands in Redis after a run, against what it should be.

compare_small(): every list, sorted set and popular list of a smaller topic
against tests/lib/recount.py, which shares nothing with terkait. It takes too
long for millions of events; so compare_sample() holds the lists of one item in
SAMPLE, after the large run, against `terkait replay` of the same events."""

import os
import subprocess
import time

from live import Published, comparison, recount_topic
from rig import PREFIX
from settings import defaults
from terkait import PROGRAM, Failed, decode_item, read_list

SAMPLE, LATER_S = 50, 70


def without_time(text):
    value = read_list(text)
    value.pop("as_of")
    return value


def is_in_sample(item):
    return sum(item.encode()) % SAMPLE == 0


def replayed_sample(options):
    """{key in Redis: list} of what `replay` makes of `simulate`'s events;
    lists of rows that were cut depend on the order of partitions."""
    lists = {}
    with subprocess.Popen([PROGRAM, "simulate", "--no-progress", *options],
                          stdout=subprocess.PIPE,
                          stdin=subprocess.DEVNULL) as events, \
            subprocess.Popen([PROGRAM, "replay", "--print=lists", "-"],
                             stdin=events.stdout, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL) as replay:
        events.stdout.close()
        for line in replay.stdout:
            relation, window, item, text = line.decode().split("\t")
            if is_in_sample(item):
                key = "%srelated:{%s}:%s:%s" % (PREFIX, item, relation, window)
                lists[key] = without_time(text)
    if events.returncode != 0 or replay.returncode != 0:
        raise Failed("simulate or replay failed")
    return lists


def published_sample(redis):
    lists, cursor = {}, b"0"
    while True:
        cursor, keys = redis.call("SCAN", cursor, "MATCH",
                                  PREFIX + "related:*", "COUNT", 2000)
        keys = [key for key in keys if is_in_sample(
            key.decode().partition("{")[2].partition("}")[0])]
        if keys:
            values = redis.batch([("GET", key) for key in keys])
            lists.update((key.decode(), without_time(value.decode()))
                         for key, value in zip(keys, values)
                         if isinstance(value, bytes))
        if cursor == b"0":
            return lists


def differing(wanted, found):
    """Keys whose lists differ, and how many were left out: rows cut."""
    keys = wanted.keys() | found.keys()
    cut = {key for key in keys if any(
        lists.get(key, {}).get("partial") for lists in (wanted, found))}
    return sorted(key for key in keys - cut
                  if wanted.get(key) != found.get(key)), len(cut)


def compare_sample(redis, options):
    """A sentence about what was compared; fails on a difference, and says
    whether time mends it."""
    found = published_sample(redis)
    wanted = replayed_sample(options)
    keys, cut = differing(wanted, found)
    if keys or not found:
        time.sleep(LATER_S)
        later = differing(wanted, published_sample(redis))[0]
        raise Failed("%d of %d lists differ from the replay, %d a while later;"
                     " %s: %s, replay %s" % (
                         len(keys), len(wanted), len(later), keys[:1],
                         *(lists.get(keys[0]) if keys else None
                           for lists in (found, wanted))))
    return "after the default run, %d lists (those of one item in %d) are " \
        "those of `terkait replay` over the same events; %d more are of " \
        "rows that were cut, and were left out" % (len(found) - cut, SAMPLE,
                                                   cut)


def compare_small(rig, options):
    topic = rig.topic()
    rig.fill(topic, options)
    rig.empty_redis()
    os.environ["KAFKA_BROKERS"] = rig.stack.brokers
    recount = recount_topic(topic, defaults())
    records = sum(recount.verdicts.values())
    with rig.terkait(topic) as daemon:
        daemon.wait_settled(records)
        published = Published(rig.redis, PREFIX)
    for difference in comparison(recount, published):
        if difference:
            raise Failed("the recount differs:\n%s" % difference)
    return "on a topic of %d records, the moment it said so, all %d lists, " \
        "%d sorted sets and %d popular lists were those of the independent " \
        "recount (but for rows that were cut)" % (
            records, len(published.lists), len(published.counts),
            len(published.popular))
