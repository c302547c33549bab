# The text: licences and copyright notices of this machine, as words that single spaces separate,
# in files that come into the input directories one after the other.
# shellcheck shell=bash

text_bytes_wanted=1300000
file_count=60

# "<word> <count>", sorted, of words a line each: by standard tools alone.
count_lines() { sort | uniq -c | awk '{print $2, $1}' | sort; }

gather_text() {
  local source sources=0
  : >"$demo/raw"
  # Names with links resolved once, in an order that is the same every time.
  for source in /usr/share/common-licenses/* /usr/share/doc/*/copyright \
    /usr/share/doc/*/changelog*.gz; do
    [[ -f $source && ! -L $source ]] || continue
    if [[ $source == *.gz ]]; then zcat "$source"; else cat "$source"; fi >>"$demo/raw"
    sources=$((sources + 1))
    (($(stat -c %s "$demo/raw") < text_bytes_wanted * 5 / 4)) || break
  done
  # The engine splits lines at single spaces: so lower-case words, ten on a line.
  tr 'A-Z' 'a-z' <"$demo/raw" | tr -cs 'a-z' '\n' | grep . |
    paste -d ' ' - - - - - - - - - - | sed 's/ *$//' >"$demo/text"
  text_bytes=$(stat -c %s "$demo/text")
  ((text_bytes >= 1000000)) ||
    die "licences and package notices of this machine are only $text_bytes bytes; 1,000,000 needed"
  tr ' ' '\n' <"$demo/text" | count_lines >"$demo/counts"
  word_count=$(awk '{n += $2} END {print n}' "$demo/counts")
  distinct_count=$(wc -l <"$demo/counts")
  mkdir "$demo/parts"
  split -n "l/$file_count" -d -a 3 "$demo/text" "$demo/parts/part-"
  parts=("$demo"/parts/*)
  say "The text: licences and copyright notices, $sources files below /usr/share, as lower-case"
  say "words that single spaces separate: $(number "$text_bytes") bytes," \
    "$(number "$word_count") words, $(number "$distinct_count") distinct, in ${#parts[@]} files."
}

# feed_into DIRECTORY...: where feed puts its files, from the first on.
feed_into() {
  inputs=("$@")
  fed=0
}

# The next file, renamed into place.
feed_one() {
  ((fed < ${#parts[@]})) || die "the text is used up"
  local input name=${parts[fed]##*/}
  for input in "${inputs[@]}"; do
    drops_a_file "$input" && continue
    cp "${parts[fed]}" "$input/.$name"
    mv "$input/.$name" "$input/$name"
  done
  fed=$((fed + 1))
}

feed() {
  local i
  for ((i = 0; i < $1; ++i)); do
    feed_one
    sleep 0.1
  done
}

# feed_until WHAT COMMAND...: files go in until COMMAND succeeds, but no more than six.
feed_until() {
  local what=$1 last=$((fed + 6))
  shift
  while ! "$@"; do
    if ((fed < last)); then
      feed_one
      sleep 0.1
    else
      await 30 "$what" "$@"
    fi
  done
}
feed_rest() { feed $((${#parts[@]} - fed)); }
