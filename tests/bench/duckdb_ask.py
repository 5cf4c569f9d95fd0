"""Yearly caps, DRG/DIP shares and admission counts as questions to DuckDB, and the same figures out of fundwatch's lines.

Refunds go by contract 1.3: to the settlement of init_setl_id (to its original when that is a refund itself), else to the
latest standing one of the person's visit with exactly opposite amounts.
"""
import json

from duckdb_load import CLASSES

POOR = CLASSES.index("other")           # the classes before it are poor

# What is asked of which area, as the shipped rules have it (OP-CAP-001, DRG-SHARE-001, DRG-CASES-001, ADM-POOR-*): these
# few rows are what differs from area to area and stand in tables of their own.
CAPS = (("141121", "2024-01-01", "9999-12-31", 30000), ("1409", "2024-01-01", "9999-12-31", 30000))
SHARES = {"DRG-SHARE-001": ("141121", "37"), "DRG-CASES-001": ("141121",)}
ADMISSIONS = ("1405",)

# Where the money of each refund stands: with the codes and at the time of its original.  The large table is gone through
# for the few settlements that may be an original; all else is done with these.
KEPT = "setl_id, psn_no, pool, mdtrt_id, insu_admdvs, insutype, med_type, clr_way, hi_paymtd, setl_time, medfee, hifp, refund, void, init_setl_id"
REFUNDS = f"CREATE OR REPLACE TEMP TABLE refunds AS SELECT {KEPT} FROM settlement WHERE refund AND NOT void"
ORIGINALS = f"""
CREATE OR REPLACE TEMP TABLE originals AS
SELECT {KEPT} FROM settlement WHERE setl_id IN (SELECT init_setl_id FROM refunds) OR mdtrt_id IN (SELECT mdtrt_id FROM refunds)"""
BOOKED = """
CREATE OR REPLACE TEMP TABLE booked AS
WITH named AS (SELECT r.setl_id AS refund_id, CASE WHEN o.refund THEN first_of.setl_id ELSE o.setl_id END AS original_id
                 FROM refunds r JOIN originals o ON o.setl_id = r.init_setl_id
                 LEFT JOIN originals first_of ON o.refund AND first_of.setl_id = o.init_setl_id),
     visits AS (SELECT r.setl_id AS refund_id, arg_max(o.setl_id, (o.setl_time, o.setl_id)) AS original_id
                  FROM refunds r JOIN originals o
                    ON o.pool = r.pool AND o.psn_no = r.psn_no AND o.mdtrt_id = r.mdtrt_id AND o.medfee = -r.medfee AND o.hifp = -r.hifp
                       AND o.setl_time <= r.setl_time AND NOT o.refund AND NOT o.void
                 WHERE r.setl_id NOT IN (SELECT refund_id FROM named WHERE original_id IS NOT NULL)
                 GROUP BY r.setl_id),
     links AS (SELECT * FROM named WHERE original_id IS NOT NULL UNION ALL SELECT * FROM visits)
SELECT coalesce(o.setl_id, r.setl_id) AS setl_id, l.original_id, coalesce(o.pool, r.pool) AS pool, coalesce(o.psn_no, r.psn_no) AS psn_no,
       coalesce(o.insu_admdvs, r.insu_admdvs) AS insu_admdvs, CASE WHEN o.setl_id IS NULL THEN r.insutype ELSE o.insutype END AS insutype,
       CASE WHEN o.setl_id IS NULL THEN r.med_type ELSE o.med_type END AS med_type,
       CASE WHEN o.setl_id IS NULL THEN r.clr_way ELSE o.clr_way END AS clr_way,
       CASE WHEN o.setl_id IS NULL THEN r.hi_paymtd ELSE o.hi_paymtd END AS hi_paymtd,
       coalesce(o.setl_time, r.setl_time) AS setl_time, r.medfee, r.hifp
  FROM refunds r LEFT JOIN links l ON l.refund_id = r.setl_id LEFT JOIN originals o ON o.setl_id = l.original_id"""

OVER = """
WITH money AS (
    SELECT pool, psn_no, insu_admdvs, setl_time, setl_id, hifp FROM settlement
     WHERE NOT void AND NOT refund AND insutype = 390 AND med_type IN {outpatient} AND ({capped})
    UNION ALL
    SELECT pool, psn_no, insu_admdvs, setl_time, setl_id, hifp FROM booked WHERE insutype = 390 AND med_type IN {outpatient} AND ({capped})),
spent AS (SELECT pool, psn_no, year(setl_time) AS year, sum(hifp)::BIGINT AS fen FROM money GROUP BY ALL HAVING fen > {least}),
last AS (SELECT pool, psn_no, spent.year, any_value(spent.fen) AS fen, arg_max(insu_admdvs, (setl_time, setl_id)) AS area, max(setl_time) AS time
           FROM spent JOIN money USING (pool, psn_no) WHERE year(setl_time) = spent.year GROUP BY ALL)
SELECT pool, psn_no, year, last.fen, cap.fen AS limit_fen, last.fen - cap.fen AS excess
  FROM last JOIN cap ON starts_with(area, cap.region) AND time BETWEEN cap.begins AND cap.ends
 WHERE last.fen > cap.fen"""

