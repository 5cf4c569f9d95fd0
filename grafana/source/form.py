"""A row of a dashboard file -> the JSON of Grafana (11 and later).

Queries are written short: {@} and {@,rule="X"} stand for the matchers of job and instance, which every selector must have.
"""
from dataclasses import dataclass, field

MATCHERS = 'job=~"$job", instance=~"$instance"'
SOURCE = {"type": "prometheus", "uid": "$datasource"}
COLORS = {"good": "green", "warn": "orange", "bad": "red"}
WIDTH = 24
LIMIT = {"line": {"style": {"fill": "dash", "dash": [8, 6]}, "color": "red"}, "watch": {"style": {"fill": "dash", "dash": [2, 4]}, "color": "orange"}}


@dataclass
class Query:
    """One query.  style: "line" or "watch" draws the series as a limit, dashed."""
    expr: str
    legend: str = ""
    style: str = ""


@dataclass
class Column:
    """A column of a table: a label, or the letter of a query."""
    source: str
    title: str
    unit: str = ""
    decimals: int = None
    color: tuple = ()               # thresholds of this column alone


@dataclass
class Panel:
    """zh, en: title; about: what it shows, Chinese and English; thresholds: (from, "good" | "warn" | "bad"), the first from None."""
    zh: str
    en: str
    about: tuple
    kind: str                       # stat timeseries heatmap bargauge table xychart
    unit: str
    queries: list
    size: tuple = (8, 8)
    thresholds: tuple = ()
    values: dict = field(default_factory=dict)      # 0: (text, "good" | "warn" | "bad")
    columns: list = field(default_factory=list)
    stacked: bool = False
    log: bool = False
    least: float = None
    most: float = None
    decimals: int = None
    axes: tuple = ("", "")
    name: bool = False              # a stat that shows the legend, not the value

    @property
    def title(self):
        return f"{self.zh} {self.en}"


@dataclass
class Row:
    zh: str
    en: str


@dataclass
class Variable:
    """A label of a metric that is chosen at the top of a dashboard."""
    name: str
    label: str
    query: str


@dataclass
class Dashboard:
    uid: str
    zh: str
    en: str
    about: tuple
    variables: list
    panels: list
    time: str = "now-6h"
    refresh: str = "30s"

    @property
    def title(self):
        return f"fundwatch {self.zh} {self.en}"


def expression(text):
    return text.replace("{@}", "{" + MATCHERS + "}").replace("{@,", "{" + MATCHERS + ", ")


# ---- panels ----

def steps(thresholds):
    rows = thresholds or ((None, "good"),)
    return {"mode": "absolute", "steps": [{"color": COLORS[color], "value": value} for value, color in rows]}


def mappings(values):
    if not values:
        return []
    options = {str(value): {"text": text, "color": COLORS[color], "index": index} for index, (value, (text, color)) in enumerate(values.items())}
    return [{"type": "value", "options": options}]


def targets(panel):
    rows = []
    for index, query in enumerate(panel.queries):
        row = {"refId": chr(ord("A") + index), "datasource": SOURCE, "editorMode": "code", "expr": expression(query.expr), "legendFormat": query.legend or "__auto"}
        if panel.kind in ("table", "xychart"):
            row.update(format="table", instant=True, range=False)
        elif panel.kind == "bargauge":
            row.update(format="time_series", instant=True, range=False)
        else:
            row.update(format="heatmap" if panel.kind == "heatmap" else "time_series", instant=False, range=True)
        rows.append(row)
    return rows


def limits(panel):
    """Series that are limits are drawn dashed."""
    rows = []
    for index, query in enumerate(panel.queries):
        if query.style:
            look = LIMIT[query.style]
            rows.append({"matcher": {"id": "byFrameRefID", "options": chr(ord("A") + index)}, "properties": [
                {"id": "custom.lineStyle", "value": look["style"]}, {"id": "custom.fillOpacity", "value": 0}, {"id": "custom.lineWidth", "value": 2},
                {"id": "color", "value": {"mode": "fixed", "fixedColor": look["color"]}}, {"id": "custom.stacking", "value": {"mode": "none"}}]})
    return rows


