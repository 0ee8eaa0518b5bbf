#!/usr/bin/env python3
"""Hurts terkait beside a real Kafka and Redis, and counts what it lost.

    torture.py SECONDS [SEED]

A producer writes a simulated marketplace into a topic, `terkait run` counts
it under a supervisor, and both as well as their servers are killed, paused,
cut off, filled up, rolled back and doubled at random moments. Now and then,
and at the end, the faults cease, and every list, count and popular list in
Redis must equal an independent recount of the topic: once as it stands, and
once from the durable state alone, after a restart with all public keys
deleted. Exit 1 when anything differs or ended as it should not have; the data
are kept then. The faults of a seed are the same in kind and order, not to the
microsecond.

Environment: TERKAIT, the program; TORTURE_DIR, where the data stand;
TORTURE_ONLY, kinds of faults (see faults.py) by blanks, for a closer look.
"""

import os
import random
import shutil
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))

from faults import Faults, Killer
from terkait import PROGRAM
from world import World

QUIET_EVERY_S = 100


def hurt(world, faults, killer, seconds):
    """Faults for so long; then none is left."""
    until = time.monotonic() + seconds
    add_at = time.monotonic() + faults.chance.uniform(0.2, 0.6) * seconds
    killer.may_kill.set()
    while time.monotonic() < until:
        faults.wait(0, 1.5)
        if "partition_added" in faults.kinds and world.partitions < 6 \
                and time.monotonic() > add_at:
            faults.do("partition_added")
            add_at = until + 1
        else:
            faults.next()
    killer.pause()


def torture(world, faults, killer, seconds):
    rounds = max(1, round(seconds / QUIET_EVERY_S))
    world.start()
    killer.start()
    for number in range(rounds):
        hurt(world, faults, killer, max(5, seconds / rounds - 15))
        if not world.check(is_orderly=number % 2 == 0):
            return
    killer.is_over = True


def report(world, faults, seed):
    supervisor, feed = world.supervisor, world.feed
    print("\nfault                        times")
    for name, count in sorted(faults.counts.items()):
        print("%-28s %5d" % (name.replace("_", " "), count))
    print("%-28s %5d\n" % ("SIGKILL of terkait", supervisor.kills))
    print("starts %d; ended with %s; taken over %d of %d doubled" % (
        supervisor.starts, ", ".join("%d: %d" % pair for pair in sorted(
            supervisor.codes.items())), supervisor.taken_over,
        faults.doubles))
    print("produced %d records, transactions %d committed and %d aborted, "
          "producer's troubles %d" % (feed.sent, feed.committed, feed.aborted,
                                      feed.troubles))
    print("appendfsync %s, %d groups, %d partitions, %d bytes of AOF cut off"
          % (world.fsync, world.groups, world.partitions, faults.bytes_cut))
    print("settled within %s s; orderly ends took %s s" % tuple(
        "%.1f" % max(values, default=0)
        for values in (world.settle_s, world.stop_s)))
    print("quiet points %d, lists compared %d, differing %d (%s)" % (
        world.quiets, world.compared, sum(world.differing.values()),
        ", ".join("%s %d" % pair for pair in world.differing.items())))
    problems = world.notes + supervisor.unexpected
    if supervisor.taken_over != faults.doubles:
        problems.append("exit code 4 came %d times, not %d" % (
            supervisor.taken_over, faults.doubles))
    for problem in problems[:12]:
        print("PROBLEM " + problem)
    if problems:
        print("%d problems; the data are kept in %s; again: make torture "
              "T=... SEED=%d" % (len(problems), world.folder, seed))
    print("torture: %d kills, %d lost, %d doubled%s" % (
        supervisor.kills, world.lost, world.doubled,
        ", %d problems" % len(problems) if problems else ""))
    return not problems and world.quiets > 0


def main(seconds, seed):
    if not os.access(PROGRAM, os.X_OK):
        sys.exit(PROGRAM + " is not built: make")
    folder = os.environ.get("TORTURE_DIR") or tempfile.mkdtemp(
        prefix="terkait-torture-")
    os.makedirs(folder, exist_ok=True)
    print("torture: %d s, seed %d, data in %s" % (seconds, seed, folder),
          flush=True)
    chance = random.Random(seed)
    world = World(seed, seconds, folder)
    killer = Killer(world, random.Random(seed + 1))
    faults = Faults(world, killer, chance)
    try:
        torture(world, faults, killer, seconds)
    except Exception:
        world.notes.append(traceback.format_exc() + world.supervisor.said())
    finally:
        is_well = report(world, faults, seed)
        world.close()
    if is_well:
        shutil.rmtree(folder)
    return 0 if is_well else 1


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(int(sys.argv[1]),
                  int(sys.argv[2]) if len(sys.argv) > 2 else
                  random.SystemRandom().randrange(10**6)))
