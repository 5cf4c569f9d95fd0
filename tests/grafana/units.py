"""Numbers as a panel shows them, by the unit of its field."""
import math
import time

SECONDS = ((1e-6, "µs"), (1e-3, "ms"), (1.0, "s"), (60.0, "min"), (3600.0, "h"), (86400.0, "d"))


def plain(value, digits=3):
    text = f"{value:.{digits}g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:.0f}" if "e" in text and abs(value) >= 1 else text


def scaled(value, base, names):
    power = 0
    while abs(value) >= base and power < len(names) - 1:
        value, power = value / base, power + 1
    return plain(value) + (" " if names[power] else "") + names[power]


def short(value):
    return scaled(value, 1000.0, ["", "K", "M", "G", "T"])


def seconds(value):
    factor, name = max((row for row in SECONDS if row[0] <= max(abs(value), 1e-6) * 1.0000001), default=SECONDS[0])
    return f"{plain(value / factor)} {name}" if value else "0 s"


def moment(milliseconds):
    return time.strftime("%Y-%m-%d", time.gmtime(milliseconds / 1000 + 8 * 3600))


UNITS = {
    "none": plain, "short": short, "percentunit": lambda value: f"{plain(100 * value)} %", "s": seconds, "sci": lambda value: f"{value:.2e}",
    "bytes": lambda value: scaled(value, 1024.0, ["B", "KiB", "MiB", "GiB", "TiB"]), "cps": lambda value: short(value) + " c/s", "cpm": lambda value: short(value) + " c/m",
    "dateTimeAsIso": moment,
}


def shown(value, unit, decimals=None):
    if not math.isfinite(value):
        return "–"
    if decimals is not None and unit in ("none", "short") and abs(value) < 1e6:
        return f"{value:,.{decimals}f}"
    if decimals is not None and unit == "percentunit":
        return f"{100 * value:.{decimals}f} %"
    return UNITS[unit](value)


def ticks(low, high, count=5, unit=""):
    """Round numbers from low to high; round in KiB, MiB where the unit is bytes."""
    if high <= low:
        high = low + 1
    raw = (high - low) / count
    if unit == "bytes":
        step = 2.0 ** math.ceil(math.log2(raw))
        return [step * index for index in range(math.ceil(low / step), int(high / step) + 1)]
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw * 0.999)
    first = math.ceil(low / step - 1e-9) * step
    return [first + index * step for index in range(int((high - first) / step + 1e-9) + 1)]


def decades(low, high):
    """Powers of ten around low to high."""
    return [10.0 ** power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
