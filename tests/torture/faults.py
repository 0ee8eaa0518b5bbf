"""What is done to the world: each method is one fault, from its beginning to
its end, and DECK says how many of each there are among one another. SIGKILLs
of terkait come from a thread of their own, at any moment, also in the middle
of another fault; but one fault in two terkait lives through, and is killed a
little later: what went wrong in its hands must show in what it left."""

import os
import signal
import threading
import time
from collections import Counter

from terkait import Failed

DECK = {
    "pause": 2, "pause_and_take_over": 2, "second_by_mistake": 2,
    "orderly_restart": 2, "hang_up": 1,
    "redis_kill": 2, "redis_loses_a_second": 3, "redis_rolls_back": 2,
    "redis_stop": 1, "redis_clients_killed": 2, "redis_scripts_flushed": 2,
    "redis_full": 2, "redis_slow": 2, "redis_stalled": 2,
    "redis_answers_lost": 3, "redis_cut": 2,
    "kafka_kill": 1, "kafka_pause": 1, "kafka_stalled": 2,
    "kafka_half_open": 2, "kafka_cut": 1, "partition_added": 0,
}
TAKE_OVER_S = 40


class Killer(threading.Thread):
    """A third at a start, the rest when it has run for a while."""

    def __init__(self, world, chance):
        super().__init__(daemon=True)
        self.world, self.chance = world, chance
        self.may_kill = threading.Event()
        self.is_idle = threading.Event()
        self.is_over = False

    def run(self):
        while not self.is_over:
            if not self.may_kill.is_set():
                self.is_idle.set()
                self.may_kill.wait(0.1)
                continue
            self.is_idle.clear()
            self.strike(self.chance.uniform(0, 0.5)
                        if self.chance.random() < 0.33
                        else self.chance.uniform(0.5, 3.5))

    def strike(self, age):
        """When the latest has come of that age."""
        while self.may_kill.is_set():
            slot = self.world.supervisor.primary()
            if slot is not None and not slot.expected \
                    and time.monotonic() - slot.started >= age:
                self.world.supervisor.kill(slot)
                return
            time.sleep(0.01)

    def pause(self):
        self.may_kill.clear()
        self.is_idle.clear()
        self.is_idle.wait()


