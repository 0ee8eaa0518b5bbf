#!/usr/bin/env python3
"""`replay --print` against the recount: hostile little streams of many seeds,
simulated ones, refused input of every reason. sanitized: yes

    SEEDS=500 python3 tests/integration/test_replay.py Streams

A stream that differs is shrunk and shown.
"""

import os
import sys
import tempfile
import unittest
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))

import streams
from decode import REASONS, decode
from recount import Recount
from settings import conf_text, defaults
from streams import HARMLESS_ODD, HOSTILE, START, Stream, line
from terkait import PROGRAM, Failed, compare_replay, replay, replay_counts, \
    replay_lists, replay_stats, run, shrink, write_conf

SEEDS = int(os.environ.get("SEEDS", "120"))
FIRST_SEED = int(os.environ.get("FIRST_SEED", "1"))


def recount_of(lines, settings, now_ms=None):
    recount = Recount(settings, now_ms)
    for number, text in enumerate(lines):
        recount.take(0, number, None, text)
    return recount


def differences(lines, settings, now_ms):
    return compare_replay(recount_of(lines, settings, now_ms), lines, settings,
                          now_ms)


def smallest(lines, settings, now_ms):
    """The report of the smallest stream that still differs."""
    lines = shrink(lines, lambda some: differences(some, settings, now_ms))
    found = differences(lines, settings, now_ms)
    return "\n".join(["", conf_text(settings), "now %d" % now_ms,
                      *map(repr, lines), *map(str, found)])


def setUpModule():
    if not os.access(PROGRAM, os.X_OK):
        raise unittest.SkipTest(PROGRAM + " is not built: make")


