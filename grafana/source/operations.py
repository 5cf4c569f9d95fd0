"""Operations: is the daemon well, how much does it do, how late is it."""
from source.form import Column, Dashboard, Panel, Query, Row, Variable

STAGE = '{@,stage=~"$stage"}[$__rate_interval]'


def quantile(q):
    return f"histogram_quantile({q}, sum by (le, stage) (rate(fundwatch_stage_seconds_bucket{STAGE})))"


GLANCE = [
    Row("概况", "At a glance"),
    Panel("就绪", "Ready", ("所选实例全部就绪（/readyz）为 1。", "1 when every chosen instance says so at /readyz."), "stat", "none",
          [Query("min(fundwatch_ready{@})")], (6, 3), values={0: ("未就绪 not ready", "bad"), 1: ("就绪 ready", "good")}),
    Panel("每秒判定", "Judged a second", ("当前每秒判定的结算和参保记录数。", "Settlements and enrolments judged a second, now."), "stat", "cps",
          [Query("sum(rate(fundwatch_records_judged_total{@}[$__rate_interval]))")], (6, 3)),
    Panel("积压", "Lag", ("尚未判定的记录数，全部分区合计。", "Records not judged yet, all partitions."), "stat", "short",
          [Query("sum(fundwatch_lag_records{@})")], (6, 3), ((None, "good"), (20000, "warn"), (200000, "bad")), decimals=0),
    Panel("拒收占比", "Refused share", ("拒收记录占收到记录的比例；每条拒收记录进入死信主题。", "Part of the received records that were refused; each is a dead letter."),
          "stat", "percentunit", [Query("sum(rate(fundwatch_records_refused_total{@}[$__rate_interval])) / clamp_min(sum(rate(fundwatch_records_received_total{@}[$__rate_interval])), 1e-9)")],
          (6, 3), ((None, "good"), (0.01, "warn"), (0.05, "bad"))),
    Panel("告警时延 99% 分位", "Record to alert, p99", ("99% 的告警：从记录的 Kafka 时间戳到 broker 确认告警。", "99 % of alerts: Kafka timestamp of the record to the broker's acknowledgement of the alert."),
          "stat", "s", [Query('histogram_quantile(0.99, sum by (le) (rate(fundwatch_stage_seconds_bucket{@,stage="record_to_alert"}[$__rate_interval])))')],
          (6, 3), ((None, "good"), (1, "warn"), (5, "bad"))),
    Panel("最近重载", "Last reload", ("最近一次规则重载被采用为 1；被拒绝时旧规则继续有效。", "1 when the last reload of the rules was taken; when refused the old rules go on."), "stat", "none",
          [Query("min(fundwatch_rules_reload_successful{@})")], (6, 3), values={0: ("被拒绝 refused", "bad"), 1: ("已采用 taken", "good")}),
    Panel("快照距今", "Snapshot age", ("最近快照完成至今的时间；启动后尚无快照时没有数据。", "Time since the newest snapshot; no data while none was made since the start."), "stat", "s",
          [Query("max(time() - (fundwatch_snapshot_timestamp_seconds{@} > 0))")], (6, 3), ((None, "good"), (7200, "warn"), (21600, "bad"))),
    Panel("版本", "Version", ("运行中的程序版本。", "Version of the running program."), "stat", "none", [Query("fundwatch_build_info{@}", "{{version}}")], (6, 3), name=True),
]

