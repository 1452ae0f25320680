#!/usr/bin/env python3
"""Tests of what scripts/cluster may delete: networks that it made itself, nothing else."""

import pathlib
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parent / "cluster"


class WhatMayBeDeleted(unittest.TestCase):
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


if __name__ == "__main__":
    unittest.main()