class Faults:
    def __init__(self, world, killer, chance):
        self.world, self.killer, self.chance = world, killer, chance
        self.supervisor, self.stack = world.supervisor, world.stack
        self.counts = Counter()
        self.kinds = os.environ.get("TORTURE_ONLY", "").split() or list(DECK)
        self.deck = []
        self.bytes_cut = 0
        self.doubles = 0

    def next(self):
        if not self.deck:
            self.deck = [name for name in self.kinds
                         for _ in range(DECK[name])]
            self.chance.shuffle(self.deck)
        self.do(self.deck.pop())

    def do(self, name):
        self.counts[name] += 1
        if self.chance.random() < 0.5:
            getattr(self, name)()
            return
        self.killer.pause()
        getattr(self, name)()
        self.wait(0.3, 3)
        self.supervisor.kill()
        self.killer.may_kill.set()

    def wait(self, at_least, at_most):
        time.sleep(self.chance.uniform(at_least, at_most))

    def maybe_kill(self):
        if self.chance.random() < 0.5:
            self.supervisor.kill()

    # terkait

    def pause(self):
        slot = self.supervisor.primary()
        if slot is None:
            return
        self.supervisor.signal(slot, signal.SIGSTOP)
        self.wait(0.2, 4)
        self.supervisor.signal(slot, signal.SIGCONT)

    def pause_and_take_over(self):
        slot = self.supervisor.primary()
        if slot is None:
            return
        before = self.supervisor.taken_over
        self.supervisor.signal(slot, signal.SIGSTOP)
        self.supervisor.add()
        self.wait(0.5, 6)
        self.supervisor.signal(slot, signal.SIGCONT)
        self.await_take_over(before)

    def second_by_mistake(self):
        before = self.supervisor.taken_over
        self.supervisor.add()
        self.await_take_over(before)

    def await_take_over(self, before):
        """Of two one has to leave, and one only."""
        self.doubles += 1
        until = time.monotonic() + TAKE_OVER_S
        while self.supervisor.taken_over == before:
            if time.monotonic() > until:
                raise Failed("two live side by side for %d s" % TAKE_OVER_S)
            time.sleep(0.05)

    def orderly_restart(self):
        slot = self.supervisor.primary()
        if slot is not None:
            self.world.stop_s.append(self.supervisor.terminate(slot))

    def hang_up(self):
        slot = self.supervisor.primary()
        if slot is not None:
            self.supervisor.signal(slot, signal.SIGHUP)

    # Redis

    def redis_down(self, how):
        self.stack.run("redis", how)

    def redis_kill(self):
        self.redis_down("kill")
        self.wait(0, 2)
        self.maybe_kill()
        self.stack.run("redis", "start")

    def redis_stop(self):
        self.redis_down("stop")
        self.wait(0, 6)
        self.stack.run("redis", "start")

    def redis_cut_back(self, seconds):
        self.redis_down("kill")
        self.bytes_cut += self.world.cut_aof(seconds)
        self.maybe_kill()
        self.stack.run("redis", "start")

    def redis_loses_a_second(self):
        self.redis_cut_back(self.chance.uniform(0.1, 1.2))

    def redis_rolls_back(self):
        self.redis_cut_back(self.chance.uniform(2, 20))

    def redis_clients_killed(self):
        with self.world.redis() as redis:
            redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    def redis_scripts_flushed(self):
        with self.world.redis() as redis:
            redis.call("SCRIPT", "FLUSH")

    def redis_full(self):
        with self.world.redis() as redis:
            redis.call("CONFIG", "SET", "maxmemory", "1mb")
            self.wait(0.3, 4)
            redis.call("CONFIG", "SET", "maxmemory", "0")

    def redis_slow(self):
        with self.world.redis() as redis:
            for _ in range(self.chance.randint(1, 4)):
                redis.call("DEBUG", "SLEEP",
                           "%.2f" % self.chance.uniform(0.1, 2))
                self.wait(0, 0.3)

    # The network: what was held goes on, or the connection is cut with it.

    def hold(self, proxy, seconds, **ways):
        proxy.hold(**ways)
        self.wait(*seconds)
        if self.chance.random() < 0.5:
            proxy.cut()
        proxy.release()

    def redis_stalled(self):
        self.hold(self.world.redis_proxy, (0.3, 8))

    def redis_answers_lost(self):
        self.hold(self.world.redis_proxy, (0.1, 5), requests=False)

    def redis_cut(self):
        for _ in range(self.chance.randint(1, 5)):
            self.world.redis_proxy.cut()
            self.wait(0, 0.5)

    def kafka_stalled(self):
        self.hold(self.world.kafka_proxy, (0.3, 6))

    def kafka_half_open(self):
        self.hold(self.world.kafka_proxy, (0.3, 6), requests=False)

    def kafka_cut(self):
        for _ in range(self.chance.randint(1, 5)):
            self.world.kafka_proxy.cut()
            self.wait(0, 0.5)

    # Kafka

    def kafka_kill(self):
        self.stack.run("kafka", "kill")
        self.wait(0, 2)
        self.stack.run("kafka", "start")

    def kafka_pause(self):
        pid = self.stack.pid("kafka")
        os.kill(pid, signal.SIGSTOP)
        self.wait(0.5, 4)
        os.kill(pid, signal.SIGCONT)

    def partition_added(self):
        """Not rolled back to before it has a state: that would be a loss that
        no repair is promised for."""
        self.world.floor = float("inf")
        self.stack.run("tool", "TopicCommand", "--alter", "--topic", "events",
                       "--partitions", str(self.world.partitions + 1))
        until = time.monotonic() + 60
        while not self.world.has_state(self.world.partitions):
            if time.monotonic() > until:
                raise Failed("no state of the partition added in 60 s")
            time.sleep(0.3)
        self.world.partitions += 1
        self.world.floor = time.monotonic() + 2
