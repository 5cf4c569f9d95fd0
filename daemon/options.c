/* Every option of the configuration file, once. */
#include "daemon/config.h"

#include <stddef.h>

static const char *const start_words[] = {"earliest", "latest", NULL};
static const char *const gaps_words[] = {"alarm", "accept", NULL};
static const char *const cipher_words[] = {"none", "aes-256-gcm", "sm4-gcm", NULL};

static const char *const no_words[] = {"no", "yes", NULL};
static const char *const off_words[] = {"off", "on", NULL};

#define AT(member) offsetof(struct config, member)
#define TEXT(name, member, fallback, zh, en) {name, OPTION_TEXT, AT(member), fallback, 0, 0, NULL, {zh, en}}
#define LIST(name, member, fallback, zh, en) {name, OPTION_LIST, AT(member), fallback, 0, 0, NULL, {zh, en}}
#define BOOL(name, member, fallback, zh, en) {name, OPTION_BOOL, AT(member), fallback, 0, 0, NULL, {zh, en}}
#define NUMBER(name, member, fallback, low, high, zh, en) {name, OPTION_NUMBER, AT(member), fallback, low, high, NULL, {zh, en}}
#define WORD(name, member, fallback, words, zh, en) {name, OPTION_WORD, AT(member), fallback, 0, 0, words, {zh, en}}

