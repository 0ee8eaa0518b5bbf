"""Runs the terkait binary and reads what it says, on stdout and in Redis.

Environment: TERKAIT, the program (build/terkait).
"""

import json
import os
import re
import subprocess
import tempfile
from collections import Counter

from settings import conf_text

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
PROGRAM = os.environ.get("TERKAIT", os.path.join(ROOT, "build", "terkait"))
PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                  b"0123456789._~-")


class Failed(Exception):
    """The program did not do what it was asked."""


def shared_data():
    """Where real data may stand, or None."""
    for folder in (os.environ.get("SHARED"), os.path.join(ROOT, "..",
                                                          "shared")):
        if folder and os.path.isdir(os.path.join(folder, "data")):
            return os.path.join(folder, "data")
    return None


# Ids and JSON

def encode_id(text):
    return "".join(chr(byte) if byte in PLAIN else "%%%02X" % byte
                   for byte in text.encode())


def decode_id(text):
    data = re.sub(rb"%([0-9A-F]{2})",
                  lambda match: bytes([int(match.group(1), 16)]),
                  text.encode("ascii"))
    decoded = data.decode()
    if encode_id(decoded) != text:
        raise Failed("not in canonical form: " + text)
    return decoded


def encode_item(tenant, item):
    return encode_id(item) if tenant is None \
        else encode_id(tenant) + "/" + encode_id(item)


def decode_item(text):
    """(tenant, item)"""
    tenant, slash, item = text.rpartition("/")
    return decode_id(tenant) if slash else None, decode_id(item)


def read_list(text):
    """A list's JSON, scores as the text that stands there."""
    value = json.loads(text, parse_float=str)
    if value.pop("v") != 1:
        raise Failed("not version 1: " + text)
    return value


def list_json(key, entry, relation=None):
    """What read_list() makes of the list that the recount says. The key is
    (relation, window, tenant, item), or (window, tenant, category)."""
    value = {"as_of": entry["as_of"], "support": entry["support"],
             "items": [{"id": item, "score": "%.4f" % score, "count": count}
                       for item, score, count in entry["items"]]}
    if relation is None:
        value.update(relation=key[0], window=key[1], item=key[3])
    else:
        value.update(relation=relation, window=key[0])
        if key[2] is not None:
            value["category"] = key[2]
    return value


# The program

def run(*arguments, stdin=None, expect=0, timeout=120):
    """(stdout, stderr) as bytes."""
    done = subprocess.run([PROGRAM, *arguments], input=stdin,
                          capture_output=True, timeout=timeout, check=False)
    if done.returncode != expect:
        raise Failed("%s: exit %d, not %d: %s" % (
            " ".join(arguments), done.returncode, expect,
            done.stderr.decode(errors="replace")[-2000:]))
    return done.stdout, done.stderr


def rfc3339(ms):
    import datetime
    moment = datetime.datetime.fromtimestamp(ms // 1000,
                                             datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (ms % 1000)


def write_conf(folder, settings, **more):
    path = os.path.join(folder, "terkait.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(conf_text(settings, **more))
    return path


def replay(lines, settings, what, now_ms=None):
    """(stdout lines, stderr text) of `replay --print what --stats`; `lines`
    are records, or the path of a file of such."""
    with tempfile.TemporaryDirectory() as folder:
        path = lines
        if not isinstance(lines, str):
            path = os.path.join(folder, "events.ndjson")
            with open(path, "wb") as file:
                file.write(b"".join(line + b"\n" for line in lines))
        now = [] if now_ms is None else ["--now", rfc3339(now_ms)]
        out, err = run("replay", "-c", write_conf(folder, settings),
                       "--print", what, "--stats", *now, path)
    found = out.split(b"\n")
    if found.pop() != b"":
        raise Failed("no newline at the end")
    if found != sorted(found):
        raise Failed("not sorted as bytes")
    return [line.decode() for line in found], err.decode()


def replay_lists(lines, settings, now_ms=None):
    found = {}
    for line in replay(lines, settings, "lists", now_ms)[0]:
        relation, window, item, text = line.split("\t")
        found[(relation, window, *decode_item(item))] = read_list(text)
    return found


def replay_counts(lines, settings, now_ms=None):
    found = {}
    for line in replay(lines, settings, "counts", now_ms)[0]:
        relation, window, item, other, count = line.split("\t")
        tenant, item = decode_item(item)
        other_tenant, other = decode_item(other)
        if tenant != other_tenant:
            raise Failed("two tenants meet: " + line)
        found[relation, window, tenant, item, other] = int(count)
    return found


def replay_stats(lines, settings, now_ms=None):
    """{word: number} of the `key value` lines on stderr."""
    text = replay(lines, settings, "counts", now_ms)[1]
    return {match.group(1): int(match.group(2))
            for match in re.finditer(r"^(\w+)[ \t]+([0-9]+)$", text, re.M)}


# Comparing

class Difference:
    """How many of one kind differ, by relation and window, and the first."""

    def __init__(self, kind, expected, found, group=lambda key: key[:2]):
        self.kind = kind
        self.totals = Counter(group(key) for key in expected)
        self.differing = Counter()
        self.examples = []
        for key in sorted(expected.keys() | found.keys(), key=repr):
            if expected.get(key) == found.get(key):
                continue
            self.differing[group(key)] += 1
            if len(self.examples) < 3:
                self.examples.append("%s: recount %r, terkait %r" % (
                    key, expected.get(key), found.get(key)))

    def __bool__(self):
        return bool(self.differing)

    def table(self):
        return "\n".join("%-8s %-20s %-8s %8d differ %d" % (
            self.kind, *key, self.totals[key], self.differing[key])
            for key in sorted(self.totals.keys() | self.differing.keys()))

    def __str__(self):
        return "\n".join([self.table(), *self.examples])


def expected_lists(recount):
    return {key: list_json(key, entry)
            for key, entry in recount.lists().items()}


def leave_out(rows, entries):
    """Without those of these rows, by (relation, window, tenant, item...)."""
    return {key: entry for key, entry in entries.items()
            if key[2:4] not in rows}


def is_silent(kind, key, found):
    """A list that is there and does not say that its row was cut."""
    return kind == "lists" and key in found \
        and found[key].get("partial") is not True


def exact(recount, kind, expected, found):
    """The Difference outside of rows that were cut at row.max_pairs: those
    are not exact, and their lists must say so."""
    cut = recount.cut_rows()
    differing = {key for key in expected.keys() | found.keys()
                 if expected.get(key) != found.get(key)}
    suspects = {key[2:4] for key in differing} - cut
    if suspects:
        cut |= recount.ever_cut_rows(suspects)
    return Difference(kind, leave_out(cut, expected), {
        key: entry for key, entry in found.items() if key[2:4] not in cut
        or key in differing and is_silent(kind, key, found)})


def compare_replay(recount, lines, settings, now_ms=None):
    """The differences of lists and counts that are not empty."""
    found = [exact(recount, "lists", expected_lists(recount),
                   replay_lists(lines, settings, now_ms)),
             exact(recount, "counts", recount.counts(),
                   replay_counts(lines, settings, now_ms))]
    return [difference for difference in found if difference]


def shrink(lines, is_bad):
    """The lines of which none can be left out while `is_bad` holds."""
    size = max(len(lines) // 2, 1)
    while True:
        at, removed = 0, False
        while at < len(lines):
            fewer = lines[:at] + lines[at + size:]
            if fewer and is_bad(fewer):
                lines, removed = fewer, True
            else:
                at += size
        if size == 1 and not removed:
            return lines
        size = max(size // 2, 1)
