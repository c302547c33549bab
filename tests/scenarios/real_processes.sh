# What scripts share that run the command for real, in a new directory below which all is that they
# make: they source this, with WAVETANK as $1. Their processes are in `processes`, and killed at the
# end; what they say is in *.log or
# *.err there.
set -euo pipefail

wavetank=$(realpath "$1")
work=$(mktemp -d)
processes=()
clean_up() {
  local each
  for each in "${processes[@]}"; do kill -9 "$each" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean_up EXIT
cd "$work"

fail() {
  echo "FAILED: $*: $(tail -n 8 "$work"/*.log "$work"/*.err 2>/dev/null || true)" >&2
  exit 1
}

# wait_for WHAT COMMAND...: until the command succeeds, for a minute.
wait_for() {
  local what=$1 i
  shift
  for ((i = 0; i < 1200; ++i)); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.05
  done
  fail "$what did not come"
}
