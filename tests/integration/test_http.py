#!/usr/bin/env python3
"""HTTP beside a real Kafka and Redis: every documented answer, lists and
reasons against the recount, streams, readiness, and clients that mean no good.

Wants KAFKA_BROKERS: eval "$(scripts/stack env)".
"""

import http.client
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest
from urllib.parse import quote

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))

import kafka
from live import recount_topic
from openapi import Document
from service import PREFIX, Live, check_module, visits
from stack import free_port
from streams import START, line

TOKEN = "let me in"
ODD = ["a/b", "a%2Fb", "ä ö", "\"quoted\\", "+plus&amp=1", "x" * 128,
       "line\nbreak", "emoji \U0001f600", "?#;"]

setUpModule = check_module


def odd_visits(first_ms):
    """Odd items seen together, of a tenant and of none."""
    return [(b"o%d" % n, line(visitor="o%d" % n, item=item, tenant=tenant,
                              ts=first_ms + n, category="odd \"%s" % item[:20]))
            for tenant in (Ellipsis, "warung/ibu \"x\"")
            for n in range(3) for item in ODD]


class Client:
    """One terkait's HTTP."""

    def __init__(self, port, token=None, document=None):
        self.port, self.document = port, document
        self.headers = {"Authorization": "Bearer " + token} if token else {}

    def ask(self, target, method="GET", seconds=10):
        """(status, headers, body as bytes)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=seconds)
        try:
            connection.request(method, target, headers=self.headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def json(self, target, status=200, path=None):
        """The answer, which is as the document says."""
        code, headers, body = self.ask(target)
        if code != status:
            raise AssertionError("%s: %d %s" % (target, code, body[:300]))
        value = body.decode()
        if headers["Content-Type"].startswith("application/json"):
            value = json.loads(body)
        if self.document is not None:
            wrong = self.document.take(path or target.split("?")[0], code,
                                       headers["Content-Type"], value)
            if wrong:
                raise AssertionError("%s: %s" % (target, wrong))
        return value

    def related(self, item, tenant=None, status=200):
        return self.json("/api/v1/related/" + quote(item, safe="") + (
            "?tenant=" + quote(tenant, safe="") if tenant else ""), status,
            "/api/v1/related/{item}")

    def explain(self, a, b, tenant=None, status=200):
        return self.json("/api/v1/explain?a=%s&b=%s" % (
            quote(a, safe=""), quote(b, safe="")) + (
                "&tenant=" + quote(tenant, safe="") if tenant else ""), status)

    def events(self):
        """The data of each event of a stream, without end."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=10)
        connection.request("GET", "/api/v1/events", headers=self.headers)
        response = connection.getresponse()
        if response.status != 200:
            raise AssertionError(response.read())
        try:
            while True:
                name = response.readline()
                if not name:
                    return
                data, end = response.readline(), response.readline()
                if name != b"event: status\n" or end != b"\n":
                    raise AssertionError((name, end))
                yield json.loads(data.removeprefix(b"data: "))
        finally:
            connection.close()

    def wait(self, target, is_so, seconds=20):
        """Until an answer is so; what it was."""
        until = time.monotonic() + seconds
        while True:
            try:
                code, _, body = self.ask(target)
                if is_so(code, body):
                    return code, body
            except OSError:
                code, body = None, b""
            if time.monotonic() > until:
                raise AssertionError("%s: %s %s" % (target, code, body[:500]))
            time.sleep(0.1)

    def wait_ready(self):
        self.wait("/readyz", lambda code, _: code == 200)


class Http(Live):
    def serve(self, token=None, document=None, **more):
        """(daemon, client)"""
        port = free_port()
        more.setdefault("http__listen", "127.0.0.1:%d" % port)
        if token:
            more["http__token"] = token
        return self.service(**more), Client(port, token, document)

    def produce_odd(self):
        kafka.produce(self.topic, odd_visits(START + self.sent * 500))


