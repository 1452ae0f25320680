#!/usr/bin/env python3
"""Tests of scripts/cluster that need no binaries: what it may delete, and when it must not start."""

import contextlib
import io
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from unittest import mock

SCRIPT = pathlib.Path(__file__).resolve().parent / "cluster"
sys.path.insert(0, str(SCRIPT.parent / "lib"))
import amana_cluster  # noqa: E402
import folder_lock  # noqa: E402


class FolderCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = pathlib.Path(folder.name) / "data"

    def run_cluster(self, *arguments):
        return subprocess.run([str(SCRIPT), "--data", str(self.data), *arguments], capture_output=True, text=True)

    def lay(self, name):
        path = self.data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        return path


class WhatMayBeDeleted(FolderCase):
    def test_a_folder_of_something_else_stays_as_it_is(self):
        mine = self.lay("services/mine.cc")
        for arguments in (["destroy"], ["--fresh", "up"], ["up"]):
            refused = self.run_cluster(*arguments)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("holds something else than an Amana network", refused.stderr)
            self.assertEqual([path for path in self.data.rglob("*") if path.is_file()], [mine])

    def test_a_network_goes_as_a_whole(self):
        for mark in ("network/genesis.pb", "run/ports.json"):
            self.lay(mark)
            self.lay("services/audit/data/wal")
            self.lay("monitoring/tsdb/wal")
            self.lay("lock")
            self.assertEqual(self.run_cluster("destroy").returncode, 0)
            self.assertFalse(self.data.exists())

    def test_what_a_start_left_that_had_hardly_begun_is_no_obstacle(self):
        for folder in ("network", "services", "redis", "devices", "run"):
            (self.data / folder).mkdir(parents=True)
        self.lay("lock")
        self.assertEqual(self.run_cluster("destroy").returncode, 0)
        self.assertFalse(self.data.exists())

    def test_what_somebody_laid_beside_it_stays(self):
        self.lay("network/genesis.pb")
        mine = self.lay("notes.txt")
        self.assertEqual(self.run_cluster("destroy").returncode, 0)
        self.assertEqual(list(self.data.iterdir()), [mine])

    def test_there_may_be_nothing(self):
        self.assertEqual(self.run_cluster("destroy").returncode, 0)
        self.data.mkdir()
        self.assertEqual(self.run_cluster("destroy").returncode, 0)
        self.assertFalse(self.data.exists())


class OneNetworkAFolder(FolderCase):
    def setUp(self):
        super().setUp()
        self.cluster = amana_cluster.Cluster(self.data)
        self.cluster.lock()
        self.addCleanup(self.cluster._lock.close)
        self.mark = self.lay("network/genesis.pb")

    def start(self):
        """Stands for Redis or a service."""
        process = amana_cluster.Process("left", ["sleep", "60"], self.data / "log", lambda: True, self.cluster._lock)
        process.start()
        self.addCleanup(process.kill)
        return process

    def assert_refused(self, *words):
        for arguments in (["up"], ["--fresh", "up"], ["destroy"]):
            refused = self.run_cluster(*arguments)
            self.assertEqual(refused.returncode, 1, arguments)
            for word in words:
                self.assertIn(word, refused.stderr)
            self.assertTrue(self.mark.exists(), arguments)

    def test_the_second_one_is_told_which_program_to_end(self):
        self.assert_refused("Another network is running", f"Ctrl-C where it was started, or: kill {os.getpid()}")

    def test_what_outlived_the_program_that_watched_it_still_holds_the_folder(self):
        first, second = self.start(), self.start()
        self.cluster._lock.close()
        both = sorted([first.popen.pid, second.popen.pid])
        self.assert_refused("lost the program that watched it", "sleep, sleep", "End it first: kill ")
        self.assertEqual(sorted(folder_lock.holders(self.data / "lock")), both)
        first.kill()
        self.assert_refused(f"kill {second.popen.pid}\n")
        second.kill()
        self.assertEqual(self.run_cluster("destroy").returncode, 0)
        self.assertFalse(self.mark.exists())

    def test_a_program_that_ended_holds_nothing(self):
        self.cluster._lock.close()
        self.assertEqual(self.run_cluster("destroy").returncode, 0)


class Renewal(FolderCase):
    def setUp(self):
        super().setUp()
        self.cluster = amana_cluster.Cluster(self.data)
        self.enterContext(mock.patch.object(amana_cluster, "RENEW_CHECK_S", 0.01))

    def commands(self, every_s, *ends, until=1):
        """What is run to renew, where the first ends so; stops after as many."""
        ran = []

        def run(*arguments):
            ran.append(arguments[1])
            if len(ran) >= until:
                self.cluster._closing.set()
            if len(ran) <= len(ends):
                raise ends[len(ran) - 1]

        with mock.patch.object(self.cluster, "_run", run), mock.patch.object(amana_cluster, "RENEW_EVERY_S", every_s), \
                contextlib.redirect_stderr(io.StringIO()) as self.said:
            self.cluster._keep_certificates_fresh()
        return ran

    def test_services_and_devices_get_new_ones(self):
        self.lay("devices/operator/enrolled")
        self.assertEqual(self.commands(0, until=3),
                         ["issue-service-certificates", *["reissue-device-certificate"] * 2])

    def test_what_failed_is_tried_again(self):
        ran = self.commands(3600, amana_cluster.ClusterError("no key"), OSError("no program"), until=3)
        self.assertEqual(ran[:3], ["issue-service-certificates"] * 3)
        self.assertIn("no key", self.said.getvalue())
        self.assertIn("no program", self.said.getvalue())

    def test_what_is_fresh_stays(self):
        self.cluster._renewed = time.time()
        threading.Timer(0.2, self.cluster._closing.set).start()
        self.assertEqual(self.commands(3600), [])


if __name__ == "__main__":
    unittest.main()
