#!/usr/bin/env python3
"""The whole way: records in a real Kafka with 4 partitions, `terkait run`,
and then every list, counts and popular key in Redis equals the recount.

Wants KAFKA_BROKERS and REDIS_URL: eval "$(scripts/stack env)".
"""

import json
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))

import kafka
from live import Daemon, Published, STATS, missing, recount_topic, stats_of, \
    wait_settled
from resp import Redis
from settings import DAY, HOUR, MINUTE, defaults
from streams import START, Stream, line
from terkait import PROGRAM, run

PARTITIONS = 4


def setUpModule():
    if not os.access(PROGRAM, os.X_OK):
        raise unittest.SkipTest(PROGRAM + " is not built: make")
    if missing():
        raise unittest.SkipTest(missing())


class Live(unittest.TestCase):
    """A topic and a prefix of its own for each test."""

    def setUp(self):
        self.topic = kafka.fresh_topic()
        self.prefix = self.topic + "[*]:"  # a pattern's signs, on purpose
        self.redis = Redis(os.environ["REDIS_URL"])
        self.addCleanup(self.redis.close)
        self.addCleanup(self.redis.delete, self.prefix)

    def daemon(self, settings, **more):
        return Daemon(settings, self.topic, self.prefix, **more)

    def produce(self, lines, key=b"v", partition=None):
        kafka.produce(self.topic, [(key, text) for text in lines], partition)

    def settle(self, daemon, settings):
        """Waits, compares, and gives the recount and what stands in Redis."""
        recount = recount_topic(self.topic, settings)
        found, published = wait_settled(daemon, self.redis, self.prefix,
                                        recount)
        for difference in found:
            self.assertFalse(difference, "\n%s\n%s" % (difference,
                                                       daemon.said()))
        self.assertEqual(published.other_keys, [])
        return recount, published

    def value(self, key):
        return self.redis.call("GET", self.prefix + key)


def marketplace(events):
    """40 visitors of a shop and of no shop, 51 items in three categories."""
    return [(b"v%d" % (n % 40), line(
        visitor="v%d" % (n % 40), item="sku-%d" % (n * n % 101),
        tenant=("toko", None)[n % 2], category="c%d" % (n * n % 101 % 3),
        ts=START + n * 20_000, type=(
            "page_view", "page_view", "add_to_cart", "remove_from_cart",
            "purchase")[n % 5])) for n in range(events)]


