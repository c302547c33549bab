#!/bin/bash
# cmake/lint.sh [SOURCE...]: clang-tidy (.clang-tidy) on these, or on all sources but the tests',
# with the compile commands of build/release. Headers are judged where they are included.
set -euo pipefail
cd "$(dirname "$0")/.."

lint_one() {
  local said
  said=$(clang-tidy-19 --quiet -p build/release "$1" 2>&1) && return
  grep -vE '^[0-9]+ warnings? (and [0-9]+ errors? )?generated' <<<"$said" ||
    echo "$1: clang-tidy failed"
  return 1
}
export -f lint_one

sources=("$@")
((${#sources[@]} > 0)) ||
  mapfile -t sources < <(git ls-files {platform,checkpoint,runtime,simulator,properties}/'*.cc' \
                                      {scenarios,examples,benchmarks}/'*.cc')
((${#sources[@]} > 0)) || { echo "lint: no sources" >&2; exit 1; }
printf '%s\n' "${sources[@]}" | xargs -P "$(nproc)" -n 1 bash -c 'lint_one "$1"' lint ||
  { echo "lint: there are findings, above" >&2; exit 1; }
echo "lint: ${#sources[@]} sources, nothing found"