MONEY_SHARE = """
WITH money AS (
    SELECT pool, insu_admdvs, setl_time, clr_way, hi_paymtd, hifp FROM settlement
     WHERE NOT void AND NOT refund AND med_type IN {inpatient} AND ({asked})
    UNION ALL
    SELECT pool, insu_admdvs, setl_time, clr_way, hi_paymtd, hifp FROM booked WHERE med_type IN {inpatient} AND ({asked})),
months AS (
    SELECT {subject} AS subject, year(setl_time) AS year, month(setl_time) AS month,
           coalesce(sum(hifp) FILTER (clr_way IN {clr_way} OR hi_paymtd IN {hi_paymtd}), 0)::BIGINT AS numerator, sum(hifp)::BIGINT AS denominator
      FROM money GROUP BY ALL)
SELECT subject, year, month, sum(numerator) OVER so_far AS numerator, sum(denominator) OVER so_far AS denominator
  FROM months WINDOW so_far AS (PARTITION BY subject, year ORDER BY month)"""

# A stay is one visit of one person with a standing final inpatient settlement; the last one of these decides.
UNDONE = """
CREATE OR REPLACE TEMP TABLE undone AS
SELECT original_id FROM originals o JOIN (SELECT original_id, sum(medfee) AS medfee, sum(hifp) AS hifp FROM booked GROUP BY ALL) r
    ON r.original_id = o.setl_id AND r.medfee = -o.medfee AND r.hifp = -o.hifp"""
STAYS = """
CREATE OR REPLACE TEMP TABLE stay AS
SELECT pool, psn_no, mdtrt_id, insu_admdvs, setl_time, fixmedins_code,
       coalesce(clr_way IN {clr_way}, false) OR coalesce(hi_paymtd IN {hi_paymtd}, false) AS drg
  FROM settlement
 WHERE NOT void AND NOT refund AND NOT interim AND med_type IN {inpatient} AND mdtrt_id IS NOT NULL
   AND NOT EXISTS (FROM undone WHERE original_id = settlement.setl_id)
QUALIFY row_number() OVER (PARTITION BY pool, psn_no, mdtrt_id ORDER BY setl_time DESC, setl_id DESC) = 1"""

CASE_SHARE = """
WITH months AS (
    SELECT {subject} AS subject, year(setl_time) AS year, month(setl_time) AS month, count(*) FILTER (drg) AS numerator, count(*) AS denominator
      FROM stay WHERE {asked} GROUP BY ALL)
SELECT subject, year, month, sum(numerator) OVER so_far AS numerator, sum(denominator) OVER so_far AS denominator
  FROM months WINDOW so_far AS (PARTITION BY subject, year ORDER BY month)"""

ADMITTED = """
WITH classed AS (
    SELECT s.pool, s.fixmedins_code, i.township, year(s.setl_time) AS year, month(s.setl_time) AS month, min(i.class) AS class
      FROM stay s JOIN identity i ON i.pool = s.pool AND i.psn_no = s.psn_no AND i.year = year(s.setl_time)
                                     AND s.setl_time::DATE BETWEEN i.begins AND i.ends
     WHERE s.pool IN {pools}
     GROUP BY s.pool, s.psn_no, s.mdtrt_id, s.fixmedins_code, i.township, s.setl_time)
SELECT pool, class, year, month, township, fixmedins_code, count(*) FROM classed WHERE class < {poor} GROUP BY GROUPING SETS (
       (pool, class, year, month, township), (pool, class, year, month, fixmedins_code))"""

POPULATION = """
WITH months AS (SELECT DISTINCT date_trunc('month', setl_time)::DATE AS first_day FROM stay),
held AS (
    SELECT pool, psn_no, township, first_day, min(class) AS class
      FROM identity JOIN months ON first_day BETWEEN begins AND ends AND identity.year = year(first_day)
     WHERE pool IN {pools} GROUP BY ALL)
SELECT pool, class, year(first_day), month(first_day), township, count(*) FROM held WHERE class < {poor} GROUP BY ALL"""


def prefixes(areas):
    return " OR ".join(f"starts_with(insu_admdvs, '{area}')" for area in areas) or "false"


