"""Charts as SVG text: lines, heat, points."""
import html
import math
import time

from units import decades, shown, ticks

COLORS = ["#3f7cc4", "#d9822b", "#2f9e5f", "#c04a7a", "#7a5bc0", "#1d9aa6", "#a67c1d", "#c0392b", "#5d7a2f", "#6b6f76", "#b98ad1", "#4aa3df"]
STATE = {"green": "#2f9e5f", "orange": "#d9822b", "red": "#c0392b"}
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 8, 22


def text(x, y, words, anchor="start", size=11, color="#555", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{color}" {more}>{html.escape(words)}</text>'


def line(x1, y1, x2, y2, color, width=1, dash=""):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" stroke-width="{width}" stroke-dasharray="{dash}"/>'


class Plane:
    """The inside of a chart: values to places."""

    def __init__(self, width, height, across, up, log=False, below=0):
        self.width, self.height, self.log = width, height - below, log
        self.x0, self.x1 = across
        self.y0, self.y1 = (math.log10(up[0]), math.log10(up[1])) if log else up

    def x(self, value):
        return LEFT + (value - self.x0) / ((self.x1 - self.x0) or 1) * (self.width - LEFT - RIGHT)

    def y(self, value):
        value = math.log10(value) if self.log else value
        return self.height - BOTTOM - (value - self.y0) / ((self.y1 - self.y0) or 1) * (self.height - TOP - BOTTOM)

    def grid(self, values, unit):
        parts = []
        for value in values:
            parts += [line(LEFT, self.y(value), self.width - RIGHT, self.y(value), "#e6e6e6"), text(LEFT - 6, self.y(value) + 4, shown(value, unit), "end")]
        return parts

    def clock(self):
        parts = []
        for value in ticks(self.x0, self.x1, max(2, int(self.width / 105))):
            parts += [line(self.x(value), TOP, self.x(value), self.height - BOTTOM, "#f0f0f0"),
                      text(self.x(value), self.height - 6, time.strftime("%H:%M:%S", time.localtime(value)), "middle" if self.x(value) < self.width - 40 else "end")]
        return parts

    def limits(self, thresholds):
        parts = []
        for step in thresholds:
            low, high = (10 ** self.y0, 10 ** self.y1) if self.log else (self.y0, self.y1)
            if step["value"] is not None and low <= step["value"] <= high:
                parts.append(line(LEFT, self.y(step["value"]), self.width - RIGHT, self.y(step["value"]), STATE[step["color"]], 1.5, "6 4"))
        return parts


def finite(rows):
    return [(name, [(moment, value) for moment, value in values if math.isfinite(value)]) for name, values in rows]


def spread(rows, low, high, log, stacked):
    """The range up the side: (bottom, top)."""
    values = [value for _, points in rows for _, value in points if not log or value > 0] or [1.0]
    if stacked:
        totals = {}
        for _, points in rows:
            for moment, value in points:
                totals[moment] = totals.get(moment, 0) + value
        values = list(totals.values()) or [1.0]
    if log:
        steps = decades(min(values), max(values) * 1.0001)
        return steps[0], max(steps[-1], steps[0] * 10)
    bottom, top = min(values) if low is None else low, max(values) if high is None else high
    top = top if top > bottom else bottom + 1
    return (bottom, top if high is not None else bottom + (top - bottom) * 1.08)


def pieces(points, step):
    """Points without a gap between them."""
    run = []
    for moment, value in points:
        if run and moment - run[-1][0] > 1.5 * step:
            yield run
            run = []
        run.append((moment, value))
    if run:
        yield run


def path(plane, run):
    return " ".join(f"{'L' if index else 'M'}{plane.x(moment):.1f},{plane.y(value):.1f}" for index, (moment, value) in enumerate(run))


def lines(plane, rows, looks, step, stacked):
    parts, base = [], {}
    for index, (_, points) in enumerate(rows):
        color, dash, width = looks[index]
        points = [(moment, value) for moment, value in points if not plane.log or value > 0]
        if stacked:
            top = [(moment, value + base.get(moment, 0)) for moment, value in points]
            for run in pieces(top, step):
                floor = [(moment, base.get(moment, 0)) for moment, _ in reversed(run)]
                parts.append(f'<path d="{path(plane, run)} {path(plane, floor).replace("M", "L", 1)} Z" fill="{color}" fill-opacity="0.65"/>')
            base.update(top)
            points = top
        for run in pieces(points, step):
            parts.append(f'<path d="{path(plane, run)}" fill="none" stroke="{color}" stroke-width="{width}" stroke-dasharray="{dash}" stroke-linejoin="round"/>')
            if len(run) == 1:
                parts.append(f'<circle cx="{plane.x(run[0][0]):.1f}" cy="{plane.y(run[0][1]):.1f}" r="2" fill="{color}"/>')
    return parts


def curve(width, height, rows, looks, window, unit, thresholds=(), low=None, high=None, log=False, stacked=False):
    """rows: [(name, [(time, number)])]; looks: (color, dash, width) of each."""
    rows = finite(rows)
    up = spread(rows, low, high, log, stacked)
    top = max([up[1]] + [step["value"] * 1.05 for step in thresholds if step["value"] is not None and step["value"] < up[1] * 3]) if not log else up[1]
    plane = Plane(width, height, (window.start, window.end), (up[0], top), log)
    marks = decades(*up) if log else ticks(up[0], top, max(2, int(height / 40)), unit)
    return "".join(plane.clock() + plane.grid(marks, unit) + lines(plane, rows, looks, window.step, stacked) + plane.limits(thresholds))


def heat(width, height, rows, window, unit):
    """rows: [(le, [(time, cumulated)])] by rising le: each cell is what its bucket has above the one below."""
    cells, below = [], {}
    for le, points in rows:
        now = {moment: value for moment, value in points if math.isfinite(value)}
        cells.append((le, {moment: max(0.0, value - below.get(moment, 0.0)) for moment, value in now.items()}))
        below = now
    kept = [index for index, (_, row) in enumerate(cells) if any(value > 0.01 for value in row.values())]
    cells = cells[max(0, min(kept) - 1):max(kept) + 2] if kept else cells
    most = max((value for _, row in cells for value in row.values()), default=1.0) or 1.0
    plane = Plane(width, height, (window.start, window.end), (0, len(cells)))
    parts, wide = plane.clock(), plane.x(window.start + window.step) - plane.x(window.start)
    for index, (le, row) in enumerate(cells):
        high = plane.y(index) - plane.y(index + 1)
        parts.append(text(LEFT - 6, plane.y(index + 1) + 4, "+Inf" if math.isinf(le) else shown(le, unit), "end"))
        for moment, value in row.items():
            if value > 0.01:
                shade = (value / most) ** 0.5
                parts.append(f'<rect x="{plane.x(moment):.1f}" y="{plane.y(index + 1):.1f}" width="{max(1.0, wide - 0.5):.1f}" height="{max(1.0, high - 1):.1f}" '
                             f'fill="rgb({255 - 25 * shade:.0f},{235 - 150 * shade:.0f},{210 - 190 * shade:.0f})"/>')
    return "".join(parts)


def points(width, height, series, axes, unit, thresholds=()):
    """series: [(name, [(x, y)])]; each with its own colour; a name that has no points is left out."""
    flat = [point for _, rows in series for point in rows] or [(0.0, 0.0)]
    across, up = (0, max(x for x, _ in flat) * 1.05 or 1), (0, max(y for _, y in flat) * 1.08 or 1)
    plane = Plane(width, height, across, up, below=18)
    parts = plane.grid(ticks(*up, 6), unit)
    for value in ticks(*across, 8):
        parts.append(text(plane.x(value), plane.height - 6, shown(value, "short"), "middle"))
    parts += plane.limits(thresholds)
    for index, (_, rows) in enumerate(series):
        radius, fill = (4, 0.55) if index == 0 else (1.8, 0.9)
        parts += [f'<circle cx="{plane.x(x):.1f}" cy="{plane.y(y):.1f}" r="{radius}" fill="{COLORS[index]}" fill-opacity="{fill}"/>' for x, y in rows if y <= up[1]]
    middle = (TOP + plane.height - BOTTOM) / 2
    return "".join(parts) + text((LEFT + width) / 2, height - 4, axes[0], "middle") + text(12, middle, axes[1], "middle", more=f'transform="rotate(-90 12 {middle:.0f})"')
