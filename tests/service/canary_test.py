#!/usr/bin/env python3
"""Plants secrets in every field that may hold one, walks the main job, and looks for them everywhere.

Nowhere: logs, metrics, error texts, Redis (its append-only file holds every value ever written) and
every file the services keep. A planted value is searched in clear, in hexadecimal, base64 and base32.
"""

import base64
import secrets
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts" / "lib"))
import amana_cluster  # noqa: E402
import cluster_case  # noqa: E402
import walk  # noqa: E402


def canary(name):
    return f"canary-{name}-{secrets.token_hex(8)}"


def forms(value):
    """The ways a value could be written down. Base64 and base32 depend on where a value begins, so
    all three and five offsets are looked for, without the characters that neighbours change."""
    raw = value.encode()
    yield raw
    yield raw.hex().encode()
    for skip in range(3):
        yield base64.b64encode(raw[skip:])[: (len(raw) - skip) // 3 * 4]
    for skip in range(5):
        yield base64.b32encode(raw[skip:])[: (len(raw) - skip) // 5 * 8].lower()


class CanaryTest(cluster_case.ClusterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.errors = []
        cls.planted = cls.plant()
        # Everything is fsynced at every write; a stop also flushes what logs still hold.
        cls.metrics = [cls.cluster.scrape(service) for service in amana_cluster.SERVICES]
        cls.cluster.stop()

    @classmethod
    def plant(cls):
        job = walk.MainJob(cls.cluster)
        planted = {
            "story": canary("story"),
            "contact": canary("contact"),
            "document": canary("document"),
            "document name": canary("name"),
            # A code by its form, and like no other.
            "commune": f"COM_{secrets.randbelow(10**12):012d}",
        }
        walk.STORY, walk.CONTACT = planted["story"], planted["contact"]
        walk.DOCUMENT = (planted["document"] * 3000).encode()
        job.take_call()
        job.open_case()
        cls.cluster.amana("operator", "case", "update", job.case["case_id"], "--need", walk.NEED, "--priority", "p1",
                          "--province", walk.PROVINCE, "--age", "25_59", "--language", "ar",
                          "--commune", planted["commune"], "--partner-violence")
        for step in ("match", "record_consent", "refer", "see_hold", "decline", "accept", "see_accepted"):
            getattr(job, step)()
        job.send_handoff()
        named = job.work / f"{planted['document name']}.txt"
        named.write_text("fictional\n")
        job.operator("handoff", "send", "--case", job.case["case_id"], "--referral", job.referral["referral_id"],
                     "--to", job.second["organisation_id"], "--story", job.work / "story.txt",
                     "--contact", job.work / "contact.txt", "--attach", named)
        for step in ("receive_handoff", "open_handoff", "acknowledge", "arrive", "complete", "follow_up",
                     "export_evidence"):
            getattr(job, step)()
        planted |= cls.plant_in_refused_requests(job)
        planted |= {
            "enrolment code": cls.cluster.amana("administrator", "device", "code", "--organisation",
                                                job.people["hotline"], "--role", "operator")["code"],
            "passphrase": (cls.cluster.home("operator") / "passphrase").read_text().strip(),
            "storage key": (cls.cluster.service_dir("intake") / "storage.keys").read_text().split()[1],
            "event opening": (sorted((job.work / "evidence").glob("*.opening"))[0]).read_bytes().hex(),
        }
        return planted

    @classmethod
    def plant_in_refused_requests(cls, job):
        """What is refused must not come back in the refusal, nor stay in a log."""
        planted = {"wrong code": secrets.token_hex(13), "bad province": canary("")[-8:]}
        refused = [
            cls.cluster.amana("operator", "case", "open", "--need", walk.NEED, "--priority", "p1", "--province",
                              planted["bad province"], "--age", "25_59", "--language", "ar", check=False),
            cls.cluster.amana("stranger", "device", "enrol", "--code", planted["wrong code"], "--config",
                              cls.cluster.client_config, check=False)]
        for done in refused:
            assert not isinstance(done, dict) and done.returncode != 0
            cls.errors.append(done.stderr)
        return planted

    def assert_absent(self, data, where):
        for name, value in self.planted.items():
            for form in forms(value):
                # Short remainders would be found by chance.
                if len(form) >= 8:
                    self.assertNotIn(form, data, f"{name} is in {where}")

    def test_the_search_finds_what_is_there(self):
        for name, value in self.planted.items():
            for text in (value, "x" + value, "xx" + value):
                written = [text.encode(), text.encode().hex().encode(), base64.b64encode(text.encode())]
                # Of a shorter one no whole group of base32 may be left.
                if len(value) >= 9:
                    written.append(base64.b32encode(text.encode()).lower())
                for one in written:
                    self.assertTrue(any(form in one for form in forms(value) if len(form) >= 8), name)

    def test_not_in_logs(self):
        logs = list((self.cluster.data / "run").glob("*.log"))
        self.assertEqual(len(logs), 1 + len(amana_cluster.SERVICES))
        for log in logs:
            self.assert_absent(log.read_bytes(), log.name)

    def test_not_in_metrics(self):
        for text in self.metrics:
            self.assert_absent(text.encode(), "metrics")

    def test_not_in_errors(self):
        for text in self.errors:
            self.assert_absent(text.encode(), "an error")

    def test_not_in_redis(self):
        files = [path for path in (self.cluster.data / "redis").rglob("*.aof*") if path.is_file()]
        self.assertTrue(files)
        self.assertGreater(sum(path.stat().st_size for path in files), 100_000)
        for path in files:
            self.assert_absent(path.read_bytes(), path.name)

    def test_not_in_any_file_of_a_service(self):
        seen = 0
        for service in amana_cluster.SERVICES:
            for path in self.cluster.service_dir(service).rglob("*"):
                if path.is_file() and path.name != "storage.keys":
                    seen += 1
                    self.assert_absent(path.read_bytes(), f"{service}/{path.name}")
        self.assertGreater(seen, 20)

    def test_private_files_are_private(self):
        for path in self.cluster.data.rglob("*"):
            if path.is_file() and (path.suffix in (".key", ".keys", ".db", ".password", ".acl")
                                   or path.name in ("passphrase", "service.conf", "key.pem")):
                self.assertEqual(path.stat().st_mode & 0o077, 0, path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
