#!/bin/sh
# same_hashes.sh [--passing] PROGRAM PROGRAM SCENARIOS [SEED...]: two programs, each in a process of
# its own, give the same outcome and trace hash for every scenario: with its own seed and each of
# these. The second finds other bytes in fresh heap memory, and they must decide nothing. With
# --passing each scenario must give what it expects, too; else a program need only have given its
# verdicts, for one that was killed has given none.
set -eu
worst=5
if [ "$1" = --passing ]; then
  worst=0
  shift
fi
first=$1 second=$2 scenarios=$3
shift 3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

outcomes() {
  status=0
  "$@" || status=$?
  echo "exit status $status"
  [ "$status" -le "$worst" ]
}

for seed in "" "$@"; do
  set -- run --json=- ${seed:+--seed="$seed"} "$scenarios"
  outcomes "$first" "$@" >"$folder/first" || { grep -v '"pass"' "$folder/first"; exit 1; }
  outcomes env GLIBC_TUNABLES=glibc.malloc.perturb=165 "$second" "$@" >"$folder/second"
  [ "$(wc -l <"$folder/first")" -gt 1 ] || { echo "no scenario was run"; exit 1; }
  if ! cmp -s "$folder/first" "$folder/second"; then
    echo "the outcomes differ with ${seed:+seed }${seed:-the seeds of the scenarios}:"
    diff "$folder/first" "$folder/second" | head -n 20
    exit 1
  fi
done
