"""The engine alone: sessions, counting and windows in one thread, from decoded
events in memory; and how its cost grows."""

from rig import has_program, program

LEAN = ("relations=also_viewed", "windows=24h")


SHAPES = (
    ("", "", {}, True),
    (".visits", ", visits of 5", {"visit": 5}, True),
    (".lean", ", lean", {"set": LEAN}, False),
)


def run(sizes, figures):
    """The bar for a million items is half that for a hundred thousand. People
    who wander as in `simulate` make 6 pair updates an event; visits of 5
    make 4, as the bar has it."""
    for items, share in ((100_000, 1), (1_000_000, 0.5)):
        for name, title, words, has_bar in SHAPES:
            for _ in range(sizes.runs):
                found = program("bench_core", items=items,
                                events=sizes.core_events, **words)[0]
                add(figures, "core.%d%s" % (items, name),
                    "core, {:,} items{}".format(items, title), found,
                    share if has_bar else None)


def add(figures, name, title, found, share):
    figures.add(name + ".events_per_s", title + ": events", "events/s",
                found["events_per_s"], "more", share and share * 1e6)
    figures.add(name + ".pair_updates_per_s", title + ": pair updates", "/s",
                found["pair_updates_per_s"], "more", share and share * 4e6)
    figures.add(name + ".pair_updates_per_event",
                title + ": pair updates an event", "",
                found["pair_updates_per_event"])


WORDS = {
    "items": [("{:,} items".format(items), {"items": items}) for items in (
        10_000, 30_000, 100_000, 300_000, 1_000_000)],
    "session": [("%d items a visit" % visit, {"visit": visit}) for visit in (
        2, 5, 10, 20, 50)],
    "windows": [
        ("1 window", {"set": ["windows=24h"]}),
        ("2 windows", {"set": ["windows=1h,24h"]}),
        ("3 windows", {"set": []}),
    ],
    "relations": [
        ("1 relation", {"set": ["relations=also_viewed"]}),
        ("2 relations", {"set": ["relations=also_viewed,carted_together"]}),
        ("3 relations", {"set": []}),
    ],
}


def run_growth(sizes, figures):
    """Of an event and of a pair update, as one thing grows and the others
    stay: 100,000 items, sessions of 5 where their length is set."""
    for kind, cases in WORDS.items():
        for title, words in cases:
            for _ in range(sizes.runs):
                found = program("bench_core", **{
                    "items": 100_000, "events": sizes.growth_events, **words})
                name = "growth.%s.%s" % (kind, title.split()[0].replace(
                    ",", ""))
                figures.add(name + ".ns_per_event",
                            "growth, %s: an event" % title, "ns",
                            found[0]["ns_per_event"], "less")
                figures.add(name + ".ns_per_pair_update",
                            "growth, %s: a pair update" % title, "ns",
                            found[0]["ns_per_pair_update"], "less")


def run_decode(sizes, figures):
    """By jansson alone, and as terkait does it."""
    if not has_program("bench_decode"):
        figures.note("bench_decode is not built: nothing about decoding")
        return
    for _ in range(sizes.runs):
        for found in program("bench_decode"):
            name = "decode." + found["shape"]
            title = "decode, %s (%d bytes)" % (found["shape"], found["bytes"])
            figures.add(name + ".jansson_ns", title + ": jansson", "ns",
                        found["jansson_ns"])
            figures.add(name + ".ours_ns", title + ": ours", "ns",
                        found["scan_ns"], "less")
            figures.add(name + ".times", title + ": times as fast", "",
                        found["jansson_ns"] / found["scan_ns"], "more")
