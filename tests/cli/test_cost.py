#!/usr/bin/python3
"""`fundwatch cost`: counts against a plain count of the records, over files and over an archive of them; and the layout
that `fundwatch check` prints.

usage: test_cost.py FUNDWATCH RULES
"""
import json
import os
import subprocess
import sys
import tempfile

PROGRAM, RULES = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
CLAIMS = 1270


def run(*words, expect=0):
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"], "LC_ALL": "C"})
    assert done.returncode == expect, (words, done.returncode, done.stderr)
    return done


def claims():
    return [{"setl_id": f"S{i}", "psn_no": f"P{i % 90}", "insutype": "390" if i % 3 else "310", "insu_admdvs": "140902",
             "med_type": "21" if i % 5 == 0 else "11", "setl_time": f"2024-03-{1 + i // 50:02} 10:00:00", "hifp_pay": 30 + i % 7,
             "medfee_sumamt": 60, "mdtrt_id": f"M{i}", "clr_way": "40"} for i in range(CLAIMS)]


def check_cost(path, records):
    cost = json.loads(run("cost", "--json", "--quiet", "--rules", RULES, "--close-all", path).stdout)
    rules = {row["id"]: row for row in cost["rules"]}
    assert cost["claims"] == len(records) and cost["sampled_every"] == 127, cost
    assert set(rules) == {"ADM-POOR-INST-001", "ADM-POOR-TOWN-001", "CHRONIC-RATIO-001", "DRG-CASES-001", "DRG-SHARE-001", "IP-RATIO-001",
                          "IP-RATIO-PRIMARY-001", "OP-CAP-001", "POOR-RATIO-001"}, rules
    assert all(row["evaluated"] == len(records) for row in rules.values()), rules
    assert rules["OP-CAP-001"]["matched"] == sum(r["insutype"] == "390" and r["med_type"] == "11" for r in records), rules
    assert rules["DRG-SHARE-001"]["matched"] == sum(r["med_type"] == "21" for r in records), rules
    lines = run("replay", "--quiet", "--rules", RULES, "--close-all", path).stdout.splitlines()
    for name, row in rules.items():
        assert row["alerts"] == sum(json.loads(line)["rule"]["id"] == name for line in lines), (name, row)
    shares = [row["share"] for row in cost["rules"]] + [cost["conditions"]["share"], cost["state"]["share"]]
    assert abs(sum(shares) - 1) < 1e-4 and cost["conditions"]["ns_per_claim"] > 0, cost
    dearest = [row["ns_per_claim"] for row in cost["rules"]]
    assert dearest == sorted(dearest, reverse=True), dearest
    return rules


def check_table(path):
    text = run("cost", "--quiet", "--rules", RULES, path).stdout.splitlines()
    assert text[0].split() == ["rule", "evaluated", "matched", "alerts", "ns/claim", "share"], text
    assert len(text) == 12 and any(line.startswith("(conditions of all rules)") for line in text), text
    chinese = run("cost", "--quiet", "--lang", "zh", "--rules", RULES, path).stdout
    assert "（所有规则的条件）" in chinese and "纳秒/笔" in chinese, chinese
    run("cost", expect=64)
    run("cost", "--archive", "nowhere", path, expect=64)


def check_archive(path, rules):
    run("archive", "import", "--quiet", "--rules", RULES, "--archive", "past", path)
    cost = json.loads(run("cost", "--json", "--quiet", "--rules", RULES, "--archive", "past", "--close-all").stdout)
    for row in cost["rules"]:
        for key in ("evaluated", "matched", "alerts"):
            assert row[key] == rules[row["id"]][key], (row, rules)


def check_layout():
    layout = json.loads(run("check", "--json", RULES).stdout)["layout"]
    of_person = [a for a in layout["aggregates"] if a["entity"] == "person"]
    assert len(of_person) == 1 and of_person[0]["sum"] == "hifp_pay" and of_person[0]["rules"] == ["OP-CAP-001"], layout
    assert layout["conditions"]["conditions"] >= 8 and layout["conditions"]["passes_per_claim"] == 5, layout
    assert layout["copies_while_a_snapshot_is_made"] == 2, layout
    said = run("check", "--lang", "en", RULES).stderr
    assert "rules OP-CAP-001" in said and "the state is in memory twice" in said, said
    assert "状态在内存中有两份" in run("check", "--lang", "zh", RULES).stderr


def main():
    records = claims()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        with open("s.ndjson", "w", encoding="utf-8") as out:
            out.writelines(json.dumps(record) + "\n" for record in records)
        rules = check_cost("s.ndjson", records)
        check_table("s.ndjson")
        check_archive("s.ndjson", rules)
        check_layout()
    print("ok")


if __name__ == "__main__":
    main()
