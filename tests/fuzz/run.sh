#!/bin/sh
# tests/fuzz/run.sh SECONDS BUILD_DIR: builds every fuzz target with clang and runs each for that long, from the
# committed seeds and what earlier runs in the same folder found.  Fails at the first finding and leaves it in BUILD_DIR.
set -eu
seconds=$1
mkdir -p "$2"
build=$(cd "$2" && pwd)
source=$(cd "$(dirname "$0")" && pwd)
cmake -S "$source/../.." -B "$build" -G Ninja -DCMAKE_C_COMPILER=clang -DFW_FUZZ=ON >/dev/null
cmake --build "$build" --target fuzzers
export LSAN_OPTIONS="suppressions=$source/lsan.supp:print_suppressions=0"
for target in "$source"/fuzz_*.c; do
	name=$(basename "$target" .c)
	subject=${name#fuzz_}
	mkdir -p "$build/corpus/$subject"
	seeds=$source/corpus/$subject
	if [ -f "$source/seeds_$name.py" ]; then
		seeds=$build/seeds/$subject
		mkdir -p "$seeds"
		"$source/seeds_$name.py" "$seeds"
	fi
	dictionary=
	if [ -f "$source/$subject.dict" ]; then
		dictionary=-dict=$source/$subject.dict
	fi
	echo "$name: $seconds s"
	"$build/$name" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1 \
		-artifact_prefix="$build/$name-" $dictionary "$build/corpus/$subject" "$seeds" >"$build/$name.log" 2>&1 || {
		tail -40 "$build/$name.log"
		exit 1
	}
	grep -E 'number_of_executed_units|new_units_added' "$build/$name.log"
done
