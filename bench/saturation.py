"""Whether ONNX Runtime's AVX2 kernels change what a model says, compared with those for VNNI.

    python bench/saturation.py run MODEL.onnx OUT.npz     runs MODEL on seeded extreme inputs
    python bench/saturation.py compare A.npz B.npz        largest difference of two such runs

bench/saturation.sh runs the first both plainly and on an emulated processor without VNNI.
"""
import sys

import numpy as np


def run(model, out):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    (entry,) = session.get_inputs()
    shape = [d if isinstance(d, int) else 16 for d in entry.shape]
    random = np.random.default_rng(5)
    x = np.where(random.random(shape) < 0.25, random.random(shape), 1).astype(np.float32)
    np.savez(out, *session.run(None, {entry.name: x}))


def compare(a, b):
    a, b = np.load(a), np.load(b)
    gap = max(float(np.abs(a[k].astype(np.float64) - b[k]).max()) for k in a.files)
    size = max(float(np.abs(a[k]).max()) for k in a.files)
    print(f"largest difference {gap:.4g}, of values up to {size:.4g} ({100 * gap / size:.3g} %)")


if __name__ == "__main__":
    {"run": run, "compare": compare}[sys.argv[1]](*sys.argv[2:])
