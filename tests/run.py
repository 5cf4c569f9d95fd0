#!/usr/bin/python3
"""Everything that `make check` runs, and one summary at the end.

    tests/run.py [--list] [--build-root DIR] [STEP...]

A step builds something or runs a suite. Suites are CTest (read from its JUnit file), scripts that print TAP
("ok 1 - name", "not ok 2 - name # reason", "ok 3 - name # SKIP reason") or single commands (exit 77 = skipped, the
last line of output says why). A step that needs a build which failed is counted as failed, never left out.
Exit: 0 when nothing failed, 1 otherwise, 64 for a wrong option.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FUZZ_SECONDS = "60"
TEST_SECONDS = 300          # one CTest test
SCRIPT_SECONDS = 900        # one script
TAIL = 60                   # lines of a failed log that are shown

TAP = re.compile(r"^(not ok|ok)\b\s*\d*\s*-?\s*(.*?)(?:\s+#\s*(?:(SKIP)\b\s*)?(.*))?$")


class Result:
    def __init__(self, name, status, reason="", seconds=0.0):
        self.name, self.status, self.reason, self.seconds = name, status, reason, seconds


class Run:
    """The results so far, the build folders, and where logs go."""

    def __init__(self, build_root):
        self.build_root = build_root
        self.logs = os.path.join(build_root, "logs")
        self.results = []
        self.built = {}
        os.makedirs(self.logs, exist_ok=True)

    def folder(self, name):
        return os.path.join(self.build_root, name)

    def add(self, name, status, reason="", seconds=0.0):
        self.results.append(Result(name, status, reason, seconds))
        mark = {"passed": "ok", "failed": "FAILED", "skipped": "skipped"}[status]
        tail = f": {reason}" if reason else ""
        print(f"  {mark:8}{name} ({seconds:.1f} s){tail}", flush=True)

    def command(self, log, words, seconds=SCRIPT_SECONDS, env=None):
        """Runs words with their output in a log; returns (exit status, seconds, path of the log)."""
        path = os.path.join(self.logs, log + ".log")
        start = time.monotonic()
        with open(path, "wb") as out:
            try:
                status = subprocess.run(words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                        timeout=seconds, env=dict(os.environ, **(env or {}))).returncode
            except subprocess.TimeoutExpired:
                out.write(f"\nstopped after {seconds} s\n".encode())
                status = 124
            except OSError as problem:
                out.write(f"{words[0]}: {problem.strerror}\n".encode())
                status = 127
        return status, time.monotonic() - start, path


def last_lines(path, count):
    with open(path, encoding="utf-8", errors="replace") as text:
        return text.read().rstrip("\n").split("\n")[-count:]


def show(lines):
    for line in lines:
        print("    | " + line)


def show_log(path):
    show(last_lines(path, TAIL))


def show_build(path):
    """What a compiler complained about, with the lines it quoted; the whole end of the log when nothing looks like that."""
    lines = last_lines(path, 1 << 20)
    wrong = [line for line in lines if re.search(r"error|FAILED|warning:|undefined reference|^\s*\d* \|", line)]
    show((wrong or lines)[-TAIL:])


# ---- builds ----

def build(run, name, options, needed=True):
    """Configures and builds one folder with warnings as errors; one result."""
    folder = run.folder(name)
    generate = ["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DFW_WERROR=ON", "-DCMAKE_INSTALL_PREFIX=/usr"] + options
    status, spent, path = run.command("build-" + name, generate)
    if status == 0:
        status, more, path = run.command("build-" + name, ["cmake", "--build", folder, "--parallel", str(os.cpu_count() or 1), "--", "-k", "0"])
        spent += more
    run.built[name] = status == 0
    if status:
        run.add(f"build {name}", "failed", f"see {os.path.relpath(path, ROOT)}", spent)
        show_build(path)
    else:
        warnings = sum("warning:" in line for line in last_lines(path, 1 << 20))
        run.add(f"build {name}", "failed" if warnings else "passed", f"{warnings} warnings" if warnings else "", spent)


def step_gcc(run):
    build(run, "gcc", ["-DCMAKE_C_COMPILER=gcc", "-DCMAKE_BUILD_TYPE=RelWithDebInfo"])


def step_clang(run):
    build(run, "clang", ["-DCMAKE_C_COMPILER=clang", "-DCMAKE_BUILD_TYPE=RelWithDebInfo"])


def step_sanitize(run):
    build(run, "sanitize", ["-DCMAKE_C_COMPILER=gcc", "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DFW_SANITIZE=ON"])


def has_build(run, name, what):
    if name not in run.built:
        run.built[name] = os.path.exists(os.path.join(run.folder(name), "fundwatch"))
    if not run.built[name]:
        run.add(what, "failed", f"no build {name}")
    return run.built[name]


# ---- suites ----

def skip_reason(case):
    """CTest says only SKIP_RETURN_CODE=77; the test's own last line says why."""
    said = [line.strip() for line in (case.findtext("system-out") or "").split("\n") if line.strip()]
    skipped = case.find("skipped")
    return said[-1] if said else (skipped.get("message", "") if skipped is not None else "not run")


