"""What is judged when a month closes: shares and admission rates, each month again from all the settlements seen."""
import math
from fractions import Fraction

import tails
from bookings import (CLASSES, LATENESS, age_band, bookings_of, is_refund, month_name, month_number, month_start, order,
                      versions_of)

POOR = CLASSES[:-2]
SHARE_DELTA = 0.7


def stays_of(bookings, tables, reading):
    """The deciding settlement of each stay (contract 1.3)."""
    visits = {}
    for booking in bookings:
        claim = booking.claim
        inpatient = "med_type" in claim and tables.member(claim["insu_admdvs"])("med_type", claim["med_type"], "inpatient")
        if not inpatient or is_refund(claim) or claim.get("mid_setl_flag") == "1" or booking.refunded():
            continue
        visit = claim.get("mdtrt_id") or ("alone " + claim["setl_id"] if reading["stay_without_visit"] else None)
        if visit is not None:
            visits.setdefault((tables.pool(claim["insu_admdvs"]), visit, claim["psn_no"]), []).append(claim)
    return [max(claims, key=order) for _, claims in sorted(visits.items())]


def bookings_in(steps, tables, pool, reading):
    """What stands in a pool; a version in another pool takes a settlement away."""
    return [one for one in bookings_of(versions_of(steps), tables, reading) if tables.pool(one.codes["insu_admdvs"]) == pool]


def closes_of(intake, tables, pool, reading, close_all):
    """[(month, what stands then)] in the order in which the months of a pool close; with close_all those still open at
    the end too.  The first is that of the first booking that stands: what was replaced leaves no month.  A tick moves the
    watermark of the pools that have a settlement by then."""
    latest, seen, ends = None, 0, []
    for kind, record in intake.events:
        seen += kind == "settlement"
        if kind == "settlement" and tables.pool(record["insu_admdvs"]) == pool:
            latest = max(latest or 0, record["setl_time"])
        elif kind == "tick" and latest is not None:
            latest = max(latest, record)
        if latest is not None:
            ends.append((latest, seen))
    bookings = bookings_in(intake.steps, tables, pool, reading)
    if not bookings:
        return []
    first = min(month_number(one.booked) for one in bookings)
    last = max(month_number(claim["setl_time"]) for claim in intake.steps if tables.pool(claim["insu_admdvs"]) == pool) if close_all else first - 1
    while latest - LATENESS >= month_start(last + 2) * 86400:
        last += 1
    if reading["late"] == "again":
        return [(month, bookings) for month in range(first, last + 1)]
    return [(month, bookings_in(intake.steps[:seen_at(ends, month)], tables, pool, reading)) for month in range(first, last + 1)]


def seen_at(ends, month):
    """How many settlements had come when the month closed."""
    return next((count for at, count in ends if at - LATENESS >= month_start(month + 1) * 86400), ends[-1][1])


# ---- share ----------------------------------------------------------------------------------------------------------

def monthly(rule, bookings, tables, area_prefix, reading):
    """month -> [numerator, denominator]"""
    out = {}
    if rule.data["of"] == "cases":
        items = [(claim, month_number(claim["setl_time"]), 1) for claim in stays_of(bookings, tables, reading)]
    else:
        items = [(one.codes, month_number(one.booked), one.claim.get(rule.data["sum"], 0)) for one in bookings]
    for codes, month, amount in items:
        member = tables.member(codes["insu_admdvs"])
        if not codes["insu_admdvs"].startswith(area_prefix) or not rule.where(codes, member):
            continue
        bucket = out.setdefault(month, [0, 0])
        bucket[1] += amount
        if rule.numerator(codes, member):
            bucket[0] += amount
    return out


