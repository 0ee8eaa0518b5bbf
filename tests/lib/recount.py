"""The independent recount: naive and clear, written from the contract and
never from the C, so that the two can be held against each other.

    recount = Recount(settings)                    # see settings.py
    for partition, offset, stamp_ms, data in records:
        recount.take(partition, offset, stamp_ms, data)
    recount.verdicts   {reason: number}, "accepted" among them
    recount.lists()    {(relation, window, tenant, item): {...}}
    recount.counts()   {(relation, window, tenant, item, other): count}
    recount.popular()  {(window, tenant, category): {...}}

Texts are str, for which Python's order is that of their UTF-8 bytes; a tenant
that is not there is None. Two passes: the first judges the events and finds
stream time T; the second, begun by the first question, runs the sessions and
leaves out what is older than the longest window as of T, which no count can
hold any more.
"""

import math
from collections import Counter, defaultdict

from decode import decode

ACTION_OF = {"page_view": "view", "add_to_cart": "cart",
             "purchase": "purchase"}


class Item:
    """One item of a session. A membership is (order, ts) of the event that
    began it, by relation."""

    def __init__(self):
        self.actions = set()
        self.from_members = {}
        self.to_members = {}


class Session:
    def __init__(self):
        self.id = None
        self.last_ts = -1
        self.items = {}       # by latest event's arrival, oldest first
        self.counted = set()  # relations that N has this session for


class Partition:
    def __init__(self):
        self.time = None
        self.accepted = []
        self.sessions = {}    # by latest event's arrival, oldest first
        self.forgotten_full = 0
        self.pushed_out = 0


class Relation:
    def __init__(self, definition, settings):
        self.name = definition["name"]
        self.from_actions = frozenset(definition["from"])
        self.to_actions = frozenset(definition["to"])
        self.is_symmetric = self.from_actions == self.to_actions
        self.score = definition.get("score", settings["lists.score"])
        self.k = definition.get("k", settings["lists.k"])
        self.min_support = definition.get("min_support",
                                          settings["lists.min_support"])


def xlogx(x):
    return x * math.log(x) if x > 0 else 0.0


def entropy(*values):
    total, inner = 0.0, 0.0
    for value in values:
        total = total + value
        inner = inner + xlogx(value)
    return xlogx(total) - inner


def llr(c, n_a, n_b, n):
    if c * n <= n_a * n_b:
        return 0.0
    k11, k12 = float(c), float(n_a - c)
    k21, k22 = float(n_b - c), float(n - n_a - n_b + c)
    return 2.0 * (entropy(k11 + k12, k21 + k22) + entropy(k11 + k21, k12 + k22)
                  - entropy(k11, k12, k21, k22))


def score_of(name, c, n_a, n_b, n, damping):
    n_a, n_b = max(n_a, c), max(n_b, c)
    n = max(n, n_a + n_b - c)
    if name == "cosine":
        return c / math.sqrt((n_a + damping) * (n_b + damping))
    if name == "count":
        return float(c)
    if name == "jaccard":
        return c / (n_a + n_b - c)
    if name == "conditional":
        return c / n_a
    if name == "lift":
        return float(c) * float(n) / (float(n_a) * float(n_b))
    return {"llr": llr}[name](c, n_a, n_b, n)


