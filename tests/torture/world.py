"""The stage: Kafka and Redis, each behind a proxy, a producer, and terkait
under a supervisor; and the question whether all is well."""

import glob
import os
import random
import threading
import time
from collections import Counter, deque

import kafka
import live
from feed import Feed, market
from proxy import Proxy
from recount import Recount
from resp import Redis
from settings import HOUR, MINUTE, defaults
from stack import Stack, free_port
from supervisor import Supervisor
from terkait import write_conf

TOPIC, PREFIX, PARTITIONS = "events", "torture:", 4
RATE = 200         # lines a second
SPEED = 30         # event time, in times of the clock's
SETTLE_S = 90
SAMPLE_S, SAMPLES = 0.1, 600  # of the AOF's size


class Truth(Recount):
    """Asked more than once, it answers at once."""

    def __init__(self, settings):
        super().__init__(settings)
        self.answers = {}

    def once(self, name):
        if name not in self.answers:
            self.answers[name] = getattr(super(), name)()
        return self.answers[name]

    def lists(self):
        return self.once("lists")

    def counts_top(self):
        return self.once("counts_top")

    def popular(self):
        return self.once("popular")

    def cut_rows(self):
        return self.once("cut_rows")


def settings_for(chance):
    return defaults(
        session__gap=10 * MINUTE, events__lateness=3 * MINUTE,
        session__max_items=chance.choice((4, 50)),
        session__max_open=chance.choice((60, 1_000_000)),
        counts__max=128, lists__min_support=1,
        lists__score=chance.choice(("cosine", "count", "llr")),
        windows=[{"name": "5m", "length": 5 * MINUTE, "panes": 5},
                 {"name": "1h", "length": HOUR, "panes": 12},
                 {"name": "24h", "length": 24 * HOUR, "panes": 24}])


def losses(expected, found):
    """(lost, doubled): how far counts are below and above."""
    lost = doubled = 0
    for key in expected.keys() | found.keys():
        wanted, got = expected.get(key, {}), found.get(key, {})
        for other in wanted.keys() | got.keys():
            more = got.get(other, 0) - wanted.get(other, 0)
            lost += max(0, -more)
            doubled += max(0, more)
    return lost, doubled


