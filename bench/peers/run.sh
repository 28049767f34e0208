#!/usr/bin/env bash
# The whole comparison of simplifiers: exports the models, runs the peers, measures all in one process.
#   bench/peers/run.sh [FOLDER [SECONDS_PER_MODEL]]
set -euo pipefail
cd "$(dirname "$0")"
folder=${1:-${HASTEN_CACHE:-$HOME/.cache/hasten}/models}
venv=${HASTEN_CACHE:-$HOME/.cache/hasten}/peers-venv
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q -r requirements.txt
fi
"$venv/bin/python" export_models.py "$folder" || echo "some models are missing, see above" >&2
"$venv/bin/python" simplify_peers.py "$folder"
cd ../..
bench/run.sh Simplifiers "$folder" "${2:-4}"
