"""Reading settlements and enrolments the slow, plain way: contract 1.1 to 1.4, with Python's own JSON reader."""
import calendar
import datetime
import json
import re

ALIASES = {
    "cash_payamt": "psn_cash_pay", "pdn_cash_pay": "psn_cash_pay", "othfund_pay": "oth_pay",
    "psn_pay": "psn_part_amt", "psn_part_am": "psn_part_amt", "ownpay_hosp_part": "hosp_part_amt",
    "dise_no": "dise_codg", "dise_code": "dise_codg", "insuplc_admdvs": "insu_admdvs", "insu_optins": "insu_admdvs",
    "begntime": "begndate", "endtime": "enddate", "inscp_amt": "inscp_scp_amt", "overlmt_amt": "overlmt_selfpay",
    "fix_blng_admdvs": "fixmedins_poolarea", "med_fee_sumamt": "medfee_sumamt",
}
IDENTIFIERS = "setl_id mdtrt_id psn_no certno medins_setl_id init_setl_id fixmedins_code".split()
CODES = """psn_cert_type gend naty insutype psn_type cvlserv_flag flxempe_flag nwb_flag insu_admdvs pay_loc hosp_lv
fixmedins_poolarea lmtpric_hosp_lv dedc_hosp_lv mdtrt_cert_type med_type clr_type clr_way clr_optins refd_setl_flag
mid_setl_flag setl_type psn_setlway acct_used_flag vali_flag hi_paymtd""".split()
AMOUNTS = """medfee_sumamt fulamt_ownpay_amt overlmt_selfpay preselfpay_amt inscp_scp_amt act_pay_dedc hifp_pay
cvlserv_pay hifes_pay hifmi_pay hifob_pay hifdm_pay maf_pay oth_pay fund_pay_sumamt psn_part_amt acct_pay psn_cash_pay
hosp_part_amt balc acct_mulaid_pay""".split()
DATES = "brdy begndate enddate".split()
TIMES = "setl_time updt_time opt_time".split()
TEXTS = """psn_name emp_name fixmedins_name dise_name invono opter_id opter_name exp_content age pool_prop_selfpay year
dise_codg""".split()

SETTLEMENT = {}
for _names, _type in ((IDENTIFIERS, "id"), (CODES, "code"), (AMOUNTS, "amount"), (DATES, "date"), (TIMES, "time"), (TEXTS, "text")):
    SETTLEMENT.update({name: _type for name in _names})
SETTLEMENT_REQUIRED = ("setl_id", "psn_no", "setl_time", "insu_admdvs")

ENROLMENT = {
    "psn_no": "id", "year": "code", "insu_admdvs": "code", "insutype": "code", "psn_type": "code", "gend": "code",
    "brdy": "date", "tier": "code", "township": "id", "pay_date": "date", "amount": "amount", "aid_amount": "amount",
    "fiscal_amount": "amount", "updt_time": "time", "identities": "identities",
}
ENROLMENT_REQUIRED = ("psn_no", "year", "insu_admdvs")
IDENTITY = {"psn_idet_type": "code", "begndate": "date", "enddate": "date"}

AMOUNT_MAX = 9999999999999999       # fen
BEIJING = 8 * 3600


class Refused(Exception):
    def __init__(self, reason, field=None):
        super().__init__(reason, field)
        self.reason, self.field = reason, field


class Number(str):
    """A JSON number by its digits."""


def day_number(text, field):
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text) or re.fullmatch(r"(\d{4})(\d\d)(\d\d)", text)
    if not found:
        raise Refused("bad_date", field)
    year, month, day = map(int, found.groups())
    if year < 1 or not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        raise Refused("bad_date", field)
    return calendar.timegm((year, month, day, 0, 0, 0)) // 86400