class Documented(Http):
    """In the order of one life, so that one document sees all of it."""

    def check_refusals(self, client):
        for target, path in (("/readyz", None), ("/metrics", None),
                             ("/api/v1/status", None),
                             ("/api/v1/events", None),
                             ("/api/v1/explain?a=x&b=y", None),
                             ("/api/v1/related/x", "/api/v1/related/{item}")):
            client.json(target, 401, path)
        client.json("/healthz")

    def check_start(self, document):
        """Kafka is away, and HTTP is there."""
        daemon, client = self.serve(
            TOKEN, document, kafka__brokers="127.0.0.1:%d" % free_port())
        with daemon:
            daemon.await_words("event=waiting .*kafka")
            client.wait("/readyz", lambda code, body: b"kafka_away" in body)
            ready = client.json("/readyz", 503)
            self.assertEqual([one["reason"] for one in ready["reasons"]],
                             ["starting", "kafka_away"])
            status = client.json("/api/v1/status")
            self.assertEqual((status["phase"], status["waits_for"]),
                             ("starting", "kafka"))
            client.related("x", status=503)
            client.explain("x", "y", status=503)
            self.check_refusals(Client(client.port, "wrong", document))
            self.check_refusals(Client(client.port, None, document))

    def check_status(self, client):
        status = client.json("/api/v1/status")
        stats = self.stats()
        self.assertEqual(stats.pop("version"), status["version"])
        self.assertEqual(json.loads(stats.pop("hot_items"))[0].keys(),
                         status["hot"][0].keys())
        self.assertEqual(stats.keys() ^ status["values"].keys(), set())
        self.assertEqual({name: n for name, n in status["refused"].items()
                          if n}, {"json": 1, "item": 1})
        self.assertEqual(sum(one["position"] for one in status["partitions"]),
                         status["values"]["records_read"])
        self.assertEqual({one["lag"] for one in status["partitions"]}, {0})
        self.assertEqual(status["settings"]["prefix"], PREFIX)
        self.assertTrue(status["hot"])
        checkpoint = status["checkpoint"]
        self.assertGreater(checkpoint["written"], 0)
        self.assertTrue(0 < checkpoint["duration_ms"] < 60000, checkpoint)
        self.assertEqual(stats["redis_up"], "1")

    def check_questions(self, client):
        client.related("sku-1")
        client.related("nothing", status=404)
        client.json("/api/v1/related/%zz", 400, "/api/v1/related/{item}")
        for b in ["never seen"] + ["sku-%d" % n for n in range(2, 41)]:
            client.explain("sku-1", b)
        client.explain("a/b", "ä ö", "warung/ibu \"x\"")
        client.explain("nothing", "sku-1", status=404)
        client.explain("sku-1", "sku-1", status=400)

    def check_streams(self, client):
        streams = [client.events() for _ in range(16)]
        for stream in streams:
            self.assertEqual(next(stream)["phase"], "counting")
        client.document.take("/api/v1/events", 200, "text/event-stream", "")
        client.json("/api/v1/events", 503)
        for stream in streams:
            stream.close()

    def test_every_answer(self):
        document = Document()
        self.settings["relations"][0]["k"] = 5
        self.settings["relations"][0]["min_support"] = 30
        self.produce(2000)
        self.produce_odd()
        kafka.produce(self.topic, [(b"k", b"no json"), (b"k", line(item=-1))])
        self.check_start(document)
        daemon, client = self.serve(TOKEN, document)
        with daemon:
            self.settle(daemon)
            client.wait_ready()
            client.json("/readyz")
            client.json("/")
            client.json("/metrics")
            self.check_status(client)
            self.check_questions(client)
            self.check_streams(client)
            self.assertEqual(daemon.stop(), 0, daemon.said())
        self.assertEqual(document.unseen(), set())
        self.assertEqual(document.unseen_fields(), set())
        self.check_words(document)

    def check_words(self, document):
        """All reasons of answers came; those of trouble are tested below."""
        unseen = {(place.rpartition("/")[2], word)
                  for place, word in document.unseen_words()}
        self.assertEqual({pair for pair in unseen
                          if pair[0].startswith("Answer")}, set())
        self.assertEqual({word for place, word in unseen
                          if place.startswith("Error")},
                         {"not_found", "method_not_allowed", "too_long",
                          "no_answer"})


