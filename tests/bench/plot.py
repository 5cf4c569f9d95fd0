"""A figure with a panel or two as SVG: lines through medians, a bar from the least to the greatest value, places at equal
distances along the bottom."""
from xml.sax.saxutils import escape

PANEL_WIDTH, PANEL_HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 76, 20, 64, 58
COLOURS = ("#1f5fa8", "#c2571a", "#2b7a3d")
FONT = 'font-family="DejaVu Sans, Arial, sans-serif"'


def step_of(top):
    """A round distance between ticks: 1, 2 or 5 times a power of ten, at most six of them."""
    power = 1.0
    while power * 10 <= top:
        power *= 10
    while power > top:
        power /= 10
    return next(power * times for times in (0.1, 0.2, 0.5, 1.0, 2.0) if top / (power * times) <= 6)


def short(value):
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g} {letter}"
    return f"{value:.4g}"


def text(x, y, words, size=12, anchor="middle", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" {FONT} {more}>{escape(words)}</text>'


class Panel:
    """One set of axes from zero up; series: {name: [figure or None for each place]}, a figure as in bench.json."""

    def __init__(self, label, places, series, target=None):
        self.label, self.places, self.series, self.target = label, places, series, target
        greatest = max([row["max"] for values in series.values() for row in values if row] + [target or 0]) or 1
        self.step = step_of(greatest * 1.05)
        self.top = self.step * (int(greatest * 1.05 / self.step) + 1)

    def x(self, place):
        return LEFT + (place + 0.5) * (PANEL_WIDTH - LEFT - RIGHT) / len(self.places)

    def y(self, value):
        return TOP + (PANEL_HEIGHT - TOP - BOTTOM) * (1 - value / self.top)

    def axes(self, along):
        out = [text(LEFT, TOP - 12, self.label, 12, "start")]
        for i in range(round(self.top / self.step) + 1):
            value = i * self.step
            out.append(f'<line x1="{LEFT}" x2="{PANEL_WIDTH - RIGHT}" y1="{self.y(value):.1f}" y2="{self.y(value):.1f}" stroke="#dddddd"/>')
            out.append(text(LEFT - 6, self.y(value) + 4, short(value), 11, "end"))
        out += [text(self.x(i), PANEL_HEIGHT - BOTTOM + 18, place, 11) for i, place in enumerate(self.places)]
        out.append(text((LEFT + PANEL_WIDTH - RIGHT) / 2, PANEL_HEIGHT - BOTTOM + 36, along, 12))
        if self.target:
            y = self.y(self.target)
            out.append(f'<line x1="{LEFT}" x2="{PANEL_WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#666666" stroke-dasharray="5 4"/>')
            out.append(text(PANEL_WIDTH - RIGHT, y - 5, f"target {short(self.target)}", 11, "end", 'fill="#444444"'))
        return out

    def lines(self):
        out = []
        for (name, values), colour in zip(self.series.items(), COLOURS):
            there = [(self.x(i), row) for i, row in enumerate(values) if row]
            points = " ".join(f"{x:.1f},{self.y(row['median']):.1f}" for x, row in there)
            out.append(f'<g stroke="{colour}" fill="{colour}"><polyline points="{points}" fill="none" stroke-width="2"/>')
            for x, row in there:
                out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{self.y(row["min"]):.1f}" y2="{self.y(row["max"]):.1f}" stroke-width="1.5"/>')
                out.append(f'<circle cx="{x:.1f}" cy="{self.y(row["median"]):.1f}" r="3.5"/>')
            out.append("</g>")
        return out

    def legend(self):
        if len(self.series) < 2:
            return []
        out = []
        for i, (name, colour) in enumerate(zip(self.series, COLOURS)):
            x = LEFT + 8 + i * 120
            out.append(f'<rect x="{x}" y="{PANEL_HEIGHT - 14}" width="12" height="4" fill="{colour}"/>')
            out.append(text(x + 18, PANEL_HEIGHT - 8, name, 11, "start"))
        return out


def figure(title, along, panels):
    """The whole document; panels beside each other."""
    width = PANEL_WIDTH * len(panels)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{PANEL_HEIGHT}" viewBox="0 0 {width} {PANEL_HEIGHT}">',
           f'<rect width="{width}" height="{PANEL_HEIGHT}" fill="#ffffff"/>', text(width / 2, 24, title, 15, "middle", 'font-weight="bold"')]
    for i, panel in enumerate(panels):
        out += [f'<g transform="translate({i * PANEL_WIDTH} 0)">', *panel.axes(along), *panel.lines(), *panel.legend(), "</g>"]
    return "\n".join(out + ["</svg>"]) + "\n"
