"""The figures as a table, beside older ones, and in README."""

import datetime

import machine as machines

START, END = "<!-- bench -->", "<!-- /bench -->"


def number(value):
    """With three or four digits that say something."""
    if value is None:
        return ""
    size = abs(value)
    if size >= 1e7:
        return "%.2f M" % (value / 1e6)
    if size >= 100:
        return "{:,.0f}".format(value)
    if size >= 10:
        return "%.1f" % value
    return "%.3g" % value if size >= 1 or size == 0 else "%.4f" % value


def bar_of(figure):
    if figure["bar"] is None:
        return "", ""
    sign = ">=" if figure["better"] == "more" else "<="
    return "%s %s" % (sign, number(figure["bar"])), \
        "yes" if figure["reached"] else "NO"


def aligned(rows, right=()):
    """Lines of columns; those numbered in `right` end below each other."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths))).rstrip()


def table(figures):
    rows = [("", "value", "unit", "least", "most", "bar", "reached")]
    for figure in figures:
        spread = ("", "") if len(figure["runs"]) < 2 else (
            number(figure["least"]), number(figure["most"]))
        rows.append((figure["label"], number(figure["value"]), figure["unit"],
                     *spread, *bar_of(figure)))
    return aligned(rows, right=(1, 3, 4))


def change(before, after):
    if before == 0:
        return ""
    return "%+.0f %%" % (100 * (after - before) / before)


def comparison(old, new):
    """Both are lists of figures; those that only one has are there too."""
    older = {figure["name"]: figure for figure in old}
    names = {figure["name"] for figure in new}
    rows = [("", "before", "after", "unit", "change", "bar", "reached")]
    for figure in [*new, *(one for one in old if one["name"] not in names)]:
        before = older.get(figure["name"])
        after = figure if figure["name"] in names else None
        rows.append((
            figure["label"], number(before and before["value"]),
            number(after and after["value"]), figure["unit"],
            change(before["value"], after["value"])
            if before and after else "", *bar_of(figure)))
    return aligned(rows, right=(1, 2, 4))


# What README shows, in this order; the rest is in bench.json.
IN_README = (
    "null.events_per_s",
    "whole.lean.events_per_s", "whole.lean.ratio",
    "whole.default.events_per_s", "whole.default.ratio",
    "whole.default.lists_per_s", "whole.default.us_terkait",
    "whole.default.peak_mb",
    "core.100000.events_per_s", "core.100000.pair_updates_per_s",
    "core.1000000.events_per_s",
    "decode.simulate.jansson_ns", "decode.simulate.ours_ns",
    "freshness.20000.p50", "freshness.20000.p99",
    "freshness.half.p99", "memory.process.cell", "memory.process.row",
    "memory.redis.cell", "memory.redis.row", "memory.session",
    "memory.passed.daemon", "restart.reading", "restart.caught_up",
)


def missing_in_readme(report):
    """Names that README shows and this report lacks: parts were left out."""
    names = {figure["name"] for figure in report["figures"]}
    return [name for name in IN_README if name not in names]


def readme_section(report):
    """Markdown: machine, date, and the figures that README shows."""
    by_name = {figure["name"]: figure for figure in report["figures"]}
    day = datetime.date.fromisoformat(report["date"][:10])
    lines = ["Measured by `make bench` on %s: %s. Kafka, Redis and the load "
             "share these cores." % (
                 day.isoformat(), machines.one_line(report["machine"])), "",
             "| what | measured | bar |", "|---|---:|---:|"]
    for name in IN_README:
        figure = by_name.get(name)
        if figure is not None:
            lines.append("| %s | %s %s | %s |" % (
                figure["label"], number(figure["value"]), figure["unit"],
                bar_of(figure)[0]))
    return "\n".join(lines) + "\n"


def put_between(text, section):
    """README with what stands between the markers replaced."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError("no markers %s and %s" % (START, END))
    return before + START + "\n" + section + END + after