FLOW = [
    Row("吞吐与积压", "Throughput and lag"),
    Panel("吞吐量", "Throughput", ("每秒记录数：收到 = 已判 + 拒收 + 重复；不属于本实例的统筹区另计。", "Records a second: received = judged + refused + duplicate; records of foreign pools are counted apart."),
          "timeseries", "cps", [
              Query("sum(rate(fundwatch_records_received_total{@}[$__rate_interval]))", "收到 received"),
              Query("sum(rate(fundwatch_records_judged_total{@}[$__rate_interval]))", "已判 judged"),
              Query("sum(rate(fundwatch_records_duplicate_total{@}[$__rate_interval]))", "重复 duplicate"),
              Query("sum(rate(fundwatch_records_refused_total{@}[$__rate_interval]))", "拒收 refused"),
              Query("sum(rate(fundwatch_records_foreign_total{@}[$__rate_interval]))", "非本实例 foreign")], (12, 8), least=0),
    Panel("分区积压", "Lag by partition", ("各分区尚未判定的记录数。虚线以上应有人查看。", "Records not judged yet, by partition. Above the lines somebody should look."), "timeseries", "short",
          [Query("sum by (topic, partition) (fundwatch_lag_records{@})", "{{topic}}/{{partition}}")], (12, 8), ((None, "good"), (20000, "warn"), (200000, "bad")), least=0),
    Panel("拒收原因", "Refused by reason", ("每秒拒收的记录数，按原因。没有拒收时没有数据。", "Records refused a second, by reason. No data when nothing was refused."), "timeseries", "cps",
          [Query("sum by (reason) (rate(fundwatch_records_refused_total{@}[$__rate_interval])) > 0", "{{reason}}")], (6, 8), stacked=True, least=0),
    Panel("停滞与缺口", "Stalls and gaps", ("停滞的分区数；期间跳过的位点数与次数。大于 0 即须查看。", "Partitions that do not advance; offsets skipped, and how often. Anything above 0 wants a look."), "timeseries", "short", [
        Query("sum(fundwatch_partition_stalled{@})", "停滞分区 stalled partitions"),
        Query("sum(increase(fundwatch_offsets_missing_total{@}[$__rate_interval]))", "缺失位点 missing offsets"),
        Query("sum(increase(fundwatch_offset_gaps_total{@}[$__rate_interval]))", "缺口 gaps")], (6, 8), ((None, "good"), (1, "bad")), least=0),
    Panel("距上一条记录", "Since the last record", ("各主题最近一次收到记录至今的时间：上游是否停了。", "Time since a record of each topic came: has the sender stopped?"), "timeseries", "s",
          [Query("min by (topic) (time() - fundwatch_last_record_timestamp_seconds{@})", "{{topic}}")], (6, 8), least=0),
    Panel("更正", "Corrections", ("每秒退费、找不到原结算的退费、重报、早于保留窗口的结算。", "Refunds, refunds without an original, restatements, settlements older than the windows kept; a second."),
          "timeseries", "cps", [
              Query("sum(rate(fundwatch_refunds_total{@}[$__rate_interval]))", "退费 refunds"),
              Query("sum(rate(fundwatch_unlinked_refunds_total{@}[$__rate_interval]))", "无原结算 unlinked"),
              Query("sum(rate(fundwatch_restated_total{@}[$__rate_interval]))", "重报 restated"),
              Query("sum(rate(fundwatch_beyond_history_total{@}[$__rate_interval]))", "过旧 beyond history")], (6, 8), least=0),
]

