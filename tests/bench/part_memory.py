"""What things weigh, in the process and in Redis; that memory comes back when
windows have passed; and a start with all of it."""

import time

from part_fresh import Load, whole_rate
from rig import PREFIX, program
from terkait import Failed

FEW, MANY = 10, 50

# Sorted sets of all that was counted once would fill the machine, and are no
# part of a start.
RESTART = ("counts.max=0",)


def run(rig, sizes, figures):
    for _ in range(sizes.runs):
        for found in program("bench_memory", items=sizes.memory_items,
                             few=FEW, many=MANY, sessions=sizes.sessions):
            if found["what"] == "rows":
                add_rows(figures, found)
            else:
                add_sessions(figures, found)
        add_redis(figures, *(weigh(rig, sizes, cells)
                             for cells in (FEW, MANY)))
        let_windows_pass(rig, sizes, figures)


def add_rows(figures, found):
    figures.add("memory.process.cell", "in the process, a live (pair, pane)",
                "bytes", found["bytes_cell"], "less", 16)
    figures.add("memory.process.row", "in the process, a row (5 supports)",
                "bytes", found["bytes_row"], "less", 100)
    figures.add("memory.process.id", "in the process, an id", "bytes",
                found["bytes_id"], "less")
    figures.add("memory.left", "the engine, left when windows have passed",
                "%", 100 * found["share_left"], "less")


def add_sessions(figures, found):
    figures.add("memory.session", "in the process, a session of 3 items",
                "bytes", found["bytes_three"], "less", 160)
    figures.add("memory.session.further",
                "in the process, a further item of it", "bytes",
                found["bytes_further"], "less", 24)


def fill(rig, sizes, topic, group, cells, age_days=0):
    return program(
        "fill_state", items=sizes.memory_items, cells=cells, age_days=age_days,
        set=["redis.url=" + rig.stack.redis_url, "redis.prefix=" + PREFIX,
             "kafka.brokers=" + rig.stack.brokers, "kafka.topic=" + topic,
             "kafka.group=" + group])[0]


def weigh(rig, sizes, cells):
    """What the state of so many rows is, with Redis's memory for it."""
    rig.empty_redis()
    before = rig.memory_of_redis()
    found = fill(rig, sizes, rig.topic(), "weigh", cells)
    return {**found, "bytes": rig.memory_of_redis() - before}


def add_redis(figures, few, many):
    """A line through two fillings: what a cell costs, and what a row."""
    cell = (many["bytes"] - few["bytes"]) / (many["live"] - few["live"])
    row = (few["bytes"] - few["id_bytes"] - cell * few["live"]) / few["rows"]
    figures.add("memory.redis.cell", "in Redis, a live (pair, pane)", "bytes",
                cell, "less", 12)
    figures.add("memory.redis.row", "in Redis, a row (5 supports) beside its id",
                "bytes", row, "less", 24)
    figures.add("memory.redis.mb",
                "in Redis, %d rows of %d" % (many["rows"], MANY), "MB",
                many["bytes"] / 1e6, "less")


def lowest(weigh_both, before, seconds):
    """What both hold as soon as each has given back half, or else by then."""
    until = time.monotonic() + seconds
    while True:
        now = weigh_both()
        if time.monotonic() > until or all(
                one < other / 2 for one, other in zip(now, before)):
            return now
        time.sleep(1)


def let_windows_pass(rig, sizes, figures):
    """A daemon with all these rows, eight days old, and then one event of
    now: what it and Redis hold before, and when the sweeps are done."""
    rig.empty_redis()
    empty = rig.memory_of_redis()
    topic = rig.topic()
    fill(rig, sizes, topic, "passed", MANY, age_days=8)
    with rig.terkait(topic, [*RESTART, "lists.sweep=10s"],
                     group="passed") as daemon:
        daemon.wait(lambda stats: stats["rows"] >= sizes.memory_items
                    and stats["is_caught_up"] == 1, 120)
        before = daemon.holds_bytes(), rig.memory_of_redis() - empty
        rig.fill(topic, ["--count=100", "--start=now", "--malformed=0"])
        daemon.wait(lambda stats: stats["rows"] < sizes.memory_items / 100,
                    180)
        after = lowest(lambda: (daemon.holds_bytes(),
                                rig.memory_of_redis() - empty), before,
                       sizes.passed_s)
    figures.add("memory.daemon_mb", "the daemon, {:,} rows of {}".format(
        sizes.memory_items, MANY), "MB", before[0] / 1e6, "less")
    for place, word, at in (("daemon", "the daemon", 0),
                            ("redis", "Redis", 1)):
        figures.add("memory.passed." + place,
                    "%s, left within a minute of windows passing"
                    % word, "%",
                    100 * after[at] / before[at], "less")


def restart_rate(rig, sizes, figures):
    """What the contract says, if this machine can count half as much again."""
    rate = min(whole_rate(rig, sizes, figures) / 1.5, 100_000)
    return int(rate)


def run_restart(rig, sizes, figures):
    """Filled, started, given a load, killed while it counts, started again."""
    rate = restart_rate(rig, sizes, figures)
    bars = (5, 20) if rate == 100_000 and sizes.memory_items == 1_000_000 \
        else (None, None)
    for _ in range(sizes.runs):
        topic = rig.topic()
        rig.empty_redis()
        found = fill(rig, sizes, topic, "restart", MANY)
        title = "restart, {:,.0f} rows of {}, {:,} events/s: ".format(
            found["rows"], MANY, rate)
        with Load(rig, topic, rate, sizes, items=sizes.memory_items):
            with rig.terkait(topic, RESTART, group="restart") as daemon:
                begun = time.monotonic()
                daemon.wait(lambda stats: stats["is_caught_up"] == 1
                            and stats["events_accepted"] > rate, 300)
                first = time.monotonic() - begun
                time.sleep(max(0, sizes.restart_s - first))
                daemon.kill()
            reading, caught_up, peak = start_again(rig, topic, rate)
        figures.add("restart.reading", title + "reading again", "s", reading,
                    "less", bars[0])
        figures.add("restart.caught_up", title + "caught up", "s", caught_up,
                    "less", bars[1])
        figures.add("restart.peak_mb", title + "peak memory", "MB", peak / 1e6,
                    "less")


def start_again(rig, topic, rate):
    """Seconds until it read, and until what is left is a tenth of a second's;
    peak memory."""
    with rig.terkait(topic, RESTART, group="restart") as daemon:
        stats = daemon.wait(lambda stats: stats["first_event_at_ms"] > 0, 300)
        reading = (stats["first_event_at_ms"] - daemon.started_ms) / 1000
        stats = daemon.wait(lambda stats: stats["first_event_at_ms"] > 0
                            and stats["lag_records"] < max(rate / 10, 2000),
                            300)
        caught_up = (stats["updated_at_ms"] - daemon.started_ms) / 1000
        if stats["live_pairs"] == 0:
            raise Failed("nothing was loaded")
        return reading, caught_up, daemon.peak_bytes()
