"""Pictures of the dashboards for the documents: each panel's own queries, drawn as an HTML page and photographed by Chromium.

This is not Grafana, and the pictures say so.
"""
import html
import math
import os
import re
import shutil
import subprocess

import svg
from units import shown

WIDTH, ROW, GAP = 1500, 30, 8            # the page; one unit of height of Grafana's grid; between panels
COLUMN = (WIDTH - GAP) / 24
HEAD, LEGEND = 26, 20
STYLE = f"""
body {{ margin: 0; width: {WIDTH}px; background: #f4f5f5; font-family: 'Noto Sans', 'Noto Sans CJK SC', sans-serif; position: relative; color: #333; }}
.top {{ padding: 12px 16px 6px; font-size: 22px; font-weight: 600; }} .note {{ font-size: 12px; font-weight: 400; color: #777; padding-top: 3px; white-space: nowrap; }}
.panel {{ position: absolute; background: #fff; border: 1px solid #dcdcdc; border-radius: 3px; overflow: hidden; box-sizing: border-box; }}
.title {{ font-size: 13px; font-weight: 600; padding: 5px 9px 0; height: 20px; white-space: nowrap; }} .row {{ position: absolute; font-size: 15px; font-weight: 600; padding-top: 9px; left: 14px; }}
.value {{ display: flex; align-items: center; justify-content: center; font-weight: 600; text-align: center; word-break: break-all; }}
.legend {{ font-size: 11px; padding: 0 10px; overflow: hidden; line-height: {LEGEND}px; }} .legend span {{ margin-right: 12px; white-space: nowrap; display: inline-block; }} .legend i {{ display: inline-block; width: 14px; margin: 0 4px 3px 0; }}
svg {{ display: block; }} table {{ border-collapse: collapse; font-size: 12px; margin: 4px 9px; width: calc(100% - 18px); }} td, th {{ border-bottom: 1px solid #eee; padding: 3px 6px; text-align: left; white-space: nowrap; }} th {{ color: #666; font-size: 11px; }}
.bars {{ font-size: 12px; padding: 4px 10px; }} .bars div {{ display: flex; align-items: center; }} .bars b {{ display: block; height: 14px; }}
"""


def named(target, labels):
    if target["legendFormat"] == "__auto":
        return ", ".join(f"{key}={value}" for key, value in sorted(labels.items()) if key not in ("__name__", "job", "instance"))
    return " ".join(re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found.group(1), ""), target["legendFormat"]).split())


def colored(value, field):
    for key, row in (field["mappings"][0]["options"] if field.get("mappings") else {}).items():
        if float(key) == value:
            return row["text"], svg.STATE[row["color"]]
    color = [step["color"] for step in field["thresholds"]["steps"] if step["value"] is None or value >= step["value"]][-1]
    return None, svg.STATE[color]


def answers(window, panel):
    """[(target, labels, [(time, number)])] of all queries."""
    return [(target, labels, [(float(moment), float(value)) for moment, value in values]) for target in panel["targets"] for labels, values in window.run(target)]


# ---- kinds of panels: each gives HTML for the room below the title ----

def stat(window, panel, width, height):
    field, rows = panel["fieldConfig"]["defaults"], answers(window, panel)
    if panel["options"]["textMode"] == "name":
        words, color = named(rows[-1][0], rows[-1][1]), svg.STATE["green"]
    else:
        last = next((value for _, value in reversed(rows[0][2]) if math.isfinite(value)), math.nan)
        words, color = colored(last, field)
        words = words or shown(last, field["unit"], field.get("decimals"))
    size = min(30, max(12, int(1.6 * width / max(4, len(words)))))
    return f'<div class="value" style="height:{height}px;font-size:{size}px;color:{color};padding:0 8px">{html.escape(words)}</div>'


def looks(panel, rows):
    """(color, dash, width) of each series: limits as their overrides say, the others by the palette."""
    dashed = {over["matcher"]["options"]: {one["id"]: one["value"] for one in over["properties"]} for over in panel["fieldConfig"]["overrides"]}
    found, plain = [], 0
    for target, _, _ in rows:
        look = dashed.get(target["refId"])
        if look:
            found.append((svg.STATE[look["color"]["fixedColor"]], " ".join(str(part) for part in look["custom.lineStyle"]["dash"]), 2))
        else:
            found.append((svg.COLORS[plain % len(svg.COLORS)], "", 1.8))
            plain += 1
    return found


