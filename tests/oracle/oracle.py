"""A second opinion: what the contract says about a set of settlements, computed from the whole set again at every
point where it is asked.  Nothing here is incremental and nothing is shared with the program.

AMBIGUITIES, where the contract leaves a choice; each is a key of READING, so that another choice can be tried:

  refund_where      "original": the original's codes decide where a linked refund is booked; "own": its own codes do.
  refund_after      True: by visit and amounts only a settlement that is not later (setl_time) than the refund is taken.
  refunded_standing False: a settlement refunded in full is no longer taken as an original by visit and amounts.
  refunded_listed   False: a settlement refunded in full is no longer counted or listed by a cap.
  absent_listed     True: a settlement without the summed amount is counted and listed by a cap, with 0.
  void_date         "booked": a refund of a void original is listed by itself, negative, at the original's time; "own".
  chain             True: a refund of a linked refund belongs to the first original; False: it is taken as never seen.
  stay_without_visit False: a settlement without mdtrt_id is no stay.
  age_at            "month": the age band of a stay is that of the first day of its month; "stay": of its day.
  late              "again": a closed month is judged again at once, so that only the whole set decides (contract 2);
                    "close": it keeps what it said, corrections are seen by later closes.
  institution_share "general": what a pool expects is an institution's by its share of the pool's stays of the general
                    class in the reference months (none: 0, insufficient); "pool": the whole pool's, as it stands,
                    so that only the neighbours' factor makes it the institution's.
  share_before      "silent": a share has no indicator before the month of its first booking; "insufficient": it has,
                    from the month of the first settlement of its pool or area.
  watch_year        "new": the two closes in a row of a watch lie in one year; "across": December's counts too.
  restated          "replaces": contract 1.3; "duplicate": the first version stays.

Choices without a switch.  Refunds: which belongs to which is a function of the settlements that stand, never of their
order: first what is named, whoever the person (a chain through refunds that ends at a void refund, at an id never seen
or in a circle names nothing; one that ends at a refund linked by visit before it goes there too), then within a visit of a
person in a pool the refunds by (setl_time, setl_id), each takes the latest that is left; person, year and codes are the original's.  An amount
that is absent is 0 where amounts must be exactly opposite.  Caps: the row is that of the latest listed settlement
(booked time, setl_id) that has one, and an emptied ledger keeps its last row; an enrolment that changes the row judges the
person's ledgers again, cause late.  Months: every month of a pool from the first booking that stands is closed, with or
without settlements; a tick counts for the pools that have a settlement by then.  Stays: one mdtrt_id under two psn_no is
two stays; a stay of a person without enrolment, or enrolled in another pool, counts for no class, one of another insurance
type for the person's class; an institution has indicators while it has a stay of any person in the month or the reference
months.  Shares: a year is completed by the past years that the series holds from January on, by m/12 without one; the run
rate takes every month, its variance those with a denominator above 0.  An alert that became insufficient does not stand.
"""
import records
from bookings import LATENESS, Enrolments, Intake, bookings_of, is_refund, month_number, month_start, versions_of
from months import admission_indicators, closes_of, said_once, share_indicators
from ratios import ratio_indicators

READING = {
    "refund_where": "original", "refund_after": True, "refunded_standing": False, "refunded_listed": False,
    "absent_listed": True, "void_date": "booked", "chain": True,
    "stay_without_visit": False, "age_at": "month", "late": "again",
    "institution_share": "general", "watch_year": "new", "share_before": "silent",
    "restated": "replaces",
}


# ---- cap ------------------------------------------------------------------------------------------------------------

def ledger_of(rule, bookings, tables, key, reading):
    """Members of one person's ledger of one year, by time and id, with the sum."""
    pool, person, year = key
    members, total = [], 0
    for booking in bookings:
        codes = booking.codes
        if booking.person() != person or tables.pool(codes["insu_admdvs"]) != pool:
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


def households(intake):
    """Persons whose records touch each other: versions of one settlement, or a refund that names another's."""
    near, owners = {}, {}
    for claim in intake.steps:
        for name in ("setl_id", "init_setl_id"):
            if name in claim:
                owners.setdefault(claim[name], set()).add(claim["psn_no"])
    for persons in owners.values():
        for person in persons:
            near.setdefault(person, set()).update(persons)
    out, seen = [], set()
    for start in sorted(near):
        group, border = set(), {start} - seen
        while border:
            group |= border
            border = set().union(*(near[person] for person in border)) - group
        seen |= group
        if group:
            out.append(group)
    return out


