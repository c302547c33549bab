# Part 3: each job as four processes (store, driver, two workers) over TCP on loopback; one of each
# kind is killed and restarted.
# shellcheck shell=bash

declare -A address=()

# start_role KIND.ROLE [OPTION...]
start_role() {
  local name=$1 kind=${1%%.*} role=${1#*.} as
  shift
  if [[ $role == store ]]; then
    start "$name" "$wavetank" start store --address="${address[$name]}" \
      --root="$demo/cluster/$kind" "$@"
    return
  fi
  as=${role%[12]}
  [[ $as == driver ]] || set -- --driver="${address[$kind.driver]}" "$@"
  start "$name" "$wavetank" start "${job_of[$kind]}" --input=in --output=out \
    --checkpoint=checkpoint --interval=200ms --as="$as" --address="${address[$name]}" \
    --store="${address[$kind.store]}" "$@"
}

# start_both ROLE OPTION_OF_STRUCTURED OPTION_OF_DSTREAM
start_both() {
  start_role "structured.$1" ${2:+"--stop-at=$2"}
  start_role "dstream.$1" ${3:+"--stop-at=$3"}
}

cluster() {
  next_part "Four processes a job, over TCP on loopback"
  say "Driver, two workers and a store service for each job; the same text, the same comparisons."
  say "Who loses a worker or the store takes nothing over: the driver goes on with its batch."
  echo
  local kind role port
  for kind in structured dstream; do
    mkdir -p "$demo/cluster/$kind/in"
    for role in store driver worker1 worker2; do
      free_port port
      address[$kind.$role]=127.0.0.1:$port
    done
  done
  feed_into "$demo/cluster/structured/in" "$demo/cluster/dstream/in"

  start_both store
  start_both driver
  start_both worker1 part.staged:2 task.finished:1:stage=1
  start_both worker2
  await 30 "the DStream job's first batch" has_output "$demo/cluster/dstream/out"
  say "kill -9 of a worker of each, standing still (SIGSTOP) at part.staged and task.finished."
  say "Under way were:"
  kill_held part.staged task.finished worker1
  feed 2
  start_both worker1
  feed 4

  say "kill -9 of the drivers, with no regard to what they do:"
  kill_now structured.driver dstream.driver
  feed 2
  start_both driver sink.manifest_written dstream.output_done:2
  say "kill -9 of the drivers, standing still at sink.manifest_written and dstream.output_done:"
  kill_held sink.manifest_written dstream.output_done driver
  feed 2
  start_both driver
  feed 4

  say "kill -9 of the stores, with no regard to what they do:"
  kill_now structured.store dstream.store
  feed 2
  start_both store store_service.done:3 store_service.done:3
  say "kill -9 of the stores, standing still between a request that is done and its answer:"
  kill_held store_service.done store_service.done store
  feed 2
  start_both store
  feed_rest
  finish "$demo/cluster"
  for kind in structured dstream; do
    stop "$kind".{driver,worker1,worker2,store}
  done
  compare_structured "$demo/cluster/structured"
  compare_dstream "$demo/cluster/dstream"
}
