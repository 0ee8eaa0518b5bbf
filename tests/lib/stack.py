"""A Kafka and a Redis of one's own, by scripts/stack, for tests that hurt
them; and a Redis alone, which is quicker."""

import os
import random
import socket
import subprocess
import tempfile
import time

from resp import Redis
from terkait import ROOT, Failed

SCRIPT = os.path.join(ROOT, "scripts", "stack")


def free_port():
    """Below those that the kernel hands out to clients, so that it stays free
    while its server is down."""
    while True:
        port = random.SystemRandom().randint(20000, 32000)
        try:
            socket.create_server(("127.0.0.1", port)).close()
            return port
        except OSError:
            continue


def script(*words, timeout=120):
    done = subprocess.run([SCRIPT, *words], capture_output=True, check=False,
                          timeout=timeout, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise Failed("stack %s: %s" % (" ".join(words),
                                       done.stderr.decode()[-2000:]))
    return done.stdout.decode()


class Stack:
    """`redis` and `kafka`: lines for their settings."""

    def __init__(self, name, folder, redis=(), kafka=()):
        self.options = ["--name", name, "--dir", folder]
        self.home = os.path.join(folder, name)
        lines = []
        for line in redis:
            lines += ["--redis", line]
        for line in kafka:
            lines += ["--kafka", line]
        self.run("up", *lines)
        env = dict(row.removeprefix("export ").split("=", 1)
                   for row in self.run("env").splitlines())
        self.brokers, self.redis_url = env["KAFKA_BROKERS"], env["REDIS_URL"]
        self.redis_port = int(env["REDIS_PORT"])

    def run(self, *words):
        return script(*self.options, *words)

    def down(self):
        self.run("down")

    def pid(self, who):
        with open(os.path.join(self.home, who + ".pid"),
                  encoding="ascii") as file:
            return int(file.read().split()[0])

    def add_listener(self, port, advertised_port):
        """A second way into Kafka, which says that it is elsewhere: clients
        that come by a proxy stay with it."""
        with open(os.path.join(self.home, "server.properties"), "r+",
                  encoding="ascii") as file:
            before = dict(row.strip().split("=", 1) for row in file)
            for key, more in (
                    ("listeners", "PROXIED://127.0.0.1:%d" % port),
                    ("advertised.listeners",
                     "PROXIED://127.0.0.1:%d" % advertised_port),
                    ("listener.security.protocol.map", "PROXIED:PLAINTEXT")):
                file.write("%s=%s,%s\n" % (key, before[key], more))
        self.run("kafka", "stop")
        self.run("kafka", "start")


class PrivateRedis:
    """A redis-server with a folder of its own; started, killed, emptied."""

    def __init__(self, *lines, is_up=True):
        self.lines = lines
        self.port = free_port()
        self.url = "redis://127.0.0.1:%d/0" % self.port
        self.folder = tempfile.TemporaryDirectory()
        self.process = None
        if is_up:
            self.start()

    def start(self):
        words = [word for line in self.lines for word in
                 ("--" + line).split(" ")]
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1",
             "--dir", self.folder.name, "--save", "", *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        until = time.monotonic() + 10
        while True:
            try:
                return self.client().close()
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)

    def client(self):
        return Redis(self.url)

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def close(self):
        self.kill()
        self.folder.cleanup()
