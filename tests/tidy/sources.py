"""Checks of the program text: directions, doors, purity, lengths, leftovers."""
import os
import re

import tree

# core/ in the order of reading: a file may include its own level and those before it.
LEVELS = ("core/base/", "core/claim/", "core/state/", "core/detector.h", "core/rule/", "core/score/", "core/archive/")

# Who may include from which folder.
REACH = {
    "core/": ("core/",),
    "detectors/": ("core/", "detectors/"),
    "replay/": ("core/", "detectors/", "replay/"),
    "daemon/": ("core/", "detectors/", "daemon/"),
}

# One door per library: (header, the only files that may include it). tests/ may look behind every door.
DOORS = (
    (r"libfyaml\.h", ("core/rule/yaml.c",)),
    (r"pcre2\.h", ("core/rule/pattern.c",)),
    (r"openssl/", ("core/base/digest.c", "core/base/cipher.c", "daemon/seal.c")),
    (r"xxhash\.h", ("core/base/hash.c",)),
    (r"utf8proc\.h", ("core/base/utf8.c",)),
    (r"zlib\.h", ("replay/inflate.c",)),
    (r"zstd\.h", ("core/base/pack.c",)),           # the archive packs, replay files are unpacked: one door below both
    (r"microhttpd\.h", ("daemon/http.c",)),
    (r"librdkafka/|rdkafka", ("daemon/kafka.h", "daemon/broker/main.c", "replay/watch_kafka.c")),
    (r"cjson/|cJSON\.h", ("replay/watch_record.c",)),
    (r"systemd/", ("daemon/notify.c",)),
    (r"pthread\.h|threads\.h", ("daemon/", "replay/entries.c", "replay/diff_crew.c")),
    (r"sys/socket\.h|netdb\.h|sys/mman\.h", ("daemon/", "core/base/memory.c")),
)

# What core/ and detectors/ must not call: the clock, files, the environment, chance, threads, the terminal.
IMPURE = ("time clock clock_gettime gettimeofday localtime localtime_r gmtime gmtime_r mktime timegm strftime tzset sleep usleep nanosleep "
          "fopen freopen fdopen fread fwrite fgets fputs fputc puts putchar printf fprintf vfprintf open openat creat read write pread pwrite "
          "opendir readdir stat lstat fstat unlink rename mkdir getenv setenv secure_getenv rand srand random srandom getrandom arc4random "
          "system popen fork execve socket connect syslog setlocale nl_langinfo").split()
IMPURE_CALL = re.compile(r"(?<![\w.>])(" + "|".join(IMPURE) + r"|pthread_\w+)\s*\(")
STDERR_ONLY = re.compile(r"(?<![\w.>])fprintf\s*\(\s*stderr\b")      # the last words before abort()
ALLOCATION = re.compile(r"(?<![\w.>])(malloc|calloc|realloc|reallocarray|free|strdup|memory_\w+|arena_\w+)\s*\(")

# Files of core/ that load rules from a folder or print a diagnostic to a stream they are handed.
IMPURE_ALLOWED = {
    "core/rule/source.c": {"fopen", "fread"},
    "core/rule/ruleset.c": {"opendir", "readdir", "stat"},
    "core/base/diag.c": {"fprintf", "fputs", "fputc", "fwrite"},
    # The archive is a folder of files; each may call what its one job needs, and none a clock, chance or the environment.
    "core/archive/store.c": {"open", "read", "pwrite", "rename", "unlink", "mkdir"},
    "core/archive/files.c": {"opendir", "readdir"},
    "core/archive/key.c": {"fopen", "fread"},
    "core/archive/walk.c": {"open", "pread", "fstat"},
    "core/archive/lock.c": {"open", "pread"},
    "core/archive/writer.c": {"open"},
    "core/archive/prune.c": {"unlink"},
    "core/archive/recover.c": {"open", "unlink"},
    "core/archive/snapshot.c": {"open", "opendir", "readdir", "rename", "unlink", "stat"},
    "core/archive/block.c": {"read"},
    "core/archive/rulesets.c": {"opendir", "readdir", "lstat", "rename"},
}

# Code that decides about money or keeps it: integers and exact fractions only.
EXACT = re.compile(r"core/base/money\.[ch]$|core/claim/|core/state/|core/score/(ledger|settle|enrol|layout|budget)\w*\.[ch]$|"
                   r"core/rule/(params|matcher|expression|typecheck|parser)\.[ch]$|detectors/(cap|check)\.[ch]$")
FLOATING = re.compile(r"\b(double\b|float\b|(?:fabs|floor|ceil|lround|llround|pow|strtod|atof)(?=\s*\())")

FILE_LINES = 600
FUNCTION_LINES = 80
LEFTOVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(home|root|work|Users)/\w")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

PROGRAM = ("core", "detectors", "replay", "daemon")


def program_files(root):
    return [path for folder in PROGRAM for path in tree.files(root, ".c", ".h", ".def", below=folder)]