class Whole(Live):
    def check_stream(self, stream):
        """In three pieces, compared after each; restarted after the last.
        How many sorted sets there were in all."""
        records = list(zip(stream.keys, stream.lines))
        third = len(records) // 3 + 1
        kafka.produce(self.topic, records[:third])
        with self.daemon(stream.settings) as daemon:
            seen = len(self.settle(daemon, stream.settings)[1].counts)
            for start in (third, 2 * third):
                kafka.produce(self.topic, records[start:start + third])
                seen += len(self.settle(daemon, stream.settings)[1].counts)
            self.assertEqual(daemon.stop(), 0, daemon.said())
        with self.daemon(stream.settings) as daemon:
            self.settle(daemon, stream.settings)
        return seen

    def test_streams(self):
        for seed in (2, 16, 19, 20):
            with self.subTest(seed=seed):
                self.setUp()
                stream = Stream(seed, 1500, is_stamped=True)
                self.assertGreater(self.check_stream(stream), 0)

    def test_defaults(self):
        kafka.produce(self.topic, marketplace(4000))
        settings = defaults()
        with self.daemon(settings) as daemon:
            recount, published = self.settle(daemon, settings)
        self.assertEqual(len(recount.partitions), PARTITIONS)
        self.assertGreater(len(published.lists), 200)
        self.assertGreater(len(published.popular), 12)

    def test_simulated(self):
        run("simulate", "--seed", "5", "--count", "20000", "--kafka",
            "-s", "kafka.brokers=" + kafka.brokers(),
            "-s", "kafka.topic=" + self.topic)
        settings = defaults()
        with self.daemon(settings) as daemon:
            recount, published = self.settle(daemon, settings)
        self.assertEqual(len(recount.partitions), PARTITIONS)
        self.assertGreater(len(published.lists), 500)

    def test_keys_and_values_as_written(self):
        """The contract's own spelling, not by way of our readers."""
        both = {"tenant": "warung/ibu", "category": "kopi bubuk"}
        self.produce([line(item="sku-1", **both), line(item="é\"x", **both)])
        settings = defaults(lists__min_support=1)
        with self.daemon(settings) as daemon:
            self.settle(daemon, settings)
            row = json.loads(self.value(
                "related:{warung%2Fibu/sku-1}:also_viewed:24h"))
            self.assertEqual(row, {
                "v": 1, "item": "sku-1", "relation": "also_viewed",
                "window": "24h", "as_of": START, "support": 1,
                "items": [{"id": "é\"x", "score": 0.0476, "count": 1}]})
            self.assertEqual(self.redis.call(
                "ZRANGE", self.prefix
                + "counts:{warung%2Fibu/sku-1}:also_viewed:1h", 0, -1,
                "WITHSCORES"), ["é\"x".encode(), b"1"])
            popular = json.loads(self.value(
                "popular:warung%2Fibu/7d:kopi%20bubuk"))
            self.assertEqual((popular["category"], popular["support"],
                              [item["id"] for item in popular["items"]]),
                             ("kopi bubuk", 1, ["sku-1", "é\"x"]))
            self.assertNotIn("item", popular)
            self.assertIsNotNone(self.value("popular:warung%2Fibu/1h"))

    def test_empty_prefix_and_counts_off(self):
        redis = Redis(os.environ["REDIS_URL"].rsplit("/", 1)[0] + "/7")
        self.addCleanup(redis.close)
        redis.call("FLUSHDB")
        self.produce([line(item="a"), line(item="b")])
        settings = defaults(lists__min_support=1, counts__max=0)
        with Daemon(settings, self.topic, "", redis__url=os.environ[
                "REDIS_URL"].rsplit("/", 1)[0] + "/7") as daemon:
            recount = recount_topic(self.topic, settings)
            found, published = wait_settled(daemon, redis, "", recount)
        redis.call("FLUSHDB")
        self.assertEqual([str(one) for one in found if one], [])
        self.assertEqual(len(published.lists), 6)


REFUSED = {"json": b"{", "type": line(type=1), "item": line(item=""),
           "ignored": line(type="x"), "tenant": line(tenant=""),
           "no_consent": line(consent=False), "late": line(ts=1),
           "too_large": b"x" * 65537, "visitor": line(visitor=-1),
           "ts": line(ts="x"), "session": line(session=1)}
HARMLESS = ("ignored", "no_consent")


class Judged(Live):
    settings = defaults(lists__min_support=1)

    def test_stamps(self):
        """Kafka's own time stands in for `ts`, and judges the future."""
        now = int(time.time() * 1000)
        self.produce([line(item="a", ts=None), line(item="b", ts=None),
                      line(item="c", ts=now + HOUR)])
        with self.daemon(self.settings) as daemon:
            recount, published = self.settle(daemon, self.settings)
        self.assertEqual(dict(recount.verdicts), {"accepted": 2, "future": 1})
        self.assertEqual(len(published.lists), 6)

    def produce_refused(self):
        """All in one partition, the first at offset 1."""
        self.produce([line(item="a"), *REFUSED.values()], partition=2)
        kafka.produce_empty(self.topic, 2)
        self.produce([line(item="b")], partition=2)

    def test_refused_goes_by(self):
        """A record without value, and one of each reason; stats say so."""
        self.produce_refused()
        with self.daemon(self.settings) as daemon:
            recount, published = self.settle(daemon, self.settings)
            stats = self.stats_when(daemon, "events_accepted", 2)
        self.assertEqual(dict(recount.verdicts), dict.fromkeys(
            REFUSED, 1) | {"accepted": 2, "ignored": 2})
        self.assertEqual(len(published.lists), 6)
        self.assertEqual([name for name in STATS if name not in stats], [])
        self.assertEqual(stats["events_refused"],
                         str(len(REFUSED) - len(HARMLESS)))
        for reason, count in recount.verdicts.items():
            name = "events_" if reason in (*HARMLESS, "accepted") \
                else "refused_"
            self.assertEqual(stats[name + reason], str(count), reason)

    def stats_when(self, daemon, name, value):
        until = time.monotonic() + 5
        while time.monotonic() < until:
            stats = stats_of(self.redis, self.prefix)
            if stats.get(name) == str(value):
                break
            time.sleep(0.1)
        daemon.check_alive()
        return stats


