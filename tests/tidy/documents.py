"""Checks of what is written for people: commands, links, languages, schemas."""
import json
import os
import re

import tree

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^\s*(```|~~~)")
MAKE = re.compile(r"\bmake((?:\s+[\w-]+(?:=\S*)?)*)")
PROGRAM = re.compile(r"(?<![\w./-])(?:build/)?fundwatch\s+([a-z]+)\b")
OPTION = re.compile(r"\s(--[a-z][a-z-]+)")
BILINGUAL_ALWAYS = ("README.md",)
OPEN_SCHEMAS = ("docs/schema/settlement.schema.json", "docs/schema/enrolment.schema.json")     # records in: unknown members are skipped


def documents(root):
    return tree.files(root, ".md")


def command_lines(root, path):
    """Lines in fences and words in backticks: what a reader would type."""
    inside = False
    for number, line in enumerate(tree.lines(root, path), 1):
        if FENCE.match(line):
            inside = not inside
        elif inside:
            yield number, re.sub(r"(^|\s)#.*", "", line)
        else:
            for word in re.findall(r"`([^`]+)`", line):
                yield number, word


def make_targets(root):
    path = os.path.join(root, "Makefile")
    return set(re.findall(r"^([a-z][\w-]*):", tree.text(root, "Makefile"), re.M)) if os.path.exists(path) else set()


def known_commands(root):
    """The names in the command table of the program: {"check", command_check, ...}."""
    path = os.path.join(root, "replay/main.c")
    return set(re.findall(r'^\s*\{\s*"([a-z]+)"', tree.text(root, "replay/main.c"), re.M)) if os.path.exists(path) else set()


def wrong_commands(line, targets, commands):
    for part in re.sub(r"\"[^\"]*\"|'[^']*'", "QUOTED", line.strip().lstrip("$ ")).split("&&"):
        part = part.strip()
        make = MAKE.match(part)
        for word in (make.group(1).split() if make else []):
            if "=" not in word and not word.startswith("-") and word not in targets:
                yield f"make {word}: no such target"
        for name in PROGRAM.findall(part) if re.match(r"(\S+=\S+\s+)*(build/)?fundwatch\b", part) else []:
            if name not in commands:
                yield f"fundwatch {name}: no such command"


def commands_exist(root):
    targets, commands = make_targets(root), known_commands(root)
    return [f"{path}:{number}: {wrong}" for path in documents(root)
            for number, line in command_lines(root, path) for wrong in wrong_commands(line, targets, commands)]


def links_exist(root):
    problems = []
    for path in documents(root):
        for number, line in enumerate(tree.lines(root, path), 1):
            for target in LINK.findall(line):
                if re.match(r"[a-z]+:|#", target):
                    continue
                full = os.path.normpath(os.path.join(root, os.path.dirname(path), target.split("#")[0]))
                if not os.path.exists(full):
                    problems.append(f"{path}:{number}: {target} does not exist")
    return problems


def outline(root, path):
    """The levels of the headings outside of fences."""
    levels, inside = [], False
    for line in tree.lines(root, path):
        if FENCE.match(line):
            inside = not inside
        elif not inside and re.match(r"#{1,6} ", line):
            levels.append(line.index(" "))
    return levels


def bilingual_pairs(root):
    """X.md and X.zh-CN.md come together and have the same outline; README always has both."""
    known, problems = set(documents(root)), []
    for path in BILINGUAL_ALWAYS:
        if path not in known:
            problems.append(f"{path}: missing")
        elif path.replace(".md", ".zh-CN.md") not in known:
            problems.append(f"{path.replace('.md', '.zh-CN.md')}: missing")
    for path in sorted(known):
        if not path.endswith(".zh-CN.md"):
            continue
        other = path.replace(".zh-CN.md", ".md")
        if other not in known:
            problems.append(f"{other}: missing, {path} is there")
        elif outline(root, path) != outline(root, other):
            problems.append(f"{path}: other headings than {other}")
    return problems


def open_objects(node, where="#"):
    if isinstance(node, dict):
        if node.get("type") == "object" and "properties" in node and node.get("additionalProperties", True) is not False:
            yield where
        for key, value in node.items():
            yield from open_objects(value, f"{where}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from open_objects(value, f"{where}/{index}")


def closed_schemas(root):
    problems = []
    for path in tree.files(root, ".schema.json"):
        if path in OPEN_SCHEMAS:
            continue
        try:
            problems += [f"{path}: {where} lets unknown members pass" for where in open_objects(json.loads(tree.text(root, path)))]
        except json.JSONDecodeError as wrong:
            problems.append(f"{path}: {wrong}")
    return problems
