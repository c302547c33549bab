# DEMO_BREAK=NAME falsifies one thing on purpose: the demo must then fail.
#   file      one file of the text never reaches the jobs
#   count     one count in the structured answer is raised by one
#   part      one part of the DStream's output loses a line
#   attempt   a batch that ran once is given a second attempt
#   repeat    a batch that ran twice has lost its first attempt
#   socket    one line of the socket's is counted twice
# shellcheck shell=bash

require_known_breakage() {
  case ${DEMO_BREAK:-} in
    '' | file | count | part | attempt | repeat | socket) ;;
    *)
      echo "DEMO_BREAK=$DEMO_BREAK: one of file, count, part, attempt, repeat, socket" >&2
      exit 2
      ;;
  esac
}

breaks() { [[ ${DEMO_BREAK:-} == "$1" ]]; }

# drops_a_file INPUT: whether the file that is fed now is to be an empty one there.
drops_a_file() {
  breaks file && ((fed == 7)) || return 1
  : >"$1/.empty"
  mv "$1/.empty" "$1/${parts[fed]##*/}"
}

falsify_structured() {
  if breaks count; then
    local newest
    newest=$(find "$1/out" -maxdepth 1 -name 'part-*.csv' | sort -t- -k3,3n | tail -n 1)
    # A copy in its place: the name is a link to a part that the manifest holds too.
    awk -F, -v OFS=, 'NR == 1 {++$2} {print}' "$newest" >"$newest.new"
    mv "$newest.new" "$newest"
  fi
}

falsify_dstream() {
  local some
  if breaks part; then
    some=$(find "$1/out" -name 'part-*' -size +0 | sort | tail -n 1)
    sed -i 1d "$some"
  fi
  if breaks attempt; then
    some=$(attempts "$1/out" | cut -d' ' -f1 | sort | uniq -u | head -n 1)
    mkdir "$1/out/counts-$some/attempt-999"
  fi
  if breaks repeat; then
    some=$(attempts "$1/out" | cut -d' ' -f1 | sort | uniq -d | head -n 1)
    rm -r "$(find "$1/out/counts-$some" -mindepth 1 -maxdepth 1 -type d | sort | head -n 1)"
  fi
}

falsify_socket() {
  if breaks socket; then
    local some
    some=$(find "$1/out" -name 'part-*' -size +0 | sort | tail -n 1)
    sed -i 1p "$some"
  fi
}