class Recount:
    def __init__(self, settings, now_ms=None):
        """`now_ms`: what *future* is judged by where records have no stamp,
        as `replay --now`."""
        self.settings = settings
        self.now_ms = now_ms
        self.relations = [Relation(definition, settings)
                          for definition in settings["relations"]]
        self.windows = settings["windows"]
        self.fine = min(window["length"] // window["panes"]
                        for window in self.windows)
        self.verdicts = Counter()
        self.partitions = {}
        self.time = None      # T
        self.categories = {}  # (tenant, item) -> (ts, category)
        self.is_counted = False
        self.order = 0
        # One cell is a number by fine pane: pairs[relation][tenant, a] is
        # {(b, pane): n}, the others {pane: n} by (relation, tenant, item).
        self.pairs = [defaultdict(dict) for _ in self.relations]
        self.from_support = defaultdict(Counter)
        self.to_support = defaultdict(Counter)
        self.sessions_by_pane = defaultdict(Counter)  # N

    # First pass: what is accepted.

    def take(self, partition, offset, stamp_ms, data):
        """Offsets must rise within a partition. Answers the verdict."""
        del offset
        verdict = self.judge(partition, stamp_ms, data)
        self.verdicts[verdict] += 1
        return verdict

    def judge(self, number, stamp_ms, data):
        event = decode(data, stamp_ms, self.settings["events.max_bytes"])
        if isinstance(event, str):
            return event
        partition = self.partitions.setdefault(number, Partition())
        reference = self.now_ms if stamp_ms in (None, -1) else stamp_ms
        if reference is not None \
                and event.ts > reference + self.settings["events.future"]:
            return "future"
        if partition.time is not None \
                and event.ts + self.settings["events.lateness"] \
                < partition.time:
            return "late"
        partition.time = max(event.ts, partition.time or 0)
        self.time = max(event.ts, self.time or 0)
        partition.accepted.append(event)
        return "accepted"

    # Second pass: sessions and contributions.

    def count(self):
        if self.is_counted or self.time is None:
            return
        self.is_counted = True
        self.oldest_pane = min(self.first_pane(window)
                               for window in self.windows)
        for partition in self.partitions.values():
            partition.time = None
            for event in partition.accepted:
                self.arrive(partition, event)

    def first_pane(self, window):
        """The oldest fine pane that a window holds at T."""
        length = window["length"] // window["panes"]
        oldest = self.time // length - window["panes"] + 1
        return oldest * length // self.fine

    def arrive(self, partition, event):
        partition.time = max(event.ts, partition.time or 0)
        key = (event.tenant, event.visitor)
        session = partition.sessions.pop(key, None)
        if session is None or self.opens(session, event):
            self.forget(partition)
            session = Session()
        partition.sessions[key] = session
        session.last_ts = max(session.last_ts, event.ts)
        session.id = session.id or event.session
        for item in event.items:
            self.entry(partition, session, event, item)

    def opens(self, session, event):
        if event.ts > session.last_ts + self.settings["session.gap"]:
            return True
        return event.session is not None and session.id is not None \
            and event.session != session.id

    def forget(self, partition):
        """Makes room for one session more."""
        sessions = partition.sessions
        oldest_useful = partition.time - self.settings["events.lateness"]
        while sessions:
            key = next(iter(sessions))
            if sessions[key].last_ts + self.settings["session.gap"] \
                    >= oldest_useful:
                break
            del sessions[key]
        if len(sessions) >= self.settings["session.max_open"]:
            del sessions[next(iter(sessions))]
            partition.forgotten_full += 1

    def entry(self, partition, session, event, name):
        self.order += 1
        if event.category is not None:
            old = self.categories.get((event.tenant, name), (-1, ""))
            self.categories[event.tenant, name] = max(
                old, (event.ts, event.category))
        is_removal = event.type == "remove_from_cart"
        item = session.items.pop(name, None)
        if item is None:
            if is_removal:
                return
            if len(session.items) >= self.settings["session.max_items"]:
                del session.items[next(iter(session.items))]
                partition.pushed_out += 1
            item = Item()
        session.items[name] = item
        if is_removal:
            item.actions.discard("cart")
            self.end_memberships(session, event.tenant, name, item)
        else:
            item.actions.add(ACTION_OF[event.type])
            self.begin_memberships(session, event, name, item)

    def begin_memberships(self, session, event, name, item):
        now = (self.order, event.ts)
        for index, relation in enumerate(self.relations):
            if item.actions & relation.from_actions \
                    and index not in item.from_members:
                item.from_members[index] = now
                self.add(self.from_support, index, event.tenant, name,
                         event.ts, 1)
                if index not in session.counted:
                    session.counted.add(index)
                    self.add(self.sessions_by_pane, index, event.tenant, None,
                             event.ts, 1)
                if relation.is_symmetric:
                    self.begin_symmetric(session, event, name, index)
            if item.actions & relation.to_actions \
                    and index not in item.to_members:
                item.to_members[index] = now
                self.add(self.to_support, index, event.tenant, name, event.ts,
                         1)
                if not relation.is_symmetric:
                    self.begin_to(session, event, name, index)

    def begin_symmetric(self, session, event, name, index):
        if self.is_too_old(event.ts):
            return
        for other_name, other in session.items.items():
            if other_name != name and index in other.from_members:
                self.add_pair(index, event.tenant, name, other_name,
                              event.ts, 1)
                self.add_pair(index, event.tenant, other_name, name,
                              event.ts, 1)

    def begin_to(self, session, event, name, index):
        if self.is_too_old(event.ts):
            return
        for other_name, other in session.items.items():
            if other_name != name and index in other.from_members:
                self.add_pair(index, event.tenant, other_name, name,
                              event.ts, 1)

    def end_memberships(self, session, tenant, name, item):
        for index, relation in enumerate(self.relations):
            if index in item.from_members \
                    and not item.actions & relation.from_actions:
                began = item.from_members.pop(index)
                self.add(self.from_support, index, tenant, name, began[1], -1)
                if relation.is_symmetric:
                    self.end_symmetric(session, tenant, name, index, began)
                else:
                    self.end_from(session, tenant, name, index, began)
            if index in item.to_members \
                    and not item.actions & relation.to_actions:
                began = item.to_members.pop(index)
                self.add(self.to_support, index, tenant, name, began[1], -1)
                if not relation.is_symmetric:
                    self.end_to(session, tenant, name, index, began)

    def end_symmetric(self, session, tenant, name, index, began):
        for other_name, other in session.items.items():
            if other_name == name or index not in other.from_members:
                continue
            later = max(began, other.from_members[index])  # by arrival
            self.add_pair(index, tenant, name, other_name, later[1], -1)
            self.add_pair(index, tenant, other_name, name, later[1], -1)

    def end_from(self, session, tenant, name, index, began):
        for other_name, other in session.items.items():
            if other_name == name or index not in other.to_members:
                continue
            other_began = other.to_members[index]
            if other_began[0] > began[0]:
                self.add_pair(index, tenant, name, other_name,
                              other_began[1], -1)

    def end_to(self, session, tenant, name, index, began):
        for other_name, other in session.items.items():
            if other_name == name or index not in other.from_members:
                continue
            if other.from_members[index][0] < began[0]:
                self.add_pair(index, tenant, other_name, name, began[1], -1)

    def is_too_old(self, ts):
        """No window holds it; only saves time, `add` leaves it out too."""
        return ts // self.fine < self.oldest_pane

    def add(self, where, index, tenant, name, ts, sign):
        pane = ts // self.fine
        if pane >= self.oldest_pane:
            where[index, tenant, name][pane] += sign

    def add_pair(self, index, tenant, item, other, ts, sign):
        pane = ts // self.fine
        if pane >= self.oldest_pane:
            row = self.pairs[index][tenant, item]
            row[other, pane] = row.get((other, pane), 0) + sign

    # Answers.

    def total(self, where, index, tenant, name, first_pane):
        panes = where.get((index, tenant, name))
        if panes is None:
            return 0
        return sum(n for pane, n in panes.items() if pane >= first_pane)

    def rows(self):
        """(relation index, window, tenant, item, {other: count above 0})."""
        self.count()
        for index in range(len(self.relations)):
            for (tenant, item), row in self.pairs[index].items():
                for window in self.windows:
                    first_pane = self.first_pane(window)
                    sums = defaultdict(int)
                    for (other, pane), n in row.items():
                        if pane >= first_pane:
                            sums[other] += n
                    sums = {other: n for other, n in sums.items() if n != 0}
                    if min(sums.values(), default=1) < 0:
                        raise AssertionError("a count below zero")
                    if sums:
                        yield index, window, tenant, item, sums

    def counts(self):
        found = {}
        for index, window, tenant, item, sums in self.rows():
            for other, n in sums.items():
                found[self.relations[index].name, window["name"], tenant,
                      item, other] = n
        return found

    def counts_top(self):
        """What the sorted sets hold: {(relation, window, tenant, item):
        {other: count}}."""
        top = self.settings["counts.max"]
        found = {}
        for index, window, tenant, item, sums in self.rows():
            best = sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))
            if top:
                found[self.relations[index].name, window["name"], tenant,
                      item] = dict(best[:top])
        return found

    def lists(self):
        found = {}
        for index, window, tenant, item, sums in self.rows():
            relation = self.relations[index]
            entries = self.ranked(index, window, tenant, item, sums)
            if entries:
                found[relation.name, window["name"], tenant, item] = {
                    "as_of": self.time,
                    "support": self.total(self.from_support, index, tenant,
                                          item, self.first_pane(window)),
                    "items": entries[:relation.k]}
        return found

    def ranked(self, index, window, tenant, item, sums):
        relation = self.relations[index]
        first_pane = self.first_pane(window)
        n_a = self.total(self.from_support, index, tenant, item, first_pane)
        n = self.total(self.sessions_by_pane, index, tenant, None, first_pane)
        entries = []
        for other, c in sums.items():
            if c >= relation.min_support:
                n_b = self.total(self.to_support, index, tenant, other,
                                 first_pane)
                entries.append((other, score_of(
                    relation.score, c, n_a, n_b, n,
                    self.settings["lists.damping"]), c))
        return sorted(entries, key=lambda e: (-e[1], -e[2], e[0]))

    def popular(self):
        self.count()
        found = {}
        for window in self.windows:
            first_pane = self.first_pane(window) if self.time is not None else 0
            for (tenant, category), entries in self.popular_entries(
                    first_pane).items():
                entries.sort(key=lambda e: (-e[1], e[0]))
                found[window["name"], tenant, category] = {
                    "as_of": self.time,
                    "support": self.total(self.sessions_by_pane, 0, tenant,
                                          None, first_pane),
                    "items": [(item, float(n), n) for item, n
                              in entries[:self.settings["lists.k"]]]}
        return found

    def popular_entries(self, first_pane):
        entries = defaultdict(list)
        for index, tenant, item in self.from_support:
            n = self.total(self.from_support, index, tenant, item, first_pane)
            if index != 0 or n < self.settings["lists.min_support"]:
                continue
            entries[tenant, None].append((item, n))
            if (tenant, item) in self.categories:
                category = self.categories[tenant, item][1]
                entries[tenant, category].append((item, n))
        return entries

    def cut_rows(self):
        """(tenant, item) of rows with more others than row.max_pairs, which
        terkait had to cut; seen only among what the longest window holds."""
        self.count()
        others = defaultdict(set)
        for rows in self.pairs:
            for key, row in rows.items():
                others[key].update(other for other, _ in row)
        return self.above_the_cap(others)

    def ever_cut_rows(self, among):
        """The same of all time, so that a cut may have been and may show
        still: a row had at most these others at once."""
        everything = Others(self, among)
        everything.count()
        return self.above_the_cap(everything.others)

    def above_the_cap(self, others):
        return {key for key, names in others.items()
                if len(names) > self.settings["row.max_pairs"]}


class Others(Recount):
    """Counts nothing but the others that rows ever had."""

    def __init__(self, recount, rows):
        super().__init__(recount.settings)
        self.others = {key: set() for key in rows}
        self.time = recount.time
        for number, partition in recount.partitions.items():
            self.partitions[number] = Partition()
            self.partitions[number].accepted = partition.accepted

    def is_too_old(self, ts):
        return False

    def add_pair(self, index, tenant, item, other, ts, sign):
        if (tenant, item) in self.others:
            self.others[tenant, item].add(other)
