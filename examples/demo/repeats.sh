# Which batches of a DStream ran again, held against what its checkpoint said at each kill.
#
# A driver that takes a log over runs again what has no completion mark there, and nothing else. So
# what must have run again is what had none at a kill that a take-over followed, which is a new
# epoch of the log: so it is with every driver's death, and with a store's only if the driver took
# its log over anew meanwhile.
# shellcheck shell=bash

# note_kill DIRECTORY: right after a kill and before anything is started again, what a DStream's
# checkpoint says (the batches without a completion mark, and the newest epoch of its log), and
# which attempts can be seen.
note_kill() {
  local notes=$1/kills number
  mkdir -p "$notes"
  number=$(find "$notes" -name '*.unfinished' | wc -l)
  unfinished_times "$1/checkpoint" >"$notes/$number.unfinished"
  newest_epoch "$1/checkpoint" >"$notes/$number.epoch"
  attempts "$1/out" >"$notes/$number.attempts"
}

# note_end DIRECTORY: the same once everything has ended.
note_end() {
  newest_epoch "$1/checkpoint" >"$1/kills/end.epoch"
  attempts "$1/out" >"$1/kills/end.attempts"
  complete_attempts "$1/out" >"$1/kills/end.complete"
}

# "<batch time> <epoch> <kill>" for each batch without a completion mark at a kill that a take-over
# followed; the epoch is of the driver that was killed.
unfinished_at_take_overs() {
  local notes=$1/kills kill epoch next
  for ((kill = 0; ; ++kill)); do
    [[ -e $notes/$kill.epoch ]] || return 0
    epoch=$(<"$notes/$kill.epoch")
    next=$notes/$((kill + 1)).epoch
    [[ -e $next ]] || next=$notes/end.epoch
    (($(<"$next") == epoch)) || sed "s/$/ $epoch $kill/" "$notes/$kill.unfinished"
  done
}

# Each of them has an attempt of a later driver, which is complete.
ran_again() {
  awk '
    NR == FNR {if ($2 > newest[$1]) newest[$1] = $2; next}
    newest[$1] <= $2 {print "batch " $1 " had no completion mark and did not run again"; wrong = 1}
    END {exit wrong}' "$1/kills/end.complete" "$1/kills/repeated"
}

# Those of them whose killed attempt can be seen. What could be seen at the kill must still be
# there; what a worker was about to write then may have come.
seen_before() {
  local time epoch kill
  while read -r time epoch kill; do
    awk -v time="$time" -v epoch="$epoch" '$1 == time && $2 <= epoch {print time; exit}' \
      "$1/kills/$kill.attempts" "$1/kills/end.attempts"
  done <"$1/kills/repeated" | sort -u
}

# Attempts at one batch that are complete have the same rows.
same_in_each_attempt() {
  local time attempt rows before='' rows_before='' different=0
  while read -r time attempt; do
    rows=$(rows_of "$1/out" "$time" "$attempt" | sort | md5sum)
    if [[ $time == "$before" && $rows != "$rows_before" ]]; then
      echo "batch $time came out in two ways"
      different=1
    fi
    before=$time rows_before=$rows
  done <"$1/kills/end.complete"
  ((different == 0))
}

batches_twice_in() { cut -d' ' -f1 "$1" | sort | uniq -d; }

compare_repeats() {
  local notes=$1/kills repeated seen
  note_end "$1"
  unfinished_at_take_overs "$1" >"$notes/repeated"
  seen_before "$1" >"$notes/seen_before"
  batches_twice_in "$notes/end.attempts" >"$notes/more_than_one"
  repeated=$(cut -d' ' -f1 "$notes/repeated" | sort -u | wc -l)
  seen=$(wc -l <"$notes/seen_before")
  check "DStream: each batch without a completion mark ran again" \
    "$(counted "$repeated" batch)" ran_again "$1"
  check "DStream: these alone have more than one attempt" \
    "$(wc -l <"$notes/more_than_one"), and $((repeated - seen)) killed before any output" \
    same "$notes/seen_before" "$notes/more_than_one"
  check "DStream: complete attempts at one batch are alike" \
    "$(batches_twice_in "$notes/end.complete" | wc -l) complete twice" same_in_each_attempt "$1"
}