def defaults(panel, **custom):
    row = {"unit": panel.unit, "thresholds": steps(panel.thresholds), "mappings": mappings(panel.values), "color": {"mode": "thresholds"}}
    for name, value in (("min", panel.least), ("max", panel.most), ("decimals", panel.decimals)):
        if value is not None:
            row[name] = value
    if custom:
        row["custom"] = custom
    return row


def reduce_last():
    return {"calcs": ["lastNotNull"], "fields": "", "values": False}


def stat(panel):
    return {"fieldConfig": {"defaults": defaults(panel), "overrides": []},
            "options": {"reduceOptions": reduce_last(), "colorMode": "value", "graphMode": "none" if panel.values or panel.name else "area", "justifyMode": "center",
                        "textMode": "name" if panel.name else "auto", "orientation": "auto"}}


def timeseries(panel):
    custom = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 60 if panel.stacked else 8, "showPoints": "never", "spanNulls": False,
              "axisLabel": panel.axes[1], "scaleDistribution": {"type": "log", "log": 10} if panel.log else {"type": "linear"},
              "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"}, "thresholdsStyle": {"mode": "line" if panel.thresholds else "off"}}
    row = defaults(panel, **custom)
    row["color"] = {"mode": "palette-classic"}
    return {"fieldConfig": {"defaults": row, "overrides": limits(panel)},
            "options": {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}, "tooltip": {"mode": "multi", "sort": "desc"}}}


def heatmap(panel):
    return {"fieldConfig": {"defaults": {"custom": {"scaleDistribution": {"type": "linear"}}}, "overrides": []},
            "options": {"calculate": False, "cellGap": 1, "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5, "reverse": False},
                        "filterValues": {"le": 1e-9}, "rowsFrame": {"layout": "auto"}, "legend": {"show": True}, "tooltip": {"mode": "single", "yHistogram": False},
                        "yAxis": {"axisPlacement": "left", "unit": panel.unit, "reverse": False}}}


def bargauge(panel):
    return {"fieldConfig": {"defaults": defaults(panel), "overrides": []},
            "options": {"displayMode": "basic", "orientation": "horizontal", "reduceOptions": reduce_last(), "showUnfilled": True, "valueMode": "color",
                        "namePlacement": "left", "sizing": "auto", "minVizHeight": 16, "minVizWidth": 8}}


def value_name(panel, letter):
    """What Grafana calls the value of a query in a table."""
    return "Value" if len(panel.queries) == 1 else f"Value #{letter}"


def column_name(panel, column):
    return value_name(panel, column.source) if len(column.source) == 1 else column.source


def column_override(column):
    properties = [{"id": "unit", "value": column.unit}] if column.unit else []
    if column.decimals is not None:
        properties.append({"id": "decimals", "value": column.decimals})
    if column.color:
        properties += [{"id": "thresholds", "value": steps(column.color)}, {"id": "custom.cellOptions", "value": {"type": "color-text"}}]
    return {"matcher": {"id": "byName", "options": column.title}, "properties": properties}


