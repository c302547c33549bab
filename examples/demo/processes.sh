# Processes that the demo starts, kills and waits for, each by its pid and none by its name.
# shellcheck shell=bash

declare -A pid_of=()
used_ports=()
kills=0
may_end=''  # names of processes that were asked to

# start NAME COMMAND...
start() {
  local name=$1
  shift
  echo "--- $*" >>"$demo/logs/$name"
  "$@" >>"$demo/logs/$name" 2>&1 &
  pid_of[$name]=$!
}

# A process's state as the kernel has it: R, S, T (stopped), Z (ended, and we have not waited).
state_of() {
  local line
  { line=$(<"/proc/${pid_of[$1]}/stat"); } 2>/dev/null || { echo gone; return; }
  line=${line##*) }
  echo "${line%% *}"
}
is_stopped() { [[ $(state_of "$1") == T ]]; }
has_ended() { [[ $(state_of "$1") == [ZXg]* ]]; }

# reap NAME: waits for its end, and gives its exit status.
reap() {
  local status=0
  { wait "${pid_of[$1]}"; } 2>/dev/null || status=$?
  unset "pid_of[$1]"
  return "$status"
}

# kill_hard NAME: kill -9, from outside, of a process that is there.
kill_hard() {
  local status=0
  has_ended "$1" && die "$1 ended before it was killed: $(tail -n 3 "$demo/logs/$1")"
  kill -9 "${pid_of[$1]}"
  reap "$1" || status=$?
  ((status == 137)) || die "$1 ended with status $status when it was killed"
  kills=$((kills + 1))
}

# stop NAME...: asks with SIGTERM, one after the other, since what is asked finishes first what is
# under way, and needs those behind it for that: driver, workers, store.
stop() {
  local name
  for name in "$@"; do
    may_end=" $* "
    has_ended "$name" || kill -TERM "${pid_of[$name]}"
    await 20 "$name to end after SIGTERM" has_ended "$name"
    reap "$name" || true
  done
  may_end=''
}
end_everything() {
  local name
  for name in "${!pid_of[@]}"; do kill -9 "${pid_of[$name]}" 2>/dev/null || true; done
  for name in "${!pid_of[@]}"; do reap "$name" || true; done
}

# await SECONDS WHAT COMMAND...: until COMMAND succeeds; it may say in `so_far` how far it is.
await() {
  local seconds=$1 what=$2 name so_far=''
  local until=$((SECONDS + seconds + 1))
  shift 2
  while ! "$@"; do
    for name in "${!pid_of[@]}"; do
      [[ $may_end == *" $name "* ]] || ! has_ended "$name" ||
        die "$name ended by itself while waiting for $what: $(tail -n 3 "$demo/logs/$name")"
    done
    ((SECONDS < until)) || die "after $seconds s: still waiting for $what${so_far:+ ($so_far)}"
    sleep 0.05
  done
}

# free_port VARIABLE: one of this machine's that is free, below those that the kernel hands out.
free_port() {
  local found
  found=$(perl -MIO::Socket::INET -e '
    my %used = map { $_ => 1 } @ARGV;
    for (1 .. 1000) {
      my $port = 20000 + int rand 12000;
      next if $used{$port};
      next unless IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $port, Listen => 1);
      print $port;
      last;
    }' "${used_ports[@]}")
  [[ $found ]] || die "no port from 20000 to 32000 of 127.0.0.1 is free"
  used_ports+=("$found")
  printf -v "$1" %s "$found"
}
