"""check-config as a person meets it, and the three places that tell of the
settings held against one another: the table in code, conf/terkait.conf and
the README.

    python3 tests/integration/test_check_config.py    # after make
"""
# sanitized: yes

import os
import re
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
TERKAIT = os.path.abspath(os.environ.get(
    "TERKAIT", os.path.join(ROOT, "build", "terkait")))

# Section 11 of the contract, with its defaults.
KEYS = """
    kafka.brokers kafka.topic kafka.group kafka.set
    events.lateness events.future events.max_bytes events.dead_letter_topic
    session.gap session.max_items session.max_open
    relation.NAME.from relation.NAME.to relation.NAME.score relation.NAME.k
    relation.NAME.min_support window.NAME.length window.NAME.panes
    windows relations
    lists.k lists.min_support lists.score lists.damping lists.ttl lists.settle
    lists.sweep publish.interval counts.max counts.refresh row.max_pairs
    redis.url redis.prefix state.groups state.checkpoint_interval memory.max
    engine.threads shuffle.mode shuffle.topic shuffle.supports_topic
    http.listen http.token log.level log.format
""".split()


def run(*arguments, **environment):
    return subprocess.run([TERKAIT, "check-config", *arguments],
                          capture_output=True, text=True, timeout=30,
                          env={**os.environ, **environment})


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def settings(output):
    """key -> (value, where) of what check-config printed."""
    lines = [re.fullmatch(r"(\S+) += (.*?) +# (.*)", line)
             for line in output.splitlines() if line]
    assert all(lines), output
    return {line[1]: (line[2], line[3]) for line in lines}


class Drift(unittest.TestCase):
    def test_sample_file(self):
        sample = run("--write-sample").stdout
        self.assertTrue(
            sample == read("conf", "terkait.conf"),
            "conf/terkait.conf is not what the table of settings says: "
            "build/terkait check-config --write-sample > conf/terkait.conf")

    def test_readme(self):
        if not os.path.exists(os.path.join(ROOT, "README.md")):
            self.skipTest("no README.md yet")
        found = re.search(r"<!-- settings -->\n+(.*?)\n*<!-- /settings -->",
                          read("README.md"), re.S)
        self.assertIsNotNone(found, "README.md has no <!-- settings -->")
        self.assertEqual(
            found[1].strip(), run("--write-table").stdout.strip(),
            "the README's table is not what check-config --write-table says")

    def test_every_key_of_the_contract(self):
        rows = re.findall(r"^\| `([^`]+)` \|", run("--write-table").stdout,
                          re.M)
        self.assertEqual(sorted(rows), sorted(KEYS))

    def test_sample_holds_every_key(self):
        sample = read("conf", "terkait.conf")
        for key in KEYS:
            last = key.split(".")[-1]
            self.assertRegex(sample, rf"(?m)^\s*(# )?`?{last}(`:| =)", key)


class Files(unittest.TestCase):
    def test_sample_is_the_defaults(self):
        plain = settings(run().stdout)
        sample = settings(
            run("-c", os.path.join(ROOT, "conf", "terkait.conf")).stdout)
        self.assertEqual({k: v[0] for k, v in sample.items()},
                         {k: v[0] for k, v in plain.items()})
        for key, (_, where) in sample.items():
            if not plain[key][1].startswith("default: "):
                self.assertRegex(where, r"terkait\.conf:\d+$", key)

    def test_sample_comments_are_settings(self):
        lines = read("conf", "terkait.conf").splitlines()
        text = "\n".join(re.sub(r"^(\s*)# (\w+ = )", r"\1\2", line)
                         for line in lines)
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            file.write(text)
            file.flush()
            done = run("-c", file.name)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = settings(done.stdout)
        self.assertEqual(found["windows"][0], "{1h, 24h}")
        self.assertEqual(found["kafka.set"][0], '"linger.ms=5"')

    def test_minimal(self):
        path = os.path.join(ROOT, "conf", "minimal.conf")
        found = settings(run("-c", path, KAFKA_BROKERS="k:1",
                             REDIS_URL="redis://r:2/3").stdout)
        self.assertEqual(found["kafka.brokers"][0], '"k:1"')
        self.assertEqual(found["redis.url"][0], '"redis://r:2/3"')


class Output(unittest.TestCase):
    def test_where_values_come_from(self):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            file.write("session {\n    gap = 25m\n}\n")
            file.flush()
            done = run("-c", file.name, "-s", "lists.k=5")
            found = settings(done.stdout)
            self.assertEqual(found["session.gap"], ("25m", f"{file.name}:2"))
        self.assertEqual(found["lists.k"], ("5", "-s"))
        self.assertEqual(found["relation.also_viewed.k"],
                         ("5", "default: lists.k"))
        self.assertEqual(found["lists.sweep"], ("60s", "default"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_every_value_is_in_line(self):
        columns = {line.index(" = ") for line in run().stdout.splitlines()
                   if line}
        self.assertEqual(len(columns), 1)

    def test_secrets(self):
        done = run("-s", "redis.url=redis://u:hunter2@h:1/0",
                   "-s", "http.token=hunter2",
                   "-s", "kafka.set=sasl.password=hunter2")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("hunter2", done.stdout + done.stderr)
        self.assertIn("redis://u:***@h:1/0", done.stdout)

    def test_what_it_printed_can_be_given_back(self):
        first = run("-s", "windows=24h,1h", "-s", "session.gap=45m",
                    "-s", "relation.also_viewed.from=cart").stdout
        options = []
        for key, (value, _) in settings(first).items():
            options += ["-s", f"{key}={value.strip(chr(34))}"]
        again = run(*options)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual({k: v[0] for k, v in settings(again.stdout).items()},
                         {k: v[0] for k, v in settings(first).items()})


class Refusals(unittest.TestCase):
    def refused(self, *arguments):
        done = run(*arguments)
        self.assertEqual(done.returncode, 78, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def test_of_options(self):
        for text, wanted in (
                ("session.gapp=5m", "did you mean `session.gap`?"),
                ("lists.score=cosin", "did you mean `cosine`?"),
                ("windows=1h,24", "did you mean `24h`?"),
                ("counts.max=129", "allowed: 0 to 128"),
                ("shuffle.mode=kafka", "not in this version"),
                ("kafka.set=auto.offset.reset=latest", "cannot be set"),
                ("lists.ttl=3m", "at least 4 times lists.sweep"),
                ("events.lateness=31m", "at most session.gap")):
            with self.subTest(text):
                error = self.refused("-s", text)
                self.assertIn(wanted, error)
                self.assertIn("-s", error)

    def test_of_files(self):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            file.write("session {\n\n    gapp = 5m\n}\n")
            file.flush()
            self.assertEqual(
                self.refused("-c", file.name),
                f"terkait: {file.name}:3: unknown setting `session.gapp`; "
                "did you mean `session.gap`?\n")

    def test_of_a_file_that_is_none(self):
        self.assertEqual(self.refused("-c", "/none/such"),
                         "terkait: /none/such: No such file or directory\n")

    def test_of_a_full_disk(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([TERKAIT, "check-config"], stdout=full,
                                  stderr=subprocess.PIPE, text=True,
                                  timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left", done.stderr)


if __name__ == "__main__":
    unittest.main()
