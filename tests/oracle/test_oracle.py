"""Examples computed by hand, so that the second opinion is not only an opinion."""
import itertools
import json
import pathlib
import re
import sys
import unittest

import jsonschema

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import bookings
import expressions
import months
import oracle
import records
import rules
import tails
import worlds
import yamlish

HERE = pathlib.Path(__file__).resolve().parent
DOCS = HERE.parent.parent / "docs"
RULES, TABLES = rules.load(HERE / "rules")


def judge(settlements, enrolments=(), **reading):
    return judge_feed([("enrolment", one) for one in enrolments] + [("settlement", one) for one in settlements], **reading)


def judge_feed(feed, close_all=True, **reading):
    """feed: (kind, dict), or ("tick", time)."""
    lines = [(kind, number, one.encode() if kind == "tick" else json.dumps(one).encode()) for number, (kind, one) in enumerate(feed, 1)]
    return oracle.judge(RULES, TABLES, lines, reading, close_all)


def outpatient(setl_id, fund, time="2024-03-01 09:00:00", **more):
    return dict({"setl_id": setl_id, "psn_no": "p1", "setl_time": time, "insu_admdvs": "140902", "insutype": "390", "med_type": "11",
                 "mdtrt_id": "m" + setl_id, "medfee_sumamt": fund, "hifp_pay": fund, "fixmedins_code": "H14090200001"}, **more)


def refund(setl_id, fund, time, **more):
    return outpatient(setl_id, fund, time, refd_setl_flag="1", **more)


class Decoding(unittest.TestCase):
    def refused(self, line, reason):
        with self.assertRaises(records.Refused) as found:
            records.decode(line)
        self.assertEqual(found.exception.reason, reason)

    def test_amounts(self):
        self.assertEqual(records.fen("-0", "x"), 0)
        self.assertEqual(records.fen("12.5000", "x"), 1250)
        for bad in ("1.005", "1e2", "+1", ".5", "1.", "100000000000000"):
            with self.assertRaises(records.Refused):
                records.fen(bad, "x")

    def test_times(self):
        self.assertEqual(records.time_text(records.seconds("2023-12-31T16:00:00Z", "x")), "2024-01-01T00:00:00+08:00")
        self.assertEqual(records.seconds("20240101 00:00:00", "x"), records.seconds("2024-01-01T00:00:00.9+08:00", "x"))
        for bad in ("2024-01-01 24:00:00", "2024-02-30 00:00:00", "2023-02-29 00:00:00", "2024-01-01 00:00:60"):
            with self.assertRaises(records.Refused):
                records.seconds(bad, "x")

    def test_refusals(self):
        self.refused(b"[]", "not_json")
        self.refused(b'{"setl_id":"a"} x', "trailing_bytes")
        self.refused(b'{"setl_id":"\xff"}', "invalid_utf8")
        self.refused(b'{"setl_id":"a","SETL_ID":"b"}', "duplicate_key")
        self.refused(b'{"psn_pay":1,"psn_part_amt":1}', "duplicate_key")
        self.refused(b'{"setl_id":"a"}', "missing_required")
        self.refused(b'{"med_type":"12345678901234567"}', "bad_code")

    def test_spellings(self):
        one = records.decode(b'{"setl_id":1,"psn_no":"p","setl_time":"2024-01-01 00:00:00","insu_optins":140902,"MED_TYPE":"011","x":[null]}')
        self.assertEqual((one["setl_id"], one["insu_admdvs"], one["med_type"]), ("1", "140902", "11"))


