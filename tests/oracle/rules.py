"""Shipped rules, parameters and tables, read from their files without the program's help."""
import csv
import pathlib
from fractions import Fraction

import expressions
import records
import yamlish

FOREVER = 1 << 40


class Tables:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.pools = {row["prefix"]: row["pool"] for row in self.rows("pools.csv")}
        self.medtype = self.grouped("medtype.csv", lambda row: ("med_type", row["code"]), "set")
        self.payment = self.grouped("payment.csv", lambda row: (row["field"], row["code"]), "set")
        self.levels = self.grouped("level.csv", lambda row: (row["field"], row["code"]), "level")
        self.identity = self.grouped("identity.csv", lambda row: ("", row["code"]), "class")

    def rows(self, name):
        path = self.folder / name
        if not path.exists():
            return []
        text = path.read_text(encoding="utf-8-sig")
        return list(csv.DictReader(line for line in text.splitlines() if line.strip() and not line.startswith("#")))

    def grouped(self, name, key, column):
        out = {}
        for row in self.rows(name):
            field, code = key(row)
            out.setdefault((field, records.code(code, None)), []).append((row["region"], row[column]))
        return out

    @staticmethod
    def values(table, key, area):
        """The longest prefix wins for each code by itself (contract 1.5)."""
        rows = [row for row in table.get(key, []) if area.startswith(row[0])]
        longest = max((len(region) for region, _ in rows), default=0)
        return [value for region, value in rows if len(region) == longest]

    def member(self, area):
        def ask(field, value, name):
            table = self.medtype if field == "med_type" else self.payment
            return name in self.values(table, (field, value), area)
        return ask

    def pool(self, area):
        found = [prefix for prefix in self.pools if area.startswith(prefix)]
        if found:
            return self.pools[max(found, key=len)]
        return area[:2] if area[:2] in ("11", "12", "31", "50") else area[:4]

    def level(self, claim):
        """dedc_hosp_lv, else hosp_lv; None: unknown."""
        for field in ("dedc_hosp_lv", "hosp_lv"):
            found = self.values(self.levels, (field, claim.get(field)), claim["insu_admdvs"])
            if found:
                return found[0]
        return None

    def identity_class(self, area, code):
        found = self.values(self.identity, ("", code), area)
        return found[0] if found else "other"


class Row:
    def __init__(self, row, unit, basis):
        self.region, self.tier = row["region"], row.get("tier")
        self.tier = records.code(self.tier, None) if self.tier else None
        self.first = records.day_number(row["from"], None)
        self.last = records.day_number(row["to"], None) if row.get("to") else FOREVER
        self.due = records.day_number(row["due"], None) if row.get("due") else FOREVER
        self.floor, self.text, self.unit = "floor" in row, row.get("value", row.get("floor")), unit
        self.basis = basis.get(row["basis"])

    def fen(self):
        return records.fen(self.text, None)

    def ratio(self):
        return Fraction(self.text)

    def holds(self, area, day):
        return not self.floor and area.startswith(self.region) and self.first <= day <= self.last


class Rule:
    def __init__(self, path, extra):
        self.data = yamlish.load(path.read_text(encoding="utf-8-sig"))
        self.id, self.detector, self.mode = self.data["id"], self.data["detector"], self.data["mode"]
        self.where = expressions.compile_text(self.data["where"])
        self.numerator = expressions.compile_text(self.data["numerator"]) if "numerator" in self.data and self.detector != "ratio" else None
        self.assertion = expressions.compile_text(self.data["assert"]) if "assert" in self.data else None
        self.params = {}
        for name, param in self.data.get("params", {}).items():
            rows = [Row(row, param["unit"], self.data["basis"]) for row in param.get("rows", [])]
            for other in extra:
                found = other["params"].get(name, {})
                rows += [Row(row, found["unit"], other["basis"]) for row in found.get("rows", [])]
            self.params[name] = rows

    def number(self, name, fallback):
        return float(self.data.get(name, fallback))

    def find(self, setting, area, tier, day):
        """(row, tier unknown): the longest region, then the tier's row before a row for any tier."""
        rows = [row for row in self.params[self.data[setting][1:]] if row.holds(area, day)]
        for region in sorted({row.region for row in rows}, key=len, reverse=True):
            of_region = [row for row in rows if row.region == region]
            own = [row for row in of_region if row.tier is not None and row.tier == tier]
            general = [row for row in of_region if row.tier is None]
            tiers = [row for row in of_region if row.tier is not None]
            if own or general:
                return (own or general)[0], False
            if tiers and tier is None:
                return max(tiers, key=Row.fen), True
        return None, False


def load(folder):
    """(rules that are judged, sorted by id; tables)"""
    folder = pathlib.Path(folder)
    extra = [yamlish.load(path.read_text(encoding="utf-8-sig")) for path in sorted(folder.glob("params/*.yaml"))]
    found = [Rule(path, extra) for path in sorted(folder.glob("*/*.yaml")) if path.parent.name not in ("params", "tables")]
    return sorted((rule for rule in found if rule.mode != "off"), key=lambda rule: rule.id), Tables(folder / "tables")
