#!/bin/bash
# other_store.sh WAVETANK: a cluster of real processes, one worker of which was started with another
# store. It is refused by name, and the others count every word.
set -euo pipefail

wavetank=$(realpath "$1")
work=$(mktemp -d)
started=()
trap 'for p in "${started[@]}"; do kill -9 "$p" 2>/dev/null || true; done; rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "FAILED: $*: $(tail -n 20 ./*.err)" >&2
  exit 1
}

wait_for() {
  local what=$1 i
  shift
  for ((i = 0; i < 1200; ++i)); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.05
  done
  fail "$what did not come"
}

# Addresses of its own on the loopback, so that nobody else has them.
host=127.$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1))
begin() {
  local name=$1
  shift
  "$wavetank" start "$@" >"$name.out" 2>"$name.err" &
  started+=($!)
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