class Language(unittest.TestCase):
    def truth(self, text, **claim):
        return expressions.compile_text(text)(claim, TABLES.member("140902"))

    def test_three_values(self):
        self.assertIs(self.truth('insutype == "0390" and hifp_pay > 0.00', insutype="390", hifp_pay=1), True)
        self.assertIs(self.truth('insutype == "390" and hifp_pay > 0.00', insutype="310"), False)
        self.assertIsNone(self.truth('insutype == "390" and hifp_pay > 0.00', insutype="390"))
        self.assertIs(self.truth('hifp_pay > 0.00 or insutype == "390"', insutype="390"), True)
        self.assertIsNone(self.truth('not (hifp_pay > 0.00)'))
        self.assertIs(self.truth('not present(hifp_pay)'), True)
        self.assertIs(self.truth('default(hifp_pay, 0.00) + 1.50 == medfee_sumamt', medfee_sumamt=150), True)
        self.assertIs(self.truth('hifp_pay between 1.00 and 2.00', hifp_pay=200), True)
        self.assertIs(self.truth('med_type in ["011", "21"]', med_type="11"), True)

    def test_longest_prefix_wins_for_each_code(self):
        self.assertTrue(TABLES.member("500230")("med_type", "13", "outpatient"))
        self.assertFalse(TABLES.member("500101")("med_type", "13", "outpatient"))
        self.assertTrue(TABLES.member("140902")("med_type", "52", "outpatient"))
        self.assertFalse(TABLES.member("140902")("med_type", "52", "inpatient"))

    def test_yaml(self):
        read = yamlish.load('a: 1 # x\nb: {c: "#", d: [e, \'f\']}\ng:\n  - {h: i}\n  - j\nk: >\n  l\n  m\nn: 010\n')
        self.assertEqual(read, {"a": "1", "b": {"c": "#", "d": ["e", "f"]}, "g": [{"h": "i"}, "j"], "k": "l m\n", "n": "010"})


class Caps(unittest.TestCase):
    def ledger(self, settlements, year="2024", enrolments=(), person="p1", pool="1409", **reading):
        return judge(settlements, enrolments, **reading)["rules"]["ORACLE-CAP-1"].get((pool, person, year))

    def test_limit_and_one_fen_more(self):
        self.assertIsNone(self.ledger([outpatient("a", "300.00")]))
        found = self.ledger([outpatient("a", "290.00"), outpatient("b", "10.01", "2024-04-01 09:00:00")])
        self.assertEqual((found["sum_fen"], found["limit_fen"], found["excess_fen"], found["count"], found["status"]), (30001, 30000, 1, 2, "open"))
        self.assertEqual([one["fen"] for one in found["claims"]], [29000, 1001])

    def test_year_ends_at_beijing_midnight(self):
        a = outpatient("a", "200.00", "2023-12-31 23:59:59")
        self.assertIsNone(self.ledger([a, outpatient("b", "200.00", "2024-01-01 00:00:00")]))
        self.assertIsNone(self.ledger([a, outpatient("b", "200.00", "2023-12-31T16:00:00Z")]))
        self.assertIsNotNone(self.ledger([outpatient("a", "300.00"), outpatient("b", "0.01", "2023-12-31T16:00:00Z")]))

    def test_refund_by_id_takes_back(self):
        found = self.ledger([outpatient("a", "290.00"), outpatient("b", "20.00", "2024-04-01 09:00:00"),
                             refund("r", "-20.00", "2024-05-01 09:00:00", init_setl_id="b")])
        self.assertEqual((found["status"], found["revision"], found["sum_fen"], found["excess_fen"], found["count"]), ("retracted", 2, 29000, 0, 1))

    def test_refund_is_booked_in_the_year_of_its_original(self):
        claims = [outpatient("a", "260.00", "2023-12-30 09:00:00"), outpatient("b", "310.00"), refund("r", "-260.00", "2024-02-01 09:00:00", mdtrt_id="ma")]
        self.assertEqual(self.ledger(claims[:1], "2023")["excess_fen"], 1000)
        self.assertEqual(self.ledger(claims, "2023")["status"], "retracted")
        self.assertEqual(self.ledger(claims)["sum_fen"], 31000)

    def test_unlinked_refund_is_listed(self):
        claims = [outpatient("a", "310.00"), refund("r", "-5.00", "2024-03-02 09:00:00", mdtrt_id="other")]
        found = self.ledger(claims)
        self.assertEqual((found["sum_fen"], found["count"], [one["fen"] for one in found["claims"]]), (30500, 2, [31000, -500]))
        self.assertEqual(judge(claims)["unlinked_refunds"], 1)

    def test_two_refunds_of_two_equal_settlements(self):
        claims = [outpatient("a", "301.00", mdtrt_id="m"), outpatient("b", "301.00", "2024-03-02 09:00:00", mdtrt_id="m"),
                  refund("r", "-301.00", "2024-03-03 09:00:00", mdtrt_id="m"), refund("t", "-301.00", "2024-03-04 09:00:00", mdtrt_id="m")]
        self.assertEqual(self.ledger(claims[:3])["claims"][0]["setl_id"], "a")
        self.assertEqual(self.ledger(claims)["status"], "retracted")

    def test_restatement_and_duplicate(self):
        a = outpatient("a", "310.00", updt_time="2024-03-01 10:00:00")
        newer = dict(a, hifp_pay="300.00", updt_time="2024-03-01 11:00:00")
        self.assertEqual(self.ledger([a, newer])["status"], "retracted")
        self.assertIsNone(self.ledger([newer, a]))
        self.assertEqual(judge([newer, a, dict(newer, hifp_pay="300.000")])["duplicate"], 2)

    def test_void_counts_nowhere(self):
        self.assertIsNone(self.ledger([outpatient("a", "310.00", vali_flag="0")]))

    def test_tiers(self):
        claim = outpatient("a", "450.00", insu_admdvs="500230")
        person = {"psn_no": "p1", "year": "2024", "insu_admdvs": "500230", "insutype": "390", "tier": "01"}
        self.assertEqual(self.ledger([claim], enrolments=[person], pool="50")["limit_fen"], 30000)
        self.assertIsNone(self.ledger([claim], enrolments=[dict(person, tier="2")], pool="50"))
        self.assertIsNone(self.ledger([claim], pool="50"))
        unknown = self.ledger([dict(claim, hifp_pay="500.01")], pool="50")
        self.assertTrue(unknown["tier_unknown"])


