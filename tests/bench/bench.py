"""bench: measures terkait, on a Kafka and a Redis of its own.

Parts: null, whole, core, decode, freshness, memory, restart, http, growth.
Prints a table, writes JSON. What it starts it ends, whatever happens."""

import argparse
import datetime
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass

import machine
import part_core
import part_fresh
import part_http
import part_memory
import part_whole
import report
from figures import Figures
from rig import Rig
from terkait import ROOT, Failed


@dataclass
class Sizes:
    runs: int
    events: int = 5_000_000
    items: int = 100_000
    events_small: int = 50_000
    core_events: int = 3_000_000
    growth_events: int = 1_000_000
    fresh_events: int = 1_000_000
    probes: int = 400
    probe_every_ms: int = 50
    sweep_s: int = 60
    memory_items: int = 1_000_000
    sessions: int = 1_000_000
    restart_s: int = 12
    passed_s: int = 40


def quick(runs):
    return Sizes(runs, events=300_000, events_small=10_000,
                 core_events=500_000, growth_events=100_000,
                 fresh_events=50_000, probes=100, probe_every_ms=30,
                 sweep_s=8, memory_items=50_000, sessions=100_000,
                 restart_s=6, passed_s=8)


# name, what it runs, whether it wants Kafka and Redis
PARTS = (
    ("null", part_whole.run_null, True),
    ("whole", part_whole.run, True),
    ("core", part_core.run, False),
    ("decode", part_core.run_decode, False),
    ("freshness", part_fresh.run, True),
    ("memory", part_memory.run, True),
    ("restart", part_memory.run_restart, True),
    ("http", part_http.run, True),
    ("growth", part_core.run_growth, False),
)


def chosen(words):
    """The null consumer is part of the whole way too."""
    names = [name for name, _, _ in PARTS]
    wanted = ",".join(words).split(",") if words else names[1:]
    for name in wanted:
        if name not in names:
            sys.exit("bench: no such part: %s (%s)" % (name, " ".join(names)))
    return [part for part in PARTS if part[0] in wanted]


def arguments():
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--out", default=os.path.join(ROOT, "build",
                                                      "bench.json"))
    parser.add_argument("--part", action="append", default=[])
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--compare", metavar="OLD.json")
    return parser.parse_args()


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure(parts, sizes, figures):
    """Each part by itself: one that fails is told of, and the others go on.
    The names of those that failed."""
    rig, failed = None, []
    with tempfile.TemporaryDirectory(prefix="terkait-bench-") as folder:
        try:
            for name, run, wants_rig in parts:
                begun = time.monotonic()
                if wants_rig and rig is None:
                    rig = Rig(folder)
                try:
                    run(*([rig] if wants_rig else []), sizes, figures)
                except Exception as problem:  # pylint: disable=W0718
                    failed.append(name)
                    say("bench: %s FAILED: %s" % (name, problem))
                    if not isinstance(problem, Failed):
                        traceback.print_exc()
                say("bench: %s: %.0f s" % (name, time.monotonic() - begun))
        finally:
            if rig is not None:
                rig.down()
    return failed


def write(path, figures, options, failed):
    made = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(
            timespec="seconds"),
        "machine": machine.describe(),
        "options": {"runs": options.runs, "quick": options.quick},
        "failed": failed,
        "notes": figures.notes,
        "figures": figures.as_json(),
    }
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(made, file, indent=1)
        file.write("\n")
    return made


def show(made, options, path):
    print(machine.one_line(made["machine"]))
    lines = report.table(made["figures"])
    if options.compare:
        with open(options.compare, encoding="utf-8") as file:
            lines = report.comparison(json.load(file)["figures"],
                                      made["figures"])
    for line in [*lines, "", *made["notes"]]:
        print(line)
    print("written to", path)


def main():
    options = arguments()
    parts = chosen(options.part)
    sizes = quick(options.runs) if options.quick else Sizes(options.runs)
    figures = Figures()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    failed = measure(parts, sizes, figures)
    made = write(options.out, figures, options, failed)
    show(made, options, options.out)
    sys.exit(1 if failed else 0)