class Exact(Http):
    def expected(self, recount):
        """{(tenant, item): {(relation, window): (support, entries)}}"""
        lists = {}
        for (relation, window, tenant, item), entry in recount.lists().items():
            lists.setdefault((tenant, item), {})[relation, window] = (
                entry["support"], entry["items"])
        return lists

    def check_lists(self, client, lists):
        for (tenant, item), expected in lists.items():
            answer = client.related(item, tenant)
            self.assertEqual((answer["item"], answer["tenant"]),
                             (item, tenant or ""))
            self.assertEqual(len(answer["lists"]), 9)
            for one in answer["lists"]:
                support, entries = expected.get(
                    (one["relation"], one["window"]), (one["support"], []))
                self.assertEqual(one["support"], support)
                self.assertEqual(
                    [(e["id"], e["score"], e["count"]) for e in one["items"]],
                    entries, (item, one["relation"], one["window"]))

    def check_reasons(self, client, recount, tenant, a, others):
        counts = recount.counts()
        ranks = {}
        for index, window, *key, sums in recount.rows():
            if key == [tenant, a]:
                relation = recount.relations[index].name
                for rank, entry in enumerate(recount.ranked(
                        index, window, tenant, a, sums)):
                    ranks[relation, window["name"], entry[0]] = (
                        rank + 1, entry[1])
        for b in others:
            for one in client.explain(a, b, tenant)["answers"]:
                place = (one["relation"], one["window"])
                c = counts.get((*place, tenant, a, b), 0)
                rank, score = ranks.get((*place, b), (None, one["score"]))
                self.assertEqual((one["c"], one["rank"], one["score"]),
                                 (c, rank, score), (a, b, place))
                self.assertEqual(one["listed"],
                                 rank is not None and rank <= one["k"])

    def test_equal_to_the_recount(self):
        for relation, score in zip(self.settings["relations"],
                                   ("cosine", "llr", "lift")):
            relation.update(score=score, k=4, min_support=2)
        self.produce(1500)
        self.produce_odd()
        daemon, client = self.serve()
        with daemon:
            self.settle(daemon)
            recount = recount_topic(self.topic, self.settings)
            recount.count()
            lists = self.expected(recount)
            self.assertGreater(len(lists), 30)
            self.check_lists(client, lists)
            items = sorted(item for tenant, item in lists if tenant is None)
            for a, b in itertools.product(items[::9], items):
                if a != b:
                    self.check_reasons(client, recount, None, a, [b])
            tenant = "warung/ibu \"x\""
            self.check_reasons(client, recount, tenant, ODD[0], ODD[1:])


class Life(Http):
    def test_a_stream_follows(self):
        document = Document()
        self.produce(100)
        daemon, client = self.serve(document=document,
                                    state__checkpoint_interval="3s")
        with daemon:
            self.settle(daemon)
            stream = client.events()
            first = next(stream)
            self.produce(500)
            before, ages = first["at_ms"], []
            for status in itertools.islice(stream, 5):
                self.produce(200)
                self.assertEqual(list(document.check(
                    status, {"$ref": "#/components/schemas/Status"}, "",
                    "event")), [])
                self.assertGreater(status["at_ms"], before)
                before = status["at_ms"]
                ages.append(status["checkpoint"]["age_ms"])
            self.assertTrue(0 < max(ages) < 60000, ages)
            while status["values"]["events_accepted"] < self.sent:
                status = next(stream)
            self.assertEqual(daemon.stop(), 0, daemon.said())
            self.assertEqual(list(stream), [])  # it ends in an orderly way

    def test_redis_goes_and_comes(self):
        self.produce(500)
        daemon, client = self.serve()
        with daemon:
            self.settle(daemon)
            client.wait_ready()
            self.server.kill()
            client.wait("/readyz", lambda code, body: code == 503
                        and b"redis_away" in body)
            _, _, metrics = client.ask("/metrics")
            self.assertIn(b'\nterkait_not_ready{reason="redis_away"} 1\n',
                          metrics)
            client.related("sku-1")  # counts are in memory
            self.server.start()
            client.wait_ready()

    def test_freshness(self):
        self.produce(100)
        daemon, client = self.serve(publish__interval="50ms")
        with daemon:
            client.wait_ready()
            for _ in range(20):
                self.produce(25)
                time.sleep(0.1)
            _, body = client.wait(
                "/api/v1/status",
                lambda _, body: json.loads(body)["freshness"]["count"] > 20)
            spread = json.loads(body)["freshness"]
            self.assertGreater(spread["p50_ms"], 0)
            self.assertLess(spread["p50_ms"], 2000)
            self.assertLessEqual(spread["p50_ms"], spread["p99_ms"])
            self.assertLessEqual(spread["p99_ms"], spread["max_ms"])

    @unittest.skipUnless(shutil.which("promtool"), "promtool: scripts/deps")
    def test_promtool(self):
        self.produce(500)
        daemon, client = self.serve()
        with daemon:
            self.settle(daemon)
            _, _, metrics = client.ask("/metrics")
            done = subprocess.run(["promtool", "check", "metrics"],
                                  input=metrics, capture_output=True,
                                  timeout=60, check=False)
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (0, b"", b""))

    def test_a_taken_port(self):
        port = free_port()
        with socket.create_server(("127.0.0.1", port)):
            daemon, _ = self.serve(http__listen="127.0.0.1:%d" % port)
            with daemon:
                daemon.await_words("warn event=http_cannot_listen .*in use")
                self.produce(500)
                self.settle(daemon)
        daemon, client = self.serve(http__listen=":%d" % port)
        client.port = port
        with daemon:
            client.wait_ready()

    def test_off(self):
        daemon, client = self.serve(http__listen="off")
        with daemon:
            self.produce(100)
            self.settle(daemon)
            with self.assertRaises(OSError):
                client.ask("/healthz")