const struct option option_rows[] = {
	LIST("brokers", brokers, "127.0.0.1:9092", "Kafka broker 地址，host:port，可多个", "Kafka brokers, host:port, one or more"),
	TEXT("instance", instance, "fundwatch", "本实例的名字，写入消息头和心跳", "name of this instance, in message headers and heartbeats"),
	TEXT("topics.settlement", topics.settlement, "fundwatch.settlement", "结算记录，读", "settlements, read"),
	TEXT("topics.enrolment", topics.enrolment, "fundwatch.enrolment", "参保记录，先于结算读完；留空则不读",
	    "enrolments, read to their end before the settlements; empty: none are read"),
	TEXT("topics.alerts", topics.alerts, "fundwatch.alerts", "告警流，写", "the alert feed, written"),
	TEXT("topics.shadow", topics.shadow, "fundwatch.alerts.shadow", "试运行规则的告警，写", "alerts of rules in shadow mode, written"),
	TEXT("topics.indicators", topics.indicators, "fundwatch.indicators", "月度指标，写", "monthly indicators, written"),
	TEXT("topics.stats", topics.stats, "fundwatch.stats", "时延与计数，写", "latencies and counts, written"),
	TEXT("topics.refused", topics.refused, "fundwatch.refused", "死信：被拒记录，写", "dead letters: refused records, written"),
	BOOL("create_topics", create_topics, "false", "启动时创建缺少的主题", "create missing topics at start"),
	NUMBER("create_partitions", create_partitions, "1", 1, 10000, "新建主题的分区数", "partitions of a topic that is created"),
	NUMBER("create_replication", create_replication, "1", 1, 100, "新建主题的副本数", "replicas of a topic that is created"),
	LIST("pools", pools, "all", "本实例负责的统筹区；all 为全部", "pooling areas this instance owns; all: every one"),
	WORD("start", start, "earliest", start_words, "结算从何处开始读：earliest 最早，latest 最新",
	    "where settlements are read from: earliest or latest"),
	WORD("gaps", gaps, "alarm", gaps_words, "位移不连续时：alarm 报警并置未就绪，accept 仅计数（事务性或压缩主题）",
	    "offsets that are not contiguous: alarm (not ready) or accept (count only; transactional or compacted topics)"),
	TEXT("rules", rules, "", "规则目录；空为随软件安装的规则", "folder of the rules; empty: the installed rules"),
	TEXT("tables", tables, "", "参照表目录；空为规则目录下的 tables/", "folder of the tables; empty: tables/ in the folder of the rules"),
	WORD("rules_watch", rules_watch, "off", off_words, "规则和参照表文件一变就自动重读", "read rules and tables again by itself when their files change"),
	NUMBER("rules_quiet", rules_quiet, "1000", 50, 600000, "文件安静多少毫秒之后才重读", "milliseconds without another change before they are read"),
	WORD("accept_drop", accept_drop, "no", no_words, "重读规则时可直接丢弃不再需要的状态；no：要在命令中写 --accept-drop",
	    "a reload may give up state that no rule asks for any more; no: only with --accept-drop"),
	TEXT("control", control, "", "控制套接字（fundwatchd --reload 用）；空为 systemd 运行目录下的 control.sock，没有则不开",
	    "control socket (for fundwatchd --reload); empty: control.sock in the runtime directory of systemd, none without one"),
	TEXT("pseudonym_key_file", pseudonym_key_file, "", "人员编号假名的密钥文件；空为公开的演示密钥",
	    "file with the key of the pseudonyms of persons; empty: the published demonstration key"),
	BOOL("person_clear", person_clear, "false", "告警中输出真实的人员编号", "alerts carry psn_no as it is, not a pseudonym"),
	NUMBER("limits.lateness", limits.lateness, "7", 0, 366, "迟到宽限，天", "lateness, days"),
	NUMBER("limits.remember", limits.remember, "400", 1, 4000, "记住结算的天数，用于查重和冲正", "days a settlement is remembered for duplicates and refunds"),
	NUMBER("limits.history", limits.history, "36", 1, 48, "窗口保留的月数", "months of windows that are kept"),
	NUMBER("limits.batch", limits.batch, "4096", 1, 65536, "一批最多的记录数；从不为凑满而等待", "most records in a batch; never waited for"),
	NUMBER("limits.record_bytes", limits.record_bytes, "1048576", 1024, 16777216, "一条记录最多的字节数", "most bytes of a record"),
	NUMBER("limits.depth", limits.depth, "32", 1, 64, "JSON 嵌套最深层数", "deepest nesting of a record"),
	TEXT("archive.dir", archive.dir, "", "档案目录：记录在发布前先落盘，重启后从此续判；空为不存档（每次从头读）",
	    "folder of the archive: records are on disk before anything is said of them, and a restart goes on from here; empty: none (every start reads from the beginning)"),
	NUMBER("archive.sync_ms", archive.sync_ms, "0", 0, 10000, "最长多少毫秒落盘一次；0 为每批立即落盘", "longest time between syncs, ms; 0: after every batch"),
	NUMBER("archive.sync_records", archive.sync_records, "4096", 1, 1000000, "最多多少条记录落盘一次", "most records between syncs"),
	NUMBER("archive.segment_mb", archive.segment_mb, "256", 1, 65536, "档案分段的大小，MB", "size of a segment, MB"),
	NUMBER("archive.level", archive.level, "1", -7, 19, "zstd 压缩级别", "compression level of zstd"),
	TEXT("archive.chain_key_file", archive.chain_key_file, "", "防篡改链的密钥文件（32 字节或 64 位十六进制）；空为公开密钥，只能发现意外损坏",
	    "file with the key of the tamper-evident chain (32 bytes or 64 hex digits); empty: a published key, which shows accidents only"),
	WORD("archive.cipher", archive.cipher, "none", cipher_words, "静态加密算法", "encryption at rest"),
	TEXT("archive.cipher_key_file", archive.cipher_key_file, "", "加密密钥文件（32 字节或 64 位十六进制）", "file with the key of the encryption (32 bytes or 64 hex digits)"),
	NUMBER("archive.snapshot_every", archive.snapshot_every, "3600", 1, 86400, "快照的最长间隔，秒", "longest time between snapshots, seconds"),
	NUMBER("archive.snapshot_records", archive.snapshot_records, "2000000", 100, 1000000000, "每多少条记录做一次快照", "records after which a snapshot is made"),
	NUMBER("archive.snapshots", archive.snapshots, "2", 1, 1000, "保留的快照数", "snapshots that are kept"),
	NUMBER("archive.keep_days", archive.keep_days, "0", 0, 36500, "档案保留的天数（按结算时间）；0 为永久", "days the archive is kept, by event time; 0: for ever"),
	NUMBER("archive.keep_gb", archive.keep_gb, "0", 0, 1000000, "档案最大 GB 数；0 为不限；绝不删除最旧快照仍需要的部分",
	    "most GB of the archive; 0: no bound; what the oldest snapshot needs never goes"),
	NUMBER("tick_after", tick_after, "3600", 0, 31536000, "统筹区多少秒没有新记录后由时钟关闭到期的月份；0 为从不",
	    "seconds without a record of a pool after which the clock closes its months; 0: never"),
	TEXT("listen", listen, "127.0.0.1:9850", "/metrics /healthz /readyz 的地址；off 为不开", "address of /metrics, /healthz, /readyz; off: none"),
	NUMBER("metrics.pools", metrics.pools, "2000", 0, 100000, "/metrics 中统筹区、区划一级（含人群、级别）指标对象的最大个数",
	    "most subjects of indicators of pools and areas, by class and level, in /metrics"),
	NUMBER("metrics.townships", metrics.townships, "0", 0, 100000, "/metrics 中乡镇指标对象的最大个数；0 为不出",
	    "most subjects of indicators of townships in /metrics; 0: none"),
	NUMBER("metrics.institutions", metrics.institutions, "0", 0, 100000, "/metrics 中机构指标对象的最大个数；0 为不出",
	    "most subjects of indicators of institutions in /metrics; 0: none"),
	TEXT("mirror", mirror, "", "告警流的本地镜像文件（NDJSON）；空为不写", "file that mirrors the feed as NDJSON; empty: none"),
	TEXT("refused_certificate", refused_certificate, "",
	    "证书（PEM）：被拒记录的原文用它加密（CMS）后附于消息头；空为不附原文",
	    "certificate (PEM): the bytes of a refused record go encrypted for it (CMS) into a header; empty: they are left out"),
	NUMBER("heartbeat", heartbeat, "10", 1, 3600, "心跳间隔，秒", "seconds between heartbeats"),
	NUMBER("stats", stats_every, "5", 1, 3600, "统计间隔，秒", "seconds between stats records"),
	NUMBER("check_every", check_every, "5", 1, 300, "查询各分区末端的间隔，秒", "seconds between looks at the end of every partition"),
	NUMBER("stall_after", stall_after, "30", 1, 3600, "有积压而不前进多少秒后置未就绪", "seconds without progress, with lag, after which the daemon is not ready"),
	NUMBER("drain", drain, "30", 1, 3600, "停止时等待告警送达的最长秒数", "seconds to wait at the end until everything is delivered"),
	{"kafka", OPTION_PROPERTIES, 0, "", 0, 0, NULL,
	    {"librdkafka 的任何属性；consumer: 和 producer: 下的只用于一方；值可写作 {file: 路径}",
	    "any librdkafka property; those under consumer: and producer: for one side; a value may be {file: PATH}"}},
};
const size_t option_count = sizeof option_rows / sizeof option_rows[0];
