#!/usr/bin/python3
"""Runs the program over random worlds and compares every line with the oracle; a disagreement is shrunk and printed.

    compare.py --program build/fundwatch [--feeder build/property_feed] [--seeds 200] [--first 0] [--reading late=again]
    compare.py --program build/fundwatch --case tests/oracle/cases/NAME      # a folder that --keep wrote

With --feeder the state after some record on the way is compared too (what is judged again at once), with ticks.
"""
import argparse
import collections
import decimal
import hashlib
import json
import multiprocessing
import pathlib
import random
import re
import subprocess
import sys
import tempfile
from fractions import Fraction

import jsonschema

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import oracle
import records
import rules as rule_files
import worlds
from runs import Failure, FeedRun, Run, feed_of, files_of, write

SCHEMAS = HERE.parent.parent / "docs" / "schema"
BATCHES = (None, 1, 7, 4096)
RELATIVE = 2e-6                 # of a statistic printed with seven figures
ABSOLUTE = 2e-6                 # of a real printed with six decimals


def validator(name):
    return jsonschema.Draft202012Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8")))


VALIDATORS = {name: validator(name) for name in ("alert", "indicator", "refused", "summary")}


# ---- printing as the contract prints ---------------------------------------------------------------------------------

def six(fraction):
    with decimal.localcontext() as context:
        context.prec = 60
        exact = decimal.Decimal(fraction.numerator) / decimal.Decimal(fraction.denominator)
        return str(exact.quantize(decimal.Decimal("0.000001"), rounding=decimal.ROUND_HALF_EVEN))


def near(shown, value):
    if shown is None or value is None:
        return shown is None and value is None
    return abs(float(shown) - value) <= (RELATIVE * abs(value) if "e" in shown else max(ABSOLUTE, RELATIVE * abs(value)))


def standing(alert):
    return alert is not None and alert["status"] not in ("retracted", "insufficient")


# ---- comparisons: each yields (category, text) ------------------------------------------------------------------------

VALID = set()                   # forms of lines found valid: a line that differs in digits only is not looked at again


def schema_faults(run):
    for name, kind in (("alerts", "alert"), ("indicators", "indicator"), ("refused", "refused")):
        for line in getattr(run, name):
            form = kind + re.sub("[0-9]", "9", json.dumps(line))
            if form in VALID:
                continue
            VALID.add(form)
            for error in VALIDATORS[kind].iter_errors(line):
                best = jsonschema.exceptions.best_match([error])
                VALID.discard(form)
                yield f"schema {kind}", f"{list(best.absolute_path)}: {best.message[:300]}\n    {json.dumps(line, ensure_ascii=False)[:1500]}"
                break
    for error in VALIDATORS["summary"].iter_errors(run.summary):
        yield "schema summary", f"{list(error.absolute_path)}: {error.message[:300]}"


def count_faults(run, said):
    summary = run.summary
    for name, value in (("received", said["received"]), ("judged", said["judged"]), ("duplicate", said["duplicate"]),
                        ("refused", len(said["refused"])), ("unlinked_refunds", said["unlinked_refunds"])):
        if summary.get(name) != value:
            yield f"summary {name}", f"program {summary.get(name)}, oracle {value}"
    if summary.get("received") != sum(summary.get(name, 0) for name in ("judged", "refused", "duplicate")):
        yield "summary identity", "received is not judged + refused + duplicate"
    reasons = dict(collections.Counter(reason for _, reason, _ in said["refused"]))
    shown = {reason: count for reason, count in summary.get("refused_by_reason", {}).items() if count}
    if shown != reasons:
        yield "summary refused_by_reason", f"program {shown}, oracle {reasons}"
    last = run.final_alerts().values()
    retracted = sum(not standing(alert) for alert in last)
    for name, value in (("alerts", len(last) - retracted), ("retracted", retracted), ("alert_lines", len(run.alerts))):
        if summary.get(name) != value:
            yield f"summary {name}", f"summary {summary.get(name)}, lines {value}"
    digest = hashlib.sha256(run.bytes["alerts"]).hexdigest()
    if summary.get("feed_digest") != digest:
        yield "summary feed_digest", f"summary {summary.get('feed_digest')}, lines {digest}"


