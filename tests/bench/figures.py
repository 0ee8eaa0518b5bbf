"""Figures: what was measured, with its bar, in the order it came.

A figure is a name (part.what), a unit, and a value a run; the middle one
counts. Its bar, where the contract has one, is the least it may be (`better`
"more") or the most ("less")."""

from dataclasses import asdict, dataclass, field

from measure import median


@dataclass
class Figure:
    name: str
    label: str
    unit: str
    better: str = ""  # "more", "less" or "": no matter
    bar: float | None = None
    runs: list = field(default_factory=list)

    @property
    def value(self):
        return median(self.runs)

    @property
    def reached(self):
        if self.bar is None:
            return None
        if self.better == "more":
            return self.value >= self.bar
        return self.value <= self.bar

    def as_json(self):
        return {**asdict(self), "value": self.value,
                "least": min(self.runs), "most": max(self.runs),
                "reached": self.reached}


class Figures:
    def __init__(self):
        self.by_name = {}
        self.notes = []

    # pylint: disable=too-many-arguments
    def add(self, name, label, unit, value, better="", bar=None):
        """One run's value; the first says what the figure is."""
        figure = self.by_name.setdefault(
            name, Figure(name, label, unit, better, bar))
        figure.runs.append(float(value))

    def note(self, text):
        """What a reader of the figures should know; each once."""
        if text not in self.notes:
            self.notes.append(text)

    def as_json(self):
        return [figure.as_json() for figure in self.by_name.values()]
