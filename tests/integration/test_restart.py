#!/usr/bin/env python3
"""What a start finds, case by case: it goes on where the durable state says,
or it stops and says in numbers what would be lost. Kafka is shared, Redis is
each test's own.

Wants KAFKA_BROKERS and, for what only Kafka's own tools can do, STACK_NAME
and STACK_DIR: eval "$(scripts/stack env)".
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))

import kafka
from live import QUICK, Daemon, recount_topic, stats_of, wait_settled
from settings import MINUTE, defaults
from stack import PrivateRedis, script
from streams import START, line
from terkait import PROGRAM, run, write_conf

PREFIX = "restart:"
RECORDS, PARTITIONS = 6000, 4
END_S = 20


def setUpModule():
    if not os.access(PROGRAM, os.X_OK):
        raise unittest.SkipTest(PROGRAM + " is not built: make")
    if not os.environ.get("KAFKA_BROKERS"):
        raise unittest.SkipTest("KAFKA_BROKERS not set: scripts/stack env")


def visits(first, count):
    """[(key, line)]: sessions of a few items each, all kinds of events."""
    kinds = ("page_view", "page_view", "page_view", "add_to_cart",
             "remove_from_cart", "purchase")
    return [(b"v%d" % (n % 97), line(
        visitor="v%d" % (n % 97), item="sku-%d" % (n * n % 31), category="c",
        type=kinds[n // 7 % len(kinds)], ts=START + n * 2000))
        for n in range(first, first + count)]


class Run(Daemon):
    """`terkait run` with options and a Redis of one's own."""

    def __init__(self, settings, topic, redis_url, *options, **more):
        self.folder = tempfile.TemporaryDirectory()
        self.log = open(os.path.join(self.folder.name, "log"), "w+b")
        conf = write_conf(self.folder.name, settings, **{
            **QUICK, "kafka__brokers": kafka.brokers(), "kafka__topic": topic,
            "kafka__group": topic, "redis__url": redis_url,
            "redis__prefix": PREFIX, "http__listen": "off",
            "state__checkpoint_interval": "500ms", "state__groups": 16,
            **more})
        self.process = subprocess.Popen(
            [PROGRAM, "run", "-c", conf, *options], stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=subprocess.STDOUT)

    def ended(self):
        """The exit code, of an end by itself; None: it does not end."""
        try:
            return self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            return None

    def waits_for(self, words, seconds=END_S):
        until = time.monotonic() + seconds
        while words not in self.said():
            self.check_alive()
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True


class Restart(unittest.TestCase):
    """A topic with a fixed number of partitions and a Redis for each test."""

    def setUp(self):
        self.topic = kafka.fresh_topic()
        self.settings = defaults(lists__min_support=1)
        self.server = PrivateRedis("appendonly yes")
        self.addCleanup(self.server.close)
        self.sent = 0

    def produce(self, count=RECORDS, partition=None):
        kafka.produce(self.topic, visits(self.sent, count), partition)
        self.sent += count

    def run_it(self, *options, settings=None, **more):
        return Run(settings or self.settings, self.topic, self.server.url,
                   *options, **more)

    def stats(self):
        with self.server.client() as redis:
            return stats_of(redis, PREFIX)

    def settle(self, daemon):
        recount = recount_topic(self.topic, self.settings)
        with self.server.client() as redis:
            found, published = wait_settled(daemon, redis, PREFIX, recount)
        for difference in found:
            self.assertFalse(difference, "\n%s\n%s" % (difference,
                                                       daemon.said()))
        self.assertTrue(published.lists)

    def offsets(self):
        """[(partition, committed or -1, end)] by Kafka's own tool."""
        text = self.tool("org.apache.kafka.tools.consumer.group."
                         "ConsumerGroupCommand", "--describe",
                         "--group", self.topic)
        rows = re.findall(r"^%s +%s +(\d+) +(\d+|-) +(\d+) " % (
            re.escape(self.topic), re.escape(self.topic)), text, re.M)
        return [(int(number), int(committed) if committed != "-" else -1,
                 int(end)) for number, committed, end in rows]

    def tool(self, *words):
        if not os.environ.get("STACK_DIR"):
            self.skipTest("STACK_DIR not set: scripts/stack env")
        return script("--name", os.environ["STACK_NAME"], "--dir",
                      os.path.dirname(os.environ["STACK_DIR"]), "tool", *words)

    def delete_lists(self):
        with self.server.client() as redis:
            for kind in ("related:", "counts:", "popular:", "stats"):
                redis.delete(PREFIX + kind)

    def everything(self):
        """{key: its bytes} but for the stats."""
        with self.server.client() as redis:
            keys = [key for key in redis.keys(PREFIX)
                    if key != PREFIX.encode() + b"stats"]
            return dict(zip(keys, redis.batch([("DUMP", key)
                                               for key in keys])))

    def counted_and_stopped(self, count=RECORDS, **more):
        self.produce(count)
        with self.run_it(**more) as daemon:
            self.settle(daemon)
            self.assertEqual(daemon.stop(), 0, daemon.said())

    def refused(self, code, *words, options=(), **more):
        with self.run_it(*options, **more) as daemon:
            self.assertEqual(daemon.ended(), code, daemon.said())
            said = daemon.said()
        for word in words:
            self.assertIn(word, said)
        return said


