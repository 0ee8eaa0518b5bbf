#!/usr/bin/env python3
"""The short torture (`make torture` is the long one), and that its checker
can see: what is lost, what is doubled, what is cut off.

Brings up a stack of its own, since it kills what is in it.
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TORTURE = os.path.join(HERE, "..", "torture")
sys.path[:0] = [os.path.join(HERE, "..", "lib"), TORTURE]

from proxy import Proxy
from resp import Redis
from stack import PrivateRedis
from terkait import PROGRAM
from world import losses

SECONDS = os.environ.get("TORTURE_SECONDS", "40")
SEED = os.environ.get("SEED", "12")


class Short(unittest.TestCase):
    def test_nothing_lost_nothing_doubled(self):
        if not os.access(PROGRAM, os.X_OK):
            self.skipTest(PROGRAM + " is not built: make")
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, "-B", os.path.join(TORTURE, "torture.py"),
                 SECONDS, SEED], stdin=subprocess.DEVNULL, timeout=280,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                env={**os.environ, "TORTURE_DIR": os.path.join(folder, "t")})
        said = done.stdout.decode(errors="replace")
        self.assertEqual(done.returncode, 0, said)
        found = re.search(r"^torture: (\d+) kills, 0 lost, 0 doubled$", said,
                          re.M)
        self.assertTrue(found, said)
        self.assertGreater(int(found.group(1)), 5, said)


class Checker(unittest.TestCase):
    def test_losses(self):
        truth = {"row": {"a": 3, "b": 2}, "gone": {"a": 1}}
        self.assertEqual(losses(truth, truth), (0, 0))
        self.assertEqual(losses(truth, {"row": {"a": 1, "b": 5}}), (3, 3))
        self.assertEqual(losses({}, {"row": {"a": 2}}), (0, 2))


class ProxyTest(unittest.TestCase):
    def setUp(self):
        self.server = PrivateRedis()
        self.addCleanup(self.server.close)
        self.proxy = Proxy(self.server.port)
        self.addCleanup(self.proxy.release)

    def client(self):
        client = Redis("redis://127.0.0.1:%d/0" % self.proxy.port)
        client.socket.settimeout(0.3)
        self.addCleanup(client.close)
        return client

    def direct(self, *words):
        with self.server.client() as redis:
            return redis.call(*words)

    def test_passes(self):
        client = self.client()
        self.assertEqual(client.call("SET", "k", b"x" * 10**6), b"OK")
        self.assertEqual(len(client.call("GET", "k")), 10**6)

    def test_requests_held_land_late(self):
        client = self.client()
        client.call("PING")
        self.proxy.hold()
        with self.assertRaises(OSError):
            client.call("SET", "late", "1")
        client.close()
        self.assertIsNone(self.direct("GET", "late"))
        self.proxy.release()
        self.wait_for("late", b"1")

    def test_answers_held(self):
        client = self.client()
        client.call("PING")
        self.proxy.hold(requests=False)
        with self.assertRaises(OSError):
            client.call("SET", "k", "1")
        self.wait_for("k", b"1")

    def test_cut(self):
        client = self.client()
        client.call("PING")
        self.proxy.cut()
        with self.assertRaises(OSError):
            client.call("PING")
            client.call("PING")
        self.assertEqual(self.client().call("PING"), b"PONG")

    def wait_for(self, key, value):
        for _ in range(200):
            if self.direct("GET", key) == value:
                return
        self.fail("%s is not %r" % (key, value))


if __name__ == "__main__":
    unittest.main()
