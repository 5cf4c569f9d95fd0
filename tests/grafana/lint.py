"""What must hold of the dashboards as files.

The first part checks what the documentation of the Grafana project's dashboard-linter demands, under its names, so that a
dashboard that fails here fails there too; the second part is the house's own.  Each check takes a dashboard and gives a list of
what is wrong.
"""
import re

SELECTOR = re.compile(r"(?<![\w:$\"{,.])((?:fundwatch|process)[\w:]*)(\{[^}]*\})?")
STRING = re.compile(r'"[^"]*"')
QUERY_FUNCTION = re.compile(r"^(label_names|label_values|metrics|query_result)\((.+)\)$")
UNITS = {"none", "short", "percent", "percentunit", "s", "ms", "bytes", "cps", "cpm", "sci", "dateTimeAsIso", "bool"}     # those of Grafana that are used here
PERSON = re.compile(r"\b(psn|person|certno|name_of_patient)\w*\s*(=~|=|,|\))")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries(dashboard):
    """(panel, target) of every query."""
    return [(panel, target) for panel in panels(dashboard) for target in panel.get("targets", [])]


def selectors(expr):
    """(metric, matchers with braces or "") of every selector."""
    return [(name, matchers) for name, matchers in SELECTOR.findall(expr)]


def variables(dashboard, kind):
    return [one for one in dashboard["templating"]["list"] if one["type"] == kind]


# ---- as dashboard-linter has it ----

def template_datasource(dashboard):
    sources = variables(dashboard, "datasource")
    if [one["query"] for one in sources] != ["prometheus"]:
        return ["wants one variable for a Prometheus data source"]
    return [] if (sources[0]["name"], sources[0]["label"]) == ("datasource", "Data source") else ["the variable of the data source wants the name datasource and the label Data source"]


def template_named(dashboard, name):
    for one in variables(dashboard, "query"):
        if one["name"] == name:
            wanted = {"label": name.title(), "multi": True, "allValue": ".+", "includeAll": True}
            return [f"variable {name}: {key} must be {value}" for key, value in wanted.items() if one.get(key) != value] \
                + ([] if one["datasource"]["uid"] == "$datasource" else [f"variable {name} must use $datasource"])
    return [f"no variable {name}"]


def template_job(dashboard):
    return template_named(dashboard, "job")


def template_instance(dashboard):
    return template_named(dashboard, "instance")


def template_label_promql(dashboard):
    return [f"variable {one['name']}: {one['query']}" for one in variables(dashboard, "query") if not QUERY_FUNCTION.match(one["query"])]


def template_on_time_change_reload(dashboard):
    return [f"variable {one['name']} must be refreshed when the time range changes" for one in variables(dashboard, "query") if one["refresh"] != 2]


def panel_datasource(dashboard):
    return [f"{panel['title']}: names a data source" for panel in panels(dashboard) if panel["datasource"]["uid"] != "$datasource"] \
        + [f"{panel['title']}: query {target['refId']} names a data source" for panel, target in queries(dashboard) if target["datasource"]["uid"] != "$datasource"]


def panel_title_description(dashboard):
    return [f"panel {panel['id']} wants a title and a description" for panel in panels(dashboard) if not panel.get("title") or not panel.get("description")]


def panel_units(dashboard):
    return [f"{panel['title']}: unit {panel['fieldConfig']['defaults'].get('unit')}" for panel in panels(dashboard)
            if panel["type"] != "heatmap" and panel["fieldConfig"]["defaults"].get("unit") not in UNITS]


def panel_no_targets(dashboard):
    return [f"{panel['title']}: no query" for panel in panels(dashboard) if not panel.get("targets")]


def target_rate_interval(dashboard):
    return [f"{panel['title']}: {call} without $__rate_interval" for panel, target in queries(dashboard)
            for call, inside in re.findall(r"\b(i?rate)\([^[]*\[([^\]]*)\]", target["expr"]) if inside != "$__rate_interval"]


def target_matcher(dashboard, label):
    wanted = f'{label}=~"${label}"'
    return [f"{panel['title']}: {name} without {wanted}" for panel, target in queries(dashboard) for name, matchers in selectors(target["expr"]) if wanted not in matchers]


