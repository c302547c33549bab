#!/bin/bash
# tests/tsan/run.sh BIN: what runs real threads, built with ThreadSanitizer (make tsan): the real
# world's tests, both arms of the conformance suite, a streaming program, and both word counts as
# the command starts them. A race ends it, with ThreadSanitizer's report.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TSAN_OPTIONS="suppressions=$here/suppressions.txt halt_on_error=1 exitcode=66"

for program in platform_real_test conformance_test streaming_test; do
  echo "$program"
  GTEST_BRIEF=1 "$bin/$program"
done

# word_count JOB ARGUMENT...: until it has shown every word, then stopped as by a service manager.
word_count() {
  local job=$1 files
  shift
  mkdir -p "$work/$job/in"
  echo "wavetank start $job"
  (cd "$work/$job" && exec "$bin/wavetank" start "$job" --input=in --output=out --checkpoint=cp \
    --workers=2 "$@") >"$work/$job.out" 2>"$work/$job.log" &
  local process=$!
  for ((files = 0; files < 20; ++files)); do
    printf 'to be or not to be %d\n' {1..200} >"$work/$job/.new"
    mv "$work/$job/.new" "$work/$job/in/$files"
  done
  for ((tries = 0; tries < 600; ++tries)); do
    kill -0 $process 2>/dev/null || break
    # The last file's batch has been put out: part files, or attempts that are marked complete.
    [[ $(cat "$work/$job"/out/part-* "$work/$job"/out/*/attempt-*/part-* 2>/dev/null |
      grep -cE '^\(?be,') -ge 1 ]] && break
    sleep 0.1
  done
  kill -TERM $process 2>/dev/null || true
  wait $process || { cat "$work/$job.log"; echo "wavetank start $job: exit status $?"; return 1; }
  if grep -q "ThreadSanitizer" "$work/$job.log"; then cat "$work/$job.log"; return 1; fi
}
word_count word_count
word_count word_count_dstream --interval=200ms
echo "ThreadSanitizer: nothing found"
