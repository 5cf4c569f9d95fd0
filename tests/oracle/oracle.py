"""A second opinion: what the contract says about a set of settlements, computed from the whole set again at every
point where it is asked.  Nothing here is incremental and nothing is shared with the program.

AMBIGUITIES, where the contract leaves a choice; each is a key of READING, so that another choice can be tried:

  refund_where      "original": the original's codes decide where a linked refund is booked; "own": its own codes do.
  refund_after      True: by visit and amounts only a settlement before the refund (by setl_time, setl_id) is taken.
  refunded_standing False: a settlement refunded in full is no longer taken as an original by visit and amounts.
  refunded_listed   False: a settlement refunded in full is no longer counted or listed by a cap.
  absent_listed     True: a settlement without the summed amount is counted and listed by a cap, with 0.
  void_date         "booked": a refund of a void original is listed by itself, negative, at the original's time; "own".
  chain             True: a refund of a linked refund belongs to the first original; False: it is taken as never seen.
                    A refund of an unlinked refund is unlinked.
  cap_row           "latest": the row of the latest listed settlement (booked time, setl_id) that has one decides.
  retract_empty     True: a ledger with nothing left in it is not over (limit of its last row).
  stay_without_visit False: a settlement without mdtrt_id is no stay.
  unenrolled        "skip": a stay of a person without enrolment counts for no class.
  age_at            "month": the age band of a stay is that of the first day of its month; "stay": of its day.
  completion        "chain": year-end denominator by completion shares of past years that the series holds from
                    January on; m/12 without one.
  late              "again": a closed month is judged again at once, so that only the whole set decides (contract 2);
                    "close": it keeps what it said, corrections are seen by later closes.
  months            "span": every month between a pool's first and last is closed, with or without settlements.
  institutions      "seen": an institution has indicators from the first month with a stay of any person in it.
  institution_share "general": what a pool expects is an institution's by its share of the pool's stays of the general
                    class in the reference months (none: 0, insufficient); "pool": the whole pool's, as it stands,
                    so that only the neighbours' factor makes it the institution's.
  watch_year        "new": the two closes in a row of a watch lie in one year; "across": December's counts too.
  restated          "replaces": contract 1.3; "duplicate": the first version stays.
"""
import math
from fractions import Fraction

import records
import tails

READING = {
    "refund_where": "original", "refund_after": True, "refunded_standing": False, "refunded_listed": False,
    "absent_listed": True, "void_date": "booked", "chain": True, "cap_row": "latest", "retract_empty": True,
    "stay_without_visit": False, "unenrolled": "skip", "age_at": "month", "completion": "chain", "late": "again",
    "months": "span", "institutions": "seen", "institution_share": "general", "watch_year": "new",
    "restated": "replaces",
}
LATENESS = 7 * 86400
CLASSES = """extreme_hardship orphan dibao dibao_marginal relapsed_poverty unstable_out_of_poverty marginal_poverty
sudden_hardship stable_out_of_poverty severe_disability preferential_treatment illness_poverty other general""".split()
POOR = CLASSES[:-2]
SHARE_DELTA = 0.7


def order(claim):
    return claim["setl_time"], claim["setl_id"]


def is_refund(claim):
    return claim.get("refd_setl_flag") == "1"


# ---- records: refused, duplicate, versions -------------------------------------------------------------------------

class Intake:
    """Counts and, in the order of arrival, what each judged record did to the set of settlements."""

    def __init__(self, lines, reading):
        self.refused, self.duplicates, self.steps = [], 0, []
        self.received = len(lines)
        versions = {}
        for number, line in lines:
            try:
                claim = records.decode(line)
            except records.Refused as refused:
                self.refused.append((number, refused.reason, refused.field))
                continue
            before = versions.get(claim["setl_id"])
            if before is not None and self.is_duplicate(before, claim, reading):
                self.duplicates += 1
                continue
            versions[claim["setl_id"]] = claim
            self.steps.append(claim)

    @staticmethod
    def is_duplicate(before, claim, reading):
        if before == claim or reading["restated"] == "duplicate":
            return True
        return "updt_time" in claim and "updt_time" in before and claim["updt_time"] < before["updt_time"]


def versions_of(steps):
    return list({claim["setl_id"]: claim for claim in steps}.values())


# ---- bookings -------------------------------------------------------------------------------------------------------

