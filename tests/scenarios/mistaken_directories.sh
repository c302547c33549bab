#!/bin/bash
# mistaken_directories.sh WAVETANK: a checkpoint, an output, or a part of one that is given to a
# real job of either engine for something else is refused by name, with status 2 and before anything
# is written; so is it by --explain, where names alone tell. A job that is not a checkpoint's leaves
# the one that is at work.
set -euo pipefail

# shellcheck source=/dev/null
source "$(dirname "$0")/real_job.sh" "$1"

# All that there is, with its content; of what is being written, who owns it.
watch=everything
state_of() {
  if [ "$watch" = owners ]; then
    find data -name 'epoch-*' | LC_ALL=C sort
  else
    find data -type f -exec cksum {} + | LC_ALL=C sort
    find data -type d | LC_ALL=C sort
  fi
}

# refused STATUS TEXT COMMAND...: and nothing was written.
refused() {
  local expected=$1 text=$2 status=0
  shift 2
  state_of >before
  timeout 60 "$wavetank" start "$@" --interval=100ms >log 2>&1 || status=$?
  ((status == expected)) || fail "start $* ended with status $status"
  grep -q -- "$text" log || fail "start $*: no error says '$text'"
  state_of >after
  cmp -s before after || fail "start $* has written: $(diff before after | head -5)"
}

begin() {
  "$wavetank" start "$@" --interval=100ms >job.log 2>&1 &
  job=$!
}
stop() {
  local status=0
  kill -INT "$job"
  wait "$job" || status=$?
  job=
  cp job.log log
  ((status == 0)) || fail "the job ended with status $status"
}

mkdir -p data/in data/in2
has_part() { compgen -G 'data/out/part-*.csv'; }
# Nothing more is written for it.
has_ended() { grep -q 'batch 0: .*rows in' job.log; }
has_lines() { compgen -G 'data/lines/counts-*/attempt-*/_SUCCESS'; }

# Each engine with a checkpoint and an output of its own.
echo 'one all' >data/in/first
begin word_count --input=data/in --output=data/out --checkpoint=data/ck
wait_for 'a part' has_part
wait_for 'a batch' has_ended
# Another job, and one of another input, leave it be.
refused 1 'begun with output mode' windowed_count --input=data/in --output=data/out3 \
  --checkpoint=data/ck
refused 1 "begun with source.path" word_count --input=data/in2 --output=data/out \
  --checkpoint=data/ck
refused 1 'belongs to query .*, this is a new query' word_count --input=data/in \
  --output=data/out --checkpoint=data/ck3
kill -0 "$job" 2>/dev/null || fail 'the job was ended by others'
stop
begin word_count_dstream --input=data/in --output=data/lines --checkpoint=data/stream
wait_for 'a batch' has_lines
watch=owners
refused 1 'another plan' word_count_dstream --input=data/in2 --output=data/lines \
  --checkpoint=data/stream
kill -0 "$job" 2>/dev/null || fail 'the stream was ended by others'
stop
watch=everything

query() { refused 2 "$1" word_count --input="$2" --output="$3" --checkpoint="$4"; }
stream() { refused 2 "$1" word_count_dstream --input="$2" --output="$3" --checkpoint="$4"; }
new=data/new

query 'data/stream is the checkpoint of a DStream program' data/in data/o "data/stream"
stream 'data/ck is the checkpoint of a query' data/in $new/lines data/ck
query 'data/out is the output of a query' data/in $new data/out
stream 'data/out is the output of a query' data/in $new/lines data/out
for part in data/ck/log data/ck/state data/ck/state/0 data/out/_wavetank; do
  query "checkpoint directory .*$part \(is\|lies in\)" data/in $new/out $part
  stream "checkpoint directory .*$part \(is\|lies in\)" data/in $new/lines $part
done
for checkpoint in data/ck data/stream; do
  query 'output directory .* is the checkpoint of' data/in $checkpoint $new/ck
  query 'input directory .* is the checkpoint of' $checkpoint $new/out $new/ck
  stream 'output directory .* is the checkpoint of' data/in $checkpoint $new/ck
  stream 'input directory .* is the checkpoint of' $checkpoint $new/lines $new/ck
done
query 'input directory .* lies in the checkpoint of a query' data/ck/state/0/0 $new/out $new/ck

# What names alone tell, the plan's reader is told as well.
for explain in '' --explain; do
  refused 2 'overlap' word_count --input=data/in --output=data/in/out --checkpoint=$new/ck $explain
done
ln -s in data/linked
refused 2 'overlap' word_count --input=data/in --output=data/linked/out --checkpoint=$new/ck \
  --explain

# A query may read what another has written.
begin word_count --input=data/out --output=data/out2 --checkpoint=data/ck2
has_more() { compgen -G 'data/out2/part-*.csv'; }
wait_for 'a batch' has_more
stop
