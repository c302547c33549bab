# Sourced, with the command as $1: a directory to work in, which goes at the end with the job that
# runs there, and how to wait and to fail. `log` is what the job has said.
# shellcheck shell=bash
wavetank=$(realpath "$1")
work=$(mktemp -d)
job=
trap '[ -z "$job" ] || kill -9 "$job" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "FAILED: $*: $(cat log)" >&2
  exit 1
}

# wait_for WHAT COMMAND...: until it succeeds, for 60 s at most.
wait_for() {
  local what=$1 i
  shift
  for ((i = 0; i < 1200; ++i)); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.05
  done
  fail "$what did not come"
}
