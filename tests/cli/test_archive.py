#!/usr/bin/python3
"""`fundwatch archive` as a user types it.

usage: test_archive.py FUNDWATCH RULES [NAME...]     (the names of checks; all without)

What is shown: what went in comes out byte for byte; every flipped byte is found and placed; who asks for a part gets it.
"""
import gzip
import json
import os
import random
import subprocess
import sys
import time

from archive_world import (
    ENROLMENTS, H3, KEPT, P1, PLAIN, PROGRAM, RULES, SEED, archive, county_archive, expect, imported, imported_raw,
    listing, main, read, replay, rules_make, run, segments, told, write)


def check_usage():
    told(64, "Usage: fundwatch archive COMMAND")(run("archive"))
    told(64, "用法： fundwatch archive 命令")(run("archive", LC_ALL="zh_CN.UTF-8"))
    told(64, 'no command "archive lst"; did you mean archive list?')(run("archive", "lst"))
    told(64, "没有命令“archive lst”，是否指 archive list？")(run("archive", "lst", "--lang", "zh"))
    for command in "list", "verify", "prune", "export":
        told(64, f"archive {command} wants --archive DIR")(run("archive", command))
        told(64, f"archive {command} 缺少 --archive DIR")(run("archive", command, "--lang", "zh"))
    told(64, "archive import wants FILE...|-")(run("archive", "import", "--archive", "A"))
    told(64, "archive prune wants --before or --keep-bytes")(run("archive", "prune", "--archive", "A"))
    told(64, "--kind does not take \"plan\"")(run("archive", "export", "--archive", "A", "--kind", "plan"))
    told(64, "--from 2024-02-01 is after --to 2024-01-01")(
        run("archive", "export", "--archive", "A", "--from", "2024-02-01", "--to", "2024-01-01"))
    told(64, "no option --bfore; did you mean --before?", "see fundwatch archive prune --help")(run("archive", "prune", "--bfore"))
    told(64, "--cipher aes-256-gcm wants --cipher-key")(imported_raw("--cipher", "aes-256-gcm", write("s", PLAIN)))
    told(64, "--archive holds all records")(run("replay", "--archive", "A", "s"))
    told(64, "--archive 已含全部记录")(run("replay", "--archive", "A", "s", "--lang", "zh"))
    told(64, "are for --archive alone")(run("replay", "--as-recorded", "s"))
    told(64, "--as-recorded goes without --rules")(run("replay", "--archive", "A", "--as-recorded", "--rules", RULES))
    told(64, "--resume wants outputs in files")(run("replay", "--archive", "A", "--resume", "R"))
    told(66, "cannot read nowhere: No such file or directory")(run("archive", "list", "--archive", "nowhere"))
    told(66, "读不了 nowhere：没有这个文件或目录")(run("archive", "verify", "--archive", "nowhere", "--lang", "zh"))
    os.mkdir("empty")
    for command in "list", "verify", "export":
        told(66, "there is no archive in empty")(run("archive", command, "--archive", "empty"))
    told(66, "there is no archive in empty")(run("replay", "--archive", "empty"))
    told(66, "cannot read missing")(imported_raw("missing"))
    expect(not os.path.exists("A"), "an archive was made for a file that cannot be read")


def check_help():
    for command in ("list", "verify", "import", "export", "prune"):
        for language, word in (("en", "Usage: fundwatch archive " + command), ("zh", "用法： fundwatch archive " + command)):
            done = told(0)(run("archive", command, "--help", "--lang", language))
            expect(done.out.startswith(word[:9]) and "archive " + command in done.out and "--cipher-key FILE" in done.out and not done.err,
                   command, "--help:", done.out)
    done = told(0)(run("archive", "--help"))
    expect(run("help", "archive").out == done.out and "prune" in done.out, "help archive")
    for option in "--archive --as-recorded --no-snapshot --resume --chain-key --cipher-key".split():
        expect(option + " " in run("replay", "--help").out, option, "is not explained")


