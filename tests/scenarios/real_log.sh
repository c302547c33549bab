#!/bin/bash
# real_log.sh WAVETANK: a partitioned log as a process, and a job that reads and writes it, on the
# loopback. Both are killed again and again; each record is copied once.
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

# Addresses of its own on the loopback, so that nobody else has them.
address=127.$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1)):9092
records=3000

begin() {
  local name=$1
  shift
  "$wavetank" "$@" >>"$name.out" 2>>"$name.err" &
  started+=($!)
}
serve() { begin serve log serve --address="$address" --root=log; server=$!; }
copy() {
  begin copy start log_copy --log="$address" --from=numbers --to=copies --checkpoint=ck \
    --max-offsets=200 --interval=20ms
  job=$!
}
copies() { "$wavetank" log read --address="$address" copies 2>/dev/null | cut -f4; }

serve
for ((i = 0; i < 100; ++i)); do
  "$wavetank" log read --address="$address" numbers >/dev/null 2>&1 && break
  sleep 0.1
done
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
diff <(copies | sort -n) <(seq $records) >/dev/null || fail 'the copies are not the records'