def cap_alerts(rule, intake, tables, reading):
    """Key (pool, person, year) -> the last line that must have been said, from every prefix of the persons' records."""
    out, causes = {}, causes_of(intake, tables)
    for group in households(intake):
        history, claims, enrolments = {}, {}, Enrolments([], tables)
        for (kind, record), cause in zip(intake.events, causes):
            if kind == "tick" or record["psn_no"] not in group:
                continue
            if kind == "enrolment":
                enrolments.take(record)
            else:
                claims[record["setl_id"]] = record
            bookings = bookings_of(list(claims.values()), tables, reading)
            keys = {(tables.pool(one.codes["insu_admdvs"]), one.person(), records.day_text(one.booked // 86400)[:4]) for one in bookings}
            for key in sorted(keys | set(history)):
                members, total = ledger_of(rule, bookings, tables, key, reading)
                cap_turn(history, key, judge_cap(rule, members, total, enrolments, reading), cause)
        out.update(history)
    return out


def causes_of(intake, tables):
    """Why each event may make a revision (contract 3): what an enrolment changes comes late for the money that was there."""
    out, seen, latest = [], set(), {}
    for kind, record in intake.events:
        if kind != "settlement":
            latest.update({pool: max(at, record) for pool, at in latest.items() if kind == "tick"})
            out.append("late")
            continue
        pool, month = tables.pool(record["insu_admdvs"]), month_number(record["setl_time"])
        closed = latest.get(pool, 0) - LATENESS >= month_start(month + 1) * 86400
        out.append("restated" if record["setl_id"] in seen or record.get("vali_flag") == "0" else "refund" if is_refund(record) else "late" if closed else "claim")
        seen.add(record["setl_id"])
        latest[pool] = max(latest.get(pool, 0), record["setl_time"])
    return out


def row_shown(found):
    return found["row"], found["tier_unknown"]


def steps_of(intake, feed, tables):
    """For every line of the feed: whether it closes a month of its pool (one before its first opens and closes in one),
    and the cause of what it changes."""
    causes, latest, found, first = causes_of(intake, tables), {}, {}, {}
    for (kind, record), line, cause in zip(intake.events, intake.lines, causes):
        before = dict(latest)
        if kind == "settlement":
            pool = tables.pool(record["insu_admdvs"])
            latest[pool] = max(latest.get(pool, 0), record["setl_time"])
        elif kind == "tick":
            latest = {pool: max(at, record) for pool, at in latest.items()}
        closes = any(pool not in before or month_number(at - LATENESS) > month_number(before[pool] - LATENESS) for pool, at in latest.items())
        if kind == "settlement":
            closes |= month_number(record["setl_time"]) < first.get(pool, 0)
            first[pool] = min(month_number(record["setl_time"]), first.get(pool, 1 << 20))
        found[line] = closes, cause
    return [found.get(number, (False, None)) for number in range(len(feed))]


def cap_turn(history, key, now, cause):
    """One turn of one ledger: what is said, if anything."""
    before = history.get(key)
    standing = before is not None and before["status"] != "retracted"
    if now is None:
        if standing:
            history[key] = dict(before, status="retracted", revision=before["revision"] + 1, sum_fen=0, count=0, claims=[], excess_fen=0, cause=cause)
        return
    over = now["sum_fen"] > now["limit_fen"]
    if not over and not standing:
        return
    now["excess_fen"] = max(0, now["sum_fen"] - now["limit_fen"])
    names = ("sum_fen", "limit_fen", "count", "claims", "insu_admdvs", "event_time")
    if over and standing and all(now[name] == before[name] for name in names) and row_shown(now) == row_shown(before):
        return
    now["status"] = "retracted" if not over else "updated" if standing else "open"
    now["cause"] = cause
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


# ---- the whole ------------------------------------------------------------------------------------------------------

def judge(rules, tables, feed, reading=None, close_all=True):
    """Everything that must stand after the last record, per rule; with close_all every month is closed at the end."""
    reading = dict(READING, **(reading or {}))
    intake = Intake(feed, reading)
    enrolments = Enrolments([record for kind, record in intake.events if kind == "enrolment"], tables)
    bookings = bookings_of(versions_of(intake.steps), tables, reading)
    pools = sorted({tables.pool(claim["insu_admdvs"]) for claim in intake.steps})
    out = {"steps": steps_of(intake, feed, tables), "received": intake.received, "judged": len(intake.steps), "duplicate": intake.duplicates,
           "refused": intake.refused["settlement"], "enrolment_refused": intake.refused["enrolment"], "pools": pools, "rules": {},
           "unlinked_refunds": sum(is_refund(one.claim) and one.original is None for one in bookings)}
    for rule in rules:
        if rule.detector == "cap":
            found = cap_alerts(rule, intake, tables, reading)
        elif rule.detector == "check":
            found = check_alerts(rule, intake, tables, rule.assertion)
        else:
            found = {}
            for pool in pools:
                closes = closes_of(intake, tables, pool, reading, close_all)
                if rule.detector == "share":
                    found.update(share_indicators(rule, closes, tables, pool, reading))
                    found.setdefault("once", {}).update(said_once(rule, intake.steps, tables, pool))
                elif rule.detector == "ratio":
                    found.update(ratio_indicators(rule, closes, tables, enrolments, pool, reading))
                else:
                    found.update(admission_indicators(rule, closes, tables, enrolments, pool, reading))
        out["rules"][rule.id] = found
    return out
