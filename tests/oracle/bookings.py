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
        if reading["refund_after"] and theirs["setl_time"] > claim["setl_time"]:
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
        self.refused, self.tables, self.kept, self.persons = [], tables, {}, {}
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
