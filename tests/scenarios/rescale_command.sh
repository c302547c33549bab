#!/bin/bash
# rescale_command.sh WAVETANK: `wavetank rescale` between the starts of a real job: to 4 partitions,
# to 7 and back, and what it refuses.
set -euo pipefail
# shellcheck source=tests/scenarios/real_job.sh
. "$(dirname "$0")/real_job.sh"

touch log
word_count=("$wavetank" start word_count --mode=complete --input=in --output=sink --checkpoint=cp)
shows() { grep -qxh -- "$1" sink/part-*.csv; }
# counts LINE ARGUMENTS...: the job goes on until its newest table has the line, and ends well.
counts() {
  local line=$1
  shift
  "${word_count[@]}" "$@" >log 2>&1 &
  job=$!
  wait_for "$line" shows "$line"
  kill -TERM "$job"
  wait "$job" || fail "the job did not end well"
  job=
}
# refused STATUS TEXT COMMAND...
refused() {
  local wanted=$1 text=$2 status=0
  shift 2
  "$@" >log 2>&1 || status=$?
  ((status == wanted)) || fail "$* gave $status, not $wanted"
  grep -qF -- "$text" log || fail "$* does not say '$text'"
}
rescale() { "$wavetank" rescale "$@"; }

mkdir in
echo "to be or not to be" >in/a
refused 2 "lacks a CHECKPOINT" rescale --partitions=4
refused 2 "there is no directory" rescale --partitions=4 nowhere
refused 2 "no checkpoint is there" rescale --partitions=4 in
counts be,2 --partitions=4
refused 2 "--partitions" rescale --partitions=0 cp
refused 1 "keeps state in partitions: 4, and this start asks for 7" \
  timeout 60 "${word_count[@]}" --partitions=7

rescale --partitions=7 cp >log 2>&1 || fail "4 to 7"
grep -qx "cp: state of 1 operator, after 1 batch, is in 7 partitions now; before in 4" log ||
  fail "what it says"
"$wavetank" inspect --verify cp >log 2>&1 || fail "whole in 7 partitions"
grep -q "state from batch 1 on: 7 partitions of aggregate 0" log || fail "inspect names the layout"
refused 1 "keeps state in partitions: 7, and this start asks for 4" \
  timeout 60 "${word_count[@]}" --partitions=4
echo "to be" >in/b
counts to,3
rescale --partitions=7 cp >log 2>&1 || fail "7 to 7"
grep -qx "cp: state is in 7 partitions already" log || fail "what it says of nothing to do"

rescale --partitions=4 cp >log 2>&1 || fail "7 to 4"
echo "or" >in/c
counts or,2 --partitions=4
"$wavetank" inspect --verify --quiet cp sink >log 2>&1 || fail "whole in 4 partitions"

# A batch that is under way: the job finishes it as it was.
echo "not" >in/d
timeout 60 "${word_count[@]}" --kill-at=batch.prepared >log 2>&1 || true
refused 2 "batch 3 is under way: start the job as it was" rescale --partitions=2 cp
counts not,2
rescale --partitions=2 cp >log 2>&1 || fail "rescales then"
echo "question" >in/e
counts question,1
shows not,2 || fail "kept what it had counted"

# Of a cluster that runs, behind its store's back: the driver is told that it was replaced.
host=127.$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1))
mkdir -p root/in
"$wavetank" start store --address="$host:7001" --root=root >store.log 2>&1 &
store=$!
of_cluster=("$wavetank" start word_count --input=in --output=out --checkpoint=ck
  --store="$host:7001")
"${of_cluster[@]}" --as=driver --address="$host:7000" >log 2>&1 &
job=$!
"${of_cluster[@]}" --as=worker --address="$host:7101" --driver="$host:7000" >worker.log 2>&1 &
worker=$!
trap 'kill -9 "$job" "$store" "$worker" 2>/dev/null || true; rm -rf "$work"' EXIT
echo "to be" >root/in/a
wait_for 'the first count' grep -q "batch 0: files" log
rescale --partitions=5 root/ck >rescale.log 2>&1 || fail "beside a cluster: $(cat rescale.log)"
echo "or not" >root/in/b
wait "$job" && fail "the driver goes on"
grep -q "a newer driver owns the query" log || fail "the driver says something else"
echo "rescaled"
