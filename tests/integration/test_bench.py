#!/usr/bin/env python3
"""What `make bench` makes of the numbers it measured: middle values, bars,
tables, the comparison with an older report, and README's section."""

import os
import subprocess
import sys
import unittest

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path[:0] = [os.path.join(TESTS, "bench"), os.path.join(TESTS, "lib")]

import measure
import report
import rig
from figures import Figures
from terkait import ROOT, Failed

MACHINE = {"cpu": "Z80", "cores": 2, "memory_gb": 0.1, "kernel": "6.1",
           "kafka": "4.2.0", "redis": "7.0.15", "librdkafka": "2.0.2",
           "compiler": "gcc 12"}


def example():
    figures = Figures()
    for value in (300_000, 100_000, 120_000):
        figures.add("whole.lean.events_per_s", "lean", "events/s", value,
                    "more", 110_000)
    figures.add("memory.session", "a session", "bytes", 170.4, "less", 160)
    figures.add("null.us", "null", "us/event", 0.31)
    return figures.as_json()


def as_report(figures):
    return {"date": "2026-11-22T10:00:00+00:00", "machine": MACHINE,
            "options": {"runs": 3, "quick": False}, "failed": [],
            "notes": [], "figures": figures}


class Measure(unittest.TestCase):
    def test_percentiles(self):
        values = list(range(100, 0, -1))
        self.assertEqual(measure.percentile(values, 0.5), 50)
        self.assertEqual(measure.percentile(values, 0.99), 99)
        self.assertEqual(measure.percentile(values, 1), 100)
        self.assertEqual(measure.percentile([7], 0.99), 7)
        self.assertEqual(measure.percentile([1, 2, 3], 0.5), 2)

    def test_between_samples(self):
        samples = [(1000, 2.0), (2000, 4.0), (4000, 4.0)]
        for moment, value in ((500, 2.0), (1000, 2.0), (1250, 2.5),
                              (3000, 4.0), (9000, 4.0)):
            self.assertEqual(measure.at_time(samples, moment), value)

    def test_processor_time_is_of_the_process(self):
        with subprocess.Popen([sys.executable, "-c", "while True: pass"]) \
                as busy, subprocess.Popen(["sleep", "60"]) as idle:
            try:
                with measure.Sampler(busy=busy.pid, idle=idle.pid) as sampler:
                    measure.time.sleep(1)
                used = {name: sampler.between(name, 0, 1e15)
                        for name in ("busy", "idle")}
            finally:
                busy.kill()
                idle.kill()
        self.assertGreater(used["busy"], 0.1)
        self.assertLess(used["busy"], 1.5)
        self.assertEqual(used["idle"], 0)
        self.assertIsNone(measure.cpu_seconds(idle.pid))

    def test_memory(self):
        holds = measure.status_bytes(os.getpid(), "VmRSS")
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[1])
        self.assertAlmostEqual(holds, pages * os.sysconf("SC_PAGE_SIZE"),
                               delta=holds / 4)
        self.assertGreaterEqual(measure.status_bytes(os.getpid(), "VmHWM"),
                                holds)


class Programs(unittest.TestCase):
    """Those of tests/bench that want no server, with small numbers."""

    @classmethod
    def setUpClass(cls):
        rig.PROGRAMS = os.path.join(os.environ.get(
            "BUILD", os.path.join(ROOT, "build")), "obj", "bench")
        if not rig.has_program("bench_core"):
            raise unittest.SkipTest("not built: make bench-programs")

    def test_core(self):
        for words in ({}, {"visit": 5}, {"set": ["windows=24h"]}):
            found, = rig.program("bench_core", events=20_000, items=500,
                                 **words)
            self.assertEqual(found["events"], 20_000)
            self.assertLess(0, found["rows"])
            self.assertLessEqual(found["rows"], 501)
            self.assertGreater(found["live"], 1000)
            self.assertAlmostEqual(
                found["ns_per_event"] * found["events_per_s"], 1e9, delta=1e7)
            self.assertAlmostEqual(
                found["pair_updates_per_s"] / found["events_per_s"],
                found["pair_updates_per_event"], delta=0.01)

    def test_pair_updates_of_a_visit(self):
        """Of 5 items, if all differ: 2 * (0 + 1 + 2 + 3 + 4) in 5 events."""
        found, = rig.program("bench_core", events=100_000, items=100_000,
                             visit=5, zipf=0, set=["relations=also_viewed"])
        self.assertAlmostEqual(found["pair_updates_per_event"], 4, delta=0.25)

    def test_memory(self):
        sessions, rows = rig.program("bench_memory", items=5000, few=5,
                                     many=20, sessions=5000)
        self.assertEqual(sessions["open"], 5000)
        self.assertAlmostEqual(rows["live"], 5000 * 20, delta=10_000)
        self.assertEqual(rows["rows_left"], 0)
        self.assertTrue(4 < rows["bytes_cell"] < 100, rows)

    def test_a_program_that_fails(self):
        with self.assertRaises(Failed):
            rig.program("bench_core", set=["no.such.setting=1"])


class Report(unittest.TestCase):
    def test_the_middle_run_and_its_bar(self):
        lean, session, null = example()
        self.assertEqual((lean["value"], lean["least"], lean["most"]),
                         (120_000, 100_000, 300_000))
        self.assertIs(lean["reached"], True)
        self.assertIs(session["reached"], False)
        self.assertIsNone(null["reached"])

    def test_numbers(self):
        for value, text in ((12_345_678, "12.35 M"), (1_234_567, "1,234,567"),
                            (99.94, "99.9"), (9.876, "9.88"), (0, "0"),
                            (0.03125, "0.0312"), (None, "")):
            self.assertEqual(report.number(value), text)

    def test_table(self):
        self.assertEqual(list(report.table(example())), [
            "             value  unit        least     most  bar         reached",
            "lean       120,000  events/s  100,000  300,000  >= 110,000  yes",
            "a session      170  bytes                       <= 160      NO",
            "null        0.3100  us/event"])

    def test_comparison(self):
        old, new = example()[:2], example()[1:]
        old[1]["value"] = 213
        self.assertEqual(list(report.comparison(old, new)), [
            "            before   after  unit      change  bar         reached",
            "a session      213     170  bytes      -20 %  <= 160      NO",
            "null                0.3100  us/event",
            "lean       120,000          events/s          >= 110,000  yes"])

    def test_readme(self):
        made = report.readme_section(as_report(example()))
        self.assertIn("2026-11-22: Z80, 2 cores", made)
        self.assertTrue(made.endswith(
            "| what | measured | bar |\n|---|---:|---:|\n"
            "| lean | 120,000 events/s | >= 110,000 |\n"
            "| a session | 170 bytes | <= 160 |\n"))
        self.assertIn("null.events_per_s", report.missing_in_readme(
            as_report(example())))
        text = "a\n%s\nold\n%s\nb\n" % (report.START, report.END)
        self.assertEqual(report.put_between(text, "new\n"),
                         text.replace("old", "new"))
        with self.assertRaises(ValueError):
            report.put_between("a\nb\n", "new\n")

    def test_readme_has_the_markers(self):
        with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(report.put_between(text, "x"),
                         report.put_between(report.put_between(text, "y"),
                                            "x"))


if __name__ == "__main__":
    unittest.main()
