#!/bin/bash
# moved_job.sh WAVETANK: a job's input, checkpoint and output move to another path together. Where
# paths are those of the host, a job of either engine is refused there, in one sentence that says
# what to do, and leaves everything as it is; back where it was, or by a link from there, it goes on
# and counts everything once. Where they are relative to a store's root, that may stand anywhere.
source "$(dirname "$0")/real_processes.sh"

stop_all() {
  local each
  for each in "${processes[@]}"; do kill -INT "$each" 2>/dev/null || true; done
  for each in "${processes[@]}"; do wait "$each" || true; done
  processes=()
}

put() { echo "$2" >"$1/.new" && mv "$1/.new" "$1/$2"; }

# The query's table: the last row of each key. The stream's: the sum of what its complete attempts
# have of the word.
query_has() {
  [ "$(cat "$1"/out/part-*.csv | awk -F, -v w="$2" '$1 == w {n = $2} END {print n}')" = "$3" ]
}
stream_has() {
  local mark part sum=0 count
  for mark in "$1"/out/counts-*/attempt-*/_SUCCESS; do
    while read -r part; do
      count=$(sed -n "s/^($2,\([0-9]*\))$/\1/p" "$(dirname "$mark")/$part")
      sum=$((sum + ${count:-0}))
    done < <(grep '^part-' "$mark")
  done
  [ "$sum" = "$3" ]
}

begin_at() {  # DIRECTORY JOB: in it, by relative names
  (cd "$1" && exec "$wavetank" start "$2" --input=in --output=out --checkpoint=ck \
    --interval=100ms) \
    >"$2.log" 2>&1 &
  processes+=($!)
}

refused() {  # DIRECTORY JOB TEXT
  local status=0
  (cd "$1" && find . -type f -exec cksum {} + | LC_ALL=C sort) >before
  (cd "$1" && timeout 60 "$wavetank" start "$2" --input=in --output=out --checkpoint=ck \
    --interval=100ms) >refused.log 2>&1 || status=$?
  ((status == 1)) || fail "$2 ended with status $status where it was moved to"
  [ "$(grep -c error refused.log)" = 1 ] || fail "$2 does not say it in one sentence"
  grep -q -- "$3" refused.log || fail "$2 does not say '$3'"
  (cd "$1" && find . -type f -exec cksum {} + | LC_ALL=C sort) >after
  cmp -s before after || fail "$2 has written where it was moved to"
}

# is_there DIRECTORY WORD COUNT, of either engine.
check() {
  local job=$1 has=$2
  mkdir -p old/in
  begin_at old "$job"
  wait_for "the output of $job" compgen -G 'old/out/*'
  sleep 0.2
  put old/in one
  wait_for "one from $job" "$has" old one 1
  stop_all

  mv old new
  put new/in two
  refused new "$job" 'only been moved, move \(it\|them\) back'

  mv new old
  begin_at old "$job"
  wait_for "two from $job" "$has" old two 1
  stop_all
  "$has" old one 1 || fail "$job counts again what it had counted"

  mv old new
  ln -s new old
  put new/in three
  "$wavetank" start "$job" --input="$work/old/in" --output="$work/old/out" \
    --checkpoint="$work/old/ck" --interval=100ms >"$job.log" 2>&1 &
  processes+=($!)
  wait_for "three from $job" "$has" new three 1
  stop_all
  for word in one two; do "$has" new $word 1 || fail "$job counts $word again by a link"; done
  rm -rf old new
}
check word_count query_has
check word_count_dstream stream_has

# With a store: paths are relative to its root.
port=$((20000 + RANDOM % 10000))
serve() {
  "$wavetank" start store --address=127.0.0.1:$port --root="$1" >store.log 2>&1 &
  processes+=($!)
  local job=(word_count --input=in --output=out --checkpoint=ck --interval=100ms
    --store=127.0.0.1:$port)
  "$wavetank" start "${job[@]}" --as=driver --address=127.0.0.1:$((port + 1)) >driver.log 2>&1 &
  processes+=($!)
  "$wavetank" start "${job[@]}" --as=worker --driver=127.0.0.1:$((port + 1)) \
    --address=127.0.0.1:$((port + 2)) >worker.log 2>&1 &
  processes+=($!)
}
mkdir -p root/in
put root/in one
serve root
wait_for 'one from the cluster' query_has root one 1
stop_all
mv root elsewhere
put elsewhere/in two
serve elsewhere
wait_for 'two from the cluster' query_has elsewhere two 1
stop_all
query_has elsewhere one 1 || fail 'the cluster counts again what it had counted'
