#!/usr/bin/python3
"""Writes dashboards/*.json from source/*.py.

    grafana/make_dashboards.py [--check]      --check: writes nothing, names the files that are not what it makes; exit 1 when there is one
"""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

from source import form, fund, operations, rules     # noqa: E402

DASHBOARDS = {"operations": operations.DASHBOARD, "fund": fund.DASHBOARD, "rules": rules.DASHBOARD}


def texts():
    """File name -> what must stand in it."""
    everything = list(DASHBOARDS.values())
    return {f"{name}.json": json.dumps(form.dashboard_json(dashboard, everything), ensure_ascii=False, indent=1) + "\n" for name, dashboard in DASHBOARDS.items()}


def stale():
    """Names of the files that differ."""
    differ = []
    for name, text in texts().items():
        path = os.path.join(HERE, "dashboards", name)
        if not os.path.exists(path) or open(path, encoding="utf-8").read() != text:
            differ.append(name)
    return differ


def main():
    if sys.argv[1:] == ["--check"]:
        differ = stale()
        for name in differ:
            print(f"grafana/dashboards/{name} is not what grafana/make_dashboards.py makes")
        return 1 if differ else 0
    if len(sys.argv) > 1:
        print("usage: make_dashboards.py [--check]", file=sys.stderr)
        return 64
    for name, text in texts().items():
        with open(os.path.join(HERE, "dashboards", name), "w", encoding="utf-8") as out:
            out.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
