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

static void
group_text(struct buffer *out, const char *name, size_t length, const char **open, size_t *open_length)
{
	bool same = length == *open_length && (length == 0 || strncmp(name, *open, length) == 0);
	*open = name;
	*open_length = length;
	if (!same && length)
		buffer_printf(out, "\n# %.*s:\n", (int)length, name);
}

void
config_example(struct buffer *out)
{
	buffer_text(out, "# fundwatchd: every option with its default.  Take away the # before what is to be changed.\n"
	    "# fundwatchd 的全部选项及默认值；去掉行首的 # 再修改。\n"
	    "# An unknown option is an error: fundwatchd --config FILE --check-config\n");
	const char *open = "";
	size_t open_length = 0;
	for (size_t i = 0; i < option_count; i++) {
		const struct option *option = &option_rows[i];
		const char *dot = strchr(option->name, '.');
		size_t prefix = dot ? (size_t)(dot - option->name) : 0;
		group_text(out, option->name, prefix, &open, &open_length);
		const char *indent = dot ? "#   " : "# ";
		if (!dot)
			buffer_char(out, '\n');
		buffer_printf(out, "%s# %s\n%s# %s\n", indent, option->help[LANGUAGE_EN], indent, option->help[LANGUAGE_ZH]);
		if (option->type == OPTION_LIST && strcmp(option->fallback, "all") != 0)
			buffer_printf(out, "%s%s: [\"%s\"]\n", indent, option->name + (dot ? prefix + 1 : 0), option->fallback);
		else if (option->type != OPTION_PROPERTIES)
			buffer_printf(out, "%s%s: %s\n", indent, option->name + (dot ? prefix + 1 : 0), fallback_text(option));
	}
	buffer_text(out, "# kafka:\n"
	    "#   security.protocol: sasl_ssl\n"
	    "#   ssl.ca.location: /etc/fundwatch/ca.pem\n"
	    "#   sasl.mechanism: SCRAM-SHA-512\n"
	    "#   sasl.username: fundwatch\n"
	    "#   sasl.password: {file: /etc/fundwatch/kafka-password}\n"
	    "#   consumer:\n"
	    "#     group.id: fundwatch            # only to show the lag on Kafka's own dashboards\n"
	    "#   producer:\n"
	    "#     compression.type: lz4\n");
}
