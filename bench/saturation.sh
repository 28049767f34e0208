#!/usr/bin/env bash
# Proof on ONNX Runtime's own AVX2 kernels that no delivered int8 weight saturates: adversarial weights and inputs, run
# here and on a processor without VNNI, which QEMU's user mode emulates (Debian: qemu-user-static).
#   PYTHON=…/venv/bin/python bench/saturation.sh      (onnxruntime, numpy); QEMU names qemu-x86_64-static where not on the path
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
qemu=${QEMU:-$(command -v qemu-x86_64-static || true)}
if [ -z "$qemu" ]; then
  echo "bench/saturation.sh: skipped: no qemu-x86_64-static (Debian: qemu-user-static), nothing to run AVX2 without VNNI on" >&2
  exit 0
fi
out=bench/target/saturation
mkdir -p "$out"
bench/run.sh SaturatingModels "$out"
# An emulated interpreter does not find its virtual environment by itself.
packages=$("$python" -c 'import numpy, os; print(os.path.dirname(os.path.dirname(numpy.__file__)))')
real=$(readlink -f "$(command -v "$python")")
for model in "$out"/*.onnx; do
  name=$(basename "$model" .onnx)
  "$python" bench/saturation.py run "$model" "$out/$name-here.npz"
  PYTHONPATH=$packages "$qemu" -cpu Haswell "$real" bench/saturation.py run "$model" "$out/$name-avx2.npz" 2>"$out/$name.log"
  printf '%-28s ' "$name"
  "$python" bench/saturation.py compare "$out/$name-here.npz" "$out/$name-avx2.npz"
done
