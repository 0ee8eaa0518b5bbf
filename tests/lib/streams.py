"""Seeded streams of events that look for trouble: few visitors and items, odd
bytes, disorder, removals, pushes out of full sessions, panes and sessions of
seconds, every relation and score; and hostile lines with the verdict that
each must get.

    stream = Stream(seed)
    stream.settings, stream.lines, stream.now_ms
"""

import json
import random

from settings import ALL, HOUR, MINUTE, SECOND, defaults

START = 1_718_000_000_000
SCORES = ("cosine", "count", "jaccard", "conditional", "lift", "llr")

ODD_IDS = ["a", "b", "B", "sku-1", "sku~2", "x.y_z", "a b", "a/b", "%2F",
           "{a}", "a:b", "é", "漢字", "\U0001f600", "\uffee", '"', "\\", "\t",
           "\x7f", "'", "\r\n", "a" * 128, "é" * 64, "0", 0, 7, "7",
           2**63 - 1, "\u2028", "-"]
ODD_TENANTS = [None, "toko", "toko/a", "%", "warung ibu", "t" * 64]
ODD_CATEGORIES = [None, "kopi", "kopi/bubuk", "24h", "é:", "", 5, "k" * 129]

WINDOW_SETS = [
    [("w", 10 * SECOND, 5)],
    [("w1", 10 * SECOND, 5), ("w2", MINUTE, 6), ("w3", 10 * MINUTE, 10)],
    [("w3", 10 * MINUTE, 10), ("w1", 10 * SECOND, 5), ("w2", MINUTE, 6)],
    [("short", 10 * SECOND, 10), ("long", MINUTE, 60)],
    [("coarse", HOUR, 1), ("fine", 4 * MINUTE, 4)],
    [("odd", 21, 3), ("odder", 700, 10)],
    [("short_coarse", MINUTE, 1), ("long_fine", 2 * HOUR, 240)],
]


def subset(chance, values):
    return [value for value in values if chance.random() < 0.5] \
        or [chance.choice(values)]


def random_relations(chance):
    relations = []
    for number in range(chance.randint(1, 4)):
        relation = {"name": "relation_%d" % number,
                    "from": subset(chance, ALL)}
        relation["to"] = relation["from"] if chance.random() < 0.4 \
            else subset(chance, ALL)
        if chance.random() < 0.7:
            relation["score"] = chance.choice(SCORES)
        if chance.random() < 0.3:
            relation["k"] = chance.choice((1, 2, 5))
        if chance.random() < 0.3:
            relation["min_support"] = chance.choice((1, 2, 3))
        relations.append(relation)
    return relations


