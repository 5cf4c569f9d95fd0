"""TLS and SASL: what the kafka: map of the configuration hands to the client library."""
import os
import subprocess

import clients
from broker import PASSWORD, USER, VERSION, Unavailable
from daemon import Daemon, until
from feeds import make_topics

RECORDS = 500


def library_version():
    said = subprocess.run(["pkg-config", "--modversion", "rdkafka"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return tuple(int(part) for part in said.strip().split(".")[:3])


def secured(folder, certificate, password):
    """The part of the configuration; the password stands in a file of its own."""
    path = os.path.join(folder, "password")
    os.makedirs(folder, exist_ok=True)
    with open(path, "w", encoding="ascii") as out:
        out.write(password + "\n")
    return (f"kafka:\n  security.protocol: sasl_ssl\n  ssl.ca.location: {certificate}\n  sasl.mechanism: SCRAM-SHA-256\n"
            f"  sasl.username: {USER}\n  sasl.password: {{file: {path}}}\n")


def scram_over_tls(context, hold):
    """SCRAM over TLS works, a wrong password is told and never shown."""
    if not VERSION.startswith("3.") and library_version() < (2, 6, 1):
        raise Unavailable("SCRAM with Kafka 4 needs librdkafka 2.6.1 or later")
    county, prefix = context.county, "secure"
    broker = context.broker("secure", secure=True)
    broker.start()
    make_topics(broker, prefix)
    clients.produce(broker.bootstrap, f"{prefix}.settlement", county.settlements[:RECORDS])
    certificate = os.path.join(broker.folder, "certificate.pem")
    wrong_password = "not-" + PASSWORD
    wrong = Daemon(context.fundwatchd, context.scratch("wrong"), broker.secure_bootstrap, prefix, county.tables,
                   secured(context.scratch("wrong"), certificate, wrong_password))
    hold(wrong)
    wrong.start()
    until("the refused login in the log", lambda: "authentication" in wrong.log_text().lower(), alive=wrong.alive)
    assert wrong.get("/readyz")[0] == 503, "ready with a wrong password"
    wrong.stop()
    right = Daemon(context.fundwatchd, context.scratch("right"), broker.secure_bootstrap, prefix, county.tables,
                   secured(context.scratch("right"), certificate, PASSWORD))
    hold(right)
    right.start().wait_received(RECORDS)
    said = right.get("/metrics")[1] + right.get("/readyz")[1]
    assert right.stop() == 0
    said += right.log_text() + wrong.log_text()
    assert PASSWORD not in said and wrong_password not in said, "a password is shown"
    broker.close()


TESTS = [scram_over_tls]