def check_import():
    write("s", PLAIN)
    imported("s", said=("records appended 8, next position 9",))
    imported("s", "--lang", "zh", folder="Z", said=("写入 8 条记录，下一位置 9",))
    archive("verify", said=("good: 1 segments, 9 entries, 0 snapshots",))
    archive("verify", "--lang", "zh", said=("完好：1 段，9 条",))
    expect(json.loads(archive("verify", "--json").out)["good"] is True, "verify --json")
    listed = listing()
    expect(listed["entries"] == 9 and len(listed["segments"]) == 1 and len(listed["rulesets"]) == 1, listed)
    segment = listed["segments"][0]
    expect((segment["first"], segment["cipher"]) == (0, "none"), segment)
    expect(segment["event_from"].startswith("2024-03-01T09") and segment["event_to"].startswith("2024-06-01T09"), segment)
    text = archive("list").out
    expect(segment["name"] in text and listed["rulesets"][0] in text and "2024-03-01 .. 2024-06-01" in text, text)
    expect("段" in archive("list", "--lang", "zh").out, "list in Chinese")
    expect(archive("export").stdout == KEPT, "export is not what went in")
    # More of it: no rules again, the records behind.
    imported("s")
    expect(listing()["entries"] == 17, "the rules were written again though nothing changed")
    expect(archive("export").stdout == KEPT + KEPT, "export of two imports")
    imported("s", rules=rules_make("other", "100.00"))
    listed = listing()
    expect(listed["entries"] == 26 and len(listed["rulesets"]) == 2, "other rules: an entry of their own", listed)
    imported("s", "--person-clear", rules="other")
    expect(listing()["entries"] == 35, "another setting: an entry of rules")
    archive("verify", said=("good:",))
    # Compressed files and standard input.
    imported(write("s.gz", gzip.compress(PLAIN)), folder="G")
    expect(archive("export", folder="G").stdout == KEPT, "gzip")
    imported("-", folder="I", stdin=PLAIN)
    expect(archive("export", folder="I").stdout == KEPT, "standard input")
    imported(write("short.gz", gzip.compress(PLAIN)[:-20]), folder="S", code=65, said=("ends too early",))
    archive("verify", folder="S", said=("good:",))


def open_files(pid):
    try:
        folder = f"/proc/{pid}/fd"
        return [os.readlink(os.path.join(folder, name)) for name in os.listdir(folder)]
    except OSError:
        return []


def check_lock():
    write("s", PLAIN)
    imported("s")
    with subprocess.Popen([PROGRAM, "archive", "import", "--archive", "A", "--rules", RULES, "-"], stdin=subprocess.PIPE,
                          stderr=subprocess.PIPE) as holder:
        until = time.monotonic() + 60
        while not any(name.endswith(".fwa") for name in open_files(holder.pid)):        # the segment is opened behind the lock
            expect(holder.poll() is None and time.monotonic() < until, "the archive was never locked")
        imported("s", code=73, said=("another process writes to it",))
        imported("s", "--lang", "zh", code=73, said=("另一个进程正在写入",))
        replay("--archive", "A")                        # reading goes on
        archive("list")
        holder.communicate(PLAIN)
        expect(holder.returncode == 0, "the first import failed")
    archive("verify", said=("good:",))