def refused_faults(run, said):
    for kind, expected in (("settlement", said["refused"]), ("enrolment", said["enrolment_refused"])):
        shown = {(pathlib.PurePath(line["file"]).name, line["line"]): line for line in run.refused if line["kind"] == kind}
        wanted = {number: (reason, field) for number, reason, field in expected}
        for number in sorted(set(shown) | set(wanted)):
            mine, theirs = wanted.get(number), shown.get(number)
            if mine is None or theirs is None or mine[0] != theirs["reason"] or (mine[1] and mine[1] != theirs.get("field")):
                yield f"refused {kind}", f"line {number}: program {theirs}, oracle {mine}"


def revision_faults(run):
    seen, stands = collections.Counter(), {}
    for alert in run.alerts:
        key = alert["alert_id"]
        seen[key] += 1
        if alert["revision"] != seen[key]:
            yield "alert revisions", f"{key}: revision {alert['revision']} where {seen[key]} was due"
        first = not stands.get(key)
        if (alert["status"] == "open") != (first and standing(alert)):
            yield "alert status order", f"{key}: {alert['status']} after {'nothing standing' if first else 'a standing one'}"
        stands[key] = standing(alert)
    seen = collections.Counter()
    for indicator in run.indicators:
        key = indicator["rule"]["id"], json.dumps(indicator["subject"], sort_keys=True)
        seen[key] += 1
        if indicator["revision"] != seen[key]:
            yield "indicator revisions", f"{key}: revision {indicator['revision']} where {seen[key]} was due"


HOW = "revision", "status", "cause"


def cap_faults(rule, run, said, on_the_way=False):
    shown = {}
    for alert in run.final_alerts().values():
        if alert["rule"]["id"] == rule.id:
            shown[alert["subject"]["pool"], alert["subject"]["psn_no"], alert["subject"]["period"]] = alert
    for key in sorted(set(shown) | set(said)):
        alert, mine = shown.get(key), said.get(key)
        if alert is None or mine is None:
            yield f"cap presence {rule.id}", f"{key}: program {brief(alert)}, oracle {brief(mine)}"
            continue
        retracted = alert["status"] == "retracted"
        if retracted != (mine["status"] == "retracted"):
            yield f"cap status {rule.id}", f"{key}: program {brief(alert)}, oracle {brief(mine)}"
            continue
        wanted = {name: mine[name] for name in ("sum_fen", "limit_fen", "excess_fen", "count")}
        if alert["finding"] != wanted:
            yield f"cap finding {rule.id}", f"{key}: program {alert['status']} {alert['finding']}, oracle {wanted} {mine['claims']}"
        elif alert["evidence"]["claims"] != mine["claims"] or alert["evidence"]["claims_total"] != mine["count"]:
            yield f"cap claims {rule.id}", f"{key}: program {alert['evidence']['claims']}, oracle {mine['claims']}"
        elif alert["amount_at_risk_fen"] != mine["excess_fen"]:
            yield f"cap amount_at_risk_fen {rule.id}", f"{key}: {alert['amount_at_risk_fen']}, not {mine['excess_fen']}"
        elif [alert[name] for name in HOW] != [mine[name] for name in HOW]:
            yield f"cap revision {rule.id}", f"{key}: program {[alert[name] for name in HOW]}, oracle {[mine[name] for name in HOW]}"
        elif mine["claims"] and alert["event_time"] != mine["event_time"]:
            yield f"cap event_time {rule.id}", f"{key}: {alert['event_time']}, not {mine.get('event_time')}"
        row, param = mine["row"], alert["param"]
        if param is None:
            yield f"cap param {rule.id}", f"{key}: none, not region {row.region} tier {row.tier} value {row.text}"
        elif (param["region"], param["tier"]) != (row.region, None if mine["tier_unknown"] else row.tier) or Fraction(param["value"]) != Fraction(row.text):
            yield f"cap param {rule.id}", f"{key}: {param}, not region {row.region} tier {row.tier} value {row.text}"
        if alert["subject"]["insu_admdvs"] != mine["insu_admdvs"]:
            yield f"cap insu_admdvs {rule.id}", f"{key}: {alert['subject']['insu_admdvs']}, not {mine['insu_admdvs']}"


