#!/usr/bin/python3
"""The rules of the house, as tests of the tree. Prints TAP.

    tests/tidy/tidy.py [ROOT]

Each check is a function of a root folder that returns a list of "file[:line]: what is wrong". Every check is also run
on tests/tidy/bad, a small tree that breaks each of them, and must find there what bad/EXPECTED lists: a check that can no
longer fail is itself a failure.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import documents  # noqa: E402
import sources    # noqa: E402

CHECKS = {
    "include directions": sources.include_directions,
    "one door per library": sources.library_doors,
    "core and detectors are pure": sources.pure_code,
    "exact money has no floating point": sources.exact_money,
    "file length": sources.file_length,
    "function length": sources.function_length,
    "no leftovers": sources.leftovers,
    "scripts are executable": sources.executable_scripts,
    "commands in documents exist": documents.commands_exist,
    "links in documents exist": documents.links_exist,
    "documents are bilingual": documents.bilingual_pairs,
    "schemas are closed": documents.closed_schemas,
}


def expected_findings(bad):
    """EXPECTED: one line each, "check | what a finding must contain"."""
    wanted = {}
    with open(os.path.join(bad, "EXPECTED"), encoding="utf-8") as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                check, part = [word.strip() for word in line.split("|", 1)]
                wanted.setdefault(check, []).append(part)
    return wanted


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def say(self, name, problems):
        self.count += 1
        self.failed += bool(problems)
        reason = f" # {problems[0]}" + (f" and {len(problems) - 1} more" if len(problems) > 1 else "") if problems else ""
        print(f"{'not ok' if problems else 'ok'} {self.count} - {name}{reason}", flush=True)
        for problem in problems[1:]:
            print(f"# {problem}")


def unmet(check, findings, wanted):
    """What the self-test lacks: a promised finding, or a promise for this check at all."""
    if not wanted:
        return [f"bad/EXPECTED promises nothing for: {check}"]
    return [f"{check} did not find: {part}" for part in wanted if not any(part in finding for finding in findings)]


def main():
    root = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(HERE))
    bad = os.path.join(HERE, "bad")
    wanted = expected_findings(bad)
    tap = Tap()
    for name, check in CHECKS.items():
        tap.say(name, check(root))
    for name, check in CHECKS.items():
        tap.say(f"can fail: {name}", unmet(name, check(bad), wanted.pop(name, [])))
    tap.say("the bad tree knows every check", [f"bad/EXPECTED: no check named {name}" for name in wanted])
    for line in sources.longest_functions(root):
        print(f"# {line}")
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
