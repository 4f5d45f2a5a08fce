#!/bin/bash
# A correction session (recorder, watchdog, page, training child, hot swap) under ThreadSanitizer, on the twin.
#
#     Tests/Proofs/threads.sh .build/tsan/release/understudy .build/release/understudy .build/release/understudy-twin
set -u
watched=$1 plain=$2 twin=$3
here=$(dirname "$0")
folder=$(mktemp -d /tmp/understudy-threads-XXXXXX)
"$twin" --task insert --seed 7 --dir "$folder/twin" >"$folder/twin.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$folder"' EXIT
for _ in $(seq 100); do [ -e "$folder/twin/follower" ] && break; sleep 0.1; done
export UNDERSTUDY_TWIN="$folder/twin"

"$plain" record --rig twin-insert --dataset "$folder/demonstrations" --episodes 4 --json >"$folder/record.log" || exit 1
"$plain" train "$folder/demonstrations" --rig twin-insert --output "$folder/first" --json >"$folder/train.log" || exit 1
TSAN_OPTIONS="exitcode=66 halt_on_error=0" timeout 300 "$watched" correct --rig twin-insert --policy "$folder/first" \
  --with "$folder/demonstrations" --dataset "$folder/corrections" --policies "$folder/policies" --rounds 1 --page 0 \
  --json >"$folder/correct.log" 2>"$folder/races.log" &
session=$!
page=
for _ in $(seq 300); do
  page=$(grep -o 'http:[^ "]*' "$folder/correct.log" | head -1 | tr -d '\\')
  [ -n "$page" ] && break
  sleep 0.1
done
frames=$([ -n "$page" ] && /usr/bin/python3 "$here/onlooker.py" "$page")
wait $session
status=$?
races=$(grep -c 'WARNING: ThreadSanitizer' "$folder/races.log")
episodes=$(grep -c '"event":"episode"\|"event" *: *"episode"' "$folder/correct.log")
echo "ThreadSanitizer: $races reports over $episodes episodes and ${frames:-no} frames of the page, exit code $status"
[ "$races" = 0 ] || grep -A12 'WARNING: ThreadSanitizer' "$folder/races.log" | head -60
[ "$races" = 0 ] && [ "$status" = 0 ] && [ "$episodes" -gt 0 ] && [ "${frames:-0}" -gt 50 ]
