#!/usr/bin/python3
"""Follows a page of the manual word by word: every block of commands is run, in one shell, and what it prints must be the block
of text behind it.

usage: walk.py BUILD PAGE...            runs each page, prints TAP: one test a block, with its seconds
       walk.py --update BUILD PAGE...   writes what is printed now into the page, where it is not what stands there

A block of commands begins with ```sh, or ```sh exit=78 when its last command must end so; a block ```text right behind it is what
is printed, on stdout and stderr.  `...` in it stands for any text within a line, a line of ... alone for any lines.  Folders of the
run are shown as $W.  The commands find the project's rules as rules/ and the programs as build/.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SECONDS = 120
BLOCK = re.compile(r"^```sh(?: exit=(\d+))?\n(.*?)^```\n(?:\n*^```text\n(.*?)^```\n)?", re.M | re.S)
MARK = "walk.py:end:"
# What differs from run to run, or with every change of a rule: --update writes ... for it.
VARIES = [(r"(digest |ruleset |live: |规则：|规则集 |摘要 )[0-9a-f]{16,64}", r"\1..."), (r"\d+\.\d{3,6} (s\b|秒)", r"... \1"), (r"position \d+ on", "position ... on"),
          (r"位置 \d+ 起", "位置 ... 起")]


class Shell:
    """One bash whose folder, variables and background commands live through all blocks."""

    def __init__(self, folder):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
        environment.update(TMPDIR=folder, LANG="C.UTF-8")
        self.bash = subprocess.Popen(["bash", "--norc", "-u"], cwd=folder, env=environment, text=True, bufsize=1,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

    def run(self, commands):
        """What is printed and the last status; None when the time is over."""
        self.bash.stdin.write("{\n" + commands + "\n} < /dev/null 2>&1; echo \"" + MARK + "$?\"\n")
        self.bash.stdin.flush()
        timer = threading.Timer(SECONDS, self.kill)
        timer.start()
        lines = []
        for line in self.bash.stdout:
            if MARK in line:
                timer.cancel()
                before, _, status = line.partition(MARK)
                return "".join(lines) + before, int(status)
            lines.append(line)
        return "".join(lines), None

    def kill(self):
        """With everything that it began."""
        try:
            os.killpg(self.bash.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def close(self):
        self.kill()
        self.bash.wait()


def pattern(wanted):
    """The block of text as a regular expression."""
    parts = []
    for line in wanted.split("\n"):
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*".join(re.escape(piece) for piece in line.split("...")) + "\n")
    return re.compile("".join(parts)[:-1] if parts else "")


def shown(said, folder, names):
    for name in sorted(names, key=len, reverse=True):
        said = said.replace(name, "$W")
    return said.replace(folder + "/", "").replace(ROOT + "/", "")


def title(commands):
    return commands.strip().split("\n")[0][:90]


def tell(*lines):
    print("\n".join(lines), flush=True)


def walk(page, build, update):
    """Whether all was as the page says; prints TAP."""
    with open(page, encoding="utf-8") as file:
        text = file.read()
    good, replaced = True, []
    with tempfile.TemporaryDirectory(prefix="walk.") as folder:
        shutil.copytree(os.path.join(ROOT, "rules"), os.path.join(folder, "rules"))
        os.symlink(build, os.path.join(folder, "build"))
        shell, begin = Shell(folder), time.monotonic()
        for number, block in enumerate(BLOCK.finditer(text), 1):
            start = time.monotonic()
            said, status = shell.run(block.group(2))
            if status is None:
                tell(f"not ok {number} - {page}: {title(block.group(2))} # not done in {SECONDS} s", "# said: " + said)
                good = False
                break
            where, _ = shell.run('echo "${W:-}"')
            said = shown(said, folder, where.split())
            wanted_status, wanted = int(block.group(1) or 0), block.group(3) or ""
            as_wanted = pattern(wanted).fullmatch(said) is not None
            if update and not as_wanted and block.group(3) is not None:
                replaced.append((block.start(3), block.end(3), said))
                as_wanted = True
            fine = as_wanted and status == wanted_status
            good = good and fine
            name = f"{os.path.basename(page)}: {title(block.group(2))}"
            seconds = time.monotonic() - start
            if fine:
                tell(f"ok {number} - {name} # {seconds:.1f} s")
            else:
                tell(f"not ok {number} - {name} # exit {status}, wanted {wanted_status}{'' if as_wanted else '; says otherwise'}")
                tell("# said:", *["#   " + line for line in said.split("\n")[:60]])
                tell("# wanted:", *["#   " + line for line in wanted.split("\n")[:60]])
        shell.close()
        tell(f"# {os.path.basename(page)}: {time.monotonic() - begin:.1f} s in all")
    for start, end, said in reversed(replaced):
        for varies, instead in VARIES:
            said = re.sub(varies, instead, said)
        text = text[:start] + said + text[end:]
    if replaced:
        with open(page, "w", encoding="utf-8") as file:
            file.write(text)
    return good


def main():
    words = [word for word in sys.argv[1:] if word != "--update"]
    if len(words) < 2:
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 64
    good = True
    for page in words[1:]:
        good &= walk(os.path.abspath(page), os.path.abspath(words[0]), "--update" in sys.argv)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
