#!/bin/bash
# standby.sh WAVETANK: the driver of a cluster of processes is killed with a batch under way, and
# another that stands by takes over, of either engine: what had come is counted once, and what comes
# afterwards too, without anybody doing anything. When the one at work is asked to stop, the other
# goes on at once.
source "$(dirname "$0")/real_processes.sh"

put() { echo "$1" >in/.new && mv in/.new "in/$1"; }

# The query's table: the last row of each key. The stream's: the sum of what the newest complete
# attempts have of the word.
word_count_has() {
  [ "$(cat out/part-*.csv | awk -F, -v w="$1" '$1 == w {n = $2} END {print n}')" = "$2" ]
}
word_count_dstream_has() {
  local batch mark part sum=0 count
  for batch in out/counts-*; do
    mark=$(ls -t "$batch"/attempt-*/_SUCCESS | head -n 1)
    while read -r part; do
      count=$(sed -n "s/^($1,\([0-9]*\))$/\1/p" "$(dirname "$mark")/$part")
      sum=$((sum + ${count:-0}))
    done < <(grep '^part-' "$mark")
  done
  [ "$sum" = "$2" ]
}

port=$((20000 + RANDOM % 10000))
address() { echo "127.0.0.1:$((port + $1))"; }

# start NAME ARGUMENT...: `started` is its process.
start() {
  local name=$1
  shift
  "$wavetank" start "$@" >"$work/$name.log" 2>&1 &
  started=$!
  processes+=("$started")
}

check() {  # JOB
  local has=$1_has each driver standby
  port=$((port + 10))
  mkdir -p root/in
  cd root
  start store store --address="$(address 0)" --root=.
  local job=("$1" --input=in --output=out --checkpoint=ck --interval=100ms
    --standby-timeout=2s --store="$(address 0)")
  start driver "${job[@]}" --as=driver --address="$(address 1)" ${2+"$2"}
  driver=$started
  for each in 1 2; do
    start worker-$each "${job[@]}" --as=worker --driver="$(address 1)" --driver="$(address 2)" \
      --address="$(address $((2 + each)))"
  done
  start standby "${job[@]}" --as=driver --standby --address="$(address 2)"
  standby=$started
  wait_for "$1: a driver that stands by" grep -q 'standing by' "$work/standby.log"
  if [ "$1" = word_count_dstream ]; then  # what is there before it begins is no input
    wait_for "$1: its output" compgen -G 'out/*'
    sleep 0.2
  fi
  put one
  wait_for "$1: one" "$has" one 1
  grep -q 'taking over' "$work/standby.log" && fail "$1: it takes over from one at work"
  put two
  [ -n "${2+x}" ] || kill -9 "$driver"
  local status=0
  wait "$driver" || status=$?
  [ "$status" = 137 ] || fail "$1: the driver was not killed, but ended with $status"
  wait_for "$1: two, from the one that stood by" "$has" two 1
  put three
  wait_for "$1: three" "$has" three 1
  for each in one two three; do "$has" $each 1 || fail "$1 counts $each again"; done
  grep -q 'has been silent for' "$work/standby.log" || fail "$1: who took over?"

  # The one at work leaves, and says so.
  start next "${job[@]}" --as=driver --standby --address="$(address 1)"
  wait_for "$1: another that stands by" grep -q 'standing by' "$work/next.log"
  kill -TERM "$standby"
  wait "$standby" || fail "$1: the driver does not stop well"
  wait_for "$1: the next one" grep -q 'has left: taking over' "$work/next.log"
  put four
  wait_for "$1: four" "$has" four 1
  for each in one two three four; do "$has" $each 1 || fail "$1 counts $each again"; done
  for each in "${processes[@]}"; do kill -9 "$each" 2>/dev/null || true; done
  wait || true
  processes=()
  cd ..
  rm -rf root
}
check word_count --kill-at=batch.prepared:1:batch=1
check word_count_dstream
