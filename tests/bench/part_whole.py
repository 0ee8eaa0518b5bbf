"""The whole way: from a topic that is there to the moment at which all is
counted and every list, sorted set and popular list stands; and beside it, in
the same run, a consumer that throws every record away."""

from terkait import Failed
from verify import compare_sample, compare_small

LEAN = ("relations=also_viewed", "windows=24h")
SHAPES = (("lean", "lean", LEAN, 4), ("default", "default", (), 8))


def options(sizes, count=None):
    """A marketplace's evening."""
    return ["--count=%d" % (count or sizes.events), "--rate=500",
            "--catalogue=%d" % sizes.items, "--sellers=%d" % (
                max(sizes.items // 20, 1))]


def measure(rig, topic, settings, records, check=None):
    """What one run says, in numbers; `check` looks at Redis while terkait
    runs on, and what it says or raises is under "said"."""
    rig.empty_redis()
    with rig.terkait(topic, settings) as daemon:
        stats = daemon.wait_settled(records)
        begin, end = stats["first_event_at_ms"], stats["settled_at_ms"]
        peak = daemon.peak_bytes()
        redis_bytes = rig.memory_of_redis()
        said = None
        try:
            said = check(rig.redis) if check is not None else None
        except Failed as problem:
            said = problem
    seconds = (end - begin) / 1000
    return {"seconds": seconds, "stats": stats, "peak": peak,
            "redis_bytes": redis_bytes, "said": said,
            **{who: daemon.sampler.between(who, begin, end)
               for who in ("terkait", "kafka", "redis")}}


def add_null(figures, found):
    rate = found["records"] / found["seconds"]
    figures.add("null.events_per_s", "null consumer", "events/s", rate)
    figures.add("null.us", "null consumer, processor time", "us/event",
                found["cpu_seconds"] * 1e6 / found["records"])
    figures.add("null.bytes", "a record's value", "bytes",
                found["bytes"] / found["records"])
    return rate


def add_shape(figures, shape, found, null_rate):
    name, title, _, share = shape
    stats, seconds = found["stats"], found["seconds"]
    records = stats["records_read"]
    rate = records / seconds

    def add(word, label, unit, value, *rest):
        figures.add("whole.%s.%s" % (name, word),
                    "whole way, %s: %s" % (title, label), unit, value, *rest)

    add("events_per_s", "events", "events/s", rate, "more")
    add("ratio", "share of null", "", rate / null_rate, "more", 1 / share)
    add("seconds", "first event to last list", "s", seconds, "less")
    add("pair_updates_per_s", "pair updates", "/s",
        stats["pair_updates"] / seconds, "more")
    add("pair_updates_per_event", "pair updates an event", "",
        stats["pair_updates"] / records)
    add("lists_per_s", "lists written", "/s",
        stats["lists_written"] / seconds)
    add("counts_per_s", "sorted sets written", "/s",
        stats["counts_written"] / seconds)
    for who in ("terkait", "kafka", "redis"):
        add("us_" + who, "processor time of %s" % who, "us/event",
            found[who] * 1e6 / records, "less")
    add("peak_mb", "peak memory", "MB", found["peak"] / 1e6, "less")
    add("redis_mb", "memory of Redis", "MB", found["redis_bytes"] / 1e6,
        "less")


def run(rig, sizes, figures):
    def check(redis):
        return compare_sample(redis, options(sizes))

    topic = rig.topic()
    rig.fill(topic, options(sizes))
    for turn in range(sizes.runs):
        null_rate = add_null(figures, rig.null(topic))
        for shape in SHAPES:
            is_checked = turn == 0 and shape[0] == "default"
            found = measure(rig, topic, shape[2], sizes.events,
                            check if is_checked else None)
            add_shape(figures, shape, found, null_rate)
            if isinstance(found["said"], Failed):
                raise found["said"]
            if found["said"]:
                figures.note(found["said"])
    figures.note(compare_small(rig, options(sizes, sizes.events_small)))


def run_null(rig, sizes, figures):
    topic = rig.topic()
    rig.fill(topic, options(sizes))
    for _ in range(sizes.runs):
        add_null(figures, rig.null(topic))