class Streams(unittest.TestCase):
    def check(self, seeds, **options):
        bad = []
        for seed in range(FIRST_SEED, FIRST_SEED + seeds):
            stream = Stream(seed, **options)
            # Windows that are empty at the end were not so halfway.
            for cut in (len(stream.lines) * (seed % 10) // 10 + 1, None):
                what = stream.lines[:cut], stream.settings, stream.now_ms
                if differences(*what):
                    bad.append("seed %d:%s" % (seed, smallest(*what)))
                    break
            if len(bad) == 3:
                break
        self.assertFalse(bad, "\n\n".join(bad))

    def test_seeds(self):
        self.check(SEEDS)

    def test_wide_seeds(self):
        """Rows and sessions of hundreds of items."""
        self.check(SEEDS // 10, is_wide=True, session__max_items=300,
                   session__max_open=1000, lists__k=300)

    def test_an_endless_session(self):
        """More beginnings in one session than 16 bits can number, and at any
        of them pairs that began before and are taken back after."""
        settings = defaults(
            session__max_items=3, lists__min_support=1,
            relations=[
                {"name": "directed", "from": ["view"], "to": ["cart"]},
                {"name": "symmetric", "from": ["cart"], "to": ["cart"]}],
            windows=[{"name": "w", "length": 200_000, "panes": 40}])
        lines = []
        for step in range(34_000):
            item, former = "abcde"[step % 5], "abcde"[(step - 1) % 5]
            for kind, name in (("page_view", item), ("add_to_cart", item),
                               ("remove_from_cart", former)):
                if kind != "remove_from_cart" or step % 16 != 0:
                    lines.append(line(type=kind, item=name,
                                      ts=START + len(lines)))
        found = differences(lines, settings, START)
        self.assertFalse(found, "\n".join(map(str, found)))

    def test_counters(self):
        for seed in range(FIRST_SEED, FIRST_SEED + 10):
            with self.subTest(seed=seed):
                stream = Stream(seed, hostile=0.5)
                what = (stream.lines, stream.settings, stream.now_ms)
                check_counters(self, recount_of(*what).verdicts, *what)


class Simulated(unittest.TestCase):
    def simulate(self, *options, **changes):
        text = run("simulate", *options)[0]
        lines = [one for one in text.split(b"\n") if one]
        settings = defaults(**changes)
        now_ms = START + 10 * 365 * 86_400_000
        found = differences(lines, settings, now_ms)
        self.assertFalse(found, "\n".join(map(str, found)))
        recount = recount_of(lines, settings, now_ms)
        check_counters(self, recount.verdicts, lines, settings, now_ms)
        self.assertGreater(len(recount.lists()), 100)

    def test_defaults(self):
        for seed in ("1", "2"):
            with self.subTest(seed=seed):
                self.simulate("--seed", seed, "--count", "6000",
                              "--malformed", "0.02", "--disorder", "0.1",
                              "--tenants", "3")

    def test_every_score(self):
        for score in streams.SCORES:
            with self.subTest(score=score):
                self.simulate("--seed", "3", "--count", "2000",
                              lists__score=score, lists__min_support=1)

    def test_same_seed_same_bytes(self):
        def made(seed):
            return run("simulate", "--seed", seed, "--count", "2000")[0]
        self.assertEqual(made("7"), made("7"))
        self.assertNotEqual(made("7"), made("8"))


def check_counters(test, expected, lines, settings, now_ms):
    found = replay_stats(lines, settings, now_ms)
    names = ("accepted", *REASONS)
    test.assertEqual({name: found.get(name) for name in names},
                     {name: expected[name] for name in names})


class Hostile(unittest.TestCase):
    settings = defaults(lists__min_support=1)
    now_ms = START + 60_000

    def check(self, lines, **expected):
        verdicts = Counter(expected)
        self.assertEqual(recount_of(lines, self.settings,
                                    self.now_ms).verdicts, verdicts)
        check_counters(self, verdicts, lines, self.settings, self.now_ms)

    def test_each_reason(self):
        """Every bad line beside two good neighbours, and none is lost."""
        expected = Counter(accepted=2)
        lines = [line(item="a")]
        for reason, text in HOSTILE:
            self.assertEqual(decode(text), reason, text[:200])
            expected[reason] += 1
            lines.append(text)
        lines.append(line(item="b"))
        try:
            check_counters(self, expected, lines, self.settings, self.now_ms)
        except AssertionError as error:
            wrong = [(reason, text[:200]) for reason, text in HOSTILE
                     if replay_stats([text], self.settings,
                                     self.now_ms).get(reason) != 1]
            raise AssertionError("%s: %r" % (error, wrong)) from None
        self.assertEqual(
            set(replay_counts(lines, self.settings, self.now_ms).values()),
            {1})

    def test_odd_but_good(self):
        for _, text in HARMLESS_ODD:
            with self.subTest(text=text[:200]):
                self.check([text], accepted=1)

    def test_damaged_lines(self):
        for seed in range(FIRST_SEED, FIRST_SEED + SEEDS // 12):
            lines = streams.damaged(seed, 3000)
            if self.is_misjudged(lines):
                lines = shrink(lines, self.is_misjudged)
                self.fail("seed %d: %r, judged %r" % (
                    seed, lines, replay_stats(lines, self.settings,
                                              self.now_ms)))

    def is_misjudged(self, lines):
        verdicts = recount_of(lines, self.settings, self.now_ms).verdicts
        found = replay_stats(lines, self.settings, self.now_ms)
        return any(found.get(name) != verdicts[name]
                   for name in ("accepted", *REASONS))

    def test_too_large(self):
        padded = line(pad="x" * 65536)
        fits = padded.replace(b"x" * (len(padded) - 65536), b"", 1)
        self.assertEqual(len(fits), 65536)
        self.check([fits, fits + b" ", b"x" * 70000, line()], accepted=2,
                   too_large=2)

    def test_future_and_late(self):
        settings = dict(self.settings)
        now = self.now_ms
        self.check([line(ts=now + 300_001), line(ts=now + 300_000),
                    line(ts=now - 300_001), line(ts=now - 300_000),
                    line(ts=1)], accepted=2, future=1, late=2)
        self.assertEqual(settings, self.settings)

    def test_refused_events_move_no_time(self):
        self.check([line(ts=self.now_ms + 300_000, visitor=-1),
                    line(ts=self.now_ms + 300_001), line(ts=1),
                    line(ts=0)], accepted=2, future=1, visitor=1)


class Files(unittest.TestCase):
    settings = defaults(lists__min_support=1)

    def test_files_are_one_partition(self):
        """Several files, blank lines, CRLF, no newline at the end."""
        parts = [line(item="a") + b"\r\n\r\n \t\n\n" + line(item="b"),
                 b"\n\n" + line(item="c", visitor="v") + b"\n"]
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for number, part in enumerate(parts):
                paths.append(os.path.join(folder, str(number)))
                with open(paths[-1], "wb") as file:
                    file.write(part)
            out, err = run("replay", "-c", write_conf(folder, self.settings),
                           "--print", "counts", "--stats", *paths)
        self.assertEqual(out.count(b"also_viewed\t1h\t"), 6)
        self.assertRegex(err.decode(), r"(?m)^accepted\s+3$")
        self.assertRegex(err.decode(), r"(?m)^json\s+0$")

    def test_standard_input(self):
        lines = [line(item="a"), line(item="b")]
        with tempfile.TemporaryDirectory() as folder:
            out, _ = run("replay", "-c", write_conf(folder, self.settings),
                         "--print", "counts", "-", stdin=b"\n".join(lines))
        self.assertEqual("".join(text + "\n" for text in replay(
            lines, self.settings, "counts")[0]), out.decode())

    def test_nothing(self):
        self.assertEqual(replay([], self.settings, "lists")[0], [])
        self.assertEqual(replay([b"x"], self.settings, "counts")[0], [])

    def test_a_file_that_is_not_there(self):
        with self.assertRaises(Failed) as caught:
            run("replay", "--print", "lists", "/nowhere/events.ndjson")
        self.assertIn("exit 1", str(caught.exception))

    def test_counts_max_does_not_cut_the_print(self):
        settings = defaults(counts__max=1, lists__k=1, lists__min_support=1)
        lines = [line(item=item) for item in "abc"]
        self.assertEqual(len(replay_counts(lines, settings)), 18)
        self.assertEqual({len(entry["items"]) for entry
                          in replay_lists(lines, settings).values()}, {1})


if __name__ == "__main__":
    unittest.main()