def project(series, through, target, reading):
    """need, probability to reach, run rate; None where undefined (statistics.md D3)."""
    year, month = through // 12, through % 12 + 1
    a_ytd = sum(series.get(year * 12 + index, (0, 0))[0] for index in range(month))
    b_ytd = sum(series.get(year * 12 + index, (0, 0))[1] for index in range(month))
    if b_ytd <= 0:
        return None, None, None
    if month == 12:
        return None, 1.0 if Fraction(a_ytd, b_ytd) >= target else 0.0, None
    first = min(series, default=through)
    past = [own for own in range(first // 12, year) if own * 12 >= first]
    whole = sum(series.get(own * 12 + index, (0, 0))[1] for own in past for index in range(12))
    part = sum(series.get(own * 12 + index, (0, 0))[1] for own in past for index in range(month))
    share = Fraction(part, whole) if whole > 0 and 0 < part < whole else Fraction(month, 12)
    total = b_ytd / share
    rest = total - b_ytd
    need = (target * total - a_ytd) / rest
    recent = [(key, SHARE_DELTA ** (through - key)) for key in range(through - 11, through + 1) if key in series]
    below = math.fsum(w * series[key][1] for key, w in recent)
    if below <= 0:
        return need, None, None
    total, rest, aim = float(total), float(rest), float(target)
    rate = math.fsum(w * series[key][0] for key, w in recent) / below
    recent = [(key, w) for key, w in recent if series[key][1] > 0]
    weight = math.fsum(w for _, w in recent)
    square = math.fsum(w * w for _, w in recent)
    if len(recent) < 2:
        return need, None, rate
    variance = math.fsum(w * (series[key][0] / series[key][1] - rate) ** 2 for key, w in recent) / (weight - square / weight)
    error = rest / total * math.sqrt(variance * (1 / (12 - month) + square / weight ** 2))
    end = (a_ytd + rate * rest) / total
    if error < 1e-9:
        return need, 1.0 if end >= aim - 1e-9 else 0.0, rate
    return need, tails.normal_lower((end - aim) / error), rate


def share_subjects(rule, tables, pool, areas, day):
    """(kind, area prefix, row) judged in a pool on a day: the pool, or an area whose row is longer than the pool."""
    rows = [row for row in rule.params[rule.data["target"][1:]] if not row.floor and row.first <= day <= row.last]
    out = []
    of_pool = [row for row in rows if pool.startswith(row.region)]
    if of_pool:
        out.append(("pool", "", max(of_pool, key=lambda row: len(row.region))))
    for area in sorted(areas):
        longer = [row for row in rows if area.startswith(row.region) and len(row.region) > len(pool)]
        if longer:
            out.append(("area", area, max(longer, key=lambda row: len(row.region))))
    return out


def said_once(rule, steps, tables, pool):
    """(kind, pool, area) -> the first month for which something was ever booked, though it may have gone since."""
    out = {}
    for claim in steps:
        if tables.pool(claim["insu_admdvs"]) == pool and rule.where(claim, tables.member(claim["insu_admdvs"])):
            for key in (("pool", pool, ""), ("area", pool, claim["insu_admdvs"])):
                out[key] = min(month_name(month_number(claim["setl_time"])), out.get(key, "9999"))
    return out


def share_indicators(rule, closes, tables, pool, reading):
    """(kind, pool, area, month) -> finding and verdict."""
    out, watched = {}, {}
    for month, bookings in closes:
        areas = {booking.codes["insu_admdvs"] for booking in bookings}
        last_day = month_start(month + 1) - 1
        for kind, area, row in share_subjects(rule, tables, pool, areas, last_day):
            series = monthly(rule, bookings, tables, area, reading)
            if reading["share_before"] == "silent":
                begins = min(series, default=month + 1)
            else:
                begins = min(month_number(one.booked) for one in bookings if one.codes["insu_admdvs"].startswith(area))
            if month < begins:
                continue
            numerator = sum(series.get(key, (0, 0))[0] for key in range(month // 12 * 12, month + 1))
            denominator = sum(series.get(key, (0, 0))[1] for key in range(month // 12 * 12, month + 1))
            series = {key: value for key, value in series.items() if key <= month}
            need, reach, rate = project(series, month, row.ratio(), reading)
            met = denominator > 0 and Fraction(numerator, denominator) >= row.ratio()
            low = reach is not None and reach < 0.5
            if denominator <= 0:
                word = "insufficient"
            elif last_day >= row.due:
                word = "ok" if met else "alert"
            elif need is not None and need > 1:
                word = "alert"
            elif (None not in (need, rate) and need > rate + 0.10) or (low and watched.get((kind, area)) == month - 1):
                word = "watch"
            else:
                word = "ok"
            restart = month % 12 == 11 and reading["watch_year"] == "new"
            watched[kind, area] = month if low and not restart else None
            out[kind, pool, area, month_name(month)] = {
                "numerator": numerator, "denominator": denominator, "target": row.ratio(), "need": need,
                "reach_probability": reach, "through": month_name(month), "verdict": word,
                "forecast_waits": min(series, default=month) // 12 < month // 12}
    return out


# ---- admission rate -------------------------------------------------------------------------------------------------

class Strata:
    """Persons and stays of one pool by month: who lives where, in which class and stratum."""

    def __init__(self, tables, enrolments, pool, reading):
        self.tables, self.enrolments, self.pool, self.reading, self.people_of = tables, enrolments, pool, reading, {}

    def stratum(self, record, day, identity_class):
        return record.get("gend"), age_band(record, day), identity_class

    def people(self, month):
        """[(stratum, class, township)] of the persons enrolled in the month's year, as on its first day."""
        if month not in self.people_of:
            day = month_start(month)
            out = []
            for record in self.enrolments.of_year(self.pool, str(month // 12)):
                identity_class = self.enrolments.class_of(record, day)
                out.append((self.stratum(record, day, identity_class), identity_class, record.get("township")))
            self.people_of[month] = out
        return self.people_of[month]

    def stays(self, rule, bookings):
        """month -> [(stratum, class, township, institution)]"""
        out = {}
        for claim in stays_of(bookings, self.tables, self.reading):
            if self.tables.pool(claim["insu_admdvs"]) != self.pool or not rule.where(claim, self.tables.member(claim["insu_admdvs"])):
                continue
            day, month = claim["setl_time"] // 86400, month_number(claim["setl_time"])
            record = self.enrolments.find(claim, day)
            if record is None or self.tables.pool(record["insu_admdvs"]) != self.pool:
                out.setdefault(month, []).append((None, None, None, claim.get("fixmedins_code")))
                continue
            identity_class = self.enrolments.class_of(record, day)
            banded = month_start(month) if self.reading["age_at"] == "month" else day
            out.setdefault(month, []).append((self.stratum(record, banded, identity_class), identity_class,
                                              record.get("township"), claim.get("fixmedins_code")))
        return out


def rates_of(strata, stays, months):
    persons, seen = {}, {}
    for month in months:
        for stratum, _, _ in strata.people(month):
            persons[stratum] = persons.get(stratum, 0) + 1
        for stay in stays.get(month, []):
            seen[stay[0]] = seen.get(stay[0], 0) + 1
    return {stratum: Fraction(seen.get(stratum, 0), count) for stratum, count in persons.items()}


def admission_indicators(rule, closes, tables, enrolments, pool, reading):
    """(level, pool, unit, class, month) -> finding and verdict."""
    out, strata, level = {}, Strata(tables, enrolments, pool, reading), rule.data["level"]
    closed = []
    for month, bookings in closes:
        row, _ = rule.find("applies", pool, None, month_start(month))
        stays = strata.stays(rule, bookings)
        if row is not None:
            family = family_of(rule, strata, stays, closed[-12:] or [month], month)
            judge_family(rule, family)
            for (unit, identity_class), finding in family.items():
                out[level, pool, unit, identity_class, month_name(month)] = finding
        closed.append(month)
    return out


def family_of(rule, strata, stays, reference, month):
    level = rule.data["level"]
    rates = rates_of(strata, stays, reference)
    people, now = strata.people(month), stays.get(month, [])
    place = 2 if level == "township" else 3
    units = {stay[place] for key in {month, *reference} for stay in stays.get(key, [])} if level == "institution" else \
        {person[2] for person in people} | {stay[2] for stay in now}
    out = {}
    for unit in sorted(unit for unit in units if unit is not None):
        of_unit = [person for person in people if level == "institution" or person[2] == unit]
        own = [stay for stay in now if stay[place] == unit]
        share = Fraction(1)
        if level == "institution" and strata.reading["institution_share"] == "general":
            flow = [stay[place] for key in reference for stay in stays.get(key, []) if stay[1] == "general" and stay[place]]
            share = Fraction(flow.count(unit), len(flow)) if flow else Fraction(0)
        general = float(share) * neighbours(rule, rates, share, [p for p in of_unit if p[1] == "general"], [s for s in own if s[1] == "general"])
        for identity_class in POOR:
            members = [person for person in of_unit if person[1] == identity_class]
            count = sum(stay[1] == identity_class for stay in own)
            if members or count:
                plain = sum((rates.get(person[0], Fraction(0)) for person in members), Fraction(0))
                out[unit, identity_class] = {"admissions": count, "population": len(members), "expected": float(plain) * general}
    return out


def neighbours(rule, rates, share, people, stays):
    """Posterior mean ratio of the general class in the same unit and month (statistics.md 1.2, 1.4)."""
    phi, prior = rule.number("phi", "1.2"), 1 / rule.number("tau", "0.3") ** 2
    expected = float(share * sum((rates.get(person[0], Fraction(0)) for person in people), Fraction(0)))
    return (prior + len(stays) / phi) / (prior + expected / phi)


class Law:
    """The settings of a rule and the tests that they make."""

    def __init__(self, rule):
        self.phi, self.tau, self.prior = rule.number("phi", "1.2"), rule.number("tau", "0.3"), 1 / rule.number("tau", "0.3") ** 2
        self.q, self.excess, self.ratio = rule.number("q", "0.05"), rule.number("excess", "5"), rule.number("ratio", "1.25")
        self.posterior, self.least = rule.number("posterior", "0.95"), rule.number("min_expected", "0.25")

    def size(self, mean):
        spread = self.phi * mean + self.tau * self.tau * mean * mean - mean
        return mean * mean / spread if spread > 0 else None

    def large(self, observed, mean):
        """Large enough to act on, whatever the p-value."""
        posterior = tails.gamma_upper(self.prior + observed / self.phi, (self.prior + mean / self.phi) * self.ratio)
        return observed - mean >= self.excess and posterior >= self.posterior

    def detectable(self, mean, limit):
        """The true ratio that alerts with probability 0.8 where p must be at most limit."""
        count = 0
        while tails.upper_mid(count, mean, self.size(mean)) > limit or not self.large(count, mean):
            count += 1
        low, high = 1e-6, 1e6
        while high / low > 1 + 1e-12:
            ratio = math.sqrt(low * high)
            true = mean * ratio
            below = math.fsum(tails.negative_binomial_mass(seen, true, self.size(true)) for seen in range(count))
            low, high = (low, ratio) if 1 - below >= 0.8 else (ratio, high)
        return high


def judge_family(rule, family):
    law, tested = Law(rule), []
    for key, finding in family.items():
        mean = finding["expected"]
        finding["size"] = law.size(mean) if mean > 0 else None
        finding["ratio"] = finding["admissions"] / mean if mean > 0 else None
        if mean < law.least * (1 - 1e-12) or mean == 0 or finding["population"] == 0:
            finding.update(verdict="insufficient", p_value=None, q_value=None, detectable_ratio=None)
            continue
        finding["p_value"] = tails.upper_mid(finding["admissions"], mean, finding["size"])
        tested.append(key)
    adjusted = tails.benjamini_hochberg([family[key]["p_value"] for key in tested])
    limit = law.q * max(1, sum(q <= law.q for q in adjusted)) / max(1, len(tested))
    for key, q in zip(tested, adjusted):
        finding = family[key]
        alert = q <= law.q and law.large(finding["admissions"], finding["expected"])
        finding.update(q_value=q, verdict="alert" if alert else "ok", detectable_ratio=law.detectable(finding["expected"], limit))