class Corrections(unittest.TestCase):
    """Refunds find their originals in a set, not in an order; what is restated takes its refunds along."""

    def linked(self, claims):
        """refund -> original, whatever the order."""
        found = set()
        for order in itertools.permutations(claims):
            decoded = [records.decode(json.dumps(one).encode()) for one in order]
            booked = bookings.bookings_of(decoded, TABLES, oracle.READING)
            found.add(tuple(sorted((one.claim["setl_id"], one.original and one.original.claim["setl_id"]) for one in booked
                                   if one.claim.get("refd_setl_flag") == "1")))
        self.assertEqual(len(found), 1)
        return dict(found.pop())

    def test_what_is_named_comes_first(self):
        claims = [outpatient("a", "10.00", "2024-03-01 09:00:00", mdtrt_id="m"), outpatient("b", "10.00", "2024-03-02 09:00:00", mdtrt_id="m"),
                  refund("r", "-10.00", "2024-03-03 09:00:00", mdtrt_id="m"), refund("t", "-10.00", "2024-03-04 09:00:00", mdtrt_id="m", init_setl_id="b")]
        self.assertEqual(self.linked(claims), {"r": "a", "t": "b"})

    def test_within_a_visit_refunds_take_the_latest_that_is_left(self):
        claims = [outpatient("a", "10.00", "2024-03-01 09:00:00", mdtrt_id="m"), outpatient("b", "10.00", "2024-03-03 09:00:00", mdtrt_id="m"),
                  refund("r", "-10.00", "2024-03-02 09:00:00", mdtrt_id="m"), refund("t", "-10.00", "2024-03-04 09:00:00", mdtrt_id="m"),
                  refund("u", "-10.00", "2024-03-05 09:00:00", mdtrt_id="m")]
        self.assertEqual(self.linked(claims), {"r": "a", "t": "b", "u": None})

    def test_a_visit_lies_in_one_pool(self):
        claims = [outpatient("a", "10.00", mdtrt_id="m"), refund("r", "-10.00", "2024-03-02 09:00:00", mdtrt_id="m", insu_admdvs="141121"),
                  outpatient("b", "10.00", mdtrt_id="n"), refund("t", "-10.00", "2024-03-02 09:00:00", init_setl_id="b", insu_admdvs="141121")]
        self.assertEqual(self.linked(claims), {"r": None, "t": "b"})

    def test_refund_of_a_refund_and_of_what_never_comes(self):
        claims = [outpatient("a", "10.00", mdtrt_id="m"), refund("r", "-4.00", "2024-03-03 09:00:00", mdtrt_id="n", init_setl_id="a"),
                  refund("t", "-3.00", "2024-03-02 09:00:00", mdtrt_id="n", init_setl_id="r"),
                  refund("u", "-10.00", "2024-03-04 09:00:00", mdtrt_id="m", init_setl_id="nowhere")]
        self.assertEqual(self.linked(claims), {"r": "a", "t": "a", "u": "a"})

    def test_a_circle_names_nothing(self):
        claims = [outpatient("a", "10.00", mdtrt_id="m"), refund("r", "-10.00", "2024-03-03 09:00:00", mdtrt_id="m", init_setl_id="t"),
                  refund("t", "-10.00", "2024-03-02 09:00:00", mdtrt_id="n", init_setl_id="r")]
        self.assertEqual(self.linked(claims), {"r": "a", "t": None})

    def test_refund_before_its_original(self):
        claims = [outpatient("a", "290.00"), refund("r", "-20.00", "2024-05-01 09:00:00", init_setl_id="b")]
        later = outpatient("b", "20.00", "2023-12-31 09:00:00")
        found = judge(claims)["rules"]["ORACLE-CAP-1"]
        self.assertEqual((found, judge(claims)["unlinked_refunds"]), ({}, 1))
        found = judge(claims + [later, outpatient("c", "20.00", "2024-06-01 09:00:00")])
        self.assertEqual(found["rules"]["ORACLE-CAP-1"]["1409", "p1", "2024"]["sum_fen"], 31000)
        self.assertEqual(found["unlinked_refunds"], 0)

    def test_another_person_takes_the_refunds_along(self):
        claims = [outpatient("a", "400.00", updt_time="2024-03-01 10:00:00"), refund("r", "-50.00", "2024-03-02 09:00:00", init_setl_id="a"),
                  outpatient("a", "400.00", psn_no="p2", updt_time="2024-03-01 11:00:00")]
        found = judge(claims)["rules"]["ORACLE-CAP-1"]
        self.assertEqual(found["1409", "p1", "2024"]["status"], "retracted")
        self.assertEqual([(one["setl_id"], one["fen"]) for one in found["1409", "p2", "2024"]["claims"]], [("a", 35000)])

    def test_void_refund_gives_back(self):
        claims = [outpatient("a", "310.00"), refund("r", "-310.00", "2024-03-02 09:00:00", init_setl_id="a", updt_time="2024-03-02 10:00:00"),
                  refund("r", "-310.00", "2024-03-02 09:00:00", init_setl_id="a", updt_time="2024-03-02 11:00:00", vali_flag="0")]
        found = judge(claims)["rules"]["ORACLE-CAP-1"]["1409", "p1", "2024"]
        self.assertEqual((found["status"], found["revision"], found["sum_fen"], found["cause"]), ("open", 3, 31000, "restated"))

    def test_tier_after_the_money(self):
        claim = outpatient("a", "450.00", insu_admdvs="500230")
        person = {"psn_no": "p1", "year": "2024", "insu_admdvs": "500230", "insutype": "390", "tier": "1", "updt_time": "2024-01-01 08:00:00"}
        feed = [("settlement", claim), ("enrolment", person)]
        found = judge_feed(feed)["rules"]["ORACLE-CAP-1"]["50", "p1", "2024"]
        self.assertEqual((found["status"], found["revision"], found["limit_fen"], found["cause"]), ("open", 1, 30000, "late"))
        feed.append(("enrolment", dict(person, tier="2", updt_time="2024-01-02 08:00:00")))
        found = judge_feed(feed)["rules"]["ORACLE-CAP-1"]["50", "p1", "2024"]
        self.assertEqual((found["status"], found["revision"], found["limit_fen"], found["cause"]), ("retracted", 2, 50000, "late"))

    def test_closed_months(self):
        """A month closes when the watermark, or a tick, passes its end; what comes later corrects it at once."""
        january = inpatient("a", "70.00", "2024-01-05 09:00:00", hi_paymtd="3")
        key = "pool", "3708", "", "2024-01"
        for feed, closes in (([], False), ([("tick", "2024-02-07 23:59:59")], False), ([("tick", "2024-02-08 00:00:00")], True),
                             ([("settlement", inpatient("b", "1.00", "2024-02-08 00:00:00"))], True)):
            found = judge_feed([("settlement", january)] + feed, close_all=False)["rules"]["ORACLE-SHARE-MONEY"]
            self.assertEqual(key in found, closes)
            found = judge_feed([("settlement", january)] + feed + [("settlement", inpatient("c", "30.00", "2024-01-06 09:00:00"))], close_all=False)
            self.assertEqual(found["rules"]["ORACLE-SHARE-MONEY"].get(key, {}).get("denominator"), 10000 if closes else None)

    def test_a_version_that_was_replaced_leaves_no_month(self):
        claims = [inpatient("a", "70.00", "2024-01-05 09:00:00", updt_time="2024-01-05 10:00:00"),
                  inpatient("a", "70.00", "2024-03-05 09:00:00", updt_time="2024-03-05 10:00:00")]
        for order in (claims, claims[::-1]):
            found = judge(order)["rules"]["ORACLE-SHARE-MONEY"]
            self.assertEqual(sorted(key[3] for key in found if key != "once"), ["2024-03"])


