"""Records into and out of a real Kafka, by kcat."""

import os
import subprocess


def brokers():
    return os.environ["KAFKA_BROKERS"]


def fresh_topic():
    """A name of its own; the broker makes it when it is first written to."""
    return "test-" + os.urandom(6).hex()


def kcat(*arguments, stdin=None):
    done = subprocess.run(
        ["kcat", "-b", brokers(), *arguments], input=stdin,
        capture_output=True, timeout=120, check=False)
    if done.returncode != 0:
        raise RuntimeError("kcat: " + done.stderr.decode(errors="replace"))
    return done.stdout


def produce(topic, records, partition=None):
    """(key, value) as bytes each. Neither holds the two separators that are
    used here; by key to a partition unless one is named."""
    for key, value in records:
        if b"\x1e" in key + value or b"\x1f" in key + value:
            raise ValueError("a separator in a record")
    arguments = ["-P", "-t", topic, "-K", "\x1f", "-D", "\x1e",
                 "-X", "linger.ms=20"]
    if partition is not None:
        arguments += ["-p", str(partition)]
    kcat(*arguments, stdin=b"".join(key + b"\x1f" + value + b"\x1e"
                                    for key, value in records))


def produce_empty(topic, partition):
    """A record without a value."""
    kcat("-P", "-t", topic, "-p", str(partition), "-Z", "-K", "\x1f", "-D",
         "\x1e", stdin=b"gone\x1f\x1e")


def consume(topic):
    """All that the topic holds now: (partition, offset, stamp_ms, value), in
    offset order within a partition. A record without value gives b""."""
    data = kcat("-C", "-t", topic, "-o", "beginning", "-e", "-q",
                "-f", "%p %o %T %S\n%s\n")
    records, at = [], 0
    while at < len(data):
        end = data.index(b"\n", at)
        partition, offset, stamp, size = map(int, data[at:end].split())
        size = max(size, 0)
        value = data[end + 1:end + 1 + size]
        at = end + 1 + size
        if data[at:at + 1] != b"\n":  # kcat prints NULL for none
            at = data.index(b"\n", at)
            value = b""
        at += 1
        records.append((partition, offset, stamp, value))
    return sorted(records, key=lambda record: record[:2])