class GoesOn(Restart):
    def test_after_a_kill(self):
        """From a snapshot, not from the beginning; lists from the state."""
        self.produce()
        with self.run_it() as daemon:
            self.settle(daemon)
            time.sleep(3)
            # Else a snapshot may come while these are sent.
            daemon.process.send_signal(signal.SIGSTOP)
            self.produce(300)
            daemon.kill()
        self.delete_lists()
        with self.run_it() as daemon:
            self.settle(daemon)
            read = int(self.stats()["records_read"])
        self.assertLess(read, RECORDS / 4)
        self.assertGreaterEqual(read, 300)

    def test_after_kills_at_any_moment(self):
        self.produce()
        for patience in (0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8):
            with self.run_it() as daemon:
                time.sleep(patience)
                daemon.check_alive()
                daemon.kill()
            self.produce(50)
        self.delete_lists()
        with self.run_it() as daemon:
            self.settle(daemon)
            self.assertEqual(daemon.stop(), 0, daemon.said())

    def test_after_a_clean_stop(self):
        self.counted_and_stopped()
        self.delete_lists()
        with self.run_it() as daemon:
            self.settle(daemon)
            self.assertEqual(self.stats()["records_read"], "0")
            self.produce(40)
            self.settle(daemon)
            self.assertEqual(self.stats()["records_read"], "40")

    def test_commits_where_a_start_would_replay_from(self):
        self.counted_and_stopped()
        rows = self.offsets()
        self.assertEqual(len(rows), PARTITIONS)
        for partition, committed, end in rows:
            self.assertEqual(committed, end, partition)

    def test_without_aof_it_warns(self):
        self.produce(500)
        with self.server.client() as redis:
            redis.call("CONFIG", "SET", "appendonly", "no")
        with self.run_it() as daemon:
            self.settle(daemon)
            self.assertRegex(daemon.said(), r"(?m)^warn .*(AOF|appendonly)")

    def test_redis_down_at_the_start(self):
        self.produce(500)
        self.server.kill()
        with self.run_it() as daemon:
            time.sleep(1.5)
            daemon.check_alive()
            self.assertRegex(daemon.said(), r"(?m)^warn event=redis_\w+ .*%d"
                             % self.server.port)
            self.server.start()
            self.settle(daemon)


