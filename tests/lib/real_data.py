"""Real event data as records, from where shared_data() finds it."""

import gzip
import json
import os

from terkait import shared_data

TYPE_OF = {"view": "page_view", "cart": "add_to_cart", "purchase": "purchase"}


def records_of(name):
    """(visitor, record) as bytes, in the order of time."""
    path = os.path.join(shared_data(), name + ".events.tsv.gz")
    records = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in file:
            ts, action, visitor, item = row.rstrip("\n").split("\t")
            records.append((visitor.encode(), json.dumps(
                {"type": TYPE_OF[action], "visitor": visitor, "item": item,
                 "ts": int(ts)}, separators=(",", ":")).encode()))
    return records


def lines_of(name):
    return [record for _, record in records_of(name)]