def checks_inside(text):
    counts = [int(found) for found in re.findall(r"Checks: (\d+)", text or "")]
    return f"{sum(counts)} checks" if counts else ""


def ctest(run, name, env=None):
    if not has_build(run, name, f"ctest {name}"):
        return
    report = os.path.join(run.folder(name), "ctest.xml")
    if os.path.exists(report):
        os.remove(report)
    _, spent, path = run.command("ctest-" + name, ["ctest", "--test-dir", run.folder(name), "--parallel", str(os.cpu_count() or 1),
                                                    "--timeout", str(TEST_SECONDS), "--output-on-failure", "--output-junit", report], env=env)
    if not os.path.exists(report):
        run.add(f"ctest {name}", "failed", "no report was written", spent)
        show_log(path)
        return
    cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    if not cases:
        run.add(f"ctest {name}", "failed", "no test is registered", spent)
    for case in sorted(cases, key=lambda one: one.get("name")):
        label, seconds = f"{name}: {case.get('name')}", float(case.get("time") or 0)
        if case.find("failure") is not None or case.get("status") == "fail":
            run.add(label, "failed", "", seconds)
            show((case.findtext("system-out") or "").rstrip("\n").split("\n")[-TAIL:])
        elif case.get("status") == "run":
            run.add(label, "passed", checks_inside(case.findtext("system-out")), seconds)
        else:
            run.add(label, "skipped", skip_reason(case), seconds)


def single(run, label, words, env=None, seconds=SCRIPT_SECONDS):
    """One command that is one test."""
    status, spent, path = run.command(re.sub(r"\W+", "-", label), words, seconds, env)
    if status == 77:
        run.add(label, "skipped", last_lines(path, 1)[0], spent)
    elif status:
        run.add(label, "failed", f"exit status {status}", spent)
        show_log(path)
    else:
        run.add(label, "passed", "", spent)


def tap(run, label, words, env=None):
    """A script that prints TAP: one result a line. The time of a line is the time since the line before it."""
    path, errors = os.path.join(run.logs, label + ".log"), os.path.join(run.logs, label + ".errors.log")
    seen, failed, mark = 0, 0, time.monotonic()
    with open(path, "w", encoding="utf-8") as log, open(errors, "w", encoding="utf-8") as err:
        child = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err,
                                 env=dict(os.environ, **(env or {})), encoding="utf-8", errors="replace")
        for line in child.stdout:
            log.write(line)
            log.flush()
            found = TAP.match(line.rstrip("\n"))
            if not found:
                if line.startswith("# "):
                    print("    " + line.rstrip("\n"), flush=True)
                continue
            verdict, name, skip, reason = found.groups()
            status = "failed" if verdict == "not ok" else "skipped" if skip else "passed"
            run.add(f"{label}: {name}", status, reason or "", time.monotonic() - mark)
            seen, failed, mark = seen + 1, failed + (status == "failed"), time.monotonic()
        status = child.wait()
    if seen == 0 or (status and not failed):
        run.add(label, "failed", f"exit status {status} after {seen} tests", 0.0)
        failed += 1
    if failed:
        show_log(errors)


SANITIZER_ENV = {"ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
                 "UBSAN_OPTIONS": "print_stacktrace=1"}


def step_unit(run):
    ctest(run, "gcc")


def step_unit_sanitize(run):
    ctest(run, "sanitize", SANITIZER_ENV)


def step_rules(run):
    for name, env in (("gcc", None), ("sanitize", SANITIZER_ENV)):
        if has_build(run, name, f"rules {name}"):
            program = os.path.join(run.folder(name), "fundwatch")
            single(run, f"{name}: fundwatch check rules", [program, "check", "rules"], env)
            single(run, f"{name}: fundwatch test rules", [program, "test", "rules"], env)


