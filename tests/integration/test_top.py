#!/usr/bin/env python3
"""`terkait top` on a terminal and off it: what it shows is what Redis holds,
it lives through a Redis that is away, and the terminal is as it was after it.
"""
# sanitized: yes

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))

from stack import PrivateRedis
from terkait import PROGRAM

STATS = {
    "version": "9.8.7", "is_caught_up": 1, "lag_records": 0,
    "events_per_s": 1234, "records_per_s": 1300, "lists_per_s": 56,
    "kafka_up": 1, "kafka_partitions": 4, "first_event_at_ms": 1,
    "memory_rss_bytes": 118_200_000, "freshness_p99_ms": 45}
ENTER, LEAVE = b"\x1b[?1049h\x1b[?25l", b"\x1b[?25h\x1b[?1049l"
WAIT_S = 20


def now_ms():
    return int(time.time() * 1000)


def plain(screen):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen)


class Terminal:
    """The program under test, and the keyboard and screen before it."""

    def __init__(self, arguments, columns=80, rows=24, **environment):
        self.master, slave = pty.openpty()
        self.resize(columns, rows)
        self.former = termios.tcgetattr(slave)
        self.output = b""
        self.process = subprocess.Popen(
            [PROGRAM, "top", *arguments], stdin=slave, stdout=slave,
            stderr=slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={"TERM": "xterm", "LANG": "C.UTF-8", "PATH": os.environ["PATH"],
                 **environment})
        self.slave = slave

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds=0.1):
        while select.select([self.master], [], [], seconds)[0]:
            self.output += os.read(self.master, 65536)
            seconds = 0.02

    def screen(self):
        """The last whole one, its rows."""
        whole = re.findall(rb"\x1b\[H(.*?)\x1b\[0m(?=\x1b\[H|\Z|\x1b\[0m\x1b\[\?25h)",
                           self.output, re.S)
        return whole[-1].decode() if whole else ""

    def await_text(self, pattern):
        until = time.monotonic() + WAIT_S
        while not re.search(pattern, plain(self.screen())):
            if time.monotonic() > until or self.process.poll() is not None:
                raise AssertionError("%s: never in\n%s" % (
                    pattern, plain(self.screen()) or self.output))
            self.read()
        return plain(self.screen())

    def press(self, keys):
        os.write(self.master, keys)

    def end(self):
        """The exit code; what was written last is read."""
        code = None
        until = time.monotonic() + WAIT_S
        while code is None and time.monotonic() < until:
            self.read(0.05)
            code = self.process.poll()
        self.read(0.05)
        return code

    def is_as_before(self):
        return (termios.tcgetattr(self.slave) == self.former
                and self.output.endswith(LEAVE))

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


class Top(unittest.TestCase):
    def setUp(self):
        if not os.access(PROGRAM, os.X_OK):
            self.skipTest(PROGRAM + " is not built: make")
        self.server = PrivateRedis("appendonly no")
        self.addCleanup(self.server.close)
        self.put(started_at_ms=now_ms() - 7_200_000)

    def put(self, **changes):
        values = {**STATS, "updated_at_ms": now_ms(), **changes}
        with self.server.client() as redis:
            redis.call("HSET", "terkait:stats",
                       *(str(part) for pair in values.items()
                         for part in pair))

    def arguments(self, *more):
        return ["-s", "redis.url=" + self.server.url, *more]

    def terminal(self, *more, **options):
        terminal = Terminal(self.arguments(*more), **options)
        self.addCleanup(terminal.close)
        return terminal


