#!/bin/bash
# real_sql.sh WAVETANK FILE.sql: statements of SQL for real, a windowed join of two directories.
# Killed at a step of each round and called again, it shows each window once: what it shows
# undisturbed. A SELECT reads it; a wrong statement is refused at its place, before anything is
# written.
set -euo pipefail

wavetank=$(realpath "$1")
statements=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "FAILED: $*: $(tail -n 5 "$work"/*.log)" >&2
  exit 1
}

run() {  # DIRECTORY OPTION...: as far as there is input
  local directory=$1
  shift
  (cd "$directory" && "$wavetank" sql -f "$statements" --checkpoint=checkpoint --available-now \
    "$@") >>"$directory.log" 2>&1
}

# Views and clicks of a round: 40 each, a second apart, of three advertisements.
put() {  # DIRECTORY ROUND
  local i at
  for ((i = 0; i < 40; ++i)); do
    at=$((1800000000 + 40 * $2 + i))
    echo "$at,ad$((i % 3))" >>"$1/.views"
    echo "$((at + 2)),ad$((i % 3))" >>"$1/.clicks"
  done
  mv "$1/.views" "$1/views/$2.csv"
  mv "$1/.clicks" "$1/clicks/$2.csv"
}

mkdir -p killed/{views,clicks} whole/{views,clicks}
round=0
for step in batch.defined batch.prepared sink.committed batch.committed; do
  round=$((round + 1))
  put killed "$round"
  put whole "$round"
  run whole || fail "round $round, undisturbed"
  status=0
  run killed --kill-at="$step" || status=$?
  [ "$status" = 137 ] || fail "round $round was not killed at $step, but ended with $status"
  run killed || fail "round $round, called again"
done

cat whole/clicked/part-* | sort >whole.rows
cat killed/clicked/part-* | sort >killed.rows
[ -s whole.rows ] || fail "no window was shown"
cmp whole.rows killed.rows || fail "killed and called again it shows other rows"

shown=$(cd whole && "$wavetank" sql -f "$statements" -e \
  "CREATE TABLE shown (seen TIMESTAMP, ad STRING, clicks BIGINT, last TIMESTAMP)
     USING csv OPTIONS (path 'clicked');
   SELECT count(*), count(ad) FROM shown" --checkpoint=checkpoint --available-now 2>/dev/null |
  tail -n 1)
rows=$(wc -l <whole.rows)
[ "$shown" = "$(printf '%s\t%s' "$rows" "$rows")" ] || fail "a SELECT says $shown"

# Over files as they are: joins of every type, and of no equality.
mkdir -p joined/{l,r}
printf '1,a\n2,b\n3,\n' >joined/l/rows.csv
printf '1,x\n1,y\n4,z\n' >joined/r/rows.csv
tables="CREATE TABLE l (id INT, name STRING) USING csv OPTIONS (path 'l');
CREATE TABLE r (id INT, name STRING) USING csv OPTIONS (path 'r');"
joined() {  # JOIN EXPECTED
  local columns="l.id, r.name"
  case $1 in *SEMI* | *ANTI*) columns=l.id ;; esac
  local rows
  rows=$(cd joined && "$wavetank" sql -e "$tables SELECT $columns FROM l $1" 2>/dev/null |
    grep -v '^\(id\|name\)' | sort | tr '\t\n' '|;')
  [ "$rows" = "$2" ] || fail "l $1 is $rows, not $2"
}
joined "JOIN r ON l.id = r.id" "1|x;1|y;"
joined "LEFT JOIN r ON l.id = r.id" "1|x;1|y;2|NULL;3|NULL;"
joined "LEFT JOIN r ON l.id = r.id AND r.name <> 'x' AND l.id < 3" "1|y;2|NULL;3|NULL;"
joined "RIGHT JOIN r ON l.id = r.id" "1|x;1|y;NULL|z;"
joined "FULL JOIN r ON l.id = r.id" "1|x;1|y;2|NULL;3|NULL;NULL|z;"
joined "LEFT SEMI JOIN r ON l.id = r.id" "1;"
joined "LEFT ANTI JOIN r ON l.id = r.id" "2;3;"
joined "JOIN r ON l.id > r.id" "2|x;2|y;3|x;3|y;"

said=$(cd joined && "$wavetank" sql -e "$tables
SELECT id, name FROM r ORDER BY id DESC, name LIMIT 2; SELECT 1 + 1 AS two" 2>/dev/null |
  tail -n 3 | tr '\t\n' '|;')
[ "$said" = "4|z;1|x;2;" ] || fail "sorted and limited it is $said"

mkdir -p wrong
status=0
said=$(cd wrong && "$wavetank" sql -e "CREATE TABLE t (a INT) USING csv OPTIONS (path 'in');
INSERT INTO t SELECT b FROM t" --checkpoint=ck 2>&1) || status=$?
[ "$status" = 2 ] || fail "a wrong statement gives $status"
[[ "$said" == *'2:22: Select: there is no column "b"'*$'\n'*'^' ]] || fail "it says $said"
[ -z "$(ls wrong)" ] || fail "a wrong statement has left something"
