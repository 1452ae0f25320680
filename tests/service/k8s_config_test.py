#!/usr/bin/env python3
"""The configuration of k8s/base, against the keys that each program says it knows (--sample-config).

A key that is unknown, repeated or missing stops a program from starting: here, not in the cluster.
"""

import os
import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("AMANA_BUILD") or ROOT / "build") / "bin"
SERVICES = ("identity", "intake", "referral", "messaging", "audit")


def keys_of(service):
    """The keys that the program knows, each with whether it must be set."""
    sample = subprocess.run([BIN / f"amana-{service}", "--sample-config"],
                            capture_output=True, text=True, check=True).stdout
    return {key: required != "" for required, key in
            re.findall(r"^# .* \(.*?(; required)?\)\n(?:# )?(\w+) = ", sample, re.M)}


def problems(service, text):
    known = keys_of(service)
    given = re.findall(r"^(\w+) = \S", text, re.M)
    yield from (f"unknown: {key}" for key in given if key not in known)
    yield from (f"twice: {key}" for key in set(given) if given.count(key) > 1)
    yield from (f"missing: {key}" for key, required in known.items() if required and key not in given)


class K8sConfig(unittest.TestCase):
    def test_every_program_takes_its_file(self):
        for service in SERVICES:
            with self.subTest(service=service):
                text = (ROOT / "k8s" / "base" / "config" / f"{service}.conf").read_text()
                self.assertEqual(list(problems(service, text)), [])

    def test_what_would_stop_a_program_is_found(self):
        text = (ROOT / "k8s" / "base" / "config" / "audit.conf").read_text()
        self.assertEqual(list(problems("audit", text + "log_key = /x\n")), ["unknown: log_key"])
        self.assertEqual(list(problems("audit", text + "workers = 8\n")), ["twice: workers"])
        self.assertEqual(list(problems("audit", text.replace("log_key_file", "# log_key_file"))),
                         ["missing: log_key_file"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
