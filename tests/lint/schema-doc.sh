#!/bin/sh
# SPDX-License-Identifier: MIT
#
# docs/index-schema.md names every table, view and column of the schema, and
# nothing else; and each view has an example that runs.
set -eu
cd "$(dirname "$0")/../.."
page=docs/index-schema.md
command -v sqlite3 >/dev/null || { echo "skip: no sqlite3 program"; exit 77; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

cat objects/db/schema/tables.sql objects/db/schema/views.sql |
	sqlite3 "$tmp/db"
sqlite3 "$tmp/db" "SELECT m.name || '.' || c.name
	FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
	WHERE m.type IN ('table', 'view')" | sort >"$tmp/schema"
# "### name" opens a section; "| `column` |" is a column of it.
awk '/^### /{name = $2}
	/^\| `/{split($0, part, "`"); print name "." part[2]}' "$page" |
	sort >"$tmp/page"
diff -u "$tmp/schema" "$tmp/page" || {
	echo "$page does not fit objects/db/schema (-schema +page)"
	exit 1
}
awk '/^### v_/{name = $2; want[name] = 1}
	/^```sql/{getline; if (name in want) delete want[name]}
	END{for (name in want) { print name " has no example"; bad = 1 }
	exit bad}' "$page"
awk '/^```sql/{on = 1; next} /^```/{on = 0} on' "$page" |
	sqlite3 -bail "$tmp/db" >"$tmp/out"
