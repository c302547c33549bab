#!/bin/bash
# real_log.sh WAVETANK: a partitioned log as a process, and a job that reads and writes it, on the
# loopback. Both are killed again and again; each record is copied once.
source "$(dirname "$0")/real_processes.sh"

# Addresses of its own on the loopback, so that nobody else has them.
address=127.$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1)):9092
records=3000

begin() {
  local name=$1
  shift
  "$wavetank" "$@" >>"$name.out" 2>>"$name.err" &
  processes+=($!)
}
serve() { begin serve log serve --address="$address" --root=log; server=$!; }
copy() {
  begin copy start log_copy --log="$address" --from=numbers --to=copies --checkpoint=ck \
    --max-offsets=200 --interval=20ms
  job=$!
}
copies() { "$wavetank" log read --address="$address" copies 2>/dev/null | cut -f4; }

# refused STATUS SAYING COMMAND...: it ends with that status, and says that.
refused() {
  local status=$1 saying=$2 ended=0
  shift 2
  "$wavetank" "$@" >refused.out 2>refused.err || ended=$?
  [ "$ended" -eq "$status" ] && grep -q "$saying" refused.err ||
    fail "$*: status $ended, where $status and \"$saying\" were expected"
}
wait_for_server() {
  for ((i = 0; i < 100; ++i)); do
    [[ $("$wavetank" log read --address="$address" numbers 2>&1) == *'has no topic'* ]] && return
    sleep 0.1
  done
  fail 'the log is not served'
}

serve
wait_for_server
refused 1 'has no topic numbers' log read --address="$address" numbers
refused 2 'another process serves the log' log serve --address="${address%:*}:9093" --root=log
refused 2 'reads what it writes' start log_copy --log="$address" --from=same --to=same \
  --checkpoint=ck-same
refused 1 'topic typo of the log' start log_copy --log="$address" --from=typo --to=copies \
  --checkpoint=ck-typo --available-now
seq $records | "$wavetank" log produce --address="$address" numbers || fail 'nothing was produced'
[ "$("$wavetank" log read --address="$address" numbers | wc -l)" -eq $records ] ||
  fail 'what was produced is not there'
copy
for round in 1 2 3 4 5 6; do
  sleep 0.4
  if ((round % 3 == 0)); then
    kill -9 "$server"
    serve
  else
    kill -9 "$job"
    copy
  fi
done
for ((i = 0; i < 600; ++i)); do
  [ "$(copies | wc -l)" -ge $records ] && break
  sleep 0.1
done
refused 1 "is to begin partition 0 of topic numbers at 1000000" start log_copy --log="$address" \
  --from=numbers --to=more --starting=0:1000000 --checkpoint=ck-far --available-now
of_partition() { "$wavetank" log read --address="$address" numbers --partition="$1" | wc -l; }
"$wavetank" start log_copy --log="$address" --from=numbers --to=none --checkpoint=ck-end \
  --starting="0:$(of_partition 0),1:$(of_partition 1)" --available-now 2>>copy.err ||
  fail 'a start at the end was refused'
# What comes after a query of what is new has begun is its input, also while it does not run.
later() {
  "$wavetank" start log_copy --log="$address" --from=news --to=later --checkpoint=ck-later \
    --starting=latest --available-now "$@" 2>>copy.err || fail 'what is new was refused'
}
seq 3 | "$wavetank" log produce --address="$address" news || fail 'nothing was produced'
later
seq 4 8 | "$wavetank" log produce --address="$address" news || fail 'nothing was produced'
later --max-offsets=100
"$wavetank" start log_copy --log="$address" --from=numbers --to=once --checkpoint=ck-once \
  --max-offsets=3 --once 2>>copy.err || fail 'one batch of all was refused'
[ "$("$wavetank" log read --address="$address" once | wc -l)" -eq $records ] ||
  fail '--once left something to be read'
read_later() { "$wavetank" log read --address="$address" later | cut -f 4 | sort -n; }
diff <(read_later) <(seq 4 8) >/dev/null ||
  fail 'of what came after the query had begun something is missing, or there is more'
refused 2 'has partitions 0 to 1' log read --address="$address" numbers --partition=5
ended=0
"$wavetank" log read --address="$address" copies >/dev/full 2>>copy.err || ended=$?
[ "$ended" -eq 1 ] || fail "a full standard output gave status $ended"
"$wavetank" log produce --address="$address" empty </dev/null || fail 'no topic was made'
"$wavetank" start log_copy --log="$address" --from=empty --to=more --checkpoint=ck-empty \
  --available-now 2>>copy.err || fail 'a topic without records was refused'
diff <(copies | sort -n) <(seq $records) >/dev/null || fail 'the copies are not the records'
ended=0
kill -TERM "$server"
wait "$server" || ended=$?
[ "$ended" -eq 0 ] || fail "the log, asked to stop, ended with status $ended"
