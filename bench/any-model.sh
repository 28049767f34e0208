#!/usr/bin/env bash
# What a stranger's models get: inspect, profile and optimize, each in a process of its own, and a table of what came.
#   bench/any-model.sh OUT BUDGET MODEL...        e.g. bench/any-model.sh /tmp/any 3m models/*.onnx
# A model whose row is in OUT already is not done again; OUT/table.md has all rows in the end.
set -euo pipefail
if [ $# -lt 3 ]; then
  sed -n '2,4p' "$0" >&2
  exit 2
fi
exec "$(dirname "$0")/run.sh" AnyModel "$@"
