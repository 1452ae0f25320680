#!/usr/bin/env python3
"""Kills one process with SIGKILL in the middle of each step of the main job.

Real binaries, real Redis, real clients. The victim is started again, as a cluster would; the step
must succeed on its own retries. Afterwards the job is as if nothing had happened: the same events in
the log, each once, and no place left behind.

AMANA_TEST_SIZE: quick kills one victim a step (another one each step), normal two, full every one.
"""

import collections
import itertools
import os
import random
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts" / "lib"))
import amana_cluster  # noqa: E402
import cluster_case  # noqa: E402
import walk  # noqa: E402

VICTIMS = ("redis", *amana_cluster.SERVICES)
VICTIMS_PER_STEP = {"quick": 1, "normal": 2, "full": len(VICTIMS)}
SEED = int(os.environ.get("AMANA_TEST_SEED", "20261122"))
# These only look at what the steps before them made.
UNDISTURBED = ("read_metrics",)


def schedule(size):
    """(step, victim) pairs: over the steps, every victim comes up."""
    victims = itertools.cycle(VICTIMS)
    steps = [name for name, _ in walk.STEPS if name not in UNDISTURBED]
    return [(step, next(victims)) for step in steps for _ in range(VICTIMS_PER_STEP[size])]


class KillTest(cluster_case.ClusterCase):
    @classmethod
    def setUpClass(cls):
        cls.random = random.Random(SEED)
        print(f"seed {SEED} (AMANA_TEST_SEED repeats it)")
        super().setUpClass()

    def walk_through(self, disturbed=None, victim=None):
        job = walk.MainJob(self.cluster)
        for name, _ in walk.STEPS:
            step = getattr(job, name)
            if name == disturbed:
                self.run_killing(step, victim)
            elif name not in UNDISTURBED:
                step()
        return job

    def run_killing(self, step, victim):
        """Runs the step while its victim is killed a moment after it began."""
        process = self.cluster.processes[victim]
        before = process.restarts
        killer = threading.Timer(self.random.uniform(0, 0.15), process.kill)
        killer.start()
        step()
        killer.join()
        end = time.monotonic() + 10
        while process.restarts == before and time.monotonic() < end:
            time.sleep(0.02)
        self.assertGreater(process.restarts, before, "the victim was not killed")
        for other in self.cluster.processes.values():
            other.wait_ready()

    def outcome(self, job):
        """What an undisturbed job and a disturbed one must agree in."""
        verified = job.verify()
        offers = [offer["state"] for offer in job.referral["offers"]]
        left = [reservation for worker, centre in ((job.first_worker, job.first), (job.second_worker, job.second))
                for reservation in self.cluster.amana(worker, "capacity", "show",
                                                      centre["service_at_location_id"])["reservations"]
                if reservation["offer_id"] in [offer["offer_id"] for offer in job.referral["offers"]]
                and reservation["state"] in ("held", "confirmed", "occupied")]
        actions = collections.Counter((event["service"], event["action"], event["state"])
                                      for event in verified["events"])
        return {"offers": offers, "places left": left, "events": actions}

    def outcome_in_the_end(self, job, expected):
        """What a kill kept a command from telling others, a timer tells them some seconds later."""
        end = time.monotonic() + 10
        while (outcome := self.outcome(job)) != expected and time.monotonic() < end:
            time.sleep(0.5)
            job.export_evidence()
        return outcome

    def test_a_kill_at_any_step_changes_nothing(self):
        expected = self.outcome(self.walk_through())
        self.assertEqual(expected["places left"], [])
        self.assertEqual(expected["offers"], ["declined", "accepted"])
        size = os.environ.get("AMANA_TEST_SIZE", "normal")
        for step, victim in schedule(size):
            with self.subTest(step=step, victim=victim):
                started = time.monotonic()
                self.assertEqual(self.outcome_in_the_end(self.walk_through(step, victim), expected), expected)
                print(f"{victim:>10} killed in {step:<16} {time.monotonic() - started:5.1f} s", flush=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
