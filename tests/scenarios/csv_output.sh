#!/bin/bash
# csv_output.sh WAVETANK PART: what a real query writes, and a part with fields that no word can be,
# read by Python's csv module: everything comes out as it went in, whatever characters it has.
set -euo pipefail

wavetank=$(realpath "$1")
part=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

mkdir in
python3 - <<'PY'
words = ['plain', 'a,b', 'say "hi"', '"', '""', ',', '\\',
         '\\N', 'a\\,b', "it's", '\tx', 'naïve', '\\n']
with open('in/words.txt', 'w', encoding='utf-8') as file:
    for word in words:
        file.write(word.replace(' ', '_') + ' ' + word.replace(' ', '_') + '\n')
    file.write(' x\n')  # an empty word before it
PY
status=0
"$wavetank" start word_count --input=in --output=out --checkpoint=checkpoint --interval=20ms \
  --inline-bytes=0 --kill-at=batch.committed >log 2>&1 || status=$?
((status == 137)) || { echo "FAILED: exited with $status: $(cat log)" >&2; exit 1; }

python3 - <<'PY'
import csv, glob
words = ['plain', 'a,b', 'say_"hi"', '"', '""', ',', '\\',
         '\\N', 'a\\,b', "it's", '\tx', 'naïve', '\\n']
wanted = {word: '2' for word in words}
wanted[''] = '1'
wanted['x'] = '1'
found = {}
for name in glob.glob('out/_wavetank/staged/*.csv'):
    with open(name, newline='', encoding='utf-8') as file:
        for row in csv.reader(file, strict=True):
            assert len(row) == 2, row
            assert row[0] not in found, row
            found[row[0]] = row[1]
assert found == wanted, (found, wanted)
PY

python3 - "$part" <<'PY'
import csv, sys
with open(sys.argv[1], newline='', encoding='utf-8') as file:
    rows = list(csv.reader(file, strict=True))
assert rows == [['plain', 'a,b'], ['say "hi"', '"'], ['two\nlines', 'c\rd'], ['', ''], ['', ''],
                ['\\N', 'naïve']], rows
PY
