"""Freshness at a steady load: from the moment an event is handed to Kafka's
client to the moment at which a polling reader sees what it changed in Redis."""

import subprocess
import time

from measure import percentile
from part_whole import measure, options
from rig import PREFIX, program
from terkait import PROGRAM


class Load:
    """`simulate` in real time, until the end."""

    def __init__(self, rig, topic, rate, sizes, items=None):
        self.process = subprocess.Popen(
            [PROGRAM, "simulate", "--pace", "--no-progress", "--count=0",
             "--peak=1", "--rate=%d" % rate,
             "--catalogue=%d" % (items or sizes.items), "--sellers=5000",
             "--seed=7", "--malformed=0",
             "--brokers=" + rig.stack.brokers, "--topic=" + topic],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def past(sizes):
    """Events that end about now, so that windows are not empty."""
    span_s = sizes.fresh_events / 500
    return ["--count=%d" % sizes.fresh_events, "--rate=500", "--peak=1",
            "--start=%d" % ((time.time() - span_s - 60) * 1000),
            "--catalogue=%d" % sizes.items, "--sellers=5000"]


def whole_rate(rig, sizes, figures):
    """Of the whole way, default: as it was measured, or by a smaller topic."""
    whole = figures.by_name.get("whole.default.events_per_s")
    if whole is not None:
        return whole.value
    topic = rig.topic()
    count = sizes.events // 5
    rig.fill(topic, options(sizes, count))
    return count / measure(rig, topic, (), count)["seconds"]


def loads_of(rate):
    """(name, label, events a second)"""
    return (("1000", "1,000/s", 1000), ("20000", "20,000/s", 20_000),
            ("half", "half the whole way's {:,.0f}/s".format(rate),
             int(rate / 2)))


def probe(rig, topic, **words):
    found = program("probe", brokers=rig.stack.brokers, topic=topic,
                    port=rig.stack.redis_port, prefix=PREFIX, **words)
    return found[0]["ms"]


def add(figures, name, title, times, bars=(None, None)):
    seen = [ms for ms in times if ms >= 0]
    figures.add(name + ".unseen", title + ": probes never seen", "",
                len(times) - len(seen), "less", 0)
    if not seen:
        return
    for word, share, bar in (("p50", 0.5, bars[0]), ("p99", 0.99, bars[1]),
                             ("max", 1, None)):
        figures.add("%s.%s" % (name, word), "%s: %s" % (title, word), "ms",
                    percentile(seen, share), "less", bar)


BARS = {"20000": (50, 150), "half": (None, 1000)}


def measure_load(rig, topic, sizes, figures, load):
    name, title, rate = load
    title = "freshness at " + title
    rig.empty_redis()
    with rig.terkait(topic) as daemon:
        daemon.wait(lambda stats: stats["is_caught_up"] == 1
                    and stats["events_accepted"] > 0)
        with Load(rig, topic, rate, sizes):
            begun = daemon.stats()
            time.sleep(4)
            times = probe(rig, topic, kind="pair", probes=sizes.probes,
                          every_ms=sizes.probe_every_ms, before_ms=2000)
            ended = daemon.stats()
    span = (ended["updated_at_ms"] - begun["updated_at_ms"]) / 1000
    figures.add("freshness.%s.counted" % name, title + ": counted", "events/s",
                (ended["events_accepted"] - begun["events_accepted"]) / span)
    add(figures, "freshness." + name, title, times,
        BARS.get(name, (None, None)))


def measure_sweep(rig, topic, sizes, figures):
    settings = ["lists.sweep=%ds" % sizes.sweep_s]
    rig.empty_redis()
    with rig.terkait(topic, settings) as daemon:
        daemon.wait(lambda stats: stats["is_caught_up"] == 1
                    and stats["events_accepted"] > 0)
        with Load(rig, topic, 1000, sizes):
            times = probe(rig, topic, kind="sweep", probes=sizes.probes // 4,
                          every_ms=sizes.sweep_s * 1000 * 2 // sizes.probes,
                          wait_ms=sizes.sweep_s * 1500)
    title = "change that only the sweep (%d s) brings, at 1,000/s" \
        % sizes.sweep_s
    add(figures, "freshness.sweep", title, times, (None,
                                                   sizes.sweep_s * 1000))


def run(rig, sizes, figures):
    loads = loads_of(whole_rate(rig, sizes, figures))
    for _ in range(sizes.runs):
        for load in loads:
            topic = rig.topic()
            rig.fill(topic, past(sizes))
            measure_load(rig, topic, sizes, figures, load)
        topic = rig.topic()
        rig.fill(topic, past(sizes))
        measure_sweep(rig, topic, sizes, figures)
