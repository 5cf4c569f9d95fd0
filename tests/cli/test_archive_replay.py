#!/usr/bin/python3
"""`fundwatch replay --archive` as a user types it.

usage: test_archive_replay.py FUNDWATCH RULES [NAME...]     (the names of checks; all without)

What is shown: an archive judges as its files do, in batches of any size, interrupted or not, from a snapshot or from its
beginning, by the rules of then or by others.
"""
import json
import os
import random
import shutil
import signal
import subprocess
import sys

from archive_world import (
    ENROLMENTS, H1, H2, OUTPUTS, P1, PLAIN, PROGRAM, RULES, SEED, archive, county, county_archive, county_halves,
    expect, imported, kept, listing, main, next_month, outputs, read, replay, rules_make, run, same, segments,
    settlement, snapshot_make, told, write)


def check_as_recorded():
    """An imported archive prints what its files print."""
    write("s", PLAIN)
    write("e", ENROLMENTS)
    imported("--record", "enrolment=e", "s")
    for rest in ([], ["--close-all"], ["--from", "2024-05-01"], ["--person", P1], ["--institution", H2]):
        files = outputs("f", "--rules", RULES, "--record", "enrolment=e", *rest, "s")
        for batch in ("1", "3", "4096"):
            same(outputs("a", "--archive", "A", "--as-recorded", "--batch", batch, *rest), files, rest, batch)
        same(outputs("b", "--archive", "A", *rest), files, "neither --as-recorded nor --rules")
        same(outputs("c", "--archive", "A", "--rules", RULES, *rest), files, "--rules")
    expect(files[1]["unknown_fields"] == {"nobody_knows": 1}, files[1])
    told(1)(run("replay", "--archive", "A", "--fail-on-alert"))


def check_county():
    """The same of a county with everything that was planted in it, over several segments."""
    people, claims = county_archive()
    expect(len(segments()) > 1, "one segment only: nothing was shown")
    files = outputs("f", "--rules", RULES, "--record", "enrolment=" + people, claims)
    expect(files[1]["alert_lines"] > 10 and files[1]["refused"] > 0, files[1])
    same(outputs("a", "--archive", "A"), files)
    same(outputs("b", "--archive", "A", "--batch", "7"), files)
    archive("verify", said=("good:",))
    people, claims = kept(people), kept(claims)
    expect(archive("export").stdout == people + claims, "export is not what went in")
    expect(archive("export", "--kind", "settlement").stdout == claims, "--kind settlement")
    expect(archive("export", "--kind", "enrolment").stdout == people, "--kind enrolment")


def check_rules():
    """Rules that change on the way; and other rules for the whole."""
    first = [settlement(f"a{i}", "p1", f"2024-03-0{i} 09:00:00", 60, H1) for i in range(1, 4)]
    then = [settlement(f"b{i}", "p2", f"2024-04-0{i} 09:00:00", 60, H1) for i in range(1, 4)]
    write("first", "\n".join(first) + "\n")
    write("then", "\n".join(then) + "\n")
    imported("first", rules=rules_make("high", "500.00"))
    imported("then", rules=rules_make("low", "100.00"))
    high, low = (json.loads(run("check", "--json", name).out)["ruleset"] for name in ("high", "low"))

    def lines(*words):
        return [json.loads(line) for line in replay("--archive", "A", "--person-clear", *words).out.splitlines()]
    recorded = lines("--as-recorded")
    expect([(line["subject"]["psn_no"], line["rule"]["ruleset"], line["finding"]["sum_fen"]) for line in recorded]
           == [("p2", low, 12000), ("p2", low, 18000)], recorded)
    expect([line["subject"]["psn_no"] for line in lines("--rules", "low")] == ["p1", "p1", "p2", "p2"], "--rules low")
    expect(lines("--rules", "high") == [], "--rules high")
    for name in "high", "low":
        mine = replay("--archive", "A", "--rules", name)
        expect(mine.out == replay("--rules", name, "first", "then").out, "--rules", name)
    # The archive keeps its own copy: the folders may go.
    shutil.rmtree("high")
    shutil.rmtree("low")
    expect(lines() == recorded, "without the folders of the rules")
    shutil.rmtree(os.path.join("A", "rulesets", low))
    replay("--archive", "A", code=65, said=("has no whole ruleset " + low,))
    archive("verify", code=65)


