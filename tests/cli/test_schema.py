#!/usr/bin/python3
"""`fundwatch check --schema`: the schemas against the loader.  A file that the loader takes is valid; a file with a wrong key,
word or shape is not.  Every key is explained in both languages.

usage: test_schema.py FUNDWATCH RULES
"""
import json
import os
import re
import subprocess
import sys

PROGRAM, RULES = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
ROOT = os.path.dirname(RULES)
TREES = os.path.join(ROOT, "tests", "rules")
sys.path.insert(0, os.path.join(ROOT, "tests", "oracle"))
sys.dont_write_bytecode = True
import yamlish  # noqa: E402

# Mistakes of shape, keys and words: what a schema can see.
STRUCTURAL = {"R0301", "R0302", "R0303", "R0304", "R0305", "R0307", "R0308", "R0309", "R0312", "R0313", "R0370", "R0371", "R0372"}
YAML = re.compile(r"R02\d\d|R01\d\d")

# Seen by the loader alone: file -> why the schema takes it.
LOADER_ALONE = {"tests/rules/bad/settings/fund/MONEY.yaml": "sum is needed when a share is of money"}


class Failed(Exception):
    pass


def expect(condition, *said):
    if not condition:
        raise Failed(" ".join(str(part) for part in said))


def run(*words, cwd=None):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=120, check=False, cwd=cwd,
                          env={**os.environ, "LC_ALL": "C.UTF-8"})


def schema(kind):
    done = run("check", "--schema", kind)
    expect(done.returncode == 0, done.stderr)
    return json.loads(done.stdout)


def typed(node):
    """Values as an editor types them: nothing, whole numbers, decimals, true and false; the rest is text.  A region of no
    digits is always in quotes, which the reader of the tests does not keep."""
    if isinstance(node, dict):
        return {key: value if key == "region" and value == "" else typed(value) for key, value in node.items()}
    if isinstance(node, list):
        return [typed(value) for value in node]
    if node in ("true", "false"):
        return node == "true"
    if node == "":
        return None
    return int(node) if re.fullmatch(r"-?(0|[1-9]\d*)", node) else float(node) if re.fullmatch(r"-?\d+\.\d+", node) else node


def kind_of(path):
    folder = os.path.basename(os.path.dirname(path))
    return folder if folder in ("params", "suppressions") else "rule"


def files(tree):
    for folder, _, names in sorted(os.walk(tree)):
        for name in sorted(names):
            if name.endswith(".yaml"):
                yield os.path.join(folder, name)


def codes(tree):
    """The codes of the errors that the loader tells, by file."""
    tables = os.path.join(tree, "tables")
    if not os.path.isdir(tables):
        tables = os.path.join(TREES, "tables")
    found = {}
    for line in run("check", "--lang", "en", "--tables", tables, tree).stderr.splitlines():
        told = re.match(r"(.+?\.yaml)(?::\d+)*: error: .* \[(R\d+)\]$", line)
        if told:
            found.setdefault(told.group(1), set()).add(told.group(2))
    return found


def trees():
    yield RULES
    for name in ("good", "language"):
        yield os.path.join(TREES, name)
    bad = os.path.join(TREES, "bad")
    for name in sorted(os.listdir(bad)):
        yield os.path.join(bad, name)


def check_agreement(validators):
    valid, invalid, wrong = 0, 0, []
    for tree in trees():
        told = codes(tree)
        for path in files(tree):
            found = told.get(path, set())
            if any(YAML.match(code) for code in found):
                continue
            with open(path, encoding="utf-8") as file:
                node = typed(yamlish.load(file.read()))
            mistakes = [f"{'/'.join(map(str, mistake.path))}: {mistake.message[:200]}" for mistake in validators[kind_of(path)].iter_errors(node)]
            name = os.path.relpath(path, ROOT)
            if not found:
                valid += 1
                if mistakes:
                    wrong.append(f"{name} is taken by the loader but not by the schema: {mistakes}")
            elif found & STRUCTURAL and name not in LOADER_ALONE:
                invalid += 1
                if not mistakes:
                    wrong.append(f"{name} has {sorted(found & STRUCTURAL)} and is valid")
    expect(not wrong, "\n  ".join(wrong))
    expect(valid >= 14 and invalid >= 10, valid, "valid,", invalid, "not")
    print(f"  {valid} files that both take, {invalid} that neither takes")