def seconds(text, field):
    """Beijing wall-clock seconds; contract 1.1: without an offset Beijing time, always."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d|\d{8})[ T](\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?", text)
    if not found:
        raise Refused("bad_date", field)
    day = day_number(found[1], field)
    hour, minute, second = int(found[2]), int(found[3]), int(found[4])
    if hour > 23 or minute > 59 or second > 59:
        raise Refused("bad_date", field)
    at = day * 86400 + hour * 3600 + minute * 60 + second
    if found[6] == "Z":
        at += BEIJING
    elif found[6]:
        offset = int(found[6][1:3]) * 3600 + int(found[6][4:6]) * 60
        at += BEIJING - (offset if found[6][0] == "+" else -offset)
    return at


def fen(text, field):
    found = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?", text)
    if not found:
        raise Refused("bad_amount", field)
    decimals = (found[3] or "").ljust(2, "0")
    if decimals[2:].strip("0"):
        raise Refused("bad_amount", field)
    value = int(found[2] + decimals[:2])
    if value > AMOUNT_MAX:
        raise Refused("bad_amount", field)
    return -value if found[1] else value


def code(text, field):
    if len(text.encode()) > 16 or any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise Refused("bad_code", field)
    return text.lstrip("0") or "0"


def value_of(kind, raw, field):
    if kind == "identities":
        return identities(raw)
    if kind == "text":
        return None
    if not isinstance(raw, str):
        raise Refused("wrong_type", field)
    if kind == "amount":
        return fen(raw, field)
    if isinstance(raw, Number) and not re.fullmatch(r"-?\d+", raw):
        raise Refused("wrong_type", field)
    if kind == "id":
        if len(raw.encode()) > 64:
            raise Refused("too_long", field)
        if "\0" in raw:
            raise Refused("invalid_utf8", field)
        return str(raw)
    if kind == "code":
        return code(raw, field)
    if kind == "date":
        return day_number(re.split(r"[ T]", raw)[0], field)
    return seconds(raw, field)


def identities(raw):
    if not isinstance(raw, list):
        raise Refused("wrong_type", "identities")
    out = []
    for one in raw:
        if not isinstance(one, Pairs):
            raise Refused("wrong_type", "identities")
        out.append(fields_of(one, IDENTITY, (), {}))
    return out


class Pairs(list):
    """A JSON object with its repetitions."""


def fields_of(pairs, table, required, aliases):
    out, seen = {}, set()
    for key, raw in pairs:
        name = key.lower()
        name = aliases.get(name, name)
        if name not in table:
            continue
        if name in seen:
            raise Refused("duplicate_key", name)
        seen.add(name)
        if raw is None or raw == "":
            continue
        value = value_of(table[name], raw, name)
        if value is not None:
            out[name] = value
    for name in required:
        if name not in out:
            raise Refused("missing_required", name)
    return out


def no_constant(text):
    raise ValueError(text)


DECODER = json.JSONDecoder(object_pairs_hook=Pairs, parse_int=Number, parse_float=Number, parse_constant=no_constant)


def has_surrogate(value):
    if isinstance(value, str):
        return any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, (list, tuple)):
        return any(has_surrogate(item) for item in value)
    return False


def decode(line, kind="settlement"):
    """One line of bytes -> dict of canonical names; raises Refused."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("invalid_utf8") from None
    text = text.strip(" \t\r\n")
    try:
        pairs, end = DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        raise Refused("not_json") from None
    if not isinstance(pairs, Pairs):
        raise Refused("not_json")
    if has_surrogate(pairs):
        raise Refused("invalid_utf8")
    if text[end:].strip(" \t\r\n"):
        raise Refused("trailing_bytes")
    if kind == "settlement":
        return fields_of(pairs, SETTLEMENT, SETTLEMENT_REQUIRED, ALIASES)
    return fields_of(pairs, ENROLMENT, ENROLMENT_REQUIRED, ALIASES)


def lines_of(data):
    """(physical line from 1, bytes) of every line that is not blank."""
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    return [(number, line) for number, line in enumerate(data.split(b"\n"), 1) if line.strip(b" \t\r")]


def day_text(day):
    year, month, number = datetime.date.fromordinal(day + 719163).timetuple()[:3]
    return f"{year:04d}-{month:02d}-{number:02d}"


def month_text(at):
    """Month of Beijing seconds, 2024-03."""
    return day_text(at // 86400)[:7]


def time_text(at):
    return f"{day_text(at // 86400)}T{at % 86400 // 3600:02d}:{at % 3600 // 60:02d}:{at % 60:02d}+08:00"
