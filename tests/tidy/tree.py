"""The files of a tree, and C text without its comments and strings."""
import os
import re

SKIPPED = re.compile(r"(^|/)(build(-[^/]*)?|\.git|\.cache|__pycache__|node_modules)(/|$)|^tests/tidy/bad/")


def files(root, *suffixes, below=""):
    """Relative paths below a folder, sorted, build folders and the bad tree left out."""
    found = []
    for folder, folders, names in os.walk(os.path.join(root, below)):
        here = os.path.relpath(folder, root)
        here = "" if here == "." else here + "/"
        folders[:] = sorted(name for name in folders if not SKIPPED.search(here + name + "/"))
        found += [here + name for name in sorted(names) if not suffixes or name.endswith(suffixes)]
    return found


def text(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as stream:
        return stream.read()


def lines(root, path):
    return text(root, path).split("\n")


TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def code_only(content):
    """C without comments and with empty strings; every line stays on its line."""
    def blank(found):
        word = found.group(0)
        kept = '""' if word[0] == '"' else "0" if word[0] == "'" else " "
        return kept + "\n" * word.count("\n")
    return TOKEN.sub(blank, content)


