# Part 5: words from a server that keeps its lines until they are input. Worker, driver and both are
# killed, and each line counts once all the same.
# shellcheck shell=bash

reliable_lines=4000

# start_reliable ROLE [OPTION...]
start_reliable() {
  local role=$1 as=${1%[12]}
  shift
  [[ $as == driver ]] || set -- --driver="${address[reliable.driver]}" "$@"
  start "reliable.$role" "$wavetank" start reliable_word_count --host=127.0.0.1 \
    --port="${address[reliable.lines]##*:}" --output=out --checkpoint=checkpoint --interval=200ms \
    --as="$as" --address="${address[reliable.$role]}" --store="${address[reliable.store]}" "$@"
}

# The totals after the newest batch that is complete.
reliable_totals() {
  local time attempt
  read -r time attempt < <(complete_attempts "$demo/cluster/reliable/out" | sort -n | tail -n 1)
  rows_of "$demo/cluster/reliable/out" "$time" "$attempt" | tr -d '()' | tr ',' ' ' | sort
}
# How often the server has said how many are safe, about once a second.
safe_lines() { (($(grep -c 'lines are safe' "$demo/logs/lines" || true) >= $1)); }
totals_are_whole() { [[ $(reliable_totals | awk '{n += $2} END {print n + 0}') == "$1" ]]; }

reliable() {
  next_part "Words from a server that keeps its lines: no kill loses one"
  local directory=$demo/cluster/reliable role port words
  mkdir -p "$directory"
  for role in lines store driver worker1 worker2; do
    free_port port
    address[reliable.$role]=127.0.0.1:$port
  done
  head -n "$reliable_lines" "$demo/text" >"$directory/lines"
  tr ' ' '\n' <"$directory/lines" | count_lines >"$directory/sent"
  words=$(awk '{n += $2} END {print n}' "$directory/sent")
  start lines "$wavetank" lines "$directory/lines" --address="${address[reliable.lines]}" \
    --a-second=400
  start reliable.store "$wavetank" start store --address="${address[reliable.store]}" \
    --root="$directory"
  say "\`wavetank lines\` serves $(number "$reliable_lines") lines, 400 a second, and keeps each"
  say "until it is told that it is input. It ends when all are."
  start_reliable driver
  start_reliable worker1
  start_reliable worker2
  await 30 "the first lines to be safe" safe_lines 1
  say "kill -9 of both workers:"
  kill_now reliable.worker1 reliable.worker2
  start_reliable worker1
  start_reliable worker2
  await 30 "more lines to be safe" safe_lines 3
  say "kill -9 of the driver:"
  kill_now reliable.driver
  start_reliable driver
  await 30 "more lines to be safe" safe_lines 5
  say "kill -9 of the driver and both workers:"
  kill_now reliable.driver reliable.worker1 reliable.worker2
  start_reliable driver
  start_reliable worker1
  start_reliable worker2
  may_end=' lines '
  await 60 "all lines to be safe" has_ended lines
  reap lines || die "the server of lines ended with an error: $(tail -n 3 "$demo/logs/lines")"
  await 30 "the last batch" totals_are_whole "$words"
  stop reliable.driver reliable.worker1 reliable.worker2 reliable.store
  reliable_totals >"$directory/counts"
  check "reliable: each word of each line is counted once" "$(number "$words") words" \
    same "$directory/sent" "$directory/counts"
  check_whole "reliable" "$directory/checkpoint"
}
