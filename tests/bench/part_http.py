"""What it costs to be looked at: the whole way with HTTP off, and with its
metrics scraped, its status streamed and an item asked for, each once a
second."""

import http.client
import json
import threading
import time

from part_whole import measure, options
from stack import free_port


class Scraper:
    """All that a dashboard and a person at the live page do."""

    def __init__(self, port):
        self.port = port
        self.asked = self.answered = 0
        self.is_ended = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(work,),
                                         daemon=True)
                        for work in (self.scrape, self.watch)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_ended.set()
        for thread in self.threads:
            thread.join()

    def run(self, work):
        while not self.is_ended.is_set():
            try:
                work()
            except (OSError, http.client.HTTPException):
                self.is_ended.wait(0.1)

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=10)
        connection.request("GET", path)
        return connection, connection.getresponse()

    def read(self, path):
        self.asked += 1
        connection, response = self.get(path)
        body = response.read()
        connection.close()
        self.answered += response.status == 200
        return body

    def scrape(self):
        begun = time.monotonic()
        self.read("/metrics")
        hot = json.loads(self.read("/api/v1/status"))["hot"]
        if hot:
            self.read("/api/v1/related/" + hot[0]["item"])
        self.is_ended.wait(max(begun + 1 - time.monotonic(), 0))

    def watch(self):
        connection, response = self.get("/api/v1/events")
        while not self.is_ended.is_set() and response.readline():
            pass
        connection.close()


def add_run(figures, name, label, found, records):
    figures.add("http.%s.events_per_s" % name, "whole way, HTTP " + label,
                "events/s", records / found["seconds"], "more")
    figures.add("http.%s.us_terkait" % name,
                "processor time of terkait, HTTP " + label, "us/event",
                found["terkait"] * 1e6 / records, "less")


def run(rig, sizes, figures):
    topic = rig.topic()
    rig.fill(topic, options(sizes))
    for _ in range(sizes.runs):
        off = measure(rig, topic, (), sizes.events)
        port = free_port()
        with Scraper(port) as scraper:
            on = measure(rig, topic, ("http.listen=127.0.0.1:%d" % port,),
                         sizes.events)
        add_run(figures, "off", "off", off, sizes.events)
        add_run(figures, "on", "scraped each second", on, sizes.events)
        figures.add("http.ratio", "the latter's share of the former", "",
                    off["seconds"] / on["seconds"], "more", 0.97)
        figures.add("http.cpu_ratio", "the same of processor time", "",
                    on["terkait"] / off["terkait"], "less", 1.03)
        figures.note("HTTP answered %d of %d questions and streamed its "
                     "status meanwhile" % (scraper.answered, scraper.asked))
