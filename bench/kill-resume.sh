#!/usr/bin/env bash
# Kills `hasten optimize` with SIGKILL at random moments and checks that it resumes to the same recipe, with nothing half-written.
#
#   bench/kill-resume.sh [KILLS] [SEED] [WORKLOAD]      default: 10 kills, seed 7, the demo's workload
#
# First an undisturbed run tells how long a study takes and which recipe it delivers. Then a fresh study is killed KILLS times,
# each time at a random moment, and finally left to finish. Prints one line a kill and a verdict; exit code 0 if all held.
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

run() { # folder for the bundle
  ./hasten optimize "$workload" --budget "$budget" --output "$1" --quiet
}

recipe() {
  sed 's/#.*//' "$1/recipe.yaml"
}

start=$SECONDS
run "$work/reference"
took=$((SECONDS - start))
echo "undisturbed: $took s, recipe:"
recipe "$work/reference" | sed 's/^/    /'

survived=0
for i in $(seq "$kills"); do
  delay=$((1 + RANDOM % (took > 4 ? took * 6 / 10 : 3)))
  setsid bash -c "exec ./hasten optimize '$workload' --budget $budget --output '$work/killed' --quiet" >"$work/log.$i" 2>&1 &
  pid=$!
  sleep "$delay"
  if kill -9 -- "-$pid" 2>/dev/null; then
    state="killed after $delay s"
  else
    state="had already ended before $delay s"
  fi
  wait "$pid" 2>/dev/null || true
  # What stands in the output folder is a whole bundle or nothing at all.
  if [ -e "$work/killed" ]; then
    ./hasten inspect "$work/killed/model.onnx" --json >/dev/null && state="$state; bundle complete"
  fi
  survived=$((survived + 1))
  echo "kill $i: $state; journal lines: $(find "$work" "$(dirname "$workload")" -name 'journal.jsonl' -exec cat {} + 2>/dev/null | wc -l)"
done
run "$work/killed"
echo "after $survived kills the study finished, recipe:"
recipe "$work/killed" | sed 's/^/    /'
leftovers=$(find "$work" -name '*.tmp*' | wc -l)
echo "temporary files left: $leftovers"
if diff <(recipe "$work/reference") <(recipe "$work/killed") >/dev/null; then
  echo "SAME RECIPE"
else
  echo "DIFFERENT RECIPE"
  exit 1
fi
[ "$leftovers" = 0 ]
