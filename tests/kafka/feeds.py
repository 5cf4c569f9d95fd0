"""What goes in and what comes out: the daemon's topics against the replay of the same records."""
import hashlib
import json

import clients
from daemon import Daemon, Replay, until

OUT = ("alerts", "indicators", "refused", "shadow", "stats")


def sha(lines):
    return hashlib.sha256(b"".join(line + b"\n" for line in lines)).hexdigest()


def make_topics(broker, prefix, partitions=1):
    broker.create(f"{prefix}.settlement", partitions, max_message_bytes=clients.LARGEST)
    for name in ("enrolment",) + OUT:
        broker.create(f"{prefix}.{name}")


def values(broker, topic, kind=None):
    """The values of a topic, or only those of one type: heartbeats and quality notes share the feed with alerts."""
    found = [one.value for one in clients.consume(broker.bootstrap, topic)]
    return [value for value in found if kind is None or json.loads(value)["type"] == kind]


def same(what, got, wanted):
    """Byte equality of two lists of lines, with the first difference told."""
    for number, (one, other) in enumerate(zip(got, wanted), 1):
        if one != other:
            raise AssertionError(f"{what}: line {number} differs: {one[:300]} instead of {other[:300]}")
    if len(got) != len(wanted):
        raise AssertionError(f"{what}: {len(got)} lines instead of {len(wanted)}")


def run_daemon(context, hold, prefix, feed, count, partitions=1):
    """Enrolment, then the daemon, then the settlements by feed(); returns the daemon, stopped with status 0."""
    broker, county = context.shared, context.county
    make_topics(broker, prefix, partitions)
    clients.produce(broker.bootstrap, f"{prefix}.enrolment", county.enrolments)
    daemon = Daemon(context.fundwatchd, context.scratch(prefix), broker.bootstrap, prefix, county.tables)
    hold(daemon)
    daemon.start().wait_ready()
    feed()
    daemon.wait_received(count)
    daemon.wait_received(len(county.enrolments), "enrolment")
    for partition in range(partitions):
        received, accounted = daemon.balance(partition=partition)
        assert received == accounted, f"partition {partition}: {received} received, {accounted} judged, refused or duplicate"
    status = daemon.stop()
    assert status == 0, f"exit status {status} after SIGTERM"
    return daemon


def same_bytes_kcat(context, hold):
    """alerts of one partition, produced with kcat, have the bytes of the replay.
    Indicators and the replay in batches of 1, 7 and 4096 too."""
    broker, county, prefix = context.shared, context.county, "one"
    lines = county.settlements
    run_daemon(context, hold, prefix, lambda: clients.produce(broker.bootstrap, f"{prefix}.settlement", lines), len(lines))
    same("records in the topic", [one.value for one in clients.consume(broker.bootstrap, f"{prefix}.settlement")], lines)
    alerts = values(broker, f"{prefix}.alerts", "alert")
    assert len(alerts) >= 20, f"only {len(alerts)} alert lines: the comparison would show nothing"
    for batch in ("1", "7", "4096"):
        replay = Replay(context.fundwatch, context.scratch(f"replay-{batch}"), lines, county.enrolment_file, county.tables, "--batch", batch)
        same(f"alerts, batches of {batch}", alerts, replay.lines("alerts"))
        assert replay.summary()["feed_digest"] == sha(alerts), "feed_digest is not the sha256 of the alerts topic"
    same("indicators", values(broker, f"{prefix}.indicators", "indicator"), replay.lines("indicators"))
    print(f"# sha256 of {len(alerts)} alert lines, Kafka and replay in batches of 1, 7, 4096: {sha(alerts)}", flush=True)


def pool_key(line):
    """The key that sends a whole pool to one partition: the area as far as the longest pool name goes; none for a broken record."""
    try:
        record = {key.lower(): value for key, value in json.loads(line).items()}
    except (ValueError, AttributeError):
        return b"none"
    area = str(record.get("insu_admdvs", ""))
    return area[:2].encode() if area[:2] in ("11", "12", "31", "50") else area[:4].encode() or b"none"


def plain_text(line):
    """Whether Java's console producer, which reads UTF-8 lines, hands this record on unchanged."""
    try:
        return line.decode() is not None and b"\r" not in line and not line.startswith(b"\xef\xbb\xbf")
    except UnicodeDecodeError:
        return False


def by_pool(lines):
    pools = {}
    for line in lines:
        pools.setdefault(json.loads(line)["subject"]["pool"], []).append(line)
    return pools


