/* fundwatchd: what is started and stopped, in which order. */
#include "daemon/arguments.h"
#include "daemon/clock.h"
#include "daemon/control.h"
#include "daemon/folders.h"
#include "daemon/http.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/pipeline.h"
#include "daemon/notify.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sysexits.h>
#include <unistd.h>

#ifndef FW_VERSION
#define FW_VERSION "unknown"
#endif

#define GO_ON (-1)
#define TOPICS_TIMEOUT_MS 2000

static volatile bool stop_asked;
static volatile bool reload_asked;

/* ---- signals ---- */

static void
on_signal(int signal)
{
	if (signal == SIGHUP)
		reload_asked = true;
	else if (stop_asked)
		_exit(EX_TEMPFAIL);     /* asked twice: now */
	else
		stop_asked = true;
}

static void
signals_open(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);       /* a mirror beyond a size limit is a failed write, no death */
}

/* Fetched messages come in blocks of a megabyte that one thread takes and another gives back.  Left to itself the
 * allocator returns them to the system at once and every new one is paid for with 256 page faults. */
static void
memory_keep(void)
{
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 512 << 20);
	mallopt(M_TOP_PAD, 16 << 20);
}

/* ---- HTTP ---- */

static int
answer_metrics(void *status, struct buffer *body)
{
	metrics_text(status, body);
	return 200;
}

static int
answer_ready(void *status, struct buffer *body)
{
	bool ready = status_ready(status, clock_monotonic_ns(), body);
	buffer_char(body, '\n');
	return ready ? 200 : 503;
}

static int
answer_alive(void *status, struct buffer *body)
{
	bool alive = status_alive(status, clock_monotonic_ns(), body);
	buffer_char(body, '\n');
	return alive ? 200 : 503;
}

static const struct http_path paths[] = {
	{"/metrics", "text/plain; version=0.0.4; charset=utf-8", answer_metrics},
	{"/healthz", "application/json", answer_alive},
	{"/readyz", "application/json", answer_ready},
};

static int
web_open(const struct config *config, struct status *status, struct http **http)
{
	char host[64];
	uint16_t port;
	*http = NULL;
	if (!config_address(config->listen, host, &port))
		return GO_ON;           /* off */
	*http = http_open(host, port, paths, sizeof paths / sizeof paths[0], status);
	if (!*http) {
		log_say(LEVEL_ERROR, "不能监听 %s：%s；改 listen 或停掉占用它的程序", "cannot listen on %s: %s; change listen, or stop who uses it",
		    config->listen, strerror(errno));
		return EX_UNAVAILABLE;
	}
	log_say(LEVEL_INFO, "http://%s:%d 提供 /metrics /healthz /readyz", "http://%s:%d serves /metrics /healthz /readyz", host, http_port(*http));
	return GO_ON;
}

/* ---- configuration and rules ---- */

struct ready {                          /* everything that is needed before anything is started */
	struct config config;
	struct key key;
	struct ruleset *rules;
};

static void
certificate_check(const struct config *config, struct diags *diags)
{
	struct seal *seal = config->refused_certificate[0] ? seal_open(config->refused_certificate) : NULL;
	if (seal)
		seal_close(seal);
	else if (config->refused_certificate[0])
		diag_add(diags, DIAG_ERROR, config->refused_certificate, 0, 0, 1, NULL, "读不了证书（PEM）", "cannot read the certificate (PEM)", NULL, NULL);
}

static int
prepare(const struct arguments *arguments, struct ready *ready)
{
	struct diags diags = {0};
	bool read = config_read(&ready->config, arguments->config, &diags);
	kafka_check(&ready->config, &diags);
	if (read) {
		struct archive_options options;
		archive_options_of(&ready->config, &options, &diags);
		key_read(&ready->key, ready->config.pseudonym_key_file, &diags);
		certificate_check(&ready->config, &diags);
		ready->rules = rules_load(&ready->config, &diags);
	}
	bool good = read && ready->rules && diags.errors == 0;
	diags_print(&diags, arguments->language, stderr);
	if (!good)
		fprintf(stderr, arguments->language == LANGUAGE_ZH ? "fundwatchd: 配置或规则有误，共 %zu 处\n"
		    : "fundwatchd: the configuration or the rules are wrong, errors: %zu\n", diags.errors);
	diags_free(&diags);
	return good ? GO_ON : EX_CONFIG;
}

