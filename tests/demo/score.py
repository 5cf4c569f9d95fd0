"""Found against planted: the truth of `fundwatch generate` against an alert feed.

    score.py truth.json alerts.ndjson... [--summary summary.json] [--pseudonym-key FILE] [--lang zh|en] [--json] [--strict]

An alert counts by its last revision: it stands when that is open or updated.  A planted problem is found when an alert of
its detector stands about its subject and period; one that must end retracted is found when it was raised and its last
revision is retracted; one that must stay silent is found when nothing stands.  Every standing alert that answers no planted
problem is a false alarm.  The records of the feed (sent twice, broken) are counted by the summary of a replay.
"""
import argparse
import collections
import hashlib
import hmac
import json
import os
import sys

DEFAULT_KEY = b"fundwatch-demo-key"
STANDING = ("open", "updated")
WORDS = {
    "en": {"scenario": "scenario", "family": "family", "planted": "planted", "found": "found", "missed": "missed", "money": "money exact",
           "false": "false alarms", "none": "none", "unplanned": "raised and retracted, not planted", "skipped": "not planted",
           "alert": "", "retracted": "(ends retracted)", "silent": "(must stay silent)", "total": "total"},
    "zh": {"scenario": "场景", "family": "类别", "planted": "植入", "found": "发现", "missed": "遗漏", "money": "金额相符",
           "false": "误报", "none": "无", "unplanned": "曾告警后撤销、非植入", "skipped": "未植入",
           "alert": "", "retracted": "（应撤销）", "silent": "（不应告警）", "total": "合计"},
}


def pseudonym(key, psn_no):
    return "pn_" + hmac.new(key, psn_no.encode(), hashlib.sha256).hexdigest()[:32]


def last_revisions(paths):
    """alert_id -> its last line; the feed may hold other types of records and broken lines."""
    last = {}
    for path in paths:
        with (sys.stdin.buffer if path == "-" else open(path, "rb")) as feed:
            for line in feed:
                try:
                    record = json.loads(line)
                except ValueError:
                    continue
                if isinstance(record, dict) and record.get("type") == "alert":
                    known = last.get(record["alert_id"])
                    if known is None or record["revision"] >= known["revision"]:
                        last[record["alert_id"]] = record
    return list(last.values())


def subject_matches(entry, alert, key):
    planted, subject = entry["subject"], alert["subject"]
    if alert["rule"]["detector"] != entry["detector"] or planted.get("period", subject["period"]) != subject["period"]:
        return False
    if planted["kind"] != subject["kind"]:
        return False
    if planted["kind"] in ("pool", "area"):
        money = "numerator_fen" in alert["finding"]
        same = all(subject.get(name) == planted.get(name) for name in ("pool", "insu_admdvs"))
        return same and "level" not in subject and (entry["detector"] == "ratio" or money == ("numerator_fen" in entry))
    if planted["kind"] == "person":
        return subject["psn_no"] in (planted["psn_no"], pseudonym(key, planted["psn_no"]))
    return all(subject.get(name) == planted[name] for name in ("township", "fixmedins_code", "class") if name in planted)


def index_of(alerts):
    """Alerts by detector and period, to look at few of them."""
    index = collections.defaultdict(list)
    for alert in alerts:
        index[alert["rule"]["detector"], alert["subject"]["period"]].append(alert)
        index[alert["rule"]["detector"], None].append(alert)
    return index


def judge(entry, index, key):
    """(found, money exact or None, the standing alerts that it explains)"""
    near = index[entry["detector"], entry["subject"].get("period")]
    matching = [alert for alert in near if subject_matches(entry, alert, key)]
    standing = [alert for alert in matching if alert["status"] in STANDING]
    if entry["expect"] == "none":
        return not standing, None, []
    if entry["expect"] == "retracted":
        return bool(matching) and not standing, None, []
    exact = None
    if standing and entry["subject"]["kind"] == "person":
        exact = all(alert["finding"]["excess_fen"] == entry["amount_fen"] for alert in standing)
    return bool(standing), exact, standing


def judge_feed(entry, summary):
    """Records of the feed: planted, counted by the summary, or None without one."""
    if summary is None:
        return entry["records"], None
    if "refused" not in entry:
        return entry["records"], summary["duplicate"]
    found = sum(min(count, summary["refused_by_reason"].get(reason, 0)) for reason, count in entry["refused"].items())
    return entry["records"], found