class TakenOver(Restart):
    def check_words(self, first, second):
        self.assertEqual(first.ended(), 4, first.said())
        last = first.said().strip().splitlines()[-1]
        self.assertIn("event=taken_over", first.said())
        self.assertIn(socket.gethostname(), first.said(), last)
        self.assertRegex(first.said(), r"pid[ =]%d\b" % second.process.pid)

    def test_second_on_the_same_prefix(self):
        self.produce(2000)
        with self.run_it() as first:
            self.settle(first)
            with self.run_it() as second:
                self.assertTrue(second.waits_for("event=counting"))
                self.produce(500)  # who stands still learns in a minute
                self.check_words(first, second)
                self.settle(second)
                self.assertEqual(second.stop(), 0, second.said())

    def test_one_that_slept_writes_nothing_more(self):
        self.produce(2000)
        with self.run_it() as first:
            self.settle(first)
            self.produce(500)  # of which it has something in hand
            time.sleep(0.05)
            first.process.send_signal(signal.SIGSTOP)
            self.produce(500)
            with self.run_it() as second:
                self.settle(second)
                self.assertEqual(second.stop(), 0, second.said())
                before = self.everything()
                first.process.send_signal(signal.SIGCONT)
                self.check_words(first, second)
        after = self.everything()
        self.assertEqual([key for key in after.keys() | before.keys()
                          if after.get(key) != before.get(key)], [])


class Refuses(Restart):
    def test_offset_no_longer_there(self):
        self.counted_and_stopped()
        mark = self.offsets()[0]
        self.produce(100, partition=mark[0])
        self.delete_records(mark[0])
        said = self.refused(1, "partition %d" % mark[0], str(mark[2]),
                            str(mark[2] + 100), "--accept-loss")
        self.assertIn("100 records", said)
        self.delete_lists()
        with self.run_it("--accept-loss") as daemon:
            self.assertTrue(daemon.waits_for("event=counting"), daemon.said())
            self.assertRegex(daemon.said(), r"partition[ =]%d\b.*\b%d\b" % (
                mark[0], mark[2]))
            kafka.produce(self.topic, [(b"x", line(
                visitor="x", item=item, ts=START + self.sent * 2000))
                for item in ("new-1", "new-2")], mark[0])
            self.await_list("new-1")
            self.await_list("sku-1")
            self.assertEqual(daemon.stop(), 0, daemon.said())
        self.delete_lists()
        with self.run_it() as daemon:
            self.await_list("new-1")
            self.await_list("sku-1")
            self.assertEqual(daemon.stop(), 0, daemon.said())

    def delete_records(self, partition):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"partitions": [{
                "topic": self.topic, "partition": partition, "offset": -1}],
                "version": 1}, file)
            file.flush()
            self.tool("DeleteRecordsCommand", "--offset-json-file", file.name)

    def await_list(self, item):
        until = time.monotonic() + END_S
        with self.server.client() as redis:
            while redis.call("GET", "%srelated:{%s}:also_viewed:24h"
                             % (PREFIX, item)) is None:
                self.assertLess(time.monotonic(), until, "no list of " + item)
                time.sleep(0.1)

    def test_topic_made_anew(self):
        self.counted_and_stopped()
        ends = self.offsets()
        self.tool("TopicCommand", "--delete", "--topic", self.topic)
        self.tool("TopicCommand", "--create", "--topic", self.topic,
                  "--partitions", str(PARTITIONS))
        kafka.produce(self.topic, visits(0, 10))
        self.refused(1, "made anew", str(ends[0][2]), "--accept-loss")

    def test_redis_emptied_while_it_was_down(self):
        self.counted_and_stopped()
        with self.server.client() as redis:
            redis.call("FLUSHALL")
        self.refused(1, "committed offset", "no state", "--new")
        self.assertEqual(self.everything_but_tokens(), [])
        with self.run_it("--new") as daemon:
            self.settle(daemon)
            self.assertEqual(self.stats()["records_read"], str(RECORDS))
            self.assertEqual(daemon.stop(), 0, daemon.said())
        with self.run_it() as daemon:
            self.settle(daemon)

    def everything_but_tokens(self):
        return [key for key in self.everything() if b"state:" not in key]

    def test_new_prefix_of_a_group_that_is_known(self):
        self.counted_and_stopped(1000)
        said = self.refused(1, "--new", redis__prefix="other:")
        self.assertIn("this prefix is new", said)

    def test_redis_that_throws_keys_away(self):
        self.produce(10)
        with self.server.client() as redis:
            redis.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        self.refused(1, "allkeys-lru", "maxmemory-policy")
        self.assertEqual(self.everything(), {})

    def test_compacted_topic(self):
        self.tool("TopicCommand", "--create", "--topic", self.topic,
                  "--partitions", "1", "--config", "cleanup.policy=compact")
        self.refused(1, "compacted", "cleanup.policy=delete")
        self.assertEqual(self.everything(), {})

    def test_replay_into_a_prefix_with_state(self):
        self.counted_and_stopped(200)
        before = self.everything()
        with tempfile.TemporaryDirectory() as folder:
            conf = write_conf(folder, self.settings, redis__prefix=PREFIX,
                              redis__url=self.server.url)
            events = os.path.join(folder, "events")
            with open(events, "wb") as file:
                file.write(line() + b"\n")
            said = run("replay", "-c", conf, events, expect=1)[1].decode()
        self.assertIn("durable state", said)
        self.assertIn(PREFIX, said)
        self.assertEqual(self.everything(), before)


