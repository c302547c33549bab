# Part 4: words from a plain socket. A socket cannot resend, so a kill loses lines: how many, and
# which, is reported. What may not happen is a word that is counted more often than it was sent.
# shellcheck shell=bash

socket_lines=4000

start_socket_job() {
  start socket "$wavetank" start socket_word_count --host=127.0.0.1 --port="$1" \
    --output="$demo/socket/out" --checkpoint="$demo/socket/checkpoint" --interval=200ms
}

server_says() { grep -q "^$1" "$demo/logs/line_server"; }
# In a complete output; all batches before that one are complete then too.
line_is_counted() { dstream_counts "$demo/socket" | grep -q "^line$1 "; }

# Lines that were sent and not counted, as numbers.
lost_lines() {
  sed -nE 's/^line([0-9]+) .*/\1/p' "$demo/socket/counts" |
    comm -13 - <(seq -w 1 "$socket_lines") | sed 's/^0*//'
}

not_more_than_sent() {
  join -a 2 -o 0,1.2,2.2 -e 0 "$demo/socket/sent" "$demo/socket/counts" |
    awk '$3 > $2 {print $1 " was sent " $2 " times and counted " $3 " times"; wrong = 1}
         END {exit wrong}'
}

# One run of lines, and it ends where the second connection begins.
lost_only_at_the_kill() {
  local second=$1 first_lost=$2 last_lost=$3 count=$4
  ((count == 0)) && return
  echo "lost are $count lines, $first_lost to $last_lost; the second connection begins with $second"
  ((last_lost == second - 1 && last_lost - first_lost + 1 == count))
}

socket() {
  next_part "Words from a plain socket, where a kill must lose some"
  local directory=$demo/socket port sent counted_words second lost first last
  mkdir "$directory"
  # Each line begins with a word of its own.
  head -n "$socket_lines" "$demo/text" | awk '{printf "line%04d %s\n", NR, $0}' >"$directory/lines"
  tr ' ' '\n' <"$directory/lines" | count_lines >"$directory/sent"
  start line_server perl "$here/line_server.pl" "$directory/lines"
  await 10 "the line server to listen" server_says port
  port=$(sed -n 's/^port //p' "$demo/logs/line_server")
  say "A server on 127.0.0.1:$port sends $(number "$socket_lines") lines, about 1,000 a second."

  start_socket_job "$port"
  await 30 "1500 lines to be sent" server_says 'sent 1500$'
  await 30 "a line to be counted" line_is_counted 0001
  kill_hard socket
  note_kill "$directory"
  say "kill -9 of the job; the server goes on with whoever connects next."
  start_socket_job "$port"
  await 30 "the job to connect again" server_says 'connection 2'
  await 60 "the last line to be counted" line_is_counted "$socket_lines"
  stop socket
  stop line_server

  falsify_socket "$directory"
  dstream_counts "$directory" >"$directory/counts"
  sent=$(awk '{n += $2} END {print n}' "$directory/sent")
  counted_words=$(awk '{n += $2} END {print n}' "$directory/counts")
  second=$(sed -n 's/^connection 2 begins with line //p' "$demo/logs/line_server")
  lost_lines >"$directory/lost"
  lost=$(wc -l <"$directory/lost")
  first=$(head -n 1 "$directory/lost")
  last=$(tail -n 1 "$directory/lost")
  check "socket: no word is counted more often than it was sent" \
    "$(number "$sent") sent, $(number "$counted_words") counted" not_more_than_sent
  check "socket: lost is only what no stored block held at the kill" \
    "$(counted "$lost" line), $(counted $((sent - counted_words)) word)" \
    lost_only_at_the_kill "$second" "${first:-0}" "${last:-0}" "$lost"
  compare_repeats "$directory"
  if ((lost > 0)); then
    say "Lost: lines $first to $last, sent on the first connection, and in no durable block yet."
  fi
  say "This is as documented: a plain socket cannot resend, and no engine can make up for that."
}
