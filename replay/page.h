/* A document for people, written once and shown as HTML or as Markdown: headings, paragraphs and tables in both languages.
 * Everything that is text is escaped here and nowhere else.  A page of HTML holds its own style, no script, and names nothing
 * outside itself but other pages of the same folder. */
#ifndef FW_PAGE_H
#define FW_PAGE_H

#include "core/base/buffer.h"

enum page_format { PAGE_HTML, PAGE_MARKDOWN };

struct page {
	struct buffer out;
	enum page_format format;
	size_t cells;                   /* of the table's row so far */
};

struct both {
	const char *zh, *en;
};

void page_begin(struct page *, struct both title, const char *above);  /* above: a short line over the title, "" none */
void page_end(struct page *, struct both says);

void page_heading(struct page *, struct both text);
void page_paragraph(struct page *, struct both text);
void page_code(struct page *, const char *text);

/* A table: its heads, then rows of as many cells. */
void page_table(struct page *, const struct both *head, size_t columns);
void page_row(struct page *);
void page_cell(struct page *, const char *text);
void page_cell_both(struct page *, struct both text);
void page_cell_short(struct page *, struct both text);                 /* its lines are not broken */
void page_cell_code(struct page *, const char *text);
void page_cell_lines(struct page *, const char *text);                 /* lines of code */
void page_cell_link(struct page *, const char *page_name, const char *text);
void page_table_end(struct page *);

#endif
