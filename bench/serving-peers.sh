#!/usr/bin/env bash
# The same ONNX file and tokenizer behind `hasten serve` and behind MLServer, on one core each for the server and for the load:
#   bench/serving-peers.sh BUNDLE TEXTS.jsonl [SECONDS [ROUNDS]]
# BUNDLE is a text bundle (hasten-demo/bundle), TEXTS.jsonl has {"text": …} on each line (hasten-demo/glosses.jsonl).
set -euo pipefail
bundle=$(realpath "${1:?usage: serving-peers.sh BUNDLE TEXTS.jsonl [SECONDS [ROUNDS]]}")
texts=$(realpath "${2:?usage: serving-peers.sh BUNDLE TEXTS.jsonl [SECONDS [ROUNDS]]}")
cd "$(dirname "$0")/.."
venv=${HASTEN_PEERS:-${HASTEN_CACHE:-$HOME/.cache/hasten}/mlserver-venv}
if [ ! -x "$venv/bin/mlserver" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q mlserver==1.7.1 onnxruntime==1.29.0 tokenizers
fi

work=$(mktemp -d)
trap 'kill "${mlserver:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
cp bench/peers/mlserver_minilm.py "$work/"
echo '{"http_port": 9080, "grpc_port": 9081, "metrics_port": 9082, "parallel_workers": 0, "debug": false, "host": "127.0.0.1"}' >"$work/settings.json"
# As it comes, and adaptive batching with the settings of a small grid.
for setting in 0:0 8:0.002 8:0.01 32:0.005; do
  size=${setting%:*} seconds=${setting#*:}
  name=mlserver-$size-$seconds
  mkdir "$work/$name"
  cat >"$work/$name/model-settings.json" <<JSON
{"name": "$name", "implementation": "mlserver_minilm.MiniLm", "max_batch_size": $size, "max_batch_time": $seconds,
 "parameters": {"uri": "$bundle"}}
JSON
done
(cd "$work" && PYTHONPATH="$work" exec taskset -c 0 "$venv/bin/mlserver" start "$work" >"$work/mlserver.log" 2>&1) &
mlserver=$!
for _ in $(seq 120); do
  curl -sf -o /dev/null 127.0.0.1:9080/v2/health/ready && break
  sleep 0.5
done
curl -sf -o /dev/null 127.0.0.1:9080/v2/health/ready || { tail -n 30 "$work/mlserver.log"; exit 1; }

taskset -c 1 bench/run.sh ServingPeers "$bundle" "$texts" http://127.0.0.1:9080 "${3:-6}" "${4:-3}"