def brief(found):
    if found is None:
        return "nothing"
    finding = found.get("finding", found)
    return f"{found['status']} {({name: finding.get(name) for name in ('sum_fen', 'limit_fen', 'count')})}"


def check_faults(rule, run, said, on_the_way=False):
    shown = {alert["subject"]["setl_id"] for alert in run.final_alerts().values()
             if alert["rule"]["id"] == rule.id and standing(alert)}
    for setl_id in sorted(shown ^ set(said)):
        yield f"check {rule.id}", f"{setl_id}: {'program' if setl_id in shown else 'oracle'} alone"


def latest_indicators(rule, run, key_of):
    return {key_of(one["subject"]): one for one in run.indicators if one["rule"]["id"] == rule.id}


def share_key(subject):
    return subject["kind"], subject["pool"], subject.get("insu_admdvs", "") if subject["kind"] == "area" else "", subject["period"]


def share_faults(rule, run, said, on_the_way=False):
    shown = latest_indicators(rule, run, share_key)
    said_once = said.pop("once", {})
    for key in sorted(set(shown) | set(said)):
        line, mine = shown.get(key), said.get(key)
        if mine is None and is_empty(line) and said_once.get(key[:3], "9999") <= key[3]:
            continue                                    # of a booking that has moved or gone since: cannot be unsaid
        if line is None and on_the_way and mine["forecast_waits"] and mine["denominator"] == 0:
            continue                                    # the series began late, in the year before: at the next close
        if line is None or mine is None:
            yield f"share presence {rule.id}", f"{key}: {'oracle' if line is None else 'program'} alone {line and line['finding'] or mine}"
            continue
        yield from share_finding_faults(rule, key, line["finding"], mine, line["verdict"], on_the_way)
    last = {}
    for key, mine in said.items():
        year = key[0], key[1], key[2], key[3][:4]
        if year not in last or last[year]["through"] < mine["through"]:
            last[year] = mine
    alerts = {share_key(alert["subject"]): alert for alert in run.final_alerts().values() if alert["rule"]["id"] == rule.id}
    for key, mine in last.items():
        alert = alerts.pop(key, None)
        if on_the_way and mine["forecast_waits"]:
            continue
        if standing(alert) != (mine["verdict"] == "alert"):
            yield f"share alert {rule.id}", f"{key}: program {alert and alert['status']}, oracle's last month says {mine['verdict']}"
        elif alert is not None and mine["verdict"] == "alert":
            yield from share_finding_faults(rule, key, alert["finding"], mine, "alert", on_the_way)
    for key in (key for key, alert in alerts.items() if standing(alert)):
        yield f"share alert {rule.id}", f"{key}: program alone"


def share_finding_faults(rule, key, finding, mine, verdict, on_the_way):
    """A forecast that leans on the year before is judged again at the next close, not at once."""
    suffix = "_fen" if rule.data["of"] == "money" else ""
    shown = finding[f"numerator{suffix}"], finding[f"denominator{suffix}"], finding["value"], finding["target"], finding["through"]
    value = six(Fraction(mine["numerator"], mine["denominator"])) if mine["denominator"] > 0 else None
    wanted = mine["numerator"], mine["denominator"], value, six(mine["target"]), mine["through"]
    if shown != wanted:
        yield f"share finding {rule.id}", f"{key}: program {shown}, oracle {wanted}"
    elif on_the_way and mine["forecast_waits"]:
        return
    elif not near(finding["need"], mine["need"]) or not near(finding["reach_probability"], mine["reach_probability"]):
        yield f"share forecast {rule.id}", f"{key}: program {finding['need']} {finding['reach_probability']}, oracle {mine['need']} {mine['reach_probability']}"
    elif verdict != mine["verdict"]:
        yield f"share verdict {rule.id}", f"{key}: program {verdict}, oracle {mine['verdict']} {finding}"


