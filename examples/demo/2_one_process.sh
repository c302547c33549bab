# Part 2: each job as one process, killed and restarted while files come in.
# shellcheck shell=bash

# start_local KIND [OPTION...]: the job, over the directories in $demo/local/KIND.
start_local() {
  local kind=$1 directory=$demo/local/$1
  shift
  start "$kind" "$wavetank" start "${job_of[$kind]}" --input="$directory/in" \
    --output="$directory/out" --checkpoint="$directory/checkpoint" --interval=200ms "$@"
}

one_process() {
  next_part "One process a job: killed, restarted, compared"
  say "wavetank start word_count (structured) and word_count_dstream read the text while it comes"
  say "in: a file each 0.1 s, renamed into place, also while they are dead; a batch each 200 ms."
  explain_comparison
  local kind
  mkdir -p "$demo"/local/{structured,dstream}/in
  feed_into "$demo/local/structured/in" "$demo/local/dstream/in"
  start_local structured
  start_local dstream
  await 30 "the DStream job's first batch" has_output "$demo/local/dstream/out"

  feed 8
  say "kill -9 of both, with no regard to what they do. Under way were:"
  kill_now structured dstream
  feed 2
  local round
  for round in "batch.run task.finished:1:stage=1" \
    "batch.prepared dstream.batch_input_logged" \
    "sink.manifest_written dstream.output_done:2" \
    "state.committed dstream.output_done:3"; do
    start_local structured --stop-at="${round% *}"
    start_local dstream --stop-at="${round#* }"
    say "kill -9 of both, standing still (SIGSTOP) at ${round% *} and ${round#* }:"
    kill_held "${round% *}" "${round#* }"
    feed 2
  done
  start_local structured
  start_local dstream
  feed_rest
  finish "$demo/local"
  stop structured dstream
  compare_structured "$demo/local/structured"
  compare_dstream "$demo/local/dstream"
}
