"""Peers for docs/results/quantization.md: MiniLM quantized by the Python tools that people use today, each in a small
grid of its settings rather than in its default.

    python quantization.py MODEL.onnx TOKENIZER.json GLOSSES.jsonl FOLDER

Writes one ONNX file per configuration into FOLDER, and peers.json with how each was made or why it could not be.
"""

import json
import logging
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnxruntime import __version__ as ort_version
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

HEADS, HIDDEN = 12, 384
CALIBRATION = 128

logging.disable(logging.WARNING)


class Glosses(CalibrationDataReader):
    """Batches of texts of like length, so that padding does not blur the ranges."""

    def __init__(self, tokenizer, glosses, count=CALIBRATION, batch=16, length=None):
        """length: of every batch; the histograms of these tools fail on batches of different shapes."""
        from tokenizers import Tokenizer

        encoder = Tokenizer.from_file(str(tokenizer))
        encoder.enable_truncation(length or 256)
        encoder.enable_padding(length=length)
        with open(glosses, encoding="utf-8") as lines:
            texts = sorted((json.loads(line)["text"] for line, _ in zip(lines, range(count))), key=len)
        self.batches = []
        for start in range(0, len(texts), batch):
            rows = encoder.encode_batch(texts[start : start + batch])
            self.batches.append(
                {
                    "input_ids": np.array([r.ids for r in rows], np.int64),
                    "attention_mask": np.array([r.attention_mask for r in rows], np.int64),
                    "token_type_ids": np.array([r.type_ids for r in rows], np.int64),
                }
            )
        self.rewind()

    def rewind(self):
        self.left = iter(self.batches)

    def get_next(self):
        return next(self.left, None)

    def __len__(self):
        return len(self.batches)


def fused(model, target, attention=True, gelu_approximation=False):
    from onnxruntime.transformers import optimizer
    from onnxruntime.transformers.fusion_options import FusionOptions

    options = FusionOptions("bert")
    options.enable_attention = attention
    options.enable_gelu_approximation = gelu_approximation
    optimized = optimizer.optimize_model(
        str(model), "bert", num_heads=HEADS, hidden_size=HIDDEN, optimization_options=options, opt_level=0
    )
    optimized.save_model_to_file(str(target))


def modern(model, target):
    """Opset 17, which scales per channel need, as an exporter of today would write it: the converter flattens around
    every Softmax, which would keep attention from being fused."""
    graph_model = onnx.version_converter.convert_version(onnx.load(str(model)), 17)
    graph = graph_model.graph
    producers = {output: node for node in graph.node for output in node.output}
    for node in list(graph.node):
        before = producers.get(node.input[0]) if node.op_type == "Softmax" else None
        if before is None or before.op_type != "Flatten":
            continue
        after = next(n for n in graph.node if node.output[0] in n.input)
        node.input[0] = before.input[0]
        node.output[0] = after.output[0]
        del node.attribute[:]
        node.attribute.append(onnx.helper.make_attribute("axis", -1))
        graph.node.remove(before)
        graph.node.remove(after)
    onnx.save(graph_model, str(target))


def dynamic(source, target, weight, per_channel, reduce_range, gather=True):
    quantize_dynamic(
        str(source),
        str(target),
        weight_type=QuantType.QInt8 if weight == "s8" else QuantType.QUInt8,
        per_channel=per_channel,
        reduce_range=reduce_range,
        op_types_to_quantize=None if gather else ["MatMul", "Attention", "Gemm"],
        extra_options={"MatMulConstBOnly": True},
    )


def static(source, target, reader, method, per_channel=True, activation=QuantType.QUInt8, extra=None):
    reader.rewind()
    quantize_static(
        str(source),
        str(target),
        reader,
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["MatMul"],
        per_channel=per_channel,
        reduce_range=False,
        activation_type=activation,
        weight_type=QuantType.QInt8,
        calibrate_method=method,
        extra_options={"MatMulConstBOnly": True, "DedicatedQDQPair": True, "ActivationSymmetric": False, **(extra or {})},
    )


def nbits(source, target, bits, block, accuracy):
    from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer

    config = DefaultWeightOnlyQuantConfig(block_size=block, is_symmetric=True, accuracy_level=accuracy, bits=bits)
    quantizer = MatMulNBitsQuantizer(onnx.load(str(source)), bits=bits, algo_config=config)
    quantizer.process()
    quantizer.model.save_model_to_file(str(target))