def legend(names, styles):
    parts = [f'<span><i style="border-top:3px {"dashed" if dash else "solid"} {color}"></i>{html.escape(name)}</span>' for name, (color, dash, _) in zip(names, styles)]
    return f'<div class="legend">{"".join(parts)}</div>'


def legend_lines(names, width):
    """How many lines the legend takes: a Chinese character is as wide as two others."""
    room, used = width - 20, [34 + 6.1 * sum(1 if ord(letter) < 256 else 1.85 for letter in name) for name in names]
    count, left = 1, room
    for wide in used:
        count, left = (count, left - wide) if wide <= left else (count + 1, room - wide)
    return min(3, count)


def chart(width, height, inside):
    return f'<svg width="{width:.0f}" height="{height:.0f}">{inside}</svg>'


def timeseries(window, panel, width, height):
    field, rows = panel["fieldConfig"]["defaults"], answers(window, panel)
    styles, names = looks(panel, rows), [named(target, labels) for target, labels, _ in rows]
    custom = field["custom"]
    thresholds = field["thresholds"]["steps"] if custom["thresholdsStyle"]["mode"] == "line" else ()
    below = LEGEND * legend_lines(names, width)
    inside = svg.curve(width, height - below, [(name, values) for name, (_, _, values) in zip(names, rows)], styles, window, field["unit"], thresholds,
                       field.get("min"), field.get("max"), custom["scaleDistribution"]["type"] == "log", custom["stacking"]["mode"] == "normal")
    return chart(width, height - below, inside) + legend(names, styles)


def heatmap(window, panel, width, height):
    rows = sorted((float(labels["le"]), values) for _, labels, values in answers(window, panel))
    return chart(width, height, svg.heat(width, height, rows, window, panel["options"]["yAxis"]["unit"]))


def bargauge(window, panel, width, height):
    field = panel["fieldConfig"]["defaults"]
    rows = [(named(target, labels), values[-1][1]) for target, labels, values in answers(window, panel)]
    most = field.get("max") or max([value for _, value in rows] + [1e-12])
    room = max(16, min(30, (height - 8) / max(1, len(rows))))
    parts = []
    for name, value in rows:
        color = colored(value, field)[1]
        parts.append(f'<div style="height:{room:.0f}px"><span style="width:190px;overflow:hidden;white-space:nowrap">{html.escape(name)}</span>'
                     f'<span style="width:{width - 310:.0f}px;background:#f0f0f0"><b style="width:{100 * max(0.0, min(1.0, value / most)):.1f}%;background:{color}"></b></span>'
                     f'<span style="padding-left:8px;color:{color};font-weight:600">{shown(value, field["unit"], field.get("decimals"))}</span></div>')
    return f'<div class="bars">{"".join(parts)}</div>'


def merged(window, panel):
    """Rows of a table: what has the same labels is one row; {column as Grafana calls it: text or number}."""
    lines, single = {}, len(panel["targets"]) == 1
    for target, labels, values in answers(window, panel):
        key = tuple(sorted((name, value) for name, value in labels.items() if name != "__name__"))
        lines.setdefault(key, dict(key))["Value" if single else f"Value #{target['refId']}"] = values[-1][1]
    return list(lines.values())


def joined(rows):
    """Grafana's merge also puts rows together whose labels do not contradict: a query with fewer labels fills the others' rows."""
    whole = []
    for row in sorted(rows, key=lambda one: -sum(isinstance(value, str) for value in one.values())):
        fits = [other for other in whole if all(other.get(key, value) == value for key, value in row.items() if isinstance(value, str))
                and not any(key in other for key, value in row.items() if not isinstance(value, str))]
        for other in fits:
            other.update(row)
        if not fits:
            whole.append(dict(row))
    return whole


def cell(panel, title, value):
    if isinstance(value, str):
        return html.escape(value)
    if value is None:
        return ""
    unit, decimals, color = panel["fieldConfig"]["defaults"]["unit"], None, ""
    for over in panel["fieldConfig"]["overrides"]:
        if over["matcher"]["options"] == title:
            values = {one["id"]: one["value"] for one in over["properties"]}
            unit, decimals = values.get("unit", unit), values.get("decimals")
            if "mappings" in values:
                words, color = colored(value, dict(panel["fieldConfig"]["defaults"], mappings=values["mappings"]))
                return f'<span style="color:{color};font-weight:600">{html.escape(words or str(value))}</span>'
    return html.escape(shown(value, unit, decimals))


