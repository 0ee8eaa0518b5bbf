#!/usr/bin/env python3
"""Pictures of the live page under load: light, dark, narrow, and while Redis
is away. They go into the build folder; `make pictures` makes those of
docs/, after minutes of load rather than seconds.

Environment: PICTURES (build/pictures), PICTURES_SECONDS (5) of load."""

import json
import os
import subprocess
import sys
import time
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
# pylint: disable=wrong-import-position
import kafka
import png
from browser import Browser, program
from service import Service, check_module
from settings import defaults
from stack import PrivateRedis, free_port
from terkait import PROGRAM, ROOT

IS_WANTED = "PICTURES" in os.environ
FOLDER = os.environ.get("PICTURES") or os.path.join(
    os.environ.get("BUILD", os.path.join(ROOT, "build")), "pictures")
SECONDS = int(os.environ.get("PICTURES_SECONDS", "5"))
SIZE_MAX = 300_000
EVENTS = 20_000
MINUTE, HOUR = 60_000, 3_600_000

# Of the item that is open an entry that stands in all windows.
CHOOSE = """(() => {
    const columns = [...document.querySelectorAll('#lists .list')].map((list) =>
        [...list.querySelectorAll('.entry')]);
    const known = columns.map((entries) =>
        new Set(entries.map((entry) => entry.dataset.id)));
    const entry = columns[1].find((one) =>
        known.every((ids) => ids.has(one.dataset.id))) || columns[1][0];
    entry.click();
    document.activeElement.blur();
    scrollTo(0, 0);
})()"""


def setUpModule():
    check_module()
    if program() is None:
        raise unittest.SkipTest("no Chromium here: scripts/deps test")


class Pictures(unittest.TestCase):
    def setUp(self):
        self.topic = "events" if IS_WANTED else kafka.fresh_topic()
        self.server = PrivateRedis("appendonly no")
        self.addCleanup(self.server.close)
        now = int(time.time() * 1000)
        for ago in (60 * HOUR, 7 * HOUR, 70 * MINUTE):
            evening = self.simulate("--count=%d" % EVENTS, "--peak=1",
                                    "--start=%d" % (now - ago))
            self.assertEqual(0, evening.wait(60))
        port = free_port()
        self.url = "http://127.0.0.1:%d/" % port
        self.daemon = Service(
            defaults(row__max_pairs=4000), self.topic, self.server.url,
            redis__prefix="terkait:", http__listen="127.0.0.1:%d" % port,
            state__groups=256, lists__sweep="60s")
        self.addCleanup(self.daemon.__exit__)
        browser = Browser()
        self.addCleanup(browser.close)
        self.tab = browser.tab()
        os.makedirs(FOLDER, exist_ok=True)

    def simulate(self, *options):
        process = subprocess.Popen(
            [PROGRAM, "simulate", "--kafka", "--brokers=" + kafka.brokers(),
             "--topic=" + self.topic, "--no-progress", *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def picture(self, name, width, until, scheme, scale=1):
        """As far down as the element `until` reaches."""
        self.tab.media(prefers_color_scheme=scheme)
        self.tab.resize(width, 900, scale)
        bottom = self.tab.evaluate(
            "document.querySelector('%s').getBoundingClientRect().bottom"
            " + scrollY" % until)
        self.tab.resize(width, int(bottom) + 10, scale)
        self.tab.evaluate("repaint_charts(); new Promise((done) =>"
                          "requestAnimationFrame(() =>"
                          "requestAnimationFrame(done)))")
        path = os.path.join(FOLDER, name)
        self.tab.picture(path)
        if IS_WANTED:
            self.assertGreater(png.shrink(path), 100)
            self.assertLess(os.path.getsize(path), SIZE_MAX)
        self.assertGreater(os.path.getsize(path), 20_000)

    def await_rest(self):
        """Until what was sent before is counted."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(
                        self.url + "api/v1/status") as answer:
                    status = json.load(answer)
                if status["values"]["is_caught_up"] \
                        and status["values"]["records_read"] >= 3 * EVENTS:
                    return
            except OSError:
                pass
            time.sleep(0.2)
        self.fail("never at rest: " + self.daemon.said())

    def test_pictures(self):
        self.await_rest()
        self.simulate("--pace", "--count=0", "--rate=1200", "--peak=3",
                      "--peak-after=%ds" % (SECONDS * 2 // 3 + 1),
                      "--peak-ramp=%ds" % (SECONDS // 3 + 1))
        time.sleep(25 if IS_WANTED else 0)  # what was sent before is over
        self.tab.resize(1440, 900)
        self.tab.open(self.url)
        self.tab.wait("document.querySelectorAll('#hot li').length > 8", 60)
        time.sleep(SECONDS)
        self.tab.evaluate("document.querySelector('#hot button').click()")
        self.tab.wait("document.querySelectorAll('#lists .entry').length > 20")
        self.tab.evaluate(CHOOSE)
        self.tab.wait("document.querySelectorAll('.verdict').length === 3")
        self.tab.wait("document.querySelectorAll('#hot .goes')[7]"
                      ".textContent")
        self.picture("page-light.png", 1440, ".explore", "light")
        self.picture("page-dark.png", 1440, ".explore", "dark")
        self.picture("page-narrow.png", 360, "#lag", "light", 2)
        self.tab.resize(1440, 900)
        self.server.kill()
        self.tab.wait("has_reason('redis_away')")
        time.sleep(4)
        self.picture("page-redis-away.png", 1440, ".charts", "light")
        self.assertEqual([], self.tab.troubles())


if __name__ == "__main__":
    unittest.main(verbosity=2)
