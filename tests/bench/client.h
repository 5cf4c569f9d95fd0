/* What the benchmarks that talk to Kafka share: options of the form KEY=VALUE and clients made from them. */
#ifndef FW_BENCH_CLIENT_H
#define FW_BENCH_CLIENT_H

#include <librdkafka/rdkafka.h>
#include <stdint.h>

/* The value of the word KEY=VALUE among the NULL-terminated words; otherwise what is given, and without that (NULL) the
 * program ends with 64. */
const char *option(char **words, const char *key, const char *otherwise);
int64_t option_number(char **words, const char *key, int64_t otherwise);

/* A configuration with the brokers of the words, these settings (pairs, NULL at the end) and the words that begin with the
 * prefix ("producer." and so on), the later ones holding. */
rd_kafka_conf_t *client_conf(char **words, const char *const settings[], const char *prefix);

/* Takes the configuration; the program ends with 69 when no client comes of it.  A consumer's events go to its own queue. */
rd_kafka_t *client_make(rd_kafka_type_t type, rd_kafka_conf_t *conf);

/* Reads these partitions of a topic from their beginning. */
void client_assign(rd_kafka_t *consumer, const char *topic, int32_t partitions);

#endif
