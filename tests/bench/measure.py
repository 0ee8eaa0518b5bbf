"""What a process used, and what several runs say together."""

import os
import statistics
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """Of all its threads, user and system; None when it is gone."""
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii",
                  errors="replace") as file:
            words = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(words[11]) + int(words[12])) / TICKS


def status_bytes(pid, name):
    """`VmHWM`, the most it ever held, or `VmRSS`, what it holds."""
    with open("/proc/%d/status" % pid, encoding="ascii",
              errors="replace") as file:
        for line in file:
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    raise OSError("no %s of %d" % (name, pid))


def at_time(samples, moment):
    """Between two samples (time, value) on a straight line; outside, the
    nearest."""
    before = samples[0]
    for sample in samples:
        if sample[0] >= moment:
            span = sample[0] - before[0]
            share = (moment - before[0]) / span if span > 0 else 1
            return before[1] + (sample[1] - before[1]) * max(share, 0)
        before = sample
    return before[1]


class Sampler:
    """Notes the processor time of some processes, 20 times a second."""

    def __init__(self, **pids):
        self.pids = pids
        self.samples = {name: [] for name in pids}
        self.is_ended = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.note()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_ended.set()
        self.thread.join()
        self.note()

    def run(self):
        while not self.is_ended.wait(0.05):
            self.note()

    def note(self):
        for name, pid in self.pids.items():
            used = cpu_seconds(pid)
            if used is not None:
                self.samples[name].append((time.time() * 1000, used))

    def between(self, name, begin_ms, end_ms):
        samples = self.samples[name]
        return at_time(samples, end_ms) - at_time(samples, begin_ms)


def median(values):
    return statistics.median(values)


def percentile(values, share):
    """The smallest that so many are not above; of 0.5 the lower median."""
    ordered = sorted(values)
    place = max(0, -(-len(ordered) * share // 1) - 1)
    return ordered[int(place)]