def ratio_key(subject):
    area = subject.get("insu_admdvs", "") if subject["kind"] == "area" else ""
    return subject["kind"], subject["pool"], area, subject.get("level", ""), subject.get("class", ""), subject["period"]


def ratio_faults(rule, run, said, on_the_way=False):
    shown = latest_indicators(rule, run, ratio_key)
    for key in sorted(set(shown) | set(said)):
        line, mine = shown.get(key), said.get(key)
        if mine is None and is_empty(line) and line["finding"]["n"] == 0:
            continue                                    # of a settlement that has moved or gone since: cannot be unsaid
        if line is None and on_the_way and mine["n"] == 0:
            continue                                    # the series began late, in the year before: at the next close
        if line is None or mine is None:
            yield f"ratio presence {rule.id}", f"{key}: {'oracle' if line is None else 'program'} alone {line and line['finding'] or mine}"
            continue
        yield from ratio_finding_faults(rule, key, line["finding"], mine, line["verdict"])
    last = {key[:5] + (key[5][:4],): mine for key, mine in sorted(said.items())}
    alerts = {ratio_key(alert["subject"]): alert for alert in run.final_alerts().values() if alert["rule"]["id"] == rule.id and standing(alert)}
    for key in sorted(set(last) | set(alerts)):
        alert, mine = alerts.get(key), last.get(key)
        if (alert is not None) != (mine is not None and mine["verdict"] == "alert"):
            yield f"ratio alert {rule.id}", f"{key}: program {alert and alert['finding']}, oracle {mine}"
        elif alert is not None:
            yield from ratio_finding_faults(rule, key, alert["finding"], mine, "alert")
            if alert["evidence"]["claims_total"] != mine["n"]:
                yield f"ratio evidence {rule.id}", f"{key}: {alert['evidence']['claims_total']} claims, oracle {mine['n']}"


def ratio_finding_faults(rule, key, finding, mine, verdict):
    value = six(Fraction(mine["numerator"], mine["denominator"])) if mine["denominator"] > 0 else None
    shown = [finding[name] for name in ("numerator_fen", "denominator_fen", "value", "target", "band", "n", "through")]
    wanted = [mine["numerator"], mine["denominator"], value, six(mine["target"]), six(mine["band"]), mine["n"], mine["through"]]
    if shown != wanted:
        yield f"ratio finding {rule.id}", f"{key}: program {shown}, oracle {wanted}"
    elif not near(finding["z"], mine["z"]):
        yield f"ratio z {rule.id}", f"{key}: program {finding['z']}, oracle {mine['z']}"
    elif verdict != mine["verdict"]:
        yield f"ratio verdict {rule.id}", f"{key}: program {verdict}, oracle {mine['verdict']} {finding}"


def admission_key(subject):
    unit = subject["township"] if subject["kind"] == "township" else subject["fixmedins_code"]
    return subject["kind"], subject["pool"], unit, subject["class"], subject["period"]


def admission_own_faults(rule, run, said):
    """On the way: a closed month's own stays and people; what leans on other months is judged again at the next close."""
    shown = latest_indicators(rule, run, admission_key)
    for key, mine in sorted(said.items()):
        finding = shown[key]["finding"] if key in shown else None
        if finding is None and mine["admissions"] == 0:
            continue
        if finding is None or (finding["admissions"], finding["population"]) != (mine["admissions"], mine["population"]):
            yield f"admission counts {rule.id}", f"{key}: program {finding}, oracle {mine}"
    for key in sorted(set(shown) - set(said)):
        if shown[key]["finding"]["admissions"]:
            yield f"admission presence {rule.id}", f"{key}: program alone {shown[key]['finding']}"


