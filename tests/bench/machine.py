"""What the figures were measured on."""

import os
import platform
import re
import subprocess

from terkait import PROGRAM, ROOT


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, check=False,
                              timeout=20)
    except OSError:
        return "unknown"
    return (done.stdout.decode(errors="replace").splitlines() or ["unknown"])[0]


def field_of(path, name):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith(name):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return "unknown"


def versions_file(name):
    with open(os.path.join(ROOT, "scripts", "versions"),
              encoding="utf-8") as file:
        return re.search(r"^%s=(.*)$" % name, file.read(), re.M).group(1)


def describe():
    memory = field_of("/proc/meminfo", "MemTotal").split()[0]
    redis = re.search(r"v=([0-9.]+)", first_line("redis-server", "--version"))
    return {
        "cpu": field_of("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(int(memory) / 2 ** 20, 1)
        if memory.isdigit() else 0,
        "kernel": platform.release(),
        "compiler": first_line("cc", "--version"),
        "kafka": versions_file("KAFKA_VERSION"),
        "redis": redis.group(1) if redis else "unknown",
        "librdkafka": first_line("pkg-config", "--modversion", "rdkafka"),
        "terkait": first_line(PROGRAM, "--version"),
        "commit": first_line("git", "-C", ROOT, "describe", "--always",
                             "--dirty", "--exclude", "*"),
    }


def one_line(machine):
    return "%(cpu)s, %(cores)s cores, %(memory_gb)s GB, Linux %(kernel)s; " \
        "Kafka %(kafka)s, Redis %(redis)s, librdkafka %(librdkafka)s, " \
        "%(compiler)s" % machine
