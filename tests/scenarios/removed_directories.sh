#!/bin/bash
# removed_directories.sh WAVETANK: `rm -rf` of the checkpoint, or of the sink's directory, under a
# real job of each engine. It stops, with status 1 and by name, and does not begin anew beside its
# output.
set -euo pipefail

# shellcheck source=/dev/null
source "$(dirname "$0")/real_job.sh" "$1"

put() {
  echo "$2 all" >.new
  mv .new "in/$1"
}

begin() {
  "$wavetank" start "$@" --interval=100ms >log 2>&1 &
  job=$!
}

# ends TEXT: the job with status 1, after an error that says so.
ends() {
  local i status=0
  for ((i = 0; i < 1200; ++i)); do
    kill -0 "$job" 2>/dev/null || break
    put "more-$i" more
    sleep 0.05
  done
  kill -0 "$job" 2>/dev/null && fail "the job goes on"
  wait "$job" || status=$?
  job=
  ((status == 1)) || fail "the job ended with status $status"
  grep -q -- "$1" log || fail "no error says '$1'"
}

# remove DIRECTORY: under a job that may just put something into it.
remove() {
  wait_for "the end of $1" rm -rf "$1"
}

query=(word_count --input=in --output=out --checkpoint=ck)
stream=(word_count_dstream --input=in --output=out --checkpoint=ck)
has_part() { compgen -G 'out/part-*.csv'; }
has_batch() { compgen -G 'out/counts-*/attempt-*/_SUCCESS'; }
afresh() {
  rm -rf in out ck
  mkdir in
}

afresh
begin "${query[@]}"
put first one
wait_for 'a batch' has_part
remove ck
ends 'ck/log/.* was removed while it was being written'

afresh
begin "${query[@]}"
put first one
wait_for 'a batch' has_part
remove out
ends 'out/_wavetank/.* was removed while it was being written'

afresh
begin "${stream[@]}"
wait_for 'a batch' has_batch
remove ck
ends 'ck/.* was removed while it was being written'
begin "${stream[@]}"
ends 'the output of a batch that it does not know'
