#!/usr/bin/env python3
"""Redis by a Unix socket, and one whose user may not RESTORE: what is
published is the same, and large states are read back.

Wants KAFKA_BROKERS: eval "$(scripts/stack env)".
"""

import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))

from service import PREFIX, Live, Service, check_module, lowest_marks
from stack import PrivateRedis
from terkait import PROGRAM

setUpModule = check_module


class Ways(Live):
    def restores(self):
        """How often Redis has taken one, and how often it refused."""
        with self.server.client() as redis:
            for row in redis.call("INFO", "commandstats").decode().split():
                if row.startswith("cmdstat_restore:"):
                    fields = dict(field.split("=") for field in
                                  row.split(":")[1].split(","))
                    bad = (int(fields["rejected_calls"]) +
                           int(fields["failed_calls"]))
                    return int(fields["calls"]), bad
        return 0, 0

    def check_sets(self):
        """They are compact, and no probe is left."""
        with self.server.client() as redis:
            keys = redis.keys(PREFIX + "counts:")
            self.assertGreater(len(keys), 50)
            for key in keys:
                self.assertEqual(redis.call("OBJECT", "ENCODING", key),
                                 b"listpack")
                self.assertFalse(key.endswith(b":probe"), key)


class UnixSocket(Ways):
    def setUp(self):
        super().setUp()
        self.server.close()
        self.server = PrivateRedis("appendonly no", "unixsocket socket")
        self.addCleanup(self.server.close)
        self.url = "unix://%s?db=0" % os.path.join(self.server.folder.name,
                                                   "socket")

    def service(self, **more):
        return Service(self.settings, self.topic, self.url, **more)

    def test_lists_and_state(self):
        self.produce(12000, items=701)
        with self.service() as daemon:
            self.assertTrue(self.settle(daemon).counts)
            self.assertEqual(daemon.stop(), 0, daemon.said())
        with self.server.client() as redis:
            # So the state is what the next one has it from.
            redis.call("CONFIG", "RESETSTAT")
            self.assertEqual(sum(lowest_marks(redis).values()), 12000)
        self.produce(500, items=701)
        with self.service() as daemon:
            self.settle(daemon)
            said = subprocess.run(
                [PROGRAM, "stats", "-s", "redis.url=" + self.url, "-s",
                 "redis.prefix=" + PREFIX], capture_output=True, check=True)
            self.assertRegex(said.stdout.decode(), r"events_accepted\s+500\b")
            with self.server.client() as redis:
                rows = [row for row in
                        redis.call("CLIENT", "LIST").decode().split("\n")
                        if " name=terkait-" in row]
                self.assertGreater(len(rows), 1)
                for row in rows:
                    self.assertIn(" addr=socket:0 ", row)
            self.assertEqual(daemon.stop(), 0, daemon.said())
        self.check_sets()


class Restore(Ways):
    def test_it_is_used(self):
        self.produce(4000, items=401)
        with self.service() as daemon:
            self.settle(daemon)
            calls, bad = self.restores()
            self.assertGreater(calls, 100)
            self.assertEqual(bad, 0)
        self.check_sets()

    def test_without_it(self):
        with self.server.client() as redis:
            redis.call("ACL", "SETUSER", "default", "-restore")
        self.produce(4000, items=401)
        with self.service() as daemon:
            self.settle(daemon)
            daemon.await_words("event=redis_restore_refused")
            self.produce(500, items=401)
            self.settle(daemon)
            self.assertNotIn("event=redis_refused", daemon.said())
            self.assertEqual(self.restores()[0], 0)
        self.check_sets()

    def test_scripts_are_flushed(self):
        self.produce(2000, items=101)
        with self.service() as daemon, self.server.client() as redis:
            for _ in range(3):
                redis.call("SCRIPT", "FLUSH")
                self.produce(500, items=101)
                self.settle(daemon)
            self.assertNotIn("event=redis_refused", daemon.said())


if __name__ == "__main__":
    unittest.main()