def admission_faults(rule, run, said, on_the_way=False):
    if on_the_way:
        yield from admission_own_faults(rule, run, said)
        return
    shown = latest_indicators(rule, run, admission_key)
    for key in sorted(set(shown) | set(said)):
        line, mine = shown.get(key), said.get(key)
        if mine is None and line["finding"]["admissions"] == 0 and line["verdict"] == "insufficient":
            continue                                    # of a stay that has moved or gone since: cannot be unsaid
        if line is None or mine is None:
            yield f"admission presence {rule.id}", f"{key}: {'oracle' if line is None else 'program'} alone {line and line['finding'] or mine}"
            continue
        finding = line["finding"]
        if (finding["admissions"], finding["population"]) != (mine["admissions"], mine["population"]):
            yield f"admission counts {rule.id}", f"{key}: program {finding}, oracle {mine}"
        elif not near(finding["expected"], mine["expected"]):
            yield f"admission expected {rule.id}", f"{key}: program {finding}, oracle {mine}"
        elif (line["verdict"] == "insufficient") != (mine["verdict"] == "insufficient"):
            yield f"admission verdict {rule.id}", f"{key}: program {line['verdict']} {finding}, oracle {mine}"
        elif mine["verdict"] == "insufficient":
            continue
        elif not all(near(finding[name], mine[name]) for name in ("size", "ratio", "p_value", "q_value", "detectable_ratio")):
            yield f"admission statistics {rule.id}", f"{key}: program {finding}, oracle {mine}"
        elif line["verdict"] != mine["verdict"]:
            yield f"admission verdict {rule.id}", f"{key}: program {line['verdict']} {finding}, oracle {mine}"
    shown = {admission_key(alert["subject"]) for alert in run.final_alerts().values()
                if alert["rule"]["id"] == rule.id and standing(alert)}
    for key in sorted(shown ^ {key for key, mine in said.items() if mine["verdict"] == "alert"}):
        yield f"admission alert {rule.id}", f"{key}: {'program' if key in shown else 'oracle'} alone"


def cause_faults(run, said, kinds):
    """The cause of a line about months (contract 3): a close where a month closes, else what the record was.  A settlement
    that finds refunds which were there before it corrects a closed month without being late itself.  What waited for the
    next close keeps the cause of what it waited with."""
    for number, alert in run.numbered:
        if alert["rule"]["detector"] not in ("share", "ratio", "admission_rate"):
            continue
        closes, cause = said["steps"][number - 1] if number <= len(said["steps"]) else (True, None)
        allowed = {"close", "late", "refund", "restated"} if closes else set()
        if number <= len(kinds) and kinds[number - 1] == "settlement":
            allowed |= {"late" if cause == "claim" else cause, "late"}
        if number <= len(kinds) and kinds[number - 1] == "enrolment" and alert["rule"]["detector"] == "ratio":
            allowed.add("late")                         # a person is of another class now
        if alert["cause"] not in allowed:
            yield "cause", f"line {number}: {alert['cause']}, not {sorted(allowed)}: {alert['rule']['id']} {alert['subject']}"


FAULTS = {"cap": cap_faults, "check": check_faults, "share": share_faults, "ratio": ratio_faults, "admission_rate": admission_faults}


