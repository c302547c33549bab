#!/bin/sh
# same_hashes.sh PROGRAM PROGRAM SCENARIOS: two programs, each in a process of its own, give the
# same outcome and trace hash for every scenario.
set -eu
first=$("$1" run --json=- "$3")
second=$("$2" run --json=- "$3")
[ -n "$first" ] || { echo "no scenario was run"; exit 1; }
[ "$first" = "$second" ] && exit 0
echo "the outcomes differ:"
echo "$first" >first.$$
echo "$second" | diff first.$$ - || true
rm -f first.$$
exit 1