def inpatient(setl_id, fund, time, **more):
    return outpatient(setl_id, fund, time, **dict({"med_type": "21", "insu_admdvs": "370812"}, **more))


class Months(unittest.TestCase):
    def test_money_share(self):
        found = judge([inpatient("a", "70.00", "2024-01-05 09:00:00", hi_paymtd="3"), inpatient("b", "30.00", "2024-02-05 09:00:00"),
                       inpatient("c", "1.00", "2024-03-20 09:00:00")])["rules"]["ORACLE-SHARE-MONEY"]
        january, february, march = (found["pool", "3708", "", f"2024-0{month}"] for month in (1, 2, 3))
        self.assertEqual((january["numerator"], january["denominator"], january["verdict"]), (7000, 7000, "ok"))
        self.assertEqual((february["numerator"], february["denominator"], february["verdict"]), (7000, 10000, "ok"))
        self.assertEqual((march["denominator"], march["verdict"]), (10100, "alert"))

    def test_stays(self):
        claims = [inpatient("a", "10.00", "2024-01-05 09:00:00", mdtrt_id="m", mid_setl_flag="1", hi_paymtd="3"),
                  inpatient("b", "10.00", "2024-01-30 09:00:00", mdtrt_id="m", hi_paymtd="3"),
                  inpatient("c", "10.00", "2024-02-02 09:00:00", mdtrt_id="m"),
                  inpatient("d", "10.00", "2024-02-03 09:00:00", mdtrt_id="n", hi_paymtd="4"),
                  inpatient("r", "-10.00", "2024-02-04 09:00:00", mdtrt_id="n", refd_setl_flag="1")]
        found = judge(claims, late="again")["rules"]["ORACLE-SHARE-CASES"]
        self.assertEqual([(one["numerator"], one["denominator"]) for key, one in sorted(found.items(), key=str) if key != "once"], [(0, 1)])

    def test_need(self):
        series = {2024 * 12 + month: (50, 100) for month in range(6)}
        need, reach, rate = months.project(series, 2024 * 12 + 5, 0.6, oracle.READING)
        self.assertAlmostEqual(need, (0.6 * 1200 - 300) / 600)
        self.assertEqual((reach, rate), (0.0, 0.5))

    def people(self, town, count, poor):
        return [{"psn_no": f"{town}{number}", "year": "2024", "insu_admdvs": "140502", "insutype": "390", "gend": "1", "brdy": "1980-01-01",
                 "township": town, "identities": [{"psn_idet_type": "2"}] if poor else []} for number in range(count)]

    def test_admission_rate_by_hand(self):
        """10 poor in each of two townships, 12 stays in one and 4 in the other: 8 are expected in each."""
        people = self.people("A", 10, True) + self.people("B", 10, True)
        stays = [inpatient(f"s{number}", "1.00", "2024-01-10 09:00:00", psn_no=f"{'A' if number < 12 else 'B'}{number % 10}",
                           mdtrt_id=f"v{number}", insu_admdvs="140502") for number in range(16)]
        found = judge(stays, people)["rules"]["ORACLE-ADM-TOWNSHIP"]
        a = found["township", "1405", "A", "extreme_hardship", "2024-01"]
        self.assertEqual((a["admissions"], a["population"], a["expected"]), (12, 10, 8.0))
        self.assertAlmostEqual(a["size"], 64 / (1.3 * 8 + 64 / 16 - 8))
        self.assertAlmostEqual(a["p_value"], tails.upper_mid(12, 8.0, 10.0))

    def test_neighbours_take_off_what_all_share(self):
        people = self.people("A", 4, True) + [dict(one, psn_no="g" + one["psn_no"]) for one in self.people("A", 4, False)] + \
            [dict(one, psn_no="h" + one["psn_no"]) for one in self.people("B", 4, False)]
        stays = [inpatient(f"s{number}", "1.00", "2024-01-10 09:00:00", psn_no="gA0", mdtrt_id=f"v{number}", insu_admdvs="140502") for number in range(8)]
        stays.append(inpatient("p", "1.00", "2024-01-10 09:00:00", psn_no="A1", insu_admdvs="140502"))
        found = judge(stays, people)["rules"]["ORACLE-ADM-TOWNSHIP"]
        # general: 8 stays among 8 persons, 4 of them in A: 4 expected, 8 seen; poor: 1 expected
        factor = (16 + 8 / 1.3) / (16 + 4 / 1.3)
        self.assertAlmostEqual(found["township", "1405", "A", "extreme_hardship", "2024-01"]["expected"], factor)