class Comparison:
    def __init__(self, arguments):
        self.program, self.feeder, self.rules_folder = arguments.program, arguments.feeder, arguments.rules
        self.rules, self.tables = rule_files.load(arguments.rules)
        self.reading = dict(part.split("=", 1) for part in arguments.reading)
        self.reading = {name: {"True": True, "False": False}.get(value, value) for name, value in self.reading.items()}
        self.ignored = tuple(arguments.ignore)

    def kept(self, faults):
        return [fault for fault in faults if not fault[0].startswith(self.ignored)] if self.ignored else faults

    def faults(self, lines):
        """Every disagreement over one feed, a list of (kind, bytes), at its end."""
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            write(folder, lines)
            feed = feed_of(folder)
            try:
                runs = [Run(self.program, self.rules_folder, folder, batch) for batch in BATCHES]
            except (Failure, subprocess.TimeoutExpired) as failure:
                return [("run", str(failure))]
        run = runs[0]
        out = [("batch", f"{part} differ with --batch {batch}") for other, batch in zip(runs[1:], BATCHES[1:])
               for part in ("alerts", "indicators", "refused") if other.bytes[part] != run.bytes[part]]
        said = oracle.judge(self.rules, self.tables, feed, self.reading)
        for found in (schema_faults(run), count_faults(run, said), refused_faults(run, said), revision_faults(run)):
            out += found
        for rule in self.rules:
            out += FAULTS[rule.detector](rule, run, said["rules"][rule.id])
        return self.kept(out)

    def faults_on_the_way(self, lines, places):
        """Disagreements over the state after so many lines, for every place, and after everything is closed."""
        lines = [one for one in lines if one[1].strip()]
        try:
            whole = FeedRun(self.feeder, self.rules_folder, lines)
        except (Failure, subprocess.TimeoutExpired) as failure:
            return [("way run", str(failure))]
        feed = [(kind, ("feed", number), line) for number, (kind, line) in enumerate(lines, 1)]
        out = []
        for place in [place for place in places if 0 < place <= len(lines)] + [len(lines) + 1]:
            at_end = place > len(lines)
            said = oracle.judge(self.rules, self.tables, feed[:place], self.reading, close_all=at_end)
            run = whole.until(place)
            found = list(revision_faults(run))
            if at_end:
                found += cause_faults(run, said, [kind for kind, _ in lines])
            for rule in self.rules:
                found += FAULTS[rule.detector](rule, run, said["rules"][rule.id], on_the_way=not at_end)
            out += [(f"way {category}", f"after line {place} of {len(lines)}: {text}") for category, text in found]
        return self.kept(out)

    def order_faults(self, world):
        """Standing alerts and last indicators must not depend on the order of arrival within lateness (contract 2)."""
        states = []
        for jitter in (None, random.Random(world.seed), random.Random(world.seed + 1)):
            world.order(jitter)
            with tempfile.TemporaryDirectory() as name:
                folder = pathlib.Path(name)
                write(folder, world.lines())
                try:
                    states.append(final_state(Run(self.program, self.rules_folder, folder)))
                except Failure as failure:
                    return [("run", str(failure))]
        world.order()
        out = []
        for other in states[1:]:
            for key in sorted(set(states[0]) | set(other)):
                if states[0].get(key) != other.get(key):
                    out.append((f"order {key[0]}", f"{key}: in order {states[0].get(key)}, permuted {other.get(key)}"))
        return self.kept(out)


def is_empty(indicator):
    """Says that nothing is there: left over where a version was taken back that other orders never counted."""
    finding = indicator["finding"]
    counted = [finding.get(name) for name in ("numerator", "numerator_fen", "denominator", "denominator_fen", "admissions")]
    return indicator["verdict"] == "insufficient" and not any(counted)


def final_state(run):
    out = {}
    for alert in run.final_alerts().values():
        if standing(alert):
            kept = {name: value for name, value in alert.items() if name not in ("revision", "status", "cause")}
            out["alert " + alert["rule"]["id"], alert["alert_id"]] = kept
    last = {(line["rule"]["id"], json.dumps(line["subject"], sort_keys=True)): line for line in run.indicators}
    for line in last.values():
        if is_empty(line):
            continue
        out["indicator " + line["rule"]["id"], json.dumps(line["subject"], sort_keys=True)] = dict(line, revision=0)
    return out


