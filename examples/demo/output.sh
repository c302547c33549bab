# What the demo prints, and what it remembers for the table at its end.
# shellcheck shell=bash

rows=()
failed=0
part=0
# How many comparisons there are. A demo that skipped one must not say that everything agrees.
comparisons=26

heading() { printf '\n%s\n%s\n' "$1" "${1//?/=}"; }
next_part() { heading "$((++part)). $1"; }
say() { printf '   %s\n' "$*"; }
list() { sed 's/^/     /'; }

# number 1234567: "1,234,567".
number() { sed -E ':again; s/([0-9])([0-9]{3})($|,)/\1,\2\3/; t again' <<<"$1"; }

# counted 2 batch: "2 batches".
counted() {
  local plural=${2}s
  [[ $2 != *ch ]] || plural=${2}es
  if (($1 == 1)); then echo "1 $2"; else echo "$(number "$1") $plural"; fi
}

# check WHAT FIGURES COMMAND...: one comparison, which holds if COMMAND succeeds. What COMMAND
# prints says what differs.
check() {
  local what=$1 figures=$2 result=ok differences
  shift 2
  if differences=$("$@" 2>&1); then
    say "ok      $what: $figures"
  else
    result=FAILED failed=1
    say "FAILED  $what: $figures"
    [[ ! $differences ]] || head -n 12 <<<"$differences" | list
  fi
  rows+=("$result"$'\t'"$part"$'\t'"$what"$'\t'"$figures")
}

verdict() {
  heading "Verdict"
  local row
  for row in "${rows[@]}"; do
    IFS=$'\t' read -r result at what figures <<<"$row"
    printf '   %-6s  %s  %-62s  %s\n' "$result" "$at" "$what" "$figures"
  done
  echo
  ((${#rows[@]} == comparisons)) || die "${#rows[@]} comparisons were made, not $comparisons"
  if ((failed)); then
    say "FAILED after $SECONDS s."
    exit 1
  fi
  say "Everything agrees: ${#rows[@]} comparisons, $kills times kill -9, $SECONDS s."
}

# die WHAT DID NOT HAPPEN
die() {
  printf '\n   FAILED: %s\n' "$*" >&2
  exit 1
}

make_demo_directory() {
  kept=${DEMO_DIR:+yes}
  if [[ $kept ]]; then
    mkdir -p "$DEMO_DIR"
    [[ -z $(ls -A "$DEMO_DIR") ]] || { echo "DEMO_DIR=$DEMO_DIR is not empty" >&2; exit 2; }
    demo=$(realpath "$DEMO_DIR")
  else
    demo=$(mktemp -d -t wavetank-demo.XXXXXX)
  fi
  mkdir "$demo/logs"
}

clean_up() {
  local status=$?
  trap - EXIT
  end_everything
  if ((status == 0)) && [[ ! $kept ]]; then
    rm -rf "$demo"
  else
    say "Everything is kept: $demo (what processes wrote: $demo/logs)" >&2
  fi
  exit "$status"
}
