#!/usr/bin/env python3
"""The recount's decoder against examples worked out by hand, and its JSON
against jansson's own judgement where that library is at hand."""

import ctypes
import json
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))

from decode import ITEMS_MAX, decode, parse_object, Refused, rfc3339_ms

NOW = 1_718_000_000_000


class Decoding(unittest.TestCase):
    def verdict(self, stamp=None, **fields):
        full = {"type": "page_view", "visitor": "v", "item": "i", "ts": NOW}
        full.update(fields)
        answer = decode(json.dumps(full).encode(), stamp)
        return answer if isinstance(answer, str) else "accepted"

    def test_order_of_reasons(self):
        bad = {"visitor": -1, "item": "", "ts": True, "session": 1,
               "tenant": ""}
        self.assertEqual(decode(b"x" * 65537), "too_large")
        self.assertEqual(decode(b""), "ignored")
        self.assertEqual(self.verdict(type=7, consent=False, **bad), "type")
        self.assertEqual(self.verdict(type="", consent=False, **bad),
                         "ignored")
        self.assertEqual(self.verdict(consent=False, **bad), "no_consent")
        for reason, good in (("visitor", "v"), ("item", "i"), ("ts", NOW),
                             ("session", "s"), ("tenant", "t")):
            self.assertEqual(self.verdict(**bad), reason)
            bad[reason] = good
        self.assertEqual(self.verdict(**bad), "accepted")

    def test_identifiers(self):
        for good in (0, 7, 2**63 - 1, "x", "é" * 64):
            self.assertEqual(self.verdict(visitor=good, item=good),
                             "accepted", good)
        for bad in (-1, 7.0, True, "", "é" * 65, None, [], {}):
            self.assertEqual(self.verdict(visitor=bad), "visitor", bad)
            self.assertEqual(self.verdict(item=bad), "item", bad)

    def test_items(self):
        for good in (["a"], [{"item": 3, "x": None}], ["a", 1, {"item": "b"}],
                     ["a"] * ITEMS_MAX + [None, ""]):
            self.assertEqual(self.verdict(items=good, item=-1), "accepted")
        for bad in ([], "a", {}, 1, ["a", None], [["a"]], [{}], [""],
                    ["a"] * (ITEMS_MAX - 1) + [False]):
            self.assertEqual(self.verdict(items=bad), "item", bad)
        self.assertEqual(self.verdict(items=None), "accepted")

    def test_times(self):
        for value, ms in ((10**11 - 1, (10**11 - 1) * 1000), (10**11, 10**11),
                          (10**14, 10**11), (10**17, 10**11), (0, 0),
                          (1718000000.25, NOW + 250),
                          (1718000000000.9, NOW), (NOW * 1000 + 999, NOW),
                          (NOW * 10**6 + 999_999, NOW),
                          ("2024-06-10T06:13:20Z", NOW),
                          ("2024-06-10t13:13:20.0019+07:00", NOW + 1),
                          ("2024-06-10 06:13:20z", NOW)):
            line = json.dumps({"type": "page_view", "visitor": 1, "item": 1,
                               "ts": value}).encode()
            self.assertEqual(decode(line).ts, ms, value)
        for bad in (-1, -0.5, True, [], "", "2024-06-10T06:13:20",
                    "2024-06-10T06:13:60Z", "2024-06-31T06:13:20Z",
                    "1969-12-31T23:59:59Z", "2024-06-10T24:00:00Z",
                    "2024-06-10T06:13:20.Z", "2024-06-10T06:13:20Z\n",
                    "1718000000"):
            self.assertEqual(self.verdict(ts=bad), "ts", bad)
        self.assertEqual(self.verdict(ts=None), "ts")
        self.assertEqual(self.verdict(ts=None, stamp=-1), "ts")
        self.assertEqual(self.verdict(ts=None, stamp=5), "accepted")

    def test_days(self):
        self.assertEqual(rfc3339_ms("1970-01-01T00:00:00Z"), 0)
        self.assertEqual(rfc3339_ms("2000-02-29T00:00:00Z"), 951782400000)
        self.assertIsNone(rfc3339_ms("1900-02-29T00:00:00Z"))
        self.assertEqual(rfc3339_ms("1969-12-31T23:00:00-01:00"), 0)

    def test_texts(self):
        self.assertEqual(self.verdict(session=""), "accepted")
        self.assertEqual(self.verdict(session="x" * 129), "session")
        self.assertEqual(self.verdict(session=5), "session")
        self.assertEqual(self.verdict(tenant="x" * 65), "tenant")
        self.assertEqual(self.verdict(tenant=5), "tenant")
        self.assertEqual(self.verdict(category=5, region=[], seller=1),
                         "accepted")
        for consent in (True, None, 0, "false"):
            self.assertEqual(self.verdict(consent=consent), "accepted")

    def test_json(self):
        good = b'{"type":"page_view","visitor":"v","item":"i","ts":1'
        for tail in (b"}", b" } \r\n\t", b',"a":1e-999}', b',"a":"\\ud83d'
                     b'\\ude00"}', b',"a":"\\\\u0000"}', b',"a":-0}',
                     b',"a":-9223372036854775808}', b',"type":"purchase"}'):
            self.assertNotIsInstance(decode(good + tail), str, tail)
        for tail in (b"", b"}x", b",}", b',"a":NaN}', b',"a":1e999}',
                     b',"a":9223372036854775808}', b',"a":"\\u0000"}',
                     b',"a":"\\ud800"}', b',"a":"\\udc00\\ud800"}',
                     b',"a":"\xff"}', b',"a":"\xed\xa0\x80"}', b',"a":01}',
                     b',"a":"\n"}', b"}\x00", b',"a":Infinity}',
                     b',"a":"\\ud800x\\udc00"}', b',"a":1.}'):
            self.assertEqual(decode(good + tail), "json", tail)
        self.assertEqual(decode(b"[]"), "json")
        self.assertEqual(decode(b"\xef\xbb\xbf" + good + b"}"), "json")
        # The last of two decides, and still both must be sound.
        twice = b'{"type":7,"visitor":1,"item":1,"ts":1,"type":"page_view"}'
        self.assertNotIsInstance(decode(twice), str)
        self.assertEqual(decode(twice.replace(b"7", b"1e999")), "json")

    def test_depth(self):
        for levels, verdict in ((2047, False), (2048, True)):
            nest = b'{"a":' + b"[" * levels + b"]" * levels + b"}"
            self.assertEqual(decode(nest) == "json", verdict, levels)
        for levels, verdict in ((2046, False), (2047, True)):
            nest = b'{"a":' + b"[" * levels + b"1" + b"]" * levels + b"}"
            self.assertEqual(decode(nest) == "json", verdict, levels)

    def test_like_jansson(self):
        judge = jansson()
        if judge is None:
            self.skipTest("libjansson.so.4 is not here")
        chance = random.Random(5)
        pieces = [b'{"a":%s}', b'{"a":[%s,{"b":%s}]}', b"[%s]", b'{"a":"%s"}',
                  b'{"\\ud83d\\ude00":%s,"a":%s}', b"%s", b" {} %s"]
        leaves = [b"1", b"-0", b"1.5e3", b'"x"', b"null", b"tru", b"1e400",
                  b"\xc3\xa9", b"\xed\xbf\xbf", b"\\u12", b"\\ud800\\udc00",
                  b"\\udfff", b"\\u0000", b"\\\\u0000", b"\x00", b"\x7f",
                  b'"\xf4\x90\x80\x80"', b"9223372036854775807", b"1E+",
                  b"9223372036854775808", b"[]", b"\x0c", b'"\\/"', b"'",
                  b"-9223372036854775809", b"0x1", b"\xc0\x80", b"+1", b".5"]
        deep = [b'{"a":' + b"[" * n + leaf + b"]" * n + b"}"
                for n in (2045, 2046, 2047, 2048) for leaf in (b"", b"{}",
                                                               b'"["')]
        for number in range(30000):
            text = chance.choice(pieces)
            text %= tuple(chance.choice(leaves)
                          for _ in range(text.count(b"%s")))
            if number < len(deep):
                text = deep[number]
            elif chance.random() < 0.3:
                at = chance.randrange(len(text))
                text = text[:at] + bytes([chance.randrange(256)]) \
                    + text[at + chance.randrange(2):]
            # jansson 2.14 overlooks a raw NUL behind a number or literal; the
            # contract refuses it.
            expected = judge(text) and b"\0" not in text
            self.assertEqual(is_json(text), expected, text)


def is_json(text):
    try:
        return isinstance(parse_object(text), dict)
    except Refused:
        return False


def jansson():
    try:
        library = ctypes.CDLL("libjansson.so.4")
    except OSError:
        return None
    library.json_loadb.restype = ctypes.c_void_p
    library.json_loadb.argtypes = [ctypes.c_char_p, ctypes.c_size_t,
                                   ctypes.c_size_t, ctypes.c_void_p]

    def judge(text):
        value = library.json_loadb(text, len(text), 0, None)
        # The first field of a json_t is its type; 0 is an object. Not freed.
        return bool(value) and ctypes.c_int.from_address(value).value == 0
    return judge


if __name__ == "__main__":
    unittest.main()
