"""fundwatch generate: same seed, same bytes; the truth is true; a planted problem changes nothing but what it is about.

What the truth file says is derived again here from the files, by code that shares nothing with the generator.
"""
import collections
import csv
import datetime
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import unittest

PROGRAM, RULES = sys.argv[1], sys.argv[2]
SCORE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "demo", "score.py")
YEAR = ["--seed", "11", "--persons", "4000", "--from", "2024-06-01", "--to", "2025-02-28"]

# SHA-256 of a small world. Another value on another machine or compiler is a fault; another value after a change of the
# generator is to be expected and written here.
SMALL = ["--seed", "42", "--persons", "3000", "--from", "2024-12-01", "--to", "2025-01-31"]
SMALL_DIGESTS = {
    "settlements.ndjson": "72f692995a1414b3c6db83cd940e54bbf54f09547f64cc5a8057ac6ba6471666",
    "enrolment.ndjson": "3225f3efbbcd2296dec57afe62165785f9d0f0ea77f623ce0a133c1c3c494bb0",
    "truth.json": "3aa705947a13ff9eceaa1de1c788bb1629d40ef29ddce98789acf1c5c6ecf276",
    "tables/institutions.csv": "a7e6a99fa4c5985c229e55f992ceb4d18518ff107289431bc0bf93f930e2fba8",
    "tables/population.csv": "4b79be144e2e8cb0b1802115708f63d7162aa81919a7295ee0714a77421fd381",
}


def generate(folder, *words, expect=0):
    run = subprocess.run([PROGRAM, "generate", "--lang", "en", "--rules", RULES, "--out", folder, *words],
                         capture_output=True, text=True, env={"PATH": os.environ["PATH"], "TZ": "America/New_York", "LC_ALL": "C"})
    assert run.returncode == expect, (run.returncode, run.stderr)
    return run


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def lines(folder, name="settlements.ndjson"):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read().splitlines()


def fen(record, name):
    return round(record.get(name, 0) * 100)


def parse(line):
    try:
        return json.loads(line)
    except ValueError:
        return None


class World:
    """A generated folder, read by the contract's words: the standing version of every settlement, and what was refused."""

    def __init__(self, folder):
        self.lines = lines(folder)
        with open(os.path.join(folder, "truth.json"), encoding="utf-8") as file:
            self.truth = json.load(file)
        self.counts = self.truth["counts"]
        self.version, self.first_line = {}, {}
        self.duplicates = self.broken = self.restated = 0
        seen = set()
        for line in self.lines:
            record = parse(line)
            if record is None or str(record.get("setl_id", "")).endswith("X"):
                self.broken += 1
                continue
            known = self.version.get(record["setl_id"])
            if line in seen or (known and known["updt_time"] > record["updt_time"]):
                self.duplicates += 1
                continue
            seen.add(line)
            self.restated += known is not None
            self.version[record["setl_id"]] = record
        self.standing = [record for record in self.version.values() if record["vali_flag"] == "1"]
        self.original = self.link()

    def link(self):
        """setl_id of a refund -> setl_id of its original."""
        by_visit = collections.defaultdict(list)
        for record in self.version.values():
            if record["refd_setl_flag"] == "0":
                by_visit[record["mdtrt_id"], record["psn_no"], fen(record, "medfee_sumamt"), fen(record, "hifp_pay")].append(record["setl_id"])
        original = {}
        for record in self.standing:
            if record["refd_setl_flag"] == "1":
                key = record["mdtrt_id"], record["psn_no"], -fen(record, "medfee_sumamt"), -fen(record, "hifp_pay")
                original[record["setl_id"]] = record.get("init_setl_id") or by_visit[key][-1]
        return original

    def booked_year(self, record):
        return self.version[self.original.get(record["setl_id"], record["setl_id"])]["setl_time"][:4]

    def cap_sums(self):
        sums = collections.Counter()
        for record in self.standing:
            if record["insutype"] == "390" and record["med_type"] == "11":
                sums[record["psn_no"], self.booked_year(record)] += fen(record, "hifp_pay")
        return sums

    def planted(self, scenario):
        return [entry for entry in self.truth["planted"] if entry["scenario"] == scenario]


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        cls.made = {}

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    def world(self, *words):
        if words not in self.made:
            folder = os.path.join(self.place.name, str(len(self.made)))
            generate(folder, *words)
            self.made[words] = folder, World(folder)
        return self.made[words]


