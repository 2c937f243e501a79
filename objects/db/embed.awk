# SPDX-License-Identifier: MIT
#
# Turns .sql files into a C header and a C table:
#   awk -v out_h=FILE -v out_c=FILE -f embed.awk FILES...
#
# A file below a folder named schema/ is one script, whole, named after the
# file: enum dig_script; below a folder named queries/, one query of those that
# users may call by name: dig_query_texts. Any other file holds statements, each headed by
#   -- name: ref_get
#   -- params: :name          (in order of their first use; may be left out)
#   -- returns: id            (for the reader; not checked here)
#   -- scan: reason           (only where the plan may scan a table)
# and becomes enum dig_sql. Lines that are only a comment are left out of a
# statement and kept in a script, because a script's text is what the schema
# in the file is compared with.
#
# Texts are written as byte arrays: a long literal trips -Woverlength-strings.

function fail(what)
{
	printf "%s:%d: %s\n", FILENAME, FNR, what | "cat >&2"
	close("cat >&2")
	failed = 1
	exit 1
}

function start(kind, name)
{
	if (name !~ /^[a-z][a-z0-9_]*$/)
		fail("bad name '" name "'")
	if ((kind, name) in seen)
		fail("'" name "' is named twice")
	seen[kind, name] = 1
	current = kind SUBSEP count[kind]++
	names[current] = name
	texts[current] = ""
	params[current] = 0
	scans[current] = 0
}

function emit_bytes(label, text,    i, n, line)
{
	n = length(text)
	printf "static const unsigned char %s[] = {\n", label > out_c
	line = ""
	for (i = 1; i <= n; i++) {
		line = line ord[substr(text, i, 1)] ","
		if (i % 18 == 0) {
			print line > out_c
			line = ""
		}
	}
	print line "0" > out_c
	print "};" > out_c
}

function emit_table(kind, enum_name, prefix, array,    i, key)
{
	printf "enum %s {\n", enum_name > out_h
	for (i = 0; i < count[kind]; i++)
		printf "\t%s%s,\n", prefix, toupper(names[kind, i]) > out_h
	printf "\t%sCOUNT\n};\n\n", prefix > out_h

	for (i = 0; i < count[kind]; i++)
		emit_bytes(kind "_" names[kind, i], texts[kind, i])
	printf "const struct dig_sql_text %s[] = {\n", array > out_c
	for (i = 0; i < count[kind]; i++)
		printf "\t{ \"%s\", %s_%s, %d, %d, %d, \"%s\" },\n",
		    names[kind, i], kind, names[kind, i],
		    length(texts[kind, i]), params[kind, i],
		    scans[kind, i], param_names[kind, i] > out_c
	print "};" > out_c
}

BEGIN {
	for (i = 1; i < 128; i++)
		ord[sprintf("%c", i)] = i
	count["sql"] = count["script"] = count["query"] = 0
}

FNR == 1 {
	current = ""
	is_query = (FILENAME ~ /(^|\/)queries\/[^\/]*$/)
	is_script = is_query || (FILENAME ~ /(^|\/)schema\/[^\/]*$/)
	if (is_script) {
		base = FILENAME
		sub(/^.*\//, "", base)
		sub(/\.sql$/, "", base)
		gsub(/-/, "_", base)
		start(is_query ? "query" : "script", base)
	}
}

/[^\t -~]/ { fail("a byte that is not ASCII") }

is_script { texts[current] = texts[current] $0 "\n"; next }

/^-- name: / { start("sql", $3); next }
/^-- params:/ {
	if (current == "")
		fail("params before a name")
	params[current] = NF - 2
	for (i = 3; i <= NF; i++) {
		if ($i !~ /^:[a-z0-9_]+$/)
			fail("bad parameter '" $i "'")
		param_names[current] = param_names[current] \
		    (i > 3 ? " " : "") $i
	}
	next
}
/^-- scan: / { scans[current] = 1; next }
/^[ \t]*--/ || /^[ \t]*$/ { next }
{
	if (current == "")
		fail("text before a name")
	texts[current] = texts[current] $0 "\n"
}

END {
	if (failed)
		exit 1
	for (key in texts)
		if (texts[key] == "") {
			print "'" names[key] "' has no text" | "cat >&2"
			exit 1
		}
	print "/* Made by objects/db/embed.awk from the .sql files. */" > out_h
	print "#ifndef DIG_SQL_H\n#define DIG_SQL_H\n" > out_h
	print "#include <stddef.h>\n" > out_h
	print "struct dig_sql_text {" > out_h
	print "\tconst char *name;" > out_h
	print "\tconst unsigned char *text; /* ends in NUL beyond len */" > out_h
	print "\tsize_t len;" > out_h
	print "\tint nparams;" > out_h
	print "\tint may_scan; /* its plan may scan a table */" > out_h
	print "\tconst char *params; /* names, in order, one space between */" > out_h
	print "};\n" > out_h
	print "/* Made by objects/db/embed.awk from the .sql files. */" > out_c
	print "#include \"dig_sql.h\"\n" > out_c
	emit_table("sql", "dig_sql", "DIG_SQL_", "dig_sql_texts")
	emit_table("script", "dig_script", "DIG_SCRIPT_", "dig_script_texts")
	emit_table("query", "dig_query_name", "DIG_QUERY_", "dig_query_texts")
	print "extern const struct dig_sql_text dig_query_texts[];" > out_h
	print "extern const struct dig_sql_text dig_sql_texts[];" > out_h
	print "extern const struct dig_sql_text dig_script_texts[];" > out_h
	print "\n#endif" > out_h
}
