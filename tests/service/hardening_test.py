#!/usr/bin/env python3
"""What our programs are made of, read from the files themselves.

No server can open what was sealed for a person: it does not contain the code that could. And every
program is built so that a memory fault is harder to turn into more.
"""

import os
import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("AMANA_BUILD") or ROOT / "build") / "bin"
SERVERS = [f"amana-{name}" for name in ("identity", "intake", "referral", "messaging", "audit")]
CLIENT = "amana"
# What can seal or open a package or holds the keys that do. HPKE itself is not needed to store keys.
CONTENT = re.compile(r"\bamana::(client|mls)::|\bamana::crypto::(OpenBase|SealBase|SetupBase[RS]|HpkePrivateKey)\b")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class Hardening(unittest.TestCase):
    def for_each_program(self, check):
        for name in [*SERVERS, CLIENT]:
            with self.subTest(program=name):
                check(BIN / name)

    def test_no_server_can_open_what_was_sealed(self):
        for name in SERVERS:
            with self.subTest(program=name):
                symbols = run("nm", "-C", BIN / name).splitlines()
                self.assertGreater(len(symbols), 1000, "symbols were stripped: nothing could be found")
                self.assertTrue(any("amana::rpc::" in line for line in symbols))
                found = [line for line in symbols if CONTENT.search(line)]
                self.assertEqual(found[:5], [])

    def test_the_search_finds_the_client(self):
        self.assertTrue(any(CONTENT.search(line) for line in run("nm", "-C", BIN / CLIENT).splitlines()))

    def test_the_search_finds_mls(self):
        symbols = run("nm", "-C", BIN.parent / "test" / "mls_test").splitlines()
        self.assertTrue(any("amana::mls::" in line and CONTENT.search(line) for line in symbols))

    def test_position_independent(self):
        def check(program):
            self.assertRegex(run("readelf", "-h", program), r"Type:\s+DYN")
            self.assertIn("PIE", run("readelf", "-d", program))

        self.for_each_program(check)

    def test_full_relro(self):
        def check(program):
            self.assertIn("GNU_RELRO", run("readelf", "-lW", program))
            self.assertRegex(run("readelf", "-dW", program), r"BIND_NOW|FLAGS_1.*NOW")

        self.for_each_program(check)

    def test_nothing_is_writable_and_executable(self):
        def check(program):
            segments = run("readelf", "-lW", program).splitlines()
            stack = next(line for line in segments if "GNU_STACK" in line)
            self.assertNotIn("E", stack.split()[6], "the stack")
            for line in segments:
                if line.strip().startswith("LOAD"):
                    self.assertNotRegex(line, r"\bRWE\b")

        self.for_each_program(check)

    def test_stack_protector(self):
        self.for_each_program(lambda program: self.assertIn("__stack_chk_fail", run("nm", "-D", program)))

    def test_no_paths_of_the_machine_that_built_it(self):
        self.for_each_program(lambda program: self.assertNotIn(str(ROOT).encode() + b"/", program.read_bytes()))

    def test_no_folder_of_the_builder_is_searched_for_libraries(self):
        self.for_each_program(
            lambda program: self.assertNotRegex(run("readelf", "-dW", program), r"\((RPATH|RUNPATH)\)"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
