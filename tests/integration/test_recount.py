#!/usr/bin/env python3
"""The recount itself, against examples worked out by hand, clause by clause."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))

from recount import Recount, score_of
from settings import HOUR, MINUTE, SECOND, defaults

NOW = 1_718_000_000_000
KINDS = {"v": "page_view", "c": "add_to_cart", "r": "remove_from_cart",
         "p": "purchase"}
VIEWED = {"name": "viewed", "from": ("view",), "to": ("view",)}
CARTED = {"name": "carted", "from": ("cart", "purchase"),
          "to": ("cart", "purchase")}
LED_TO = {"name": "led_to", "from": ("view",), "to": ("cart", "purchase")}


def event(kind, visitor, item, seconds=0, **more):
    fields = {"type": KINDS.get(kind, kind), "visitor": visitor, "item": item,
              "ts": NOW + int(seconds * SECOND)}
    fields.update(more)
    return json.dumps(fields).encode()


def settings(**changes):
    changes.setdefault("lists__min_support", 1)
    changes.setdefault("windows", [{"name": "1h", "length": HOUR,
                                    "panes": 12}])
    return defaults(**changes)


def recount_of(lines, rules=None, **named):
    recount = Recount(rules or settings(**named))
    for offset, line in enumerate(lines):
        recount.take(0, offset, None, line)
    return recount


def pairs_of(recount, relation="viewed", window="1h", tenant=None):
    return {(item, other): n for (r, w, t, item, other), n
            in recount.counts().items()
            if (r, w, t) == (relation, window, tenant)}


class Times(unittest.TestCase):
    def test_future_and_late(self):
        recount = Recount(settings(), now_ms=NOW)
        verdicts = [recount.take(0, n, stamp, event("v", 1, "a", seconds))
                    for n, (stamp, seconds) in enumerate((
                        (None, 301), (NOW + 1000, 301), (-1, 301),
                        (None, 300), (None, -299), (None, -300)))]
        # P is 301 s after the second; the late bound is then -299 s.
        self.assertEqual(verdicts, ["future", "accepted", "future",
                                    "accepted", "accepted", "late"])

    def test_partitions_have_their_own_time(self):
        recount = Recount(settings())
        recount.take(0, 0, -1, event("v", 1, "a", 4000))
        self.assertEqual(recount.take(1, 0, -1, event("v", 1, "b", 0)),
                         "accepted")
        self.assertEqual(recount.take(0, 1, -1, event("v", 1, "b", 0)),
                         "late")
        self.assertEqual(recount.time, NOW + 4000 * SECOND)

    def test_refused_moves_no_time(self):
        recount = recount_of([event("v", 1, "", 999),
                              event("v", 1, "a", 0)])
        self.assertEqual(recount.time, NOW)


class Sessions(unittest.TestCase):
    relations = [VIEWED, CARTED, LED_TO]

    def pairs(self, lines, relation="viewed", **changes):
        changes.setdefault("relations", self.relations)
        return pairs_of(recount_of(lines, **changes), relation)

    def test_gap(self):
        def lines(gap):
            return [event("v", 1, "a", 0), event("v", 1, "b", gap)]
        self.assertEqual(self.pairs(lines(1800)), {("a", "b"): 1,
                                                   ("b", "a"): 1})
        self.assertEqual(self.pairs(lines(1800.001)), {})

    def test_disorder_joins_and_counts_at_its_own_time(self):
        lines = [event("v", 1, "a", 3000), event("v", 1, "b", 2400)]
        recount = recount_of(lines, relations=self.relations, windows=[
            {"name": "1h", "length": 10 * MINUTE, "panes": 10}])
        # b came at an older pane: support 1 there; the pair too.
        self.assertEqual(pairs_of(recount), {})
        self.assertEqual(self.pairs(lines), {("a", "b"): 1, ("b", "a"): 1})
        # last_ts is the highest: 3000 + 1800 still joins.
        late = [*lines, event("v", 1, "c", 4800)]
        self.assertEqual(self.pairs(late)[("a", "c")], 1)

    def test_session_ids(self):
        one, two = {"session": "1"}, {"session": "2"}
        for kinds, expected in (((one, two), 0), ((one, one), 1),
                                (({}, one), 1), ((one, {}), 1),
                                ((one, {}, two), 1), (({}, one, two), 1),
                                ((one, two, one), 0),
                                ((one, {"session": ""}), 1)):
            lines = [event("v", 1, "i%d" % n, n, **more)
                     for n, more in enumerate(kinds)]
            self.assertEqual(len(self.pairs(lines)), expected * 2, kinds)

    def test_tenants_and_visitors_apart(self):
        lines = [event("v", 1, "a", 0, tenant="x"),
                 event("v", 1, "b", 1, tenant="y"), event("v", 1, "c", 2),
                 event("v", "1", "d", 3), event("v", 2, "e", 4)]
        self.assertEqual(self.pairs(lines), {("c", "d"): 1, ("d", "c"): 1})

    def test_repeats_count_nothing(self):
        lines = [event("v", 1, "a", 0), event("v", 1, "b", 1),
                 event("v", 1, "a", 2), event("v", 1, "b", 3)]
        recount = recount_of(lines, relations=self.relations)
        self.assertEqual(pairs_of(recount), {("a", "b"): 1, ("b", "a"): 1})
        self.assertEqual(recount.lists()["viewed", "1h", None, "a"]["support"],
                         1)

    def test_push_out(self):
        # Two fit. c pushes a out; no pair (a,c). The return of a pushes b out
        # and pairs with c anew.
        lines = [event("v", 1, item, n) for n, item in enumerate("abca")]
        self.assertEqual(self.pairs(lines, session__max_items=2),
                         {("a", "b"): 1, ("b", "a"): 1, ("b", "c"): 1,
                          ("c", "b"): 1, ("a", "c"): 1, ("c", "a"): 1})

    def test_push_out_goes_by_latest_event(self):
        lines = [event("v", 1, item, n) for n, item in enumerate("abac")]
        pairs = self.pairs(lines, session__max_items=2)
        self.assertIn(("a", "c"), pairs)
        self.assertNotIn(("b", "c"), pairs)

    def test_a_removal_moves_the_place_and_empty_ones_hold_it(self):
        lines = [event("c", 1, "a", 0), event("v", 1, "b", 1),
                 event("r", 1, "a", 2), event("v", 1, "c", 3),
                 event("v", 1, "d", 4)]
        # a, emptied, stands behind b: c pushes b out, d pushes a out.
        pairs = self.pairs(lines, session__max_items=2)
        self.assertEqual(pairs, {("c", "d"): 1, ("d", "c"): 1})

    def test_what_a_pushed_out_item_gave_stays(self):
        lines = [event("c", 1, "a", 0), event("c", 1, "b", 1),
                 event("v", 1, "c", 2),   # a leaves
                 event("r", 1, "b", 3)]   # takes nothing back from a
        pairs = self.pairs(lines, "carted", session__max_items=2)
        self.assertEqual(pairs, {("a", "b"): 1, ("b", "a"): 1})

    def test_items_of_one_event_push_out_one_another(self):
        lines = [event("v", 1, None, 0, items=["a", "b", "c", "a"])]
        self.assertEqual(self.pairs(lines, session__max_items=2),
                         {("a", "b"): 1, ("b", "a"): 1, ("b", "c"): 1,
                          ("c", "b"): 1, ("a", "c"): 1, ("c", "a"): 1})

    def test_removal_of_what_is_not_held(self):
        # Opens a session, gives it an id, moves last_ts; holds no place.
        lines = [event("r", 1, "x", 0, session="s"), event("v", 1, "a", 1),
                 event("r", 1, "x", 1700), event("v", 1, "b", 3400)]
        self.assertEqual(self.pairs(lines, session__max_items=2),
                         {("a", "b"): 1, ("b", "a"): 1})
        lines[3] = event("v", 1, "b", 3400, session="other")
        self.assertEqual(self.pairs(lines), {})

    def test_forgotten_when_useless(self):
        # Gap 30 min, lateness 10 min: 1's session (last 0) goes when P
        # passes 2400 s and somebody opens one; 2's own is joined still.
        for now, left in ((2400, 3), (2401, 2)):
            recount = recount_of([event("v", 1, "a", 0),
                                  event("v", 2, "a", 1000),
                                  event("v", 3, "a", now)])
            recount.count()
            self.assertEqual(len(recount.partitions[0].sessions), left)

    def test_old_end_only(self):
        # 2 stands at the old end and is fresh, so 1 behind it stays.
        recount = recount_of([event("v", 2, "a", 2500),
                              event("v", 1, "a", 2000),
                              event("v", 3, "a", 4850)])
        recount.count()
        self.assertEqual(len(recount.partitions[0].sessions), 3)

    def test_max_open(self):
        lines = [event("v", 1, "a", 0), event("v", 2, "a", 1),
                 event("v", 1, "b", 2),   # 2 is the oldest now
                 event("v", 3, "a", 3),   # forgets 2
                 event("v", 1, "c", 4), event("v", 2, "b", 5)]
        recount = recount_of(lines, relations=self.relations,
                             session__max_open=2)
        self.assertEqual(pairs_of(recount), {
            ("a", "b"): 1, ("b", "a"): 1, ("a", "c"): 1, ("c", "a"): 1,
            ("b", "c"): 1, ("c", "b"): 1})
        self.assertEqual(recount.partitions[0].forgotten_full, 2)

    def test_own_former_session_makes_room_first(self):
        lines = [event("v", 1, "a", 0, session="1"), event("v", 2, "a", 1),
                 event("v", 1, "b", 2, session="2"), event("v", 2, "b", 3)]
        recount = recount_of(lines, relations=self.relations,
                             session__max_open=2)
        self.assertEqual(pairs_of(recount), {("a", "b"): 1, ("b", "a"): 1})
        self.assertEqual(recount.partitions[0].forgotten_full, 0)


class Relations(unittest.TestCase):
    def recount(self, steps, *relations, **changes):
        lines = [event(kind, 1, item, n)
                 for n, (kind, item) in enumerate(steps)]
        return recount_of(lines, relations=list(relations), **changes)

    def support(self, recount, where, index, item):
        recount.count()
        return recount.total(where, index, None, item, 0)

    def test_removal_takes_both_directions_back(self):
        steps = [("c", "a"), ("c", "b"), ("c", "c"), ("r", "b")]
        recount = self.recount(steps, CARTED)
        self.assertEqual(pairs_of(recount, "carted"),
                         {("a", "c"): 1, ("c", "a"): 1})
        self.assertEqual(self.support(recount, recount.from_support, 0, "b"),
                         0)
        steps += [("c", "b")]
        self.assertEqual(len(pairs_of(self.recount(steps, CARTED),
                                      "carted")), 6)

    def test_held_by_another_action(self):
        steps = [("c", "a"), ("p", "a"), ("c", "b"), ("r", "a")]
        self.assertEqual(len(pairs_of(self.recount(steps, CARTED),
                                      "carted")), 2)

    def test_taken_back_at_the_time_of_its_plus(self):
        # a at pane 0, b at pane 2, removal at pane 4 of the tiny window: if
        # the -1 came at its own time the counts would not be 0.
        rules = settings(relations=[CARTED], windows=[
            {"name": "1h", "length": 10 * SECOND, "panes": 10}])
        recount = recount_of([event("c", 1, "a", 0), event("c", 1, "b", 2),
                              event("r", 1, "a", 4)], rules)
        self.assertEqual(recount.counts(), {})
        self.assertEqual(recount.pairs[0][None, "a"],
                         {("b", (NOW + 2000) // 1000): 0})

    def test_directed(self):
        recount = self.recount([("v", "a"), ("c", "b"), ("v", "c"),
                                ("c", "d"), ("c", "a")], LED_TO)
        self.assertEqual(pairs_of(recount, "led_to"), {
            ("a", "b"): 1, ("a", "d"): 1, ("c", "d"): 1, ("c", "a"): 1})
        for item, came_from, led_to in (("a", 1, 1), ("b", 0, 1),
                                        ("c", 1, 0), ("d", 0, 1)):
            self.assertEqual(self.support(recount, recount.from_support, 0,
                                          item), came_from, item)
            self.assertEqual(self.support(recount, recount.to_support, 0,
                                          item), led_to, item)

    def test_directed_removal(self):
        steps = [("v", "a"), ("c", "b"), ("c", "c"), ("r", "b")]
        self.assertEqual(pairs_of(self.recount(steps, LED_TO), "led_to"),
                         {("a", "c"): 1})

    def test_directed_end_of_from(self):
        relation = {"name": "x", "from": ("cart",), "to": ("view",)}
        steps = [("v", "z"), ("c", "a"), ("v", "b"), ("v", "c"), ("r", "a")]
        self.assertEqual(pairs_of(self.recount(steps[:4], relation), "x"),
                         {("a", "b"): 1, ("a", "c"): 1})
        self.assertEqual(pairs_of(self.recount(steps, relation), "x"), {})

    def test_a_membership_begins_once(self):
        recount = self.recount([("v", "a"), ("c", "b"), ("p", "b"),
                                ("v", "a")], LED_TO)
        self.assertEqual(pairs_of(recount, "led_to"), {("a", "b"): 1})
        self.assertEqual(self.support(recount, recount.to_support, 0, "b"), 1)

    def test_directed_end_of_from_at_the_time_of_the_plus(self):
        relation = {"name": "x", "from": ("cart",), "to": ("view",)}
        recount = self.recount([("c", "a"), ("v", "b"), ("r", "a")], relation,
                               windows=[{"name": "1h", "length": 10 * SECOND,
                                         "panes": 10}])
        recount.count()
        self.assertEqual(recount.pairs[0][None, "a"],
                         {("b", NOW // 1000 + 1): 0})

    def test_overlapping_sets(self):
        # A cart begins both memberships of one item at once.
        relation = {"name": "x", "from": ("view", "cart"), "to": ("cart",)}
        steps = [("c", "a"), ("c", "b"), ("v", "c"), ("c", "c")]
        self.assertEqual(pairs_of(self.recount(steps, relation), "x"), {
            ("a", "b"): 1, ("a", "c"): 1, ("b", "c"): 1})
        steps += [("r", "a")]
        self.assertEqual(pairs_of(self.recount(steps, relation), "x"), {
            ("b", "c"): 1})
        steps += [("r", "c")]  # its view holds from, to ends
        self.assertEqual(pairs_of(self.recount(steps, relation), "x"), {})

    def test_n_counts_a_session_once_and_for_good(self):
        recount = self.recount([("c", "a"), ("r", "a"), ("c", "b")],
                               CARTED, VIEWED, LED_TO)
        recount.count()
        self.assertEqual([recount.total(recount.sessions_by_pane, index, None,
                                        None, 0) for index in range(3)],
                         [1, 0, 0])


class Windows(unittest.TestCase):
    rules = {"relations": [VIEWED], "windows": [
        {"name": "1h", "length": 10 * SECOND, "panes": 5},
        {"name": "long", "length": 40 * SECOND, "panes": 4}]}

    def test_panes_at_the_edge(self):
        # NOW is at an edge of 2 s and of 10 s panes. The pair's at second 2.
        for t, short, long in ((11.999, 1, 1), (12, 0, 1), (39.999, 0, 1),
                               (40, 0, 0)):
            recount = recount_of([event("v", 1, "a", 0), event("v", 1, "b", 2),
                                  event("v", 9, "z", t)], **self.rules)
            self.assertEqual(len(pairs_of(recount)), 2 * short, t)
            self.assertEqual(len(pairs_of(recount, window="long")), 2 * long)

    def test_pair_without_the_support_of_its_first(self):
        recount = recount_of([event("v", 1, "a", 0), event("v", 1, "b", 2),
                              event("v", 9, "z", 11)], **self.rules)
        found = recount.lists()
        self.assertEqual(found["viewed", "1h", None, "a"]["support"], 0)
        self.assertEqual(found["viewed", "1h", None, "b"]["support"], 1)
        self.assertEqual(found["viewed", "1h", None, "a"]["items"],
                         [("b", 1 / 21, 1)])


class Scores(unittest.TestCase):
    def test_formulas(self):
        for name, expected in (("cosine", 3 / (29 * 26) ** 0.5), ("count", 3),
                               ("jaccard", 3 / 12), ("conditional", 3 / 9),
                               ("lift", 300 / 54)):
            self.assertEqual(score_of(name, 3, 9, 6, 100, 20), expected)

    def test_llr_of_a_known_table(self):
        # Dunning's 1993 table, "the swiss": 110 2442 111 29114 -> 270.72
        value = score_of("llr", 110, 2552, 221, 31777, 20)
        self.assertAlmostEqual(value, 270.72, 2)
        self.assertEqual(score_of("llr", 1, 10, 10, 100, 20), 0)
        self.assertEqual(score_of("llr", 1, 10, 10, 99, 20), 0)

    def test_supports_are_at_least_what_the_pair_says(self):
        self.assertEqual(score_of("conditional", 3, 1, 5, 9, 20), 1)
        self.assertEqual(score_of("jaccard", 3, 1, 2, 9, 20), 1)
        self.assertEqual(score_of("lift", 2, 4, 4, 0, 20), 2 * 6 / 16)


class Lists(unittest.TestCase):
    def baskets(self, *baskets):
        return [event("v", number, item, 0)
                for number, basket in enumerate(baskets) for item in basket]

    def items(self, lines, item="a", **changes):
        recount = recount_of(lines, relations=[VIEWED], **changes)
        found = recount.lists().get(("viewed", "1h", None, item))
        return found and [entry[0] for entry in found["items"]]

    def test_min_support_and_k(self):
        lines = self.baskets("ab", "ab", "ac", "ad", "ad", "ad")
        self.assertEqual(self.items(lines, lists__min_support=2), ["d", "b"])
        self.assertEqual(self.items(lines, lists__k=1), ["d"])
        self.assertIsNone(self.items(lines, lists__min_support=4))

    def test_ties_by_count_then_bytes(self):
        # b: c 2 of 2; c: 1 of 1; conditional gives b 2/5, the rest 1/5.
        lines = self.baskets("ab", "ab", "ac", ["a", "\U0001f600"],
                             ["a", "\uffee"], "ad")
        self.assertEqual(self.items(lines, lists__score="conditional"),
                         ["b", "c", "d", "\uffee", "\U0001f600"])
        # lift: 2 N / (3 * 2) of z is 1 N / (3 * 1) of y: more counts first
        lines = self.baskets("xz", "xz", "xy")
        self.assertEqual(self.items(lines, "x", lists__score="lift"),
                         ["z", "y"])

    def test_own_settings_of_a_relation(self):
        own = dict(VIEWED, k=1, min_support=2, score="count")
        recount = recount_of(self.baskets("ab", "ab", "ac", "ad", "ad"),
                             relations=[own])
        self.assertEqual(recount.lists()["viewed", "1h", None, "a"]["items"],
                         [("b", 2.0, 2)])

    def test_popular(self):
        lines = [event("v", 1, "a", 0, category="k"), event("v", 2, "a", 1),
                 event("v", 1, "b", 0, category="k"),
                 event("v", 1, "b", 5, category="m"),
                 event("v", 3, "b", 4, category="k"),
                 event("v", 4, "c", 5, tenant="t", category="")]
        found = recount_of(lines, relations=[VIEWED]).popular()
        self.assertEqual(found["1h", None, None], {
            "as_of": NOW + 5000, "support": 3,
            "items": [("a", 2.0, 2), ("b", 2.0, 2)]})
        self.assertEqual(found["1h", None, "k"]["items"], [("a", 2.0, 2)])
        self.assertEqual(found["1h", None, "m"]["items"], [("b", 2.0, 2)])
        self.assertEqual(found["1h", "t", None]["support"], 1)
        self.assertEqual(len(found), 4)

    def test_popular_is_of_the_first_relation(self):
        lines = [event("v", 1, "a", 0), event("c", 1, "b", 1)]
        found = recount_of(lines, relations=[CARTED, VIEWED]).popular()
        self.assertEqual(found["1h", None, None]["items"], [("b", 1.0, 1)])

    def test_category_ties_by_bytes(self):
        for first, second in (("k", "m"), ("m", "k")):
            lines = [event("v", 1, "a", 0, category=first),
                     event("v", 1, "a", 0, category=second)]
            found = recount_of(lines, relations=[VIEWED]).popular()
            self.assertIn(("1h", None, "m"), found)
            self.assertNotIn(("1h", None, "k"), found)

    def test_counts_top(self):
        lines = self.baskets("abcd", "ab", "ad")
        recount = recount_of(lines, relations=[VIEWED], counts__max=2)
        self.assertEqual(recount.counts_top()["viewed", "1h", None, "a"],
                         {"b": 2, "d": 2})
        recount = recount_of(lines, relations=[VIEWED], counts__max=0)
        self.assertEqual(recount.counts_top(), {})

    def test_cut_rows(self):
        recount = recount_of(self.baskets("abc", "bd", "ce"),
                             relations=[VIEWED], row__max_pairs=2)
        self.assertEqual(recount.cut_rows(), {(None, "b"), (None, "c")})

    def test_ever_cut_rows(self):
        recount = recount_of(
            self.baskets("abc", "bd") + [event("v", 9, "a", 9 * 3600)],
            relations=[VIEWED], row__max_pairs=2)
        rows = [(None, item) for item in "abc"]
        self.assertEqual(recount.cut_rows(), set())
        self.assertEqual(recount.ever_cut_rows(rows), {(None, "b")})


class Empty(unittest.TestCase):
    def test_no_event(self):
        recount = recount_of([b"{}", b""])
        self.assertEqual((recount.lists(), recount.counts(),
                          recount.popular()), ({}, {}, {}))
        self.assertEqual(dict(recount.verdicts), {"type": 1, "ignored": 1})


if __name__ == "__main__":
    unittest.main()
