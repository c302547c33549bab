#!/bin/bash
# other_store.sh WAVETANK: a cluster of real processes, one worker of which was started with another
# store. It is refused by name, and the others count every word.
source "$(dirname "$0")/real_processes.sh"

# Addresses of its own on the loopback, so that nobody else has them.
host=127.$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1))
begin() {
  local name=$1
  shift
  "$wavetank" start "$@" >"$name.out" 2>"$name.err" &
  processes+=($!)
}

mkdir -p root/in other
begin store store --address="$host:7001" --root=root
begin other store --address="$host:7002" --root=other
job=(word_count --input=in --output=out --checkpoint=ck --interval=50ms)
begin driver "${job[@]}" --as=driver --address="$host:7000" --store="$host:7001"
begin stranger "${job[@]}" --as=worker --address="$host:7102" --driver="$host:7000" \
  --store="$host:7002"
wait_for 'the refusal' grep -q 'refused: worker .*start both with the same --store' driver.err
begin worker "${job[@]}" --as=worker --address="$host:7101" --driver="$host:7000" \
  --store="$host:7001"
for i in 1 2 3 4; do
  echo "w$i all" >root/.new
  mv root/.new "root/in/f$i"
done
all_counted() { cat root/out/part-*.csv | grep -q '^all,4$'; }
wait_for 'the count' all_counted
[ ! -e other/out ] || fail 'the stranger has written something'
