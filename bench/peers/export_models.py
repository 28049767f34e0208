#!/usr/bin/env python3
"""Exports the models that the comparison with other simplifiers runs on.

    export_models.py [FOLDER]        (default: $HASTEN_CACHE/models or ~/.cache/hasten/models)

Needs the packages of requirements.txt; what cannot be made here is named at the end, with the
reason, and the rest is made all the same. Everything is seeded: the same packages give the same
files. A file that exists is kept.
"""

import os
import sys
import traceback
import warnings
from pathlib import Path

import numpy as np

warnings.filterwarnings("ignore")
SEED = 20240607
failed = []


def folder():
    cache = Path(os.environ.get("HASTEN_CACHE", Path.home() / ".cache" / "hasten"))
    return Path(sys.argv[1]) if len(sys.argv) > 1 else cache / "models"


def make(path, maker):
    """Runs a maker unless its file is there; a failure is noted and does not stop the others."""
    if path.exists():
        print(f"have  {path.name}")
        return
    part = path.with_suffix(".part")
    try:
        maker(part)
        part.rename(path)
        print(f"made  {path.name} ({path.stat().st_size // 1024} KiB)")
    except Exception as error:  # noqa: BLE001: each kind of failure is reported the same way
        part.unlink(missing_ok=True)
        failed.append((path.name, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"))
        if os.environ.get("HASTEN_TRACE"):
            traceback.print_exc()


def export_torch(out):
    import torch

    import torch_models as zoo

    image = lambda size: torch.randn(2, 3, size, size)
    tokens = lambda words, length: torch.randint(0, words, (2, length))
    batch = {0: "batch"}
    sequence = {0: "batch", 1: "sequence"}
    # name -> model, example input, its open axes, name of the input
    models = {
        "resnet18": (lambda: zoo.ResNet18(), image(224), batch, "image"),
        "mobilenetv2": (lambda: zoo.MobileNetV2(), image(224), batch, "image"),
        "swish": (lambda: zoo.SeparableSwish(), image(64), batch, "image"),
        "unet": (lambda: zoo.UNet(), image(96), batch, "image"),
        "vit": (lambda: zoo.SmallVit(), image(128), batch, "image"),
        "lstm": (lambda: zoo.LstmTagger(), tokens(2000, 20), sequence, "tokens"),
        "gpt": (lambda: zoo.Gpt(), tokens(1000, 32), sequence, "tokens"),
        "gpt-rms": (lambda: zoo.Gpt(norm=zoo.RmsNorm), tokens(1000, 32), sequence, "tokens"),
    }
    for name, (maker, example, axes, input_name) in models.items():
        # As exported by default, and raw: before the exporter's own folding and fusing.
        for exporter, opset, raw in [("script", 17, True), ("script", 18, False), ("dynamo", 18, True), ("dynamo", 18, False)]:

            def export(path):
                torch.manual_seed(SEED)
                model = zoo.randomize(maker())
                common = {"input_names": [input_name], "output_names": ["output"], "opset_version": opset}
                if exporter == "script":
                    mode = torch.onnx.TrainingMode
                    torch.onnx.export(
                        model, (example,), str(path), dynamo=False,
                        dynamic_axes={input_name: axes, "output": axes}, do_constant_folding=not raw,
                        training=mode.PRESERVE if raw else mode.EVAL, **common)
                else:
                    shapes = tuple([{axis: torch.export.Dim.DYNAMIC for axis in axes}])
                    program = torch.onnx.export(
                        model, (example,), dynamo=True, dynamic_shapes=shapes, optimize=not raw,
                        verbose=False, **common)
                    program.save(str(path), external_data=False)

            make(out / f"{name}-{exporter}-{opset}{'-raw' if raw else ''}.onnx", export)


def export_classic(out):
    """A scikit-learn pipeline and boosted trees: operators of ai.onnx.ml, text and numbers mixed."""
    rng = np.random.default_rng(SEED)
    x = rng.normal(size=(400, 8)).astype(np.float32)
    y = (x[:, 0] + x[:, 1] * x[:, 2] > 0).astype(np.int64)

    def pipeline(path):
        from skl2onnx import to_onnx
        from sklearn.decomposition import PCA
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import PolynomialFeatures, StandardScaler

        fitted = make_pipeline(
            StandardScaler(), PolynomialFeatures(2, include_bias=False), PCA(10), LogisticRegression(max_iter=500)
        ).fit(x, y)
        save(to_onnx(fitted, x[:1], target_opset=17, options={"zipmap": False}), path)

    def trees(path):
        from lightgbm import LGBMClassifier
        from onnxmltools import convert_lightgbm
        from onnxmltools.convert.common.data_types import FloatTensorType

        fitted = LGBMClassifier(n_estimators=60, num_leaves=15, verbose=-1, random_state=0, n_jobs=1).fit(x, y)
        save(
            convert_lightgbm(
                fitted, initial_types=[("features", FloatTensorType([None, 8]))], zipmap=False, target_opset=15),
            path)

    make(out / "sklearn-pipeline.onnx", pipeline)
    make(out / "lightgbm.onnx", trees)


def export_small_types(out):
    """What arrives already made smaller: float16, and int8 with QuantizeLinear and DequantizeLinear."""

    def float16(path):
        import onnx
        from onnxruntime.transformers.float16 import convert_float_to_float16

        save(convert_float_to_float16(onnx.load(out / "mobilenetv2-script-18.onnx"), keep_io_types=True), path)

    def qdq(path):
        from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

        class Images(CalibrationDataReader):
            def __init__(self):
                rng = np.random.default_rng(SEED)
                self.left = [{"image": rng.normal(size=(1, 3, 224, 224)).astype(np.float32)} for _ in range(4)]

            def get_next(self):
                return self.left.pop() if self.left else None

        quantize_static(
            str(out / "resnet18-script-18.onnx"), str(path), Images(), quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, per_channel=True)

    make(out / "mobilenetv2-fp16.onnx", float16)
    make(out / "resnet18-qdq.onnx", qdq)


def save(model, path):
    path.write_bytes(model.SerializeToString())


def main():
    out = folder()
    out.mkdir(parents=True, exist_ok=True)
    for exporting in [export_torch, export_classic, export_small_types]:
        try:
            exporting(out)
        except ImportError as missing:
            failed.append((exporting.__name__, f"{missing} (pip install -r requirements.txt)"))
    for name, reason in failed:
        print(f"no    {name}: {reason}")
    print(f"{len(list(out.glob('*.onnx')))} models in {out}")
    return 3 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
