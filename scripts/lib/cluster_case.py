"""What tests of a whole network have in common."""

import tempfile
import unittest
from pathlib import Path

import amana_cluster


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