def random_settings(chance):
    changes = {}
    longest = 7 * 24 * HOUR
    if chance.random() < 0.8:
        changes["windows"] = [
            {"name": name, "length": length, "panes": panes}
            for name, length, panes in chance.choice(WINDOW_SETS)]
        longest = max(window["length"] for window in changes["windows"])
    if chance.random() < 0.8:
        changes["relations"] = random_relations(chance)
    gap = chance.choice((0, longest // 50, longest // 5, longest // 5, longest,
                         30 * MINUTE))
    changes.update({
        "session.gap": gap,
        "events.lateness": chance.choice((0, gap // 10, gap // 3, gap)),
        "session.max_items": chance.choice((1, 2, 3, 4, 5, 6, 8, 50, 50)),
        "session.max_open": chance.choice((1, 2, 3, 4, *[1_000_000] * 4)),
        "lists.k": chance.choice((1, 3, 20)),
        "lists.min_support": chance.choice((1, 1, 1, 2)),
        "lists.damping": chance.choice((0, 0.5, 20)),
        "lists.score": chance.choice(SCORES),
    })
    return defaults(**changes)


def rfc3339(chance, ms):
    import datetime
    offset = chance.choice((0, 0, 420, -570, 1439))
    moment = datetime.datetime.fromtimestamp(
        ms // 1000 + offset * 60, datetime.timezone.utc)
    zone = chance.choice("Zz") if offset == 0 and chance.random() < 0.8 else \
        "%s%02d:%02d" % ("-" if offset < 0 else "+", *divmod(abs(offset), 60))
    digits = "%03d" % (ms % 1000) + chance.choice(("", "9", "999999"))
    return moment.strftime("%Y-%m-%d" + chance.choice("Tt ") + "%H:%M:%S.") \
        + digits + zone


def spelled_time(chance, ms):
    """One of the ways in which a moment may be written; the coarser ones lose
    its milliseconds."""
    return chance.choice((
        lambda: ms, lambda: ms, lambda: ms // 1000,
        lambda: ms // 1000 + chance.choice((0.25, 0.5, 0.75)),
        lambda: ms * 1000 + chance.randrange(1000),
        lambda: ms * 10**6 + chance.randrange(10**6),
        lambda: float(ms) + 0.5,
        lambda: rfc3339(chance, ms)))()


def odd_fields(chance):
    """Things that must make no difference."""
    return dict(chance.sample([
        ("event_id", 7), ("seller", []), ("region", "Sleman"),
        ("channel", None), ("consent", True), ("consent", None),
        ("items", None), ("unknown", {"ts": [1, {"item": "x"}]}),
        ("session", None), ("tenant", None)], chance.randint(0, 2)))


def spelled(chance, fields):
    names = list(fields)
    chance.shuffle(names)
    text = json.dumps({name: fields[name] for name in names},
                      ensure_ascii=chance.random() < 0.5,
                      separators=chance.choice(((",", ":"), (" , ", " : "))))
    if chance.random() < 0.05:  # the last of two counts
        text = '{"visitor":true,"type":"nonsense",' + text[1:]
    if chance.random() < 0.05:
        text = " \t" + text + " \r"
    return text.encode()


class Stream:
    """`settings`, `lines` and `now_ms` of one seed. `is_stamped`: for Kafka,
    whose stamp of today would make good what has no `ts`, and all that comes
    after it late. `is_wide`: hundreds of items, many at a time."""

    def __init__(self, seed, events=300, hostile=0.03, is_stamped=False,
                 is_wide=False, **changes):
        self.chance = random.Random(seed)
        self.settings = random_settings(self.chance)
        self.settings.update({name.replace("__", "."): value
                              for name, value in changes.items()})
        self.now_ms = START + 400 * 24 * HOUR
        self.clock = START + self.chance.randrange(10**6)
        self.visitors = self.chance.sample(ODD_IDS, self.chance.randint(1, 6))
        self.items = self.chance.sample(ODD_IDS, self.chance.randint(2, 12))
        self.most_entries = 6
        if is_wide:
            self.items = ["sku-%d" % number for number in range(400)]
            self.most_entries = 60
        self.tenants = self.chance.sample(ODD_TENANTS,
                                          self.chance.randint(1, 3))
        self.longest = max(window["length"]
                           for window in self.settings["windows"])
        self.steps = self.step_choices()
        self.lines = []
        self.keys = []  # what each line is keyed by in a topic
        for _ in range(events):
            if self.chance.random() < hostile:
                reason, text = self.chance.choice(HOSTILE)
                if is_stamped and reason == "ts":
                    continue
                self.keys.append(b"somebody")
                self.lines.append(text)
            else:
                visitor = self.chance.choice(self.visitors)
                self.keys.append(str(visitor).encode())
                self.lines.append(self.event(visitor))

    def step_choices(self):
        """Mostly steps of which hundreds fit into the longest window, or a
        dozen into the gap; now and then one over the edge of either."""
        gap = self.settings["session.gap"]
        often = [0, 1, min(gap, self.longest) // 12,
                 min(gap, self.longest) // 50, self.longest // 300]
        return often * 30 + [gap, gap + 1, self.longest // 4,
                             self.longest + 1]

    def event(self, visitor):
        chance = self.chance
        step = chance.choice(self.steps)
        self.clock += chance.choice((step, chance.randint(0, step)))
        ms = self.clock
        if chance.random() < 0.2:
            ms -= chance.randint(0, self.settings["events.lateness"] * 11 // 10
                                 + 1)
        fields = {"type": chance.choice(
            ("page_view", "page_view", "page_view", "add_to_cart",
             "add_to_cart", "remove_from_cart", "remove_from_cart",
             "purchase")),
            "visitor": visitor,
            "ts": spelled_time(chance, ms)}
        tenant = chance.choice(self.tenants)
        for name, value in (("tenant", tenant), ("category", chance.choice(
                ODD_CATEGORIES)), ("session", chance.choice(
                    (None, None, None, None, "", "s1", "s2")))):
            if value is not None:
                fields[name] = value
        return spelled(chance, {**odd_fields(chance), **fields,
                                **self.named_items()})

    def named_items(self):
        chance = self.chance
        if chance.random() < 0.8:
            return {"item": chance.choice(self.items)}
        entries = [chance.choice(self.items)
                   for _ in range(chance.randint(1, self.most_entries))]
        entries = [{"item": entry, "price": 1.5} if chance.random() < 0.3
                   else entry for entry in entries]
        if chance.random() < 0.05:
            entries = entries * 40 + ["last"] * 200
            entries[200:] = [None, -1, "never looked at"]
        return {"items": entries, "item": chance.choice((-1, None, "no"))}


def line(**changes):
    fields = {"type": "page_view", "visitor": "v", "item": "i", "ts": START}
    fields.update(changes)
    return json.dumps({name: value for name, value in fields.items()
                       if value is not Ellipsis}).encode()


def with_raw(value):
    """A good event but for one unknown field of raw text."""
    return line()[:-1] + b', "x": ' + value + b"}"


def each(reason, field, values):
    return [(reason, line(**{field: value})) for value in values]


NOT_JSON = [
    b"{", b"}", b"x", b"[]", b'"text"', b"1", b"null", b"[{}]", b"{}{}",
    line()[:-1], line() + b",", line() + b" x", b"\xef\xbb\xbf" + line(),
    *map(with_raw, [
        b"NaN", b"-Infinity", b"1e400", b"-1e309", b"9223372036854775808",
        b"-9223372036854775809", b"01", b"+1", b"1.", b".5", b"0x10", b"'a'",
        b'"\xff"', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"',
        b'"\\u0000"', b'"\\ud800"', b'"\\udc00"', b'"\\ud800\\ud800"',
        b'"\\x41"', b'"\\u12g4"', b'"\x01"', b'"\t"', b"tru", b"True",
        b"[1,]", b"{1:2}", b"", b'{"a":1,}', b"/* */ 1", b'"a\x00b"',
        b"[" * 2047 + b"1" + b"]" * 2047, b"[" * 2048 + b"]" * 2048,
        b"9" * 5000])]

HARMLESS_ODD = [
    (None, with_raw(value)) for value in (
        b"1e-400", b"-9223372036854775808", b'"\\ud83d\\ude00"', b"-0",
        b'"\\\\u0000"', b'"\\/\\b\\f\\n\\r\\t"', b"[" * 2046 + b"1"
        + b"]" * 2046, b"[" * 2047 + b"]" * 2047, b"-0.0e+1", b'"\x7f"')]

BAD_IDS = [Ellipsis, None, "", "x" * 129, "é" * 65, -1, 7.0, 1e3, True, False,
           [], {}, ["a"]]

HOSTILE = [
    *[("json", text) for text in NOT_JSON],
    *each("type", "type", [Ellipsis, None, 1, True, [], {}]),
    *each("ignored", "type", ["", "click", "Page_View", "page_view "]),
    ("no_consent", line(consent=False, visitor=-1, item=-1, ts=-1)),
    ("no_consent", line(consent=False, type="purchase")),
    *each("visitor", "visitor", BAD_IDS),
    *each("item", "item", BAD_IDS),
    *each("item", "items", [[], "a", 1, {}, True, [None], ["a", None], [[]],
                            [["a"]], [{}], [{"item": None}], [{"item": ""}],
                            ["a", 7.5], ["x" * 129], ["a"] * 199 + [-1]]),
    *each("ts", "ts", [
        Ellipsis, None, -1, -0.5, True, [], {}, "", "now", "1718000000",
        "2024-06-10", "2024-06-10T06:13:20", "2024-06-10T06:13:60Z",
        "2024-06-10T24:00:00Z", "2024-13-10T06:13:20Z", "2024-06-00T00:00:00Z",
        "2023-02-29T06:13:20Z", "2024-06-10T06:13Z", "2024-06-10T06:60:20Z",
        "2024-06-10T06:13:20.Z", "2024-06-10T06:13:20+0700",
        "2024-06-10T06:13:20+24:00", "2024-06-10T06:13:20+07:60",
        "2024-06-10T06:13:20Z ", " 2024-06-10T06:13:20Z",
        "2024-06-10_06:13:20Z", "24-06-10T06:13:20Z", "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01", "2024-06-10T06:13:20,5Z"]),
    *each("session", "session", [1, True, [], {}, "x" * 129, "é" * 65, 0.5]),
    *each("tenant", "tenant", ["", 1, True, [], {}, "x" * 65, "é" * 33]),
]

DEBRIS = [b"null", b"true", b"1e5", b"-0", b"1e999", b'"x"', b"[]", b"{}",
          b"\\u0041", b"\\ud83d\\ude00", b"9" * 20, b"-1", b"0.1", b"1e-400",
          b"1718000000.123", *(b"%c" % byte for byte in
                               b"\"{}[]:,0.-+eE\\u/n \x1f\x7f\x80\xc3\xed\xff")]


def damaged(seed, count):
    """Lines of which a byte or two went wrong; no raw NUL among them."""
    chance = random.Random(seed)
    whole = Stream(seed).lines + [text for _, text in HOSTILE
                                  if len(text) < 2000]
    lines = []
    while len(lines) < count:
        text = chance.choice(whole)
        for _ in range(chance.randint(1, 2)):
            at = chance.randrange(len(text) + 1)
            end = at + chance.randint(0, 2)
            text = text[:at] + chance.choice(
                (b"", chance.choice(DEBRIS), text[at:end] * 2,
                 bytes([chance.randrange(1, 256)]))) + text[end:]
        text = text.replace(b"\n", b" ")
        if text.strip() and b"\0" not in text:
            lines.append(text)
    return lines