def inc(source, target, reader, approach, algorithm=None):
    """Neural Compressor's part for ONNX files, a package of its own since its release 3."""
    from onnx_neural_compressor import data_reader
    from onnx_neural_compressor.quantization import QuantType as T
    from onnx_neural_compressor.quantization import config as c
    from onnx_neural_compressor.quantization.quantize import quantize

    class Reader(Glosses, data_reader.CalibrationDataReader):
        def __init__(self):
            self.batches = reader.batches
            self.rewind()

    if approach == "dynamic":
        config = c.DynamicQuantConfig(weight_type=T.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gather"])
    else:
        config = c.StaticQuantConfig(
            Reader(),
            weight_type=T.QInt8,
            activation_type=T.QUInt8,
            per_channel=True,
            op_types_to_quantize=["MatMul"],
            extra_options={"SmoothQuant": algorithm == "smooth"},
        )
    quantize(str(source), str(target), config)


def main():
    model, tokenizer, glosses, folder = map(Path, sys.argv[1:5])
    folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp())
    reader = Glosses(tokenizer, glosses)
    even = Glosses(tokenizer, glosses, length=32)
    clean = scratch / "clean.onnx"
    newer = scratch / "newer.onnx"
    # Per channel needs opset 13; the file as published has 11.
    modern(model, newer)
    quant_pre_process(str(newer), str(clean), skip_symbolic_shape=True)
    sources = {"plain": clean, "as-is": model}
    for name, options in {
        "fused": {},
        "fused-gelu": {"gelu_approximation": True},
        "fused-no-attention": {"attention": False},
    }.items():
        try:
            fused(newer, scratch / f"{name}.onnx", **options)
            sources[name] = scratch / f"{name}.onnx"
        except Exception as e:
            print(f"{name}: {e}", file=sys.stderr)

    jobs = {}
    for source in sources:
        for weight, per_channel, reduced in [
            ("s8", True, True),
            ("s8", True, False),
            ("s8", False, True),
            ("s8", False, False),
            ("u8", True, False),
            ("u8", False, False),
        ]:
            if source != "plain" and (weight == "u8" or (reduced and not per_channel)):
                continue
            name = f"ort-dynamic-{source}-{weight}-{'channel' if per_channel else 'tensor'}{'-reduced' if reduced else ''}"
            jobs[name] = lambda t, s=source, w=weight, p=per_channel, r=reduced: dynamic(sources[s], t, w, p, r)
    jobs["ort-dynamic-plain-s8-channel-reduced-matmul"] = lambda t: dynamic(clean, t, "s8", True, True, gather=False)
    for method in [CalibrationMethod.Percentile, CalibrationMethod.Entropy, CalibrationMethod.MinMax]:
        batches = reader if method == CalibrationMethod.MinMax else even
        jobs[f"ort-static-plain-{method.name.lower()}"] = lambda t, m=method, b=batches: static(clean, t, b, m)
    jobs["ort-static-plain-smooth"] = lambda t: static(
        clean, t, reader, CalibrationMethod.MinMax, extra={"SmoothQuant": True, "SmoothQuantAlpha": 0.5}
    )
    for bits in (4, 8):
        jobs[f"ort-nbits{bits}-block32"] = lambda t, b=bits: nbits(clean, t, b, 32, 4)
    jobs["inc-dynamic"] = lambda t: inc(clean, t, reader, "dynamic")
    jobs["inc-static"] = lambda t: inc(clean, t, reader, "static")
    jobs["inc-static-smooth"] = lambda t: inc(clean, t, reader, "static", "smooth")

    told = {"onnxruntime": ort_version}
    for name, make in jobs.items():
        target = folder / f"{name}.onnx"
        start = time.time()
        try:
            if not target.exists():
                make(target)
            told[name] = f"{target.stat().st_size / 1e6:.1f} MB in {time.time() - start:.0f} s"
        except Exception as e:
            target.unlink(missing_ok=True)
            told[name] = f"not made: {type(e).__name__}: {str(e)[:200]}"
        print(name, told[name], flush=True)
    (folder / "peers.json").write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