class Bytes(Case):
    def test_same_seed_same_bytes(self):
        folder, _ = self.world(*YEAR)
        again = os.path.join(self.place.name, "again")
        generate(again, *YEAR)
        for name in ("settlements.ndjson", "enrolment.ndjson", "truth.json", "tables/institutions.csv", "tables/population.csv"):
            self.assertEqual(digest(os.path.join(folder, name)), digest(os.path.join(again, name)), name)

    def test_bytes_of_every_machine(self):
        folder, _ = self.world(*SMALL)
        self.assertEqual({name: digest(os.path.join(folder, name)) for name in SMALL_DIGESTS}, SMALL_DIGESTS)

    def test_another_seed_is_another_county(self):
        first, _ = self.world(*SMALL)
        other, _ = self.world("--seed", "43", *SMALL[2:])
        self.assertLess(len(set(lines(first)) & set(lines(other))), 5)


class Truth(Case):
    def setUp(self):
        self.folder, self.county = self.world(*YEAR)

    def test_counts(self):
        county, counts = self.county, self.county.counts
        of = collections.Counter()
        for record in county.version.values():
            of[record["refd_setl_flag"], record["mid_setl_flag"], record["med_type"]] += 1
        refunds = [record for record in county.version.values() if record["refd_setl_flag"] == "1"]
        voids = sum(record["vali_flag"] == "0" for record in county.version.values())
        first = len(county.lines) - county.duplicates - county.broken - county.restated
        self.assertEqual(len(county.lines), counts["lines"])
        self.assertEqual(sum(len(line) + 1 for line in county.lines), counts["bytes"])
        self.assertEqual(len(county.version), counts["settlements"])
        self.assertEqual(first, counts["settlements"])
        self.assertEqual(county.duplicates, counts["duplicates"])
        self.assertEqual(county.broken, counts["broken"])
        self.assertEqual(voids, counts["void"])
        self.assertEqual(county.restated, counts["restated"] + counts["void"])
        self.assertEqual(len(refunds), counts["refunds"])
        self.assertEqual(sum("init_setl_id" in record for record in refunds), counts["refunds_with_init_setl_id"])
        self.assertEqual(of["0", "1", "21"], counts["interim"])
        for name, code in (("outpatient", "11"), ("chronic", "14"), ("inpatient", "21"), ("pharmacy", "41")):
            self.assertEqual(of["0", "0", code] + of["0", "1", code], counts[name], name)
        for name in ("refunds", "restated", "void", "late", "late_over_7_days", "interim", "partial_refunds", "duplicates", "broken"):
            self.assertGreater(counts[name], 0, name)

    def test_late_settlements_are_the_only_ones_out_of_order(self):
        latest, late, seen = "", 0, set()
        for line in self.county.lines:
            record = parse(line)
            if record is None or record.get("psn_no") is None or str(record["setl_id"]).endswith("X") or record["setl_id"] in seen:
                continue
            seen.add(record["setl_id"])
            late += record["setl_time"] < latest
            latest = max(latest, record["setl_time"])
        self.assertEqual(late, self.county.counts["late"])

    def test_every_refund_has_its_original(self):
        for refund, original in self.county.original.items():
            paid, back = self.county.version[original], self.county.version[refund]
            self.assertEqual(paid["psn_no"], back["psn_no"])
            self.assertLessEqual(-fen(back, "hifp_pay"), fen(paid, "hifp_pay"))
            self.assertGreater(back["setl_time"], paid["setl_time"])

    def test_only_planted_persons_are_over_the_cap(self):
        over = {key: total - 30000 for key, total in self.county.cap_sums().items() if total > 30000}
        planted = {(entry["subject"]["psn_no"], entry["subject"]["period"]): entry["amount_fen"]
                   for name in ("cap_two_institutions", "cap_one_fen") for entry in self.county.planted(name)}
        self.assertEqual(over, planted)
        self.assertTrue(all(entry["amount_fen"] == 1 for entry in self.county.planted("cap_one_fen")))

    def test_cap_overruns_need_both_institutions(self):
        for entry in self.county.planted("cap_two_institutions"):
            claims = [self.county.version[claim] for claim in entry["claims"]]
            self.assertEqual(len({claim["fixmedins_code"] for claim in claims}), 2)
            self.assertTrue(all(fen(claim, "hifp_pay") <= 30000 for claim in claims))

    def test_refunded_persons_end_within_the_cap(self):
        sums = self.county.cap_sums()
        for entry in self.county.planted("cap_refunded"):
            claims = [fen(self.county.version[claim], "hifp_pay") for claim in entry["claims"]]
            self.assertEqual(sum(claims[:2]), 30000 + entry["amount_fen"])
            self.assertEqual(claims[2], -claims[1])
            self.assertLessEqual(sums[entry["subject"]["psn_no"], entry["subject"]["period"]], 30000)

    def test_year_change_fills_both_years_around_midnight(self):
        sums = self.county.cap_sums()
        for entry in self.county.planted("cap_year_change"):
            person = entry["subject"]["psn_no"]
            self.assertEqual((sums[person, "2024"], sums[person, "2025"]), (30000, 30000))
            times = [self.county.version[claim]["setl_time"] for claim in entry["claims"]]
            self.assertEqual(times[1:], ["2024-12-31 23:59:30", "2025-01-01 00:00:00", "2025-01-01 00:30:10"])

    def test_nobody_else_is_over_the_cap_even_for_a_moment(self):
        planted = {entry["subject"]["psn_no"] for entry in self.county.truth["planted"] if entry["subject"]["kind"] == "person"}
        sums, paid = collections.Counter(), {}
        for line in self.county.lines:
            record = parse(line)
            if record is None or record.get("insutype") != "390" or record.get("med_type") != "11" or record["setl_id"].endswith("X"):
                continue
            version = record["updt_time"], 0 if record["vali_flag"] == "0" else fen(record, "hifp_pay")
            if record["psn_no"] in planted or paid.get(record["setl_id"], ("", 0))[0] >= version[0]:
                continue
            key = record["psn_no"], self.county.booked_year(record)
            sums[key] += version[1] - paid.get(record["setl_id"], ("", 0))[1]
            paid[record["setl_id"]] = version
            self.assertLessEqual(sums[key], 30000, record["setl_id"])

    def shares(self, area, year):
        money, cases = [0, 0], [0, 0]
        refunded = {original for refund, original in self.county.original.items()
                    if fen(self.county.version[refund], "medfee_sumamt") == -fen(self.county.version[original], "medfee_sumamt")}
        for record in self.county.standing:
            if record["med_type"] != "21" or record["insu_admdvs"] != area or self.county.booked_year(record) != year:
                continue
            by_group = record["clr_way"] in ("40", "50")
            money[0] += by_group * fen(record, "hifp_pay")
            money[1] += fen(record, "hifp_pay")
            if record["refd_setl_flag"] == "0" and record["mid_setl_flag"] == "0" and record["setl_id"] not in refunded:
                cases[0] += by_group
                cases[1] += 1
        return money, cases

    def test_shares_are_what_the_truth_says(self):
        (low_money,), (low_cases,) = self.county.planted("share_low_money"), self.county.planted("share_low_cases")
        money, cases = self.shares("141121", "2025")
        self.assertEqual(money, [low_money["numerator_fen"], low_money["denominator_fen"]])
        self.assertEqual(cases, [low_cases["numerator"], low_cases["denominator"]])
        self.assertLess(money[0] * 10, money[1] * 7)
        self.assertLess(cases[0] * 10, cases[1] * 9)

    def ratio(self, area, year, level=None):
        """fund / in-policy cost of residents' stays; level as in hosp_lv."""
        paid = cost = 0
        for record in self.county.standing:
            if (record["med_type"], record["insutype"], record["insu_admdvs"]) == ("21", "390", area) and self.county.booked_year(record) == year:
                if level in (None, record["hosp_lv"]):
                    paid += fen(record, "hifp_pay")
                    cost += fen(record, "inscp_scp_amt")
        return paid / cost

    def test_ratios_of_payment_are_plausible(self):
        for area, year in (("141121", "2024"), ("140525", "2024"), ("140525", "2025")):
            self.assertTrue(0.66 < self.ratio(area, year) < 0.74, (area, year, self.ratio(area, year)))
            self.assertGreater(self.ratio(area, year, "3"), 0.85, (area, year))

    def test_a_planted_ratio_is_low_by_eight_points(self):
        words = ["--seed", "5", "--persons", "9000", "--from", "2024-01-01", "--to", "2024-06-30", "--area", "141121", "--area", "140525"]
        _, clean = self.world(*words, "--clean")
        _, planted = self.world(*words, "--plant", "ratio_low")
        (entry,) = planted.planted("ratio_low")
        self.assertEqual((entry["subject"]["kind"], entry["subject"]["insu_admdvs"], entry["subject"]["period"]), ("area", "141121", "2024"))
        for area, least, most in (("141121", 0.06, 0.085), ("140525", 0, 0)):
            self.county = clean
            before = self.ratio(area, "2024")
            self.county = planted
            self.assertTrue(least <= before - self.ratio(area, "2024") <= most, area)

    def test_shares_are_met_where_nothing_is_planted(self):
        for area, year in (("141121", "2024"), ("140525", "2024"), ("140525", "2025")):
            money, cases = self.shares(area, year)
            self.assertGreater(money[0] * 100, money[1] * 78, (area, year))
            self.assertGreater(cases[0] * 100, cases[1] * 92, (area, year))

    def test_amounts_add_up(self):
        funds = ("hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "hifdm_pay", "maf_pay", "oth_pay")
        for record in self.county.version.values():
            fund = sum(fen(record, name) for name in funds)
            self.assertEqual(fund, fen(record, "fund_pay_sumamt"))
            self.assertEqual(fen(record, "medfee_sumamt"), fund + fen(record, "psn_part_amt"))
            self.assertEqual(fen(record, "psn_part_amt"), fen(record, "acct_pay") + fen(record, "psn_cash_pay"))
            self.assertEqual(fen(record, "inscp_scp_amt"), fen(record, "medfee_sumamt") - fen(record, "fulamt_ownpay_amt")
                             - fen(record, "overlmt_selfpay") - fen(record, "preselfpay_amt"))
            self.assertEqual(sum(round(part["fund_payamt"] * 100) for part in record.get("setldetail", [])), fund)
            sign = -1 if record["refd_setl_flag"] == "1" else 1
            self.assertGreaterEqual(sign * fen(record, "psn_cash_pay"), 0)

    def test_nothing_in_it_could_be_real(self):
        for record in self.county.version.values():
            self.assertTrue(record["psn_name"].startswith("示例") and record["fixmedins_name"].startswith("示例"))
            self.assertTrue(record["certno"].startswith("999999"))

    def enrolled(self):
        newest = {}
        for line in lines(self.folder, "enrolment.ndjson"):
            record = json.loads(line)
            key = record["psn_no"], record["year"]
            if key not in newest or record["updt_time"] > newest[key]["updt_time"]:
                newest[key] = record
        return newest

    def test_everybody_is_enrolled_every_year(self):
        newest = self.enrolled()
        self.assertEqual(len(newest), 2 * self.county.counts["persons"])
        self.assertGreater(self.county.counts["enrolments"], len(newest))
        self.assertLessEqual({(record["psn_no"], record["year"]) for record in self.county.version.values()}, set(newest))

    def test_population_table_is_what_is_enrolled(self):
        with open(os.path.join(self.folder, "tables/identity.csv"), encoding="utf-8") as file:
            classes = {row["code"]: row["class"] for row in csv.DictReader(file) if not row["region"]}
        order = list(dict.fromkeys(classes.values()))
        counted = collections.Counter()
        for record in self.enrolled().values():
            if record["year"] != "2024":
                continue
            now = [classes[item["psn_idet_type"]] for item in record.get("identities", ())
                   if item["begndate"] <= "2024-06-01" <= item.get("enddate", "9999")]
            highest = min(now, key=order.index) if now else "general"
            for township in (record["township"], ""):
                counted[record["insu_admdvs"][:4], township, highest] += 1
        with open(os.path.join(self.folder, "tables/population.csv"), encoding="utf-8") as file:
            table = {(row["pool"], row["township"], row["class"]): int(row["persons"]) for row in csv.DictReader(file) if row["month"] == "2024-06"}
        self.assertEqual(table, dict(counted))

    def test_institutions_are_in_their_table(self):
        with open(os.path.join(self.folder, "tables/institutions.csv"), encoding="utf-8") as file:
            known = {row["fixmedins_code"] for row in csv.DictReader(file)}
        self.assertLessEqual({record["fixmedins_code"] for record in self.county.version.values()}, known)
        self.assertEqual(len(known), 2 * 41)


class Planting(Case):
    """--plant adds or changes only what its scenario is about."""

    def difference(self, *scenarios, count=3000):
        words = [word for scenario in scenarios for word in ("--plant", scenario)]
        persons = ["--seed", "5", "--persons", str(count), "--from", "2024-07-01", "--to", "2024-09-30"]
        _, clean = self.world(*persons, "--clean")
        _, planted = self.world(*persons, *words)
        before, after = collections.Counter(clean.lines), collections.Counter(planted.lines)
        return planted, before - after, after - before

    def test_clean_is_clean(self):
        _, clean = self.world("--seed", "5", "--persons", "3000", "--from", "2024-07-01", "--to", "2024-09-30", "--clean")
        self.assertEqual(clean.truth["planted"], [])
        self.assertEqual((clean.counts["duplicates"], clean.counts["broken"], clean.counts["planted"]), (0, 0, 0))
        self.assertTrue(all(total <= 30000 for total in clean.cap_sums().values()))

    def test_caps_touch_their_persons(self):
        planted, lost, gained = self.difference("cap_one_fen")
        persons = {entry["subject"]["psn_no"] for entry in planted.truth["planted"]}
        self.assertEqual(sorted(json.loads(line)["setl_id"] for line in gained),
                         sorted(claim for entry in planted.truth["planted"] for claim in entry["claims"]))
        self.assertTrue(all(json.loads(line)["psn_no"] in persons and json.loads(line)["med_type"] == "11" for line in lost))

    def test_duplicates_are_lines_that_were_there(self):
        planted, lost, gained = self.difference("duplicates")
        self.assertFalse(lost)
        self.assertEqual(sum(gained.values()), planted.counts["duplicates"])
        self.assertTrue(all(planted.lines.count(line) > 1 for line in gained))

    def test_broken_records_come_on_top(self):
        planted, lost, gained = self.difference("broken")
        self.assertFalse(lost)
        self.assertEqual(sum(gained.values()), planted.counts["broken"])
        self.assertTrue(all(count > 0 for count in planted.truth["planted"][0]["refused"].values()))

    def test_admissions_come_on_top(self):
        planted, lost, gained = self.difference("poor_admissions_township", "poor_admissions_institution", count=16000)
        self.assertFalse(lost)
        claims = [claim for entry in planted.truth["planted"] for claim in entry["claims"]]
        self.assertEqual(sorted(json.loads(line)["setl_id"] for line in gained), sorted(claims))
        for entry in planted.truth["planted"]:
            self.assertEqual(entry["amount_fen"], sum(fen(planted.version[claim], "hifp_pay") for claim in entry["claims"]))
            for claim in entry["claims"]:
                record, subject = planted.version[claim], entry["subject"]
                self.assertEqual((record["med_type"], record["setl_time"][:7], record["insu_admdvs"]), ("21", subject["period"], "140525"))
                if subject["kind"] == "institution":
                    self.assertEqual(record["fixmedins_code"], subject["fixmedins_code"])

    def test_shares_touch_stays_of_their_area(self):
        for scenario in ("share_low_cases", "share_low_money"):
            self.check_share(scenario)

    def check_share(self, scenario):
        planted, lost, gained = self.difference(scenario)
        self.assertEqual(sorted(json.loads(line)["setl_id"] for line in lost), sorted(json.loads(line)["setl_id"] for line in gained))
        self.assertTrue(all((json.loads(line)["med_type"], json.loads(line)["insu_admdvs"]) == ("21", "141121") for line in gained))

    def test_tiers_of_fengdu(self):
        _, county = self.world("--seed", "2", "--persons", "3000", "--from", "2023-02-01", "--to", "2023-11-30", "--area", "500230", "--plant", "cap_tiers")
        sums = county.cap_sums()
        found = [(entry["expect"], sums[entry["subject"]["psn_no"], "2023"]) for entry in county.truth["planted"]]
        self.assertEqual(found, [("alert", 35000), ("none", 45000), ("alert", 50001), ("none", 50000)])


class Commands(Case):
    def refuse(self, code, says, *words):
        run = generate(os.path.join(self.place.name, "refused"), *words, expect=code)
        self.assertIn(says, run.stderr)

    def test_mistakes(self):
        self.refuse(64, "cap_one_fen", "--plant", "cap_one_fem")
        self.refuse(64, "do not go together", "--clean", "--plant", "broken")
        self.refuse(64, "between 2000 and 2099", "--from", "2024-02-01", "--to", "2024-01-01")
        self.refuse(64, "six digits", "--area", "1411")
        self.refuse(64, "none twice", "--area", "141121", "--area", "141121")
        self.refuse(64, "not planted: cap_tiers", "--plant", "cap_tiers")
        run = subprocess.run([PROGRAM, "generate", "--lang", "en"], capture_output=True, text=True)
        self.assertEqual((run.returncode, "--out" in run.stderr), (64, True))

    def test_a_place_that_cannot_be_written(self):
        run = subprocess.run([PROGRAM, "generate", "--lang", "zh", "--persons", "100", "--out", "/proc/none"], capture_output=True, text=True)
        self.assertEqual(run.returncode, 73)
        self.assertIn("写不了 /proc/none", run.stderr)

    def test_a_place_that_fills_up(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        run = subprocess.run([PROGRAM, "generate", "--lang", "en", "--rules", RULES, "--persons", "2000", "--out", os.path.join(self.place.name, "full")],
                             capture_output=True, text=True, preexec_fn=limit)
        self.assertEqual(run.returncode, 74)
        self.assertIn("cannot write " + os.path.join(self.place.name, "full", "settlements.ndjson"), run.stderr)

    def test_help_names_every_scenario(self):
        for language, words in (("zh", "超出限额一分钱"), ("en", "over the cap by one fen")):
            run = subprocess.run([PROGRAM, "generate", "--lang", language, "--help"], capture_output=True, text=True, check=True)
            for name in ("cap_two_institutions", "cap_one_fen", "cap_refunded", "cap_year_change", "cap_tiers", "share_low_money",
                         "share_low_cases", "ratio_low", "poor_admissions_township", "poor_admissions_institution", "duplicates", "broken"):
                self.assertIn(name, run.stdout)
            self.assertIn(words, run.stdout)


class Found(Case):
    """The shipped rules find every planted problem and raise nothing else."""

    def replay(self, folder):
        alerts, summary = os.path.join(folder, "alerts.ndjson"), os.path.join(folder, "summary.json")
        subprocess.run([PROGRAM, "replay", "--quiet", "--rules", RULES, "--record", f"enrolment={folder}/enrolment.ndjson", "--alerts", alerts,
                        "--summary", summary, "--close-all", f"{folder}/settlements.ndjson"], check=True)
        scored = subprocess.run(["/usr/bin/python3", SCORE, f"{folder}/truth.json", alerts, "--summary", summary, "--json"],
                                check=True, capture_output=True, text=True)
        with open(summary, encoding="utf-8") as file:
            return json.loads(scored.stdout), json.load(file)

    def test_all_found_and_nothing_else(self):
        folder, county = self.world("--seed", "7", "--persons", "20000", "--from", "2024-10-01", "--to", "2025-03-31")
        score, summary = self.replay(folder)
        self.assertEqual({row["scenario"]: row["missed"] for row in score["scenarios"]}, {row["scenario"]: 0 for row in score["scenarios"]})
        self.assertEqual(len(score["scenarios"]), 11)
        self.assertEqual((score["false"], score["retracted_not_planted"]), ({}, 0))
        self.assertTrue(all(row["money_exact"] == row["money_checked"] for row in score["scenarios"]))
        counts = county.counts
        self.assertEqual((summary["received"], summary["refused"], summary["duplicate"], summary["unlinked_refunds"]),
                         (counts["lines"], counts["broken"], counts["duplicates"], 0))
        self.assertEqual(summary["judged"], counts["lines"] - counts["broken"] - counts["duplicates"])
        self.assertEqual(summary["data_quality"], {})
        self.assertEqual(summary["unknown_fields"], {})

    def test_the_table_is_read_by_people(self):
        folder, _ = self.world("--seed", "7", "--persons", "20000", "--from", "2024-10-01", "--to", "2025-03-31")
        self.replay(folder)
        for language, words in (("zh", ("场景", "误报: 0", "（应撤销）", "未植入: cap_tiers")), ("en", ("scenario", "false alarms: 0", "(ends retracted)"))):
            run = subprocess.run(["/usr/bin/python3", SCORE, f"{folder}/truth.json", f"{folder}/alerts.ndjson", "--lang", language, "--strict"],
                                 capture_output=True, text=True, env=dict(os.environ, PYTHONIOENCODING="utf-8"))
            self.assertEqual(run.returncode, 0, run.stdout)
            for word in words:
                self.assertIn(word, run.stdout)

    def test_a_clean_county_raises_nothing(self):
        folder, _ = self.world("--seed", "8", "--persons", "20000", "--from", "2024-01-01", "--to", "2024-12-31", "--clean")
        score, summary = self.replay(folder)
        self.assertEqual((score["standing"], score["false_total"], summary["alert_lines"]), (0, 0, 0))

    def test_one_share_does_not_pull_the_other_along(self):
        for scenario in ("share_low_money", "share_low_cases"):
            folder, _ = self.world("--seed", "5", "--persons", "3000", "--from", "2024-07-01", "--to", "2024-09-30", "--plant", scenario)
            score, _ = self.replay(folder)
            self.assertEqual([(row["scenario"], row["missed"]) for row in score["scenarios"]], [(scenario, 0)])
            self.assertEqual((score["standing"], score["false"]), (1, {}))

    def test_the_score_sees_what_is_missing_and_what_is_false(self):
        folder, _ = self.world("--seed", "7", "--persons", "20000", "--from", "2024-10-01", "--to", "2025-03-31")
        self.replay(folder)
        with open(os.path.join(folder, "alerts.ndjson"), encoding="utf-8") as file:
            alerts = [json.loads(line) for line in file]
        caps = [alert for alert in alerts if alert["rule"]["detector"] == "cap"]
        fewer = [alert for alert in alerts if alert["alert_id"] != caps[0]["alert_id"]]
        fewer.append(dict(caps[1], alert_id="f" * 32, status="open", subject=dict(caps[1]["subject"], psn_no="pn_somebody")))
        path = os.path.join(folder, "fewer.ndjson")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(alert) + "\n" for alert in fewer)
        run = subprocess.run(["/usr/bin/python3", SCORE, f"{folder}/truth.json", path, "--json", "--strict"], capture_output=True, text=True)
        score = json.loads(run.stdout)
        self.assertEqual(run.returncode, 1)
        self.assertEqual(sum(row["missed"] for row in score["scenarios"] if row["family"] == "policy"), 1)
        self.assertEqual(score["false"], {"OP-CAP-001": 1})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
