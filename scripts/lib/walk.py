"""The main job, told step by step: from a call in the night to a log that an outsider has checked.

Every step is a real client process with its own device's keys, talking to the real services. The
tests that kill things reuse these steps (tests/chaos), so each is safe to run again.
"""

import base64
import collections
import json
import secrets
import time

from amana_cluster import SERVICES, ClusterError

HOTLINE = "Ligne d'écoute (fictive)"
NEED = "emergency_shelter"
PROVINCE = "04.421"  # Rabat
STORY = "Fictional: she left this evening with her daughter and needs a safe place tonight.\n"
SHARED = ("--fields", "story", "--fields", "contact", "--fields", "documents")
CONTACT = "Fictional: +212 5 00 00 00 00, only between 9:00 and 11:00, never leave a message.\n"
DOCUMENT = b"%PDF-1.4 fictional medical certificate " + b"0123456789abcdef" * 20_000

# What the steps make happen, as the log must tell it of the case: how often each action ended in which state.
EVENTS = {
    ("case.opened", "open"): 1,
    ("consent.recorded", "active"): 4,
    ("referral.created", "draft"): 1,
    ("referral.sent", "consented"): 1,
    ("offer.made", "pending"): 2,
    ("place.held", "held"): 2,
    ("offer.declined", "declined"): 1,
    ("offer.accepted", "accepted"): 1,
    ("place.confirmed", "confirmed"): 1,
    ("handoff.sealed", "sealed"): 1,
    ("handoff.reported", "delivered"): 1,
    ("handoff.reported", "opened"): 1,
    ("handoff.reported", "acknowledged"): 1,
    ("referral.progress_reported", "arrived"): 1,
    ("referral.progress_reported", "completed"): 1,
    ("follow_up.scheduled", "scheduled"): 1,
    ("follow_up.recorded", "helped"): 1,
    ("case.state_changed", "closure_requested"): 1,
    ("case.state_changed", "closed"): 1,
}


class Story:
    """Prints what happens in plain words, each step with how long it took."""

    def __init__(self, quiet=False):
        self.quiet = quiet
        self.number = 0

    def tell(self, text):
        if not self.quiet:
            print(text, flush=True)

    def step(self, text, action):
        """Runs `action` and tells what it did; `text` may use the action's result."""
        self.number += 1
        started = time.monotonic()
        result = action()
        took_ms = (time.monotonic() - started) * 1000
        words = text(result) if callable(text) else text
        self.tell(f"{self.number:>3}. {words}  \033[2m{took_ms:.0f} ms\033[0m")
        return result


# -- people and their devices ----------------------------------------------------------------------


def enrol(cluster, device, organisation_id, role, approver, first=False):
    """A device with this role in this organisation, approved; nothing to do if it exists."""
    home = cluster.home(device)
    if (home / "enrolled").exists():
        return
    cluster.choose_passphrase(device)
    code = cluster.amana("administrator" if first else approver, "device", "code",
                         "--organisation", organisation_id, "--role", role)["code"]
    enrolled = cluster.amana(device, "device", "enrol", "--code", code, "--config", cluster.client_config)
    root = ["--root-key", cluster.data / "network" / "root.key"] if first else []
    key = base64.b64decode(enrolled["signing_key"]).hex()
    cluster.amana("administrator" if first else approver, "device", "approve", enrolled["device_id"],
                  "--organisation", organisation_id, "--role", role, "--key", key, *root)
    if role in ("operator", "supervisor", "case_worker", "centre_manager"):
        cluster.amana(device, "key", "publish")
    (home / "enrolled").touch()


