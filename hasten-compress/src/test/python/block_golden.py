"""Writes block-weights.npz: what ONNX Runtime's own quantizer makes of a seeded matrix.

python block_golden.py ../resources/block-weights.npz   (onnxruntime 1.29.0, numpy)
"""
import sys

import numpy
from onnxruntime.quantization.matmul_nbits_quantizer import (
    DefaultWeightOnlyQuantConfig,
    DefaultWeightOnlyQuantizer,
)

weights = numpy.random.default_rng(3).normal(size=(80, 6)).astype("float32")
weights[:, 2] = abs(weights[:, 2])  # a column of one sign
arrays = {"weights": weights}
for bits in (4, 8):
    for symmetric in (False, True):
        config = DefaultWeightOnlyQuantConfig(
            block_size=32, is_symmetric=symmetric, bits=bits, accuracy_level=0
        )
        packed, scales, zeros = DefaultWeightOnlyQuantizer(config).qbits_block_quant(weights)
        case = f"{bits}_{'symmetric' if symmetric else 'asymmetric'}"
        arrays[f"packed_{case}"] = packed
        arrays[f"scales_{case}"] = scales
        arrays[f"zeros_{case}"] = zeros
numpy.savez(sys.argv[1], **arrays)
