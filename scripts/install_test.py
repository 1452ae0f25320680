#!/usr/bin/env python3
"""Tests of installing packages: no way out leaves the machine unable to start services."""

import os
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

COMMON = Path(__file__).resolve().parent / "lib" / "common.sh"
INSTALL = f"""
set -euo pipefail
source {COMMON}
POLICY=$FOLDER/policy-rc.d
install_packages "$@"
echo installed
"""
# Keeps what it saw of the policy, for the test to look at.
APT_GET = """#!/bin/sh
cp "$FOLDER/policy-rc.d" "$FOLDER/seen"
if [ "$1" = install ]; then eval "$APT_DOES"; fi
"""


class InstallTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.policy = self.folder / "policy-rc.d"
        self.seen = self.folder / "seen"
        self.tool("apt-get", APT_GET)
        # Nothing needs another user here.
        self.tool("id", "#!/bin/sh\necho 0\n")
        self.tool("dpkg-query", '#!/bin/sh\nfor last; do :; done\n[ "$last" != there ] || echo "install ok installed"\n')

    def tool(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)

    def start(self, apt_does, *packages):
        environment = os.environ | {"FOLDER": str(self.folder), "APT_DOES": apt_does,
                                    "PATH": f"{self.folder}:{os.environ['PATH']}"}
        # In a group of its own, as a terminal's Ctrl-C finds it.
        return subprocess.Popen(["bash", "-c", INSTALL, "install", *packages], env=environment, text=True,
                                start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run_to_end(self, apt_does, *packages):
        process = self.start(apt_does, *packages)
        process.output = process.communicate(timeout=20)[0]
        return process

    def interrupt(self, number):
        process = self.start("sleep 30", "missing")
        while not self.seen.exists():
            time.sleep(0.02)
        os.killpg(process.pid, number)
        process.communicate(timeout=20)
        return process.returncode

    def test_nothing_starts_by_itself_while_packages_are_installed(self):
        self.assertEqual(self.run_to_end("true", "missing").returncode, 0)
        self.assertIn("exit 101", self.seen.read_text())
        self.assertFalse(self.policy.exists())

    def test_a_failed_install_leaves_nothing(self):
        failed = self.run_to_end("exit 100", "missing")
        self.assertNotEqual(failed.returncode, 0)
        self.assertNotIn("installed", failed.output)
        self.assertTrue(self.seen.exists())
        self.assertFalse(self.policy.exists())

    def test_an_interrupted_install_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number.name):
                self.seen.unlink(missing_ok=True)
                self.assertNotEqual(self.interrupt(number), 0)
                self.assertFalse(self.policy.exists())

    def test_what_a_killed_one_left_goes_with_the_next(self):
        for packages in (["missing"], ["there"]):
            with self.subTest(packages):
                self.seen.unlink(missing_ok=True)
                self.interrupt(signal.SIGKILL)
                self.assertTrue(self.policy.exists())
                self.assertEqual(self.run_to_end("true", *packages).returncode, 0)
                self.assertFalse(self.policy.exists())

    def test_an_administrators_own_stays(self):
        for apt_does in ("true", "exit 100"):
            self.policy.write_text("#!/bin/sh\nexit 101\n")
            self.run_to_end(apt_does, "missing")
            self.assertEqual(self.policy.read_text(), "#!/bin/sh\nexit 101\n")


if __name__ == "__main__":
    unittest.main()