LATENCY = [
    Row("时延", "Latency"),
    Panel("告警时延分布", "Record to alert", ("每格：该时段内落入该时延区间的告警数。从记录的 Kafka 时间戳到 broker 确认告警。",
                                          "Each cell: alerts of that time within that latency. Kafka timestamp of the record to the broker's acknowledgement."), "heatmap", "s",
          [Query('sum by (le) (increase(fundwatch_stage_seconds_bucket{@,stage="record_to_alert"}[$__rate_interval]))', "{{le}}")], (12, 9)),
    Panel("各阶段 99% 分位", "p99 by stage", ("各阶段 99% 分位；横线为 1 秒和 5 秒。阶段含义见 docs/operation.md。", "99 % quantile of each stage; lines at 1 and 5 s. docs/operation.md explains the stages."), "timeseries", "s",
          [Query(quantile(0.99), "{{stage}}")], (12, 9), ((None, "good"), (1, "warn"), (5, "bad")), log=True),
    Panel("各阶段中位数", "p50 by stage", ("各阶段中位数。", "Median of each stage."), "timeseries", "s", [Query(quantile(0.5), "{{stage}}")], (8, 8), log=True),
    Panel("各阶段 99.9% 分位", "p99.9 by stage", ("各阶段 99.9% 分位。", "99.9 % quantile of each stage."), "timeseries", "s", [Query(quantile(0.999), "{{stage}}")], (8, 8), log=True),
    Panel("时钟不一致", "Clocks that differ", ("每秒为负的时延测量（不计入直方图）；记录的 Kafka 时间戳超前本机时钟的秒数；墙上时钟跳变；由时钟关闭的月份。",
                                           "Measurements below zero a second, not in the histograms; seconds that Kafka's timestamp of a record was ahead of this clock; jumps of the wall clock; months closed by the clock."), "timeseries", "short", [
        Query("sum by (stage) (rate(fundwatch_stage_negative_total{@}[$__rate_interval]))", "负值 negative {{stage}}"),
        Query("max(clamp_min(fundwatch_record_ahead_seconds{@}, 0))", "Kafka 超前 ahead (s)"),
        Query("max(fundwatch_clock_jumped{@})", "时钟跳变 clock jumped"),
        Query("sum(increase(fundwatch_ticks_total{@}[$__rate_interval]))", "时钟关月 ticks")], (8, 8), ((None, "good"), (1, "bad")), least=0),
]

OUTPUT = [
    Row("输出", "Output"),
    Panel("输出行", "Lines said", ("每秒产生的输出行，按类别。", "Lines that the core said a second, by kind."), "timeseries", "cps",
          [Query("sum by (kind) (rate(fundwatch_lines_total{@}[$__rate_interval]))", "{{kind}}")], (8, 8), least=0),
    Panel("投递", "Delivery", ("每秒被确认的消息；失败重发、队列满、生产者重建和客户端报错的次数。", "Messages acknowledged a second; failures sent again, waits for a full queue, producers made anew, client errors."),
          "timeseries", "cps", [
              Query("sum(rate(fundwatch_delivered_total{@}[$__rate_interval]))", "已确认 delivered"),
              Query("sum(rate(fundwatch_delivery_failures_total{@}[$__rate_interval]))", "失败 failures"),
              Query("sum(rate(fundwatch_producer_queue_full_total{@}[$__rate_interval]))", "队列满 queue full"),
              Query("sum(rate(fundwatch_producer_rebuilds_total{@}[$__rate_interval]))", "重建 rebuilds"),
              Query("sum(rate(fundwatch_kafka_errors_total{@}[$__rate_interval]))", "报错 Kafka errors")], (8, 8), least=0),
    Panel("在途", "On their way", ("已交出未确认的消息、失败待重发的消息、等待记录落盘的行。", "Messages not acknowledged yet, messages that wait to be sent again, lines whose record is not on disk yet."),
          "timeseries", "short", [
              Query("sum(fundwatch_messages_in_flight{@})", "在途 in flight"), Query("sum(fundwatch_messages_held{@})", "待重发 held"),
              Query("sum(fundwatch_lines_waiting{@})", "待落盘 waiting for the disk")], (8, 8), least=0),
]

