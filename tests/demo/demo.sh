#!/bin/bash
# A county with planted problems, live: embedded broker, fundwatchd, a feeder, `fundwatch watch`. Ends by itself in under a minute.
#   tests/demo/demo.sh [--short] BUILD        --short: a smaller county in a third of the time, as make check runs it
# Exit status: 0 shown, 1 something did not work (said which), 64 usage, 130 interrupted. Writes only below a temporary folder,
# which it removes. Language: LC_ALL, LC_MESSAGES, LANG.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd)
persons=20000 last=2024-04-20 seconds=15 deadline=55
if [ "${1:-}" = --short ]; then
	persons=12000 last=2024-03-31 seconds=7 deadline=50
	shift
fi
if [ $# != 1 ]; then
	echo "usage: tests/demo/demo.sh [--short] BUILD" >&2
	exit 64
fi
build=$(cd "$1" && pwd) || exit 64

begin=$(date +%s%N)
temp=$(mktemp -d "${TMPDIR:-/tmp}/fundwatch-demo.XXXXXX")
children=()
mkfifo "$temp/alive"
exec 4<> "$temp/alive"
case ${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} in zh*) language=zh ;; *) language=en ;; esac

say()   # say CHINESE ENGLISH
{
	if [ $language = zh ]; then echo "$1"; else echo "$2"; fi
}

since()   # since NANOSECONDS: seconds since then, one decimal
{
	local tenths=$((($(date +%s%N) - $1) / 100000000))
	echo "$((tenths / 10)).$((tenths % 10))"
}

cleanup()
{
	trap '' INT TERM
	local child
	for child in "${children[@]}"; do
		kill -TERM "$child" 2>/dev/null
	done
	for child in "${children[@]}"; do
		wait "$child" 2>/dev/null
	done
	rm -rf "$temp"
}