def prepare(cluster):
    """Organisations, directory, the hotline's people and the auditor: what must be there first."""
    people = cluster.data / "devices" / "people.json"
    if people.exists():
        return json.loads(people.read_text())
    organisations = cluster.data / "directory" / "organizations.json"
    cluster.amana("administrator", "org", "import", organisations)
    imported = cluster.amana("administrator", "directory", "import", organisations)
    network_id = cluster.amana("administrator", "device", "show")["organisation_id"]
    listed = cluster.amana("administrator", "org", "list")["organisations"]
    hotline = next((o for o in listed if o["name"] == HOTLINE), None)
    if hotline is None:
        hotline = cluster.amana("administrator", "org", "add", "--name", HOTLINE, "--kind", "hotline",
                                "--parent", network_id, "--province", PROVINCE)
    hotline_id = hotline["organisation_id"]
    enrol(cluster, "supervisor", hotline_id, "supervisor", "administrator", first=True)
    enrol(cluster, "operator", hotline_id, "operator", "supervisor")
    enrol(cluster, "auditor", network_id, "auditor", "administrator")
    known = {"network": network_id, "hotline": hotline_id, "imported": imported}
    people.write_text(json.dumps(known))
    return known


def staff(cluster, organisation_id):
    """A manager and a case worker of a centre; returns the case worker's device name."""
    worker, manager = f"worker-{organisation_id[:8]}", f"manager-{organisation_id[:8]}"
    enrol(cluster, manager, organisation_id, "centre_manager", "administrator", first=True)
    enrol(cluster, worker, organisation_id, "case_worker", manager)
    return worker


# -- the job ---------------------------------------------------------------------------------------


