#!/usr/bin/env python3
"""A Redis that is full: the durable state goes before lists.

Wants KAFKA_BROKERS: eval "$(scripts/stack env)".
"""

import os
import re
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))

import kafka
from service import PREFIX, Live, check_module, lowest_marks

setUpModule = check_module


class Full(Live):
    def used(self, redis):
        text = redis.call("INFO", "memory").decode()
        return int(re.search(r"used_memory:(\d+)", text).group(1))

    def await_durable(self, daemon, redis, seconds=60):
        """Until the heads' marks have reached the end of every partition."""
        ends = {}
        for partition, offset, _, _ in kafka.consume(self.topic):
            ends[partition] = max(ends.get(partition, 0), offset + 1)
        until = time.monotonic() + seconds
        while lowest_marks(redis) != ends:
            daemon.check_alive()
            self.assertLess(time.monotonic(), until, "%s, not %s\n%s" % (
                lowest_marks(redis), ends, daemon.said()))
            time.sleep(0.2)

    def test_the_state_goes_first(self):
        self.produce(4000, items=401)
        with self.service() as daemon, self.server.client() as redis:
            self.assertTrue(self.settle(daemon).counts)
            redis.call("CONFIG", "SET", "maxmemory", self.used(redis) + 50000)
            self.produce(4000, items=803)
            daemon.await_words("error event=redis_full .*lists wait")
            daemon.await_words("event=redis_full .*counts are removed")
            self.await_durable(daemon, redis)
            self.assertEqual(int(self.stats().get("redis_full", 0)) > 0, True)
            redis.call("CONFIG", "SET", "maxmemory", 0)
            daemon.await_words("event=redis_full .*written again", 90)
            self.settle(daemon, {**self.settings, "counts.max": 0})
            self.assertEqual(daemon.stop(), 0, daemon.said())

    def test_full_of_other_things(self):
        """Neither counts nor lists are spared; when there is room again all
        comes back."""
        self.produce(2000, items=101)
        with self.service() as daemon, self.server.client() as redis:
            self.settle(daemon)
            redis.call("CONFIG", "SET", "maxmemory", 1)
            self.produce(500, items=151)
            daemon.await_words("event=redis_full .*lists are removed", 40)
            until = time.monotonic() + 10
            while [key for key in redis.keys(PREFIX + "related:")]:
                self.assertLess(time.monotonic(), until, daemon.said())
                time.sleep(0.1)
            redis.call("CONFIG", "SET", "maxmemory", 0)
            self.await_durable(daemon, redis)
            daemon.await_words("event=redis_full .*written again", 90)
            self.settle(daemon, {**self.settings, "counts.max": 0})

    def test_full_at_the_start(self):
        self.produce(1000)
        with self.server.client() as redis:
            redis.call("CONFIG", "SET", "maxmemory", 1)
            with self.service() as daemon:
                daemon.await_words("OOM|event=redis_full")
                time.sleep(2)
                daemon.check_alive()
                redis.call("CONFIG", "SET", "maxmemory", 0)
                self.settle(daemon)


if __name__ == "__main__":
    unittest.main()