def step_install(run):
    if has_build(run, "gcc", "install"):
        tap(run, "install", ["bash", "tests/install.sh", run.folder("gcc")])


def step_tidy(run):
    tap(run, "tidy", ["/usr/bin/python3", "tests/tidy/tidy.py"])


def step_fuzz(run):
    """The targets together are one test; what each did is shown."""
    status, spent, path = run.command("fuzz", ["sh", "tests/fuzz/run.sh", FUZZ_SECONDS, run.folder("fuzz")])
    tried = sum(int(found) for found in re.findall(r"number_of_executed_units:\s*(\d+)", "\n".join(last_lines(path, 1 << 20))))
    if status or not tried:
        run.add("fuzz", "failed", f"exit status {status} after {tried} inputs", spent)
        show_log(path)
    else:
        run.add("fuzz", "passed", f"{tried} inputs, {FUZZ_SECONDS} s a target", spent)


def step_kafka(run):
    if has_build(run, "gcc", "kafka"):
        tap(run, "kafka", ["/usr/bin/python3", "tests/kafka/run.py", run.folder("gcc")])


def step_faults(run):
    if has_build(run, "gcc", "faults"):
        tap(run, "faults", ["/usr/bin/python3", "tests/faults/run.py", run.folder("gcc")])


def step_demo(run):
    if has_build(run, "gcc", "demo"):
        single(run, "demo, short", ["bash", "tests/demo/demo.sh", "--short", run.folder("gcc")], seconds=120)


def step_walk(run):
    if has_build(run, "gcc", "walk"):
        tap(run, "walk", ["/usr/bin/python3", "tests/walk/walk.py", run.folder("gcc"), "docs/first-rule.md", "docs/first-rule.zh-CN.md"])


def step_grafana(run):
    if has_build(run, "gcc", "grafana"):
        tap(run, "grafana", ["/usr/bin/python3", "tests/grafana/run.py", run.folder("gcc")])


STEPS = {
    "gcc": step_gcc, "clang": step_clang, "sanitize": step_sanitize, "unit": step_unit, "unit-sanitize": step_unit_sanitize,
    "rules": step_rules, "install": step_install, "tidy": step_tidy, "fuzz": step_fuzz, "kafka": step_kafka, "faults": step_faults, "demo": step_demo, "walk": step_walk,
    "grafana": step_grafana,
}


def summary(run, seconds):
    groups = {status: [one for one in run.results if one.status == status] for status in ("passed", "failed", "skipped")}
    print(f"\n{len(run.results)} tests in {seconds:.0f} s; logs in {os.path.relpath(run.logs, ROOT)}/")
    for status in ("skipped", "failed"):
        for one in groups[status]:
            print(f"{status}: {one.name}{': ' + one.reason if one.reason else ''}")
    print(f"{len(groups['passed'])} passed, {len(groups['failed'])} failed, {len(groups['skipped'])} skipped")
    return 1 if groups["failed"] or not groups["passed"] else 0


def main():
    parser = argparse.ArgumentParser(description="Run the tests of fundwatch.", exit_on_error=False)
    parser.add_argument("--list", action="store_true", help="name the steps")
    parser.add_argument("--build-root", default=os.path.join(ROOT, "build-check"), help="where the builds and logs go")
    parser.add_argument("steps", nargs="*", metavar="STEP", help="only these steps, in this order")
    try:
        options = parser.parse_args()
    except argparse.ArgumentError as problem:
        parser.print_usage(sys.stderr)
        print(f"tests/run.py: {problem}", file=sys.stderr)
        return 64
    unknown = [name for name in options.steps if name not in STEPS]
    if unknown:
        print(f"tests/run.py: no step {', '.join(unknown)}; steps: {', '.join(STEPS)}", file=sys.stderr)
        return 64
    if options.list:
        print("\n".join(STEPS))
        return 0
    for tool in ("cmake", "ninja", "ctest"):
        if not shutil.which(tool):
            print(f"tests/run.py: {tool} is missing; run: make deps", file=sys.stderr)
            return 69
    for name in ("LANGUAGE", "LC_MESSAGES", "LANG"):        # tests compare messages; those of another language ask for it
        os.environ.pop(name, None)
    os.environ["LC_ALL"] = "C.UTF-8"
    run = Run(os.path.abspath(options.build_root))
    start = time.monotonic()
    for name in options.steps or STEPS:
        print(f"== {name}", flush=True)
        STEPS[name](run)
    return summary(run, time.monotonic() - start)


if __name__ == "__main__":
    sys.exit(main())
