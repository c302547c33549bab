#!/bin/sh
# same_hashes.sh PROGRAM PROGRAM SCENARIOS [SEED...]: two programs, each in a process of its own,
# give the same outcome and trace hash for every scenario: with its own seed and each of these.
# The second finds other bytes in fresh heap memory, and they must decide nothing.
set -eu
first=$1 second=$2 scenarios=$3
shift 3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Which verdicts there are is another test's claim; but a program that was killed has given none.
outcomes() {
  status=0
  "$@" || status=$?
  echo "exit status $status"
  [ "$status" -le 5 ]
}

for seed in "" "$@"; do
  set -- run --json=- ${seed:+--seed="$seed"} "$scenarios"
  outcomes "$first" "$@" >"$folder/first"
  outcomes env GLIBC_TUNABLES=glibc.malloc.perturb=165 "$second" "$@" >"$folder/second"
  [ "$(wc -l <"$folder/first")" -gt 1 ] || { echo "no scenario was run"; exit 1; }
  if ! cmp -s "$folder/first" "$folder/second"; then
    echo "the outcomes differ with ${seed:+seed }${seed:-the seeds of the scenarios}:"
    diff "$folder/first" "$folder/second" | head -n 20
    exit 1
  fi
done
