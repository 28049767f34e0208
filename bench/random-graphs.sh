#!/usr/bin/env bash
# Simplifies random graphs and compares with ONNX Runtime: bench/random-graphs.sh [COUNT [FIRST_SEED]]
# The same generator runs 100 seeds in the tests; this is for the thousands.
set -euo pipefail
cd "$(dirname "$0")/.."
mvn -B -q -pl hasten-graph -am -Dtest=RandomGraphsTest -Dsurefire.failIfNoSpecifiedTests=false \
  -Dhasten.random.graphs="${1:-5000}" -Dhasten.random.first="${2:-1000}" test
