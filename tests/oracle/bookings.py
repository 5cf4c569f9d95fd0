"""What stands: versions of settlements, where each is booked, which refunds belong to it, who is enrolled."""
import records

LATENESS = 7 * 86400
CLASSES = """extreme_hardship orphan dibao dibao_marginal relapsed_poverty unstable_out_of_poverty marginal_poverty
sudden_hardship stable_out_of_poverty severe_disability preferential_treatment illness_poverty other general""".split()


def order(claim):
    return claim["setl_time"], claim["setl_id"]


def is_refund(claim):
    return claim.get("refd_setl_flag") == "1"


# ---- records: refused, duplicate, versions -------------------------------------------------------------------------

class Intake:
    """Counts and, in the order of arrival, what each accepted record did.

    A feed is a list of (kind, name, bytes): kind settlement, enrolment or tick (a time); name says where a refused line was.
    events: (kind, decoded record or time) of what was judged, in order; lines: their places in the feed; steps: the
    settlements among them.
    """

    def __init__(self, feed, reading):
        self.refused = {"settlement": [], "enrolment": []}
        self.received, self.duplicates = 0, 0
        self.events, self.lines = [], []
        versions = {}
        for number, (kind, name, line) in enumerate(feed):
            if kind == "tick":
                self.lines.append(number)
                self.events.append((kind, records.seconds(line.decode(), None)))
                continue
            self.received += kind == "settlement"
            try:
                record = records.decode(line, kind)
            except records.Refused as refused:
                self.refused[kind].append((name, refused.reason, refused.field))
                continue
            if kind == "settlement":
                before = versions.get(record["setl_id"])
                if before is not None and self.is_duplicate(before, record, reading):
                    self.duplicates += 1
                    continue
                versions[record["setl_id"]] = record
            self.lines.append(number)
            self.events.append((kind, record))
        self.steps = [record for kind, record in self.events if kind == "settlement"]

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

    def person(self):
        """Whose money it is: a linked refund goes where its original went."""
        return self.codes["psn_no"]

    def alone(self):
        """Listed and counted by itself: neither a linked refund of a standing settlement nor refunded in full."""
        return self.original is None or self.original.void()


def opposite(original, refund):
    return all(original.get(name, 0) + refund.get(name, 0) == 0 for name in ("medfee_sumamt", "hifp_pay"))


def visit_of(claim, tables):
    """A visit is one of a person in a pool: that is what one archive is sure to see."""
    return tables.pool(claim["insu_admdvs"]), claim["psn_no"], claim.get("mdtrt_id")


def by_visit(refund, bookings, reading):
    """The latest standing settlement of those of the same visit that the refund may be of."""
    claim = refund.claim
    found = [one for one in bookings
             if not one.void() and not is_refund(one.claim)
             and opposite(one.claim, claim)
             and (one.claim["setl_time"] <= claim["setl_time"] or not reading["refund_after"])
             and (reading["refunded_standing"] or not one.refunded())]
    return max(found, key=lambda one: order(one.claim), default=None)


def named(booking, by_id, reading):
    """What init_setl_id leads to: a settlement, through refunds of refunds to the first original; or the refund where
    the way ends that names nothing known; or nothing."""
    seen, at = set(), by_id.get(booking.claim.get("init_setl_id"))
    if at is not None and is_refund(at.claim) and not reading["chain"]:
        return None
    while at is not None and is_refund(at.claim):
        if at.void() or id(at) in seen:
            return None
        seen.add(id(at))
        onward = by_id.get(at.claim.get("init_setl_id"))
        if onward is None:
            return at if at is not booking else None
        at = onward
    return at


def link(refund, original, reading):
    refund.original = original
    original.refunds.append(refund)
    refund.booked = original.claim["setl_time"]
    if reading["refund_where"] == "original":
        refund.codes = original.claim


def bookings_of(claims, tables, reading):
    """A function of the set: first what is named, then within each visit of a person in a pool the refunds in order, each
    takes the latest that is left (contract 1.3)."""
    bookings = [Booking(claim) for claim in claims]
    by_id = {booking.claim["setl_id"]: booking for booking in bookings}
    visits = {}
    for booking in bookings:
        visits.setdefault(visit_of(booking.claim, tables), []).append(booking)
    refunds = sorted((one for one in bookings if is_refund(one.claim) and not one.void()), key=lambda one: order(one.claim))
    leads = {id(one): named(one, by_id, reading) for one in refunds}
    for refund in refunds:
        if leads[id(refund)] is not None and not is_refund(leads[id(refund)].claim):
            link(refund, leads[id(refund)], reading)
    for refund in refunds:
        if refund.original is not None:
            continue
        lead = leads[id(refund)]
        original = lead.original if lead is not None else None
        if original is None and "mdtrt_id" in refund.claim:
            original = by_visit(refund, visits[visit_of(refund.claim, tables)], reading)
        if original is not None:
            link(refund, original, reading)
    return [booking for booking in bookings if not booking.void()]


# ---- enrolment ------------------------------------------------------------------------------------------------------

class Enrolments:
    """What is known of persons after some records."""

    def __init__(self, found, tables):
        self.tables, self.kept, self.persons = tables, {}, {}
        for record in found:
            self.take(record)

    def take(self, record):
        key = record["psn_no"], record.get("insutype"), record["year"]
        before = self.kept.get(key)
        if before is None or not ("updt_time" in record and "updt_time" in before) or record["updt_time"] >= before["updt_time"]:
            self.kept[key] = record
            self.persons.setdefault((record["psn_no"], record["year"]), {})[record.get("insutype")] = record

    def find(self, claim, day):
        """The person's record of the day's year: of the claim's insurance type where there is one, else of another."""
        year = records.day_text(day)[:4]
        own = self.persons.get((claim["psn_no"], year), {})
        return own.get(claim.get("insutype")) or next((own[key] for key in sorted(own, key=str)), None)

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


# ---- months ----

def month_number(at):
    year, month = records.day_text(at // 86400)[:7].split("-")
    return int(year) * 12 + int(month) - 1


def month_name(month):
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def month_start(month):
    return records.day_number(month_name(month) + "-01", None)
