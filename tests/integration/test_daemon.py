#!/usr/bin/env python3
"""The daemon as its keepers know it: signals, settings read again, the service
manager, leftovers of former runs. Kafka is shared, Redis is each test's own.

Wants KAFKA_BROKERS: eval "$(scripts/stack env)".
"""

import os
import re
import signal
import socket
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))

import kafka
from live import STATS, Published, comparison
from recount import Recount
from service import END_S, PREFIX, Live, check_module, lowest_marks
from stack import free_port

setUpModule = check_module


class Manager:
    """A service manager's end of $NOTIFY_SOCKET."""

    def __init__(self, address):
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address.replace("@", "\0", 1))
        self.heard = []

    def listen(self, seconds):
        self.socket.settimeout(seconds)
        try:
            self.heard.append(self.socket.recv(4096).decode())
        except (TimeoutError, BlockingIOError):
            return False
        return True

    def await_words(self, words, seconds=END_S):
        until = time.monotonic() + seconds
        while not any(said.startswith(words) for said in self.heard):
            if time.monotonic() > until:
                raise AssertionError("%s: not in %s" % (words, self.heard))
            self.listen(0.1)

    def forget(self):
        while self.listen(0.001):
            pass
        self.heard = []

    def close(self):
        self.socket.close()


class Ends(Live):
    def keep_producing(self, stop):
        while not stop.is_set():
            self.produce(500)

    def test_sigterm_under_load(self):
        """Whatever was read until then is durable and published."""
        self.produce(30000)
        stop = threading.Event()
        writer = threading.Thread(target=self.keep_producing, args=(stop,))
        with self.service() as daemon:
            writer.start()
            try:
                daemon.await_words("event=counting")
                time.sleep(1)
                begun = time.monotonic()
                self.assertEqual(daemon.stop(), 0, daemon.said())
                took = time.monotonic() - begun
            finally:
                stop.set()
                writer.join()
            self.assertIn("clean=yes", daemon.said())
        self.assertLess(took, 8)
        recount = Recount(self.settings)
        with self.server.client() as redis:
            ends = lowest_marks(redis)
        for partition, offset, stamp, value in kafka.consume(self.topic):
            if offset < ends.get(partition, 0):
                recount.take(partition, offset, stamp, value)
        self.assertTrue(recount.time)
        with self.server.client() as redis:
            for difference in comparison(recount, Published(redis, PREFIX)):
                self.assertFalse(difference, difference)

    def test_second_sigterm_leaves_at_once(self):
        self.produce(3000)
        with self.service() as daemon:
            self.settle(daemon)
            self.produce(3000)
            with self.server.client() as redis:
                redis.call("CLIENT", "PAUSE", 20000, "ALL")
            time.sleep(0.3)
            daemon.signal(signal.SIGTERM)
            time.sleep(1)
            self.assertIsNone(daemon.process.poll(), daemon.said())
            daemon.signal(signal.SIGTERM)
            self.assertEqual(daemon.process.wait(1), 1)

    def test_sigterm_while_it_waits(self):
        self.server.kill()
        self.produce(10)
        with self.service() as daemon:
            daemon.await_words("event=waiting .*redis")
            self.assertEqual(daemon.stop(), 0, daemon.said())


class Reloads(Live):
    def test_lists_follow(self):
        self.produce(3000)
        with self.service() as daemon:
            self.settle(daemon)
            self.settings.update({"lists.k": 3, "lists.score": "llr"})
            self.settings["relations"][1].update({"k": 5, "min_support": 2})
            daemon.reload(self.settings)
            daemon.await_words("event=reloaded .*lists.k 20 -> 3")
            published = self.settle(daemon)
            self.assertEqual({len(entry["items"]) for key, entry in
                              published.lists.items()
                              if key[0] == "also_viewed"} - {1, 2}, {3})
            self.produce(1000)
            self.settle(daemon)
            daemon.reload(self.settings, log__format="json")
            daemon.await_words('"event":"reloaded"')
            self.assertEqual(daemon.stop(), 0, daemon.said())

    def test_counts_turned_off_and_on(self):
        self.produce(3000)
        with self.service() as daemon:
            self.assertTrue(self.settle(daemon).counts)
            self.settings["counts.max"] = 0
            daemon.reload(self.settings)
            self.assertEqual(self.settle(daemon).counts, {})
            self.settings["counts.max"] = 2
            daemon.reload(self.settings)
            self.assertTrue(self.settle(daemon).counts)

    def test_a_longer_life(self):
        self.produce(500)
        with self.service(lists__ttl="20s") as daemon:
            self.assertLessEqual(max(self.settle(daemon).ttls_ms.values()),
                                 20000)
            daemon.reload(self.settings, lists__ttl="300s")
            time.sleep(3)
            published = self.settle(daemon)
            short = {name: ttl for name, ttl in published.ttls_ms.items()
                     if not name.startswith(("state", "stats"))
                     and ttl < 200000}
            self.assertEqual(short, {})

    def test_a_bad_file_changes_nothing(self):
        self.produce(1000)
        with self.service() as daemon:
            self.settle(daemon)
            with open(daemon.conf, "a", encoding="utf-8") as file:
                file.write("lists { k = 3 }\nlists { kk = 3 }\n")
            with open(daemon.conf, encoding="utf-8") as file:
                last = len(file.readlines())
            daemon.signal(signal.SIGHUP)
            daemon.await_words(r"error event=reload_failed .*%s:%d"
                               % (re.escape(daemon.conf), last - 1))
            self.produce(500)
            self.settle(daemon)
            os.unlink(daemon.conf)
            daemon.signal(signal.SIGHUP)
            daemon.await_words(r"reload_failed .*No such file")
            self.settle(daemon)

    def test_what_needs_a_restart_is_named(self):
        self.produce(1000)
        with self.service() as daemon:
            self.settle(daemon)
            other = dict(self.settings, **{"session.gap": 1200000,
                                           "lists.k": 4})
            daemon.reload(other, kafka__topic="another")
            daemon.await_words("event=reload_incomplete .*needs a restart")
            said = daemon.said()
            self.assertIn("kafka.topic", said)
            self.assertIn("session.gap", said)
            self.settings["lists.k"] = 4
            self.produce(500)
            self.settle(daemon)

    def test_while_it_waits(self):
        self.server.kill()
        self.produce(1000)
        with self.service() as daemon:
            daemon.await_words("event=waiting .*redis")
            self.settings["lists.k"] = 2
            daemon.reload(self.settings)
            daemon.await_words("event=reloaded")
            self.server.start()
            self.settle(daemon)