def shrink(lines_of_world, still_fails):
    """Drops ever smaller runs of lines while the disagreement stays."""
    lines, size = lines_of_world, max(1, len(lines_of_world) // 2)
    while size:
        at = 0
        while at < len(lines):
            fewer = lines[:at] + lines[at + size:]
            if still_fails(fewer):
                lines = fewer
            else:
                at += size
        size //= 2
    return lines


def places_of(seed, count):
    return sorted(random.Random(f"{seed} places").sample(range(1, count + 1), min(4, count)))


def shrunk(comparison, category, lines):
    """A small feed with the same disagreement.  On the way every place is looked at, so that it may move."""
    def fails(fewer):
        if not category.startswith("way"):
            return any(found == category for found, _ in comparison.faults(fewer))
        return any(found == category for found, _ in comparison.faults_on_the_way(fewer, range(1, len(fewer) + 1)))
    for _ in range(2):
        lines = shrink(lines, fails)
    return lines


def world_of(seed):
    return worlds.World(seed, tame=seed % 2 == 0)


def start_worker(comparison):
    global COMPARISON
    COMPARISON = comparison


def work(seed):
    world = world_of(seed)
    lines = world.lines()
    faults = COMPARISON.faults(lines)
    if not faults and world.tame:
        faults = COMPARISON.order_faults(world)
    if not faults and COMPARISON.feeder:
        lines = world.ticked(lines)
        faults = COMPARISON.faults_on_the_way(lines, places_of(seed, len(lines)))
    return seed, len(world.feed), faults


def printed(lines):
    return "".join(f"{kind} {line.decode(errors='replace')}\n" for kind, line in lines)


def report(comparison, seed, faults, keep):
    print(f"seed {seed}: {len(faults)} disagreements: {dict(collections.Counter(category for category, _ in faults))}")
    if any(category.startswith("order") for category, _ in faults):
        print("\n".join(f"{category}: {text}" for category, text in faults[:10]))
        return
    world = world_of(seed)
    for category in dict.fromkeys(category for category, _ in faults):
        on_the_way = category.startswith("way")
        if on_the_way:
            place = next(int(re.search(r"after line (\d+)", text)[1]) for found, text in faults if found == category)
            lines = [one for one in world.ticked(world.lines()) if one[1].strip()][:place]
        else:
            lines = world.lines()
        lines = shrunk(comparison, category, lines)
        print(f"\n== {category}\n{printed(lines)}-- said")
        for found, text in comparison.faults_on_the_way(lines, range(1, len(lines) + 1)) if on_the_way else comparison.faults(lines):
            print(f"{found}: {text}")
        if keep and not on_the_way:
            folder = pathlib.Path(keep) / category.lower().replace(" ", "-")
            folder.mkdir(parents=True, exist_ok=True)
            write(folder, lines)


def arguments_of():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--feeder", help="property_feed; without it only the end of a feed is compared")
    parser.add_argument("--rules", default=str(HERE / "rules"))
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--reading", action="append", default=[], help="NAME=VALUE of oracle.READING")
    parser.add_argument("--ignore", action="append", default=[], help="beginning of a category that is not looked at")
    parser.add_argument("--keep", help="folder for shrunk cases")
    parser.add_argument("--case", help="compare one kept case and nothing else")
    parser.add_argument("--survey", action="store_true", help="count disagreements over all seeds, shrink nothing")
    return parser.parse_args()


def main():
    arguments = arguments_of()
    comparison = Comparison(arguments)
    wrong = 0
    for folder in [pathlib.Path(arguments.case)] if arguments.case else sorted((HERE / "cases").iterdir()):
        lines = [(kind, line) for kind, path in files_of(folder) for _, line in records.lines_of(path.read_bytes())]
        faults = comparison.faults(lines)
        if not faults and comparison.feeder:
            faults = comparison.faults_on_the_way(lines, range(1, len(lines) + 1))
        for category, text in faults:
            print(f"case {folder.name}: {category}: {text}")
        wrong += len(faults)
    if arguments.case:
        print(f"{arguments.case}: {wrong} disagreements")
    if arguments.case or (wrong and not arguments.survey):
        return 1 if wrong else 0
    survey, examples, fed = collections.Counter(), {}, 0
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    with multiprocessing.get_context("fork").Pool(initializer=start_worker, initargs=(comparison,)) as pool:
        for seed, count, faults in pool.imap(work, seeds):
            fed += count
            for category, text in faults:
                survey[category] += 1
                examples.setdefault(category, (seed, text))
            if faults and not arguments.survey:
                pool.terminate()
                report(comparison, seed, faults, arguments.keep)
                return 1
    for category, count in sorted(survey.items()):
        print(f"{category}: {count}, first in seed {examples[category][0]}: {examples[category][1]}\n")
    print(f"{arguments.seeds} worlds, {fed} records, {sum(survey.values())} disagreements")
    return 1 if survey or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