def check_settings():
    """The key and the writing of persons."""
    write("s", PLAIN)
    write("key", "a key of one's own\n")
    imported("--pseudonym-key", "key", "s")
    done = replay("--archive", "A", "--pseudonym-key", "key")
    expect(done.out == replay("--rules", RULES, "--pseudonym-key", "key", "s").out, "with the key")
    expect("another" not in done.err, done.err)
    replay("--archive", "A", said=("from position 0 on the pseudonym key was another one than yours",))
    replay("--archive", "A", "--lang", "zh", said=("记录时的假名密钥不是这一把",))
    imported("--person-clear", "s", folder="C")
    expect(P1 in replay("--archive", "C").out, "recorded with person_clear")


def check_snapshot():
    people, newest = county_halves()
    imported("--record", "enrolment=" + people, "--segment-mb", "1", "one")
    position = snapshot_make()
    expect(listing()["snapshots"][0]["position"] == position == listing()["entries"], listing()["snapshots"])
    archive("verify", said=("1 snapshots",))
    imported("two")
    whole = listing()["entries"]
    after, before = next_month(newest), newest
    said = f"judging begins at the snapshot at position {position}"
    for words in (["--from", after], ["--from", after, "--rules", RULES], ["--from", after, "--to", next_month(after)]):
        a = replay("--archive", "A", *words, "--summary", "a")
        b = replay("--archive", "A", *words, "--summary", "b", "--no-snapshot")
        expect(said in a.err and said not in b.err, "where it begins:", words, a.err, b.err)
        expect(a.out == b.out and a.out, "from a snapshot and from the beginning:", words)
        a, b = json.loads(read("a")), json.loads(read("b"))
        for key in ("feed_digest", "received", "alerts", "alert_lines", "open_windows", "per_rule", "data_quality"):
            expect(a[key] == b[key], key, a[key], b[key])
    for words in (["--from", before], [], ["--from", after, "--refused", "r"], ["--from", after, "--person-clear"],
                  ["--from", after, "--pseudonym-key", write("key", "other")], ["--from", after, "--rules", rules_make("own", "1.00")]):
        expect("judging begins" not in replay("--archive", "A", *words).err, "must begin at the beginning:", words)
    # A snapshot of another archive, and a damaged one.
    people, claims = county()
    imported("two", folder="B")
    shutil.copytree(os.path.join("A", "snapshots"), os.path.join("B", "snapshots"))
    archive("verify", folder="B", code=65, said=("the snapshot is not of this archive",))
    name = os.path.join("A", "snapshots", os.listdir(os.path.join("A", "snapshots"))[0])
    bad = bytearray(read(name))
    bad[len(bad) // 2] ^= 1
    write(name, bytes(bad))
    done = replay("--archive", "A", "--from", after)
    expect(done.out == replay("--archive", "A", "--from", after, "--no-snapshot").out, "a damaged snapshot is passed over")
    expect(listing()["entries"] == whole, "list beside a damaged snapshot")


def check_prune():
    people, newest = county_halves()
    imported("--record", "enrolment=" + people, "--segment-mb", "1", "one")
    archive("prune", "--keep-bytes", "1", said=("there is no snapshot",))
    archive("prune", "--keep-bytes", "1", "--lang", "zh", said=("没有可读的快照",))
    snapshot_make()
    imported("--segment-mb", "1", "two")
    before = segments()
    after = next_month(newest)
    shown = replay("--archive", "A", "--from", after, "--to", after[:7] + "-28").out
    archive("prune", "--before", "2030-01-01", "--dry-run", said=("segments that would go:",))
    expect(segments() == before, "--dry-run removed something")
    archive("prune", "--before", "2020-01-01", said=("segments removed: 0 of",))
    archive("prune", "--keep-bytes", "1", said=("segments removed:",))
    left = segments()
    expect(0 < len(left) < len(before), "pruned:", before, left)
    first = int(left[0].split("-")[1].split(".")[0])
    expect(first <= listing()["snapshots"][0]["position"], "what the snapshot needs was removed")
    archive("verify", said=("good:",))
    replay("--archive", "A", code=66, said=("were pruned, so judging has to begin at a snapshot: give --from",))
    replay("--archive", "A", "--lang", "zh", code=66, said=("以前的条目已删除",))
    expect(replay("--archive", "A", "--from", after, "--to", after[:7] + "-28").out == shown, "after pruning")
    replay("--archive", "A", "--rules", rules_make("own", "1.00"), said=("were pruned and count nowhere",))


def bytes_read(pid):
    try:
        with open(f"/proc/{pid}/io", encoding="ascii") as file:
            return int(file.readline().split()[1])
    except (OSError, ValueError, IndexError):
        return None


def interrupt(words, target, number):
    """Runs until the process has read about target bytes, then sends the signal; exit code, what was said, bytes read."""
    with subprocess.Popen([PROGRAM, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"}) as process:
        seen = 0
        while process.poll() is None and (target is None or seen < target):
            seen = bytes_read(process.pid) or seen
        if process.poll() is None:
            process.send_signal(number)
        said = process.communicate()[1].decode()
        return process.returncode, said, seen


def check_resume():
    people, claims = county_archive()
    chance = random.Random(SEED)
    for rest in ([], ["--from", "2024-06-01"], ["--rules", RULES], ["--close-all"]):
        names = [part for output in OUTPUTS for part in ("--" + output, "r-" + output)]
        words = ["replay", "--archive", "A", "--resume", "R", "--json", "--summary", "r-summary", *names, *rest]
        shutil.rmtree("R", ignore_errors=True)
        undisturbed = outputs("u", "--archive", "A", *rest)
        _, _, size = interrupt(["replay", "--archive", "A", "--alerts", "w", *rest], None, None)
        interrupted, code = 0, 75
        for _ in range(400):
            code, said, _ = interrupt(words, chance.randrange(size), chance.choice((signal.SIGINT, signal.SIGTERM)))
            if code in (-signal.SIGINT, -signal.SIGTERM):          # before the program was ready for it
                continue
            if code != 75:
                break
            interrupted += 1
            expect("interrupted at position" in said, said)
            with open("r-alerts", "ab") as file:                # what was written behind the kept moment is cut off
                file.write(b"half a li")
        expect(code == 0, "seed", SEED, "exit", code, said)
        expect(interrupted > 0, "seed", SEED, "nothing was interrupted")
        mine = [read("r-" + output) for output in OUTPUTS], json.loads(read("r-summary"))
        mine[1].pop("unknown_fields"), undisturbed[1].pop("unknown_fields")     # counted by the run that sees them
        same(mine, undisturbed, "seed", SEED, rest, "interrupted", interrupted)
    expect(not os.path.exists(os.path.join("R", "run")), "--close-all left a run to go on with")


def check_resume_later():
    """A run that came to the end goes on when the archive has grown."""
    people, _ = county_halves()
    imported("--record", "enrolment=" + people, "one")
    words = ["--archive", "A", "--resume", "R", "--alerts", "alerts"]
    replay(*words)
    imported("two")
    replay(*words, said=("goes on at position",))
    expect(read("alerts") == replay("--archive", "A").stdout, "in two runs")
    replay(*words, "--to", "2024-05-05", code=64, said=("was begun with other options",))
    replay(*words, "--lang", "zh", "--to", "2024-05-05", code=64, said=("用的是别的选项或规则",))
    replay(*words, "--pseudonym-key", write("key", "other"), code=78, said=("was begun with another pseudonym key",))
    imported("two", folder="B")
    replay("--archive", "B", *words[2:], code=65, said=("is of another archive",))
    write("alerts", read("alerts")[:-1])
    replay(*words, code=65, said=("is shorter than when the run was interrupted",))
    write(os.path.join("R", "run"), "nonsense")
    replay(*words, code=65, said=("the progress in R is damaged",))


if __name__ == "__main__":
    sys.exit(main(globals()))
