#!/bin/sh
# run.sh PROGRAM: a short run of a fuzzing program, from its own seeds and a fixed random seed.
set -eu
corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
"$1" --write-seeds="$corpus"
"$1" "$corpus" -seed=1 -runs="${FUZZ_RUNS:-20000}" -max_len=4096 -timeout=20 -print_final_stats=1 \
  -artifact_prefix="${TMPDIR:-/tmp}/$(basename "$1")-"
