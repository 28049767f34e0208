#!/usr/bin/env bash
# Kills `hasten optimize` with SIGKILL at random moments and checks that it goes on where it stopped, to the same recipe, with nothing half-written.
#
#   bench/kill-resume.sh [KILLS] [SEED] [WORKLOAD]      default: 10 kills, seed 7, the demo's workload; BUDGET=3m
#
# First an undisturbed run tells how long a study takes and which recipe it delivers. Then a study of its own (another output folder,
# so another journal) is killed KILLS times, at moments drawn evenly over the whole of the undisturbed run and sorted; a run that ends
# before its moment counts as no kill and another moment is drawn within the little that is left to do. Finally it may finish.
# After each kill: no process of the run is left, what was journaled before is still there word for word, each finished model has the
# content that its name tells, and the output is a whole bundle or absent. In the end: no temporary file is left and the recipe is that
# of the undisturbed run. Prints one line a kill and a verdict; exit code 0 if all held. Needs setsid (util-linux) and sha256sum.
set -euo pipefail
cd "$(dirname "$0")/.."
kills=${1:-10}
RANDOM=${2:-7}
work=$(mktemp -d "${TMPDIR:-/tmp}/hasten-kill.XXXXXX")
workload=${3:-}
if [ -z "$workload" ]; then
  ./hasten demo --prepare --dir "$work/demo" >/dev/null
  workload=$work/demo/workload.yaml
fi
budget=${BUDGET:-3m}
studies=$(cd "$(dirname "$workload")" && pwd)/.hasten
killed=$work/out/killed
reference=$work/reference/bundle

fail() {
  echo "FAILED: $* (everything is kept in $work and $studies)"
  exit 1
}

hasten() { # folder for the bundle
  ./hasten optimize "$workload" --budget "$budget" --output "$1" --quiet
}

millis() {
  echo $(($(date +%s%N) / 1000000))
}

# A number from 0 to below $1.
draw() {
  echo $(((RANDOM * 32768 + RANDOM) % ($1 > 0 ? $1 : 1)))
}

folders() {
  { find "$studies" -mindepth 1 -maxdepth 1 -type d 2>/dev/null || true; } | sort
}

recipe() {
  sed 's/#.*//' "$1/recipe.yaml"
}

# Milliseconds that the killed study had spent when it last wrote to its journal.
spent() {
  local seconds
  seconds=$({ sed -n 's/^{"key":.*"spent":\([0-9.E-]*\),"value".*/\1/p' "$study/journal.jsonl" 2>/dev/null || true; } | tail -n 1)
  awk -v s="${seconds:-0}" 'BEGIN { printf "%d", s * 1000 }'
}

# The models in the study's folder are named by the hash of their content.
check_models() {
  local model
  while read -r model; do
    [ "$(sha256sum "$model" | cut -d' ' -f1)" = "$(basename "$model" .onnx)" ] || fail "$model is half-written"
  done < <(find "$study/artifacts" -regextype posix-extended -regex '.*/[0-9a-f]{64}\.onnx' 2>/dev/null)
}

# What stands in the output folder is a whole bundle or nothing at all. Prints which.
check_bundle() {
  local name hash count=0
  [ -e "$killed" ] || { echo "no bundle yet"; return; }
  while read -r name hash; do
    [ "$(sha256sum "$killed/$name" | cut -d' ' -f1)" = "$hash" ] || fail "$killed/$name is half-written"
    count=$((count + 1))
  done < <(grep -oE '"[^"]+" *: *"[0-9a-f]{64}"' "$killed/bundle.json" | sed -E 's/"([^"]+)" *: *"([0-9a-f]{64})"/\1 \2/')
  [ "$count" -ge 2 ] || fail "$killed/bundle.json lists $count files"
  echo "bundle whole"
}

mkdir -p "$(dirname "$killed")" "$(dirname "$reference")"
before=$(folders)
start=$(millis)
hasten "$reference" || fail "the undisturbed study delivers nothing: there is no recipe to compare with"
took=$(($(millis) - start))
undisturbed=$(comm -13 <(echo "$before") <(folders))
before=$(folders)
echo "undisturbed: $((took / 1000)) s, recipe:"
recipe "$reference" | sed 's/^/    /'

mapfile -t moments < <(for _ in $(seq "$kills"); do draw "$took"; done | sort -n)
study=
done_kills=0
attempts=0
left=$took
while [ "$done_kills" -lt "$kills" ]; do
  attempts=$((attempts + 1))
  [ "$attempts" -le $((4 * kills + 10)) ] || fail "$attempts runs and only $done_kills kills: each run ends too soon"
  if [ "$attempts" -le "$kills" ]; then
    # The run replays what is known in no time, so it gets to the moment sooner by what was spent.
    delay=$((moments[attempts - 1] - $([ -n "$study" ] && spent || echo 0)))
    [ "$delay" -gt 0 ] || delay=$(draw 3000)
  else
    delay=$(draw "$left")
  fi
  # Without job control setsid does not fork: $! leads a group of its own, and ./hasten becomes the JVM in place.
  setsid ./hasten optimize "$workload" --budget "$budget" --output "$killed" --quiet >"$work/log.$attempts" 2>&1 &
  pid=$!
  start=$(millis)
  for ((now = start; now < start + delay; now = $(millis))); do
    kill -0 "$pid" 2>/dev/null || break
    rest=$((start + delay - now))
    sleep "0.$(printf '%03d' $((rest < 50 ? rest : 50)))"
  done
  ended=$((now - start))
  kill -9 -- "-$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null && status=0 || status=$?
  case $status in
    137)
      for _ in $(seq 50); do
        kill -0 -- "-$pid" 2>/dev/null || break
        sleep 0.1
      done
      ! kill -0 -- "-$pid" 2>/dev/null || fail "a process of group $pid survived"
      done_kills=$((done_kills + 1))
      state="kill $done_kills after $delay ms"
      ;;
    0)
      left=$ended
      state="had ended before $delay ms (after $ended)"
      ;;
    *) fail "the run ended with $status; see $work/log.$attempts" ;;
  esac
  study=$(comm -13 <(echo "$before") <(folders))
  lines=0
  if [ -n "$study" ] && [ -e "$study/journal.jsonl" ]; then
    # All but a torn last line must outlive everything that follows.
    head -n "$(wc -l <"$study/journal.jsonl")" "$study/journal.jsonl" >"$work/journal.$attempts"
    lines=$(wc -l <"$work/journal.$attempts")
  fi
  check_models
  echo "$state; $lines lines journaled; $(check_bundle)"
done
hasten "$killed"
for journal in "$work"/journal.*; do
  [ -s "$journal" ] || continue
  cmp -n "$(wc -c <"$journal")" "$journal" "$study/journal.jsonl" >/dev/null || fail "the journal lost what $journal knows"
done
check_models
[ "$(check_bundle)" = "bundle whole" ] || fail "no whole bundle in $killed"
echo "after $done_kills kills in $attempts runs the study finished, recipe:"
recipe "$killed" | sed 's/^/    /'
leftovers=$(find "$study" "$(dirname "$killed")" -name '*.tmp' -o -path '*/artifacts/t[0-9]*.onnx')
[ -z "$leftovers" ] || fail "temporary files are left: $leftovers"
if ! diff <(recipe "$reference") <(recipe "$killed") >/dev/null; then
  fail "DIFFERENT RECIPE; where two are alike in speed, noise may decide: compare the two reports"
fi
echo "SAME RECIPE, nothing half-written, nothing left over"
rm -rf "$work" "$undisturbed" "$study"
