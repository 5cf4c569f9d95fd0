"""repeat_after: standing alerts are told less often, and after a close all that was said is what stands.

usage: test_repeat.py FUNDWATCH RULES
"""
import datetime
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM, RULES = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
TABLES = os.path.join(RULES, "tables")

CAP = """id: CAP
revision: 1
title: {{zh: 标题, en: title}}
family: policy
grade: violation
stage: [after]
severity: high
{bands}mode: enforce
{more}where: med_type in $outpatient
detector: cap
key: psn_no
sum: hifp_pay
period: benefit_year
limit: $cap
params:
  cap: {{unit: yuan, rows: [{{region: "14", from: 2020-01-01, value: 300.00, basis: A}}]}}
basis:
  A: {{document: 文件, quote: 原文}}
evidence: {{zh: "{{sum|yuan}}", en: "{{sum|yuan}}"}}
tests:
  - name: over
    claims: [{{setl_id: a, psn_no: p, insu_admdvs: "140902", med_type: "11", hifp_pay: 300.01, setl_time: 2024-01-01}}]
    expect: [{{on: a, excess: 0.01}}]
"""
BANDS = """bands:
  - {over: 0.00, severity: low}
  - {over: 1.00, severity: high}
"""


def claim(setl_id, psn_no, time, yuan, area="140902", **more):
    return {"setl_id": setl_id, "psn_no": psn_no, "setl_time": time, "hifp_pay": f"{yuan:.2f}", "medfee_sumamt": f"{yuan:.2f}",
            "insu_admdvs": area, "fixmedins_code": "H1", "insutype": "390", "med_type": "11", "mdtrt_id": "v" + setl_id, **more}


def run(*words, code=0):
    done = subprocess.run([PROGRAM, *words, "--tables", TABLES, "--lang", "en"], capture_output=True, text=True, timeout=120)
    assert done.returncode == code, (done.args, done.returncode, done.stderr)
    return done


def day(line):
    return datetime.date.fromisoformat(line["event_time"][:10])


def body(line):
    return {key: value for key, value in line.items() if key not in ("revision", "status", "cause", "rule")}