/* A snapshot is made with the rules of the archive: those of the configuration do not matter. */
static int
snapshot_prepare(const struct arguments *arguments, struct ready *ready)
{
	struct diags diags = {0};
	bool good = config_read(&ready->config, arguments->config, &diags) && key_read(&ready->key, ready->config.pseudonym_key_file, &diags);
	log_diags(&diags);
	diags_free(&diags);
	return good ? GO_ON : EX_CONFIG;
}

static void
warn(const struct config *config)
{
	kafka_warn_scram(config);
	if (!config->pseudonym_key_file[0] && !config->person_clear)
		log_say(LEVEL_WARNING, "假名用的是公开的演示密钥；请设 pseudonym_key_file%s", "pseudonyms are made with the published demonstration key; set pseudonym_key_file%s", "");
	if (!config->archive.dir[0])
		log_say(LEVEL_WARNING, "没有档案（archive.dir 为空）：每次启动都从头读 Kafka，已发布的会再发一次%s",
		    "there is no archive (archive.dir is empty): every start reads Kafka from the beginning and says again what was said%s", "");
	else if (!config->archive.chain_key_file[0])
		log_say(LEVEL_WARNING, "档案的防篡改链用的是公开密钥；请设 archive.chain_key_file%s", "the archive's chain is made with the published key: it shows accidents, not intent; set archive.chain_key_file%s", "");
	if (config->person_clear)
		log_say(LEVEL_WARNING, "告警含真实人员编号（person_clear: true）%s", "alerts carry psn_no in the clear (person_clear: true)%s", "");
}

/* ---- running ---- */

/* Until the topics are known.  A broker that is away is waited for; a topic that is missing is not. */
static int
topics_wait(struct pipeline *pipeline)
{
	struct log_limit limit = {0};
	uint64_t withheld;
	atomic_store(&pipeline->status->phase, PHASE_WAITING);
	while (!stop_asked) {
		enum topics_answer answer = consumer_find_topics(pipeline->consumer, TOPICS_TIMEOUT_MS);
		if (answer == TOPICS_THERE)
			return GO_ON;
		if (answer == TOPICS_MISSING)
			return EX_CONFIG;
		int64_t now = clock_monotonic_ns();
		atomic_store(&pipeline->status->turn_ns, now);
		notify_alive(now);
		if (log_allowed(&limit, now, &withheld))
			log_say(LEVEL_WARNING, "等待 Kafka（%s）应答，一直重试；检查 broker 是否运行、brokers 设置和网络",
			    "waiting for Kafka (%s) to answer, trying again and again; check that the broker runs, brokers and the network",
			    pipeline->config->brokers.item[0]);
		consumer_wait(pipeline->consumer, 250);
	}
	return EX_OK;
}

static int
drain(struct pipeline *pipeline)
{
	char digest[DIGEST_TEXT_SIZE];
	atomic_store(&pipeline->status->phase, PHASE_DRAINING);
	notify_stopping();
	log_say(LEVEL_INFO, "停止：等待手头的消息送达，最长 %lld 秒", "stopping: waiting for what is in hand to be delivered, at most %lld s",
	    (long long)pipeline->config->drain);
	uint64_t left = pipeline_drain(pipeline, clock_monotonic_ns() + pipeline->config->drain * NS_PER_SECOND);
	feed_digest(&pipeline->feed, digest);
	log_say(LEVEL_INFO, "已停止：告警 %llu 行，告警流摘要 %s，送达 %llu 条", "stopped: alert lines %llu, feed digest %s, messages delivered %llu",
	    (unsigned long long)pipeline->feed.alerts, digest, (unsigned long long)count_get(&pipeline->status->delivered));
	if (left)
		log_say(LEVEL_ERROR, "有 %llu 条消息没有送达 Kafka；重启后会重新推导并发布", "%llu messages were not delivered to Kafka; they are derived and published again after a restart",
		    (unsigned long long)left);
	return left ? EX_TEMPFAIL : EX_OK;
}

static int
run(struct pipeline *pipeline, bool accept_gap)
{
	int result = topics_wait(pipeline);
	if (result == GO_ON)
		result = pipeline_begin(pipeline, accept_gap);
	if (result != GO_ON)
		return result;
	notify_ready("running");
	while (!stop_asked) {
		if (reload_asked) {
			reload_asked = false;
			reload_ask(&pipeline->reload, (struct reload_wish){0});
		}
		pipeline_turn(pipeline);
	}
	return drain(pipeline);
}

