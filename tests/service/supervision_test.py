#!/usr/bin/env python3
"""How scripts/cluster ends, and what it leaves behind: nothing that would write beside the next start."""

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "cluster"
sys.path.insert(0, str(ROOT / "scripts" / "lib"))
import folder_lock  # noqa: E402

START_S = 60
# Services drain for at most 30 s.
STOP_S = 40


def wait_until(condition, timeout_s, what):
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {timeout_s} s")
        time.sleep(0.05)


class SupervisionTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="amana-test-")
        self.addCleanup(folder.cleanup)
        self.data = Path(folder.name).resolve() / "network"
        self.lock = self.data / "lock"
        self.command = [str(SCRIPT), "--data", str(self.data), "up"]
        self.seen = set()
        self.addCleanup(self.kill_what_is_left)

    def kill_what_is_left(self):
        for pid in self.seen | set(folder_lock.holders(self.lock)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not folder_lock.holders(self.lock), 10, "all killed")

    def services(self):
        """The ids of Redis and the services once all are up."""
        path = self.data / "run" / "pids.json"
        wait_until(path.exists, START_S, "started")
        started = sorted(json.loads(path.read_text()).values())
        self.seen.update(started)
        return started

    def start(self, **options):
        watcher = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True, **options)
        self.addCleanup(watcher.stdout.close)
        self.addCleanup(lambda: (watcher.kill(), watcher.wait()))
        for line in watcher.stdout:
            if line.startswith("Ctrl-C ends it"):
                return watcher
        raise AssertionError("it did not start")

    def in_a_terminal(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(self.command[0], self.command)
        shown = b""
        while b"Ctrl-C ends it" not in shown:
            shown += os.read(terminal, 4096)
        return pid, terminal

    def assert_nothing_runs(self, services):
        self.assertEqual([pid for pid in services if Path(f"/proc/{pid}").exists()], [])
        self.assertEqual(folder_lock.holders(self.lock), {})

    def test_a_terminal_that_is_closed_ends_all(self):
        pid, terminal = self.in_a_terminal()
        services = self.services()
        os.close(terminal)
        # A shell passes on what the kernel says as well.
        os.kill(pid, signal.SIGHUP)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 128 + signal.SIGHUP)
        self.assert_nothing_runs(services)

    def test_who_asks_for_it_keeps_it_without_a_terminal(self):
        watcher = self.start(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        services = self.services()
        watcher.send_signal(signal.SIGHUP)
        with self.assertRaises(subprocess.TimeoutExpired):
            watcher.wait(1)
        watcher.terminate()
        self.assertEqual(watcher.wait(STOP_S), 128 + signal.SIGTERM)
        self.assert_nothing_runs(services)

    def test_what_a_killed_one_left_running_keeps_the_next_from_starting(self):
        watcher = self.start()
        services = self.services()
        watcher.kill()
        watcher.wait()
        for arguments in (["up"], ["--fresh", "up"], ["destroy"]):
            refused = subprocess.run([str(SCRIPT), "--data", str(self.data), *arguments],
                                     capture_output=True, text=True, timeout=START_S)
            self.assertEqual(refused.returncode, 1, arguments)
            named = re.search(r"End it first: kill ([0-9 ]+)$", refused.stderr.strip())
            self.assertEqual(sorted(map(int, named[1].split())), services)
        # As it says, and then it starts with the data of before.
        genesis = (self.data / "network" / "genesis.pb").read_bytes()
        for pid in services:
            os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not folder_lock.holders(self.lock), STOP_S, "ended")
        self.start().terminate()
        self.assertEqual((self.data / "network" / "genesis.pb").read_bytes(), genesis)


if __name__ == "__main__":
    unittest.main()
