"""`terkait run` with settings that can be written anew, and a Redis of its
own, for tests of how the daemon behaves."""

import os
import re
import signal
import subprocess
import tempfile
import time
import unittest

import kafka
from live import QUICK, Daemon, recount_topic, stats_of, wait_settled
from settings import defaults
from stack import PrivateRedis
from streams import START, line
from terkait import PROGRAM, write_conf

PREFIX = "daemon:"
END_S = 20


def check_module():
    if not os.access(PROGRAM, os.X_OK):
        raise unittest.SkipTest(PROGRAM + " is not built: make")
    if not os.environ.get("KAFKA_BROKERS"):
        raise unittest.SkipTest("KAFKA_BROKERS not set: scripts/stack env")


def visits(first, count, items=41):
    kinds = ("page_view", "page_view", "page_view", "add_to_cart", "purchase")
    return [(b"v%d" % (n % 199), line(
        visitor="v%d" % (n % 199), item="sku-%d" % (n * n % items),
        category="c%d" % (n % 3), type=kinds[n // 7 % len(kinds)],
        ts=START + n * 500)) for n in range(first, first + count)]


class Service(Daemon):
    """Its settings can be written anew; the environment is given."""

    def __init__(self, settings, topic, redis_url, environment=None, **more):
        self.folder = tempfile.TemporaryDirectory()
        self.log = open(os.path.join(self.folder.name, "log"), "w+b")
        self.more = {
            **QUICK, "kafka__brokers": kafka.brokers(), "kafka__topic": topic,
            "kafka__group": topic, "redis__url": redis_url,
            "redis__prefix": PREFIX, "http__listen": "off",
            "state__checkpoint_interval": "500ms", "state__groups": 16, **more}
        self.conf = self.write(settings)
        self.process = subprocess.Popen(
            [PROGRAM, "run", "-c", self.conf], stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})})

    def write(self, settings, **more):
        return write_conf(self.folder.name, settings, **{**self.more, **more})

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self, settings, **more):
        self.write(settings, **more)
        self.signal(signal.SIGHUP)

    def await_words(self, pattern, seconds=END_S):
        until = time.monotonic() + seconds
        while not re.search(pattern, self.said()):
            self.check_alive()
            if time.monotonic() > until:
                raise AssertionError("%s: never said\n%s" % (pattern,
                                                             self.said()))
            time.sleep(0.05)


def read_marks(data):
    """A count, then the marks, zigzag; all as 7-bit groups, low ones first."""
    numbers, number, shift = [], 0, 0
    for byte in data:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(number)
            number = shift = 0
    return [(number >> 1) ^ -(number & 1) for number in numbers[1:]]


def lowest_marks(redis):
    """{partition: the offset that every group's durable state has reached}"""
    lowest = {}
    for key in redis.keys(PREFIX + "state:"):
        if key.endswith(b":head"):
            for number, mark in enumerate(read_marks(
                    redis.call("HGET", key, "marks"))):
                lowest[number] = min(lowest.get(number, mark), mark)
    return {number: mark for number, mark in lowest.items() if mark > 0}


class Live(unittest.TestCase):
    def setUp(self):
        self.topic = kafka.fresh_topic()
        self.settings = defaults(lists__min_support=1)
        self.server = PrivateRedis("appendonly no")
        self.addCleanup(self.server.close)
        self.sent = 0

    def produce(self, count, **more):
        kafka.produce(self.topic, visits(self.sent, count, **more))
        self.sent += count

    def service(self, **more):
        return Service(self.settings, self.topic, self.server.url, **more)

    def stats(self):
        with self.server.client() as redis:
            return stats_of(redis, PREFIX)

    def settle(self, daemon, settings=None, seconds=30):
        recount = recount_topic(self.topic, settings or self.settings)
        with self.server.client() as redis:
            found, published = wait_settled(daemon, redis, PREFIX, recount,
                                            seconds)
        for difference in found:
            self.assertFalse(difference, "\n%s\n%s" % (difference,
                                                       daemon.said()))
        return published