class World:
    def __init__(self, seed, seconds, folder):
        self.chance = random.Random(seed)
        self.folder = folder
        self.fsync = self.chance.choice(("everysec", "always"))
        self.groups = self.chance.choice((16, 64, 256))
        kafka_port = free_port()
        self.kafka_proxy = Proxy(kafka_port)
        self.stack = Stack("torture", folder, redis=(
            "appendonly yes", "appendfsync " + self.fsync,
            "enable-debug-command yes"))
        try:
            self.stack.add_listener(kafka_port, self.kafka_proxy.port)
            self.redis_proxy = Proxy(self.stack.redis_port)
            self.fill(seed, seconds)
        except BaseException:
            self.stack.down()
            raise

    def fill(self, seed, seconds):
        os.environ["KAFKA_BROKERS"] = self.stack.brokers
        self.partitions = PARTITIONS
        self.stack.run("topic", TOPIC, str(PARTITIONS),
                       "message.timestamp.type=LogAppendTime")
        self.settings = settings_for(self.chance)
        conf = write_conf(
            self.folder, self.settings, **live.QUICK, http__listen="off",
            kafka__brokers="127.0.0.1:%d" % self.kafka_proxy.port,
            kafka__topic=TOPIC, kafka__group="torture",
            redis__url="redis://127.0.0.1:%d/0" % self.redis_proxy.port,
            redis__prefix=PREFIX, state__groups=self.groups,
            state__checkpoint_interval="1s")
        start_ms = int(time.time() * 1000) - (seconds + 600) * SPEED * 1000
        self.feed = Feed(self.stack.brokers, TOPIC, seed, market(
            seed, RATE * (seconds + 60), RATE / SPEED, start_ms), RATE)
        self.supervisor = Supervisor(self.folder, conf)
        self.samples = deque(maxlen=SAMPLES)
        self.floor = float("inf")  # no roll-back to before
        self.quiets = self.compared = self.lost = self.doubled = 0
        self.differing = Counter()
        self.settle_s, self.stop_s, self.notes = [], [], []
        threading.Thread(target=self.sample, daemon=True).start()
        self.feed.start()

    # Redis.

    def redis(self):
        return Redis(self.stack.redis_url)

    def sample(self):
        """Where the AOF ended, ten times a second."""
        while True:
            found = self.aof()
            if found is not None:
                self.samples.append((time.monotonic(), *found))
            time.sleep(SAMPLE_S)

    def aof(self):
        """(path, bytes) of the file that grows; None: not there just now."""
        paths = glob.glob(os.path.join(self.stack.home, "redis",
                                       "appendonlydir", "*.incr.aof"))
        try:
            path = max(paths, key=lambda path: int(path.split(".")[-3]))
            return path, os.path.getsize(path)
        except (OSError, ValueError):
            return None

    def cut_aof(self, seconds):
        """Takes away what was written in the last so many seconds, and says
        how many bytes; Redis must be down. Not to before the floor, nor to
        before the last rewriting of the file."""
        path, size = self.aof()
        since = max(time.monotonic() - seconds, self.floor)
        sizes = [at_size for at, at_path, at_size in self.samples
                 if at_path == path and at >= since]
        if not sizes or min(sizes) >= size:
            return 0
        os.truncate(path, min(sizes))
        self.samples.clear()
        return size - min(sizes)

    def has_state(self, partition):
        with self.redis() as redis:
            return any(b"{p%d}" % partition in key
                       for key in redis.keys(PREFIX + "state:"))

    # Is all well?

    def start(self, seconds=60):
        """Until the first lists stand."""
        self.supervisor.add()
        self.feed.go_on()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with self.redis() as redis:
                if redis.keys(PREFIX + "related:"):
                    self.floor = time.monotonic() + 2
                    return
            time.sleep(0.2)
        raise RuntimeError("no list within %d s: %s" % (
            seconds, self.supervisor.said()))

    def truth(self):
        truth = Truth(self.settings)
        for record in kafka.consume(TOPIC):
            truth.take(*record)
        return truth

    def compare(self, truth, when):
        began = time.monotonic()
        with self.redis() as redis:
            found, published = live.wait_settled(
                self.supervisor, redis, PREFIX, truth, SETTLE_S)
        self.settle_s.append(time.monotonic() - began)
        for one in found:
            self.compared += sum(one.totals.values())
            self.differing[one.kind] += sum(one.differing.values())
        lost, doubled = losses(truth.counts_top(), published.counts)
        self.lost += lost
        self.doubled += doubled
        if any(found):
            self.notes.append("%s: %s" % (when, "\n".join(
                str(one) for one in found if one)))
        return not any(found)

    def check(self, is_orderly):
        """The producer rests, and all must be as the recount says; then once
        more from what is durable, all public keys being deleted."""
        self.quiets += 1
        self.feed.pause()
        truth = self.truth()
        when = "quiet %d" % self.quiets
        is_well = self.compare(truth, when) and self.compare_durable(
            truth, when, is_orderly)
        print("%s: %d records, %d lists, %s" % (
            when, sum(truth.verdicts.values()), len(truth.lists()),
            "equal" if is_well else "DIFFERS"), flush=True)
        if is_well:
            self.feed.go_on()
        return is_well

    def compare_durable(self, truth, when, is_orderly):
        supervisor = self.supervisor
        slot = supervisor.primary()
        if is_orderly:
            self.stop_s.append(supervisor.terminate(slot, then_start=False))
        else:
            slot.is_wanted = False
            supervisor.kill(slot)
            slot.process.wait()
        with self.redis() as redis:
            for kind in ("related:", "counts:", "popular:", "stats"):
                redis.delete(PREFIX + kind)
            supervisor.revive(slot)
            is_well = self.compare(truth, when + ", restarted")
            read = int(live.stats_of(redis, PREFIX).get("records_read", -1))
        if is_orderly and read != 0:
            self.notes.append("%s: %d records read again after a clean stop"
                              % (when, read))
            return False
        return is_well

    def close(self):
        self.supervisor.close()
        self.feed.is_over = True
        self.kafka_proxy.release()
        self.redis_proxy.release()
        self.stack.down()