def includes(root, path):
    for number, line in enumerate(tree.lines(root, path), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found.group(1), found.group(2)


def level(path):
    return next((rank for rank, prefix in enumerate(LEVELS) if path.startswith(prefix)), None)


def wrong_direction(root, path, target):
    folder = path.split("/")[0] + "/"
    if not os.path.exists(os.path.join(root, target)):
        return "is not a path from the root of the tree"
    if not target.startswith(REACH[folder]):
        return f"{folder} does not reach there"
    if folder == "core/":
        mine, other = level(path), level(target)
        if mine is None or other is None:
            return "core/ has no such level"
        if other > mine:
            return f"{LEVELS[mine]} comes before {LEVELS[other]}"
    return None


def include_directions(root):
    problems = []
    for path in program_files(root):
        for number, kind, target in includes(root, path):
            wrong = wrong_direction(root, path, target) if kind == '"' else None
            if wrong:
                problems.append(f'{path}:{number}: includes "{target}": {wrong}')
    return problems


def library_doors(root):
    """Headers included outside of their doors, and doors that nobody uses any more."""
    problems, used = [], set()
    for path in program_files(root):
        for number, _, target in includes(root, path):
            for header, doors in DOORS:
                if not re.match(header, target):
                    continue
                used.add((header, path))
                if not path.startswith(doors):
                    problems.append(f"{path}:{number}: includes <{target}>; its door is {' or '.join(doors)}")
    for header, doors in DOORS:
        problems += [f"{door}: is a door for {header} and does not include it" for door in doors
                     if not door.endswith("/") and (header, door) not in used]
    return problems


def calls(root, path, pattern):
    """(line, name) of what the pattern finds; a pointer to a function that the caller handed in may have any name."""
    content = tree.code_only(tree.text(root, path))
    handed = set(re.findall(r"\(\*(\w+)\)\s*\(", content))
    for number, line in enumerate(content.split("\n"), 1):
        if line.lstrip().startswith("#"):
            continue
        for found in pattern.finditer(STDERR_ONLY.sub("", line)):
            if found.group(1) not in handed:
                yield number, found.group(1)


def pure_code(root):
    problems = []
    for path in tree.files(root, ".c", ".h", below="core") + tree.files(root, ".c", ".h", below="detectors"):
        allowed = IMPURE_ALLOWED.get(path, set())
        problems += [f"{path}:{number}: calls {name}()" for number, name in calls(root, path, IMPURE_CALL) if name not in allowed]
        if path.startswith("detectors/"):
            problems += [f"{path}:{number}: a detector allocates: {name}()" for number, name in calls(root, path, ALLOCATION)]
    return problems


def exact_money(root):
    return [f"{path}:{number}: {name}" for path in program_files(root) if EXACT.match(path)
            for number, name in calls(root, path, FLOATING)]


def file_length(root):
    problems = []
    for path in tree.files(root, ".c", ".h", ".py", ".sh"):
        count = tree.text(root, path).count("\n")
        if count > FILE_LINES:
            problems.append(f"{path}: {count} lines, more than {FILE_LINES}")
    return problems


def functions(root, path):
    """(name, first line, lines) of every function; a body opens and closes with a brace in the first column."""
    content = tree.code_only(tree.text(root, path)).split("\n")
    start = None
    for number, line in enumerate(content):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start is not None:
            head = " ".join(content[max(0, start - 4):start])
            names = re.findall(r"(\w+)\s*\(", head)
            yield (names[-1] if names else "?"), start + 1, number - start + 1
            start = None


def all_functions(root):
    for path in tree.files(root, ".c"):
        for name, first, count in functions(root, path):
            yield count, path, first, name


def function_length(root):
    return [f"{path}:{first}: a function of {count} lines, more than {FUNCTION_LINES}"
            for count, path, first, _ in all_functions(root) if count > FUNCTION_LINES]


def longest_functions(root, how_many=5):
    found = sorted(all_functions(root), reverse=True)
    counts = sorted(count for count, *_ in found)
    if counts:
        yield f"{len(counts)} functions, median {counts[len(counts) // 2]} lines, 95th percentile {counts[len(counts) * 95 // 100]}"
    for count, path, first, _ in found[:how_many]:
        yield f"longest: {count} lines at {path}:{first}"


def leftovers(root):
    problems = []
    for path in tree.files(root):
        if path.startswith("tests/tidy/") or path.endswith(".png") or os.path.getsize(os.path.join(root, path)) > 1 << 20:
            continue
        for number, line in enumerate(tree.lines(root, path), 1):
            for what in (LEFTOVER, MACHINE_PATH):
                found = what.search(line)
                if found:
                    problems.append(f"{path}:{number}: {found.group(0)}")
    return problems


def executable_scripts(root):
    problems = []
    for path in tree.files(root):
        full = os.path.join(root, path)
        with open(full, "rb") as stream:
            has_shebang = stream.read(2) == b"#!"
        if has_shebang and not os.access(full, os.X_OK):
            problems.append(f"{path}: starts with #! and is not executable")
        elif path == ".ci/run" and not has_shebang:
            problems.append(f"{path}: does not start with #!")
    return problems
