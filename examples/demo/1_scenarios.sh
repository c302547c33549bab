# Part 1: three scenarios, replayed in the simulator.
# shellcheck shell=bash

shown_scenarios=(
  structured/driver_power_loss_at_sink_committed
  cluster/paused_driver_wakes_after_its_replacement
  dstream/driver_crash_at_output_done
)

# The story of the batches, without what tasks, logs and the store do for them.
story() {
  grep -vE ' step +(task|shuffle|state|fenced_log|store_service|worker|driver|part)[._]' |
    grep -vE ' log +(worker|query query-1 batch|serving)' |
    sed -E 's/^(.{112}).+/\1.../'
}

scenarios() {
  next_part "Three scenarios, replayed in the simulator"
  local name file output status
  for name in "${shown_scenarios[@]}"; do
    file=$repository/scenarios/$name.textproto
    output=$demo/${name##*/}
    status=0
    timeout 60 "$wavetank" run "$file" >"$output" || status=$?
    ((status != 124)) || die "wavetank run $file did not end within 60 s"
    echo
    say "wavetank run scenarios/$name.textproto"
    say "(the batches' part of its timeline; the command shows all $(wc -l <"$output") lines)"
    { story <"$output" || true; } | sed 1d | list
    check "scenario ${name##*/}" "$(sed -n 's/^  records  //p' "$output")" test "$status" = 0
  done
}