def same_order_java(context, hold):
    """alerts of four partitions, produced with Java's client, have the replay's bytes and order pool by pool."""
    broker, county, prefix = context.shared, context.county, "four"
    lines = [line for line in county.settlements if plain_text(line)]
    pairs = [(pool_key(line), line) for line in lines]
    daemon = run_daemon(context, hold, prefix, lambda: clients.produce_java(broker, f"{prefix}.settlement", pairs), len(lines), partitions=4)
    messages = clients.consume(broker.bootstrap, f"{prefix}.settlement")
    used = {one.partition for one in messages}
    assert len(used) > 1, f"all pools went to partition {used}"
    assert len(messages) == len(lines), f"{len(messages)} records in the topic instead of {len(lines)}"
    replay = Replay(context.fundwatch, context.scratch("replay-four"), lines, county.enrolment_file, county.tables)
    for kind, kind_type in (("indicators", "indicator"), ("alerts", "alert")):
        got, wanted = by_pool(values(broker, f"{prefix}.{kind}", kind_type)), by_pool(replay.lines(kind))
        assert sorted(got) == sorted(wanted), f"{kind}: pools {sorted(got)} instead of {sorted(wanted)}"
        for pool in wanted:
            same(f"{kind} of pool {pool}", got[pool], wanted[pool])
    assert len(wanted) >= 2, f"alerts of pools {sorted(wanted)} only"
    assert "error" not in daemon.log_text().lower(), "the daemon's log speaks of an error"


def dead_letters(context, hold):
    """dead letters come back with reason, topic, partition and offset, and every record is accounted for."""
    broker, county, prefix = context.shared, context.county, "dead"
    broken = [b"not json at all", b'{"setl_id":"x1"}', b'{"setl_id":"x2","psn_no":"p","setl_time":"2024-02-30 10:00:00","insu_admdvs":"141121"}',
              b'{"setl_id":"x3","psn_no":"p","setl_time":"2024-02-03 10:00:00","insu_admdvs":"141121","hifp_pay":1.005}', b'{"setl_id":"x4","psn_no":"p\xff"}']
    good = county.settlements[:300]
    lines = good[:100] + broken + good[100:]
    daemon = Daemon(context.fundwatchd, context.scratch(prefix), broker.bootstrap, prefix, county.tables)
    hold(daemon)
    make_topics(broker, prefix)
    clients.produce(broker.bootstrap, f"{prefix}.settlement", lines)
    daemon.start().wait_received(len(lines))
    for reason in ("not_json", "missing_required", "bad_date", "bad_amount", "invalid_utf8"):
        assert daemon.metric("fundwatch_records_refused_total", topic=f"{prefix}.settlement", partition=0, reason=reason) > 0, reason
    assert daemon.stop() == 0
    letters = [json.loads(value) for value in values(broker, f"{prefix}.refused")]
    by_offset = {letter["offset"]: letter for letter in letters}
    assert len(by_offset) == len(letters), "an offset was refused twice"
    for offset, reason in zip(range(100, 105), ("not_json", "missing_required", "bad_date", "bad_amount", "invalid_utf8")):
        letter = by_offset.get(offset)
        assert letter, f"no dead letter for offset {offset}"
        where = {key: letter.get(key) for key in ("type", "kind", "reason", "topic", "partition")}
        assert where == {"type": "refused", "kind": "settlement", "reason": reason, "topic": f"{prefix}.settlement", "partition": 0}, where
    replay = Replay(context.fundwatch, context.scratch("replay-dead"), lines, county.enrolment_file, county.tables)
    wanted = {(letter["line"] - 1, letter["reason"], letter.get("field"), letter.get("byte")) for letter in map(json.loads, replay.lines("refused"))}
    got = {(letter["offset"], letter["reason"], letter.get("field"), letter.get("byte")) for letter in letters}
    assert got == wanted, f"differs from the replay's: {sorted(map(str, got ^ wanted))[:5]}"


def no_person_in_clear(context, hold):
    """no clear psn_no, ID number or name in topics, metrics or the log."""
    broker, county, prefix = context.shared, context.county, "private"
    lines = county.settlements[:3000]
    daemon = Daemon(context.fundwatchd, context.scratch(prefix), broker.bootstrap, prefix, county.tables)
    hold(daemon)
    make_topics(broker, prefix)
    clients.produce(broker.bootstrap, f"{prefix}.settlement", lines)
    daemon.start().wait_received(len(lines))
    said = daemon.get("/metrics")[1] + daemon.get("/readyz")[1]
    until("a stats record", lambda: values(broker, f"{prefix}.stats"))
    assert daemon.stop() == 0
    said += daemon.log_text() + "".join(f"{one.headers} {one.key} {one.value.decode()}" for name in OUT
                                        for one in clients.consume(broker.bootstrap, f"{prefix}.{name}"))
    persons = set()
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            persons.update(str(record[key]) for key in ("psn_no", "certno", "psn_name") if record.get(key))
    assert len(persons) > 100
    told = [person for person in persons if len(person) > 3 and person in said]
    assert not told, f"{len(told)} persons are told in clear"


TESTS = [same_bytes_kcat, same_order_java, dead_letters, no_person_in_clear]
