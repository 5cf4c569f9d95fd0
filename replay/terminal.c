/* Width and colours of the terminal, and text cut to columns. */
#include "replay/terminal.h"

#include "core/base/utf8.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct terminal
terminal_of(FILE *file)
{
	struct terminal terminal = {.is_terminal = isatty(fileno(file)) == 1};
	if (!terminal.is_terminal)
		return terminal;
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM"), *columns = getenv("COLUMNS");
	terminal.colours = !(none && *none) && !(term && strcmp(term, "dumb") == 0);
	struct winsize size;
	if (ioctl(fileno(file), TIOCGWINSZ, &size) == 0)
		terminal.width = size.ws_col;
	if (terminal.width <= 0 && columns)
		terminal.width = (int)strtol(columns, NULL, 10);
	if (terminal.width <= 0 || terminal.width > 10000)
		terminal.width = 80;
	return terminal;
}

static const char *const style_sequence[] = {
	[STYLE_PLAIN] = "", [STYLE_BOLD] = "\033[1m", [STYLE_DIM] = "\033[2m", [STYLE_RED] = "\033[31m",
	[STYLE_BOLD_RED] = "\033[1;31m", [STYLE_YELLOW] = "\033[33m", [STYLE_GREEN] = "\033[32m", [STYLE_CYAN] = "\033[36m"};

const char *
terminal_style(const struct terminal *terminal, enum style style)
{
	return terminal->colours ? style_sequence[style] : "";
}

const char *
terminal_end(const struct terminal *terminal, enum style style)
{
	return terminal->colours && style != STYLE_PLAIN ? "\033[0m" : "";
}

/* The character at the start of the text and its bytes: valid UTF-8, or one byte by itself. */
static size_t
character_length(struct slice text)
{
	unsigned char first = (unsigned char)text.data[0];
	size_t length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
	return length <= text.length ? length : 1;
}

/* Control characters of ASCII and of Latin 1, and a byte that begins no character. */
static bool
is_control(struct slice character)
{
	unsigned char first = (unsigned char)character.data[0];
	if (character.length == 1)
		return first < 0x20 || first >= 0x7F;
	return first == 0xC2 && (unsigned char)character.data[1] < 0xA0;
}

static size_t
character_columns(struct slice character)
{
	if (is_control(character))
		return 1;
	int32_t code_point;
	utf8_next(character.data, character.length, &code_point);
	return (size_t)utf8_width(code_point);
}

size_t
text_columns(struct slice text)
{
	size_t columns = 0;
	while (text.length) {
		size_t length = character_length(text);
		columns += character_columns((struct slice){text.data, length});
		text = (struct slice){text.data + length, text.length - length};
	}
	return columns;
}

void
text_add_cut(struct buffer *buffer, struct slice text, size_t columns)
{
	bool cut = columns && text_columns(text) > columns;
	size_t left = cut ? columns - 1 : SIZE_MAX;
	while (text.length) {
		struct slice character = {text.data, character_length(text)};
		size_t wide = character_columns(character);
		if (wide > left)
			break;
		left -= wide;
		if (is_control(character))
			buffer_char(buffer, ' ');
		else
			buffer_add(buffer, character.data, character.length);
		text = (struct slice){text.data + character.length, text.length - character.length};
	}
	if (cut)
		buffer_text(buffer, "…");
}

void
text_add_padded(struct buffer *buffer, struct slice text, size_t columns)
{
	text_add_cut(buffer, text, columns);
	for (size_t wide = text_columns(text); wide < columns; wide++)
		buffer_char(buffer, ' ');
}
