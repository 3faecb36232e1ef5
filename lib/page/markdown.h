/* markdown: what people wrote as Markdown (GitHub's dialect: tables, strikethrough, bare
 * addresses), as HTML for a page and as plain words for a cell of a list.
 *
 * The HTML may stand in a page as it is: HTML that somebody wrote is shown as text, links lead only
 * where cmark-gfm calls them safe (no javascript:, vbscript:, file:, data:), pictures are links
 * (the pages load nothing of others), and headings begin below those of the page around them.
 */
#ifndef PAGE_MARKDOWN_H
#define PAGE_MARKDOWN_H

struct arena;

/* Both in the arena; never NULL. The text is UTF-8. */
char *markdown_html(struct arena *arena, const char *text);
char *markdown_plain(struct arena *arena, const char *text);

#endif
