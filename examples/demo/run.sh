#!/bin/bash
# The main job on real input: run.sh WAVETANK. `make demo` calls it.
#
# Runs both word counts for real over a text that is on every Debian machine, kills their processes
# with `kill -9` again and again, and compares what comes out with `tr | sort | uniq -c`. Exits with
# 0 only if every comparison holds. Everything is in one temporary directory, which stays if
# something is wrong; DEMO_DIR=DIR names another, which stays always. DEMO_BREAK=NAME falsifies
# something on purpose (breakage.sh), to see that the comparisons can fail.
set -Eeuo pipefail
export LC_ALL=C
shopt -s nullglob

(($# == 1)) || { echo "usage: $0 WAVETANK" >&2; exit 2; }
wavetank=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
repository=$(realpath "$here/../..")

for script in output processes text batches compare repeats breakage rounds \
  1_scenarios 2_one_process 3_cluster 4_socket 5_reliable; do
  # shellcheck source=/dev/null
  source "$here/$script.sh"
done

require_known_breakage
make_demo_directory
trap clean_up EXIT
trap 'say "FAILED: $BASH_COMMAND (${BASH_SOURCE[0]##*/}:$LINENO)" >&2' ERR
trap 'exit 130' INT
trap 'exit 143' TERM

SECONDS=0
say "Everything is in $demo"
gather_text
scenarios
one_process
cluster
socket
reliable

heading "What this does not show"
say "kill -9 ends processes and leaves the page cache alone: what a completed call has written"
say "stays readable, synced or not. What a power loss takes is shown by the simulation alone: the"
say "first scenario above cuts the power, and \`wavetank run scenarios\` does so at every step."
verdict