DISK = [
    Row("档案、快照与磁盘", "Archive, snapshots, disk"),
    Panel("档案与快照大小", "Archive and snapshot size", ("磁盘上的档案字节数；最近快照的字节数。", "Bytes of the archive on disk; bytes of the newest snapshot."), "timeseries", "bytes", [
        Query("sum(fundwatch_archive_bytes{@})", "档案 archive"), Query("sum(fundwatch_snapshot_bytes{@})", "快照 snapshot")], (8, 8), least=0),
    Panel("落盘", "Written and synced", ("每秒落盘次数与失败次数；不可写时为 1。", "Commits a second, failed ones, and 1 while the archive cannot be written."), "timeseries", "cps", [
        Query("sum(rate(fundwatch_archive_commits_total{@}[$__rate_interval]))", "落盘 commits"),
        Query("sum(rate(fundwatch_archive_failures_total{@}[$__rate_interval]))", "失败 failures"),
        Query("max(fundwatch_archive_failing{@})", "不可写 cannot be written")], (8, 8), least=0),
    Panel("尚未落盘与快照之后", "Behind disk and snapshot", ("已交给档案但未落盘的条目；最近快照之后的条目（重启时须重新判定）。",
                                                  "Entries not on disk yet; entries behind the newest snapshot, which a restart judges again."), "timeseries", "short", [
        Query("sum(fundwatch_archive_position{@} - fundwatch_archive_synced_position{@})", "未落盘 not on disk"),
        Query("sum(fundwatch_archive_position{@} - fundwatch_snapshot_position{@})", "快照之后 behind the snapshot")], (8, 8), least=0),
    Panel("磁盘剩余", "Disk free", ("档案和镜像所在文件系统的剩余空间与总容量。", "Room left on the file system of the archive and of the mirror, and its size."), "timeseries", "bytes", [
        Query("min by (of) (fundwatch_filesystem_free_bytes{@})", "剩余 free {{of}}"), Query("min by (of) (fundwatch_filesystem_size_bytes{@})", "容量 size {{of}}", "watch")], (8, 7), least=0),
    Panel("磁盘剩余占比", "Disk free share", ("剩余空间占总容量的比例；低于横线应扩容或清理。", "Room left as a part of the size; below the lines make room."), "bargauge", "percentunit",
          [Query("min by (of) (fundwatch_filesystem_free_bytes{@} / fundwatch_filesystem_size_bytes{@})", "{{of}}")], (8, 7), ((None, "bad"), (0.05, "warn"), (0.15, "good")), least=0, most=1),
    Panel("快照", "Snapshots", ("期间完成与失败的快照数。", "Snapshots made, and failed, in the time."), "timeseries", "short", [
        Query("sum(increase(fundwatch_snapshots_total{@}[$__rate_interval]))", "完成 made"),
        Query("sum(increase(fundwatch_snapshot_failures_total{@}[$__rate_interval]))", "失败 failed")], (8, 7), least=0),
    Panel("快照用时", "Snapshot duration", ("最近一次快照用时；另一进程完成，判定不停。", "How long the newest snapshot took; made by another process, judging goes on."), "timeseries", "s",
          [Query("max(fundwatch_snapshot_duration_seconds{@})", "用时 duration")], (12, 7), least=0),
    Panel("镜像", "Mirror", ("写入本地镜像的行与丢失的行；不可写时为 1。", "Lines written to the local mirror, and lost; 1 while it cannot be written."), "timeseries", "cps", [
        Query("sum(rate(fundwatch_mirror_lines_total{@}[$__rate_interval]))", "写入 written"),
        Query("sum(rate(fundwatch_mirror_lost_lines_total{@}[$__rate_interval]))", "丢失 lost"),
        Query("max(fundwatch_mirror_failed{@})", "不可写 cannot be written")], (12, 7), least=0),
    Panel("启动与恢复", "Start and recovery", ("本次启动：重新判定的条目、不再发布的行、接受的缺口、截去的残尾；核对主题期间为 1。",
                                         "This start: entries judged again, lines not published again, gaps accepted, torn tail cut off; 1 while the topics are checked."), "table", "short", [
        Query("sum by (instance) (fundwatch_recovered_entries{@})"), Query("sum by (instance) (increase(fundwatch_known_lines_total{@}[$__range]))"),
        Query("sum by (instance) (increase(fundwatch_gaps_accepted_total{@}[$__range]))"), Query("max by (instance) (fundwatch_archive_cut_bytes{@})"),
        Query("max by (instance) (fundwatch_topics_suspect{@})"), Query("time() - max by (instance) (process_start_time_seconds{@})")], (24, 4),
        columns=[Column("instance", "实例 instance"), Column("A", "重判 judged again"), Column("B", "已知行 known lines"), Column("C", "缺口 gaps"), Column("D", "残尾 cut", "bytes"), Column("E", "核对 suspect"), Column("F", "已运行 up", "s")]),
]

