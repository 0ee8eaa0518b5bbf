#!/usr/bin/env python3
"""memory.max: the process stays below it, and says what that costs.

Wants KAFKA_BROKERS: eval "$(scripts/stack env)".
"""

import json
import os
import random
import re
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))

import kafka
from live import Published, without_as_of
from recount import Recount
from service import PREFIX, Live, check_module
from streams import START
from terkait import expected_lists

setUpModule = check_module

BLOCKS, ITEMS, BUYERS, BASKET, SAMPLE = 30, 500, 80, 40, 10
GROUPS = 256  # several are loaded at once, each as a whole
MIB = 1 << 20


class Sampled(Recount):
    """Pairs of one row in SAMPLE only; supports of all."""

    def add_pair(self, index, tenant, item, other, ts, sign):
        if int(item) % SAMPLE == 0:
            super().add_pair(index, tenant, item, other, ts, sign)


def baskets():
    """One block of items after another: those of the first are idle first."""
    chance = random.Random(1212)
    for n in range(BLOCKS * BUYERS):
        block = n // BUYERS * ITEMS
        items = chance.sample(range(block, block + ITEMS), BASKET)
        yield (b"v%d" % n, json.dumps({
            "type": "purchase", "visitor": "v%d" % n, "ts": START + n * 100,
            "items": [str(item) for item in items]}).encode())


class Memory(Live):
    @classmethod
    def setUpClass(cls):
        cls.baskets = list(baskets())

    def setUp(self):
        super().setUp()
        self.started = 0  # of the run whose stats stand
        kafka.produce(self.topic, self.baskets, partition=0)

    def memory(self, daemon, name="VmHWM"):
        with open("/proc/%d/status" % daemon.process.pid,
                  encoding="ascii") as file:
            return int(re.search(name + r":\s+(\d+) kB", file.read())[1]) * 1024

    def await_stats(self, daemon, is_so, seconds=120):
        until = time.monotonic() + seconds
        while True:
            daemon.check_alive()
            stats = {name: int(value) for name, value in self.stats().items()
                     if value.lstrip("-").isdigit()}
            if stats and is_so(stats):
                return stats
            self.assertLess(time.monotonic(), until, "%s\n%s" % (
                stats, daemon.said()))
            time.sleep(0.1)

    def await_all(self, daemon):
        last = START + (len(self.baskets) - 1) * 100
        stats = self.await_stats(
            daemon, lambda stats: stats["started_at_ms"] != self.started and
            stats["lag_records"] == 0 and stats["stream_time_ms"] == last and
            stats["is_caught_up"] and stats["settled_at_ms"] > 0)
        self.started = stats["started_at_ms"]
        return stats

    def recount(self):
        recount = Sampled(self.settings)
        for partition, offset, stamp, value in kafka.consume(self.topic):
            recount.take(partition, offset, stamp, value)
        expected = without_as_of(expected_lists(recount))
        self.assertGreater(len(expected), 1000)
        return expected

    def lists(self):
        with self.server.client() as redis:
            return without_as_of({
                key: entry for key, entry in
                Published(redis, PREFIX).lists.items()
                if int(key[3]) % SAMPLE == 0})

    def judge(self, expected, found):
        """{block: lists that are exact}; the others say that they are not, or
        are not there."""
        exact = {block: 0 for block in range(BLOCKS)}
        for key, entry in found.items():
            if entry.get("partial") is True:
                self.assertEqual(entry["support"], expected[key]["support"])
                continue
            self.assertEqual(entry, expected[key], key)
            exact[int(key[3]) // ITEMS] += 1
        return exact

    def empty(self):
        with self.server.client() as redis:
            redis.call("FLUSHALL")

    def run_whole(self, group):
        with self.service(kafka__group=self.topic + group,
                          state__groups=GROUPS) as daemon:
            stats = self.await_all(daemon)
            peak = self.memory(daemon)
            self.assertEqual(stats["rows_shed"], 0)
            self.assertEqual(stats["memory_max_bytes"], 0)
            self.assertEqual(daemon.stop(), 0, daemon.said())
        return peak

    def run_bound(self, expected, bound, group):
        """The stats, and how many lists of each block are exact."""
        with self.service(memory__max=str(bound), state__groups=GROUPS,
                          kafka__group=self.topic + group) as daemon:
            stats = self.await_all(daemon)
            peak = self.memory(daemon)
            self.assertEqual(stats["memory_max_bytes"], bound)
            self.assertLess(peak, bound, daemon.said())
            self.assertGreaterEqual(stats["rows_partial"], 1000)
            exact = self.judge(expected, self.lists())
            print("# bound %.1f MiB, peak %.1f, shed %d pairs of %d rows, %d "
                  "rows partial, exact lists by block: %s" % (
                      bound / MIB, peak / MIB, stats["pairs_shed"],
                      stats["rows_shed"], stats["rows_partial"],
                      " ".join(map(str, exact.values()))))
            self.assertEqual(daemon.stop(), 0, daemon.said())
        return stats, exact

    def test_half_of_what_it_needs(self):
        """From the topic, from what that left, and from a whole state."""
        expected = self.recount()
        latest = sum(int(key[3]) // ITEMS == BLOCKS - 1 for key in expected)
        peak = self.run_whole("-whole")
        print("# without a bound: peak %.1f MiB" % (peak / MIB))
        stats, _ = self.run_bound(expected, peak // 2, "-whole")
        self.assertGreater(stats["pairs_shed"], 100000)
        self.empty()
        stats, exact = self.run_bound(expected, peak // 2, "-bound")
        self.assertGreater(stats["pairs_shed"], 100000)
        # The longest idle go first: of the latest, all are there.
        self.assertEqual((exact[0], exact[BLOCKS - 1]), (0, latest))
        self.run_bound(expected, peak // 2, "-bound")

    def test_held_until_there_is_more(self):
        """A bound below what it has at rest: it reads no more, and says so;
        with another one it goes on."""
        expected = self.recount()
        with self.service(memory__max="8m") as daemon:
            daemon.await_words("event=reading_held .*memory.max is reached")
            stats = self.await_stats(daemon, lambda stats: stats["is_held"])
            self.assertEqual(stats["is_held"], 2)
            before = stats["records_read"]
            self.assertLess(before, len(self.baskets))
            time.sleep(2)
            stats = self.await_stats(daemon, lambda stats: True)
            self.assertEqual(stats["records_read"], before)
            self.assertEqual(stats["is_held"], 2)
            daemon.reload(self.settings, memory__max="0")
            daemon.await_words("event=reloaded .*memory.max 8m -> 0")
            daemon.await_words("event=reading_resumed")
            stats = self.await_all(daemon)
            self.assertEqual(stats["is_held"], 0)
            if stats["rows_partial"] == 0:
                self.assertEqual(self.lists(), expected)
            self.assertEqual(daemon.stop(), 0, daemon.said())


if __name__ == "__main__":
    unittest.main()