def table(panel):
    names = [column_name(panel, column) for column in panel.columns]
    verdicts = [{"matcher": {"id": "byName", "options": column.title}, "properties": [{"id": "mappings", "value": mappings(panel.values)}]}
                for column in panel.columns if panel.values and len(column.source) == 1 and not column.unit]
    overrides = [column_override(column) for column in panel.columns if column.unit or column.decimals is not None or column.color] + verdicts
    return {"fieldConfig": {"defaults": {"unit": panel.unit, "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True}, "thresholds": steps(())},
                            "overrides": overrides},
            "options": {"showHeader": True, "cellHeight": "sm", "footer": {"show": False}},
            "transformations": [{"id": "merge", "options": {}}, {"id": "filterFieldsByName", "options": {"include": {"names": names}}},
                                {"id": "organize", "options": {"excludeByName": {}, "indexByName": {name: index for index, name in enumerate(names)},
                                                               "renameByName": {name: column.title for name, column in zip(names, panel.columns)}}}]}


def xychart(panel):
    """A: across; every further query: up, one series each."""
    def point(index, query):
        return {"name": {"fixed": query.legend}, "x": {"matcher": {"id": "byName", "options": "Value #A"}},
                "y": {"matcher": {"id": "byName", "options": f"Value #{chr(ord('A') + index)}"}}}
    custom = {"show": "points", "pointSize": {"fixed": 6}, "axisLabel": panel.axes[1], "scaleDistribution": {"type": "linear"},
              "thresholdsStyle": {"mode": "line" if panel.thresholds else "off"}}
    row = defaults(panel, **custom)
    row["color"] = {"mode": "palette-classic"}
    return {"fieldConfig": {"defaults": row, "overrides": [{"matcher": {"id": "byName", "options": "Value #A"},
                                                             "properties": [{"id": "custom.axisLabel", "value": panel.axes[0]}, {"id": "unit", "value": "short"}]}]},
            "options": {"mapping": "manual", "series": [point(index, query) for index, query in enumerate(panel.queries) if index],
                        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}, "tooltip": {"mode": "single", "sort": "none"}},
            "transformations": [{"id": "merge", "options": {}}]}


KINDS = {"stat": stat, "timeseries": timeseries, "heatmap": heatmap, "bargauge": bargauge, "table": table, "xychart": xychart}


# ---- a dashboard ----

def variables(dashboard):
    rows = [{"name": "datasource", "type": "datasource", "label": "Data source", "query": "prometheus", "hide": 0, "includeAll": False, "multi": False,
             "current": {}, "options": [], "regex": "", "refresh": 1, "skipUrlSync": False}]
    chain = [Variable("job", "Job", "label_values(fundwatch_build_info, job)"), Variable("instance", "Instance", 'label_values(fundwatch_build_info{job=~"$job"}, instance)')]
    for one in chain + dashboard.variables:
        rows.append({"name": one.name, "type": "query", "label": one.label, "datasource": SOURCE, "query": expression(one.query), "refresh": 2, "sort": 1, "multi": True,
                     "includeAll": True, "allValue": ".+" if one.name in ("job", "instance") else ".*", "hide": 0, "regex": "", "skipUrlSync": False,
                     "current": {"selected": True, "text": ["All"], "value": ["$__all"]}, "options": []})
    return rows


def links(dashboard, others):
    return [{"type": "link", "title": other.title, "url": f"/d/{other.uid}", "icon": "dashboard", "tooltip": other.about[1], "tags": [], "targetBlank": False,
             "asDropdown": False, "includeVars": True, "keepTime": True} for other in others if other is not dashboard]


def placed(rows):
    """(row, x, y, width, height) from left to right, a new line when a line is full."""
    x = y = height = 0
    for row in rows:
        wide, high = (WIDTH, 1) if isinstance(row, Row) else row.size
        if x + wide > WIDTH or isinstance(row, Row):
            x, y, height = 0, y + height, 0
        yield row, x, y, wide, high
        x, height = x + wide, max(height, high)
        if isinstance(row, Row):
            x, y, height = 0, y + high, 0


def panel_json(number, row, place):
    x, y, wide, high = place
    head = {"id": number, "gridPos": {"x": x, "y": y, "w": wide, "h": high}}
    if isinstance(row, Row):
        return dict(head, type="row", title=f"{row.zh} {row.en}", collapsed=False, panels=[])
    return dict(head, type=row.kind, title=row.title, description="\n\n".join(row.about), datasource=SOURCE, targets=targets(row), **KINDS[row.kind](row))


def dashboard_json(dashboard, others):
    panels = [panel_json(number, row, place) for number, (row, *place) in enumerate(placed(dashboard.panels), 1)]
    return {"id": None, "uid": dashboard.uid, "title": dashboard.title, "description": "\n\n".join(dashboard.about), "tags": ["fundwatch"], "schemaVersion": 39, "version": 1,
            "editable": False, "graphTooltip": 1, "timezone": "browser", "time": {"from": dashboard.time, "to": "now"}, "refresh": dashboard.refresh,
            "annotations": {"list": []}, "links": links(dashboard, others), "templating": {"list": variables(dashboard)}, "panels": panels}
