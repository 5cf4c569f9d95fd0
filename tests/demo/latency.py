#!/usr/bin/python3
"""The latency table of the demo, from the last record of the stats topic.

    tests/demo/latency.py zh|en STATS.ndjson
"""
import json
import sys

STAGES = (
    ("poll", "取一条记录", "take one record"),
    ("decode", "解码", "decode"),
    ("score", "判定", "judge"),
    ("publish", "交给生产者", "hand to the producer"),
    ("record_to_alert", "记录入 Kafka 到告警确认", "record in Kafka to alert acknowledged"),
)
COLUMNS = ("p50_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns")
HEADS = ("p50", "p90", "p99", "p99.9", "max")
LABEL_WIDTH = 38
CELL_WIDTH = 10


def wide(text):
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if ord(letter) > 0x2e7f else 1 for letter in text)


def duration(nanoseconds):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds} ns"


def row(label, cells):
    return "  " + label + " " * max(1, LABEL_WIDTH - wide(label)) + "".join(" " * max(1, CELL_WIDTH - wide(cell)) + cell for cell in cells)


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("zh", "en"):
        print(__doc__, file=sys.stderr)
        return 64
    with open(sys.argv[2], encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines if line.strip()]
    if not records:
        print("no stats record", file=sys.stderr)
        return 65
    stages = records[-1]["stages"]
    chinese = sys.argv[1] == "zh"
    print(row("时延" if chinese else "latency", HEADS + ("次数" if chinese else "count",)))
    for name, zh, en in STAGES:
        stage = stages[name]
        cells = [duration(stage[column]) for column in COLUMNS] if stage["count"] else ["-"] * len(COLUMNS)
        print(row(zh if chinese else en, cells + [str(stage["count"])]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
