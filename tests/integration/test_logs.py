#!/usr/bin/env python3
"""What the daemon says: every line can be read by a machine, whatever goes
wrong, and none names a visitor.

Wants KAFKA_BROKERS: eval "$(scripts/stack env)".
"""

import json
import os
import re
import signal
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))

import kafka
from service import Live, check_module
from streams import START, line

setUpModule = check_module

MARK = "zv9x"
TEXT = re.compile(
    r'(debug|info|warn|error) event=[a-z_]+ at_ms=\d{13}'
    r'( [a-z_]+=("([^"\\\x00-\x1f\x7f]|\\["\\/bfnrt]|\\u[0-9a-f]{4})*"'
    r'|[^\s"=\\\x00-\x1f\x7f-\U0010ffff]+))*')


def visitor(number):
    return MARK + ("-%d" % number, "é %d" % number, "\x7f\"%d" % number)[
        number % 3]


def good(first, count):
    return [(b"k%d" % (n % 7), line(
        visitor=visitor(n % 99), item="sku-%d" % (n % 23), type="page_view",
        ts=START + n * 500)) for n in range(first, first + count)]


def bad():
    """Each reason there is, a visitor in most of them."""
    one = {"visitor": visitor(1), "item": "sku-1", "type": "page_view",
           "ts": START}
    values = [line(**{**one, **change}) for change in (
        {"ts": START + 10**12}, {"ts": START - 10**10}, {"ts": "soon"},
        {"item": 7.5}, {"visitor": MARK * 60}, {"session": 7},
        {"tenant": "t" * 65}, {"type": 7}, {"type": MARK},
        {"consent": False}, {"extra": "x" * 70000})]
    values += [b"{" + MARK.encode(), b'"' + MARK.encode() + b'\xff"',
               b'{"visitor":"' + MARK.encode() + b'\x00"}']
    return [(MARK.encode(), value) for value in values]


class Logs(Live):
    def whole_log(self, daemon):
        with open(daemon.log.name, encoding="utf-8") as file:
            return file.read()

    def live_through(self, log_format):
        """A life with every trouble in it; returns what was said."""
        letters = kafka.fresh_topic()
        with self.service(log__level="debug", log__format=log_format,
                          events__dead_letter_topic=letters) as daemon:
            kafka.produce(self.topic, good(0, 3000) + bad())
            daemon.await_words("event\\W+counting")
            self.await_stat("events_refused", 10)
            daemon.reload(self.settings, log__level="debug",
                          log__format=log_format, lists__k="nine")
            daemon.await_words("reload_failed")
            daemon.reload(self.settings, log__level="debug",
                          log__format=log_format, lists__k=7)
            daemon.await_words("reloaded")
            self.server.kill()
            kafka.produce(self.topic, good(3000, 3000))
            daemon.await_words("redis_lost")
            time.sleep(0.5)
            self.server.start()
            self.await_stat("events_accepted", 6000)
            daemon.signal(signal.SIGTERM)
            daemon.process.wait(20)
            self.assertGreaterEqual(len(kafka.consume(letters)), 10)
            return self.whole_log(daemon)

    def await_stat(self, name, least, seconds=20):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if int(self.stats().get(name, 0)) >= least:
                return
            time.sleep(0.1)
        self.fail("%s stays below %d: %s" % (name, least, self.stats()))

    def test_json(self):
        lines = self.live_through("json").splitlines()
        self.assertGreater(len(lines), 10)
        for said in lines:
            self.assertNotIn(MARK, said)
            found = json.loads(said)
            self.assertEqual(list(found)[:3], ["level", "event", "at_ms"])
            self.assertIn(found["level"], ("debug", "info", "warn", "error"))
            self.assertLess(abs(found["at_ms"] / 1000 - time.time()), 600)

    def test_text(self):
        said = self.live_through("text")
        self.assertNotIn(MARK, said)
        self.assertIn("\nwarn event=redis_lost at_ms=", said)
        for one in said.splitlines():
            self.assertTrue(TEXT.fullmatch(one), one)

    def test_levels(self):
        kafka.produce(self.topic, good(0, 50))
        with self.service(log__level="error") as daemon:
            self.await_stat("events_accepted", 50)
            daemon.signal(signal.SIGTERM)
            daemon.process.wait(20)
            self.assertEqual(self.whole_log(daemon), "")


if __name__ == "__main__":
    unittest.main()
