"""Writes a simulated marketplace into a topic at a steady rate; one slice in
three goes in a transaction, of which every fourth is aborted. What the topic
holds in the end is the truth, so nothing is kept here."""

import json
import random
import threading
import time

from rdkafka import KafkaError, Producer
from terkait import run

SLICE_S = 0.25


def market(seed, count, lines_per_s, start_ms):
    """[(key, line)] in the order of their sending."""
    out, _ = run("simulate", "--seed", str(seed), "-n", str(count), "--rate",
                 "%.3f" % lines_per_s, "--peak", "1", "--catalogue", "150",
                 "--tenants", "2", "--start", str(start_ms), "--remove", "0.4",
                 "--malformed", "0.01")
    return [(key_of(line), line) for line in out.split(b"\n") if line]


def key_of(line):
    try:
        return str(json.loads(line)["visitor"]).encode()
    except (ValueError, KeyError, TypeError):
        return b"somebody"


class Feed(threading.Thread):
    def __init__(self, brokers, topic, seed, records, rate):
        super().__init__(daemon=True)
        self.brokers, self.topic, self.rate = brokers, topic, rate
        self.chance = random.Random(seed)
        self.records, self.at = records, 0
        self.sent = self.committed = self.aborted = self.troubles = 0
        self.may_run, self.is_idle = threading.Event(), threading.Event()
        self.is_over = False
        self.plain = self.in_transactions = None

    def pause(self, seconds=90):
        """Returns when all that was sent stands in the topic."""
        self.may_run.clear()
        if not self.is_idle.wait(seconds):
            raise KafkaError("the producer does not come to rest")

    def go_on(self):
        self.is_idle.clear()
        self.may_run.set()

    def run(self):
        while not self.is_over:
            if not self.may_run.is_set():
                self.rest()
                continue
            due = time.monotonic() + SLICE_S
            self.send_slice()
            time.sleep(max(0, due - time.monotonic()))

    def rest(self):
        try:
            if self.plain is not None:
                self.plain.flush()
        except KafkaError:
            self.troubles += 1
            return
        self.is_idle.set()
        self.may_run.wait(0.2)

    def send_slice(self):
        size = int(self.rate * SLICE_S)
        records = self.records[self.at:self.at + size]
        self.at += len(records)
        try:
            if self.chance.random() < 0.33:
                self.send_transaction(records)
            else:
                self.send_plain(records)
        except KafkaError:
            self.troubles += 1
            self.reopen()

    def send_plain(self, records):
        if self.plain is None:
            self.plain = Producer(self.brokers, self.topic, linger_ms=5)
        for record in records:
            self.plain.send(*record)
        self.sent += len(records)

    def send_transaction(self, records):
        if self.in_transactions is None:
            self.in_transactions = Producer(
                self.brokers, self.topic, transactional_id=self.topic,
                transaction_timeout_ms=10000, message_timeout_ms=8000)
        producer = self.in_transactions
        producer.begin()
        for record in records:
            producer.send(*record)
        if self.chance.random() < 0.25:
            producer.flush(8)
            producer.abort()
            self.aborted += 1
        else:
            producer.commit()
            self.committed += 1
            self.sent += len(records)

    def reopen(self):
        if self.in_transactions is not None:
            self.in_transactions.close()
            self.in_transactions = None

    def close(self):
        self.is_over = True
        self.may_run.set()
        self.join(60)
