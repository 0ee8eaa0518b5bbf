"""The settings that the recount needs, with the contract's defaults, and the
same as a terkait configuration file. Times are in milliseconds."""

import copy

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
ALL = ("view", "cart", "purchase")
BOUGHT = ("cart", "purchase")

DEFAULTS = {
    "events.lateness": 10 * MINUTE,
    "events.future": 5 * MINUTE,
    "events.max_bytes": 65536,
    "session.gap": 30 * MINUTE,
    "session.max_items": 50,
    "session.max_open": 1_000_000,
    "lists.k": 20,
    "lists.min_support": 2,
    "lists.score": "cosine",
    "lists.damping": 20,
    "counts.max": 50,
    "row.max_pairs": 1000,
    "relations": [
        {"name": "also_viewed", "from": ALL, "to": ALL},
        {"name": "carted_together", "from": BOUGHT, "to": BOUGHT},
        {"name": "viewed_then_carted", "from": ("view",), "to": BOUGHT},
    ],
    "windows": [
        {"name": "1h", "length": HOUR, "panes": 12},
        {"name": "24h", "length": DAY, "panes": 24},
        {"name": "7d", "length": 7 * DAY, "panes": 28},
    ],
}

DURATIONS = {"events.lateness", "events.future", "session.gap"}


def defaults(**changes):
    """A fresh copy; `lists__k=5` changes `lists.k`."""
    settings = copy.deepcopy(DEFAULTS)
    for name, value in changes.items():
        name = name.replace("__", ".")
        if name not in settings:
            raise KeyError(name)
        settings[name] = value
    return settings


def value_text(key, value):
    if key in DURATIONS:
        return '"%dms"' % value
    return '"%s"' % value if isinstance(value, str) else str(value)


def braces(values):
    return "{" + ", ".join('"%s"' % value for value in values) + "}"


def titled_text(settings):
    lines = []
    for relation in settings["relations"]:
        lines.append('relation "%s" {' % relation["name"])
        for key in ("from", "to"):
            lines.append("    %s = %s" % (key, braces(relation[key])))
        for key in ("score", "k", "min_support"):
            if key in relation:
                lines.append("    %s = %s" % (key, value_text(key,
                                                              relation[key])))
        lines.append("}")
    for window in settings["windows"]:
        lines.append('window "%s" {' % window["name"])
        lines.append('    length = "%dms"' % window["length"])
        lines.append("    panes = %d" % window["panes"])
        lines.append("}")
    return lines


def conf_text(settings, **more):
    """A whole configuration file. `more`: plain keys of the running only,
    as in redis__prefix="x:"."""
    plain = {key: value_text(key, value) for key, value in settings.items()
             if key not in ("relations", "windows")}
    for key, value in more.items():
        plain[key.replace("__", ".")] = value_text("", value)
    sections = {}
    for key, text in plain.items():
        section, name = key.split(".", 1)
        sections.setdefault(section, []).append("    %s = %s" % (name, text))
    lines = []
    for section, body in sections.items():
        lines += [section + " {"] + body + ["}"]
    return "\n".join(lines + titled_text(settings)) + "\n"