class Settings(Restart):
    def with_gap(self, minutes):
        return {**self.settings, "session.gap": minutes * MINUTE}

    def test_changed_relation(self):
        self.counted_and_stopped(300)
        before = self.everything()
        other = defaults(lists__min_support=1)
        other["relations"][1]["to"] = ("purchase",)
        said = self.refused(78, "carted_together", "redis.prefix",
                            settings=other)
        self.assertNotIn("also_viewed", said.splitlines()[-1])
        self.assertEqual(self.everything(), before)
        with self.run_it() as daemon:
            self.settle(daemon)

    def test_changed_windows_groups_topic(self):
        self.counted_and_stopped(300)
        other = defaults(lists__min_support=1)
        other["windows"].pop()
        self.refused(78, "window", settings=other)
        self.refused(78, "state.groups", state__groups=17)
        topic, self.topic = self.topic, kafka.fresh_topic()
        kafka.produce(self.topic, visits(0, 10))
        self.refused(78, "kafka.topic", kafka__group=topic)

    def test_what_changes_freely(self):
        self.counted_and_stopped(300)
        self.settings.update({"lists.k": 3, "lists.score": "llr",
                              "lists.min_support": 2, "counts.max": 5})
        with self.run_it(kafka__group="another") as daemon:
            self.settle(daemon)

    def test_changed_gap_after_a_clean_stop(self):
        self.counted_and_stopped(1000)
        with self.run_it(settings=self.with_gap(20)) as daemon:
            self.settle(daemon)
            self.assertEqual(daemon.stop(), 0, daemon.said())
        self.kill_in_the_middle(settings=self.with_gap(20))
        self.refused(78, "session.gap")
        with self.run_it(settings=self.with_gap(20)) as daemon:
            self.assertTrue(daemon.waits_for("event=counting"), daemon.said())

    def test_changed_gap_after_a_kill(self):
        """In the middle of things: groups are further than the snapshot."""
        self.kill_in_the_middle()
        self.refused(78, "session.gap", "clean stop",
                     settings=self.with_gap(20))
        with self.run_it() as daemon:
            self.settle(daemon)

    def kill_in_the_middle(self, **more):
        stop = threading.Event()
        with self.run_it(state__checkpoint_interval="1s", **more) as daemon:
            writer = threading.Thread(target=self.keep_producing, args=(stop,))
            writer.start()
            time.sleep(5)
            daemon.check_alive()
            daemon.kill()
            stop.set()
            writer.join()

    def keep_producing(self, stop):
        while not stop.is_set():
            self.produce(50)


if __name__ == "__main__":
    unittest.main()
