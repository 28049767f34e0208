"""What the ONNX project's own shape inference says of every model below the given folders.

Declarations of intermediate values and of outputs are removed first, so that both sides start from
inputs, weights and operators alone. Written as text, one line per value, tab-separated:

    #       version of onnx
    M       path below its folder
    V       name    kind    element type    dims

where kind is t (tensor), s (sequence), o (optional) or os (optional sequence); dims are numbers,
names or ? between commas, [] for a scalar, and - where not even the rank is known.

    python3 -m venv venv && venv/bin/pip install onnx
    venv/bin/python bench/peers/onnx_inference.py --generate node-models
    venv/bin/python bench/peers/onnx_inference.py -o answers.txt node-models
    mvn -pl hasten-graph -am test -Dtest=OnnxInferenceTest -Dhasten.inference.answers=answers.txt \\
        -Dhasten.inference.models=node-models -Dsurefire.failIfNoSpecifiedTests=false

--generate writes the models of the package's own node tests, at its newest opset.
"""

import argparse
import pathlib

import onnx
from onnx import shape_inference


def describe(type_proto):
    """Kind, element type and dims, or None for maps and for what is not known."""
    which = type_proto.WhichOneof("value")
    if which == "tensor_type":
        tensor = type_proto.tensor_type
        if tensor.elem_type == 0:
            return None
        dims = "-"
        if tensor.HasField("shape"):
            dims = ",".join(
                str(d.dim_value) if d.HasField("dim_value") else d.dim_param or "?"
                for d in tensor.shape.dim
            )
        return "t", tensor.elem_type, dims or "[]"
    inner = {"sequence_type": "s", "optional_type": "o"}.get(which)
    found = None if inner is None else describe(getattr(type_proto, which).elem_type)
    return found and (inner + found[0].replace("t", ""), found[1], found[2])


def answers(path):
    model = onnx.load(path, load_external_data=False)
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.ClearField("type")
    inferred = shape_inference.infer_shapes(model, strict_mode=False, data_prop=True).graph
    types = {value.name: value.type for value in [*inferred.value_info, *inferred.output]}
    for name, type_proto in types.items():
        found = describe(type_proto)
        if found:
            yield "\t".join(("V", name, *map(str, found)))


def generate(folder):
    from onnx.backend.test.case.node import collect_testcases

    for case in collect_testcases(None):
        if case.model is not None:
            target = folder / case.name
            target.mkdir(parents=True, exist_ok=True)
            onnx.save(case.model, target / "model.onnx")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=pathlib.Path)
    parser.add_argument("-o", "--output", type=pathlib.Path)
    parser.add_argument("--generate", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.generate:
        generate(arguments.generate)
    lines, failed = ["#\t" + onnx.__version__], 0
    for folder in arguments.folders:
        for path in sorted(folder.rglob("*.onnx")):
            try:
                found = list(answers(path))
            except Exception as e:  # the oracle's own failure is a result
                failed += 1
                print(f"{path}: {type(e).__name__}: {e}"[:300])
                continue
            lines.append(f"M\t{path.relative_to(folder)}")
            lines += found
    if arguments.output:
        arguments.output.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{len(lines)} lines, {failed} models failed")


if __name__ == "__main__":
    main()
