#!/usr/bin/env python3
"""Refused records on a real Kafka: each reason arrives in the dead-letter
topic with its headers and the bytes that it had, what is harmless does not,
and a topic that cannot be written to holds up nothing.

Wants KAFKA_BROKERS and REDIS_URL: eval "$(scripts/stack env)".
"""

import itertools
import os
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))

import kafka
from live import Daemon, missing, recount_topic, stats_of, wait_settled
from resp import Redis
from settings import HOUR, defaults
from stack import Stack, script
from streams import line
from terkait import PROGRAM

SETTINGS = defaults(lists__min_support=1)
# What each is refused for; the newest event of the partition comes first.
REFUSED = {
    "json": b'{"visitor":"\xff\n', "type": line(type=1),
    "visitor": line(visitor=-1), "item": line(item=""), "ts": line(ts="x"),
    "session": line(session=1), "tenant": line(tenant=""),
    "late": line(ts=1), "too_large": b"x" * 65537,
}
HARMLESS = {"ignored": line(type="x"), "no_consent": line(consent=False)}
PARTITION = 2


def setUpModule():
    if not os.access(PROGRAM, os.X_OK):
        raise unittest.SkipTest(PROGRAM + " is not built: make")
    if missing():
        raise unittest.SkipTest(missing())


def future():
    return line(ts=int(time.time() * 1000) + HOUR)


def produce(topic, records):
    """(key or None, value) each, in one partition and in order."""
    for is_keyless, some in itertools.groupby(records,
                                              lambda one: one[0] is None):
        if is_keyless:
            kafka.kcat("-P", "-t", topic, "-p", str(PARTITION), "-D", "\x1e",
                       stdin=b"\x1e".join(value for _, value in some))
        else:
            kafka.produce(topic, list(some), PARTITION)


def read_letters(topic):
    """[(headers, key or None, value)]."""
    data = kafka.kcat("-C", "-t", topic, "-o", "beginning", "-e", "-q",
                      "-f", "%K %S %h\n%k%s\n")
    letters, at = [], 0
    while at < len(data):
        end = data.index(b"\n", at)
        key_bytes, value_bytes, headers = data[at:end].split(b" ", 2)
        at, parts = end + 1, []
        for size in (int(key_bytes), int(value_bytes)):
            parts.append(data[at:at + size] if size >= 0 else None)
            at += max(size, 0)
        if data[at:at + 1] != b"\n":
            raise ValueError("kcat's answer is not understood")
        at += 1
        letters.append((dict(pair.split("=", 1) for pair in
                             headers.decode().split(",")), *parts))
    return letters


class Letters(unittest.TestCase):
    """A topic, a prefix and a topic for letters of its own for each test."""

    def setUp(self):
        self.topic = kafka.fresh_topic()
        self.letters = self.topic + "-dead"
        self.prefix = self.topic + ":"
        self.redis = Redis(os.environ["REDIS_URL"])
        self.addCleanup(self.redis.close)
        self.addCleanup(self.redis.delete, self.prefix)

    def daemon(self, **more):
        return Daemon(SETTINGS, self.topic, self.prefix,
                      events__dead_letter_topic=self.letters, **more)

    def settle(self, daemon):
        recount = recount_topic(self.topic, SETTINGS)
        found, published = wait_settled(daemon, self.redis, self.prefix,
                                        recount)
        for difference in found:
            self.assertFalse(difference, "\n%s\n%s" % (difference,
                                                       daemon.said()))
        self.assertTrue(published.lists)
        return recount

    def stats(self):
        stats = stats_of(self.redis, self.prefix)
        return int(stats["dead_letters_sent"]), int(stats["dead_letters_lost"])

    def wait_stats(self, daemon, sent, lost, seconds=10):
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.stats() != (sent, lost):
            daemon.check_alive()
            time.sleep(0.05)
        self.assertEqual(self.stats(), (sent, lost), daemon.said())

    def produce_all(self):
        """Returns what must arrive: {offset: (reason, key, value)}."""
        records = [(None, b"v", line(item="a"))]
        for reason, value in [*REFUSED.items(), ("future", future())]:
            records.append((reason, b"of " + reason.encode(), value))
        records += [(None, b"k", value) for value in HARMLESS.values()]
        records.append(("type", None, line(type=2)))
        records.append((None, b"v", line(item="b")))
        produce(self.topic, [record[1:] for record in records])
        return {offset: record for offset, record in enumerate(records)
                if record[0] is not None}

    def check_letters(self, expected):
        found = {}
        for headers, key, value in read_letters(self.letters):
            self.assertEqual(list(headers),
                             ["reason", "topic", "partition", "offset"])
            self.assertEqual((headers["topic"], headers["partition"]),
                             (self.topic, str(PARTITION)))
            letter = (headers["reason"], key, value)
            offset = int(headers["offset"])
            self.assertEqual(found.setdefault(offset, letter), letter)
        self.assertEqual(found, expected)


