#!/bin/bash
# benchmarks/ratios.sh BIN: runs the benchmark programs in BIN, a folder of this checkout, and
# prints their ratios. Each is made of medians of 5 (3 for state, which takes minutes), and both of
# its sides were measured in turns.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$1
said=$(mktemp)
trap 'rm -f "$said"' EXIT

# medians PROGRAM FILTER COUNTER...: a line a benchmark: its name, its processor time, the counters.
# `repetitions` of it are run.
repetitions=5
medians() {
  local program=$1 filter=$2
  shift 2
  "$bin/$program" --benchmark_filter="$filter" --benchmark_format=csv \
    --benchmark_repetitions="$repetitions" --benchmark_min_time=0.2 \
    --benchmark_enable_random_interleaving=true --benchmark_report_aggregates_only=true 2>"$said" |
    awk -F, -v counters="$*" '
      { gsub(/"/, "") }
      $1 == "name" { for (i = 1; i <= NF; i++) column[$i] = i }
      sub(/_median$/, "", $1) {
        line = $1 " " $column["cpu_time"]
        wanted = split(counters, counter, " ")
        for (i = 1; i <= wanted; i++) line = line " " $column[counter[i]]
        print line
      }' || { cat "$said" >&2; return 1; }
}

echo "An event dispatched in the simulator, trace hash and all, against a bare heap of callbacks:"
medians simulator_dispatch_bench . | awk '
  { split($1, of, "/"); time[of[1], of[2]] = $2; actors[of[2]] }
  END { for (n in actors)
          printf "  %7d actors    %5.2f times the time\n", n,
                 time["SimulatedDispatch", n] / time["BareHeapAndCallback", n] }' | sort -n

echo "Words counted by a query's map task, against a loop over std::unordered_map:"
medians columnar_bench WordCountAgainstNaiveLoop ratio | awk '
  { split($1, of, "/"); printf "  %7d words     %5.2f times the speed\n", of[2], $3 }' | sort -n

echo "A small scenario (a driver, 2 workers, 5 batches, 1 crash), every check on:"
medians scenario_bench SmallScenarioRuns virtual_to_real items_per_second | awk '
  { printf "  %7.0f virtual seconds in a real one, %.0f runs in it\n", $3, $4 }'

echo "A log that 64 append to, 1 KiB records, group by group, against write + fdatasync of as much:"
medians log_bench AppendAgainstWriteAndSync ratio group_kib | awk '
  { printf "  %5.2f times the bytes a second, in groups of %.0f KiB\n", $3, $4 }'

echo "One group {commit N, definition N + 1} of a query, look for a newer owner included, against" \
  "append + fdatasync of as much:"
medians log_bench MetadataGroupAgainstOneSync ratio |
  awk '{ printf "  %5.2f times the time\n", $3 }'

echo "A request and its reply over TCP, against a message there and back:"
medians rpc_bench CallAgainstMessages ratio | awk '
  { split($1, of, "/"); printf "  %7d bytes     %5.2f times the time\n", of[2], $3 }' | sort -n

echo "An append to a served store, against one to the store itself:"
medians rpc_bench ServedAppendAgainstLocal ratio | awk '
  { split($1, of, "/"); printf "  %7d bytes     %5.2f times the time\n", of[2], $3 }' | sort -n

repetitions=3
echo "Keyed state in batches, 16-byte keys, 32-byte values, against absl::flat_hash_map of strings:"
medians state_bench TableAgainstFlatHashMap put_ratio get_ratio update_ratio memory_ratio | awk '
  { split($1, of, "/")
    printf "  %8d keys     %5.2f times the speed to put, %.2f to get, %.2f to put again; " \
           "%.2f times the raw bytes\n", of[2], $3, $4, $5, $6 }' | sort -n

echo "A snapshot of 20 million keys (1 GB) opened, against putting them into a table from memory:"
medians state_bench LoadAgainstBuildingByHand ratio |
  awk '{ printf "  %5.2f times the speed\n", $3 }'

echo "1,000 keys changed and committed in a store of 10 million, against one of 10,000:"
medians state_bench CommitToLargeAgainstSmall ratio |
  awk '{ printf "  %5.2f times the time\n", $3 }'

grouped() {
  medians aggregate_bench "$1" ratio mb_per_second by_hand_mb_per_second | awk '
    { split($1, of, "/")
      printf "  %8d groups   %5.2f times the speed: %.0f MB/s, %.0f by hand\n",
             of[2], $3, $4, $5 }' | sort -n
}
echo "A million rows grouped by an int64, count and sum, columns in to partial aggregates out," \
  "against a loop over absl::flat_hash_map:"
grouped PartialByInt64AgainstMap

echo "The same by words, against a map of strings:"
grouped PartialByWordAgainstMap

echo "An epoch that touches each of a million groups in state, against a loop over such a map:"
medians aggregate_bench UpdateOfStateAgainstMap ratio mb_per_second by_hand_mb_per_second | awk '
  { split($1, of, "/")
    printf "  %s  %5.2f times the speed: %.0f MB/s, %.0f by hand\n",
           of[2] ? "groups come out" : "nothing does    ", $3, $4, $5 }'

echo "Two streams of a million rows joined by an int64, against one by hand that keeps both:"
medians stateful_bench JoinAgainstHashJoin ratio | awk '
  { split($1, of, "/")
    printf "  %8d keys     %5.2f times the speed%s\n", of[2], $3,
           of[3] ? ", with times by which rows are forgotten" : "" }' | sort -n

echo "A watermark that evicts nothing of a million groups, against a walk over them:"
medians stateful_bench WatermarkThatEvictsNothing ratio | awk '
  { split($1, of, "/"); printf "  %8d windows  %9.6f times the time\n", of[2], $3 }' | sort -n

echo "The D-Streams paper's works over files of 100-byte lines in memory, a job on local[1]" \
  "against one thread by hand, processor time:"
medians dstream_bench '^(Grep|WordCount|TopK)AgainstByHand' ratio mb_per_second \
  by_hand_mb_per_second | awk '
  { sub(/AgainstByHand.*/, "", $1)
    printf "  %-10s       %5.2f times the speed: %.0f MB/s, %.0f by hand\n", $1, $3, $4, $5 }'
medians dstream_bench WindowAgainstByHand ratio ms_a_batch by_hand_ms | awk '
  { printf "  a window of 30 batches, with an inverse: %.2f times the speed\n", $3 }'
medians dstream_bench SocketWordCountAgainstByHand ratio checkpoint_ratio | awk '
  { printf "  WordCount from a socket: %.2f times the speed; with a checkpoint %.2f times that\n",
           $3, $4 }'
medians dstream_bench 'WithCheckpointAgainstWithout' ratio | awk '
  { printf "  WordCount with a checkpoint: %.2f times the speed of it without\n", $3 }'
medians dstream_bench TwoWorkersAgainstOne ratio | awk '
  { printf "  WordCount on two workers, by the wall clock: %.2f times the speed of one\n", $3 }'
medians dstream_bench AgainstStructured ratio | awk '
  { printf "  WordCount with a checkpoint: %.2f times the speed of a structured query\n", $3 }'
