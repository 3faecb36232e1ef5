# docs/errors.md as a page: what an error's documentationUrl opens (#slug_taken).
#     awk -f tools/errors_page.awk docs/errors.md > errors.html
function escaped(words) {
    gsub(/&/, "\\&amp;", words)
    gsub(/</, "\\&lt;", words)
    gsub(/"/, "\\&quot;", words)
    gsub(/\\\|/, "|", words)
    while (match(words, /`[^`]+`/))
        words = substr(words, 1, RSTART - 1) "<code>" substr(words, RSTART + 1, RLENGTH - 2) "</code>" substr(words, RSTART + RLENGTH)
    return words
}

function close_table() {
    if (in_table)
        print "</tbody></table>"
    in_table = 0
}

# The cells of a row; a bar with a backslash before it is one of the text.
function row(line,    cells, count, i, code) {
    gsub(/\\\|/, "\001", line)
    count = split(line, cells, / *\| */)
    for (i = 2; i < count; i++)
        gsub("\001", "|", cells[i])
    code = cells[count - 2]
    gsub(/`/, "", code)
    if (!in_table) {
        printf "<table><thead><tr>"
        for (i = 2; i < count; i++)
            printf "<th scope=\"col\">%s</th>", escaped(cells[i])
        print "</tr></thead><tbody>"
        in_table = 1
        return
    }
    printf code in known ? "<tr>" : "<tr id=\"" code "\">"
    known[code]
    for (i = 2; i < count; i++)
        printf "<td>%s</td>", escaped(cells[i])
    print "</tr>"
}

BEGIN {
    print "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">"
    print "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
    print "<title>Errors of the API</title>\n<link rel=\"stylesheet\" href=\"/static/docs.css\">\n</head>\n<body>"
    print "<header class=\"docs-top\"><a href=\"/\">Start</a> <h1>Errors of the API</h1> <a href=\"/api/docs\">All operations</a></header>"
    print "<main class=\"docs-errors\">"
}
/^```/ { in_code = !in_code; print in_code ? "<pre>" : "</pre>"; next }
in_code { print escaped($0); next }
/^\| ---/ { next }
/^\|/ { row($0); next }
{ close_table() }
/^# / || /^$/ { next }
/^## / { print "<h2>" escaped(substr($0, 4)) "</h2>"; next }
{ sub(/^Made by .* An error is$/, "An error is"); print "<p>" escaped($0) "</p>" }
END { close_table(); print "</main>\n</body>\n</html>" }
