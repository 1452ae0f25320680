"""What tests of a whole network have in common."""

import tempfile
import unittest
from pathlib import Path

import amana_cluster
import walk


class ClusterCase(unittest.TestCase):
    """Its tests share one throw-away network, `cluster`, which runs before the first one."""

    @classmethod
    def setUpClass(cls):
        # Not tearDownClass, which a failure in here would skip, and leave servers running.
        cls.folder = tempfile.TemporaryDirectory(prefix="amana-test-")
        cls.cluster = amana_cluster.Cluster(Path(cls.folder.name) / "network")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.lock()
        cls.cluster.make()
        cls.cluster.start()

    def refused(self, device, *arguments):
        """What the client said of a call that must fail."""
        done = self.cluster.amana(device, *arguments, check=False)
        self.assertFalse(isinstance(done, dict), f"{arguments} was not refused")
        return done.stderr


class HandoverCase(ClusterCase):
    """Its tests share one case, `job`, that she has agreed to hand over to two centres."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.job = walk.MainJob(cls.cluster)
        for step in ("take_call", "open_case", "match", "record_consent"):
            getattr(cls.job, step)()

    def sending(self, *options, words=walk.STORY):
        """The command that sends a story to the second centre."""
        story = self.job.work / "story.txt"
        story.write_text(words)
        return ("handoff", "send", "--case", self.job.case["case_id"], "--to",
                self.job.second["organisation_id"], "--story", story, *options)