class Booking:
    """One settlement as it stands: when it is booked, whose codes decide, what its refunds took back."""

    def __init__(self, claim):
        self.claim, self.codes, self.booked = claim, claim, claim["setl_time"]
        self.original, self.refunds = None, []

    def void(self):
        return self.claim.get("vali_flag") == "0"

    def net(self, field):
        return self.claim.get(field, 0) + sum(one.claim.get(field, 0) for one in self.refunds)

    def refunded(self):
        return bool(self.refunds) and self.net("medfee_sumamt") == 0 and self.net("hifp_pay") == 0

    def alone(self):
        """Listed and counted by itself: neither a linked refund of a standing settlement nor refunded in full."""
        return self.original is None or self.original.void()


def by_visit(booking, candidates, reading):
    claim = booking.claim
    if "mdtrt_id" not in claim:
        return None
    found = []
    for other in candidates:
        theirs = other.claim
        if other.void() or is_refund(theirs) or theirs.get("mdtrt_id") != claim["mdtrt_id"] or theirs["psn_no"] != claim["psn_no"]:
            continue
        if any(theirs.get(name, 0) + claim.get(name, 0) for name in ("medfee_sumamt", "hifp_pay")):
            continue
        if reading["refund_after"] and order(theirs) > order(claim):
            continue
        if not reading["refunded_standing"] and other.refunded():
            continue
        found.append(other)
    return max(found, key=lambda other: order(other.claim), default=None)


def root_of(booking):
    while booking.original is not None:
        booking = booking.original
    return booking


def bookings_of(claims, reading):
    bookings = [Booking(claim) for claim in claims]
    by_id = {booking.claim["setl_id"]: booking for booking in bookings}
    for booking in sorted(bookings, key=lambda one: order(one.claim)):
        if not is_refund(booking.claim) or booking.void():
            continue
        original = by_id.get(booking.claim.get("init_setl_id"))
        if original is not None:
            root = root_of(original)
            original = None if is_refund(root.claim) or (root is not original and not reading["chain"]) else root
        if original is None:
            original = by_visit(booking, bookings, reading)
        if original is not None:
            booking.original = original
            original.refunds.append(booking)
            booking.booked = original.booked
            if reading["refund_where"] == "original":
                booking.codes = original.codes
    return [booking for booking in bookings if not booking.void()]


# ---- enrolment ------------------------------------------------------------------------------------------------------

class Enrolments:
    def __init__(self, lines, tables):
        self.refused, self.tables, self.kept = [], tables, {}
        self.received = len(lines)
        for number, line in lines:
            try:
                record = records.decode(line, "enrolment")
            except records.Refused as refused:
                self.refused.append((number, refused.reason, refused.field))
                continue
            key = record["psn_no"], record.get("insutype"), record["year"]
            before = self.kept.get(key)
            if before is None or not ("updt_time" in record and "updt_time" in before) or record["updt_time"] >= before["updt_time"]:
                self.kept[key] = record

    def find(self, claim, day):
        year = records.day_text(day)[:4]
        return self.kept.get((claim["psn_no"], claim.get("insutype"), year)) or self.kept.get((claim["psn_no"], None, year))

    def class_of(self, record, day):
        """The highest class whose dates hold the day (contract 1.4)."""
        found = [self.tables.identity_class(record["insu_admdvs"], one["psn_idet_type"])
                 for one in record.get("identities", [])
                 if "psn_idet_type" in one and one.get("begndate", -records.AMOUNT_MAX) <= day <= one.get("enddate", records.AMOUNT_MAX)]
        return min(found, key=CLASSES.index, default="general")

    def of_year(self, pool, year):
        return [record for (_, _, own), record in sorted(self.kept.items(), key=str)
                if own == year and self.tables.pool(record["insu_admdvs"]) == pool]


