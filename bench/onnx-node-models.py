"""Writes the node tests of an installed `onnx` package as files, laid out as the ONNX project's test data.

The wheel carries these tests as code only; they use the newest opset, element types and functions.
    python -m venv VENV && VENV/bin/pip install onnx==1.23.2
    VENV/bin/python bench/onnx-node-models.py FOLDER
"""

import pathlib
import sys

import onnx
from onnx import numpy_helper
from onnx.backend.test.case import node


def message(value, declared):
    """The value of an input or output as the message that its declared type asks for."""
    if isinstance(value, onnx.TensorProto):
        return value
    kind = declared.type.WhichOneof("value")
    convert = {
        "sequence_type": numpy_helper.from_list,
        "map_type": numpy_helper.from_dict,
        "optional_type": numpy_helper.from_optional,
    }.get(kind, numpy_helper.from_array)
    return convert(value, declared.name)


def main(folder):
    written, failed = 0, []
    for case in node.collect_testcases(None):
        target = folder / "node" / case.name
        target.mkdir(parents=True, exist_ok=True)
        (target / "model.onnx").write_bytes(case.model.SerializeToString())
        written += 1
        try:
            for i, (inputs, outputs) in enumerate(case.data_sets or []):
                data = target / f"test_data_set_{i}"
                data.mkdir(exist_ok=True)
                for j, value in enumerate(inputs):
                    proto = message(value, case.model.graph.input[j])
                    (data / f"input_{j}.pb").write_bytes(proto.SerializeToString())
                for j, value in enumerate(outputs):
                    proto = message(value, case.model.graph.output[j])
                    (data / f"output_{j}.pb").write_bytes(proto.SerializeToString())
        except Exception as e:
            failed.append(f"{case.name}: {e}")
    print(f"onnx {onnx.__version__}: {written} models written to {folder}")
    for line in failed:
        print("  no data:", line)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
