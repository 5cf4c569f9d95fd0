"""Small nasty worlds from a seed: what a real feed does wrong, concentrated in a few hundred settlements.

A tame world keeps to the allowed lateness and stamps every version: the order of arrival must not matter (contract 2).
"""
import json
import random
import re

import records

ADMISSION_POOLS = ("1405", "3708")              # where a rule counts admissions: enrolments are known before any month closes
AREAS = ("140902", "140981", "141121", "141102", "500230", "500101", "370812", "370883", "140502", "140581")
UPPER = 0.06
LEVELS = {"1": {"hosp_lv": "2"}, "2": {"hosp_lv": "3"}, "3": {}}     # of an institution, by the last digit of its code
ALIAS_OF = {"psn_cash_pay": "cash_payamt", "oth_pay": "othfund_pay", "psn_part_amt": "psn_pay", "inscp_scp_amt": "inscp_amt",
            "insu_admdvs": "insu_optins", "medfee_sumamt": "med_fee_sumamt", "begndate": "begntime"}


def money(value):
    return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02d}"


class World:
    """feed: (kind, dict or bytes) in the order of arrival; lines() is what goes into files."""

    def __init__(self, seed, tame):
        self.seed, self.random, self.tame = seed, random.Random(f"fundwatch oracle {seed}"), tame
        self.serial, self.arrivals, self.enrolments, self.late_enrolments = 0, [], [], []
        self.flat = self.random.random() < 0.4          # one stratum, and a township that is admitted far more often
        self.persons = []
        self.people()
        self.events()
        self.order()

    # ---- persons ----

    def people(self):
        draw = self.random
        areas = draw.sample(AREAS, draw.randint(2, 5))
        if not self.tame and draw.random() < 0.5:
            areas.append("140502")
        for number in range(draw.randint(6, 30)):
            self.persons.append({"psn_no": self.person_number(number), "area": draw.choice(areas), "insutype": "390",
                                 "gend": "1" if self.flat else draw.choice("12"), "born": self.birth(), "town": f"T{draw.randint(1, 3)}"})
        for person in self.persons:
            if draw.random() < 0.9:
                for year in ("2023", "2024"):
                    self.enrol(person, year)
        for area in sorted(set(areas)):
            for number in range(draw.choice((0, 10, 60))):
                self.enrol({"psn_no": f"x{area}{number}", "area": area, "insutype": "390", "gend": "1" if self.flat else draw.choice("12"),
                            "born": self.birth(), "town": f"T{draw.randint(1, 3)}"}, draw.choice(("2023", "2024")))
        if draw.random() < 0.5:
            self.broken_enrolment()

    def birth(self):
        return 3000 if self.flat else self.random.randint(-14000, 18000)

    def person_number(self, number):
        draw = self.random
        return draw.choice((f"p{number}", f"{10 ** 24 + number}", f"0{number}", f"{number}"))

    def enrol(self, person, year):
        draw = self.random
        record = {"psn_no": person["psn_no"], "year": year, "insu_admdvs": person["area"], "insutype": person["insutype"],
                  "gend": person["gend"], "brdy": records.day_text(person["born"]), "township": person["town"]}
        if draw.random() < 0.7:
            record["tier"] = draw.choice(("1", "2", "01", "02"))
        if draw.random() < 0.6:
            record["identities"] = [self.identity(year) for _ in range(draw.randint(1, 3))]
        if draw.random() < 0.08:
            del record[draw.choice(("gend", "brdy", "township"))]
        self.enrolments.append(record)
        after_the_money = person["area"][:4] not in ADMISSION_POOLS and draw.random() < 0.4
        if after_the_money or draw.random() < 0.1:
            stamps = draw.choice(((1, 2), (2, 1)) if self.tame else ((1, 2), (2, 1), (None, None)))
            again = dict(record, tier=draw.choice("12"), township=f"T{draw.randint(1, 3)}")
            for one, stamp in zip((record, again), stamps):
                if stamp:
                    one["updt_time"] = f"{year}-01-0{stamp} 08:00:00"
            self.enrolments.append(again)
            if after_the_money:
                self.late_enrolments += draw.choice(((again,), (again,), (record, again)))

    def identity(self, year):
        draw = self.random
        out = {"psn_idet_type": draw.choice(("1", "01", "2", "3", "4", "5", "6", "99", "77"))}
        if draw.random() < 0.5:
            out["begndate"] = f"{year}-{draw.randint(1, 12):02d}-{draw.choice((1, 1, 2, 15, 28)):02d}"
        if draw.random() < 0.5:
            out["enddate"] = f"{int(year) + draw.randint(0, 1)}-{draw.randint(1, 12):02d}-{draw.choice((1, 1, 2, 15, 28)):02d}"
        return out

    def broken_enrolment(self):
        self.enrolments.append(self.random.choice((
            {"psn_no": "e1", "year": "2024"}, {"year": "2024", "insu_admdvs": "140902"}, b"{", b"[1]",
            {"psn_no": "e2", "year": "2024", "insu_admdvs": "140902", "brdy": "2024-02-30"})))

    # ---- settlements ----

    def events(self):
        draw = self.random
        count = draw.randint(50, 400)
        wide = draw.random() < 0.6
        first, last = records.day_number("2023-10-01" if wide else "2023-12-20", None), records.day_number("2024-08-31" if wide else "2024-01-12", None)
        while len(self.arrivals) < count:
            person = draw.choices(self.persons, [8 if self.flat and one["town"] == "T1" else 1 for one in self.persons])[0]
            at = draw.randint(first, last) * 86400 + draw.randint(0, 86399)
            if draw.random() < 0.12:
                at = records.seconds("2024-01-01 00:00:00", None) + draw.choice((-1, 0, 1))
            self.event(person, at)
        for record in self.late_enrolments:
            self.arrive(record, draw.randint(first, last) * 86400, kind="enrolment")

    def settlement(self, person, at):
        draw = self.random
        self.serial += 1
        inpatient = draw.random() < (0.5 if person["area"][:4] in ("1405", "3708") else 0.25)
        total = draw.choice((draw.randint(1, 40000), 10000, 15000, 30000, 30001, 25000, 5000))
        fund = draw.choice((total, total, total // 2, 0, min(total, 14999)))
        claim = {"setl_id": draw.choice((f"s{self.serial}", f"{10 ** 20 + self.serial}", f"00{self.serial}")),
                 "mdtrt_id": f"m{self.serial}", "psn_no": person["psn_no"], "setl_time": at, "insu_admdvs": person["area"],
                 "insutype": draw.choice(("390", "390", "390", "390", "310", "0390")),
                 "med_type": draw.choice(("21", "22", "52", "021") if inpatient else ("11", "11", "11", "12", "13", "14", "011", "41")),
                 "medfee_sumamt": total, "hifp_pay": fund, "fixmedins_code": f"H{person['area']}0000{draw.randint(1, 3)}"}
        claim.update(LEVELS[claim["fixmedins_code"][-1]])
        if inpatient:
            claim.update(draw.choice(({"clr_way": "40"}, {"clr_way": "50"}, {"clr_way": "1"}, {"hi_paymtd": "3"}, {"hi_paymtd": "04"}, {})))
        for name in ("clr_type", "refd_setl_flag", "mid_setl_flag", "vali_flag"):
            if draw.random() < 0.3:
                claim[name] = {"clr_type": draw.choice(("11", "21", "41")), "vali_flag": "1"}.get(name, "0")
        if draw.random() < 0.08:
            claim.pop(draw.choice(("mdtrt_id", "insutype", "med_type", "hifp_pay", "fixmedins_code", "medfee_sumamt")))
        return claim

    def event(self, person, at):
        draw = self.random
        claim = self.settlement(person, at)
        kind = draw.random()
        if kind < 0.05:
            claim["vali_flag"] = "0"
        elif kind < 0.10:
            claim["mid_setl_flag"] = "1"
        elif kind < 0.13:
            claim["hifp_pay"] = claim.get("hifp_pay", 0) + 30000
        if not self.tame and draw.random() < 0.03:
            self.arrive(claim, at + draw.choice((20, 60, 120)) * 86400)         # late, for a month long closed
            return
        self.arrive(claim, at)
        follow = draw.random()
        if follow < 0.22:
            self.refund(person, claim, at)
        elif follow < 0.27:
            self.arrive(dict(claim), at + self.delay())
        elif follow < 0.34:
            self.restate(claim, at)
        elif follow < 0.40 and "mdtrt_id" in claim:
            later = at + self.delay()
            self.arrive(dict(self.settlement(person, later), mdtrt_id=claim["mdtrt_id"], med_type=claim.get("med_type", "21")), later)
        elif follow < 0.43:
            self.twins(claim, at)
        elif follow < 0.46:
            self.arrive(self.broken(claim), at)

    def twins(self, claim, at):
        """The same visit settled twice for the same amounts; one or both are taken back without saying which."""
        draw = self.random
        kinds = ["", "", "r"] + draw.choice(([], ["r"], ["r", "r"]))
        for kind in kinds[1:]:
            at += self.delay()
            self.serial += 1
            twin = dict(claim, setl_id=f"t{self.serial}", setl_time=at)
            if kind:
                twin.update({name: -claim[name] for name in ("medfee_sumamt", "hifp_pay") if name in claim}, refd_setl_flag="1")
            self.arrive(twin, at)

    def delay(self):
        return self.random.choice((1, 3600, 86400, 2 * 86400) if self.tame else (1, 3600, 86400, 5 * 86400, 40 * 86400, 100 * 86400))

    def refund(self, person, claim, at):
        """One refund or several; linked by id, by visit and amounts, or not at all; now and then before their original."""
        draw = self.random
        link = draw.choice(("id", "visit", "visit", "none", "unknown id"))
        parts = draw.choice((1, 1, 1, 2))
        previous, early, original_at = None, draw.random() < 0.3, at
        for part in range(parts):
            at += -draw.choice((1, 3600, 86400)) if link == "id" and draw.random() < 0.1 else self.delay()
            self.serial += 1
            refund = dict(claim, setl_id=f"r{self.serial}", setl_time=at, refd_setl_flag="1")
            for name in ("medfee_sumamt", "hifp_pay"):
                if name in claim:
                    whole = claim[name]
                    refund[name] = -(whole // parts + (whole % parts if part else 0)) if draw.random() < 0.85 else -draw.randint(0, whole + 1)
            refund.pop("vali_flag", None)
            if link == "id":
                refund["init_setl_id"] = claim["setl_id"]
            elif link == "unknown id":
                refund["init_setl_id"] = f"nowhere{self.serial}"
            elif link == "none":
                refund["mdtrt_id"] = f"other{self.serial}"
            if previous is not None and draw.random() < 0.2:
                refund["init_setl_id"] = previous
            if draw.random() < 0.1:
                refund[draw.choice(("med_type", "insutype", "fixmedins_code"))] = draw.choice(("11", "21", "390"))
            elif draw.random() < 0.05:
                refund.pop(draw.choice(("med_type", "insutype", "fixmedins_code")), None)
            self.arrive(refund, min(at, original_at - draw.choice((1, 3600, 86400))) if early else at)
            previous = refund["setl_id"]
            if draw.random() < 0.08:
                self.arrive(dict(refund), at + self.delay())
            elif draw.random() < 0.1:
                self.restate(refund, at, refunded=True)
        if link == "id" and draw.random() < 0.2:
            self.restate(claim, at, refunded=True)
        if link == "visit" and draw.random() < 0.4:
            later = at + self.delay()
            self.serial += 1
            self.arrive(dict(claim, setl_id=f"again{self.serial}", setl_time=later), later)

    def restate(self, claim, at, refunded=False):
        """Another version, or two: newer, older, with the same stamp or without one."""
        draw = self.random
        versions = [claim]
        for _ in range(draw.choice((1, 1, 1, 2))):
            versions.append(dict(versions[-1], **self.change(versions[-1], at, refunded)))
        if len(versions) == 3:
            stamps = draw.choice(((1, 2, 3), (1, 3, 2), (3, 1, 2)))
        else:
            stamps = draw.choice(((1, 2), (1, 2), (2, 1)) if self.tame else ((1, 2), (1, 2), (2, 1), (1, 1), (None, None), (None, 1), (1, None)))
        for one, stamp in zip(versions, stamps):
            if stamp is not None:
                one["updt_time"] = at + stamp
            elif one is not claim:
                one.pop("updt_time", None)
        for version in versions[1:]:
            self.arrive(version, at + self.delay())

    def change(self, claim, at, refunded):
        draw = self.random
        what = draw.choice(["hifp_pay", "money", "med_type", "fixmedins_code", "vali_flag", "mid_setl_flag", "nothing", "setl_time", "psn_no",
                            "mdtrt_id", "insu_admdvs", "init_setl_id"])
        sign = -1 if claim.get("refd_setl_flag") == "1" else 1
        money_now = sign * draw.choice((draw.randint(0, 40000), 10000, 30000))
        neighbours = [one["psn_no"] for one in self.persons if one["area"] == claim["insu_admdvs"]] or [claim["psn_no"]]
        if what == "init_setl_id" and sign > 0:
            what = "nothing"
        return {"hifp_pay": {"hifp_pay": money_now}, "money": {"medfee_sumamt": money_now, "hifp_pay": money_now},
                "med_type": {"med_type": draw.choice(("11", "21", "14"))}, "fixmedins_code": {"fixmedins_code": "H99999900001"},
                "vali_flag": {"vali_flag": "1" if claim.get("vali_flag") == "0" else "0"}, "nothing": {},
                "mid_setl_flag": {"mid_setl_flag": draw.choice("01")},
                "setl_time": {"setl_time": claim["setl_time"] + draw.choice((-1, 1, 86400) if self.tame else (-1, 1, 86400, -40 * 86400))},
                "psn_no": {"psn_no": draw.choice(neighbours)}, "mdtrt_id": {"mdtrt_id": f"m{draw.randint(1, self.serial)}"},
                "insu_admdvs": {"insu_admdvs": draw.choice(self.persons)["area"]},
                "init_setl_id": {"init_setl_id": draw.choice((f"s{draw.randint(1, self.serial)}", f"nowhere{self.serial}"))}}[what]

    def broken(self, claim):
        draw = self.random
        self.serial += 1
        bad = dict(claim, setl_id=f"b{self.serial}")
        bad.pop("updt_time", None)
        kind = draw.randrange(12)
        if kind == 0:
            del bad[draw.choice(("psn_no", "setl_time", "insu_admdvs", "setl_id"))]
        elif kind == 1:
            bad["hifp_pay_raw"] = draw.choice(('"1e3"', '"+1"', '"1.005"', '"1,000"', '100000000000000.00', '1e2', '"."', '" 1"'))
            bad.pop("hifp_pay", None)
        elif kind == 2:
            bad["setl_time"] = draw.choice(("2024-02-30 08:00:00", "2024-01-01 24:00:00", "2024-01-01 08:00:60", "2023-02-29 00:00:00", "x"))
        elif kind == 3:
            bad["med_type"] = "1" * 17
        elif kind == 4:
            bad["psn_no"] = "9" * 65
        elif kind == 5:
            bad["med_type"] = ["11"]
        elif kind == 6:
            return json.dumps(self.printable(bad)).encode()[:-1]
        elif kind == 7:
            return json.dumps(self.printable(bad)).encode() + b"}"
        elif kind == 8:
            return json.dumps(self.printable(bad)).encode().replace(b'"psn_no"', b'"PSN_NO": "q", "psn_no"')
        elif kind == 9:
            return b'{"setl_id": "\xff"}'
        elif kind == 10:
            return draw.choice((b"[]", b"1", b'"x"', b"nul", b"{'a':1}"))
        else:
            return json.dumps(self.printable(bad)).encode()[:-1] + b', "psn_name": "\\ud800"}'
        return bad

    # ---- arrival ----

    def arrive(self, record, at, kind="settlement"):
        self.arrivals.append({"record": record, "at": at, "kind": kind})

    def order(self, jitter=None):
        """By time of arrival; with jitter up to five days later."""
        keyed = [(one["at"] + (jitter.randint(0, 5 * 86400) if jitter else 0), index, one)
                 for index, one in enumerate(sorted(self.arrivals, key=lambda one: one["at"]))]
        self.feed = [("enrolment", record) for record in self.enrolments if not any(record is late for late in self.late_enrolments)]
        self.feed += [(one["kind"], one["record"]) for _, _, one in sorted(keyed, key=lambda one: one[:2])]

    # ---- bytes ----

    def printable(self, record):
        out = {}
        for name, value in record.items():
            kind = records.SETTLEMENT.get(name)
            if kind == "amount":
                out[name] = money(value)
            elif kind == "time" and isinstance(value, int):
                out[name] = records.time_text(value)[:19].replace("T", " ")
            else:
                out[name] = value
        return out

    def line(self, record, spelling):
        """The bytes of a record; spelling is a source of harmless variety that depends on the record alone."""
        if isinstance(record, bytes):
            return record
        members = []
        for name, value in self.printable(record).items():
            if name.endswith("_raw"):
                members.append(f'"{name[:-4]}": {value}')
                continue
            text = json.dumps(value, ensure_ascii=spelling.random() < 0.5)
            kind = records.SETTLEMENT.get(name)
            if kind == "amount" and spelling.random() < 0.5:
                text = value + spelling.choice(("", "", "0", "000"))
            elif kind == "code" and isinstance(value, str) and value.isdigit() and spelling.random() < 0.3:
                text = str(int(value)) if spelling.random() < 0.5 else f'"0{value}"' if name != "insu_admdvs" and len(value) < 15 else text
            elif kind == "time" and isinstance(record[name], int):
                text = json.dumps(self.time_spelling(record[name], spelling))
            shown = ALIAS_OF.get(name, name) if spelling.random() < 0.15 else name
            members.append(f'"{shown.upper() if spelling.random() < UPPER else shown}": {text}')
        if spelling.random() < 0.2:
            members.append(f'"unknown_{spelling.randint(1, 3)}": {spelling.choice(("null", "[1,{}]", chr(34) + chr(34), "1e9", "true"))}')
        if spelling.random() < 0.1:
            members.append(f'"{spelling.choice(("balc", "certno", "naty"))}": {spelling.choice(("null", chr(34) + chr(34)))}')
        spelling.shuffle(members)
        return ("{" + ", ".join(members) + "}").encode()

    @staticmethod
    def time_spelling(at, spelling):
        plain = records.time_text(at)[:19]
        return spelling.choice((plain, plain.replace("T", " "), plain.replace("T", " ") + ".999", plain + "+08:00",
                                records.time_text(at - records.BEIJING)[:19] + "Z", plain[:10].replace("-", "") + plain[10:].replace("T", " ")))

    def enrolment_line(self, record):
        return record if isinstance(record, bytes) else json.dumps(record, ensure_ascii=False).encode()

    def lines(self):
        """[(kind, bytes)], a blank line now and then."""
        out = []
        for index, (kind, record) in enumerate(self.feed):
            spelling = random.Random(f"{self.seed} {index} {record!r}")
            out.append((kind, self.line(record, spelling) if kind == "settlement" else self.enrolment_line(record)))
            if spelling.random() < 0.03:
                out.append((kind, spelling.choice((b"", b"   "))))
        return out

    def ticked(self, lines):
        """The lines with ticks between them: the clock of an idle pool runs ahead of its records."""
        draw, out, latest = random.Random(f"{self.seed} ticks"), [], 0
        often = draw.choice((0, 0.02, 0.1))
        for kind, line in lines:
            found = re.search(rb"20[0-9]{2}-?[01][0-9]-?[0-3][0-9][ T][0-9:]{8}", line) if kind == "settlement" else None
            if found:
                try:
                    latest = max(latest, records.seconds(found[0].decode(), None))
                except records.Refused:
                    pass
            out.append((kind, line))
            if latest and draw.random() < often:
                out.append(("tick", records.time_text(latest + draw.choice((0, 5, 10, 40)) * 86400)[:19].encode()))
        return out