class MainJob:
    """One case from call to log. Each method is one step; STEPS has their order and words."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.people = prepare(cluster)
        self.work = cluster.data / "run" / f"case-{secrets.token_hex(4)}"
        self.work.mkdir(mode=0o700)

    def operator(self, *arguments):
        return self.cluster.amana("operator", *arguments)

    def take_call(self):
        self.cluster.amana("supervisor", "call", "enqueue", "--priority", "p1")
        self.call = self.operator("call", "claim")
        return self.call

    def open_case(self):
        self.case = self.operator(
            "case", "open", "--call", self.call["call_id"], "--need", NEED, "--need", "psychological_support",
            "--priority", "p1", "--province", PROVINCE, "--age", "25_59", "--child", "6_11:female",
            "--language", "ar", "--partner-violence")
        return self.case

    def match(self):
        # She does not want to be sent back to where he lives: applied here, on the operator's machine.
        self.matched = self.operator("match", "--case", self.case["case_id"], "--need", NEED,
                                     "--exclude-province", "04.441")
        candidates = self.matched["candidates"]
        if len(candidates) < 2:
            raise ClusterError("Fewer than two centres can take her: the directory is too small for the walk.")
        self.first = candidates[0]
        self.second = next(c for c in candidates if c["organisation_id"] != self.first["organisation_id"])
        self.first_worker = staff(self.cluster, self.first["organisation_id"])
        self.second_worker = staff(self.cluster, self.second["organisation_id"])
        return self.matched

    def record_consent(self):
        for centre in (self.first, self.second):
            for purpose, fields in (("refer", ()), ("share_documents", SHARED)):
                self.operator("consent", "record", "--case", self.case["case_id"], "--to",
                              centre["organisation_id"], "--purpose", purpose, "--manner", "oral_by_phone",
                              "--giver", "survivor", "--language", "ar", "--days", "30", *fields)

    def refer(self):
        self.referral = self.operator(
            "refer", "--case", self.case["case_id"], "--need", NEED,
            "--to", self.first["service_at_location_id"], "--to", self.second["service_at_location_id"])
        return self.referral

    def offer_to(self, worker):
        """After a fault, a timer asks the next centre some seconds later."""
        end = time.monotonic() + 10
        while True:
            offers = self.cluster.amana(worker, "offers", "--pending").get("offers", [])
            offer = next((o for o in offers if o["referral_id"] == self.referral["referral_id"]), None)
            if offer or time.monotonic() > end:
                return offer
            time.sleep(0.2)

    def see_hold(self):
        self.offer = self.offer_to(self.first_worker)
        capacity = self.cluster.amana(self.first_worker, "capacity", "show", self.first["service_at_location_id"])
        held = [r for r in capacity["reservations"] if r["offer_id"] == self.offer["offer_id"]]
        if [r["state"] for r in held] != ["held"]:
            raise ClusterError("The first centre's places are not held.")
        return held[0]

    def decline(self):
        return self.cluster.amana(self.first_worker, "decline", self.offer["offer_id"],
                                  "--reason", "staff_unavailable")

    def accept(self):
        self.offer = self.offer_to(self.second_worker)
        if self.offer is None:
            raise ClusterError("The second centre was not asked by itself.")
        return self.cluster.amana(self.second_worker, "accept", self.offer["offer_id"])

    def see_accepted(self):
        self.referral = self.operator("referral", "show", self.referral["referral_id"])
        if self.referral["state"] != "accepted":
            raise ClusterError("The referral does not say accepted.")
        return self.referral

    def send_handoff(self):
        for name, content in (("story.txt", STORY.encode()), ("contact.txt", CONTACT.encode()),
                              ("certificate.pdf", DOCUMENT)):
            path = self.work / name
            path.touch(mode=0o600)
            path.write_bytes(content)
        self.handoff = self.operator(
            "handoff", "send", "--case", self.case["case_id"], "--referral", self.referral["referral_id"],
            "--to", self.second["organisation_id"], "--story", self.work / "story.txt",
            "--contact", self.work / "contact.txt", "--attach", self.work / "certificate.pdf")
        return self.handoff

    def receive_handoff(self):
        inbox = self.cluster.amana(self.second_worker, "handoff", "inbox")["messages"]
        if not any(m["handoff"]["handoff_id"] == self.handoff["handoff_id"] for m in inbox):
            raise ClusterError("The handoff did not arrive.")

    def open_handoff(self):
        out = self.work / "opened"
        self.cluster.amana(self.second_worker, "handoff", "open", self.handoff["handoff_id"], "--out", out)
        for name, content in (("story.txt", STORY.encode()), ("contact.txt", CONTACT.encode()),
                              ("certificate.pdf", DOCUMENT)):
            if (out / name).read_bytes() != content:
                raise ClusterError(f"{name} is not what was sent.")

    def acknowledge(self):
        self.cluster.amana(self.second_worker, "handoff", "acknowledge", self.handoff["handoff_id"])
        state = self.operator("handoff", "show", self.handoff["handoff_id"])["state"]
        if state != "acknowledged":
            raise ClusterError("The sender does not see the acknowledgement.")

    def arrive(self):
        return self.cluster.amana(self.second_worker, "progress", self.offer["offer_id"], "arrived")

    def complete(self):
        self.cluster.amana(self.second_worker, "progress", self.offer["offer_id"], "completed")
        if self.operator("referral", "show", self.referral["referral_id"])["state"] != "completed":
            raise ClusterError("The referral does not say completed.")

    def follow_up(self):
        planned = self.operator("follow-up", "schedule", "--case", self.case["case_id"], "--referral",
                                self.referral["referral_id"], "--in-hours", "72")
        self.operator("follow-up", "record", planned["follow_up_id"], "--outcome", "helped")

    def close(self):
        self.operator("case", "request-closure", self.case["case_id"], "--reason", "goals_met")
        closed = self.cluster.amana("supervisor", "case", "approve-closure", self.case["case_id"])
        if closed["state"] != "closed":
            raise ClusterError("The case does not say closed.")

    def export_evidence(self):
        self.evidence = self.work / "evidence"
        self.exported = self.operator("audit", "evidence", "--case", self.case["case_id"], "--out", self.evidence)
        return self.exported

    def verify(self):
        mirror = self.work / "mirror"
        self.cluster.amana("auditor", "audit", "mirror", "--out", mirror)
        # From here on files and public keys only: no home, no network.
        log_key = self.cluster.data / "network" / "log.vkey"
        told = json.loads(self.cluster._run("--json", "audit", "verify", "--mirror", mirror, "--log-key", log_key,
                                            "--evidence", self.evidence))
        check_evidence(self.exported["events"], told["events"])
        return told | {"exported": self.exported["events"]}

    def read_metrics(self):
        handled = {}
        for service in SERVICES:
            lines = self.cluster.scrape(service).splitlines()
            handled[service] = int(sum(float(line.rsplit(" ", 1)[1]) for line in lines
                                       if line.startswith("amana_rpc_server_handled_total")))
            if handled[service] == 0:
                raise ClusterError(f"{service} shows no handled call.")
        return handled


def check_evidence(exported, verified):
    """What was exported is verified to the last event, and tells all that the steps made happen."""
    if len(verified) != exported:
        raise ClusterError(f"Of {exported} exported events {len(verified)} are verified.")
    told = collections.Counter((event["action"], event["state"]) for event in verified)
    lacking = [" ".join(event) for event, count in EVENTS.items() if told[event] < count]
    if lacking:
        raise ClusterError(f"The evidence does not tell all that happened: {', '.join(lacking)}.")


def _ranked(matched):
    top = ", ".join(f"{c['organisation_name']} ({c.get('road_km', 0):.0f} km, {c['free']} free)"
                    for c in matched["candidates"][:3])
    left_out = ", ".join(f"{c['count']} {c['reason'].replace('_', ' ')}" for c in matched["exclusion_counts"])
    return f"Matching ranks {len(matched['candidates'])} centres: {top}. Left out: {left_out}."


STEPS = (
    ("take_call", "A call waits in the queue; the operator takes it."),
    ("open_case", lambda case: f"The operator opens a case with coded needs: {case['case_id'][:8]}…"),
    ("match", _ranked),
    ("record_consent", "She agrees, by phone, that these two centres are asked and may get her papers."),
    ("refer", lambda referral: f"The referral goes to the first centre (state: {referral['state']}); a clock runs."),
    ("see_hold", lambda held: f"There, {sum(line['quantity'] for line in held['lines'])} places are held, "
                              "for her and her daughter together."),
    ("decline", "The first centre declines: nobody is there to receive her."),
    ("accept", "The next centre was asked by itself, and accepts."),
    ("see_accepted", "The operator sees it accepted."),
    ("send_handoff", "The operator's machine seals story, contact and a document for that centre's devices."),
    ("receive_handoff", "Messaging delivers the sealed package."),
    ("open_handoff", "The centre opens it: every byte is what was sent."),
    ("acknowledge", "The centre takes it on; the operator sees so."),
    ("arrive", "She arrives."),
    ("complete", "The stay is completed."),
    ("follow_up", "Asked again three days later: it helped."),
    ("close", "The operator asks to close the case; the supervisor approves."),
    ("export_evidence", lambda e: f"The hotline exports its evidence: {e['events']} events with their openings."),
    ("verify", lambda v: f"The auditor, offline, verifies {v['verified']} of {v['exported']} events in a log of "
                         f"{v['log_size']} entries, from files and public keys."),
    ("read_metrics", lambda handled: "Every service shows its work: "
                                     + ", ".join(f"{name} {count} calls" for name, count in handled.items()) + "."),
)


def run(cluster, quiet=False):
    """Walks the whole job; True if every step did what it says."""
    story = Story(quiet)
    try:
        story.tell("\nThe main job, on a fictional directory placed by the census:\n")
        story.step(lambda p: f"The network stands: {p['imported']['accepted']} services of 107 centres imported.",
                   lambda: prepare(cluster))
        job = MainJob(cluster)
        for name, words in STEPS:
            story.step(words, getattr(job, name))
        story.tell("\nAll of it worked.")
        return True
    except (ClusterError, KeyError, StopIteration) as error:
        story.tell(f"\nIt stopped here: {error}")
        return False
