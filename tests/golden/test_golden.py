#!/usr/bin/env python3
"""Small inputs with the output that `replay --print` must give, byte by byte.
sanitized: yes

A folder is a case: case.json (what it shows, and the settings that differ from
the defaults), events.ndjson, lists.txt, counts.txt. To write the two outputs
anew from the independent recount (never from terkait), and then read the
difference before it is committed:

    python3 tests/golden/test_golden.py --regenerate [CASE...]
"""

import json
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from recount import Recount
from settings import defaults
from terkait import PROGRAM, encode_item, replay


def cases():
    return sorted(name for name in os.listdir(HERE) if os.path.isfile(
        os.path.join(HERE, name, "case.json")))


def settings_of(name):
    with open(os.path.join(HERE, name, "case.json"), encoding="utf-8") as file:
        changes = json.load(file)["settings"]
    return defaults(**changes)


def events_of(name):
    return os.path.join(HERE, name, "events.ndjson")


def list_line(key, entry):
    relation, window, tenant, item = key
    head = {"v": 1, "item": item, "relation": relation, "window": window,
            "as_of": entry["as_of"], "support": entry["support"]}
    items = ['{"id":%s,"score":%.4f,"count":%d}' % (
        json.dumps(other, ensure_ascii=False), score, count)
        for other, score, count in entry["items"]]
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":"))
    return "%s\t%s\t%s\t%s,\"items\":[%s]}" % (
        relation, window, encode_item(tenant, item), text[:-1],
        ",".join(items))


def count_line(key, count):
    relation, window, tenant, item, other = key
    return "%s\t%s\t%s\t%s\t%d" % (
        relation, window, encode_item(tenant, item),
        encode_item(tenant, other), count)


def outputs_of(name):
    recount = Recount(settings_of(name))
    with open(events_of(name), "rb") as file:
        for offset, line in enumerate(file.read().split(b"\n")):
            if line.strip():
                recount.take(0, offset, None, line)
    return {"lists": [list_line(*one) for one in recount.lists().items()],
            "counts": [count_line(*one) for one in recount.counts().items()]}


def regenerate(names):
    for name in names or cases():
        for what, lines in outputs_of(name).items():
            path = os.path.join(HERE, name, what + ".txt")
            with open(path, "wb") as file:
                file.writelines(sorted(line.encode() + b"\n"
                                       for line in lines))
            print("%s: %d lines" % (path, len(lines)))


class Golden(unittest.TestCase):
    maxDiff = None

    def test_cases(self):
        if not os.access(PROGRAM, os.X_OK):
            self.skipTest(PROGRAM + " is not built: make")
        self.assertTrue(cases())
        for name in cases():
            for what in ("lists", "counts"):
                with self.subTest(case=name, what=what):
                    path = os.path.join(HERE, name, what + ".txt")
                    with open(path, "rb") as file:
                        expected = file.read().decode()
                    found = replay(events_of(name), settings_of(name), what)[0]
                    self.assertMultiLineEqual(
                        "".join(line + "\n" for line in found), expected)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--regenerate"]:
        regenerate(sys.argv[2:])
    else:
        unittest.main()