RELOAD = [
    Row("规则重载", "Reload of rules"),
    Panel("重载次数", "Reloads", ("期间采用与拒绝的规则集。", "Rulesets taken and refused in the time."), "timeseries", "short", [
        Query("sum(increase(fundwatch_rules_reloads_total{@}[$__rate_interval]))", "采用 taken"),
        Query("sum(increase(fundwatch_rules_refusals_total{@}[$__rate_interval]))", "拒绝 refused")], (8, 7), least=0),
    Panel("重载用时", "Load and pause", ("最近一次：构建并测试规则集的时间，与判定停顿的时间。", "The last one: building the set and running its tests, and how long judging stood still."), "timeseries", "s", [
        Query("max(fundwatch_rules_load_seconds{@})", "构建 load"), Query("max(fundwatch_rules_pause_seconds{@})", "停顿 pause")], (8, 7), log=True),
    Panel("重载时的状态", "State at the last reload", ("最近一次替换时保留、新建、放弃的状态字节。", "Bytes of state kept, new and dropped at the last swap."), "timeseries", "bytes",
          [Query("sum by (state) (fundwatch_rules_state_bytes{@})", "{{state}}")], (8, 7), least=0),
    Panel("最近重载与回填", "Last reload and backfill", ("最近一次重载、现行规则生效的时间；由档案推导新状态：进行中为 1，已判条目，用时。", "When the last reload ended and the running rules were taken; new state derived from the archive: 1 while under way, entries judged, seconds."), "table", "short", [
        Query("max by (instance) (fundwatch_backfill_under_way{@})"), Query("max by (instance) (fundwatch_backfill_entries{@})"), Query("max by (instance) (fundwatch_backfill_seconds{@})"),
        Query("max by (instance) (fundwatch_rules_reload_timestamp_seconds{@} > 0) * 1000"), Query("max by (instance) (fundwatch_rules_reload_success_timestamp_seconds{@}) * 1000")], (24, 4),
        columns=[Column("instance", "实例 instance"), Column("A", "进行中 under way"), Column("B", "条目 entries"), Column("C", "用时 seconds", "s"), Column("D", "最近重载 last reload", "dateTimeAsIso"), Column("E", "生效 in force since", "dateTimeAsIso")]),
]

PROCESS = [
    Row("内存与处理器", "Memory and processor"),
    Panel("内存", "Memory", ("进程常驻内存与其中的状态；制作快照时第二个进程再占一份。", "Resident memory, and the state within it; a snapshot needs the state a second time."), "timeseries", "bytes", [
        Query("sum(process_resident_memory_bytes{@})", "常驻 resident"), Query("sum(fundwatch_state_bytes{@})", "状态 state")], (6, 8), least=0),
    Panel("记住的人与结算", "Persons and settlements", ("状态中的人数与结算数。", "Persons and settlements remembered."), "timeseries", "short", [
        Query("sum(fundwatch_state_persons{@})", "人 persons"), Query("sum(fundwatch_state_settlements{@})", "结算 settlements")], (6, 8), least=0),
    Panel("处理器", "Processor", ("占用的处理器核数。", "Processor cores in use."), "timeseries", "none", [Query("sum(rate(process_cpu_seconds_total{@}[$__rate_interval]))", "核 cores")], (6, 8), least=0, decimals=2),
    Panel("文件描述符", "File descriptors", ("打开的文件描述符与上限之比。", "Open file descriptors, as a part of the most that may be open."), "timeseries", "percentunit",
          [Query("max by (instance) (process_open_fds{@} / process_max_fds{@})", "{{instance}}")], (6, 8), ((None, "good"), (0.8, "bad")), least=0),
]

DASHBOARD = Dashboard("fundwatch-operations", "运行", "Operations",
                      ("守护进程是否正常、做了多少、有多晚。", "Is the daemon well, how much does it do, how late is it."),
                      [Variable("stage", "阶段 stage", "label_values(fundwatch_stage_seconds_count{@}, stage)")],
                      GLANCE + FLOW + LATENCY + OUTPUT + DISK + RELOAD + PROCESS)
