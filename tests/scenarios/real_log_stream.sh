#!/bin/bash
# real_log_stream.sh WAVETANK: a DStream of a partitioned log, without a receiver, on the loopback.
# It is killed again and again; of each batch one complete attempt has each record once.
source "$(dirname "$0")/real_processes.sh"

address=127.$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1)):9092
records=2000

begin() {
  local name=$1
  shift
  "$wavetank" "$@" >>"$name.out" 2>>"$name.err" &
  processes+=($!)
}
stream() {
  begin stream start log_word_count --log="$address" --topic=numbers --checkpoint=ck \
    --output=out --max-rate=2000 --interval=50ms
  job=$!
}
# The words of the first complete attempt of each batch.
words() {
  local batch mark
  for batch in out/counts-*; do
    for mark in "$batch"/attempt-*/_SUCCESS; do
      [ -e "$mark" ] || continue
      (cd "${mark%/_SUCCESS}" && tail -n +2 _SUCCESS | xargs -r cat)
      break
    done
  done | tr -d '()' | cut -d, -f1 | sort -n
}
# await_records LEAST: until so many are there.
await_records() {
  for ((i = 0; i < 300; ++i)); do
    [ "$(words 2>/dev/null | wc -l)" -ge "$1" ] && return
    sleep 0.1
  done
  fail "$1 records did not come out"
}

begin serve log serve --address="$address" --root=log
for ((i = 0; i < 100; ++i)); do
  [[ $("$wavetank" log read --address="$address" numbers 2>&1) == *'has no topic'* ]] && break
  sleep 0.1
done
seq $records | "$wavetank" log produce --address="$address" numbers || fail 'nothing was produced'
stream
for share in 4 2; do
  await_records $((records / share))
  kill -9 "$job"
  wait "$job" 2>/dev/null || true
  stream
done
await_records $records
"$wavetank" inspect ck >inspected 2>>stream.err || fail 'the checkpoint is not whole'
grep -q ' \[[0-9]*, [0-9]*)' inspected || fail "no ranges are shown: $(tail -n 3 inspected)"
kill -TERM "$job"
wait "$job" || fail "asked to stop, it ended with status $?"
diff <(words) <(seq $records) >/dev/null || fail 'the words are not the records'