give_up()   # give_up CHINESE ENGLISH [LOG]
{
	say "演示失败：$1" "the demo failed: $2" >&2
	[ $# -lt 3 ] || tail -n 15 "$3" >&2
	exit 1
}

trap cleanup EXIT
trap 'exit 130' INT TERM HUP

in_time()
{
	[ $((($(date +%s%N) - begin) / 1000000000)) -lt $deadline ]
}

wait_until()   # wait_until CHINESE ENGLISH LOG COMMAND...: polls until it succeeds, within the deadline, while the daemon lives
{
	local zh=$1 en=$2 log=$3
	shift 3
	until "$@"; do
		in_time || give_up "等不到：$zh" "waited in vain for: $en" "$log"
		[ -z "${daemon:-}" ] || kill -0 "$daemon" 2>/dev/null || give_up "fundwatchd 意外退出" "fundwatchd ended" "$temp/daemon.log"
		sleep 0.05
	done
}

start()   # start NAME COMMAND...: in the background, output to a log, its input open as long as this script lives; its id in $started
{
	local log=$temp/$1.log
	shift
	"$@" > "$log" 2>&1 < "$temp/alive" 4>&- &
	started=$!
	children+=("$started")
}

http()   # http PATH: the answer of the daemon, head and body
{
	{ exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || return 1
	printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&3
	cat <&3
	exec 3>&-
}

is_ready()
{
	http /readyz | head -n 1 | grep -q ' 200'
}

received()
{
	http /metrics | awk -v topic=fundwatch.settlement '/^fundwatch_records_received_total/ && index($0, topic) {sum += $NF} END {printf "%d", sum}'
}

all_received()
{
	[ "$(received)" -ge "$count" ]
}

has_address()
{
	[ -s "$temp/broker.log" ] && kill -0 "$broker" 2>/dev/null
}

has_alert()
{
	grep -q '"type":"alert"' "$temp/first.log" 2>/dev/null
}

# ---- a county ----

say "生成合成的县：$persons 人，2024-01-01 至 $last，植入问题（人员、机构均为虚构）" "making a synthetic county: $persons persons, 2024-01-01 to $last, with planted problems (everyone in it is invented)"
"$build/fundwatch" generate --quiet --rules "$root/rules" --seed 7 --persons $persons --from 2024-01-01 --to $last --out "$temp/county" \
	|| give_up "无法生成数据" "cannot generate the county"
count=$(grep -c . "$temp/county/settlements.ndjson")

# ---- broker and daemon ----

# The embedded broker keeps 5 MB a partition: the enrolments get several, the settlements are read as they come.
topics=(--topic fundwatch.enrolment:4)
for name in settlement alerts alerts.shadow indicators stats refused; do
	topics+=(--topic "fundwatch.$name:1")
done
start broker "$build/fundwatch-broker" "${topics[@]}"
broker=$started
wait_until "内嵌 broker" "the embedded broker" "$temp/broker.log" has_address
bootstrap=$(head -n 1 "$temp/broker.log")
"$build/demo_feed" "$bootstrap" fundwatch.enrolment 0 "$temp/county/enrolment.ndjson" || give_up "参保记录未送达" "the enrolments were not delivered"

port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat > "$temp/fundwatchd.yaml" <<END
brokers: ["$bootstrap"]
rules: $root/rules
tables: $temp/county/tables
listen: 127.0.0.1:$port
stats: 1
archive:
  dir: $temp/archive
kafka:
  consumer: {fetch.wait.max.ms: 5}      # the embedded broker answers at the end of this time, a real one as soon as there is a record
END
start first kcat -q -u -C -b "$bootstrap" -t fundwatch.alerts -o beginning
daemon_begin=$(date +%s%N)
start daemon "$build/fundwatchd" --config "$temp/fundwatchd.yaml"
daemon=$started
wait_until "fundwatchd 就绪" "fundwatchd to be ready" "$temp/daemon.log" is_ready
say "fundwatchd 已就绪（启动后 $(since "$daemon_begin") 秒）；$seconds 秒内送入 $count 笔结算，以下为告警：" \
	"fundwatchd is ready $(since "$daemon_begin") s after its start; $count settlements come within $seconds s. The alerts:"
echo

# ---- live ----

"$build/fundwatch" watch --brokers "$bootstrap" --from-beginning < /dev/null 4>&- &
watch=$!
children+=("$watch")
start feed "$build/demo_feed" "$bootstrap" fundwatch.settlement $seconds "$temp/county/settlements.ndjson"
feed=$started
wait_until "第一条告警" "the first alert" "$temp/daemon.log" has_alert
first=$(since "$daemon_begin")
wait_until "全部结算读完" "all settlements to be read" "$temp/daemon.log" all_received
wait "$feed" || give_up "结算记录未全部送达" "not all settlements were delivered" "$temp/feed.log"
kill -TERM "$daemon"
wait "$daemon"
status=$?
[ $status = 0 ] || give_up "fundwatchd 退出码 $status" "fundwatchd ended with $status" "$temp/daemon.log"
kill -TERM "$watch" 2>/dev/null
wait "$watch"

# ---- what came of it ----

kcat -q -C -e -b "$bootstrap" -t fundwatch.alerts -o beginning | grep '"type":"alert"' > "$temp/alerts.ndjson"
kcat -q -C -e -b "$bootstrap" -t fundwatch.stats -o beginning > "$temp/stats.ndjson"
"$build/fundwatch" replay --quiet --rules "$root/rules" --tables "$temp/county/tables" --record "enrolment=$temp/county/enrolment.ndjson" \
	--alerts "$temp/replayed.ndjson" --summary "$temp/summary.json" "$temp/county/settlements.ndjson" || give_up "重放失败" "the replay failed"

echo
say "第一条告警：fundwatchd 启动后 $first 秒" "first alert: $first s after the start of fundwatchd"
echo
/usr/bin/python3 "$root/tests/demo/latency.py" $language "$temp/stats.ndjson" || give_up "没有时延统计" "there are no latencies"
echo
/usr/bin/python3 "$root/tests/demo/score.py" --strict --lang $language --summary "$temp/summary.json" "$temp/county/truth.json" "$temp/alerts.ndjson" \
	|| give_up "植入的问题没有全部找到" "not every planted problem was found"
echo
live=$(sha256sum < "$temp/alerts.ndjson") replayed=$(sha256sum < "$temp/replayed.ndjson")
[ "$live" = "$replayed" ] || give_up "重放与实时告警不一致" "the replay's alerts differ from the live ones"
say "fundwatch replay 对同样的结算给出逐字节相同的告警：sha256 ${live%% *}" "fundwatch replay of the same settlements gives the same bytes: sha256 ${live%% *}"
say "共 $(since "$begin") 秒" "$(since "$begin") s in all"
[ "${first%.*}" -lt 10 ] || give_up "第一条告警晚于 10 秒" "the first alert came later than 10 s"
