"""One record of a topic or one line of a file, decoded and judged as far as
no earlier event matters. Written from the contract, not from the C.

`decode(data, stamp_ms, max_bytes)` answers an Event, or the reason of the
refusal as text. `stamp_ms` is the Kafka record's own time; None or -1: none.

Python's json takes more than jansson does; what differs is refused here: NaN
and Infinity, reals beyond a double, integers outside signed 64 bits, NUL
characters, lone surrogates, more than 2048 levels (a scalar is a level too).
"""

import json
import math
import re
import sys
from collections import namedtuple

ITEMS_MAX = 200
DEPTH_MAX = 2048
TS_END = 253402300800000  # year 10000: the contract names no end, RFC 3339 does
REASONS = ("too_large", "json", "type", "ignored", "no_consent", "visitor",
           "item", "ts", "session", "tenant", "future", "late")
TYPES = {"page_view", "add_to_cart", "remove_from_cart", "purchase"}

Event = namedtuple("Event", "type ts visitor items session tenant category")

sys.setrecursionlimit(max(sys.getrecursionlimit(), 12000))

ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
DAY_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]"
    r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))")


class Refused(Exception):
    """Carries the reason."""


def parse_integer(text):
    value = int(text)
    if not -2**63 <= value < 2**63:
        raise ValueError("beyond 64 bits")
    return value


def parse_real(text):
    value = float(text)
    if math.isinf(value):
        raise ValueError("beyond a double")
    return value


def refuse_constant(text):
    raise ValueError(text + " is no JSON")


def check_escapes(text):
    """No NUL and no surrogate without its partner, wherever it stands."""
    if "\\u" not in text:
        return
    high_ends_at = None
    for match in ESCAPE.finditer(text):
        code = int(match.group(1), 16) if match.group(1) else None
        is_low = code is not None and 0xDC00 <= code <= 0xDFFF
        is_partner = is_low and match.start() == high_ends_at
        if code == 0 or is_low and not is_partner:
            raise ValueError("NUL or lone surrogate")
        if high_ends_at is not None and not is_partner:
            raise ValueError("lone surrogate")
        is_high = code is not None and 0xD800 <= code <= 0xDBFF
        high_ends_at = match.end() if is_high else None
    if high_ends_at is not None:
        raise ValueError("lone surrogate")


def check_depth(text):
    if text.count("[") + text.count("{") < DEPTH_MAX:
        return
    depth = 0
    for token in re.finditer(r'"(?:\\.|[^"\\])*"|[][{}]|[^][{}",:\s]+', text):
        if token.group() in ("]", "}"):
            depth -= 1
            continue
        if depth + 1 > DEPTH_MAX:
            raise ValueError("too deep")
        if token.group() in ("[", "{"):
            depth += 1


DECODER = json.JSONDecoder(parse_int=parse_integer, parse_float=parse_real,
                           parse_constant=refuse_constant)


def parse_object(data):
    try:
        text = data.decode("utf-8")
        check_depth(text)
        value = DECODER.decode(text)
        check_escapes(text)
    except (ValueError, RecursionError):
        raise Refused("json") from None
    if not isinstance(value, dict):
        raise Refused("json")
    return value


def is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def identifier(value, reason):
    """A visitor or an item, as text."""
    if is_integer(value):
        if value < 0:
            raise Refused(reason)
        return str(value)
    return short_text(value, 1, 128, reason)


def short_text(value, bytes_min, bytes_max, reason):
    if not isinstance(value, str):
        raise Refused(reason)
    if not bytes_min <= len(value.encode()) <= bytes_max:
        raise Refused(reason)
    return value


def items_of(fields):
    entries = fields.get("items")
    if entries is None:
        return [identifier(fields.get("item"), "item")]
    if not isinstance(entries, list) or not entries:
        raise Refused("item")
    found = []
    for entry in entries[:ITEMS_MAX]:
        if isinstance(entry, dict):
            entry = entry.get("item")
        found.append(identifier(entry, "item"))
    return found


def days_since_epoch(year, month, day):
    """Of the proleptic Gregorian calendar; None when there is no such day."""
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = [31, 29 if is_leap else 28, 31, 30, 31, 30,
               31, 31, 30, 31, 30, 31]
    if not 1 <= month <= 12 or not 1 <= day <= lengths[month - 1]:
        return None
    before = year - 1
    days = before * 365 + before // 4 - before // 100 + before // 400
    return days - 719162 + sum(lengths[:month - 1]) + day - 1


def rfc3339_ms(text):
    """None when it is none."""
    match = DAY_TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    days = days_since_epoch(year, month, day)
    if days is None or hour > 23 or minute > 59 or second > 59:
        return None
    ms = int(((match.group(7) or "") + "000")[:3])
    offset = 0
    if match.group(8):
        offset_hour, offset_minute = map(int, match.groups()[8:10])
        if offset_hour > 23 or offset_minute > 59:
            return None
        offset = (offset_hour * 60 + offset_minute) * 60000
        offset = -offset if match.group(8) == "-" else offset
    return ((days * 24 + hour) * 60 + minute) * 60000 + second * 1000 + ms \
        - offset


def number_ms(value):
    if isinstance(value, int):
        if value < 10**11:
            return value * 1000
        if value < 10**14:
            return value
        return value // 1000 if value < 10**17 else value // 10**6
    if value < 1e11:
        return math.floor(value * 1000.0)
    if value < 1e14:
        return math.floor(value)
    return math.floor(value / 1e3 if value < 1e17 else value / 1e6)


def time_of(value, stamp_ms):
    if value is None:
        ms = stamp_ms
    elif isinstance(value, str):
        ms = rfc3339_ms(value)
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        ms = None
    else:
        ms = number_ms(value) if value >= 0 else None
    if ms is None or not 0 <= ms < TS_END:
        raise Refused("ts")
    return ms


def category_of(value):
    if isinstance(value, str) and 1 <= len(value.encode()) <= 128:
        return value
    return None


def fields_to_event(fields, stamp_ms):
    kind = fields.get("type")
    if not isinstance(kind, str):
        raise Refused("type")
    if kind not in TYPES:
        raise Refused("ignored")
    if fields.get("consent") is False:
        raise Refused("no_consent")
    visitor = identifier(fields.get("visitor"), "visitor")
    items = items_of(fields)
    ts = time_of(fields.get("ts"), stamp_ms)
    session = fields.get("session")
    if session is not None:
        session = short_text(session, 0, 128, "session") or None
    tenant = fields.get("tenant")
    if tenant is not None:
        tenant = short_text(tenant, 1, 64, "tenant")
    return Event(kind, ts, visitor, items, session, tenant,
                 category_of(fields.get("category")))


def decode(data, stamp_ms=None, max_bytes=65536):
    if stamp_ms == -1:
        stamp_ms = None
    if len(data) > max_bytes:
        return "too_large"
    if not data:
        return "ignored"
    try:
        return fields_to_event(parse_object(data), stamp_ms)
    except Refused as refused:
        return str(refused)
