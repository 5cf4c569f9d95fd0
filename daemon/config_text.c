/* The options as text: for --help, and as the commented example file. */
#include "daemon/config.h"

static const char *
fallback_text(const struct option *option)
{
	return option->fallback[0] ? option->fallback : "\"\"";
}

void
config_help(enum language language, FILE *file)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option *option = &option_rows[i];
		fprintf(file, "  %-20s  %s", option->name, option->help[language]);
		if (option->type != OPTION_PROPERTIES)
			fprintf(file, " [%s]", fallback_text(option));
		fputc('\n', file);
	}
}

/* "name: value" as it would be written in the file. */
static void
option_line(struct buffer *out, const struct option *option, const char *name)
{
	if (option->type == OPTION_LIST && strcmp(option->fallback, "all") != 0)
		buffer_printf(out, "%s: [\"%s\"]\n", name, option->fallback);
	else
		buffer_printf(out, "%s: %s\n", name, fallback_text(option));
}

void
config_example(struct buffer *out)
{
	buffer_text(out, "# fundwatchd: every option with its default. Take the # away before a line that is to be changed.\n"
	    "# fundwatchd 的全部选项及默认值。要修改时去掉行首的 #。\n"
	    "# Check it / 检查： fundwatchd --config FILE --check-config\n");
	const char *group = "";
	size_t group_length = 0;
	for (size_t i = 0; i < option_count; i++) {
		const struct option *option = &option_rows[i];
		const char *dot = strchr(option->name, '.');
		size_t length = dot ? (size_t)(dot - option->name) : 0;
		bool same_group = length == group_length && strncmp(option->name, group, length) == 0;
		if (!dot || !same_group)
			buffer_char(out, '\n');
		if (dot && !same_group)
			buffer_printf(out, "#%.*s:\n", (int)length, option->name);
		group = option->name;
		group_length = length;
		buffer_printf(out, "%s %s\n%s %s\n", dot ? "  #" : "#", option->help[LANGUAGE_EN], dot ? "  #" : "#", option->help[LANGUAGE_ZH]);
		if (option->type == OPTION_PROPERTIES)
			continue;
		/* One line is in force, so that the file is no empty document. */
		buffer_text(out, i == 0 ? "" : dot ? "#  " : "#");
		option_line(out, option, dot ? dot + 1 : option->name);
	}
	buffer_text(out, "#kafka:\n"
	    "#  security.protocol: sasl_ssl\n"
	    "#  ssl.ca.location: /etc/fundwatch/ca.pem\n"
	    "#  sasl.mechanism: SCRAM-SHA-512\n"
	    "#  sasl.username: fundwatch\n"
	    "#  sasl.password: {file: /etc/fundwatch/kafka-password}\n"
	    "#  consumer:\n"
	    "#    group.id: fundwatch      # only to show the lag on dashboards of Kafka; 仅用于在 Kafka 的看板上显示积压\n"
	    "#  producer:\n"
	    "#    compression.type: lz4\n");
}