/* ---- who may ask for a reload ---- */

struct askers {
	struct control *control;        /* NULL: no socket */
	struct folders *folders;        /* NULL: nothing is watched */
};

static int
askers_open(struct askers *askers, struct pipeline *pipeline)
{
	const struct config *config = pipeline->config;
	char path[PATH_MAX];
	*askers = (struct askers){0};
	if (control_path(config->control, path)) {
		askers->control = control_open(path, pipeline->status, &pipeline->reload, pipeline->wake_fd);
		if (!askers->control)
			return EX_UNAVAILABLE;
	}
	if (config->rules_watch) {
		askers->folders = folders_open(rules_folder(config), config->tables, config->rules_quiet, &pipeline->reload, pipeline->wake_fd);
		if (!askers->folders)
			return EX_UNAVAILABLE;
	}
	return GO_ON;
}

/* Who waits is answered first. */
static void
askers_close(struct askers *askers, struct pipeline *pipeline)
{
	pipeline_ask_no_more(pipeline);
	if (askers->folders)
		folders_close(askers->folders);
	if (askers->control)
		control_close(askers->control);
}

static int
serve(struct ready *ready, bool accept_gap)
{
	static struct status status;    /* histograms: too large for the stack */
	struct pipeline pipeline;
	struct http *http = NULL;
	struct askers askers = {0};
	status_init(&status, &ready->config);
	log_say(LEVEL_INFO, "fundwatchd %s 启动，规则 %zu 条，摘要 %s", "fundwatchd %s starts, rules: %zu, digest %s", FW_VERSION, ready->rules->rules,
	    ready->rules->digest);
	warn(&ready->config);
	signals_open();
	memory_keep();
	int opened = web_open(&ready->config, &status, &http);          /* first: it says how far the recovery is */
	int result = opened == GO_ON ? pipeline_open(&pipeline, &ready->config, &status, ready->rules, &ready->key, &stop_asked) : opened;
	if (opened != GO_ON)
		return opened;
	if (result == GO_ON)
		result = askers_open(&askers, &pipeline);
	if (result == GO_ON)
		result = run(&pipeline, accept_gap);
	askers_close(&askers, &pipeline);
	if (http)
		http_close(http);
	if (!pipeline_close(&pipeline, clock_monotonic_ns() + 10 * NS_PER_SECOND)) {
		log_say(LEVEL_WARNING, "Kafka 客户端没有及时关闭，直接退出%s", "the Kafka client does not close in time, leaving without it%s", "");
		_exit(result);
	}
	status_free(&status);
	return result;
}

int
main(int argc, char **argv)
{
	struct arguments arguments;
	int result = arguments_read(&arguments, argc, argv);
	if (result != GO_ON)
		return result;
	log_open(arguments.language, isatty(STDERR_FILENO));
	if (arguments.help) {
		arguments_help(arguments.language, stdout);
	} else if (arguments.version) {
		printf("fundwatchd %s (librdkafka %s)\n", FW_VERSION, rd_kafka_version_str());
	} else if (arguments.reload || arguments.call.status) {
		return caller_run(&arguments.call);
	} else if (arguments.example) {
		struct buffer text = {0};
		config_example(&text);
		fwrite(text.data, 1, text.length, stdout);
		buffer_free(&text);
	} else {
		static struct ready ready;
		result = arguments.make_snapshot ? snapshot_prepare(&arguments, &ready) : prepare(&arguments, &ready);
		if (result == GO_ON && arguments.make_snapshot)
			return snapshots_make(&ready.config, &ready.key);
		if (result == GO_ON && arguments.check)
			printf(arguments.language == LANGUAGE_ZH ? "%s：配置无误；规则 %zu 条，摘要 %s\n" : "%s: good; rules: %zu, digest %s\n", arguments.config,
			    ready.rules->rules, ready.rules->digest);
		if (result == GO_ON && !arguments.check)
			result = serve(&ready, arguments.accept_gap), ready.rules = NULL;
		if (ready.rules)
			ruleset_free(ready.rules);
		config_free(&ready.config);
		return result == GO_ON ? EX_OK : result;
	}
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}
