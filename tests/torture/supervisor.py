"""Runs `terkait run`, once or twice over, starts it again whenever it ends,
and remembers how each one ended."""

import os
import signal
import subprocess
import threading
import time
from collections import Counter

from terkait import PROGRAM

TAKEN_OVER = 4


class Slot:
    """One place for a process: killed and started again, it stays the same."""

    def __init__(self, number, path):
        self.number, self.path = number, path
        self.process = None
        self.expected = set()
        self.is_wanted = True
        self.is_stopped = False  # by SIGSTOP
        self.started = 0.0
        self.not_before = 0.0


class Supervisor:
    def __init__(self, folder, conf):
        self.folder, self.conf = folder, conf
        self.lock = threading.RLock()
        self.slots = []
        self.codes = Counter()
        self.unexpected = []
        self.starts = self.kills = self.taken_over = self.numbers = 0
        self.is_over = False
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    # Starting and ending.

    def add(self):
        with self.lock:
            self.numbers += 1
            slot = Slot(self.numbers, os.path.join(
                self.folder, "terkait-%d.log" % self.numbers))
            self.slots.append(slot)
            self.start(slot)
            return slot

    def start(self, slot):
        self.starts += 1
        with open(slot.path, "ab") as log:
            log.write(b"=== start %d at %.3f\n" % (self.starts, time.time()))
            log.flush()
            slot.process = subprocess.Popen(
                [PROGRAM, "run", "-c", self.conf], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        slot.expected, slot.started = set(), time.monotonic()

    def primary(self):
        """The latest that is not stopped."""
        with self.lock:
            running = [slot for slot in self.slots if not slot.is_stopped]
            return max(running, key=lambda slot: slot.started, default=None)

    def kill(self, slot=None):
        with self.lock:
            slot = slot or self.primary()
            if slot is None or slot.process.poll() is not None \
                    or slot.expected:
                return
            slot.expected = {-signal.SIGKILL}
            slot.process.kill()
            self.kills += 1

    def signal(self, slot, which):
        with self.lock:
            if slot in self.slots and slot.process.poll() is None:
                slot.is_stopped = which == signal.SIGSTOP
                slot.process.send_signal(which)

    def terminate(self, slot, then_start=True, seconds=40):
        """In order: it must end with 0. How long it took."""
        began = time.monotonic()
        with self.lock:
            slot.is_wanted = then_start
            process = slot.process
            if process.poll() is None:
                slot.expected = {0}
                process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.unexpected.append("slot %d: SIGTERM did not end it in %d s"
                                   % (slot.number, seconds))
            process.kill()
        return time.monotonic() - began

    def revive(self, slot):
        with self.lock:
            slot.is_wanted = True

    # Watching.

    def watch(self):
        while not self.is_over:
            with self.lock:
                for slot in list(self.slots):
                    self.look(slot)
            time.sleep(0.005)

    def look(self, slot):
        code = slot.process.poll()
        if code is not None and not slot.not_before:
            self.take_end(slot, code)
        if slot in self.slots and slot.is_wanted \
                and slot.process.poll() is not None \
                and time.monotonic() >= slot.not_before:
            slot.not_before = 0.0
            self.start(slot)

    def take_end(self, slot, code):
        self.codes[code] += 1
        slot.not_before = time.monotonic()
        slot.is_stopped = False
        if code == TAKEN_OVER and len(self.slots) > 1:
            self.taken_over += 1
            self.slots.remove(slot)
        elif code not in slot.expected:
            slot.not_before += 0.5
            self.unexpected.append("slot %d ended with %d: %s" % (
                slot.number, code, self.said(slot, 600)))

    def said(self, slot=None, size=3000):
        slot = slot or self.primary()
        with open(slot.path, "rb") as file:
            file.seek(max(0, os.path.getsize(slot.path) - size))
            return file.read().decode(errors="replace")

    def check_alive(self):
        """It is: whatever ends is started again."""

    def close(self):
        self.is_over = True
        self.thread.join()
        for slot in self.slots:
            if slot.process.poll() is None:
                slot.process.kill()
            slot.process.wait()