class Going(Live):
    def test_lists_go_when_their_window_has_passed(self):
        settings = defaults(lists__min_support=1)
        first = [line(item="a"), line(item="b"),
                 line(item="c", type="add_to_cart")]
        self.produce(first, partition=0)
        with self.daemon(settings) as daemon:
            self.assertEqual(len(self.settle(daemon, settings)[1].lists), 15)
            # Another partition moves stream time; no event of a, b or c.
            for later, lists in ((2 * HOUR, 10), (2 * DAY, 5), (8 * DAY, 0)):
                self.produce([line(visitor="w", item="z", ts=START + later)],
                             partition=1)
                published = self.settle(daemon, settings)[1]
                self.assertEqual(len(published.lists), lists)
            self.assertEqual(published.lists, {})
            self.assertEqual(published.counts, {})

    def test_a_removal_deletes_the_list(self):
        settings = defaults(lists__min_support=1)
        self.produce([line(item=item, type="add_to_cart") for item in "ab"])
        with self.daemon(settings) as daemon:
            self.settle(daemon, settings)
            self.assertIsNotNone(self.value("related:{a}:carted_together:1h"))
            self.produce([line(item="b", type="remove_from_cart")])
            self.settle(daemon, settings)
            self.assertIsNone(self.value("related:{a}:carted_together:1h"))

    def test_expiry(self):
        """Refreshed while it runs, gone when nobody refreshes."""
        settings = defaults(lists__min_support=1)
        self.produce([line(item="a"), line(item="b")])
        with self.daemon(settings, lists__ttl="8s") as daemon:
            self.settle(daemon, settings)
            until = time.monotonic() + 10
            while time.monotonic() < until:
                ttls = Published(self.redis, self.prefix).ttls_ms
                of_lists = [ttl for name, ttl in ttls.items()
                            if not name.startswith(("stats", "state:"))]
                # 6 lists, 6 counts, 3 popular
                self.assertEqual(len(of_lists), 15, ttls)
                self.assertTrue(all(0 < ttl <= 8000 for ttl in of_lists), ttls)
                time.sleep(0.5)
            daemon.kill()
        time.sleep(8.2)
        left = Published(self.redis, self.prefix)
        self.assertEqual((left.lists, left.counts, left.popular), ({}, {}, {}))

    def test_default_expiry_is_the_longest_window(self):
        settings = defaults(lists__min_support=1)
        self.produce([line(item="a"), line(item="b")])
        with self.daemon(settings) as daemon:
            published = self.settle(daemon, settings)[1]
        for name, ttl in published.ttls_ms.items():
            if not name.startswith(("stats", "state:")):
                self.assertTrue(7 * DAY - 5 * MINUTE < ttl <= 7 * DAY, name)


class Killed(Live):
    def test_killed_at_any_moment(self):
        kafka.produce(self.topic, marketplace(6000))
        settings = defaults()
        for patience in (0.05, 0.15, 0.3, 0.6):
            with self.daemon(settings) as daemon:
                time.sleep(patience)
                daemon.check_alive()
                daemon.kill()
        with self.daemon(settings) as daemon:
            published = self.settle(daemon, settings)[1]
            self.assertEqual(daemon.stop(), 0)
        self.assertGreater(len(published.lists), 200)

    def test_what_fell_away_while_it_was_down(self):
        settings = defaults(lists__min_support=1)
        self.produce([line(item=item, type="add_to_cart") for item in "ab"])
        with self.daemon(settings) as daemon:
            self.settle(daemon, settings)
            daemon.kill()
        self.produce([line(item="b", type="remove_from_cart")])
        with self.daemon(settings) as daemon:
            self.settle(daemon, settings)


if __name__ == "__main__":
    unittest.main()