def subject_of(areas):
    """A row whose region is longer than the pool's name is about that area alone."""
    return "CASE " + " ".join(f"WHEN starts_with(insu_admdvs, '{area}') THEN {repr(area) if len(area) > 4 else 'pool'}" for area in areas) + " END"


def prepare(base):
    base.execute("CREATE TABLE cap (region VARCHAR, begins TIMESTAMP, ends TIMESTAMP, fen BIGINT)")
    base.executemany("INSERT INTO cap VALUES (?, ?, ?, ?)", [list(row) for row in CAPS])


def ask(base, sets):
    """All the questions, in one go; this is what is timed."""
    for statement in (REFUNDS, ORIGINALS, BOOKED, UNDONE):
        base.execute(statement)
    over = base.execute(OVER.format(capped=prefixes(row[0] for row in CAPS), least=min(row[3] for row in CAPS), **sets)).fetchall()
    money = base.execute(MONEY_SHARE.format(asked=prefixes(SHARES["DRG-SHARE-001"]), subject=subject_of(SHARES["DRG-SHARE-001"]), **sets)).fetchall()
    base.execute(STAYS.format(**sets))
    cases = base.execute(CASE_SHARE.format(asked=prefixes(SHARES["DRG-CASES-001"]), subject=subject_of(SHARES["DRG-CASES-001"]))).fetchall()
    pools = "(" + ", ".join(f"'{pool}'" for pool in ADMISSIONS) + ")"
    admitted = base.execute(ADMITTED.format(pools=pools, poor=POOR)).fetchall()
    population = base.execute(POPULATION.format(pools=pools, poor=POOR)).fetchall()
    return over, money, cases, admitted, population


# ---- both answers in one form ----

def of_duckdb(answers):
    over, money, cases, admitted, population = answers
    figures = {("cap", pool, person, str(year)): (fen, limit, excess) for pool, person, year, fen, limit, excess in over}
    for rule, rows in (("DRG-SHARE-001", money), ("DRG-CASES-001", cases)):
        figures.update({(rule, subject, f"{year}-{month:02}"): (int(above), int(below)) for subject, year, month, above, below in rows})
    for pool, klass, year, month, township, institution, count in admitted:
        figures["stays", pool, CLASSES[klass], f"{year}-{month:02}", township or institution] = count
    for pool, klass, year, month, township, count in population:
        figures["persons", pool, CLASSES[klass], f"{year}-{month:02}", township] = count
        whole = ("persons", pool, CLASSES[klass], f"{year}-{month:02}", "")
        figures[whole] = figures.get(whole, 0) + count
    return figures


def last_lines(path):
    """The last line about each subject and period."""
    last = {}
    with open(path, encoding="utf-8") as source:
        for line in source:
            one = json.loads(line)
            last[one["rule"]["id"], json.dumps(one["subject"], sort_keys=True)] = one
    return last.values()


def of_fundwatch(alerts, indicators):
    figures = {}
    for one in last_lines(alerts):
        finding, subject = one["finding"], one["subject"]
        if one["rule"]["id"] == "OP-CAP-001" and one["status"] in ("open", "updated"):
            figures["cap", subject["pool"], subject["psn_no"], subject["period"]] = (finding["sum_fen"], finding["limit_fen"], finding["excess_fen"])
    for one in last_lines(indicators):
        finding, subject, rule = one["finding"], one["subject"], one["rule"]["id"]
        if rule == "DRG-SHARE-001":
            figures[rule, subject.get("insu_admdvs", subject["pool"]), subject["period"]] = (finding["numerator_fen"], finding["denominator_fen"])
        elif rule == "DRG-CASES-001":
            figures[rule, subject.get("insu_admdvs", subject["pool"]), subject["period"]] = (finding["numerator"], finding["denominator"])
        elif rule in ("ADM-POOR-TOWN-001", "ADM-POOR-INST-001"):
            unit = subject.get("township") or subject["fixmedins_code"]
            where = (subject["pool"], subject["class"], subject["period"])
            figures[("stays", *where, unit)] = finding["admissions"]
            figures[("persons", *where, subject.get("township", ""))] = finding["population"]
    return figures


def differences(duckdb, fundwatch):
    """Every key on which the two do not agree; a count of nothing is the same as no count."""
    wrong = []
    for key in sorted(set(duckdb) | set(fundwatch), key=str):
        left, right = duckdb.get(key), fundwatch.get(key)
        if left != right and not (key[0] in ("stays", "persons") and not left and not right):
            wrong.append(f"{' '.join(map(str, key))}: DuckDB {left}, fundwatch {right}")
    return wrong
