#!/usr/bin/env python3
"""Transactional producers: aborted records and control records leave gaps in
the offsets, an open transaction hides what stands behind it. What is counted
is what was committed, also when `terkait run` begins again at a gap.

Wants KAFKA_BROKERS and REDIS_URL: eval "$(scripts/stack env)".
"""

import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))

import kafka
from live import Daemon, missing, recount_topic, stats_of, wait_settled
from rdkafka import Producer
from resp import Redis
from settings import defaults
from streams import START, line
from terkait import PROGRAM

SETTINGS = defaults(lists__min_support=1)
VISITORS = 23


def setUpModule():
    if not os.access(PROGRAM, os.X_OK):
        raise unittest.SkipTest(PROGRAM + " is not built: make")
    if missing():
        raise unittest.SkipTest(missing())


class Transactions(unittest.TestCase):
    """A topic of 4 partitions and a prefix of its own for each test."""

    def setUp(self):
        self.topic = kafka.fresh_topic()
        self.prefix = self.topic + ":"
        self.sent = 0
        self.committed = 0
        self.redis = Redis(os.environ["REDIS_URL"])
        self.addCleanup(self.redis.close)
        self.addCleanup(self.redis.delete, self.prefix)
        self.producer = self.open(transactional_id=self.topic)
        self.plain = self.open()

    def open(self, **settings):
        producer = Producer(kafka.brokers(), self.topic, **settings)
        self.addCleanup(producer.close)
        return producer

    def daemon(self, **more):
        return Daemon(SETTINGS, self.topic, self.prefix,
                      state__checkpoint_interval="300ms", **more)

    def send(self, producer, count, item="sku-%d"):
        for n in range(self.sent, self.sent + count):
            producer.send(b"v%d" % (n % VISITORS), line(
                visitor="v%d" % (n % VISITORS), item=item % (n * n % 19),
                ts=START + n * 1000))
        self.sent += count

    def commit(self, count):
        self.producer.begin()
        self.send(self.producer, count)
        self.producer.commit()
        self.committed += count

    def abort(self, count):
        """Its items are of no other record."""
        self.producer.begin()
        self.send(self.producer, count, "aborted-%d")
        self.producer.flush()
        self.producer.abort()

    def send_plain(self, count):
        self.send(self.plain, count)
        self.plain.flush()
        self.committed += count

    def send_mixed(self):
        """Every way for one to follow another; begins and ends aborted."""
        for step in (self.abort, self.abort, self.commit, self.abort,
                     self.send_plain, self.commit, self.commit,
                     self.send_plain, self.send_plain, self.abort):
            step(40)

    def settle(self, daemon, seconds=30):
        recount = recount_topic(self.topic, SETTINGS)
        self.assertEqual(recount.verdicts["accepted"], self.committed)
        found, published = wait_settled(daemon, self.redis, self.prefix,
                                        recount, seconds)
        for difference in found:
            self.assertFalse(difference, "\n%s\n%s" % (difference,
                                                       daemon.said()))
        self.assertTrue(published.lists)
        self.assertFalse(self.redis.keys(self.prefix + "related:{aborted"))

    def check_gaps(self):
        """That there are some below the last record."""
        last, gaps = {}, 0
        for partition, offset, _, _ in kafka.consume(self.topic):
            gaps += offset - last.get(partition, -1) - 1
            last[partition] = offset
        self.assertGreater(gaps, 100)

    def stats(self, name):
        return int(stats_of(self.redis, self.prefix)[name])


class Gaps(Transactions):
    def test_written_before(self):
        self.send_mixed()
        self.check_gaps()
        with self.daemon() as daemon:
            self.settle(daemon)
            self.assertEqual(self.stats("events_accepted"), self.committed)
            self.assertEqual(self.stats("is_caught_up"), 1)
            self.assertEqual(daemon.stop(), 0)

    def test_written_while_it_runs_and_while_it_is_down(self):
        """Ended in order and killed in turn, at a gap each time."""
        self.send_mixed()
        for how in ("stop", "kill", "stop", "kill", "stop"):
            with self.daemon() as daemon:
                self.settle(daemon)
                self.send_mixed()
                self.settle(daemon)
                if how == "kill":
                    daemon.kill()
                else:
                    self.assertEqual(daemon.stop(), 0)
            if how == "stop":
                self.send_mixed()
        with self.daemon() as daemon:
            self.settle(daemon)

    def test_a_topic_of_nothing_but_aborted_records(self):
        self.abort(200)
        with self.daemon() as daemon:
            until = time.monotonic() + 20
            while time.monotonic() < until and \
                    not stats_of(self.redis, self.prefix).get(
                        "is_caught_up") == "1":
                daemon.check_alive()
                time.sleep(0.1)
            self.assertEqual(self.stats("is_caught_up"), 1)
            self.assertEqual(self.stats("lag_records"), 0)
            self.assertEqual(self.stats("records_read"), 0)
            self.assertEqual(daemon.stop(), 0)
        self.send_mixed()
        with self.daemon() as daemon:
            self.settle(daemon)


class Open(Transactions):
    def test_what_stands_behind_an_open_transaction(self):
        """It waits: not lost when the transaction ends, either way."""
        for end in (self.producer.commit, self.producer.abort):
            self.send_plain(200)
            with self.daemon() as daemon:
                self.settle(daemon)
                accepted = self.stats("events_accepted")
                self.producer.begin()
                self.send(self.producer, 100)
                self.producer.flush()
                self.send_plain(100)
                time.sleep(2)
                self.assertEqual(self.stats("events_accepted"), accepted)
                self.assertEqual(daemon.stop(), 0)
            with self.daemon() as daemon:
                time.sleep(2)
                daemon.check_alive()
                end()
                self.committed += 100 if end == self.producer.commit else 0
                self.settle(daemon)
                self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    unittest.main()
