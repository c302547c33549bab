# What parts 2 and 3 have in common: a round is a kill, what it found under way, and a restart.
# shellcheck shell=bash

declare -A job_of=([structured]=word_count [dstream]=word_count_dstream)

# A process is called as its kind is (part 2), or <kind>.<role> (part 3).

# kill_now NAME...: with no regard to what they do.
kill_now() {
  local name
  for name in "$@"; do kill_and_tell "$name"; done
}

# kill_held STEP_OF_STRUCTURED STEP_OF_DSTREAM [ROLE]: files go in until the jobs stand still there;
# each is killed as soon as it does, and must then have a batch under way (of a store it may be that
# the request that is done was the last of a batch).
kill_held() {
  local steps="$1 and $2" waiting=("structured${3:+.$3}" "dstream${3:+.$3}") name left
  while ((${#waiting[@]} > 0)); do
    feed_until "${waiting[*]} to stand still at $steps" any_stopped "${waiting[@]}"
    local still=()
    for name in "${waiting[@]}"; do
      if ! is_stopped "$name"; then
        still+=("$name")
        continue
      fi
      # Before the kill, for after a worker's the others go on at once.
      left=$(what_is_under_way "$name")
      [[ $left || $name == *.store ]] || die "$name stands still while no batch is under way"
      kill_and_tell "$name" "$left"
    done
    waiting=("${still[@]}")
  done
}
any_stopped() {
  local name
  for name in "$@"; do
    if is_stopped "$name"; then return; fi
  done
  return 1
}

# kill_and_tell NAME [UNDER_WAY]: kills a process, and says what was under way: what is given, else
# what the checkpoint shows afterwards.
kill_and_tell() {
  local name=$1 pid=${pid_of[$1]} left
  kill_hard "$name"
  [[ $name != dstream* ]] || note_kill "$(directory_of "$name")"
  left=${2-$(what_is_under_way "$name")}
  printf '     %-18s pid %-8s %s\n' "$name" "$pid" \
    "$(sed '2,$s/^/                                    /' <<<"${left:-no batch under way}")"
}

what_is_under_way() {
  under_way "$(directory_of "$1")/checkpoint" | sed -E 's/, [0-9]+ blocks?//'
}

directory_of() {
  case $1 in
    *.*) echo "$demo/cluster/${1%%.*}" ;;
    *) echo "$demo/local/$1" ;;
  esac
}

# finish DIRECTORY: until both jobs have read all files, in batches that ended.
finish() {
  local kind
  for kind in structured dstream; do
    await 60 "the $kind job to have read all ${#parts[@]} files" \
      all_files_done "$1/$kind/checkpoint" "${#parts[@]}"
  done
  echo
}
