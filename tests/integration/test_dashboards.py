#!/usr/bin/env python3
"""The alerts and the dashboard in conf/: every metric they name is one that
the program has, the alerts do what tests/alerts.yml says, and a real
Prometheus finds something to show in every panel.

The last part wants KAFKA_BROKERS: eval "$(scripts/stack env)".
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))

import service
from service import Live
from stack import free_port
from terkait import PROGRAM

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
CONF = os.path.join(ROOT, "conf")
ALERTS = os.path.join(CONF, "prometheus-alerts.yml")
METRIC = re.compile(r"\bterkait_[a-z0-9_]+")
# What is there only when something is wrong.
MAY_BE_EMPTY = (" > 0",)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def await_fetch(url, seconds=20):
    until = time.monotonic() + seconds
    while True:
        try:
            return fetch(url)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def promtool(*arguments):
    return subprocess.run(["promtool", *arguments], capture_output=True,
                          text=True, timeout=120, cwd=ROOT)


def names_of(metrics):
    """Each name that may stand in an expression."""
    names = set()
    for name, kind in re.findall(r"(?m)^# TYPE (\S+) (\S+)$", metrics):
        names.add(name)
        if kind == "histogram":
            names |= {name + "_bucket", name + "_sum", name + "_count"}
    return names


def panels():
    dashboard = json.loads(read(os.path.join(CONF, "grafana-dashboard.json")))
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def expressions():
    """(panel, expression), Grafana's own words replaced."""
    return [(panel["title"], target["expr"]
             .replace("$__rate_interval", "15s").replace("$instance", ".*"))
            for panel in panels() for target in panel["targets"]]


class Names(unittest.TestCase):
    """The program says what it has before Kafka and Redis are there."""

    @classmethod
    def setUpClass(cls):
        if not os.access(PROGRAM, os.X_OK):
            raise unittest.SkipTest(PROGRAM + " is not built: make")
        port = free_port()
        process = subprocess.Popen(
            [PROGRAM, "run", "-s", "http.listen=127.0.0.1:%d" % port,
             "-s", "kafka.brokers=127.0.0.1:1",
             "-s", "redis.url=redis://127.0.0.1:2"],
            stderr=subprocess.DEVNULL)
        try:
            cls.metrics = await_fetch("http://127.0.0.1:%d/metrics" % port)
        finally:
            process.kill()
            process.wait()
        cls.names = names_of(cls.metrics)

    def assert_known(self, text, where):
        for name in set(METRIC.findall(text)):
            self.assertIn(name, self.names, where)

    def test_there_are_some(self):
        self.assertGreater(len(self.names), 60)

    def test_of_alerts(self):
        self.assert_known(read(ALERTS), "prometheus-alerts.yml")
        self.assert_known(read(os.path.join(ROOT, "tests", "alerts.yml")),
                          "tests/alerts.yml")

    def test_of_the_dashboard(self):
        for title, expression in expressions():
            self.assertRegex(expression, METRIC)
            self.assert_known(expression, title)
        self.assert_known(read(os.path.join(CONF, "grafana-dashboard.json")),
                          "grafana-dashboard.json")

    def test_reasons(self):
        """Of labels that are asked for by value."""
        asked = re.findall(r'(terkait_[a-z_]+)\{reason="([a-z_]+)"\}',
                           read(ALERTS))
        self.assertTrue(asked)
        for name, reason in asked:
            self.assertIn('%s{reason="%s"}' % (name, reason), self.metrics)


class Rules(unittest.TestCase):
    def test_promtool_check(self):
        for what in (("rules", ALERTS),
                     ("config", os.path.join(CONF, "prometheus.yml"))):
            done = promtool("check", *what)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_promtool_test(self):
        done = promtool("test", "rules", "tests/alerts.yml")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_alert_is_tested(self):
        """To speak, and to be silent on a day like any other."""
        tests = read(os.path.join(ROOT, "tests", "alerts.yml"))
        alerts = re.findall(r"- alert: (\w+)", read(ALERTS))
        self.assertEqual(len(alerts), len(set(alerts)))
        for alert in alerts:
            self.assertRegex(
                tests, r"alertname: %s\n +exp_alerts:\n" % alert)
            self.assertIn("{eval_time: 2h, alertname: %s}" % alert, tests)


class Dashboard(unittest.TestCase):
    def test_expressions_are_well_formed(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            file.write("groups:\n- name: panels\n  rules:\n")
            for number, (_, expression) in enumerate(expressions()):
                file.write("  - {record: panel_%d, expr: %s}\n" % (
                    number, json.dumps(expression)))
            file.flush()
            done = promtool("check", "rules", file.name)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_layout(self):
        """Panels have ids and titles of their own, and do not overlap."""
        everything = json.loads(read(os.path.join(
            CONF, "grafana-dashboard.json")))["panels"]
        taken = set()
        for panel in everything:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24)
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    self.assertNotIn((x, y), taken, panel["title"])
                    taken.add((x, y))
        for key in ("id", "title"):
            values = [panel[key] for panel in everything]
            self.assertEqual(len(values), len(set(values)), key)
        self.assertTrue(all(panel["description"] for panel in panels()))


class Shown(Live):
    """Through a real Prometheus, with the rules and the scraping of conf/."""

    def setUp(self):
        service.check_module()
        super().setUp()
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.port = free_port()

    def prometheus(self, target):
        text = read(os.path.join(CONF, "prometheus.yml"))
        text = text.replace("terkait:9464", target)
        text = text.replace("interval: 5s", "interval: 1s")
        text = text.replace("interval: 15s", "interval: 1s")
        text = text.replace("- prometheus-alerts.yml", "- " + ALERTS)
        path = os.path.join(self.folder.name, "prometheus.yml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        process = subprocess.Popen(
            ["prometheus", "--config.file", path, "--storage.tsdb.path",
             os.path.join(self.folder.name, "data"), "--web.listen-address",
             "127.0.0.1:%d" % self.port], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

    def ask(self, what, **parameters):
        return json.loads(fetch("http://127.0.0.1:%d/api/v1/%s?%s" % (
            self.port, what, urllib.parse.urlencode(parameters))))["data"]

    def count_of(self, expression):
        return len(self.ask("query", query=expression)["result"])

    def test_every_panel_shows_something(self):
        at = "127.0.0.1:%d" % free_port()
        with self.service(http__listen=at) as daemon:
            self.prometheus(at)
            await_fetch("http://127.0.0.1:%d/-/ready" % self.port)
            self.produce(3000)
            daemon.await_words("event=counting")
            missing = [one for one in expressions()
                       if not any(word in one[1] for word in MAY_BE_EMPTY)]
            until = time.monotonic() + 40
            while missing and time.monotonic() < until:
                missing = [one for one in missing if not self.count_of(one[1])]
                time.sleep(0.5)
            self.assertFalse(missing)
            found = self.ask("rules")["groups"][0]["rules"]
            self.assertEqual({rule["health"] for rule in found}, {"ok"})
            self.assertEqual({rule["name"] for rule in found
                              if rule["state"] == "firing"}, set())


if __name__ == "__main__":
    unittest.main()