def explained(node, where, seen):
    """Every key, at any depth, has a title in both languages; further words too when there are any."""
    if isinstance(node, list):
        for item in node:
            explained(item, where, seen)
    if not isinstance(node, dict):
        return
    for name, value in node.get("properties", {}).items():
        inside = where + [name]
        if value and "title" in value:
            zh, _, en = value["title"].partition(" / ")
            expect(re.search("[\u4e00-\u9fff]|ID", zh) and en, inside, value["title"])
            if "description" in value:
                zh, _, en = value["description"].partition("\n\n")
                expect(re.search("[\u4e00-\u9fff]", zh) and en, inside, value["description"])
            seen.add(".".join(inside))
        elif value:
            expect("const" in value or where[-1:] == ["reason"], "not explained:", inside, value)
    for name, value in node.items():
        if name == "properties":
            for key, member in value.items():
                explained(member, where + [key], seen)
        elif name not in ("enum", "examples", "required", "const", "if"):
            explained(value, where, seen)


def check_words(schemas):
    seen = set()
    for kind, whole in schemas.items():
        explained(whole, [kind], seen)
    for key in ("rule.id", "rule.where", "rule.exclude.when", "rule.bands.over", "rule.limit", "rule.params.rows.from", "rule.basis.quote",
                "rule.tests.claims.hifp_pay", "rule.tests.expect", "params.region", "params.params.rows.final", "suppressions.scope.psn_no",
                "suppressions.until"):
        expect(key in seen, key, "is not explained;", len(seen), "are")
    print(f"  {len(seen)} keys explained")


def check_examples(schemas, draft):
    """The examples are valid themselves."""
    def walk(node):
        if isinstance(node, list):
            for item in node:
                walk(item)
        if isinstance(node, dict):
            for example in node.get("examples", []):
                expect(draft(node).is_valid(example), example, "is no example of", node)
            for value in node.values():
                walk(value)
    walk(list(schemas.values()))


def check_wrong(validators):
    """What is not in the trees: one thing wrong in a good file of each kind."""
    params = {"region": "1409", "basis": {"A": {"document": "文件", "quote": "原文"}},
              "params": {"cap": {"unit": "yuan", "rows": [{"region": "140902", "from": "2026-01-01", "value": 400.0, "basis": "A"}]}}}
    row = params["params"]["cap"]["rows"][0]
    silent = {"id": "2024-RETRO-7", "rule": "OP-CAP-001", "author": "某某", "reason": {"zh": "已核查", "en": "looked into"},
              "scope": {"psn_no": "0000123", "region": 140902}, "from": "2024-03-01", "until": "2024-12-31"}
    expect(validators["params"].is_valid(params), "params")
    expect(validators["suppressions"].is_valid([silent, {**silent, "reason": "已核查"}]), "suppressions")
    for key, wrong in (("from", "2026-1-1"), ("value", None), ("vlaue", 1), ("floor", 3), ("final", "yes"), ("region", "14x"), ("basis", "")):
        changed = {**params, "params": {"cap": {"unit": "yuan", "rows": [{**row, key: wrong}]}}}
        expect(not validators["params"].is_valid(changed), "a row with", key, wrong)
    for key, wrong in (("region", "Shanxi"), ("basis", {}), ("params", []), ("title", "x")):
        expect(not validators["params"].is_valid({**params, key: wrong}), key, wrong)
    for key, wrong in (("until", None), ("scope", {}), ("scope", {"person": "p"}), ("scope", {"region": "1x"}), ("reason", {"zh": "x"}),
                       ("id", "a b"), ("autor", "x"), ("from", "March")):
        expect(not validators["suppressions"].is_valid([{**silent, key: wrong}]), key, wrong)
    for key in ("id", "rule", "author", "reason", "scope", "from", "until"):
        expect(not validators["suppressions"].is_valid([{name: value for name, value in silent.items() if name != key}]), "without", key)


def check_command():
    expect(run("check", "--schema").stdout == run("check", "--schema", "rule").stdout, "--schema alone")
    done = run("check", "--schema", "rulez")
    expect(done.returncode == 64 and "rule, params or suppressions" in done.stderr, done.stderr)


def main():
    try:
        import jsonschema
    except ImportError:
        print("python3-jsonschema is not installed")
        return 77
    schemas = {kind: schema(kind) for kind in ("rule", "params", "suppressions")}
    draft = jsonschema.Draft7Validator
    for whole in schemas.values():
        draft.check_schema(whole)
    validators = {kind: draft(whole) for kind, whole in schemas.items()}
    failed = 0
    for name, check in (("agreement", lambda: check_agreement(validators)), ("words", lambda: check_words(schemas)),
                        ("examples", lambda: check_examples(schemas, draft)), ("wrong", lambda: check_wrong(validators)), ("command", check_command)):
        try:
            check()
            print("ok", name)
        except Failed as failure:
            failed += 1
            print("FAILED", name, failure)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