class Sent(Letters):
    def test_every_reason(self):
        expected = self.produce_all()
        with self.daemon() as daemon:
            recount = self.settle(daemon)
            self.wait_stats(daemon, len(expected), 0)
            self.assertEqual(daemon.stop(), 0)
            self.assertNotIn("dead_letter", daemon.said())
        self.assertEqual(
            {reason for reason in recount.verdicts if reason != "accepted"},
            {*REFUSED, *HARMLESS, "future"})
        self.check_letters(expected)
        self.assertEqual(len(read_letters(self.letters)), len(expected))

    def test_a_record_without_value_is_harmless(self):
        produce(self.topic, [(b"v", line(item="a"))])
        kafka.produce_empty(self.topic, PARTITION)
        produce(self.topic, [(b"v", line(item="b")), (b"v", b"{")])
        with self.daemon() as daemon:
            self.settle(daemon)
            self.wait_stats(daemon, 1, 0)
        self.check_letters({3: ("json", b"v", b"{")})

    def test_killed(self):
        """What is read again is sent again; nothing is missing."""
        expected = self.produce_all()
        with self.daemon(state__checkpoint_interval="1h") as daemon:
            self.settle(daemon)
            self.wait_stats(daemon, len(expected), 0)
            daemon.kill()
        with self.daemon() as daemon:
            self.settle(daemon)
            self.assertEqual(daemon.stop(), 0)
        self.check_letters(expected)


class Lost(Letters):
    def test_records_too_large_for_the_topic(self):
        if not os.environ.get("STACK_DIR"):
            self.skipTest("STACK_DIR not set: scripts/stack env")
        script("--name", os.environ["STACK_NAME"], "--dir",
               os.path.dirname(os.environ["STACK_DIR"]), "topic",
               self.letters, "1", "max.message.bytes=10")
        expected = self.produce_all()
        with self.daemon() as daemon:
            self.settle(daemon)
            self.wait_stats(daemon, 0, len(expected))
            self.assertIn("Message size too large", daemon.said())
            produce(self.topic, [(b"v", line(item="c"))])
            self.settle(daemon)
            self.assertEqual(daemon.stop(), 0)

    def test_the_topic_of_the_events(self):
        self.letters = self.topic
        with self.daemon() as daemon:
            self.assertEqual(daemon.process.wait(10), 78)
            self.assertIn("must be another topic", daemon.said())


class Nowhere(Letters):
    def test_no_such_topic(self):
        """With a broker that makes no topics by itself."""
        with tempfile.TemporaryDirectory() as folder:
            stack = Stack("letters", folder,
                          kafka=["auto.create.topics.enable=false"])
            self.addCleanup(os.environ.update,
                            KAFKA_BROKERS=os.environ["KAFKA_BROKERS"])
            os.environ["KAFKA_BROKERS"] = stack.brokers
            try:
                self.check(stack)
            finally:
                stack.down()

    def check(self, stack):
        stack.run("topic", self.topic, "4")
        expected = self.produce_all()
        with self.daemon() as daemon:
            self.settle(daemon)
            produce(self.topic, [(b"v", line(item="c"))])
            self.settle(daemon)
            before = time.monotonic()
            self.assertEqual(daemon.stop(), 0)
            self.assertLess(time.monotonic() - before, 8)
            self.assertIn("dead_letters_lost", daemon.said())
            self.assertEqual(self.stats(), (0, len(expected)),
                             daemon.said())


if __name__ == "__main__":
    unittest.main()
