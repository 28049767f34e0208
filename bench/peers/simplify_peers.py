#!/usr/bin/env python3
"""Simplifies every model of a folder with onnxsim and onnxslim.

    simplify_peers.py [FOLDER]       (default: $HASTEN_CACHE/models or ~/.cache/hasten/models)

Results go to FOLDER/onnxsim and FOLDER/onnxslim; what a tool fails on is named and has no file
there. Each is called as its documentation shows, with its defaults.
"""

import os
import sys
from pathlib import Path

import onnx
import onnxsim
import onnxslim


def folder():
    cache = Path(os.environ.get("HASTEN_CACHE", Path.home() / ".cache" / "hasten"))
    return Path(sys.argv[1]) if len(sys.argv) > 1 else cache / "models"


def sim(model):
    simplified, equal = onnxsim.simplify(model)
    if not equal:
        raise ValueError("its own check failed")
    return simplified


TOOLS = {"onnxsim": sim, "onnxslim": onnxslim.slim}


def main():
    models = folder()
    print("onnxsim", onnxsim.__version__, "onnxslim", onnxslim.__version__, "onnx", onnx.__version__)
    for path in sorted(models.glob("*.onnx")):
        for name, simplify in TOOLS.items():
            out = models / name / path.name
            out.parent.mkdir(exist_ok=True)
            try:
                onnx.save(simplify(onnx.load(path)), out)
            except Exception as error:  # noqa: BLE001: whatever a tool throws is its result
                out.unlink(missing_ok=True)
                print(f"{path.name}: {name} fails: {type(error).__name__}: {str(error).splitlines()[0]}")


if __name__ == "__main__":
    main()
