#!/usr/bin/env python3
"""Tests of how the walk judges its evidence: the auditor's step fails for whatever is not there."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
import amana_cluster  # noqa: E402
import walk  # noqa: E402


class OfflineAuditor:
    """A cluster whose auditor verifies these events."""

    data = pathlib.Path("/nowhere")

    def __init__(self, events):
        self.events = events

    def amana(self, *_):
        return {}

    def _run(self, *_):
        return json.dumps({"log_size": 849, "verified": len(self.events), "events": self.events})


class EvidenceTest(unittest.TestCase):
    def setUp(self):
        self.events = [{"action": action, "state": state}
                       for (action, state), count in walk.EVENTS.items() for _ in range(count)]

    def verify(self, events, exported):
        job = walk.MainJob.__new__(walk.MainJob)
        job.cluster, job.work, job.evidence = OfflineAuditor(events), pathlib.Path("work"), pathlib.Path("evidence")
        job.exported = {"events": exported}
        return job.verify()

    def test_all_of_it_is_told_with_both_numbers(self):
        count = len(self.events)
        told = dict(walk.STEPS)["verify"](self.verify(self.events, count) | {"verified": 7})
        self.assertIn(f"verifies 7 of {count} events in a log of 849 entries", told)

    def test_more_than_the_steps_themselves_is_welcome(self):
        more = [*self.events, {"action": "mailbox.added", "state": "queued"}]
        self.verify(more, len(more))

    def test_an_exported_event_that_is_not_verified(self):
        with self.assertRaisesRegex(amana_cluster.ClusterError, f"Of {len(self.events) + 1} exported events "
                                                                f"{len(self.events)} are verified"):
            self.verify(self.events, len(self.events) + 1)

    def test_an_event_that_was_not_even_exported(self):
        for event in self.events:
            rest = list(self.events)
            rest.remove(event)
            with self.assertRaisesRegex(amana_cluster.ClusterError, f"{event['action']} {event['state']}"):
                self.verify(rest, len(rest))

    def test_a_service_that_told_nothing(self):
        rest = [event for event in self.events if not event["action"].startswith("handoff.")]
        with self.assertRaisesRegex(amana_cluster.ClusterError, "handoff.sealed sealed, handoff.reported delivered"):
            self.verify(rest, len(rest))


if __name__ == "__main__":
    unittest.main()
