"""Ratios of two amounts: each settlement with its refunds as one, by level and class, all of it again at every close."""
import math
from fractions import Fraction

import bookings as books
import months


def settlements_of(bookings):
    """[(codes that decide, booked time, claims)]: what stands of each settlement, a void one's refunds too."""
    out = {}
    for one in bookings:
        root = one.original if one.original is not None else one
        out.setdefault(id(root), (root.claim, one.booked, []))[2].append(one.claim)
    return list(out.values())


def keys_of(rule, claim, tables, enrolments):
    """(level, class) that the settlement counts under, "" where it is not asked; None: nowhere."""
    level = klass = ""
    asked_level, asked_class = rule.data.get("level", "any"), rule.data.get("class", "any")
    if asked_level != "any":
        level = tables.level(claim)
        if level is None or asked_level not in ("each", level):
            return None
    if asked_class != "any":
        day = claim["setl_time"] // 86400
        record = enrolments.find(claim, day)
        if record is None or tables.pool(record["insu_admdvs"]) != tables.pool(claim["insu_admdvs"]):
            return None
        klass = enrolments.class_of(record, day)
        if asked_class == "poor":
            if klass not in months.POOR:
                return None
            klass = ""
    return level, klass


def series_of(rule, bookings, tables, enrolments, area):
    """(level, class) -> month -> [(numerator, denominator)]"""
    out = {}
    for codes, booked, claims in settlements_of(bookings):
        if not codes["insu_admdvs"].startswith(area) or not rule.where(codes, tables.member(codes["insu_admdvs"])):
            continue
        key = keys_of(rule, codes, tables, enrolments)
        pair = tuple(sum(claim.get(rule.data[side], 0) for claim in claims) for side in ("numerator", "denominator"))
        if key is not None and any(pair):
            out.setdefault(key, {}).setdefault(books.month_number(booked), []).append(pair)
    return out


def z_of(pairs, target):
    """Exact up to the last root; None where it is not defined."""
    above, below, count = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs), len(pairs)
    if count < 2 or below <= 0 or abs(above) * 10 ** 6 // below > 10 ** 7:
        return None
    ratio = Fraction(above, below)
    squares = sum((one * below - above * two) ** 2 for one, two in pairs)               # below^2 times those of f - R c
    if squares == 0:
        return None
    return float(ratio - target) / math.sqrt(Fraction(count * squares, (count - 1) * below ** 4))


def word_of(rule, row, pairs, last_day):
    above, below = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
    if below <= 0 or len(pairs) < int(rule.data.get("minimum", "0")):
        return "insufficient"
    band, off = Fraction(rule.data.get("band", "0")), Fraction(above, below) - row.ratio()
    if abs(off) <= band if band else off >= 0:
        return "ok"
    return "alert" if row.due == FOREVER or last_day >= row.due else "watch"


FOREVER = 1 << 40


def ratio_indicators(rule, closes, tables, enrolments, pool, reading):
    """(kind, pool, area, level, class, month) -> finding and verdict."""
    out, known = {}, {}
    for month, bookings in closes:
        areas = {booking.codes["insu_admdvs"] for booking in bookings}
        last_day = books.month_start(month + 1) - 1
        for kind, area, row in months.share_subjects(rule, tables, pool, areas, last_day):
            if (id(bookings), area) not in known:       # every close looks at the same list, unless a reading says otherwise
                known[id(bookings), area] = series_of(rule, bookings, tables, enrolments, area)
            for (level, klass), series in known[id(bookings), area].items():
                if month < min(series):
                    continue
                pairs = [pair for own in range(month // 12 * 12, month + 1) for pair in series.get(own, [])]
                out[kind, pool, area, level, klass, books.month_name(month)] = {
                    "numerator": sum(pair[0] for pair in pairs), "denominator": sum(pair[1] for pair in pairs), "target": row.ratio(),
                    "band": Fraction(rule.data.get("band", "0")), "z": z_of(pairs, row.ratio()), "n": len(pairs),
                    "through": books.month_name(month), "verdict": word_of(rule, row, pairs, last_day)}
    return out