class Statistics(unittest.TestCase):
    def test_tails(self):
        self.assertAlmostEqual(tails.upper_mid(0, 1.0, 1.0), 0.75)              # geometric: P(0) = 1/2
        self.assertAlmostEqual(tails.upper_mid(1, 1.0, None), 1 - 1.5 / 2.718281828459045)
        self.assertAlmostEqual(tails.upper_mid(40, 10, 5) / 0.00016051673041557303, 1, places=9)
        self.assertAlmostEqual(tails.gamma_upper(1, 2), 0.1353352832366127)     # exponential
        self.assertAlmostEqual(tails.gamma_upper(2, 1), 2 / 2.718281828459045)

    def test_benjamini_hochberg(self):
        self.assertEqual(tails.benjamini_hochberg([0.01, 0.04, 0.03, 0.5]), [0.04, 0.04 * 4 / 3, 0.04 * 4 / 3, 0.5])


class Schemas(unittest.TestCase):
    """The alert shown in docs/alerts.md is valid, and nothing that is not in the contract is."""

    def setUp(self):
        shown = re.findall(r"```json\n(.*?)```", (DOCS / "alerts.md").read_text(encoding="utf-8"), re.S)
        self.alert = json.loads(shown[-1])
        self.refused = {"type": "refused", "kind": "settlement", "reason": "bad_amount", "field": "hifp_pay", "byte": 212,
                        "topic": "t", "partition": 0, "offset": 17}

    def valid(self, name, line):
        schema = json.loads((DOCS / "schema" / f"{name}.schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        return jsonschema.Draft202012Validator(schema).is_valid(line)

    def test_alert(self):
        self.assertTrue(self.valid("alert", self.alert))
        self.assertFalse(self.valid("alert", dict(self.alert, position=1)))
        self.assertFalse(self.valid("alert", dict(self.alert, status="closed")))
        self.assertFalse(self.valid("alert", dict(self.alert, amount_at_risk_fen="10.00")))
        self.assertFalse(self.valid("alert", dict(self.alert, finding=dict(self.alert["finding"], sum_fen=1.5))))
        self.assertFalse(self.valid("alert", dict(self.alert, rule=dict(self.alert["rule"], detector="share"))))
        self.assertFalse(self.valid("alert", dict(self.alert, subject=dict(self.alert["subject"], period="2024-03"))))
        self.assertFalse(self.valid("alert", {name: value for name, value in self.alert.items() if name != "basis"}))

    def test_chinese_page_shows_the_same(self):
        shown = re.findall(r"```json\n(.*?)```", (DOCS / "alerts.zh-CN.md").read_text(encoding="utf-8"), re.S)
        self.assertEqual(json.loads(shown[-1]), self.alert)

    def test_refused(self):
        self.assertTrue(self.valid("refused", self.refused))
        self.assertFalse(self.valid("refused", dict(self.refused, file="f", line=1)))
        self.assertFalse(self.valid("refused", dict(self.refused, reason="bad")))

    def test_indicator(self):
        finding = {"numerator_fen": 7000, "denominator_fen": 10000, "value": "0.700000", "target": "0.700000", "need": None,
                   "reach_probability": "1.000000", "through": "2024-12"}
        line = {"type": "indicator", "rule": dict(self.alert["rule"], detector="share"), "revision": 1, "verdict": "ok", "finding": finding,
                "subject": {"kind": "pool", "pool": "3708", "period": "2024-12"}}
        self.assertTrue(self.valid("indicator", line))
        self.assertFalse(self.valid("indicator", dict(line, verdict="fine")))
        self.assertFalse(self.valid("indicator", dict(line, finding=dict(finding, value=0.7))))
        self.assertFalse(self.valid("indicator", dict(line, finding=dict(finding, numerator=1))))


class Worlds(unittest.TestCase):
    def test_same_seed_same_bytes(self):
        self.assertEqual(worlds.World(7, False).lines(), worlds.World(7, False).lines())
        self.assertNotEqual(worlds.World(7, False).lines(), worlds.World(8, False).lines())


if __name__ == "__main__":
    unittest.main()
