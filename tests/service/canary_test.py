#!/usr/bin/env python3
"""Plants secrets in every field that may hold one, walks the main job, and looks for them everywhere.

Nowhere: logs, metrics, error texts, Redis (its append-only file holds every value ever written) and
every file the services keep. A planted value is searched in clear, in hexadecimal, base64 and base32.
"""

import base64
import runpy
import secrets
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts" / "lib"))
import amana_cluster  # noqa: E402
import cluster_case  # noqa: E402
import walk  # noqa: E402

# Every field that the protos mark sensitive, with the name under which what it holds is planted.
SEARCHED = {
    "amana.identity.v1.CreateEnrolmentCodeResponse.code": "enrolment code",
    "amana.identity.v1.EnrolRequest.code": "wrong code",
    "amana.common.v1.HistoryEntry.event": "event",
    "amana.common.v1.HistoryEntry.opening": "event opening",
    "amana.common.v1.RoutingCard.commune_code": "commune",
}
# Those that can't be searched, each with its reason.
NOT_SEARCHED = {
    "amana.common.v1.RoutingCard.partner_violence": "yes or no: it would be found everywhere",
}


def sensitive_fields():
    rules = runpy.run_path(str(ROOT / "scripts" / "checks" / "proto-rules"))
    for name, message in rules["messages"](rules["load"](ROOT / "protos")).items():
        for field in message.get("field", []):
            if rules["option"](field, rules["FIELD"]).get("sensitive") == ["true"]:
                yield f"{name[1:]}.{field['name'][0]}"


def canary(name):
    return f"canary-{name}-{secrets.token_hex(8)}"


def forms(raw):
    """The ways bytes could be written down. Base64 and base32 depend on where they begin, so all
    three and five offsets are looked for, without the characters that neighbours change."""
    yield raw
    yield raw.hex().encode()
    for skip in range(3):
        yield base64.b64encode(raw[skip:])[: (len(raw) - skip) // 3 * 4]
    for skip in range(5):
        yield base64.b32encode(raw[skip:])[: (len(raw) - skip) // 5 * 8].lower()


class SensitiveFieldsTest(unittest.TestCase):
    def test_each_is_searched_or_has_a_reason(self):
        self.assertEqual(sorted(sensitive_fields()), sorted([*SEARCHED, *NOT_SEARCHED]))


class CanaryTest(cluster_case.ClusterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.errors = []
        cls.planted = {name: value if isinstance(value, bytes) else value.encode()
                       for name, value in cls.plant().items()}
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
            "event": sorted((job.work / "evidence").glob("*.event"))[0].read_bytes(),
            "event opening": sorted((job.work / "evidence").glob("*.opening"))[0].read_bytes(),
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
            for text in (value, b"x" + value, b"xx" + value):
                written = [text, text.hex().encode(), base64.b64encode(text)]
                # Of a shorter one no whole group of base32 may be left.
                if len(value) >= 9:
                    written.append(base64.b32encode(text).lower())
                for one in written:
                    self.assertTrue(any(form in one for form in forms(value) if len(form) >= 8), name)

    def test_what_is_searched_is_planted(self):
        for field, name in SEARCHED.items():
            self.assertIn(name, self.planted, field)

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
