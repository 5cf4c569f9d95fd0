/* Access rules of a broker with an authorizer, without a JVM a call.
 *   kafka_acls BOOTSTRAP allow|deny|remove PRINCIPAL OPERATION topic|group NAME [prefixed]     remove: the deny rule
 * OPERATION: all, read, write, describe.  Exit status: 0 done, 64 usage, 69 the broker did not answer or refused. */
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define ANSWER_MS 20000

static rd_kafka_AclOperation_t
operation_of(const char *word)
{
	static const struct {
		const char *word;
		rd_kafka_AclOperation_t operation;
	} known[] = {{"all", RD_KAFKA_ACL_OPERATION_ALL}, {"read", RD_KAFKA_ACL_OPERATION_READ}, {"write", RD_KAFKA_ACL_OPERATION_WRITE},
		{"describe", RD_KAFKA_ACL_OPERATION_DESCRIBE}};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(word, known[i].word) == 0)
			return known[i].operation;
	return RD_KAFKA_ACL_OPERATION_UNKNOWN;
}

static bool
made(rd_kafka_event_t *event)
{
	size_t count = 0;
	const rd_kafka_CreateAcls_result_t *result = rd_kafka_event_CreateAcls_result(event);
	const rd_kafka_acl_result_t **acls = result ? rd_kafka_CreateAcls_result_acls(result, &count) : NULL;
	return count == 1 && !rd_kafka_acl_result_error(acls[0]);
}

static bool
removed(rd_kafka_event_t *event)
{
	size_t count = 0, matching = 0;
	const rd_kafka_DeleteAcls_result_t *result = rd_kafka_event_DeleteAcls_result(event);
	const rd_kafka_DeleteAcls_result_response_t **answers = result ? rd_kafka_DeleteAcls_result_responses(result, &count) : NULL;
	if (count == 1 && !rd_kafka_DeleteAcls_result_response_error(answers[0]))
		rd_kafka_DeleteAcls_result_response_matching_acls(answers[0], &matching);
	return matching == 1;
}

static int
change(rd_kafka_t *client, char **word, bool prefixed)
{
	char why[512] = "";
	bool remove = strcmp(word[0], "remove") == 0;
	rd_kafka_ResourceType_t type = strcmp(word[3], "group") == 0 ? RD_KAFKA_RESOURCE_GROUP : RD_KAFKA_RESOURCE_TOPIC;
	rd_kafka_ResourcePatternType_t pattern = prefixed ? RD_KAFKA_RESOURCE_PATTERN_PREFIXED : RD_KAFKA_RESOURCE_PATTERN_LITERAL;
	rd_kafka_AclPermissionType_t permission = strcmp(word[0], "allow") == 0 ? RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW : RD_KAFKA_ACL_PERMISSION_TYPE_DENY;
	rd_kafka_AclBinding_t *rule = (remove ? rd_kafka_AclBindingFilter_new : rd_kafka_AclBinding_new)(type, word[4], pattern, word[1], "*",
	    operation_of(word[2]), permission, why, sizeof why);
	if (!rule) {
		fprintf(stderr, "kafka_acls: %s\n", why);
		return EX_USAGE;
	}
	rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
	if (remove)
		rd_kafka_DeleteAcls(client, &rule, 1, NULL, queue);
	else
		rd_kafka_CreateAcls(client, &rule, 1, NULL, queue);
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ANSWER_MS);
	bool done = event && !rd_kafka_event_error(event) && (remove ? removed(event) : made(event));
	if (!done)
		fprintf(stderr, "kafka_acls: %s %s: %s\n", word[0], word[4], event ? rd_kafka_event_error_string(event) : "no answer");
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	rd_kafka_AclBinding_destroy(rule);
	return done ? EX_OK : EX_UNAVAILABLE;
}

int
main(int argc, char **argv)
{
	char why[512];
	if (argc < 7 || operation_of(argv[4]) == RD_KAFKA_ACL_OPERATION_UNKNOWN) {
		fprintf(stderr, "usage: kafka_acls BOOTSTRAP allow|deny|remove PRINCIPAL all|read|write|describe topic|group NAME [prefixed]\n");
		return EX_USAGE;
	}
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], why, sizeof why);
	rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
	if (!client) {
		fprintf(stderr, "kafka_acls: %s\n", why);
		return EX_UNAVAILABLE;
	}
	int status = change(client, argv + 2, argc > 7);
	rd_kafka_destroy(client);
	return status;
}
