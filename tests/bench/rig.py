"""The bench's own Kafka and Redis, topics filled by `simulate`, and terkait
beside them."""

import json
import os
import subprocess
import tempfile
import time

from measure import Sampler, status_bytes
from resp import Redis
from stack import Stack
from terkait import PROGRAM, Failed

PROGRAMS = os.environ.get("PROGRAMS", "")
PREFIX = "terkait:"
PARTITIONS = 4


def program(name, timeout=900, **words):
    """One of tests/bench/*.c; the JSON objects it prints. A word `set` is a
    list of settings."""
    path = os.path.join(PROGRAMS, name)
    settings = words.pop("set", ())
    done = subprocess.run(
        [path, *("%s=%s" % word for word in words.items()),
         *("set:" + setting for setting in settings)],
        capture_output=True, check=False, timeout=timeout,
        stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise Failed("%s ended with %d: %s" % (
            name, done.returncode, done.stderr.decode(errors="replace")))
    return [json.loads(line) for line in done.stdout.splitlines()]


def has_program(name):
    return os.access(os.path.join(PROGRAMS, name), os.X_OK)


class Rig:
    def __init__(self, folder):
        self.stack = Stack("bench-%d" % os.getpid(), folder,
                           redis=("save \"\"",),
                           kafka=("log.retention.hours=-1",))
        self.redis = Redis(self.stack.redis_url)
        self.topics = 0
        self.groups = 0

    def down(self):
        self.redis.close()
        self.stack.down()

    def topic(self, *properties):
        self.topics += 1
        name = "bench-%d" % self.topics
        self.stack.run("topic", name, str(PARTITIONS), *properties)
        return name

    def fill(self, topic, options):
        """Sends `simulate`'s events, in their order even if the broker of a
        new topic asks for some again; seconds it took."""
        begun = time.monotonic()
        self.check(["simulate", "--no-progress", "--kafka",
                    "--brokers=" + self.stack.brokers, "--topic=" + topic,
                    "-s", "kafka.set=max.in.flight=1", *options])
        return time.monotonic() - begun

    @staticmethod
    def check(words):
        done = subprocess.run([PROGRAM, *words], capture_output=True,
                              check=False, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise Failed("terkait %s: %s" % (
                " ".join(words), done.stderr.decode(errors="replace")[-2000:]))

    def null(self, topic):
        return program("null_consumer", brokers=self.stack.brokers,
                       topic=topic, partitions=PARTITIONS)[0]

    def empty_redis(self):
        self.redis.call("FLUSHALL")
        self.redis.call("MEMORY", "PURGE")

    def terkait(self, topic, settings=(), group=None):
        """A group of its own unless one is named, for offsets committed
        before are another Redis's."""
        self.groups += 1
        return Terkait(self, topic, group or "bench-%d" % self.groups,
                       settings)

    def memory_of_redis(self):
        self.redis.call("MEMORY", "PURGE")
        info = self.redis.call("INFO", "memory").decode()
        return int(info.partition("used_memory:")[2].split()[0])


class Terkait:
    """A running daemon."""

    def __init__(self, rig, topic, group, settings):
        self.rig, self.topic, self.group = rig, topic, group
        self.settings = settings
        self.log = tempfile.TemporaryFile()
        words = ["kafka.brokers=" + rig.stack.brokers, "kafka.topic=" + topic,
                 "kafka.group=" + group, "redis.url=" + rig.stack.redis_url,
                 "redis.prefix=" + PREFIX, "http.listen=off", *settings]
        self.started_ms = time.time() * 1000
        self.process = subprocess.Popen(
            [PROGRAM, "run", *(part for word in words for part in ("-s", word))],
            stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=subprocess.STDOUT)
        self.sampler = Sampler(terkait=self.process.pid,
                               kafka=rig.stack.pid("kafka"),
                               redis=rig.stack.pid("redis"))

    def __enter__(self):
        self.sampler.__enter__()
        return self

    def __exit__(self, *_):
        self.sampler.__exit__()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-3000:]

    def peak_bytes(self):
        return status_bytes(self.process.pid, "VmHWM")

    def holds_bytes(self):
        return status_bytes(self.process.pid, "VmRSS")

    def stats(self):
        """The numbers of the `stats` hash of this process; {} before there
        are any."""
        if self.process.poll() is not None:
            raise Failed("terkait ended with %d: %s" % (
                self.process.returncode, self.said()))
        flat = self.rig.redis.call("HGETALL", PREFIX + "stats")
        found = {name.decode(): int(value) for name, value in
                 zip(flat[::2], flat[1::2]) if value.isdigit()}
        if found.get("started_at_ms", 0) < self.started_ms - 1:
            return {}
        return found

    def wait(self, is_done, seconds=600):
        """The first stats of which is_done() is true."""
        until = time.monotonic() + seconds
        while True:
            stats = self.stats()
            if stats and is_done(stats):
                return stats
            if time.monotonic() > until:
                raise Failed("not done after %d s: %s\n%s" % (
                    seconds, stats, self.said()))
            time.sleep(0.1)

    def wait_settled(self, records, seconds=600):
        """Until all is counted and published: settled_at_ms says when that
        was, to the turn."""
        return self.wait(lambda stats: stats["records_read"] >= records
                         and stats["lag_records"] == 0
                         and stats["settled_at_ms"] > 0, seconds)