class ServiceManager(Live):
    def hear_all(self, address):
        manager = Manager(address)
        self.addCleanup(manager.close)
        self.server.kill()
        self.produce(500)
        with self.service(environment={"NOTIFY_SOCKET": address,
                                       "WATCHDOG_USEC": "1000000"}) as daemon:
            manager.await_words("STATUS=waits for redis")
            manager.await_words("WATCHDOG=1")
            self.assertNotIn("READY=1", manager.heard)
            self.server.start()
            manager.await_words("READY=1")
            self.settle(daemon)
            manager.await_words("STATUS=0 events/s, 0 lists/s, lag 0")
            manager.forget()
            for _ in range(30):
                manager.listen(0.1)
            beats = manager.heard.count("WATCHDOG=1")
            self.assertTrue(4 <= beats <= 8, manager.heard)
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            manager.forget()
            daemon.signal(signal.SIGHUP)
            manager.await_words("READY=1")
            stamp = re.search(r"RELOADING=1\nMONOTONIC_USEC=(\d+)\|.*READY=1",
                              "|".join(manager.heard))
            self.assertTrue(stamp, manager.heard)
            self.assertLess(abs(int(stamp.group(1)) - before), 5_000_000)
            self.assertEqual(daemon.stop(), 0, daemon.said())
            manager.await_words("STOPPING=1")

    def test_by_a_path(self):
        with tempfile.TemporaryDirectory() as folder:
            self.hear_all(os.path.join(folder, "notify"))

    def test_by_an_abstract_name(self):
        self.hear_all("@terkait-test-%s" % os.urandom(6).hex())

    def test_no_beat_while_the_loop_stands(self):
        with tempfile.TemporaryDirectory() as folder:
            manager = Manager(os.path.join(folder, "notify"))
            self.addCleanup(manager.close)
            self.produce(100)
            with self.service(environment={
                    "NOTIFY_SOCKET": manager.address,
                    "WATCHDOG_USEC": "400000"}) as daemon:
                manager.await_words("READY=1")
                daemon.signal(signal.SIGSTOP)
                time.sleep(0.2)
                manager.forget()
                time.sleep(1)
                self.assertFalse(manager.listen(0.1), manager.heard)
                daemon.signal(signal.SIGCONT)
                manager.await_words("WATCHDOG=1")


class Stats(Live):
    def test_all_there_while_it_waits(self):
        with self.service(kafka__brokers="127.0.0.1:%d" % free_port(),
                          ) as daemon:
            daemon.await_words("event=waiting .*kafka")
            time.sleep(1.5)
            stats = self.stats()
            for name in STATS:
                self.assertIn(name, stats)
            self.assertEqual(stats["first_event_at_ms"], "0")
            self.assertEqual(stats["events_accepted"], "0")
            self.assertLess(abs(int(stats["started_at_ms"]) / 1000
                                - time.time()), 60)


class Leftovers(Live):
    def test_are_removed_after_the_start(self):
        gone = [b"related:{gone}:also_viewed:24h",
                b"related:{sku-1}:no_more:24h",
                b"related:{t/sku-1}:also_viewed:24h",
                b"counts:{gone}:also_viewed:1h",
                b"counts:{sku-1}:also_viewed:30d",
                b"popular:30d", b"popular:24h:gone", b"popular:t/24h"]
        stay = [b"related:mine", b"relatedness", b"counts", b"notes:1"]
        self.produce(1000)
        with self.server.client() as redis:
            for name in gone + stay:
                redis.call("SET", PREFIX.encode() + name, "x")
            redis.call("SET", b"another:" + gone[0], "x")
            with self.service() as daemon:
                daemon.await_words("event=janitor_done")
                self.assertEqual([name for name in gone if redis.call(
                    "EXISTS", PREFIX.encode() + name)], [])
                self.assertEqual([name for name in stay if not redis.call(
                    "EXISTS", PREFIX.encode() + name)], [])
                self.assertEqual(redis.call("EXISTS", b"another:" + gone[0]),
                                 1)
                for name in stay:
                    redis.call("DEL", PREFIX.encode() + name)
                self.settle(daemon)
                time.sleep(1.2)
                self.assertEqual(self.stats()["janitor_removed"],
                                 str(len(gone)))

    def test_of_a_relation_that_is_no_longer_picked(self):
        self.produce(1000)
        with self.service() as daemon:
            self.settle(daemon)
            self.assertEqual(daemon.stop(), 0)
        with self.server.client() as redis:
            for key in redis.keys(PREFIX + "state:"):
                redis.call("DEL", key)
        self.settings["relations"].pop()
        self.settings["windows"].pop(0)
        with self.service(kafka__group=self.topic + "-anew") as daemon:
            self.settle(daemon)


if __name__ == "__main__":
    unittest.main()