def table(window, panel, width, height):
    order = panel["transformations"][2]["options"]
    names = sorted(order["indexByName"], key=order["indexByName"].get)
    titles, rows = [order["renameByName"][name] for name in names], joined(merged(window, panel))
    numbers = [name for name in names if name.startswith("Value")]
    rows = [row for row in rows if any(name in row for name in numbers)]
    rows.sort(key=lambda row: [str(row.get(name, "")) for name in names if not name.startswith("Value")])
    head = "".join(f"<th>{html.escape(title)}</th>" for title in titles)
    body = "".join("<tr>" + "".join(f"<td>{cell(panel, title, row.get(name))}</td>" for name, title in zip(names, titles)) + "</tr>" for row in rows[:max(1, int((height - 30) / 25))])
    return f"<table><tr>{head}</tr>{body}</table>"


def xychart(window, panel, width, height):
    field, rows = panel["fieldConfig"]["defaults"], merged(window, panel)
    series = []
    for one in panel["options"]["series"]:
        x, y = one["x"]["matcher"]["options"], one["y"]["matcher"]["options"]
        series.append((one["name"]["fixed"], [(row[x], row[y]) for row in rows if x in row and y in row]))
    axes = (panel["fieldConfig"]["overrides"][0]["properties"][0]["value"], field["custom"]["axisLabel"])
    styles = [(svg.COLORS[index], "", 1) for index in range(len(series))]
    return chart(width, height - LEGEND, svg.points(width, height - LEGEND, series, axes, field["unit"], field["thresholds"]["steps"])) + legend([name for name, _ in series], styles)


KINDS = {"stat": stat, "timeseries": timeseries, "heatmap": heatmap, "bargauge": bargauge, "table": table, "xychart": xychart}


# ---- a page ----

def placed(window, panel, top):
    place = panel["gridPos"]
    left, upper = GAP + place["x"] * COLUMN, top + place["y"] * ROW
    if panel["type"] == "row":
        return f'<div class="row" style="top:{upper:.0f}px">{html.escape(panel["title"])}</div>'
    width, height = place["w"] * COLUMN - GAP, place["h"] * ROW - GAP
    inside = KINDS[panel["type"]](window, panel, width - 2, height - HEAD - 2)
    return f'<div class="panel" style="left:{left:.0f}px;top:{upper:.0f}px;width:{width:.0f}px;height:{height:.0f}px"><div class="title">{html.escape(panel["title"])}</div>{inside}</div>'


def page(window, dashboard, note):
    """(HTML, height in pixels); note: lines below the title."""
    top = 84
    high = top + max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"]) * ROW + GAP
    body = "".join(placed(window, panel, top) for panel in dashboard["panels"])
    lines = "".join(f'<div class="note">{html.escape(line)}</div>' for line in note)
    return (f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style><body style="height:{high}px"><div class="top">{html.escape(dashboard["title"])}{lines}</div>'
            f'{body}</body>'), high


def photograph(source, target, high, profile):
    subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                    "--hide-scrollbars", f"--user-data-dir={profile}", f"--window-size={WIDTH},{high}", f"--screenshot={target}", f"file://{source}"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)


def pictures(window, everything, folder, about):
    """Writes FOLDER/dashboard-NAME.png for each dashboard; about: Chinese and English, what is shown."""
    os.makedirs(folder, exist_ok=True)
    note = (f"由面板的查询绘制，并非 Grafana 所画；未运行 Grafana 服务器。{about[0]}", f"Drawn from the panels' queries, not by Grafana; no Grafana server was run. {about[1]}")
    for name, dashboard in everything.items():
        source, target = os.path.join(os.path.abspath(folder), f"dashboard-{name}.html"), os.path.join(os.path.abspath(folder), f"dashboard-{name}.png")
        text, high = page(window, dashboard, note)
        with open(source, "w", encoding="utf-8") as out:
            out.write(text)
        photograph(source, target, high, source + ".profile")
        shutil.rmtree(source + ".profile", ignore_errors=True)
        os.remove(source)