def target_job(dashboard):
    return target_matcher(dashboard, "job")


def target_instance(dashboard):
    return target_matcher(dashboard, "instance")


def target_counter_agg(dashboard):
    return [f"{panel['title']}: {name} is a counter and wants rate or increase" for panel, target in queries(dashboard)
            for before, name, range_of in re.findall(r"(\w*\(?)((?:fundwatch|process)\w*_total)(?:\{[^}]*\})?(\[)?", target["expr"])
            if before not in ("rate(", "irate(", "increase(") or not range_of]


def uneditable_dashboard(dashboard):
    return ["editable must be false"] if dashboard["editable"] is not False else []


LINTER = {
    "template-datasource-rule": template_datasource, "template-job-rule": template_job, "template-instance-rule": template_instance,
    "template-label-promql-rule": template_label_promql, "template-on-time-change-reload-rule": template_on_time_change_reload,
    "panel-datasource-rule": panel_datasource, "panel-title-description-rule": panel_title_description, "panel-units-rule": panel_units,
    "panel-no-targets-rule": panel_no_targets, "target-rate-interval-rule": target_rate_interval, "target-job-rule": target_job,
    "target-instance-rule": target_instance, "target-counter-agg-rule": target_counter_agg, "uneditable-dashboard": uneditable_dashboard,
}


# ---- the house's own ----

def provisioned(dashboard):
    """A file that Grafana takes as it is: no id of a database, a fixed uid, no placeholder of an export."""
    problems = [] if dashboard["id"] is None else ["id must be null"]
    problems += [] if re.fullmatch(r"fundwatch-[a-z]+", dashboard["uid"]) else [f"uid {dashboard['uid']}"]
    return problems + (["${DS_ is never filled by provisioning"] if "${DS_" in repr(dashboard) else [])


def both_languages(dashboard):
    """Titles and descriptions in Chinese and English."""
    texts = [(row["title"], row["title"]) for row in dashboard["panels"]] + [(panel["title"], panel["description"]) for panel in panels(dashboard)]
    return [f"{title}: not in both languages" for title, text in texts if not CHINESE.search(text) or not re.search(r"[A-Za-z]", text)]


def heatmaps(dashboard):
    """Anything else is counted into buckets once more, or drawn wrong."""
    return [f"{panel['title']}: wants format heatmap, the legend {{{{le}}}} and calculate false" for panel, target in queries(dashboard)
            if panel["type"] == "heatmap" and (target["format"], target["legendFormat"], panel["options"].get("calculate")) != ("heatmap", "{{le}}", False)]


def no_person(dashboard):
    return [f"{panel['title']}: asks for a person" for panel, target in queries(dashboard) if PERSON.search(target["expr"])]


def titles_differ(dashboard):
    titles = [panel["title"] for panel in panels(dashboard)]
    return [f"{title}: twice" for title in sorted(set(titles)) if titles.count(title) > 1]


def layout(dashboard):
    """No panel beyond the edge, none over another."""
    taken, problems = {}, []
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        problems += [f"{panel['title']}: beyond the edge"] if place["x"] + place["w"] > 24 else []
        for cell in [(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])]:
            if taken.setdefault(cell, panel["title"]) != panel["title"]:
                problems.append(f"{panel['title']}: over {taken[cell]}")
                break
    return problems


HOUSE = {"provisioned": provisioned, "both languages": both_languages, "heatmaps": heatmaps, "no person": no_person, "titles differ": titles_differ, "layout": layout}


def findings(dashboard, excluded=()):
    """Everything that is wrong: "rule: what"."""
    return [f"{name}: {problem}" for name, check in {**LINTER, **HOUSE}.items() if name not in excluded for problem in check(dashboard)]


def exclusions(text):
    """The rules that a .lint file leaves out -> their reasons ("" when there is none).  Only the simple form is read: rule, reason."""
    found = {}
    for line in text.split("\n"):
        rule, reason = re.match(r"  ([\w-]+):\s*$", line), re.match(r"    reason: (.+)", line)
        if rule:
            found[rule.group(1)] = ""
        elif reason and found:
            found[list(found)[-1]] = reason.group(1)
    return found