def drip(port, found):
    """A request, a byte a second; how long it lasted."""
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(5)
        try:
            for byte in itertools.cycle(b"GET / HTTP/1.1\r\nX: y"):
                client.send(bytes([byte]))
                time.sleep(1)
                if time.monotonic() - begun > 60:
                    break
        except OSError:
            pass
    found.append(time.monotonic() - begun)


class Hostile(Http):
    """Whatever they send, events are counted, and others are answered."""

    def send(self, client, data):
        """What comes back until it is closed; half a second is enough."""
        with socket.create_connection(("127.0.0.1", client.port)) as one:
            one.settimeout(0.5)
            answer = b""
            try:
                one.sendall(data)
                one.shutdown(socket.SHUT_WR)
                while part := one.recv(65536):
                    answer += part
            except OSError:
                pass
            return answer

    def check_requests(self, client):
        for request in (
                b"\0\0\0\0\r\n\r\n", b"\r\n" * 1000, b"GET\r\n\r\n",
                b"GET / HTTP/9.9\r\n\r\n", b"\xff" * 10000 + b"\r\n\r\n",
                b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\n\r\n",
                b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
                b"GET / HTTP/1.1\r\nX: " + b"y" * 100000 + b"\r\n\r\n",
                b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\nx",
                b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\nx",
                b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"FFFFFFFFFFFFFFFFF\r\n",
                b"GET /api/v1/related/%00 HTTP/1.1\r\nHost: x\r\n\r\n",
                b"GET /api/v1/related/a?" + b"tenant=a&" * 1000
                + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                b"GET /api/v1/explain?a=\xff&b=\0 HTTP/1.1\r\n\r\n",
                b"GET http://elsewhere/healthz HTTP/1.1\r\nHost: x\r\n\r\n"):
            answer = self.send(client, request)
            self.assertNotIn(b" 200 ", answer.split(b"\r\n")[0], request[:80])
        self.assertEqual(client.ask("/healthz")[0], 200)

    def check_methods(self, client):
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"):
            for target in ("/", "/metrics", "/api/v1/related/a"):
                status, headers, body = client.ask(target, method)
                self.assertEqual(status, 405)
                self.assertEqual(headers["Allow"], "GET, HEAD")
                self.assertEqual(json.loads(body)["error"],
                                 "method_not_allowed")
        self.assertEqual(client.ask("/" + "x" * 2000)[0], 414)
        self.assertEqual(client.ask("/..%2f..%2fetc/passwd")[0], 404)

    def check_crowd(self, client):
        """More connections than there may be; then there is room again."""
        crowd = [socket.create_connection(("127.0.0.1", client.port))
                 for _ in range(200)]
        with self.assertRaises((OSError, http.client.HTTPException)):
            client.ask("/healthz", seconds=2)
        for one in crowd:
            one.close()
        client.wait("/healthz", lambda code, _: code == 200)

    def check_readers_that_do_not_read(self, client):
        deaf = []
        for _ in range(20):
            one = socket.create_connection(("127.0.0.1", client.port))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            one.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n" +
                        b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
            deaf.append(one)
        self.assertEqual(client.ask("/healthz")[0], 200)
        for one in deaf:
            one.close()

    def test_all_at_once(self):
        self.produce(1000)
        daemon, client = self.serve()
        with daemon:
            client.wait_ready()
            lasted = []
            drips = [threading.Thread(target=drip, args=(client.port, lasted))
                     for _ in range(5)]
            for one in drips:
                one.start()
            self.check_requests(client)
            self.check_methods(client)
            self.check_readers_that_do_not_read(client)
            self.check_crowd(client)
            self.produce(1000)
            self.settle(daemon)
            for one in drips:
                one.join()
            self.assertLess(max(lasted), 40)
            self.assertGreater(min(lasted), 10)
            client.wait_ready()
            self.assertEqual(daemon.stop(), 0, daemon.said())

    def test_the_end_with_open_streams(self):
        self.produce(500)
        daemon, client = self.serve()
        with daemon:
            self.settle(daemon)
            streams = [client.events() for _ in range(8)]
            for stream in streams:
                next(stream)
            idle = socket.create_connection(("127.0.0.1", client.port))
            begun = time.monotonic()
            daemon.signal(signal.SIGTERM)
            self.assertEqual(daemon.process.wait(15), 0, daemon.said())
            self.assertLess(time.monotonic() - begun, 8)
            idle.close()


if __name__ == "__main__":
    unittest.main()
