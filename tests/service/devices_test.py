#!/usr/bin/env python3
"""Devices come and go: whom a person vouches for, and what is left of a device that was removed."""

import base64
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts" / "lib"))
import cluster_case  # noqa: E402
import walk  # noqa: E402


class DevicesTest(cluster_case.HandoverCase):
    def state_of(self, device_id):
        listed = self.cluster.amana("supervisor", "device", "list")["devices"]
        return next(d["state"] for d in listed if d["device_id"] == device_id)

    def test_only_the_key_that_a_person_read_is_vouched_for(self):
        hotline = self.job.people["hotline"]
        self.cluster.choose_passphrase("newcomer")
        code = self.cluster.amana("supervisor", "device", "code", "--organisation", hotline, "--role",
                                  "operator")["code"]
        new = self.cluster.amana("newcomer", "device", "enrol", "--code", code, "--config",
                                 self.cluster.client_config)
        own = base64.b64decode(new["signing_key"]).hex()
        other = base64.b64decode(self.job.operator("device", "show")["signing_key"]).hex()
        approve = ("device", "approve", new["device_id"])
        for key, role in ((other, "operator"), (own, "supervisor")):
            self.assertIn("DEVICE_CERTIFICATE_INVALID",
                          self.refused("supervisor", *approve, "--role", role, "--key", key))
        self.assertEqual(self.state_of(new["device_id"]), "pending")
        self.cluster.amana("supervisor", *approve, "--role", "operator", "--key", own)
        self.assertEqual(self.state_of(new["device_id"]), "approved")

    def test_nobody_takes_on_what_was_not_read(self):
        self.job.refer()
        self.job.send_handoff()
        worker, handoff = self.job.second_worker, self.job.handoff["handoff_id"]
        self.job.receive_handoff()
        self.assertIn("HANDOFF_STATE_INVALID", self.refused(worker, "handoff", "acknowledge", handoff))
        self.job.open_handoff()  # with its document
        self.cluster.amana(worker, "handoff", "acknowledge", handoff)

    def test_a_removed_colleague_keeps_nothing_from_the_others(self):
        centre, worker = self.job.second["organisation_id"], self.job.second_worker
        manager = worker.replace("worker", "manager")
        walk.enrol(self.cluster, "colleague", centre, "case_worker", manager)
        both = self.job.operator(*self.sending())["recipients"]
        colleague = self.cluster.amana("colleague", "device", "show")["device_id"]
        self.cluster.amana(manager, "device", "revoke", colleague)
        self.assertEqual(self.job.operator(*self.sending())["recipients"], both - 1)

    def test_what_a_removed_device_sent_can_still_be_read(self):
        hotline, worker = self.job.people["hotline"], self.job.second_worker
        walk.enrol(self.cluster, "night", hotline, "operator", "supervisor")
        case = self.job.case["case_id"]
        sent = self.cluster.amana("night", *self.sending())
        night = self.cluster.amana("night", "device", "show")["device_id"]
        self.cluster.amana("supervisor", "device", "revoke", night)
        out = self.job.work / "from-night"
        opened = self.cluster.amana(worker, "handoff", "open", sent["handoff_id"], "--out", out)
        self.assertEqual(opened["case_id"], case)
        self.assertEqual((out / "story.txt").read_text(), walk.STORY)


if __name__ == "__main__":
    unittest.main()
