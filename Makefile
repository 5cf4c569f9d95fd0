# Every target is one command of CMake or of a script; what it does is there.
BUILD  ?= build
PREFIX ?= /usr
CMAKE_FLAGS ?=
MINUTES ?= 30
RATE ?= 20000
JOBS   ?= $(shell nproc)

.DEFAULT_GOAL := all
.PHONY: all configure deps deps-kafka deps-bench demo check bench bench-scale soak install clean help

all: configure ## build fundwatch and fundwatchd into build/ (optimised, with debug information)
	@cmake --build $(BUILD) --parallel $(JOBS)

configure:
	@cmake -S . -B $(BUILD) -G Ninja --log-level=WARNING -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_INSTALL_PREFIX=$(PREFIX) $(CMAKE_FLAGS)

deps: ## install the Debian packages that building, demo and check need
	@tools/deps.sh check

deps-kafka: ## the same for the tests against Apache Kafka (Java 17 and Maven)
	@tools/deps.sh kafka

deps-bench: ## DuckDB from PyPI, for make bench alone, into build/duckdb
	@tools/deps.sh bench
	@/usr/bin/python3 -m venv $(BUILD)/duckdb
	@$(BUILD)/duckdb/bin/pip install --quiet --disable-pip-version-check duckdb

demo: ## a county with planted problems, live, for under a minute (LANG=zh for Chinese)
	@tools/deps.sh demo
	@$(MAKE) --no-print-directory configure
	@cmake --build $(BUILD) --parallel $(JOBS) --target fundwatch fundwatchd fundwatch-broker demo_feed
	@$(if $(filter command,$(origin LANG)),LC_ALL=$(LANG)) tests/demo/demo.sh $(BUILD)

check: ## build with gcc, clang and sanitizers, run every test, end with one summary
	@tools/deps.sh check
	@/usr/bin/python3 tests/run.py $(ONLY)

bench: ## measure, print a table, write build/bench.json (ONLY="decode core" for some of it)
	@tools/deps.sh check
	@$(MAKE) --no-print-directory all
	@tests/bench/run.sh $(BUILD) $(ONLY)

bench-scale: ## the same for the state of 20 M persons: 16 GB of memory, 20 GB of disk
	@tools/deps.sh check
	@$(MAKE) --no-print-directory all
	@tests/bench/run.sh $(BUILD) scale

soak: ## the daemon under a steady load, every record and alert accounted for (MINUTES=30 RATE=20000)
	@tools/deps.sh kafka
	@$(MAKE) --no-print-directory all
	@/usr/bin/python3 tests/bench/soak.py $(BUILD) $(MINUTES) $(RATE)

install: all ## install below PREFIX (/usr), or below DESTDIR=
	@cmake --install $(BUILD)

clean: ## remove everything that was built
	@rm -rf $(BUILD) build-check

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{sub(/:.*/, "", $$1); printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