def age_band(record, day):
    if "brdy" not in record:
        return None
    born, now = records.day_text(record["brdy"]), records.day_text(day)
    age = int(now[:4]) - int(born[:4]) - (now[5:] < born[5:])
    return min(max(age, 0) // 5, 17)


# ---- cap ------------------------------------------------------------------------------------------------------------

def ledger_of(rule, bookings, tables, key, reading):
    """Members of one person's ledger of one year, by time and id, with the sum."""
    pool, person, year = key
    members, total = [], 0
    for booking in bookings:
        codes = booking.codes
        if booking.claim["psn_no"] != person or tables.pool(codes["insu_admdvs"]) != pool:
            continue
        if records.day_text(booking.booked // 86400)[:4] != year or not rule.where(codes, tables.member(codes["insu_admdvs"])):
            continue
        field = rule.data["sum"]
        total += booking.claim.get(field, 0)
        if not booking.alone() or (booking.refunded() and not reading["refunded_listed"]):
            continue
        if field in booking.claim or reading["absent_listed"]:
            members.append((booking, booking.net(field)))
    members.sort(key=lambda one: (when(one[0], reading), one[0].claim["setl_id"]))
    return members, total


def when(booking, reading):
    return booking.booked if reading["void_date"] == "booked" else booking.claim["setl_time"]


def judge_cap(rule, members, total, enrolments, reading):
    """(sum, limit, count, claims, param row, subject area, tier unknown) or None where no row holds."""
    for booking, _ in reversed(members):
        claim = booking.codes
        record = enrolments.find(claim, booking.booked // 86400)
        row, unknown = rule.find("limit", claim["insu_admdvs"], (record or {}).get("tier"), booking.booked // 86400)
        if row is not None:
            claims = [{"setl_id": one.claim["setl_id"], "date": records.day_text(when(one, reading) // 86400),
                       "fixmedins_code": one.claim.get("fixmedins_code"), "fen": fen} for one, fen in members]
            return {"sum_fen": total, "limit_fen": row.fen(), "count": len(members), "claims": claims[-20:],
                    "row": row, "insu_admdvs": claim["insu_admdvs"], "tier_unknown": unknown,
                    "event_time": records.time_text(when(members[-1][0], reading))}
    return None


def cap_alerts(rule, intake, tables, enrolments, reading):
    """Key (pool, person, year) -> the last line that must have been said, from every prefix of the person's records."""
    out, persons = {}, {}
    for claim in intake.steps:
        persons.setdefault(claim["psn_no"], []).append(claim)
    for person, steps in persons.items():
        history = {}
        for length in range(1, len(steps) + 1):
            bookings = bookings_of(versions_of(steps[:length]), reading)
            keys = {(tables.pool(one.codes["insu_admdvs"]), person, records.day_text(one.booked // 86400)[:4]) for one in bookings}
            for key in sorted(keys | set(history)):
                members, total = ledger_of(rule, bookings, tables, key, reading)
                cap_turn(history, key, judge_cap(rule, members, total, enrolments, reading))
        out.update(history)
    return out


def cap_turn(history, key, now):
    """One turn of one ledger: what is said, if anything."""
    before = history.get(key)
    standing = before is not None and before["status"] != "retracted"
    if now is None:
        if standing:
            history[key] = dict(before, status="retracted", revision=before["revision"] + 1, sum_fen=0, count=0, claims=[], excess_fen=0)
        return
    over = now["sum_fen"] > now["limit_fen"]
    if not over and not standing:
        return
    now["excess_fen"] = max(0, now["sum_fen"] - now["limit_fen"])
    names = ("sum_fen", "limit_fen", "count", "claims", "insu_admdvs", "event_time")
    if over and standing and all(now[name] == before[name] for name in names):
        return
    now["status"] = "retracted" if not over else "updated" if standing else "open"
    now["revision"] = before["revision"] + 1 if before else 1
    history[key] = now


# ---- check ----------------------------------------------------------------------------------------------------------

def check_alerts(rule, intake, tables, assertion):
    """setl_id -> the alert stands (a standing settlement whose assertion is false)."""
    out = {}
    for claim in versions_of(intake.steps):
        member = tables.member(claim["insu_admdvs"])
        if claim.get("vali_flag") != "0" and rule.where(claim, member) and assertion(claim, member) is False:
            out[claim["setl_id"]] = True
    return out


# ---- months ---------------------------------------------------------------------------------------------------------

def month_number(at):
    year, month = records.day_text(at // 86400)[:7].split("-")
    return int(year) * 12 + int(month) - 1


def month_name(month):
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def month_start(month):
    return records.day_number(month_name(month) + "-01", None)


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
            visits.setdefault((tables.pool(claim["insu_admdvs"]), visit), []).append(claim)
    return [max(claims, key=order) for _, claims in sorted(visits.items())]


def closes_of(intake, tables, pool, reading):
    """[(month, records seen)] in the order in which the months of a pool close, everything closed at the end."""
    steps = [claim for claim in intake.steps if tables.pool(claim["insu_admdvs"]) == pool]
    months = {month_number(claim["setl_time"]) for claim in steps}
    span = range(min(months), max(months) + 1) if reading["months"] == "span" else sorted(months)
    out, latest, seen = [], 0, 0
    for month in span:
        end = month_start(month + 1) * 86400
        while seen < len(steps) and latest - LATENESS < end:
            latest = max(latest, steps[seen]["setl_time"])
            seen += 1
        closed = latest - LATENESS >= end
        out.append((month, steps[:seen] if closed and reading["late"] == "close" else steps))
    return out


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
    first = min(series)
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
    if error == 0:
        return need, 1.0 if end >= aim else 0.0, rate
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


def share_indicators(rule, intake, tables, pool, reading):
    """(kind, pool, area, month) -> finding and verdict, in the order of the months."""
    out, watched = {}, {}
    for month, steps in closes_of(intake, tables, pool, reading):
        bookings = bookings_of(versions_of(steps), reading)
        areas = {booking.codes["insu_admdvs"] for booking in bookings}
        last_day = month_start(month + 1) - 1
        for kind, area, row in share_subjects(rule, tables, pool, areas, last_day):
            series = monthly(rule, bookings, tables, area, reading)
            if not any(key <= month for key in series):
                continue                                # nothing to judge yet
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
                "reach_probability": reach, "through": month_name(month), "verdict": word}
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
            if record is None:
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


def admission_indicators(rule, intake, tables, enrolments, pool, reading):
    """(level, pool, unit, class, month) -> finding and verdict."""
    out, strata, level = {}, Strata(tables, enrolments, pool, reading), rule.data["level"]
    closed = []
    for month, steps in closes_of(intake, tables, pool, reading):
        row, _ = rule.find("applies", pool, None, month_start(month))
        stays = strata.stays(rule, bookings_of(versions_of(steps), reading))
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
    units = {stay[place] for key, some in stays.items() if key <= month for stay in some} if level == "institution" else \
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
    phi, prior = rule.number("phi", "1.4"), 1 / rule.number("tau", "0.25") ** 2
    expected = float(share * sum((rates.get(person[0], Fraction(0)) for person in people), Fraction(0)))
    return (prior + len(stays) / phi) / (prior + expected / phi)


def judge_family(rule, family):
    phi, tau = rule.number("phi", "1.4"), rule.number("tau", "0.25")
    tested = []
    for key, finding in family.items():
        mean = finding["expected"]
        spread = phi * mean + tau * tau * mean * mean - mean
        finding["size"] = mean * mean / spread if spread > 0 else None
        finding["ratio"] = finding["admissions"] / mean if mean > 0 else None
        if mean < rule.number("min_expected", "1") or mean == 0 or finding["population"] == 0:
            finding.update(verdict="insufficient", p_value=None, q_value=None)
            continue
        finding["p_value"] = tails.upper_mid(finding["admissions"], mean, finding["size"])
        tested.append(key)
    for key, q in zip(tested, tails.benjamini_hochberg([family[key]["p_value"] for key in tested])):
        finding = family[key]
        mean, prior = finding["expected"], 1 / (tau * tau)
        posterior = tails.gamma_upper(prior + finding["admissions"] / phi, (prior + mean / phi) * rule.number("ratio", "1.25"))
        finding["q_value"], finding["posterior"] = q, posterior
        rejected = q <= rule.number("q", "0.05") and finding["admissions"] - mean >= rule.number("excess", "5")
        finding["verdict"] = "alert" if rejected and posterior >= rule.number("posterior", "0.95") else "ok"


# ---- the whole ------------------------------------------------------------------------------------------------------

def judge(rules, tables, settlement_lines, enrolment_lines, reading=None):
    """Everything that must stand after the last record, per rule."""
    reading = dict(READING, **(reading or {}))
    intake = Intake(settlement_lines, reading)
    enrolments = Enrolments(enrolment_lines, tables)
    bookings = bookings_of(versions_of(intake.steps), reading)
    pools = sorted({tables.pool(claim["insu_admdvs"]) for claim in intake.steps})
    out = {"received": intake.received, "judged": len(intake.steps), "duplicate": intake.duplicates, "refused": intake.refused,
           "enrolment_refused": enrolments.refused, "pools": pools, "rules": {},
           "unlinked_refunds": sum(is_refund(one.claim) and one.original is None for one in bookings)}
    for rule in rules:
        if rule.detector == "cap":
            found = cap_alerts(rule, intake, tables, enrolments, reading)
        elif rule.detector == "check":
            found = check_alerts(rule, intake, tables, rule.assertion)
        else:
            found = {}
            for pool in pools:
                if rule.detector == "share":
                    found.update(share_indicators(rule, intake, tables, pool, reading))
                else:
                    found.update(admission_indicators(rule, intake, tables, enrolments, pool, reading))
        out["rules"][rule.id] = found
    return out
