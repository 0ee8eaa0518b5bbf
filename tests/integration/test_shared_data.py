#!/usr/bin/env python3
"""Real event data through `replay`, against the recount. The data is no part
of the product: without $SHARED/data or ../shared/data this is skipped."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))

from real_data import lines_of
from recount import Recount
from settings import DAY, defaults
from terkait import PROGRAM, compare_replay, shared_data


def setUpModule():
    if shared_data() is None:
        raise unittest.SkipTest("no shared data here: neither $SHARED/data "
                                "nor ../shared/data")
    if not os.access(PROGRAM, os.X_OK):
        raise unittest.SkipTest(PROGRAM + " is not built: make")


class Real(unittest.TestCase):
    def compare(self, name, **changes):
        settings = defaults(**changes)
        lines = lines_of(name)
        recount = Recount(settings)
        for number, line in enumerate(lines):
            recount.take(0, number, None, line)
        self.assertEqual(recount.verdicts["accepted"], len(lines))
        self.assertEqual(recount.cut_rows(), set())
        found = compare_replay(recount, lines, settings)
        self.assertFalse(found, "\n".join(map(str, found)))
        self.assertGreater(len(recount.counts()), 1000)

    def test_serenade(self):
        for min_support in (1, 2):
            with self.subTest(min_support=min_support):
                self.compare("serenade.train", lists__min_support=min_support)

    def test_serenade_whole(self):
        """One window that holds all of it."""
        self.compare("serenade.train", windows=[
            {"name": "all", "length": 400 * DAY, "panes": 400}],
            row__max_pairs=100_000)

    def test_otto(self):
        self.compare("otto_fixture", lists__min_support=1)


if __name__ == "__main__":
    unittest.main()
