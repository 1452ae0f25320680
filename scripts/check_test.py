#!/usr/bin/env python3
"""Tests of scripts/check and .ci/run: a check that could not run is a failure where things land."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class CheckTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def check_without_a_build(self, ci):
        environment = os.environ | {"AMANA_BUILD": str(self.folder), "CI": ci}
        return subprocess.run([ROOT / "scripts" / "check", "errors"], env=environment, capture_output=True, text=True)

    def test_what_could_not_be_checked_is_a_warning_by_hand(self):
        checked = self.check_without_a_build(ci="")
        self.assertIn("MISSING", checked.stdout)
        self.assertEqual(checked.returncode, 0)

    def test_what_could_not_be_checked_is_a_failure_in_ci(self):
        checked = self.check_without_a_build(ci="true")
        self.assertIn("MISSING", checked.stdout)
        self.assertEqual(checked.returncode, 1)

    def test_what_npm_does_not_bring_skips_a_test_by_hand_and_fails_it_in_ci(self):
        (self.folder / "package-lock.json").write_text("{}")
        npm = self.folder / "npm"
        npm.write_text("#!/bin/sh\nexit 1\n")
        npm.chmod(0o755)
        for ci, code in (("", 77), ("true", 1)):
            environment = os.environ | {"PATH": f"{self.folder}:{os.environ['PATH']}", "CI": ci}
            ended = subprocess.run([ROOT / "scripts" / "checks" / "node-modules", self.folder], env=environment,
                                   capture_output=True, text=True)
            self.assertEqual(ended.returncode, code, ended.stderr)

    def test_ci_says_that_it_is_ci(self):
        for folder in (".ci", "scripts"):
            (self.folder / folder).mkdir()
        shutil.copy(ROOT / ".ci" / "run", self.folder / ".ci")
        test = self.folder / "scripts" / "test"
        test.write_text('#!/bin/sh\necho "CI=$CI $*"\n')
        test.chmod(0o755)
        environment = {name: value for name, value in os.environ.items() if name != "CI"}
        said = subprocess.run([self.folder / ".ci" / "run"], env=environment, capture_output=True, text=True)
        self.assertEqual(said.stdout, "CI=true --quick\n")


if __name__ == "__main__":
    unittest.main()
