#!/usr/bin/env python3
"""The man pages and the shells' completion, held against the program: what it
can do stands in them, and they are well made."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))

from terkait import PROGRAM

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
PAGES = ("terkait.1", "terkait.conf.5")


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def said(*words, **more):
    done = subprocess.run(words, capture_output=True, text=True, timeout=60,
                          **more)
    if done.returncode:
        raise AssertionError("%s: %s" % (words, done.stderr))
    return done.stdout


def commands():
    return re.findall(r"(?m)^  ([a-z-]+) {2,}", said(PROGRAM, "--help"))


def options(command):
    """Both forms, as --help has them."""
    text = said(PROGRAM, command, "--help")
    return [option for line in re.findall(r"(?m)^ {2,6}(-.*)", text)
            for option in re.findall(r"(?:^|, )(--?[a-z-]+)", line)]


class Pages(unittest.TestCase):
    def test_settings(self):
        self.assertTrue(
            read("man", "terkait.conf.5")
            == said(PROGRAM, "check-config", "--write-man"),
            "man/terkait.conf.5 is not what the table of settings says: "
            "make documents")

    def test_stats(self):
        made = re.search(r'made by `terkait stats --write-man`\.\n(.*?)'
                         r'\.\\" End', read("man", "terkait.1"), re.S)[1]
        self.assertTrue(made == said(PROGRAM, "stats", "--write-man"),
                        "STATS in man/terkait.1 is not what the list of "
                        "fields says: make documents")

    def test_stats_as_a_table(self):
        """Wherever a document has one; and every field is in it."""
        made = said(PROGRAM, "stats", "--write-table").strip()
        for found in re.findall(r"<!-- stats -->\n+(.*?)\n*<!-- /stats -->",
                                read("README.md"), re.S):
            self.assertEqual(found.strip(), made, "make documents")
        page = re.findall(r"(?m)^\.It Va (\w+)$", read("man", "terkait.1"))
        self.assertEqual(re.findall(r"(?m)^\| `(\w+)`", made), page)
        for name in re.findall(r"(?m)^    X\((\w+), ",
                               read("include", "status.h")):
            self.assertIn(name, page)

    def test_every_option_of_every_command(self):
        page = re.sub(r".\x08", "", said("mandoc", os.path.join(
            ROOT, "man", "terkait.1")))
        for command in commands():
            with self.subTest(command):
                self.assertRegex(page, r"(?m)^   %s$" % command)
                for option in options(command):
                    self.assertRegex(page, r"[\s,]%s\b" % option, command)

    def test_mandoc_finds_nothing(self):
        for page in PAGES:
            done = subprocess.run(
                ["mandoc", "-T", "lint", "-W", "style",
                 os.path.join(ROOT, "man", page)], capture_output=True,
                text=True, timeout=60)
            found = [line for line in done.stdout.splitlines()
                     if "referenced manual not found" not in line]
            self.assertEqual(found, [])

    def test_man_finds_nothing(self):
        if not shutil.which("man"):
            self.skipTest("no man")
        for page in PAGES:
            done = subprocess.run(
                ["man", "--warnings=w", "-l", "-Tutf8",
                 os.path.join(ROOT, "man", page)], capture_output=True,
                text=True, timeout=60, env={**os.environ, "MANROFFSEQ": ""})
            self.assertEqual((done.returncode, done.stderr), (0, ""))


class Completion:
    """What a shell's function offers; offered() is each shell's."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        os.symlink(PROGRAM, os.path.join(cls.folder.name, "terkait"))
        cls.conf = os.path.join(cls.folder.name, "shop.conf")
        with open(cls.conf, "w", encoding="utf-8") as file:
            file.write('window "3h" {\nlength = 3h\npanes = 3\n}\n')
        cls.environment = {**os.environ, "PATH": cls.folder.name + ":"
                           + os.environ["PATH"]}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_commands(self):
        self.assertEqual(self.offered("terkait", ""), commands() + ["help"])
        self.assertIn("explain", self.offered("terkait", "help", ""))

    def test_options(self):
        for command in commands():
            with self.subTest(command):
                self.assertEqual(
                    sorted({option.rstrip("=") for option in
                            self.offered("terkait", command, "-")}),
                    sorted(set(options(command))))

    def test_settings(self):
        keys = re.findall(r"(?m)^(\S+) ", said(PROGRAM, "check-config"))
        self.assertGreater(len(keys), 40)
        self.assertEqual(
            sorted(self.offered("terkait", "run", "-s", "")),
            sorted(key + "=" for key in keys + ["kafka.set"]))

    def test_names_of_the_file(self):
        self.assertEqual(self.offered("terkait", "related", "-c", self.conf,
                                      "x", "-w", ""), ["3h"])
        self.assertEqual(
            self.offered("terkait", "related", "x", "-r", ""),
            ["also_viewed", "carted_together", "viewed_then_carted"])

    def test_files(self):
        self.assertEqual(
            self.offered("terkait", "run", "-c", self.conf[:-5]), [self.conf])

    def test_nothing_where_there_is_none(self):
        self.assertEqual(self.offered("terkait", "nonsense", "-"), [])


class Bash(Completion, unittest.TestCase):
    def offered(self, *words):
        script = ('. completion/terkait.bash; COMP_WORDS=("$@")\n'
                  'COMP_CWORD=$(($# - 1)); _terkait\n'
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        found = said("bash", "-c", script, "bash", *words, cwd=ROOT,
                     env=self.environment).split("\n")
        return [word for word in found if word.startswith(words[-1]) and word]

    def test_values(self):
        self.assertEqual(self.offered("terkait", "replay", "--print", "=", ""),
                         ["lists", "counts"])


class Zsh(Completion, unittest.TestCase):
    STUBS = """
        _describe() { local array=$2; print -l -- ${(P)array%%:*} }
        compadd() {
            local end=
            while [[ $1 = -* ]]; do
                [[ $1 = -S ]] && end=$2 && shift
                shift
            done
            print -l -- ${^@}$end
        }
        _files() { print -l -- $words[CURRENT]*(N) }
        compset() { : }
        words=("$@") CURRENT=$#
        source completion/_terkait
    """

    def offered(self, *words):
        found = said("zsh", "-f", "-c", self.STUBS, "zsh", *words, cwd=ROOT,
                     env=self.environment).split("\n")
        return [word for word in found if word.startswith(words[-1]) and word]

    def test_values(self):
        found = said("zsh", "-f", "-c", self.STUBS, "zsh", "terkait", "replay",
                     "--print=", cwd=ROOT, env=self.environment)
        self.assertEqual(found.split(), ["lists", "counts"])


if __name__ == "__main__":
    unittest.main()
