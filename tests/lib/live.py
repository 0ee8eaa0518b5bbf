"""`terkait run` beside a real Kafka and Redis, and all that it published."""

import os
import signal
import subprocess
import tempfile
import time

import kafka
from recount import Recount
from terkait import PROGRAM, Difference, Failed, decode_id, decode_item, \
    exact, expected_lists, list_json, read_list, write_conf

# So short that every promise of the contract is due within seconds.
QUICK = {"lists__sweep": "2s", "lists__settle": "500ms",
         "counts__refresh": "1s"}
STATS = ("started_at_ms", "first_event_at_ms", "last_list_at_ms",
         "events_accepted", "events_refused", "lists_written", "lag_records",
         "stream_time_ms", "version")


def missing():
    """Why there is no live test here; None when there can be one."""
    absent = [name for name in ("KAFKA_BROKERS", "REDIS_URL")
              if not os.environ.get(name)]
    if absent:
        return " and ".join(absent) + " not set: eval $(scripts/stack env)"
    return None


class Daemon:
    """A running `terkait run`; its log is kept for the failure's message."""

    def __init__(self, settings, topic, prefix, **more):
        self.folder = tempfile.TemporaryDirectory()
        self.log = open(os.path.join(self.folder.name, "log"), "w+b")
        running = {**QUICK, "kafka__brokers": kafka.brokers(),
                   "kafka__topic": topic, "kafka__group": topic,
                   "redis__url": os.environ["REDIS_URL"],
                   "redis__prefix": prefix, "http__listen": "off", **more}
        conf = write_conf(self.folder.name, settings, **running)
        self.process = subprocess.Popen(
            [PROGRAM, "run", "-c", conf], stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.folder.cleanup()

    def said(self):
        self.log.flush()
        with open(self.log.name, "rb") as file:
            return file.read().decode(errors="replace")[-3000:]

    def check_alive(self):
        if self.process.poll() is not None:
            raise Failed("terkait run ended with %d: %s" % (
                self.process.returncode, self.said()))

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            raise Failed("SIGTERM did not end it: " + self.said()) from None

    def kill(self):
        self.process.kill()
        self.process.wait()


class Published:
    """All public keys below a prefix, read at one moment."""

    def __init__(self, redis, prefix):
        self.lists, self.counts, self.popular = {}, {}, {}
        self.ttls_ms, self.other_keys = {}, []
        keys = redis.keys(prefix)
        start = len(prefix.encode())
        commands = []
        for key in keys:
            commands.append(("PTTL", key))
            commands.append(
                ("ZRANGE", key, 0, -1, "WITHSCORES")
                if key[start:].startswith(b"counts:") else ("GET", key))
        answers = redis.batch(commands) if commands else []
        for number, key in enumerate(keys):
            value = answers[2 * number + 1]
            if value in (None, []):
                continue  # it went away in between
            name = key[start:].decode()
            self.ttls_ms[name] = answers[2 * number]
            self.take(name, value)

    def take(self, name, value):
        kind, _, rest = name.partition(":")
        if kind in ("related", "counts"):
            item, relation, window = rest.split(":")
            if item[0] + item[-1] != "{}":
                raise Failed("no braces: " + name)
            key = (relation, window, *decode_item(item[1:-1]))
            if kind == "related":
                self.lists[key] = read_list(value)
            else:
                self.counts[key] = {
                    member.decode(): int(score)
                    for member, score in zip(value[::2], value[1::2])}
        elif kind == "popular":
            place, _, category = rest.partition(":")
            tenant, slash, window = place.rpartition("/")
            key = (window, decode_id(tenant) if slash else None,
                   decode_id(category) if category else None)
            self.popular[key] = read_list(value)
        elif kind not in ("stats", "state"):
            self.other_keys.append(name)


def without_as_of(lists):
    return {key: {name: value for name, value in entry.items()
                  if name != "as_of"} for key, entry in lists.items()}


def comparison(recount, published):
    """Three Differences: lists, counts, popular lists. `as_of` of a list that
    did not change since may be older, so it is no part of this."""
    first = recount.relations[0].name
    popular = {key: list_json(key, entry, first)
               for key, entry in recount.popular().items()}
    return [
        exact(recount, "lists", without_as_of(expected_lists(recount)),
              without_as_of(published.lists)),
        exact(recount, "counts", recount.counts_top(), published.counts),
        Difference("popular", without_as_of(popular),
                   without_as_of(published.popular),
                   lambda key: (first, key[0]))]


def recount_topic(topic, settings):
    recount = Recount(settings)
    for partition, offset, stamp, value in kafka.consume(topic):
        recount.take(partition, offset, stamp, value)
    return recount


def wait_settled(daemon, redis, prefix, recount, seconds=30):
    """Waits until the stats say that all was read and Redis equals the
    recount; the last comparison in any case, and what was published."""
    until = time.monotonic() + seconds
    while True:
        daemon.check_alive()
        is_late = time.monotonic() > until
        stats = stats_of(redis, prefix)
        is_read = stats.get("lag_records") == "0" \
            and stats.get("stream_time_ms") == str(recount.time or 0)
        if is_late and not is_read:
            raise Failed("stats do not say that T is %s and the lag 0: %s\n%s"
                         % (recount.time, stats, daemon.said()))
        if is_read:
            published = Published(redis, prefix)
            found = comparison(recount, published)
            if is_late or not any(found):
                return found, published
        time.sleep(0.2)


def stats_of(redis, prefix):
    flat = redis.call("HGETALL", prefix + "stats")
    return {name.decode(): value.decode()
            for name, value in zip(flat[::2], flat[1::2])}
