"""The same records in tables of DuckDB, with types of their own: what an analyst would have had loaded the night before.

Loading applies what contract 1.3 says of versions (the newest stands) and leaves out what fundwatch refused; none of it
is part of a timed question.
"""
import csv
import os

SETTLEMENT_FIELDS = ("setl_id", "mdtrt_id", "psn_no", "insu_admdvs", "insutype", "med_type", "clr_way", "hi_paymtd", "fixmedins_code", "setl_time",
                     "medfee_sumamt", "hifp_pay", "refd_setl_flag", "mid_setl_flag", "vali_flag", "init_setl_id", "updt_time")
ENROLMENT_FIELDS = ("psn_no", "year", "insu_admdvs", "insutype", "township", "updt_time")
IDENTITIES = {"identities": "STRUCT(psn_idet_type VARCHAR, begndate VARCHAR, enddate VARCHAR)[]"}
CLASSES = ("extreme_hardship", "orphan", "dibao", "dibao_marginal", "relapsed_poverty", "unstable_out_of_poverty", "marginal_poverty",
           "sudden_hardship", "stable_out_of_poverty", "severe_disability", "preferential_treatment", "illness_poverty", "other", "general")
POOL = "CASE WHEN insu_admdvs[1:2] IN ('11', '12', '31', '50') THEN insu_admdvs[1:2] ELSE insu_admdvs[1:4] END"


def code(name):
    """Two spellings of a code are equal when they differ in leading zeros only."""
    return f"ltrim({name}, '0')"


def fen(name):
    return f"coalesce(CAST(CAST({name} AS DECIMAL(18, 2)) * 100 AS BIGINT), 0)"


SETTLEMENT = f"""
CREATE TABLE settlement AS
SELECT setl_id, mdtrt_id, psn_no, insu_admdvs, {POOL} AS pool, CAST(insutype AS SMALLINT) AS insutype, {code('med_type')} AS med_type,
       {code('clr_way')} AS clr_way, {code('hi_paymtd')} AS hi_paymtd, fixmedins_code, CAST(setl_time AS TIMESTAMP) AS setl_time,
       {fen('medfee_sumamt')} AS medfee, {fen('hifp_pay')} AS hifp, coalesce(refd_setl_flag = '1', false) AS refund,
       coalesce(mid_setl_flag = '1', false) AS interim, coalesce(vali_flag = '0', false) AS void, init_setl_id
  FROM (SELECT *, row_number() OVER () AS arrived FROM read_json(?, format = 'newline_delimited', columns = ?))
QUALIFY row_number() OVER (PARTITION BY setl_id ORDER BY updt_time DESC NULLS LAST, arrived DESC) = 1
 ORDER BY arrived"""

ENROLMENT = f"""
CREATE TABLE enrolment AS
SELECT psn_no, CAST(year AS SMALLINT) AS year, insu_admdvs, {POOL} AS pool, township, identities
  FROM (SELECT *, row_number() OVER () AS arrived FROM read_json(?, format = 'newline_delimited', columns = ?))
QUALIFY row_number() OVER (PARTITION BY psn_no, year ORDER BY {code('insutype')}, updt_time DESC NULLS LAST, arrived DESC) = 1"""

# One row for each time that a person was of a class that is not the general one.
IDENTITY = f"""
CREATE TABLE identity AS
SELECT pool, psn_no, year, township, class, CAST(one.begndate AS DATE) AS begins, coalesce(CAST(one.enddate AS DATE), DATE '9999-12-31') AS ends
  FROM (SELECT *, unnest(identities) AS one FROM enrolment) AS held
  JOIN identity_class ON identity_class.insu_admdvs = held.insu_admdvs AND identity_class.code = {code('one.psn_idet_type')}"""


def columns(fields, **more):
    return {**{name: "VARCHAR" for name in fields}, **more}


def without(path, refused, folder):
    """The file without the lines (from 1) that fundwatch refused."""
    if not refused:
        return path
    kept = os.path.join(folder, "accepted.ndjson")
    with open(path, "rb") as source, open(kept, "wb") as out:
        out.writelines(line for number, line in enumerate(source, 1) if number not in refused)
    return kept


def table_rows(tables, name):
    with open(os.path.join(tables, name), encoding="utf-8-sig", newline="") as source:
        return list(csv.DictReader(source))


def by_area(rows, area, key):
    """What a table says for one area: for each code by itself the row of the longest region that is a prefix of it."""
    best = {}
    for row in rows:
        name = tuple(row[part].lstrip("0") for part in key)
        if area.startswith(row["region"]) and len(row["region"]) >= len(best.get(name, {"region": ""})["region"]):
            best[name] = row
    return best


def code_set(rows, areas, name, field=None):
    """The codes of a set as a list in SQL.  The question has one list: areas with lists of their own are not asked about here."""
    rows = [row for row in rows if field in (None, row.get("field"))]
    found = {tuple(sorted(key[0] for key, row in by_area(rows, area, ("code",)).items() if row["set"] == name)) for area in areas}
    if len(found) != 1:
        raise SystemExit(f"the areas of these records differ in what is {name}: the questions are written for one list")
    return "(" + ", ".join(f"'{one}'" for one in found.pop()) + ")"


def load(base, settlements, enrolments, tables):
    """Fills the tables; gives the sets of codes that the questions name."""
    base.execute(SETTLEMENT, [settlements, columns(SETTLEMENT_FIELDS)])
    base.execute(ENROLMENT, [enrolments, columns(ENROLMENT_FIELDS, **IDENTITIES)])
    areas = [row[0] for row in base.execute("SELECT insu_admdvs FROM settlement UNION SELECT insu_admdvs FROM enrolment").fetchall()]
    base.execute("CREATE TABLE identity_class (insu_admdvs VARCHAR, code VARCHAR, class TINYINT)")
    for area in areas:
        for (name,), row in by_area(table_rows(tables, "identity.csv"), area, ("code",)).items():
            base.execute("INSERT INTO identity_class VALUES (?, ?, ?)", [area, name, CLASSES.index(row["class"])])
    base.execute(IDENTITY)
    base.execute("ALTER TABLE enrolment DROP COLUMN identities")
    base.execute("CHECKPOINT")
    medtype, payment = table_rows(tables, "medtype.csv"), table_rows(tables, "payment.csv")
    return {"outpatient": code_set(medtype, areas, "outpatient"), "inpatient": code_set(medtype, areas, "inpatient"),
            "clr_way": code_set(payment, areas, "drg_dip", "clr_way"), "hi_paymtd": code_set(payment, areas, "drg_dip", "hi_paymtd")}