def score(truth, alerts, key, summary):
    rows, explained, index = {}, set(), index_of(alerts)
    retracted_planted = set()
    for entry in truth["planted"]:
        row = rows.setdefault(entry["scenario"], {"scenario": entry["scenario"], "family": entry["family"], "expect": entry["expect"],
                                                  "planted": 0, "found": 0, "money_checked": 0, "money_exact": 0})
        if entry["subject"]["kind"] == "feed":
            row["expect"] = "alert"
            row["planted"], row["found"] = judge_feed(entry, summary)
            continue
        found, exact, standing = judge(entry, index, key)
        row["planted"] += 1
        row["found"] += found
        row["money_checked"] += exact is not None
        row["money_exact"] += exact is True
        explained.update(alert["alert_id"] for alert in standing)
        if entry["expect"] == "retracted":
            retracted_planted.update(alert["alert_id"] for alert in index[entry["detector"], entry["subject"].get("period")]
                                     if subject_matches(entry, alert, key))
    for row in rows.values():
        row["missed"] = None if row["found"] is None else row["planted"] - row["found"]
    false = collections.Counter(alert["rule"]["id"] for alert in alerts
                                if alert["status"] in STANDING and alert["alert_id"] not in explained)
    unplanned = sum(alert["status"] not in STANDING and alert["alert_id"] not in retracted_planted for alert in alerts)
    return {"scenarios": list(rows.values()), "false": dict(sorted(false.items())), "false_total": sum(false.values()),
            "retracted_not_planted": unplanned, "standing": sum(alert["status"] in STANDING for alert in alerts),
            "skipped": truth["skipped"]}


def width(text):
    return sum(2 if ord(char) > 0x2E80 else 1 for char in text)


def padded(text, columns, right=False):
    blanks = " " * max(0, columns - width(text))
    return blanks + text if right else text + blanks


def print_table(result, words, out):
    def number(value):
        return "-" if value is None else str(value)
    lines = [[words["scenario"], words["family"], words["planted"], words["found"], words["missed"], words["money"]]]
    for row in result["scenarios"]:
        note = {"alert": words["alert"], "retracted": words["retracted"], "none": words["silent"]}[row["expect"]]
        money = f"{row['money_exact']}/{row['money_checked']}" if row["money_checked"] else "-"
        lines.append([f"{row['scenario']} {note}".rstrip(), row["family"], number(row["planted"]), number(row["found"]), number(row["missed"]), money])
    columns = [max(width(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        print("  ".join(padded(cell, columns[i], right=i > 1) for i, cell in enumerate(line)).rstrip(), file=out)
    false = ", ".join(f"{rule} {count}" for rule, count in result["false"].items())
    print(f"{words['false']}: {result['false_total']}" + (f" ({false})" if false else ""), file=out)
    print(f"{words['unplanned']}: {result['retracted_not_planted']}", file=out)
    for skipped in result["skipped"]:
        print(f"{words['skipped']}: {skipped['scenario']}: {skipped['why']}", file=out)


def default_language():
    chosen = next((value for value in map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG")) if value), "")
    return "zh" if chosen.startswith("zh") else "en"


def main():
    parser = argparse.ArgumentParser(description="Found against planted problems of a synthetic county.")
    parser.add_argument("truth")
    parser.add_argument("alerts", nargs="+", help="NDJSON, - for standard input")
    parser.add_argument("--summary", help="summary of the replay, for the records sent twice or broken")
    parser.add_argument("--pseudonym-key", help="file with the key of the pseudonyms; default: the published one")
    parser.add_argument("--lang", choices=("zh", "en"), default=default_language())
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--strict", action="store_true", help="exit 1 when something was missed or a false alarm stands")
    options = parser.parse_args()
    key = DEFAULT_KEY
    if options.pseudonym_key:
        with open(options.pseudonym_key, "rb") as file:
            key = file.read()
        key = key[:-1] if key.endswith(b"\n") else key
        key = key[:-1] if key.endswith(b"\r") else key
    with open(options.truth, encoding="utf-8") as file:
        truth = json.load(file)
    summary = None
    if options.summary:
        with open(options.summary, encoding="utf-8") as file:
            summary = json.load(file)
    result = score(truth, last_revisions(options.alerts), key, summary)
    if options.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        print_table(result, WORDS[options.lang], sys.stdout)
    missed = any(row["missed"] for row in result["scenarios"])
    return 1 if options.strict and (missed or result["false_total"]) else 0


if __name__ == "__main__":
    sys.exit(main())
