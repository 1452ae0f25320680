#!/usr/bin/env python3
"""What is left of a handoff where a client, or its machine, gave up half-way."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts" / "lib"))
import cluster_case  # noqa: E402
import walk  # noqa: E402


class HandoffTest(cluster_case.HandoverCase):
    def send(self, *options, **words):
        return self.job.operator(*self.sending(*options, **words))

    def inbox(self):
        messages = self.cluster.amana(self.job.second_worker, "handoff", "inbox").get("messages", [])
        return [message["handoff"]["handoff_id"] for message in messages]

    def leave_unanswered(self):
        """The operator sends, nobody answers, and she gives up."""
        messaging = self.cluster.processes["messaging"]
        messaging.kill(signal.SIGSTOP)
        try:
            self.refused("operator", "--timeout", "1", *self.sending())
        finally:
            messaging.kill(signal.SIGCONT)

    def test_one_whose_answer_was_lost_is_sent_once(self):
        known = self.inbox()
        self.leave_unanswered()
        self.assertEqual(self.inbox(), known)

        # The vault as a client leaves it that dies between sending and the answer.
        vault = self.cluster.home("operator") / "vault.db"
        self.assertFalse(vault.with_name("vault.db-wal").exists())
        before = vault.with_name("vault.before")
        shutil.copy(vault, before)
        sent = self.send()
        before.replace(vault)
        repeated = self.send()
        self.assertEqual(repeated["handoff_id"], sent["handoff_id"])
        self.assertEqual(self.inbox(), [*known, sent["handoff_id"]])
        # From here on whatever is sent is another one.
        self.assertNotEqual(self.send()["handoff_id"], sent["handoff_id"])

        # So is what says something else, although an answer is still missing.
        self.leave_unanswered()
        shutil.copy(vault, before)
        first = self.send()["handoff_id"]
        before.replace(vault)
        second = self.send(words="Fictional: he knows the address.\n")["handoff_id"]
        self.assertEqual(self.inbox()[-2:], [first, second])

        # One that was taken back does not stand in the way of a better one.
        self.leave_unanswered()
        shutil.copy(vault, before)
        wrong = self.send()["handoff_id"]
        self.cluster.amana("operator", "handoff", "revoke", wrong)
        before.replace(vault)
        self.assertNotEqual(self.send()["handoff_id"], wrong)

    def test_one_that_could_not_be_written_whole_lies_nowhere(self):
        large = self.job.work / "large.pdf"
        large.write_bytes(os.urandom(2_000_000))
        namesake = self.job.work / "other" / "large.pdf"
        namesake.parent.mkdir()
        namesake.write_bytes(b"another one of that name")
        sent = self.send("--attach", namesake, "--attach", large)["handoff_id"]
        worker = self.job.second_worker
        self.inbox()
        out = self.job.work / "opened"
        limit = 1_000_000  # bytes: more than the vault, less than the document
        command = [self.cluster.bin / "amana", "--home", self.cluster.home(worker), "handoff", "open",
                   sent, "--out", out]
        # SIGXFSZ stays ignored, as it is in Python: the write fails, and the client has to see it.
        failed = subprocess.run(
            command, capture_output=True, text=True, restore_signals=False, timeout=60,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.assertNotEqual(failed.returncode, 0)
        self.assertIn("FILE_UNREADABLE", failed.stderr)
        self.assertFalse(out.exists())

        self.cluster.amana(worker, "handoff", "open", sent, "--out", out)
        self.assertEqual((out / "story.txt").read_text(), walk.STORY)
        self.assertEqual((out / "large.pdf").read_bytes(), namesake.read_bytes())
        self.assertEqual((out / "2-large.pdf").read_bytes(), large.read_bytes())
        # Opened again nothing is there twice.
        self.cluster.amana(worker, "handoff", "open", sent, "--out", out)
        self.assertEqual(len(list(out.iterdir())), 4)

    def test_a_document_that_is_lost_does_not_take_the_story_with_it(self):
        certificate = self.job.work / "certificate.pdf"
        certificate.write_bytes(os.urandom(100_000))
        sent = self.send("--attach", certificate)["handoff_id"]
        worker = self.job.second_worker
        self.inbox()
        blobs = [path for path in (self.cluster.data / "services" / "messaging").rglob("*")
                 if path.is_file() and path.stat().st_size > 100_000]
        self.assertTrue(blobs, "Where are the documents?")
        for path in blobs:
            path.unlink()
        out = self.job.work / "incomplete"
        self.assertIn("ATTACHMENT", self.refused(worker, "handoff", "open", sent, "--out", out))
        self.assertEqual((out / "story.txt").read_text(), walk.STORY)
        self.assertFalse((out / "certificate.pdf").exists())
        self.assertIn("HANDOFF_STATE_INVALID", self.refused(worker, "handoff", "acknowledge", sent))

    def test_nothing_is_sealed_that_she_did_not_agree_to(self):
        case = self.job.operator(
            "case", "open", "--need", walk.NEED, "--priority", "p1", "--province", walk.PROVINCE, "--age",
            "25_59", "--language", "ar")["case_id"]
        centre = self.job.second["organisation_id"]
        consent = ("consent", "record", "--case", case, "--to", centre, "--purpose", "share_documents",
                   "--manner", "oral_by_phone", "--giver", "survivor", "--language", "ar")
        self.assertIn("(field_groups)", self.refused("operator", *consent))
        self.job.operator(*consent, "--fields", "contact")
        text = self.job.work / "text.txt"
        text.write_text(walk.CONTACT)
        handoff = ("handoff", "send", "--case", case, "--to", centre, "--contact", text)
        for option, field in (("--story", "(story)"), ("--attach", "(documents)")):
            refused = self.refused("operator", *handoff, option, text)
            self.assertIn("CONSENT_MISSING", refused)
            self.assertIn(field, refused)
        self.job.operator(*handoff)


if __name__ == "__main__":
    unittest.main()