class Screen(Top):
    def test_shows_what_redis_holds(self):
        terminal = self.terminal()
        screen = terminal.await_text("events/s +1,234 ")
        self.assertIn("terkait 9.8.7  127.0.0.1:%d" % self.server.port, screen)
        self.assertIn("counting; all input is read", screen)
        self.assertIn("up 2 h", screen)
        self.assertTrue(terminal.output.startswith(ENTER))
        self.assertIn("\x1b[32m", terminal.screen())
        rows = screen.split("\r\n")
        self.assertEqual(len(rows), 24)
        self.assertLessEqual(max(map(len, rows)), 80)
        self.put(events_per_s=777, hot_items='[{"tenant":"","item":"sku-é",'
                 '"per_second":3.25}]')
        screen = terminal.await_text("events/s +777 ")
        self.assertRegex(screen, "hot now, events/s\r\n sku-é +3.2")

    def test_follows_the_size(self):
        terminal = self.terminal(columns=60, rows=12)
        rows = terminal.await_text("1,234").split("\r\n")
        self.assertLessEqual(max(map(len, rows)), 60)
        self.assertEqual(len(rows), 12)
        terminal.resize(100, 30)
        until = time.monotonic() + WAIT_S
        while (terminal.screen().count("\r\n") != 29
               and time.monotonic() < until):
            terminal.read()
        rows = plain(terminal.screen()).split("\r\n")
        self.assertEqual((len(rows), len(rows[0].rstrip())), (30, 99))

    def test_ends_and_leaves_the_terminal_as_it_was(self):
        for how in (b"q", b"\x03", signal.SIGTERM, signal.SIGHUP):
            with self.subTest(how=how):
                terminal = self.terminal()
                terminal.await_text("1,234")
                self.assertFalse(terminal.is_as_before())
                if isinstance(how, bytes):
                    terminal.press(how)
                else:
                    terminal.process.send_signal(how)
                self.assertEqual(terminal.end(), 0)
                self.assertTrue(terminal.is_as_before(),
                                terminal.output[-80:])

    def test_redis_away_and_back(self):
        self.server.kill()
        terminal = self.terminal()
        terminal.await_text("Redis does not answer for .*; waiting for it")
        self.server.start()
        self.put()
        terminal.await_text("all input is read")
        self.server.kill()
        screen = terminal.await_text("Redis does not answer for")
        self.assertIn("1,234", screen)
        self.server.start()
        terminal.await_text("nothing at terkait:stats")
        self.put()
        terminal.await_text("all input is read")
        self.assertNotIn(b"event=", terminal.output)
        terminal.press(b"q")
        self.assertEqual(terminal.end(), 0)
        self.assertTrue(terminal.is_as_before())

    def test_no_colours_when_asked(self):
        terminal = self.terminal(NO_COLOR="1")
        terminal.await_text("1,234")
        self.assertFalse(re.findall(r"\x1b\[[0-9;]*m", terminal.screen()))

    def test_a_dumb_terminal_gets_lines(self):
        terminal = self.terminal("-n", "1", TERM="dumb")
        self.assertEqual(terminal.end(), 0)
        self.assertNotIn(b"\x1b", terminal.output)
        self.assertIn(b"1234", terminal.output)

    def test_count(self):
        terminal = self.terminal("--count=1")
        self.assertEqual(terminal.end(), 0)
        self.assertTrue(terminal.is_as_before())


class Lines(Top):
    def run_top(self, *more, seconds=30):
        return subprocess.run([PROGRAM, "top", *self.arguments(*more)],
                              capture_output=True, text=True, timeout=seconds)

    def test_a_line_a_second(self):
        begun = time.monotonic()
        done = self.run_top("-n", "3")
        took = time.monotonic() - begun
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        head, *lines = done.stdout.splitlines()
        self.assertEqual(head.split(), "time events/s refused/s lists/s lag "
                         "fresh memory state".split())
        self.assertEqual(len(lines), 3)
        self.assertGreater(took, 1.9)
        for line in lines:
            self.assertRegex(line, r"^\S+Z +1234 +0 +56 +0 +45 ms +118 MB  ok$")
            self.assertEqual(line.index("  ok") + 2, head.index("state"))

    def test_sigterm_ends_it(self):
        done = subprocess.Popen(
            [PROGRAM, "top", *self.arguments()], stdout=subprocess.PIPE,
            text=True)
        try:
            first = done.stdout.readline()
            self.assertIn("events/s", first)
        finally:
            done.terminate()
            done.stdout.close()
            self.assertEqual(done.wait(10), -signal.SIGTERM)

    def test_redis_away(self):
        self.server.kill()
        done = self.run_top("-n", "2")
        self.assertEqual(done.returncode, 0)
        for line in done.stdout.splitlines()[1:]:
            self.assertTrue(line.endswith(" -  redis-away"), line)

    def test_a_full_disk(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([PROGRAM, "top", *self.arguments()],
                                  stdout=full, stderr=subprocess.PIPE,
                                  text=True, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left", done.stderr)

    def test_usage(self):
        for wrong in (["now"], ["-n", "0"], ["-n", "x"], ["--what"]):
            self.assertEqual(self.run_top(*wrong).returncode, 2, wrong)
        self.assertIn("Usage: terkait top", self.run_top("--help").stdout)


if __name__ == "__main__":
    unittest.main()