class Case(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.mkdtemp()

    def tearDown(self):
        shutil.rmtree(self.scratch)

    def lines(self, claims, days=0, bands=False, words=("--close-all",)):
        folder = os.path.join(self.scratch, f"rules-{days}-{bands}")
        os.makedirs(os.path.join(folder, "policy"), exist_ok=True)
        with open(os.path.join(folder, "policy", "CAP.yaml"), "w", encoding="utf-8") as out:
            out.write(CAP.format(bands=BANDS if bands else "", more=f"repeat_after: {days}\n" if days else ""))
        path = os.path.join(self.scratch, "claims.ndjson")
        with open(path, "w", encoding="utf-8") as out:
            out.writelines(json.dumps(record) + "\n" for record in claims)
        done = run("replay", "--rules", folder, "--person-clear", "--quiet", *words, path)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def told(self, *more, **named):
        return [(line["status"], line["cause"], line["finding"]["sum_fen"] // 100) for line in self.lines(*more, **named)]


class Fixed(Case):
    CLAIMS = [claim(str(i), "p", f"2024-03-{d:02} 09:00:00", yuan) for i, (d, yuan) in enumerate(((1, 310), (5, 10), (10, 10), (12, 10), (20, 10)))]

    def test_every_change_without_it(self):
        self.assertEqual([said[2] for said in self.told(self.CLAIMS)], [310, 320, 330, 340, 350])

    def test_days_between(self):
        self.assertEqual(self.told(self.CLAIMS, days=9),
                         [("open", "claim", 310), ("updated", "claim", 330), ("updated", "claim", 350)])

    def test_what_waits_is_said_at_the_close(self):
        self.assertEqual(self.told(self.CLAIMS, days=30), [("open", "claim", 310), ("updated", "close", 350)])
        self.assertEqual(self.told(self.CLAIMS, days=30, words=()), [("open", "claim", 310)])       # the month is open still
        later = self.CLAIMS + [claim("n", "q", "2024-04-09 09:00:00", 1)]
        self.assertEqual(self.told(later, days=30, words=()), [("open", "claim", 310), ("updated", "close", 350)])

    def test_another_pool_does_not_close_it(self):
        later = self.CLAIMS + [claim("n", "q", "2024-04-09 09:00:00", 1, "140502")]
        self.assertEqual(self.told(later, days=30, words=()), [("open", "claim", 310)])

    def test_status_is_said_at_once(self):
        refund = dict(self.CLAIMS[0], setl_id="r", refd_setl_flag="1", init_setl_id="0", hifp_pay="-310.00", medfee_sumamt="-310.00",
                      setl_time="2024-03-11 09:00:00")
        self.assertEqual(self.told(self.CLAIMS[:3] + [refund], days=30), [("open", "claim", 310), ("retracted", "refund", 20)])

    def test_another_band_is_said_at_once(self):
        claims = self.CLAIMS[:2] + [claim("x", "p", "2024-03-06 09:00:00", 300)] + self.CLAIMS[2:]
        self.assertEqual(self.told(claims, days=30, bands=True),
                         [("open", "claim", 310), ("updated", "claim", 620), ("updated", "close", 650)])

    def test_canonical_text(self):
        self.lines(self.CLAIMS, days=30)
        text = run("check", os.path.join(self.scratch, "rules-30-False"))
        self.assertIn("\nrepeat_after: 30\n", text.stdout)
        self.assertIn("standing_alert", text.stderr)


class Random(Case):
    """Against the same records without repeat_after, in any order within the lateness."""
    def world(self, chance):
        out = []
        for i in range(120):
            start = datetime.date(2023, 11, 1) + datetime.timedelta(days=3 * i)
            record = claim(f"s{i}", f"p{chance.randint(1, 4)}", f"{start} {chance.randint(8, 17):02}:00:00", chance.choice((40, 90, 160)),
                           chance.choice(("140902", "140502")))
            out.append((start, record))
            if chance.random() < 0.15:
                out.append((start, dict(record, setl_id="r" + record["setl_id"], refd_setl_flag="1", init_setl_id=record["setl_id"],
                                        hifp_pay="-" + record["hifp_pay"], medfee_sumamt="-" + record["medfee_sumamt"])))
        return out

    def test_the_end_is_the_same(self):
        chance = random.Random(3)
        saved = 0
        for round_ in range(25):
            world = self.world(chance)
            plain = self.lines([record for _, record in world])
            final = {line["alert_id"]: line for line in plain}
            for shuffled in range(2):
                order = sorted(world, key=lambda one: one[0] + datetime.timedelta(days=chance.randint(0, 5 * shuffled)))
                said = self.lines([record for _, record in order], days=chance.choice((5, 20, 60, 366)), bands=chance.random() < 0.5)
                last = {}
                for line in said:
                    before = last.get(line["alert_id"])
                    self.assertEqual(line["revision"], before["revision"] + 1 if before else 1)
                    last[line["alert_id"]] = line
                standing = {key: body(line) for key, line in final.items() if line["status"] != "retracted"}
                now = {key: body(line) for key, line in last.items() if line["status"] != "retracted"}
                self.assertEqual(now, standing)
                saved += len(plain) - len(said)
        self.assertGreater(saved, 200)

    def test_days_and_batches(self):
        chance = random.Random(4)
        held = 0
        for round_ in range(15):
            records = [record for _, record in self.world(chance)]
            days, bands = chance.choice((5, 20, 60)), chance.random() < 0.5
            said = self.lines(records, days=days, bands=bands)
            last = {}
            for line in said:
                before = last.get(line["alert_id"])
                if before and line["status"] == "updated" and line["cause"] != "close" and line["rule"]["severity"] == before["rule"]["severity"]:
                    self.assertGreaterEqual((day(line) - day(before)).days, days)
                held += line["cause"] == "close"
                last[line["alert_id"]] = line
            for batch in ("1", "7"):
                self.assertEqual(self.lines(records, days=days, bands=bands, words=("--close-all", "--batch", batch)), said)
        self.assertGreater(held, 30)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
