# What a checkpoint says of its batches, by `wavetank inspect`, and what a DStream's output shows of
# them.
# shellcheck shell=bash

# inspect DIRECTORY: as text. What is damaged ends the demo: no kill may do that.
inspect() {
  local text
  text=$("$wavetank" inspect "$1") || die "wavetank inspect $1 did not work"
  if grep -q DAMAGED <<<"$text"; then die "$1 is damaged: $(grep -m 1 DAMAGED <<<"$text")"; fi
  printf '%s\n' "$text"
}

# Of a query's or a DStream's checkpoint, the batches that had begun and not ended, a line each.
under_way() {
  inspect "$1" |
    sed -nE 's/^  batch ([0-9]+( ms)?: (not completed|defined|prepared, not committed).*)/\1/p'
}
# The same of a DStream, as batch times alone.
unfinished_times() { under_way "$1" | sed 's/ .*//'; }

# The newest epoch of its log: older ones go.
newest_epoch() { inspect "$1" | sed -nE 's/^  epoch ([0-9]+) .*/\1/p' | sort -n | tail -1; }

# How many files the batches that ended have read. A file is in one batch.
files_done() {
  inspect "$1" | sed -nE 's/^  batch [0-9]+( ms)?: (completed|committed).* ([0-9]+) files?.*/\3/p' |
    awk '{n += $1} END {print n + 0}'
}
all_files_done() {
  so_far="$(files_done "$1") files so far"
  ((${so_far%% *} >= $2))
}

# Of a DStream's output: "<batch time> <attempt>" for each attempt that can be seen, and for each
# that is complete. An attempt can be seen from when it makes its directory; its number is the epoch
# of the driver that made it.
attempts() {
  find "$1" -mindepth 2 -maxdepth 2 -type d -name 'attempt-*' 2>/dev/null |
    sed -E 's#.*counts-([0-9]+)/attempt-([0-9]+)$#\1 \2#' | sort -k1,1n -k2,2n
}
complete_attempts() {
  local time attempt
  attempts "$1" | while read -r time attempt; do
    [[ ! -e $1/counts-$time/attempt-$attempt/_SUCCESS ]] || echo "$time $attempt"
  done
}
# rows_of OUTPUT TIME ATTEMPT: of a complete attempt. Its mark says how many parts count, then names
# them.
rows_of() {
  (cd "$1/counts-$2/attempt-$3" && tail -n +2 _SUCCESS | xargs -r cat)
}
has_output() { [[ -n $(complete_attempts "$1") ]]; }
