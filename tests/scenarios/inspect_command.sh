#!/bin/bash
# inspect_command.sh WAVETANK: `wavetank inspect` on checkpoints that real jobs of both engines left
# when they killed themselves. Whole ones pass; a file that is damaged, cut or missing does not; and
# nothing changes.
set -euo pipefail

wavetank=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# expect STATUS ARGUMENTS...: what `inspect` must exit with. Its output is in "$output".
expect() {
  local wanted=$1 status=0
  shift
  output=$("$wavetank" inspect "$@" 2>&1) || status=$?
  ((status == wanted)) || fail "inspect $* gave $status, not $wanted: $output"
}

# shows PATTERN: that the last output has such a line.
shows() {
  grep -qE -- "$1" <<<"$output" || fail "no line like '$1' in: $output"
}

# run_until STEP JOB ARGUMENTS...: a job that kills itself there.
run_until() {
  local step=$1 status=0
  shift
  "$wavetank" start "$@" --interval=20ms --kill-at="$step" >log 2>&1 || status=$?
  ((status == 137)) || fail "$1 exited with $status, not by its kill at $step: $(cat log)"
}

mkdir -p in in.dstream
for name in a b c; do echo "to be or not to be $name" >"in/$name"; done
# With files of its parts, and with their plain names.
run_until query.stopped word_count --input=in --output=sink --checkpoint=all/query \
  --inline-bytes=0 --available-now
# Files that come in after the first start are input, and the first driver has to find one.
run_until dstream.batch_completed word_count_dstream --input=in.dstream --output=out \
  --checkpoint=all/graph
cp in/* in.dstream/
# (Which batch it begins with goes by the clock.)
run_until dstream.output_done:2 word_count_dstream --input=in.dstream --output=out \
  --checkpoint=all/graph

snapshot() {
  find all sink -printf '%p %y %i %T@ %m\n' | sort
  find all sink -type f -exec md5sum {} + | sort
}
before=$(snapshot)

expect 0 all/query
shows '^  batch 0: committed, attempt 1-1, 3 files \[0, 3\)$'
expect 0 all/graph
shows '^  batch [0-9]+ ms: completed, [03] files, 0 blocks$'
shows '^  batch [0-9]+ ms: not completed, [03] files, 0 blocks$'
expect 0 sink
shows '^  batch 0: shown, 2 parts, 7 rows$'
expect 0 --verify --quiet all sink
shows '^all: whole, 2 logs,'
shows '^sink: whole, 1 log,'
expect 2 --verify in
shows 'no checkpoint is there'
expect 2 --verify nowhere
shows 'there is no directory "nowhere"'
expect 2

[[ $(snapshot) == "$before" ]] || fail "an inspection changed something"

# damage HOW FILE: that is noticed. The file goes first: a sink's parts have two names each.
damage() {
  local how=$1 file=$2 size
  cp -p "$file" kept
  rm "$file"
  size=$(stat -c %s kept)
  case $how in
    flip)  # one bit, in the middle
      { head -c $((size / 2)) kept
        head -c $((size / 2 + 1)) kept | tail -c 1 | tr '\0-\377' '\1-\377\0'
        tail -c +$((size / 2 + 2)) kept; } >"$file" ;;
    cut) head -c $((size - 1)) kept >"$file" ;;
    remove) ;;
  esac
  expect 1 --verify --quiet all sink
  shows 'NOT WHOLE'
  mv kept "$file"
}

files=0
while read -r file; do
  for how in flip cut remove; do
    # What a mark says is true without it.
    [[ $how == remove && $file == */mark-* ]] || damage "$how" "$file"
  done
  files=$((files + 1))
done < <(find all sink -type f | sort)
((files >= 10)) || fail "only $files files were damaged in turn"

# A sink without its manifest, and one whose manifest ends before its parts do: after whole groups.
mv sink/_wavetank kept
expect 1 --verify --quiet .
shows '^  DAMAGED sink: its log is missing, and sink/part-00000-0000.\.csv is there$'
mv kept sink/_wavetank
expect 0 sink
last=$(sed -nE 's/^    group [0-9]+ at ([0-9]+), .*/\1/p' <<<"$output" | tail -1)
cp -p sink/_wavetank/log-1 kept
truncate -s "$last" sink/_wavetank/log-1
expect 1 --verify --quiet sink
shows '^  DAMAGED _wavetank: its end is missing: part-00000-0000.\.csv is there'
mv kept sink/_wavetank/log-1

expect 0 --verify --quiet all sink
echo "$files files, each damaged, cut and removed in turn: all noticed"
