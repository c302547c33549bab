#!/bin/bash
# clang-tidy (.clang-tidy) on the product's sources, with the compile commands of build/release.
# Ends with an error when a check fires, and when LINT_SECONDS did not suffice for every file.
set -euo pipefail
cd "$(dirname "$0")/.."

export LINT_END=$((SECONDS + ${LINT_SECONDS:-1200}))
findings=$(mktemp)
trap 'rm -f "$findings"' EXIT

lint_one() {
  if ((SECONDS >= LINT_END)); then
    echo "$1: not reached within the time given (LINT_SECONDS)"
    return 1
  fi
  clang-tidy-19 --quiet -p build/release "$1" 2>/dev/null
}
export -f lint_one

# The lowest layers: the rest has not been gone through yet.
mapfile -t sources < <(git ls-files 'platform/*.cc' 'checkpoint/*.cc')
((${#sources[@]} > 0)) || { echo "lint: no sources" >&2; exit 1; }
if ! printf '%s\n' "${sources[@]}" |
    xargs -P "$(nproc)" -I{} bash -c 'SECONDS=$0; lint_one {}' "$SECONDS" >"$findings"; then
  sort -u "$findings"
  exit 1
fi
echo "lint: ${#sources[@]} sources, nothing found"
