#!/bin/bash
# make bench: every benchmark, one table, build/bench.json.  A figure that could not be measured is absent, never guessed.
#
#     tests/bench/run.sh BUILD [NAME... | scale [PERSONS]]
set -eu
cd "$(dirname "$0")/../.."
exec /usr/bin/python3 tests/bench/run.py "$@"