def check_damage():
    """Every flipped byte is found, with its segment and position."""
    people, claims = county_archive()
    whole = replay("--archive", "A").stdout
    names = segments()
    chance = random.Random(SEED)
    for turn in range(24):
        name = os.path.join("A", chance.choice(names))
        good = read(name)
        at = turn if turn < 4 else chance.randrange(len(good))
        bad = bytearray(good)
        bad[at] ^= 1 << chance.randrange(8)
        write(name, bytes(bad))
        done = archive("verify", code=65)
        expect(os.path.basename(name) in done.err and "damaged:" in done.out, "seed", SEED, name, at, done.err, done.out)
        if at > 200:
            expect("position" in done.err and "byte" in done.err, "seed", SEED, name, at, done.err)
        again = run("replay", "--archive", "A", "--json")
        expect(again.returncode in (65, 78) and whole.startswith(again.stdout), "seed", SEED, "replay of damage:", again.returncode, at)
        if again.stdout:
            expect(json.loads(again.err.splitlines()[-1])["incomplete"] is True, again.err)
        write(name, good)
    name = os.path.join("A", names[0])
    good = read(name)
    bad = bytearray(good)
    bad[len(good) // 2] ^= 1
    write(name, bytes(bad))
    done = archive("verify", "--lang", "zh", code=65, said=("已损坏：",))
    found = json.loads(archive("verify", "--json", code=65).out)
    expect(found["good"] is False and names[0] in found["damages"][0]["file"] + found["damages"][0]["en"], found)
    replay("--archive", "A", code=65, said=("INCOMPLETE: the archive is damaged", "is damaged: judged up to position"))
    replay("--archive", "A", "--lang", "zh", code=65, said=("不完整：档案已损坏", "已损坏：判到位置"))
    archive("export", code=65)
    write(name, good)
    for gone in names[:-1]:
        os.rename(os.path.join("A", gone), "gone")
        archive("verify", code=65)
        os.rename("gone", os.path.join("A", gone))
    archive("verify", said=("good:",))


def check_cipher():
    write("s", PLAIN)
    write("key", os.urandom(32))
    write("wrong", os.urandom(32))
    imported("--cipher", "aes-256-gcm", "--cipher-key", "key", "s")
    expect(b"psn_no" not in read(os.path.join("A", segments()[0])), "not encrypted")
    expect(listing()["segments"][0]["cipher"] == "aes-256-gcm", "list")
    archive("verify", "--cipher-key", "key", said=("good:",))
    expect(archive("export", "--cipher-key", "key").stdout == KEPT, "export")
    expect(replay("--archive", "A", "--cipher-key", "key").out == replay("--rules", RULES, "s").out, "replay")
    replay("--archive", "A", code=78)
    replay("--archive", "A", "--cipher-key", "wrong", code=78)
    archive("export", code=78)
    archive("export", "--cipher-key", "nokey", code=78)
    imported("--chain-key", "key", "s", folder="K")
    archive("verify", "--chain-key", "key", folder="K", said=("good:",))


def check_export():
    write("s", PLAIN)
    write("e", ENROLMENTS)
    imported("--record", "enrolment=e", "s")
    lines = KEPT.decode().splitlines()
    people = ENROLMENTS.decode().splitlines()

    def got(*words):
        return archive("export", *words).out.splitlines()
    expect(got() == people + lines, "everything")
    expect(got("--person", P1) == [people[0], lines[0], lines[1], lines[2]], "--person")
    pseudonym = json.loads(replay("--archive", "A").out.splitlines()[0])["subject"]["psn_no"]
    expect(got("--person", pseudonym) == got("--person", P1), "a pseudonym")
    expect(got("--person", pseudonym, "--pseudonym-key", write("key", "other")) == [], "a pseudonym of another key")
    expect(got("--institution", H3) == [lines[6]], "--institution")
    expect(got("--from", "2024-04-01", "--to", "2024-05-01", "--kind", "settlement") == [lines[1], lines[4]], "days")
    expect(got("--from", "2030-01-01") == people, "enrolments of unknown arrival")
    expect(got("--from", "2030-01-01", "--kind", "settlement") == [], "nothing")
    for number, line in enumerate(read("s").decode().splitlines(), 1):
        if line in lines:
            expect(got("--offset", f"s:{number}") == [line], "--offset", number)
    expect(got("--offset", "e:1") == [people[0]], "--offset of another file")
    for place in "s:1000", "s", "s:1:1", "x:1", "s:-1", ":1", "s:99999999999999999999":
        told(66, f"{place} is not in the archive")(run("archive", "export", "--archive", "A", "--offset", place))
    archive("export", "--output", "out", said=("records read 11, exported 11",))
    expect(read("out") == ENROLMENTS + KEPT, "--output")
    told(73, "cannot create no/such")(run("archive", "export", "--archive", "A", "--output", "no/such"))
    told(74, "cannot write /dev/full")(run("archive", "export", "--archive", "A", "--output", "/dev/full"))
    # What concerns one person, judged alone, says the same about that person.
    whole = replay("--archive", "A", "--person", P1).out
    write("one", "\n".join(got("--person", P1, "--kind", "settlement")) + "\n")
    expect(whole and replay("--rules", RULES, "one").out == whole, "a person judged alone")


if __name__ == "__main__":
    sys.exit(main(globals()))
