# The answers, held against those of standard tools. A comparison prints what differs, and fails if
# anything does.
# shellcheck shell=bash

explain_comparison() {
  cat <<'END'

   What is compared, with `tr | sort | uniq -c` over the same text:
   - structured: of each word the row of the newest batch in the sink, which must be exact;
   - DStream: one complete output (marked _SUCCESS) of each batch time, added up: exact too;
   - which DStream batches ran again: a driver that takes over runs again what has no completion
     mark, and nothing else. So after each kill, before anything is started again, `wavetank
     inspect` reads from the checkpoint which batch times have none. These, and no others, must
     have more than one attempt in the output. An attempt shows from when it makes its directory;
     batches whose first attempt was killed before that are counted apart.

END
}

# same EXPECTED FOUND: two files of sorted lines.
same() {
  diff --unchanged-line-format= --old-line-format='expected %L' --new-line-format='found    %L' \
    "$1" "$2"
}

# structured_counts DIRECTORY: the table of a file sink in update mode: of each word the row of the
# newest batch. The plain names of the parts are part-<batch>-<partition>.csv.
structured_counts() {
  local file
  for file in "$1"/out/part-*.csv; do echo "${file##*/}"; done | sort -t- -k2,2n -k3,3n |
    sed "s#^#$1/out/#" | xargs -r cat |
    awk -F, '{table[$1] = $2} END {for (word in table) print word, table[word]}' | sort
}

# The plain names are complete when they have as many rows as the manifest says: batches that follow
# on one another may share a file. (No word has a line's end in it.)
same_as_manifest() {
  local shown listed
  shown=$("$wavetank" inspect "$1/out" |
    sed -nE 's/^  batch [0-9]+: shown, .* ([0-9]+) rows?$/\1/p' |
    awk '{n += $1} END {print n + 0}')
  listed=$(find "$1/out" -maxdepth 1 -name 'part-*.csv' -exec cat {} + | wc -l)
  echo "$(number "$shown") rows in the manifest, $(number "$listed") listed"
  ((shown == listed))
}

# dstream_counts DIRECTORY: one complete attempt of each batch time, added up.
dstream_counts() {
  local time attempt
  complete_attempts "$1/out" | awk '{newest[$1] = $2} END {for (t in newest) print t, newest[t]}' |
    while read -r time attempt; do
      rows_of "$1/out" "$time" "$attempt"
    done |
    tr -d '()' | awk -F, '{n[$1] += $2} END {for (word in n) print word, n[word]}' | sort
}

nothing_is_damaged() {
  local verdict
  verdict=$("$wavetank" inspect --quiet "$@") || return 1
  if grep DAMAGED <<<"$verdict"; then return 1; fi
}
check_whole() {
  local what=$1 files
  shift
  files=$(find "$@" -type f | wc -l)
  check "$what: wavetank inspect finds nothing damaged or missing" "$files files" \
    nothing_is_damaged "$@"
}

figures_of() {
  awk '{n += $2} END {print n + 0, NR}' "$1" | {
    read -r words distinct
    echo "$(number "$words") words, $(number "$distinct") distinct"
  }
}

compare_structured() {
  falsify_structured "$1"
  structured_counts "$1" >"$1/counts"
  check "structured: the sink's list is its manifest's" "$(same_as_manifest "$1" || true)" \
    same_as_manifest "$1"
  check "structured: counts are those of sort | uniq -c" "$(figures_of "$1/counts")" \
    same "$demo/counts" "$1/counts"
  check_whole structured "$1/checkpoint" "$1/out"
}

compare_dstream() {
  falsify_dstream "$1"
  dstream_counts "$1" >"$1/counts"
  check "DStream: one complete output a batch gives sort | uniq -c" "$(figures_of "$1/counts")" \
    same "$demo/counts" "$1/counts"
  compare_repeats "$1"
  check_whole DStream "$1/checkpoint"
}
